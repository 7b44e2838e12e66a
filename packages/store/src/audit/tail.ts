/**
 * The end of an audit as a daemon finds it, and what has to be done to go on from there.
 *
 *     at the end there is                              then
 *     a whole line                                     it is the head
 *     the beginning of lines that the state still has  a write that was interrupted: it is finished
 *     a whole line without its newline                 the newline is added
 *     anything else behind the last line that fits     it is set aside in a file of its own, and noted in the chain
 *     no line that fits within reach                   the file is left as it is, and noted in the next one
 *     fewer lines than the state knows of              noted: the log was cut
 *     another line than the state knows                noted: the log was replaced
 */
import type { AuditRecord, ChainHead, ChainLine, TextDigest } from '@bellwether/authority';
import { auditLimits, chainStart, headIn } from '@bellwether/authority';

/** What is found at the end of the last file. */
export interface Tail {
  /** The last line that fits itself; undefined where none is within reach. */
  readonly head: ChainHead | undefined;
  /** Bytes behind it that belong to no line that fits. */
  readonly rest: string;
}

/** Bytes of the end that are looked at: some of the longest lines. */
export const tailBytes = 8 * auditLimits.lineCharacters;

/**
 * Reads the end of a file, a character for each byte. `isWhole`: it is the whole file, so that its first line begins
 * there, and `before` is the head of the file before it.
 */
export const tailIn = (
  text: string,
  isWhole: boolean,
  before: ChainHead | undefined,
  digest: TextDigest,
): Tail => {
  let end = text.lastIndexOf('\n');
  while (end >= 0) {
    const from = text.lastIndexOf('\n', end - 1);
    if (end === 0 || (from < 0 && !isWhole)) break;
    const head = headIn(text.slice(from + 1, end), digest);
    if (head !== undefined) return { head, rest: text.slice(end + 1) };
    end = from;
  }
  return isWhole ? { head: before, rest: text } : { head: undefined, rest: '' };
};

/** How the end is mended; what is done in this order is safe against a crash at any step. */
export interface Mending {
  /** To be set aside and cut off; empty: nothing. */
  readonly torn: string;
  /** To be written behind the head, `rest` replaced: whole lines. */
  readonly lines: readonly Pick<ChainLine, 'text' | 'number' | 'hash'>[];
  /** To be noted in the chain. */
  readonly notes: readonly AuditRecord[];
}

/** What the state still has of the audit: lines that may not be in its file, in order. */
export type Pending = readonly ChainLine[];

/** Compares the end of the log with what the state knows. */
export const mendingOf = (
  { head, rest }: { readonly head: ChainHead; readonly rest: string },
  pending: Pending,
  digest: TextDigest,
): Mending => {
  const found = headIn(rest, digest);
  // It lacks nothing but its newline, also where the state does not know it any more.
  const unended = found?.number === head.number + 1 ? [{ ...found, text: rest }] : [];
  const lines = [...unended, ...following(unended[0] ?? head, pending)];
  const isTorn = !lines
    .map(({ text }) => `${text}\n`)
    .join('')
    .startsWith(rest);
  return { torn: isTorn ? rest : '', lines, notes: gapNotes(lines.at(-1) ?? head, pending) };
};

/** Those of the pending lines that go on from a head without a gap. */
const following = (head: ChainHead, pending: Pending): Pending => {
  const lines: ChainLine[] = [];
  let last = head;
  for (const line of pending) {
    if (line.number !== last.number + 1 || !line.text.includes(`"before":"${last.hash}"`)) continue;
    lines.push(line);
    last = line;
  }
  return lines;
};

const gapNotes = (last: ChainHead, pending: Pending): readonly AuditRecord[] => {
  const newest = pending.at(-1);
  if (newest === undefined || newest.number < last.number) return [];
  if (newest.number > last.number)
    return [
      alert(
        'audit-cut',
        `the log ends with record ${last.number}, and the state knew record ${newest.number}, ${newest.hash}`,
      ),
    ];
  if (newest.hash === last.hash) return [];
  return [
    alert(
      'audit-replaced',
      `record ${last.number} of the log is not the one that the state knew, ${newest.hash}`,
    ),
  ];
};

/** A record of the shepherd's own about its audit. */
export const alert = (code: string, reason: string): AuditRecord => ({
  event: 'alert',
  asker: 'shepherd',
  code,
  reason,
});
/** Where a log cannot be gone on from: its next line follows on what the state knows, or on nothing. */
export const guessedHead = (pending: Pending, atLeast: number): ChainHead => {
  const newest = pending.at(-1);
  if (newest !== undefined && newest.number >= atLeast) return newest;
  return { ...chainStart, number: atLeast };
};
