/**
 * The one reader of what peers answer with, in the words of vocabulary.ts. A controller and its members
 * are not upgraded in the same hour, so a reader meets what it does not know:
 *
 *     result, stage     read as `unknown`
 *     event, change     skipped
 *     topic, health     left out: a line is in free words then, an aggregate without a judgement
 *     kind of status    read as the status of a service that is at home there
 *     field             left out
 *     anything else     Malformed: a type, a size or a field that has to be there
 */
import { limits } from '../limits.ts';
import {
  list,
  listOfKnown,
  readBoolean,
  readCount,
  readWhole,
  readUpTo,
  readField,
  readName,
  struct,
  textOf,
  weightOf,
  wordOf,
  type Needed,
  type Optional,
  type Read,
} from '../read.ts';
import { readLabels } from './labels.ts';
import { makingMayHave, withoutMakingLists } from './making-shapes.ts';
import { isDeep, readWay } from './names.ts';
import { promptReader } from './prompt-shapes.ts';
import { readSlot } from './slot-shapes.ts';
import { timerReader } from './timer-shapes.ts';
import { changes, healths, logNotes, results, stages, topics } from './vocabulary.ts';
import type {
  Cause,
  Winner,
  Change,
  Exit,
  Event,
  ExportedStatus,
  Failure,
  Hang,
  FleetStatus,
  LocalStatus,
  LogEvent,
  MemberStatus,
  Outcome,
  PlannedStep,
  Row,
  RunAs,
  Status,
  StatusFacts,
  Version,
} from './types.ts';

/** What a reader does with what is well formed, and more than it wants. */
export interface ReadPolicy {
  /** Characters of a text for people; the rest is cut off. */
  readonly cut: number;
  /**
   * Weight of one outcome or status; what is heavier comes without its details. Absent: who asked
   * keeps nothing of it.
   */
  readonly weight?: number;
}
/** Readers of everything that crosses machines. */
export interface Reader {
  readonly text: Read<string>;
  /** Lines of a log. */
  readonly lines: Read<readonly string[]>;
  readonly row: Read<Row>;
  readonly outcome: Read<Outcome>;
  readonly status: Read<Status>;
  readonly statuses: Read<readonly Status[]>;
  /** One batch of a stream. */
  readonly batch: Read<readonly Event[]>;
  readonly changes: Read<readonly Change[]>;
  /** What a command would do. */
  readonly plan: Read<readonly PlannedStep[]>;
  /** One batch of followed logs. */
  readonly logBatch: Read<readonly LogEvent[]>;
}

/** Makes the readers of one policy. All of them throw Malformed. */
export const makeReader = ({ cut, weight = Infinity }: ReadPolicy): Reader => {
  const text = textOf(cut);
  const row = rowReader(text);
  const status = statusReader(text, weight);
  return {
    text,
    lines: list(text, limits.logLineCount),
    row,
    outcome: outcomeReader(text, row, weight),
    status,
    statuses: list(status, limits.serviceCount),
    batch: listOfKnown(eventReader(text, row), limits.batchEventCount),
    changes: listOfKnown(changeReader(text), limits.changeCount),
    plan: list(stepReader(text), limits.planStepCount),
    logBatch: listOfKnown(logEventReader(text), limits.batchEventCount),
  };
};

const readNames = list(readName, limits.listCount);
const readStage = wordOf(stages, 'unknown');
const readVersion = struct<Version>({ born: readCount, sequence: readCount }, {});

const rowNeeds = (text: Read<string>): Needed<Row> => ({
  member: text,
  result: wordOf(results, 'unknown'),
});
const rowMayHave = (text: Read<string>): Optional<Row> => ({
  origin: text,
  reason: text,
  plainReason: text,
  dependsOn: text,
  isCycle: readBoolean,
  isDisabled: readBoolean,
  isBusy: readBoolean,
  isVain: readBoolean,
  isSlip: readBoolean,
  lostTo: struct<Winner>({ action: readName }, { operation: readName, atMs: readCount }),
  cause: struct<Cause>(
    { member: text },
    { reason: text, plainReason: text, otherCount: readCount },
  ),
  sharedWith: readNames,
  stage: readStage,
  pid: readCount,
  also: readNames,
  otherCount: readCount,
  output: list(text, limits.outputLineCount),
  lastSeenMs: readCount,
  queuedUntilMs: readCount,
  version: readVersion,
});
const rowReader = (text: Read<string>): Read<Row> => struct<Row>(rowNeeds(text), rowMayHave(text));

