// What operators watch and switch: incidents, monitors, reviews, the kill switch, data and keys.

import { age, append, args, banner, button, card, clockTime, count, dialog, empty, field, h, icon, json, link, longText, moment, oneLine, plural,
  set, short, shortId, svg, tag, tryParse, words } from './h.js';
import { emit, get, may, post, query, request, tryGet } from './api.js';
import { attempt, toast } from './app.js';

export const mount = view => ({ incidents: view.match[2] ? incident : incidents, monitors: view.match[2] ? monitor : monitors,
  reviews, kill, life })[view.match[1]](view);

const TONES = { critical: 'bad', error: 'bad', high: 'bad', warning: 'wait', medium: 'wait', info: 'quiet', low: 'quiet' };
const severity = value => tag(words(value), TONES[value] ?? 'wait', TONES[value] === 'bad' ? 'incident' : null);
const stateTag = value => tag(words(value), { open: 'bad', acknowledged: 'wait', resolved: 'good' }[value] ?? 'quiet',
  { open: 'incident', acknowledged: 'person', resolved: 'completed' }[value]);
const head = (view, title, ...more) => { view.title(title); view.el.append(h('div', { class: 'head' }, h('h1', null, title),
  more)); };
const every = (view, ms, action) => { const timer = setInterval(() => !document.hidden && action().catch(() => {}), ms);
  view.leave(() => clearInterval(timer)); };
const noMonitors = () => h('section', { class: 'card', 'aria-label': 'No monitors' },
  empty('This host watches nothing yet. A monitor looks on a schedule and wakes an agent.',
  h('code', null, 'PUT /api/monitors/NAME')));

async function incidents(view) {
  head(view, 'Incidents', h('span', { class: 'spacer' }));
  const box = h('div');
  view.el.append(box);
  const load = async () => {
    const found = await tryGet('incidents');
    const all = [...found?.incidents ?? []].sort((a, b) => (a.state === 'resolved') - (b.state === 'resolved') ||
      (a.openedAt < b.openedAt ? 1 : -1));
    if (!all.length) return set(box, h('section', { class: 'card', 'aria-label': 'No incidents' },
      empty('Nothing is wrong, as far as the monitors see.')));
    set(box, h('div', { class: 'inbox-list' }, all.map(one =>
      append(Object.assign(link(`incidents/${one.id}`), { className: 'item in' }),
      [severity(one.severity), h('span', { class: 'what' }, one.title),
      h('span', { class: 'when' }, stateTag(one.state), ' ', age(one.openedAt)),
      h('span', { class: 'of' },
      `${one.monitor} · ${one.signals.join(', ')}${one.runs.length ? ` · woke ${plural(one.runs.length, 'run')}` : ''}${one.isFlapping ? ' · flapping' : ''}`)]))));
    return undefined;
  };
  every(view, 5000, load);
  await load();
  return {};
}

