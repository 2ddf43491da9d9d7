// One run: its store (resource, events, live text), the header that answers what, why, how much, who and what next, and tabs.

import { age, append, bar, bytes, button, coalesce, copy, count, dialog, duration, field, h, icon, link, now, oneLine, plural,
  set, setText, short, shortId, span, status, tag, usd, words } from './h.js';
import { download, emit, get, may, on, post, query, request, session, tellErased, tryGet } from './api.js';
import { attempt, fault, go, say, toast } from './app.js';
import { follow } from './stream.js';
import { waitWords } from './runs.js';

const TABS = [
  ['live', 'Live', () => import('./live.js')], ['timeline', 'Timeline', () => import('./timeline.js')],
    ['tree', 'Tree', () => import('./tree.js')],
  ['transcript', 'Transcript', () => import('./record.js')], ['files', 'Files', () => import('./record.js')],
    ['changes', 'Changes', () => import('./record.js')],
  ['budget', 'Budget', () => import('./record.js')], ['audit', 'Audit', () => import('./record.js')],
];
const tabOf = params => TABS.find(([tab]) => tab === params.tab) ?? TABS[0];
const TAIL = 300;
const ENDED = new Set(['completed', 'failed', 'cancelled', 'budgetExhausted']);
export const isEnded = run => ENDED.has(run.status);

const ENDS = { tokens: 'the tokens end', usd: 'the dollars end', steps: 'the steps end', wallClock: 'the time ends' };
/** Which part of the budget ends first. */
export const forecastWords = ({ first }) => first === 'unknown' ? 'No forecast yet: it needs five turns.' : first === 'none' ?
  'No part of the budget ends in sight.' : `Forecast: ${ENDS[first] ?? `${first} ends`} first`;

/** Forks a run from one of its turns, after a question. */
export async function fork(run, at) {
  const turn = h('input', { type: 'number', min: '0', max: String(run.turns), value: String(at) }),
    message = h('textarea', { maxlength: '32768' });
  const made = await dialog('Fork this run', [h('p', null,
    'A new run goes on from a turn of this one, with the same conversation up to there.'),
  field('From turn', turn, { help: `0 (the goal alone) to ${run.turns}` }), field('Say to it (optional)', message)], {
    confirm: 'Fork', read: () => post(`runs/${run.id}/fork`,
      { turn: Number(turn.value), ...(message.value && { message: message.value }) }),
  });
  if (made) go(`runs/${made.id}`);
}

/** What is known of a run, and who is told when it changes. */
class RunStore {
  constructor(id) {
    Object.assign(this, { id, run: null, events: [], live: null, cuts: [], progress: new Map(), state: null, nodes: new Map(),
      connection: 'connecting', earlier: false, full: new Map() });
    this.listeners = new Map();
  }

  on(name, action) {
    if (!this.listeners.has(name)) this.listeners.set(name, new Set());
    const each = coalesce(action);
    this.listeners.get(name).add(each);
    return () => this.listeners.get(name).delete(each);
  }

  tell(...names) {
    for (const name of names) for (const action of this.listeners.get(name) ?? []) action();
  }

  get last() { return this.events.at(-1)?.position ?? null; }

  async load() {
    const [run, events] = await Promise.all([get(`runs/${this.id}`),
      get(`runs/${this.id}/events${query({ follow: 'false', tail: TAIL })}`)]);
    this.run = run;
    this.events = events;
    this.earlier = events.length > 0 && events[0].position > 0;
  }

  /** Reads events before those that are there. */
  async loadEarlier() {
    const first = this.events[0]?.position ?? 0;
    const events = await get(`runs/${this.id}/events${query({ follow: 'false', before: first, limit: 500 })}`);
    const before = events.filter(e => e.position < first);
    this.events = [...before, ...this.events];
    this.earlier = before.length > 0 && before[0].position > 0;
    this.tell('earlier', 'events');
  }

  /** Reads all events, in pages. */
  async loadAll() {
    while (this.earlier) await this.loadEarlier();
  }

