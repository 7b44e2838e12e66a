/**
 * Bringing a release to a slot elsewhere: what was asked here goes on as it is, piece by piece, and nothing of it is
 * kept. An answer that was lost with its session may be asked for again: the slot says how far it has got.
 */
import type { Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import {
  readOffered,
  readPut,
  type ServiceElsewhere,
  type ServiceFacet,
} from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import type { ExportedHeld } from './exported-state.ts';
import { refusalToBring, type Addressee } from './held-back.ts';

type Remote = Pick<ExportedHeld, 'remote'> & Addressee;

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
  // Before it is dialled, and in the turn in which a piece leaves.
  const refusal = refusalToBring(held, turn);
  if (refusal !== undefined) return turn.broken(refusal);
  const told = turn.when(turn.call(held.remote, 'reachToAsk'), (turn, ref) => {
    const refusal = refusalToBring(held, turn);
    return refusal === undefined ? ask(turn, ref) : turn.broken(refusal);
  });
  return turn.within(LIMITS.bringMs, told);
};
