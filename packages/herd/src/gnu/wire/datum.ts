/**
 * What the S-expressions of GNU Shepherd's protocol stand for.
 *
 *     Scheme            here                        Scheme          here
 *     #t #f             boolean                     (a b), ()       array
 *     1, beyond 2^53    number, bigint              (a . b)         Dotted
 *     1.5 +inf.0        Real                        #(a b)          Vector
 *     "text"            string                      #:word          Keyword
 *     word              Sym
 */

/** A symbol. */
export class Sym {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}
/** A keyword, `#:name` for example. */
export class Keyword {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}
/** A number that is not exact. */
export class Real {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}
/** A list that ends in something else than the empty list: at least one item, and a tail that is no list. */
export class Dotted {
  readonly items: readonly Datum[];
  readonly tail: Datum;
  constructor(items: readonly Datum[], tail: Datum) {
    this.items = items;
    this.tail = tail;
  }
}
/** A vector. */
export class Vector {
  readonly items: readonly Datum[];
  constructor(items: readonly Datum[]) {
    this.items = items;
  }
}
/** One value; a number is a whole one that is exact. */
export type Datum =
  boolean | number | bigint | string | Sym | Keyword | Real | Dotted | Vector | readonly Datum[];

/** A symbol. */
export const sym = (name: string): Sym => new Sym(name);
/** Items and what follows them, as Scheme sees it: a tail that is a list is part of the list. */
export const listOf = (items: readonly Datum[], tail: Datum): Datum => {
  if (items.length === 0) return tail;
  if (Array.isArray(tail)) return [...items, ...(tail as readonly Datum[])];
  return tail instanceof Dotted
    ? new Dotted([...items, ...tail.items], tail.tail)
    : new Dotted(items, tail);
};