async function incident(view) {
  const id = view.match[2];
  const box = h('div');
  view.el.append(h('div', { class: 'crumb' }, link('incidents', 'Incidents'), '/'), box);
  const load = async () => {
    const one = await get(`incidents/${id}`);
    const charts = await Promise.all(one.signals.map(async signal => h('div', { class: 'signal' }, h('b', null, signal),
      await series(one.monitor, signal))));
    view.title(one.title);
    const off = may('operator') ? null : 'This needs the role operator.';
    const command = async (name, verb) => {
      const words = h('textarea', { rows: '2', maxlength: '1000' });
      if (await dialog(`${verb} this incident?`, field('Comment (optional)', words),
        { confirm: verb, read: () => post(`incidents/${id}/${name}`, words.value.trim() ? { comment: words.value.trim() } :
        {}) })) { toast(`${verb}d`); emit('decided'); }
      await load();
    };
    set(box, h('div', { class: 'head' }, h('h1', null, one.title), severity(one.severity), stateTag(one.state), one.isFlapping &&
      tag('Flapping', 'wait'), h('span', { class: 'spacer' }),
      one.state === 'open' && button('Acknowledge', () => command('acknowledge', 'Acknowledge'),
        { act: true, off, name: 'person' }), one.state !== 'resolved' && button('Resolve', () => command('resolve', 'Resolve'),
        { act: true, off, kind: 'primary', name: 'completed' })),
    h('div', { class: 'two' }, h('div', null, card('Signals', null, h('div', { class: 'signals' }, charts)), h('section', { class: 'card', 'aria-label': 'Timeline' },
      h('header', null, h('h2', null, 'What happened')), h('div', { class: 'body' },
      one.timeline.map(entry => h('div', { class: 'event-line' }, moment(entry.at),
      icon({ opened: 'incident', resolved: 'completed', acknowledged: 'person', woke: 'agent' }[entry.kind] ?? 'message'),
      h('div', null, h('div', null, longText(entry.text, 1000)),
      h('div', { class: 'muted' }, `${words(entry.kind)} by ${entry.by}`), entry.evidence &&
      h('details', null, h('summary', null, 'Evidence'), json(tryParse(entry.evidence) ?? entry.evidence)))))))),
      h('div', { class: 'aside' }, h('section', { class: 'card', 'aria-label': 'Facts' },
        h('header', null, h('h2', null, 'Facts')), h('div', { class: 'body' },
        h('dl', { class: 'facts' }, [['Monitor', link(`monitors/${encodeURIComponent(one.monitor)}`, one.monitor)],
        ['Signals', one.signals.join(', ')], ['Began', moment(one.startedAt)], ['Opened', moment(one.openedAt)], one.endedAt &&
        ['Ended', moment(one.endedAt)], ['Openings', count(one.openings)], ['Priority', one.priority]].filter(Boolean).map(
        ([name, value]) => [h('dt', null, name), h('dd', null, value)])))),
        one.runs.length ? card('Runs it woke', null, one.runs.map(run => h('p', null, link(`runs/${run}`, shortId(run))))) : null)));
  };
  await load();
  every(view, 5000, async () => { if (!document.querySelector('dialog')) await load(); });
  return {};
}

async function monitors(view) {
  head(view, 'Monitors', h('span', { class: 'spacer' }));
  const box = h('div');
  view.el.append(box);
  const load = async () => {
    const found = await tryGet('monitors');
    if (!found?.monitors?.length) return set(box, noMonitors());
    set(box, h('div', { class: 'cards' }, found.monitors.map(one => h('section',
      { class: 'card', 'aria-label': one.definition.name }, h('header', null, icon('monitor'),
      h('h2', null, link(`monitors/${encodeURIComponent(one.definition.name)}`, one.definition.name)),
      h('span', { class: 'spacer' }), one.pausedAt ? tag('Paused', 'pause', 'paused') : one.openIncidents.length ?
      tag(plural(one.openIncidents.length, 'incident'), 'bad', 'incident') : one.troubles?.length ?
      tag('In trouble', 'wait', 'incident') : tag('Quiet', 'good', 'completed')),
      h('div', { class: 'body agent-card' }, one.definition.description && h('p', null, one.definition.description),
        h('p', { class: 'muted' },
        `${plural(one.definition.signals.length, 'signal')}: ${one.definition.signals.map(signal => signal.name).join(', ')}`),
        h('p', null, one.nextDue ? ['next tick in ', age(one.nextDue, { until: true })] : 'no tick is due', one.lastDue &&
        [' · last ', age(one.lastDue), ' ago']), one.troubles?.map(trouble => h('p', { class: 'field-error' },
        `${trouble.step}: ${oneLine(trouble.message, 160)}`)))))));
    return undefined;
  };
  every(view, 5000, load);
  await load();
  const dead = await tryGet('incidents/dead-letters', 'dead-letters').catch(() => null);
  if (dead?.deadLetters?.length) view.el.append(h('section', { class: 'card', 'aria-label': 'Dead letters',
    css: { 'margin-top': '14px' } }, h('header', null, h('h2', null, 'Dead letters'), tag(count(dead.deadLetters.length), 'bad')),
    h('div', { class: 'body' }, dead.deadLetters.map(letter => json(letter, 1000)))));
  return {};
}

