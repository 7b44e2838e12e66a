/** What a page of `herd help` consists of. */
import type { OptionName } from '../grammar/grammar.ts';

/** A command line, and what it does. */
export type Example = readonly [command: string, about: string];
/** The page of one action. */
export interface Page {
  /** Sentences, wrapped by whoever shows them. */
  readonly text: string;
  readonly examples: readonly Example[];
  /** Options that mean something else to it than to most: each with what its value is called, and all that is said. */
  readonly options?: Readonly<{ [N in OptionName]?: string }>;
}
