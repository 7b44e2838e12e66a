/** Who stands between whoever holds a reference to a service and its facet, and lets questions through. */
import type { ActorError, Ref, Turn, Vow } from '@bellwether/actors';
import type { Wish } from '@bellwether/authority';
import {
  unknownReference,
  type Principal,
  type ServiceFacet,
  type Shepherd,
} from '@bellwether/shepherd';
import type { BookedGrant, Gate } from './gate.ts';
import type { Issuing } from './granter.ts';
import type { Allowed } from './types.ts';
import type { Cutting } from './until-cut.ts';
import { witnessLook, witnessRefused, type Tally, type Witness } from './witness.ts';
import { isNoFleet, type Terms } from './view.ts';

/** What a grant has to allow for a question. */
export type Wished = (held: GrantedHeld, turn: Turn) => Wish;
/** What minted references and grants have in common. */
export interface Front extends Cutting, Issuing {
  /** Whose the grants are that are made through it. */
  readonly issuer: string;
  /** What is shown through it, and may be passed on. Undefined: everything. */
  readonly terms: Terms | undefined;
  /** Why a question may not pass, which the audit has heard then. `as` is what it calls the question. */
  refuse(turn: Turn, as: string, wished: Wished): ActorError | undefined;
  /** The audit is told that something is looked at, or is not any more. */
  saw(turn: Turn, event: 'asked' | 'ended', as: string): void;
  /** What whoever holds it is told that it allows. */
  allowed(turn: Turn): Allowed;
}

/** What a granted service is made of. */
export interface GrantedOptions extends Issuing, BookedGrant {
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

/** That of a grant. */
export const grantedFront = (held: GrantedHeld): Front => ({
  ...held,
  issuer: held.grant,
  refuse: (turn, as, wished) => refused(held, turn, as, wished(held, turn)),
  saw: (turn, event, action) =>
    witnessLook(held.tally, turn, { event, ...whoOf(held, turn), action }),
  allowed: (turn) => ({ kind: 'grant', grant: turn.call(held.book, 'facts', held.grant) }),
});

/** What the book has against it breaks the answer. `action` is what the audit calls it. */
export const open = <T>(
  held: GrantedHeld,
  turn: Turn,
  action: string,
  wish: Wish,
  then: () => Vow<T>,
): Vow<T> => {
  const why = refused(held, turn, action, wish);
  return why === undefined ? then() : turn.broken(why);
};
const refused = (
  held: GrantedHeld,
  turn: Turn,
  action: string,
  wish: Wish,
): ActorError | undefined => {
  const why = refusalOf(held, turn, wish);
  if (why === undefined) return undefined;
  const { operation } = wish;
  witnessRefused(held.tally, turn, {
    event: 'denied',
    ...whoOf(held, turn),
    action,
    ...(operation !== undefined && { operation }),
    code: why.code,
  });
  return why;
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
