// The shell: addresses, navigation, keyboard, sign-in, and what is said about the host.

import { button, clockTime, dialog, field, h, icon, moment, plural, set, setText } from './h.js';
import { get, kept, net, on, readSession, root, session, signIn, signOut } from './api.js';
import { isIdle } from './stream.js';

const SCREENS = [
  [/^$/, () => import('./runs.js'), 'runs', 'Runs'],
  [/^runs\/([^/]+)$/, () => import('./run.js'), 'runs', 'Run'],
  [/^start$/, () => import('./start.js'), 'runs', 'Start a run'],
  [/^inbox$/, () => import('./inbox.js'), 'inbox', 'Inbox'],
  [/^(approvals)(?:\/([^/]+))?$/, () => import('./inbox.js'), 'approvals', 'Approvals'],
  [/^(questions)(?:\/([^/]+))?$/, () => import('./inbox.js'), 'questions', 'Questions'],
  [/^(reviews)$/, () => import('./operate.js'), 'reviews', 'Reviews'],
  [/^(incidents)(?:\/([^/]+))?$/, () => import('./operate.js'), 'incidents', 'Incidents'],
  [/^(monitors)(?:\/([^/]+))?$/, () => import('./operate.js'), 'monitors', 'Monitors'],
  [/^(kill)$/, () => import('./operate.js'), 'kill', 'Kill switch'],
  [/^(life)$/, () => import('./operate.js'), 'life', 'Data and keys'],
  [/^agents(?:\/([^/]+))?$/, () => import('./start.js'), 'agents', 'Agents'],
  [/^policy$/, () => import('./start.js'), 'policy', 'Policy'],
  [/^usage$/, () => import('./usage.js'), 'usage', 'Usage'],
  [/^signed-in$/, () => import('./oidc.js'), '', 'Signing in'],
];

// The shell has the places and an empty main part, so that they are there before any script is.
const [main, side, more] = ['#main', '#side', '#more'].map(one => document.querySelector(one));
const bands = h('div', { class: 'bands', role: 'region', 'aria-label': 'About this host' });
const said = h('div', { role: 'status', class: 'sr' });
const toasts = h('div', { class: 'toasts', role: 'log', 'aria-label': 'Messages' });
const counts = new Map();
const places = [];
const who = h('span', { class: 'who-name' });

/** Says something to screen readers, politely. */
export const say = text => setText(said, text);

/** Shows a short message for some seconds. */
export function toast(text, tone = 'good', ...more) {
  const note = h('div', { class: `toast tone-${tone}` }, icon(tone === 'bad' ? 'failed' : 'completed'), h('span', null, text),
    more);
  toasts.append(note);
  setTimeout(() => note.remove(), tone === 'bad' ? 12_000 : 6_000);
}

/** Runs an action and shows what went wrong, if anything did. */
export async function attempt(action, done) {
  try {
    const result = await action();
    if (done) toast(typeof done === 'function' ? done(result) : done);
    return result;
  } catch (e) {
    toast(e.detail ?? e.message, 'bad');
    return undefined;
  }
}

/** What stands in a screen's place when it cannot be shown. */
export function fault(problem, retry) {
  const titles = { 401: 'Sign in to see this', 403: 'This is not yours to see', 404: 'There is nothing here',
    410: 'This was erased', 423: 'This is held', 429: 'Too many requests', offline: 'Not connected' };
  const title = titles[problem.status ?? problem.code] ?? 'This could not be read';
  return h('section', { class: 'fault', 'aria-label': title }, h('h2', null, title),
    h('p', null, problem.detail ?? problem.message),
    h('p', { class: 'muted mono' }, problem.code, problem.traceId && [' · trace ', problem.traceId]),
    h('div', { class: 'buttons' }, retry && ![403, 404, 410].includes(problem.status) && button('Try again', retry),
      button('Back to runs', () => go(''))));
}

// Addresses. All state of a view is in the query string, so Back and a copied address show the same.
let current = null;

