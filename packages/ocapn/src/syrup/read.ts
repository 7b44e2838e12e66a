import type { Limits } from '../limits.ts';
import type { Sym } from './values.ts';

/** Reads records that mean something to a protocol. */
export interface RecordForms {
  read(label: Sym, reader: Reader, start: number, depth: number): unknown;
}
export declare class Reader {
  constructor(forms?: RecordForms, pinned?: readonly Sym[], limits?: Limits);
}
/** Exactly one value. @throws Decode, Limit */
export declare const decode: (bytes: Uint8Array) => unknown;
