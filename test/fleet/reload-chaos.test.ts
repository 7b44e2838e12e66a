/**
 * Reloads among commands and crashes, from seeds. While it lasts no service has two processes; at the end the
 * node is what its configuration says, and nothing runs that it does not have.
 */
import { World } from '@bellwether/actors';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import type { ServiceConfig, Status } from '@bellwether/shepherd';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FleetNode, Operator, type NodeConfig } from '../support/fleet-node.ts';
import { plannedLists } from '../support/fleet-plans.ts';

const seeds = Array.from({ length: 20 }, (_, at) => at + 1);
const respawn = { limitCount: 50, limitWindowMs: 1_000, delayMs: 20, maxDelayMs: 200 };

/** Services of this machine alone, some respawned; the same number gives the same list. */
const configAt = (seed: number): NodeConfig => {
  const [planned = []] = fc.sample(plannedLists(), { seed, numRuns: 1 });
  const own = planned.flatMap((one) => (one.kind === 'service' ? [one.config] : []));
  const names = new Set(own.flatMap(({ provision }) => provision));
  const services = own.map((config, at): ServiceConfig => ({
    ...config,
    requirement: config.requirement.filter((name) => names.has(name)),
    ...(at % 2 === 0 && config.start !== undefined ? { respawn } : {}),
  }));
  return { services };
};

const play = (seed: number) => {
  const world = new World(seed);
  const site = { world, network: new MemoryNetwork(world) };
  const pick = (count: number): number => Math.floor(world.random() * count);
  const node = new FleetNode(site, 'A', configAt(1_000 * seed));
  const operator = new Operator(site);
  const { processes } = node.machine;
  node.boot();
  for (const name of 'abcdefgh')
    processes.programs.set(name, { spawnMs: pick(200), stopMs: pick(400) });
  let step = 0;
  const pass = (ms: number): void => void world.run(world.now + ms);
  const reload = () =>
    operator.ask(node, (turn, root) => turn.send(root, 'reload', false, operator.printer(turn)));
  const acts: readonly (() => void)[] = [
    () => {
      node.config = configAt(1_000 * seed + step);
      reload();
    },
    () => void reload(),
    () => void herd('start'),
    () => void herd('stop'),
    () => void herd('restart'),
    () => processes.kill('abcdefgh'.charAt(pick(8))),
    () => {
      node.crash();
      pass(pick(50));
      node.boot();
    },
  ];
  const herd = (action: string): void => {
    const operation = `op-${step}`;
    operator.herd(node, action, 'abcdefgh'.charAt(pick(8)), { operation });
  };
  for (step = 1; step <= 25; step += 1) {
    acts[pick(acts.length)]?.();
    pass(pick(600));
    expect(processes.doubled).toEqual([]);
  }
  pass(60_000);
  return { world, node, operator, processes, pass, reload };
};

describe('a node whose configuration changes while everything else happens', () => {
  it.each(seeds)('has what it says in the end, once each: seed %i', (seed) => {
    const rig = play(seed);
    const { node } = rig;
    const last = rig.reload();
    rig.pass(120_000);
    expect(last.error).toBeUndefined();
    expect(last.value).toMatchObject({ kind: 'read' });
    const asked = rig.operator.ask(node, (turn, root) => turn.send(root, 'status', [], 1_000));
    rig.pass(2_000);
    const found = new Map((asked.value ?? []).map((one): [string, Status] => [name(one), one]));
    const services = node.config.services ?? [];
    expect([...found.keys()].sort()).toEqual(
      services.map(({ provision: [first] }) => first).sort(),
    );
    for (const { provision, requirement } of services)
      expect(found.get(provision[0])).toMatchObject({ provision, requirement });
    expect(rig.processes.doubled).toEqual([]);
    for (const { service, pid } of rig.processes.living())
      expect(found.get(service)).toMatchObject({ stage: 'running', pid });
    for (const status of found.values()) expect(status.stage).toMatch(/^(running|stopped)$/);
  });
});
const name = ({ provision }: Status): string => provision[0] ?? '';
