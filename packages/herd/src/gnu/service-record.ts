/**
 * A service as GNU Shepherd's clients know one: all fields of 1.0.9, in its order, lists with the newest first,
 * instants in seconds since 1970. What they have no word for:
 *
 *     unknown how it is      the status `unknown`; a line before the report says why
 *     a fleet                how many of its members run, as its running value
 *     a service elsewhere    where its process is, as its running value: a process record means one of this machine
 *     running, not ready     a sentence, as its running value, where it has no process; a process is shown as one
 *
 * Lines of a log have no times, since services write them themselves: their instant is that since which the service is
 * what it is. The environment of a process is in none of it, unlike in GNU Shepherd's records of timers.
 */
import type { Change, LocalStatus, Status } from '@bellwether/shepherd';
import { listeningRecord } from './endpoint-record.ts';
import { changeCount } from './limits.ts';
import { shown } from './shown.ts';
import { secondsOf, timerRecord, waitStatus } from './timer-record.ts';
import { Dotted, Real, sym, type Datum } from './wire/datum.ts';
import { field, versionZero } from './wire/request.ts';

/** What a record is made of beside the status. */
export interface Beside {
  /** Of this service, oldest first. */
  readonly changes: readonly Change[];
}
/** The shepherd itself. */
export interface RootFacts {
  readonly pid: number;
  readonly command: readonly string[];
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly logFile: string | undefined;
}

/** The record of a service. */
export const serviceRecord = (status: Status, { changes }: Beside): Datum =>
  record({
    provides: status.provision,
    requires: status.requirement,
    isRespawned: status.isRespawned,
    documentation: shown(status.documentation) || '[No description].',
    isEnabled: status.isEnabled,
    running: runningValue(status),
    lastRespawns: status.kind === 'fleet' ? [] : momentOf(status.lastRespawn),
    changes: changesOf(sinceThere(status, changes)),
    failures: momentOf(startFailureOf(status)?.at),
    stage: status.stage,
    isOneShot: status.isOneShot,
    isTransient: status.kind === 'local' && status.transient !== undefined,
    actions: status.actions.map(({ name }) => name),
    exits: exitsOf(status),
    messages: messagesOf(status),
    logFiles: status.kind === 'local' && status.logFile !== undefined ? [status.logFile] : [],
    isReplaced: status.kind !== 'fleet' && status.hasReplacement === true,
  });

/** The record of the shepherd. */
export const rootRecord = (
  root: RootFacts,
  documentation: string,
  actions: readonly string[],
): Datum =>
  record({
    provides: ['root', 'shepherd'],
    requires: [],
    isRespawned: false,
    documentation,
    isEnabled: true,
    running: processRecord(root.pid, root.command),
    lastRespawns: [],
    changes: ['running', 'starting'].map(
      (stage) => new Dotted([sym(stage)], secondsOf(root.startedMs)),
    ),
    failures: [],
    stage: 'running',
    isOneShot: false,
    isTransient: false,
    actions,
    exits: [],
    messages: [],
    logFiles: root.logFile === undefined ? [] : [root.logFile],
    isReplaced: false,
  });

interface RecordFields {
  readonly provides: readonly string[];
  readonly requires: readonly string[];
  readonly isRespawned: boolean;
  readonly documentation: string;
  readonly isEnabled: boolean;
  readonly running: Datum;
  readonly lastRespawns: readonly Datum[];
  readonly changes: readonly Datum[];
  readonly failures: readonly Datum[];
  readonly stage: string;
  readonly isOneShot: boolean;
  readonly isTransient: boolean;
  readonly actions: readonly string[];
  readonly exits: readonly Datum[];
  readonly messages: readonly Datum[];
  readonly logFiles: readonly string[];
  readonly isReplaced: boolean;
}
const record = (all: RecordFields): Datum => [
  sym('service'),
  versionZero,
  field('provides', all.provides.map(sym)),
  field('requires', all.requires.map(sym)),
  field('respawn?', all.isRespawned),
  field('docstring', all.documentation),
  field('enabled?', all.isEnabled),
  field('running', all.running),
  field('conflicts', []),
  field('last-respawns', all.lastRespawns),
  field('status-changes', all.changes),
  field('startup-failures', all.failures),
  field('status', sym(all.stage)),
  field('one-shot?', all.isOneShot),
  field('transient?', all.isTransient),
  field('respawn-limit', new Dotted([5], 7)),
  field('respawn-delay', new Real(0.1)),
  field('actions', all.actions.map(sym)),
  field('exit-statuses', all.exits),
  field('recent-messages', all.messages),
  field('log-files', all.logFiles),
  field('pending-replacement?', all.isReplaced),
];

