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
import { limits } from '../limits.ts';
import { noneCame, type Accepted } from './accepted.ts';
import { nothing, noteBesides, type Besides } from './besides.ts';
import { noRespawns, type Respawns } from './respawn.ts';
import type {
  Agent,
  AlarmClock,
  Attempt,
  Attendant,
  Change,
  KeptChange,
  ChangeFeed,
  Ending,
  Exit,
  Failure,
  Hang,
  LocalService,
  LogFiles,
  Logger,
  Outcome,
  Prober,
  ProcessMonitor,
  Prompts,
  Run,
  ServiceConfig,
  SlotFacts,
  Stage,
  StatusBoard,
  TimerMemory,
  Version,
  Zone,
} from '../words/types.ts';

/** What all services of one shepherd share. */
export interface ServicePowers {
  readonly monitor: Ref<ProcessMonitor>;
  readonly prober: Prober;
  readonly logFiles: LogFiles;
  readonly clock: Pick<Clock, 'now' | 'wall'>;
  readonly log: Log;
  readonly feed: Ref<Pick<ChangeFeed, 'changed'>>;
  /** The name of this shepherd: it stands in front of lines of logs. */
  readonly node: string;
  /** Of which boot of its machine this life is; see ShepherdOptions. */
  readonly boot: string | undefined;
  /** Wakes the schedules of those that are timers. */
  readonly alarms: Ref<AlarmClock>;
  readonly zone: Zone;
  /** Told of what others are to do something about. */
  readonly attendant: Ref<Attendant>;
  /** Told of everything that changes in a status. */
  readonly board: Ref<Pick<StatusBoard, 'touched'>>;
}
/** What the records say of a service. */
export interface RecordedService {
  readonly isEnabled: boolean;
  readonly isWanted: boolean;
  /** What it was started, stopped and disabled by last. */
  readonly prompts?: Prompts;
  /** How it has ended, where it was transient. */
  readonly lastExit?: Ending & { readonly at: number };
  /** Of its schedule, where it was a timer. */
  readonly timer?: TimerMemory;
}
/** What can be called off. */
export interface Timer {
  cancel(): void;
}
/** A start under way, and who waits for it. */
export interface Launch {
  readonly answer: Vow<Outcome>;
  readonly resolver: Resolver<Outcome>;
  /** The same, or that its process is there: whichever comes first. */
  readonly begun: Vow<Outcome>;
  readonly beginner: Resolver<Outcome>;
  /** Made by the service itself: its failure is one more death, not the end of it. */
  readonly isRespawn: boolean;
  /** Where its log ended when it set out; undefined where that was in an earlier life. */
  readonly logPlace: number | undefined;
  /** Whether somebody answered for it before it had a process; see first-look.ts. */
  readonly firstLook?: Vow<boolean>;
}
/** Why a process is being stopped: somebody asked, or it was not ready in time. */
export type Because =
  | { readonly kind: 'asked' }
  | {
      readonly kind: 'not-ready';
      readonly launch: Launch;
      readonly reason: string;
      readonly plainReason: string;
    };
/** See the table of service.ts. */
export type State =
  | { readonly at: 'stopped' }
  | {
      readonly at: 'spawning';
      readonly launch: Launch;
      /** Absent while its sockets are opened. */
      readonly startId?: string;
      /** Until it is looked at, because it takes long; then until it is ended. */
      readonly deadline?: Timer;
    }
  | {
      readonly at: 'waking';
      readonly launch: Launch;
      readonly run: Run;
      readonly deadline: Timer | undefined;
      /** The wait for the next readiness attempt. */
      readonly poll: Timer | undefined;
      /** What kept the last attempt from asking. */
      readonly doubt?: string | undefined;
      /** Somebody has answered since before its process was started, and never said no. */
      readonly isDoubted?: boolean;
    }
  | { readonly at: 'running'; readonly run: Run | undefined; readonly sinceMs: number }
  | {
      readonly at: 'resting';
      readonly timer: Timer;
      /** Monotonic: when it is over. */
      readonly dueMs: number;
    }
  | {
      readonly at: 'stopping';
      readonly because: Because;
      /** Absent while a spawn is under way that nobody wants any more. */
      readonly run: Run | undefined;
      /** Of that spawn. */
      readonly startId?: string;
      readonly grace: Timer | undefined;
      /** The command that stops it runs; its process, where there is one, is signalled afterwards. */
      readonly isCommanded?: boolean;
      /** What is to be told of it beside. */
      readonly said?: readonly string[];
      readonly answer: Vow<Outcome>;
      readonly resolver: Resolver<Outcome>;
    };

