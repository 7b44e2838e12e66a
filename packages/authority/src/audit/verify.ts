/**
 * Looks at the lines of an audit one after the other, as whoever has nothing but them can: no daemon, no key.
 *
 *     nothing seen    a line that fits itself; what it follows on is taken on trust    whole
 *     whole           the next number, on the digest of the line before                whole
 *     whole, nothing  any other line                                                   broken, for good
 *
 * The first line of a chain from its beginning has the number 1 and follows on nothing. One with a higher number says
 * that the lines before it are elsewhere; whether they are the right ones is told by verifying them together.
 */
import { chainStart, type ChainHead, type TextDigest } from './chain.ts';
import { auditLimits } from './limits.ts';
import { orderedRecord, type AuditRecord } from './record.ts';

/** What is wrong with a line. */
export type Misfit =
  /** It is no record: its form is another, or it is too long. */
  | 'no-record'
  /** Its text is not the one that its digest was made of. */
  | 'changed'
  /** Its number is not the next one: lines are missing, doubled or moved. */
  | 'number'
  /** It was made to follow on another line than the one that stands before it. */
  | 'chain';
/** What is known of a chain after some of its lines. */
export type ChainState =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'whole';
      readonly first: { readonly number: number; readonly at: string };
      readonly last: ChainHead & { readonly at: string };
    }
  | {
      readonly kind: 'broken';
      /** The number that the line should have had; of a first line the one that it claims, or 1. */
      readonly number: number;
      readonly misfit: Misfit;
      /** What was good before it. */
      readonly before: Exclude<ChainState, { readonly kind: 'broken' }>;
    };

const begins =
  /^\{"number":([1-9]\d{0,15}),"at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)","event":[ -~]*$/;
const ends = /,"before":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}$/;
/** `,"hash":"…"}` */
const tailCharacters = 75;

/** Reads the next line, without its newline, a character for each byte. */
export const verified = (state: ChainState, line: string, digest: TextDigest): ChainState => {
  if (state.kind === 'broken') return state;
  const parts = partsOf(line);
  const number = expectedIn(state, parts);
  const misfit = misfitOf(state, number, parts, line, digest);
  if (misfit !== undefined) return { kind: 'broken', number, misfit, before: state };
  const { at = '', hash = '' } = parts ?? {};
  const last = { number, at, hash };
  return { kind: 'whole', first: state.kind === 'whole' ? state.first : { number, at }, last };
};

interface Parts {
  readonly number: number;
  readonly at: string;
  readonly before: string;
  readonly hash: string;
}

const partsOf = (line: string): Parts | undefined => {
  if (line.length > auditLimits.lineCharacters) return undefined;
  const [, number, at = ''] = begins.exec(line) ?? [];
  const [, before = '', hash = ''] = ends.exec(line) ?? [];
  if (number === undefined || hash === '') return undefined;
  return { number: Number(number), at, before, hash };
};

const expectedIn = (state: ChainState, parts: Parts | undefined): number =>
  state.kind === 'whole' ? state.last.number + 1 : (parts?.number ?? 1);

const misfitOf = (
  state: ChainState,
  number: number,
  parts: Parts | undefined,
  line: string,
  digest: TextDigest,
): Misfit | undefined => {
  if (parts === undefined) return 'no-record';
  if (digest(line.slice(0, -tailCharacters)) !== parts.hash) return 'changed';
  if (parts.number !== number) return 'number';
  const before =
    state.kind === 'whole' ? state.last.hash : number === 1 ? chainStart.hash : parts.before;
  return parts.before === before ? undefined : 'chain';
};

/** A record as it stands in the audit. */
export interface WrittenRecord extends AuditRecord {
  readonly number: number;
  /** Milliseconds since 1970, by the clock of the daemon. */
  readonly atMs: number;
}

/** What a line says, whether or not it fits its chain; undefined for what is no record at all. */
export const recordIn = (line: string): WrittenRecord | undefined => {
  const parts = partsOf(line);
  if (parts === undefined) return undefined;
  try {
    // By way of what is written: whoever changed the log may have put anything into it.
    const record = orderedRecord(JSON.parse(line) as AuditRecord);
    const atMs = Date.parse(parts.at);
    return Number.isNaN(atMs) ? undefined : { number: parts.number, atMs, ...record };
  } catch {
    return undefined;
  }
};
/** The head that a line makes. Undefined for what is no record, or does not fit itself. */
export const headIn = (line: string, digest: TextDigest): ChainHead | undefined => {
  const state = verified({ kind: 'nothing' }, line, digest);
  return state.kind === 'whole' ? { number: state.last.number, hash: state.last.hash } : undefined;
};
