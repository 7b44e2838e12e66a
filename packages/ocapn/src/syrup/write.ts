import type { Limits } from '../limits.ts';
import type { Sym } from './values.ts';

/** Writes what the writer itself does not know: references. */
export interface References {
  /**
   * Writes `value` with `out`, or returns false when it is nothing of its own. What it puts in place of a value (a
   * settled vow) is written by `out.value(it, this, depth)`, with the depth that was given.
   */
  write(value: object, out: Writer, depth: number): boolean;
}
/** One growing buffer of whole frames. */
export declare class Writer {
  constructor(limits?: Limits, capacity?: number);
  /** Bytes written since the last `take`, an open frame included. */
  get length(): number;
  /** Opens a frame behind those already there. */
  begin(): void;
  /** Takes back the frame that was begun, also after a throw. */
  cancel(): void;
  /** What was written since the last `take`, owned by the caller. */
  take(): Uint8Array;
  /** @throws Encode, Limit */
  value(value: unknown, references: References | undefined, depth?: number): void;
  /** Copies bytes that are Syrup already. */
  raw(bytes: Uint8Array): void;
  boolean(value: boolean): void;
  /** A safe integer. */
  integer(value: number): void;
  text(value: string): void;
  symbol(name: string): void;
  octets(value: Uint8Array): void;
  open(label: Sym): void;
  close(): void;
}
/** @throws Encode, Limit */
export declare const encode: (value: unknown) => Uint8Array;