/** Everything of a service that its status shows. */
export interface Shown {
  readonly state: State;
  readonly isEnabled: boolean;
  /** The last explicit wish that was accepted. */
  readonly isWanted: boolean;
  /** When the stage was entered, by the wall clock. */
  readonly since: number | undefined;
  /** Monotonic: since when it has not served though it might; undefined while it runs and is ready. */
  readonly unservedSince: number | undefined;
  readonly respawns: Respawns;
  /** The newest last. */
  readonly exits: readonly Exit[];
  readonly failure: Failure | undefined;
  /** Its process, where that does not come to run its program. */
  readonly hang: Hang | undefined;
  /** Checks in a row by which it was not alive. */
  readonly deathSignCount: number;
  /** What its agent tells of it, where it is a slot. */
  readonly slot: SlotFacts | undefined;
}

/** The state of a service, and what its steps work with. */
export interface ServiceHeld extends ServicePowers, Accepted {
  readonly self: Ref<LocalService>;
  readonly name: string;
  /** Who carries out what its description leaves to one. */
  readonly agent: Ref<Agent> | undefined;
  /** What it is run as. */
  readonly config: JournalCell<ServiceConfig>;
  /** What it was last described as; see replacement.ts. */
  readonly latest: JournalCell<ServiceConfig>;
  readonly logger: Ref<Logger>;
  /** What an earlier life has left of it. */
  readonly timerBefore: TimerMemory;
  /** Changed by `change` alone. */
  readonly shown: JournalCell<Shown>;
  /** Which of them that is; it was born when it was made, by the wall clock. */
  readonly version: JournalCell<Version>;
  /** What was asked of it last: not yet what is wished where that waits for other services. */
  readonly goal: JournalCell<'start' | 'stop'>;
  /** What it was started, stopped and disabled by last; see prompts.ts. */
  readonly prompts: JournalCell<Prompts>;
  /** Changed by `noteBesides` alone. */
  readonly besides: JournalCell<Besides>;
  readonly history: JournalCell<readonly KeptChange[]>;
  /** The custom actions whose commands run, and since when by the monotonic clock. */
  readonly commands: JournalMap<string, number>;
}

/** One for all services: what was no timer, what has not ended. */
const noRuns: TimerMemory = { runs: [] };
const noExits: readonly Exit[] = [];
/** The state of a service at rest. */
export const stopped: State = { at: 'stopped' };

/** The state of a service that is stopped and has no past. */
export const hold = (
  turn: Turn<LocalService>,
  config: ServiceConfig,
  powers: ServicePowers,
  logger: Ref<Logger>,
  { timer, lastExit, prompts = {}, isEnabled, isWanted }: RecordedService,
  agent: Ref<Agent> | undefined,
): ServiceHeld => ({
  self: turn.self,
  agent,
  timerBefore: timer ?? noRuns,
  name: config.provision[0],
  config: turn.cell(config),
  latest: turn.cell(config),
  logger,
  shown: turn.cell<Shown>({
    isEnabled,
    isWanted,
    state: stopped,
    since: undefined,
    unservedSince: powers.clock.now(),
    respawns: noRespawns,
    exits: lastExit === undefined ? noExits : [lastExit],
    failure: undefined,
    hang: undefined,
    deathSignCount: 0,
    slot: undefined,
  }),
  version: turn.cell<Version>({ born: powers.clock.wall(), sequence: 0 }),
  goal: turn.cell<'start' | 'stop'>('stop'),
  prompts: turn.cell(prompts),
  besides: turn.cell(nothing),
  history: turn.cell<readonly KeptChange[]>([]),
  accepting: turn.cell(noneCame),
  connections: turn.map(),
  commands: turn.map<string, number>(),
  ...powers,
});

