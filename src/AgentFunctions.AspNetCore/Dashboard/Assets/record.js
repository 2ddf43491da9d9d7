// What a run left: transcript, files, changes, budget, audit.

import { append, args, bar, button, bytes, count, dialog, duration, empty, field, h, icon, json, link, longText, markdown, moment,
  oneLine, plural, set, setText, short, span, svg, tag, tryParse, usd, words } from './h.js';
import { download, get, may, post, query, request, session } from './api.js';
import { attempt, go, toast } from './app.js';
import { forecastWords, fork } from './run.js';

export const mountTab = (name, context) => ({ transcript, files, changes, budget, audit })[name](context);

// Transcript: from its end backwards, from a turn, or what matches; and what the model was shown at a turn.
const PAGE = 50;
async function transcript({ store, view, panel, leave }) {
  const list = h('div', { class: 'feed transcript' });
  const search = h('input', { type: 'search', 'aria-label': 'Search the transcript', placeholder: 'Search',
    value: view.params.q ?? '', onchange: () => { view.set({ q: search.value, turn: null, shown: null }); load(); } });
  const turn = h('input', { type: 'number', min: '1', 'aria-label': 'Go to turn', placeholder: 'Turn', value: view.params.turn ??
    view.params.shown ?? '', onchange: () => { view.set({ q: null, [view.params.shown ? 'shown' : 'turn']: turn.value }); load(); },
    css: { width: '90px' } });
  const toEnd = button('To the end', () => { view.set({ q: null, turn: null, shown: null }); search.value = turn.value = '';
    return load(); }, { kind: 'small' });
  const earlier = button('Show earlier', () => page({ before: previous }), { kind: 'small' });
  const more = button('Show more', () => page({ from: next, q: view.params.q }), { kind: 'small' });
  append(panel, [h('div', { class: 'filters' }, h('span', { class: 'search' }, icon('search'), search), turn, toEnd), earlier, list,
    more]);
  let next = null, previous = null, last = -1;

  async function load() {
    const { q, turn: at, shown } = view.params;
    set(list);
    next = previous = null;
    if (shown) await showShown(shown);
    else if (q) await page({ from: 0, q });
    else if (at) {
      const { messages: [first] } = await read({ turn: at, limit: 1 });
      if (!first) set(list, empty(`The run has no turn ${at}.`));
      else await page({ from: first.position });
      previous = first?.position || null;
    } else await page({ before: Number.MAX_SAFE_INTEGER });
    toEnd.hidden = !q && !at && !shown;
    buttons();
    if (!q && !at && !shown && previous !== null) list.lastElementChild?.scrollIntoView();
  }

  const read = asked => get(`runs/${store.id}/transcript${query({ limit: PAGE, ...asked })}`);
  const buttons = () => { earlier.hidden = previous === null; more.hidden = next === null; };
  async function page(asked) {
    const isFirst = !list.childElementCount, found = await read(asked);
    const made = found.messages.map(one => message(one));
    if (asked.before === undefined) list.append(...made);
    else {
      list.prepend(...made);
      previous = found.previous ?? null;
    }
    if (isFirst || asked.before === undefined) {
      next = found.next ?? null;
      last = found.messages.at(-1)?.position ?? last;
    }
    if (!list.childElementCount && next === null) set(list, empty(asked.q ? 'No message matches.' : 'Nothing was said yet.'));
    // A search looks at a part of a long transcript at a time.
    else if (asked.q && !made.length && next !== null) await page({ ...asked, from: next });
    buttons();
  }

  async function showShown(at) {
    const { model, instructions, tools, messages, summary } = await get(`runs/${store.id}/shown${query({ turn: at })}`);
    set(list, h('section', { class: 'card', 'aria-label': 'What the model was shown' },
      h('header', null, icon('model'), h('h2', null, `What the model was shown at turn ${at}`), h('span', { class: 'spacer' }),
        tag(model), tag(plural(messages.length, 'message'))),
      h('div', { class: 'body' }, summary !== null && h('p', { class: 'muted' },
        'Older messages were left out; a summary stands for them.'),
      h('details', null, h('summary', null, 'Instructions'), json(instructions, 20_000)),
      h('details', null, h('summary', null, plural(tools.length, 'tool')),
        h('div', { class: 'chips' }, tools.map(name => tag(name, 'accent')))))), messages.map(one => message(one, true)));
  }

  function message(one, isShown) {
    const faces = { user: ['person', one.origin === 'goal' ? 'Goal' : one.origin === 'message' ? 'Message' : words(one.origin)],
      assistant: ['model', `Turn ${one.turn}`], tool: ['tool', 'Results'], system: ['file', 'Instructions'] };
    const [image, name] = faces[one.role] ?? ['message', one.role];
    return h('article', { class: 'turn', data: { turn: one.turn } },
      h('span', { class: `face ${one.role === 'user' ? 'person' : one.role === 'assistant' ? '' : 'quiet'}`,
      'aria-hidden': 'true' }, icon(image)),
      h('div', { class: 'turn-body' }, h('div', { class: 'turn-head' }, h('b', null, name),
        h('span', null, [one.model, one.usage &&
        `${short(one.usage.inputTokens)} in, ${short(one.usage.outputTokens)} out`].filter(Boolean).join(' · ')), moment(one.at),
        one.summaryKeepsFrom !== undefined && tag('Summary', 'pause'),
        one.role === 'assistant' && !isShown && [button('Shown to it', () => { view.set({ shown: one.turn, q: null, turn: null },
          { push: true }); turn.value = one.turn; return load(); }, { kind: 'small quiet', name: 'model' }),
        button('Fork from here', () => fork(store.run, one.turn), { kind: 'small quiet', name: 'fork', act: true }),
        one.turn < store.run.turns && button('Rewind to here', () => rewind(one.turn), { kind: 'small quiet', name: 'back', act: true })]),
      one.contents.map(content)));
  }

  const content = part => part.type === 'text' ? markdown(part.text) : part.type === 'reasoning' ? h('details', null,
    h('summary', null, 'Thoughts'), h('div', { class: 'reasoning' }, longText(part.text)))
    : part.type === 'toolCall' ? h('details', { class: 'call' },
      h('summary', null, icon('tool'), h('span', { class: 'name' }, part.tool),
      h('span', { class: 'what' }, oneLine(JSON.stringify(part.arguments), 160))),
      h('div', { class: 'call-body' }, args(part.arguments)))
      : part.type === 'toolResult' ? h('details', { class: 'call' },
        h('summary', null, icon('next'), h('span', { class: 'what' }, oneLine(part.text, 160))),
        h('div', { class: 'call-body' }, json(part.text ?? ''))) : h('p', { class: 'muted' }, part.type);

  async function rewind(at) {
    const files = h('input', { type: 'checkbox', checked: true }), words = h('textarea', { maxlength: '32768' });
    const made = await dialog(`Rewind to the end of turn ${at}?`, [h('p', null,
      'This run ends, and a new one goes on from there. What happened stays on record; effects outside of the folder stay done.'),
    h('label', { class: 'choice' }, files, 'The folder goes back, too'), field('Say to it (optional)', words)],
    { confirm: 'Rewind', kind: 'danger', read: () => post(`runs/${store.id}/rewind`,
      { turn: at, files: files.checked, ...(words.value && { message: words.value }) }) });
    if (made) go(`runs/${made.run.id}`);
  }

  // At its end the transcript goes on as the run does.
  leave(store.on('events', () => { if (next === null && !view.params.q && !view.params.shown && last >= 0 &&
    store.events.at(-1)?.type === 'model.completed') page({ from: last + 1 }).catch(() => {}); }));
  await load();
}

