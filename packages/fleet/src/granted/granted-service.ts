/**
 * The `^granted-service`: what the holder of a grant holds. A closed actor in front of a facet of its
 * service, whose every method asks the grant book first:
 *
 *     perform                   its action with these arguments; counts a use
 *     plan                      its action
 *     status, probe, watch      `status`
 *     log, follow               `log`
 *     cancel                    that it holds: an id means an operation of this grant alone
 *     grant                     that it holds, and covers what is passed on
 *     allows, grants,           that it holds
 *     revokeGrant, renewGrant
 *
 * It answers with data only. Sinks, observers and followers are never passed on as they are. When the
 * grant ends, or one that it was narrowed from, answers that are still to come break, streams end, and
 * the grant book has what has not begun of its operations called off. A refusal breaks the answer and is
 * not thrown: that somebody tried goes into the audit. What was done about it the shepherd records.
 */
import {
  ActorError,
  type Bcom,
  type Behavior,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import type { AuditLink, Wish } from '@bellwether/authority';
import {
  broken,
  checkedQuery,
  checkFollower,
  checkObserver,
  checkSink,
  unknownReference,
  type Event,
  type Follower,
  type LogQuery,
  type Observer,
  type Outcome,
  type Request,
  type ServiceFacet,
  type Shepherd,
  type Sink,
  type Status,
} from '@bellwether/shepherd';
import { makeGate, untilCut, type Gate, type Passage } from './gate.ts';
import { makeGrant, pageOf, takeBack, type Issuing } from './granter.ts';
import { makeGrantedSink } from './streams.ts';
import { followUntilCut, watchUntilCut } from './until-cut.ts';
import type { GrantedService } from './types.ts';
import { witnessLook, witnessRefused, type Tally, type Witness } from './witness.ts';
import {
  grantedEvent,
  grantedOutcome,
  grantedRowEvent,
  grantedRequest,
  grantedStatus,
  type Terms,
} from './view.ts';

/** What a granted service is made of. */
export interface GrantedOptions extends Issuing, Passage {
  readonly shepherd: Ref<Pick<Shepherd, 'facet' | 'isKnown' | 'recall' | 'status'>>;
  /** Of the swissnum that leads here: the holder may be given another one. */
  readonly hash: string;
  /** One for all granted services. */
  readonly witness: Ref<Witness>;
}
interface Held extends GrantedOptions {
  readonly service: string;
  readonly terms: Terms;
  readonly facet: Ref<ServiceFacet>;
  readonly gate: Ref<Gate>;
  readonly tally: Tally;
}

/** Makes the actor of one grant. Its principal towards the shepherd is the id of the grant. */
export const makeGrantedService = (
  turn: Turn<GrantedService>,
  _bcom: Bcom<GrantedService>,
  options: GrantedOptions,
): Behavior<GrantedService> => {
  const { book, shepherd, grant, witness } = options;
  const facts = turn.call(book, 'facts', grant);
  const origin = originOf(turn.call(book, 'chain', grant), grant);
  const held: Held = {
    ...options,
    service: facts.service,
    terms: facts,
    facet: turn.call(shepherd, 'facet', facts.service, grant, {
      origin,
      ...(facts.members && { members: facts.members }),
    }),
    gate: turn.spawn(makeGate, { book, grant }),
    tally: { witness, origin },
  };
  const { facet, terms } = held;
  return {
    perform: (turn, request, sink) => perform(held, turn, request, sink),
    plan: (turn, request) => {
      const wanted = wantedOf(held, turn, request);
      const { action, args } = wanted;
      // A terminal asks for the plan and then for the action, which is what was denied: that is recorded once.
      const why = refusalOf(held, turn, { action, args });
      if (why !== undefined) return broken(turn, why);
      return pass(held, turn, 'plan', { action, args }, () => turn.call(facet, 'plan', wanted));
    },
    cancel: (turn, operation) =>
      pass(held, turn, 'cancel', {}, () => turn.send(facet, 'cancel', operation)),
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
        makeGrant(held, turn, grant, { ...spec, service: held.service }),
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

/** Who answers for all that comes from one grant: its holder, or the reference that this was made by. */
const originOf = ([top]: readonly AuditLink[], grant: string): string =>
  top === undefined || top.issuer === 'root' ? (top?.grant ?? grant) : top.issuer;

const looking: Wish = { action: 'status' };
const reading: Wish = { action: 'log' };

/** What the book has against it breaks the answer. `action` is what the audit calls it. */
const open = <T>(
  held: Held,
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
  return broken(turn, why);
};
const refusalOf = ({ book, grant, hash }: Held, turn: Turn, wish: Wish): ActorError | undefined => {
  const found = turn.call(book, 'find', hash);
  if (found?.kind !== 'grant' || found.grant !== grant) return unknownReference();
  return turn.call(book, 'judge', grant, wish);
};
const whoOf = ({ book, grant, service }: Held, turn: Turn) => ({
  asker: grant,
  chain: turn.call(book, 'chain', grant),
  service,
});

/** The same, and the answer breaks where the grant ends before it comes. `action` is what the audit calls it. */
const pass = <T>(held: Held, turn: Turn, action: string, wish: Wish, ask: () => Vow<T>): Vow<T> =>
  open(held, turn, action, wish, () => {
    witnessLook(held.tally, turn, { event: 'asked', ...whoOf(held, turn), action });
    return untilCut(held, turn, ask());
  });

const wantedOf = ({ shepherd, service, terms }: Held, turn: Turn, request: Request): Request =>
  grantedRequest(terms, service, request, turn.call(shepherd, 'status', service));

const perform = (held: Held, turn: Turn, request: Request, sink: Ref<Sink>): Vow<Outcome> => {
  const wanted = wantedOf(held, turn, request);
  checkSink(sink);
  const { shepherd, grant } = held;
  const { action, operation } = wanted;
  return open(held, turn, action, { operation }, () => {
    const read = turn.call(shepherd, 'recall', operation, grant);
    if (read === undefined) return tried(held, turn, wanted, sink);
    // Only then can be told what a repeat of it would cost.
    return turn.when(read, (turn) => tried(held, turn, wanted, sink));
  });
};
const tried = (held: Held, turn: Turn, wanted: Request, sink: Ref<Sink>): Vow<Outcome> => {
  const { action, args, operation } = wanted;
  const isKnown = turn.call(held.shepherd, 'isKnown', wanted, held.grant);
  const wish: Wish = { action, args, operation, isKnown, isTry: true };
  return open(held, turn, action, wish, () => accept(held, turn, wanted, sink, isKnown));
};
const accept = (
  held: Held,
  turn: Turn,
  wanted: Request,
  sink: Ref<Sink>,
  isKnown: boolean,
): Vow<Outcome> => {
  const { book, grant, terms, facet } = held;
  const { action, operation } = wanted;
  const about = { ...whoOf(held, turn), action, operation };
  const { vow, resolver } = turn.vow<Outcome>();
  try {
    // First: where too much is under way nothing is accepted.
    const told = untilCut(held, turn, vow);
    // Near: a use is counted with what is accepted for it, or not at all.
    const answer = turn.call(
      facet,
      'perform',
      wanted,
      turn.spawn(makeGrantedSink, held, sink, (event: Event) =>
        grantedRowEvent(terms, action, event),
      ),
    );
    resolver.follow(turn.when(answer, (_turn, outcome) => grantedOutcome(terms, action, outcome)));
    if (!isKnown) turn.call(book, 'count', grant, operation);
    else witnessLook(held.tally, turn, { event: 'asked', ...about });
    return told;
  } catch (reason) {
    // No throw, which would undo that it was tried, and what it has cost.
    if (!(reason instanceof ActorError)) throw reason;
    witnessRefused(held.tally, turn, { event: 'denied', ...about, code: reason.code });
    resolver.broken(reason);
    return broken(turn, reason);
  }
};

const watch = (held: Held, turn: Turn, observer: Ref<Observer>, heartbeatMs: number): Vow<void> => {
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

const follow = (held: Held, turn: Turn, query: LogQuery, follower: Ref<Follower>): Vow<void> => {
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