const outcomeReader = (text: Read<string>, row: Read<Row>, weight: number): Read<Outcome> => {
  const whole = struct<Outcome>(
    { ...rowNeeds(text), rows: list(row, limits.rowCount) },
    { ...rowMayHave(text), isLate: readBoolean },
  );
  return (value, what) => {
    const outcome = whole(value, what);
    if (weight === Infinity || weightOf(outcome) <= weight) return outcome;
    const { output: _output, also: _also, sharedWith: _shared, rows, ...verdict } = outcome;
    const words = `${rows.length} rows were too long to keep`;
    const reason = verdict.reason === undefined ? words : `${verdict.reason} (${words})`;
    return { ...verdict, reason, rows: [] };
  };
};

const stepReader = (text: Read<string>): Read<PlannedStep> =>
  struct<PlannedStep>(
    {
      service: text,
      action: readName,
      why: wordOf(['asked', 'member', 'requirement', 'dependent'], 'asked'),
      effect: wordOf(['change', 'none', 'refused', 'unknown', 'skipped'], 'unknown'),
    },
    {
      of: text,
      stage: readStage,
      ageMs: readCount,
      note: text,
      dependsOn: text,
      batch: readCount,
      isCanary: readBoolean,
      pauseMs: readCount,
    },
  );

const readMembers = (text: Read<string>): Read<readonly MemberStatus[]> =>
  list(
    struct<MemberStatus>(
      { name: text, stage: readStage },
      {
        ageMs: readCount,
        pid: readCount,
        respawnCount: readCount,
        unknownReason: text,
        isReady: readBoolean,
        isWanted: readBoolean,
        isEnabled: readBoolean,
        reason: text,
        slot: readSlot,
        sharedWith: readNames,
      },
    ),
    limits.rowCount,
  );

/** Who says that it takes longer than anybody may configure is waited for as long as that. */
const readSlow: Read<number> = (value, what) => Math.min(readCount(value, what), limits.slowMs);

const factsNeed = (text: Read<string>): Needed<StatusFacts> => ({
  provision: readNames,
  stage: readStage,
  requirement: readNames,
  documentation: text,
  actions: list(
    struct<Status['actions'][number]>({ name: readName, documentation: text }, {}),
    limits.listCount,
  ),
  isEnabled: readBoolean,
  isOneShot: readBoolean,
  isRespawned: readBoolean,
  respawnCount: readCount,
});
const factsMayHave = (text: Read<string>): Optional<StatusFacts> => ({
  ageMs: readCount,
  isWanted: readBoolean,
  isRespawning: readBoolean,
  readyMs: readSlow,
  graceMs: readSlow,
  unservedMs: readCount,
  isReady: readBoolean,
  unknownReason: text,
  labels: readLabels,
});
/** A user or a group: its name or its number. */
export const readAccount =
  (text: Read<string>): Read<string | number> =>
  (value, what) =>
    typeof value === 'string' ? text(value, what) : readWhole(value, what);
const exitReader = (text: Read<string>): Read<Exit> =>
  struct<Exit>({ at: readCount }, { code: readCount, signal: text });
type LocalFacts = Omit<LocalStatus, 'kind' | keyof StatusFacts>;
const localMayHave = (text: Read<string>): Optional<LocalFacts> => ({
  version: readVersion,
  since: readCount,
  hasReplacement: readBoolean,
  isGone: readBoolean,
  pid: readCount,
  ...makingMayHave(text),
  runsAs: struct<RunAs>({}, { user: readAccount(text), group: readAccount(text) }),
  lastRespawn: readCount,
  lastExit: exitReader(text),
  exits: list(exitReader(text), limits.exitCount),
  hang: struct<Hang>({ pid: readCount, at: text }, {}),
  nextStartMs: readCount,
  failure: struct<Failure>({ reason: text, at: readCount }, { plainReason: text }),
  disabledReason: text,
  startedBy: promptReader(text),
  stoppedBecause: promptReader(text),
  disabledBy: promptReader(text),
  logFile: text,
  recentLines: list(text, limits.outputLineCount),
  slot: readSlot,
  timer: timerReader(text),
  transient: wordOf(['lives', 'ended'] as const, undefined),
});

const statusReader = (text: Read<string>, weight: number): Read<Status> => {
  const needed = factsNeed(text);
  const optional = { ...factsMayHave(text), ...localMayHave(text) };
  const members = readMembers(text);
  const counts = { runningCount: readCount, neededCount: readCount };
  const judged = { health: wordOf(healths, undefined), blame: readNames, follows: text };
  const readers: { readonly [K in Status['kind']]: Read<Status> } = {
    local: struct<LocalStatus>({ ...needed, kind: () => 'local' }, optional),
    exported: struct<ExportedStatus>(
      { ...needed, kind: () => 'exported', origin: text },
      { ...optional, members, ...counts, ...judged },
    ),
    fleet: struct<FleetStatus>(
      { ...needed, kind: () => 'fleet', members, ...counts },
      { ...factsMayHave(text), ...judged },
    ),
  };
  const readKind = wordOf(['local', 'exported', 'fleet'] as const, 'local');
  return (value, what) => {
    const said = readField(value, 'kind', what);
    const kind = said === undefined ? 'local' : readKind(said, `${what}.kind`);
    const status = explained(readers[kind](value, what), readField(value, 'stage', what));
    return weight === Infinity || weightOf(status) <= weight ? status : withoutLists(status);
  };
};
/** Says why a stage is unknown that was one word more than is known here. */
const explained = (status: Status, said: unknown): Status =>
  status.stage !== 'unknown' || said === 'unknown' || status.unknownReason !== undefined
    ? status
    : { ...status, unknownReason: `stage ${shown(said)} is not known here` };
