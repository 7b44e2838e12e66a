/** What is fuzzed: a function of bytes over the real code, which throws when a rule is broken. */

/** One function, and what it needs to be fuzzed well. */
export interface Target {
  readonly name: string;
  /** The longest input that is tried, in bytes. */
  readonly maxBytes: number;
  /**
   * Blocks of our own code that an input may take, as V8 counts them, see `coverage.ts`: so many for each run and so many
   * for each byte. Whatever takes more makes work for us that its sender has not.
   */
  readonly blocksPerRun: number;
  readonly blocksPerByte: number;
  /** Bytes that mean something here, to be put in as they are. */
  readonly words: readonly Uint8Array[];
  /** Inputs in order, to begin with. */
  readonly seeds: () => readonly Uint8Array[];
  /**
   * Tries one input. The same input always does the same.
   * @returns what came of it, in a few words of a small vocabulary: an input with a new one is worth keeping
   * @throws anything, where a rule is broken
   */
  readonly run: (input: Uint8Array) => ReadonlySet<string>;
}

/** A rule that an input has broken. */
export class Broken extends Error {
  constructor(rule: string, options?: ErrorOptions) {
    super(rule, options);
    this.name = 'Broken';
  }
}

/** @throws Broken */
export const must = (isSo: boolean, rule: string): void => {
  if (!isSo) throw new Broken(rule);
};

/** What is the same about two failures: their first words, without numbers and whatever was found. */
export const kindOf = (error: unknown): string => {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return `${name}: ${fewWords(message)}`;
};
/** The beginning of a text of ours, without what somebody else has put into it. */
export const fewWords = (text: string): string =>
  text
    .replace(/(["'`]).*/s, 'Q')
    .split(/\s+/)
    .slice(0, 8)
    .map((word) => (/^[a-z,:;()-]+$/i.test(word) ? word : 'N'))
    .join(' ');
