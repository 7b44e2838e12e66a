/** Simulated machines that join a simulated controller. */
import { Severed, World, type Ref, type Turn, type Vow } from '@bellwether/actors';
import type { HomeFacts, JoinSpec, LocalRoot, NodeFacts, NodeSpec } from '@bellwether/fleet';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import { parseUri, Sturdyref } from '@bellwether/ocapn';
import type { Outcome, Status } from '@bellwether/shepherd';
import { FleetNode, Operator, type NodeConfig, type Site } from './fleet-node.ts';
import { joinRecordsIn, mintEntriesIn } from './book-records.ts';
import { program, service, type Asked } from './shepherd-machine.ts';

/** A machine's services: one with a process, and what it requires. */
export const webConfig: NodeConfig = {
  services: [
    service({ provision: ['networking'] }),
    program({ provision: ['web', 'www'], requirement: ['networking'] }),
  ],
};

/** The reference that a URI is. */
export const refOf = (uri: string): Sturdyref => {
  const ref = parseUri(uri);
  if (ref instanceof Sturdyref) return ref;
  throw new Error('no sturdyref');
};

/** A controller C and machines, of which nobody has joined. */
export class JoinPlace {
  readonly world: World;
  readonly network: MemoryNetwork;
  readonly operator: Operator;
  readonly controller: FleetNode;
  readonly #nodes = new Map<string, FleetNode>();
  #operationCount = 0;

  constructor(
    seed: number,
    machines: Readonly<Record<string, NodeConfig>> = { N: webConfig },
    controller: NodeConfig = {},
  ) {
    this.world = new World(seed);
    this.network = new MemoryNetwork(this.world);
    const site: Site = { world: this.world, network: this.network };
    this.controller = new FleetNode(site, 'C', controller);
    for (const [name, config] of Object.entries(machines))
      this.#nodes.set(name, new FleetNode(site, name, config));
    this.operator = new Operator(site);
    for (const node of [this.controller, ...this.#nodes.values()]) node.boot();
    this.run(1_000);
  }
  node(name = 'N'): FleetNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`no machine ${name}`);
    return node;
  }
  /** Another daemon, which boots. */
  add(name: string, config: NodeConfig): FleetNode {
    const node = new FleetNode({ world: this.world, network: this.network }, name, config);
    this.#nodes.set(name, node);
    node.boot();
    this.run(1_000);
    return node;
  }
  run(ms: number): void {
    this.world.runFor(ms);
  }
  /** What comes of something that takes at most so long. @throws what broke it */
  settled<T>(asked: Asked<T>, ms = 12_000): T {
    for (
      let passed = 0;
      passed < ms && !('value' in asked) && asked.error === undefined;
      passed += 50
    )
      this.run(50);
    if (asked.error !== undefined) throw asked.error;
    return asked.value as T;
  }
  /** The secret of a new invite. */
  invite(name = 'web-07', more: Partial<NodeSpec> = {}, controller = this.controller): string {
    const spec = { name, ...more };
    return this.settled(
      this.operator.ask(controller, (turn, root) => turn.send(root, 'inviteNode', spec)),
    ).invite;
  }
  joining(uri: string, node = this.node(), spec: JoinSpec = {}): Asked<HomeFacts> {
    return this.operator.ask(node, (turn, root) => turn.send(root, 'joinHome', uri, spec));
  }
  join(uri: string, node = this.node(), spec: JoinSpec = {}): HomeFacts {
    return this.settled(this.joining(uri, node, spec));
  }
  removing(name = 'web-07'): Asked<{ readonly isTold: boolean }> {
    return this.operator.ask(this.controller, (turn, root) => turn.send(root, 'removeNode', name));
  }
  nodes(): readonly NodeFacts[] {
    return this.looked(this.controller, (turn, root) => turn.send(root, 'nodes'));
  }
  homes(node = this.node()): readonly HomeFacts[] {
    return this.looked(node, (turn, root) => turn.send(root, 'homes'));
  }
  /** All services of a shepherd, as it describes them. */
  services(node = this.controller): readonly Status[] {
    return this.looked(node, (turn, root) => turn.send(root, 'status', [], 900));
  }
  names(node = this.controller): readonly string[] {
    return this.services(node).flatMap(({ provision }) => provision.slice(0, 1));
  }
  /** A question that may be asked twice: a session may have been lost with a machine. */
  looked<T>(node: FleetNode, ask: (turn: Turn, root: Vow<Ref<LocalRoot>>) => Vow<T>): T {
    try {
      return this.settled(this.operator.ask(node, ask)) as T;
    } catch (error) {
      if (!(error instanceof Severed)) throw error;
      return this.settled(this.operator.ask(node, ask)) as T;
    }
  }
  herd(action: string, member: string, node = this.controller): Outcome {
    this.#operationCount += 1;
    const operation = `op-${this.#operationCount}`;
    return this.settled(this.operator.herd(node, action, member, { operation }), 70_000);
  }
  /** The controller ends, and comes back with so many machines that it has invited. */
  rebootWithInvited(count: number): void {
    this.controller.crash();
    for (let at = 0; at < count; at += 1)
      this.controller.machine.disk.entries.push({
        kind: 'node',
        name: `n${at}`,
        labels: {},
        madeMs: at,
      });
    this.run(100);
    this.controller.boot();
    this.run(1_000);
  }
  /** What the disk of a machine has of all this. */
  records(node = this.node()): ReturnType<typeof joinRecordsIn> {
    return joinRecordsIn(node.machine.disk.entries);
  }
  minted(node = this.node()): ReturnType<typeof mintEntriesIn> {
    return mintEntriesIn(node.machine.disk.entries);
  }
}