const shown = (said: unknown): string =>
  JSON.stringify(String(said).slice(0, limits.nameCharacters));

const withoutLists = (status: Status): Status => {
  const bare = { requirement: [], actions: [] };
  switch (status.kind) {
    case 'fleet': {
      const { blame: _blame, ...kept } = status;
      return { ...kept, ...bare, members: [] };
    }
    case 'local': {
      const { recentLines: _lines, timer: _timer, ...kept } = status;
      return { ...withoutMakingLists(kept), ...bare };
    }
    case 'exported': {
      const { recentLines: _lines, members: _m, blame: _b, timer: _timer, ...kept } = status;
      return { ...withoutMakingLists(kept), ...bare };
    }
  }
};

type Of<K extends Event['kind']> = Extract<Event, { readonly kind: K }>;
const lineReader = (text: Read<string>): Read<Of<'line'>> =>
  struct<Of<'line'>>(
    { kind: () => 'line', from: text, text },
    { about: text, what: wordOf(topics, undefined), on: text, plainText: text },
  );

/** Undefined for an event of a kind that is not known here. */
const eventReader = (text: Read<string>, row: Read<Row>): Read<Event | undefined> => {
  const readers: { readonly [K in Event['kind']]: Read<Event> } = {
    line: lineReader(text),
    row: struct<Of<'row'>>({ kind: () => 'row', row }, {}),
    dropped: struct<Of<'dropped'>>({ kind: () => 'dropped', count: readWhole }, {}),
    deadline: struct<Of<'deadline'>>(
      { kind: () => 'deadline', remainingMs: readUpTo(limits.remainingMs) },
      { slowest: text, slowestMs: readUpTo(limits.remainingMs) },
    ),
    alone: () => ({ kind: 'alone' }),
  };
  const readKind = wordOf(['line', 'row', 'dropped', 'deadline', 'alone'] as const, undefined);
  return (value, what) => {
    const kind = readKind(readField(value, 'kind', what), `${what}.kind`);
    return kind === undefined ? undefined : readers[kind](value, what);
  };
};

/** Undefined for an event of a kind, or a note about something, that is not known here, or from too far. */
const logEventReader = (text: Read<string>): Read<LogEvent | undefined> => {
  type Of<K extends LogEvent['kind']> = Extract<LogEvent, { readonly kind: K }>;
  const readNote = wordOf(logNotes, 'ended');
  const readers: { readonly [K in LogEvent['kind']]: Read<LogEvent> } = {
    line: struct<Of<'line'>>(
      { kind: () => 'line', from: text, text },
      { about: readWay, at: readCount },
    ),
    note: struct<Of<'note'>>(
      { kind: () => 'note', from: text, what: readNote, text },
      { about: readWay, lostBytes: readCount, saidBy: text },
    ),
    change: struct<Of<'change'>>(
      { kind: () => 'change', service: text, what: wordOf(changes, 'done'), at: readCount },
      { reason: text },
    ),
    place: struct<Of<'place'>>({ kind: () => 'place', place: readWhole }, { about: readWay }),
  };
  const readKind = wordOf(['line', 'note', 'place', 'change'] as const, undefined);
  const readWhat = wordOf(logNotes, undefined);
  const readChange = wordOf(changes, undefined);
  return (value, what) => {
    const kind = readKind(readField(value, 'kind', what), `${what}.kind`);
    const said = kind === 'note' || kind === 'change' ? readField(value, 'what', what) : undefined;
    const read = kind === 'note' ? readWhat : readChange;
    const isKnown = said === undefined || read(said, `${what}.what`) !== undefined;
    const isNear = !isDeep(readField(value, 'about', what));
    return kind === undefined || !isKnown || !isNear ? undefined : readers[kind](value, what);
  };
};

/** Undefined for a change of a kind that is not known here. */
const changeReader = (text: Read<string>): Read<Change | undefined> => {
  const known = struct<Change>(
    { service: text, what: wordOf(changes, 'done'), at: readCount },
    { reason: text },
  );
  const readWhat = wordOf(changes, undefined);
  return (value, what) => {
    const isKnown = readWhat(readField(value, 'what', what), `${what}.what`) !== undefined;
    return isKnown ? known(value, what) : undefined;
  };
};