/** The page's address below the dashboard's root, without slashes around it. */
const here = () => decodeURI(location.pathname.slice(root.pathname.length)).replace(/\/$/, '');

export function go(to, { replace = false } = {}) {
  const url = new URL(to, root);
  if (url.href === location.href) return;
  history[replace ? 'replaceState' : 'pushState']({ depth: (history.state?.depth ?? 0) + (replace ? 0 : 1) }, '', url);
  render();
}

/** One step back, or to a place if the page was opened here. */
export function back(fallback = '') {
  history.state?.depth > 0 ? history.back() : go(fallback);
}

async function render(isBack = false) {
  const path = here();
  const found = screenAt(path);
  const params = Object.fromEntries(new URLSearchParams(location.search));
  if (current && found && current.path === path && current.screen?.update) {
    current.params = params;
    current.screen.update(params);
    return;
  }
  for (const leave of current?.leaves ?? []) leave();
  told = false;
  closeMenu();
  const view = current = {
    path, params, isBack, match: found?.match ?? [], el: h('div', { class: 'screen' }), leaves: [], keys: {}, screen: null,
      heading: found?.title ?? 'Not found',
    get live() { return current === view; },
    leave: action => view.leaves.push(action),
    title: text => { if (view.live) { view.heading = text; titleOf(); } },
    /** Changes the query string; null removes. */
    set(changes, { push = false } = {}) {
      const next = { ...view.params };
      for (const [name, value] of Object.entries(changes)) {
        if (value === null || value === undefined || value === '' || value === false) delete next[name];
        else next[name] = String(value);
      }
      view.params = next;
      const url = new URL(location.href);
      url.search = new URLSearchParams(next).toString();
      if (url.href !== location.href) history[push ? 'pushState' : 'replaceState'](
        { depth: (history.state?.depth ?? 0) + (push ? 1 : 0) }, '', url);
    },
  };
  for (const [element, place] of places) {
    if (place === found?.place || (place === 'inbox' && ['approvals', 'questions'].includes(found?.place))) element.setAttribute(
      'aria-current', 'page');
    else element.removeAttribute('aria-current');
  }
  titleOf();
  set(main, view.el);
  main.scrollTop = 0;
  window.scrollTo(0, 0);
  if (!found) {
    view.el.append(h('h1', null, 'Nothing here'), fault({ status: 404, detail: 'No screen has this address.',
      code: 'notFound' }));
    return;
  }
  const skeleton = setTimeout(() => {
    if (!view.live || view.el.childElementCount) return;
    const loading = h('div', { class: 'loading' }, h('h1', { class: 'sr' }, view.heading),
      h('div', { class: 'skeleton', 'aria-hidden': 'true' }, [1, 2, 3, 4].map(() => h('span'))));
    view.el.append(loading);
    // What comes takes its place at once: a screen has one heading.
    new MutationObserver((_, self) => { self.disconnect(); loading.remove(); }).observe(view.el, { childList: true });
  }, 150);
  try {
    const module = await found.load();
    if (!view.live) return;
    const screen = await module.mount(view);
    if (!view.live) return;
    view.screen = screen ?? {};
  } catch (e) {
    if (!view.live) return;
    if (e instanceof TypeError && /module|import/i.test(e.message)) {
      if (await isNewer()) return set(view.el, h('h1', null, view.heading));
    }
    set(view.el, h('h1', null, view.heading), fault(e, () => { current = null; render(); }));
    if (!e.status && e.code !== 'offline') console.error(e);
  } finally {
    clearTimeout(skeleton);
    view.el.querySelector(':scope > .loading')?.remove();
  }
}

function titleOf() {
  const waiting = [...counts.values()].reduce((sum, count) => sum + (count.mine ?? 0), 0);
  document.title = `${waiting ? `(${waiting}) ` : ''}${current?.heading ?? ''} · AgentFunctions`;
}

