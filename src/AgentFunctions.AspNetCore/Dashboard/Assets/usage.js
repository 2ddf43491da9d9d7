// What was spent, by day and by agent, label, model or caller; as a chart, a table and CSV.

import { age, button, card, count, empty, h, icon, link, plural, set, short, shortId, span, svg, tag, usd, words } from './h.js';
import { get, query, tryGet } from './api.js';
import { quotaLines } from './start.js';

const RANGES = [['1', 'Last day'], ['7', 'Last week'], ['30', 'Last month'], ['90', 'Last quarter']];
const SERIES = 6;
const SUMS = ['runs', 'subAgents', 'failed', 'steps', 'input', 'output', 'cached', 'usd'];
const ZERO = Object.fromEntries(SUMS.map(name => [name, 0]));

export async function mount(view) {
  view.title('Usage');
  const range = h('select', { 'aria-label': 'Range', onchange: () => { view.set({ days: range.value }); load(); } },
    RANGES.map(([value, text]) => h('option', { value, selected: value === (view.params.days ?? '30') }, text)));
  const by = h('select', { 'aria-label': 'By', onchange: () => { view.set({ by: by.value }); load(); } },
    [['agent', 'By agent'], ['model', 'By model'], ['caller', 'By caller']].map(([value, text]) => h('option',
    { value, selected: value === view.params.by }, text)));
  // Labels have any names: those that the latest runs have, and the one that is asked for.
  get(`runs/rows${query({ limit: 100 })}`).then(({ runs }) => {
    for (const name of new Set([...runs.flatMap(run => Object.keys(run.labels ?? {})).map(name => `label:${name}`),
      ...(view.params.by?.startsWith('label:') ? [view.params.by] : [])])) by.append(h('option', { value: name,
      selected: name === view.params.by }, `By label ${name.slice(6)}`));
  }).catch(() => {});
  const box = h('div');
  let rows = [], people = new Map(), all = null, isHourly = false;
  view.el.append(h('div', { class: 'head' }, h('h1', null, 'Usage'), h('span', { class: 'spacer' }), range, by,
    button('CSV', csv, { name: 'file' })), box);

  async function load() {
    const days = Number(view.params.days ?? 30), kind = view.params.by ?? 'agent',
      from = new Date(Date.now() - days * 86_400_000);
    isHourly = days <= 1;
    const read = (bucket, by) => get(`usage${query({ from: from.toISOString(), by, bucket })}`);
    const [parts, whole, sum] = await Promise.all([read(isHourly ? 'hour' : 'day', kind), read('all', kind), read('all')]);
    rows = parts.rows;
    // A median of medians is none: of the whole time the host gives it.
    people = new Map(whole.rows.map(row => [row.key ?? 'none', row.people]));
    all = sum.rows[0]?.people;
    for (const row of rows) row.key ??= 'none';
    if (view.live) draw();
  }

  function draw() {
    if (!rows.length) return set(box, h('section', { class: 'card', 'aria-label': 'No usage' },
      empty('Nothing was spent in this time.')));
    const total = rows.reduce((sum, row) => { for (const name of SUMS) sum[name] += Number(row[name] ?? 0); return sum; },
      { ...ZERO });
    const value = total.usd ? row => Number(row.usd ?? 0) : row => (row.input ?? 0) + (row.output ?? 0);
    const keys = new Map();
    for (const row of rows) {
      const sum = keys.get(row.key) ?? { ...ZERO, value: 0 };
      for (const name of SUMS) sum[name] += Number(row[name] ?? 0);
      sum.value += value(row);
      keys.set(row.key, sum);
    }
    const sorted = [...keys].sort((a, b) => b[1].value - a[1].value),
      places = new Map(sorted.map(([key], i) => [key, Math.min(i, SERIES - 1)]));
    set(box, h('div', { class: 'numbers' }, [[total.usd ? usd(total.usd) : short(total.input + total.output), total.usd ? 'spent' :
        'tokens'], [count(total.runs), 'runs'], [count(total.subAgents), 'sub-agents'], [count(total.failed), 'failed'], [short(total.input), 'tokens in'],
        [short(total.output), 'tokens out'], [`${total.input ? Math.round(total.cached / total.input * 100) : 0} %`,
        'of input cached'], all && [span(all.medianMs), `for an answer of people, median of ${count(all.n)}`]].filter(Boolean).map(([number, label]) => h('div', { class: 'number' }, h('b', null, number),
        h('span', null, label)))),
      h('section', { class: 'card chart', 'aria-label': 'Over time' },
        h('header', null, h('h2', null, total.usd ? 'US dollars' : 'Tokens'), h('span', { class: 'spacer' }),
        h('div', { class: 'legend' }, sorted.slice(0, SERIES).map(([key], i) => h('span', null, h('i', { class: `key-${i}` }),
        i === SERIES - 1 && sorted.length > SERIES ? 'others' : key)))),
        h('div', { class: 'body' }, stacked(value, places, total.usd > 0))),
      h('section', { class: 'card scroll-x', 'aria-label': 'Sums', tabindex: '0' },
        h('table', null, h('thead', null, h('tr', null, ['', 'Runs', 'Sub-agents', 'Failed', 'Steps', 'In', 'Cached', 'Out', 'Cost', 'People’s answers'].map((text, i) =>
        h('th', { scope: 'col', class: i ? 'num' : null }, text || h('span', { class: 'sr' }, 'Key'))))),
        h('tbody', null, sorted.map(([key, sum]) => h('tr', null, h('th', { scope: 'row' }, key),
        [sum.runs, sum.subAgents, sum.failed, sum.steps].map(n => h('td', { class: 'num' }, count(n))),
        h('td', { class: 'num' }, short(sum.input)), h('td', { class: 'num' }, short(sum.cached)),
        h('td', { class: 'num' }, short(sum.output)), h('td', { class: 'num' }, usd(sum.usd)),
        h('td', { class: 'num' }, people.get(key) ? `${count(people.get(key).n)}, ${span(people.get(key).medianMs)}` : '–')))))));
    return undefined;
  }

  function stacked(value, places, isMoney) {
    const times = [...new Set(rows.map(row => String(row.at)))].sort();
    const sums = new Map(times.map(time => [time, rows.filter(row => String(row.at) === time)]));
    const most = Math.max(...[...sums.values()].map(list => list.reduce((sum, row) => sum + value(row), 0)), 1e-9);
    // As wide as it is shown, so that its words keep their size.
    const width = Math.min(900, box.clientWidth - 30), height = 200, each = Math.min(60, (width - 60) / times.length);
    const root = svg('svg', { viewBox: `0 0 ${width} ${height + 24}`, role: 'img',
      'aria-label': `${plural(times.length, 'bucket')}; the table below has the sums` });
    for (const part of [0, 0.5, 1]) root.append(svg('line', { class: 'grid', x1: 50, x2: width, y1: height - part * (height - 14),
      y2: height - part * (height - 14) }), svg('text', { x: 0, y: height - part * (height - 14) + 4 }, isMoney ?
      `$${(most * part).toFixed(most < 10 ? 2 : 0)}` : short(Math.round(most * part))));
    times.forEach((time, i) => {
      let y = height;
      for (const row of sums.get(time).sort((a, b) => places.get(a.key) - places.get(b.key))) {
        const tall = value(row) / most * (height - 14);
        y -= tall;
        root.append(svg('rect', { class: `bar-${places.get(row.key)}`, x: 56 + i * each, y, width: each * 0.78,
          height: Math.max(tall, 0.5) }, svg('title', null,
          `${time.slice(0, isHourly ? 16 : 10).replace('T', ' ')}, ${row.key}: ${isMoney ? usd(value(row)) : count(value(row))}`)));
      }
      if (i % Math.ceil(times.length / (width / 90)) === 0) root.append(svg('text', { x: 56 + i * each, y: height + 16 },
        isHourly ? time.slice(11, 16) : time.slice(5, 10)));
    });
    return root;
  }

  function csv() {
    const names = ['at', 'key', ...SUMS];
    // A cell that begins like a formula is made a text: tables would run it.
    const cell = value => { const text = String(value ?? '');
      return `"${(/^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text).replaceAll('"', '""')}"`; };
    const url = URL.createObjectURL(new Blob([[names.join(','),
      ...rows.map(row => names.map(name => cell(row[name])).join(','))].join('\r\n')], { type: 'text/csv' }));
    const anchor = h('a', { href: url, download: 'usage.csv' });
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  await load();
  const [{ quotas }, queue] = await Promise.all([get('quotas').catch(() => ({ quotas: [] })), tryGet('queue').catch(() => null)]);
  if (!view.live) return null;
  view.el.append(h('div', { class: 'cards', css: { 'margin-top': '14px' } }, quotas.length > 0 && card('Quotas', null, quotaLines(quotas)),
    queue?.limited && card('Queue', h('span', { class: 'muted' }, `${count(queue.active)} at work, ${count(queue.waiting.length)} waiting`),
      queue.waiting.length ? queue.waiting.slice(0, 50).map(one => h('div', { class: 'event-line' }, age(one.since), icon('queued'),
        h('span', null, link(`runs/${one.run}`, shortId(one.run)), one.priority !== 'normal' && [' ', tag(words(one.priority))]))) :
        h('p', { class: 'muted' }, 'Nothing waits for a place.'))));
  return {};
}