// Files that the run produced.
async function files({ store, view, panel }) {
  const { artifacts } = await get(`runs/${store.id}/artifacts`);
  if (!artifacts.length) return set(panel, empty('The run has produced no files yet.'));
  const shown = h('div');
  const rows = artifacts.map(file => h('tr', null, h('td', null,
    h('button', { type: 'button', class: 'link', onclick: () => open(file) }, file.name)), h('td', null, file.mediaType),
    h('td', { class: 'num' }, bytes(file.length)), h('td', null, moment(file.createdAt)),
    h('td', null, h('code', { title: file.sha256 }, (file.sha256 ?? '').slice(0, 8))),
    h('td', { class: 'num' }, button('Download', () => attempt(() =>
    download(`runs/${store.id}/artifacts/${encodeURIComponent(file.name)}`, file.name)), { kind: 'small' }))));
  set(panel, h('section', { class: 'card scroll-x', 'aria-label': 'Files', tabindex: '0' },
    h('table', null, h('thead', null, h('tr', null, ['Name', 'Type', 'Size', 'Made', 'SHA-256', ''].map(text =>
    h('th', { scope: 'col', class: text === 'Size' ? 'num' : null }, text || h('span', { class: 'sr' }, 'Download'))))),
    h('tbody', null, rows))), shown);

  async function open(file) {
    view.set({ file: file.name });
    set(shown, h('section', { class: 'card', 'aria-label': file.name, css: { 'margin-top': '14px' } },
      h('header', null, h('h2', null, file.name)), h('div', { class: 'body' }, await content(file))));
  }

  async function content(file) {
    if (file.length > 2_000_000) return h('p', { class: 'muted' }, 'This file is too large to be shown. Download it.');
    const response = await request('GET', `runs/${store.id}/artifacts/${encodeURIComponent(file.name)}`,
      { raw: true, accept: '*/*' });
    if (/^image\/(png|jpeg|gif|webp)$/.test(file.mediaType)) return h('img',
      { src: URL.createObjectURL(await response.blob()), alt: file.name, css: { 'max-width': '100%' } });
    const text = await response.text();
    return /json/.test(file.mediaType) && tryParse(text) ? json(tryParse(text), 20_000) :
      /markdown|\.md$/.test(file.mediaType + file.name) ? markdown(text) : h('pre', { class: 'json', tabindex: '0' },
      longText(text));
  }

  const wanted = artifacts.find(file => file.name === view.params.file);
  if (wanted) await open(wanted);
}

