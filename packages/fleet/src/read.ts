/**
 * Reads what peers send: outcomes, statuses, events. Every field is checked for its type and its
 * size; what is too long is cut where it is text for people and refused where it is anything else;
 * fields that are not known are left out, so that a newer peer may say more.
 */
import type { Ending, Event, MemberStatus, Outcome, Row, Status } from '@bellwether/shepherd';
import { Malformed } from './errors.ts';
import { LIMITS } from './limits.ts';

/** Turns a value of unknown shape into a T. @throws Malformed */
export type Read<T> = (value: unknown, what: string) => T;

type OptionalKeys<T> = {
  [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? K : never;
}[keyof T];
type Required<T> = { readonly [K in Exclude<keyof T, OptionalKeys<T>>]: Read<T[K]> };
type Optional<T> = { readonly [K in OptionalKeys<T>]-?: Read<Exclude<T[K], undefined>> };

const fail = (what: string, expected: string, found: unknown): never => {
  const kind = Array.isArray(found) ? 'a list' : found === null ? 'null' : typeof found;
  throw new Malformed(`${what}: expected ${expected}, found ${kind}`);
};

/** Reads an object field by field. */
const struct =
  <T>(required: Required<T>, optional: Optional<T>): Read<T> =>
  (value, what) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return fail(what, 'a struct', value);
    const fields = value as Readonly<Record<string, unknown>>;
    const read: Record<string, unknown> = {};
    for (const [key, one] of Object.entries<Read<unknown>>(required))
      read[key] = one(own(fields, key), `${what}.${key}`);
    for (const [key, one] of Object.entries<Read<unknown>>(optional)) {
      const field = own(fields, key);
      if (field !== undefined) read[key] = one(field, `${what}.${key}`);
    }
    return read as T;
  };
const own = (fields: Readonly<Record<string, unknown>>, key: string): unknown =>
  Object.hasOwn(fields, key) ? fields[key] : undefined;

const list =
  <T>(one: Read<T>, maxCount: number): Read<readonly T[]> =>
  (value, what) => {
    if (!Array.isArray(value)) return fail(what, 'a list', value);
    if (value.length > maxCount)
      throw new Malformed(`${what}: ${value.length} of at most ${maxCount}`);
    return value.map((each: unknown, at) => one(each, `${what}[${at}]`));
  };
const oneOf =
  <T extends string>(words: readonly T[]): Read<T> =>
  (value, what) =>
    words.find((word) => word === value) ?? fail(what, words.join(', '), value);

/** Text for people: cut where it is too long. */
export const readText: Read<string> = (value, what) =>
  typeof value === 'string' ? value.slice(0, LIMITS.textLength) : fail(what, 'a string', value);
/** A name: refused where it is too long, since a cut name is another name. */
export const readName: Read<string> = (value, what) => {
  if (typeof value !== 'string') return fail(what, 'a name', value);
  if (value.length > 0 && value.length <= LIMITS.nameLength) return value;
  throw new Malformed(
    `${what}: expected 1 to ${LIMITS.nameLength} characters, found ${value.length}`,
  );
};
/** A number of things or of milliseconds. */
export const readCount: Read<number> = (value, what) =>
  typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER
    ? value
    : fail(what, 'a number from 0', value);
const readBoolean: Read<boolean> = (value, what) =>
  typeof value === 'boolean' ? value : fail(what, 'true or false', value);

/** A whole number from 0 to `max`. */
export const readUpTo =
  (max: number): Read<number> =>
  (value, what) =>
    Number.isInteger(value) && readCount(value, what) <= max
      ? readCount(value, what)
      : fail(what, `a whole number from 0 to ${max}`, value);
const readNames = list(readName, LIMITS.nameCount);
/** Names in a question about status. */
export const readStatusNames = list(readName, LIMITS.statusNameCount);
const readWords = list(readText, LIMITS.nameCount);
const readLines = list(readText, LIMITS.outputLineCount);
const readStage = oneOf(['stopped', 'starting', 'running', 'stopping', 'unknown'] as const);
const readResult = oneOf([
  'ok',
  'changed',
  'failed',
  'unreachable',
  'timed-out',
  'skipped',
  'superseded',
  'cancelled',
  'unknown',
] as const);

