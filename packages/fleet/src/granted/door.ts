/** What each question through a grant passes: the book is asked, the audit told, and the answer ends with the grant. */
import type { ActorError, Ref, Turn, Vow } from '@bellwether/actors';
import type { Wish } from '@bellwether/authority';
import {
  unknownReference,
  type Principal,
  type ServiceFacet,
  type Shepherd,
} from '@bellwether/shepherd';
import { untilCut, type Gate, type Passage } from './gate.ts';
import type { Issuing } from './granter.ts';
import { witnessLook, witnessRefused, type Tally, type Witness } from './witness.ts';
import { isNoFleet, type Terms } from './view.ts';

/** What a granted service is made of. */
export interface GrantedOptions extends Issuing, Passage {
  readonly shepherd: Ref<
    Pick<
      Shepherd,
      | 'endsOwn'
      | 'facet'
      | 'foresee'
      | 'isKnown'
      | 'isRegistered'
      | 'recall'
      | 'remembered'
      | 'status'
    >
  >;
  /** Of the swissnum that leads here: the holder may be given another one. */
  readonly hash: string;
  /** One for all granted services. */
  readonly witness: Ref<Witness>;
}
/** The same, with what every method needs. */
export interface GrantedHeld extends GrantedOptions {
  /** Towards the shepherd. */
  readonly principal: Principal;
  readonly service: string;
  readonly terms: Terms;
  readonly facet: Ref<ServiceFacet>;
  readonly gate: Ref<Gate>;
  readonly tally: Tally;
}

/** What the book has against it breaks the answer. `action` is what the audit calls it. */
export const open = <T>(
  held: GrantedHeld,
  turn: Turn,
  action: string,
  wish: Wish,
  then: () => Vow<T>,
): Vow<T> => {
  const why = refusalOf(held, turn, wish);
  if (why === undefined) return then();
  const { operation } = wish;
  witnessRefused(held.tally, turn, {
    event: 'denied',
    ...whoOf(held, turn),
    action,
    ...(operation !== undefined && { operation }),
    code: why.code,
  });
  return turn.broken(why);
};
/** What the book has against it, or what the configuration has made of its service. */
export const refusalOf = (held: GrantedHeld, turn: Turn, wish: Wish): ActorError | undefined => {
  const { book, grant, hash } = held;
  const found = turn.call(book, 'find', hash);
  const isHere = found?.kind === 'grant' && found.grant === grant;
  if (!isHere || isOther(held, turn)) return unknownReference();
  return turn.call(book, 'judge', grant, wish);
};
/** Whether the name of what was a fleet, of which some members were granted, has come to mean a service of its own. */
const isOther = ({ shepherd, service, terms }: GrantedHeld, turn: Turn): boolean =>
  terms.members !== undefined &&
  turn.call(shepherd, 'isRegistered', service) &&
  isNoFleet(turn.call(shepherd, 'status', service));
/** Who asks, as the audit tells it. */
export const whoOf = ({ book, grant, service }: GrantedHeld, turn: Turn) => ({
  asker: grant,
  chain: turn.call(book, 'chain', grant),
  service,
});

/** The same, and the answer breaks where the grant ends before it comes. `action` is what the audit calls it. */
export const pass = <T>(
  held: GrantedHeld,
  turn: Turn,
  action: string,
  wish: Wish,
  ask: () => Vow<T>,
): Vow<T> =>
  open(held, turn, action, wish, () => {
    witnessLook(held.tally, turn, { event: 'asked', ...whoOf(held, turn), action });
    return untilCut(held, turn, ask());
  });
