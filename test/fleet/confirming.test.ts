/** A release that is deployed to a slot elsewhere, through a controller: who confirms it, and what is left of that. */
import { exitCodeOf, FLEET_LIMITS } from '@bellwether/fleet';
import { Sturdyref, sturdyrefUri } from '@bellwether/ocapn';
import type { Outcome } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { sturdyrefOf } from '../../packages/herd/src/refs/ref-store.ts';
import { ExportedSlot } from '../support/exported-slot.ts';
import { answered } from '../support/fleet-grants.ts';
import { FleetNode, Operator } from '../support/fleet-node.ts';
import type { Asked } from '../support/shepherd-machine.ts';
import { release } from '../support/slot-machine.ts';

const one = release('1');
const two = release('2');

const isOn = (story: ExportedSlot, digest: string): void => {
  expect(story.running).toEqual([digest]);
  expect(story.record).toMatchObject({ current: digest });
  expect(story.record?.underway).toBeUndefined();
  expect(story.a.machine.processes.doubled).toEqual([]);
  expect(story.a.machine.logged('turn.threw')).toEqual([]);
  expect(story.c.machine.logged('turn.threw')).toEqual([]);
};
/** Nothing is left of the sessions that C, or another, has made to confirm. */
const isTidy = ({ a, c, network }: ExportedSlot): void => {
  const visitors = (a.router?.sessions() ?? []).map(({ peer }) => peer?.designator);
  expect(visitors.filter((each) => each?.includes('.'))).toEqual([]);
  expect(c.freshRouters.flatMap((router) => router.sessions())).toEqual([]);
  expect(network.connectionCount('C')).toBe(c.router?.sessions().length);
};
/** How it ended: exit code and words. */
const endOf = ({ value }: Asked<Outcome>): readonly [number | undefined, string | undefined] => [
  value && exitCodeOf(value, { isStrict: false }),
  value?.reason,
];
/** Goes on until it waits there. */
const untilItWaits = (story: ExportedSlot): void => {
  const { world } = story;
  for (let ms = 0; ms < 8_000 && story.phase !== 'awaiting-confirm'; ms += 1) world.runFor(1);
  expect(story.phase).toBe('awaiting-confirm');
};

/** A deploy that its controller could not confirm before it was killed. */
const killedWhileItWaits = (seed: number): ExportedSlot => {
  const story = new ExportedSlot(seed).begin(one, two);
  story.isShut = true;
  story.act('deploy', [two.digest], 'op-2');
  untilItWaits(story);
  story.c.crash();
  story.isShut = false;
  return story;
};
/** What its controller knows of that. */
const told = (story: ExportedSlot): unknown =>
  answered(
    story,
    story.desk.ask(story.c, (turn, root) => turn.send(root, 'operation', 'op-2')),
  );