  follow(onProblem) {
    this.stream?.close();
    this.stream = follow({
      path: () => `runs/${this.id}/events?live=true`,
      last: this.last,
      onEvent: event => this.take(event),
      onState: state => {
        this.connection = state;
        if (this.live && (state === 'down' || state === 'connecting')) this.live.stale = true;
        if (state === 'ended' || state === 'live') this.refresh();
        this.tell('connection');
      },
      poll: async () => {
        const events = await get(`runs/${this.id}/events${query({ follow: 'false', after: this.last })}`);
        for (const e of events) this.take({ type: e.type, data: e });
        await this.refresh();
        return this.last;
      },
      onProblem,
      busy: () => ['running', 'queued'].includes(this.run.status),
    });
  }

  take({ type, data, id }) {
    if (data.position !== undefined || id !== null && id !== undefined) return this.append(data);
    const live = this.live;
    switch (type) {
      case 'model.started':
        if (live && live.turn === data.turn && live.attempt < data.attempt) this.cut('cutOff');
        // After a new connection the same answer goes on: what is there stays until its snapshot comes.
        this.live = live && live.delivery === data.delivery ? { ...live, ...data } :
          { ...data, from: 0, text: '', reasoning: '', calls: new Map() };
        break;
      case 'model.snapshot':
        this.live = { ...live, ...data, from: data.at, text: data.text, reasoning: data.reasoning ?? '', at: live?.at ??
          new Date(now()).toISOString(), stale: false, calls: new Map((data.calls ?? []).map(call => [call.call, call])) };
        break;
      case 'model.delta': {
        if (!live || live.turn !== data.turn || live.attempt !== data.attempt) return this.stream.reconnect();
        if (data.channel === 'arguments') {
          const call = live.calls.get(data.call) ?? { call: data.call, tool: data.tool, length: 0, tail: '' };
          live.calls.set(data.call, { ...call, tool: data.tool ?? call.tool, length: data.at + data.text.length,
            tail: (call.tail + data.text).slice(-2000) });
        } else {
          const channel = data.channel === 'reasoning' ? 'reasoning' : 'text';
          if (data.at === 0) Object.assign(live, { [channel]: '', ...(channel === 'text' && { from: 0 }) });
          if (channel === 'text' && data.at !== live.from + live.text.length) return this.stream.reconnect();
          live[channel] += data.text;
        }
        live.stale = false;
        break;
      }
      case 'model.reset':
        if (data.reason === 'cutOff') this.cut(data.reason);
        // After a new connection a snapshot follows; what is there stays until it comes.
        if (data.reason !== 'reconnected') this.live = data.reason === 'shed' || data.reason === 'cutOff' ? null : live &&
          { ...live, text: '', reasoning: '', from: 0, calls: new Map() };
        break;
      case 'run.state':
        this.run = { ...this.run, status: data.status, waits: data.waits };
        this.tell('run');
        if (isEnded(this.run)) this.refresh();
        break;
      case 'tool.progress':
        this.progress.set(`${data.turn}/${data.call}`, data.text);
        this.tell('events');
        return;
      case 'tree.patch':
        for (const node of data.nodes) {
          const known = this.nodes.get(node.id);
          // A patch is for all who follow: the tool of an approval is for those who may see it, and read apart.
          const waits = node.waits?.map(wait => ({ tool: known?.waits?.find(one => one.id === wait.id)?.tool, ...wait }));
          if (waits?.some(wait => wait.kind === 'approval' && !wait.tool)) this.tell('tools');
          this.nodes.set(node.id, { ...known, ...node, ...(waits && { waits }) });
        }
        this.tell('tree');
        return;
      case 'inbox': emit('inbox', data); return;
      default: return;
    }
    this.tell('live');
  }

  /** Keeps what was said of an attempt that was cut off, to show it struck through. */
  cut() {
    if (this.live && (this.live.text || this.live.reasoning || this.live.calls.size)) this.cuts.push(this.live);
    this.live = null;
    this.tell('events');
  }

