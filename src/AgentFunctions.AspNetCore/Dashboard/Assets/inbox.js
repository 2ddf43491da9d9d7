// What waits for people: approvals with arguments to look at and change, questions with forms to fill in.

import { age, append, args, banner, button, count, dialog, empty, field, h, icon, link, longText, moment, oneLine, plural, set, setText,
  tag, tryParse, words } from './h.js';
import { emit, get, post, query } from './api.js';
import { fault, go, say, showCounts, toast } from './app.js';
import { follow } from './stream.js';
import { argumentDiff, merged, noNull, patchOf, risk, schemaForm } from './form.js';

const RANK = { high: 0, medium: 1, low: 2, normal: 1 };
const SLEEP = 1000;

/** What is decided with sleeps for a second: a page that changes under a hand must not turn a click into a decision. */
function sleeping(element) {
  element.dataset.asleep = '';
  setTimeout(() => delete element.dataset.asleep, SLEEP);
  return element;
}

export async function mount(view) {
  const kind = view.match[1] ?? 'inbox';
  const isApprovals = kind !== 'questions', isQuestions = kind !== 'approvals';
  let items = [], history = [], chosen = view.match[2] ?? null, stream = null, timer = 0, opened = null;
  const list = h('div', { class: 'inbox-list' });
  const detail = h('section', { class: 'detail', 'aria-label': kind === 'questions' ? 'Question' : 'Approval' });
  const root = h('div', { class: 'inbox' }, list, detail);
  const title = { approvals: 'Approvals', questions: 'Questions', inbox: 'Inbox' }[kind];
  const bulk = h('div', { class: 'buttons' });
  view.title(title);
  view.el.append(h('div', { class: 'head' }, h('h1', null, title), h('span', { class: 'spacer' }), bulk), root);
  view.leave(() => { stream?.close(); clearInterval(timer); opened?.leave?.(); });

  async function load() {
    const [approvals, questions] = await Promise.all([isApprovals ? get('approvals') : null, isQuestions ? get('questions') :
      null]);
    const all = [...(approvals?.items ?? []).map(item => ({ ...item, is: 'approval' })),
      ...(questions?.items ?? []).map(item => ({ ...item, is: 'question' }))];
    items = all.filter(item => item.state === 'pending').sort((a, b) =>
      (RANK[a.risk ?? a.urgency] ?? 1) - (RANK[b.risk ?? b.urgency] ?? 1) || (a.expiresAt < b.expiresAt ? -1 : 1));
    history = all.filter(item => item.state !== 'pending').sort((a, b) =>
      (a.endedAt ?? a.createdAt) < (b.endedAt ?? b.createdAt) ? 1 : -1).slice(0, 50);
  }

  const mine = item => item.is === 'question' ? item.mine : item.mayDecide !== false;
  const address = item => `${item.is}s/${item.id}`;

  function draw() {
    const own = items.filter(mine), others = items.filter(item => !mine(item));
    const active = document.activeElement?.closest?.('.item')?.dataset.key;
    set(list, h('p', { class: 'list-title' },
      `${plural(own.length, kind === 'questions' ? 'question' : kind === 'inbox' ? 'thing' : 'approval')} for you`,
      others.length ? ` · ${items.length} you may see` : ''),
      own.map(row), others.length ? [h('p', { class: 'list-title' }, 'For others'), others.map(row)] : null,
      !items.length && empty(kind === 'questions' ? 'No agent waits for an answer.' :
        'Nothing waits for you. Runs that need a decision appear here at once.'),
      history.length ? [h('p', { class: 'list-title' }, 'Decided'), history.map(row)] : null);
    if (active) list.querySelector(`[data-key="${CSS.escape(active)}"]`)?.focus({ preventScroll: true });
    const groups = Map.groupBy(items.filter(item => item.is === 'approval' && mine(item) && item.group), item => item.group);
    set(bulk, [...groups.values()].filter(group => group.length > 1).map(group =>
      button(`${group.length} similar: ${group[0].tool}`, () => decideGroup(group), { name: 'approval', act: true })));
    root.classList.toggle('open', Boolean(chosen));
  }

  function row(item) {
    const done = item.state !== 'pending';
    const anchor = link(address(item));
    anchor.classList.add('item');
    anchor.dataset.key = item.id;
    if (item.id === chosen) anchor.setAttribute('aria-current', 'true');
    const first = item.is === 'approval' ? Object.entries(item.arguments ?? {}).map(([name, value]) =>
      `${name}=${typeof value === 'object' ? '…' : value}`).join(' ') : '';
    return append(anchor, [item.is === 'approval' ? done ? icon(item.state === 'approved' ? 'completed' : 'failed',
      words(item.state)) : risk(item.risk) : icon(done ? 'completed' : 'question', done ? words(item.state) : 'Question'),
      h('span', { class: 'what' }, item.is === 'approval' ? [item.question === 'repeat' ? 'repeat ' : '', item.tool, ' ',
        h('span', { class: 'muted' }, oneLine(first, 80))] : oneLine(item.question, 120)),
      h('span', { class: 'when' }, done ? age(item.endedAt ?? item.createdAt) : age(item.expiresAt, { until: true })),
      h('span', { class: 'of' }, `${(item.chain ?? []).join(' › ')} · ${oneLine(item.goal, 100)}`)]);
  }

  async function open(id, is) {
    opened?.leave?.();
    opened = null;
    if (!id) {
      set(detail, empty(items.length ? 'Choose one on the left.' : 'All is decided.', items.length ?
        h('p', null, h('kbd', null, 'j'), ' and ', h('kbd', null, 'k'), ' move, ', h('kbd', null, 'Enter'), ' opens.') : null));
      return;
    }
    try {
      const item = { ...await get(`${is}s/${id}`), is };
      if (!view.live || chosen !== id) return;
      opened = { is, ...is === 'approval' ? approval(item) : question(item) };
    } catch (e) {
      set(detail, fault(e, () => open(id, is)));
    }
  }

  // Approvals.
  function approval(item) {
    const pending = item.state === 'pending';
    const may = pending && item.mayDecide !== false;
    const whyNot = item.whyNot ?? (item.mayDecide === false ?
      `Only ${item.roles.join(', ')} may decide this (rule “${item.rule}”).` : null);
    const comment = h('textarea', { rows: '2', maxlength: '4000', placeholder: item.risk === 'high' ? 'Needed for high risk' :
      'Optional' });
    const commentField = field('Comment, which the model reads', comment);
    const diff = argumentDiff(item.arguments, { editable: may && item.question !== 'repeat' && !item.altered,
      original: item.originalArguments ?? undefined, schema: item.schema,
      masked: item.masked, onchange: relabel });
    const raw = h('textarea', { class: 'code', spellcheck: 'false', 'aria-label': 'Arguments as JSON',
      value: JSON.stringify(item.arguments, null, 2) });
    const approve = button('Approve as asked', () => decide('approve'),
      { kind: 'primary', act: true, off: may ? null : whyNot ?? 'It is decided.' });
    const deny = button('Deny', () => decide('deny'), { kind: 'danger', act: true, off: may ? null : whyNot ??
      'It is decided.' });
    const voids = h('div', { class: 'banner tone-wait', hidden: true }, icon('incident'),
      h('span', null, 'Your change voids the votes that were given: they were about other arguments.'));
    let useRaw = false;
    const rawDetails = may && h('details', null, h('summary', null, 'Edit as JSON'), raw);
    rawDetails && rawDetails.addEventListener('toggle', () => { useRaw = rawDetails.open;
      if (useRaw) raw.value = JSON.stringify(merged(item.arguments, diff.patch() ?? {}), null, 2); relabel(); });
    raw.addEventListener('input', relabel);

    function changes() {
      if (!useRaw) return diff.patch();
      const value = tryParse(raw.value);
      return typeof value !== 'object' || value === null || Array.isArray(value) ? undefined : patchOf(item.arguments, value);
    }

    function relabel() {
      const n = Object.keys(changes() ?? {}).length;
      setText(approve.lastElementChild, n ? `Approve with ${plural(n, 'change')}` : 'Approve as asked');
      voids.hidden = !n || !item.approved;
    }

    async function decide(decision) {
      if ('asleep' in detail.querySelector('.decide').dataset) return;
      if (item.risk === 'high' && !comment.value.trim()) { commentField.fault('High risk: say why.'); comment.focus(); return; }
      const patch = decision === 'approve' ? changes() : {};
      if (patch === undefined) {
        toast(useRaw ? `The JSON must be an object, and ${noNull}` : 'Mend the marked field first.', 'bad');
        return;
      }
      const edited = Object.keys(patch).length > 0;
      const words = comment.value.trim();
      try {
        await post(`approvals/${item.id}`, { decision, ...(words && { comment: words }), callHash: item.callHash,
          ...(edited && { edits: patch }) });
      } catch (e) {
        if (e.status === 400 && edited) diff.fault(e.detail);
        set(problem, banner('bad', 'failed', e.detail ?? e.message, e.status === 409 && ' What you typed is kept.'));
        if (e.status === 409) { await load(); draw(); }
        return;
      }
      toast(decision === 'deny' ? `Denied: ${item.tool}` : edited ?
        `Approved with ${plural(Object.keys(patch).length, 'change')}: ${item.tool}` : `Approved: ${item.tool}`);
      emit('decided');
      await next(item);
    }

    const problem = h('div');
    set(detail, h('div', { class: 'detail-head' }, backButton(),
      h('h2', null, item.question === 'repeat' ? `Repeat ${item.tool}?` : item.tool), risk(item.risk), item.effect &&
      tag(words(item.effect)), h('span', { class: 'spacer' }), pending ?
      h('span', { class: 'muted' }, 'expires in ', age(item.expiresAt, { until: true })) : tag(words(item.state),
      item.state === 'approved' ? 'good' : 'bad')),
      item.altered && banner('bad', 'incident', 'This record was altered in the store. Its call is refused whatever is decided.'),
      whyNot && pending && banner('wait', 'incident', whyNot), item.obstacle && banner('wait', 'incident', item.obstacle),
      h('dl', { class: 'facts' }, h('dt', null, 'Goal'), h('dd', null, link(`runs/${item.run}`, oneLine(item.goal, 240))),
        h('dt', null, 'Asked by'), h('dd', null, `${item.requester} → ${item.chain.join(' › ')}`, item.turn !== undefined &&
        `, turn ${item.turn}`),
        h('dt', null, 'Rule'), h('dd', null, `“${item.rule}”`, item.reason && `: ${item.reason}`), h('dt', null, 'Who decides'),
          h('dd', null, `${item.roles.join(', ')} · ${item.approved} of ${item.needed} said yes`,
          item.votes.map(vote => h('div', { class: 'muted' },
          `${vote.by}: ${vote.approves ? 'yes' : 'no'}${vote.comment ? ` “${vote.comment}”` : ''}`))),
        before(item.history)),
      h('section', null, h('h3', null, item.originalArguments ? 'Arguments, changed' : 'Arguments'),
        Object.keys(item.arguments ?? {}).length ? diff.el : h('p', { class: 'muted' }, 'No arguments'), rawDetails,
        item.masked?.length ? h('p', { class: 'muted' },
        `${plural(item.masked.length, 'part')} hidden, since ${item.masked[0].why}.`) : null),
      led(item), problem, may && voids, may && commentField,
      pending && sleeping(h('div', { class: 'decide' }, h('span', { class: 'muted mono', title: item.callHash },
        `hash ${item.callHash.slice(0, 8)}…`), h('span', { class: 'spacer' }), deny, approve)));
    view.keys.a = may ? () => comment.focus() : undefined;
    return pending ? { over: over(problem) } : {};
  }

  /** How such calls were decided before. */
  function before(past) {
    if (!past || !past.approved && !past.denied) return null;
    const { approved, denied, edited, last } = past;
    return [h('dt', null, 'Before'), h('dd', null, `approved ${plural(approved, 'time')}`, edited > 0 && `, ${count(edited)} with changes`,
      `, denied ${plural(denied, 'time')}`, last && h('div', { class: 'muted' }, `${last.by}: ${last.approves ? 'yes' : 'no'}`,
      last.comment && ` “${oneLine(last.comment, 200)}”`, ', ', age(last.at), ' ago'))];
  }

  // The last steps before the call, on demand.
  function led(item) {
    const box = h('div');
    const details = h('details', null, h('summary', null, 'What led here'), box);
    details.addEventListener('toggle', async () => {
      if (!details.open || box.childElementCount) return;
      const events = await get(`runs/${item.run}/events${query({ follow: 'false', tail: 30 })}`).catch(() => []);
      set(box, events.filter(e => e.type === 'model.completed' && e.text || e.type === 'tool.completed').slice(-5).map(e =>
        h('div', { class: 'event-line' }, moment(e.at), icon(e.type === 'tool.completed' ? 'tool' : 'model'),
        h('span', null, e.tool && h('code', null, `${e.tool} `), oneLine(e.text, 300)))));
    });
    return details;
  }

  async function decideGroup(group) {
    const names = [...new Set(group.flatMap(item => Object.keys(item.arguments)))].filter(name =>
      new Set(group.map(item => JSON.stringify(item.arguments[name]))).size > 1);
    const boxes = new Map(group.slice(0, 50).map(item => [item,
      h('input', { type: 'checkbox', checked: true, 'aria-label': `Take ${item.tool} of ${oneLine(item.goal, 40)}` })]));
    const comment = h('input', { maxlength: '4000' });
    const choice = h('select', null, h('option', { value: 'approve' }, 'Approve'), h('option', { value: 'deny' }, 'Deny'));
    const done = await dialog(`${plural(group.length, 'similar call')} of ${group[0].tool}`,
      [h('p', { class: 'muted' }, 'What differs between them:'),
      h('div', { class: 'scroll-x', tabindex: '0', role: 'group', 'aria-label': 'Calls' },
        h('table', null, h('thead', null, h('tr', null, h('th', { scope: 'col' }, h('span', { class: 'sr' }, 'Take')),
        h('th', { scope: 'col' }, 'Goal'), names.map(name => h('th', { scope: 'col' }, name)))),
        h('tbody', null, [...boxes].map(([item, box]) => h('tr', null, h('td', null, box), h('td', null, oneLine(item.goal, 60)),
        names.map(name => h('td', null, h('code', null, oneLine(JSON.stringify(item.arguments[name]), 60))))))))),
      field('Decision', choice), field('Comment for all', comment)], {
      wide: true, confirm: 'Decide', read: async () => {
        const taken = [...boxes].filter(([, box]) => box.checked).map(([item]) => item);
        const words = comment.value.trim() ? { comment: comment.value.trim() } : {};
        const many = await post('approvals/decide', { ids: taken.map(item => item.id),
          decision: choice.value, ...words, hashes: Object.fromEntries(taken.map(item => [item.id, item.callHash])) });
        const failed = many.items.filter(item => !item.ok);
        if (failed.length) throw new Error(
          `${failed.length} of ${taken.length} were not decided: ${failed[0].detail ?? failed[0].code}`);
        return taken;
      },
    });
    if (!done) return;
    toast(`Decided: ${plural(done.length, 'call')}`);
    emit('decided');
    await refresh();
  }

  // Questions.
  function question(item) {
    const pending = item.state === 'pending';
    const may = pending && item.mine !== false;
    const form = schemaForm(item.form, item.answers ?? {});
    const problem = h('div');
    const answer = button('Answer', async () => {
      if ('asleep' in detail.querySelector('.decide').dataset) return;
      const answers = form.value();
      if (!answers) return;
      await send({ answers }, 'Answered');
    }, { kind: 'primary', act: true, off: may ? null : 'Only those who were asked may answer.' });
    const decline = button('Decline', async () => {
      const words = h('textarea', { rows: '3', maxlength: '4000' });
      if (await dialog('Decline to answer', [h('p', null, 'The agent is told that you decline, with your words.'),
        field('Why', words)], { confirm: 'Decline', read: () => words.value.trim() ||
        Promise.reject(new Error('Say why, in a few words.')) })) await send({ decline: words.value.trim() }, 'Declined');
    }, { act: true, off: may ? null : 'Only those who were asked may answer.' });

    async function send(body, said) {
      try {
        await post(`questions/${item.id}`, body);
      } catch (e) {
        if (!form.fault(e.detail ?? '') || e.status === 409) set(problem, banner('bad', 'failed', e.detail ?? e.message));
        if (e.status === 409) { await load(); draw(); }
        return;
      }
      toast(said);
      emit('decided');
      await next(item);
    }

    set(detail, h('div', { class: 'detail-head' }, backButton(), h('h2', null, longText(item.question, 2000)),
      h('span', { class: 'spacer' }), item.urgency === 'high' && tag('Urgent', 'bad', 'incident'), !pending &&
      tag(words(item.state), item.state === 'answered' ? 'good' : 'quiet')),
      h('dl', { class: 'facts' }, item.why && [h('dt', null, 'Why'), h('dd', null, longText(item.why, 2000))],
        h('dt', null, 'Asked by'), h('dd', null, `${item.chain.join(' › ')}, turn ${item.turn}, `, age(item.createdAt), ' ago',
        item.server && ` · the words are those of the server ${item.server}`),
        h('dt', null, 'Goal'), h('dd', null, link(`runs/${item.run}`, oneLine(item.goal, 240))), h('dt', null, 'Who answers'),
          h('dd', null, item.roles.join(', ')),
        item.context?.length ? [h('dt', null, 'Attached'), h('dd', null,
          item.context.map((name, i) => [i ? ', ' : '', link(
          `runs/${item.run}?tab=files&file=${encodeURIComponent(name.replace(/^artifact:/, ''))}`,
          name.replace(/^artifact:/, ''))]))] : null,
        pending ? [h('dt', null, 'Expires'), h('dd', null, 'in ', age(item.expiresAt, { until: true }),
          ': then the agent is told that nobody answered')] : [h('dt', null, 'Ended'),
          h('dd', null, moment(item.endedAt), item.by && ` by ${item.by}`, item.words && `: “${item.words}”`)]),
      item.url && banner('wait', 'link', `Opens ${oneLine(item.url, 200)}. Nothing comes back from there; say “Answer” when you are done.`),
      pending ? [h('p', { class: 'muted' }, 'Never type a password here.'), may ? form.el : args(item.form?.properties ?? {}),
        problem, sleeping(h('div', { class: 'decide' }, h('span', { class: 'spacer' }), decline, answer))] : item.answers ?
          h('section',
        null, h('h3', null, 'Answer'), args(item.answers)) : null);
    return pending ? { over: over(problem) } : {};
  }

  /** Says that what is being looked at was decided by others or expired; what was typed stays. */
  const over = problem => ({ state, by }) => {
    for (const one of detail.querySelectorAll('.decide .button')) one.disabled = true;
    set(problem, banner('bad', 'incident', `Meanwhile: ${words(state).toLowerCase()}`, by && ` by ${by}`, '. What you typed is kept.'));
  };

  const backButton = () => button('', () => go(kind),
    { kind: 'icon-button to-list', name: 'back', 'aria-label': 'Back to the list' });

  async function next(item) {
    await load().catch(() => {});
    const own = items.filter(mine);
    const after = own.find(other => other.run === item.run) ?? own[0];
    if (window.innerWidth > 900 && after && (kind === 'inbox' || kind === `${after.is}s`)) go(address(after), { replace: true });
    else go(kind, { replace: true });
  }

  async function refresh() {
    const before = new Set(items.map(item => item.id));
    try {
      await load();
    } catch {
      return;
    }
    if (!view.live) return;
    draw();
    if (opened?.over && before.has(chosen) && !items.some(item => item.id === chosen)) {
      const { over, is } = opened;
      opened = null;
      get(`${is}s/${chosen}`).then(over).catch(() => {});
    }
    const added = items.filter(item => !before.has(item.id) && mine(item)).length;
    if (added) say(`New for you: ${plural(added, 'thing')}.`);
  }

  const step = n => {
    const rows = [...list.querySelectorAll('.item')];
    const at = rows.indexOf(document.activeElement);
    rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + n))]?.focus();
  };
  Object.assign(view.keys, { j: () => step(1), k: () => step(-1) });

  await load();
  if (!view.live) return null;
  if (!chosen && window.innerWidth > 900 && items.length && kind !== 'inbox') {
    chosen = items.find(mine)?.id ?? items[0].id;
    view.set({});
  }
  draw();
  const found = [...items, ...history].find(item => item.id === chosen);
  await open(chosen, found?.is ?? (kind === 'questions' ? 'question' : 'approval'));
  stream = follow({ path: () => 'watch?topic=inbox', onEvent: ({ type, data }) =>
    { if (type === 'inbox') { showCounts(data); refresh(); } }, poll: refresh, busy: () => false, onState: state =>
    { if (state === 'gone') timer ||= setInterval(() => !document.hidden && refresh(), 5000); } });
  return {};
}
