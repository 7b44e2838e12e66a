import type { Limits } from '../limits.ts';
import type { Operation } from './operations.ts';

/** Reads operations out of chunks. One serves all sessions of a router: it keeps nothing of a peer but its caches. */
export declare class OperationReader {
  constructor(limits?: Limits);
  /**
   * Reads one record at `from`, which may take `recordBytes`. `owned`: the bytes belong to the reader of the frame, so
   * that long byte strings may be views of it; else everything is copied.
   * @returns undefined when the record goes on behind the chunk: then nothing has happened.
   * @throws Decode, Limit
   */
  read(bytes: Uint8Array, from: number, recordBytes: number, owned: boolean): Operation | undefined;
  /** The offset behind the record that was read last. */
  get end(): number;
}
