/**
 * The `^granted-service`: what the holder of a grant holds. A closed actor in front of a facet of its
 * service, whose every method asks the grant book first:
 *
 *     perform                   its action with these arguments; counts a use. What ends well what was begun through
 *                               this grant needs only that it holds: to confirm one's own deploy
 *     plan                      its action
 *     status, probe, watch      `status`
 *     log, follow               `log`
 *     offer                     `stage` or `deploy`, with this release as the first argument
 *     put                       `stage` or `deploy`
 *     retry                     what it asks for anew, as if that were asked for now; counts a use, too, where
 *                               anything is done
 *     cancel                    that it holds, and allows anything that can be called off
 *     operations, operation,    that it holds
 *     join
 *     grant                     that it holds, and covers what is passed on
 *     allows, grants,           that it holds
 *     revokeGrant, renewGrant
 *
 * An id means an operation that was asked for through this grant, and nothing else: not one of whom it was narrowed
 * from, nor of those that were narrowed from it, whose ids may be the same, and whose arguments may be secrets of
 * theirs. Any other id is one that nobody has used.
 *
 * It answers with data only. Sinks, observers and followers are never passed on as they are. When the
 * grant ends, or one that it was narrowed from, answers that are still to come break, streams end, and
 * the grant book has what has not begun of its operations called off. A refusal breaks the answer and is
 * not thrown: that somebody tried goes into the audit. What was done about it the shepherd records.
 */