async function monitor(view) {
  const name = view.match[2], path = `monitors/${encodeURIComponent(name)}`;
  const box = h('div');
  view.el.append(h('div', { class: 'crumb' }, link('monitors', 'Monitors'), '/'), box);
  const off = may('operator') ? null : 'This needs the role operator.';
  const load = async () => {
    const [one, { ticks }] = await Promise.all([get(path), get(`${path}/ticks${query({ limit: 100 })}`).catch(() =>
      ({ ticks: [] }))]);
    const charts = await Promise.all(one.definition.signals.map(signal => series(name, signal.name)));
    view.title(name);
    const act = (verb, said) => attempt(() => post(`${path}/${verb}`), said).then(load);
    set(box, h('div', { class: 'head' }, h('h1', null, name), one.pausedAt && tag('Paused', 'pause', 'paused'),
      h('span', { class: 'spacer' }), button('Run now', () => act('run', 'A tick is on its way'), { act: true, off }),
      one.pausedAt ? button('Resume', () => act('resume', 'Resumed'), { act: true, off, kind: 'primary' }) : button('Pause',
      () => act('pause', 'Paused'), { act: true, off, name: 'paused' }), button('Edit', () => edit(one), { act: true, off })),
      one.definition.description && h('p', { class: 'lead' }, one.definition.description),
      h('div', { class: 'two' }, h('div', null, card('Signals', null, h('div', { class: 'signals' },
        one.definition.signals.map((signal, i) => {
          const memory = one.signals[signal.name] ?? {}, values = memory.recent ?? [];
          return h('div', { class: 'signal' }, h('div', { class: 'detail-head' }, h('b', null, signal.name), memory.lookedAt &&
            tag(memory.isBreach ? 'Breach' : 'Quiet', memory.isBreach ? 'bad' : 'good'), h('span', { class: 'spacer' }),
            values.length > 0 && h('code', null, String(values.at(-1)))), charts[i],
          h('details', null, h('summary', null, 'All that is remembered'), json(memory)));
        }))), card('Definition', null, json(one.definition, 6000))),
      h('div', { class: 'aside' }, one.openIncidents.length ? card('Open incidents', null, one.openIncidents.map(id =>
        h('p', null, icon('incident'), ' ', link(`incidents/${id}`, id)))) : null,
      card('Ticks', h('span', { class: 'muted' }, one.nextDue ? ['next in ', age(one.nextDue, { until: true })] : 'none is due'),
        ticks.length ? h('div', { class: 'strip', role: 'img', 'aria-label': `The last ${ticks.length} ticks: ${counted(ticks)}` }, [...ticks].sort((a, b) => a.due < b.due ? -1 : 1).map(tick => h('i', { class: tick.outcome, title:
          `${tick.due}: ${tick.outcome}${tick.note ? `, ${tick.note}` : ''}` }))) : h('p', { class: 'muted' }, 'It has not ticked yet.'),
        h('dl', { class: 'facts', css: { 'margin-top': '10px' } },
          Object.entries(one.totals ?? {}).filter(([, value]) => typeof value === 'number').map(([key, value]) =>
          [h('dt', null, words(key)), h('dd', null, count(value))]))))));
  };
  async function edit(one) {
    const text = h('textarea', { class: 'code', rows: '18', spellcheck: 'false', value: JSON.stringify(one.definition, null, 2),
      'aria-label': 'Definition as JSON' });
    if (await dialog(`Edit ${name}`, text, { wide: true, confirm: 'Save', read: () => { let value;
      try { value = JSON.parse(text.value); } catch (e) { throw new Error(`This is not valid JSON: ${e.message}`);
      } return request('PUT', path, { body: value }); } })) toast('Saved');
    await load();
  }
  await load();
  return {};
}

const counted = ticks => Object.entries(Object.groupBy(ticks, tick => tick.outcome)).map(([outcome, list]) =>
  `${list.length} ${outcome}`).join(', ');

/** What a signal was at its latest looks, with a mark at each breach. */
async function series(monitor, signal) {
  const { points } = await get(`monitors/${encodeURIComponent(monitor)}/signals/${encodeURIComponent(signal)}/series?limit=200`).catch(
    () => ({ points: [] }));
  const known = points.filter(one => one.value !== null), breaches = known.filter(one => one.breach);
  if (known.length < 2) return h('p', { class: 'muted' }, 'Drawn from the second value on.');
  const values = known.map(one => one.value), most = Math.max(...values), least = Math.min(...values, 0);
  const from = Date.parse(known[0].at), to = Date.parse(known.at(-1).at);
  const x = one => 40 + (Date.parse(one.at) - from) / (to - from || 1) * 274, y = value => 82 - (value - least) / (most - least || 1) * 72;
  const place = one => `${x(one).toFixed(1)} ${y(one.value).toFixed(1)}`;
  return h('div', { class: 'chart' }, svg('svg', { viewBox: '0 0 320 104', role: 'img', 'aria-label':
    `${signal}: ${plural(known.length, 'value')} from ${least} to ${most}, ${plural(breaches.length, 'breach', 'breaches')}` },
    [least, most].map(value => [svg('line', { class: 'grid', x1: 40, x2: 316, y1: y(value), y2: y(value) }),
      svg('text', { x: 0, y: y(value) + 4 }, short(value))]),
    svg('path', { class: 'line', d: `M${known.map(place).join('L')}` }),
    breaches.map(one => svg('circle', { class: 'bar-4', cx: x(one), cy: y(one.value), r: 3 }, svg('title', null,
      `${clockTime(one.at)}: ${one.value}`))),
    svg('text', { x: 40, y: 100 }, clockTime(from)), svg('text', { x: 316, y: 100, 'text-anchor': 'end' }, clockTime(to))));
}

