// JSON schemas as fields, and arguments side by side. Values keep their types.

import { append, field, h, json, tag, tryParse } from './h.js';

let made = 0;

/**
 * A form of a flat object schema: string, integer, number, boolean, one of, several of; anything else as JSON.
 * `value()` gives what was entered, or undefined after it has marked what is wrong.
 */
export function schemaForm(schema, initial = {}, { onchange = () => {}, bare = false } = {}) {
  const properties = Object.entries(schema?.properties ?? {});
  const required = new Set(schema?.required ?? []);
  const inputs = properties.map(([name, part]) => [name, input(name, part, initial[name] ?? part.default, required.has(name),
    onchange, bare)]);
  return {
    el: h('div', { class: 'schema-form' }, inputs.map(([, one]) => one.el)),
    fields: new Map(inputs),
    value() {
      const values = {};
      let first = null;
      for (const [name, one] of inputs) {
        const { value, error } = one.read();
        one.fault(error);
        if (error) first ??= one;
        else if (value !== undefined) values[name] = value;
      }
      first?.focus();
      return first ? undefined : values;
    },
    /** Marks the field that a problem names. */
    fault(detail) {
      const found = inputs.find(([name]) => new RegExp(`(^|[^\\w])${escaped(name)}([^\\w]|$)`).test(
        detail));
      found?.[1].fault(detail);
      found?.[1].focus();
      return Boolean(found);
    },
  };
}

const optionsOf = part => part?.oneOf?.map(one => [one.const, one.title ?? one.const]) ??
  part?.anyOf?.filter(one => 'const' in one).map(one => [one.const, one.title ?? one.const]) ??
  part?.enum?.map((value, i) => [value, part.enumNames?.[i] ?? String(value)]);

function bounds(part) {
  const parts = [];
  if (part.minimum !== undefined && part.maximum !== undefined) parts.push(`${part.minimum} to ${part.maximum}`);
  else if (part.minimum !== undefined) parts.push(`at least ${part.minimum}`);
  else if (part.maximum !== undefined) parts.push(`at most ${part.maximum}`);
  if (part.maxLength) parts.push(`at most ${part.maxLength} characters`);
  if (part.minItems || part.maxItems) parts.push(`choose ${part.minItems ?? 0} to ${part.maxItems ?? 'any'}`);
  return parts.join(', ');
}