describe.each([1, 2, 3])('a deploy through a controller, seed %i', (seed) => {
  it('is confirmed by it, over a session of its own of which nothing is left', () => {
    const story = new ExportedSlot(seed, { rehearse: seed === 1 }).begin(one, two);
    const deploy = story.act('deploy', [two.digest], 'op-2');
    story.world.runFor(4_000);
    expect(deploy.value).toMatchObject({ member: 'far-web', result: 'changed' });
    isOn(story, two.digest);
    expect(story.c.freshCount).toBe(1);
    story.world.runFor(1_000);
    isTidy(story);
    // Whoever confirms is a stranger to the machine, and the session that stood goes on.
    const opened = story.a.machine.logged('session.opened').map(({ peer }) => peer);
    expect(opened.filter((each) => each !== 'anonymous')).toEqual(['C.memory', 'C.1.memory']);
    expect(story.a.router?.sessions().map(({ peer }) => peer?.designator)).toEqual([
      undefined,
      'C',
    ]);
    expect(story.desk.lines.join('\n')).not.toContain('could not');
  });
  it('that shall not be confirmed makes no session for that', () => {
    const story = new ExportedSlot(seed).begin(one, two);
    story.act('deploy', [two.digest, 'no-confirm'], 'op-2');
    story.world.runFor(4_000);
    isOn(story, two.digest);
    expect(story.c.freshCount).toBe(0);
  });
  it('that lets nobody in any more is taken back, though the session from before goes on', () => {
    const story = new ExportedSlot(seed).begin(one, two);
    const { processes } = story.a.machine;
    processes.behaves = ({ command: { cwd = '' } }) => {
      story.isShut = cwd.endsWith(two.digest);
      return undefined;
    };
    const deploy = story.act('deploy', [two.digest], 'op-2');
    story.world.runFor(20_000);
    isOn(story, one.digest);
    const [code, reason] = endOf(deploy);
    expect([code, reason]).toEqual([7, expect.stringContaining('nobody has confirmed it')]);
    const said = story.desk.lines.filter((each) => each.includes('could not be confirmed'));
    expect(said).toEqual([
      expect.stringMatching(/^C: far-web could not .* cannot reach a-ref anew/),
    ]);
    // Longer each time: 0.5 s, 1, 2, 4, and half of it at least.
    expect(story.c.freshCount).toBeGreaterThan(3);
    expect(story.c.freshCount).toBeLessThan(10);
    isTidy(story);
  });
  it('that takes the network away is taken back by its machine, and the controller learns that', () => {
    const story = new ExportedSlot(seed).begin(one, two);
    const { network } = story;
    story.a.machine.processes.behaves = ({ command: { cwd = '' } }) => {
      if (cwd.endsWith(two.digest)) network.part('C', 'A');
      else network.heal('C', 'A');
      return undefined;
    };
    const deploy = story.act('deploy', [two.digest], 'op-2');
    story.world.runFor(3_500);
    expect(story.running).toEqual([two.digest]);
    story.world.runFor(60_000);
    isOn(story, one.digest);
    expect(endOf(deploy)[0]).toBe(7);
    isTidy(story);
  });
  it('that cuts every session, and lets nobody in, is taken back, and the controller learns that', () => {
    const story = new ExportedSlot(seed).begin(one, two);
    story.a.machine.processes.behaves = ({ command: { cwd = '' } }) => {
      story.isShut = cwd.endsWith(two.digest);
      if (story.isShut) story.network.reset('C', 'A');
      return undefined;
    };
    const deploy = story.act('deploy', [two.digest], 'op-2');
    story.world.runFor(30_000);
    isOn(story, one.digest);
    expect(endOf(deploy)).toEqual([7, expect.stringContaining('nobody has confirmed it')]);
    isTidy(story);
  });
  it('is confirmed, and heard of, however often the session is lost meanwhile', () => {
    const story = new ExportedSlot(seed).begin(one, two);
    const deploy = story.act('deploy', [two.digest], 'op-2');
    for (let at = 0; at < 4; at += 1) {
      story.world.runFor(400);
      story.network.reset('C', 'A');
    }
    story.world.runFor(10_000);
    isOn(story, two.digest);
    expect(deploy.value?.result).toBe('changed');
  });
  it('is unknown where its machine is away for long', () => {
    const story = new ExportedSlot(seed).begin(one, two);
    const deploy = story.act('deploy', [two.digest, 'confirm=30'], 'op-2');
    untilItWaits(story);
    story.a.losePower();
    story.network.reset('C', 'A');
    story.world.runFor(FLEET_LIMITS.backMs);
    expect(deploy.value).toBeUndefined();
    story.world.runFor(60_000);
    expect(endOf(deploy)).toEqual([4, expect.stringContaining('was lost after deploy was sent')]);
  });
  it('is confirmed by a controller that was killed and is back in time', () => {
    const story = killedWhileItWaits(seed);
    story.world.runFor(3_000);
    expect(story.phase).toBe('awaiting-confirm');
    story.c.boot();
    story.world.runFor(5_000);
    isOn(story, two.digest);
    isTidy(story);
    expect(told(story)).toMatchObject({ result: 'changed' });
  });
  it('is taken back where its controller was killed and is not, which learns that later', () => {
    const story = killedWhileItWaits(seed);
    story.world.runFor(15_000);
    isOn(story, one.digest);
    story.c.boot();
    story.world.runFor(5_000);
    isOn(story, one.digest);
    expect(told(story)).toMatchObject({ result: 'rolled-back' });
  });
  it('of a controller is confirmed by that one, which stands next to the slot', () => {
    const story = new ExportedSlot(seed).begin(one, two).withSecond();
    const deploy = story.act('deploy', [two.digest], 'op-2', story.d, 'farther-web');
    story.world.runFor(5_000);
    expect(deploy.value).toMatchObject({ member: 'farther-web', result: 'changed' });
    isOn(story, two.digest);
    expect([story.c.freshCount, story.d.freshCount]).toEqual([1, 0]);
  });
  it('is confirmed through a grant that shows nothing of the slot, after some refusals', () => {
    const story = new ExportedSlot(seed, { actions: ['deploy'] }).begin(one, two);
    expect(story.status()).toMatchObject({ stage: 'unknown' });
    const deploy = story.act('deploy', [two.digest], 'op-2');
    story.world.runFor(9_000);
    expect(deploy.value?.result).toBe('changed');
    isOn(story, two.digest);
    isTidy(story);
    expect(story.desk.lines.join('\n')).not.toContain('could not');
  });
  it('is not confirmed to a liar, who stands where the slot was and is asked nothing', () => {
    const story = new ExportedSlot(seed).begin(one, two);
    const liar = new FleetNode(story, 'L', {});
    liar.boot();
    story.world.runFor(500);
    const petname = 'a-ref';
    const real = sturdyrefOf(story.c.refs.get(petname) ?? '', petname);
    const there = new Sturdyref({ ...real.peer, hints: { host: 'L' } }, real.reveal());
    const deploy = story.act('deploy', [two.digest], 'op-2');
    story.c.refs.set(petname, sturdyrefUri(there));
    story.world.runFor(20_000);
    isOn(story, one.digest);
    expect(endOf(deploy)[0]).toBe(7);
    expect(story.desk.lines.join('\n')).toMatch(/cannot reach a-ref anew: L is not A/);
    expect(liar.machine.logged('session.opened')).toEqual([]);
  });
});

