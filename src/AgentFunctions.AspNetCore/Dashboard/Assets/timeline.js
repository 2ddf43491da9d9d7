// Where the time went: lanes of model, tools and waits, with zoom; the same as a table by one click.

import { button, clockTime, count, empty, h, now, plural, set, setText, span, svg } from './h.js';
import { get, query } from './api.js';

const LABEL = 132, LANE = 26, TOP = 26, MOST = 2000;
const KINDS = { model: 'model', tool: 'tools', wait: 'waits' };

/** What waits for a person and what waits for the next attempt share a lane. */
const laneKind = kind => kind in KINDS ? kind : 'wait';

export async function mountTab(_, { store, view, panel, leave, show }) {
  const run = store.run;
  const parts = h('div'), holder = h('div', { class: 'card' }), told = h('p', { class: 'sr', role: 'status' });
  const asTable = button('As table', () => { view.set({ as: view.params.as === 'table' ? null : 'table' }); draw(); },
    { kind: 'small', 'aria-pressed': 'false' });
  const critical = button('Critical path', () => { view.set({ critical: view.params.critical === 'off' ? null : 'off' }); draw();
    }, { kind: 'small', 'aria-pressed': 'true' });
  const zoomOut = button('−', () => zoom(2), { kind: 'small', 'aria-label': 'Zoom out' }),
    fit = button('Fit', () => { range(null); }, { kind: 'small' }),
    zoomIn = button('+', () => zoom(0.5), { kind: 'small', 'aria-label': 'Zoom in' });
  const chosen = h('p', { class: 'muted' });
  panel.append(parts, h('div', { class: 'filters' }, h('div', { class: 'legend' },
    Object.entries(KINDS).map(([kind, name]) => h('span', null, h('i', { class: `l-${kind}` }), name))),
    h('span', { class: 'spacer' }), critical, asTable, zoomOut, fit, zoomIn), holder, chosen, told);
  let spans = [], path, whole = [0, 1], buckets = null, from = Number(view.params.from) || null,
    to = Number(view.params.to) || null;

  async function load() {
    const start = Date.parse(run.createdAt), end = store.run.completedAt ? Date.parse(store.run.completedAt) : now();
    whole = [start, Math.max(end, start + 1000)];
    const range = { from: from && new Date(from).toISOString(), to: to && new Date(to).toISOString(), max: MOST };
    const [found, longest] = await Promise.all([get(`runs/${store.id}/spans${query(range)}`),
      get(`runs/${store.id}/critical-path`)]);
    buckets = found.buckets ?? null;
    spans = (found.spans ?? []).map(one => ({ ...one, kind: laneKind(one.kind), start: Date.parse(one.start),
      end: Date.parse(one.end) }));
    path = longest;
    draw();
  }

  function draw() {
    if (!path) return undefined;
    const sums = Object.entries(path.parts).filter(([, ms]) => ms > 0), wall = path.wallMs;
    const sentence = `wall ${span(wall)} = ${sums.map(([name, ms]) => `${name} ${span(ms)}`).join(' + ') || 'nothing yet'}`;
    set(parts, h('p', null, sentence), h('div', { class: 'stack', role: 'img', 'aria-label': sentence },
      sums.map(([name, ms]) => h('span', { class: `s-${name}`, css: { flex: String(Math.max(ms, wall / 500)) } }))));
    asTable.setAttribute('aria-pressed', String(view.params.as === 'table'));
    critical.setAttribute('aria-pressed', String(view.params.critical !== 'off'));
    if (!spans.length && !buckets) return set(holder, empty('Nothing has happened yet.'));
    set(holder, view.params.as === 'table' || window.innerWidth <= 640 ? table() : h('div',
      { class: 'timeline', onwheel: wheel, onpointerdown: drag }, chart()));
    return undefined;
  }

  function chart() {
    const width = Math.max(320, holder.clientWidth || 900), inner = width - LABEL - 12;
    const [a, b] = [from ?? whole[0], to ?? whole[1]];
    const x = time => LABEL + (time - a) / (b - a) * inner;
    const lanes = Object.keys(KINDS).filter(kind => buckets || spans.some(one => one.kind === kind));
    const height = TOP + lanes.length * LANE + 10;
    const marks = ticks(a, b, inner);
    const root = svg('svg', { viewBox: `0 0 ${width} ${height}`, height, role: 'img',
      'aria-label': `Timeline of ${plural(buckets?.length ?? spans.length, buckets ? 'bucket' : 'step')} in ${lanes.length} lanes from ${clockTime(a)} to ${clockTime(b)}. The table has the same.` },
      marks.map(time => [svg('line', { class: 'tick', x1: x(time), x2: x(time), y1: TOP - 6, y2: height }),
        x(time) < width - 70 && svg('text', { class: 'tick-label', x: x(time) + 3, y: 14 }, label(time, b - a))]),
      lanes.map((lane, i) => svg('text', { class: 'lane-label', x: 12, y: TOP + i * LANE + 16 }, KINDS[lane])));
    if (buckets) {
      const most = Math.max(...buckets.map(one => Math.max(one.modelMs, one.toolMs, one.waitMs)), 1);
      for (const one of buckets) for (const [i, [name, kind]] of [['modelMs', 'model'], ['toolMs', 'tool'],
        ['waitMs', 'wait']].entries()) {
        const tall = Math.max(one[name] ? 1.5 : 0, one[name] / most * (LANE - 8)), left = x(Date.parse(one.from));
        if (tall) root.append(svg('rect', { class: `sp-${kind} span-hit`, x: left, y: TOP + i * LANE + LANE - 4 - tall,
          width: Math.max(1, x(Date.parse(one.to)) - left - 0.5), height: tall, onclick: () =>
          range([Date.parse(one.from), Date.parse(one.to)]) },
          svg('title', null, `${clockTime(one.from)}: ${plural(one.n, 'step')}${one.errors ? `, ${one.errors} failed` : ''}`)));
      }
      return root;
    }
    for (const one of spans) {
      if (one.end < a || one.start > b) continue;
      const left = Math.max(LABEL, x(one.start)), right = Math.min(width - 10, x(one.end));
      const pale = view.params.critical !== 'off' && !one.critical ? ' pale' : '';
      root.append(svg('rect', { class: `span-hit ${!one.ok ? 'sp-bad' : `sp-${one.kind}`}${pale}`, x: left,
        y: TOP + lanes.indexOf(one.kind) * LANE + 4, width: Math.max(1.5, right - left), height: LANE - 8,
        rx: 2, onclick: () => pick(one) }, svg('title', null, words(one))));
    }
    return root;
  }

  const words = one => `${one.kind === 'model' ? 'model' : one.name}, turn ${one.turn}: ${span(one.end - one.start)}${one.ok ? '' : ', failed'}`;
  function pick(one) {
    set(chosen, words(one), ' · ', clockTime(one.start), ' to ', clockTime(one.end), ' · ',
      h('button', { type: 'button', class: 'link', onclick: () => { view.set({ turn: one.turn }); show('transcript'); } },
      'What was said'));
  }

  const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400, 172800, 604800].map(
    seconds => seconds * 1000);
  function ticks(a, b, width) {
    const step = STEPS.find(one => (b - a) / one <= width / 90) ?? STEPS.at(-1);
    const result = [];
    for (let time = Math.ceil(a / step) * step; time < b; time += step) result.push(time);
    return result;
  }
  const label = (time, size) => size > 86_400_000 * 2 ? new Date(time).toLocaleDateString('en-GB',
    { day: 'numeric', month: 'short' }) : size > 600_000 ? clockTime(time).slice(0, 5) : clockTime(time);

  function table() {
    const rows = buckets ? buckets.map(one => [clockTime(one.from), 'steps', count(one.n), span(one.modelMs + one.toolMs)]) :
      [...spans].sort((a, b) => a.start - b.start).map(one => [clockTime(one.start), one.kind,
      `${one.name}, turn ${one.turn}${one.ok ? '' : ', failed'}`,
      span(one.end - one.start)]);
    return h('div', { class: 'scroll-x', tabindex: '0', role: 'group', 'aria-label': 'Steps' },
      h('table', null, h('thead', null, h('tr', null, ['Begun', 'Kind', 'What', 'Took'].map((text, i) =>
      h('th', { scope: 'col', class: i === 3 ? 'num' : null }, text)))),
      h('tbody', null, rows.slice(0, MOST).map(cells => h('tr', null,
      cells.map((cell, i) => h('td', { class: i === 3 ? 'num' : null }, cell)))))));
  }

  let reload = 0;
  // What could not be read again stays as it was; the connection's bar says why.
  const again = () => load().catch(() => {});
  function range(next) {
    [from, to] = next ? [Math.max(whole[0], next[0]), Math.min(whole[1], next[1])] : [null, null];
    if (from && to - from < 200) to = from + 200;
    view.set({ from: from && Math.round(from), to: to && Math.round(to) });
    draw();
    clearTimeout(reload);
    reload = setTimeout(again, 250);
  }
  function zoom(factor, center = null) {
    const [a, b] = [from ?? whole[0], to ?? whole[1]], at = center ?? (a + b) / 2;
    const next = [at - (at - a) * factor, at + (b - at) * factor];
    if (next[0] <= whole[0] && next[1] >= whole[1]) return range(null);
    range(next);
    setText(told, `Shows ${span(next[1] - next[0])}`);
    return undefined;
  }
  const timeAt = event => { const box = event.currentTarget.getBoundingClientRect(),
    share = (event.clientX - box.left - LABEL) / (box.width - LABEL - 12); const [a, b] = [from ?? whole[0], to ?? whole[1]];
    return a + Math.max(0, Math.min(1, share)) * (b - a); };
  function wheel(event) {
    if (!event.ctrlKey && !event.altKey && Math.abs(event.deltaX) < Math.abs(event.deltaY) && !event.shiftKey) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8, timeAt(event));
  }
  function drag(event) {
    const start = timeAt(event), target = event.currentTarget, x0 = event.clientX;
    target.addEventListener('pointerup', up => { if (Math.abs(up.clientX - x0) > 8) { const box = target.getBoundingClientRect(),
      [a, b] = [from ?? whole[0], to ?? whole[1]]; const end = a + Math.max(0,
      Math.min(1, (up.clientX - box.left - LABEL) / (box.width - LABEL - 12))) * (b - a);
      range([Math.min(start, end), Math.max(start, end)]); } }, { once: true });
  }

  Object.assign(view.keys, { '+': () => zoom(0.5), '-': () => zoom(2), 0: () => range(null) });
  leave(() => { clearTimeout(reload); for (const key of ['+', '-', '0']) delete view.keys[key]; });
  let last = store.last;
  leave(store.on('events', () => { if (store.last !== last) { last = store.last; clearTimeout(reload);
    reload = setTimeout(again, 2000); } }));
  const resized = () => draw();
  window.addEventListener('resize', resized);
  leave(() => window.removeEventListener('resize', resized));
  await load();
}
