/**
 * Confirms the releases that a service elsewhere, a slot, was told from here to switch to, while that command is under
 * way. A confirmation has to come through a session that began after the switch, so each try has one of its own.
 *
 *     step       what is seen of the slot                          it does
 *     looking    it is no slot of its own host, or does not wait   nothing: who stands before it confirms, or it waits
 *     looking    it waits to be confirmed as what was asked for    → asking
 *     looking    it may not be seen                                → pausing, then → asking
 *     pausing    the pause is over                                 → looking; where it may not be seen → asking
 *     asking     confirmed                                         over
 *     asking     refused, or not reached                           → pausing, longer each time
 *     any        the command is over, or it was tried too often    over
 *
 * A controller that has begun afresh asks what was under way again, as a repeat, and so goes on with this, too. That it
 * could not be confirmed is said and no more: its host goes back by itself, and tells. Why `herd`, which confirms, too,
 * is no client of this, stands at its confirming.ts.
 */
import { messageOf, Refused, type Turn, type Vow } from '@bellwether/actors';
import {
  isGood,
  isSwitch,
  limits,
  makeDeafSink,
  readSlotWords,
  type Outcome,
  type Request,
} from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import type { FreshLine } from '../reach/fresh-lines.ts';
import { share } from '../random.ts';
import { reader } from '../read.ts';
import type { Confirming, ExportedHeld, Switching } from './exported-state.ts';

/** From now on, until the command is over, what it brings about there is confirmed from here. */
export const beginConfirming = (held: ExportedHeld, turn: Turn, switching: Switching): void => {
  const { operation, request } = switching;
  if (!mayHaveToBeConfirmed(request) || held.confirming.has(operation)) return;
  held.confirming.set(operation, { ...switching, step: 'looking', tryCount: 0 });
  lookAt(held, turn, operation);
};
/** Something else is known of the service now. */
export const lookToConfirm = (held: ExportedHeld, turn: Turn): void => {
  for (const operation of [...held.confirming.keys()]) lookAt(held, turn, operation);
};

/** What is gone back to was confirmed once, unless somebody says how long it shall wait. */
const mayHaveToBeConfirmed = ({ action, args }: Request): boolean => {
  const { isUnconfirmed, confirmMs } = readSlotWords(args);
  if (isUnconfirmed === true) return false;
  return action === 'rollback' ? confirmMs !== undefined : isSwitch(action);
};
/** Milliseconds for which its machine may be cut off by it, and be back by itself; none for what switches nothing. */
export const backWithinMs = ({ action, args }: Request): number =>
  isSwitch(action) ? LIMITS.backMs + (readSlotWords(args).confirmMs ?? 0) : 0;

const lookAt = (held: ExportedHeld, turn: Turn, operation: string): void => {
  const confirming = held.confirming.get(operation);
  if (confirming?.step !== 'looking') return;
  const sight = sightOf(held, confirming.request);
  if (sight === 'blind') pause(held, turn, confirming, LIMITS.confirmBlindMs);
  else if (sight !== undefined) tryIt(held, turn, confirming, sight);
};

/**
 * The digest of the release that waits, or that it may not be seen whether one does. Where there is no contact there is
 * nothing to be confirmed through; what is told with the next one tells more.
 */
const sightOf = (
  { observed, deniedMs }: ExportedHeld,
  { args }: Request,
): Waiting | 'blind' | undefined => {
  const { release } = readSlotWords(args);
  if (deniedMs.get() !== undefined) return 'blind';
  const { last, trouble } = observed.get();
  const { phase, target } = last?.slot ?? {};
  const isThere = trouble === undefined && last?.kind === 'local';
  const isMeant = release === undefined || target?.startsWith(release) === true;
  const isIt = phase === 'awaiting-confirm' && isMeant;
  return isThere && isIt ? { target } : undefined;
};

