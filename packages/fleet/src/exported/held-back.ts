/**
 * Who is sent nothing new: a machine that is in doubt, or is not meant any more. That is asked of the standing in the
 * turn in which something is about to leave, since a command may have waited for contact, and a release takes a while
 * to be brought. What was sent goes on there.
 */
import { Refused, type Turn } from '@bellwether/actors';
import { isDoubted, type Outcome, type Request } from '@bellwether/shepherd';
import type { StandNow } from '../reach/standing.ts';
import type { ExportedHeld } from './exported-state.ts';
import { heldOff, notMeant } from './without-answer.ts';

/** What may be sent something. */
export type Addressee = Pick<
  ExportedHeld,
  'name' | 'petname' | 'origin' | 'labels' | 'gift' | 'standing'
>;
type Wanted = Pick<Request, 'action' | 'isRepeat'>;

/** How it ends that is not sent; undefined where it may be. */
export const heldBack = (held: Addressee, turn: Turn, wanted: Wanted): Outcome | undefined => {
  switch (standOf(held, turn)) {
    case 'good':
      return undefined;
    case 'in-doubt':
      return wanted.isRepeat === true || endingActions.has(wanted.action)
        ? undefined
        : heldOff(held, wanted);
    case 'gone':
      return notMeant(held, wanted);
  }
};
/** What it does it may end. They bring nothing there; without a confirmation a good machine would go back. */
const endingActions: ReadonlySet<string> = new Set(['stop', 'confirm']);
const standOf = ({ standing, origin, gift, labels }: Addressee, turn: Turn): StandNow => {
  if (gift !== undefined) return turn.call(standing, 'of', origin, gift);
  return isDoubted(labels) ? 'in-doubt' : 'good';
};

/** The same of a piece of a release, as a refusal. */
export const refusalToBring = (held: Addressee, turn: Turn): Refused | undefined => {
  const end = heldBack(held, turn, { action: 'stage' });
  return end === undefined ? undefined : new Refused(end.reason ?? '');
};
