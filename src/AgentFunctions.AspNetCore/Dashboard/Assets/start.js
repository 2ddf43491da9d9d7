// Start a run; and the agents that may be asked.

import { append, button, count, duration, empty, field, h, icon, link, oneLine, set, short, span, tag, tryParse, usd,
  words } from './h.js';
import { get, may, query, request } from './api.js';
import { fault, go } from './app.js';

export const mount = view => view.path === 'start' ? start(view) : view.match[1] ? agent(view, view.match[1]) : agents(view);

async function start(view) {
  view.title('Start a run');
  const catalog = await get('agents');
  const off = may('submitter', 'operator') ? null : 'This needs the role submitter.';
  const who = h('select', null, catalog.agents.length > 1 && h('option', { value: '' }, 'Let the host choose'),
    catalog.agents.map(one => h('option', { value: one.name, selected: one.name === view.params.agent }, one.name)));
  const goal = h('textarea', { rows: '4', maxlength: '65536', required: true,
    placeholder: 'What shall be reached? Say what is known, and what must not happen.' , value: view.params.goal ?? '' });
  const kind = h('select', null, [['', 'Nothing is checked'], ['words', 'In words'], ['command', 'A command succeeds'],
    ['schema', 'It fits a JSON schema'], ['judge', 'A judge says so']].map(([value, text]) => h('option', { value }, text)));
  const acceptance = h('div');
  const labels = h('input', { placeholder: 'team=payments, env=prod' });
  const priority = h('select', null, ['normal', 'high', 'low'].map(value => h('option', { value }, words(value))));
  const budget = { usd: h('input', { type: 'number', min: '0', step: 'any' }), steps: h('input', { type: 'number', min: '1' }),
    tokens: h('input', { type: 'number', min: '1' }), wallClock: h('input', { placeholder: '5h' }),
    subAgents: h('input', { type: 'number', min: '0' }) };
  const description = h('p', { class: 'muted' });
  const goalField = field('Goal', goal, { help: 'Ctrl+Enter starts the run.' });
  const problem = h('div');
  // Kept for this form: a second click, or a retry after a lost answer, is the same run.
  const key = crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map(one => one.toString(16).padStart(2,
    '0')).join('');
  let check = null;

  const chosen = () => catalog.agents.find(one => one.name === who.value) ?? (who.value === '' ? null : catalog.agents[0]);
  function show() {
    set(description, chosen()?.description ?? 'The host reads the goal and chooses among the agents.');
  }
  kind.addEventListener('change', () => {
    const area = placeholder => h('textarea', { rows: '3', class: kind.value === 'schema' ? 'code' : '', placeholder,
      'aria-label': 'Acceptance' });
    check = { words: () => area('The report names each file that it talks of.'), command: () =>
      h('input', { placeholder: 'dotnet test', 'aria-label': 'Command', css: { width: '100%' } }), schema: () =>
      area('{"type": "object"}'), judge: () => area('What the judge looks at') }[kind.value]?.() ?? null;
    set(acceptance, check);
  });

  function submission() {
    const text = goal.value.trim();
    goalField.fault(text ? '' : 'Goal: say what shall be reached.');
    if (!text) { goal.focus(); return undefined; }
    const named = Object.fromEntries(labels.value.split(',').map(part => part.trim()).filter(Boolean).map(part =>
      { const i = part.indexOf('='); return i < 0 ? [part, ''] : [part.slice(0, i).trim(), part.slice(i + 1).trim()]; }));
    const limits = Object.fromEntries(Object.entries(budget).filter(([, element]) => element.value.trim()).map(
      ([name, element]) => [name, name === 'wallClock' ? element.value.trim() : Number(element.value)]));
    const said = check?.value.trim();
    const accepted = said && { words: () => said, command: () => ({ command: said.split(/\s+/) }), schema: () =>
      ({ schema: tryParse(said) }), judge: () => ({ judge: { rubric: said } }) }[kind.value]();
    return { ...(who.value && { agent: who.value }), goal: text, ...(accepted && { acceptance: accepted }),
      ...(Object.keys(named).length && { labels: named }),
      ...(Object.keys(limits).length && { budget: limits }), ...(priority.value !== 'normal' && { priority: priority.value }) };
  }

  async function submit() {
    const body = submission();
    if (!body) return;
    try {
      const run = await request('POST', 'runs', { body, headers: { 'Idempotency-Key': key } });
      go(`runs/${run.id}`);
    } catch (e) {
      if (e.detail?.startsWith('goal')) goalField.fault(e.detail);
      set(problem, h('div', { class: 'banner tone-bad', role: 'alert' }, icon('failed'), h('span', null, e.detail ?? e.message)));
    }
  }
  const run = button('Start the run', submit, { kind: 'primary', act: true, off, name: 'next' });
  goal.addEventListener('keydown', event => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run.click(); });
  who.addEventListener('change', show);

  const agentField = field('Agent', who);
  agentField.append(description);
  view.el.append(h('div', { class: 'head' }, h('h1', null, 'Start a run')),
    h('div', { class: 'form' }, goalField, agentField, field('Accepted if', kind), acceptance,
    h('details', { open: Boolean(view.params.more) }, h('summary', null, 'Labels, budget and priority'),
      h('div', { class: 'grid-2' }, field('Labels', labels, { help: 'name=value, with commas between' }),
      field('Priority', priority)), h('div', { class: 'grid-2' }, field('US dollars', budget.usd), field('Steps', budget.steps),
      field('Tokens', budget.tokens), field('Time', budget.wallClock, { help: 'Such as 30m, 5h, 2d' }),
      field('Sub-agents', budget.subAgents))),
    problem, h('div', { class: 'buttons', css: { 'margin-top': '16px' } }, run,
      button('Cancel', () => history.length > 1 ? history.back() : go('')))));
  if (!catalog.agents.length) set(problem, h('div', { class: 'banner tone-wait' }, icon('incident'),
    h('span', null, 'No agent is here yet. Put a Markdown file into the folder of agents.')));
  show();
  if (window.innerWidth > 640) goal.focus();
  return {};
}

