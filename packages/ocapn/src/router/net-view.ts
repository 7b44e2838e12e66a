/**
 * What an operator sees of a router, as plain data, and how he listens in on a session. Nothing here is kept up to
 * date: it is put together when somebody asks, from what is there anyway. `herd` does not load it.
 */
import { type Clock, Refused } from '@bellwether/actors';
import type { RouterHandoffs } from '../handoff/handoffs.ts';
import type { PeerLocation } from '../locator.ts';
import type { Tap } from '../session/meter.ts';
import type { Outbox } from '../session/outbox.ts';
import type { Session, TableCounts } from '../session/session.ts';
import type { Link } from './link.ts';
import type { Dial } from './routes.ts';

/**
 * How a connection stands; of several the first that holds:
 *
 *     greeting   a hello is missing
 *     crossing   we have dialled, and the peer may be dialling us: one of the two will go
 *     beside     it leads once the peer says its first word there, in place of another
 *     draining   another leads in its place: it goes in a moment
 *     silent     the peer was pinged, or asked after a silence, and has not answered yet
 *     full       the peer takes nothing of what is sent to it
 *     waiting    the peer has sent so much that it is not read for now: the vat works that off
 *     open       nothing of these
 */
export type LinkState =
  'greeting' | 'crossing' | 'beside' | 'draining' | 'silent' | 'full' | 'waiting' | 'open';

/** One connection, open or in its hello. How long it was silent, and questions are open, is a few seconds late. */
export interface LinkFacts {
  /** Counts the connections of this router up: tells two of them apart, and which one is older. */
  readonly number: number;
  /** The name of the session, the same at both ends; absent before the peer's hello. */
  readonly session?: string;
  /** Who the peer is, or who was dialled; absent for an anonymous one. */
  readonly peer?: PeerLocation;
  /** What makes us believe that: its transport has proved it, or its netlayer believes hellos. Absent: nothing. */
  readonly identity?: 'proved' | 'believed';
  readonly transport: string;
  readonly direction: 'dialled' | 'accepted';
  readonly state: LinkState;
  /** It has fetched something, or we dialled it. */
  readonly isKnown: boolean;
  /** How long the connection is there. */
  readonly ageMs: number;
  /** How long nothing has come. */
  readonly silentMs: number;
  readonly tables: TableCounts & { readonly gifts: number };
  /** For how long the oldest question is open. */
  readonly oldestQuestionMs?: number;
  readonly gotBytes: number;
  readonly sentBytes: number;
  readonly gotCount: number;
  readonly sentCount: number;
  /** Bytes that its transport has not taken. */
  readonly unsentBytes: number;
}
/** A peer that is being dialled. */
export interface DialFacts {
  readonly peer: PeerLocation;
  /** `greeting`: there is a connection, and its hello is missing. */
  readonly state: 'dialling' | 'greeting';
  /** Connections that were tried for this dial. */
  readonly attemptCount: number;
  readonly ageMs: number;
  /** Questions that wait for it. */
  readonly waiterCount: number;
}

/** What there is of a router at one moment. */
export interface NetFacts {
  /** Oldest first. */
  readonly links: readonly LinkFacts[];
  readonly dials: readonly DialFacts[];
}
/** What is looked into. */
export interface RouterInside {
  readonly clock: Pick<Clock, 'now'>;
  readonly handoffs: Pick<RouterHandoffs, 'giftCountOf'>;
  readonly outbox: Pick<Outbox, 'push'>;
  /** Every connection, oldest first. */
  links(): Iterable<Link>;
  dials(): readonly Dial[];
  /** What a link is beside the one that leads, or what may still become of it; undefined: nothing special. */
  roleOf(link: Link): 'crossing' | 'beside' | 'draining' | undefined;
  /** For how many milliseconds nothing has come on a session that is open. */
  silentMs(session: Session): number;
}

/** Everything of this moment. */
export const netFacts = (inside: RouterInside): NetFacts => ({
  links: [...inside.links()].map((link) => linkFacts(link, inside)),
  dials: inside.dials().map((dial) => dialFacts(dial, inside.clock)),
});

/**
 * Listens in on the session of this name until it ends or `stop` is called. One at a time listens to each.
 * `isDialler`: this end has dialled.
 * @throws Refused where there is no such session, or somebody listens already
 */
export const tapSession = (
  inside: RouterInside,
  name: string,
  tap: Tap,
): { readonly isDialler: boolean; readonly stop: () => void } => {
  const named = [...inside.links()].filter(({ session }) => session.meter.name === name);
  const [link] = name === '' ? [] : named;
  if (link === undefined) throw new Refused(`there is no session ${name}`);
  const { meter } = link.session;
  if (meter.tap !== undefined) throw new Refused(`somebody listens in on ${name} already`);
  inside.outbox.push(link.session); // what was written before is none of its business
  meter.tap = tap;
  const stop = (): void => {
    if (meter.tap === tap) meter.tap = undefined;
  };
  return { isDialler: meter.isDialler, stop };
};

const linkFacts = (link: Link, inside: RouterInside): LinkFacts => {
  const { session, netlayer, dialled, silence, number } = link;
  const { meter, oldestAskedS } = session;
  const nowMs = inside.clock.now();
  const peer = link.identity ?? dialled;
  const identity = identityOf(link);
  const { name, gotBytes, sentBytes, gotCount, sentCount } = meter;
  return {
    number,
    ...(name !== '' && { session: name }),
    ...(peer !== undefined && { peer }),
    ...(identity !== undefined && { identity }),
    transport: netlayer.facts.transport,
    direction: dialled === undefined ? 'accepted' : 'dialled',
    state: stateOf(link, inside),
    isKnown: !session.isStranger,
    ageMs: nowMs - session.openedMs,
    silentMs: silence === undefined ? 0 : inside.silentMs(session),
    tables: { ...session.counts, gifts: inside.handoffs.giftCountOf(session) },
    ...(oldestAskedS !== undefined && {
      oldestQuestionMs: Math.max(0, nowMs - oldestAskedS * 1_000),
    }),
    ...{ gotBytes, sentBytes, gotCount, sentCount },
    unsentBytes: session.unsent.byteCount,
  };
};

const identityOf = ({ session, identity, netlayer }: Link): LinkFacts['identity'] => {
  if (session.connection.proved !== undefined) return 'proved';
  return identity !== undefined && netlayer.facts.believesClaims ? 'believed' : undefined;
};
const stateOf = (link: Link, inside: RouterInside): LinkState => {
  const { session, silence } = link;
  if (!session.isOpen) return 'greeting';
  const role = inside.roleOf(link);
  if (role !== undefined) return role;
  const isAsked = silence?.isPinged === true || silence?.stopDoubt !== undefined;
  if (isAsked && !session.isHeard) return 'silent';
  if (session.unsent.isBlocked) return 'full';
  return session.unsent.isStalled ? 'waiting' : 'open';
};

const dialFacts = (dial: Dial, clock: Pick<Clock, 'now'>): DialFacts => ({
  peer: dial.to,
  state: dial.link === undefined ? 'dialling' : 'greeting',
  attemptCount: dial.attemptCount,
  ageMs: clock.now() - dial.sinceMs,
  waiterCount: dial.waiters.length,
});
