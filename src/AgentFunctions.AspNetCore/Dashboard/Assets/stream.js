// Server-sent events over fetch, which unlike EventSource can send headers. One stream a page; hidden tabs hold none.

import { apiUrl, credentials, needSignIn, net, on, problem } from './api.js';
import { learnClock } from './h.js';

const SILENCE = 40_000;
const SLOTS = 4;
const POLL = 10_000;
const IDLE = 15 * 60_000;
const IDLE_POLL = 60_000;

// A page that nobody has touched for a while costs little: where nothing works either, it looks once a minute.
let touched = Date.now();
const resting = new Set();
for (const type of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'focus']) {
  window.addEventListener(type, () => {
    touched = Date.now();
    for (const wake of resting) wake();
  }, { capture: true, passive: true });
}

/** Whether nobody has touched the page for a while. */
export const isIdle = () => Date.now() - touched > IDLE;

/**
 * Follows a stream. `path(last)` gives its address; `onEvent({type, data, id})` gets each event; `onState(state)` hears
 * connecting, live, polling, resting, down, ended, gone, refused; `poll(last)` reads the same without a stream, for the fifth visible
 * tab, and for a page that is idle while nothing is `busy()`.
 */
export function follow({ path, onEvent, onState = () => {}, poll, last = null, onProblem = () => {}, busy = () => true }) {
  let closed = false, controller = null, release = null, timer = 0, failures = 0, running = false, calm = false, lastId = last;

  async function run() {
    if (running || closed || document.hidden) return;
    running = true;
    while (!closed && !document.hidden) {
      const rests = mayRest();
      if (rests) {
        release?.();
        release = null;
      }
      if (rests || !release && !(release = await slot())) {
        if (!poll) { await pause(POLL); continue; }
        onState(rests ? 'resting' : 'polling');
        try {
          lastId = await poll(lastId) ?? lastId;
        } catch (e) {
          if (isFinal(e)) { onState('refused'); onProblem(e); close(); break; }
          onState('down');
        }
        const wakeUp = () => wake?.();
        if (rests) resting.add(wakeUp);
        await pause(rests ? IDLE_POLL : POLL);
        resting.delete(wakeUp);
        continue;
      }
      try {
        const end = await read();
        if (end === 'ended') { onState('ended'); close(); break; }
        failures = 0;
        // It has said that it ends: the next one goes on where it stood.
        calm = end !== null;
        await pause(end ?? 500);
      } catch (e) {
        calm = false;
        if (closed || document.hidden) break;
        // The page itself ended it, to begin anew or to rest.
        if (e.name === 'AbortError') { await pause(200); continue; }
        if (e.status === 401) { await needSignIn(); continue; }
        if (isFinal(e)) { onState('gone'); onProblem(e); close(); break; }
        onState('down');
        if (!e.status) net.lost();
        await (net.since ? back() : pause(Math.min(30_000, 1000 * 2 ** failures++) * (0.7 + Math.random() * 0.6)));
      }
    }
    running = false;
    release?.();
    release = null;
  }

  async function read() {
    controller = new AbortController();
    if (!calm) onState('connecting');
    let watchdog = 0;
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => controller?.abort(new Error('silence')), SILENCE);
    };
    alive();
    try {
      const response = await fetch(apiUrl(path(lastId)), {
        signal: controller.signal, credentials: 'same-origin', cache: 'no-store',
        headers: { Accept: 'text/event-stream', ...credentials(), ...(lastId !== null && { 'Last-Event-ID': String(lastId) }) },
      });
      learnClock(response.headers.get('Date'));
      if (response.status === 204) return 'ended';
      if (!response.ok) throw await problem(response);
      net.found();
      onState('live');
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = '', type = '', data = [], id = null, wait = null;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        alive();
        const lines = (rest + value).split('\n');
        rest = lines.pop();
        for (const raw of lines) {
          const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
          if (line === '') {
            if (data.length) {
              if (id !== null) lastId = id;
              const event = { type: type || 'message', data: JSON.parse(data.join('\n')), id };
              if (event.type === 'stream.ends') {
                wait = event.data.retryMs ?? 1000;
                if (event.data.reason === 'runEnded') { onEvent(event); return 'ended'; }
              }
              onEvent(event);
            }
            type = ''; data = []; id = null;
          } else if (line.startsWith('data:')) data.push(line.slice(5).trimStart());
          else if (line.startsWith('event:')) type = line.slice(6).trim();
          else if (line.startsWith('id:')) id = line.slice(3).trim();
        }
      }
      // A stream that ends without a word: the host went away, or it closed the stream after its lifetime.
      if (wait === null) await net.probeNow();
      return wait;
    } finally {
      clearTimeout(watchdog);
      controller = null;
    }
  }

  function back() {
    return new Promise(resolve => {
      const off = on('back', () => { off(); wake = null; resolve(); });
      wake = () => { off(); resolve(); };
    });
  }

  let wake = null;
  function pause(ms) {
    return new Promise(resolve => {
      timer = setTimeout(resolve, ms);
      wake = () => { clearTimeout(timer); resolve(); };
    });
  }

  function visibility() {
    if (document.hidden) {
      controller?.abort();
      wake?.();
    } else run();
  }

  const mayRest = () => Boolean(poll) && isIdle() && !busy();
  const look = setInterval(() => mayRest() && controller?.abort(), IDLE_POLL);

  function close() {
    closed = true;
    clearInterval(look);
    controller?.abort();
    wake?.();
    document.removeEventListener('visibilitychange', visibility);
    window.removeEventListener('pagehide', close);
  }

  document.addEventListener('visibilitychange', visibility);
  window.addEventListener('pagehide', close);
  run();
  return { close, reconnect: () => controller?.abort(), get last() { return lastId; } };
}

/** Whether to ask again is in vain. A host that is put anew, or has too much to do, is asked again. */
const isFinal = e => Boolean(e.status) && e.status < 500 && e.status !== 408 && e.status !== 429;

/** One of four places for streams of this origin; null if all are taken. Resolves with what gives it back. */
async function slot() {
  if (!navigator.locks) return () => {};
  for (let i = 0; i < SLOTS; i++) {
    const release = await new Promise(resolve => {
      navigator.locks.request(`agentfunctions-stream-${i}`, { ifAvailable: true }, lock => lock
        ? new Promise(done => resolve(done))
        : resolve(null)).catch(() => resolve(() => {}));
    });
    if (release) return release;
  }
  return null;
}
