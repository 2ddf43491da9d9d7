// What the run does, as it happens: one block a turn with its calls, people's messages, and the model's text while it comes.

import { age, append, args, button, count, duration, h, icon, json, link, longText, markdown, moment, oneLine, set, setText,
  short, shortId, span, tag, tryParse, usd } from './h.js';
import { may, post, session } from './api.js';
import { attempt } from './app.js';
import { isEnded } from './run.js';

const SHOWN = 80;

/** Events as groups: a turn with its calls, or a line of its own. */
function groupsOf(events) {
  const groups = [], turns = new Map();
  const turnOf = e => {
    let group = turns.get(e.turn);
    if (!group) {
      turns.set(e.turn, group = { key: `t${e.turn}`, kind: 'turn', turn: e.turn, at: e.at, calls: new Map(), lines: [], n: 0 });
      groups.push(group);
    }
    group.n++;
    group.last = e.position;
    return group;
  };
  const callOf = e => {
    const group = turnOf(e), key = e.call ?? 0;
    if (!group.calls.has(key)) group.calls.set(key, { call: key, tool: e.tool, at: e.at });
    const call = group.calls.get(key);
    call.tool ??= e.tool;
    return call;
  };
  const line = (e, image, text, tone) => groups.push({ key: `e${e.position}`, kind: 'line', at: e.at, image, text, tone, n: 1 });
  for (const e of events) {
    switch (e.type) {
      case 'run.submitted': groups.push({ key: `e${e.position}`, kind: 'goal', at: e.at, text: e.text, model: e.model, n: 1 });
        break;
      case 'message.received': groups.push({ key: `e${e.position}`, kind: 'message', at: e.at, text: e.text, n: 1 }); break;
      case 'model.completed': Object.assign(turnOf(e), { text: e.text ?? '', model: e.model, usage: e.usage,
        took: duration(e.duration), doneAt: e.at }); break;
      case 'model.lost': turnOf(e).lines.push({ tone: 'bad', image: 'failed',
        text: `Cut off, asked again${e.text ? `: ${e.text}` : ''}`, at: e.at }); break;
      case 'tool.started': Object.assign(callOf(e), { args: e.text, startedAt: e.at }); break;
      case 'tool.completed': Object.assign(callOf(e), { result: e.text ?? '', took: duration(e.duration), doneAt: e.at,
        isError: e.isError, artifact: e.artifact, run: e.run }); break;
      case 'approval.requested': Object.assign(callOf(e), { approval: e.approval, decided: null }); break;
      case 'approval.decided': case 'approval.withdrawn': Object.assign(callOf(e),
        { decided: e.text || (e.type.endsWith('withdrawn') ? 'withdrawn' : 'decided') }); break;
      case 'question.asked': Object.assign(callOf(e), { question: e.question, asked: e.text, answered: null }); break;
      case 'question.answered': case 'question.declined': case 'question.expired': case 'question.withdrawn': Object.assign(
        callOf(e), { answered: e.text || e.type.slice(9) }); break;
      case 'step.retrying': (e.turn ? turnOf(e).lines : []).push({ tone: 'bad', image: 'queued',
        text: `Attempt ${e.attempt ?? ''} failed, tried again: ${oneLine(e.text, 300)}`, at: e.at, until: e.until }); break;
      case 'run.noted': line(e, 'message', e.text); break;
      case 'run.ended': groups.push({ key: `e${e.position}`, kind: 'end', at: e.at, code: e.code, text: e.text, n: 1 }); break;
      case 'context.compacted': line(e, 'file', 'The conversation was summarised to fit the model'); break;
      case 'budget.granted': line(e, 'plus', `Budget granted ${e.text ?? ''}`); break;
      case 'run.paused': line(e, 'paused', `Paused ${e.text ?? ''}`); break;
      case 'run.resumed': line(e, 'running', `Resumed ${e.text ?? ''}`); break;
      case 'run.cancelRequested': line(e, 'cancelled', `Cancellation requested ${e.text ?? ''}`, 'bad'); break;
      case 'tools.arrived': line(e, 'tool', `Tools arrived ${e.text ?? ''}`); break;
      case 'answer.checked': line(e, e.isError ? 'failed' : 'completed', `The answer was checked: ${oneLine(e.text, 300)}`,
        e.isError ? 'bad' : null); break;
      case 'callback.failed': line(e, 'failed', `The callback failed: ${oneLine(e.text, 300)}`, 'bad'); break;
      default: if (e.text) line(e, 'message', `${e.type}: ${oneLine(e.text, 300)}`);
    }
  }
  return groups;
}

