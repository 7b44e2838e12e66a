/**
 * One life of the daemon: a vat with its actors, built from records, and the router that lets others in.
 *
 *     records ──► vat, actors ──► adopt, start what is wanted ──► admin.ref ──► listen ──► serve
 *                                                                                 │
 *     halted (a failed commit, a bug)  ──► sessions cut, sockets closed ──► the next life
 *     shut down, by root or a signal   ──► services stopped in order    ──► the end
 *
 * Nothing is served before adoption is done: a start that came earlier would make a second process. The processes,
 * the lock and the identity belong to the daemon (daemon.ts) and outlast its lives.
 */
import {
  createVat,
  type Frontier,
  type Log,
  type Ref,
  type Turn,
  type Vat,
} from '@bellwether/actors';
import {
  makeLocalRoot,
  makeNonceRegistry,
  type LocalRoot,
  type NonceRegistry,
} from '@bellwether/fleet';
import {
  nodeClock,
  nodeCrypto,
  nodeEntropy,
  nodeReaper,
  nodeSchedulers,
  type NodeClock,
} from '@bellwether/netlayer-stream';
import type { TlsIdentity } from '@bellwether/netlayer-tcp-tls';
import {
  createRouter,
  peerUri,
  Sturdyref,
  sturdyrefUri,
  type PeerLocation,
  type Router,
} from '@bellwether/ocapn';
import {
  makeProcessMonitor,
  makeShepherd,
  type LogFiles,
  type ProcessBackend,
  type Prober,
  type Shepherd,
} from '@bellwether/shepherd';
import path from 'node:path';
import type { Description } from '../config/index.ts';
import { replaceFile } from '../store/durable-file.ts';
import type { FileStore, StoreEntry } from '../store/file-store.ts';
import { daemonRefs, type DaemonRefs } from './daemon-refs.ts';
import { netlayersFor, type Doors } from './doors.ts';
import { registerServices } from './services.ts';
import { makeNullSink } from './null-sink.ts';

/** What a life is built from. All of it belongs to the daemon. */
export interface LifeParts {
  readonly description: Description;
  readonly version: string;
  readonly identity: TlsIdentity;
  readonly doors: Doors;
  /** The folder of the daemon's own refs. */
  readonly refFolder: string;
  readonly uid: number;
  readonly store: FileStore;
  readonly backend: ProcessBackend;
  readonly prober: Prober;
  readonly logFiles: LogFiles;
  readonly log: Log;
}
/** Why a life is over. */
export type LifeEnd =
  { readonly kind: 'shut-down' } | { readonly kind: 'halted'; readonly reason: Error };
/** A life that serves. */
export interface Life {
  readonly locations: readonly PeerLocation[];
  /** Settles once, when this life is over and its sockets are closed. */
  readonly ended: Promise<LifeEnd>;
  /** Stops all services in order, then ends this life. May be called more than once. */
  shutDown(): void;
}

/**
 * Starts a life and comes back once it serves.
 * @throws the reason where it cannot: a port that is taken, a halt while adopting. Nothing is left open then.
 */
export const startLife = async (parts: LifeParts): Promise<Life> => {
  const life = new LifeInMaking(parts);
  try {
    await life.populate();
    await life.open();
    return life;
  } catch (error) {
    await life.abandon();
    throw error;
  }
};

class LifeInMaking implements Life {
  readonly ended: Promise<LifeEnd>;
  locations: readonly PeerLocation[];
  readonly #parts: LifeParts;
  readonly #vat: Vat & Frontier;
  readonly #clock: NodeClock;
  readonly #router: Router;
  readonly #listening: readonly string[];
  readonly #refs: DaemonRefs;
  #end: (how: LifeEnd) => void;
  #root: Ref<LocalRoot> | undefined;
  #mint: Ref<NonceRegistry> | undefined;
  #isOver: boolean;

