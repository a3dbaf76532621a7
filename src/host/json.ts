// Reads the JSON that iproute2 prints. Every surprise is a WasmtablesError('HOST') that names the file.

import { WasmtablesError } from '../error.ts';

/** Parses; a syntax error says line and column. */
export function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const offset = errorOffset(text);
    const before = text.slice(0, offset);
    const line = before.split('\n').length;
    const start = before.lastIndexOf('\n') + 1;
    const end = text.indexOf('\n', start);
    // One line may be the whole file: show what is around the place.
    const from = Math.max(start, offset - 60);
    const shown = text.slice(from, Math.min(end < 0 ? text.length : end, from + 100));
    const column = offset - start + 1;
    throw new WasmtablesError('HOST', 'this is not JSON', {
      place: { file, line, column, text: shown, caret: offset - from + 1 },
      hint: 'iproute2\'s "ip -json ..." prints it',
      cause,
    });
  }
}

/** A mark, a string, or another plain value. Control characters cannot stand in strings. */
const TOKEN =
  /[ \t\r\n]*(?:([[\]{},:])|("(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null))/uy;

/** Where a text stops being JSON: offset of the first token that cannot stand there. */
function errorOffset(text: string): number {
  const open: string[] = [];
  // What may come: a value, a key, ':' behind a key, or ',' and the closing bracket behind a value.
  let expected: 'value' | 'key' | 'colon' | 'after' = 'value';
  let empty = false;
  let at = 0;
  for (;;) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    const space = /[ \t\r\n]*/y;
    space.lastIndex = at;
    space.exec(text);
    const start = space.lastIndex;
    if (match === null) return Math.min(start, text.length);
    const [, mark, quoted] = match;
    const scope = open.at(-1);
    const closes = (mark === ']' && scope === '[') || (mark === '}' && scope === '{');
    if (closes && (expected === 'after' || empty)) {
      open.pop();
      expected = 'after';
    } else if (expected === 'value' && (mark === '[' || mark === '{')) {
      open.push(mark);
      expected = mark === '[' ? 'value' : 'key';
      empty = true;
      at = TOKEN.lastIndex;
      continue;
    } else if (expected === 'value' && mark === undefined) {
      expected = 'after';
    } else if (expected === 'key' && quoted !== undefined) {
      expected = 'colon';
    } else if (expected === 'colon' && mark === ':') {
      expected = 'value';
    } else if (expected === 'after' && mark === ',' && scope !== undefined) {
      expected = scope === '[' ? 'value' : 'key';
    } else {
      return start;
    }
    empty = false;
    at = TOKEN.lastIndex;
  }
}

/** An object of a file, with typed access to its fields. */
export class Entry {
  readonly #fields: Readonly<Record<string, unknown>>;
  /** `route.json: entry 3`, for messages. */
  readonly where: string;

  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new WasmtablesError('HOST', `${where}: this is not an object`);
    }
    this.#fields = value as Record<string, unknown>;
    this.where = where;
  }

  fail(message: string, hint?: string): never {
    throw new WasmtablesError('HOST', `${this.where}: ${message}`, { hint });
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#fields, name);
  }

  #field(name: string): unknown {
    return this.has(name) ? this.#fields[name] : undefined;
  }

  string(name: string): string | undefined {
    const value = this.#field(name);
    if (value === undefined || typeof value === 'string') return value;
    return this.fail(`"${name}" is not a string`);
  }

  /** A whole number in [0, most], as a number or as text (`0x10`). */
  number(name: string, most: number): number | undefined {
    const value = this.#field(name);
    if (value === undefined) return undefined;
    const number = typeof value === 'string' && value !== '' ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= most)
      return number;
    return this.fail(`"${name}" is not a number from 0 to ${most}`);
  }

  strings(name: string): readonly string[] {
    const value = this.#field(name);
    if (value === undefined) return [];
    if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
    return this.fail(`"${name}" is not a list of strings`);
  }

  entry(name: string): Entry | undefined {
    const value = this.#field(name);
    return value === undefined ? undefined : new Entry(value, `${this.where}: "${name}"`);
  }

  entries(name: string): Entry[] {
    const value = this.#field(name);
    return value === undefined ? [] : toEntries(value, `${this.where}: "${name}"`);
  }
}

/** The objects of a list; empty ones, which `ip` prints for what its filters leave out, are passed over. */
export function toEntries(value: unknown, where: string): Entry[] {
  if (!Array.isArray(value)) throw new WasmtablesError('HOST', `${where}: this is not a list`);
  return value
    .map((one: unknown, place): [unknown, number] => [one, place + 1])
    .filter(([one]) => !(typeof one === 'object' && one !== null && Object.keys(one).length === 0))
    .map(([one, place]) => new Entry(one, `${where}: entry ${place}`));
}