const MAX_CONFLICTS = 20;

// What the run changed in its folder, turn by turn, and the way back to the end of any of them.
async function changes({ store, panel }) {
  const { kept, entries } = await get(`runs/${store.id}/changes`);
  if (!entries.some(entry => entry.changes.length)) {
    set(panel, empty(kept === 'off' ? 'This host keeps no changes of folders.' : 'The run has changed no files.'));
    return;
  }
  const size = file => file ? file.type === 'folder' ? 'folder' : bytes(file.size ?? 0) : '–';
  const kinds = { added: 'good', removed: 'bad', changed: 'wait' };
  const off = may('operator', 'submitter') ? null : 'Only its requester and operators may do this.';
  const groups = [...Map.groupBy(entries.filter(entry => entry.changes.length), entry => entry.restore ? entry.seq :
    `${entry.run ?? ''}/${entry.turn ?? ''}`).values()];
  const isOwn = group => !group[0].restore && group[0].run === store.id && group[0].turn > 0;
  const back = (label, turn) => button(label, () => restore(turn), { kind: 'small', act: true, off });
  const first = groups.find(isOwn);
  set(panel, groups.map(group => {
    const { run, turn, at, restore: isRestore } = group[0];
    const title = isRestore ? `Back to the end of turn ${turn}` : turn > 0 ? `Turn ${turn}` : 'Outside of a turn';
    return h('section', { class: 'card scroll-x', tabindex: '0', 'aria-label': title },
      h('header', null, h('h2', null, title), moment(at), run && run !== store.id && link(`runs/${run}`, 'sub-agent'),
        isRestore && tag('Restore', 'pause'), h('span', { class: 'spacer' }),
        group === first && back('Before it', turn - 1), isOwn(group) && back('Go back to here', turn)),
      h('table', null, h('tbody', null, group.flatMap(entry => entry.changes).map(change => h('tr', null,
        h('td', { css: { width: '110px' } }, tag(words(change.kind), kinds[change.kind])), h('td', null, content(change)),
        h('td', { class: 'num' }, `${size(change.before)} → ${size(change.after)}`))))));
  }));

  // What changed in a file, line by line, on demand; what is large or no text is downloaded.
  function content(change) {
    const sides = [change.before, change.after].filter(side => side?.kept && side.sha256);
    if (!sides.length) return h('code', null, change.path);
    const box = h('div'), path = side => `runs/${store.id}/files/${side.sha256}`;
    const details = h('details', null, h('summary', null, h('code', null, change.path)), box);
    details.addEventListener('toggle', async () => {
      if (!details.open || box.childElementCount) return;
      const name = change.path.split('/').at(-1);
      const loads = h('div', { class: 'buttons' }, ['before', 'after'].map(when => change[when]?.kept && change[when].sha256 &&
        button(`Download ${when}`, () => attempt(() => download(path(change[when]), name)), { kind: 'small' })));
      const read = async side => side?.kept && side.sha256 ? (await request('GET', path(side), { raw: true, accept: '*/*' })).text() :
        '';
      set(box, loads);
      if (sides.some(side => side.size > 200_000)) return;
      await attempt(async () => {
        const texts = await Promise.all([read(change.before), read(change.after)]);
        if (!texts.join('').includes('\u0000')) box.prepend(lines(...texts));
      });
    });
    return details;
  }

  async function restore(turn) {
    const path = `runs/${store.id}/workspace/restore`;
    const dry = await attempt(() => post(path, { turn, dryRun: true }));
    if (!dry) return;
    // What others have changed since is decided path by path, or put to people.
    const { restored, conflicts } = dry;
    const choices = conflicts.slice(0, conflicts.length > MAX_CONFLICTS ? MAX_CONFLICTS : undefined).map(one => [one.path, one]);
    if (choices.length < conflicts.length) choices.push(['*', { mergeable: conflicts.some(one => one.mergeable) }]);
    const selects = choices.map(([file, { mergeable }]) => h('select', { 'aria-label': `What becomes of ${file === '*' ? 'all others' : file}` },
      [['keep', 'Keep theirs'], ['restore', 'Put back'], mergeable && ['merge', 'Take only this run’s lines out'],
        ['ask', 'Ask people']].filter(Boolean).map(([value, text]) => h('option', { value }, text))));
    const done = await dialog(`Go back to the end of turn ${turn}?`, [
      h('p', null, `To be restored: ${plural(restored.length, 'file')}. Effects outside of the folder stay done. This can be undone.`),
      conflicts.length ? [h('p', null, `Changed by others since: ${plural(conflicts.length, 'file')}`),
        h('table', null, h('tbody', null, choices.map(([file, { by }], i) => h('tr', null, h('td', null, file === '*' ? 'All others' :
          [h('code', null, file), h('div', { class: 'muted' }, by)]), h('td', { class: 'num' }, selects[i])))))] : null,
    ], { confirm: 'Go back', kind: 'danger', wide: conflicts.length > 0, read: () => {
      const chosen = choices.map(([file], i) => [file, selects[i].value]);
      return post(path, { turn, ask: chosen.some(([, choice]) => choice === 'ask'),
        resolve: Object.fromEntries(chosen.filter(([, choice]) => choice !== 'ask')) });
    } });
    if (!done) return;
    if (done.question) toast('People are asked about it.', 'good', link(`questions/${done.question}`, 'Look'));
    changes({ store, panel });
  }
}

