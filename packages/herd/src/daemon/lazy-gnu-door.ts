/**
 * The door for GNU Shepherd's clients, as one of the doors of a life: loaded when it is opened, and not before. Its
 * folder is judged each time, so that what was wrong with it can be mended while the shepherd runs.
 *
 *     asked to open    the folder is made or judged, the door is loaded, it listens
 *     closed           once it is open, or as soon as it is: never again
 */
import type { Log, Ref, Vat } from '@bellwether/actors';
import type { DoorBounds, DoorRoot } from '@bellwether/fleet';
import type { NodeClock } from '@bellwether/netlayer-stream';
import type { Router } from '@bellwether/ocapn';
import { makeToldSink } from './told-sink.ts';
import { prepareGnu } from '../places/folders.ts';
import type { GnuDoorPowers, OpenGnuDoor } from '../gnu/gnu-door.ts';
import type { RootFacts } from '../gnu/service-record.ts';

/** What the configuration says of it. */
export interface GnuPlace {
  /** Absolute. */
  readonly path: string;
  readonly bounds: DoorBounds;
  /** Of the shepherd, for whoever may use all of it. */
  readonly logFile: string;
}
/** What it is called among doors. */
export const gnuTransport = 'gnu';

/** Doors of OCapN and this one, to be opened alike. */
export const withGnu = (
  router: Pick<Router, 'listen' | 'locations'>,
  gnu: LazyGnuDoor | undefined,
): Pick<Router, 'listen' | 'locations'> => ({
  locations: router.locations,
  listen: (ready, failed, transports) => {
    if (gnu !== undefined && transports?.includes(gnuTransport) === true)
      gnu.listen(() => ready([]), failed);
    else router.listen(ready, failed, transports);
  },
});

/** That of a life, which closes it; undefined where there is to be none. */
export const lazyGnuDoor = (
  {
    name,
    doors,
    log,
  }: {
    readonly name: string;
    readonly doors: { readonly gnu: GnuPlace | undefined };
    readonly log: Log;
  },
  vat: Vat,
  clock: Pick<NodeClock, 'after' | 'wall'>,
  /** Undefined until there is anybody to ask. */
  root: () => Ref<DoorRoot> | undefined,
): LazyGnuDoor | undefined =>
  doors.gnu &&
  new LazyGnuDoor(doors.gnu.path, {
    node: name,
    root: rootFacts(doors.gnu, clock.wall()),
    ask: (work) =>
      vat.run((turn) => {
        const asked = root();
        if (asked === undefined) throw new TypeError('asked before there is anybody to ask');
        return work(turn, asked);
      }),
    sink: (turn, told) => turn.spawn(makeToldSink, told),
    after: (ms, task) => clock.after(ms, task),
    log,
  });

/** Whoever has but a part of it does not hear where its files are. */
const rootFacts = ({ bounds, logFile }: GnuPlace, nowMs: number): RootFacts => {
  const isWhole = bounds.services === undefined && bounds.actions === undefined;
  return {
    pid: process.pid,
    command: isWhole ? process.argv : ['shepherd'],
    startedMs: nowMs - process.uptime() * 1_000,
    logFile: isWhole ? logFile : undefined,
  };
};

/** One for each life; whoever makes it closes it. */
export class LazyGnuDoor {
  readonly path: string;
  readonly #powers: GnuDoorPowers;
  #open: OpenGnuDoor | undefined;
  #isClosed: boolean;

  constructor(path: string, powers: GnuDoorPowers) {
    this.path = path;
    this.#powers = powers;
    this.#open = undefined;
    this.#isClosed = false;
  }

  /** One of the two is called, once. */
  listen(opened: () => void, failed: (reason: Error) => void): void {
    this.#listen().then(opened, (error: unknown) =>
      failed(error instanceof Error ? error : new Error(String(error))),
    );
  }
  close(): void {
    this.#isClosed = true;
    this.#open?.close();
    this.#open = undefined;
  }

  async #listen(): Promise<void> {
    await prepareGnu(this.path);
    const { openGnuDoor } = await import('../gnu/gnu-door.ts');
    const door = await openGnuDoor(this.path, this.#powers);
    this.#open = door;
    if (this.#isClosed) this.close();
  }
}
