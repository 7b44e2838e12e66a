/** A daemon that reads its configuration again: in a simulated world, over real sessions. */
import { Unreachable, World, type Ref, type Turn } from '@bellwether/actors';
import {
  FLEET_LIMITS,
  makeFreshLines,
  makePeers,
  makeStanding,
  registerServices,
  swapOf,
  type PlannedService,
  type Reloaded,
  type ComposePowers,
  type ElsewherePowers,
} from '@bellwether/fleet';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import type { Shepherd, Status } from '@bellwether/shepherd';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FleetNode, introduce, Operator, type NodeConfig } from '../support/fleet-node.ts';
import { plannedLists } from '../support/fleet-plans.ts';
import { makeNoSlots } from '../support/no-slots.ts';
import { simulatedCrypto } from '../support/ocapn-peer.ts';
import { Machine, program, service, type Asked } from '../support/shepherd-machine.ts';

/** A machine with these services, all up that say so; what is elsewhere is never reached. */
const machineWith = (world: World, planned: readonly PlannedService[]) => {
  const [clock, entropy] = [world.clock(), world.entropy()];
  const powersIn = (turn: Turn): ElsewherePowers => {
    const peers = turn.spawn(makePeers, { clock, entropy, destinations: new Map() });
    return {
      dial: (_petname, reached) => {
        reached.broken(new Unreachable('nobody is there'));
        return () => undefined;
      },
      peers,
      lines: turn.spawn(makeFreshLines, () => () => undefined, peers),
      standing: turn.spawn(makeStanding),
      clock,
      entropy,
      crypto: simulatedCrypto(world),
    };
  };
  const composing = (turn: Turn, shepherd: Ref<Shepherd>): ComposePowers => ({
    shepherd,
    slots: turn.spawn(makeNoSlots),
    elsewherePowers: powersIn(turn),
  });
  const machine = new Machine(world, 'A', {
    setUp: (turn, shepherd) => registerServices(turn, composing(turn, shepherd), planned),
  });
  machine.boot();
  pass(world);
  return { machine, composing };
};
const pass = (world: World, ms = 60_000): void => void world.run(world.now + ms);
const statuses = (world: World, machine: Machine): readonly Status[] => {
  const asked = machine.ask((turn: Turn, shepherd: Ref<Shepherd>) =>
    turn.call(shepherd, 'names').map((name) => turn.call(shepherd, 'status', name)),
  );
  pass(world, 100);
  return [...(asked.value ?? [])].sort((a, b) =>
    String(a.provision[0]) < String(b.provision[0]) ? -1 : 1,
  );
};
/** What a status says that its description decides. */
const described = (status: Status) => {
  const { kind, provision, requirement, documentation, isOneShot, isRespawned } = status;
  const command = status.kind === 'fleet' ? undefined : status.command;
  const members = status.kind === 'fleet' ? status.members.map(({ name }) => name) : undefined;
  return { kind, provision, requirement, documentation, isOneShot, isRespawned, command, members };
};

describe('a shepherd that takes over the difference between two configurations', () => {
  it('is what it would be with the second one from the start', () => {
    fc.assert(
      fc.property(plannedLists(), plannedLists(), fc.nat(), (before, after, seed) => {
        const world = new World(seed);
        const { machine, composing } = machineWith(world, before);
        const asked = machine.ask((turn, shepherd) => {
          const swap = swapOf(turn, composing(turn, shepherd), before, after);
          return turn.send(shepherd, 'swap', swap, machine.printer(turn));
        });
        pass(world);
        expect(asked.error).toBeUndefined();
        // What is new and requires something elsewhere cannot be started here; it is there all the same.
        expect(asked.value).toBeDefined();
        const other = new World(seed);
        const fresh = machineWith(other, after).machine;
        // What no longer has a process is what it was described as last.
        const names = statuses(world, machine).flatMap(({ kind, provision }) =>
          kind === 'local' ? [String(provision[0])] : [],
        );
        const running = new Set(machine.processes.living().map((each) => each.service));
        for (const name of running) expect(names).toContain(name);
        for (const name of names) machine.herd('stop', name);
        pass(world);
        const twin = statuses(world, machine).map(described);
        expect(twin).toEqual(statuses(other, fresh).map(described));
        expect(machine.processes.doubled).toEqual([]);
      }),
      { seed: 4, numRuns: 60 },
    );
  });
});

