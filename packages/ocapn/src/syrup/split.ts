import type { Limits } from '../limits.ts';
/** Finds where a record ends that comes in pieces. One per connection. */
export declare class Splitter {
  constructor(limits?: Limits);
  /** Forgets what was seen; the next record may take so many bytes. */
  begin(recordBytes: number): void;
  /** The offset behind the record's last byte, or -1 when it goes on in the next chunk. @throws Decode, Limit */
  scan(chunk: Uint8Array, from: number): number;
}
