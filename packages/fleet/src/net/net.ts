/**
 * The `^net`: what the owner of a shepherd sees of its network. The router has keys and counters, the back-off stands
 * with the `^peers`, and names with whoever gave them; here they meet, when somebody asks.
 *
 *     router's facts ──┐
 *     ^peers ──────────┼──► links and dials, with names
 *     ^nodes, ^homes ──┤
 *     refs ────────────┘
 */
import {
  Limit,
  type Answer,
  type Bcom,
  type Behavior,
  type JournalCell,
  type Ref,
  type Turn,
  type VatEvent,
  type Vow,
} from '@bellwether/actors';
import {
  peerKey,
  type DialFailure,
  type LinkFacts,
  type NetFacts,
  type PeerLocation,
} from '@bellwether/ocapn';
import type { HomeFacts, NodeFacts } from '../nodes/types.ts';
import { LIMITS } from '../limits.ts';
import type { Peers, WayFacts } from '../reach/peer.ts';
import { netEvents } from './events.ts';
import type { TapSession } from './trace-buffer.ts';
import { makeTraceStream } from './trace-stream.ts';
import type {
  ListedRef,
  NetDial,
  NetEvent,
  NetLink,
  NetPage,
  NetPeer,
  TraceEnd,
  TraceQuery,
  Tracer,
} from './types.ts';

/** The powers over a router and its vat; all but the last are only read. */
export interface NetPowers {
  readonly facts: () => NetFacts;
  readonly failures: () => readonly DialFailure[];
  readonly events: () => readonly VatEvent[];
  /** Monotonic and wall clock, in milliseconds. */
  readonly now: () => number;
  readonly wall: () => number;
  readonly tap: TapSession;
}
/** What makes a net. */
export interface NetOptions extends NetPowers {
  readonly nodes: Ref<{ list(): readonly NodeFacts[] }>;
  readonly homes: Ref<{ list(): readonly HomeFacts[] }>;
  readonly peers: Ref<Pick<Peers, 'list'>>;
  /** Answers with ListedRefs. */
  readonly refs: { list(answer: Answer): void };
}
/** Near only: what is asked was checked. See NetRoot. */
export interface Net {
  links(after: number): Vow<NetPage>;
  events(count: number): readonly NetEvent[];
  trace(session: string, query: TraceQuery, tracer: Ref<Tracer>): Vow<TraceEnd>;
}

interface Held extends NetOptions {
  readonly traceCount: JournalCell<number>;
}

/** Makes the net of one life. */
export const makeNet = (turn: Turn<Net>, _bcom: Bcom<Net>, options: NetOptions): Behavior<Net> => {
  const held: Held = { ...options, traceCount: turn.cell(0) };
  return {
    links: (turn, after) => links(held, turn, after),
    events: (_turn, count) => netEvents(options.events(), count),
    trace: (turn, session, query, tracer) => trace(held, turn, session, query, tracer),
  };
};

const links = (held: Held, turn: Turn, after: number): Vow<NetPage> => {
  const refs = turn.ask<readonly ListedRef[]>((answer) => held.refs.list(answer));
  return turn.when(refs, (turn, listed): NetPage => {
    const facts = held.facts();
    const names = namesOf(turn.call(held.nodes, 'list'), turn.call(held.homes, 'list'), listed);
    const rest = facts.links.filter(({ number }) => number > after);
    const page = rest.slice(0, LIMITS.netPageCount).map((each) => linkOf(each, names));
    const ways = after === 0 ? turn.call(held.peers, 'list') : [];
    const dials = after === 0 ? dialsOf(held, facts, ways, names) : [];
    const unlistedDialCount = Math.max(0, dials.length - LIMITS.netPageCount);
    return {
      links: page,
      ...(page.length < rest.length && { isCut: true }),
      dials: dials.slice(0, LIMITS.netPageCount),
      ...(unlistedDialCount > 0 && { unlistedDialCount }),
    };
  });
};