async function reviews(view) {
  head(view, 'Reviews', h('span', { class: 'spacer' }));
  const box = h('div');
  view.el.append(h('p', { class: 'lead' },
    'Changes that agents made and that people look at afterwards. When a queue is full, runs wait.'), box);
  const off = may('reviewer', 'operator', 'approver') ? null : 'This needs a role that may review; approver if no other is configured.';
  const load = async () => {
    const found = await tryGet('reviews');
    const queues = (found?.queues ?? []).filter(queue => queue.changes.length || queue.waiting);
    if (!queues.length) return set(box, h('section', { class: 'card', 'aria-label': 'No reviews' },
      empty('Every change has been looked at.')));
    set(box, queues.map(queue => {
      const picked = new Map(queue.changes.map(change => [change,
        h('input', { type: 'checkbox', 'aria-label': `Take ${change.tool} of ${change.agent}` })]));
      const accept = async (body, n) => {
        const words = h('input', { maxlength: '1000' });
        if (await dialog(`Accept ${plural(n, 'change')}?`, field('Comment (optional)', words),
          { confirm: 'Accept', read: () => post('reviews/accept',
          { ...body, ...(words.value && { comment: words.value }) }) })) { toast(`Accepted: ${plural(n, 'change')}`);
          emit('decided'); }
        await load();
      };
      return h('section', { class: 'card', 'aria-label': queue.label || 'All' },
        h('header', null, h('h2', null, queue.label || 'All'),
        h('span', { class: 'muted' }, queue.capacity ? `${queue.changes.length} of ${queue.capacity}` :
        plural(queue.changes.length, 'change'), queue.waiting ? `, ${plural(queue.waiting, 'call')} waiting` : ''),
        h('span', { class: 'spacer' }),
        button('Accept selected', () => { const ids = [...picked].filter(([, check]) => check.checked).map(([change]) =>
          change.id); if (ids.length) return accept({ ids }, ids.length); toast('Select changes first.', 'bad'); return undefined;
          }, { kind: 'small', act: true, off }), button('Accept all', () =>
          accept({ ids: queue.changes.map(change => change.id) }, queue.changes.length), { kind: 'small', act: true, off })),
      queue.changes.map(change => h('div', { class: 'picked-row' }, h('label', { class: 'pick' }, picked.get(change)),
        h('details', { class: 'audit-row' }, h('summary', null, moment(change.at), h('code', null, change.tool), h('span', null,
        oneLine(Object.values(tryParse(change.arguments) ?? {}).filter(value => typeof value !== 'object').join(' · ') ||
        change.arguments, 100)), h('span', { class: 'spacer' }),
        h('span', { class: 'muted' }, `${change.agent}, turn ${change.turn}`)),
        h('div', { class: 'call-body' }, args(change.arguments),
          h('div', { class: 'buttons' }, link(`runs/${change.runId}`, 'Open the run'),
          button('Accept this', () => accept({ ids: [change.id] }, 1), { kind: 'small', act: true, off })))))));
    }));
    return undefined;
  };
  await load();
  return {};
}