describe('a confirmation by hand at a controller', () => {
  /** Deployed by somebody at the machine itself, who has gone. */
  const waiting = (seed = 4): ExportedSlot => {
    const story = new ExportedSlot(seed).begin(one, two);
    story.bring(two, story.a, 'web');
    new Operator(story, 'other').herd(story.a, 'deploy', 'web', {
      operation: 'op-2',
      args: [two.digest],
      remainingMs: 600_000,
    });
    untilItWaits(story);
    return story;
  };
  it('goes over a session of its own, also where nobody has deployed from there', () => {
    const story = waiting();
    const confirm = story.act('confirm', [two.digest], 'op-3');
    story.world.runFor(1_000);
    expect(confirm.value).toMatchObject({ member: 'far-web', result: 'changed' });
    isOn(story, two.digest);
    expect(story.c.freshCount).toBe(1);
    isTidy(story);
  });
  it('goes over one of each controller on its way', () => {
    const story = waiting().withSecond();
    const confirm = story.act('confirm', [], 'op-3', story.d, 'farther-web');
    story.world.runFor(1_500);
    expect(confirm.value).toMatchObject({ member: 'farther-web', result: 'changed' });
    isOn(story, two.digest);
    expect([story.c.freshCount, story.d.freshCount]).toEqual([1, 1]);
  });
  it('says that nothing was sent where nobody gets in', () => {
    const story = waiting();
    story.isShut = true;
    const confirm = story.act('confirm', [], 'op-3');
    story.world.runFor(1_000);
    expect(confirm.value).toMatchObject({ result: 'unreachable' });
    expect(confirm.value?.reason).toContain('cannot reach a-ref anew: ');
    expect(confirm.value?.reason).toContain('Nothing was sent');
    expect(story.phase).toBe('awaiting-confirm');
  });
  it('that is called off before it is sent is not sent', () => {
    const story = waiting();
    const confirm = story.act('confirm', [], 'op-3');
    story.desk.ask(story.c, (turn, root) => turn.send(root, 'cancel', 'op-3'));
    story.world.runFor(1_000);
    expect(confirm.value).toMatchObject({ result: 'cancelled' });
    expect(story.phase).toBe('awaiting-confirm');
    isTidy(story);
  });
  it('is refused where nothing waits, in the words of the slot', () => {
    const story = new ExportedSlot(5).begin(one, two);
    const confirm = story.act('confirm', [], 'op-3');
    story.world.runFor(1_000);
    expect(endOf(confirm)).toEqual([1, expect.stringContaining('nothing waits to be confirmed')]);
    isTidy(story);
  });
});