type Names = ReadonlyMap<string, Pick<NetPeer, 'node' | 'controller' | 'petnames'>>;
/** By designator: a machine is the same one over each of its transports. */
const namesOf = (
  nodes: readonly NodeFacts[],
  homes: readonly HomeFacts[],
  refs: readonly ListedRef[],
): Names => {
  const names = new Map<string, Pick<NetPeer, 'node' | 'controller' | 'petnames'>>();
  const add = (key: string, more: Pick<NetPeer, 'node' | 'controller' | 'petnames'>): void =>
    void names.set(key, { ...names.get(key), ...more });
  for (const { designator, name } of nodes)
    if (designator !== undefined) add(designator, { node: name });
  for (const { designator, controller } of homes)
    if (controller !== undefined) add(designator, { controller });
  for (const ref of refs) {
    if (!('peer' in ref)) continue;
    const key = ref.peer.slice(0, ref.peer.lastIndexOf('.'));
    const petnames = names.get(key)?.petnames ?? [];
    if (petnames.length < LIMITS.netPetnameCount)
      add(key, { petnames: [...petnames, ref.petname] });
  }
  return names;
};

const peerOf = (peer: PeerLocation | undefined, names: Names): NetPeer => {
  if (peer === undefined) return {};
  const { host, port } = peer.hints;
  return {
    key: peer.designator,
    ...(host !== undefined && port !== undefined && { address: `${host}:${port}` }),
    ...names.get(peer.designator),
  };
};
const linkOf = (facts: LinkFacts, names: Names): NetLink => {
  const { number, session, peer, identity, transport, direction, state, isKnown } = facts;
  const { gotBytes, sentBytes, gotCount, sentCount, unsentBytes, tables } = facts;
  const { oldestQuestionMs: oldestMs } = facts;
  // Only the owner connects there, and what his programs call themselves is random.
  const isOwner = identity === 'believed' && direction === 'accepted';
  return {
    number,
    ...(session !== undefined && { session }),
    peer: isOwner ? { isOwner: true } : peerOf(peer, names),
    ...{ transport, direction, state, isKnown, ...tables },
    ageMs: Math.round(facts.ageMs),
    silentMs: Math.round(facts.silentMs),
    ...(oldestMs !== undefined && { oldestQuestionMs: Math.round(oldestMs) }),
    ...{ gotBytes, sentBytes, gotCount, sentCount, unsentBytes },
  };
};

/** Who is dialled now, then who is waited for; each with what went wrong last. */
const dialsOf = (
  held: Held,
  { links: open, dials }: NetFacts,
  ways: readonly WayFacts[],
  names: Names,
): readonly NetDial[] => {
  const nowMs = held.now();
  const last = new Map(held.failures().map((each) => [peerKey(each.peer), each]));
  const reached = new Set(
    open.flatMap(({ session, peer }) => (session && peer ? [peerKey(peer)] : [])),
  );
  const backOffs = new Map(ways.map((each) => [each.peer, each]));
  const troubleOf = (key: string): Pick<NetDial, 'failureCount' | 'error' | 'errorAgoMs'> => {
    const failure = last.get(key);
    return {
      failureCount: Math.max(failure?.count ?? 0, backOffs.get(key)?.failureCount ?? 0),
      ...(failure !== undefined && {
        error: failure.reason,
        errorAgoMs: Math.round(nowMs - failure.atMs),
      }),
    };
  };
  const dialled = dials.map(({ peer, state, ageMs }): NetDial => ({
    peer: peerOf(peer, names),
    transport: peer.transport,
    state,
    ageMs: Math.round(ageMs),
    ...troubleOf(peerKey(peer)),
  }));
  const isDialled = new Set(dials.map(({ peer }) => peerKey(peer)));
  const waiting = ways.flatMap(({ peer: key, address, dueMs }): readonly NetDial[] => {
    if (dueMs === undefined || isDialled.has(key) || reached.has(key)) return [];
    const at = key.lastIndexOf('.');
    const designator = key.slice(0, at);
    return [
      {
        peer: { key: designator, ...(address && { address }), ...names.get(designator) },
        transport: key.slice(at + 1),
        state: 'waiting',
        nextMs: Math.max(0, Math.round(dueMs - nowMs)),
        ...troubleOf(key),
      },
    ];
  });
  return [...dialled, ...waiting];
};

const trace = (
  held: Held,
  turn: Turn,
  session: string,
  query: TraceQuery,
  tracer: Ref<Tracer>,
): Vow<TraceEnd> => {
  const { traceCount, tap, wall } = held;
  if (traceCount.get() >= LIMITS.traceCount)
    throw new Limit(
      `${LIMITS.traceCount} sessions are traced already: wait for one of them to end`,
    );
  traceCount.set(traceCount.get() + 1);
  const stream = turn.spawn(makeTraceStream, { tap, wall, session, query, tracer });
  const over = (): void => traceCount.set(traceCount.get() - 1);
  const done = turn.send(stream, 'run');
  turn.when(done, over, over);
  return done;
};