/** Two texts line by line: what is gone, what came, three lines around. */
function lines(before, after) {
  const a = before.split('\n'), b = after.split('\n');
  let from = 0, end = 0;
  while (from < Math.min(a.length, b.length) && a[from] === b[from]) from++;
  while (end < Math.min(a.length, b.length) - from && a.at(-1 - end) === b.at(-1 - end)) end++;
  const x = a.slice(from, a.length - end), y = b.slice(from, b.length - end), made = [];
  // The longest common part; of texts that are too long for it, all of the middle counts as changed.
  const isSmall = x.length * y.length <= 250_000, most = isSmall && x.map(() => new Uint16Array(y.length + 1));
  if (isSmall) most.push(new Uint16Array(y.length + 1));
  for (let i = x.length - 1; isSmall && i >= 0; i--) for (let j = y.length - 1; j >= 0; j--) most[i][j] = x[i] === y[j] ?
    most[i + 1][j + 1] + 1 : Math.max(most[i + 1][j], most[i][j + 1]);
  let i = 0, j = 0;
  while (i < x.length || j < y.length) {
    if (isSmall && i < x.length && j < y.length && x[i] === y[j]) { made.push([' ', x[i++]]); j++; }
    else if (i < x.length && (j >= y.length || !isSmall || most[i + 1][j] >= most[i][j + 1])) made.push(['-', x[i++]]);
    else made.push(['+', y[j++]]);
  }
  const around = (list, sign) => list.map(line => [sign, line]);
  return h('pre', { class: 'lines', tabindex: '0' }, [...around(a.slice(Math.max(0, from - 3), from), ' '), ...made,
    ...around(a.slice(a.length - end, a.length - end + 3), ' ')].slice(0, 2000).map(([sign, line]) =>
    h(sign === '-' ? 'del' : sign === '+' ? 'ins' : 'span', null, `${sign} ${cutLine(line)}\n`)));
}
const cutLine = line => line.length > 2000 ? `${line.slice(0, 2000)}…` : line;