/** Waits: so long at most, and half of it at least. */
const pause = (held: ExportedHeld, turn: Turn, confirming: Confirming, ms: number): void => {
  const { operation, request } = confirming;
  const mostMs = Math.min(ms, (readSlotWords(request.args).confirmMs ?? Infinity) / 4);
  held.confirming.set(operation, { ...confirming, step: 'pausing' });
  turn.when(share(turn, held.entropy), (turn, share) => {
    turn.after(mostMs * (1 - share / 2), (turn) => {
      const paused = held.confirming.get(operation);
      if (paused?.step !== 'pausing') return;
      held.confirming.set(operation, { ...paused, step: 'looking' });
      const isBlind = sightOf(held, request) === 'blind';
      if (isBlind) tryIt(held, turn, paused, {});
      else lookAt(held, turn, operation);
    });
  });
};

/** What is confirmed; absent: whatever waits, of which only its host knows what it is. */
interface Waiting {
  readonly target?: string | undefined;
}
const tryIt = (
  held: ExportedHeld,
  turn: Turn,
  confirming: Confirming,
  { target }: Waiting,
): void => {
  const { operation, request } = confirming;
  const tryCount = confirming.tryCount + 1;
  held.confirming.set(operation, { ...confirming, step: 'asking', tryCount });
  const wanted = target ?? readSlotWords(request.args).release;
  const told = turn.when(share(turn, held.entropy), (turn, share) =>
    turn.when(turn.call(held.lines, 'open', held.petname, LIMITS.confirmMs), (turn, line) => {
      // It was called off, or is over: its host may be about to go back.
      if (!held.confirming.has(operation)) {
        turn.call(held.lines, 'close', line.id);
        return turn.broken<Outcome>(new Refused('nobody wants that to be confirmed any more'));
      }
      return confirm(held, turn, line, {
        operation: idOf(operation, share),
        member: held.name,
        action: 'confirm',
        args: wanted === undefined ? [] : [wanted],
        remainingMs: LIMITS.confirmMs,
        hops: request.hops,
      });
    }),
  );
  turn.when(
    told,
    (turn, outcome) => {
      if (!isGood(outcome)) again(held, turn, operation, outcome.reason ?? outcome.result);
    },
    (turn, reason) => again(held, turn, operation, messageOf(reason)),
  );
};
/** One that nobody has used: a refusal is remembered under its id. */
const idOf = (operation: string, share: number): string => {
  const own = Math.floor(share * 2 ** 32).toString(16);
  return `${operation.slice(0, limits.nameCharacters - 10)}.c${own}`;
};

/** Asks through a line, and closes it behind the answer, or the lack of one. */
const confirm = (
  held: ExportedHeld,
  turn: Turn,
  { id, ref }: FreshLine,
  request: Request,
): Vow<Outcome> => {
  const answer = turn.within(
    LIMITS.confirmMs,
    turn.send(ref, 'perform', request, turn.spawn(makeDeafSink)),
  );
  const over = (turn: Turn): void => turn.call(held.lines, 'close', id);
  turn.when(answer, over, over);
  return turn.when(answer, (_turn, value) => reader.outcome(value, 'outcome'));
};
/** It was not confirmed. */
const again = (held: ExportedHeld, turn: Turn, operation: string, trouble: string): void => {
  const confirming = held.confirming.get(operation);
  if (confirming === undefined) return;
  const { tryCount, writer } = confirming;
  const isBlind = held.deniedMs.get() !== undefined;
  if (!isBlind && trouble !== confirming.trouble)
    turn.call(writer, 'line', `${held.name} could not be confirmed from here: ${trouble}`, {
      about: held.name,
    });
  if (tryCount >= LIMITS.confirmTryCount) {
    held.confirming.delete(operation);
    return;
  }
  const { confirmAgainMs, confirmLastMs, confirmBlindMs } = LIMITS;
  const firstMs = isBlind ? confirmBlindMs : confirmAgainMs;
  const ms = Math.min(confirmLastMs, firstMs * 2 ** Math.min(tryCount - 1, LIMITS.doublingCount));
  pause(held, turn, { ...confirming, trouble }, ms);
};