import type { Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import type { Wish } from '@bellwether/authority';
import {
  checkedOffer,
  checkedQuery,
  checkFollower,
  checkObserver,
  originIn,
  principalOf,
  type Follower,
  type LogQuery,
  type Observer,
  type Status,
} from '@bellwether/shepherd';
import { open, pass, refusalOf, whoOf, type GrantedOptions, type GrantedHeld } from './door.ts';
import { makeGate, untilCut } from './gate.ts';
import { operationMethods, wantedOf } from './granted-operations.ts';
import { makeGrant, pageOf, takeBack } from './granter.ts';
import { beyond } from './outside.ts';
import { followUntilCut, watchUntilCut } from './until-cut.ts';
import type { GrantedService } from './types.ts';
import { grantedEvent, grantedStatus } from './view.ts';
import { witnessLook } from './witness.ts';

export type { GrantedOptions } from './door.ts';

/** Makes the actor of one grant. Its principal towards the shepherd is the id of the grant. */
export const makeGrantedService = (
  turn: Turn<GrantedService>,
  _bcom: Bcom<GrantedService>,
  options: GrantedOptions,
): Behavior<GrantedService> => {
  const { book, shepherd, grant, witness } = options;
  const facts = turn.call(book, 'facts', grant);
  const origin = originIn(turn.call(book, 'chain', grant)) ?? grant;
  const principal = principalOf(grant);
  const held: GrantedHeld = {
    ...options,
    service: facts.service,
    terms: facts,
    principal,
    facet: turn.call(shepherd, 'facet', facts.service, principal, {
      origin,
      ...(facts.members && { members: facts.members }),
    }),
    gate: turn.spawn(makeGate, { book, grant }),
    tally: { witness, origin },
  };
  const { facet, terms } = held;
  return {
    ...operationMethods(held),
    ...releaseMethods(held),
    plan: (turn, request) => {
      const wanted = wantedOf(held, turn, request);
      const { action, args } = wanted;
      // A terminal asks for the plan and then for the action, which is what was denied: that is recorded once.
      const why = refusalOf(held, turn, { action, args }) ?? beyond(held, turn, [wanted]);
      if (why !== undefined) return turn.broken(why);
      return pass(held, turn, 'plan', { action, args }, () => turn.call(facet, 'plan', wanted));
    },
    status: (turn) =>
      pass(held, turn, 'status', looking, () =>
        turn.kept(grantedStatus(terms, turn.call(facet, 'status'))),
      ),
    probe: (turn, timeoutMs, hops) =>
      pass(held, turn, 'probe', looking, () =>
        turn.when(turn.call(facet, 'probe', timeoutMs, hops), (_turn, status): Status =>
          grantedStatus(terms, status),
        ),
      ),
    watch: (turn, observer, heartbeatMs) => watch(held, turn, observer, heartbeatMs),
    log: (turn, query) => pass(held, turn, 'log', reading, () => turn.call(facet, 'log', query)),
    follow: (turn, query, follower) => follow(held, turn, query, follower),
    allows: (turn) =>
      open(held, turn, 'allows', {}, () =>
        turn.kept({ kind: 'grant', grant: turn.call(book, 'facts', grant) }),
      ),
    grant: (turn, spec) =>
      open(held, turn, 'grant', {}, () =>
        makeGrant(held, turn, grant, { ...spec, service: held.service }, terms),
      ),
    grants: (turn, after) =>
      open(held, turn, 'grant ls', {}, () =>
        turn.kept(pageOf(turn.call(book, 'list', grant), after)),
      ),
    revokeGrant: (turn, id, reason) =>
      open(held, turn, 'grant revoke', {}, () =>
        turn.kept(takeBack(book, turn, grant, id, reason)),
      ),
    renewGrant: (turn, id, lifetimeMs) =>
      open(held, turn, 'grant renew', {}, () =>
        turn.kept(turn.call(book, 'renew', grant, id, lifetimeMs)),
      ),
  };
};

const looking: Wish = { action: 'status' };
const reading: Wish = { action: 'log' };

/** Bringing a release. */
const releaseMethods = (held: GrantedHeld): Pick<Behavior<GrantedService>, 'offer' | 'put'> => ({
  offer: (turn, offer) => {
    const wanted = checkedOffer(offer);
    const wish = bringing(held, turn, [wanted.release]);
    return pass(held, turn, 'offer', wish, () => turn.call(held.facet, 'offer', wanted));
  },
  // No look to be told of: there are thousands, and what they are for was told by the offer.
  put: (turn, sha256, offset, bytes) =>
    open(held, turn, 'put', bringing(held, turn, []), () =>
      untilCut(held, turn, turn.call(held.facet, 'put', sha256, offset, bytes)),
    ),
});
/** Whoever may stage a release may bring it, and a deploy stages it. */
const bringing = (held: GrantedHeld, turn: Turn, args: readonly string[]): Wish => {
  const stage: Wish = { action: 'stage', args, isBeginning: true };
  return refusalOf(held, turn, stage) === undefined ? stage : { ...stage, action: 'deploy' };
};

const watch = (
  held: GrantedHeld,
  turn: Turn,
  observer: Ref<Observer>,
  heartbeatMs: number,
): Vow<void> => {
  checkObserver(observer);
  return open(held, turn, 'watch', looking, () => {
    const { terms, tally } = held;
    const view = (status: Status): Status => grantedStatus(terms, status);
    const over = watchUntilCut(held, turn, observer, heartbeatMs, view);
    witnessLook(tally, turn, { event: 'asked', ...whoOf(held, turn), action: 'watch' });
    turn.when(over, (turn) =>
      witnessLook(tally, turn, { event: 'ended', ...whoOf(held, turn), action: 'watch' }),
    );
    return turn.kept(undefined);
  });
};

const follow = (
  held: GrantedHeld,
  turn: Turn,
  query: LogQuery,
  follower: Ref<Follower>,
): Vow<void> => {
  const wanted = checkedQuery(query);
  checkFollower(follower);
  return open(held, turn, 'follow', reading, () => {
    const shows = grantedEvent(held.terms);
    const { answer, told } = followUntilCut(held, turn, wanted, follower, shows);
    witnessLook(held.tally, turn, { event: 'asked', ...whoOf(held, turn), action: 'follow' });
    const ended = (turn: Turn): void =>
      witnessLook(held.tally, turn, { event: 'ended', ...whoOf(held, turn), action: 'follow' });
    turn.when(answer, ended, ended);
    return told;
  });
};