// Budget: what is spent of what is granted, over steps, with the forecast.
async function budget({ store, panel, leave }) {
  const root = h('div');
  panel.append(root);
  await store.loadAll().catch(() => {});
  const draw = () => {
    const run = store.run, granted = run.budget?.granted ?? {}, spent = run.budget?.spent ?? {};
    const rows = [['US dollars', spent.usd ?? run.usage?.usd ?? 0, granted.usd, usd],
      ['Steps', spent.steps ?? run.steps, granted.steps, count], ['Tokens', spent.tokens ?? 0, granted.tokens, short],
      ['Time', duration(spent.wallClock) ?? 0, duration(granted.wallClock), span],
      ['Sub-agents', spent.subAgents ?? run.subAgents?.total ?? 0, granted.subAgents, count]];
    const turns = store.events.filter(e => e.type === 'model.completed' && e.usage);
    const cached = turns.reduce((sum, e) => sum + (e.usage.cachedTokens ?? 0), 0),
      input = turns.reduce((sum, e) => sum + e.usage.inputTokens, 0);
    const tools = new Map();
    for (const e of store.events) if (e.type === 'tool.completed') { const one = tools.get(e.tool) ?? { n: 0, ms: 0, failed: 0 };
      one.n++; one.ms += duration(e.duration) ?? 0; one.failed += e.isError ? 1 : 0; tools.set(e.tool, one); }
    const forecast = run.budget?.forecast;
    set(root, h('div', { class: 'cards' },
      h('section', { class: 'card', 'aria-label': 'Budget' }, h('header', null, h('h2', null, 'Spent of granted')),
        h('div', { class: 'body' }, h('table', null, h('thead', null,
        h('tr', null, ['', 'Spent', 'Granted', 'Share'].map((text, i) => h('th', { scope: 'col', class: i ? 'num' : null },
        text || h('span', { class: 'sr' }, 'Part'))))), h('tbody', null,
        rows.map(([name, part, whole, say]) => h('tr', null, h('th', { scope: 'row' }, name),
        h('td', { class: 'num' }, say(part)), h('td', { class: 'num' }, whole ? say(whole) :
        h('span', { class: 'muted' }, 'no limit')), h('td', { class: 'num' }, whole ? bar(part, whole) : '')))))),
        forecast && h('div', { class: 'body' }, h('p', null, forecastWords(forecast), forecast.at &&
          [' about ', moment(forecast.at)]), forecast.usdAtEnd?.[1] > 0 &&
          h('p', null, `Cost by then: $${forecast.usdAtEnd.map(value => value.toFixed(2)).join(' to $')}`),
          forecast.first !== 'unknown' && h('p', { class: 'muted' }, `From the middle half of the last ${plural(forecast.basedOnTurns, 'turn')}.`))),
      h('div', null, h('section', { class: 'card', 'aria-label': 'Cost by turn' },
        h('header', null, h('h2', null, turns.some(e => e.usage.usd) ? 'Cost by turn' : 'Tokens by turn'),
        h('span', { class: 'muted' }, input ? `${Math.round(cached / input * 100)} % of input cached` : '')),
        h('div', { class: 'body chart' }, columns(turns.slice(-120).map(e =>
        ({ label: `turn ${e.turn}`, value: turns.some(other => other.usage.usd) ? e.usage.usd :
        e.usage.inputTokens + e.usage.outputTokens }))))),
      h('section', { class: 'card', 'aria-label': 'Burn-down' }, h('header', null, h('h2', null, 'Spent over steps')),
        h('div', { class: 'body chart' }, burn(turns, granted, forecast)))),
      h('section', { class: 'card', 'aria-label': 'By tool' }, h('header', null, h('h2', null, 'By tool')), tools.size ?
        h('table', null, h('thead', null, h('tr', null, ['Tool', 'Calls', 'Failed', 'Time'].map((text, i) =>
        h('th', { scope: 'col', class: i ? 'num' : null }, text)))),
        h('tbody', null, [...tools].sort((a, b) => b[1].ms - a[1].ms).map(([name, one]) => h('tr', null,
        h('td', null, h('code', null, name)), h('td', { class: 'num' }, count(one.n)),
        h('td', { class: 'num' }, count(one.failed)), h('td', { class: 'num' }, span(one.ms)))))) :
        empty('No tool was called yet.'))));
  };
  leave(store.on('run', draw));
  draw();
}

