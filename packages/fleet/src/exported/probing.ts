/**
 * Questions of an `^exported-service` to its far end.
 *
 *     who asks                                       asks
 *     with no more time than one that is under way   nothing: he shares its answer
 *     with more time                                 by himself, and whoever comes then shares that
 *     and came another way                           by himself: he may have come from the very question that is
 *                                                    on its way, and the two would wait for each other
 */
import { fateOf, type Turn, type Vow } from '@bellwether/actors';
import { leftFor, type Prompt, type Status } from '@bellwether/shepherd';
import { orMalformed } from './answered.ts';
import { Malformed } from '../errors.ts';
import { chosenOperation } from './member-operation.ts';
import { instant, shown, type ExportedHeld, type Question } from './exported-state.ts';
import { heardAnswer, lostSight, type Instant, type Observed } from './observed.ts';
import { reader } from '../read.ts';
import { allowed, observe, type Watcher } from './watching.ts';
import { noAnswerFrom, troubleOf } from './without-answer.ts';

/**
 * How its service is, asked afresh. That somebody's patience ended says nothing to anybody else: a short look over a
 * long way must not make a healthy member unknown. Whether it is there, the beats tell.
 */
export const probe = (
  held: ExportedHeld,
  turn: Turn<Watcher>,
  timeoutMs: number,
  hops: readonly string[],
): Vow<Status> => {
  const startedAt = held.clock.now();
  const isOurs = hops.length <= 1;
  const known = isOurs ? held.probing.get() : undefined;
  const isShared = known !== undefined && known.timeoutMs >= timeoutMs;
  const answer = isShared ? known.answer : ask(held, turn, timeoutMs, hops);
  if (isOurs && !isShared) held.probing.set({ answer, timeoutMs });
  const late = (turn: Turn<Watcher>): Status | Vow<Status> => {
    const leftMs = timeoutMs - (held.clock.now() - startedAt);
    // The time of the question may be over before ours is.
    return isShared && leftMs > 0
      ? probe(held, turn, leftMs, hops)
      : shown(held, turn, lostSight(held.observed.get(), noAnswerFrom(held)));
  };
  return turn.when(
    turn.within(timeoutMs, answer),
    (turn, status) => status ?? late(turn),
    (turn) => late(turn),
  );
};

/** Kept without a status where no answer came in time. */
const ask = (
  held: ExportedHeld,
  turn: Turn<Watcher>,
  timeoutMs: number,
  hops: readonly string[],
): Question['answer'] => {
  const askedAt = instant(held);
  const sent = turn.when(turn.call(held.remote, 'reachToAsk'), (turn, ref) =>
    turn.send(ref, 'probe', leftFor(timeoutMs, held.clock.now() - askedAt.now), hops),
  );
  const answer: Question['answer'] = turn.when(
    turn.within(timeoutMs, sent),
    (turn, value) => {
      allowed(held, turn);
      return noted(held, turn, answer, observation(held, value, askedAt));
    },
    (turn, reason) => {
      if (fateOf(reason) !== 'late')
        return noted(held, turn, answer, lostSight(held.observed.get(), troubleOf(held, reason)));
      forget(held, answer);
      return undefined;
    },
  );
  return answer;
};

const observation = (held: ExportedHeld, value: unknown, askedAt: Instant): Observed => {
  const status = orMalformed(() => reader.status(value, 'status'));
  if (status instanceof Malformed) return lostSight(held.observed.get(), troubleOf(held, status));
  return heardAnswer(held.observed.get(), inOurIds(status), askedAt, instant(held));
};

/** What we have asked for is told by the ids that were chosen here. */
const inOurIds = (status: Status): Status => {
  if (status.kind === 'fleet') return status;
  const { startedBy, stoppedBecause, disabledBy, ...rest } = status;
  return {
    ...rest,
    ...(startedBy && { startedBy: inOurs(startedBy) }),
    ...(stoppedBecause && { stoppedBecause: inOurs(stoppedBecause) }),
    ...(disabledBy && { disabledBy: inOurs(disabledBy) }),
  };
};
const inOurs = (prompt: Prompt): Prompt =>
  prompt.operation === undefined
    ? prompt
    : { ...prompt, operation: chosenOperation(prompt.operation) };

/** Takes down what a question brought, and lets the next one ask afresh. */
const noted = (
  held: ExportedHeld,
  turn: Turn<Watcher>,
  answer: Question['answer'],
  observed: Observed,
): Status => {
  observe(held, turn, observed);
  forget(held, answer);
  return shown(held, turn, observed);
};
const forget = ({ probing }: ExportedHeld, answer: Question['answer']): void => {
  if (probing.get()?.answer === answer) probing.set(undefined);
};
