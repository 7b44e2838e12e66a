/**
 * A release that its shepherd has is brought to a service elsewhere before that is asked to take it:
 *
 *     stage or deploy, of a release that the carrier has     what lacks there is brought, then the command is sent with
 *                                                            what is left of its time
 *     any other command, any other release, a repeat         the command is sent as it is: the far end knows
 *     no contact, or none for too long in the middle         unreachable: nothing was sent
 *     the deadline passes                                    timed out: nothing was asked, what came stays there
 *     the far end refuses it                                 failed, or denied, with its own words
 *     it is called off                                       no further piece is sent, and no command
 *     its machine comes into doubt, or is not meant any      the same: denied, or failed
 *       more
 */
import { fateOf, isRemote, messageOf, type Ref, type Turn, type Vow } from '@bellwether/actors';
import {
  isDigest,
  readSlotWords,
  takesRelease,
  type Attempt,
  type Courier,
  type Request,
  type ServiceElsewhere,
} from '@bellwether/shepherd';
import type { ContactFollower } from '../reach/live-ref.ts';
import { silenceOf, type ExportedHeld } from './exported-state.ts';
import { heldBack } from './held-back.ts';
import { lostSight } from './observed.ts';
import type { Sent } from './settling.ts';
import { withTimeLeft } from './time-left.ts';
import { observe, type Watcher } from './watching.ts';
import { broughtTooLate, notBrought, notSent, troubleOf, unanswered } from './without-answer.ts';

type Inner = ServiceElsewhere & ContactFollower & Watcher;

/** Brings what there is to bring, then carries out the command, or ends it. */
export const bringFirst = (
  held: ExportedHeld,
  turn: Turn<Inner>,
  sent: Sent,
  carryOut: (turn: Turn<Inner>, request: Request) => Vow<Attempt>,
  end: (outcome: Attempt) => Attempt,
): Vow<Attempt> => {
  const { request, operation } = sent;
  const courier = courierFor(held, turn, sent);
  if (courier === undefined) return carryOut(turn, request);
  const startedAt = held.clock.now();
  held.couriers.set(operation, courier);
  const brought = turn.when(turn.call(held.remote, 'reach'), (turn) => turn.send(courier, 'run'));
  return turn.when(
    turn.within(request.remainingMs, brought),
    (turn) => {
      held.couriers.delete(operation);
      return carryOut(turn, withTimeLeft(request, held.clock.now() - startedAt));
    },
    (turn, reason) => {
      held.couriers.delete(operation);
      turn.tell(courier, 'cancel');
      const isAway = fateOf(reason) === 'not-sent' || fateOf(reason) === 'in-doubt';
      if (isAway) observe(held, turn, lostSight(held.observed.get(), troubleOf(held, reason)));
      return end(heldBack(held, turn, request) ?? outcomeOf(held, request, reason));
    },
  );
};

const courierFor = (
  { carrier, couriers, name }: ExportedHeld,
  turn: Turn<Inner>,
  { request, writer, operation }: Sent,
): Ref<Courier> | undefined => {
  const { action, args, isRepeat } = request;
  const { release } = readSlotWords(args);
  const isWanted = takesRelease(action) && isRepeat !== true && !couriers.has(operation);
  if (!isWanted || carrier === undefined || release === undefined || !isDigest(release))
    return undefined;
  return turn.call(carrier, 'courier', release, { to: turn.self, name, writer });
};

const outcomeOf = (held: ExportedHeld, request: Request, reason: Error): Attempt => {
  switch (fateOf(reason)) {
    case 'late':
      return broughtTooLate(held, request, silenceOf(held));
    case 'not-sent':
    case 'in-doubt':
      return notSent(held, request, reason, silenceOf(held));
    case 'refused':
      return isRemote(reason)
        ? unanswered(held, request, reason, silenceOf(held))
        : notBrought(held, request, messageOf(reason));
  }
};