function columns(values) {
  if (!values.length) return h('p', { class: 'muted' }, 'Nothing yet.');
  const most = Math.max(...values.map(one => one.value), 1e-9), width = 320 / values.length;
  return svg('svg', { viewBox: '0 0 320 110', role: 'img',
    'aria-label': `${values.length} turns, the dearest ${values.reduce((a, b) => a.value > b.value ? a : b).label}` },
    values.map((one, i) => svg('rect', { class: 'bar-0', x: i * width + width * 0.12, y: 100 - one.value / most * 95,
      width: Math.max(width * 0.76, 0.6), height: one.value / most * 95 },
      svg('title', null, `${one.label}: ${one.value < 10 ? one.value.toFixed(4) : count(one.value)}`))),
      svg('line', { class: 'grid', x1: 0, x2: 320, y1: 100, y2: 100 }));
}

function burn(turns, granted, forecast) {
  const usesMoney = turns.some(e => e.usage.usd);
  let sum = 0;
  const points = turns.map((e, i) => [i + 1, sum += usesMoney ? e.usage.usd : e.usage.inputTokens + e.usage.outputTokens]);
  if (points.length < 2) return h('p', { class: 'muted' }, 'Drawn from the second turn on.');
  const limit = usesMoney ? granted.usd : granted.tokens;
  const high = forecast?.usdAtEnd && usesMoney ? forecast.usdAtEnd[1] : 0;
  const top = Math.max(sum * 1.1, Math.min(limit ?? 0, sum * 4), high), right = points.length * (high ? 1.5 : 1);
  const x = n => n / right * 310 + 5, y = value => 100 - Math.min(1, value / top) * 92;
  return svg('svg', { viewBox: '0 0 320 110', role: 'img',
    'aria-label': `Spent ${usesMoney ? usd(sum) : `${count(sum)} tokens`} in ${points.length} turns` },
    high ? svg('polygon', { class: 'cone',
      points: `${x(points.length)},${y(sum)} ${x(right)},${y(forecast.usdAtEnd[0])} ${x(right)},${y(high)}` }) : null,
    svg('line', { class: 'grid', x1: 5, x2: 315, y1: 100, y2: 100 }), limit && limit <= top ?
      svg('line', { class: 'limit', x1: 5, x2: 315, y1: y(limit), y2: y(limit) }) : null,
    svg('path', { class: 'line', d: `M${points.map(([n, value]) => `${x(n).toFixed(1)} ${y(value).toFixed(1)}`).join('L')}` }),
      svg('text', { x: 6, y: 12 }, usesMoney ? `$${top.toFixed(2)}` : short(top)));
}

