/** Where a router is reached, and what its hellos say of that. */
import { hex } from '../identity/base.ts';
import { type Hello, makeHello } from '../identity/hello.ts';
import { type PeerLocation, samePeer } from '../locator.ts';
import type { Netlayer } from '../netlayer.ts';
import type { Hellos } from './hellos.ts';
import type { Link } from './link.ts';
import type { RouterPowers } from './types.ts';

/** One for each transport; on one where it does not listen, that of a peer which only dials. */
export class OwnPlaces {
  readonly #crypto: RouterPowers['crypto'];
  readonly #hellos: Hellos;
  /** What our hello says on a transport where we do not listen. */
  readonly #designator: string;
  /** Where we are reached, by transport. */
  readonly #reached = new Map<string, PeerLocation>();
  /** Where we are not. */
  readonly #silent = new Map<string, PeerLocation>();

  /** `designator`: random where the powers have none. The hellos are the caller's to clear. */
  constructor({ crypto, designator }: RouterPowers, hellos: Hellos) {
    this.#crypto = crypto;
    this.#hellos = hellos;
    this.#designator = designator ?? hex(crypto.random(16));
  }

  /** Where we are reached. */
  get all(): readonly PeerLocation[] {
    return [...this.#reached.values()];
  }
  listensOn(transport: string): boolean {
    return this.#reached.has(transport);
  }
  isMe(peer: PeerLocation): boolean {
    const mine = this.#reached.get(peer.transport);
    return mine !== undefined && samePeer(mine, peer);
  }
  /** We listen there from now on. */
  opened(transport: string, at: PeerLocation): void {
    this.#reached.set(transport, at);
  }

  /** Has a hello for a transport made soon. */
  prepare(transport: string): void {
    this.#hellos.prepare(this.#placeOn(transport));
  }
  /** The same when there is time. */
  prepareLater(transport: string): void {
    this.#hellos.prepareLater(this.#placeOn(transport));
  }
  /**
   * The hello for a connection, to whom we have dialled if we have. Goblins takes a hello from whom it has dialled
   * itself for a crossed one, for as long as that session lives, and may end that. Where it could not prove who it is,
   * we do not know it for the one whom we dial: so to whomever an anonymous peer claims to be, our hello is that of a
   * peer which only dials, and crosses nothing.
   */
  helloTo(dialled: PeerLocation | undefined, netlayer: Netlayer, links: Iterable<Link>): Hello {
    const { transport, provesAcceptorsOnly } = netlayer.facts;
    const mayCross = (link: Link): boolean =>
      link.netlayer === netlayer &&
      dialled !== undefined &&
      link.claims !== undefined &&
      samePeer(link.claims, dialled);
    if (!provesAcceptorsOnly || ![...links].some(mayCross))
      return this.#hellos.take(this.#placeOn(transport));
    const designator = hex(this.#crypto.random(16));
    return makeHello(this.#crypto, this.#crypto.keyPair(), { transport, designator, hints: {} });
  }

  #placeOn(transport: string): PeerLocation {
    const known = this.#reached.get(transport) ?? this.#silent.get(transport);
    if (known !== undefined) return known;
    const silent = { transport, designator: this.#designator, hints: {} };
    this.#silent.set(transport, silent);
    return silent;
  }
}
