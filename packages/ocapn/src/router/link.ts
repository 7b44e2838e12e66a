/** What the router knows of each connection, beside its session. */
import { actorLimits } from '@bellwether/actors';
import type { Netlayer } from '../netlayer.ts';
import type { PeerLocation } from '../locator.ts';
import type { Session } from '../session/session.ts';
import type { Silence } from './liveness.ts';

/** What stops a timer that is over: it holds nothing of it. */
export const noTimer = (): void => undefined;

/** A connection and its session, from the first byte to the end. */
export class Link {
  /** Counts the connections of a router up. */
  readonly number: number;
  readonly netlayer: Netlayer;
  readonly session: Session;
  /** Our public id on a connection that we dialled: the one that crossings compare. */
  readonly publicId: Uint8Array | undefined;
  /** Whom we dialled; undefined for a connection that was accepted. */
  readonly dialled: PeerLocation | undefined;
  /** Ends the wait for the peer's hello. */
  stopTimer: () => void = noTimer;
  /** Who the peer is, once its hello was admitted; undefined for an anonymous one. */
  identity: PeerLocation | undefined;
  /** Whom an anonymous peer claims to be. Believed in nothing: see own-places.ts. */
  claims: PeerLocation | undefined;
  /** As of the dial that made it: what dials the place again is no more than that one was. */
  isForOthers = false;
  /** When its hello was admitted, by the clock's `now`; undefined before. */
  openedAtMs: number | undefined;
  /** What is known of its silence, while it is open. */
  silence: Silence | undefined;
  constructor(
    number: number,
    netlayer: Netlayer,
    session: Session,
    publicId: Uint8Array,
    dialled: PeerLocation | undefined,
  ) {
    this.number = number;
    this.netlayer = netlayer;
    this.session = session;
    this.publicId = dialled && publicId;
    this.dialled = dialled;
    session.meter.lane = laneFor(number, netlayer.facts.believesClaims && dialled === undefined);
  }
}

/** Only the owner of a private socket connects to it; all others share the lanes that are left. */
const laneFor = (number: number, isOwners: boolean): number =>
  isOwners ? 0 : 1 + (number % (actorLimits.eventLaneCount - 1));