/** One field of a schema: {el, read, fault, focus}. */
export function input(name, part = {}, initial, isRequired, onchange = () => {}, bare = false) {
  const type = Array.isArray(part.type) ? part.type.find(one => one !== 'null') : part.type;
  const label = part.title ?? name;
  const help = [part.description, bounds(part)].filter(Boolean).join(' · ');
  const choices = optionsOf(part);
  const id = `s${++made}`;
  const missing = () => isRequired ? `${label}: fill this in.` : undefined;
  const wrap = (element, read) => {
    const root = bare ? h('div', { class: 'field' }, element, h('p', { class: 'field-error', role: 'alert' })) :
      field([label, isRequired ? '' : ' (optional)'], element, { help, id });
    if (bare) {
      element.setAttribute('aria-label', label);
      root.fault = text => { root.lastElementChild.textContent = text ?? '';
        element.setAttribute('aria-invalid', text ? 'true' : 'false'); };
    }
    element.addEventListener('input', onchange);
    if (isRequired) element.setAttribute('aria-required', 'true');
    return { el: root, read, fault: text => root.fault(text), focus: () => element.focus() };
  };

  if (choices || (type === 'array' && optionsOf(part.items))) {
    const several = !choices, options = choices ?? optionsOf(part.items),
      chosen = new Set(several ? initial ?? [] : initial === undefined ? [] : [initial]);
    const error = h('p', { class: 'field-error', role: 'alert', id: `${id}-error` });
    const boxes = options.map(([value, text]) => ({ value, box: h('input',
      { type: several ? 'checkbox' : 'radio', name: id, checked: chosen.has(value), onchange }), text }));
    const set = h('fieldset', { class: 'field', 'aria-describedby': `${id}-error` },
      h('legend', { class: bare ? 'sr' : null }, label, isRequired ? '' : ' (optional)'), help &&
      h('p', { class: 'field-help' }, help),
      boxes.map(({ box, text }) => h('label', { class: 'choice' }, box, h('span', null, String(text)))), error);
    return {
      el: set, focus: () => boxes[0]?.box.focus(), fault: text => { error.textContent = text ?? ''; },
      read() {
        const values = boxes.filter(({ box }) => box.checked).map(({ value }) => value);
        if (!values.length) return { error: isRequired ? `${label}: choose ${several ? 'at least one' : 'one'}.` : undefined,
          value: undefined };
        if (several && part.minItems > values.length) return { error: `${label}: choose at least ${part.minItems}.` };
        if (several && part.maxItems < values.length) return { error: `${label}: choose at most ${part.maxItems}.` };
        return { value: several ? values : values[0] };
      },
    };
  }
  if (type === 'boolean') {
    const box = h('input', { type: 'checkbox', checked: Boolean(initial), onchange, 'aria-label': bare ? label : null });
    return {
      el: h('div', { class: 'field' }, h('label', { class: 'choice' }, box, bare ? (initial === undefined ? '' : 'yes') : label),
        help && !bare && h('p', { class: 'field-help' }, help)), fault() {}, focus: () => box.focus(),
      read: () => ({ value: box.checked }),
    };
  }
  if (type === 'integer' || type === 'number') {
    const element = h('input', { type: 'text', inputmode: type === 'integer' ? 'numeric' : 'decimal',
      value: initial === undefined || initial === null ? '' : String(initial) });
    const one = wrap(element, () => {
      const text = element.value.trim();
      if (!text) return { error: missing() };
      const value = Number(text);
      if (Number.isNaN(value)) return { error: `${label}: enter a number.` };
      if (type === 'integer' && !Number.isInteger(value)) return { error: `${label}: enter a whole number.` };
      if (value < (part.minimum ?? -Infinity)) return { error: `${label}: at least ${part.minimum}.` };
      if (value > (part.maximum ?? Infinity)) return { error: `${label}: at most ${part.maximum}.` };
      return { value };
    });
    one.el.classList.add('narrow');
    return one;
  }
  if (type === 'string' || type === undefined && (initial === undefined || typeof initial === 'string')) {
    const long = (part.maxLength ?? 0) > 200 || String(initial ?? '').length > 60 || String(initial ?? '').includes('\n');
    const kind = { email: 'email', uri: 'url', date: 'date' }[part.format] ?? 'text';
    const element = long ? h('textarea', { value: initial ?? '', rows: '3' }) : h('input', { type: kind, value: initial ?? '' });
    return wrap(element, () => {
      const value = element.value;
      if (!value.trim() && initial === undefined) return { error: missing() };
      if (value.length < (part.minLength ?? 0)) return { error: `${label}: at least ${part.minLength} characters.` };
      if (value.length > (part.maxLength ?? Infinity)) return { error: `${label}: at most ${part.maxLength} characters.` };
      if (value && !element.checkValidity()) return { error: `${label}: this is not a valid ${part.format ?? 'value'}.` };
      return { value };
    });
  }
  const element = h('textarea', { class: 'code', spellcheck: 'false', value: initial === undefined ? '' :
    JSON.stringify(initial, null, 2), rows: '4' });
  return wrap(element, () => {
    if (!element.value.trim()) return { error: missing() };
    const value = tryParse(element.value);
    return value === null && element.value.trim() !== 'null' ? { error: `${label}: this is not valid JSON.` } : { value };
  });
}

const escaped = text => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const typeOf = value => value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' :
  typeof value;
const equal = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** What the tool's schema says of an argument, as far as the value fits it; else what the value is. */
function partOf(schema, name, value) {
  const part = schema?.properties?.[name], type = typeOf(value), types = [part?.type].flat();
  const fits = optionsOf(part)?.some(([option]) => equal(option, value)) ?? (types.includes(type) || type === 'integer' &&
    types.includes('number'));
  return fits ? { ...part, title: name } : { type, title: name };
}

/**
 * Arguments as asked beside one's own. `patch()` gives a merge patch of the changed fields alone, so that masked or cut
 * values never overwrite the true ones; undefined if a field is wrong.
 */
