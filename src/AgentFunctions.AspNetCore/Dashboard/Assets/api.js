// Requests, problems, the session and its key, and whether the host can be reached.

import { learnClock, now } from './h.js';

/** The address of the dashboard, from where this file lies: …/dashboard/-/version/api.js. */
export const root = new URL('../../', import.meta.url);
// Where the runtime is mapped, as the shell says it for the address that was asked; later addresses have other depths.
const host = new URL(document.documentElement.dataset.root || '../', document.documentElement.dataset.root ? location.href :
  root);
const apiRoot = new URL('api/', host);
const KEY = 'agentfunctions.key';

/** An answer that is an error: problem details with a stable code. */
class Problem extends Error {
  constructor(status, body) {
    super(body.detail ?? `The host answered ${status}.`);
    Object.assign(this, { status, code: body.code ?? `http${status}`, detail: body.detail ?? this.message, traceId: body.traceId,
      retryAfter: body.retryAfter });
  }
}

/** The host cannot be reached. */
class Offline extends Error {
  constructor() {
    super('The host cannot be reached.');
    this.code = 'offline';
  }
}

// What the shell and the screens listen to.
const listeners = new Map();
export function on(name, listener) {
  if (!listeners.has(name)) listeners.set(name, new Set());
  listeners.get(name).add(listener);
  return () => listeners.get(name).delete(listener);
}
export function emit(name, value) {
  for (const listener of listeners.get(name) ?? []) listener(value);
}

// The key lives in this tab. Other tabs of this origin are asked for it, so that a person types it once.
let key = kept('sessionStorage', KEY), stays = Boolean(key);
const tabs = 'BroadcastChannel' in window ? new BroadcastChannel('agentfunctions') : null;
tabs?.addEventListener('message', ({ data }) => {
  if (data?.erased) emit('erased', data.erased);
  else if (data === 'key?' && key) tabs.postMessage({ key, stays });
  else if (data?.key && !key) {
    keep(data.key, data.stays);
    emit('key');
    signedIn();
  }
});

/** Reads what the browser keeps for this page, or keeps it; null if there is none. Storage may be off. */
export function kept(where, name, value) {
  try {
    if (value === undefined) return globalThis[where].getItem(name);
    value ? globalThis[where].setItem(name, value) : globalThis[where].removeItem(name);
  } catch {
    // It then lasts as long as the page.
  }
  return null;
}

/** A key that a person typed stays in the tab; a token of an issuer in memory alone. */
function keep(value, inTab) {
  key = value;
  stays = inTab;
  kept('sessionStorage', KEY, inTab ? value : '');
}

/** Tells the other tabs of this origin that a run is being erased. */
export const tellErased = run => tabs?.postMessage({ erased: run });

/** Asks the other tabs of this origin for the key. */
function askTabs() {
  if (!tabs) return Promise.resolve(false);
  return new Promise(resolve => {
    const off = on('key', () => { off(); resolve(true); });
    tabs.postMessage('key?');
    setTimeout(() => { off(); resolve(Boolean(key)); }, 250);
  });
}

/** Who the browser is: {caller, required, ways, host}. `caller` is null for nobody. */
export const session = { caller: null, required: false, ways: [], host: null };

export const may = (...roles) => !session.caller || session.caller.roles?.some(role => role === '*' || role === 'admin' ||
  roles.includes(role)) || !session.caller.roles;

/** Reads the session. */
export async function readSession() {
  const response = await send('GET', 'session', {});
  const found = { caller: null, required: true, ways: [{ kind: 'key' }], host: null,
    ...response.ok && { ways: [], ...await response.json() } };
  // Other tabs are asked only where it takes a key.
  if (!key && found.required && !found.caller && await askTabs()) return readSession();
  Object.assign(session, found);
  emit('session', session);
  return session;
}

/** Tries a key or a token. True if the host knows it. */
export async function signIn(value, inTab = true) {
  const before = [key, stays];
  keep(value.trim(), inTab);
  await readSession();
  if (!session.caller) {
    keep(...before);
    return false;
  }
  tabs?.postMessage({ key, stays });
  signedIn();
  return true;
}

export function signOut() {
  keep(null, false);
  location.assign(root);
}