const web = program({ provision: ['web'], requirement: ['net'] });
const net = service({ provision: ['net'] });
const base: NodeConfig = { rehearse: true, services: [net, web] };

type Read = Extract<Reloaded, { readonly kind: 'read' }>;

/** Node A with a configuration, and somebody with its admin ref. */
const nodeWith = (config: NodeConfig = base) => {
  const world = new World(1);
  const site = { world, network: new MemoryNetwork(world) };
  const node = new FleetNode(site, 'A', config);
  node.boot();
  pass(world, 1_000);
  const operator = new Operator(site);
  const reload = (isDryRun = false): Asked<Read> =>
    operator.ask(node, (turn, root) =>
      turn.send(root, 'reload', isDryRun, operator.printer(turn)),
    ) as Asked<Read>;
  let count = 0;
  const herd = (action: string, member: string) => {
    count += 1;
    const asked = operator.herd(node, action, member, { operation: `op-${count}` });
    pass(world, 10_000);
    return asked;
  };
  const status = (name: string): Status | undefined => {
    const asked = operator.ask(node, (turn, root) => turn.send(root, 'status', [name], 1_000));
    pass(world, 2_000);
    return asked.value?.[0];
  };
  return { world, site, node, operator, reload, herd, status };
};
const edited = (web_: Partial<typeof web>): NodeConfig => ({
  ...base,
  services: [net, { ...web, ...web_ }],
});

