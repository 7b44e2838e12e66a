/**
 * The `^process-monitor`: the only user of the process backend. A fork and its watcher are one
 * step, and both wait behind the record that says so: a process without a durable record never
 * exists.
 *
 *     spawn      record running (start id)  -> commit -> backend.start
 *     started    record running (start id, pid)
 *     ended      record ended               gates nothing: adoption finds out a stale record
 */
import type { Bcom, Behavior, JournalCell, Turn, Vow } from '@bellwether/actors';
import type {
  Command,
  CommandResult,
  Ending,
  Entry,
  ProcessBackend,
  ProcessMonitor,
  Run,
  RunningRecord,
  Started,
} from './types.ts';

/** What makes a process monitor. */
export interface ProcessMonitorOptions {
  readonly backend: ProcessBackend;
  /** Unique to this life of the daemon, and unguessable: start ids begin with it. */
  readonly epoch: string;
  /** What ran when the daemon was last heard of. */
  readonly running: readonly RunningRecord[];
}
interface Held extends ProcessMonitorOptions {
  readonly startCount: JournalCell<number>;
}

/** Makes the monitor; it asks nothing of the backend before it is asked. */
export const makeProcessMonitor = (
  turn: Turn<ProcessMonitor>,
  _bcom: Bcom<ProcessMonitor>,
  options: ProcessMonitorOptions,
): Behavior<ProcessMonitor> => {
  const held: Held = { ...options, startCount: turn.cell(0) };
  return {
    spawn: (turn, service, command) => spawn(held, turn, service, command),
    signal: (turn, startId, signal) => turn.effect(() => held.backend.signal(startId, signal)),
    adopt: (turn) => adopt(held, turn),
    runToEnd: (turn, service, command, timeoutMs) =>
      turn.ask<CommandResult>((answer) =>
        held.backend.runToEnd(service, command, timeoutMs, answer),
      ),
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

const spawn = (
  held: Held,
  turn: Turn<ProcessMonitor>,
  service: string,
  command: Command,
): Vow<Run> => {
  held.startCount.set(held.startCount.get() + 1);
  const startId = `${held.epoch}-${held.startCount.get()}`;
  const started = turn.inlet<Started>();
  const ended = turn.inlet<Ending>();
  record(turn, { kind: 'running', running: { startId, service } });
  turn.effect(() =>
    held.backend.start({ startId, service, command }, started.answer, ended.answer),
  );
  return turn.when(
    started.vow,
    (turn, { pid, startTime, bootId }): Run => {
      const process = {
        startId,
        pid,
        ...(startTime === undefined ? {} : { startTime }),
        ...(bootId === undefined ? {} : { bootId }),
      };
      record(turn, { kind: 'running', running: { ...process, service } });
      return { ...process, ended: watched(turn, startId, ended.vow) };
    },
    (turn, reason): Vow<Run> => {
      recordEnd(turn, startId);
      const { vow, resolver } = turn.vow<Run>();
      resolver.broken(reason);
      return vow;
    },
  );
};

/** The ending, once it is noted down. A watch that fails is an ending that nobody saw. */
const watched = (turn: Turn<ProcessMonitor>, startId: string, ended: Vow<Ending>): Vow<Ending> =>
  turn.when(
    ended,
    (turn, ending) => {
      recordEnd(turn, startId);
      return ending;
    },
    (turn): Ending => {
      recordEnd(turn, startId);
      return {};
    },
  );

const adopt = (
  held: Held,
  turn: Turn<ProcessMonitor>,
): Vow<readonly (Run & { readonly service: string })[]> => {
  const found = turn.ask<readonly (RunningRecord & Started)[]>((answer) =>
    held.backend.adopt(held.running, answer),
  );
  return turn.when(found, (turn, living) => {
    const ids = new Set(living.map((each) => each.startId));
    for (const { startId } of held.running) if (!ids.has(startId)) recordEnd(turn, startId);
    return living.map((each) => {
      const ended = turn.ask<Ending>((answer) => held.backend.watch(each.startId, answer));
      record(turn, { kind: 'running', running: { ...each } });
      return { ...each, ended: watched(turn, each.startId, ended) };
    });
  });
};
