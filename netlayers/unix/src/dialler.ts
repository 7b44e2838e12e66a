/** A unix netlayer that only dials, which is all that a client needs. See netlayer.ts for the two modes. */
import type { Accept, Netlayer, NetlayerFacts, PeerLocation } from '@bellwether/ocapn';
import { BadPlace, Traffic } from '@bellwether/netlayer-stream';
import { connectUnix } from './connect.ts';
import type { Mode } from './folder.ts';
import { DIAL_MS } from './limits.ts';

/** How hellos name each mode. */
export const TRANSPORT = { private: 'unix', shared: 'unix-shared' } as const;

/** A netlayer over unix sockets that does not listen. Owned by whoever closes it. */
export function unixDialler(mode: Mode = 'private'): Netlayer {
  return new UnixSockets(mode, undefined);
}

/** What listens for a netlayer. */
export interface Listener {
  /** As of a netlayer. `traffic`: what its connections are counted in. */
  listen(
    traffic: Traffic,
    accept: Accept,
    ready: (at: PeerLocation) => void,
    failed: (reason: Error) => void,
  ): void;
  /** The netlayer closes: takes back what is not in `traffic`. */
  close(): void;
}

const factsOf = (mode: Mode): NetlayerFacts => ({
  transport: TRANSPORT[mode],
  believesClaims: mode === 'private',
  isOpenToAll: mode === 'shared',
  provesAcceptorsOnly: false,
  needsHints: true,
  namesThisMachine: true,
  /** The kernel sees both ends: a client that was suspended for an hour is no dead one. */
  tellsEnds: true,
});

/** Dials, and listens where it has something that does. */
export class UnixSockets implements Netlayer {
  readonly facts: NetlayerFacts;
  readonly #transport: 'unix' | 'unix-shared';
  readonly #listener: Listener | undefined;
  readonly #traffic: Traffic;

  constructor(mode: Mode, listener: Listener | undefined) {
    this.#transport = TRANSPORT[mode];
    this.facts = factsOf(mode);
    this.#listener = listener;
    this.#traffic = new Traffic(this.#transport, mode === 'private');
  }

  listen(accept: Accept, ready: (at: PeerLocation) => void, failed: (reason: Error) => void): void {
    if (this.#listener === undefined)
      process.nextTick(failed, new BadPlace('unix: no path to listen on'));
    else this.#listener.listen(this.#traffic, accept, ready, failed);
  }
  dial(to: PeerLocation, accept: Accept, failed: (reason: Error) => void): () => void {
    const at = to.hints['path'];
    return this.#traffic.dial(`unix: ${at ?? 'nowhere'}`, DIAL_MS, failed, (dial) => {
      connectUnix(dial, to, this.#transport, this.#traffic.reading, (socket) => {
        this.#traffic.hold(socket);
        this.#traffic.attach(socket, undefined, accept);
      });
    });
  }

  close(done: () => void): void {
    this.#listener?.close();
    this.#traffic.close(done);
  }
}
