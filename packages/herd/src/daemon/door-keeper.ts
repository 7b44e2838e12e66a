/**
 * Opens the doors of a life. Without the private socket nobody can be told anything, so that one has to open. Any other
 * that does not is no reason for a machine to stay down:
 *
 *     door      | event                                  | what happens                          | next
 *     ----------+----------------------------------------+---------------------------------------+--------
 *     (new)     | opens                                  |                                       | open
 *     (new)     | its port is taken, its address is not  | logged; the daemon serves without it, | shut
 *               | there, its certificate cannot be used, | and says so                           |
 *               | its folder is somebody else's          |                                       |
 *     shut      | 10 s later                             | tried again, at the same port: refs   | open,
 *               |                                        | name it. Logged when it is another    | shut
 *               |                                        | reason, and when it opens             |
 *     any       | the life is over                       | never tried again                     | (gone)
 */
import type { Log } from '@bellwether/actors';
import type { PeerLocation, Router } from '@bellwether/ocapn';

/** Between two tries, in milliseconds: no longer than somebody who has mended it likes to wait. */
const retryMs = 10_000;

/** What a keeper opens doors with. */
export interface DoorPowers {
  readonly router: () => Pick<Router, 'listen' | 'locations'>;
  readonly after: (ms: number, task: () => void) => () => void;
  readonly log: Log;
  /** Told of each door that opens late. */
  readonly opened: () => void;
}
/** A door that is not open. */
export interface ShutDoor {
  readonly transport: string;
  /** For its owner: what was found, and what to do. */
  readonly reason: string;
}

/** The doors of one life, by transport; the first one is the private socket. */
export class DoorKeeper {
  readonly #transports: readonly string[];
  readonly #powers: DoorPowers;
  readonly #shut: Map<string, string>;
  readonly #timers: Map<string, () => void>;
  #isOver: boolean;

  constructor(transports: readonly string[], powers: DoorPowers) {
    this.#transports = transports;
    this.#powers = powers;
    this.#shut = new Map();
    this.#timers = new Map();
    this.#isOver = false;
  }

  /** Where this life is reached, the private socket first. */
  get locations(): readonly PeerLocation[] {
    const { locations } = this.#powers.router();
    return this.#transports.flatMap((one) =>
      locations.filter(({ transport }) => transport === one),
    );
  }
  get shut(): readonly ShutDoor[] {
    return Array.from(this.#shut, ([transport, reason]) => ({ transport, reason }));
  }

  /** Settles once each door was tried. @throws why the first one does not open */
  async open(): Promise<void> {
    const [own, ...others] = this.#transports;
    const tried = others.map(
      (transport) =>
        new Promise<void>((settled) =>
          this.#listen(transport, settled, (reason) => {
            this.#keepShut(transport, reason);
            settled();
          }),
        ),
    );
    if (own !== undefined)
      await new Promise<void>((opened, failed) => this.#listen(own, opened, failed));
    await Promise.all(tried);
  }

  /** No door is tried again. Those that are open are the router's. */
  close(): void {
    this.#isOver = true;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #listen(transport: string, opened: () => void, failed: (reason: Error) => void): void {
    this.#powers.router().listen(() => opened(), failed, [transport]);
  }

  #keepShut(transport: string, { message }: Error): void {
    if (this.#isOver) return;
    const { log, after } = this.#powers;
    if (this.#shut.get(transport) !== message) log('door.shut', { transport, reason: message });
    this.#shut.set(transport, message);
    this.#timers.set(
      transport,
      after(retryMs, () => this.#again(transport)),
    );
  }

  #again(transport: string): void {
    this.#listen(
      transport,
      () => {
        this.#shut.delete(transport);
        this.#timers.delete(transport);
        if (this.#isOver) return;
        this.#powers.log('door.opened', { transport });
        this.#powers.opened();
      },
      (reason) => this.#keepShut(transport, reason),
    );
  }
}
