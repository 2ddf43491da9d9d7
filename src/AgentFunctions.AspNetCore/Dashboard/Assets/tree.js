// A run and its sub-agents as a flat treegrid: rows in order, a level each; windowed, so that hundreds cost nothing.

import { bar, button, count, dialog, h, icon, link, now, oneLine, plural, set, setText, short, span, status,
  usd } from './h.js';
import { get, post } from './api.js';
import { attempt, fault, go } from './app.js';
import { nowOf, waitWords, windowed } from './runs.js';

export async function mountTab(_, { store, view, panel, leave }) {
  const closed = new Set((view.params.closed ?? '').split(',').filter(Boolean));
  let rows = [], at = null;
  const only = h('select', { 'aria-label': 'Status', onchange: () => { view.set({ status: only.value }); draw(); } },
    [['', 'Any status'], ['running', 'Running'], ['waiting', 'Waiting'], ['completed', 'Completed'], ['failed', 'Failed']].map(
    ([value, text]) => h('option', { value, selected: view.params.status === value }, text)));
  const search = h('input', { type: 'search', placeholder: 'Filter by name', 'aria-label': 'Filter by name',
    value: view.params.q ?? '', oninput: () => { view.set({ q: search.value }); draw(); } });
  const slow = h('input', { type: 'checkbox', checked: view.params.slow === 'true', onchange: () =>
    { view.set({ slow: slow.checked }); draw(); } });
  const sum = h('span', { class: 'muted' });
  const heads = [['name', 'Name'], ['status', 'Status'], ['now', 'Now'], ['turns', 'Turns', 'num'], ['steps', 'Steps', 'num'],
    ['own', 'Own', 'num'], ['cost', 'Branch', 'num'], ['left', 'Age', 'num']];
  const head = h('div', { class: 'row-head', role: 'row' }, heads.map(([name, label, kind]) => h('span',
    { role: 'columnheader', class: `c-${name} ${kind ?? ''}` }, ['name', 'turns', 'steps', 'cost', 'left'].includes(name)
    ? h('button', { type: 'button', class: 'link', onclick: () => { view.set({ sort: view.params.sort === name ? null : name });
      draw(); } }, label) : label)));
  const list = windowed({ height: () => 38, key: row => row.node.id, row: showRow });
  const grid = h('div', { class: 'list tree', role: 'treegrid', 'aria-label': 'Sub-agents', onkeydown: keys },
    h('div', { role: 'rowgroup' }, head), list.el);
  panel.append(h('div', { class: 'filters' }, only, h('span', { class: 'search' }, icon('search'), search),
    h('label', { class: 'choice' }, slow, 'Only the slow path'), h('span', { class: 'spacer' }), sum), grid);
  leave(() => list.close());

  async function load() {
    const { nodes } = await get(`runs/${store.id}/nodes`);
    for (const node of nodes) store.nodes.set(node.id, node);
    draw();
  }

  const ORDER = { turns: node => -(node.turns ?? 0), steps: node => -(node.branch?.steps ?? 0), cost: node =>
    -(node.branch?.usd || node.branch?.tokens || 0), left: node => Date.parse(node.createdAt ?? node.updatedAt ?? 0),
    name: null };
  function draw() {
    const children = Map.groupBy(store.nodes.values(), node => store.nodes.has(node.parent) ? node.parent : null);
    const order = ORDER[view.params.sort];
    const text = (view.params.q ?? '').toLowerCase();
    const matches = node => (!view.params.status || node.status === view.params.status) &&
      (!text || `${node.name ?? ''} ${node.agent} ${node.goal ?? ''}`.toLowerCase().includes(text)) &&
      (view.params.slow !== 'true' || node.critical);
    rows = [];
    const walk = (nodes, level) => {
      const sorted = order ? [...nodes].sort((a, b) => order(a) - order(b)) : nodes;
      let shownHere = 0;
      sorted.forEach((node, i) => {
        const below = children.get(node.id) ?? [];
        const place = rows.length;
        rows.push({ node, level, size: sorted.length, place: i + 1, below: below.length });
        const inside = below.length && (!closed.has(node.id) || text) ? walk(below, level + 1) : 0;
        if (!matches(node) && !inside) rows.splice(place);
        else shownHere++;
      });
      return shownHere;
    };
    walk(children.get(null) ?? [], 1);
    const all = [...store.nodes.values()], running = all.filter(node => node.status === 'running').length;
    setText(sum, `${plural(all.length - 1, 'sub-agent')}${running ? `, ${running} running` : ''}`);
    for (const [i, [name]] of heads.entries()) { if (order && view.params.sort === name) head.children[i].setAttribute('aria-sort',
      'descending'); else head.children[i].removeAttribute('aria-sort'); }
    most = Math.max(...(children.get(store.id) ?? all).map(node => node.branch?.usd || node.branch?.tokens || 0), 1e-9);
    list.show(rows);
    grid.setAttribute('aria-rowcount', String(rows.length + 1));
  }
  let most = 1;

  // A row is made once; of its cells only those are made anew that say something else: hundreds change each second.
  const said = new WeakMap();
  function showRow({ node, level, size, place, below }, element) {
    const row = element ?? h('div', { class: 'row', role: 'row', onfocus: () => { at = row.dataset.key; }, tabindex: '-1' },
      heads.map(([name, , kind]) => h('span', { role: 'gridcell',
        class: `c-${name} ${kind ?? ''} ${{ name: 'name', now: 'sub', left: 'sub' }[name] ?? ''}` })));
    const before = said.get(row) ?? [], after = [], isOpen = !closed.has(node.id), isRoot = node.id === store.id;
    const cell = (content, ...parts) => {
      const i = after.push(parts.join('|')) - 1;
      if (after[i] !== before[i]) set(row.children[i], content());
    };
    row.tabIndex = (at ?? rows[0]?.node.id) === node.id ? 0 : -1;
    row.setAttribute('aria-level', level);
    row.setAttribute('aria-setsize', size);
    row.setAttribute('aria-posinset', place);
    if (below) row.setAttribute('aria-expanded', String(isOpen));
    else row.removeAttribute('aria-expanded');
    const focused = row.contains(document.activeElement) ? document.activeElement : null;
    const name = isRoot ? node.agent : node.name ?? node.agent, waits = node.waits ?? [], what = node.branch ?? {};
    const now = node.error ? oneLine(node.error, 80) : waits.length ? waitWords(waits[0]) : node.now ? nowOf(node.now) :
      oneLine(node.goal ?? '', 80);
    const cost = what.usd ? usd(what.usd) : short(what.tokens ?? 0), part = (what.usd || what.tokens || 0) / most;
    cell(() => [below ? h('button', { type: 'button', class: 'twist', tabindex: '-1', 'aria-label': isOpen ? 'Collapse' : 'Expand',
      onclick: event => { event.stopPropagation(); toggle(node.id); } }, icon('next')) : h('span', { class: 'twist' }),
      isRoot ? h('b', null, name) : link(`runs/${node.id}`, name), below ? h('span', { class: 'muted' }, ` (${below})`) : null],
    name, below, isOpen);
    row.firstElementChild.style.setProperty('--level', level - 1);
    cell(() => status(node.status), node.status);
    cell(() => now, now);
    row.children[2].title = node.error ?? node.goal ?? '';
    cell(() => count(node.turns), node.turns);
    cell(() => count(what.steps), what.steps);
    cell(() => node.own?.usd ? usd(node.own.usd) : '–', node.own?.usd);
    cell(() => [cost, ' ', isRoot ? h('span', { class: 'bar none' }) : bar(part, 1)], cost, part.toFixed(2));
    const old = ageOf(node);
    cell(() => old, old);
    said.set(row, after);
    if (focused && focused !== row && !focused.isConnected) row.focus({ preventScroll: true });
    return row;
  }
  const ageOf = node => node.createdAt ? span(node.completedAt ? Date.parse(node.completedAt) - Date.parse(node.createdAt) :
    Math.floor((now() - Date.parse(node.createdAt)) / 1000) * 1000) : '–';

  function toggle(id) {
    closed.has(id) ? closed.delete(id) : closed.add(id);
    view.set({ closed: [...closed].join(',') });
    draw();
    list.refresh();
  }

  const focus = index => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (!row) return;
    at = row.node.id;
    list.reveal(rows.indexOf(row));
    list.refresh();
    requestAnimationFrame(() => requestAnimationFrame(() => list.element(row.node.id)?.focus({ preventScroll: true })));
  };

  function keys(event) {
    const id = event.target.closest?.('[data-key]')?.dataset.key;
    const index = rows.findIndex(row => row.node.id === id);
    if (index < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const { node, level, below } = rows[index];
    const act = {
      ArrowDown: () => focus(index + 1), ArrowUp: () => focus(index - 1), j: () => focus(index + 1), k: () => focus(index - 1),
        Home: () => focus(0), End: () => focus(rows.length - 1),
      ArrowRight: () => below && closed.has(id) ? toggle(id) : below ? focus(index + 1) : null,
      ArrowLeft: () => below && !closed.has(id) ? toggle(id) :
        focus(rows.findLastIndex((row, i) => i < index && row.level < level)),
      Enter: () => node.id !== store.id && go(`runs/${node.id}`),
      c: () => cancel(node), p: () => attempt(() => post(`runs/${node.id}/${node.status === 'paused' ? 'resume' : 'pause'}`),
        node.status === 'paused' ? 'Resumed' : 'Paused'),
    }[event.key];
    if (!act || event.key === 'Enter' && event.target.closest('a, button')) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  async function cancel(node) {
    if (await dialog(`Cancel ${node.name ?? node.agent}?`, h('p', null, 'It and its own sub-agents end; its lead is told.'),
      { confirm: 'Cancel it', kind: 'danger', cancel: 'Keep it' })) await attempt(() => post(`runs/${node.id}/cancel`),
      'It is being cancelled.');
  }

  // Nobody reads faster than that, and where it is much work it is done less often: a twentieth of the time at most.
  let due = 0, cost = 0;
  const redraw = () => {
    due = 0;
    const begun = performance.now();
    requestAnimationFrame(() => { const shown = performance.now(); setTimeout(() => { cost = drawn + performance.now() - shown; }); });
    draw();
    const drawn = performance.now() - begun;
  };
  leave(store.on('tree', () => { due ||= setTimeout(redraw, Math.min(2000, Math.max(120, cost * 20))); }));
  let asked = 0;
  leave(store.on('tools', () => { asked ||= setTimeout(() => { asked = 0; load().catch(() => {}); }, 1000); }));
  leave(() => { clearTimeout(due); clearTimeout(asked); });
  try {
    await load();
  } catch (e) {
    set(panel, fault(e));
  }
}
