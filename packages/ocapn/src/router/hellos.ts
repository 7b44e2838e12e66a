/**
 * Our hellos, made ahead of their connections. A fresh key and a signature take longer than the
 * rest of a session's start and need nothing of the peer: they are made while a dial waits for the
 * network, or after an accepted connection has got its own (`npm run bench -- first-call`).
 */
import type { Scheduler } from '@bellwether/actors';
import { type Hello, makeHello } from '../identity/hello.ts';
import type { PeerLocation } from '../locator.ts';
import type { Crypto } from '../powers.ts';

/** At most one hello for each place of ours; each serves one connection. */
export class Hellos {
  readonly #crypto: Crypto;
  readonly #scheduler: Scheduler;
  readonly #spares = new Map<PeerLocation, Hello>();
  /** Places that a hello is to be made for. */
  readonly #asked = new Set<PeerLocation>();
  /** `scheduler`: when there is time for it, behind what is to be sent. */
  constructor(crypto: Crypto, scheduler: Scheduler) {
    this.#crypto = crypto;
    this.#scheduler = scheduler;
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
  /** Forgets the keys that serve nobody. */
  clear(): void {
    this.#spares.clear();
    this.#asked.clear();
  }

  #make(at: PeerLocation): Hello {
    return makeHello(this.#crypto, this.#crypto.keyPair(), at);
  }
}