/** A start that nobody waits for yet. */
export const launchOf = (turn: Turn, isRespawn: boolean, logPlace?: number): Launch => {
  const { vow: answer, resolver } = turn.vow<Outcome>();
  const { vow: begun, resolver: beginner } = turn.vow<Outcome>();
  turn.when(answer, (_turn, outcome) => beginner.kept(outcome));
  return { answer, resolver, begun, beginner, isRespawn, logPlace };
};

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

/** Whether it comes back by itself after a death: the delay before that, and the launch. */
export const isRespawning = (state: State): boolean =>
  state.at === 'resting' || ('launch' in state && state.launch.isRespawn);

/** Whether there is no process, and none is on its way. */
export const isDown = ({ at }: State): boolean => at === 'stopped' || at === 'resting';

/** From now on the service is what it was last described as. */
export const takeLatest = (held: ServiceHeld, turn: Turn): void => {
  if (!held.besides.get().isReplaced && held.config.get() === held.latest.get()) return;
  held.config.set(held.latest.get());
  noteBesides(held, { isReplaced: undefined });
  touch(held, turn);
};

/** A process of it has ended now. */
export const noteExit = (held: ServiceHeld, turn: Turn, ending: Ending): void => {
  const { exits } = held.shown.get();
  const exit = { ...ending, at: held.clock.wall() };
  change(held, turn, { exits: [...exits, exit].slice(-limits.exitCount) });
};

/** The state at this moment. */
export const stateOf = (held: ServiceHeld): State => held.shown.get().state;

/**
 * The one place where something changes that happens to the service and that its status shows; what
 * is said of it is changed by a replacement.
 */
export const change = (held: ServiceHeld, turn: Turn, next: Partial<Shown>): void => {
  const before = held.shown.get();
  const after = { ...before, ...next };
  held.shown.set(after);
  if (!looksSame(before, after)) touch(held, turn);
};
/** What was seen of the service so far is of an older version, and who watches is told. */
export const touch = (held: ServiceHeld, turn: Turn): void => {
  const { born, sequence } = held.version.get();
  held.version.set({ born, sequence: sequence + 1 });
  turn.tell(held.board, 'touched', held.config.get().provision, true);
};
const looksSame = (one: Shown, other: Shown): boolean => {
  // A poll for readiness and a wait within one stage are nobody's affair.
  if (stageOf(one.state) !== stageOf(other.state)) return false;
  if (runOf(one.state)?.pid !== runOf(other.state)?.pid) return false;
  for (const key in one) {
    const fact = key as keyof Shown;
    if (fact !== 'state' && one[fact] !== other[fact]) return false;
  }
  return true;
};

/**
 * The one place where the state changes its name: timers of the old one end, and the change is
 * noted.
 */
