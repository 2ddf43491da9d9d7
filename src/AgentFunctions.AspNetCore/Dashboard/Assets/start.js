// Start a run; and the agents that may be asked.

import { age, append, banner, bar, button, card, count, duration, empty, field, h, icon, json, link, oneLine, plural, set, short, span, tag, tryParse, usd,
  words } from './h.js';
import { get, may, post, query, request } from './api.js';
import { go } from './app.js';

export const mount = view => view.path === 'start' ? start(view) : view.path === 'policy' ? policy(view) : view.match[1] ? agent(view, view.match[1]) : agents(view);

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
    const named = pairs(labels.value);
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
      set(problem, banner('bad', 'failed', e.detail ?? e.message));
    }
  }
  const preview = h('div', { 'aria-live': 'polite' });
  async function look() {
    const body = submission();
    if (!body) return;
    try {
      const found = await request('POST', 'runs/preview', { body });
      const { similar } = found;
      set(preview, h('section', { class: 'card', 'aria-label': 'Preview', css: { 'margin-top': '16px' } },
        h('header', null, icon('agent'), h('h2', null, found.agent), found.model && tag(found.model), found.rehearsal &&
          tag('Rehearsal', 'warn', 'model'), h('span', { class: 'spacer' }), tag(found.admitted ? 'Would start' : 'Would be refused',
          found.admitted ? 'good' : 'bad', found.admitted ? 'completed' : 'failed')),
        h('div', { class: 'body' }, found.refusal && h('p', { class: 'field-error' }, found.refusal.detail ?? found.refusal),
          h('p', null, similar?.n ? [`${plural(similar.n, 'similar run')}: `, similar.usd?.[2] > 0 &&
            `${usd(similar.usd[0])} to ${usd(similar.usd[2])}, `, similar.wallClockMs && `${span(similar.wallClockMs[0])} to ${span(similar.wallClockMs[2])}`] :
            'Nothing like it has run here yet.'),
          found.asks.length ? h('p', null, 'People are asked before: ', found.asks.map((name, i) => [i ? ', ' : '',
            h('code', null, name)])) : h('p', null, 'Nobody is asked by the policy.'),
          quotaLines(found.quotas), found.notes.map(note => h('p', { class: 'muted' }, note)),
          h('details', null, h('summary', null, plural(found.tools.length, 'tool')), verdicts(found.tools)))));
    } catch (e) {
      set(preview, banner('bad', 'failed', e.detail ?? e.message));
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
    problem, h('div', { class: 'buttons', css: { 'margin-top': '16px' } }, run, button('Preview', look, { act: true, off }),
      button('Cancel', () => history.length > 1 ? history.back() : go(''))), preview));
  if (!catalog.agents.length) set(problem, banner('wait', 'incident',
    'No agent is here yet. Put a Markdown file into the folder of agents.'));
  show();
  if (window.innerWidth > 640) goal.focus();
  return {};
}

