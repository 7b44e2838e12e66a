/**
 * The `^exported-service`: a service elsewhere, under a name of this shepherd. It owns no state but
 * its last observation (watching.ts), so that a controller that starts afresh can stop what it never saw
 * start. A command goes straight through, whatever the observation says:
 *
 *     reach           no contact by the connect deadline    unreachable: nothing was sent
 *                     our deadline passes first             timed out: nothing was sent
 *     perform sent    an outcome                            the far end's own words, under our name
 *                     a refusal                             failed, with the refusal
 *                     the session ends                      asked once more, under the same id, on the
 *                                                           next session; without one unknown: it may
 *                                                           have happened
 *                     our deadline passes                   timed out: it may still happen
 *
 * A command that waits for a machine is answered with that it does; where the far end is a controller and waits for a
 * machine of its own, with that, and it says later how it ended there (settling.ts).
 *
 * A release that it is to take is brought first (carrying.ts). `confirm` goes another way (afresh.ts), which is also
 * asked for from here while a slot is told to switch (confirming.ts).
 *
 * What was called off before it is sent is not sent; on the next session it is not begun anew, and is
 * called off there once more, since nobody knows what had arrived on the last one.
 */
import {
  codeOf,
  fateOf,
  type Bcom,
  type Behavior,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import {
  isRepeatable,
  leftFor,
  type Attempt,
  type Lines,
  type Principal,
  type Request,
  type ServiceElsewhere,
  type ServiceFacet,
} from '@bellwether/shepherd';
import {
  instant,
  shown,
  silenceOf,
  type Awaited,
  type ExportedHeld,
  type ExportedServiceOptions,
  type MemberSeat,
  type Question,
  type WatchingState,
} from './exported-state.ts';
import { isAskedAfresh, performAfresh } from './afresh.ts';
import { answered, waits } from './answered.ts';
import { bringing } from './bringing.ts';
import { bringFirst } from './carrying.ts';
import { backWithinMs, beginConfirming } from './confirming.ts';
import { heldBack } from './held-back.ts';
import { settle } from './settling.ts';
import { withQueueLeft } from './time-left.ts';
import { LIMITS } from '../limits.ts';
import type { ContactFollower } from '../reach/live-ref.ts';
import { takeSeat } from './member-sink.ts';
import { makeRemoteLog } from './remote-log.ts';
import { lostSight, nothingObserved, touched } from './observed.ts';
import type { Pace } from '../reach/pace.ts';
import { reader } from '../read.ts';
import { probe } from './probing.ts';
import { contact, found, leave, missed, observe, spoilt, told, type Watcher } from './watching.ts';
import { calledOff, notSent, tooLate, troubleOf, unanswered } from './without-answer.ts';

export type { ExportedServiceOptions } from './exported-state.ts';

type Inner = ServiceElsewhere & ContactFollower & Watcher;

/** Makes a proxy, which watches its remote once it was taken in; commands dial it in any case. */
export const makeExportedService = (
  turn: Turn<Inner>,
  _bcom: Bcom<Inner>,
  options: ExportedServiceOptions,
): Behavior<Inner> => {
  const held = heldAtFirst(turn, options);
  return {
    canonicalName: () => held.name,
    provision: () => held.provision,
    requirement: () => held.requirement,
    status: (turn) => shown(held, turn, held.observed.get()),
    probe: (turn, timeoutMs, hops = []) => probe(held, turn, timeoutMs, hops),
    perform: (turn, request, writer, { principal }) => {
      const operation = held.memberIds(principal, request.operation);
      return takeOn(held, turn, { request, writer, principal, operation });
    },
    cancel: (turn, asked, principal, goesOn) => {
      const operation = held.memberIds(principal, asked);
      const underWay = held.underWay.get(operation);
      if (underWay !== undefined)
        held.underWay.set(operation, { ...underWay, calledOff: { goesOn } });
      const courier = held.couriers.get(operation);
      if (courier !== undefined) turn.tell(courier, 'cancel');
      held.confirming.delete(operation);
      // Behind the command itself, which waits for the same contact where there is none yet.
      const over = (): void => undefined;
      return turn.when(
        turn.call(held.remote, 'reach'),
        // It may be over there, or unknown: that is told of the command itself.
        (turn, ref) => turn.when(tellOff(turn, ref, operation, goesOn), over, over),
        over, // Who cannot be reached has nothing under way that could be called off from here.
      );
    },
    settle: (turn, request, writer, { principal }) => {
      const operation = held.memberIds(principal, request.operation);
      return settle(held, turn, { request, writer, principal, operation });
    },
    contact: (turn) => contact(held, turn),
    log: (turn, query) =>
      turn.when(
        turn.within(
          LIMITS.logMs,
          turn.when(turn.call(held.remote, 'reachToAsk'), (turn, ref) =>
            turn.send(ref, 'log', query),
          ),
        ),
        (_turn, value) => reader.lines(value, 'log'),
      ),
    ...bringing(held),
    follow: (turn, follow) => {
      const log = turn.spawn(makeRemoteLog, { place: held, remote: held.remote, follow });
      return turn.call(log, 'run');
    },
    found: (turn, ref) => found(held, turn, ref),
    missed: (turn, reason) => missed(held, turn, reason),
    told: (turn, watching, statuses) => told(held, turn, watching, statuses),
    spoilt: (turn, watching, reason) => spoilt(held, turn, watching, reason),
    enter: (turn) => turn.call(held.remote, 'follow', turn.self),
    leave: (turn) => leave(held, turn),
  };
};
/** Before anything is known. */
const heldAtFirst = (turn: Turn, options: ExportedServiceOptions): ExportedHeld => ({
  name: options.provision[0],
  observed: turn.cell(nothingObserved),
  probing: turn.cell<Question | undefined>(undefined),
  contact: turn.cell<Ref<ServiceFacet> | undefined>(undefined),
  awaited: turn.cell<Awaited | undefined>(undefined),
  watching: turn.cell<WatchingState>(undefined),
  underWay: turn.map(),
  confirming: turn.map(),
  freeSeat: turn.cell<MemberSeat | undefined>(undefined),
  couriers: turn.map(),
  waitingCount: turn.cell(0),
  lastWatching: turn.cell(0),
  pace: turn.cell<Pace | undefined>(undefined),
  askingCount: turn.cell(0),
  doubt: turn.cell<{ cancel(): void } | undefined>(undefined),
  deniedMs: turn.cell<number | undefined>(undefined),
  again: turn.cell<{ cancel(): void } | undefined>(undefined),
  ...options,
});

const begun = ({ underWay }: ExportedHeld, operation: string): void => {
  const before = underWay.get(operation) ?? { count: 0 };
  underWay.set(operation, { ...before, count: before.count + 1 });
};
/** A command is over with this outcome: every one of them ends here. */
const ended = (
  { underWay, confirming }: ExportedHeld,
  { operation }: Invocation,
  outcome: Attempt,
): Attempt => {
  const before = underWay.get(operation);
  if (before === undefined || before.count <= 1) {
    underWay.delete(operation);
    confirming.delete(operation);
  } else underWay.set(operation, { ...before, count: before.count - 1 });
  return outcome;
};

/** An older far end knows nothing of what goes on, and takes it back. */
const tellOff = (
  turn: Turn,
  ref: Ref<ServiceFacet>,
  operation: string,
  goesOn: boolean,
): Vow<unknown> =>
  goesOn ? turn.send(ref, 'cancel', operation, true) : turn.send(ref, 'cancel', operation);

interface Invocation {
  readonly request: Request;
  readonly writer: Ref<Lines>;
  readonly principal: Principal;
  /** The id that the member knows it by: one for each who asks here. */
  readonly operation: string;
}
interface Command extends Invocation {
  readonly ref: Ref<ServiceFacet>;
  /** When the command came in here. */
  readonly startedAt: number;
  /** What ended the session on which it was sent before. */
  readonly lost?: Error;
  /** Until when its machine is waited for then, by the monotonic clock. */
  readonly backByMs?: number;
}

/** By the way that it goes: through a line of its own, or behind the release that it is about. */
const takeOn = (held: ExportedHeld, turn: Turn<Inner>, asked: Invocation): Vow<Attempt> => {
  const refusal = heldBack(held, turn, asked.request);
  if (refusal !== undefined) return turn.kept(refusal);
  begun(held, asked.operation);
  const end = (outcome: Attempt): Attempt => ended(held, asked, outcome);
  if (isAskedAfresh(asked.request.action))
    return turn.when(performAfresh(held, turn, asked), (_turn, outcome) => end(outcome));
  const send = (turn: Turn<Inner>, request: Request): Vow<Attempt> => {
    beginConfirming(held, turn, { ...asked, request });
    return perform(held, turn, { ...asked, request });
  };
  return bringFirst(held, turn, asked, send, end);
};

/** Sent in this turn where there is contact: a thousand members are asked in a thousand turns. */
const perform = (held: ExportedHeld, turn: Turn<Inner>, asked: Invocation): Vow<Attempt> => {
  const startedAt = held.clock.now();
  const isNext = held.waitingCount.get() === 0;
  const present = isNext ? turn.call(held.remote, 'present') : undefined;
  if (present !== undefined) return sendOn(held, turn, { ref: present, startedAt, ...asked });
  const reached = turn.call(held.remote, 'reach');
  return onceReached(held, turn, turn.within(asked.request.remainingMs, reached), {
    kept: (turn, ref) => sendOn(held, turn, { ref, startedAt, ...asked }),
    broken: (turn, reason) => {
      const outcome = notSent(held, asked.request, reason, silenceOf(held));
      if (fateOf(reason) !== 'late')
        observe(held, turn, lostSight(held.observed.get(), troubleOf(held, reason)));
      const isAway = asked.request.isRepeat === true && fateOf(reason) === 'not-sent';
      const giveUp = (): Attempt => ended(held, asked, outcome);
      return isAway ? onceBack(held, turn, { startedAt, ...asked }, giveUp) : giveUp();
    },
  });
};

interface Reaching {
  readonly kept: (turn: Turn<Inner>, ref: Ref<ServiceFacet>) => Vow<Attempt>;
  readonly broken: (turn: Turn<Inner>, reason: Error) => Attempt | Vow<Attempt>;
}
const onceReached = (
  { waitingCount }: ExportedHeld,
  turn: Turn<Inner>,
  reached: Vow<Ref<ServiceFacet>>,
  { kept, broken }: Reaching,
): Vow<Attempt> => {
  waitingCount.set(waitingCount.get() + 1);
  const isOver = (): void => waitingCount.set(waitingCount.get() - 1);
  return turn.when(
    reached,
    (turn, ref) => {
      isOver();
      return kept(turn, ref);
    },
    (turn, reason) => {
      isOver();
      return broken(turn, reason);
    },
  );
};

const sendOn = (held: ExportedHeld, turn: Turn<Inner>, command: Command): Vow<Attempt> => {
  const { ref, request, writer, principal, operation, startedAt } = command;
  const usedMs = held.clock.now() - startedAt;
  const remainingMs = leftFor(request.remainingMs, usedMs);
  if (remainingMs === 0)
    return turn.kept(
      command.lost === undefined
        ? ended(held, command, tooLate(held, request, silenceOf(held)))
        : gaveUp(held, turn, command, command.lost),
    );
  const calledOffBy = held.underWay.get(operation)?.calledOff;
  const isCancelled = calledOffBy !== undefined;
  const wasSent = command.lost !== undefined || request.isRepeat === true;
  if (isCancelled && !wasSent) return turn.kept(ended(held, command, calledOff(held, request)));
  // It may have waited for contact since it was taken on.
  const refusal = heldBack(held, turn, request);
  if (refusal !== undefined && !wasSent) return turn.kept(ended(held, command, refusal));
  const seat = takeSeat(held, turn, writer);
  const isNotNew = isCancelled || refusal !== undefined;
  const sent = command.lost === undefined ? request : again(request, isNotNew);
  const part = { ...withQueueLeft(sent, usedMs), operation, member: held.name, remainingMs };
  const isAwaited = (outcome: Attempt): boolean => request.queueMs !== undefined && waits(outcome);
  const askedAt = instant(held);
  const answer = turn.send(ref, 'perform', part, seat.sink);
  if (isCancelled) tellOff(turn, ref, operation, calledOffBy.goesOn);
  return turn.when(
    turn.within(request.remainingMs - usedMs, answer),
    (turn, value) => {
      held.freeSeat.set(seat);
      const asked = { request, principal, askedAt };
      return ended(held, command, answered(held, turn, asked, value, isAwaited));
    },
    (turn, reason) =>
      fateOf(reason) === 'in-doubt' && mayAskAgain(held, command)
        ? askAgain(held, turn, command, reason)
        : gaveUp(held, turn, command, reason),
  );
};

/** No answer came, and none will. */
const gaveUp = (held: ExportedHeld, turn: Turn<Inner>, command: Command, last: Error): Attempt => {
  const { request, lost } = command;
  // A far end that never saw it, or forgot it with its last life, cannot say what it has done.
  const isForgotten = lost !== undefined && codeOf(last) === 'unknown-operation';
  const outcome = unanswered(held, request, isForgotten ? lost : last, silenceOf(held));
  noteSilence(held, turn, outcome, last);
  return ended(held, command, outcome);
};

/**
 * The session ended, and nobody knows whether the command had arrived: the next session tells, under
 * the same id. Where there is none in time, it stays in doubt.
 */
const askAgain = (
  held: ExportedHeld,
  turn: Turn<Inner>,
  command: Command,
  lost: Error,
): Vow<Attempt> => {
  observe(held, turn, lostSight(held.observed.get(), troubleOf(held, lost)));
  const leftMs = command.request.remainingMs - (held.clock.now() - command.startedAt);
  if (leftMs <= 0) return turn.kept(gaveUp(held, turn, command, lost));
  const next = { backByMs: backBy(held, command.request), ...command, lost };
  // Sent, not called: the live ref hears of the end of its session in this moment, too.
  return onceReached(held, turn, turn.within(leftMs, turn.send(held.remote, 'reach')), {
    kept: (turn, ref) => sendOn(held, turn, { ...next, ref }),
    broken: (turn) => onceBack(held, turn, next, (turn) => gaveUp(held, turn, command, lost)),
  });
};
const mayAskAgain = ({ clock }: ExportedHeld, { lost, backByMs = 0 }: Command): boolean =>
  lost === undefined || clock.now() < backByMs;

/** Waits for its machine where it may be cut off by what it was told: it goes back by itself then, and is asked how. */
const onceBack = (
  held: ExportedHeld,
  turn: Turn<Inner>,
  command: Omit<Command, 'ref'>,
  giveUp: (turn: Turn<Inner>) => Attempt,
): Vow<Attempt> => {
  const { request, startedAt, backByMs = backBy(held, request) } = command;
  const now = held.clock.now();
  const waitMs = Math.min(backByMs, startedAt + request.remainingMs) - now;
  if (waitMs <= 0) return turn.kept(giveUp(turn));
  const back = turn.when(turn.within(waitMs, contact(held, turn)), (turn) =>
    turn.call(held.remote, 'reach'),
  );
  return onceReached(held, turn, back, {
    kept: (turn, ref) => sendOn(held, turn, { ...command, backByMs, ref }),
    broken: (turn, reason) =>
      fateOf(reason) === 'not-sent'
        ? onceBack(held, turn, { ...command, backByMs }, giveUp)
        : giveUp(turn),
  });
};
const backBy = ({ clock }: ExportedHeld, request: Request): number =>
  clock.now() + backWithinMs(request);

/**
 * What only says how a service shall be may be said twice. Anything else, what was called off, and what would not be
 * asked of its machine any more, is not done anew by a far end that does not remember it.
 */
const again = (request: Request, isNotNew: boolean): Request =>
  isRepeatable(request.action) && !isNotNew ? request : { ...request, isRepeat: true };

/** What is known of the service itself, where a command to it was not answered. */
const noteSilence = (
  held: ExportedHeld,
  turn: Turn<Inner>,
  outcome: Attempt,
  reason: Error,
): void => {
  const before = held.observed.get();
  // A refusal is an answer: the far end is there, and as it was.
  if (outcome.result === 'failed') observe(held, turn, touched(before, instant(held)));
  // One that takes longer than its asker waits says nothing: whether it is there, the beats tell.
  else if (outcome.result !== 'timed-out')
    observe(held, turn, lostSight(before, troubleOf(held, reason)));
};
