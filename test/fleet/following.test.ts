/** Fleets whose members follow labels: in plans, through reloads, and with machines that join. */
import { World } from '@bellwether/actors';
import type { PlannedService } from '@bellwether/fleet';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import { limits, type Labels, type Outcome, type Status } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { withJoined } from '../../packages/fleet/src/root/difference.ts';
import { followed } from '../../packages/fleet/src/root/following.ts';
import { FleetNode, Operator, type NodeConfig } from '../support/fleet-node.ts';
import { JoinPlace, webConfig } from '../support/fleet-joins.ts';
import { program, service } from '../support/shepherd-machine.ts';

const labelled = (name: string, labels: Labels = {}): PlannedService => ({
  kind: 'service',
  config: { ...service({ provision: [name, `${name}-alias`] }), labels },
});
const there = (service: string, node: string, labels: Labels) =>
  ({
    provision: [`${service}@${node}`],
    petname: 'p',
    origin: node,
    requirement: [],
    labels,
  }) as const;
const fleet = (name: string, selector: string, service?: string): PlannedService => ({
  kind: 'fleet',
  spec: {
    provision: [name],
    documentation: '',
    members: ['stale'],
    minReady: '100%',
    settleMs: 1,
    labels: { role: 'web' },
    follows: { selector, ...(service !== undefined && { service }) },
  },
});
const membersIn = (planned: readonly PlannedService[]) =>
  planned.flatMap((one) => (one.kind === 'fleet' ? [one.spec.members] : []));

describe('a fleet that follows labels', () => {
  const web = { role: 'web' };
  it('has those services of its shepherd that are so, by their first names, and no fleet', () => {
    const planned = [
      fleet('all', 'role=web'),
      labelled('a', web),
      fleet('some', 'role=web,!canary', 'a-alias'),
      labelled('b', { role: 'web', canary: '' }),
      labelled('c', { role: 'db' }),
      { kind: 'exported', spec: there('a', 'm1', web) } as const,
    ];
    expect(membersIn(followed(planned))).toEqual([['a', 'b', 'a@m1'], ['a']]);
    expect(followed(followed(planned))).toEqual(followed(planned));
  });
  it('leaves those alone whose members are named', () => {
    const planned = [labelled('a', web)];
    expect(followed(planned)).toBe(planned);
  });
  it('has what machines give that have joined, and no more of it once that is gone', () => {
    const planned = [fleet('all', 'role=web', 'web-server'), labelled('web-server', {})];
    const joined = [there('web-server', 'm1', web), there('db', 'm1', web)];
    expect(membersIn(withJoined(planned, joined).taken)).toEqual([['web-server@m1']]);
    expect(membersIn(withJoined(planned, []).taken)).toEqual([[]]);
  });
});

const run = (name: string, labels: Labels, requirement: readonly string[] = []) =>
  program({ provision: [name], labels, requirement });
const follows = { selector: 'role=web' };
const base = (labels: Labels = { role: 'db' }): NodeConfig => ({
  rehearse: true,
  services: [run('a', { role: 'web' }), run('b', labels)],
  fleets: [{ name: 'webs', members: [], follows }],
});
const rigWith = (config: NodeConfig = base()) => {
  const world = new World(1);
  const site = { world, network: new MemoryNetwork(world) };
  const node = new FleetNode(site, 'A', config);
  const operator = new Operator(site);
  const pass = (ms: number): void => void world.run(world.now + ms);
  node.boot();
  pass(1_000);
  let count = 0;
  const herd = (action: string, member = 'webs') => {
    const asked = operator.herd(node, action, member, { operation: `op-${(count += 1)}` });
    pass(10_000);
    return asked;
  };
  const reload = (next: NodeConfig) => {
    node.config = next;
    const asked = operator.ask(node, (turn, root) =>
      turn.send(root, 'reload', false, operator.printer(turn)),
    );
    pass(10_000);
    return asked.value;
  };
  const status = (name = 'webs'): Status | undefined => {
    const asked = operator.ask(node, (turn, root) => turn.send(root, 'status', [name], 1_000));
    pass(2_000);
    return asked.value?.[0];
  };
  return { world, node, operator, pass, herd, reload, status };
};
const membersOf = (of: Outcome | undefined) => of?.rows.map(({ member }) => member);

