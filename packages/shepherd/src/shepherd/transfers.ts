/**
 * How releases come to the agents of services, and to the carrier for those that are not at home here. What is checked
 * here is shape and number; what a slot takes, from whom and how much, is the affair of its agent.
 */
import { Refused, type Ref, type Turn, type Vow } from '@bellwether/actors';
import { takesRelease } from '../action-table.ts';
import { NotForAll } from '../errors.ts';
import { lackingIn, membersIn } from '../operation/plan/lacking.ts';
import { narrowed } from '../operation/plan/plan.ts';
import { giveBack, takeShare } from '../checks/shares.ts';
import { checkedOffer, checkedPiece } from '../checks/transfers.ts';
import { limits } from '../limits.ts';
import { canonicalOf, providerOf, type ShepherdHeld } from './shepherd-state.ts';
import type { Asker, Carrier, Offer, Offered, Piece, Principal, Put } from '../words/types.ts';

/** Whether a service of this machine has an agent; where none is named, whether any has, or had. */
export const hasAgent = (held: ShepherdHeld, turn: Turn, name: string | undefined): boolean => {
  if (name === undefined) return held.hasAgents.get();
  const canonical = held.canonical(turn, name);
  return canonical !== undefined && held.own(canonical)?.agent !== undefined;
};

/** Whether an action ends what this asker has begun at the agent of a service. */
export const endsOwn = (
  held: ShepherdHeld,
  turn: Turn,
  name: string,
  action: string,
  principal: Principal,
): boolean => {
  const agent = held.own(held.canonical(turn, name) ?? name)?.agent;
  return agent !== undefined && turn.call(agent, 'owns', action, principal);
};

/** @throws UnknownService, BadRequest, Limit; Refused for what is no slot */
export const offerTo = (
  held: ShepherdHeld,
  turn: Turn,
  name: string,
  offer: Offer,
  asker: Asker,
): Vow<Offered> => {
  const checked = checkedOffer(offer);
  const taker = takerOf(held, turn, name, asker);
  return counted(held, turn, asker, () => turn.send(taker, 'offer', checked, asker));
};

/** @throws as `offerTo` does */
export const putTo = (
  held: ShepherdHeld,
  turn: Turn,
  name: string,
  piece: Piece,
  asker: Asker,
): Vow<Put> => {
  const checked = checkedPiece(piece);
  const taker = takerOf(held, turn, name, asker);
  return counted(held, turn, asker, () => turn.send(taker, 'put', checked, asker));
};

type Taker = Ref<Pick<Carrier, 'offer' | 'put'>>;
/**
 * Who takes a release: the agent of a service of this machine; for all others the carrier, where it is not known that
 * none of them is a slot.
 */
const takerOf = (held: ShepherdHeld, turn: Turn, name: string, asker: Asker): Taker => {
  const canonical = canonicalOf(held, turn, name);
  const own = held.own(canonical);
  if (own?.agent !== undefined) return own.agent;
  const isTaker = held.aggregate(canonical) === undefined ? mayTake : mayAllTake;
  if (own === undefined && isTaker(held, turn, canonical, asker) && held.carrier !== undefined)
    return held.carrier;
  throw new Refused(`service '${canonical}' is no slot: it takes no releases`);
};

const mayTake = (held: ShepherdHeld, turn: Turn, name: string): boolean => {
  const { stage, actions } = turn.call(providerOf(held, turn, name), 'status');
  return stage === 'unknown' || actions.some(({ name }) => takesRelease(name));
};
/** A fleet gets no release where some of those who are meant are known to be no slots: it is for all of them. */
const mayAllTake = (held: ShepherdHeld, turn: Turn, name: string, { members }: Asker): boolean => {
  const asked = { member: name, ...(members && { onlyMembers: members }) };
  const all = membersIn(name, narrowed(held.graph(turn), asked).members);
  const lacking = lackingIn(held, turn, all, 'deploy');
  if (lacking.length > 0 && lacking.length < all.length)
    throw new NotForAll(name, 'deploy', lacking);
  return lacking.length < all.length;
};

const bounds = {
  each: limits.askerTransferCount,
  origin: limits.originTransferCount,
  grants: limits.grantTransferCount,
  all: limits.transferCount,
};
const counted = <T>(held: ShepherdHeld, turn: Turn, asker: Asker, ask: () => Vow<T>): Vow<T> => {
  const number = takeShare(held.transfers, asker, bounds, 'too much of releases is under way');
  const answer = ask();
  const isOver = (): void => giveBack(held.transfers, number);
  turn.when(answer, isOver, isOver);
  return answer;
};