/** One that accepts is up when it notes that whoever came was not served. */
const startFailureOf = (status: Status): LocalStatus['failure'] =>
  status.kind === 'fleet' || status.stage === 'running' ? undefined : status.failure;
const momentOf = (ms: number | undefined): readonly Datum[] =>
  ms === undefined ? [] : [secondsOf(ms)];

const runningValue = (status: Status): Datum => {
  if (status.kind === 'local' && status.timer !== undefined)
    return timerRecord({ ...status, timer: status.timer });
  if (status.stage !== 'running' && status.stage !== 'stopping') return false;
  if (status.kind === 'fleet') return `${status.runningCount} of ${status.members.length} run`;
  if (status.kind === 'exported') {
    const { origin, pid, members, runningCount = 0 } = status;
    const where = shown(origin);
    if (members !== undefined) return `${runningCount} of ${members.length} run, at ${where}`;
    return pid === undefined ? `at ${where}` : `process ${pid} at ${where}`;
  }
  if (status.pid !== undefined) return processRecord(status.pid, status.command ?? []);
  if (status.endpoints !== undefined)
    return listeningRecord(
      status.endpoints,
      status.command ?? [],
      status.accepting === undefined ? 'systemd' : 'inetd',
    );
  return status.isReady === false ? 'not ready' : true;
};
const processRecord = (pid: number, command: readonly string[]): Datum => [
  sym('process'),
  versionZero,
  field('id', pid),
  field('command', command.map(shown)),
];

/** What GNU Shepherd calls it; of what is only observed it knows nothing. */
const stageOf: Readonly<Record<Change['what'], string | undefined>> = {
  starting: 'starting',
  running: 'running',
  stopping: 'stopping',
  stopped: 'stopped',
  failed: 'stopped',
  done: 'stopped',
  unknown: undefined,
  degraded: undefined,
  settling: undefined,
  'too-few': undefined,
};
/** A daemon notes as a change that it has taken over what ran, and its status since when that runs. */
const sinceThere = (status: Status, changes: readonly Change[]): readonly Change[] => {
  const last = changes.at(-1);
  if (status.kind === 'fleet' || status.since === undefined) return changes;
  if (status.stage !== 'running' || last?.what !== 'running') return changes;
  return [...changes.slice(0, -1), { ...last, at: Math.min(last.at, status.since) }];
};
const changesOf = (changes: readonly Change[]): readonly Datum[] =>
  changes
    .slice(-changeCount)
    .toReversed()
    .flatMap(({ what, at }) => {
      const stage = stageOf[what];
      return stage === undefined ? [] : [new Dotted([sym(stage)], secondsOf(at))];
    });

/** Newest first. */
const exitsOf = (status: Status): readonly Datum[] => {
  if (status.kind === 'fleet') return [];
  const { lastExit, exits = lastExit === undefined ? [] : [lastExit] } = status;
  return exits.toReversed().flatMap((exit) => {
    const found = waitStatus(exit);
    return found === undefined ? [] : [new Dotted([found], secondsOf(exit.at))];
  });
};

const messagesOf = (status: Status): readonly Datum[] => {
  if (status.kind === 'fleet') return [];
  const { recentLines = [], since } = status satisfies Pick<LocalStatus, 'recentLines' | 'since'>;
  const at = secondsOf(since ?? 0);
  return recentLines.toReversed().map((line) => new Dotted([at], shown(line)));
};
