/** The state of the `^service`, and the one way to change it; service.ts opens with the table. */
import type {
  Clock,
  JournalCell,
  JournalMap,
  Log,
  Ref,
  Resolver,
  Turn,
  Vow,
} from '@bellwether/actors';
import { limits } from './limits.ts';
import { noRespawns, type Respawns } from './respawn.ts';
import type {
  Change,
  Ending,
  LogFiles,
  Logger,
  Outcome,
  Prober,
  ProcessMonitor,
  Run,
  ServiceConfig,
  Stage,
  Version,
} from './types.ts';

/** What all services of one shepherd share. */
export interface ServicePowers {
  readonly monitor: Ref<ProcessMonitor>;
  readonly prober: Prober;
  readonly logFiles: LogFiles;
  readonly clock: Pick<Clock, 'now' | 'wall'>;
  readonly log: Log;
}
/** What can be called off. */
export interface Timer {
  cancel(): void;
}
/** A start under way, and who waits for it. */
export interface Attempt {
  readonly answer: Vow<Outcome>;
  readonly resolver: Resolver<Outcome>;
  /** Made by the service itself: its failure is one more death, not the end of it. */
  readonly isRespawn: boolean;
}
/** Why a process is being stopped: somebody asked, or it was not ready in time. */
export type Because =
  | { readonly kind: 'asked' }
  | { readonly kind: 'not-ready'; readonly attempt: Attempt; readonly reason: string };
/** See the table of service.ts. */
export type State =
  | { readonly at: 'stopped' }
  | { readonly at: 'spawning'; readonly attempt: Attempt }
  | {
      readonly at: 'waking';
      readonly attempt: Attempt;
      readonly run: Run;
      readonly deadline: Timer | undefined;
      /** The wait for the next readiness attempt. */
      readonly poll: Timer | undefined;
    }
  | { readonly at: 'running'; readonly run: Run | undefined; readonly sinceMs: number }
  | { readonly at: 'resting'; readonly timer: Timer }
  | {
      readonly at: 'stopping';
      readonly because: Because;
      /** Absent while a spawn is under way that nobody wants any more. */
      readonly run: Run | undefined;
      readonly grace: Timer | undefined;
      readonly answer: Vow<Outcome>;
      readonly resolver: Resolver<Outcome>;
    };

/** The state of a service, and what its steps work with. */
export interface Held extends ServicePowers {
  readonly name: string;
  /** What it is run as. */
  readonly config: JournalCell<ServiceConfig>;
  /** What it was last described as; see replacement.ts. */
  readonly latest: JournalCell<ServiceConfig>;
  /** A restart would make something else of it. */
  readonly isReplaced: JournalCell<boolean>;
  readonly logger: Ref<Logger>;
  /** Changed by `setState` alone. */
  readonly state: JournalCell<State>;
  /** Which state that is; the epoch is the instant, by the wall clock, at which it was made. */
  readonly version: JournalCell<Version>;
  readonly goal: JournalCell<'start' | 'stop'>;
  readonly isEnabled: JournalCell<boolean>;
  /** Why it starts nothing any more; undefined while it may. */
  readonly retirement: JournalCell<string | undefined>;
  /** When the stage was entered, by the wall clock. */
  readonly since: JournalCell<number | undefined>;
  readonly respawns: JournalCell<Respawns>;
  readonly lastExit: JournalCell<(Ending & { readonly at: number }) | undefined>;
  readonly failure: JournalCell<{ readonly reason: string; readonly at: number } | undefined>;
  readonly history: JournalCell<readonly Change[]>;
  /** The custom actions whose commands run, and since when by the monotonic clock. */
  readonly commands: JournalMap<string, number>;
}

/** The state of a service at rest. */
export const stopped: State = { at: 'stopped' };

