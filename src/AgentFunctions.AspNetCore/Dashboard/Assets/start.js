// Start a run, with what would happen before it does; and the agents that may be asked.

import { append, button, count, duration, empty, field, h, icon, json, link, longText, markdown, oneLine, plural, set, short,
  span, tag, tryParse, usd, words } from './h.js';
import { get, may, post, query, request, tryGet } from './api.js';
import { attempt, fault, go, toast } from './app.js';
import { schemaForm } from './form.js';

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
  const inputs = h('div'), description = h('p', { class: 'muted' }),
    preview = h('section', { class: 'card', 'aria-label': 'What would happen', hidden: true });
  const goalField = field('Goal', goal, { help: 'Ctrl+Enter starts the run.' });
  const problem = h('div');
  // Kept for this form: a second click, or a retry after a lost answer, is the same run.
  const key = crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map(one => one.toString(16).padStart(2,
    '0')).join('');
  let form = null, check = null;

  const chosen = () => catalog.agents.find(one => one.name === who.value) ?? (who.value === '' ? null : catalog.agents[0]);
  async function show() {
    const one = chosen();
    set(description, one ? one.description : 'The host reads the goal and chooses among the agents.');
    set(inputs);
    form = null;
    const full = one && await tryGet(`agents/${encodeURIComponent(one.name)}`, 'agents/name').catch(() => null);
    if (full?.inputSchema?.properties && chosen() === one) {
      form = schemaForm(full.inputSchema);
      set(inputs, h('h2', null, 'Input'), form.el);
    }
    plan();
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
    const input = form?.value();
    if (form && !input) return undefined;
    const named = Object.fromEntries(labels.value.split(',').map(part => part.trim()).filter(Boolean).map(part =>
      { const i = part.indexOf('='); return i < 0 ? [part, ''] : [part.slice(0, i).trim(), part.slice(i + 1).trim()]; }));
    const limits = Object.fromEntries(Object.entries(budget).filter(([, element]) => element.value.trim()).map(
      ([name, element]) => [name, name === 'wallClock' ? element.value.trim() : Number(element.value)]));
    const said = check?.value.trim();
    const accepted = said && { words: () => said, command: () => ({ command: said.split(/\s+/) }), schema: () =>
      ({ schema: tryParse(said) }), judge: () => ({ judge: { rubric: said } }) }[kind.value]();
    return { ...(who.value && { agent: who.value }), goal: text, ...(accepted && { acceptance: accepted }),
      ...(form && Object.keys(input).length && { input }), ...(Object.keys(named).length && { labels: named }),
      ...(Object.keys(limits).length && { budget: limits }), ...(priority.value !== 'normal' && { priority: priority.value }) };
  }

  // What the host says of it, before anything happens. Hosts without a preview show nothing.
  let timer = 0;
  const plan = () => { clearTimeout(timer); timer = setTimeout(look, 500); };
  view.leave(() => clearTimeout(timer));
  async function look() {
    if (!goal.value.trim()) { preview.hidden = true; return; }
    const body = submission();
    if (!body) return;
    let found;
    try {
      found = await request('POST', 'runs/preview', { body, quiet: true });
    } catch (e) {
      preview.hidden = e.status === 404 || e.status === 405 || !e.status;
      if (!preview.hidden) set(preview, h('header', null, h('h2', null, 'What would happen')),
        h('div', { class: 'body' }, h('p', { class: 'field-error' }, e.detail)));
      return;
    }
    if (!view.live) return;
    preview.hidden = false;
    const similar = found.similar;
    set(preview, h('header', null, h('h2', null, 'What would happen')), h('div', { class: 'body' }, h('dl', { class: 'facts' }, [
      ['Agent', [found.agent, found.routedBy && ` (chosen by ${found.routedBy})`]],
        ['Access', found.access?.allowed === false || found.access === false ? h('span', { class: 'status tone-bad' },
        icon('failed'), found.access.reason ?? 'not allowed') : h('span', { class: 'status tone-good' }, icon('completed'),
        typeof found.access === 'string' ? found.access : 'allowed')],
      found.quotas?.length && ['Quotas', found.quotas.map(quota => h('div', null,
        `${quota.name ?? quota.quota}: ${quota.left ?? quota.spent ?? ''}${quota.limit ? ` of ${quota.limit}` : ''}`))],
      found.asks?.length && ['Asks people', found.asks.map(ask => h('div', null,
        h('code', null, ask.tool ?? ask.name ?? String(ask)), ask.rule && ` by rule “${ask.rule}”`))],
      similar?.n && ['Similar runs',
        `${count(similar.n)}, half of them cost ${(similar.usd ?? []).map(usd).join(' to ')}${similar.wallClock ? `, ${[similar.wallClock].flat().map(one => span(duration(one) ?? one)).join(' to ')}` : ''}`],
    ].filter(Boolean).map(([name, value]) => [h('dt', null, name), h('dd', null, value)]))));
  }

  async function submit() {
    const body = submission();
    if (!body) return;
    try {
      const run = await request('POST', 'runs', { body, headers: { 'Idempotency-Key': key } });
      go(`runs/${run.id}`);
    } catch (e) {
      const named = { goal: goalField }[Object.keys({ goal: 1 }).find(name => e.detail?.startsWith(name))];
      if (named) named.fault(e.detail);
      set(problem, h('div', { class: 'banner tone-bad', role: 'alert' }, icon('failed'), h('span', null, e.detail ?? e.message)));
    }
  }
  const run = button('Start the run', submit, { kind: 'primary', act: true, off, name: 'next' });
  goal.addEventListener('keydown', event => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run.click(); });
  who.addEventListener('change', show);
  for (const element of [goal, labels, ...Object.values(budget)]) element.addEventListener('input', plan);

  const agentField = field('Agent', who);
  agentField.append(description);
  view.el.append(h('div', { class: 'head' }, h('h1', null, 'Start a run')),
    h('div', { class: 'two' }, h('div', { class: 'form' }, goalField, agentField, inputs, field('Accepted if', kind), acceptance,
    h('details', { open: Boolean(view.params.more) }, h('summary', null, 'Labels, budget and priority'),
      h('div', { class: 'grid-2' }, field('Labels', labels, { help: 'name=value, with commas between' }),
      field('Priority', priority)), h('div', { class: 'grid-2' }, field('US dollars', budget.usd), field('Steps', budget.steps),
      field('Tokens', budget.tokens), field('Time', budget.wallClock, { help: 'Such as 30m, 5h, 2d' }),
      field('Sub-agents', budget.subAgents))),
    problem, h('div', { class: 'buttons', css: { 'margin-top': '16px' } }, run,
      button('Cancel', () => history.length > 1 ? history.back() : go('')))), h('div', { class: 'aside' }, preview)));
  if (!catalog.agents.length) set(problem, h('div', { class: 'banner tone-wait' }, icon('incident'),
    h('span', null, 'No agent is here yet. Put a Markdown file into the folder of agents.')));
  await show();
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
  const one = await tryGet(`agents/${encodeURIComponent(name)}`, 'agents/name') ??
    catalog.agents.find(other => other.name === name);
  if (!one) { view.el.append(h('h1', null, name), fault({ status: 404, detail: `There is no agent '${name}'.`,
    code: 'agentNotFound' })); return {}; }
  const tools = (one.tools ?? []).map(tool => typeof tool === 'string' ? { name: tool } : tool);
  const tone = { allow: 'good', ask: 'wait', deny: 'bad' };
  const { runs } = await get(`runs${query({ agent: name, limit: 10 })}`).catch(() => ({ runs: [] }));
  append(view.el, [h('div', { class: 'crumb' }, link('agents', 'Agents'), '/'),
    h('div', { class: 'head' }, h('h1', null, name), one.model && tag(one.model), one.rehearsal &&
    tag('Rehearsal', 'warn', 'model'), h('span', { class: 'spacer' }),
    button('Start a run', () => go(`start?agent=${encodeURIComponent(name)}`), { kind: 'primary', name: 'plus' })),
    h('p', { class: 'lead' }, one.description),
    one.stats && h('div', { class: 'numbers' }, [['Runs', count(one.stats.runs ?? 0)],
      ['Completed', one.stats.successRate !== undefined ? `${Math.round(one.stats.successRate * 100)} %` :
      count(one.stats.completed ?? 0)], ['Median cost', usd(one.stats.medianUsd ?? one.stats.usdMedian ?? 0)]].map(
      ([label, value]) => h('div', { class: 'number' }, h('b', null, value), h('span', null, label)))),
    h('div', { class: 'cards' }, h('section', { class: 'card', 'aria-label': 'Tools' },
      h('header', null, h('h2', null, 'Tools'), h('span', { class: 'muted' }, count(tools.length))), tools.length ?
      h('table', null, h('thead', null, h('tr', null, ['Tool', 'Effect', 'Policy'].map(text => h('th', { scope: 'col' }, text)))),
      h('tbody', null, tools.map(tool => h('tr', null, h('td', null, h('code', null, tool.name)),
      h('td', null, tool.effect ? words(tool.effect) : '–'), h('td', null, tool.verdict ?
      [tag(words(tool.verdict), tone[tool.verdict]), ' ', tool.rule && h('span', { class: 'muted' }, tool.rule)] : '–'))))) :
      empty('Every tool of the host.')),
      h('section', { class: 'card', 'aria-label': 'Definition' }, h('header', null, h('h2', null, 'Definition')),
        h('div', { class: 'body' }, h('dl', { class: 'facts' },
        [['Delegation', one.delegation ?? 'none'], ['Turns', one.limits?.turns],
        ['Tokens', one.limits?.tokens ? short(one.limits.tokens) : 'no limit'],
        ['Time', one.limits?.wallClock ? span(duration(one.limits.wallClock)) : 'no limit']].map(([key, value]) =>
        [h('dt', null, key), h('dd', null, String(value ?? '–'))])), one.instructions &&
        [h('h3', null, 'Instructions'), markdown(one.instructions)])),
      h('section', { class: 'card', 'aria-label': 'Last runs' }, h('header', null, h('h2', null, 'Last runs')), runs.length ?
        h('div', null, runs.map(run => append(Object.assign(link(`runs/${run.id}`), { className: 'item in' }),
        [icon(run.status, words(run.status)), h('span', { class: 'what' }, oneLine(run.goal, 90)),
        h('span', { class: 'when' }, usd(run.usd ?? run.usage?.usd ?? 0))]))) : empty('It has not run yet.')))]);
  return {};
}
