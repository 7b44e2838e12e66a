/**
 * The beginning and the end of a shepherd. At its beginning, in this order:
 *
 *     what lives of the starts on the disk     its service is there, and stopped     adopted
 *                                              it was transient, and another has     ended, as below
 *                                                its name by now
 *                                              else                                  ended: SIGTERM, then SIGKILL
 *     what has ended of them, known how        its service is there, and stopped     it tells of that
 *     operations left under way whose asker    taken up, so that what of them goes on here is cancelled (resume.ts)
 *       may not any more
 *     services that are wanted                 not up                                started, all in one operation;
 *                                                                                     not those that have ended by
 *                                                                                     themselves since the machine was
 *                                                                                     switched on, for good
 *     services that nobody wants or needs      up: the stop was not done             stopped, likewise
 *     all other operations left under way      taken up (resume.ts)
 *
 * Nothing is served before; what is started is not waited for.
 */
import type { Ref, Settled, Turn, Vow } from '@bellwether/actors';
import { itself } from '../words/principal.ts';
import { endOf } from '../operation/askers.ts';
import { inOrder } from '../graph.ts';
import { limits } from '../limits.ts';
import { forgetWhole } from '../operation/kept/durable.ts';
import { expiredIn, openEntriesIn } from '../operation/kept/ledger.ts';
import { operationOf } from '../operation/kept/memory.ts';
import { begin } from '../operation/operation.ts';
import { accept } from '../operation/wishes.ts';
import { bare } from '../words/outcome.ts';
import type { Recorded } from '../operation/kept/pieces.ts';
import { read, recollect } from '../operation/kept/recall.ts';
import { keyOf, planEnd } from '../operation/plan/plan.ts';
import { ownRequest, setOut, summaryOf } from './by-itself.ts';
import { forgetPrompts } from './forgetting.ts';
import { bringTransients, endUnfound, hasEnded } from './transients.ts';
import { allOwn, isWanted, type ShepherdHeld } from './shepherd-state.ts';
import type {
  AcceptedRecord,
  Outcome,
  Prompting,
  Row,
  Run,
  Shepherd,
  Sink,
} from '../words/types.ts';
import { listen, outcomeFor } from '../operation/told/callers.ts';
import { makeWriter } from '../streams/writer.ts';

/** Kept once adoption is done and every wanted start is under way; none of those is waited for. */
export const restore = (held: ShepherdHeld, turn: Turn<Shepherd>): Vow<void> => {
  for (const entry of expiredIn(held.ledger, held.clock.wall())) forgetWhole(held, turn, entry);
  const displaced = bringTransients(held, turn);
  const left = openEntriesIn(held.ledger);
  const found = turn.all(left.map((entry) => read(held, turn, entry)));
  return turn.when(turn.send(held.monitor, 'adopt'), (turn, runs) => {
    for (const run of runs) {
      // Of a name that was a transient service's: no process of the service that has it now.
      const isTaken = !displaced.has(run.service) && adopts(held, turn, run);
      if (!isTaken && run.ending === undefined) endOrphan(held, turn, run);
    }
    noteUnfound(held, turn, displaced);
    endUnfound(held, turn);
    return turn.when(found, (turn, all) => {
      const taken = left.map((entry, at): Left => ({ entry, found: all[at] }));
      const isOff = ({ entry }: Left): boolean =>
        endOf(held, turn, entry.retriedBy ?? entry.asker) !== undefined;
      const on = taken.filter((each) => !isOff(each));
      const before = new Map(held.desired.entries());
      // First: what had not begun for somebody who may not any more is not started as a wish of this machine.
      return turn.when(takeUpLeft(held, turn, taken.filter(isOff)), (turn) => {
        wishAgain(held, turn, on, before);
        setOutAll(held, turn);
        return takeUpLeft(held, turn, on);
      });
    });
  });
};
/** An operation that the last life left under way, and what the disk has of it. */
interface Left {
  readonly entry: AcceptedRecord;
  readonly found: Settled<Recorded> | undefined;
}

/** What others wish for stays what it was, whoever wished for the same. */
const wishAgain = (
  held: ShepherdHeld,
  turn: Turn,
  left: readonly Left[],
  before: ReadonlyMap<string, boolean>,
): void => {
  for (const { entry, found } of left) {
    if (found?.kept !== true) continue;
    const { intents, states } = found.value;
    const { asker, operation, atMs } = entry;
    for (const { key, kind, name, wish, gate } of intents.flatMap(({ steps }) => steps)) {
      const isOpen = (states.get(key)?.phase ?? 'waiting') === 'waiting';
      if (!isOpen || kind !== 'ask' || wish === undefined || gate !== undefined) continue;
      if (before.get(name) === (wish === 'start'))
        accept(held, turn, name, { wish, by: { asker, operation, atMs } });
    }
  }
};

const setOutAll = (held: ShepherdHeld, turn: Turn): void => {
  const names = allOwn(held).map(([name]) => name);
  const isStopped = (name: string): boolean => stageOf(held, turn, name) === 'stopped';
  const wanted = names.filter((name) => isWanted(held, name) || isGoingOn(held, name));
  const needed = new Set(inOrder(wanted, held.graph(turn).requirements));
  const isSpent = (name: string): boolean => {
    const own = held.own(name);
    return own !== undefined && turn.call(own.service, 'standing').isSpent;
  };
  setOut(
    held,
    turn,
    'start',
    wanted.filter((name) => isStopped(name) && !isSpent(name)),
  );
  // Their stop was accepted, and the daemon died before it was done.
  setOut(
    held,
    turn,
    'stop',
    names.filter((name) => !needed.has(name) && !isStopped(name)),
  );
};