async function kill(view) {
  head(view, 'Kill switch', h('span', { class: 'spacer' }));
  const off = may('operator') ? null : 'This needs the role operator.';
  const list = h('div'), report = h('div');
  const scope = h('select', null, [['all', 'Everything'], ['agent', 'An agent'], ['label', 'A label'], ['run', 'A run'],
    ['tool', 'A tool']].map(([value, text]) => h('option', { value }, text)));
  const name = h('input', { placeholder: 'name' }), reason = h('input', { maxlength: '1000' });
  const nameField = field('Which', name), reasonField = field('Reason', reason,
    { help: 'It is shown to everybody whose run is stopped, and kept in the audit log.' });
  const sync = () => { nameField.hidden = scope.value === 'all';
    name.placeholder = { agent: 'lead', label: 'team=payments', run: 'the id of a run', tool: 'run_command' }[scope.value] ?? '';
    };
  scope.addEventListener('change', sync);
  sync();

  const load = async () => {
    const { items } = await get('kill');
    set(list, items.length ? h('div', { class: 'inbox-list' },
      items.map(order => h('div', { class: 'item' }, icon('kill', 'stopped'),
      h('span', { class: 'what' }, order.scope === 'all' ? 'Everything is stopped' :
      `${words(order.scope)} ${order.name} is stopped`), h('span', { class: 'when' },
      button('Release', () => release(order), { kind: 'small', act: true, off })),
      h('span', { class: 'of' }, `by ${order.by}, `, age(order.at), ` ago${order.reason ? `: ${order.reason}` : ''}`)))) :
      h('section', { class: 'card', 'aria-label': 'Nothing is stopped' }, empty('Nothing is stopped.')));
  };

  async function release(order) {
    if (await dialog(order.scope === 'all' ? 'Release everything?' : `Release ${order.scope} ${order.name}?`,
      h('p', null, 'New runs and calls are possible again. What was cancelled stays cancelled.'),
      { confirm: 'Release', read: () => post('kill/release', { scope: order.scope,
      ...(order.name && { name: order.name }) }) })) toast('Released');
    await load();
  }

  async function plan() {
    nameField.fault(scope.value !== 'all' && !name.value.trim() ? 'Say which.' : '');
    reasonField.fault(reason.value.trim() ? '' : 'Say why.');
    if (scope.value !== 'all' && !name.value.trim() || !reason.value.trim()) return;
    const body = { scope: scope.value, ...(scope.value !== 'all' && { name: name.value.trim() }), reason: reason.value.trim() };
    let dry;
    try {
      dry = await request('POST', 'kill?dryRun=true', { body });
    } catch (e) {
      set(report, banner('bad', 'failed', e.detail ?? e.message));
      return;
    }
    const word = scope.value === 'all' ? 'everything' : name.value.trim();
    const typed = h('input', { autocomplete: 'off', spellcheck: 'false' });
    const typedField = field([`Type `, h('code', null, word), ' to go on'], typed);
    const result = await dialog('Stop this?', [summary(dry, true), typedField],
      { wide: true, confirm: 'Stop it', kind: 'danger', read: () =>
      { if (typed.value.trim() !== word) { typedField.fault(`Type ${word}.`); return undefined; } return post('kill', body); } });
    if (result) await done(result);
  }

  function summary(found, isDry) {
    const { runs, begun } = found;
    return h('div', null, h('p', null, h('strong', null, `${isDry ? 'Stops' : 'Stopped'} ${plural(runs.length, 'run')}`), '. ',
      begun.length ? `${plural(begun.length, 'call')} in flight may have taken effect.` : 'No call is in flight.'), begun.length ?
      h('ul', { class: 'plan' }, begun.map(call => h('li', null, icon('tool'), h('span', null, h('code', null, call.tool),
      ' of ', link(`runs/${call.runId}`, shortId(call.runId)), `, turn ${call.turn}, begun `, age(call.startedAt), ' ago')))) : null);
  }

  async function done(result) {
    set(report, h('section', { class: 'card', 'aria-label': 'What was stopped', css: { 'margin-bottom': '14px' } },
      h('header', null, icon('kill'), h('h2', null, 'Stopped')), h('div', { class: 'body' }, summary(result, false))));
    toast('Stopped', 'bad');
    reason.value = '';
    await load();
  }

  view.el.append(h('div', { class: 'two' }, h('div', null, report, list),
    h('section', { class: 'card', 'aria-label': 'Stop something' },
    h('header', null, icon('kill'), h('h2', null, 'Stop something')),
    h('div', { class: 'body' }, field('Scope', scope), nameField, reasonField,
    button('See what it would stop', plan, { kind: 'danger', act: true, off })))));
  await load();
  every(view, 5000, load);
  return {};
}