describe('a reload', () => {
  it('says what changed by path, and leaves the process to a restart', () => {
    const rig = nodeWith();
    rig.herd('start', 'web');
    const pid = rig.node.machine.processes.living('web')[0]?.pid;
    rig.node.config = edited({ start: { argv: ['run', 'web', '-v'] }, documentation: 'Loud.' });
    const asked = rig.reload();
    pass(rig.world, 5_000);
    expect(asked.value?.difference).toEqual({
      added: [],
      changed: [{ name: 'web', paths: ['documentation', 'start.argv'] }],
      removed: [],
      unchangedCount: 1,
      atRestart: [],
    });
    expect(asked.value?.pending).toEqual(['web']);
    expect(rig.status('web')).toMatchObject({ pid, hasReplacement: true, documentation: '' });
    rig.herd('restart', 'web');
    expect(rig.status('web')).toMatchObject({
      command: ['run', 'web', '-v'],
      documentation: 'Loud.',
    });
    expect(rig.status('web')).not.toHaveProperty('hasReplacement');
  });
  it('that is dry tells the same and does nothing', () => {
    const rig = nodeWith();
    rig.herd('start', 'web');
    rig.node.config = { ...base, services: [net] };
    const dry = rig.reload(true);
    pass(rig.world, 5_000);
    expect(dry.value).toEqual({
      kind: 'read',
      pending: [],
      difference: { added: [], changed: [], removed: ['web'], unchangedCount: 1, atRestart: [] },
    });
    expect(rig.status('web')?.stage).toBe('running');
    const real = rig.reload();
    pass(rig.world, 5_000);
    expect(real.value?.difference).toEqual(dry.value?.difference);
    expect(real.value?.outcome).toMatchObject({ result: 'changed', rows: [{ member: 'web' }] });
    expect(rig.operator.lines.at(-1)).toBe('A: Service web has been stopped.');
  });
  it('of the same configuration does nothing', () => {
    const rig = nodeWith();
    const asked = rig.reload();
    pass(rig.world, 5_000);
    expect(asked.value?.outcome).toBeUndefined();
    expect(asked.value?.difference.unchangedCount).toBe(2);
  });
  it.each<readonly [string, (node: FleetNode) => void, string]>([
    ['cannot be read', (node) => void (node.badConfig = 'line 3: oops'), 'line 3: oops'],
    [
      'has a cycle',
      (node) => void (node.config = { services: [{ ...net, requirement: ['web'] }, web] }),
      'a cycle',
    ],
    [
      'requires what is not there',
      (node) => void (node.config = { services: [web] }),
      'nothing provides',
    ],
  ])(
    'of a configuration that %s changes nothing, and the next one works',
    (_what, spoil, words) => {
      const rig = nodeWith();
      rig.herd('start', 'web');
      spoil(rig.node);
      const bad = rig.reload();
      pass(rig.world, 5_000);
      expect((bad as Asked<Reloaded>).value).toMatchObject({
        kind: 'refused',
        problems: [expect.stringContaining(words)],
      });
      expect(rig.status('web')).toMatchObject({ stage: 'running' });
      rig.node.badConfig = undefined;
      rig.node.config = edited({ documentation: 'New.' });
      const good = rig.reload();
      pass(rig.world, 5_000);
      expect(good.value?.difference.changed).toHaveLength(1);
    },
  );
  it('tells what is wrong up to a limit', () => {
    const rig = nodeWith();
    for (const count of [FLEET_LIMITS.problemLineCount, FLEET_LIMITS.problemLineCount + 1]) {
      rig.node.badConfig = Array.from({ length: count }, (_, at) => `line ${at}`).join('\n');
      const asked = rig.reload() as Asked<Reloaded>;
      pass(rig.world, 5_000);
      const { value } = asked;
      expect(value?.kind === 'refused' && value.problems).toHaveLength(
        FLEET_LIMITS.problemLineCount,
      );
    }
  });
  it('is refused while another one is under way, be it dry', () => {
    const rig = nodeWith();
    rig.node.config = edited({ documentation: 'New.' });
    const [first, second] = [rig.reload(true), rig.reload()];
    pass(rig.world, 5_000);
    expect(first.value?.difference.changed).toHaveLength(1);
    expect(second.error).toMatchObject({ code: 'conflict' });
  });
  it.each([-1, 0, 1, 'yes', undefined])('takes true or false, not %s', (flag) => {
    const rig = nodeWith();
    const asked = rig.operator.ask(rig.node, (turn, root) =>
      turn.send(root, 'reload', flag as unknown as boolean, rig.operator.printer(turn)),
    );
    pass(rig.world, 1_000);
    expect(asked.error).toMatchObject({ code: 'malformed' });
  });
  it('while a start waits for what goes lets neither hang', () => {
    const rig = nodeWith({ ...base, services: [program({ provision: ['net'] }), web] });
    rig.node.machine.processes.programs.set('net', { spawnMs: 2_000 });
    const start = rig.operator.herd(rig.node, 'start', 'web', { operation: 'op' });
    pass(rig.world, 500);
    rig.node.config = { services: [{ ...web, requirement: [] }] };
    const asked = rig.reload();
    pass(rig.world, 30_000);
    expect(start.value?.result).toMatch(/^(failed|superseded|changed)$/);
    expect(asked.value?.outcome?.result).toBe('changed');
    expect(rig.status('net')).toBeUndefined();
    expect(rig.node.machine.processes.living('net')).toEqual([]);
    expect(rig.herd('start', 'web').value?.result).toMatch(/^(ok|changed)$/);
  });
  it.each([0, 5, 31, 40, 80, 200, 1_000])(
    'in whose middle the daemon dies is done by the next one: after %i ms',
    (ms) => {
      const rig = nodeWith({ ...base, services: [net, web, program({ provision: ['old'] })] });
      rig.herd('start', 'web');
      rig.herd('start', 'old');
      rig.node.machine.processes.programs.set('old', { stopMs: 100 });
      const pid = rig.node.machine.processes.living('web')[0]?.pid;
      const eager = program({ provision: ['new'], isAutoStarted: true });
      rig.node.config = { ...base, services: [net, { ...web, start: { argv: ['other'] } }, eager] };
      rig.reload();
      pass(rig.world, ms);
      rig.node.crash();
      pass(rig.world, 100);
      rig.node.boot();
      pass(rig.world, 20_000);
      expect(rig.node.machine.processes.living('old')).toEqual([]);
      expect(rig.node.machine.processes.living('new')).toHaveLength(1);
      expect(rig.status('web')).toMatchObject({ stage: 'running', pid, hasReplacement: true });
      expect(rig.node.machine.processes.doubled).toEqual([]);
    },
  );
  it('while nobody was there is found at the next boot', () => {
    const rig = nodeWith();
    rig.herd('start', 'web');
    const pid = rig.node.machine.processes.living('web')[0]?.pid;
    rig.node.crash();
    rig.node.config = edited({ documentation: 'New.' });
    rig.node.boot();
    pass(rig.world, 5_000);
    expect(rig.status('web')).toMatchObject({ pid, documentation: 'New.' });
    expect(rig.status('web')).not.toHaveProperty('hasReplacement');
  });
});