  append(e) {
    if (this.last !== null && e.position <= this.last) return;
    this.events.push(e);
    if (e.type === 'model.completed' && this.live && this.live.turn <= e.turn) this.live = null;
    if (e.type === 'run.ended') this.live = null;
    this.tell('events', 'live');
    this.refreshSoon();
  }

  refreshSoon() {
    if (this.timer) return;
    this.timer = setTimeout(() => { this.timer = 0; this.refresh(); }, 700);
  }

  async refresh() {
    try {
      this.run = await get(`runs/${this.id}`);
      this.tell('run');
    } catch (e) {
      if (e.status) this.onGone?.(e);
    }
  }

  /** The whole text of a turn, from the transcript: events hold the beginning alone. */
  async turnMessages(turn) {
    if (this.full.has(turn)) return this.full.get(turn);
    const found = [];
    let from = 0, last = 0;
    while (from !== null && last <= turn) {
      const page = await get(`runs/${this.id}/transcript${query({ from, limit: 200 })}`);
      found.push(...page.messages.filter(message => message.turn === turn));
      last = page.messages.at(-1)?.turn ?? last;
      from = page.next ?? null;
    }
    this.full.set(turn, found);
    return found;
  }

  close() {
    clearTimeout(this.timer);
    this.stream?.close();
  }
}

/** The calls that have begun and not ended. */
function openCalls(events) {
  const open = new Map();
  for (let i = Math.max(0, events.length - 400); i < events.length; i++) {
    const e = events[i];
    if (e.type === 'tool.started') open.set(`${e.turn}/${e.call}`, e);
    else if (e.type === 'tool.completed' || e.type === 'question.asked') open.delete(`${e.turn}/${e.call}`);
    else if (e.type === 'run.ended') open.clear();
  }
  return [...open.values()];
}

