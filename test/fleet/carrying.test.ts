/** A release that a controller is given once, and brings to its members itself. */
import { World } from '@bellwether/actors';
import { carrierLimits, type Digest } from '@bellwether/deploy';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import type { Outcome, Request } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { bringTo, releaseOf } from '../support/carrying.ts';
import { FleetNode, introduce, Operator, type NodeConfig } from '../support/fleet-node.ts';
import { service, type Asked } from '../support/shepherd-machine.ts';
import { release, shortRules, type Made } from '../support/slot-machine.ts';

const slots: NonNullable<NodeConfig['slots']> = [
  {
    config: service({
      provision: ['web'],
      respawn: { limitCount: 5, limitWindowMs: 7_000, delayMs: 100, maxDelayMs: 1_000 },
    }),
    rules: { ...shortRules, mostBytes: 64 * 1_048_576 },
  },
];
const one = release('1');
const two = release('2');
const mebibyte = 1_048_576;

interface How {
  readonly names?: readonly string[];
  /** The controller has a slot of its own in the fleet. */
  readonly isMixed?: boolean;
  /** Nobody has a slot. */
  readonly isPlain?: boolean;
}
class Story {
  readonly world: World;
  readonly network: MemoryNetwork;
  readonly hosts: readonly FleetNode[];
  readonly c: FleetNode;
  readonly desk: Operator;
  constructor(seed: number, { names = ['A', 'B'], isMixed = false, isPlain = false }: How = {}) {
    this.world = new World(seed);
    this.network = new MemoryNetwork(this.world);
    const plain = { services: [service({ provision: ['web'] })] };
    this.hosts = names.map((name) => new FleetNode(this, name, isPlain ? plain : { slots }));
    const remote = names.map((name) => `web-${name.toLowerCase()}`);
    this.c = new FleetNode(this, 'C', {
      rehearse: seed === 1,
      ...(isMixed && { slots }),
      exported: Object.fromEntries(remote.map((name, at) => [name, names[at] ?? ''])),
      fleets: [{ name: 'web-fleet', members: [...remote, ...(isMixed ? ['web'] : [])] }],
    });
    this.desk = new Operator(this);
    for (const node of [...this.hosts, this.c]) node.boot();
    this.run(1_000);
    for (const host of this.hosts) introduce(this, this.desk, host, 'web', this.c);
  }
  run(ms: number): void {
    this.world.run(this.world.now + ms);
  }
  /** Brings what is missing of a release to the controller; how many pieces that took. */
  bring(made: Made, to = 'web-fleet'): number {
    const before = this.c.depots.asked.filter((each) => each === 'put shelf').length;
    bringTo(this, this.desk, this.c, to, made);
    return this.c.depots.asked.filter((each) => each === 'put shelf').length - before;
  }
  act(
    action: string,
    args: readonly string[],
    { member = 'web-fleet', operation = `${action}-1`, ...given }: Partial<Request> = {},
  ): Asked<Outcome> {
    return this.desk.herd(this.c, action, member, {
      operation,
      args,
      remainingMs: 600_000,
      ...(member === 'web-fleet' && { rolling: { batch: '100%' } }),
      ...given,
    });
  }
  deploy(made: Made, given: Partial<Request> = {}): Asked<Outcome> {
    return this.act('deploy', [made.digest, 'no-confirm'], given);
  }
  untilPuts(node: FleetNode, count: number): void {
    const endMs = this.world.now + 60_000;
    while (this.putsAt(node) < count)
      if (!this.world.step() || this.world.now > endMs)
        throw new Error(`${node.name} got ${this.putsAt(node)} pieces, not ${count}`);
  }
  /** Pieces that a node has taken for its slot. */
  putsAt(node: FleetNode): number {
    return node.depots.asked.filter((each) => each === 'put web').length;
  }
}
const runningAt = ({ machine }: FleetNode): readonly Digest[] =>
  machine.processes.living('web').map(({ cwd = '' }) => cwd.split('/').at(-1) as Digest);
const rowsOf = ({ value }: Asked<Outcome>): readonly string[] =>
  (value?.rows ?? []).map(({ member, result }) => `${member} ${result}`);

