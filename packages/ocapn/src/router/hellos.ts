/**
 * Our hellos, made ahead of their connections. A fresh key and a signature take longer than the
 * rest of a session's start and need nothing of the peer: they are made while a dial waits for the
 * network, or a little after an accepted connection has got its own, when its first questions are
 * answered (`npm run bench -- first-call`).
 */
import type { Clock, Scheduler } from '@bellwether/actors';
import { type Hello, makeHello, placeText } from '../identity/hello.ts';
import type { PeerLocation } from '../locator.ts';
import type { Crypto } from '../powers.ts';

/** Milliseconds in which an accepted connection has asked what it came for. */
const BUSY_MS = 20;
/** Milliseconds by which a timer is late where the process has more to do than it can. */
const LATE_MS = 10;
/** Milliseconds after which it is looked again whether it still has. */
const CROWD_MS = 250;

/** At most one hello for each place of ours; each serves one connection. */
export class Hellos {
  readonly #crypto: Crypto;
  readonly #scheduler: Scheduler;
  readonly #clock: Clock;
  readonly #spares = new Map<PeerLocation, Hello>();
  /** Our places as Syrup: one for each transport. */
  readonly #places = new Map<PeerLocation, Uint8Array>();
  /** Places that a hello is to be made for. */
  readonly #asked = new Set<PeerLocation>();
  readonly #stops = new Map<PeerLocation, () => void>();
  /** `scheduler`: behind what is to be sent. */
  constructor(crypto: Crypto, scheduler: Scheduler, clock: Clock) {
    this.#crypto = crypto;
    this.#scheduler = scheduler;
    this.#clock = clock;
  }
  /** A hello that says `at`, which no other connection has or will have. */
  take(at: PeerLocation): Hello {
    const spare = this.#spares.get(at);
    this.#spares.delete(at);
    return spare ?? this.#make(at);
  }
  /** Makes one soon, unless there is one. `at`: the same object as in `take`. */
  prepare(at: PeerLocation): void {
    if (this.#spares.has(at) || this.#asked.has(at)) return;
    this.#asked.add(at);
    this.#scheduler.enqueue(() => {
      if (this.#asked.delete(at)) this.#spares.set(at, this.#make(at));
    });
  }
  /** The same when there is time: in a crowd whoever needs one meanwhile makes it, and nobody waits for one more. */
  prepareLater(at: PeerLocation): void {
    if (!this.#stops.has(at)) this.#prepareIn(BUSY_MS, at);
  }
  /** Forgets the keys that serve nobody, and leaves no timer. */
  clear(): void {
    this.#spares.clear();
    this.#places.clear();
    this.#asked.clear();
    for (const stop of this.#stops.values()) stop();
    this.#stops.clear();
  }

  #prepareIn(ms: number, at: PeerLocation): void {
    const dueMs = this.#clock.now() + ms;
    const stop = this.#clock.after(ms, () => {
      this.#stops.delete(at);
      if (this.#clock.now() - dueMs > LATE_MS) this.#prepareIn(CROWD_MS, at);
      else this.prepare(at);
    });
    this.#stops.set(at, stop);
  }
  #make(at: PeerLocation): Hello {
    const place = this.#places.get(at) ?? placeText(at);
    this.#places.set(at, place);
    return makeHello(this.#crypto, this.#crypto.keyPair(), at, place);
  }
}
