/** A vat and a router as a daemon has them. */
import {
  createVat,
  EventRing,
  type Frontier,
  type Ref,
  type Turn,
  type Vat,
  type Vow,
} from '@bellwether/actors';
import {
  createRouter,
  type Limits,
  type Netlayer,
  type PeerLocation,
  type Router,
  Sturdyref,
  type WireBuffers,
} from '@bellwether/ocapn';
import { nodeClock, nodeCrypto, nodeReaper, nodeSchedulers } from '@bellwether/netlayer-stream';
import { unixNetlayer } from '@bellwether/netlayer-unix';

const SWISSNUM = new Uint8Array(32).fill(7);

export interface Node {
  readonly vat: Vat & Frontier;
  readonly router: Router;
}

/** What a node offers, by what it is called. */
type Offer = (designator: string) => Ref | undefined;
/** What all routers of a process have in common. */
interface Process {
  readonly vat: Vat & Frontier;
  router(designator: string, netlayer: Netlayer, offer?: Offer, buffers?: WireBuffers): Router;
}
const makeProcess = (name: string, limits: Partial<Limits> = {}): Process => {
  const { vat: turns, flush } = nodeSchedulers();
  const clock = nodeClock();
  const log = (event: string, fields: object): void => {
    if (process.env['BENCH_LOG'] !== undefined)
      process.stderr.write(`${name} ${event} ${JSON.stringify(fields)}\n`);
  };
  const events = new EventRing(4_096); // as daemons have it
  const vat = createVat({ name, clock, scheduler: turns, log, events });
  const [crypto, reaper] = [nodeCrypto(), nodeReaper()];
  return {
    vat,
    router: (designator, netlayer, offer, buffers) =>
      createRouter({
        ...(buffers && { buffers }),
        vat,
        netlayers: [netlayer],
        crypto,
        clock,
        scheduler: flush,
        reaper,
        log,
        fetch: () => offer?.(designator),
        designator,
        limits,
      }),
  };
};

/** A node on one netlayer, called as its identity there is; whoever knows the swissnum of these benchmarks gets what is offered. */
export const makeNode = (
  designator: string,
  netlayer: Netlayer,
  offer?: Offer,
  limits?: Partial<Limits>,
): Node => {
  const { vat, router } = makeProcess(designator, limits);
  return { vat, router: router(designator, netlayer, offer) };
};

/** Where a router listens from now on. */
export const listening = (router: Router): Promise<PeerLocation> =>
  new Promise((done, failed) =>
    router.listen(([at]) => (at === undefined ? failed(new Error('nowhere')) : done(at)), failed),
  );

/**
 * Many nodes in one process: each has its identity and its sessions, and all share a vat, a scheduler and the buffers
 * of the first: as many machines would have those at hand, and one processor has no room for a thousand.
 */
export const makeNodes = (
  netlayers: ReadonlyMap<string, Netlayer>,
  offer?: Offer,
  limits?: Partial<Limits>,
): Node[] => {
  const { vat, router: makeRouter } = makeProcess('many', limits);
  let buffers: WireBuffers | undefined;
  return [...netlayers].map(([designator, netlayer]) => {
    const router = makeRouter(designator, netlayer, offer, buffers);
    buffers ??= router.buffers;
    return { vat, router };
  });
};

/** Many nodes that listen, and offer the same. The result is where. */
export const serveNodes = async (
  netlayers: ReadonlyMap<string, Netlayer>,
  make: (turn: Turn) => Ref,
): Promise<readonly PeerLocation[]> => {
  let offered: Ref | undefined;
  const nodes = makeNodes(netlayers, () => offered);
  await nodes[0]?.vat.run((turn) => {
    offered = make(turn);
  });
  return Promise.all(nodes.map(({ router }) => listening(router)));
};

/** A node that listens, and what it offers. The result is where. */
export const serveNode = async (
  netlayer: Netlayer,
  make: (turn: Turn) => Ref,
  limits?: Partial<Limits>,
): Promise<PeerLocation> => {
  let offered: Ref | undefined;
  const { vat, router } = makeNode('server', netlayer, () => offered, limits);
  await vat.run((turn) => {
    offered = make(turn);
  });
  return listening(router);
};

/** What the node at a place offers. */
export const reach = <I>(node: Node, at: PeerLocation): Promise<Ref<I>> =>
  new Promise((kept, broken) =>
    node.router.dial(
      new Sturdyref(at, SWISSNUM),
      { kept: (value) => kept(value as Ref<I>), broken },
      { kept: () => undefined, broken: () => undefined },
    ),
  );

/** A vow of it, which can be called at once. */
export const enlivened = <I>(node: Node, at: PeerLocation): Vow<Ref<I>> =>
  node.router.enliven<I>(new Sturdyref(at, SWISSNUM));

/** A private unix socket at a path, or none. */
export const unixAt = (designator: string, path?: string): Netlayer =>
  unixNetlayer({
    designator,
    connectionCount: 20_000,
    ...(path === undefined ? {} : { place: { path, replaceStale: true } }),
  });