describe('a shepherd with such a fleet', () => {
  it('commands whoever has the labels, and whoever has them after a reload', () => {
    const rig = rigWith();
    expect(membersOf(rig.herd('start').value)).toEqual(['a']);
    expect(rig.status()).toMatchObject({ follows: '{role=web}', members: [{ name: 'a' }] });
    expect(rig.reload(base({ role: 'web' }))).toMatchObject({
      difference: {
        changed: [
          { name: 'b', paths: ['labels.role'] },
          { name: 'webs', paths: ['members'] },
        ],
      },
      pending: [],
    });
    expect(rig.status()).toMatchObject({ members: [{ name: 'a' }, { name: 'b' }] });
    expect(membersOf(rig.herd('stop').value)).toEqual(['a', 'b']);
    rig.node.crash();
    rig.node.boot();
    rig.pass(1_000);
    expect(rig.status()).toMatchObject({ members: [{ name: 'a' }, { name: 'b' }] });
  });
  it('goes on with an operation for those whom it was for', () => {
    const rig = rigWith(base({ role: 'web' }));
    rig.node.machine.processes.programs.set('b', { refusal: 'no such program' });
    const failed = rig.operator.herd(rig.node, 'start', 'webs', { operation: 'op-x' });
    rig.pass(10_000);
    expect(failed.value?.rows).toMatchObject([{ result: 'changed' }, { result: 'failed' }]);
    rig.reload({ ...base(), services: [...(base().services ?? []), run('c', { role: 'web' })] });
    expect(rig.status()).toMatchObject({ members: [{ name: 'a' }, { name: 'c' }] });
    rig.node.machine.processes.programs.delete('b');
    const again = rig.operator.ask(rig.node, (turn, root) =>
      turn.send(root, 'retry', 'op-x', rig.operator.printer(turn)),
    );
    rig.pass(10_000);
    expect(membersOf(again.value)).toEqual(['a', 'b']);
    expect(rig.status('c')).toMatchObject({ stage: 'stopped' });
  });
  it('has none where nobody has the labels, and is asked for nothing then', () => {
    const rig = rigWith({ ...base(), services: [run('b', {})] });
    expect(rig.status()).toMatchObject({ stage: 'stopped', runningCount: 0, neededCount: 0 });
    expect(rig.herd('start').error).toMatchObject({
      code: 'refused',
      message: "start of 'webs' was not begun: it has no members",
    });
    const dry = rig.operator.ask(rig.node, (turn, root) =>
      turn.send(root, 'plan', { ...request, member: 'webs' }),
    );
    rig.pass(1_000);
    const refusal = { service: 'webs', effect: 'refused', note: 'it has no members' };
    expect(dry.value).toMatchObject([refusal]);
  });
  it('is refused where a member needs the fleet that it would be in', () => {
    const rig = rigWith();
    const circle = { ...base(), services: [run('a', { role: 'web' }, ['webs'])] };
    expect(rig.reload(circle)).toMatchObject({
      kind: 'refused',
      problems: [expect.stringContaining('a cycle')],
    });
    expect(rig.status()).toMatchObject({ members: [{ name: 'a' }] });
  });
  it('asks no more of them than an outcome has rows', () => {
    const many = Array.from({ length: limits.rowCount + 1 }, (_, at) =>
      service({ provision: [`s${at}`], labels: { role: 'web' } }),
    );
    const rig = rigWith({ services: many, fleets: [{ name: 'webs', members: [], follows }] });
    expect(rig.herd('enable').error).toMatchObject({
      code: 'limit',
      message: "'webs' has 10001 members, at most 10000 can be asked",
    });
  });
});

describe('a controller with such a fleet', () => {
  it('has in it what machines give that join with the labels, until they are removed', () => {
    const place = new JoinPlace(
      5,
      { N: webConfig, M: webConfig },
      {
        rehearse: true,
        fleets: [{ name: 'webs', members: [], follows: { ...follows, service: 'web' } }],
      },
    );
    const members = (): unknown => {
      const fleet = place.services().find(({ provision }) => provision[0] === 'webs');
      return fleet?.kind === 'fleet' && fleet.members.map(({ name }) => name);
    };
    expect(members()).toEqual([]);
    place.join(place.invite('web-07', { labels: { role: 'web' } }));
    place.join(place.invite('db-01', { labels: { role: 'db' } }), place.node('M'));
    place.run(5_000);
    expect(place.names()).toContain('web@db-01');
    expect(members()).toEqual(['web@web-07']);
    expect(place.herd('start', 'webs')).toMatchObject({
      result: 'changed',
      rows: [{ member: 'web@web-07', result: 'changed' }],
    });
    const picked = (selector: string) =>
      place.looked(place.controller, (turn, root) => turn.send(root, 'select', selector)).names;
    expect(picked('role=web')).toEqual(['networking@web-07', 'web@web-07']);
    expect(picked('role!=web,role')).toEqual(['networking@db-01', 'web@db-01']);
    place.controller.crash();
    place.run(1_000);
    place.controller.boot();
    place.run(5_000);
    expect(members()).toEqual(['web@web-07']);
    place.settled(place.removing('web-07'));
    place.run(5_000);
    expect(members()).toEqual([]);
  });
});
const request = { operation: 'op-p', action: 'start', args: [], remainingMs: 1_000, hops: [] };
