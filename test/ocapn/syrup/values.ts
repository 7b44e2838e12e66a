/** Seeded values of every kind that Syrup can say, and what a test needs around them. */
import fc from 'fast-check';
import { LIMITS, type Limits } from '../../../packages/ocapn/src/limits.ts';
import { incomplete, Reader } from '../../../packages/ocapn/src/syrup/read.ts';
import {
  Dictionary,
  Sym,
  SyrupRecord,
  SyrupSet,
} from '../../../packages/ocapn/src/syrup/values.ts';
import { Writer } from '../../../packages/ocapn/src/syrup/write.ts';

/** Printed with a failure by fast-check; fixed, so that every run sees the same values. */
export const SEED = 20_260_801;

const bytes = fc.uint8Array({ maxLength: 40 });
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: 'binary-ascii', maxLength: 90 }),
);
const symbol = text.map((name) => new Sym(name));
const key = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toString', '0', '10', ''));
const atom = fc.oneof(
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.integer(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }).filter((value) => !safe(value)),
  text,
  symbol,
  bytes,
  fc.constantFrom(undefined, null, -0, Number.NaN, Number.MAX_SAFE_INTEGER),
);
const safe = (value: bigint): boolean => Number.isSafeInteger(Number(value));

/** Any value that is read as it was written. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    atom,
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .array(fc.tuple(key, tie('value')), { maxLength: 5 })
      .map((entries) => struct(Object.fromEntries(entries))),
    fc
      .tuple(symbol, fc.array(tie('value'), { minLength: 1, maxLength: 4 }))
      .map(([label, fields]) => new SyrupRecord(label, fields)),
    atom.map((item) => new SyrupSet([item])),
    fc.tuple(symbol, tie('value')).map((entry) => new Dictionary([entry])),
  ),
})).value;

/** The same own properties, without a prototype: what a struct is read as. */
export const struct = (from: object): object => {
  const made = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(from)) made[name] = value;
  return made;
};

export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
export const fromLatin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

/** One value with limits of the test's own; undefined stands for a value that is not all there. */
export const readWith = (
  bytes: Uint8Array,
  limits: Partial<Limits>,
): { readonly value: unknown; readonly end: number } | undefined => {
  const all = { ...LIMITS, cacheSlots: 64, ...limits };
  const reader = new Reader(undefined, [], all);
  reader.begin(bytes, 0, all.recordBytes, false);
  try {
    const value = reader.value(0);
    return { value, end: reader.at };
  } catch (error) {
    if (error !== incomplete) throw error;
    reader.refuseTooLong();
    return undefined;
  }
};

export const writeWith = (value: unknown, limits: Partial<Limits>): Uint8Array => {
  const out = new Writer({ ...LIMITS, ...limits }, 64);
  out.begin();
  out.value(value, undefined);
  out.end();
  return out.take();
};