const isCut = text => /…|\.\.\.$/.test(text.slice(-40)) || text.length >= 1900;

export async function mountTab(_, { store, view, panel, leave, show }) {
  const feed = h('div', { class: 'feed', role: 'feed', 'aria-label': 'What happens', 'aria-busy': 'false' });
  const liveBlock = h('div', { class: 'turn', 'aria-live': 'off', hidden: true });
  const log = h('div', { role: 'log', class: 'sr', 'aria-label': 'Finished messages' });
  const earlier = button('Show earlier', async () => { limit += 200; if (store.earlier) await store.loadEarlier(); else draw(); },
    { kind: 'small' });
  const latest = button('Follow', () => { pinned = true; toEnd(); }, { kind: 'small follow', name: 'next' });
  const plan = h('section', { class: 'card', 'aria-label': 'Plan' }),
    facts = h('section', { class: 'card', 'aria-label': 'Facts' });
  const words = h('textarea', { rows: '1', 'aria-label': 'Say something to the run', placeholder: 'Say something to the run…',
    maxlength: '32768' });
  const send = button('Send', sendWords, { kind: 'primary', act: true, off: may('operator', 'submitter') ? null :
    'Only its requester and operators may do this.' });
  words.addEventListener('keydown', event => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault(); send.click(); } });
  latest.hidden = true;
  append(panel, [h('div', { class: 'two' }, h('div', null, earlier, feed, liveBlock, latest,
    !session.host?.export && h('div', { class: 'say' }, words, send)), h('div', { class: 'aside' }, plan, facts)), log]);

  let limit = SHOWN, pinned = store.run.status === 'running' || store.run.status === 'queued', logged = store.last ?? -1;
  const made = new Map(), open = new Set();
  const nearEnd = () => document.documentElement.scrollHeight - window.innerHeight - window.scrollY < 80;
  const toEnd = () => { latest.hidden = true; window.scrollTo({ top: document.documentElement.scrollHeight }); };
  const scrolled = () => { pinned = nearEnd(); latest.hidden = pinned || isEnded(store.run); };
  window.addEventListener('scroll', scrolled, { passive: true });
  leave(() => window.removeEventListener('scroll', scrolled));

  async function sendWords() {
    const text = words.value.trim();
    if (!text) return words.focus();
    const wasOver = isEnded(store.run);
    const sent = await attempt(() => post(`runs/${store.id}/messages`, { text }), 'Sent. The run reads it before its next step.');
    if (sent === undefined) return;
    words.value = '';
    pinned = true;
    await store.refresh();
    if (wasOver) store.follow(() => {});
  }

  function draw() {
    const groups = groupsOf(store.events);
    const from = Math.max(0, groups.length - limit);
    earlier.hidden = from === 0 && !store.earlier;
    const wanted = new Set();
    let before = null;
    for (const group of groups.slice(from)) {
      wanted.add(group.key);
      const progress = group.kind === 'turn' ? [...group.calls.keys()].map(call =>
        store.progress.get(`${group.turn}/${call}`)).join('|') : '';
      const version = `${group.n}/${group.last}/${progress}/${store.cuts.length}/${store.full.has(group.turn)}`;
      let known = made.get(group.key);
      if (!known) {
        made.set(group.key, known = { element: h('article', { class: 'turn', tabindex: null }) });
        known.version = null;
      }
      if (known.version !== version) {
        known.version = version;
        paint(known.element, group);
      }
      const next = before ? before.nextElementSibling : feed.firstElementChild;
      if (next !== known.element) feed.insertBefore(known.element, next);
      before = known.element;
    }
    for (const [key, { element }] of made) if (!wanted.has(key)) { element.remove(); made.delete(key); }
    for (const e of store.events) {
      if (e.position <= logged) continue;
      logged = e.position;
      if (e.type === 'model.completed' && e.text) log.append(h('p', null, oneLine(e.text, 400)));
      if (log.childElementCount > 5) log.firstElementChild.remove();
    }
    aside();
    if (pinned) toEnd();
  }

  function paint(element, group) {
    element.className = group.kind === 'line' ? `note ${group.tone ?? ''}` : 'turn';
    if (group.kind === 'line') return set(element, icon(group.image), h('span', null, longText(group.text, 600)),
      moment(group.at));
    if (group.kind === 'goal') return set(element, face('person', 'person'),
      body(['Goal', session.caller && store.run.requester ? store.run.requester : null], group.at,
      h('div', { class: 'bubble' }, markdown(group.text))));
    if (group.kind === 'message') return set(element, face('person', 'person'),
      body(['Message'], group.at, h('div', { class: 'bubble' }, markdown(group.text))));
    if (group.kind === 'end') {
      const good = group.code === 'completed';
      return set(element, face(good ? 'completed' : 'failed', good ? 'person' : 'bad'),
        body([good ? 'Completed' : `Ended: ${group.code}`], group.at, group.text && !(good && store.run.result?.text === null) ?
        markdown(group.text) : null));
    }
    const full = store.full.get(group.turn)?.find(message => message.role === 'assistant');
    const said = full ? full.contents.filter(part => part.type === 'text').map(part => part.text).join('\n\n') : group.text;
    const reasoning = full?.contents.find(part => part.type === 'reasoning')?.text;
    if (!full && group.text && isCut(group.text)) store.turnMessages(group.turn).then(found => found.length && draw()).catch(() =>
      {});
    const usage = group.usage;
    const parts = [group.model, group.took !== undefined && group.took !== null && span(group.took), usage &&
      `${short(usage.inputTokens)} in${usage.cachedTokens ? ` (${Math.round(usage.cachedTokens / Math.max(1, usage.inputTokens) * 100)} % cached)` : ''}, ${short(usage.outputTokens)} out`, usage?.usd ? usd(usage.usd) : null].filter(Boolean);
    set(element, face('model'), h('div', { class: 'turn-body' },
      h('div', { class: 'turn-head' }, h('b', null, `Turn ${group.turn}`), h('span', null, parts.join(' · ')),
        moment(group.doneAt ?? group.at)),
      store.cuts.filter(cut => cut.turn === group.turn).map(cut => cutBlock(cut)),
      group.lines.map(line => h('div', { class: `note ${line.tone}`, css: { 'padding-left': '0' } }, icon(line.image),
        h('span', null, line.text), line.until && h('span', null, 'in ', age(line.until, { until: true })))),
      reasoning && keep(`r${group.turn}`, h('details', null, h('summary', null, 'Thoughts'),
        h('div', { class: 'reasoning' }, longText(reasoning)))),
      said && markdown(said), [...group.calls.values()].sort((a, b) => a.call - b.call).map(call => callCard(group, call))));
    return element;
  }

  const face = (image, kind = '') => h('span', { class: `face ${kind}`, 'aria-hidden': 'true' }, icon(image));
  const body = (names, at, ...content) => h('div', { class: 'turn-body' },
    h('div', { class: 'turn-head' }, h('b', null, names[0]), names[1] && h('span', null, names[1]), moment(at)), content);

  function keep(key, details) {
    details.open = open.has(key);
    details.addEventListener('toggle', () => details.open ? open.add(key) : open.delete(key));
    return details;
  }

  function callCard(group, call) {
    const key = `c${group.turn}/${call.call}`;
    const waits = call.approval && !call.decided && call.doneAt === undefined;
    const asks = call.question && !call.answered && call.doneAt === undefined;
    if (waits) return h('div', { class: 'wait-card' }, icon('approval'),
      h('span', null, h('code', null, call.tool), ' waits for an approval'), h('span', { class: 'spacer' }),
      link(`approvals/${call.approval}`, 'Look and decide'));
    if (asks) return h('div', { class: 'wait-card' }, icon('question'), h('span', null, oneLine(call.asked, 200)),
      h('span', { class: 'spacer' }), link(`questions/${call.question}`, 'Answer'));
    const working = call.doneAt === undefined && !isEnded(store.run);
    const parsed = tryParse(call.args ?? '');
    const gist = parsed && typeof parsed === 'object' ? Object.values(parsed).filter(value => typeof value !== 'object').map(
      String).join(' · ') : call.args;
    const progress = store.progress.get(`${group.turn}/${call.call}`);
    const card = keep(key, h('details', { class: 'call' },
      h('summary', null, h('span', { class: `status tone-${working ? 'run' : call.isError ? 'bad' : 'good'}` },
        icon(working ? 'running' : call.isError ? 'failed' : 'completed', working ? 'at work' : call.isError ? 'failed' :
        'done')),
        h('span', { class: 'name' }, call.tool), h('span', { class: 'what' }, working && progress ? progress :
          oneLine(call.isError ? call.result : gist, 160)),
        call.decided && tag(oneLine(call.decided, 40), 'quiet', 'person'),
          h('span', { class: 'took' }, working && call.startedAt ? age(call.startedAt) : call.took !== undefined &&
          call.took !== null ? span(call.took) : ''))));
    const fill = async () => {
      if (card.childElementCount > 1) return;
      const inside = h('div', { class: 'call-body' });
      card.append(inside);
      const messages = await store.turnMessages(group.turn).catch(() => []);
      const calls = messages.flatMap(message => message.contents).filter(part => part.type === 'toolCall');
      const own = calls[call.call] ?? calls.find(part => part.tool === call.tool);
      const result = own && messages.flatMap(message => message.contents).find(part => part.type === 'toolResult' &&
        part.callId === own.callId);
      append(inside, [h('div', null, h('h3', null, 'Arguments'), args(own?.arguments ?? call.args ?? {})),
        call.doneAt !== undefined && h('div', null, h('h3', null, call.isError ? 'Error' : 'Result'),
          json(result?.text ?? call.result ?? '', 4000)),
        call.answered && h('div', null, h('h3', null, 'Answer'), h('p', null, call.answered)),
        h('div', { class: 'turn-head' }, call.startedAt && ['begun ', moment(call.startedAt)], call.run &&
          link(`runs/${call.run}`, 'Open the sub-agent'), h('button',
          { type: 'button', class: 'link', onclick: () => show('audit') }, 'Who allowed it'))]);
    };
    card.addEventListener('toggle', () => card.open && fill());
    if (card.open) fill();
    return card;
  }

  const cutBlock = cut => h('div', { class: 'cut', data: { attempt: cut.attempt } },
    h('div', { class: 'note bad', css: { 'padding-left': '0' } }, icon('failed'),
    `Attempt ${cut.attempt} was cut off, asked again (attempt ${cut.attempt + 1})`),
    cut.text && h('div', { class: 'prose' }, h('p', null, longText(cut.text, 2000))));

  // The text while it comes. Rendered at most every 120 ms; long texts as they are, for speed.
  let drawn = 0, later = 0;
  const text = h('div', { class: 'live-text' }), thoughts = h('details', null, h('summary', null, 'Thinks…')),
    thought = h('div', { class: 'reasoning' }), writing = h('div', { class: 'turn-body' }),
    head = h('div', { class: 'turn-head' }), cut = h('div');
  thoughts.append(thought);
  liveBlock.append(face('model'), h('div', { class: 'turn-body' }, head, cut, thoughts, text, writing));
  function drawLive() {
    const live = store.live;
    const isShown = live && !isEnded(store.run);
    liveBlock.hidden = !isShown;
    if (!isShown) return;
    const wait = 120 - (performance.now() - drawn);
    if (wait > 0) { later ||= setTimeout(() => { later = 0; drawLive(); }, wait); return; }
    drawn = performance.now();
    setText(head, `Turn ${live.turn}${live.attempt > 1 ? ` · attempt ${live.attempt}` : ''} · ${live.model ?? 'model'}${live.stale ? ' · not connected' : ''}`);
    const cuts = store.events.some(e => e.turn === live.turn) ? [] : store.cuts.filter(part => part.turn === live.turn);
    if (cut.childElementCount !== cuts.length) set(cut, cuts.map(cutBlock));
    thoughts.hidden = !live.reasoning;
    if (thoughts.open) setText(thought, live.reasoning.slice(-8000));
    text.hidden = !live.text;
    text.classList.toggle('caret', !live.calls.size && !live.stale);
    if (text.dataset.raw !== live.text) {
      text.dataset.raw = live.text.length < 16_000 ? live.text : '';
      set(text, live.text.length < 16_000 ? markdown(live.text) : h('div', { class: 'prose' },
        h('p', null, live.text.slice(-16_000))));
    }
    set(writing, [...live.calls.values()].map(call => h('div', { class: 'call' },
      h('div', { class: 'call-body' }, h('div', { class: 'turn-head' }, icon('tool'), h('span', { class: 'name' }, call.tool),
      `${count(call.length ?? 0)} characters so far`), h('pre', { class: 'json', tabindex: '0' },
      (call.tail ?? '').slice(-600))))));
    if (pinned) toEnd();
  }
  leave(() => clearTimeout(later));

  function aside() {
    const run = store.run;
    plan.hidden = !run.plan?.length;
    const first = run.plan?.findIndex(item => !item.done);
    set(plan, h('header', null, h('h2', null, 'Plan'), h('span', { class: 'muted' },
      `${run.plan?.filter(item => item.done).length ?? 0} of ${run.plan?.length ?? 0}`)),
      h('div', { class: 'body' }, h('ul', { class: 'plan' }, run.plan?.map((item, i) => h('li',
      { class: item.done ? 'done' : i === first ? 'current' : null },
      icon(item.done ? 'completed' : i === first ? 'next' : 'more', item.done ? 'done' : 'open'), h('span', null, item.text))))));
    set(facts, h('header', null, h('h2', null, 'Facts')), h('div', { class: 'body' }, h('dl', { class: 'facts' }, [
      ['Model', run.model], ['Started', moment(run.createdAt)], run.completedAt && ['Ended', moment(run.completedAt)],
        ['Turns', count(run.turns)], ['Steps', `${count(run.steps)} (longest chain ${count(run.criticalSteps)})`],
      ['Tokens', `${short(run.usage?.inputTokens)} in, ${short(run.usage?.outputTokens)} out`], run.usage?.cachedTokens &&
        ['Cached', `${Math.round(run.usage.cachedTokens / Math.max(1, run.usage.inputTokens) * 100)} %`], run.priority &&
        run.priority !== 'normal' && ['Priority', run.priority],
      run.acceptance && ['Accepted if', oneLine(typeof run.acceptance === 'string' ? run.acceptance : run.acceptance.criteria ??
        'a check passes', 160)], run.result?.artifacts?.length && ['Files',
        h('button', { type: 'button', class: 'link', onclick: () => show('files') },
        `${run.result.artifacts.length} to look at`)],
      ...relatives('Goes on from', store.lineage?.ancestors.slice(0, 1)), ...relatives('Goes on as', store.lineage?.descendants),
    ].filter(Boolean).map(([name, value]) => [h('dt', null, name), h('dd', null, value)]))));
  }

  const relatives = (name, list) => list?.length ? [[name, list.slice(0, 8).map(one => h('div', null,
    one.status ? link(`runs/${one.id}`, oneLine(one.goal, 60)) : shortId(one.id), h('span', { class: 'muted' },
    ` ${one.rewind ? 'rewound' : 'forked'} at turn ${one.turn}`)))]] : [];

  for (const off of [store.on('events', draw), store.on('run', draw), store.on('live', drawLive),
    store.on('connection', drawLive)]) leave(off);
  draw();
  drawLive();
}