// Who asked, who allowed, what came of it.
async function audit({ store, view, panel }) {
  const rows = h('div');
  const filters = ['type', 'verdict', 'tool', 'actor'].map(name => h('select',
    { 'aria-label': words(name), onchange: event => { view.set({ [name]: event.target.value }); draw(); } }));
  const head = h('span', { class: 'muted' });
  append(panel, [h('div', { class: 'filters' }, filters, h('span', { class: 'spacer' }), head,
    !session.host?.export && button('Verify the chain', verify, { kind: 'small', name: 'approval' })), rows]);
  const found = [];
  let after = {};
  const more = button('Show more', page, { kind: 'small' });
  async function page() {
    const next = await get(`audit${query({ run: store.id, limit: 200, text: 'true', ...after })}`);
    found.push(...next.items.map((item, i) => ({ ...item, text: next.text[i] })));
    more.hidden = !next.cursor;
    after = { after: next.cursor };
    draw();
  }
  const story = e => oneLine(e.text.replace(/^[\d-]+ [\d:.]+Z /, ''), 400);
  function draw() {
    for (const [i, name] of ['type', 'verdict', 'tool', 'actor'].entries()) {
      const values = [...new Set(found.map(e => e[name]).filter(Boolean))].sort();
      set(filters[i], h('option', { value: '' }, `Any ${name}`),
        values.map(value => h('option', { value, selected: view.params[name] === value }, words(value))));
    }
    const wanted = found.filter(e => ['type', 'verdict', 'tool', 'actor'].every(name => !view.params[name] ||
      e[name] === view.params[name]));
    const image = e => e.verdict === 'deny' || e.failed ? ['failed', 'bad'] : e.approvalId || e.questionId ? ['person', 'wait'] :
      e.type.startsWith('call') ? ['tool', 'good'] : ['file', 'quiet'];
    set(rows, h('section', { class: 'card', 'aria-label': 'Audit' }, wanted.length ?
      wanted.map(e => h('details', { class: 'audit-row' }, h('summary', null, moment(e.at),
      h('span', { class: `status tone-${image(e)[1]}` }, icon(image(e)[0])), h('span', null, story(e))),
      h('dl', { class: 'facts' }, Object.entries(e).filter(([name, value]) => value !== null && !['text', 'at', 'sealed', 'heads',
        'chain'].includes(name)).map(([name, value]) => [h('dt', null, words(name)),
        h('dd', { class: /hash|prev|id$/i.test(name) ? 'mono' : null }, typeof value === 'object' ? JSON.stringify(value) :
        name === 'approvalId' ? link(`approvals/${value}`, value) : longText(String(value), 600))])))) :
        empty('No entry matches.')), more);
  }
  async function verify() {
    setText(head, 'verifying…');
    const result = await attempt(() => get('audit/verify'));
    if (result) setText(head, result.holds ?
      `The chain holds: ${count(result.entries)} entries without a gap` :
      `The chain is broken: ${result.problem}`);
  }
  await page();
}
