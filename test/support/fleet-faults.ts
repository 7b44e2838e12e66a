/**
 * What befalls a fleet: one table, each fault with its weight. Some last until they are mended, some pass by
 * themselves; `heal` ends them all, also those that were still to come.
 */
import type { World } from '@bellwether/actors';
import type { FleetNode } from './fleet-node.ts';
import type { Story } from './fleet-story.ts';

/** Who breaks things, by the seed. */
export class Faults {
  /** How often each has happened, by name. */
  readonly counts = new Map<string, number>();
  readonly story: Pick<Story, 'world' | 'network' | 'hosts' | 'c'>;
  /** What runs on the hosts. */
  readonly service: string;
  readonly nodes: readonly FleetNode[];
  #isHealed = false;

  constructor(story: Faults['story'], service = 'web-server') {
    this.story = story;
    this.service = service;
    this.nodes = [...story.hosts, story.c];
  }
  get world(): World {
    return this.story.world;
  }
  /** Anybody. */
  get node(): FleetNode {
    return this.world.pick(this.nodes);
  }
  /** A host and the controller, in any order: the two ends of a wire. */
  get wire(): readonly [FleetNode, FleetNode] {
    const host = this.world.pick(this.story.hosts);
    return this.world.random() < 0.5 ? [host, this.story.c] : [this.story.c, host];
  }

  /** Something goes wrong, or is mended. */
  strike(): void {
    let dice = this.world.random() * totalWeight;
    for (const { name, weight, strike } of table) {
      dice -= weight;
      if (dice >= 0) continue;
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
      return strike(this);
    }
  }
  /** Does something in a while, unless everything was healed by then. */
  later(ms: number, task: () => void): void {
    this.world.at(ms, () => {
      if (!this.#isHealed) task();
    });
  }
  /** Everything works again, and nothing else goes wrong. */
  heal(): void {
    this.#isHealed = true;
    for (const { machine } of this.nodes) {
      machine.faultRate = 0;
      machine.disk.failAt = undefined;
      machine.disk.commitMs = 3;
      machine.time.lagMs = 0;
    }
    for (const node of this.nodes) node.wake();
    this.healWires();
    this.bootAll();
    // A commit that has failed already is yet to be told, and ends its daemon. A real one goes on with its next life
    // by itself (packages/herd); here somebody has to boot it.
    this.world.at(longestCommitMs, () => this.bootAll());
  }
  healWires(): void {
    for (const { name } of this.story.hosts) this.story.network.heal(name, this.story.c.name);
  }
  bootAll(): void {
    for (const node of this.nodes) node.boot();
  }
}

/** Of the slowest disk, milliseconds. */
const longestCommitMs = 200;

interface Fault {
  readonly name: string;
  readonly weight: number;
  strike(faults: Faults): void;
}

const bounce = (faults: Faults, node: FleetNode): void => {
  node.crash();
  faults.later(faults.world.random() * 500, () => node.boot());
};
const sleep = (faults: Faults, how: 'stopped' | 'suspended', mostMs: number): void => {
  const { node } = faults;
  node.sleep(how);
  faults.later(faults.world.random() * mostMs, () => node.wake());
};
const network = ({ story }: Faults) => story.network;

/** Something that happens to the wire between two nodes. */
const onWire = (
  name: string,
  weight: number,
  what: 'part' | 'cut' | 'reset' | 'forget',
): Fault => ({
  name,
  weight,
  strike: (faults) => {
    const [from, to] = faults.wire;
    network(faults)[what](from.name, to.name);
  },
});

const table: readonly Fault[] = [
  // Wires.
  onWire('cut', 6, 'part'),
  onWire('one-way cut', 8, 'cut'),
  {
    name: 'half-open, then reset',
    weight: 4,
    strike: (faults) => {
      const [from, to] = faults.wire;
      network(faults).cut(from.name, to.name);
      faults.later(faults.world.random() * 3_000, () => network(faults).reset(from.name, to.name));
    },
  },
  onWire('reset', 4, 'reset'),
  onWire('forgotten', 4, 'forget'),
  { name: 'heal wires', weight: 16, strike: (faults) => faults.healWires() },
  // Daemons and machines.
  { name: 'crash', weight: 8, strike: ({ node }) => node.crash() },
  { name: 'crash and boot', weight: 8, strike: (faults) => bounce(faults, faults.node) },
  {
    name: 'controller bounces',
    weight: 6,
    // In the middle of whatever was asked last.
    strike: (faults) =>
      faults.later(faults.world.random() * 50, () => bounce(faults, faults.story.c)),
  },
  { name: 'loss of power', weight: 5, strike: ({ node }) => node.losePower() },
  { name: 'boot all', weight: 24, strike: (faults) => faults.bootAll() },
  { name: 'SIGSTOP', weight: 6, strike: (faults) => sleep(faults, 'stopped', 4_000) },
  { name: 'suspend', weight: 4, strike: (faults) => sleep(faults, 'suspended', 20_000) },
  {
    name: 'slow',
    weight: 4,
    strike: ({ node, world }) => void (node.machine.time.lagMs = world.pick([0, 5, 40])),
  },
  {
    name: 'clock set',
    weight: 4,
    strike: ({ node, world }) =>
      void (node.machine.time.wallShiftMs += world.pick([-86_400_000, -7_000, 3_000, 3_600_000])),
  },
  // Services and disks.
  {
    name: 'service dies',
    weight: 12,
    strike: ({ node, service }) => node.machine.processes.kill(service),
  },
  {
    name: 'slow disk',
    weight: 6,
    strike: ({ node, world }) =>
      void (node.machine.disk.commitMs = world.pick([1, 3, 50, longestCommitMs])),
  },
  {
    name: 'commit fails',
    weight: 6,
    strike: ({ node: { machine }, world }) => {
      machine.disk.failAt = machine.disk.commitCount + 1;
      machine.disk.failsLate = world.random() < 0.5;
    },
  },
];
const totalWeight = table.reduce((sum, { weight }) => sum + weight, 0);

/** The names of all faults. */
export const faultNames: readonly string[] = table.map(({ name }) => name);
