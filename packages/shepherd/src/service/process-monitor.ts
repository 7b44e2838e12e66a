/**
 * The `^process-monitor`: the only user of the process backend. A fork and its watcher are one
 * step, and both wait behind the record that says so: a process without a durable record never
 * exists.
 *
 *     spawn      record running (start id)  -> commit -> backend.start
 *     started    record running (start id, pid)
 *     ended      record ended               gates nothing: adoption finds out a stale record
 *     command    record running (start id, a command) -> commit -> backend.runToEnd, then ended
 *     adopt      services go on, or their end is told; a command whose asker is gone with the former daemon is ended
 */
import type { Bcom, Behavior, Clock, JournalCell, JournalMap, Turn, Vow } from '@bellwether/actors';
import { digestOf } from '../digest.ts';
import { limits } from '../limits.ts';
import type {
  Arrival,
  Command,
  CommandResult,
  Ended,
  Entry,
  ProcessBackend,
  PidFile,
  ProcessMonitor,
  Readiness,
  Run,
  FoundRecord,
  Hang,
  RunningRecord,
  Start,
  Started,
} from '../words/types.ts';
import { startIdVariable } from '../words/records.ts';

/** What makes a process monitor. */
export interface ProcessMonitorOptions {
  readonly backend: ProcessBackend;
  /** Only read: the next daemon cannot know when what it finds was started. */
  readonly clock: Pick<Clock, 'wall'>;
  /** Unique to this life of the daemon, and unguessable: start ids begin with it. */
  readonly life: string;
  /** What ran when the daemon was last heard of. */
  readonly running: readonly RunningRecord[];
}

interface Running {
  readonly service: string;
  readonly over: Vow<unknown>;
}
interface Held extends ProcessMonitorOptions {
  readonly startCount: JournalCell<number>;
  /** By start id. */
  readonly commands: JournalMap<string, Running>;
}

/** Makes the monitor; it asks nothing of the backend before it is asked. */
export const makeProcessMonitor = (
  turn: Turn<ProcessMonitor>,
  _bcom: Bcom<ProcessMonitor>,
  options: ProcessMonitorOptions,
): Behavior<ProcessMonitor> => {
  const held: Held = { startCount: turn.cell(0), commands: turn.map(), ...options };
  return {
    spawn: (turn, service, command, ready, manner, startId = nextStartId(held)) =>
      spawn(held, turn, { service, command, ready, startId, ...manner }),
    freshStartId: () => nextStartId(held),
    follow: (turn, run, service, command, pidFile) =>
      follow(held, turn, run, service, command, pidFile),
    listen: (turn, service, sockets) =>
      turn.ask<unknown>((answer) => held.backend.listen(service, sockets, answer)),
    unlisten: (turn, service) =>
      turn.ask<unknown>((answer) => held.backend.unlisten(service, answer)),
    connection: (turn, service) =>
      turn.ask<Arrival | undefined>((answer) => held.backend.connection(service, answer)),
    drop: (turn, arrival) => turn.effect(() => held.backend.drop(arrival)),
    forget: (turn, startId) => recordEnd(turn, startId),
    signal: (turn, startId, signal) => turn.effect(() => held.backend.signal(startId, signal)),
    look: (turn, startId) =>
      turn.ask<Hang | undefined>((answer) => held.backend.look(startId, answer)),
    adopt: (turn) => adopt(held, turn),
    runToEnd: (turn, service, command, timeoutMs, isOfStop) =>
      runToEnd(held, turn, service, command, timeoutMs, isOfStop),
    endCommands: (turn, service, graceMs) => endCommands(held, turn, service, graceMs),
  };
};

const record = (turn: Turn, entry: Entry): void => turn.record(entry);
/**
 * Nothing is protected by it: whoever reads a stale "running" asks the backend and learns better.
 */
const recordEnd = (turn: Turn, startId: string): void => {
  const entry: Entry = { kind: 'ended', startId };
  turn.record(entry, { gates: false });
};

const nextStartId = (held: Held): string => {
  held.startCount.set(held.startCount.get() + 1);
  // A text that is joined is flat: this one is kept for as long as its process runs.
  return [held.life, held.startCount.get()].join('-');
};

