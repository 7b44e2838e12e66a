/**
 * Values as what they are made of, for a trace that may be shown around: kinds, lengths and counts, references by
 * number. Of a text or of bytes nothing is ever shown but how long they are: a swissnum, the URI of a sturdyref, the
 * argument of an action and a line of a log are all of them, and nothing tells a secret from a name.
 *
 *     plain    [struct(6) import-object 7 string(11) int list(2)[bytes(32) bool]]
 *     open     [struct(6){operation:string(12) hops:list(0)} import-object 7 string(11) 42 list(2)[bytes(32) true]]
 *
 * `open` adds what a protocol is made of: numbers, truth values, symbols, labels and the names of fields.
 */
import { LIMITS } from '../limits.ts';
import { Descriptor, Envelope } from '../wire/operations.ts';
import { Dictionary, isStruct, Sym, SyrupRecord, SyrupSet } from '../syrup/values.ts';

/** How much of values is shown. */
export type TraceDetail = 'plain' | 'open';

/** The shape of a list of arguments, of bounded length. */
export const shapeOf = (args: readonly unknown[], detail: TraceDetail): string => {
  const shape = new Shape(detail);
  shape.items('[', args, ']', 0);
  return shape.text;
};

class Shape {
  text = '';
  readonly #isOpen: boolean;
  constructor(detail: TraceDetail) {
    this.#isOpen = detail === 'open';
  }
  items(before: string, items: readonly unknown[], after: string, depth: number): void {
    this.#add(before);
    for (let at = 0; at < items.length && !this.#isFull; at += 1) {
      if (at > 0) this.#add(' ');
      if (at === LIMITS.traceItems) {
        this.#add(`+${items.length - at}`);
        break;
      }
      this.#value(items[at], depth + 1);
    }
    this.#add(after);
  }
  #value(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'undefined':
        return this.#add('void');
      case 'string':
        return this.#add(`string(${value.length})`);
      case 'boolean':
        return this.#add(this.#isOpen ? String(value) : 'bool');
      case 'number':
        return this.#add(this.#isOpen ? String(value) : Number.isInteger(value) ? 'int' : 'double');
      case 'bigint':
        return this.#add('bigint');
      default:
        return value === null ? this.#add('null') : this.#object(value as object, depth);
    }
  }
  #object(value: object, depth: number): void {
    if (value instanceof Uint8Array) return this.#add(`bytes(${value.length})`);
    if (value instanceof Descriptor) return this.#add(`${value.kind} ${value.position}`);
    if (value instanceof Envelope) return this.#add(`gift(${value.bytes.length})`);
    if (value instanceof Sym) return this.#add(this.#isOpen ? `'${short(value.name)}` : 'symbol');
    if (Array.isArray(value)) return this.#several('list', value, depth);
    if (value instanceof SyrupSet) return this.#several('set', value.items, depth);
    if (value instanceof Dictionary) return this.#add(`dictionary(${value.entries.length})`);
    if (value instanceof SyrupRecord) return this.#record(value, depth);
    if (isStruct(value)) return this.#struct(Object.entries(value), depth);
    this.#add('?');
  }
  #several(kind: string, items: readonly unknown[], depth: number): void {
    this.#add(`${kind}(${items.length})`);
    if (items.length > 0 && depth < LIMITS.traceDepth) this.items('[', items, ']', depth);
  }
  #record({ label, fields }: SyrupRecord, depth: number): void {
    const name = this.#isOpen && label instanceof Sym ? `<${short(label.name)}>` : 'record';
    this.#several(name, fields, depth);
  }
  #struct(fields: readonly (readonly [string, unknown])[], depth: number): void {
    this.#add(`struct(${fields.length})`);
    if (fields.length === 0 || depth >= LIMITS.traceDepth) return;
    if (!this.#isOpen) return;
    this.#add('{');
    for (let at = 0; at < fields.length && !this.#isFull; at += 1) {
      const [name, value] = fields[at] ?? ['', undefined];
      if (at > 0) this.#add(' ');
      if (at === LIMITS.traceItems) {
        this.#add(`+${fields.length - at}`);
        break;
      }
      this.#add(`${short(name)}:`);
      this.#value(value, depth + 1);
    }
    this.#add('}');
  }
  get #isFull(): boolean {
    return this.text.length >= LIMITS.traceCharacters;
  }
  #add(text: string): void {
    if (this.#isFull) return;
    this.text += text;
    if (this.#isFull) this.text = `${this.text.slice(0, LIMITS.traceCharacters)}…`;
  }
}

const short = (name: string): string =>
  name.length <= LIMITS.traceNameCharacters ? name : `(${name.length})`;
