/**
 * One target for a while.
 *
 *     corpus ──pick──► mutate ──► run ──► a new word, or code that never ran   ──► into the corpus
 *                                    ├──► more work than its bytes are worth  ──► a finding
 *                                    └──► it throws                          ──► a finding, made small
 */
import type { Coverage, Taken } from './coverage.ts';
import { minimise } from './minimise.ts';
import { mutate, type Stock } from './mutate.ts';
import type { Random } from './random.ts';
import { Broken, kindOf, type Target } from './target.ts';

/** Runs between two looks at the coverage. */
const BATCH_COUNT = 64;
/** The newest inputs, which one in two mutants comes from. */
const NEWEST_COUNT = 32;

/** An input that breaks a rule. */
export interface Finding {
  readonly kind: string;
  readonly error: unknown;
  readonly input: Uint8Array;
}

/** What a campaign needs of its surroundings. */
export interface Powers {
  readonly random: Random;
  /** Undefined: nothing is known of the code; new words alone make inputs worth keeping. */
  readonly coverage: Coverage | undefined;
  /** Told before each run. */
  readonly note: (input: Uint8Array) => void;
}

/** The state of one target's campaign. */
export class Campaign {
  readonly target: Target;
  readonly corpus: Uint8Array[] = [];
  readonly words = new Set<string>();
  readonly findings = new Map<string, Finding>();
  runCount = 0;
  /** The most blocks that a run took, as a part of what it might have taken. */
  most = 0;
  /** Blocks of a run, on average. */
  #usualCount = 0;
  readonly #powers: Powers;
  readonly #stock: Stock;

  constructor(target: Target, powers: Powers) {
    this.target = target;
    this.#powers = powers;
    this.#stock = {
      random: powers.random,
      words: target.words,
      maxBytes: target.maxBytes,
      other: () => powers.random.pick(this.corpus),
    };
  }
  /** Takes in inputs, as far as they add something. */
  begin(inputs: readonly Uint8Array[]): void {
    for (const input of inputs) this.#alone(input);
    if (this.corpus.length === 0) this.corpus.push(new Uint8Array(0));
  }
  /** Tries a batch of mutants. */
  step(): void {
    const batch = Array.from({ length: BATCH_COUNT }, () => mutate(this.#parent(), this.#stock));
    const taken = this.#together(batch);
    if (taken === undefined) return;
    const isNews = this.#isNews(batch, taken);
    this.#usualCount += (taken.blockCount / BATCH_COUNT - this.#usualCount) / 8;
    if (!isNews) return;
    this.#search(batch);
    // What no single run shows again, such as a cache that was full: known from now on.
    this.#powers.coverage?.learn(taken);
  }

  /** Runs some, and looks at once at what all of them have reached. */
  #together(inputs: readonly Uint8Array[]): Taken | undefined {
    for (const input of inputs) if (this.#run(input)) this.#keep(input);
    return this.#powers.coverage?.take();
  }
  /** Whether some have reached something new, or worked so much that one of them may have worked too much. */
  #isNews(inputs: readonly Uint8Array[], { newCount, blockCount }: Taken): boolean {
    const excess = this.#allowed(this.target.maxBytes);
    return newCount > 0 || blockCount > inputs.length * this.#usualCount + excess;
  }
  /** Finds those among some inputs that have reached something new, or work too much. */
  #search(inputs: readonly Uint8Array[]): void {
    const middle = inputs.length >> 1;
    if (middle === 0) return inputs.forEach((input) => this.#alone(input));
    for (const half of [inputs.slice(0, middle), inputs.slice(middle)]) {
      const taken = this.#together(half);
      if (taken !== undefined && this.#isNews(half, taken)) this.#search(half);
    }
  }
  #keep(input: Uint8Array): void {
    if (!this.corpus.includes(input)) this.corpus.push(input);
  }
  /** Runs one input and looks what it alone has reached. */
  #alone(input: Uint8Array): void {
    const { coverage } = this.#powers;
    const isNew = this.#run(input);
    const taken = coverage?.take();
    if (taken !== undefined) this.#weigh(input, taken.blockCount);
    if (taken !== undefined && taken.newCount > 0) coverage?.learn(taken);
    if (isNew || (taken?.newCount ?? 0) > 0) this.#keep(input);
  }
  #weigh(input: Uint8Array, blockCount: number): void {
    const allowed = this.#allowed(input.length);
    this.most = Math.max(this.most, blockCount / allowed);
    if (blockCount <= allowed) return;
    const rule = `${input.length} bytes took ${blockCount} blocks, more than ${allowed}`;
    this.#found(input, new Broken(rule));
  }
  #allowed(byteCount: number): number {
    return this.target.blocksPerRun + byteCount * this.target.blocksPerByte;
  }
  /** Whether it said something new. */
  #run(input: Uint8Array): boolean {
    this.runCount += 1;
    this.#powers.note(input);
    try {
      const before = this.words.size;
      for (const word of this.target.run(input)) this.words.add(word);
      return this.words.size > before;
    } catch (error) {
      this.#found(input, error);
      return false;
    }
  }
  #found(input: Uint8Array, error: unknown): void {
    const kind = kindOf(error);
    if (this.findings.has(kind)) return;
    const fails = (smaller: Uint8Array): boolean => {
      this.#powers.note(smaller);
      try {
        this.target.run(smaller);
        return false;
      } catch (another) {
        return kindOf(another) === kind;
      }
    };
    const small = fails(input) ? minimise(input, fails) : input;
    this.findings.set(kind, { kind, error: this.#traced(small) ?? error, input: small });
  }
  /** What it throws, with the stack. */
  #traced(input: Uint8Array): unknown {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 30;
    try {
      this.target.run(input);
      return undefined;
    } catch (error) {
      return error;
    } finally {
      Error.stackTraceLimit = limit;
    }
  }
  #parent(): Uint8Array {
    const { random } = this.#powers;
    const { length } = this.corpus;
    const from = random.below(2) === 0 ? Math.max(0, length - NEWEST_COUNT) : 0;
    return this.corpus[from + random.below(length - from)] ?? new Uint8Array(0);
  }
}