describe.each([1, 2, 3])('a release for a fleet, seed %i', (seed) => {
  it('comes to the controller once, and to each member once', () => {
    const story = new Story(seed);
    expect(story.bring(one)).toBe(2);
    const asked = story.deploy(one);
    story.run(10_000);
    expect(rowsOf(asked)).toEqual(['web-a changed', 'web-b changed']);
    expect(story.hosts.map(runningAt)).toEqual([[one.digest], [one.digest]]);
    expect(story.hosts.map((host) => story.putsAt(host))).toEqual([2, 2]);
    expect(story.bring(one)).toBe(0);
  });
  it('comes to each member, too, where it is named by its digits', () => {
    const story = new Story(seed);
    story.bring(one);
    const asked = story.act('deploy', [one.digest.slice('rel:sha256-'.length), 'no-confirm']);
    story.run(10_000);
    expect(rowsOf(asked)).toEqual(['web-a changed', 'web-b changed']);
    expect(story.hosts.map(runningAt)).toEqual([[one.digest], [one.digest]]);
  });
  it('brings along only what is different in the next one', () => {
    const story = new Story(seed);
    const before = releaseOf('1', [300_000, 200_000, 5]);
    const after = releaseOf('2', [300_000, 200_000, 6]);
    // Pieces of 64 KiB: five, four, one, and the manifest.
    expect(story.bring(before)).toBe(11);
    story.deploy(before);
    story.run(20_000);
    expect(story.bring(after)).toBe(2);
    story.deploy(after, { operation: 'deploy-2' });
    story.run(20_000);
    expect(story.hosts.map(runningAt)).toEqual([[after.digest], [after.digest]]);
    expect(story.hosts.map((host) => story.putsAt(host))).toEqual([13, 13]);
  });
  it('comes to a slot of the controller without being sent', () => {
    const story = new Story(seed, { isMixed: true });
    story.bring(one);
    const asked = story.deploy(one);
    story.run(10_000);
    expect(rowsOf(asked)).toEqual(['web-a changed', 'web-b changed', 'web changed']);
    expect(runningAt(story.c)).toEqual([one.digest]);
    expect(story.putsAt(story.c)).toBe(0);
  });
  it('is still there for who tries again with a controller that was killed', () => {
    const story = new Story(seed);
    story.hosts[1]?.losePower();
    story.run(60_000);
    story.bring(one);
    const asked = story.deploy(one);
    story.run(30_000);
    expect(rowsOf(asked)).toEqual(['web-a changed', 'web-b unreachable']);
    story.c.crash();
    story.run(1_000);
    story.c.boot();
    story.hosts[1]?.boot();
    story.run(30_000);
    const again = story.desk.ask(story.c, (turn, root) =>
      turn.send(root, 'retry', 'deploy-1', story.desk.printer(turn)),
    );
    story.run(30_000);
    expect(rowsOf(again)).toEqual(['web-a changed', 'web-b changed']);
    expect(story.hosts.map((host) => story.putsAt(host))).toEqual([2, 2]);
  });
  it('goes on after a cut in the middle where it ended', () => {
    const story = new Story(seed);
    const big = releaseOf('1', [4 * mebibyte]);
    story.bring(big);
    const asked = story.deploy(big);
    const [a] = story.hosts;
    if (a === undefined) throw new Error('no A');
    for (let round = 1; round <= 3; round += 1) {
      story.untilPuts(a, 12 * round);
      story.network.part('C', 'A');
      story.run(5_000);
      story.network.heal('C', 'A');
    }
    story.run(120_000);
    expect(rowsOf(asked)).toEqual(['web-a changed', 'web-b changed']);
    expect(runningAt(a)).toEqual([big.digest]);
    // What was on its way at a cut is sent again, and no more: 65 pieces, and up to a window for each cut.
    expect(story.putsAt(a)).toBeLessThan(65 + 3 * carrierLimits.pieceCount);
  });
  it('goes on at a node that was killed in the middle', () => {
    const story = new Story(seed);
    const big = releaseOf('1', [4 * mebibyte]);
    story.bring(big);
    const asked = story.deploy(big);
    const [a] = story.hosts;
    if (a === undefined) throw new Error('no A');
    story.untilPuts(a, 20);
    a.crash();
    story.run(2_000);
    a.boot();
    story.run(120_000);
    expect(rowsOf(asked)).toEqual(['web-a changed', 'web-b changed']);
    expect(runningAt(a)).toEqual([big.digest]);
  });
  it('is called off within a window', () => {
    const story = new Story(seed);
    const big = releaseOf('1', [8 * mebibyte]);
    story.bring(big);
    const asked = story.deploy(big);
    const [a] = story.hosts;
    if (a === undefined) throw new Error('no A');
    story.untilPuts(a, 20);
    story.desk.ask(story.c, (turn, root) => turn.send(root, 'cancel', 'deploy-1'));
    story.run(200);
    const then = story.putsAt(a);
    story.run(20_000);
    expect(story.putsAt(a)).toBe(then);
    expect(rowsOf(asked)).toEqual(['web-a cancelled', 'web-b cancelled']);
    expect(runningAt(a)).toEqual([]);
  });
});

describe('a carrier', () => {
  it('lets an action go on as it is where it was not given the release', () => {
    const story = new Story(1);
    const asked = story.deploy(two, { member: 'web-a' });
    story.run(5_000);
    expect(asked.value?.reason).toContain('offer it first');
  });
  it('takes nothing for what is known to be no slot', () => {
    const story = new Story(1, { isPlain: true });
    story.run(5_000);
    for (const name of ['web-a', 'web-fleet'])
      expect(() => story.bring(one, name)).toThrow(`service '${name}' is no slot`);
  });
  it('ends a way that comes back to where it was: two controllers that are services of each other', () => {
    const world = new World(1);
    const network = new MemoryNetwork(world);
    const site = { world, network };
    const x = new FleetNode(site, 'X', { exported: { thing: 'Y' } });
    const y = new FleetNode(site, 'Y', { exported: { thing: 'X' } });
    const desk = new Operator(site);
    for (const node of [x, y]) node.boot();
    world.run(1_000);
    introduce(site, desk, x, 'thing', y);
    introduce(site, desk, y, 'thing', x);
    bringTo(site, desk, x, 'thing', one);
    const asked = desk.herd(x, 'deploy', 'thing', {
      operation: 'deploy-1',
      args: [one.digest, 'no-confirm'],
      remainingMs: 600_000,
    });
    world.run(world.now + 2_000);
    expect(asked.value).toMatchObject({ result: 'failed', isCycle: true });
    const puts = [x, y].map(({ depots }) => depots.asked.filter((each) => each === 'put shelf'));
    expect(puts.map(({ length }) => length)).toEqual([2, 2]);
  });
});
