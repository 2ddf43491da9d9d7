// Elements, untrusted text, numbers and times. Nothing here parses HTML: every node is made by name.

const SVG = 'http://www.w3.org/2000/svg';
// Controls and formatting characters that could make a text look like another one.
const HIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb]|\udb40[\udc00-\udfff]/g;
const MAX_SHOWN = 20_000;

/** Makes an element: h('td', {class: 'num', onclick}, 'text', child). Strings are shown as text, with hidden characters drawn. */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** Makes an SVG element. */
export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'css') for (const [key, part] of Object.entries(value)) element.style.setProperty(key, part);
    else if (name === 'data') Object.assign(element.dataset, value);
    else if (name === 'value' || name === 'checked' || name === 'indeterminate') element[name] = value;
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  append(element, children);
  return element;
}

/** Adds children: nodes, texts, nested arrays; nothing for null and false. */
export function append(parent, children) {
  for (const child of [children].flat(4)) {
    if (child === null || child === undefined || child === false) continue;
    if (child instanceof Node) parent.append(child);
    else appendText(parent, String(child));
  }
  return parent;
}

/** Replaces what an element holds. */
export function set(element, ...children) {
  element.replaceChildren();
  return append(element, children);
}

/** Changes the text of an element only if it differs, so that selections and screen readers are left alone. */
export function setText(element, value) {
  if (element.dataset.said !== value) {
    element.dataset.said = value;
    set(element, value);
  }
}

