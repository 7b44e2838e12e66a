/**
 * Whole daemons in one World: simulated machines with real CapTP sessions, byte for byte, over the
 * memory network, and an operator who does what `herd` does.
 *
 *     operator ──(admin ref)──► local root, shepherd, exported services, fleets of C ──(minted refs)──► A, B, …
 *
 * A crash is kill -9: processes and disk stay, the kernel resets the connections. A daemon that
 * halts by itself (a commit failed, a continuation threw) dies the same way.
 */
import {
  ActorError,
  createVat,
  reasonOf,
  Severed,
  type Answer,
  type Bcom,
  type Behavior,
  type Clock,
  type Frontier,
  type Ref,
  type Turn,
  type Value,
  type Vat,
  type Vow,
  type World,
} from '@bellwether/actors';
import type { Past } from '@bellwether/authority';
import { MemoryDepots } from './memory-depot.ts';
import type { LocalRoot, PlannedService, SlotSpec } from '@bellwether/fleet';
import type { MemoryNetwork } from '@bellwether/netlayer-memory';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import {
  createRouter,
  DialFailures,
  Sturdyref,
  sturdyrefUri,
  type Netlayer,
  type PeerLocation,
  type Router,
} from '@bellwether/ocapn';
import type {
  Event,
  Followed,
  Labels,
  MinReady,
  Outcome,
  Request,
  ServiceConfig,
  Shepherd,
  Sink,
} from '@bellwether/shepherd';
import {
  makeActors,
  routerPowers,
  type DaemonActors,
} from '../../packages/herd/src/daemon/daemon-actors.ts';
import { netPowers } from '../../packages/herd/src/daemon/net-powers.ts';
import {
  daemonRefs,
  type DaemonRefs,
  type KeptRefs,
} from '../../packages/herd/src/daemon/daemon-refs.ts';
import { freshRouterPowers } from '../../packages/herd/src/daemon/fresh-sessions.ts';
import { sturdyrefOf, UnknownRef } from '../../packages/herd/src/refs/ref-store.ts';
import {
  bookRecordsIn,
  directRecordsIn,
  carriedIn,
  joinRecordsIn,
  mintEntriesIn,
  slotRecordsIn,
} from './book-records.ts';
import { keptIn } from './join-stores.ts';
import { patient } from './fleet-patient.ts';
import { simulatedCrypto, TestReaper } from './ocapn-peer.ts';
import {
  Machine,
  makePrinter,
  requestOf,
  type Asked,
  type MachinePowers,
} from './shepherd-machine.ts';

/** Where everything happens. */
export interface Site {
  readonly world: World;
  readonly network: MemoryNetwork;
}
/** A proxy that requires something of its own shepherd. */
export interface ExportedConfig {
  readonly origin: string;
  readonly requirement: readonly string[];
  readonly labels?: Labels;
}
const exportedConfig = (given: string | ExportedConfig): ExportedConfig =>
  typeof given === 'string' ? { origin: given, requirement: [] } : given;
/** What one daemon is configured with. */
export interface NodeConfig {
  readonly services?: readonly ServiceConfig[];
  readonly slots?: readonly SlotSpec[];
  /** Proxies by name, each with the node that its service is at; `introduce` brings the ref. */
  readonly exported?: Readonly<Record<string, string | ExportedConfig>>;
  /** Runs every turn twice, to find state that is not journalled. */
  readonly rehearse?: boolean;
  readonly fleets?: readonly {
    readonly name: string;
    readonly members: readonly string[];
    readonly minReady?: MinReady;
    readonly settleMs?: number;
    readonly follows?: Followed;
  }[];
  /** Looks at a netlayer on its way to the router: to count what crosses it. */
  readonly tap?: (netlayer: Netlayer) => Netlayer;
}