export async function mount(view) {
  const store = new RunStore(view.match[1]);
  view.leave(() => store.close());
  // The tab's files come while the run is read.
  tabOf(view.params)[2]().catch(() => {});
  await store.load();
  if (!view.live) return null;
  const gone = problem => view.live && set(view.el, h('h1', null, problem.status === 410 ? 'This run was erased' : 'Run'),
    fault(problem));
  store.onGone = e => { if (e.status === 410 || e.status === 404) { store.isGone = true; store.close(); gone(e); } };

  // A run that has ended has no stream: whether it was erased is heard of the other tabs, and looked at when the page is shown and each minute.
  let isGoing = false;
  view.leave(on('erased', async root => {
    if (root !== store.run.root || isGoing) return;
    for (isGoing = true; view.live && !store.isGone; await new Promise(next => setTimeout(next, 500))) await store.refresh();
  }));
  const look = () => !document.hidden && isEnded(store.run) && !store.isGone && store.refresh();
  const looks = setInterval(look, 60_000);
  document.addEventListener('visibilitychange', look);
  view.leave(() => { clearInterval(looks); document.removeEventListener('visibilitychange', look); });

  const title = h('h1');
  const crumb = h('div', { class: 'crumb' });
  const state = h('span');
  const tools = h('div', { class: 'buttons' });
  const parts = Object.fromEntries(['NOW', 'WAITS', 'WHY', 'NEXT', 'MUCH', 'RIGHT'].map(name =>
    [name, h('dd', { class: name === 'NOW' ? 'now' : null })]));
  const tabs = h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Parts of the run' });
  const panel = h('div', { class: 'panel', role: 'tabpanel', id: 'panel', tabindex: '0' });
  view.el.append(h('div', { class: 'run-head' }, crumb, h('div', { class: 'run-title' }, title, state, tools),
    h('dl', { class: 'answers' }, ['NOW', 'WAITS', 'WHY', 'NEXT', 'MUCH', 'RIGHT'].map(name =>
      h('div', { class: 'answer' }, h('dt', null, name), parts[name]))), tabs), panel);

  const dot = h('span', { class: 'live-dot off' });
  let right = null, opened = null, leaves = [], children = 0;

  function header() {
    const run = store.run;
    view.title(oneLine(run.goal, 60));
    setText(title, oneLine(run.goal, 400));
    const crumbKey = JSON.stringify([run.parent, run.labels, run.forkedFrom, run.rehearsal, run.holds]);
    if (crumb.dataset.key !== crumbKey) {
      crumb.dataset.key = crumbKey;
      set(crumb, link('', 'Runs'), run.parent && ['/', link(`runs/${run.parent}`, 'lead')], '/', h('span', null, run.agent),
        h('span', { class: 'mono' }, shortId(run.id)), copy(run.id, 'Copy the id'),
        run.forkedFrom && tag([icon('fork'), ' of ', link(`runs/${run.forkedFrom.run}`, shortId(run.forkedFrom.run)),
          ` at turn ${run.forkedFrom.turn}`]),
        run.rehearsal && tag('Rehearsal', 'warn', 'model'), run.holds?.map(name => tag(`held: ${name}`, 'wait', 'paused')),
          Object.entries(run.labels ?? {}).map(([name, value]) => tag(`${name}=${value}`)), h('span', { class: 'spacer' }), dot);
    }
    const { waits } = run;
    const mine = waits.filter(wait => (wait.kind === 'approval' || wait.kind === 'question') && wait.mine !== false);
    set(state, status(run.status, mine.length && run.status === 'waiting' ?
      `Waits for you${mine.length > 1 ? ` · ${mine.length}` : ''}` : undefined));
    actions(run);
    nowPart();
    set(parts.WAITS, waits.length ? waits.map(wait => {
      const place = wait.kind === 'approval' ? `approvals/${wait.id}` : wait.kind === 'question' ? `questions/${wait.id}` : null;
      const asked = store.events.findLast(e => e.type.endsWith(wait.kind === 'approval' ? 'requested' : 'asked') &&
        (e.approval ?? e.question) === wait.id);
      const said = waitWords({ ...wait, tool: asked?.approval && asked.tool, message: asked?.question && asked.text });
      return h('span', { class: place && wait.mine !== false ? 'mine' : null }, place ? link(place, said) : said, wait.until && h('span', { class: 'muted' }, ' · ', age(wait.until, { until: true }), ' left'));
    }) : h('span', { class: 'muted' }, 'for nothing'));
    const open = run.plan?.findIndex(item => !item.done) ?? -1;
    const done = run.plan?.filter(item => item.done).length ?? 0;
    set(parts.WHY, run.plan?.length ? h('span', null, `plan ${done}/${run.plan.length}`, open >= 0 &&
      ` “${oneLine(run.plan[open].text, 80)}”`) : null,
      run.requester && h('span', { class: 'muted' }, `for ${run.requester}`),
        h('span', { class: 'muted' }, run.agent));
    set(parts.NEXT, nextWords(run, waits, open));
    much(run);
    rightPart(run);
    drawTabs();
  }

  function nowPart() {
    const run = store.run, live = store.live, calls = openCalls(store.events);
    const node = parts.NOW;
    if (isEnded(run)) {
      set(node, run.status === 'completed' ? h('span', null, run.result?.text ? oneLine(run.result.text.replace(/[*\x60]+|^#+ /gm, ''), 140) : 'Done') :
        h('span', { class: 'mine' }, oneLine(run.error?.message ?? words(run.status), 220)),
        run.completedAt && h('span', { class: 'muted' }, age(run.completedAt), ' ago'));
      return;
    }
    if (live && !live.stale) {
      const call = [...live.calls.values()].at(-1);
      const what = call ? ['writes ', h('code', null, call.tool), ` (${bytes(call.length)} so far)`] : live.text ?
        `writes, ${short(live.from + live.text.length)} characters so far` : live.reasoning ? 'thinks' : 'asks the model';
      set(node, h('span', null, what), h('span', { class: 'muted' }, `turn ${live.turn}`, live.attempt > 1 &&
        ` · attempt ${live.attempt}`, ' · ', age(live.at)));
      return;
    }
    if (calls.length) {
      set(node, h('span', null, 'calls ', h('code', null, calls[0].tool), calls.length > 1 && ` and ${calls.length - 1} more`),
        h('span', { class: 'muted' }, `turn ${calls[0].turn} · `, age(calls[0].at)));
      return;
    }
    set(node, h('span', null, run.status === 'waiting' ? 'waits' : run.status === 'paused' ? 'is paused' :
      run.status === 'queued' ? 'waits for its turn' : 'works'),
      h('span', { class: 'muted' }, run.turns ? `turn ${run.turns} · ` : '', 'since ', age(run.updatedAt)));
  }

  function nextWords(run, waits, open) {
    if (isEnded(run)) return run.keptUntil ? h('span', { class: 'muted' }, 'kept for ', age(run.keptUntil, { until: true })) :
      h('span', { class: 'muted' }, session.host?.export ? 'nothing' : 'say something to go on with it');
    const remind = waits.map(wait => wait.remindsAt).filter(Boolean).sort()[0];
    return [run.subAgents?.running ? `${run.subAgents.running} of ${plural(run.subAgents.total, 'sub-agent')} to report` : null,
      remind && h('span', null, 'people are reminded in ', age(remind, { until: true })),
      !run.subAgents?.running && !remind && (open >= 0 ? oneLine(run.plan[open + 1]?.text ?? run.plan[open].text, 80) : h('span',
        { class: 'muted' }, 'the model decides'))];
  }

  function much(run) {
    const granted = run.budget?.granted ?? {}, spent = run.budget?.spent ?? {};
    const total = run.budget?.spent?.usd ?? run.usage?.usd ?? 0;
    const meter = (part, whole, text) => h('span', { class: 'meter' }, text, whole ? bar(part, whole) : null);
    const clock = duration(spent.wallClock), most = duration(granted.wallClock);
    const tokens = (run.usage?.inputTokens ?? 0) + (run.usage?.outputTokens ?? 0);
    const forecast = run.budget?.forecast;
    set(parts.MUCH, meter(total, granted.usd, granted.usd ? `${usd(total)} of $${granted.usd}` : total ? usd(total) :
      `${short(tokens)} tokens`),
      meter(spent.steps ?? run.steps, granted.steps, granted.steps ?
        `${count(spent.steps ?? run.steps)}/${count(granted.steps)} steps` : plural(spent.steps ?? run.steps ?? 0, 'step')),
      clock !== null && h('span', null, most ? `${span(clock)} of ${span(most)}` : span(clock)),
      forecast?.usdAtEnd?.[1] > 0 && h('span', { class: 'muted', title: `From the last ${forecast.basedOnTurns} turns` },
        `forecast $${forecast.usdAtEnd.map(value => value < 10 ? value.toFixed(2) : Math.round(value)).join('–')}`,
        ENDS[forecast.first] && `, ${ENDS[forecast.first]} first`));
  }

  function rightPart(run) {
    if (!right) { set(parts.RIGHT, h('span', { class: 'muted' }, '…')); return; }
    const { allowed, people, denied, asked, verified } = right, hash = run.policyHash;
    set(parts.RIGHT, hash && h('span', null, 'policy ', h('code', null, hash.slice(0, 6))),
      h('span', null, [allowed && `${allowed} allowed by rule`, people && `${people} by people`, denied && `${denied} denied`,
        asked && `${asked} asked`].filter(Boolean).join(', ') || 'no call was judged yet'),
      verified === true && h('span', { class: 'status tone-good' }, icon('completed'), 'chain verified'), verified === false &&
        h('span', { class: 'status tone-bad' }, icon('failed'), 'chain broken'));
  }

  async function loadRight() {
    const page = await tryGet(`audit${query({ run: store.id, limit: 1000 })}`, 'audit', { quiet: true }).catch(() => null);
    if (!page) { right = { allowed: 0 }; return header(); }
    const decided = page.items.filter(e => e.type === 'call.decided');
    right = { allowed: decided.filter(e => e.verdict === 'allow' && !e.approvalId).length,
      people: decided.filter(e => e.approvalId && e.verdict !== 'deny').length,
      denied: decided.filter(e => e.verdict === 'deny').length,
      asked: new Set(page.items.filter(e => e.type === 'approval.requested').map(e => e.approvalId)).size,
        verified: right?.verified };
    if (view.live) header();
    if (right.verified === undefined && may('auditor') && !session.host?.export) {
      const verified = await tryGet('audit/verify', 'audit/verify', { quiet: true }).catch(() => null);
      right.verified = verified?.holds;
      if (view.live) header();
    }
  }

  // What may be done with the run.
  let acted = '';
  function actions(run) {
    const key = `${run.status}/${Boolean(session.caller)}`;
    if (acted === key) return;
    acted = key;
    const off = may('operator', 'submitter') || run.requester === session.caller?.id ? null :
      'Only its requester and operators may do this.';
    const ended = isEnded(run);
    const list = h('div', { hidden: true, role: 'group', 'aria-label': 'More actions' },
      button('Fork from here', () => fork(store.run, store.run.turns), { act: true, off, name: 'fork' }),
        button('Grant more budget', () => grant(), { act: true, off, name: 'plus' }),
      !session.host?.export && button('Export', () => attempt(() => download(`runs/${store.id}/export`, `${run.root}.afrun`)),
        { name: 'file' }),
      !ended && button('Cancel', () => cancel(), { act: true, off, name: 'cancelled', kind: 'danger' }), ended &&
        button('Erase', () => erase(), { act: true, off, name: 'failed', kind: 'danger' }));
    const more = button('', () => { list.hidden = !list.hidden; more.setAttribute('aria-expanded', String(!list.hidden));
      if (!list.hidden) list.querySelector('button')?.focus(); },
      { name: 'more', 'aria-label': 'More actions', 'aria-expanded': 'false' });
    list.addEventListener('keydown', event => { if (event.key === 'Escape') { event.stopPropagation(); list.hidden = true;
      more.setAttribute('aria-expanded', 'false'); more.focus(); } });
    list.addEventListener('click', () => { list.hidden = true; more.setAttribute('aria-expanded', 'false'); });
    set(tools, button('Message', async () => { await show('live'); document.querySelector('.say textarea')?.focus(); },
      { name: 'message', act: true, off }),
      run.status === 'paused' ? button('Resume', () => attempt(() => post(`runs/${store.id}/resume`), 'Resumed').then(() =>
        store.refresh()), { act: true, off, kind: 'primary' })
        : !ended && button('Pause', () => attempt(() => post(`runs/${store.id}/pause`), 'Pauses before its next step').then(() =>
          store.refresh()), { act: true, off, name: 'paused' }),
      h('div', { class: 'menu' }, more, list));
  }

  async function cancel() {
    const reason = h('input', { maxlength: '1000' });
    const n = store.run.subAgents?.running ?? 0;
    if (await dialog('Cancel this run?', [h('p', null, n ? `The run and ${plural(n, 'sub-agent')} end. ` : 'The run ends. ',
      'It cannot be resumed; it can be forked or continued with a message.'), field('Reason (optional)', reason)], {
      confirm: 'Cancel the run', kind: 'danger', cancel: 'Keep it', read: () =>
        post(`runs/${store.id}/cancel`, reason.value ? { reason: reason.value } : {}),
    })) toast('It is being cancelled.');
    store.refresh();
  }

  async function grant() {
    const inputs = { usd: h('input', { type: 'number', min: '0', step: 'any' }), steps: h('input', { type: 'number', min: '0' }),
      tokens: h('input', { type: 'number', min: '0' }), wallClock: h('input', { placeholder: '2h' }) };
    if (await dialog('Grant more budget', [h('p', null, 'What you enter is added to what the run may spend.'),
      h('div', { class: 'grid-2' }, field('US dollars', inputs.usd), field('Steps', inputs.steps), field('Tokens', inputs.tokens),
      field('Time', inputs.wallClock, { help: 'Such as 30m, 2h, 1d' }))], {
      confirm: 'Grant', read: () => post(`runs/${store.id}/budget`,
        Object.fromEntries(Object.entries(inputs).filter(([, input]) => input.value).map(([name, input]) => [name,
        name === 'wallClock' ? input.value : Number(input.value)]))),
    })) toast('Granted.');
    store.refresh();
  }

  async function erase() {
    const reason = h('input', { maxlength: '1000', required: true });
    if (await dialog('Erase this run?', [h('p', null,
      'Goal, messages, arguments, results, files and histories go, of its sub-agents too. The audit log keeps that they were there, without words.'), field('Why', reason, { help: 'It stays in the audit log.' })], {
      confirm: 'Erase', kind: 'danger', read: () => request('DELETE', `runs/${store.id}${query({ reason: reason.value })}`),
    })) { tellErased(store.run.root); toast('It is being erased.'); go(''); }
  }

  // Tabs.
  function drawTabs() {
    const n = { tree: store.run.subAgents?.total || null, transcript: null, files: store.run.result?.artifacts?.length || null };
    const chosen = view.params.tab ?? 'live';
    if (!tabs.childElementCount) {
      TABS.forEach(([name, label]) => tabs.append(h('button',
        { type: 'button', class: 'tab', role: 'tab', id: `tab-${name}`, 'aria-controls': 'panel', onclick: () => show(name) },
        h('span', null, label), h('small'))));
      tabs.addEventListener('keydown', event => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const all = [...tabs.children].filter(tab => !tab.hidden), at = all.indexOf(document.activeElement);
        all[(at + step + all.length) % all.length]?.focus();
        event.preventDefault();
      });
    }
    for (const [i, [name]] of TABS.entries()) {
      const element = tabs.children[i];
      element.setAttribute('aria-selected', String(name === chosen));
      element.tabIndex = name === chosen ? 0 : -1;
      setText(element.lastElementChild, n[name] ? count(n[name]) : '');
    }
    panel.setAttribute('aria-labelledby', `tab-${chosen}`);
  }

  async function show(name) {
    view.set({ tab: name === 'live' ? null : name, ...(name === (view.params.tab ?? 'live') ? {} : { at: null, q: null,
      turn: null }) }, { push: name !== (view.params.tab ?? 'live') });
    await open();
  }

  async function open() {
    const name = view.params.tab ?? 'live';
    drawTabs();
    if (opened === name) return;
    opened = name;
    for (const leave of leaves) leave();
    leaves = [];
    set(panel);
    try {
      const module = await tabOf(view.params)[2]();
      if (!view.live || opened !== name) return;
      await module.mountTab(name, { store, view, panel, leave: action => leaves.push(action), show });
    } catch (e) {
      if (view.live && opened === name) set(panel, fault(e, () => { opened = null; open(); }));
      if (!e.status && e.code !== 'offline') console.error(e);
    }
  }
  view.leave(() => leaves.forEach(leave => leave()));

  TABS.forEach(([name], i) => { view.keys[String(i + 1)] = () => !tabs.children[i].hidden && show(name); });
  store.on('run', header);
  store.on('events', nowPart);
  store.on('live', nowPart);
  store.on('connection', () => {
    dot.classList.toggle('off', store.connection !== 'live');
    setText(dot, { live: 'live', polling: 'every 10 s: other tabs hold the streams', resting: 'every minute', ended: 'ended', down: 'not connected',
      gone: '' }[store.connection] ?? 'connecting');
  });
  let said = 0;
  store.on('live', () => {
    if (Date.now() - said < 10_000 || !store.live) return;
    said = Date.now();
    say(`Turn ${store.live.turn}: the model writes.`);
  });
  let auditAt = 0;
  store.on('events', () => {
    if (Date.now() - auditAt < 8_000) return;
    auditAt = Date.now();
    loadRight();
  });
  header();
  store.tell('connection');
  await open();
  get(`runs/${store.id}/lineage`, { quiet: true }).then(found => { store.lineage = found; store.tell('run'); }).catch(() => {});
  store.follow(problem => (problem.status === 410 || problem.status === 404 || problem.status === 403) && gone(problem));
  auditAt = Date.now();
  loadRight();
  return { update: () => open() };
}