function appendText(parent, value) {
  HIDDEN.lastIndex = 0;
  if (!HIDDEN.test(value)) {
    parent.append(value);
    return;
  }
  let from = 0;
  HIDDEN.lastIndex = 0;
  for (let match; (match = HIDDEN.exec(value));) {
    parent.append(value.slice(from, match.index));
    const mark = document.createElement('span');
    mark.className = 'hidden-char';
    mark.textContent = `⟨U+${match[0].codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
    parent.append(mark);
    from = match.index + match[0].length;
  }
  parent.append(value.slice(from));
}

/** A long text, cut where a page would suffer, with a button for more. */
export function longText(value, limit = MAX_SHOWN) {
  const text = String(value ?? '');
  if (text.length <= limit) return append(document.createDocumentFragment(), text);
  const rest = h('button', { type: 'button', class: 'link', onclick: () => rest.replaceWith(longText(text.slice(limit), limit)) },
    `Show more (${count(text.length - limit)} characters left)`);
  return append(document.createDocumentFragment(), [text.slice(0, limit), ' ', rest]);
}

const ICONS = {
  running: 'M4 8a4 4 0 1 0 8 0a4 4 0 1 0-8 0', queued: 'M8 3.2v5l3 1.8M8 1.8a6.2 6.2 0 1 0 .01 0',
  waiting: 'M8 3.2v5l3 1.8M8 1.8a6.2 6.2 0 1 0 .01 0', completed: 'M3 8.5l3.3 3.3L13 4.8', failed: 'M4 4l8 8M12 4l-8 8',
  cancelled: 'M8 1.8a6.2 6.2 0 1 0 .01 0M3.8 3.8l8.4 8.4', paused: 'M5.5 3.5v9M10.5 3.5v9',
  budgetExhausted: 'M8 1.8a6.2 6.2 0 1 0 .01 0M8 4.5v4.2M8 11v.4', runs: 'M2.5 4h11M2.5 8h11M2.5 12h7',
    approval: 'M8 1.8l5.2 2v4.4c0 3.2-2.3 5.2-5.2 6-2.9-.8-5.2-2.8-5.2-6V3.8zM5.6 7.9l1.8 1.8 3.2-3.4',
  question: 'M8 1.8a6.2 6.2 0 1 0 .01 0M6.2 6.2c.2-2.4 3.7-2.2 3.6 0-.1 1.3-1.8 1.4-1.8 2.9M8 11.2v.3',
    review: 'M2.5 3h11v8h-6l-3 2.5V11h-2z',
  incident: 'M8 2l6.3 11.4H1.7zM8 6.3v3.4M8 11.4v.3', monitor: 'M1.8 8h2.7l1.8-4.5 3 9 1.9-4.5h3',
    agent: 'M3.2 6h9.6v6.8H3.2zM8 6V3.2M6 8.8v.9M10 8.8v.9M8 2.6v.1', usage: 'M2.5 13.5h11M4.2 13V8.5M8 13V3.5M11.8 13V6.5',
  policy: 'M2.6 4l1.2 1.2L6 2.9M8.5 4.1h5M2.6 8.4l1.2 1.2L6 7.3M8.5 8.5h5M2.6 12.8L3.8 14 6 11.7M8.5 12.9h5',
  kill: 'M8 1.8v6M4.6 4a5.4 5.4 0 1 0 6.8 0', plus: 'M8 3v10M3 8h10', more: 'M3.5 8h.1M8 8h.1M12.4 8h.1',
    copy: 'M5.5 5.5h7.7v7.7H5.5zM10.5 5.3V2.8H2.8v7.7h2.5', back: 'M10 3L5 8l5 5', next: 'M6 3l5 5-5 5',
  search: 'M7 2.5a4.5 4.5 0 1 0 .01 0M10.4 10.4l3.4 3.4', theme: 'M8 1.8a6.2 6.2 0 1 0 .01 0M8 1.8v12.4M10 3v10M12 4.4v7.2',
    message: 'M2.5 3h11v8h-6l-3 2.5V11h-2z', fork: 'M4.5 2.8v10.4M4.5 9.5c0-3 7-1.6 7-5.5M11.5 2.4v.2',
  tool: 'M9.8 3.2a3.2 3.2 0 0 1 3.4 4L7 13.2l-2.4-2.4L10.8 4.6M2.8 13.2l1.8-1.8',
    model: 'M8 2l1.6 4.4L14 8l-4.4 1.6L8 14l-1.6-4.4L2 8l4.4-1.6z',
    person: 'M8 2.3a2.7 2.7 0 1 0 .01 0M2.8 13.8c.6-5.6 9.8-5.6 10.4 0', file: 'M3.5 1.8h6l3 3v9.4h-9zM9.2 2v3.2h3.2',
    bell: 'M3.2 11.5h9.6l-1.3-1.8V6.8a3.5 3.5 0 0 0-7 0v2.9zM6.7 13.4h2.6',
  link: 'M6.5 9.5l3-3M7 4.8l1.8-1.8a3 3 0 0 1 4.2 4.2L11.2 9M9 11.2L7.2 13A3 3 0 0 1 3 8.8L4.8 7',
    life: 'M3 4c0-1.1 2.2-2 5-2s5 .9 5 2-2.2 2-5 2-5-.9-5-2zv8c0 1.1 2.2 2 5 2s5-.9 5-2V4M3 8c0 1.1 2.2 2 5 2s5-.9 5-2',
};

/** A small icon by name; it says nothing to screen readers, the word beside it does. */
export function icon(name, label) {
  const shape = svg('path', { d: ICONS[name] ?? ICONS.running });
  const element = svg('svg', { class: `icon i-${name}`, viewBox: '0 0 16 16', 'aria-hidden': label ? null : 'true', role: label ?
    'img' : null, 'aria-label': label }, shape);
  return element;
}

const STATUS_TONES = {
  queued: 'quiet', running: 'run', waiting: 'wait', paused: 'pause', completed: 'good', failed: 'bad', cancelled: 'quiet',
    budgetExhausted: 'bad',
};

/** Status by icon and word, never by colour alone. The word is that of the API and of the program. */
export function status(value, word) {
  return h('span', { class: `status tone-${STATUS_TONES[value] ?? 'quiet'}` }, icon(value),
    h('span', null, word ?? words(value)));
}

/** A small labelled mark. */
export function tag(text, tone = 'quiet', name) {
  return h('span', { class: `tag tone-${tone}` }, name && icon(name), text);
}

/** A button; with `act` it changes something, so it is off while the page is not connected. */
export function button(label, onclick, { kind = '', act = false, name, off, title, ...rest } = {}) {
  const element = h('button', { type: 'button', class: `button ${kind}`.trim(), title, ...rest }, name && icon(name), label &&
    h('span', null, label));
  if (act) {
    element.dataset.act = '';
    element.disabled = document.documentElement.dataset.net === 'down';
    if ('export' in document.documentElement.dataset) off = 'This is an exported run: nothing can be changed here.';
  }
  if (off) {
    element.dataset.off = '';
    element.setAttribute('aria-disabled', 'true');
    element.title = off;
  }
  element.addEventListener('click', async event => {
    if ('off' in element.dataset || element.disabled || element.getAttribute('aria-busy') === 'true') return;
    element.setAttribute('aria-busy', 'true');
    try {
      await onclick(event);
    } finally {
      element.removeAttribute('aria-busy');
    }
  });
  return element;
}

const root = new URL('../../', import.meta.url);

/** A link inside of the page; `to` is relative to the dashboard's root. */
export function link(to, ...children) {
  return h('a', { href: new URL(to, root).href, class: 'in' }, children);
}

/** A button that copies a text. */
export function copy(value, label = 'Copy') {
  const element = h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label }, icon('copy'));
  element.addEventListener('click', async event => {
    event.stopPropagation();
    await navigator.clipboard?.writeText(value).catch(() => {});
    element.classList.add('done');
    setTimeout(() => element.classList.remove('done'), 1200);
  });
  return element;
}

// Numbers, money, times.
const plain = new Intl.NumberFormat('en-US');
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

export const count = value => plain.format(value ?? 0);
export const short = value => (value ?? 0) < 10_000 ? plain.format(value ?? 0) : compact.format(value);
export const usd = value => value ? value < 0.01 ? '<$0.01' :
  `$${value < 100 ? value.toFixed(2) : plain.format(Math.round(value))}` : '$0';
export const bytes = value => value < 1000 ? `${value} B` : value < 1e6 ? `${(value / 1e3).toFixed(1)} kB` :
  `${(value / 1e6).toFixed(1)} MB`;
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
/** camelCase or dotted names as words. */
export const words = value => { const text = String(value ?? '').replace(/[._-]/g, ' ').replace(/([a-z])([A-Z])/g,
  '$1 $2').toLowerCase(); return text.charAt(0).toUpperCase() + text.slice(1); };
export const shortId = id => id && id.length > 13 ? `${id.slice(0, 5)}…${id.slice(-4)}` : id ?? '';
/** A text on one line, cut at so many characters. */
export const oneLine = (text, limit = 160) => { const line = String(text ?? '').replace(/\s+/g, ' ').trim();
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line; };

/** A span of time as people say it: 8 s, 3 m 20 s, 1 h 12 m, 5 d 3 h. */
export function span(ms) {
  if (!(ms >= 0)) return '–';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const s = Math.floor(ms / 1000), m = Math.floor(s / 60), hours = Math.floor(m / 60), days = Math.floor(hours / 24);
  if (s < 10) return `${(ms / 1000).toFixed(1)} s`;
  if (s < 60) return `${s} s`;
  if (m < 60) return s % 60 && m < 10 ? `${m} m ${s % 60} s` : `${m} m`;
  if (hours < 24) return m % 60 ? `${hours} h ${m % 60} m` : `${hours} h`;
  return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`;
}

/** Milliseconds of an ISO 8601 duration such as PT1H5M or P2D. */
export function duration(text) {
  const match = /^(-)?P(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text ??
    '');
  if (!match) return null;
  const [, minus, d = 0, hours = 0, m = 0, s = 0] = match;
  return (minus ? -1 : 1) * (((+d * 24 + +hours) * 60 + +m) * 60 + +s) * 1000;
}

let clockOffset = 0;
/** Learns the server's clock from an answer's Date header. */
export function learnClock(date) {
  const server = Date.parse(date ?? '');
  if (!Number.isNaN(server) && Math.abs(server - Date.now() - clockOffset) > 1500) clockOffset = server - Date.now();
}
/** Now, by the server's clock. */
export const now = () => Date.now() + clockOffset;

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
export const clockTime = at => clock.format(new Date(at));

/** A moment: local time, UTC on hover. */
export function moment(at) {
  if (!at) return h('span', { class: 'muted' }, '–');
  const date = new Date(at), today = new Date(now()).toDateString() === date.toDateString();
  return h('time', { datetime: date.toISOString(), title: `${date.toISOString().replace('T', ' ').replace(/\.\d+Z/, '')} UTC` },
    (today ? clock : day).format(date));
}

/** An age that counts on by itself; `until` counts down. */
export function age(at, { until = false } = {}) {
  if (!at) return h('span', { class: 'muted' }, '–');
  return h('time', { class: 'age', datetime: at,
    title: `${String(at).replace('T', ' ').replace(/\.\d+Z/, '').replace('Z', '')} UTC`,
    data: { age: Date.parse(at), ...(until && { until: '' }) } }, ageText(Date.parse(at), until));
}

const ageText = (at, until) => until ? at > now() ? span(coarse(at - now())) : 'over' : span(coarse(now() - at));
const coarse = ms => ms < 0 ? 0 : ms < 60_000 ? Math.max(1000, Math.floor(ms / 1000) * 1000) : ms < 3_600_000 ?
  Math.floor(ms / 60_000) * 60_000 : ms;

// One timer for all ages. While the page is not connected it stands still.
setInterval(() => {
  if (document.hidden || document.documentElement.dataset.net === 'down') return;
  for (const element of document.querySelectorAll('time.age')) {
    const text = ageText(+element.dataset.age, 'until' in element.dataset).replace(/\.0 s$/, ' s');
    if (element.textContent !== text) element.textContent = text;
  }
}, 1000);

/** A subset of Markdown as elements: headings, lists, quotes, fences, tables as text, bold, italics, code, links. Never an image. */
export function markdown(source) {
  const root = h('div', { class: 'prose' });
  const text = String(source ?? '');
  if (text.length > 200_000) return append(root, h('pre', null, longText(text)));
  const lines = text.split(/\r?\n/);
  let list = null, paragraph = [];
  const flush = () => {
    if (paragraph.length) root.append(inline(h('p'), paragraph.join('\n')));
    paragraph = [];
  };
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    let match;
    if (line.length > MAX_SHOWN) { flush(); list = null; root.append(h('p', null, longText(line))); continue; }
    if ((match = /^\s*(\x60{3}|~~~)/.exec(line))) {
      flush(); list = null;
      const body = [];
      while (++i < lines.length && !lines[i].trimStart().startsWith(match[1])) body.push(lines[i]);
      root.append(h('pre', { tabindex: '0' }, h('code', null, longText(body.join('\n')))));
    } else if ((match = /^(#{1,6})\s+(.*)/.exec(line))) {
      flush(); list = null;
      root.append(inline(h('p', { class: `heading heading-${match[1].length}` }), match[2]));
    } else if ((match = /^\s*([-*+]|\d+[.)])\s+(.*)/.exec(line))) {
      flush();
      const kind = /\d/.test(match[1]) ? 'ol' : 'ul';
      if (list?.localName !== kind) root.append(list = h(kind));
      list.append(inline(h('li'), match[2]));
    } else if ((match = /^\s*>\s?(.*)/.exec(line))) {
      flush(); list = null;
      const quote = root.lastElementChild?.localName === 'blockquote' ? root.lastElementChild : root.appendChild(h('blockquote'));
      quote.append(inline(h('p'), match[1]));
    } else if (/^\s*\|.*\|\s*$/.test(line)) {
      flush(); list = null;
      const rows = [line];
      while (i + 1 < lines.length && /^\s*\|.*\|\s*$/.test(lines[i + 1])) rows.push(lines[++i]);
      root.append(table(rows));
    } else if (!line.trim()) {
      flush(); list = null;
    } else if (list && /^\s{2,}/.test(line)) {
      inline(list.lastElementChild, `\n${line.trim()}`);
    } else {
      list = null;
      paragraph.push(line);
    }
  }
  flush();
  return root;
}

function table(rows) {
  const cells = row => row.trim().slice(1, -1).split('|').map(cell => cell.trim());
  const head = /^[\s|:-]+$/.test(rows[1] ?? '') ? cells(rows[0]) : null;
  const body = rows.slice(head ? 2 : 0).map(row => h('tr', null, cells(row).map(cell => inline(h('td'), cell))));
  return h('div', { class: 'scroll-x', tabindex: '0', role: 'group', 'aria-label': 'Table' },
    h('table', { class: 'plain' }, head && h('thead', null, h('tr', null,
    head.map(cell => inline(h('th', { scope: 'col' }), cell)))), h('tbody', null, body)));
}

// A run of backticks counts as a whole: else a text of nothing but backticks would be searched anew from each of them.
const INLINE = /(?<!`)(`+)(?!`)([^`]+)\1|\*\*([^*\n]+)\*\*|__([^_\n]+)__|\*([^*\s][^*\n]*)\*|!?\[([^\]\n]{0,400})\]\(([^()\s]+)\)|(https?:\/\/[^\s<>"')\]]+)/g;

function inline(parent, text) {
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    append(parent, text.slice(from, match.index));
    from = match.index + match[0].length;
    const [whole, , code, bold, bold2, italic, label, target, bare] = match;
    if (code) parent.append(h('code', null, code));
    else if (bold ?? bold2) parent.append(h('strong', null, bold ?? bold2));
    else if (italic) parent.append(h('em', null, italic));
    else append(parent, outside(label || bare || target, target ?? bare) ?? whole);
  }
  return append(parent, text.slice(from));
}

/** A link to elsewhere: shows its host, and opens only after a second click. Null unless it is http or https. */
export function outside(label, target) {
  let url;
  try {
    url = new URL(target);
  } catch {
    return null;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  const shown = h('button', { type: 'button', class: 'out' }, label === target ? '' : [label, ' '], h('small', null, url.host));
  shown.addEventListener('click', () => {
    const open = h('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer', class: 'out open' },
      `Open ${url.protocol}//${url.host}${oneLine(url.pathname + url.search, 60)}`);
    shown.replaceWith(open);
    open.focus();
  });
  return shown;
}

/** JSON, or a text, in a box; a long one is cut. */
export function json(value, limit = 4000) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return h('pre', { class: 'json', tabindex: '0' }, longText(text ?? 'null', limit));
}

