/**
 * What a peer answered, checked before anything is made of it: the peer behind `@petname` may be
 * anybody. What is read, and what becomes of words of a newer peer, is in shapes.ts of shepherd.
 */
import { ActorError } from '@bellwether/actors';
import {
  limits,
  list,
  makeOperationReader,
  makeReader,
  Malformed,
  readCount,
  readField,
  results,
  struct,
  type Read,
  type Result,
} from '@bellwether/shepherd';
import type {
  LeftElsewhere,
  LeftSlot,
  ShepherdFacts,
  BackedUp,
  Difference,
  Reloaded,
} from '@bellwether/fleet';
import { maxTextCharacters } from './limits.ts';

/** A peer answered something that is no answer to what was asked. */
export class BadAnswer extends ActorError {
  /** `message` names the field, what was expected and what was found. */
  constructor(message: string, options?: ErrorOptions) {
    super('bad-answer', message, options);
    this.name = 'BadAnswer';
  }
}

/** No weight: nothing is kept beyond one command, and the session bounds what comes in. */
const reader = makeReader({ cut: maxTextCharacters });

/** A reader whose complaints are those of a peer that answered badly. */
export const checked =
  <T>(read: Read<T>, what: string) =>
  (value: unknown): T => {
    try {
      return read(value, what);
    } catch (error) {
      if (error instanceof Malformed) throw new BadAnswer(error.message, { cause: error });
      throw error;
    }
  };

/** An outcome. @throws BadAnswer */
export const outcomeIn = checked(reader.outcome, 'outcome');
/** A status. @throws BadAnswer */
export const statusIn = checked(reader.status, 'status');
/** Several. @throws BadAnswer */
export const statusesIn = checked(reader.statuses, 'statuses');
/** Status changes. @throws BadAnswer */
export const changesIn = checked(reader.changes, 'history');
/** Steps of a plan. @throws BadAnswer */
export const planIn = checked(reader.plan, 'plan');
/** Operations. @throws BadAnswer */
export const operationsIn = checked(makeOperationReader(reader).list, 'operations');
/** One operation with its steps. @throws BadAnswer */
export const operationIn = checked(makeOperationReader(reader).report, 'operation');
/** What a command that was to be called off had come to before. An older peer says nothing of it. */
export const overIn = (value: unknown): Result | undefined =>
  typeof value === 'string' ? (results.find((each) => each === value) ?? 'unknown') : undefined;
/** Lines of text. @throws BadAnswer */
export const linesIn = checked(reader.lines, 'lines');
/** One batch of followed logs. @throws BadAnswer */
export const logBatchIn = checked(reader.logBatch, 'batch');
/** One text. @throws BadAnswer */
export const textIn = checked(reader.text, 'text');
/** One batch of an operation's stream. @throws BadAnswer */
export const batchIn = checked(reader.batch, 'batch');
const texts = list(reader.text, limits.listCount);
/** What a daemon says of itself. @throws BadAnswer */
export const aboutIn = checked(
  struct<ShepherdFacts>(
    { name: reader.text, version: reader.text, pid: readCount, locations: texts },
    { shut: texts, since: readCount, logFile: reader.text, unkept: reader.text },
  ),
  'about',
);

const exactly =
  <W extends string>(word: W): Read<W> =>
  (value, what) => {
    if (value !== word) throw new Malformed(`${what}: expected ${word}, found another`);
    return word;
  };
const names = list(reader.text, limits.serviceCount);
const readDifference = struct<Difference>(
  {
    added: names,
    changed: list(
      struct<Difference['changed'][number]>(
        { name: reader.text, paths: list(reader.text, limits.listCount) },
        {},
      ),
      limits.serviceCount,
    ),
    removed: names,
    unchangedCount: readCount,
    atRestart: list(reader.text, limits.listCount),
  },
  {
    elsewhere: list(
      struct<LeftElsewhere>({ name: reader.text, node: reader.text }, { from: reader.text }),
      limits.serviceCount,
    ),
  },
);
const readRead = struct<Extract<Reloaded, { readonly kind: 'read' }>>(
  { kind: exactly('read'), difference: readDifference, pending: names },
  { outcome: reader.outcome },
);
const readRefused = struct<Extract<Reloaded, { readonly kind: 'refused' }>>(
  { kind: exactly('refused'), problems: list(reader.text, limits.listCount) },
  {},
);
/** What a backup holds. @throws BadAnswer */
export const backedUpIn = checked(
  struct<BackedUp>({ recordCount: readCount, epoch: readCount }, {}),
  'backup',
);

const readLeft = struct<LeftSlot>(
  { slot: reader.text, releaseCount: readCount, byteCount: readCount },
  {},
);
/** Slots that went from the configuration, with what is left of them. @throws BadAnswer */
export const leftSlotsIn = checked(list(readLeft, limits.serviceCount), 'leftSlots');
/** What went of one of them. @throws BadAnswer */
export const freedIn = checked(readLeft, 'freeSlot');

/** What came of a reload. @throws BadAnswer */
export const reloadedIn = checked(
  (value, what): Reloaded =>
    readField(value, 'kind', what) === 'refused' ? readRefused(value, what) : readRead(value, what),
  'reload',
);
