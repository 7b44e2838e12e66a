/**
 * Bringing a release to a slot elsewhere: what was asked here goes on as it is, piece by piece, and nothing of it is
 * kept. An answer that was lost with its session may be asked for again: the slot says how far it has got.
 */
import { Refused, type Behavior, type Ref, type Turn, type Vow } from '@bellwether/actors';
import {
  readOffered,
  readPut,
  type ServiceElsewhere,
  type ServiceFacet,
} from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import type { ExportedHeld } from './exported-state.ts';
import { heldOff, isHeldOff } from './without-answer.ts';

type Remote = Pick<ExportedHeld, 'remote' | 'name' | 'petname' | 'origin' | 'labels'>;

/** Broken with Unreachable, Severed, TimedOut, Malformed, and what the slot there refuses. */
export const bringing = (held: Remote): Pick<Behavior<ServiceElsewhere>, 'offer' | 'put'> => ({
  offer: (turn, offer) =>
    turn.when(
      asked(held, turn, (turn, ref) => turn.send(ref, 'offer', offer)),
      (_turn, value) => readOffered(value, 'offer'),
    ),
  put: (turn, { sha256, offset, bytes }) =>
    turn.when(
      asked(held, turn, (turn, ref) => turn.send(ref, 'put', sha256, offset, bytes)),
      (_turn, value) => readPut(value, 'put'),
    ),
});

const asked = (
  held: Remote,
  turn: Turn,
  ask: (turn: Turn, ref: Ref<ServiceFacet>) => Vow<unknown>,
): Vow<unknown> => {
  if (isHeldOff(held, { action: 'stage' }))
    return turn.broken(new Refused(heldOff(held, { action: 'stage' }).reason ?? ''));
  const { remote } = held;
  return turn.within(LIMITS.bringMs, turn.when(turn.call(remote, 'reachToAsk'), ask));
};
