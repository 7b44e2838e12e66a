/**
 * A command that has to come through a session that is no older than itself: `confirm`, which somebody asks for by
 * hand. Where that session ends before the answer, it is not asked again: a look at the service tells what came of it.
 */
import type { Turn, Vow } from '@bellwether/actors';
import { leftFor, type Attempt } from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import type { FreshLine } from '../reach/fresh-lines.ts';
import { answered } from './answered.ts';
import { instant, silenceOf, type ExportedHeld, type Switching } from './exported-state.ts';
import { takeSeat } from './member-sink.ts';
import type { Watcher } from './watching.ts';
import { calledOff, notSent, tooLate, unanswered } from './without-answer.ts';

/** Whether it has to. */
export const isAskedAfresh = (action: string): boolean => action === 'confirm';

/** Asks for it; always kept. */
export const performAfresh = (
  held: ExportedHeld,
  turn: Turn<Watcher>,
  asked: Switching,
): Vow<Attempt> => {
  const { clock, lines, petname } = held;
  const { request } = asked;
  const mostMs = Math.min(request.remainingMs, LIMITS.freshMs);
  const startedAt = clock.now();
  return turn.when(
    turn.call(lines, 'open', petname, mostMs),
    (turn, line) => send(held, turn, asked, line, leftFor(mostMs, clock.now() - startedAt)),
    (_turn, reason) => notSent(held, request, reason, silenceOf(held)),
  );
};

const send = (
  held: ExportedHeld,
  turn: Turn<Watcher>,
  { request, writer, principal, operation }: Switching,
  { id, ref }: FreshLine,
  remainingMs: number,
): Vow<Attempt> => {
  const over = (turn: Turn): void => turn.call(held.lines, 'close', id);
  const isCancelled = held.underWay.get(operation)?.calledOff !== undefined;
  if (isCancelled || remainingMs === 0) {
    over(turn);
    return turn.kept(
      isCancelled ? calledOff(held, request) : tooLate(held, request, silenceOf(held)),
    );
  }
  const seat = takeSeat(held, turn, writer);
  const part = { ...request, operation, member: held.name, remainingMs };
  const askedAt = instant(held);
  const answer = turn.within(remainingMs, turn.send(ref, 'perform', part, seat.sink));
  turn.when(answer, over, over);
  return turn.when(
    answer,
    (turn, value) => {
      held.freeSeat.set(seat);
      return answered(held, turn, { request, principal, askedAt }, value, () => false);
    },
    (_turn, reason) => unanswered(held, request, reason, silenceOf(held)),
  );
};