/**
 * Takes up what the last life left under way, in the order in which it was taken on. What cannot be read, or has no
 * room, is left as it is on the disk, and holds up nobody.
 */
const takeUpLeft = (held: ShepherdHeld, turn: Turn, left: readonly Left[]): Vow<void> => {
  const taken = left.map(({ entry, found }) =>
    turn.when(readOf(turn, found), (turn, recorded) => recollect(held, turn, entry, recorded)),
  );
  return turn.when(turn.all(taken), (turn, all) => {
    for (const [at, one] of all.entries()) {
      if (one.kept) continue;
      const operation = left[at]?.entry.operation;
      turn.effect(() =>
        held.log('operation.not-resumed', { operation, reason: one.reason.message }),
      );
    }
  });
};
const readOf = (turn: Turn, one: Settled<Recorded> | undefined): Vow<Recorded> => {
  if (one?.kept === true) return turn.kept(one.value);
  return turn.broken(one?.reason ?? new Error('not read'));
};

/** What was run once, lives, and was not told to stop. */
const isGoingOn = (held: ShepherdHeld, name: string): boolean =>
  held.own(name)?.config.transient === 'child' &&
  !hasEnded(held, name) &&
  held.desired.get(name) !== false;

const stageOf = (held: ShepherdHeld, turn: Turn, name: string) => {
  const own = held.own(name);
  return own === undefined ? 'unknown' : turn.call(own.service, 'standing').stage;
};

const adopts = (
  held: ShepherdHeld,
  turn: Turn,
  run: Run & { readonly service: string },
): boolean => {
  const own = held.own(run.service);
  const timed = held.timers.get(run.service)?.runs.some(({ startId }) => startId === run.startId);
  // A run of a timer is none of a service that has a process, and the other way round.
  if (own !== undefined && (own.config.timer !== undefined) !== (timed === true))
    return run.ending !== undefined;
  if (own !== undefined && timed === true) {
    turn.call(own.service, 'adopt', run);
    return true;
  }
  if (own === undefined || turn.call(own.service, 'standing').stage !== 'stopped') {
    // Of what has ended there is nothing to be ended.
    if (run.remains === true && run.ending !== undefined)
      turn.tell(held.monitor, 'forget', run.startId);
    return run.ending !== undefined;
  }
  turn.call(own.service, 'adopt', run);
  return true;
};

/** What ran when the last daemon was heard of, and is not there any more; of what is no service any more nothing. */
const noteUnfound = (held: ShepherdHeld, turn: Turn, displaced: ReadonlySet<string>): void => {
  for (const [name, { started, stopped }] of held.records.prompts)
    if (held.own(name) === undefined && (started ?? stopped) !== undefined)
      forgetPrompts(held, turn, name);
  const runs = held.records.running.filter(({ isCommand }) => isCommand !== true);
  for (const service of new Set(runs.map((run) => run.service))) {
    const own = held.own(service);
    const isOther = displaced.has(service) || own?.config.timer !== undefined;
    if (own !== undefined && !isOther) turn.call(own.service, 'unfound');
  }
};

/** A process whose service is gone from the configuration, has another process already, or never was its own. */
const endOrphan = (
  held: ShepherdHeld,
  turn: Turn,
  run: Run & { readonly service: string },
): void => {
  const { service, pid, startId } = run;
  turn.effect(() => held.log('service.orphaned', { service, pid, startId }));
  turn.tell(held.monitor, 'signal', startId, 'SIGTERM');
  const timer = turn.after(limits.orphanGraceMs, (turn) =>
    turn.tell(held.monitor, 'signal', startId, 'SIGKILL'),
  );
  // What even that does not end keeps nobody waiting for ever.
  const over = turn.within(2 * limits.orphanGraceMs, run.ended);
  held.orphans.set(startId, { service, over });
  const gone = (): void => {
    timer.cancel();
    held.orphans.delete(startId);
  };
  turn.when(over, gone, gone);
};

/**
 * Stops all local services, dependents first and independent ones at once. Their wishes stay on
 * disk, so the next daemon brings them back. What fails is noted and holds up nobody.
 */
export const shutDown = (held: ShepherdHeld, turn: Turn, sink: Ref<Sink>): Vow<Outcome> => {
  const before = held.closing.get();
  if (before !== undefined) return before;
  const end: Prompting = { kind: 'shutdown' };
  const request = ownRequest('end', 'end', end);
  const operation = operationOf(held.memory, turn, itself, request.operation);
  const writer = turn.spawn(makeWriter, { node: held.name, log: held.log, sink });
  turn.call(writer, 'pass', [{ kind: 'alone' }]);
  listen(held, turn, operation, writer);
  for (const [name, { service, agent }] of allOwn(held)) {
    held.wishes.set(name, { wish: 'stop' });
    if (agent !== undefined) turn.call(agent, 'rest', true);
    turn.tell(service, 'retire', 'The shepherd is shutting down.', end);
  }
  const names = allOwn(held).map(([name]) => name);
  begin(held, turn, operation, request, planEnd(names, held.graph(turn)));
  const over = outcomeFor(held, turn, operation, request, writer);
  const closing = turn.when(over, (): Outcome => {
    const rows = names.flatMap((name): readonly Row[] => {
      const outcome = operation.steps.get(keyOf('stop', name))?.outcome;
      return outcome === undefined ? [] : [bare(outcome)];
    });
    return summaryOf('not stopped', rows);
  });
  held.closing.set(closing);
  return closing;
};
