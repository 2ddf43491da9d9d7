// The list of runs: filters in the address, a window over any number of rows, bulk actions.

import { age, button, coalesce, count, dialog, empty, field, h, icon, link, oneLine, plural, set, setText, short, shortId, status,
  tag,
  usd, words } from './h.js';
import { download, get, may, post, query } from './api.js';
import { attempt, fault, go, showCounts, toast } from './app.js';
import { follow } from './stream.js';

// A list of any length, of which only the rows in view are made. Rows are kept by key, so that a change moves nothing.
const OVERSCAN = 8;

/**
 * Makes a windowed list that scrolls with the page. `row(item, element)` makes a row, or updates the one it made;
 * `near(index)` is told when the end of what is loaded comes into view.
 */
export function windowed({ height, key, row, near = () => {}, role = 'rowgroup', label }) {
  const body = h('div', { role, 'aria-label': label, css: { position: 'relative' } });
  const made = new Map();
  let items = [], total = 0, size = height();

  const paint = coalesce(() => {
    size = height();
    const tall = `${total * size}px`;
    if (body.style.height !== tall) body.style.setProperty('height', tall);
    const top = body.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(-top / size) - OVERSCAN);
    const last = Math.min(total, Math.ceil((window.innerHeight - top) / size) + OVERSCAN);
    if (last > items.length) near(last);
    const wanted = new Set();
    const active = document.activeElement?.closest?.('[data-key]')?.dataset.key;
    // What has the focus is kept even out of view, in its right place; losing it would throw a keyboard's user to the top.
    const places = Array.from({ length: Math.max(0, Math.min(last, items.length) - first) }, (_, i) => first + i);
    const kept = made.has(active) ? items.findIndex(item => key(item) === active) : -1;
    if (kept >= 0 && !places.includes(kept)) places.push(kept);
    for (const i of places) {
      const item = items[i], id = key(item);
      wanted.add(id);
      let known = made.get(id);
      if (!known) {
        known = { element: row(item), item };
        known.element.dataset.key = id;
        known.element.style.setProperty('position', 'absolute');
        known.element.style.setProperty('inset', '0 0 auto 0');
        made.set(id, known);
        body.append(known.element);
      } else if (known.item !== item || known.stale) {
        row(item, known.element);
        known.item = item;
        known.stale = false;
      }
      const place = `translateY(${i * size}px)`;
      if (known.element.style.transform !== place) known.element.style.setProperty('transform', place);
      known.element.setAttribute('aria-rowindex', String(i + 2));
      known.index = i;
    }
    for (const [id, { element }] of made) {
      if (!wanted.has(id)) {
        element.remove();
        made.delete(id);
      }
    }
    order(first);
  });

  // The order of the elements follows the order of the rows, for the Tab key and for screen readers.
  function order() {
    const sorted = [...made.values()].sort((a, b) => a.index - b.index);
    let at = body.firstElementChild;
    for (const { element } of sorted) {
      if (element === at) at = at.nextElementSibling;
      else if (!element.contains(document.activeElement)) body.insertBefore(element, at);
    }
  }

  window.addEventListener('scroll', paint, { passive: true });
  window.addEventListener('resize', paint);
  return {
    el: body, paint,
    get items() { return items; },
    show(next, all = next.length) {
      items = next;
      total = Math.max(all, items.length);
      paint();
    },
    /** Makes all rows anew at the next paint. */
    refresh() {
      for (const known of made.values()) known.stale = true;
      paint();
    },
    element: id => made.get(id)?.element,
    /** Brings a row into view. */
    reveal(index) {
      const top = body.getBoundingClientRect().top + index * size;
      if (top < 60) window.scrollBy(0, top - 60);
      else if (top + size > window.innerHeight - 80) window.scrollBy(0, top + size - window.innerHeight + 80);
      paint();
    },
    get isAtTop() { return body.getBoundingClientRect().top > -size * 2; },
    close() {
      window.removeEventListener('scroll', paint);
      window.removeEventListener('resize', paint);
    },
  };
}

