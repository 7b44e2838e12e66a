/**
 * What a peer answered, checked before anything is made of it: the peer behind `@petname` may be
 * anybody. A shape says what a value must look like; fields that no shape names are left alone, so
 * that a newer peer may say more.
 */
import { ActorError } from '@bellwether/actors';
import type { Change, Event, Outcome, Result, Stage, Status } from '@bellwether/shepherd';
import type { About } from '@bellwether/fleet';
import { maxListCount } from './limits.ts';

/** A peer answered something that is no answer to what was asked. */
export class BadAnswer extends ActorError {
  /** `message` names the field, what was expected and what was found. */
  constructor(message: string, options?: ErrorOptions) {
    super('bad-answer', message, options);
    this.name = 'BadAnswer';
  }
}

/**
 * A type by name, a set of words, a list of one shape, or a struct whose `name?` fields may be
 * absent.
 */
type Shape =
  | 'text'
  | 'number'
  | 'boolean'
  | ReadonlySet<string>
  | readonly [Shape]
  | { readonly [field: string]: Shape };

const stages: ReadonlySet<Stage> = new Set([
  'stopped',
  'starting',
  'running',
  'stopping',
  'unknown',
]);
const results: ReadonlySet<Result> = new Set([
  ...(['ok', 'changed', 'failed', 'unreachable', 'timed-out', 'skipped'] as const),
  ...(['superseded', 'cancelled', 'unknown'] as const),
]);
const row = {
  member: 'text',
  result: results,
  'reason?': 'text',
  'stage?': stages,
  'pid?': 'number',
  'also?': ['text'],
  'output?': ['text'],
  'lastSeenMs?': 'number',
} as const;
const status = {
  provision: ['text'],
  stage: stages,
  requirement: ['text'],
  documentation: 'text',
  actions: [{ name: 'text', documentation: 'text' }],
  ageMs: 'number',
  'since?': 'number',
  'pid?': 'number',
  'command?': ['text'],
  'isReady?': 'boolean',
  isEnabled: 'boolean',
  isOneShot: 'boolean',
  isRespawned: 'boolean',
  respawnCount: 'number',
  'lastRespawn?': 'number',
  'lastExit?': { at: 'number', 'code?': 'number', 'signal?': 'text' },
  'failure?': { reason: 'text', at: 'number' },
  'logFile?': 'text',
  'recentLines?': ['text'],
  'members?': [
    {
      name: 'text',
      stage: stages,
      ageMs: 'number',
      'pid?': 'number',
      'respawnCount?': 'number',
      'unknownReason?': 'text',
    },
  ],
  'runningCount?': 'number',
  'neededCount?': 'number',
  'origin?': 'text',
  'unknownReason?': 'text',
} as const;
const event = { kind: new Set(['line', 'row', 'dropped']) } as const;
const events = {
  line: { from: 'text', text: 'text' },
  row: { row },
  dropped: { count: 'number' },
} as const;
const change = {
  service: 'text',
  what: new Set(['starting', 'running', 'stopping', 'stopped', 'failed', 'done']),
  at: 'number',
} as const;
const about = { name: 'text', version: 'text', pid: 'number', locations: ['text'] } as const;

/** An outcome. @throws BadAnswer */
export const outcomeIn = (value: unknown): Outcome =>
  checked({ ...row, rows: [row] }, value, 'outcome');
/** A status. @throws BadAnswer */
export const statusIn = (value: unknown): Status => checked(status, value, 'status');
/** Several. @throws BadAnswer */
export const statusesIn = (value: unknown): readonly Status[] =>
  checked([status], value, 'statuses');
/** Status changes. @throws BadAnswer */
export const changesIn = (value: unknown): readonly Change[] => checked([change], value, 'history');
/** Lines of text. @throws BadAnswer */
export const linesIn = (value: unknown): readonly string[] => checked(['text'], value, 'lines');
/** One text. @throws BadAnswer */
export const textIn = (value: unknown): string => checked('text', value, 'text');
/** What a daemon says of itself. @throws BadAnswer */
export const aboutIn = (value: unknown): About => checked(about, value, 'about');
/** One batch of an operation's stream. @throws BadAnswer */
export const batchIn = (value: unknown): readonly Event[] => {
  const batch: readonly { readonly kind: keyof typeof events }[] = checked([event], value, 'batch');
  for (const each of batch) check(events[each.kind], each, `batch ${each.kind}`);
  return value as readonly Event[];
};

/** The shapes above are those of the types; the compiler cannot see that, the tests can. */
const checked = <T>(shape: Shape, value: unknown, what: string): T => {
  check(shape, value, what);
  return value as T;
};

const check = (shape: Shape, value: unknown, what: string): void => {
  if (typeof shape === 'string') return checkType(shape, value, what);
  if (shape instanceof Set) {
    if (!shape.has(value)) throw wrong(what, [...shape].join(' or '), value);
    return;
  }
  if (isList(shape)) return checkList(shape[0], value, what);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(what, 'a struct', value);
  const fields = value as Readonly<Record<string, unknown>>;
  for (const [key, inner] of Object.entries(shape as { readonly [field: string]: Shape })) {
    const name = key.replace('?', '');
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field !== undefined || name === key) check(inner, field, `${what}.${name}`);
  }
};
const isList = (shape: Shape): shape is readonly [Shape] => Array.isArray(shape);

const checkList = (inner: Shape, value: unknown, what: string): void => {
  if (!Array.isArray(value)) throw wrong(what, 'a list', value);
  if (value.length > maxListCount)
    throw new BadAnswer(`${what}: ${value.length} entries, at most ${maxListCount} are read`);
  value.forEach((each: unknown, at) => check(inner, each, `${what}[${at}]`));
};

const checkType = (type: 'text' | 'number' | 'boolean', value: unknown, what: string): void => {
  const found = typeof value === 'string' ? 'text' : typeof value;
  if (found !== type) throw wrong(what, type, value);
  // What is shown as a count, an age or a time is none of these beyond what a number counts
  // exactly.
  if (type === 'number' && !(Number(value) >= 0 && Number(value) <= Number.MAX_SAFE_INTEGER))
    throw wrong(what, 'a number from 0', value);
};

const wrong = (what: string, expected: string, found: unknown): BadAnswer => {
  const kind = Array.isArray(found) ? 'a list' : found === null ? 'null' : typeof found;
  return new BadAnswer(`${what}: expected ${expected}, found ${kind}`);
};