history.scrollRestoration = 'manual';
window.addEventListener('popstate', () => render(true));
document.addEventListener('click', event => {
  const anchor = event.target.closest?.('a.in');
  if (!anchor || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  go(anchor.href);
});

// A newer version: the file of this version is gone. Modules of two versions are never mixed.
async function isNewer() {
  const response = await fetch(new URL('app.js', import.meta.url), { method: 'HEAD', cache: 'no-store' }).catch(() => null);
  if (response?.status !== 404) return false;
  band('version', 'warn', 'A newer version is served.', button('Reload', () => location.reload()));
  return true;
}

// Bands above everything: rehearsal, connection, version.
const shown = new Map();
function band(name, tone, ...content) {
  shown.get(name)?.remove();
  shown.delete(name);
  if (!content.length) return;
  const element = h('div', { class: `band tone-${tone}`, role: tone === 'bad' ? 'alert' : null, data: { band: name } }, content);
  shown.set(name, element);
  bands.append(element);
}

let countdown = 0;
on('net', () => {
  clearInterval(countdown);
  if (!net.since) {
    if (shown.has('net')) say('Connected again.');
    band('net');
    return;
  }
  const next = h('span');
  const tick = () => setText(next, `Next try in ${Math.max(0, Math.ceil((net.next - Date.now()) / 1000))} s`);
  if (shown.has('net')) shown.get('net').querySelector('.next').replaceChildren(next);
  else band('net', 'bad', icon('failed'), h('span', null,
    `Not connected since ${clockTime(net.since)}. What you see is from then.`),
    h('span', { class: 'next', 'aria-hidden': 'true' }, next), button('Now', () => net.probe(), { kind: 'small' }));
  tick();
  countdown = setInterval(tick, 1000);
});
on('back', () => { readSession().catch(() => {}); isNewer(); refreshCounts(); });

// Sign-in lies over the page: what is being typed below it stays.
on('signin', reason => {
  if (document.querySelector('dialog.signin')) return;
  const keyWay = session.ways.find(way => way.kind === 'key') ?? (session.ways.length ? null : {});
  const others = session.ways.filter(way => way.kind !== 'key');
  const input = h('input', { type: 'password', autocomplete: 'current-password', spellcheck: 'false' });
  const keyField = field('API key', input, { help: 'It is kept in this tab only and is gone when you close it.' });
  const element = h('dialog', { class: 'signin', 'aria-labelledby': 'signin-title', oncancel: event => event.preventDefault() },
    h('form', { novalidate: true, onsubmit: async event => {
      event.preventDefault();
      if (!input.value.trim()) return keyField.fault('Enter a key.');
      submit.setAttribute('aria-busy', 'true');
      try {
        if (await signIn(input.value)) {
          element.close();
          element.remove();
          showSession();
          refreshCounts();
        } else {
          keyField.fault('This key is not known here. Check that it is whole.');
          input.select();
        }
      } catch (e) {
        keyField.fault(e.message);
      } finally {
        submit.removeAttribute('aria-busy');
      }
    } }, brand(), h('h2', { id: 'signin-title' }, 'Sign in'), reason && h('p', null, reason), keyWay && keyField));
  const submit = h('button', { type: 'submit', class: 'button primary' }, 'Sign in');
  const form = element.firstElementChild;
  if (keyWay) form.append(h('div', { class: 'buttons end' }, submit));
  for (const way of others) {
    form.append(way.kind === 'platform'
      ? h('a', { class: 'button', href: new URL(way.login, location.href).origin === location.origin ? way.login : '#' },
        'Sign in with your organisation')
      : button(`Sign in with ${way.name ?? 'your organisation'}`, async () => (await import('./oidc.js')).begin(way)));
  }
  const off = on('key', () => {
    if (!element.isConnected) return off();
    readSession().then(() => { if (session.caller) { element.close(); element.remove(); off(); } }).catch(() => {});
  });
  document.body.append(element);
  element.showModal();
  input.focus();
});

function showSession() {
  const caller = session.caller;
  setText(who, session.host?.export ? 'read-only' : caller ? session.required ? caller.id : `${caller.id} · every role` : 'not signed in');
  who.title = caller?.roles?.length ? `Roles: ${caller.roles.join(', ')}` : '';
  out.hidden = !session.required;
  const taken = session.host?.export;
  if (session.host?.rehearsal && !taken) band('rehearsal', 'warn', icon('model'),
    h('span', null, 'Rehearsal: no model is configured. A script of rules answers, not a language model.'));
  else band('rehearsal');
  if (taken) document.documentElement.dataset.export = '';
  if (taken) band('export', 'wait', icon('file'), h('span', null, 'An exported run, as it was on ', moment(taken.at),
    ` for ${taken.by}. Nothing can be changed here.`));
}
on('session', showSession);

// What waits: counts beside the places, and in the title.
async function refreshCounts() {
  try {
    drawCounts(await get('inbox', { quiet: true }));
  } catch {
    // The connection's bar says it.
  }
}

/** Shows what a stream told of the inbox; while it does, the page need not ask often. */
export function showCounts(inbox) {
  told = true;
  drawCounts(inbox);
}

function drawCounts(inbox) {
  for (const name of ['approvals', 'questions', 'reviews', 'incidents']) {
    const before = counts.get(name)?.n;
    const n = inbox[name] ?? 0;
    counts.set(name, { n, mine: name === 'approvals' || name === 'questions' ? n : 0 });
    if (before === undefined || n <= before) continue;
    if (name === 'approvals') say(`Waiting for you: ${plural(n, 'approval')}.`);
    notice(name, n);
  }
  const sum = (counts.get('approvals')?.n ?? 0) + (counts.get('questions')?.n ?? 0);
  for (const [, place, badge] of places) {
    const n = place === 'inbox' ? sum : counts.get(place)?.n ?? 0;
    badge.hidden = !n;
    setText(badge, n > 99 ? '99+' : String(n));
  }
  titleOf();
}
on('inbox', showCounts);
on('decided', refreshCounts);
let lastCount = 0, told = false;
setInterval(() => {
  if (net.since || Date.now() - lastCount < (told || document.hidden || isIdle() ? 60_000 : 15_000)) return;
  lastCount = Date.now();
  if (session.caller) refreshCounts();
}, 5_000);

// Light and dark.
function theme() {
  const order = ['', 'light', 'dark'];
  const next = order[(order.indexOf(document.documentElement.dataset.theme ?? '') + 1) % 3];
  if (next) document.documentElement.dataset.theme = next;
  else delete document.documentElement.dataset.theme;
  kept('localStorage', 'agentfunctions.theme', next);
  toast(next ? `Theme: ${next}` : 'Theme: as the system');
}
const chosenTheme = kept('localStorage', 'agentfunctions.theme');
if (chosenTheme) document.documentElement.dataset.theme = chosenTheme;

// Notices of the desktop, for those who asked for them, while the page is not in view.
const NOTICES = 'agentfunctions.notices';
const isNoticed = () => kept('localStorage', NOTICES) === 'on' && globalThis.Notification?.permission === 'granted';
function notice(name, n) {
  if (!document.hidden || !isNoticed()) return;
  try {
    const shown = new Notification('AgentFunctions', { body: `Waiting: ${plural(n, name.slice(0, -1))}.`, tag: name });
    shown.onclick = () => { window.focus(); go(name); shown.close(); };
  } catch {
    // Some phones show notices of installed apps alone.
  }
}
async function toggleNotices() {
  if (isNoticed()) kept('localStorage', NOTICES, '');
  else if (await globalThis.Notification?.requestPermission() === 'granted') kept('localStorage', NOTICES, 'on');
  else return toast('The browser does not allow notices of this page.', 'bad');
  bell.setAttribute('aria-pressed', String(isNoticed()));
  return toast(isNoticed() ? 'You get a notice when something waits for you.' : 'Notices are off.');
}
const bell = button('', toggleNotices, { kind: 'icon-button', name: 'bell', title: 'Notices on the desktop',
  'aria-label': 'Notices on the desktop', 'aria-pressed': String(isNoticed()) });

// Keyboard.
const HELP = [
  ['j / k', 'Next and previous row'], ['Enter', 'Open'], ['x', 'Select'], ['/', 'Search'], ['Esc', 'Back'], ['n', 'Start a run'],
  ['g r', 'Runs'], ['g a', 'Approvals'], ['g q', 'Questions'], ['g i', 'Incidents'], ['g m', 'Monitors'], ['g u', 'Usage'],
    ['g p', 'Policy'], ['g k', 'Kill switch'],
  ['1 … 8', 'Tabs of a run'], ['t', 'Theme'], ['?', 'This help'],
];
const GO = { r: '', a: 'approvals', q: 'questions', i: 'incidents', m: 'monitors', u: 'usage', k: 'kill', e: 'reviews',
  n: 'start', g: 'agents', p: 'policy' };
let prefix = 0;
document.addEventListener('keydown', event => {
  const at = event.target;
  const typing = at.isContentEditable || /^(input|textarea|select)$/i.test(at.localName ?? '') &&
    !/^(checkbox|radio|button)$/.test(at.type);
  if (event.key === 'Escape' && typing && !document.querySelector('dialog[open]')) return at.blur();
  if (typing || event.metaKey || event.ctrlKey || event.altKey || document.querySelector('dialog[open]')) return;
  if (Date.now() < prefix && event.key in GO) {
    prefix = 0;
    event.preventDefault();
    return go(GO[event.key]);
  }
  if (event.key === 'g') { prefix = Date.now() + 1500; return; }
  const handler = current?.keys[event.key];
  if (handler && handler(event) !== false) return event.preventDefault();
  if (event.key === '?') {
    event.preventDefault();
    dialog('Keyboard', h('dl', { class: 'keys' }, HELP.map(([keys, what]) =>
      [h('dt', null, keys.split(' ').map(key => h('kbd', null, key))), h('dd', null, what)])), { confirm: 'Close', cancel: '' });
  } else if (event.key === 'Escape') closeMenu() || back();
  else if (event.key === 't') theme();
  else if (event.key === 'n') go('start');
});

function brand() {
  return h('span', { class: 'brand' }, h('span', { class: 'mark', 'aria-hidden': 'true' }), 'AgentFunctions');
}

const out = button('Sign out', signOut, { kind: 'quiet small' });
out.hidden = true;
function closeMenu() {
  const open = side.classList.contains('open');
  side.classList.remove('open');
  more.setAttribute('aria-expanded', 'false');
  return open;
}

function shell() {
  // Its links are relative to the address that was asked; the next one has another depth.
  for (const anchor of document.querySelectorAll('nav a')) anchor.setAttribute('href', anchor.href);
  for (const anchor of document.querySelectorAll('[data-place]')) {
    const badge = h('span', { class: 'badge', hidden: true });
    anchor.prepend(icon(anchor.dataset.icon));
    anchor.append(badge);
    places.push([anchor, anchor.dataset.place, badge]);
  }
  more.prepend(icon('runs'));
  more.addEventListener('click', () => more.setAttribute('aria-expanded', String(side.classList.toggle('open'))));
  side.append(h('div', { class: 'who' }, who, h('div', { class: 'who-tools' }, bell,
    button('', theme, { kind: 'icon-button', name: 'theme', title: 'Light or dark', 'aria-label': 'Light or dark' }), out)));
  document.body.prepend(h('a', { class: 'skip', href: '#main', onclick: event => { event.preventDefault(); main.focus(); } },
    'Skip to content'), bands);
  document.body.append(toasts, said);
}

/** The screen of an address. */
const screenAt = path => SCREENS.map(([pattern, load, place, title]) => ({ match: pattern.exec(path), load, place, title })).find(
  screen => screen.match);

async function start() {
  shell();
  // Its files come while the host says who is there.
  screenAt(here())?.load().catch(() => {});
  new ResizeObserver(() => document.documentElement.style.setProperty('--bands', `${bands.offsetHeight}px`)).observe(bands);
  try {
    await readSession();
  } catch {
    // The connection's bar says it; the session is read again once the host is back.
  }
  await render();
  if (session.caller) refreshCounts();
}

start();