const spawn = (held: Held, turn: Turn, start: Start & { readonly ready: Readiness }): Vow<Run> => {
  const { startId, service, command, remains, pidFile } = start;
  const { cgroup, killCgroup } = command.traits ?? {};
  const noted = {
    ...(killCgroup === true && cgroup !== undefined && { cgroup }),
    ...(remains === true && { remains }),
    ...(pidFile !== undefined && { handsOver: true as const }),
  };
  const started = turn.inlet<Started>();
  const ended = turn.inlet<Ended>();
  const madeFrom = digestOf(command);
  record(turn, { kind: 'running', running: { startId, service, madeFrom, ...noted } });
  turn.effect(() => held.backend.start(start, started.answer, ended.answer));
  return turn.when(
    started.vow,
    (turn, { pid, startTime, bootId }): Run => {
      const born = bornAt(startTime, bootId);
      const since = Math.floor(held.clock.wall());
      const running = { startId, pid, madeFrom, since, service, ...born, ...noted };
      record(turn, { kind: 'running', running });
      const end = watched(turn, startId, remains === true ? running : undefined, ended.vow);
      return { ended: end, startId, pid, madeFrom, since, ...born, ...noted };
    },
    (turn, reason): Vow<Run> => {
      recordEnd(turn, startId);
      const { vow, resolver } = turn.vow<Run>();
      resolver.broken(reason);
      return vow;
    },
  );
};

/** Where both are known, which is the rule, an object of one shape: it is spread into what is kept of each process. */
const bornAt = (
  startTime: string | undefined,
  bootId: string | undefined,
): Pick<Started, 'startTime' | 'bootId'> =>
  startTime !== undefined && bootId !== undefined
    ? { startTime, bootId }
    : { ...(startTime !== undefined && { startTime }), ...(bootId !== undefined && { bootId }) };

/** The same start, with another process: its end is told to who waits for that of the first one. */
const follow = (
  held: Held,
  turn: Turn,
  { ended, handsOver: _handsOver, ...before }: Run,
  service: string,
  command: Command,
  pidFile: PidFile,
): Vow<Run> => {
  const found = turn.ask<Started>((answer) =>
    held.backend.follow(before.startId, command, pidFile, answer),
  );
  return turn.when(found, (turn, started): Run => {
    const process = { ...before, ...started };
    record(turn, { kind: 'running', running: { ...process, service } });
    return { ...process, ended };
  });
};

/**
 * The ending, once it is noted down. A watch that fails is an ending that nobody saw. `remaining`: the record of what
 * stays done where it has ended well; of others nothing is held but the id.
 */
const watched = (
  turn: Turn,
  startId: string,
  remaining: RunningRecord | undefined,
  ended: Vow<Ended>,
): Vow<Ended> =>
  turn.when(
    ended,
    (turn, ending) => {
      if (remaining !== undefined && ending.code === 0) recordDone(turn, remaining);
      else recordEnd(turn, startId);
      return ending;
    },
    (turn): Ended => {
      recordEnd(turn, startId);
      return {};
    },
  );

/** What its start has done stays done until the machine is switched off, whichever shepherd there is. */
const recordDone = (turn: Turn, running: RunningRecord): void =>
  record(turn, { kind: 'running', running: { ...running, isReady: true, isDone: true } });

const runToEnd = (
  held: Held,
  turn: Turn,
  service: string,
  command: Command,
  timeoutMs: number,
  isOfStop?: true,
): Vow<CommandResult> => {
  const startId = nextStartId(held);
  record(turn, { kind: 'running', running: { startId, service, isCommand: true } });
  const marked = { ...command, env: { ...command.env, [startIdVariable]: startId } };
  const result = turn.ask<CommandResult>((answer) =>
    held.backend.runToEnd(service, marked, timeoutMs, answer, isOfStop),
  );
  const isOver = (turn: Turn): void => {
    held.commands.delete(startId);
    recordEnd(turn, startId);
  };
  const over = turn.when(result, isOver, isOver);
  if (isOfStop !== true) held.commands.set(startId, { service, over });
  return result;
};

