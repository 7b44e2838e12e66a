/**
 * Sessions that a machine opens to its controller because it is asked to: it only dials out, and something has to come
 * through a session that is no older than itself.
 *
 *     controller                                            machine
 *       ── callBack(service, token), over the old session ──►   dials, under an identity made for this
 *       ◄── came(token, facet), over the new one ────────────   the facet is told since when that session stands
 *       …  whoever wanted it asks the facet …
 *       ── the answer of came ───────────────────────────────►   ends that session
 *
 * The token is what tells one who was asked from anybody else who has found the door; it is good once.
 */
import {
  isRef,
  Refused,
  Unreachable,
  type JournalMap,
  type Ref,
  type Resolver,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import { hexOf } from '@bellwether/authority';
import { BadRequest } from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import { randomBytes } from '../random.ts';
import type { NodeShelf } from './node-shelf.ts';
import { presentGift } from './contact.ts';
import type { Nodes } from './types.ts';

/** One that was asked for. */
interface CallBack {
  /** Undefined before it is drawn. */
  readonly token: string | undefined;
  readonly came: Resolver<Ref>;
  /** Kept once nothing more is asked over it. */
  readonly over: Resolver<void>;
  readonly isOver: Vow<void>;
}
/** By the number of whoever asked. */
export type CallBacks = JournalMap<number, CallBack>;

/** See `Nodes.callBack`. */
export const askBack = (
  shelf: NodeShelf,
  calls: CallBacks,
  turn: Turn<Nodes>,
  asked: { readonly id: number; readonly node: string; readonly service: string },
): Vow<Ref> => {
  const { id, node, service } = asked;
  const gift = presentGift(shelf, turn, node);
  if (gift === undefined)
    return turn.broken(new Unreachable(`${node} only dials out, and has no connection here now`));
  const [came, over] = [turn.vow<Ref>(), turn.vow<void>()];
  const call = { came: came.resolver, over: over.resolver, isOver: over.vow };
  calls.set(id, { ...call, token: undefined });
  return turn.when(randomBytes(turn, shelf.entropy, LIMITS.giftBytes), (turn, token) => {
    // Nobody wants it any more.
    if (!calls.has(id)) throw new Unreachable(`${node} is not asked to call back any more`);
    calls.set(id, { ...call, token: hexOf(token) });
    turn.when(
      turn.send(gift, 'callBack', service, token),
      () => undefined,
      (_turn, reason) => came.resolver.broken(reason),
    );
    return came.vow;
  });
};

/** See `NodeDoor.came`. */
export const hasCome = (calls: CallBacks, token: Uint8Array, facet: unknown): Vow<void> => {
  if (!isRef(facet)) throw new BadRequest('came: the facet is no reference');
  const text = hexOf(token);
  for (const call of calls.values())
    if (call.token === text) {
      call.came.kept(facet);
      return call.isOver;
    }
  throw new Refused('came: nobody has asked for that');
};

/** Nothing more is asked over it, or nobody waits for it any more. */
export const callIsOver = (calls: CallBacks, id: number): void => {
  calls.get(id)?.over.kept(undefined);
  calls.delete(id);
};
