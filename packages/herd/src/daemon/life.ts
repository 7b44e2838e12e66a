/**
 * One life of the daemon: a vat with its actors, built from records, and the router that lets others in.
 *
 *     records ──► vat, actors ──► adopt, start what is wanted ──► listen ──► admin.ref ──► serve
 *                                                                                 │
 *     halted (a failed commit, a bug)  ──► sessions cut, sockets closed ──► the next life
 *     shut down, by root or a signal   ──► services stopped in order    ──► the end
 *     detached, by root or a signal    ──► sessions cut, sockets closed ──► the end
 *
 * Nothing is served before adoption is done: a start that came earlier would make a second process. The processes,
 * the lock and the identity belong to the daemon (daemon.ts) and outlast its lives.
 */
import {
  createVat,
  EventRing,
  postTo,
  reasonOf,
  type Answer,
  type Args,
  type Frontier,
  type Turn,
  type Vat,
} from '@bellwether/actors';
import type { AuditQuery } from '@bellwether/authority';
import {
  nodeClock,
  nodeCrypto,
  nodeEntropy,
  nodeReaper,
  nodeSchedulers,
  type NodeClock,
} from '@bellwether/netlayer-stream';
import {
  createRouter,
  DialFailures,
  netFacts,
  peerUri,
  type PeerLocation,
  type Router,
} from '@bellwether/ocapn';
import { detach, shutDown, type Peers } from '@bellwether/fleet';
import { itself, makeDeafSink } from '@bellwether/shepherd';
import { makeProc } from '@bellwether/shepherd/node';
import { writeBackup } from '@bellwether/store';
import { RefStore } from '../refs/ref-store.ts';
import { transports } from '../transports.ts';
import { archiveOf, foundIn, type PortEntry, type WebSocketPortEntry } from '../store/records.ts';
import { Addresses } from './addresses.ts';
import { makeActors, routerPowers, type ActorParts, type DaemonActors } from './daemon-actors.ts';
import { daemonRefs, type DaemonRefs } from './daemon-refs.ts';
import { DoorKeeper, type ShutDoor } from './door-keeper.ts';
import { netlayersFor, strangerTo } from './doors.ts';
import { lazyGnuDoor, withGnu, type LazyGnuDoor } from './lazy-gnu-door.ts';
import { farewellOf } from './farewell.ts';
import { freshRouterPowers } from './fresh-sessions.ts';
import type { JoinSecrets } from './join-secrets.ts';
import type { Life, LifeEnd, LifeParts } from './life-types.ts';
import { netPowers } from './net-powers.ts';

export type { Life, LifeEnd, LifeParts } from './life-types.ts';

/** Turns and messages that are remembered for `herd net events`: 280 KB, and seconds of a busy controller. */
const keptEvents = 4_096;
/** Sockets that are not closed by then belong to what is broken; the next life finds out. */
const closeMs = 5_000;

/** Why it ends, in the audit. */
const bySignal = 'the daemon was told so by a signal';

/** Makes a life that does not serve yet. */
export const makeLife = (parts: LifeParts): Life => new VatLife(parts);

class VatLife implements Life {
  readonly ended: Promise<LifeEnd>;
  readonly #parts: LifeParts;
  readonly #vat: Vat & Frontier;
  readonly #clock: NodeClock;
  readonly #router: Router;
  readonly #doors: DoorKeeper;
  readonly #addresses: Addresses;
  readonly #gnu: LazyGnuDoor | undefined;
  readonly #refs: DaemonRefs;
  readonly #failures: DialFailures;
  #end: (how: LifeEnd) => void;
  /** Undefined until what runs is adopted. */
  #actors: DaemonActors | undefined;
  #isOver: boolean;
  /** Sessions that machines were asked for. */
  #callCount: number;
  /** What waits until others may find this daemon; undefined from then on. */
  #waiting: (() => void)[] | undefined;