const petnameOf = (node: string): string => `${node.toLowerCase()}-ref`;
/** What a configuration file of this node would describe. */
const plannedIn = ({
  services = [],
  slots = [],
  exported = {},
  fleets = [],
}: NodeConfig): readonly PlannedService[] => [
  ...services.map((config) => ({ kind: 'service' as const, config })),
  ...slots.map((spec) => ({ kind: 'slot' as const, ...spec })),
  ...Object.entries(exported).map(([name, given]) => {
    const { origin, ...rest } = exportedConfig(given);
    const petname = petnameOf(origin);
    return {
      kind: 'exported' as const,
      spec: { provision: [name] as const, origin, petname, ...rest },
    };
  }),
  ...fleets.map(({ name, minReady = '100%', settleMs = 10_000, ...members }) => ({
    kind: 'fleet' as const,
    spec: { provision: [name] as const, documentation: '', minReady, settleMs, ...members },
  })),
];
const locationOf = (host: string): PeerLocation => ({
  transport: 'memory',
  designator: host,
  hints: { host },
});

/** A machine with a daemon on the network. */
export class FleetNode {
  readonly name: string;
  readonly machine: Machine;
  readonly reaper = new TestReaper();
  /** What of its disk is for releases. */
  readonly depots = new MemoryDepots(nodeCrypto());
  /** The daemon's own ref store. */
  readonly refs = new Map<string, string>();
  /** What machines gave it, and the doors of its controllers. */
  readonly gifts = new Map<string, string>();
  readonly doors = new Map<string, string>();
  /** Of its records: another one once an older copy was put back. */
  rightsEpoch = { now: 1, restored: 0 };
  /** What its audit tells of what ended since such a copy. */
  past: Past = { revoked: new Map(), usedCounts: new Map() };
  /** When its machine lost power last. */
  lostPowerAtMs = -Infinity;
  readonly #site: Site;
  /** What the file of its configuration says: read at boot, and at a reload. */
  config: NodeConfig;
  /** What is wrong with that file, at a reload. */
  badConfig: string | undefined = undefined;
  /** Sessions of their own that its daemons have made, and their routers. */
  freshCount = 0;
  readonly freshRouters: Router[] = [];
  #isDark = false;
  #makeFreshRouter: () => Router = () => this.#openRouter();
  #router: Router | undefined = undefined;
  readonly #failures: DialFailures;
  #callCount = 0;
  readonly #waiting: (() => void)[] = [];
  #admin: Sturdyref | undefined = undefined;
  #actors: DaemonActors | undefined = undefined;
  #daemonRefs: DaemonRefs | undefined = undefined;

