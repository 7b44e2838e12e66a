/** What a store stands on: values in the order of their keys, changed whole batches at a time. */
import type { Pauses } from './slices.ts';
import type { Changes } from './record.ts';

/** An open database. One writer, one write at a time. */
export interface Shelf {
  /**
   * Makes all changes or none, and settles once no loss of power can take them. After a rejection it is unknown
   * which of the two became of them, and this shelf takes no more: it is closed and opened anew. With pauses they are
   * handed over in slices; nobody changes them meanwhile.
   * @throws DiskFailed
   */
  write(changes: Changes, pauses?: Pauses): Promise<void>;
  /** The values of some keys, in their order. @throws DiskFailed */
  get(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>;
  /**
   * Everything whose key begins so, as it is at the time of the call, whatever is written meanwhile.
   * @throws DiskFailed, DamagedState
   */
  read(prefix: string): AsyncIterable<readonly [string, Uint8Array]>;
  /** Idempotent; never rejects. */
  close(): Promise<void>;
}
/** A place where a database may be: opens it, and makes an empty one where there is none. */
export interface ShelfPlace {
  /** For messages and hints. */
  readonly name: string;
  /** @throws DamagedState, DiskFailed */
  open(): Promise<Shelf>;
}
