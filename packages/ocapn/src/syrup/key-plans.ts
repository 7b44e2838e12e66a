/**
 * The order in which a struct's keys are written. Canonical Syrup sorts by the encoded key, length
 * prefix included: `b` comes before `aa`, and a key of ten bytes before one of two. Sorting costs
 * more than writing the values, and the same few shapes are sent again and again, so the order is
 * remembered per key list.
 */
import { LIMITS, type Limits } from '../limits.ts';
import { encodedAtom } from './text.ts';
import { compareBytes } from './values.ts';

/** One key list, sorted. */
export interface KeyPlan {
  /** The keys as `Object.keys` listed them. */
  readonly listed: readonly string[];
  readonly sorted: readonly PlannedKey[];
}
/** A key and its encoding. */
export interface PlannedKey {
  readonly name: string;
  readonly encoded: Uint8Array;
}

/**
 * Remembers at most `keyPlans` plans, direct mapped: a new shape evicts the one in its slot and no
 * other.
 */
export class KeyPlans {
  readonly #slots = new Map<number, KeyPlan>();
  readonly #limits: Limits;
  readonly #isByText: boolean;
  /** For who wants the other order. */
  #others: KeyPlans | undefined;
  #last: KeyPlan | undefined;

  constructor(limits: Limits = LIMITS, isByText = false) {
    this.#limits = limits;
    this.#isByText = isByText;
  }
  /**
   * `isByText`: in the order of JavaScript's strings, as Endo has it.
   * @throws Encode when a key holds a lone surrogate
   */
  plan(keys: readonly string[], isByText = false): KeyPlan {
    if (isByText !== this.#isByText)
      return (this.#others ??= new KeyPlans(this.#limits, isByText)).plan(keys, isByText);
    // The rows of a table have one shape: it is compared before anything is searched for.
    if (this.#last === undefined || !sameKeys(this.#last.listed, keys))
      this.#last = this.#find(keys);
    return this.#last;
  }

  #find(keys: readonly string[]): KeyPlan {
    const slot = shapeHash(keys) % this.#limits.keyPlans;
    const known = this.#slots.get(slot);
    if (known !== undefined && sameKeys(known.listed, keys)) return known;
    const plan = makePlan(keys, this.#isByText);
    let bytes = 0;
    for (const key of plan.sorted) bytes += key.encoded.length;
    if (bytes <= this.#limits.keyPlanBytes) this.#slots.set(slot, plan);
    return plan;
  }
}

/** Lengths and first letters tell shapes apart well enough; a collision costs one sort. */
const shapeHash = (keys: readonly string[]): number => {
  let hash = keys.length;
  for (const key of keys) {
    hash = (Math.imul(hash, 31) + key.length * 128 + (key.length > 0 ? key.charCodeAt(0) : 0)) | 0;
  }
  return hash >>> 0;
};

const sameKeys = (a: readonly string[], b: readonly string[]): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

const makePlan = (keys: readonly string[], isByText: boolean): KeyPlan => {
  const sorted = keys.map((name) => ({ name, encoded: encodedAtom(name, '"') }));
  if (isByText) sorted.sort((a, b) => (a.name < b.name ? -1 : 1));
  else sorted.sort((a, b) => compareBytes(a.encoded, b.encoded));
  return { listed: keys, sorted };
};
