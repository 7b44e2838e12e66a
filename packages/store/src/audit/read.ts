/** Reading an audit: all of it from its beginning, to verify it, or the last of it, for whoever asks. */
import { messageOf } from '@bellwether/actors';
import {
  auditLimits,
  recordIn,
  verified,
  type AuditAnswer,
  type AuditQuery,
  type ChainState,
} from '@bellwether/authority';
import { DiskFailed } from '../errors.ts';
import { textDigest } from './audit-log.ts';
import { firstNumberIn, type AuditHandle, type AuditPlace } from './place.ts';

const chunkBytes = 65_536;

/** What became of a look at a whole audit. */
export interface Verified {
  readonly state: ChainState;
  readonly fileCount: number;
  /** The file of the line that does not fit. */
  readonly file?: string;
  /** Lines of that file that stand before it. */
  readonly lineCount?: number;
  /** Whether a record with the digest that was asked for is part of what fits. */
  readonly hasHead?: boolean;
}

/** Reads every line in order, up to the first that does not fit. `head` is looked for on the way. @throws DiskFailed */
export const verifyAudit = async (place: AuditPlace, head?: string): Promise<Verified> =>
  reading(place, async () => {
    const files = await place.list();
    let state: ChainState = { kind: 'nothing' };
    let hasHead = false;
    for (const file of files) {
      let lineCount = 0;
      for await (const line of linesIn(place, file)) {
        state = verifiedIn(state, line, lineCount === 0 ? file : undefined);
        if (state.kind === 'broken')
          return { state, fileCount: files.length, file, lineCount, ...found(head, hasHead) };
        lineCount += 1;
        hasHead ||= state.kind === 'whole' && state.last.hash === head;
      }
      if (lineCount === 0) state = withoutLines(state, file, file === files.at(-1));
      if (state.kind === 'broken')
        return { state, fileCount: files.length, file, lineCount, ...found(head, hasHead) };
    }
    return { state, fileCount: files.length, ...found(head, hasHead) };
  });

/** A file is there before its first line, for a moment: the last one, which goes on where the one before it ended. */
const withoutLines = (state: ChainState, file: string, isLast: boolean): ChainState => {
  if (state.kind === 'broken') return state;
  const number = firstNumberIn(file);
  if (!isLast) return { kind: 'broken', number, misfit: 'no-record', before: state };
  const follows = state.kind === 'nothing' || number === state.last.number + 1;
  return follows ? state : { kind: 'broken', number, misfit: 'number', before: state };
};

const found = (head: string | undefined, hasHead: boolean) =>
  head === undefined ? {} : { hasHead };

/** A line that has no newline is none; the first one of a file is the one that the file is named for. */
const verifiedIn = (
  state: ChainState,
  { text, isEnded }: FileLine,
  firstOf: string | undefined,
): ChainState => {
  const next = verified(state, isEnded ? text : '', textDigest);
  if (next.kind !== 'whole' || firstOf === undefined || state.kind === 'broken') return next;
  const { number } = next.last;
  return firstNumberIn(firstOf) === number
    ? next
    : { kind: 'broken', number, misfit: 'number', before: state };
};

interface FileLine {
  readonly text: string;
  readonly isEnded: boolean;
}

/** Lines of a file, a character for each byte, cut where they are longer than any that is ours. */
async function* linesIn(place: AuditPlace, file: string): AsyncGenerator<FileLine> {
  const handle = await place.open(file);
  try {
    let text = '';
    for (let at = 0; ;) {
      const bytes = await handle.read(at, chunkBytes);
      if (bytes.length === 0) break;
      at += bytes.length;
      const parts = (text + bytes.toString('latin1')).split('\n');
      text = (parts.pop() ?? '').slice(0, auditLimits.lineCharacters + 1);
      for (const each of parts) yield { text: each, isEnded: true };
    }
    if (text !== '') yield { text, isEnded: false };
  } finally {
    await handle.close();
  }
}

/** Hands on every line, oldest first. @throws DiskFailed */
export const lookThroughAudit = async (
  place: AuditPlace,
  look: (line: string) => void,
): Promise<void> =>
  reading(place, async () => {
    for (const file of await place.list())
      for await (const { text, isEnded } of linesIn(place, file)) if (isEnded) look(text);
  });

/** The newest lines that are asked for, found from the end. @throws DiskFailed */
export const lastOfAudit = async (
  place: AuditPlace,
  query: AuditQuery,
  wallMs: number,
): Promise<AuditAnswer> =>
  reading(place, async () => {
    const fromMs = wallMs - (query.sinceMs ?? Infinity);
    const lines: string[] = [];
    const count = Math.min(query.count, auditLimits.answerCount);
    let [byteCount, lookedBytes, olderCount] = [0, 0, 0];
    for await (const line of linesFromEnd(place)) {
      lookedBytes += line.length + 1;
      if (lookedBytes > auditLimits.lookCharacters) return { lines: lines.reverse(), isCut: true };
      const record = recordIn(line);
      // What is no record is for `verify` to tell.
      if (record === undefined) continue;
      // A clock that was slow for a while ends no search: what stands before that is newer again.
      if (record.atMs < fromMs) {
        olderCount += 1;
        if (olderCount > auditLimits.olderCount) break;
        continue;
      }
      olderCount = 0;
      if (query.service !== undefined && record.service !== query.service) continue;
      byteCount += line.length;
      if (byteCount > auditLimits.answerCharacters) return { lines: lines.reverse(), isCut: true };
      // As many as an answer may have are no more than was asked for, and perhaps fewer: nobody can ask for more.
      if (lines.length === count)
        return { lines: lines.reverse(), isCut: count === auditLimits.answerCount };
      lines.push(line);
    }
    return { lines: lines.reverse(), isCut: false };
  });

async function* linesFromEnd(place: AuditPlace): AsyncGenerator<string> {
  for (const file of [...(await place.list())].reverse()) {
    const handle = await place.open(file);
    try {
      yield* linesBack(handle);
    } finally {
      await handle.close();
    }
  }
}

/** What stands behind the last newline is being written, and no line yet. */
async function* linesBack(handle: AuditHandle): AsyncGenerator<string> {
  let text: string | undefined;
  for (let end = await handle.size(); end > 0;) {
    const from = Math.max(0, end - chunkBytes);
    const parts = (await handle.read(from, end - from)).toString('latin1').split('\n');
    const last = parts.pop() ?? '';
    if (parts.length === 0) text = text === undefined ? undefined : last + text;
    else {
      if (text !== undefined) yield last + text;
      for (const each of parts.splice(1).reverse()) yield each;
      text = parts[0] ?? '';
    }
    if (text !== undefined && text.length > auditLimits.lineCharacters) text = '';
    end = from;
  }
  if (text !== undefined) yield text;
}

const reading = async <T>(place: AuditPlace, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw new DiskFailed(`audit: ${place.name}: ${messageOf(error)}`, { cause: error });
  }
};