  constructor(parts: LifeParts) {
    this.#parts = parts;
    this.#isOver = false;
    this.#callCount = 0;
    this.#waiting = [];
    this.#actors = undefined;
    this.#end = () => undefined;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#clock = nodeClock();
    const { vat: scheduler, flush } = nodeSchedulers();
    this.#vat = createVat({
      name: parts.name,
      clock: this.#clock,
      scheduler,
      commit: parts.commit,
      events: new EventRing(keptEvents),
      log: parts.log,
      stopped: (reason) => this.#over({ kind: 'halted', reason }),
    });
    const { netlayers, listening } = netlayersFor(parts.doors, parts.identity, parts.log);
    this.#gnu = lazyGnuDoor(parts, this.#vat, this.#clock, () => this.#actors?.door);
    this.#doors = new DoorKeeper(listening, {
      router: () => withGnu(this.#router, this.#gnu),
      after: (ms, task) => this.#clock.after(ms, task),
      log: parts.log,
      opened: () => this.#keepPorts().catch((error: unknown) => this.#notKept(error)),
    });
    this.#addresses = new Addresses(this.#doors, parts.doors, parts.identity.designator);
    const common = {
      vat: this.#vat,
      crypto: nodeCrypto(),
      clock: this.#clock,
      scheduler: flush,
      reaper: nodeReaper(),
      log: parts.log,
    };
    this.#refs = daemonRefs({
      store: new RefStore(parts.refFolder, parts.uid),
      serving: (task) => this.#onceServing(task),
      router: () => this.#router,
      freshRouter: (transport) => {
        const { buffers } = this.#router;
        return createRouter(freshRouterPowers({ ...common, buffers }, strangerTo(transport)));
      },
      joinStores: parts.joinStores,
      frontier: () => this.#vat,
      callBack: (node, service, reached) => this.#callBack(node, service, reached),
      moved: (...where) => this.#tellPeers('hurry', where),
      called: (...key) => this.#tellPeers('called', key),
      log: parts.log,
    });
    this.#failures = new DialFailures(this.#clock);
    const powers = routerPowers({
      ...common,
      dialLog: this.#failures,
      netlayers,
      designator: parts.identity.designator,
      refs: this.#refs,
      mint: () => this.#actors?.mint,
    });
    this.#router = createRouter(powers);
  }

  get locations(): readonly PeerLocation[] {
    return this.#doors.locations;
  }
  get shut(): readonly ShutDoor[] {
    return this.#doors.shut;
  }

  async serve(): Promise<void> {
    // A step whose answer got lost with the vat must not be waited for.
    const cut = this.ended.then((end): never => {
      throw end.kind === 'halted' ? end.reason : new Error('this life ended before it served');
    });
    cut.catch(() => undefined); // after this life serves, `ended` is what tells
    try {
      await Promise.race([cut, this.#populate().then(() => this.#open())]);
    } catch (error) {
      this.halt(error instanceof Error ? error : new Error(String(error)));
      await this.ended;
      throw error;
    }
  }

  shutDown(): void {
    const shepherd = this.#actors?.shepherd;
    if (shepherd === undefined || this.#isOver) return;
    this.#vat
      .run((turn) => {
        const how = { shepherd, end: () => this.#over({ kind: 'shut-down' }) };
        return shutDown(how, turn, turn.spawn(makeDeafSink), itself, bySignal);
      })
      .catch((error: unknown) => {
        this.#parts.log('shutdown.failed', { error });
        this.halt(error instanceof Error ? error : new Error(String(error)));
      });
  }

  detach(): void {
    const leave = (): void => this.#over({ kind: 'detached' });
    if (this.#actors === undefined) return leave();
    this.#vat.run((turn) => detach(leave, turn, itself, bySignal)).catch(leave);
  }

  halt(reason: Error): void {
    this.#over({ kind: 'halted', reason });
  }

  /** Makes the actors, then adopts what runs and starts what is wanted. */
  async #populate(): Promise<void> {
    const destinations = this.#refs.destinations();
    const secrets = this.#refs.secrets();
    const actors = await this.#vat.run((turn) => this.#makeActors(turn, destinations, secrets));
    await this.#vat.run((turn) => turn.send(actors.shepherd, 'restore'));
    await this.#vat.run((turn) => turn.send(actors.slots, 'resume'));
    this.#actors = actors;
  }

  /** Listens, then puts the key beside the socket. */
  async #open(): Promise<void> {
    const { admin, identity, log } = this.#parts;
    if (this.#actors === undefined) throw new TypeError('opened before it was populated');
    const { mint, root } = this.#actors;
    await this.#vat.run((turn) => turn.send(mint, 'admit', root, admin.swissnum));
    await this.#doors.open();
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const task of waiting) task();
    await admin.publish(identity.designator);
    await this.#keepPorts();
    log('daemon.ready', { name: this.#parts.name, at: this.locations.map(peerUri) });
  }

  /** Whom we dial may ask us for something on the same session: not before there is what can be asked for. */
  #onceServing(task: () => void): void {
    if (this.#waiting === undefined) task();
    else this.#waiting.push(task);
  }

  #makeActors(
    turn: Turn,
    destinations: ActorParts['destinations'],
    secretsAtFirst: JoinSecrets,
  ): DaemonActors {
    const { store, services, identity, doors } = this.#parts;
    return makeActors(turn, {
      ...this.#parts,
      chores: this.#parts.chores(() => netFacts(this.#router.inside).links.length),
      life: Buffer.from(nodeCrypto().random(12)).toString('hex'),
      boot: makeProc().bootOfFirst(),
      planned: services,
      found: foundIn(store),
      rightsEpoch: store.rightsEpoch,
      archive: archiveOf(store),
      secretsAtFirst,
      place: {
        designator: identity.designator,
        transport: () => (doors.tcpTls === undefined ? undefined : transports.network),
        transports: [transports.network],
        location: (way) => this.#addresses.location(way),
        hasWay: (way) => this.#addresses.hasWay(way),
      },
      platform: `${process.platform}-${process.arch}`,
      clock: this.#clock,
      entropy: nodeEntropy(),
      crypto: nodeCrypto(),
      refs: this.#refs,
      destinations,
      gnu: doors.gnu?.bounds,
      net: netPowers(() => this.#router, this.#vat, this.#failures, this.#clock),
      owner: {
        about: () => this.#about(),
        usage: this.#parts.usage,
        backup: (file, mayReplace, answer) => this.#backup(file, mayReplace, answer),
        lastOfAudit: (query, answer) => this.#lastOfAudit(query, answer),
        pastOf: (maxUses, answer) => this.#pastOf(maxUses, answer),
        end: () => this.#over({ kind: 'shut-down' }),
        leave: () => this.#over({ kind: 'detached' }),
      },
    });
  }

  #tellPeers<K extends 'hurry' | 'called'>(method: K, args: Args<Peers, K>): void {
    if (this.#actors !== undefined && !this.#isOver)
      postTo(this.#vat, this.#actors.peers, method, args);
  }

  #callBack(node: string, service: string, reached: Answer): () => void {
    const nodes = this.#actors?.nodes;
    if (nodes === undefined || this.#isOver) return () => undefined;
    this.#callCount += 1;
    const id = this.#callCount;
    postTo(this.#vat, nodes, 'callBack', [id, node, service], reached);
    return () => {
      if (!this.#isOver) postTo(this.#vat, nodes, 'callBackOver', [id]);
    };
  }

  #about() {
    const { name, version, logFile, unkept } = this.#parts;
    const since = Math.round(performance.timeOrigin);
    const locations = this.locations.map(peerUri);
    const shut = this.shut.map(({ transport, reason }) => `${transport}: ${reason}`);
    const faults = { ...(unkept !== undefined && { unkept }), ...(shut.length > 0 && { shut }) };
    return { name, version, pid: process.pid, locations, since, logFile, ...faults };
  }

  #backup(file: string, mayReplace: boolean, answer: Answer): void {
    const { store, log, identity } = this.#parts;
    writeBackup(store.image(), file, mayReplace, identity.designator).then(
      ({ recordCount, epoch }) => {
        log('state.backed-up', { file, recordCount });
        answer.kept({ recordCount, epoch });
      },
      (error: unknown) => answer.broken(reasonOf(error)),
    );
  }

  #pastOf(maxUses: ReadonlyMap<string, number>, answer: Answer): void {
    this.#parts.pastOf(maxUses).then(
      (found) => answer.kept(found),
      (error: unknown) => answer.broken(reasonOf(error)),
    );
  }

  #lastOfAudit(query: AuditQuery, answer: Answer): void {
    this.#parts.lastOfAudit(query).then(
      (found) => answer.kept(found),
      (error: unknown) => answer.broken(reasonOf(error)),
    );
  }

  #notKept(error: unknown): void {
    this.#parts.log('port.not-kept', { error });
  }

  async #keepPorts(): Promise<void> {
    const entries = this.#addresses.newPorts(foundIn(this.#parts.store));
    if (entries.length > 0)
      await this.#vat.run((turn) => {
        for (const entry of entries) turn.record(entry satisfies PortEntry | WebSocketPortEntry);
      });
  }

  #over(how: LifeEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const late = setTimeout(() => {
      this.#parts.log('life.not-closed', { afterMs: closeMs });
      this.#end(how);
    }, closeMs);
    const step = (close: () => void): void => {
      try {
        close();
      } catch (error) {
        // It may be broken in any way: an error got this life here.
        this.#parts.log('life.close-failed', { error });
      }
    };
    step(() => this.#vat.halt());
    step(() => this.#doors.close());
    step(() => this.#gnu?.close());
    step(() => this.#refs.close());
    step(() =>
      this.#router.close(() => {
        clearTimeout(late);
        this.#end(how);
      }, farewellOf(how)),
    );
  }
}