async function agents(view) {
  view.title('Agents');
  const catalog = await get('agents');
  view.el.append(h('div', { class: 'head' }, h('h1', null, 'Agents'), h('span', { class: 'spacer' }),
    button('Start a run', () => go('start'), { kind: 'primary', name: 'plus' })));
  if (catalog.leftOut?.length) view.el.append(h('div', { class: 'banner tone-bad', css: { 'margin-bottom': '14px' } },
    icon('failed'), h('div', null, catalog.leftOut.map(one => h('div', null,
    `${one.kind} ${one.name ?? ''} was left out: ${one.reason}`)))));
  if (catalog.notes?.length) view.el.append(h('div', { class: 'banner tone-wait', css: { 'margin-bottom': '14px' } },
    icon('incident'), h('div', null, catalog.notes.map(note => h('div', null, note)))));
  if (!catalog.agents.length) view.el.append(h('section', { class: 'card', 'aria-label': 'No agents' },
    empty('No agent is defined. One Markdown file in the folder of agents is one agent.',
    h('code', null, 'agentfunctions serve --agents ./agents'))));
  view.el.append(h('div', { class: 'cards' }, catalog.agents.map(one => h('section', { class: 'card', 'aria-label': one.name },
    h('header', null, icon('agent'), h('h2', null, link(`agents/${encodeURIComponent(one.name)}`, one.name)),
    h('span', { class: 'spacer' }), one.rehearsal && tag('Rehearsal', 'warn', 'model'), one.model && tag(one.model)),
    h('div', { class: 'body agent-card' }, h('p', null, one.description),
      h('div', { class: 'chips' }, (one.tools ?? []).slice(0, 10).map(name => tag(name, 'accent')), one.tools?.length > 10 &&
      tag(`+${one.tools.length - 10}`)),
      h('p', { class: 'muted' }, [`${one.limits.turns} turns`, one.limits.tokens && `${short(one.limits.tokens)} tokens`,
        one.limits.wallClock && span(duration(one.limits.wallClock))].filter(Boolean).join(' · ')),
      one.notes?.map(note => h('p', { class: 'muted' }, note)),
        h('div', { class: 'buttons' }, button('Start a run', () => go(`start?agent=${encodeURIComponent(one.name)}`),
        { kind: 'small' }), link(`?agent=${encodeURIComponent(one.name)}`, 'Its runs')))))));
  return {};
}

async function agent(view, name) {
  view.title(name);
  const catalog = await get('agents');
  const one = catalog.agents.find(other => other.name === name);
  if (!one) { view.el.append(h('h1', null, name), fault({ status: 404, detail: `There is no agent '${name}'.`,
    code: 'agentNotFound' })); return {}; }
  const tools = one.tools ?? [];
  const { runs } = await get(`runs${query({ agent: name, limit: 10 })}`).catch(() => ({ runs: [] }));
  append(view.el, [h('div', { class: 'crumb' }, link('agents', 'Agents'), '/'),
    h('div', { class: 'head' }, h('h1', null, name), one.model && tag(one.model), one.rehearsal &&
    tag('Rehearsal', 'warn', 'model'), h('span', { class: 'spacer' }),
    button('Start a run', () => go(`start?agent=${encodeURIComponent(name)}`), { kind: 'primary', name: 'plus' })),
    h('p', { class: 'lead' }, one.description),
    h('div', { class: 'cards' }, h('section', { class: 'card', 'aria-label': 'Tools' },
      h('header', null, h('h2', null, 'Tools'), h('span', { class: 'muted' }, count(tools.length))), tools.length ?
      h('div', { class: 'body' }, h('div', { class: 'chips' }, tools.map(tool => tag(tool, 'accent')))) :
      empty(one.tools ? 'It has no tools.' : 'Its tools cannot be told here.')),
      h('section', { class: 'card', 'aria-label': 'Limits' }, h('header', null, h('h2', null, 'Limits')),
        h('div', { class: 'body' }, h('dl', { class: 'facts' },
        [['Turns', one.limits.turns],
        ['Tokens', one.limits.tokens ? short(one.limits.tokens) : 'no limit'],
        ['Time', one.limits.wallClock ? span(duration(one.limits.wallClock)) : 'no limit']].map(([key, value]) =>
        [h('dt', null, key), h('dd', null, String(value))])))),
      h('section', { class: 'card', 'aria-label': 'Last runs' }, h('header', null, h('h2', null, 'Last runs')), runs.length ?
        h('div', null, runs.map(run => append(Object.assign(link(`runs/${run.id}`), { className: 'item in' }),
        [icon(run.status, words(run.status)), h('span', { class: 'what' }, oneLine(run.goal, 90)),
        h('span', { class: 'when' }, usd(run.usd ?? run.usage?.usd ?? 0))]))) : empty('It has not run yet.')))]);
  return {};
}
