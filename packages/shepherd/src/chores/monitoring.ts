/**
 * `^monitoring`: a service whose log says from time to time how its shepherd is, in the words of GNU Shepherd's, and of
 * its services, its sessions, its records and how late it is.
 */
import type { Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import { rootNames } from '../action-table.ts';
import { limits } from '../limits.ts';
import type { ChorePowers, Measured, MonitoringRules } from '../words/chore-types.ts';
import type { Agent, LocalStatus, Outcome, Request, Shepherd, Status } from '../words/types.ts';
import { asAgent, done, failed } from './chore.ts';

/** What makes it. */
export interface MonitoringOptions {
  readonly name: string;
  readonly rules: MonitoringRules;
  readonly shepherd: Ref<Pick<Shepherd, 'names' | 'status'>>;
  readonly powers: Pick<ChorePowers, 'measure' | 'write'>;
}
/** It, and how its description changes. Near only. */
export interface Monitoring extends Agent {
  rule(rules: MonitoringRules): void;
}

/** Makes one that rests. */
export const makeMonitoring = (
  turn: Turn<Monitoring>,
  _bcom: Bcom<Monitoring>,
  { name, rules, shepherd, powers }: MonitoringOptions,
): Behavior<Monitoring> => {
  const everyMs = turn.cell(rules.everyMs);
  const timer = turn.cell<{ cancel(): void } | undefined>(undefined);
  const again = (turn: Turn): void => {
    timer.get()?.cancel();
    timer.set(turn.after(everyMs.get(), (turn) => say(turn)));
  };
  const look = (turn: Turn): Vow<string> =>
    turn.when(turn.ask<Measured>(powers.measure), (turn, measured) => {
      const text = lineOf(overview(turn, shepherd), measured);
      turn.effect(() => powers.write(name, text));
      return text;
    });
  const say = (turn: Turn): void => {
    again(turn);
    look(turn);
  };
  const perform = (turn: Turn, request: Request): Vow<Outcome> => {
    if (request.action === 'log')
      return turn.when(look(turn), (_turn, text) => done(request, [text]));
    const [word = '', ...more] = request.args;
    const seconds = /^\d{1,9}$/.test(word) ? Number(word) : 0;
    if (more.length > 0 || seconds < 1 || seconds > limits.monitoringMostSeconds) {
      const range = `from 1 to ${limits.monitoringMostSeconds}`;
      return turn.kept(failed(request, `period: expected a number of seconds ${range}`));
    }
    everyMs.set(seconds * 1_000);
    if (timer.get() !== undefined) again(turn);
    return turn.kept(done(request, [`Says how it is every ${seconds} seconds.`]));
  };
  return {
    ...asAgent(turn, name, {
      turned: (turn, isUp) => {
        if (isUp) return say(turn);
        timer.get()?.cancel();
        timer.set(undefined);
      },
      perform,
    }),
    rule: (turn, rules) => {
      everyMs.set(rules.everyMs);
      if (timer.get() !== undefined) again(turn);
    },
  };
};

interface Overview {
  readonly nameCount: number;
  readonly serviceCount: number;
  readonly runningCount: number;
  readonly respawnCount: number;
}
const overview = (turn: Turn, shepherd: MonitoringOptions['shepherd']): Overview => {
  const all = turn.call(shepherd, 'names').map((name) => turn.call(shepherd, 'status', name));
  const own = all.filter(isLocal);
  return {
    // GNU's shepherd counts itself, by both of its names.
    nameCount: rootNames.length + all.reduce((sum, { provision }) => sum + provision.length, 0),
    serviceCount: own.length,
    runningCount: own.filter(({ stage }) => stage === 'running').length,
    respawnCount: own.reduce((sum, one) => sum + one.respawnCount, 0),
  };
};
const isLocal = (status: Status): status is LocalStatus => status.kind === 'local';

const mebibytes = (bytes: number): string => (bytes / 1_048_576).toFixed(1);
const lineOf = (seen: Overview, measured: Measured): string =>
  [
    `service names: ${seen.nameCount}`,
    `heap: ${mebibytes(measured.heapBytes)} MiB`,
    `file descriptors: ${measured.descriptorCount}`,
    `memory: ${mebibytes(measured.residentBytes)} MiB`,
    `running: ${seen.runningCount} of ${seen.serviceCount}`,
    `respawns: ${seen.respawnCount}`,
    `sessions: ${measured.sessionCount}`,
    `records: ${mebibytes(measured.recordBytes)} MiB`,
    `late: ${measured.lateMs.toFixed(0)} ms (99 %), ${measured.latestMs.toFixed(0)} ms at most`,
  ].join('; ');
