/** What a machine does for whoever has its gift. */
import { Limit, type JournalMap, type Ref, type Turn, type Vow } from '@bellwether/actors';
import { Unconfirmed } from '@bellwether/authority';
import { unknownReference, type ServiceFacet } from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import {
  doorTo,
  givenTo,
  homeOfGift,
  isHeldBack,
  type Home,
  type HomeShelf,
} from './home-shelf.ts';
import type { Homes, NodeDoor } from './types.ts';
import { fingerprintOf } from './node-shelf.ts';

/** See `Gift.service`. */
export const serve = (
  shelf: HomeShelf,
  turn: Turn<Homes>,
  gift: string,
  name: string,
  sinceMs: number | undefined,
): Ref<ServiceFacet> => {
  const { designator } = giving(shelf, turn, gift, name).entry;
  const facet = turn.call(shelf.giving, 'give', gift, name, sinceMs, designator);
  return facet as Ref<ServiceFacet>;
};

/** The controller whose gift that is, if the service is in it. */
const giving = (shelf: HomeShelf, turn: Turn, gift: string, name: string): Home => {
  const home = homeOfGift(shelf, gift);
  if (home === undefined) throw unknownReference();
  if (isHeldBack(shelf, home.entry)) throw new Unconfirmed(fingerprintOf(home.entry.designator));
  if (!givenTo(shelf, turn, home.entry).some(([each]) => each === name)) throw unknownReference();
  return home;
};

/** See `Gift.callBack`, and call-backs.ts. */
export const callBack = (
  shelf: HomeShelf,
  counts: JournalMap<string, number>,
  turn: Turn<Homes>,
  asked: { readonly gift: string; readonly name: string; readonly token: Uint8Array },
): Vow<void> => {
  const { gift, name, token } = asked;
  const { designator } = giving(shelf, turn, gift, name).entry;
  const countNow = (): number => counts.get(designator) ?? 0;
  if (countNow() >= LIMITS.callBackCount)
    throw new Limit(`join: ${LIMITS.callBackCount} connections are being opened already`);
  counts.set(designator, countNow() + 1);
  // What it proves is that it is no older than this.
  const sinceMs = shelf.clock.now();
  const power = { end: (): void => undefined };
  const door = turn.ask<Ref<NodeDoor>>((answer) => {
    power.end = shelf.fresh(doorTo(designator), answer);
  });
  const reached = turn.within(LIMITS.connectMs, door);
  const told = turn.when(reached, (turn, door) => {
    // It may have been taken back while its controller let the machine wait.
    const facet = serve(shelf, turn, gift, name, sinceMs);
    return turn.send(door, 'came', token, facet);
  });
  const over = (turn: Turn<Homes>): void => {
    counts.set(designator, countNow() - 1);
    turn.effect(() => power.end());
  };
  turn.when(turn.within(LIMITS.freshMs, told), over, over);
  return turn.when(reached, () => undefined);
};