const GROUPS = [
  ['running', 'Running', 'run', 'running', 'queued,running'], ['waiting', 'Waiting', 'wait', 'waiting', 'waiting,paused'],
  ['failed', 'Failed', 'bad', 'failed', 'failed,budgetExhausted'],
    ['ended', 'Ended', 'quiet', 'completed', 'completed,cancelled'],
];
const SINCE = [['', 'Any time'], ['1h', 'Last hour'], ['24h', 'Last day'], ['7d', 'Last week'], ['30d', 'Last month']];
const SAVED = [['Mine', { mine: 'true' }], ['Failed today', { status: 'failed', since: '24h' }], ['Over $5', { minUsd: '5' }]];
const PAGE = 100, MOST_FILES = 20;
const VERBS = { pause: 'Pause', resume: 'Resume', cancel: 'Cancel', delete: 'Delete' };

/** What a run waits for, in words. */
export function waitWords(wait) {
  const kinds = { approval: 'approval', question: 'answer', subAgents: 'sub-agents', modelCapacity: 'model capacity',
    capacity: 'capacity', message: 'a message', paused: 'resume', event: 'an event', review: 'a review', queue: 'its turn' };
  const name = kinds[wait.kind] ?? String(wait.kind).replace(/([A-Z])/g, ' $1').toLowerCase();
  return wait.tool ? `${name}: ${wait.tool}` : wait.message ? `${name}: ${oneLine(wait.message, 60)}` : name;
}

function nowWords(run) {
  const waits = run.waits ?? [];
  if (run.status === 'failed' || run.status === 'budgetExhausted') return errorOf(run);
  if (waits.length) return waits.length > 1 ? `${waitWords(waits[0])} +${waits.length - 1}` : waitWords(waits[0]);
  if (run.now) return `turn ${run.turn} · ${nowOf(run.now)}`;
  return run.status === 'running' ? `turn ${run.turn}` : '';
}

/** What a run does, as the index words it: tool.started:write_file. */
export const nowOf = now => String(now).replace(/^tool(\.started)?:/, '').replace(/^([a-z]+)\.([a-z]+)/, '$1 $2');

// A word for the kind of error is enough in a row: the run has the rest.
const errorOf = run => { const code = /^([A-Z][A-Za-z]+): /.exec(run.error ?? ''); return code ? words(code[1]) : oneLine(run.error, 80); };

// What the list was like when it was left, so that Back comes to the same place.
let left = null;