  constructor(site: Site, name: string, config: NodeConfig) {
    this.#site = site;
    this.name = name;
    this.config = config;
    this.machine = new Machine(site.world, name, {
      assemble: (turn, powers) => this.#assemble(turn, powers),
      restored: (turn) => {
        if (this.#actors !== undefined) turn.tell(this.#actors.slots, 'resume');
      },
      ...(config.rehearse === undefined ? {} : { rehearse: config.rehearse }),
    });
    this.#failures = new DialFailures(this.machine.time.clock());
    this.machine.onDown = (how) => this.#fall(how);
  }
  /** What is written into `admin.ref`; undefined while the daemon does not serve. */
  get admin(): Sturdyref | undefined {
    return this.#admin;
  }
  get router(): Router | undefined {
    return this.#router;
  }
  /** Starts the daemon, if there is none; it serves once the world has run on. */
  boot(): void {
    if (!this.machine.isDown) return;
    this.#isDark = false;
    this.wake();
    this.machine.boot();
    this.#openWhenUp(this.machine.lifeNumber);
  }
  /** kill -9 of the daemon; on a suspended machine nobody can. */
  crash(): void {
    if (this.machine.time.state !== 'suspended') this.machine.crash();
  }
  /** The machine goes dark: nothing of it is left but what its disk has synced. */
  losePower(): void {
    this.lostPowerAtMs = this.#site.world.now;
    this.machine.losePower();
    this.#isDark = true;
    this.#site.network.silence(this.name);
  }
  /** SIGSTOP, or a closed lid. */
  sleep(how: 'stopped' | 'suspended'): void {
    if (how === 'suspended') this.#site.network.silence(this.name);
    this.machine.time.sleep(how);
  }
  /** SIGCONT, or an opened lid. */
  wake(): void {
    if (this.#isDark) return;
    this.#site.network.unsilence(this.name);
    this.machine.time.wake();
  }

  /** What the daemon of packages/herd consists of, with simulated powers. */
  #assemble(turn: Turn, powers: MachinePowers): Ref<Shepherd> {
    const { world } = this.#site;
    const refs = daemonRefs({
      store: this.#keptRefs(),
      joinStores: { gifts: keptIn(this.gifts), doors: keptIn(this.doors) },
      serving: (task) => this.#onceOpen(task),
      router: () => this.#openRouter(),
      freshRouter: () => this.#makeFreshRouter(),
      frontier: () => this.machine.life.vat,
      callBack: (node, service, reached) => this.#callBack(node, service, reached),
      moved: (petname, destination) => this.#tellPeers('hurry', [petname, destination]),
      called: (key) => this.#tellPeers('called', [key]),
      log: powers.log,
    });
    this.#daemonRefs = refs;
    const { entries } = this.machine.disk;
    const later = (ms: number, task: () => void): void => void world.at(ms, task);
    const { records, ...others } = powers;
    this.#actors = makeActors(turn, {
      gnu: undefined,
      ...others,
      planned: plannedIn(this.config),
      load: (answer) => this.#load(answer),
      keep: () => undefined,
      clock: this.machine.time.clock(),
      entropy: world.entropy(),
      crypto: simulatedCrypto(world),
      found: {
        records,
        minted: mintEntriesIn(entries),
        granted: bookRecordsIn(entries),
        directs: directRecordsIn(entries),
        ...joinRecordsIn(entries),
        slots: slotRecordsIn(entries),
        carried: carriedIn(entries),
      },
      secretsAtFirst: refs.secrets(),
      rightsEpoch: this.rightsEpoch,
      place: {
        designator: this.name,
        transport: () => 'memory',
        transports: ['memory'],
        location: () => locationOf(this.name),
        hasWay: () => false,
      },
      refs,
      destinations: refs.destinations(),
      net: netPowers(
        () => this.#openRouter(),
        { events: () => this.machine.life.vat.events() },
        this.#failures,
        this.machine.time.clock(),
      ),
      platform: 'linux-x64',
      depots: { of: (slot) => this.depots.of(slot, later), shelf: this.depots.shelf(later) },
      owner: {
        backup: (_file, _mayReplace, answer) =>
          answer.broken(new ActorError('disk-failed', 'none')),
        lastOfAudit: ({ count }, answer) =>
          answer.kept({ lines: this.machine.disk.auditLines().slice(-count), isCut: false }),
        pastOf: (_maxUses, answer) => answer.kept(this.past),
        usage: (_runs, answer) => answer.broken(new ActorError('none', 'no processes here')),
        about: () => ({ name: this.name, version: '0', pid: 1, locations: [] }),
        // A daemon that ends first lets its sessions write what they still have.
        end: () => later(100, () => this.crash()),
        leave: () => later(100, () => this.crash()),
      },
    });
    return this.#actors.shepherd;
  }
  #callBack(node: string, service: string, reached: Answer): () => void {
    const { life } = this.machine;
    const nodes = this.#actors?.nodes;
    if (nodes === undefined) return () => undefined;
    const id = (this.#callCount += 1);
    life.vat.post(nodes, 'call-back', [id, node, service], reached);
    return () => life.vat.post(nodes, 'call-back-over', [id]);
  }
  #tellPeers(method: 'hurry' | 'called', args: readonly unknown[]): void {
    if (!this.machine.isUp || this.#actors === undefined) return;
    this.machine.life.vat.post(this.#actors.peers, method, args);
  }
  /** The store of the daemon's refs, on a disk that forgets nothing. */
  #keptRefs(): KeptRefs {
    const get = (petname: string): Sturdyref => {
      const uri = this.refs.get(petname);
      if (uri === undefined) throw new UnknownRef(`no ref is called '${petname}'`);
      return sturdyrefOf(uri, petname);
    };
    return {
      get,
      add: (petname, ref) => void this.refs.set(petname, sturdyrefUri(ref)),
      list: () => [...this.refs.keys()].map((petname) => ({ petname, ref: get(petname) })),
    };
  }
  /** Reads the configuration as it is by then. */
  #load(answer: Answer): void {
    const { lifeNumber } = this.machine;
    this.#site.world.at(30, () => {
      if (this.machine.lifeNumber !== lifeNumber || this.machine.isDown) return;
      if (this.badConfig !== undefined) answer.broken(new ActorError('config', this.badConfig));
      else answer.kept({ planned: plannedIn(this.config), atRestart: [] });
    });
  }
  /** What a daemon asks of others waits until it serves: nobody must find it half made. */
  #onceOpen(task: () => void): void {
    if (this.#router === undefined) this.#waiting.push(task);
    else task();
  }
  #openRouter(): Router {
    if (this.#router === undefined) throw new Error(`${this.name} does not serve`);
    return this.#router;
  }
  /** Nothing is served before adoption is done. */
  #openWhenUp(lifeNumber: number): void {
    this.machine.time.clock().after(1, () => {
      if (this.machine.lifeNumber !== lifeNumber || this.machine.isDown) return;
      if (this.machine.isUp) this.#open(lifeNumber);
      else this.#openWhenUp(lifeNumber);
    });
  }
  #open(lifeNumber: number): void {
    const { world, network } = this.#site;
    const { vat } = this.machine.life;
    const [actors, refs] = [this.#actors, this.#daemonRefs];
    if (actors === undefined || refs === undefined) throw new Error('a daemon without actors');
    const isAlive = (): boolean => this.machine.lifeNumber === lifeNumber && !this.machine.isDown;
    const { time } = this.machine;
    const netlayer = patient(network.peer({ host: this.name }), time);
    const flush = time.scheduler(0.001);
    const tapped = (one: Netlayer): Netlayer => this.config.tap?.(one) ?? one;
    const common = {
      vat,
      crypto: simulatedCrypto(world),
      clock: mortal(time.clock(), isAlive),
      scheduler: { enqueue: (task: () => void) => flush.enqueue(() => isAlive() && task()) },
      reaper: this.reaper,
      log: (event: string, fields: Readonly<Record<string, unknown>>) =>
        void this.machine.log.push({ event, fields }),
    };
    const powers = routerPowers({
      ...common,
      netlayers: [tapped(netlayer)],
      designator: this.name,
      dialLog: this.#failures,
      refs,
      mint: () => actors.mint,
    });
    this.#makeFreshRouter = () => {
      const designator = `${this.name}.${(this.freshCount += 1)}`;
      const own = patient(network.peer({ host: this.name, designator }), time);
      const fresh = createRouter(
        freshRouterPowers(
          { ...common, buffers: router.buffers },
          { netlayer: tapped(own), designator },
        ),
      );
      this.freshRouters.push(fresh);
      return fresh;
    };
    const router = createRouter(powers);
    router.listen(
      () => {
        this.#router = router;
        for (const task of this.#waiting.splice(0)) task();
        this.#admit(vat, actors, isAlive);
      },
      (reason) => {
        throw reason;
      },
    );
  }
  #admit(vat: Vat & Frontier, { mint, root }: DaemonActors, isAlive: () => boolean): void {
    vat.post(mint, 'admit', [root], {
      kept: (swissnum) => {
        if (isAlive()) this.#admin = new Sturdyref(locationOf(this.name), swissnum as Uint8Array);
      },
      broken: () => isAlive() && this.crash(),
    });
  }
  #fall(how: 'process' | 'power'): void {
    this.#router = undefined;
    this.#waiting.splice(0);
    this.#admin = undefined;
    this.#site.network.crash(this.name, how);
  }
}
/** A clock whose timers go off only while somebody lives. */
const mortal = (clock: Clock, isAlive: () => boolean): Clock => ({
  ...clock,
  after: (ms, task) => clock.after(ms, () => isAlive() && task()),
});

