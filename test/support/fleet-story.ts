/**
 * The seed's story: A and B with a web server that needs networking, and C with a fleet of the two.
 */
import { World } from '@bellwether/actors';
import { MemoryNetwork, type MemoryLimits } from '@bellwether/netlayer-memory';
import type { Netlayer } from '@bellwether/ocapn';
import type { Labels, MinReady, ServiceConfig } from '@bellwether/shepherd';
import { FleetNode, introduce, Operator, type NodeConfig, type Site } from './fleet-node.ts';
import { program, service } from './shepherd-machine.ts';

/** What the story may be told with. */
export interface StoryOptions {
  readonly minReady?: MinReady;
  /** Web servers, named A, B, …; C is left out. */
  readonly hosts?: readonly string[];
  /** What C calls their web servers, by host. */
  readonly labels?: Readonly<Record<string, Labels>>;
  readonly network?: Partial<MemoryLimits>;
  readonly services?: readonly ServiceConfig[];
  readonly rehearse?: boolean;
  readonly tap?: (node: string, netlayer: Netlayer) => Netlayer;
}
/** Everybody in it. */
export interface Story extends Site {
  readonly hosts: readonly FleetNode[];
  readonly c: FleetNode;
  readonly operator: Operator;
}

/**
 * What runs on A and B. A respawn limit that no test reaches: giving up is tested with the
 * services.
 */
export const webServices: readonly ServiceConfig[] = [
  service({ provision: ['networking'] }),
  program({
    provision: ['web-server'],
    requirement: ['networking'],
    respawn: { limitCount: 1_000, limitWindowMs: 7_000, delayMs: 100, maxDelayMs: 400 },
    actions: {
      'reload-config': {
        documentation: 'Reads the configuration again.',
        kind: 'command',
        command: { argv: ['reload'] },
        takesArguments: true,
      },
    },
  }),
];

/**
 * Boots everybody and hands the minted refs of A, B, … to C. No session between them has been
 * opened yet.
 */
export const tellStory = (seed: number, options: StoryOptions = {}): Story => {
  const world = new World(seed);
  const network = new MemoryNetwork(world, options.network);
  const site = { world, network };
  const moreOf = (name: string): Pick<NodeConfig, 'tap' | 'rehearse'> => {
    const { tap, rehearse = false } = options;
    return { rehearse, ...(tap && { tap: (netlayer) => tap(name, netlayer) }) };
  };
  const hosts = (options.hosts ?? ['A', 'B']).map(
    (name) =>
      new FleetNode(site, name, { services: options.services ?? webServices, ...moreOf(name) }),
  );
  const exported = Object.fromEntries(
    hosts.map(({ name }) => {
      const labels = options.labels?.[name];
      const place = { origin: name, requirement: [], ...(labels && { labels }) };
      return [`web-server-${name.toLowerCase()}`, place];
    }),
  );
  const members = Object.keys(exported);
  const fleet = { name: 'web-server-fleet', members, minReady: options.minReady ?? '100%' };
  const c = new FleetNode(site, 'C', { exported, fleets: [fleet], ...moreOf('C') });
  const operator = new Operator(site);
  for (const node of [...hosts, c]) node.boot();
  world.run(world.now + 1_000);
  for (const host of hosts) introduce(site, operator, host, 'web-server', c);
  return { ...site, hosts, c, operator };
};