async function life(view) {
  head(view, 'Data and keys', h('span', { class: 'spacer' }));
  const off = may('admin') ? null : 'This needs the role admin.',
    offHold = may('auditor') ? null : 'This needs the role auditor.';
  const holds = h('div', { class: 'body' }), keys = h('div', { class: 'body' });
  const loadHolds = async () => {
    const found = await tryGet('holds');
    set(holds, found?.items?.length ? found.items.map(hold => h('div', { class: 'event-line' }, moment(hold.at),
      icon('paused'), h('div', null, h('b', null, hold.name),
      h('div', { class: 'muted' }, [hold.run, hold.label, hold.agent, hold.requester].filter(Boolean).join(', '),
      `: ${hold.reason}`), button('Lift', () => attempt(() => request('DELETE', `holds/${encodeURIComponent(hold.name)}`),
      'Lifted').then(loadHolds), { kind: 'small', act: true, off: offHold })))) : h('p', { class: 'muted' },
      'Nothing is held. What is held is never erased.'));
  };
  const loadKeys = async () => {
    const found = await tryGet('keys', 'keys', { quiet: true }).catch(() => null);
    set(keys, found?.items ? [found.items.length ? h('table', null,
      h('thead', null, h('tr', null, ['Name', 'Roles', 'Made', ''].map(text =>
      h('th', { scope: 'col' }, text || h('span', { class: 'sr' }, 'Withdraw'))))),
      h('tbody', null, found.items.map(key => h('tr', null, h('td', null, key.name), h('td', null, key.roles.join(', ')),
      h('td', null, moment(key.createdAt)), h('td', { class: 'num' },
      button('Withdraw', async () => { if (await dialog(`Withdraw ${key.name}?`,
      h('p', null, 'Whoever uses it is signed out at once.'),
      { confirm: 'Withdraw', kind: 'danger', read: async () => { await request('DELETE', `keys/${encodeURIComponent(key.name)}`);
      return true; } })) await loadKeys(); }, { kind: 'small danger', act: true, off })))))) : h('p', { class: 'muted' },
      'No keys: only this machine may call.'), h('div', { class: 'buttons', css: { 'margin-top': '12px' } },
      button('New key', newKey, { kind: 'small', act: true, off, name: 'plus' }))] : h('p', { class: 'muted' },
      'Keys are for admins.'));
  };
  async function newKey() {
    const name = h('input'), roles = ['viewer', 'submitter', 'approver', 'operator', 'auditor', 'admin'].map(role =>
      [role, h('input', { type: 'checkbox' })]);
    const made = await dialog('New key', [field('Name', name),
      h('fieldset', { class: 'field' }, h('legend', null, 'Roles'),
      roles.map(([role, check]) => h('label', { class: 'choice' }, check, role)))],
      { confirm: 'Make it', read: () => post('keys', { name: name.value.trim(),
      roles: roles.filter(([, check]) => check.checked).map(([role]) => role) }) });
    if (made) await dialog('The key', [h('p', null, 'It is shown once. Keep it now.'),
      h('pre', { class: 'json', tabindex: '0' }, made.key)], { confirm: 'I have it', cancel: '' });
    await loadKeys();
  }
  async function hold() {
    const inputs = Object.fromEntries(['name', 'run', 'label', 'agent', 'requester', 'reason'].map(name => [name, h('input')]));
    if (await dialog('Hold data', [h('p', null, 'What matches is neither erased nor swept by retention.'),
      Object.entries(inputs).map(([name, input]) => field(words(name), input))],
      { confirm: 'Hold', read: () => request('PUT', `holds/${encodeURIComponent(inputs.name.value.trim())}`,
      { body: Object.fromEntries(Object.entries(inputs).filter(([name, input]) => name !== 'name' && input.value.trim()).map(
      ([name, input]) => [name, input.value.trim()])) }) })) toast('Held');
    await loadHolds();
  }
  view.el.append(h('div', { class: 'cards' }, h('section', { class: 'card', 'aria-label': 'Holds' },
    h('header', null, h('h2', null, 'Legal holds'), h('span', { class: 'spacer' }),
    button('Hold data', hold, { kind: 'small', act: true, off: offHold })), holds),
    h('section', { class: 'card', 'aria-label': 'Keys' }, h('header', null, h('h2', null, 'API keys')), keys)));
  await Promise.all([loadHolds(), loadKeys()]);
  return {};
}
