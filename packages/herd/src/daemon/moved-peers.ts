/**
 * Peers that have moved. A ref names its peer by key; the address in it is a hint, and may be an old one. A peer that
 * calls us is proved by its transport, and its hello says where it is reached now:
 *
 *     the ref's address     what the peer said last      what comes of a dial
 *     answers               -                            reached; the ref stays as it is
 *     does not              nothing, or the same         broken
 *     does not              another that answers         reached there, and the ref gets that address
 *     does not              another that does not        broken, with the reason of the first try
 *
 * Whoever answers has to prove the key there, too: an address that is a lie leads nowhere. One that works is never
 * replaced: what a peer says of itself may be true in its own network only.
 */
import { fateOf, type Answer } from '@bellwether/actors';
import {
  peerKey,
  Sturdyref,
  type PeerLocation,
  type Router,
  type SessionView,
} from '@bellwether/ocapn';
import { transports } from '../transports.ts';

/** Dials, at the address that a peer has moved to where need be. */
export class MovedPeers {
  readonly #router: () => Pick<Router, 'dial'>;
  /** What peers say of themselves. Only those that were dialled are listened to, so it holds no more than refs did. */
  readonly #places: Map<string, PeerLocation | undefined>;

  /** `router` is asked for at each dial. */
  constructor(router: () => Pick<Router, 'dial'>) {
    this.#router = router;
    this.#places = new Map();
  }

  /** Told of each session that opens. */
  met({ peer, direction }: Pick<SessionView, 'peer' | 'direction'>): void {
    if (peer?.transport !== transports.network || direction !== 'accepted') return;
    const { host, port } = peer.hints;
    if (host === undefined || port === undefined || !this.#places.has(peerKey(peer))) return;
    // Nothing else of what it says goes into our files.
    this.#places.set(peerKey(peer), { ...peer, hints: { host, port } });
  }

  /**
   * As Router.dial. `moved` is told the ref with the address at which it was reached, where that is another. `router`:
   * the one to dial by, where it is not the usual one.
   */
  dial(
    ref: Sturdyref,
    moved: (ref: Sturdyref) => void,
    reached: Answer,
    lost: Answer,
    router: Pick<Router, 'dial'> = this.#router(),
  ): () => void {
    const dials: (() => void)[] = [];
    let isOff = false;
    const key = peerKey(ref.peer);
    if (!this.#places.has(key)) this.#places.set(key, undefined);
    const fail = (reason: unknown): void => {
      reached.broken(reason);
      lost.broken(reason);
    };
    const first = this.#dialOnce(
      router,
      ref,
      (value) => reached.kept(value),
      lost,
      (reason) => {
        if (isOff) return;
        const place = this.#places.get(key);
        const isElsewhere = place !== undefined && !isSamePlace(place, ref.peer);
        if (!isElsewhere || fateOf(reason) !== 'not-sent') return fail(reason);
        const there = new Sturdyref(place, ref.reveal());
        const arrived = (value: unknown): void => {
          moved(there);
          reached.kept(value);
        };
        dials.push(this.#dialOnce(router, there, arrived, lost, () => fail(reason)));
      },
    );
    dials.push(first);
    return () => {
      isOff = true;
      for (const cancel of dials) cancel();
    };
  }

  /** `lost` hears of the loss of what was reached, and of nothing else. */
  #dialOnce(
    router: Pick<Router, 'dial'>,
    ref: Sturdyref,
    arrived: (value: unknown) => void,
    lost: Answer,
    failed: (reason: Error) => void,
  ): () => void {
    let hasArrived = false;
    return router.dial(
      ref,
      {
        kept: (value) => {
          hasArrived = true;
          arrived(value);
        },
        broken: (reason) => failed(reason instanceof Error ? reason : new Error(String(reason))),
      },
      { kept: () => undefined, broken: (reason) => void (hasArrived && lost.broken(reason)) },
    );
  }
}

const isSamePlace = ({ hints: a }: PeerLocation, { hints: b }: PeerLocation): boolean =>
  a['host'] === b['host'] && a['port'] === b['port'];