const rowFields: Required<Row> = { member: readText, result: readResult };
const moreRowFields: Optional<Row> = {
  reason: readText,
  stage: readStage,
  pid: readCount,
  also: readNames,
  output: readLines,
  lastSeenMs: readCount,
};
/** One row of an outcome. */
export const readRow: Read<Row> = struct<Row>(rowFields, moreRowFields);
const readWholeOutcome = struct<Outcome>(
  { ...rowFields, rows: list(readRow, LIMITS.rowCount) },
  moreRowFields,
);
/**
 * The answer to a command; one that is too heavy to be remembered comes without its rows and
 * output.
 */
export const readOutcome: Read<Outcome> = (value, what) => {
  const outcome = readWholeOutcome(value, what);
  if (weightOf(outcome) <= LIMITS.answerWeight) return outcome;
  const { output: _output, also: _also, rows, ...verdict } = outcome;
  const words = `${rows.length} rows were too long to keep`;
  const reason = verdict.reason === undefined ? words : `${verdict.reason} (${words})`;
  return { ...verdict, reason, rows: [] };
};

/**
 * What a value takes, roughly, in characters. Plain data only; its depth is that of a known shape.
 */
export const weightOf = (value: unknown): number => {
  if (typeof value === 'string') return 16 + value.length;
  if (typeof value !== 'object' || value === null) return 16;
  return Object.values(value).reduce<number>((sum, each) => sum + weightOf(each), 16);
};

const ending: Optional<Ending> = { code: readCount, signal: readText };
const readMember = struct<MemberStatus>(
  { name: readText, stage: readStage, ageMs: readCount },
  { pid: readCount, respawnCount: readCount, unknownReason: readText },
);
const readWholeStatus = struct<Status>(
  {
    provision: readNames,
    stage: readStage,
    requirement: readNames,
    documentation: readText,
    actions: list(
      struct<Status['actions'][number]>({ name: readName, documentation: readText }, {}),
      LIMITS.nameCount,
    ),
    ageMs: readCount,
    isEnabled: readBoolean,
    isOneShot: readBoolean,
    isRespawned: readBoolean,
    respawnCount: readCount,
  },
  {
    since: readCount,
    pid: readCount,
    command: readWords,
    isReady: readBoolean,
    lastRespawn: readCount,
    lastExit: struct<Ending & { readonly at: number }>({ at: readCount }, ending),
    failure: struct<{ readonly reason: string; readonly at: number }>(
      { reason: readText, at: readCount },
      {},
    ),
    logFile: readText,
    recentLines: readLines,
    members: list(readMember, LIMITS.rowCount),
    runningCount: readCount,
    neededCount: readCount,
    origin: readText,
    unknownReason: readText,
  },
);

/** The status of a service; one that is too heavy to be kept comes without its lists. */
export const readStatus: Read<Status> = (value, what) => {
  const status = readWholeStatus(value, what);
  if (weightOf(status) <= LIMITS.answerWeight) return status;
  const { members: _members, recentLines: _recentLines, command: _command, ...kept } = status;
  return { ...kept, requirement: [], actions: [] };
};

const readLine = struct<Extract<Event, { kind: 'line' }>>(
  { kind: oneOf(['line']), from: readText, text: readText },
  {},
);
const readRowEvent = struct<Extract<Event, { kind: 'row' }>>(
  { kind: oneOf(['row']), row: readRow },
  {},
);
const readDropped = struct<Extract<Event, { kind: 'dropped' }>>(
  { kind: oneOf(['dropped']), count: readCount },
  {},
);
const readKind = struct<{ readonly kind: Event['kind'] }>(
  { kind: oneOf(['line', 'row', 'dropped']) },
  {},
);
const readEvent: Read<Event> = (value, what) => {
  switch (readKind(value, what).kind) {
    case 'line':
      return readLine(value, what);
    case 'row':
      return readRowEvent(value, what);
    case 'dropped':
      return readDropped(value, what);
  }
};
/** One batch of a stream. */
export const readBatch: Read<readonly Event[]> = list(readEvent, LIMITS.batchEventCount);