/** Arguments of a call: a line a field where they are flat, else JSON. */
export function args(value) {
  const parsed = typeof value === 'string' ? tryParse(value) : value;
  if (!parsed || typeof parsed !== 'object' || Array.isArray(parsed)) return json(value);
  const entries = Object.entries(parsed);
  if (!entries.length) return h('p', { class: 'muted' }, 'No arguments');
  return h('dl', { class: 'args' }, entries.map(([name, part]) => [h('dt', null, name),
    h('dd', null, part !== null && typeof part === 'object' ? json(part) : typeof part === 'string' &&
      (part.length > 100 || part.includes('\n')) ? h('pre', { tabindex: '0' }, longText(part, 4000)) : h('code', null,
      String(part)))]));
}

export function tryParse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A bar that shows a part of a whole. */
export function bar(part, whole, label) {
  const share = whole > 0 ? Math.min(1, part / whole) : 0;
  return h('span', { class: `bar ${share > 0.9 ? 'full' : ''}`, role: 'img', 'aria-label': label ??
    `${Math.round(share * 100)} %` }, h('span', { css: { width: `${Math.max(share * 100, part > 0 ? 2 : 0)}%` } }));
}

/** A card with a heading. */
export function card(title, head, ...body) {
  return h('section', { class: 'card', 'aria-label': title }, h('header', null, h('h2', null, title), head),
    h('div', { class: 'body' }, body));
}