const endCommands = (held: Held, turn: Turn, service: string, graceMs: number): Vow<void> => {
  const own = [...held.commands.entries()].filter(([, one]) => one.service === service);
  for (const [startId, { over }] of own) endCommand(held, turn, startId, graceMs, over);
  return turn.when(turn.all(own.map(([, { over }]) => over)), () => undefined);
};

const endCommand = (
  held: Held,
  turn: Turn,
  startId: string,
  graceMs: number,
  over: Vow<unknown>,
): void => {
  turn.effect(() => held.backend.signal(startId, 'SIGTERM'));
  const timer = turn.after(graceMs, (turn) =>
    turn.effect(() => held.backend.signal(startId, 'SIGKILL')),
  );
  const isOver = (): void => timer.cancel();
  turn.when(over, isOver, isOver);
};

const adopt = (held: Held, turn: Turn): Vow<readonly (Run & { readonly service: string })[]> => {
  // What a record says beside the process is not the backend's affair.
  const known = new Map(held.running.map((one) => [one.startId, one]));
  const found = turn.ask<readonly (FoundRecord & Started)[]>((answer) =>
    held.backend.adopt(held.running, answer),
  );
  return turn.when(found, (turn, living) => {
    const isKept = ({ startId, ending }: FoundRecord): boolean =>
      ending === undefined || (ending.code === 0 && known.get(startId)?.remains === true);
    const ids = new Set(living.filter(isKept).map(({ startId }) => startId));
    for (const { startId } of held.running) if (!ids.has(startId)) recordEnd(turn, startId);
    return living.flatMap((each) => {
      if (each.ending !== undefined) {
        const { ending, ...process } = each;
        const running = { ...known.get(each.startId), ...process };
        if (isKept(each) && running.isDone !== true) recordDone(turn, running);
        return [{ ...running, ending, ended: turn.kept<Ended>(ending) }];
      }
      if (each.hang !== undefined) return [settling(held, turn, each, each.hang)];
      const ended = turn.ask<Ended>((answer) => held.backend.watch(each.startId, answer));
      const before = known.get(each.startId);
      const { isCommand, isReady, handsOver, madeFrom, since, remains, cgroup } = before ?? {};
      const remaining = remains === true ? { ...each, remains } : undefined;
      const over = watched(turn, each.startId, remaining, ended);
      if (isCommand === true) {
        endCommand(held, turn, each.startId, limits.orphanGraceMs, over);
        return [];
      }
      const running = {
        ...each,
        ...(isReady === true && { isReady }),
        ...(handsOver === true && { handsOver }),
        ...(cgroup !== undefined && { cgroup }),
        ...(madeFrom !== undefined && { madeFrom }),
        ...(since !== undefined && { since }),
        ...(remains === true && { remains }),
      };
      record(turn, { kind: 'running', running });
      return [{ ...running, ended: over }];
    });
  });
};

/** As a spawn goes on, of one that an earlier daemon has begun. */
const settling = (
  held: Held,
  turn: Turn,
  { startId, service }: FoundRecord,
  hang: Hang,
): Run & { readonly service: string } => {
  const before = held.running.find((one) => one.startId === startId) ?? { startId, service };
  const started = turn.ask<Started>((answer) => held.backend.settled(startId, answer));
  const settled = turn.when(
    started,
    (turn, { pid, startTime, bootId }): Run => {
      const running = { ...before, pid, ...bornAt(startTime, bootId) };
      record(turn, { kind: 'running', running });
      const ended = turn.ask<Ended>((answer) => held.backend.watch(startId, answer));
      const remaining = before.remains === true ? running : undefined;
      return { ...running, ended: watched(turn, startId, remaining, ended) };
    },
    (turn, reason): Vow<Run> => {
      recordEnd(turn, startId);
      return turn.broken(reason);
    },
  );
  const ended = turn.when(
    settled,
    (_turn, run) => run.ended,
    (): Ended => ({}),
  );
  return { ...before, pid: hang.pid, ended, settling: { settled, hang } };
};