/** Labels as they are typed: name=value, with commas between. */
const pairs = text => Object.fromEntries(list(text).map(part => {
  const i = part.indexOf('=');
  return i < 0 ? [part, ''] : [part.slice(0, i).trim(), part.slice(i + 1).trim()];
}));
const list = text => text.split(',').map(part => part.trim()).filter(Boolean);

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
  const [{ agent: one, tools, past, instructions, delegation, maySubmit }, { runs }] = await Promise.all([
    get(`agents/${encodeURIComponent(name)}`), get(`runs/rows${query({ agent: name, limit: 8 })}`)]);
  const card = (title, ...body) => h('section', { class: 'card', 'aria-label': title }, h('header', null, h('h2', null, title)), body);
  append(view.el, [h('div', { class: 'crumb' }, link('agents', 'Agents'), '/'),
    h('div', { class: 'head' }, h('h1', null, name), one.model && tag(one.model), one.rehearsal &&
    tag('Rehearsal', 'warn', 'model'), h('span', { class: 'spacer' }), button('Start a run', () =>
      go(`start?agent=${encodeURIComponent(name)}`), { kind: 'primary', name: 'plus',
      off: maySubmit ? null : 'Your roles may not ask this agent.' })),
    h('p', { class: 'lead' }, one.description),
    h('div', { class: 'numbers' }, numbers(past).map(([number, label]) => h('div', { class: 'number' }, h('b', null, number),
      h('span', null, label)))),
    h('div', { class: 'two' }, h('div', null, card('Tools, and what the policy says', tools.length ? verdicts(tools) :
      empty('It has no tools.')), instructions && card('Instructions', h('div', { class: 'body' }, json(instructions, 6000)))),
    h('div', { class: 'aside' }, card('Limits', h('div', { class: 'body' }, h('dl', { class: 'facts' },
      [['Turns', one.limits.turns], ['Tokens', one.limits.tokens ? short(one.limits.tokens) : 'no limit'],
        ['Time', one.limits.wallClock ? span(duration(one.limits.wallClock)) : 'no limit'],
        ['Sub-agents', delegation && delegation !== 'none' ? words(delegation) : 'none']].map(([key, value]) =>
        [h('dt', null, key), h('dd', null, String(value))])))),
    card('Last runs', runs.length ? h('div', null, runs.map(run => append(Object.assign(link(`runs/${run.id}`),
      { className: 'item in' }), [icon(run.status, words(run.status)), h('span', { class: 'what' }, oneLine(run.goal, 90)),
      h('span', { class: 'when' }, run.usd ? usd(run.usd) : '')]))) : empty('It has not run yet.'))))]);
  return {};
}

/** The rules of the host, and what they would say of a call. */
async function policy(view) {
  view.title('Policy');
  const [{ hash, configured, broken, rules, defaults }, catalog] = await Promise.all([get('policy'), get('agents')]);
  const agentOf = h('select', { onchange: showTools }, catalog.agents.map(one => h('option', { value: one.name }, one.name)));
  const toolOf = h('select'), given = h('textarea', { class: 'code', rows: '5', spellcheck: 'false', value: '{}' });
  const goal = h('input'), labels = h('input', { placeholder: 'team=payments, env=prod' }), who = h('input'), roles = h('input');
  const givenField = field('Arguments', given, { help: 'As JSON' });
  const answer = h('div', { 'aria-live': 'polite' });
  function showTools() {
    set(toolOf, (catalog.agents.find(one => one.name === agentOf.value)?.tools ?? []).map(name => h('option', { value: name }, name)));
  }

  async function test() {
    const json = tryParse(given.value || '{}');
    givenField.fault(json === null ? 'This is not valid JSON.' : '');
    if (json === null) return;
    const [named, by, as] = [pairs(labels.value), who.value.trim(), list(roles.value)];
    try {
      const said = await post('policy/test', { agent: agentOf.value, tool: toolOf.value, arguments: json,
        ...(goal.value && { goal: goal.value }), ...(Object.keys(named).length && { labels: named }),
        ...(by && { requester: by, roles: as }) });
      const [tone, image] = VERDICTS[said.verdict];
      set(answer, banner(tone, image, h('b', null, { allow: 'It is allowed', ask: 'People are asked', deny: 'It is denied' }[said.verdict]),
        said.reason && `: ${said.reason}`), h('dl', { class: 'facts', css: { 'margin-top': '12px' } },
        [['Rule', ruleWords(said.rule)], ['Risk', words(said.risk)], ['Effect', words(said.effect)], said.roles && ['Who decides',
          `${said.needed} of ${said.roles.join(', ')}`]].filter(Boolean).map(([name, value]) => [h('dt', null, name), h('dd', null, value)])));
    } catch (e) {
      set(answer, banner('bad', 'failed', e.detail ?? e.message));
    }
  }

  showTools();
  const verdict = value => tag(words(value), ...VERDICTS[value]);
  append(view.el, [h('div', { class: 'head' }, h('h1', null, 'Policy'), h('span', { class: 'muted' }, 'hash ', h('code', null, hash.slice(0, 8)))),
    h('p', { class: 'lead' }, 'What agents may do by themselves, what people are asked about, and what nobody may do. The first rule that fits decides; a denial always wins.'),
    broken && banner('bad', 'failed', broken), h('div', { class: 'two' },
      card('Try a call', null, h('div', { class: 'grid-2' }, field('Agent', agentOf), field('Tool', toolOf)), givenField,
        h('details', null, h('summary', null, 'Goal, labels and who asked'), h('div', { class: 'grid-2' }, field('Goal', goal),
          field('Labels', labels), field('Requester', who, { help: 'You, by default' }), field('Its roles', roles, { help: 'With commas between' }))),
        h('div', { class: 'buttons', css: { 'margin': '14px 0' } }, button('What would the policy say?', test, { kind: 'primary', act: true })),
        answer),
      h('div', { class: 'aside' }, card('Rules', tag(count(rules.length)), rules.length ? h('ol', { class: 'rules' }, rules.map(name =>
        h('li', null, h('code', null, name)))) : h('p', { class: 'muted' }, configured ? 'The policy has no rules.' : 'This host has no policy of its own.')),
      card('Where no rule fits', null, h('dl', { class: 'facts' }, [['No effect', defaults.none], ['Repeatable', defaults.idempotent],
        ['Not repeatable', defaults.notIdempotent]].map(([name, value]) => [h('dt', null, name), h('dd', null, verdict(value))])))))]);
  return {};
}