interface Desk {
  run(body: (turn: Turn) => unknown): unknown;
}
const makeDesk = (_turn: Turn<Desk>, _bcom: Bcom<Desk>): Behavior<Desk> => ({
  run: (turn, body) => body(turn),
});

/**
 * Somebody with the admin refs of all machines, and a session to each. Never cut off, and never
 * listens.
 */
export class Operator {
  readonly lines: string[] = [];
  readonly rows: Event[] = [];
  readonly router: Router;
  readonly reaper = new TestReaper();
  readonly #vat: Vat & Frontier;
  #desk: Ref<Desk> | undefined = undefined;

  constructor({ world, network }: Site, name = 'desk') {
    const clock = world.clock();
    this.#vat = createVat({ name, clock, scheduler: world.scheduler() });
    this.router = createRouter({
      vat: this.#vat,
      netlayers: [network.peer({ host: name, proves: false })],
      crypto: simulatedCrypto(world),
      clock,
      scheduler: { enqueue: (task) => void world.at(0.001, task) },
      reaper: this.reaper,
      log: () => undefined,
      fetch: () => undefined,
    });
    void this.#vat.run((turn) => void (this.#desk = turn.spawn(makeDesk)));
    world.run(world.now + 1);
  }
  /** Asks the local root of a node, in one write: fetch and the question behind it. */
  ask<T>(node: FleetNode, body: (turn: Turn, root: Vow<Ref<LocalRoot>>) => T): Asked<Value<T>> {
    const { admin } = node;
    if (admin === undefined) return { error: new Severed(`${node.name} does not answer`) };
    return this.askAt<LocalRoot, T>(admin, body);
  }
  /** Asks what any sturdyref leads to, likewise. */
  askAt<I, T>(ref: Sturdyref, body: (turn: Turn, found: Vow<Ref<I>>) => T): Asked<Value<T>> {
    const asked: Asked<Value<T>> = {};
    const desk = this.#desk;
    if (desk === undefined) throw new Error('the operator is not there yet');
    const found = this.router.enliven<I>(ref);
    const run = (turn: Turn): unknown => body(turn, found);
    this.#vat.post(desk, 'run', [run], {
      kept: (value) => void (asked.value = value as Value<T>),
      broken: (reason) => void (asked.error = reasonOf(reason)),
    });
    return asked;
  }
  /** `herd ACTION MEMBER` at a node. */
  herd(
    node: FleetNode,
    action: string,
    member: string,
    given: Partial<Request> & Pick<Request, 'operation'>,
  ): Asked<Outcome> {
    const request = requestOf({ action, member, ...given });
    return this.ask(node, (turn, root) => turn.send(root, 'perform', request, this.printer(turn)));
  }
  /** A sink that prints into `lines` and `rows`. */
  printer(turn: Turn): Ref<Sink> {
    return turn.spawn(makePrinter, (event: Event) => {
      if (event.kind === 'line') this.lines.push(`${event.from}: ${event.text}`);
      else this.rows.push(event);
    });
  }
}

/** Mints a ref of a service at one node and puts it into the store of another. */
export const introduce = (
  site: Site,
  operator: Operator,
  from: FleetNode,
  service: string,
  to: FleetNode,
): void => introduceAll(site, operator, [from], service, to);

/** The same for many nodes, all at once. */
export const introduceAll = (
  { world }: Site,
  operator: Operator,
  froms: readonly FleetNode[],
  service: string,
  to: FleetNode,
): void => {
  const minted = froms.map((from) =>
    operator.ask(from, (turn, root) => turn.send(root, 'mint', service)),
  );
  world.run(world.now + 2_000);
  const adopted = froms.map(({ name }, at) => {
    const uri = minted[at]?.value;
    if (uri === undefined) throw minted[at]?.error ?? new Error('nothing was minted');
    return operator.ask(to, (turn, root) => turn.send(root, 'adoptRef', petnameOf(name), uri));
  });
  world.run(world.now + 2_000);
  for (const { error } of adopted) if (error !== undefined) throw error;
};