export const enter = (held: ServiceHeld, turn: Turn, next: State, what?: Change['what']): void => {
  const before = stateOf(held);
  if (before.at === 'waking') {
    before.deadline?.cancel();
    before.poll?.cancel();
    stopAsking(held, turn, before.run);
  }
  if (before.at === 'stopping') before.grace?.cancel();
  if (before.at === 'spawning') before.deadline?.cancel();
  if (before.at === 'running' && before.run !== undefined) stopWatching(held, turn, before.run);
  // Whoever answers for a stop waits for it; everybody else goes on.
  if (next.at === 'stopped' && before.at !== 'stopped' && held.config.get().sockets !== undefined)
    turn.tell(held.monitor, 'unlisten', held.name);
  if (isDown(next)) takeLatest(held, turn);
  const at = held.clock.wall();
  const isSameStage = stageOf(before) === stageOf(next);
  change(held, turn, {
    state: next,
    ...(next.at === 'spawning' || next.at === 'stopping' ? {} : { hang: undefined }),
    ...(isSameStage ? {} : { since: at }),
    ...unserved(before, next, held.clock.now()),
  });
  if (next.at === 'stopped' && held.config.get().transient === 'child')
    turn.tell(held.attendant, 'transientEnded', held.name);
  if (held.agent !== undefined && (before.at === 'running') !== (next.at === 'running'))
    turn.tell(held.agent, 'turned', next.at === 'running');
  if (what === undefined) return;
  const service = held.name;
  const number = turn.call(held.feed, 'changed', { service, what, at });
  const noted = { number, service, what, at };
  held.history.set([...held.history.get(), noted].slice(-limits.historyCount));
  say(held, turn, `service.${what}`, { pid: runOf(next)?.pid });
};

/** It counts from the end of its service, and anew from a start of what was stopped. */
const unserved = (before: State, next: State, now: number): Partial<Shown> => {
  if (next.at === 'running') return { unservedSince: undefined };
  const isFresh = before.at === 'stopped' && next.at !== 'stopped';
  return before.at === 'running' || isFresh ? { unservedSince: now } : {};
};

/** A command that asks whether it is alive ends with that. */
const stopWatching = ({ prober, config }: ServiceHeld, turn: Turn, { startId }: Run): void => {
  if (config.get().live?.probe.kind === 'exec') turn.effect(() => prober.forget(startId));
};

/** Nobody wants to know any more: an attempt that is under way ends, and its process with it. */
const stopAsking = ({ prober, config }: ServiceHeld, turn: Turn, { startId }: Run): void => {
  if (['exec', 'notify', 'sd-notify', 'log'].includes(config.get().ready.kind))
    turn.effect(() => prober.forget(startId));
};

/** Tells the daemon's log, once the turn has ended well. */
export const say = (
  held: ServiceHeld,
  turn: Turn,
  event: string,
  fields: Readonly<Record<string, unknown>>,
): void => turn.effect(() => held.log(event, { service: held.name, ...fields }));

/** What a step answers: how it ended, and where the service is now. */
export const outcomeOf = (held: ServiceHeld, result: Outcome['result']): Outcome => {
  const state = stateOf(held);
  const pid = runOf(state)?.pid;
  const stage = stageOf(state);
  const version = held.version.get();
  const more = pid === undefined ? { version } : { pid, version };
  return { member: held.name, result, stage, ...more, rows: [] };
};
/** A step that was not taken, or did not work. */
export const refusal = (held: ServiceHeld, reason: string): Outcome => ({
  ...outcomeOf(held, 'failed'),
  reason,
});
/** An outcome with the last lines of its log; from a place on also where there are none. */
export const withLastLines = (
  held: ServiceHeld,
  turn: Turn,
  outcome: Outcome,
  place?: number,
): Vow<Outcome> => {
  const after = place === undefined ? [] : [{ place }];
  const lines = turn.send(held.logger, 'lines', { lineCount: limits.failureLineCount, after });
  return turn.when(
    turn.within(limits.recentLinesMs, lines),
    (_turn, output): Outcome =>
      output.length === 0 && place === undefined ? outcome : { ...outcome, output },
    () => outcome,
  );
};
/** A start that lost to the last stop, which may be that of a restart. Its operation has the words. */
export const outdone = (held: ServiceHeld): Attempt => {
  const outdoneBy = held.besides.get().stopper;
  return { ...outcomeOf(held, 'superseded'), ...(outdoneBy && { outdoneBy }) };
};
