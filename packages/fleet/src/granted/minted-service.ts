/**
 * The `^minted-service`: a facet of one service for whoever has its sturdyref, until it is revoked. It
 * is a grant of everything on that service, without a record of its own, so grants are made out of it.
 */
import type { Bcom, Behavior, Turn, Vow } from '@bellwether/actors';
import { makeServiceFacet, type FacetOptions, type ServiceFacet } from '@bellwether/shepherd';
import { makeGrant, pageOf, takeBack, type Issuing } from './granter.ts';
import type { Allowed, Granter } from './types.ts';

/** A facet, and what makes grants out of it. */
export interface MintedService extends ServiceFacet, Granter {
  allows(): Vow<Allowed>;
}
/** What it is made of; `principal` is the hash of its swissnum. */
export interface MintedOptions extends Issuing, FacetOptions {
  readonly shepherd: Issuing['shepherd'] & FacetOptions['shepherd'];
}

/** Makes one. Who holds it is known by nothing but that. */
export const makeMintedService = (
  turn: Turn<MintedService>,
  bcom: Bcom<MintedService>,
  options: MintedOptions,
): Behavior<MintedService> => {
  const { book, name, principal } = options;
  return {
    ...makeServiceFacet(turn, bcom, options),
    allows: (turn) => turn.kept({ kind: 'everything', service: name }),
    grant: (turn, spec) => makeGrant(options, turn, principal, { ...spec, service: name }),
    grants: (turn, after) => turn.kept(pageOf(turn.call(book, 'list', principal), after)),
    revokeGrant: (turn, id, reason) => turn.kept(takeBack(book, turn, principal, id, reason)),
    renewGrant: (turn, id, lifetimeMs) =>
      turn.kept(turn.call(book, 'renew', principal, id, lifetimeMs)),
  };
};
