// A list of any length, of which only the rows in view are made. Rows are kept by key, so that a change moves nothing.

import { coalesce, h } from './h.js';

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
    for (let i = first; i < Math.min(last, items.length); i++) {
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
    // What has the focus is kept even out of view; losing it would throw a keyboard's user to the top.
    for (const [id, { element }] of made) {
      if (!wanted.has(id) && (id !== active || !items.some(item => key(item) === id))) {
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