  constructor(parts: LifeParts) {
    this.#parts = parts;
    this.locations = [];
    this.#isOver = false;
    this.#root = undefined;
    this.#mint = undefined;
    this.#end = () => undefined;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#clock = nodeClock();
    const { vat: scheduler, flush } = nodeSchedulers();
    this.#vat = createVat({
      name: parts.description.name,
      clock: this.#clock,
      scheduler,
      commit: parts.store.commit,
      log: parts.log,
      stopped: (reason) => this.#over({ kind: 'halted', reason }),
    });
    const { netlayers, listening } = netlayersFor(parts.doors, parts.identity);
    this.#listening = listening;
    this.#router = createRouter({
      vat: this.#vat,
      netlayers,
      crypto: nodeCrypto(),
      clock: this.#clock,
      scheduler: flush,
      reaper: nodeReaper(),
      log: parts.log,
      fetch: (swissnum) =>
        this.#mint === undefined ? undefined : this.#vat.deliver(this.#mint, 'fetch', [swissnum]),
      // Also where we only dial: a hello must name what the certificate proves.
      designator: parts.identity.designator,
      // What a peer passes in an argument makes this daemon dial nobody.
      mayDial: (_to, because) => because === 'asked',
    });
    this.#refs = daemonRefs(parts.refFolder, parts.uid, () => this.#router);
  }

  /** Makes the actors, then adopts what runs and starts what is wanted. */
  async populate(): Promise<void> {
    const { mint, root, shepherd } = await this.#vat.run((turn) => this.#makeActors(turn));
    await this.#vat.run((turn) => turn.send(shepherd, 'restore'));
    this.#mint = mint;
    this.#root = root;
  }

  /** Listens, with `admin.ref` in place before anybody can find the socket. */
  async open(): Promise<void> {
    const { doors, identity, store, log } = this.#parts;
    const mint = this.#mint;
    const root = this.#root;
    if (mint === undefined || root === undefined)
      throw new TypeError('opened before it was populated');
    const secret = await this.#vat.run((turn) => turn.send(mint, 'admit', root));
    const here = {
      transport: 'unix',
      designator: identity.designator,
      hints: { path: doors.socket },
    };
    await replaceFile(
      path.join(path.dirname(doors.socket), 'admin.ref'),
      `${sturdyrefUri(new Sturdyref(here, secret))}\n`,
    );
    this.locations = await new Promise<readonly PeerLocation[]>((resolve, reject) =>
      this.#router.listen(resolve, reject, this.#listening),
    );
    await this.#keepPort(store);
    log('daemon.ready', { name: this.#parts.description.name, at: this.locations.map(peerUri) });
  }

  shutDown(): void {
    const root = this.#root;
    if (root === undefined || this.#isOver) return;
    this.#vat
      .run((turn) => turn.send(root, 'shutDown', turn.spawn(makeNullSink)))
      .catch((error: unknown) => this.#parts.log('shutdown.failed', { error }));
  }

  /** Ends a life that never served. */
  abandon(): Promise<LifeEnd> {
    this.#over({ kind: 'halted', reason: new Error('this life never served') });
    return this.ended;
  }

  #makeActors(turn: Turn): {
    readonly mint: Ref<NonceRegistry>;
    readonly root: Ref<LocalRoot>;
    readonly shepherd: Ref<Shepherd>;
  } {
    const { description, store, backend, prober, logFiles, log } = this.#parts;
    const { records, minted } = store.found;
    const epoch = Buffer.from(nodeCrypto().random(12)).toString('hex');
    const monitor = turn.spawn(makeProcessMonitor, { backend, epoch, running: records.running });
    const shepherd = turn.spawn(makeShepherd, {
      name: description.name,
      epoch,
      monitor,
      prober,
      logFiles,
      clock: this.#clock,
      log,
      records,
    });
    registerServices(turn, shepherd, description, this.#refs, this.#clock);
    const mint = turn.spawn(makeNonceRegistry, {
      entropy: nodeEntropy(),
      crypto: nodeCrypto(),
      entries: [...minted].map(([hash, service]) => ({ kind: 'minted' as const, hash, service })),
      shepherd,
    });
    const root = turn.spawn(makeLocalRoot, {
      shepherd,
      mint,
      refs: this.#refs,
      about: () => this.#about(),
      uriOf: (swissnum) => sturdyrefUri(new Sturdyref(this.#publicLocation(), swissnum)),
      end: () => this.#over({ kind: 'shut-down' }),
    });
    return { mint, root, shepherd };
  }

  #about() {
    const { description, version } = this.#parts;
    const locations = this.locations.map(peerUri);
    return { name: description.name, version, pid: process.pid, locations };
  }

  /** Where minted refs lead: to the network where there is one, else to the socket. */
  #publicLocation(): PeerLocation {
    const found =
      this.locations.find(({ transport }) => transport === 'tcp-tls') ?? this.locations[0];
    if (found === undefined) throw new TypeError('asked for a location before listening');
    return found;
  }

  /** A port is chosen once and kept: others have it in their refs. */
  async #keepPort(store: FileStore): Promise<void> {
    const port = Number(
      this.locations.find(({ transport }) => transport === 'tcp-tls')?.hints['port'],
    );
    if (!(port > 0) || port === store.found.port) return;
    const entry: StoreEntry = { kind: 'port', port };
    await this.#vat.run((turn) => turn.record(entry));
  }

  #over(how: LifeEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#vat.halt();
    this.#router.close(() => this.#end(how));
  }
}