/** The state of a service that is stopped and has no past. */
export const hold = (
  turn: Turn,
  config: ServiceConfig,
  powers: ServicePowers,
  logger: Ref<Logger>,
  isEnabled: boolean,
): Held => ({
  ...powers,
  name: config.provision[0],
  config: turn.cell(config),
  latest: turn.cell(config),
  isReplaced: turn.cell(false),
  logger,
  state: turn.cell<State>(stopped),
  version: turn.cell<Version>({ epoch: powers.clock.wall(), sequence: 0 }),
  goal: turn.cell<'start' | 'stop'>('stop'),
  isEnabled: turn.cell(isEnabled),
  retirement: turn.cell<string | undefined>(undefined),
  since: turn.cell<number | undefined>(undefined),
  respawns: turn.cell(noRespawns),
  lastExit: turn.cell<(Ending & { readonly at: number }) | undefined>(undefined),
  failure: turn.cell<{ readonly reason: string; readonly at: number } | undefined>(undefined),
  history: turn.cell<readonly Change[]>([]),
  commands: turn.map<string, number>(),
});

/** The stage that others see. */
export const stageOf = (state: State): Stage => {
  switch (state.at) {
    case 'spawning':
    case 'waking':
    case 'resting':
      return 'starting';
    default:
      return state.at;
  }
};
/** The process at hand, if there is one. */
export const runOf = (state: State): Run | undefined => ('run' in state ? state.run : undefined);

/** Whether there is no process, and none is on its way. */
export const isAtRest = ({ at }: State): boolean => at === 'stopped' || at === 'resting';

/** From now on the service is what it was last described as. */
export const takeLatest = (held: Held): void => {
  if (!held.isReplaced.get() && held.config.get() === held.latest.get()) return;
  held.config.set(held.latest.get());
  held.isReplaced.set(false);
};

/** The one place where the state changes: what was seen of it so far is of an older version. */
export const setState = (held: Held, next: State): void => {
  const { epoch, sequence } = held.version.get();
  held.state.set(next);
  held.version.set({ epoch, sequence: sequence + 1 });
};

/**
 * The one place where the state changes its name: timers of the old one end, and the change is
 * noted.
 */
export const enter = (held: Held, turn: Turn, next: State, what?: Change['what']): void => {
  const before = held.state.get();
  if (before.at === 'waking') {
    before.deadline?.cancel();
    before.poll?.cancel();
  }
  if (before.at === 'stopping') before.grace?.cancel();
  setState(held, next);
  if (isAtRest(next)) takeLatest(held);
  const at = held.clock.wall();
  if (stageOf(before) !== stageOf(next)) held.since.set(at);
  if (what === undefined) return;
  const change: Change = { service: held.name, what, at };
  held.history.set([...held.history.get(), change].slice(-limits.historyCount));
  say(held, turn, `service.${what}`, { pid: runOf(next)?.pid });
};

/** Tells the daemon's log, once the turn has ended well. */
export const say = (
  held: Held,
  turn: Turn,
  event: string,
  fields: Readonly<Record<string, unknown>>,
): void => turn.effect(() => held.log(event, { service: held.name, ...fields }));

/** What a step answers: how it ended, and where the service is now. */
export const outcomeOf = (held: Held, result: Outcome['result']): Outcome => {
  const state = held.state.get();
  const pid = runOf(state)?.pid;
  const stage = stageOf(state);
  const version = held.version.get();
  const more = pid === undefined ? { version } : { pid, version };
  return { member: held.name, result, stage, ...more, rows: [] };
};
/** A step that was not taken, or did not work. */
export const refusal = (held: Held, reason: string): Outcome => ({
  ...outcomeOf(held, 'failed'),
  reason,
});
/** A step that lost to a later command. */
export const superseded = (held: Held, action: 'start' | 'stop'): Outcome => ({
  ...outcomeOf(held, 'superseded'),
  reason: `Service ${held.name}: a later ${action === 'start' ? 'stop' : 'start'} won.`,
});