// While the person signs in, requests wait; then they are sent again, so what was typed is not lost.
let waiting = null, renewal = null;
/** Names what gets a new token without asking the person; it resolves with whether it did. */
export const renewBy = action => { renewal = action; };
export function needSignIn(reason) {
  if (!waiting) {
    waiting = {};
    waiting.done = new Promise(resolve => { waiting.resolve = resolve; });
    const ask = () => waiting && emit('signin', reason ??
      (key ? 'Your key is no longer valid. Sign in to go on; what you typed is kept.' : null));
    renewal ? renewal().then(isDone => isDone || ask(), ask) : ask();
  }
  return waiting.done;
}

/** Sends the requests that waited for a sign-in. */
function signedIn() {
  waiting?.resolve();
  waiting = null;
}

/** The headers that say who asks. */
export const credentials = () => key ? { Authorization: `Bearer ${key}` } : {};

async function send(method, path, { body, headers, signal, accept } = {}) {
  let response;
  try {
    response = await fetch(new URL(path, apiRoot), {
      method, signal, credentials: 'same-origin', redirect: 'error',
      headers: {
        Accept: accept ?? 'application/json', ...credentials(), ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (e) {
    if (e.name === 'AbortError') throw e;
    net.lost();
    throw new Offline();
  }
  net.found();
  learnClock(response.headers.get('Date'));
  return response;
}

/** Sends a request and reads its JSON. Throws Problem or Offline. */
export async function request(method, path, options = {}) {
  for (;;) {
    const response = await send(method, path, options);
    if (response.status === 401 && !options.quiet) {
      await needSignIn();
      continue;
    }
    // What the page asks by itself waits for nobody, but says that the key is no longer valid.
    if (response.status === 401 && key && session.caller) needSignIn();
    if (!response.ok) throw await problem(response);
    if (options.raw) return response;
    return response.status === 204 ? null : await response.json();
  }
}

export async function problem(response) {
  const body = await response.json().catch(() => ({}));
  return new Problem(response.status, { ...body, retryAfter: response.headers.get('Retry-After') });
}

export const get = (path, options) => request('GET', path, options);
export const post = (path, body = {}, options = {}) => request('POST', path, { body, ...options });

/** GET of an address that not every host has, such as its monitors: undefined then, and not asked again. */
const missing = new Set();
export async function tryGet(path, kind = path.split('?')[0], options = {}) {
  if (missing.has(kind)) return undefined;
  try {
    return await get(path, options);
  } catch (e) {
    if (e.status === 404 && (e.code === 'notFound' || e.code === 'http404')) missing.add(kind);
    if (e.status === 404 || e.status === 405 || e.status === 403 || e.status === 501) return undefined;
    throw e;
  }
}

/** A query string of what is set. */
export function query(values) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== null && value !== '' &&
    value !== false) params.set(name, value);
  const text = params.toString();
  return text ? `?${text}` : '';
}

export const apiUrl = path => new URL(path, apiRoot);

/** Downloads a file of the API, by a ticket: what a link asks cannot carry credentials. */
export async function download(path, name) {
  const { url } = await post('tickets', { path: new URL(path, apiRoot).pathname });
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  anchor.click();
}

/** Whether the host can be reached; probes it with growing pauses while it cannot. */
export const net = {
  since: null, next: 0, timer: 0, pause: 1000,
  lost() {
    if (!this.since) {
      this.since = now();
      this.pause = 1000;
      document.documentElement.dataset.net = 'down';
      for (const button of document.querySelectorAll('[data-act]')) button.disabled = true;
      emit('net', this);
      this.plan();
    }
  },
  plan() {
    clearTimeout(this.timer);
    const pause = this.pause * (0.8 + Math.random() * 0.4);
    this.next = Date.now() + pause;
    this.pause = Math.min(this.pause * 2, 30_000);
    this.timer = setTimeout(() => this.probe(), pause);
    emit('net', this);
  },
  async probe() {
    clearTimeout(this.timer);
    if (await isAlive()) this.found();
    else if (this.since) this.plan();
  },
  /** Looks whether the host is there, and says so if it is not. */
  async probeNow() {
    if (!await isAlive()) this.lost();
  },
  found() {
    if (!this.since) return;
    clearTimeout(this.timer);
    this.since = null;
    delete document.documentElement.dataset.net;
    for (const button of document.querySelectorAll('[data-act]')) button.disabled = false;
    emit('net', this);
    emit('back');
  },
};
async function isAlive() {
  try {
    return (await fetch(new URL('health/live', host), { cache: 'no-store' })).ok;
  } catch {
    return false;
  }
}

window.addEventListener('online', () => net.since && net.probe());
window.addEventListener('offline', () => net.lost());