/** A line that says something important, by tone and icon. */
export const banner = (tone, image, ...text) => h('div', { class: `banner tone-${tone}`, role: tone === 'bad' ? 'alert' : null },
  icon(image), h('span', null, text));

/** One sentence and what ends the state. */
export function empty(sentence, ...remedy) {
  return h('div', { class: 'empty' }, h('p', null, sentence), remedy);
}

/** Calls a function once after the changes of this task; frames are not enough, since hidden tabs have none. */
export function coalesce(action) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    (document.hidden ? queueMicrotask : requestAnimationFrame)(() => {
      waiting = false;
      action();
    });
  };
}

/** Asks for a word in a dialog. Resolves with what `read` gives, or null if it was closed. */
export function dialog(title, body, { confirm = 'OK', kind = 'primary', read = () => true, cancel = 'Cancel',
  wide = false } = {}) {
  return new Promise(resolve => {
    const error = h('p', { class: 'field-error', role: 'alert' });
    const back = document.activeElement;
    const close = value => { element.close(); element.remove(); back?.isConnected && back.focus(); resolve(value); };
    const ok = h('button', { type: 'submit', class: `button ${kind}`, 'data-act': '' }, confirm);
    const form = h('form', { method: 'dialog', novalidate: true, onsubmit: async event => {
      event.preventDefault();
      ok.setAttribute('aria-busy', 'true');
      try {
        const value = await read();
        if (value !== undefined) close(value);
      } catch (e) {
        set(error, e.detail ?? e.message);
      } finally {
        ok.removeAttribute('aria-busy');
      }
    } }, h('h2', { id: 'dialog-title' }, title), h('div', { class: 'dialog-body' }, body), error,
    h('div', { class: 'buttons end' }, cancel && h('button', { type: 'button', class: 'button', onclick: () => close(null) },
      cancel), confirm && ok));
    const element = h('dialog', { 'aria-labelledby': 'dialog-title', class: wide ? 'wide' : '', oncancel: event =>
      { event.preventDefault(); close(null); } }, form);
    document.body.append(element);
    element.showModal();
    (form.querySelector('input:not([type=hidden]), textarea, select') ?? ok).focus();
  });
}

/** A labelled field with help and error. */
export function field(label, input, { help, id = `f${++fields}`, error } = {}) {
  input.id ||= id;
  const note = h('p', { class: 'field-help', id: `${input.id}-help` }, help);
  const wrong = h('p', { class: 'field-error', id: `${input.id}-error`, role: 'alert' }, error);
  input.setAttribute('aria-describedby', `${input.id}-help ${input.id}-error`);
  const root = h('div', { class: 'field' }, h('label', { for: input.id }, label), input, note, wrong);
  root.fault = text => { set(wrong, text ?? ''); input.setAttribute('aria-invalid', text ? 'true' : 'false'); };
  return root;
}
let fields = 0;