const VERDICTS = { allow: ['good', 'completed'], ask: ['wait', 'person'], deny: ['bad', 'failed'] };
const ruleWords = rule => rule ? rule.replace(/^default:.*/, 'by default') : '–';

/** What earlier runs cost and took: the middle one of them. */
const numbers = past => [[count(past?.n ?? 0), 'ended runs'], [past?.n ? `${Math.round(past.completed / past.n * 100)} %` : '–',
  'completed'], [past?.usd?.[1] ? usd(past.usd[1]) : '–', 'cost, median'], [past?.wallClockMs ? span(past.wallClockMs[1]) : '–',
  'time, median'], [past?.turns ? count(past.turns[1]) : '–', 'turns, median']];

/** Tools with what they do to the world and what the policy would say of a call. */
function verdicts(tools) {
  return h('div', { class: 'scroll-x', tabindex: '0', role: 'group', 'aria-label': 'Tools' }, h('table', null,
    h('thead', null, h('tr', null, ['Tool', 'Effect', 'Policy', 'Rule'].map(text => h('th', { scope: 'col' }, text)))),
    h('tbody', null, tools.map(one => h('tr', null, h('td', { title: one.description }, h('code', null, one.tool)),
      h('td', null, words(one.effect)), h('td', null, tag(words(one.verdict), ...VERDICTS[one.verdict])),
      h('td', { title: one.reason, class: 'muted' }, ruleWords(one.rule), one.needed > 1 && ` · ${one.needed} of ${one.roles.join(', ')}`))))));
}

/** Quotas: what is used of what there is, and when it begins anew. */
export const quotaLines = quotas => quotas.map(one => h('div', { class: 'signal' }, h('div', { class: 'detail-head' },
  h('b', null, one.name), h('span', { class: 'muted' }, one.account), h('span', { class: 'spacer' }), one.usedUp && tag('used up', 'bad', 'failed'),
  one.nextAt && h('span', { class: 'muted' }, 'anew in ', age(one.nextAt, { until: true }))),
Object.entries(one.limit).filter(([, most]) => most !== null).map(([name, most]) => h('span', { class: 'meter' }, name === 'usd' ?
  `${usd(one.used.usd)} of ${usd(most)}` : `${short(one.used[name])} of ${short(most)} ${name}`, bar(one.used[name], most)))));
