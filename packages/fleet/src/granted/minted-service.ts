/**
 * The `^minted-service`: a facet of one service for whoever has its sturdyref, until that is revoked. It
 * is a grant of everything on that service, without a record of its own, so grants are made out of it.
 *
 * The book is asked on each call, as for a grant. When it is revoked, answers that are still to come
 * break, streams end, and what has not begun of its operations is called off.
 */
import type { Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import { mintedId } from '@bellwether/authority';
import {
  checkedQuery,
  checkFollower,
  checkObserver,
  checkSink,
  principalOf,
  type Event,
  type OperationFacts,
  type OperationQuery,
  type Outcome,
  type ServiceFacet,
  type Shepherd,
  type Sink,
  type Status,
} from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import { closedBy, commandUntilCut, makeGate, untilCut } from './gate.ts';
import { makeGrant, pageOf, takeBack, type Issuing } from './granter.ts';
import { makeGrantedSink } from './streams.ts';
import type { Allowed, Granter } from './types.ts';
import { followUntilCut, watchUntilCut, type Cutting } from './until-cut.ts';

/** What a facet answers at once, and this by a vow, which may break. */
type Waited = 'status' | 'watch' | 'operations';
/** A facet, and what makes grants out of it. */
export interface MintedService extends Omit<ServiceFacet, Waited>, Granter {
  status(): Vow<Status>;
  operations(query: OperationQuery): Vow<readonly OperationFacts[]>;
  watch(...args: Parameters<ServiceFacet['watch']>): Vow<void>;
  allows(): Vow<Allowed>;
}
/** What it is made of; `principal` is the hash of its swissnum, `name` the service's canonical one. */
export interface MintedOptions extends Issuing {
  readonly shepherd: Ref<Pick<Shepherd, 'facet' | 'foresee' | 'status'>>;
  readonly name: string;
  readonly principal: string;
}

interface Held extends MintedOptions, Cutting {}

/** Makes one. Who holds it is known by nothing but that. */
export const makeMintedService = (
  turn: Turn<MintedService>,
  _bcom: Bcom<MintedService>,
  options: MintedOptions,
): Behavior<MintedService> => {
  const { book, name, principal, shepherd } = options;
  const passage = { book, grant: mintedId(principal) };
  const held: Held = {
    ...options,
    ...passage,
    service: name,
    facet: turn.call(shepherd, 'facet', name, principalOf(principal)),
    gate: turn.spawn(makeGate, { ...passage, openCount: LIMITS.mintedOpenCount }),
  };
  const { facet } = held;
  return {
    perform: (turn, request, sink, mark) =>
      listening(held, turn, sink, (seen) => turn.call(facet, 'perform', request, seen, mark)),
    plan: (turn, request) => pass(held, turn, () => turn.call(facet, 'plan', request)),
    cancel: (turn, operation) => pass(held, turn, () => turn.send(facet, 'cancel', operation)),
    operations: (turn, query) =>
      pass(held, turn, () => turn.kept(turn.call(facet, 'operations', query))),
    operation: (turn, operation) =>
      pass(held, turn, () => turn.call(facet, 'operation', operation)),
    retry: (turn, operation, sink, remainingMs) =>
      listening(held, turn, sink, (seen) =>
        turn.call(facet, 'retry', operation, seen, remainingMs),
      ),
    join: (turn, operation, sink, remainingMs) =>
      listening(held, turn, sink, (seen) => turn.call(facet, 'join', operation, seen, remainingMs)),
    status: (turn) => pass(held, turn, () => turn.kept(turn.call(facet, 'status'))),
    probe: (turn, timeoutMs, hops) =>
      pass(held, turn, () => turn.call(facet, 'probe', timeoutMs, hops)),
    watch: (turn, observer, heartbeatMs) => {
      checkObserver(observer);
      return open(held, turn, () => {
        watchUntilCut(held, turn, observer, heartbeatMs, (status) => status);
        return turn.kept(undefined);
      });
    },
    log: (turn, query) => pass(held, turn, () => turn.call(facet, 'log', query)),
    follow: (turn, query, follower) => {
      const wanted = checkedQuery(query);
      checkFollower(follower);
      return open(held, turn, () => followUntilCut(held, turn, wanted, follower, () => true).told);
    },
    offer: (turn, offer) => pass(held, turn, () => turn.call(facet, 'offer', offer)),
    put: (turn, sha256, offset, bytes) =>
      pass(held, turn, () => turn.call(facet, 'put', sha256, offset, bytes)),
    allows: (turn) => open(held, turn, () => turn.kept({ kind: 'everything', service: name })),
    grant: (turn, spec) =>
      open(held, turn, () => makeGrant(options, turn, principal, { ...spec, service: name })),
    grants: (turn, after) =>
      open(held, turn, () => turn.kept(pageOf(turn.call(book, 'list', principal), after))),
    revokeGrant: (turn, id, reason) =>
      open(held, turn, () => turn.kept(takeBack(book, turn, principal, id, reason))),
    renewGrant: (turn, id, lifetimeMs) =>
      open(held, turn, () => turn.kept(turn.call(book, 'renew', principal, id, lifetimeMs))),
  };
};

const open = <T>(held: Held, turn: Turn, then: () => Vow<T>): Vow<T> => {
  const why = closedBy(held, turn);
  return why === undefined ? then() : turn.broken(why);
};
/** The same, and the answer breaks where it is revoked before that comes. */
const pass = <T>(held: Held, turn: Turn, ask: () => Vow<T>): Vow<T> =>
  open(held, turn, () => untilCut(held, turn, ask()));

/** The same of what is listened to: no sink is passed on as it is. */
const listening = (
  held: Held,
  turn: Turn,
  sink: Ref<Sink>,
  ask: (seen: Ref<Sink>) => Vow<Outcome>,
): Vow<Outcome> =>
  open(held, turn, () => {
    checkSink(sink);
    const seen = turn.spawn(makeGrantedSink, held, sink, (event: Event) => event);
    return commandUntilCut(held, turn, ask(seen));
  });
