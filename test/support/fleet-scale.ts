/**
 * One controller with a fleet of so many members, each on a machine of its own with a real shepherd and real session
 * bytes, over the memory network; and how much each command takes of everything that can be counted.
 */
import { World } from '@bellwether/actors';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import type { Netlayer } from '@bellwether/ocapn';
import type { Outcome, Status } from '@bellwether/shepherd';
import { FleetNode, introduceAll, Operator, type Site } from './fleet-node.ts';
import { overhear } from './fleet-tap.ts';
import { webServices } from './fleet-story.ts';
import type { Asked } from './shepherd-machine.ts';

/**
 * What crossed all wires of the members, by direction as a member sees it. Answers, pings and what observers are told
 * are left out: those two come when their time has come.
 */
export interface Counted {
  /** Commands and questions to members, and what their streams say. */
  readonly inCount: number;
  readonly outCount: number;
  /** Steps of the world. */
  readonly stepCount: number;
  /** Simulated milliseconds until the answer. */
  readonly ms: number;
}
/** A fleet that runs. */
export interface ScaledFleet extends Site {
  readonly hosts: readonly FleetNode[];
  readonly c: FleetNode;
  readonly operator: Operator;
  /** `herd ACTION fleet`; the world runs until it is answered, and then until all is quiet. */
  perform(action: string): Counted & { readonly outcome: Outcome };
  /** `herd status fleet`. */
  status(): Counted & { readonly status: Status };
  /** Closes everybody and lets the world come to its end. */
  close(): void;
}
/** What a scaled fleet may be made with. */
export interface ScaleOptions {
  /** Counts what crosses the wires, which takes about as long as everything else together. */
  readonly counts?: boolean;
}

const fleetName = 'web-server-fleet';
const quietMs = 5_000;

/** Boots everybody, hands the refs over, and opens no session yet. */
export const makeScaledFleet = (
  seed: number,
  memberCount: number,
  { counts = false }: ScaleOptions = {},
): ScaledFleet => {
  const world = new World(seed);
  const network = new MemoryNetwork(world);
  const site = { world, network };
  const heard = { inCount: 0, outCount: 0 };
  const tap = (netlayer: Netlayer): Netlayer =>
    overhear(netlayer, ({ direction, method = '' }) => {
      if (!['perform', 'probe', 'rows'].includes(method)) return;
      if (direction === 'in') heard.inCount += 1;
      else heard.outCount += 1;
    });
  const hosts = Array.from(
    { length: memberCount },
    (_, at) => new FleetNode(site, `M${at + 1}`, { services: webServices, ...(counts && { tap }) }),
  );
  const exported = Object.fromEntries(hosts.map(({ name }) => [`web-${name}`, name]));
  const fleet = { name: fleetName, members: Object.keys(exported) };
  const c = new FleetNode(site, 'C', { exported, fleets: [fleet] });
  for (const node of [...hosts, c]) node.boot();
  world.run(world.now + 1_000);
  const clerk = new Operator(site, 'clerk');
  introduceAll(site, clerk, hosts, 'web-server', c);
  clerk.router.close();
  const operator = new Operator(site);
  world.run(world.now + quietMs);
  const counted = <T>(ask: () => Asked<T>): Counted & { readonly value: T } => {
    const before = { ...heard, stepCount: world.stepCount, now: world.now };
    const asked = ask();
    while (asked.value === undefined && asked.error === undefined && world.step());
    const ms = world.now - before.now;
    if (asked.value === undefined) throw asked.error ?? new Error('never answered');
    world.run(world.now + quietMs);
    return {
      value: asked.value,
      inCount: heard.inCount - before.inCount,
      outCount: heard.outCount - before.outCount,
      stepCount: world.stepCount - before.stepCount,
      ms,
    };
  };
  let operationCount = 0;
  return {
    ...site,
    hosts,
    c,
    operator,
    perform: (action) => {
      operationCount += 1;
      const operation = `op-${operationCount}`;
      const { value, ...rest } = counted(() => operator.herd(c, action, fleetName, { operation }));
      return { ...rest, outcome: value };
    },
    status: () => {
      const { value, ...rest } = counted(() =>
        operator.ask(c, (turn, root) => turn.send(root, 'status', [fleetName], 1_000)),
      );
      const [status] = value;
      if (status === undefined) throw new Error('no status');
      return { ...rest, status };
    },
    close: () => {
      for (const { router } of [operator, ...hosts, c]) router?.close();
      for (const node of [...hosts, c]) node.crash();
      world.run(world.now + quietMs);
    },
  };
};