describe('a controller that reloads', () => {
  const rigWith = () => {
    const rig = nodeWith();
    const c = new FleetNode(rig.site, 'C', {
      exported: { 'web-a': 'A' },
      fleets: [{ name: 'fleet', members: ['web-a'] }],
    });
    c.boot();
    pass(rig.world, 1_000);
    introduce(rig.site, rig.operator, rig.node, 'web', c);
    let count = 0;
    const herd = (action: string, member: string, node = c) => {
      count += 1;
      const asked = rig.operator.herd(node, action, member, { operation: `c-${count}` });
      pass(rig.world, 20_000);
      return asked;
    };
    const reload = (node = c): Asked<Read> => {
      const asked = rig.operator.ask(node, (turn, root) =>
        turn.send(root, 'reload', false, rig.operator.printer(turn)),
      );
      pass(rig.world, 20_000);
      return asked as Asked<Read>;
    };
    return { ...rig, c, herd, reload };
  };
  it('stops no service elsewhere, whatever goes', () => {
    const rig = rigWith();
    expect(rig.herd('start', 'fleet').value?.result).toBe('changed');
    rig.c.config = {};
    const asked = rig.reload();
    expect(asked.value?.difference).toMatchObject({
      removed: ['web-a', 'fleet'],
      elsewhere: [{ name: 'web-a', node: 'A', from: 'a-ref' }],
    });
    expect(rig.node.machine.processes.living('web')).toHaveLength(1);
    expect(rig.herd('stop', 'fleet').error).toMatchObject({ code: 'unknown-service' });
  });
  it('has new fleets and proxies at once, and old ones know what they share', () => {
    const rig = rigWith();
    rig.c.config = {
      ...rig.c.config,
      fleets: [
        { name: 'fleet', members: ['web-a'] },
        { name: 'other', members: ['web-a'] },
      ],
    };
    expect(rig.reload().value?.difference).toMatchObject({ added: ['other'], changed: [] });
    expect(rig.herd('start', 'other').value).toMatchObject({ result: 'changed' });
    const stopped = rig.herd('stop', 'fleet');
    expect(JSON.stringify(stopped.value?.rows)).toContain('other');
  });
  it('meets an unknown reference where its service went, and uses it again when it is back', () => {
    const rig = rigWith();
    rig.herd('start', 'fleet');
    rig.node.config = { ...base, services: [net] };
    expect(rig.reload(rig.node).value?.outcome?.result).toBe('changed');
    const gone = rig.herd('start', 'fleet');
    expect(gone.value).toMatchObject({ result: 'failed' });
    expect(JSON.stringify(gone.value)).toContain('no such reference');
    rig.node.config = base;
    rig.reload(rig.node);
    expect(rig.herd('start', 'fleet').value?.result).toMatch(/^(ok|changed)$/);
    expect(rig.node.machine.processes.living('web')).toHaveLength(1);
  });
});

describe('a daemon that is detached', () => {
  it('answers, ends, and leaves its processes to the next one', () => {
    const rig = nodeWith();
    rig.herd('start', 'web');
    const pid = rig.node.machine.processes.living('web')[0]?.pid;
    const asked = rig.operator.ask(rig.node, (turn, root) => turn.send(root, 'detach'));
    pass(rig.world, 1_000);
    expect(asked).toEqual({ value: undefined });
    expect(rig.node.machine.isDown).toBe(true);
    rig.node.boot();
    pass(rig.world, 5_000);
    expect(rig.status('web')).toMatchObject({ stage: 'running', pid, respawnCount: 0 });
  });
});
