/** The half of a unix netlayer that only dials: all that a client needs. See netlayer.ts for the two modes. */
import type { Accept, Netlayer, PeerLocation } from '@bellwether/ocapn';
import { BadPlace, Traffic } from '@bellwether/netlayer-stream';
import { connectUnix } from './connect.ts';
import type { Mode } from './folder.ts';
import { DIAL_MS } from './limits.ts';

const TRANSPORT = { private: 'unix', shared: 'unix-shared' } as const;

/** How one peer dials unix sockets. */
export interface DiallerOptions {
  /** The designator of this peer's own location. */
  readonly designator: string;
  /** Which of the two transports this is, for dialling and for listening. Default `private`. */
  readonly mode?: Mode;
}

/** A netlayer over unix sockets that does not listen. Owned by whoever closes it. */
export function unixDialler(options: DiallerOptions): Netlayer {
  return new UnixDialler(options);
}

/** What dials; what listens is made of it. */
export class UnixDialler implements Netlayer {
  readonly transport: 'unix' | 'unix-shared';
  readonly claims: 'proved' | 'believed';
  readonly isOpenToAll: boolean;
  readonly needsHints = true;
  readonly namesThisMachine = true;
  /** The kernel sees both ends: a client that was suspended for an hour is no dead one. */
  readonly tellsEnds = true;
  protected readonly mode: Mode;
  protected readonly traffic: Traffic;

  constructor({ mode = 'private' }: DiallerOptions) {
    this.transport = TRANSPORT[mode];
    this.claims = mode === 'shared' ? 'proved' : 'believed';
    this.isOpenToAll = mode === 'shared';
    this.mode = mode;
    this.traffic = new Traffic(this.transport, mode === 'private');
  }

  listen(
    _accept: Accept,
    _ready: (at: PeerLocation) => void,
    failed: (reason: Error) => void,
  ): void {
    process.nextTick(failed, new BadPlace('unix: no path to listen on'));
  }
  dial(to: PeerLocation, accept: Accept, failed: (reason: Error) => void): () => void {
    const at = to.hints['path'];
    return this.traffic.dial(`unix: ${at ?? 'nowhere'}`, DIAL_MS, failed, (dial) => {
      connectUnix(dial, to, this.transport, this.traffic.reading, (socket) => {
        this.traffic.hold(socket);
        this.traffic.attach(socket, undefined, accept);
      });
    });
  }

  close(done: () => void): void {
    this.traffic.close(done);
  }
}
