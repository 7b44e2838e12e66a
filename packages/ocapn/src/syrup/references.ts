/** What a writer asks about values that it does not know how to write by itself. */
import type { Writer } from './write.ts';

/** Writes references, and what one reader spells otherwise than Syrup has it. */
export interface References {
  /**
   * Writes `value` with `out`, or returns false when it is nothing of its own. What it puts in
   * place of a value is written by `out.value(it, this, depth)` with the depth that
   * was given, so that a cycle ends at the depth limit. It must not begin a frame: one is open.
   */
  write(value: object, out: Writer, depth: number): boolean;
  /**
   * As `write`, for null, -0, records, sets, dictionaries, and objects that Syrup has no form for.
   * Absent: all are written as Syrup has them. @throws Encode for what the reader could not read
   */
  spell?(value: object | number | null, out: Writer, depth: number): boolean;
  /** Whether the keys of structs stand in the order of their text, and not of their bytes. */
  readonly sortsByText?: boolean;
}