export function argumentDiff(asked, { editable = true, original, schema, masked = [], onchange = () => {} } = {}) {
  const rows = [];
  const root = h('div', { class: 'diff' }, h('div', { class: 'dh' }, 'argument'),
    h('div', { class: 'dh' }, original ? 'as the model asked' : 'asked'),
    h('div', { class: 'dh' }, original ? 'changed to' : editable ? 'yours' : ''));
  const value = part => part === undefined ? h('span', { class: 'muted' }, 'not given') : typeof part === 'string' &&
    part.length < 80 && !part.includes('\n') ? h('code', null, part) : typeof part === 'object' && part !== null ||
    typeof part === 'string' ? json(part) : h('code', null, String(part));
  for (const name of Object.keys(asked ?? {})) {
    const isMasked = masked.some(({ path }) => path === '$' || new RegExp(`^\\$\\.${escaped(name)}(?![\\w-])`).test(path));
    if (original) {
      const changed = !equal(original[name], asked[name]);
      append(root, [h('div', { class: `key ${changed ? 'changed' : ''}` }, name),
        h('div', { class: changed ? 'changed asked' : 'asked' }, value(original[name])),
        h('div', { class: changed ? 'changed' : '' }, value(asked[name]))]);
      continue;
    }
    const own = editable && !isMasked ? input(name, partOf(schema, name, asked[name]), asked[name], false, () =>
      mark(), true) : null;
    const key = h('div', { class: 'key' }, name, schema?.properties && !schema.properties[name] && tag('not declared', 'wait')),
      before = h('div', { class: 'asked' }, value(asked[name])),
      after = h('div', null, own ? own.el : isMasked ? h('span', { class: 'muted' }, 'hidden here; stays as it is') : '');
    append(root, [key, before, after]);
    const mark = () => {
      const { value: now, error } = own.read();
      const changed = !error && now !== undefined && !equal(now, asked[name]);
      key.classList.toggle('changed', changed);
      before.classList.toggle('changed', changed);
      after.classList.toggle('changed', changed);
      onchange();
    };
    // What a field reads untouched may differ from what was asked, such as no text for null: that is no change.
    if (own) rows.push({ name, own, untouched: own.read().value });
  }
  return {
    el: root,
    patch() {
      const changes = {};
      let wrong = false;
      for (const { name, own, untouched } of rows) {
        const { value: now, error } = own.read();
        const patch = error || equal(now, untouched) ? {} :
          patchOf({ [name]: asked[name] }, now === undefined ? {} : { [name]: now });
        own.fault(error ?? (patch ? undefined : `${name}: ${noNull}`));
        if (error || !patch) wrong = true;
        else Object.assign(changes, patch);
      }
      return wrong ? undefined : changes;
    },
    fault(detail) { rows.find(({ name }) => detail.includes(name))?.own.fault(detail); },
  };
}

/** Why a change to null is none that can be sent. */
export const noNull = 'null cannot be put in place of a value; leave the field out to delete it.';
const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value);
const fitsPatch = value => value !== null && (!isObject(value) || Object.values(value).every(fitsPatch));

/**
 * The merge patch (RFC 7396) from an object to another, down to the members that differ; what is gone is null in it.
 * undefined if there is none: a member that becomes null, which a patch would delete.
 */
export function patchOf(before, after) {
  const patch = {};
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) patch[name] = null;
  for (const [name, value] of Object.entries(after)) {
    const was = Object.hasOwn(before, name) ? before[name] : undefined;
    if (equal(was, value)) continue;
    if (!isObject(was) || !isObject(value)) {
      if (!fitsPatch(value)) return undefined;
      patch[name] = value;
      continue;
    }
    const part = patchOf(was, value);
    if (!part) return undefined;
    if (Object.keys(part).length) patch[name] = part;
  }
  return patch;
}

/** Applies a merge patch to an object. */
export function merged(target, patch) {
  const result = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = isObject(value) && isObject(result[name]) ? merged(result[name], value) : value;
  }
  return result;
}

export const risk = level => tag({ low: 'Low', medium: 'Medium', high: 'High' }[level] ?? level,
  { low: 'quiet', medium: 'wait', high: 'bad' }[level], level === 'high' ? 'incident' : null);