export async function mount(view) {
  view.title('Runs');
  let filter = { ...view.params }, runs = [], next = null, total = 0, counts = null, loading = null, seen = new Set(),
    pending = new Map();
  let picked = new Set(), allPicked = false, at = -1, stream = null;

  const chips = h('div', { class: 'chips', role: 'group', 'aria-label': 'Status' });
  const search = h('input', { type: 'search', placeholder: 'Search goals and ids', 'aria-label': 'Search', value: filter.q ?? '',
    oninput: () => later(() => change({ q: search.value })) });
  const agents = h('select', { 'aria-label': 'Agent', onchange: () => change({ agent: agents.value }) },
    h('option', { value: '' }, 'All agents'));
  const label = h('input', { placeholder: 'Label: team=payments', 'aria-label': 'Label', value: filter.label ?? '',
    onchange: () => change({ label: label.value }) });
  const since = h('select', { 'aria-label': 'Since', onchange: () => change({ since: since.value }) },
    SINCE.map(([value, text]) => h('option', { value, selected: value === (filter.since ?? '') }, text)));
  const sort = h('select', { 'aria-label': 'Order', onchange: () => change({ sort: sort.value }) },
    [['', 'Newest first'], ['updated', 'Changed last'], ['cost', 'Dearest first']].map(([value, text]) => h('option',
    { value, selected: value === (filter.sort ?? '') }, text)));
  const subs = h('input', { type: 'checkbox', checked: filter.subAgents === 'true', onchange: () =>
    change({ subAgents: subs.checked ? 'true' : '' }) });
  const state = h('span', { class: 'live-dot off' }, 'connecting');
  const shown = h('span');
  const fresh = h('button', { type: 'button', class: 'button small new-rows', hidden: true, onclick: () =>
    { window.scrollTo(0, 0); takePending(); } });
  const bulk = h('div', { class: 'bulk', role: 'region', 'aria-label': 'Selected runs', hidden: true });
  const holder = h('div'), work = h('div');
  const all = h('input', { type: 'checkbox', 'aria-label': 'Select all that are loaded', onchange: () =>
    { picked = new Set(all.checked ? runs.map(run => run.id) : []); allPicked = false; showBulk(); list.refresh(); } });

  const list = windowed({
    height: () => window.innerWidth <= 640 ? 68 : 44, key: run => run.id, row: showRow,
    near: () => next && load(),
  });
  const grid = h('div', { class: 'list runs', role: 'table', 'aria-label': 'Runs' },
    h('div', { role: 'rowgroup' }, h('div', { class: 'row-head', role: 'row' },
      h('span', { role: 'columnheader', class: 'pick' }, all),
      ['Status', 'Goal', 'Agent', 'Now', 'Cost', 'Age', 'Labels'].map(text =>
      h('span', { role: 'columnheader', class: `c-${text.toLowerCase()}${text === 'Cost' || text === 'Age' ? ' num' : ''}` },
        text)))), list.el);

  view.el.append(
    h('div', { class: 'head' }, h('h1', null, 'Runs'), h('span', { class: 'spacer' }),
      button('Start a run', () => go('start'), { kind: 'primary', name: 'plus', act: true })),
    h('div', { class: 'filters' }, chips),
    h('div', { class: 'filters' }, h('span', { class: 'search' }, icon('search'), search), agents, label, since, sort,
      h('label', { class: 'choice' }, subs, 'Sub-agents')),
    work, fresh, holder, bulk,
    h('div', { class: 'list-foot' }, shown, h('span', null, 'Views: ',
      SAVED.map(([name, values], i) => [i ? ' · ' : '', h('button',
      { type: 'button', class: 'link', onclick: () => reset(values) }, name)])), h('span', { class: 'spacer' }), state));

  let timer = 0;
  const later = action => { clearTimeout(timer); timer = setTimeout(action, 250); };
  view.leave(() => { left = { filter: JSON.stringify(filter), runs, next, total, counts, y: window.scrollY }; clearTimeout(timer); clearInterval(poller); stream?.close(); list.close(); });

  function change(values) {
    view.set(values, { push: true });
    apply(view.params);
  }
  function reset(values) {
    const cleared = Object.fromEntries(Object.keys(view.params).map(name => [name, null]));
    view.set({ ...cleared, ...values }, { push: true });
    apply(view.params);
  }
  function apply(params) {
    filter = { ...params };
    if (document.activeElement !== search) search.value = filter.q ?? '';
    label.value = filter.label ?? '';
    agents.value = filter.agent ?? '';
    since.value = filter.since ?? '';
    sort.value = filter.sort ?? '';
    subs.checked = filter.subAgents === 'true';
    runs = []; next = null; seen = new Set(); pending.clear(); picked.clear(); allPicked = false; at = -1;
    showBulk();
    start();
  }

  function asked(more = {}) {
    const { status: group, since: from, top, job, ...rest } = filter;
    const hours = { '1h': 1, '24h': 24, '7d': 168, '30d': 720 }[from];
    const statuses = GROUPS.find(([name]) => name === group)?.[4] ?? group;
    return { ...rest, status: statuses, since: hours ? new Date(Date.now() - hours * 3_600_000).toISOString() : from, ...more };
  }

  const read = ({ after, ...more }) => get(`runs/rows${query({ ...asked(more), from: after })}`);

  async function load() {
    return loading ??= (async () => {
      try {
        const page = await read({ limit: PAGE, after: next });
        take(page, true);
      } catch (e) {
        toast(e.message, 'bad');
      } finally {
        loading = null;
      }
    })();
  }

  function take(page, isMore) {
    next = page.next;
    counts = page.counts ?? counts;
    const added = page.runs.filter(run => !seen.has(run.id));
    for (const run of added) seen.add(run.id);
    runs = isMore ? [...runs, ...added] : added;
    total = page.total ?? (next ? runs.length + 1 : runs.length);
    show();
  }

  async function start() {
    clearInterval(poller);
    stream?.close();
    const asking = filter;
    const known = view.isBack && left?.filter === JSON.stringify(filter) && left.runs.length ? left : null;
    view.isBack = false;
    try {
      const page = known ?? await read({ limit: PAGE });
      if (!view.live || asking !== filter) return;
      seen = new Set();
      take(page, false);
      if (known) requestAnimationFrame(() => requestAnimationFrame(() => window.scrollTo(0, known.y)));
      watch();
    } catch (e) {
      if (view.live && asking === filter) set(holder, fault(e, start));
    }
  }

  function show() {
    if (!runs.length) {
      const filtered = Object.keys(filter).some(name => name !== 'job');
      set(holder, filtered
        ? empty('No run matches these filters.', button('Clear filters', () => reset({})))
        : h('section', { class: 'card', 'aria-label': 'No runs' },
          empty('No runs yet. A run is one goal that an agent works on.',
          button('Start the first run', () => go('start'), { kind: 'primary', name: 'plus' }),
          h('code', null, 'agentfunctions run "Audit this folder" --agent lead'))));
    } else if (!holder.contains(grid)) set(holder, grid);
    grid.setAttribute('aria-rowcount', String(total + 1));
    list.show(runs, next ? Math.max(total, runs.length + 1) : runs.length);
    setText(shown, `${count(runs.length)} loaded of ${count(total)}`);
    set(chips, GROUPS.map(([name, text, tone, image]) => h('button', {
      type: 'button', class: `chip tone-${tone}`, 'aria-pressed': String(filter.status === name), onclick: () =>
        change({ status: filter.status === name ? '' : name, mine: '', waiting: '' }),
    }, icon(image), counts && h('b', null, short(counts[name] ?? 0)), text)),
    counts && h('button', { type: 'button', class: 'chip tone-bad', 'aria-pressed': String(filter.mine === 'true'), onclick: () =>
      change({ mine: filter.mine ? '' : 'true', status: '' }) }, icon('person'), h('b', null, count(counts.mine ?? 0)),
      'for you'));
  }

  function showRow(run, element) {
    const mine = (run.waits ?? []).filter(wait => wait.mine).length;
    const row = element ?? h('div', { class: 'row', role: 'row' });
    row.classList.toggle('picked', picked.has(run.id));
    row.classList.toggle('at', runs[at]?.id === run.id);
    const hadFocus = row.contains(document.activeElement) ? document.activeElement.dataset.part : null;
    set(row,
      h('span', { role: 'cell', class: 'pick-cell' }, h('label', { class: 'pick' },
        h('input', { type: 'checkbox', checked: picked.has(run.id),
        'aria-label': `Select ${oneLine(run.goal, 60)}`, data: { part: 'pick' }, onchange: event =>
        pick(run.id, event.target.checked) }))),
      h('span', { class: 'c-status', role: 'cell' }, status(run.status, mine ? `Waits for you${mine > 1 ? ` · ${mine}` : ''}` :
        undefined)),
      h('span', { class: 'c-goal', role: 'cell' }, goalLink(run)),
      h('span', { class: 'c-agent sub', role: 'cell' }, run.agent, run.subAgents?.total ?
        h('span', { class: 'muted', title: `${run.subAgents.running} of ${run.subAgents.total} sub-agents work` },
         icon('fork'), String(run.subAgents.total)) : null),
      h('span', { class: 'c-now sub', role: 'cell', title: nowWords(run) }, nowWords(run) || h('span', { class: 'muted' }, '–')),
      h('span', { class: 'c-cost num', role: 'cell' }, run.usd ? usd(run.usd) : h('span',
        { class: 'muted', title: 'Nothing was spent, or no price is configured' }, '–')),
      h('span', { class: 'c-age num sub', role: 'cell' }, age(run.createdAt)),
      h('span', { class: 'c-labels', role: 'cell' }, h('span', { class: 'labels' },
        labelTags(Object.entries(run.labels ?? {}).map(([name, value]) => `${name}=${value}`)))));
    if (hadFocus) row.querySelector(`[data-part="${hadFocus}"]`)?.focus({ preventScroll: true });
    return row;
  }

  // One label, and how many more: the room is small, and a label that is cut in the middle says nothing.
  const labelTags = all => all.length ? [h('span', { class: 'tag tone-quiet', title: all.join(', ') }, all[0]), all.length > 1 && tag(`+${all.length - 1}`)] : null;

  function goalLink(run) {
    const anchor = link(`runs/${run.id}`, oneLine(run.goal, 200));
    anchor.classList.add('goal');
    anchor.dataset.part = 'goal';
    anchor.title = shortId(run.id);
    return anchor;
  }

  // Changes: by the watch of the run index, or by looking again if there is none.
  let poller = 0;
  function watch() {
    stream = follow({
      path: () => `watch${query({ topic: 'runs', ...asked() })}`,
      onEvent({ type, data }) {
        if (type === 'run.changed') changed(data.row ?? data);
        else if (type === 'run.gone') { runs = runs.filter(run => run.id !== data.id); show(); }
        else if (type === 'counts') { counts = data.counts ?? data; total = data.total ?? total; show(); }
        else if (type === 'inbox') showCounts(data);
      },
      onState(value) {
        state.classList.toggle('off', value !== 'live');
        setText(state, { live: 'live', polling: 'refreshes every 10 s: other tabs hold the streams', resting: 'refreshes every minute', down: 'not connected', refused: 'not allowed',
          gone: 'refreshes every 4 s' }[value] ?? 'connecting');
        if (value === 'gone') poller = setInterval(() => !document.hidden && refresh().catch(() => {}), 4000);
        if (value === 'live') refresh();
      },
      poll: () => refresh(),
      busy: () => counts?.running + counts?.queued > 0,
    });
  }

  async function refresh() {
    const asking = filter;
    const page = await read({ limit: PAGE }).catch(e => { if (e.status) throw e; return null; });
    if (!page || !view.live || asking !== filter) return;
    counts = page.counts ?? counts;
    total = page.total ?? total;
    for (const run of page.runs) changed(run, false);
    show();
  }

  function changed(run, paint = true) {
    const place = seen.has(run.id) ? runs.findIndex(other => other.id === run.id) : -1;
    if (place >= 0) {
      const known = runs[place];
      if (known.rev >= run.rev && known.status === run.status) return;
      runs = runs.with(place, run);
    } else if (!seen.has(run.id)) {
      // A watch tells all that there is first; what is older comes page by page.
      if (filter.sort || runs.length && run.createdAt <= runs[0].createdAt) return;
      pending.set(run.id, run);
      if (list.isAtTop && window.scrollY < 40) return takePending();
      fresh.hidden = false;
      set(fresh, icon('back'), `${count(pending.size)} new`);
    }
    if (paint) show();
  }

  function takePending() {
    const added = [...pending.values()].filter(run => !seen.has(run.id)).sort((a, b) => a.createdAt < b.createdAt ? 1 : -1);
    for (const run of added) seen.add(run.id);
    runs = [...added, ...runs];
    pending.clear();
    fresh.hidden = true;
    show();
  }

  // Selection.
  function pick(id, on) {
    on ? picked.add(id) : picked.delete(id);
    allPicked = false;
    showBulk();
    list.element(id)?.classList.toggle('picked', on);
  }

  function showBulk() {
    bulk.hidden = picked.size === 0 && !allPicked;
    all.checked = picked.size > 0 && picked.size === runs.length;
    all.indeterminate = picked.size > 0 && picked.size < runs.length;
    if (bulk.hidden) return;
    const n = allPicked ? total : picked.size;
    const off = may('operator') ? null : 'This needs the role operator.';
    set(bulk, h('strong', null, `${plural(n, 'run')} selected`),
      !allPicked && counts && picked.size === runs.length && total > runs.length && h('button',
        { type: 'button', class: 'link', onclick: () => { allPicked = true; showBulk(); } },
        `Select all ${count(total)} that match`),
      button('Pause', () => act('pause', n), { kind: 'small', act: true, off }),
        button('Resume', () => act('resume', n), { kind: 'small', act: true, off }),
      button('Cancel', () => act('cancel', n), { kind: 'small danger', act: true, off }),
        button('Delete', () => act('delete', n), { kind: 'small danger', act: true, off }),
      button('Export', async () => { for (const id of [...picked]) await attempt(() => download(`runs/${id}/export`, `${id}.afrun`)); },
        { kind: 'small', off: allPicked || picked.size > MOST_FILES ? `Select up to ${MOST_FILES} runs.` : null }),
      button('Clear', () => { picked.clear(); allPicked = false; showBulk(); list.refresh(); }, { kind: 'small quiet' }));
  }

  async function act(action, n) {
    const reason = h('input', { maxlength: '1000' });
    const many = plural(n, 'run');
    const sure = await dialog(`${VERBS[action]} ${many}?`, [
      h('p', null, { pause: `Pauses ${many} and the sub-agents before the next step.`,
        resume: `Resumes ${many} from where each was paused.`, cancel: `Ends ${many} and the sub-agents. This cannot be undone.`,
        delete: `Erases ${many} with transcripts, files and journals. This cannot be undone.` }[action]),
      (action === 'cancel' || action === 'delete') && field(action === 'delete' ? 'Why' : 'Reason (optional)', reason,
        { help: 'It is kept.' })],
        { confirm: `${VERBS[action]} ${many}`, kind: action === 'pause' || action === 'resume' ? 'primary' : 'danger' });
    if (!sure) return;
    const ids = [...picked];
    await attempt(async () => {
      const why = reason.value.trim() ? { reason: reason.value.trim() } : {};
      const { id } = await post(`runs/bulk${allPicked ? query(asked()) : ''}`,
        { action, ...(allPicked ? { expect: n } : { ids }), ...why }, { headers: { Prefer: 'respond-async' } });
      view.set({ job: id });
      filter = { ...filter, job: id };
      follows(id);
    });
    picked.clear();
    allPicked = false;
    showBulk();
    list.refresh();
    refresh().catch(() => {});
  }

  // What is done with several runs goes on without the page; its address has the job, so that it is found again.
  async function follows(id) {
    const said = h('span', { class: 'muted', role: 'status' }), meter = h('progress', { max: 1, value: 0, 'aria-label': 'Progress' });
    const rows = h('tbody'), results = h('details', null, h('summary', null, 'What came of each'), h('div', { class: 'scroll-x', tabindex: '0', role: 'group', 'aria-label': 'Results' }, h('table', null, rows)));
    const title = h('h2'), close = button('Close', () => { view.set({ job: null }); filter = { ...filter, job: undefined }; set(work); }, { kind: 'small' });
    results.addEventListener('toggle', () => draw());
    let job = null;
    function draw() {
      const { action, total, done, failed, items, endedAt } = job;
      setText(title, `${VERBS[action]} ${plural(total, 'run')}`);
      setText(said, endedAt ? `${count(done)} done${failed ? `, ${count(failed)} failed` : ''}` : `${count(done + failed)} of ${count(total)}`);
      Object.assign(meter, { max: total, value: done + failed, hidden: Boolean(endedAt) });
      if (endedAt && failed) results.open = true;
      if (results.open) set(rows, [...items].sort((a, b) => a.ok - b.ok).slice(0, 500).map(item => h('tr', null, h('td', null,
        link(`runs/${item.id}`, shortId(item.id))), h('td', null, item.ok ? tag('done', 'good', 'completed') : tag('failed', 'bad', 'failed')),
        h('td', null, item.detail ?? ''))));
    }
    for (;;) {
      try {
        job = await get(`jobs/${id}`);
      } catch (e) {
        if (e.status) return e.status === 404 ? close.click() : undefined;
      }
      if (!view.live || filter.job !== id) return undefined;
      if (job) {
        if (!work.childElementCount) set(work, h('section', { class: 'card', 'aria-label': 'Action on several runs' },
          h('header', null, title, said, h('span', { class: 'spacer' }), close), h('div', { class: 'body' }, meter, results)));
        draw();
        if (job.endedAt) return refresh().catch(() => {});
      }
      await new Promise(next => setTimeout(next, 700));
    }
  }

  // Keyboard.
  const move = step => {
    if (!runs.length) return;
    at = Math.max(0, Math.min(runs.length - 1, at + step));
    list.reveal(at);
    list.refresh();
    requestAnimationFrame(() => requestAnimationFrame(() => list.element(runs[at].id)?.querySelector('a.goal')?.focus(
      { preventScroll: true })));
  };
  view.keys = {
    j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1),
    x: () => { const run = runs[at]; if (run) { pick(run.id, !picked.has(run.id)); list.refresh(); } },
    Enter: event => { if (event.target.closest('button, a, input') || !runs[at]) return false; go(`runs/${runs[at].id}`); },
    '/': () => search.focus(),
  };

  get('agents').then(catalog => {
    for (const agent of catalog.agents) agents.append(h('option', { value: agent.name }, agent.name));
    agents.value = filter.agent ?? '';
  }).catch(() => {});
  await start();
  if (filter.job) follows(filter.job);
  return { update: apply };
}
