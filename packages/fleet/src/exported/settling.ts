/**
 * How a command ends that the far end has taken on and lets wait, since a machine is away there. It remembers the
 * command by its id, so it is asked how that goes on, for as long as it takes:
 *
 *     it says                             what that is here
 *     an outcome, nothing of it waits     how it ended
 *     the same, some of it waits, or      not over: it is asked anew
 *       how far it is after a while
 *     the session ends, no contact,       nothing: it is asked anew, with the next contact
 *       no room
 *     it knows no such command            unknown: it has forgotten
 *     that we may not ask any more        denied, what had not begun there was called off with that
 *     any other refusal                   unknown: it does not tell
 */
import { codeOf, fateOf, type Ref, type Turn, type Vow } from '@bellwether/actors';
import type { Attempt, Lines, Principal, Request } from '@bellwether/shepherd';
import { answered, waits } from './answered.ts';
import { instant, type ExportedHeld } from './exported-state.ts';
import { LIMITS } from '../limits.ts';
import { takeSeat } from './member-sink.ts';
import type { Watcher } from './watching.ts';
import { notTold } from './without-answer.ts';

/** A command that was sent. */
export interface Sent {
  readonly request: Request;
  readonly writer: Ref<Lines>;
  readonly principal: Principal;
  /** The id that the far end knows it by. */
  readonly operation: string;
}

/** Asks how it ends. Broken where nobody can say for now. */
export const settle = (
  held: ExportedHeld,
  turn: Turn<Watcher>,
  { request, writer, principal, operation }: Sent,
): Vow<Attempt> => {
  const askedAt = instant(held);
  const told = turn.when(turn.call(held.remote, 'reach'), (turn, ref) => {
    const seat = takeSeat(held, turn, writer);
    const answer = turn.send(ref, 'join', operation, seat.sink, LIMITS.settleMs);
    return turn.when(answer, (_turn, value) => {
      held.freeSeat.set(seat);
      return value;
    });
  });
  return turn.when(
    told,
    (turn, value) =>
      answered(
        held,
        turn,
        { request, principal, askedAt },
        value,
        (outcome) => waits(outcome) || outcome.isLate === true,
      ),
    (turn, reason): Attempt | Vow<Attempt> =>
      fateOf(reason) === 'refused' && codeOf(reason) !== 'limit'
        ? notTold(held, request, reason)
        : turn.broken(reason),
  );
};
