/**
 * A look at the logs of LevelDB before it reads them itself. It drops what does not match its checksum, and whatever
 * follows in that block, without a word: what was acknowledged would be gone, and the rest would look whole.
 *
 *     the log ends within its last batch           a crash in the middle of a write: nobody was told; taken
 *     a batch is broken, and a whole one follows   damage: refused
 *
 * Only one batch is written at a time, and synced before the next. A batch that is broken with none behind it may
 * also be one that was acknowledged and has rotted since: that cannot be told from here.
 *
 * The format (doc/log_format.md of LevelDB): blocks of 32 KiB of records {masked CRC-32C of type and data (4 bytes),
 * length (2), type (1), data}; a batch is one FULL record, or FIRST, MIDDLE…, LAST.
 */
import type { Crc } from './crc.ts';

const blockBytes = 32_768;
const headBytes = 7;
const fullType = 1;
const firstType = 2;
const lastType = 4;

/** Whether nothing is broken in a log but, perhaps, its last batch. */
export const isSoundLog = (log: Uint8Array, crc: Crc): boolean => {
  const reader = new LogReader(log, crc);
  let at = 0;
  while (at < log.length) {
    const length = reader.lengthAt(at);
    if (length === undefined) return !reader.beginsBehind(at);
    at += length;
  }
  return true;
};

/** The records of a log one after the other, as far as they are whole: those that LevelDB reads. */
export function* recordsOf(log: Uint8Array, crc: Crc): Generator<Uint8Array> {
  const reader = new LogReader(log, crc);
  let pieces: Uint8Array[] = [];
  for (let at = 0; at < log.length;) {
    const length = reader.lengthAt(at);
    if (length === undefined) return;
    const type = length < headBytes ? undefined : log[at + 6];
    if (type === fullType || type === firstType) pieces = [];
    if (type !== undefined) pieces.push(log.subarray(at + headBytes, at + length));
    if (type === fullType || type === lastType) yield Buffer.concat(pieces);
    at += length;
  }
}

class LogReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #crc: Crc;

  constructor(bytes: Uint8Array, crc: Crc) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#crc = crc;
  }

  /** Bytes of the record that begins here, or of the rest of a block that has no room for one; undefined: broken. */
  lengthAt(at: number): number | undefined {
    const left = blockBytes - (at % blockBytes);
    if (left < headBytes) return left;
    const type = this.#bytes[at + 6];
    if (type === undefined || type < fullType || type > lastType) return undefined;
    const length = this.#view.getUint16(at + 4, true);
    const end = at + headBytes + length;
    if (headBytes + length > left || end > this.#bytes.length) return undefined;
    const isWhole = this.#view.getUint32(at, true) === this.#crc.masked(this.#bytes, at + 6, end);
    return isWhole ? headBytes + length : undefined;
  }

  /** Whether a batch begins anywhere behind this place. */
  beginsBehind(at: number): boolean {
    for (let next = at + 1; next + headBytes <= this.#bytes.length; next += 1) {
      const type = this.#bytes[next + 6];
      const isBegin = type === fullType || type === firstType;
      if (isBegin && blockBytes - (next % blockBytes) >= headBytes)
        if (this.lengthAt(next) !== undefined) return true;
    }
    return false;
  }
}
