/**
 * Thousands of services say the same of most things: where they run, with what environment, how they are stopped. What
 * is equal is there once (performance row 23, npm run bench -- shepherd).
 */

/** The same plain data, in which parts that are equal are one: nobody may change any of it. */
export const withEqualParts = <T>(data: T): T => new Parts().one(data) as T;

class Parts {
  /** By what they are made of. */
  readonly #known = new Map<string, unknown>();
  readonly #ids = new Map<unknown, number>();

  one(part: unknown): unknown {
    if (typeof part === 'string') return this.#first(`"${part}`, part);
    if (Array.isArray(part)) {
      const items = part.map((each: unknown) => this.one(each));
      return this.#first(`[${items.map((each) => this.#id(each)).join()}`, items);
    }
    if (typeof part !== 'object' || part === null) return part;
    const entries = Object.entries(part).map(([name, each]) => [name, this.one(each)] as const);
    const made = entries.map(([name, each]) => `${this.#id(this.one(name))}:${this.#id(each)}`);
    return this.#first(`{${made.join()}`, Object.fromEntries(entries));
  }

  #first<P>(key: string, part: P): P {
    if (!this.#known.has(key)) this.#known.set(key, part);
    return this.#known.get(key) as P;
  }
  /** Of a part that is the first of its kind. */
  #id(part: unknown): number {
    const id = this.#ids.get(part) ?? this.#ids.size;
    this.#ids.set(part, id);
    return id;
  }
}
