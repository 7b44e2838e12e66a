/**
 * The chain: each record of the audit is one line that has its number, the digest of the line before it, and its own.
 *
 *     {"number":7,"at":"2026-11-25T10:04:05.123Z","event":…,…,"before":"<64 hex>","hash":"<64 hex>"}
 *      └──────────────────── SHA-256 of this, the brace included, is `hash` ────┘
 *
 * So a line that was changed does not fit itself, one that was left out, added or moved does not fit its neighbour, and
 * what was cut off at the end is missed by whoever has noted a later digest. The digest of the last line, the head,
 * stands for everything before it.
 */
import { orderedRecord, type AuditRecord } from './record.ts';

/** SHA-256 of ASCII text, as 64 lower-case hex digits. */
export type TextDigest = (text: string) => string;
/** How far a chain has come. */
export interface ChainHead {
  /** Of the last line; 0: there is none. */
  readonly number: number;
  readonly hash: string;
}
/** One line of a chain, without its newline. */
export interface ChainLine extends ChainHead {
  readonly text: string;
}

/** Where a chain begins. */
export const chainStart: ChainHead = {
  number: 0,
  hash: '0000000000000000000000000000000000000000000000000000000000000000',
};

/**
 * The lines that go on from a head, one for each record; `wallMs` is when they were written.
 * @throws TypeError for what is no record
 */
export const chained = (
  head: ChainHead,
  wallMs: number,
  records: readonly AuditRecord[],
  digest: TextDigest,
): readonly ChainLine[] => {
  const at = new Date(wallMs).toISOString();
  let last = head;
  return records.map((record) => {
    const number = last.number + 1;
    const body = { number, at, ...orderedRecord(record), before: last.hash };
    const open = ascii(JSON.stringify(body)).slice(0, -1);
    const hash = digest(open);
    const line: ChainLine = { number, hash, text: `${open},"hash":"${hash}"}` };
    last = line;
    return line;
  });
};

/** JSON that reads back the same, in ASCII without controls. */
const ascii = (json: string): string =>
  json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
