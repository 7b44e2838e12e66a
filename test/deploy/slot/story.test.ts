/** What a slot does when it is asked, and when its releases turn out to be what they are; nobody dies here. */
import { ActorError, World } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import {
  keyPair,
  release,
  shortRules,
  signed,
  SlotMachine,
  type Made,
} from '../../support/slot-machine.ts';
import { releaseLimits, slotLimits, type SlotRules } from '@bellwether/deploy';
import { localRoot, principalOf } from '@bellwether/shepherd';
import { anybodys } from '../../support/shepherd-machine.ts';

const one = release('1');
const two = release('2');
const three = release('3');

interface Rig {
  readonly world: World;
  readonly machine: SlotMachine;
}
/** A machine that is up; every turn is rehearsed. */
const up = (rules: Partial<SlotRules> = {}): Rig => {
  const world = new World(1);
  const machine = new SlotMachine(world, 'A', { ...shortRules, ...rules }, true);
  machine.boot();
  world.runFor(500);
  return { world, machine };
};
/** The same with releases that are kept, the last of them active. */
const upWith = (made: readonly Made[], rules: Partial<SlotRules> = {}): Rig => {
  const rig = up(rules);
  for (const each of made) keep(rig, each);
  return rig;
};
const keep = ({ world, machine }: Rig, made: Made): void => {
  machine.bring(world, made);
  const deploy = machine.act('deploy', [made.digest, 'no-confirm', 'accept-data-loss']);
  world.runFor(3_000);
  expect(deploy.value).toMatchObject({ result: 'changed' });
};
/** A deploy that waits to be confirmed. */
const waiting = (
  rules: Partial<SlotRules> = {},
): Rig & { deploy: ReturnType<SlotMachine['act']> } => {
  const rig = upWith([one], rules);
  rig.machine.bring(rig.world, two);
  const deploy = rig.machine.act('deploy', [two.digest]);
  rig.world.runFor(3_000);
  expect(rig.machine.record().underway?.phase).toBe('awaiting-confirm');
  return { ...rig, deploy };
};
/** Why nothing was done: such a refusal breaks its answer. */
const refusal = ({ error, value }: ReturnType<SlotMachine['act']>): string =>
  error?.message ?? `no refusal, but ${value?.result}`;
const isBad = ({ machine }: Rig, ...versions: readonly string[]): void => {
  machine.probes.isReady = (url) => !versions.some((version) => url.endsWith(`/${version}`));
};

describe('a deploy', () => {
  it('goes through its phases, each on the disk, and ends where it is confirmed', () => {
    const { world, machine, deploy } = waiting();
    expect(deploy.value).toBeUndefined();
    expect(machine.status().value).toBeUndefined();
    const status = machine.status();
    world.runFor(10);
    expect(status.value?.slot).toMatchObject({
      current: one.digest,
      target: two.digest,
      phase: 'awaiting-confirm',
    });
    const confirm = machine.act('confirm', [two.digest]);
    world.runFor(100);
    expect([confirm.value?.result, deploy.value?.result]).toEqual(['changed', 'changed']);
    expect(machine.record()).toMatchObject({ current: two.digest, previous: one.digest });
    expect(machine.running()).toEqual([two.digest]);
    expect(machine.depots.current.get('web')).toBe(two.digest);
    expect(machine.phases().slice(-7)).toEqual([
      'staged',
      'prechecked',
      'activating',
      'health-gate',
      'awaiting-confirm',
      'idle',
      'idle',
    ]);
    expect(machine.log.filter(({ event }) => /^(turn|vow)\./.test(event))).toEqual([]);
  });
  it('may be confirmed by who asked for it, whatever else he may, until it is over', () => {
    const { world, machine } = waiting();
    const owned = (): unknown => {
      const asked = machine.ask((turn, shepherd) => [
        turn.call(shepherd, 'endsOwn', 'web', 'confirm', localRoot),
        turn.call(shepherd, 'endsOwn', 'web', 'confirm', principalOf('g-1')),
        turn.call(shepherd, 'endsOwn', 'web', 'rollback', localRoot),
      ]);
      world.runFor(10);
      return asked.value;
    };
    expect(owned()).toEqual([true, false, false]);
    world.runFor(60_000);
    expect(owned()).toEqual([false, false, false]);
  });
  it('starts what its service requires first', () => {
    const { world, machine } = up();
    machine.bring(world, one);
    const before = machine.ask((turn, shepherd) => turn.call(shepherd, 'status', 'networking'));
    machine.act('deploy', [one.digest, 'no-confirm']);
    world.runFor(3_000);
    const after = machine.ask((turn, shepherd) => turn.call(shepherd, 'status', 'networking'));
    world.runFor(10);
    expect([before.value?.stage, after.value?.stage]).toEqual(['stopped', 'running']);
    expect(machine.running()).toEqual([one.digest]);
  });
  it('leaves a service stopped that somebody has disabled meanwhile', () => {
    const { world, machine, deploy } = waiting();
    machine.act('disable');
    world.runFor(20_000);
    expect(deploy.value?.result).toBe('rolled-back');
    expect(deploy.value?.reason).toContain('It is disabled.');
    expect(machine.running()).toEqual([]);
    machine.act('enable');
    world.runFor(10);
    machine.act('start');
    world.runFor(1_000);
    expect(machine.running()).toEqual([one.digest]);
  });
  it('of the active release changes nothing', () => {
    const { world, machine } = upWith([one]);
    const [pid] = machine.processes.living('web').map((each) => each.pid);
    const before = machine.record().generation;
    const deploy = machine.act('deploy', [one.digest]);
    world.runFor(3_000);
    expect(deploy.value?.result).toBe('ok');
    expect(machine.record().generation).toBe(before);
    expect(machine.processes.living('web').map((each) => each.pid)).toEqual([pid]);
  });
  it.each([0, 1])(
    'says what is active again, however long the reason is, and no half of a character (%i)',
    (byteCount) => {
      const text = `${'a'.repeat(byteCount)}${'\u{1f600}'.repeat(400)}/2`;
      const odd = release('2', { checks: [{ exec: ['check', text], timeoutMs: 500 }] });
      const rig = upWith([one]);
      isBad(rig, '2');
      rig.machine.bring(rig.world, odd);
      const deploy = rig.machine.act('deploy', [odd.digest]);
      rig.world.runFor(24_000);
      const { reason = '' } = deploy.value ?? {};
      expect(deploy.value?.result).toBe('rolled-back');
      expect(reason).toMatch(
        /^Service web: deploy of web 2 .*…; back at web 1 \(rel:sha256-\w+\)\.$/u,
      );
      expect(reason.length).toBeLessThanOrEqual(slotLimits.reasonCharacters);
      const { ended, releases } = rig.machine.record();
      for (const each of [
        reason,
        ...ended.map(({ reason }) => reason),
        ...releases.map(({ why }) => why),
      ])
        expect(each ?? '').not.toMatch(/\p{Surrogate}/u);
    },
  );
  it('is taken back where its check says no for as long as it may take', () => {
    const rig = upWith([one]);
    const { world, machine } = rig;
    isBad(rig, '2');
    machine.bring(world, two);
    const deploy = machine.act('deploy', [two.digest]);
    world.runFor(19_000);
    expect(deploy.value).toBeUndefined();
    world.runFor(5_000);
    expect(deploy.value).toMatchObject({ result: 'rolled-back' });
    expect(deploy.value?.reason).toContain('its check http://localhost/2 says no; back at web 1');
    expect(machine.running()).toEqual([one.digest]);
    expect(machine.record().releases.at(-1)).toMatchObject({ verdict: 'rejected' });
  });
  it('is taken back at once where it dies again and again', () => {
    const { world, machine } = upWith([one]);
    machine.processes.behaves = ({ command: { cwd } }) =>
      cwd?.endsWith(two.digest) === true
        ? { ends: { afterMs: 50, ending: { code: 3 } } }
        : undefined;
    machine.bring(world, two);
    const deploy = machine.act('deploy', [two.digest]);
    world.runFor(6_000);
    expect(deploy.value?.reason).toMatch(/it has died 3 times|exited with code 3/);
    expect(deploy.value?.result).toBe('rolled-back');
    expect(machine.running()).toEqual([one.digest]);
  });
  it('is taken back at once where its process cannot be made', () => {
    const { world, machine } = upWith([one]);
    machine.processes.behaves = ({ command: { cwd } }) =>
      cwd?.endsWith(two.digest) === true ? { refusal: 'no such program' } : undefined;
    machine.bring(world, two);
    const deploy = machine.act('deploy', [two.digest]);
    world.runFor(3_000);
    expect(deploy.value?.reason).toContain('no such program');
    expect(deploy.value?.result).toBe('rolled-back');
    expect(machine.running()).toEqual([one.digest]);
  });
  it('is held, and nothing more is tried, where the old release is not well either', () => {
    const rig = upWith([one]);
    const { world, machine } = rig;
    machine.bring(world, two);
    isBad(rig, '1', '2');
    const deploy = machine.act('deploy', [two.digest]);
    world.runFor(50_000);
    expect(deploy.value?.result).toBe('rollback-failed');
    expect(deploy.value?.reason).toContain('web 1');
    expect(machine.logged('slot.held')).toHaveLength(1);
    const forks = machine.processes.started.length;
    world.runFor(120_000);
    expect(machine.processes.started).toHaveLength(forks);
    const status = machine.status();
    machine.probes.isReady = () => true;
    machine.bring(world, three);
    const refused = machine.act('deploy', [three.digest]);
    world.runFor(100);
    expect(status.value?.slot?.phase).toBe('rollback-failed');
    expect(refusal(refused)).toContain('somebody has looked');
    const activated = machine.act('activate', [one.digest, 'no-confirm']);
    world.runFor(3_000);
    expect(activated.value?.result).toBe('changed');
    expect(machine.record().held).toBeUndefined();
    keep(rig, three);
  });
  it('leaves the old release as it was where the disk is full at any call', () => {
    for (let at = 1; at <= 3; at += 1) {
      const { world, machine } = upWith([one]);
      machine.bring(world, two);
      const pid = machine.processes.living('web')[0]?.pid;
      machine.depots.failAt = machine.depots.asked.length + at;
      const deploy = machine.act('deploy', [two.digest, 'no-confirm']);
      world.runFor(5_000);
      expect(deploy.value?.result).toBe('failed');
      expect(deploy.value?.reason).toMatch(/failed-unchanged: .*the disk is full/);
      expect(machine.processes.living('web').map((each) => each.pid)).toEqual([pid]);
      expect(machine.record()).toMatchObject({ current: one.digest });
      expect(machine.record().underway).toBeUndefined();
    }
  });
  it('that has failed is done when it is tried again, and told again to who only asks', () => {
    const { world, machine } = upWith([one]);
    machine.bring(world, two);
    const words = [two.digest, 'no-confirm'];
    const ask = (isRepeat?: true): string | undefined => {
      const given = { operation: 'op-1', ...(isRepeat && { isRepeat }) };
      const asked = machine.act('deploy', words, given);
      world.runFor(5_000);
      return asked.value?.result;
    };
    machine.depots.failAt = machine.depots.asked.length + 1;
    expect(ask()).toBe('failed');
    expect(ask(true)).toBe('failed');
    expect(machine.record()).toMatchObject({ current: one.digest });
    expect(ask()).toBe('changed');
    expect(ask()).toBe('changed');
    expect(machine.record()).toMatchObject({ current: two.digest });
    expect(machine.running()).toEqual([two.digest]);
  });
  it('goes back though the disk stays full from the switch on', () => {
    const rig = upWith([one]);
    const { world, machine } = rig;
    isBad(rig, '2');
    machine.bring(world, two);
    machine.depots.fullFrom = machine.depots.asked.length + 4;
    const deploy = machine.act('deploy', [two.digest]);
    world.runFor(30_000);
    expect(deploy.value?.result).toBe('rolled-back');
    expect(machine.running()).toEqual([one.digest]);
    expect(machine.logged('slot.not-pointed')).toHaveLength(1);
  });
  it('of a first release that is not well leaves the service stopped, as it was', () => {
    const rig = up();
    const { world, machine } = rig;
    isBad(rig, '1');
    machine.bring(world, one);
    const deploy = machine.act('deploy', [one.digest]);
    world.runFor(25_000);
    expect(deploy.value?.result).toBe('rolled-back');
    expect(deploy.value?.reason).toContain('stopped as before');
    const status = machine.status();
    const start = machine.act('start');
    world.runFor(100);
    expect(status.value).toMatchObject({ stage: 'stopped', isWanted: false });
    expect(start.value?.reason).toContain('has no release yet');
    expect(machine.running()).toEqual([]);
  });
  it('is told of with all else that is done with releases, in words', () => {
    const { world, machine } = waiting({ keepCount: 0 });
    const told = (action: string, ...args: readonly string[]): string | undefined => {
      const asked = machine.act(action, args);
      world.runFor(3_000);
      return asked.value?.reason?.replace(/rel:sha256-/, '').replaceAll(/[0-9a-f]{12}/g, 'x');
    };
    expect([
      ...[told('confirm'), told('confirm', two.digest), told('pin', two.digest)],
      ...[told('pin', two.digest), told('unpin', two.digest), told('unpin', two.digest)],
      ...[told('activate', one.digest, 'no-confirm'), told('prune')],
    ]).toEqual([
      ...['is confirmed', 'was confirmed before', 'is pinned', 'was pinned before'].map(
        (words) => `Service web: web 2 (x) ${words}.`,
      ),
      ...['is pinned no more', 'was not pinned'].map((words) => `Service web: web 2 (x) ${words}.`),
      ...['Service web: web 1 (x) is active.', 'Service web: nothing can go.'],
    ]);
  });
  it('is refused while another is under way, with which one that is', () => {
    const { world, machine } = waiting();
    machine.bring(world, three);
    const second = machine.act('deploy', [three.digest]);
    const staged = machine.act('stage', [three.digest]);
    world.runFor(100);
    for (const each of [second, staged]) {
      expect(each.error).toMatchObject({ code: 'conflict' });
      expect(refusal(each)).toMatch(
        /deploy of web 2 .* is under way \(awaiting-confirm.*; confirm it, wait/,
      );
    }
    expect(machine.running()).toEqual([two.digest]);
  });
  it('says once what was asked, of a refusal that says it, too', () => {
    const { world, machine } = waiting();
    machine.herd('pin', 'web', { args: ['35'] });
    machine.herd('confirm', 'web', { args: [three.digest] });
    world.runFor(100);
    const told = machine.lines.filter((line) => /: (pin|confirm): /.test(line));
    expect(told).toHaveLength(2);
    expect(told[0]).toMatch(/Service web: pin: "35" is no name of a release, nor six digits/);
    for (const line of told) expect(line.match(/Service web|pin: |confirm: /g)).toHaveLength(2);
  });
  it('loses to a later stop, after which the service starts as before', () => {
    const { world, machine, deploy } = waiting();
    const stop = machine.act('stop');
    world.runFor(2_000);
    expect([stop.value?.result, deploy.value?.result]).toEqual(['changed', 'superseded']);
    expect(machine.running()).toEqual([]);
    machine.act('start');
    world.runFor(1_000);
    expect(machine.running()).toEqual([one.digest]);
  });
  it('goes on through a restart of its service by hand', () => {
    const { world, machine, deploy } = waiting();
    const restart = machine.act('restart');
    world.runFor(2_000);
    expect(restart.value?.result).toBe('changed');
    machine.act('confirm');
    world.runFor(100);
    expect(deploy.value?.result).toBe('changed');
    expect(machine.running()).toEqual([two.digest]);
  });
  it('that nobody confirms is taken back when its time is up, and not before', () => {
    const { world, machine, deploy } = waiting();
    world.runFor(7_500);
    expect(machine.running()).toEqual([two.digest]);
    world.runFor(4_000);
    expect(deploy.value?.result).toBe('rolled-back');
    expect(deploy.value?.reason).toContain('nobody has confirmed it within 10 s');
    expect(machine.running()).toEqual([one.digest]);
  });
  it('is not taken back by the deadline of the one before, which was confirmed', () => {
    const { world, machine, deploy } = waiting();
    world.runFor(7_000);
    machine.act('confirm', [two.digest]);
    world.runFor(50);
    expect(deploy.value?.result).toBe('changed');
    machine.bring(world, three);
    machine.act('deploy', [three.digest, 'confirm=60']);
    world.runFor(20_000);
    expect(machine.record().underway).toMatchObject({ phase: 'awaiting-confirm' });
    expect(machine.running()).toEqual([three.digest]);
  });
  it('that waits to be confirmed is taken back at once where it dies for good', () => {
    const { world, machine, deploy } = waiting();
    machine.processes.behaves = ({ command: { cwd } }) =>
      cwd?.endsWith(two.digest) === true ? { refusal: 'no such program' } : undefined;
    for (let at = 0; at < 6; at += 1) {
      machine.processes.kill('web');
      world.runFor(300);
    }
    world.runFor(3_000);
    expect(deploy.value?.result).toBe('rolled-back');
    expect(machine.running()).toEqual([one.digest]);
  });
});

it('a release that waits to be confirmed is taken back as soon as it has died, where nothing starts it again', () => {
  const world = new World(1);
  const machine = new SlotMachine(world, 'A', shortRules, true);
  machine.isRespawned = false;
  machine.boot();
  world.runFor(500);
  const rig = { world, machine };
  keep(rig, one);
  machine.bring(world, two);
  const deploy = machine.act('deploy', [two.digest]);
  world.runFor(3_000);
  expect(machine.record().underway?.phase).toBe('awaiting-confirm');
  machine.processes.kill('web');
  world.runFor(slotLimits.lookMs + 100);
  expect(machine.record().underway?.phase).toBe('reverting');
  world.runFor(3_000);
  expect(deploy.value?.result).toBe('rolled-back');
  expect(machine.running()).toEqual([one.digest]);
});

/** A tree that was changed since it was made, and what it was made of. */
describe('a tree that was changed', () => {
  const changed = ['server.js: content'];
  const goneFrom = ({ machine }: Rig, { contents }: Made): void => {
    for (const sha256 of contents.keys()) machine.depots.contents.delete(sha256);
  };
  /** A deploy that goes back, while the bad release changes the other tree until it is dead. */
  const spoiled = (rig: Rig): ReturnType<SlotMachine['act']> => {
    const { world, machine } = rig;
    isBad(rig, '2');
    machine.bring(world, two);
    const deploy = machine.act('deploy', [two.digest]);
    while (machine.record().underway?.phase !== 'reverting') world.step();
    while (machine.running().includes(two.digest)) {
      machine.depots.misfits.set(one.digest, changed);
      world.step();
    }
    return deploy;
  };
  it('is made anew before the release runs that is gone back to', () => {
    const rig = upWith([one]);
    const deploy = spoiled(rig);
    expect(rig.machine.running()).toEqual([]);
    while (rig.machine.running().length === 0) rig.world.step();
    expect(rig.machine.depots.misfits.size).toBe(0);
    rig.world.runFor(10_000);
    expect(deploy.value?.result).toBe('rolled-back');
    expect(rig.machine.running()).toEqual([one.digest]);
    expect(rig.machine.logged('slot.tree-changed')).toMatchObject([{ release: one.digest }]);
  });
  it('and cannot be made anew is not run, also not by the next life, until its contents are brought', () => {
    const rig = upWith([one]);
    const { world, machine } = rig;
    goneFrom(rig, one);
    const deploy = spoiled(rig);
    world.runFor(20_000);
    expect(deploy.value?.result).toBe('rollback-failed');
    expect(deploy.value?.reason).toContain('its tree is not as it was made');
    machine.losePower();
    machine.boot();
    world.runFor(5_000);
    expect(machine.running()).toEqual([]);
    const first = machine.act('activate', [one.digest, 'no-confirm'], { operation: 'a1' });
    world.runFor(5_000);
    expect(first.value?.reason).toContain('there is no content');
    machine.bring(world, one);
    const second = machine.act('activate', [one.digest, 'no-confirm'], { operation: 'a2' });
    world.runFor(5_000);
    expect(second.value?.result).toBe('changed');
    expect(machine.running()).toEqual([one.digest]);
  });
  /** A deploy that loses to a later stop, while its release changes the other tree until it is dead. */
  const lost = (rig: Rig): ReturnType<SlotMachine['act']> => {
    const { world, machine } = rig;
    machine.bring(world, two);
    const deploy = machine.act('deploy', [two.digest]);
    while (machine.record().underway?.phase !== 'awaiting-confirm') world.step();
    machine.act('stop');
    while (machine.running().includes(two.digest)) {
      machine.depots.misfits.set(one.digest, changed);
      world.step();
    }
    return deploy;
  };
  it('is made anew where the deploy lost to a later stop, once nothing runs any more', () => {
    const rig = upWith([one]);
    const deploy = lost(rig);
    expect(rig.machine.depots.misfits.size).toBe(1);
    rig.world.runFor(3_000);
    expect(deploy.value).toMatchObject({
      result: 'superseded',
      lostTo: { action: 'stop', operation: expect.any(String) as string },
      reason: expect.stringMatching(
        /^Service web: deploy lost to a later stop \([^)]+\)\. It starts as web 1 \(rel:sha256-\w+\)\.$/,
      ) as string,
    });
    expect(rig.machine.depots.misfits.size).toBe(0);
    rig.machine.act('start');
    rig.world.runFor(1_000);
    expect(rig.machine.running()).toEqual([one.digest]);
  });
  it('and cannot be made anew then is logged, and holds up nobody', () => {
    const rig = upWith([one]);
    goneFrom(rig, one);
    lost(rig);
    rig.world.runFor(10_000);
    expect(rig.machine.logged('slot.tree-unsound')).toMatchObject([{ release: one.digest }]);
    rig.machine.bring(rig.world, three);
    const next = rig.machine.act('deploy', [three.digest, 'no-confirm'], { operation: 'next' });
    rig.world.runFor(5_000);
    expect(next.value?.result).toBe('changed');
  });
  it('is looked for again where the disk fails once on the way back', () => {
    const rig = upWith([one]);
    const { world, machine } = rig;
    const deploy = spoiled(rig);
    machine.depots.failAt = machine.depots.asked.length + 1;
    world.runFor(10_000);
    expect(deploy.value?.result).toBe('rolled-back');
    expect(machine.running()).toEqual([one.digest]);
  });
  it('is made anew on the way back also where the release is not to run', () => {
    const rig = upWith([one]);
    const { world, machine } = rig;
    machine.act('stop');
    world.runFor(2_000);
    const deploy = spoiled(rig);
    world.runFor(10_000);
    expect(deploy.value?.result).toBe('rolled-back');
    expect([machine.running(), machine.depots.misfits.size]).toEqual([[], 0]);
  });
  it('is found by the next life, which has the release run already, and run anew', () => {
    const rig = upWith([one]);
    const { world, machine } = rig;
    spoiled(rig);
    machine.losePower();
    machine.depots.misfits.set(one.digest, changed);
    machine.boot();
    const begun = machine.processes.started.length;
    world.runFor(20_000);
    expect(machine.depots.misfits.size).toBe(0);
    expect(machine.running()).toEqual([one.digest]);
    expect(machine.processes.started.length - begun).toBe(2);
    expect(machine.record()).toMatchObject({ current: one.digest });
    expect(machine.record().underway).toBeUndefined();
  });
  it('is made anew before somebody goes back to it by hand', () => {
    const { world, machine } = upWith([one, two]);
    machine.depots.misfits.set(one.digest, changed);
    const rollback = machine.act('rollback');
    world.runFor(3_000);
    expect(rollback.value?.result).toBe('changed');
    expect(machine.running()).toEqual([one.digest]);
    expect(machine.depots.misfits.size).toBe(0);
  });
  it('of the active release is made anew by a deploy of it, and runs again', () => {
    const { world, machine } = upWith([one]);
    const [pid] = machine.processes.living('web').map((each) => each.pid);
    machine.depots.misfits.set(one.digest, changed);
    const deploy = machine.act('deploy', [one.digest, 'no-confirm']);
    world.runFor(3_000);
    expect(deploy.value?.result).toBe('changed');
    expect(machine.depots.misfits.size).toBe(0);
    expect(machine.running()).toEqual([one.digest]);
    expect(machine.processes.living('web').map((each) => each.pid)).not.toEqual([pid]);
  });
  it('is looked through once for all who ask meanwhile for what is done already', () => {
    const { world, machine } = upWith([one, two]);
    const looks = (): number =>
      machine.depots.asked.filter((each) => each === `check web ${one.digest}`).length;
    const before = looks();
    const stages = [1, 2, 3].map((at) =>
      machine.act('stage', [one.digest], { operation: `s${at}` }),
    );
    world.runFor(100);
    expect(stages.map(({ value }) => value?.result)).toEqual(['ok', 'ok', 'ok']);
    expect(looks() - before).toBe(1);
    const later = machine.act('stage', [one.digest], { operation: 's4' });
    world.runFor(100);
    expect([later.value?.result, looks() - before]).toEqual(['ok', 2]);
  });
  it('is made anew where it is staged again, once', () => {
    const { world, machine } = upWith([one, two]);
    machine.depots.misfits.set(one.digest, changed);
    const before = machine.record().releases;
    const stage = machine.act('stage', [one.digest], { operation: 's1' });
    world.runFor(100);
    const again = machine.act('stage', [one.digest], { operation: 's2' });
    world.runFor(100);
    expect([stage.value?.result, again.value?.result]).toEqual(['changed', 'ok']);
    expect(machine.depots.misfits.size).toBe(0);
    expect(machine.record().releases).toEqual(before);
    expect(machine.running()).toEqual([two.digest]);
  });
});

describe('a confirmation', () => {
  it('counts only through a session that began after the release came up', () => {
    const { world, machine, deploy } = waiting();
    const upMs = machine.time.clock().now() - 2_000;
    const old = machine.act('confirm', [], { sinceMs: upMs - 1_500, operation: 'c1' });
    world.runFor(50);
    expect(refusal(old)).toContain('this connection is older');
    expect(deploy.value).toBeUndefined();
    const fresh = machine.act('confirm', [], { operation: 'c2' });
    world.runFor(50);
    expect(fresh.value?.result).toBe('changed');
  });
  it('of another release than the one that waits is refused', () => {
    const { world, machine } = waiting();
    const other = machine.act('confirm', [one.digest]);
    world.runFor(50);
    expect(refusal(other)).toContain('it is web 2');
    expect(machine.record().underway?.phase).toBe('awaiting-confirm');
  });
  it('of what is confirmed already is ok, of nothing is refused', () => {
    const { world, machine } = upWith([one]);
    const again = machine.act('confirm', [one.digest], { operation: 'c1' });
    const none = machine.act('confirm', [], { operation: 'c2' });
    world.runFor(50);
    expect(again.value?.result).toBe('ok');
    expect(refusal(none)).toContain('nothing waits to be confirmed');
  });
  it('of a service that does not run at that moment is refused', () => {
    const { world, machine } = waiting();
    machine.processes.kill('web');
    world.runFor(20);
    const confirm = machine.act('confirm');
    world.runFor(20);
    expect(refusal(confirm)).toContain('only what runs can be confirmed');
  });
});

describe('going back by hand', () => {
  it('leads to the release before, without anybody who confirms', () => {
    const { world, machine } = upWith([one, two]);
    const rollback = machine.act('rollback');
    world.runFor(3_000);
    expect(rollback.value?.result).toBe('changed');
    expect(machine.running()).toEqual([one.digest]);
    expect(machine.record()).toMatchObject({ current: one.digest, previous: two.digest });
  });
  it('leads to a release that is named, and refuses one that is not there', () => {
    const { world, machine } = upWith([one, two, three]);
    const none = machine.act('rollback', [release('9').digest], { operation: 'r1' });
    world.runFor(100);
    expect(refusal(none)).toContain('is not there');
    const rollback = machine.act('rollback', [one.digest], { operation: 'r2' });
    world.runFor(3_000);
    expect(rollback.value?.result).toBe('changed');
    expect(machine.running()).toEqual([one.digest]);
  });
  it('takes back what is on trial or waits to be confirmed', () => {
    const { world, machine, deploy } = waiting();
    const rollback = machine.act('rollback');
    world.runFor(3_000);
    expect(rollback.value?.result).toBe('changed');
    expect(deploy.value).toMatchObject({ result: 'rolled-back' });
    expect(deploy.value?.reason).toContain('it was rolled back');
    expect(rollback.value?.reason).toMatch(
      /^Service web: back at web 1 \(rel:sha256-[0-9a-f]{12}\)\.$/,
    );
    expect(machine.running()).toEqual([one.digest]);
  });
  it('calls off what has not been switched to', () => {
    const { world, machine } = upWith([one]);
    machine.bring(world, two);
    const deploy = machine.act('deploy', [two.digest]);
    while (machine.record().underway === undefined) world.step();
    const rollback = machine.act('rollback');
    world.runFor(3_000);
    expect([deploy.value?.result, rollback.value?.result]).toEqual(['cancelled', 'changed']);
    expect(machine.running()).toEqual([one.digest]);
  });
  it('calls off also what the disk is just being told of, and has it told otherwise', () => {
    const { world, machine } = upWith([one]);
    machine.bring(world, two);
    machine.depots.answerMs = 200;
    const deploy = machine.act('deploy', [two.digest]);
    while (machine.record().underway?.phase !== 'prechecked') world.step();
    world.runFor(5);
    const rollback = machine.act('rollback');
    world.runFor(3_000);
    expect([deploy.value?.result, rollback.value?.result]).toEqual(['cancelled', 'changed']);
    expect(machine.depots.asked).toContain(`point web ${two.digest}`);
    expect(machine.depots.current.get('web')).toBe(one.digest);
  });
  it('is told what it is back at, where it is, and what was called off instead', () => {
    const { world, machine } = upWith([one, two]);
    machine.bring(world, three);
    machine.act('deploy', [three.digest]);
    while (machine.record().underway === undefined) world.step();
    const told = [{}, {}, { args: [one.digest] }].map(({ args = [] }: { args?: string[] }, at) => {
      const rollback = machine.act('rollback', args, { operation: `r${at}` });
      world.runFor(3_000);
      return rollback.value?.reason?.replaceAll(/ \(?rel:\S+/g, '');
    });
    expect(told).toEqual([
      'Service web: deploy of was called off; web 2 is active as before.',
      'Service web: back at web 1',
      'Service web: web 1 is active already.',
    ]);
  });
  it('is not barred by what is being staged, at any moment of that: it calls it off, and goes back', () => {
    for (const ms of [0, 50, 150]) {
      const { world, machine } = upWith([one, two]);
      machine.bring(world, three);
      machine.depots.answerMs = 200;
      const stage = machine.act('stage', [three.digest]);
      while (machine.record().underway === undefined) world.step();
      world.runFor(ms);
      expect(machine.record().underway?.action).toBe('stage');
      const rollback = machine.act('rollback');
      world.runFor(3_000);
      expect([stage.value?.result, rollback.value?.result]).toEqual(['cancelled', 'changed']);
      expect(machine.running()).toEqual([one.digest]);
      expect(machine.record()).toMatchObject({ current: one.digest });
      const there = machine.record().releases.map(({ digest }) => digest);
      expect([...(machine.depots.trees.get('web')?.keys() ?? [])]).toEqual(there);
    }
  });
  it('leaves what is being staged alone where it is refused, or there is nothing to do', () => {
    const { world, machine } = upWith([one]);
    machine.bring(world, three);
    const stage = machine.act('stage', [three.digest]);
    while (machine.record().underway === undefined) world.step();
    const none = machine.act('rollback', [], { operation: 'r1' });
    const same = machine.act('rollback', [one.digest], { operation: 'r2' });
    world.runFor(3_000);
    expect(refusal(none)).toMatch(/no release before this one .*; 'releases' shows/);
    expect([same.value?.result, stage.value?.result]).toEqual(['ok', 'changed']);
  });
  it('is not taken back by somebody else who goes back, unless he says where to', () => {
    const { world, machine } = upWith([one, two]);
    const first = machine.act('rollback', [], { operation: 'r1' });
    while (machine.record().underway === undefined) world.step();
    const second = machine.act('rollback', [], { operation: 'r2' });
    world.runFor(3_000);
    expect(second.error).toMatchObject({ code: 'conflict' });
    expect(first.value?.result).toBe('changed');
    machine.act('rollback', [], { operation: 'r3' });
    while (machine.record().underway === undefined) world.step();
    const back = machine.act('rollback', [one.digest], { operation: 'r4' });
    world.runFor(3_000);
    expect(back.value?.reason).toContain('rollback of web 2');
    expect(machine.running()).toEqual([one.digest]);
  });
  it('leaves what comes late of what was called off to nobody', () => {
    const { world, machine } = upWith([one]);
    machine.bring(world, two);
    machine.bring(world, three);
    machine.act('deploy', [two.digest], { operation: 'd2' });
    while (machine.record().underway === undefined) world.step();
    machine.act('rollback');
    while (machine.record().underway !== undefined) world.step();
    const deploy = machine.act('deploy', [three.digest, 'no-confirm'], { operation: 'd3' });
    world.runFor(3_000);
    expect(deploy.value?.result).toBe('changed');
    expect(machine.record().releases.map(({ version }) => version)).toEqual(['1', '3']);
  });
  it('is refused where there is nothing before', () => {
    const { world, machine } = upWith([one]);
    const rollback = machine.act('rollback');
    world.runFor(100);
    expect(refusal(rollback)).toContain('no release before this one');
  });
});

describe('data that only go forward', () => {
  const forward = release('2', { dataMigration: 'forward-only' });
  it('are said before anything is touched, unless it is said what is to become of them', () => {
    const { world, machine } = upWith([one]);
    machine.bring(world, forward);
    const deploy = machine.act('deploy', [forward.digest]);
    world.runFor(3_000);
    expect(refusal(deploy)).toContain('it is not taken back by itself');
    expect(machine.record()).toMatchObject({ current: one.digest });
    expect(machine.running()).toEqual([one.digest]);
  });
  it('keep a release that is not well where it is, held', () => {
    const rig = upWith([one]);
    const { world, machine } = rig;
    isBad(rig, '2');
    machine.bring(world, forward);
    const deploy = machine.act('deploy', [forward.digest, 'no-confirm']);
    world.runFor(30_000);
    expect(deploy.value?.result).toBe('rollback-failed');
    expect(deploy.value?.reason).toContain('it is not taken back');
    expect(machine.running()).toEqual([forward.digest]);
    expect(machine.record()).toMatchObject({ current: forward.digest, previous: one.digest });
  });
  it('are what a service starts with that was stopped in the middle', () => {
    const rig = upWith([one]);
    const { world, machine } = rig;
    machine.bring(world, forward);
    const deploy = machine.act('deploy', [forward.digest, 'no-confirm']);
    world.runFor(700);
    expect(machine.record().underway?.phase).toBe('health-gate');
    machine.herd('stop', 'web');
    world.runFor(3_000);
    expect(deploy.value?.result).toBe('superseded');
    expect(deploy.value?.reason).toMatch(/It starts as web 2 .*, since it has changed data/);
    machine.herd('start', 'web');
    world.runFor(1_000);
    expect(machine.running()).toEqual([forward.digest]);
    expect(machine.depots.current.get('web')).toBe(forward.digest);
    const rollback = machine.act('rollback', [one.digest], { operation: 'r' });
    world.runFor(100);
    expect(refusal(rollback)).toContain("'accept-data-loss' switches to it all the same");
  });
  it('are given up where that is accepted', () => {
    const rig = upWith([one]);
    const { world, machine } = rig;
    isBad(rig, '2');
    machine.bring(world, forward);
    const deploy = machine.act('deploy', [forward.digest, 'accept-data-loss']);
    world.runFor(30_000);
    expect(deploy.value?.result).toBe('rolled-back');
    expect(machine.running()).toEqual([one.digest]);
  });
  it('are not gone back behind by hand either', () => {
    const { world, machine } = upWith([one, forward, three]);
    const refused = machine.act('rollback', [one.digest], { operation: 'r1' });
    world.runFor(100);
    expect(refusal(refused)).toContain("'accept-data-loss' switches to it all the same");
    const done = machine.act('rollback', [one.digest, 'accept-data-loss'], { operation: 'r2' });
    world.runFor(3_000);
    expect(done.value?.result).toBe('changed');
  });
});

describe('a deploy that is called off', () => {
  const cancel = ({ world, machine }: Rig, operation: string): unknown => {
    const cancelled = machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'cancel', operation, anybodys),
    );
    world.runFor(10);
    return cancelled.error ?? cancelled.value;
  };
  const revoke = ({ world, machine }: Rig): void => {
    const why = new ActorError('revoked', 'your grant has ended');
    machine.ask((turn, shepherd) => turn.call(shepherd, 'callOff', localRoot, why));
    world.runFor(10);
  };
  const begun = (rig: Rig, made: Made, ms: number): ReturnType<SlotMachine['act']> => {
    rig.machine.bring(rig.world, made);
    const deploy = rig.machine.act('deploy', [made.digest, 'confirm=5'], { operation: 'd' });
    rig.world.runFor(ms);
    return deploy;
  };
  it.each([0, 2, 4])('has touched nothing before it is switched to (%i ms)', (ms) => {
    const rig = upWith([one]);
    const deploy = begun(rig, two, 0);
    while (rig.machine.record().underway === undefined) rig.world.step();
    rig.world.runFor(ms);
    expect(rig.machine.record().underway?.phase).toMatch(/^(verified|staged|prechecked)$/);
    expect(cancel(rig, 'd')).toBeUndefined();
    rig.world.runFor(1_000);
    expect(deploy.value?.result).toBe('cancelled');
    expect(deploy.value?.reason).toContain('it was called off; web 1');
    expect(rig.machine.running()).toEqual([one.digest]);
    expect(rig.machine.depots.current.get('web')).toBe(one.digest);
    // What was staged by then stays, to be switched to another time.
    const kept = rig.machine.record().releases.map(({ digest }) => digest);
    expect([...(rig.machine.depots.trees.get('web')?.keys() ?? [])]).toEqual(kept);
  });
  it.each([
    ['activating', 20],
    ['health-gate', 700],
    ['awaiting-confirm', 3_000],
  ])('is taken back while it is %s', (phase, ms) => {
    const rig = upWith([one]);
    const deploy = begun(rig, two, ms);
    expect(rig.machine.record().underway?.phase).toBe(phase);
    cancel(rig, 'd');
    rig.world.runFor(3_000);
    expect(deploy.value?.result).toBe('rolled-back');
    expect(deploy.value?.reason).toContain('it was called off; back at web 1');
    expect(rig.machine.running()).toEqual([one.digest]);
    // What has ended is not taken back once more.
    expect(cancel(rig, 'd')).toBe('rolled-back');
  });
  it('goes on where data would be lost, and says so', () => {
    const rig = upWith([one]);
    const deploy = begun(rig, release('2', { dataMigration: 'forward-only' }), 0);
    rig.world.runFor(100);
    expect(refusal(deploy)).toContain('it is not taken back by itself');
    rig.machine.act(
      'deploy',
      [release('2', { dataMigration: 'forward-only' }).digest, 'no-confirm'],
      {
        operation: 'f',
      },
    );
    rig.world.runFor(700);
    expect(rig.machine.record().underway?.phase).toBe('health-gate');
    cancel(rig, 'f');
    expect(rig.machine.lines.join()).toContain('not called off: web 2');
    rig.world.runFor(3_000);
    expect(rig.machine.record().held).toBeUndefined();
    expect(rig.machine.record().current).toBe(
      release('2', { dataMigration: 'forward-only' }).digest,
    );
  });
  it('is none of somebody else', () => {
    const rig = upWith([one]);
    const deploy = begun(rig, two, 3_000);
    const other = principalOf('g-1');
    rig.machine.ask((turn) => turn.call(rig.machine.slot, 'cancel', 'd', other, true));
    rig.machine.ask((turn) => turn.call(rig.machine.slot, 'cancel', 'e', localRoot, true));
    rig.world.runFor(500);
    expect(rig.machine.record().underway?.phase).toBe('awaiting-confirm');
    expect(deploy.value).toBeUndefined();
  });
  it('by a right that ended has not begun, or goes on until nobody confirms it', () => {
    const early = upWith([one]);
    const soon = begun(early, two, 3);
    revoke(early);
    early.world.runFor(1_000);
    expect(soon.value?.result).toBe('cancelled');
    const late = upWith([one]);
    const deploy = begun(late, two, 3_000);
    revoke(late);
    late.world.runFor(500);
    expect(late.machine.record().underway?.phase).toBe('awaiting-confirm');
    late.world.runFor(10_000);
    expect(deploy.value?.reason).toContain('nobody has confirmed it within 5 s');
  });
});

describe('data that only go forward, of a release that is gone', () => {
  const forward = release('2', { dataMigration: 'forward-only' });
  const others = ['4', '5', '6'].map((version) => release(version));
  /** The first is pinned; the one that has changed the data was pruned. */
  const pastIt = (): Rig => {
    const rig = upWith([one]);
    rig.machine.act('pin', [one.digest], { operation: 'pin' });
    for (const each of [forward, three, ...others]) keep(rig, each);
    const digests = rig.machine.record().releases.map(({ digest }) => digest);
    expect([digests.includes(one.digest), digests.includes(forward.digest)]).toEqual([true, false]);
    return rig;
  };
  const isBarred = ({ world, machine }: Rig, action: string, made: Made, operation = 'x'): void => {
    const refused = machine.act(action, [made.digest, 'no-confirm'], { operation });
    world.runFor(3_000);
    expect(refusal(refused)).toContain('has changed data so that no release before it can use it');
  };
  it('bar the way back past it', () => {
    const rig = pastIt();
    isBarred(rig, 'rollback', one);
    const [, newest] = [...rig.machine.record().releases].reverse();
    const done = rig.machine.act('rollback', newest && [newest.digest], { operation: 'r2' });
    rig.world.runFor(3_000);
    expect(done.value?.result).toBe('changed');
  });
  it('bar it in the next life, too', () => {
    const rig = pastIt();
    rig.machine.crash();
    rig.machine.boot();
    rig.world.runFor(2_000);
    isBarred(rig, 'activate', one);
  });
  it('bar it for a release from before that was removed and is brought again', () => {
    const rig = upWith([one, forward, three, ...others]);
    expect(rig.machine.record().releases.map(({ digest }) => digest)).not.toContain(one.digest);
    rig.machine.bring(rig.world, one);
    isBarred(rig, 'deploy', one);
    rig.machine.act('stage', [one.digest], { operation: 'stage' });
    rig.world.runFor(500);
    isBarred(rig, 'activate', one, 'y');
  });
  it('bar nothing for a release that was never here, and nothing among those before it', () => {
    const rig = upWith([one, two, forward]);
    rig.machine.bring(rig.world, three);
    const fresh = rig.machine.act('deploy', [three.digest, 'no-confirm'], { operation: 'f' });
    rig.world.runFor(3_000);
    expect(fresh.value?.result).toBe('changed');
    const words = [two.digest, 'accept-data-loss'];
    rig.machine.act('activate', [...words, 'no-confirm'], { operation: 'b' });
    rig.world.runFor(3_000);
    expect(rig.machine.record().current).toBe(two.digest);
  });
});

describe('whom a slot trusts', () => {
  const pair = keyPair();
  const other = keyPair();
  const trust = { keys: [pair.text, other.text], needed: 2 };
  it('is asked when a release is offered: nothing is taken of one with too few signatures', () => {
    const { world, machine } = up({ trust });
    const offered = machine.offer(signed(one, pair));
    world.runFor(100);
    expect(offered.error).toMatchObject({ code: 'not-trusted' });
    expect(machine.depots.asked).toEqual([]);
    machine.bring(world, signed(one, pair, other));
    const deploy = machine.act('deploy', [one.digest, 'no-confirm']);
    world.runFor(3_000);
    expect(deploy.value?.result).toBe('changed');
  });
  it('is asked again when it is activated: a key may be revoked by then', () => {
    const { world, machine } = up({ trust });
    machine.bring(world, signed(one, pair, other));
    machine.act('stage', [one.digest]);
    world.runFor(200);
    expect(machine.record().releases).toHaveLength(1);
    machine.rules.now = { ...machine.rules.now, trust: { ...trust, revoked: [pair.text] } };
    machine.crash();
    machine.boot();
    world.runFor(500);
    const activate = machine.act('activate', [one.digest]);
    world.runFor(1_000);
    expect(refusal(activate)).toContain('is revoked');
    expect(machine.running()).toEqual([]);
  });
  it('counts a signature that is brought when the release is there already', () => {
    const { world, machine } = up({ trust: { ...trust, needed: 1 } });
    machine.bring(world, signed(one, pair));
    machine.act('stage', [one.digest]);
    world.runFor(200);
    machine.ask((turn) => turn.call(machine.slot, 'rule', { ...shortRules, trust }));
    const refused = machine.act('activate', [one.digest], { operation: 'a1' });
    world.runFor(100);
    expect(refusal(refused)).toContain('2 trusted keys must have');
    machine.offer(signed(one, pair, other));
    world.runFor(100);
    const activated = machine.act('activate', [one.digest, 'no-confirm'], { operation: 'a2' });
    world.runFor(3_000);
    expect(activated.value?.result).toBe('changed');
  });
  it('forgets no signature that counts, and writes nothing, when the release is offered with others', () => {
    const { world, machine } = up({ trust: { ...trust, needed: 1 } });
    machine.bring(world, signed(one, pair, other));
    machine.act('stage', [one.digest]);
    world.runFor(200);
    const { generation, releases } = machine.record();
    const strangers = Array.from({ length: releaseLimits.signatureCount - 1 }, keyPair);
    machine.offer(signed(one, pair));
    machine.offer(signed(one, other, ...strangers));
    world.runFor(100);
    expect(machine.record()).toMatchObject({ generation, releases });
    expect(releases[0]?.signatures).toHaveLength(2);
  });
  it('counts at most so many signatures of one release, those that count before all others', () => {
    const keys = Array.from({ length: releaseLimits.signatureCount + 1 }, keyPair);
    const many = { keys: keys.map(({ text }) => text), needed: 1 };
    const { world, machine } = up({ trust: many });
    const [first = pair, ...rest] = keys;
    const strangers = Array.from({ length: releaseLimits.signatureCount - 1 }, keyPair);
    machine.bring(world, signed(one, first, ...strangers));
    machine.act('stage', [one.digest]);
    world.runFor(200);
    machine.offer(signed(one, ...rest));
    world.runFor(100);
    const { generation, releases } = machine.record();
    const signers = releases[0]?.signatures.map(({ key }) => key) ?? [];
    expect(signers).toHaveLength(releaseLimits.signatureCount);
    expect(signers).toContain(first.text);
    for (const signer of signers) expect(many.keys).toContain(signer);
    machine.offer(signed(one, ...rest));
    world.runFor(100);
    expect(machine.record().generation).toBe(generation);
  });
  it('is asked again when what was brought is staged', () => {
    const { world, machine } = up({ trust: { ...trust, needed: 1 } });
    machine.bring(world, signed(one, pair));
    machine.ask((turn) => turn.call(machine.slot, 'rule', { ...shortRules, trust }));
    const staged = machine.act('stage', [one.digest]);
    world.runFor(200);
    expect(staged.error).toMatchObject({ code: 'not-trusted' });
  });
  it('may be narrowed to some releases and to a time', () => {
    const wallMs = 1_700_000_000_000;
    const narrow = up({ trust: { keys: [], needed: 0, digests: [two.digest] } });
    const late = up({ trust: { keys: [], needed: 0, untilMs: wallMs } });
    const offers = [narrow.machine.offer(one), narrow.machine.offer(two), late.machine.offer(one)];
    for (const { world } of [narrow, late]) world.runFor(100);
    expect(offers.map(({ error }) => error !== undefined)).toEqual([true, false, true]);
  });
  it('begins and ends at an instant, and never closes the way back', () => {
    const [fromMs, untilMs] = [1_700_000_001_000, 1_700_000_020_000];
    const { world, machine } = up({ trust: { keys: [], needed: 0, fromMs, untilMs } });
    const runTo = (wallMs: number): void => world.runFor(wallMs - 1_700_000_000_000 - world.now);
    const offerAt = (wallMs: number, made: Made): unknown => {
      runTo(wallMs);
      const offered = machine.offer(made);
      world.runFor(0);
      return offered.error?.message;
    };
    expect(offerAt(fromMs - 1, one)).toContain('takes no release before 2023-11-14T22:13:21.000Z');
    expect(offerAt(fromMs, one)).toBeUndefined();
    keep({ world, machine }, one);
    keep({ world, machine }, two);
    expect(offerAt(untilMs - 1, three)).toBeUndefined();
    expect(offerAt(untilMs, three)).toContain('any more, since 2023-11-14T22:13:40.000Z');
    const activate = machine.act('activate', [one.digest, 'no-confirm'], { operation: 'a' });
    world.runFor(100);
    expect(refusal(activate)).toContain('takes no release any more');
    const rollback = machine.act('rollback', [], { operation: 'r' });
    world.runFor(3_000);
    expect(rollback.value?.result).toBe('changed');
  });
  it('is over for what was asked for in time, and is not switched to by then', () => {
    const rules = { trust: { keys: [], needed: 0, untilMs: 1_700_000_002_000 } };
    const { world, machine } = up(rules);
    machine.bring(world, one);
    machine.depots.answerMs = 1_000;
    world.runFor(1_500 - world.now);
    const deploy = machine.act('deploy', [one.digest, 'no-confirm']);
    world.runFor(5_000);
    expect(deploy.value).toMatchObject({ result: 'failed' });
    expect(deploy.value?.reason).toContain('takes no release any more');
    expect(machine.running()).toEqual([]);
  });
  it('does not take a release for another platform', () => {
    const { world, machine } = up();
    const strange = release('1', { platform: 'win32-arm64' });
    expect(() => machine.bring(world, strange)).toThrow('is for win32-arm64');
    const deploy = machine.act('deploy', [strange.digest]);
    world.runFor(100);
    expect(refusal(deploy)).toContain('was not brought');
  });
});

describe('what is kept', () => {
  it('is what is active, before it, pinned, and so many more: the rest goes with a commit', () => {
    const made = ['1', '2', '3', '4', '5', '6'].map((version) => release(version));
    const rig = upWith(made.slice(0, 1), { keepCount: 1 });
    const { world, machine } = rig;
    machine.act('pin', [made[0]?.digest ?? '']);
    world.runFor(100);
    for (const each of made.slice(1)) keep(rig, each);
    const versions = machine.record().releases.map(({ version }) => version);
    expect(versions).toEqual(['1', '4', '5', '6']);
    world.runFor(100);
    expect(machine.depots.trees.get('web')?.size).toBe(4);
    machine.act('unpin', [made[0]?.digest ?? '']);
    const pruned = machine.act('prune');
    world.runFor(100);
    expect(pruned.value).toMatchObject({ result: 'changed' });
    expect(machine.record().releases.map(({ version }) => version)).toEqual(['4', '5', '6']);
    expect(machine.depots.trees.get('web')?.size).toBe(3);
  });
  it('is not what whoever prunes has brought for nothing', () => {
    const { world, machine } = upWith([release('1')]);
    machine.depots.idleCount = 3;
    const pruned = machine.act('prune', [], { principal: principalOf('g-1') });
    world.runFor(100);
    const reason = 'Service web: 3 files went that nobody has staged.';
    expect(pruned.value).toMatchObject({ result: 'ok', reason });
    expect(machine.depots.givenUp).toEqual([['g-1', 'g-1']]);
  });
  it('includes what is pending, also while somebody prunes', () => {
    const { world, machine, deploy } = waiting({ keepCount: 0 });
    machine.act('prune');
    world.runFor(100);
    machine.act('confirm');
    world.runFor(100);
    expect(deploy.value?.result).toBe('changed');
    expect(machine.record().releases.map(({ version }) => version)).toEqual(['1', '2']);
  });
  it('is shown, the newest first', () => {
    const { world, machine } = upWith([one, two]);
    const shown = machine.act('releases');
    world.runFor(100);
    expect(shown.value?.output).toEqual([
      `${two.digest} web 2 8 current`,
      `${one.digest} web 1 8 previous`,
    ]);
  });
});

describe('how much of the disk a slot takes', () => {
  const bytes = 'server 1'.length;
  it('is the files of its releases, to the byte, and it says so before any is brought', () => {
    const { world, machine } = up({ mostBytes: 2 * bytes });
    machine.bring(world, one);
    machine.act('stage', [one.digest], { operation: 's1' });
    world.runFor(100);
    machine.act('pin', [one.digest], { operation: 'p1' });
    machine.bring(world, two);
    const second = machine.act('stage', [two.digest], { operation: 's2' });
    world.runFor(100);
    expect(second.value?.result).toBe('changed');
    machine.act('pin', [two.digest], { operation: 'p2' });
    world.runFor(100);
    expect(() => machine.bring(world, three)).toThrow(
      'Service web: the files of this release have 8 bytes, beside 16 bytes of those that are kept, and 16 bytes is',
    );
    machine.act('unpin', [one.digest], { operation: 'u1' });
    world.runFor(100);
    machine.rules.now = { ...machine.rules.now, keepCount: 0 };
    machine.ask((turn) => turn.call(machine.slot, 'rule', machine.rules.now));
    machine.bring(world, three);
    const third = machine.act('stage', [three.digest], { operation: 's3' });
    world.runFor(200);
    expect(third.value?.result).toBe('changed');
    // What nobody needs has gone for it.
    const kept = [two.digest, three.digest];
    expect(machine.record().releases.map(({ digest }) => digest)).toEqual(kept);
    expect([...(machine.depots.trees.get('web')?.keys() ?? [])].sort()).toEqual([...kept].sort());
  });
  it('is judged again when it is staged: somebody else may have been faster', () => {
    const { world, machine } = up({ mostBytes: bytes });
    machine.bring(world, one);
    machine.bring(world, two);
    machine.act('deploy', [one.digest, 'no-confirm'], { operation: 'd1' });
    world.runFor(3_000);
    const late = machine.act('stage', [two.digest], { operation: 's2' });
    world.runFor(100);
    expect(refusal(late)).toContain('(maxMiB, keep and pin decide)');
    expect(machine.record().releases).toHaveLength(1);
  });
});

describe('what an action takes', () => {
  const { confirmLeastMs, confirmMostMs } = slotLimits;
  it('is a wait between two bounds, and no other word', () => {
    const { world, machine } = upWith([one]);
    machine.bring(world, two);
    const [least, most] = [confirmLeastMs / 1_000, confirmMostMs / 1_000];
    const bad = [
      [`confirm=${least - 1}`],
      [`confirm=${most + 1}`],
      ['confirm=1.5'],
      ['confirm=5', 'no-confirm'],
      ['no-confirm', 'no-confirm'],
      ['force'],
      [three.digest],
    ].map((args, at) => machine.act('deploy', [two.digest, ...args], { operation: `b${at}` }));
    const bare = machine.act('deploy', [], { operation: 'bare' });
    world.runFor(100);
    for (const each of [...bad, bare]) expect(each.error).toMatchObject({ code: 'bad-request' });
    expect(machine.record().underway).toBeUndefined();
    machine.act('deploy', [two.digest, `confirm=${most}`]);
    world.runFor(3_000);
    expect(machine.record().underway).toMatchObject({ confirmMs: confirmMostMs });
  });
  it('pins so many releases and no more, and takes another to be deployed all the same', () => {
    const rig = upWith([one], { keepCount: slotLimits.releaseCount });
    const { world, machine } = rig;
    for (let at = 2; at <= slotLimits.pinCount + 1; at += 1) {
      const made = release(`${at}`);
      machine.bring(world, made);
      machine.act('stage', [made.digest], { operation: `s${at}` });
      world.runFor(50);
      machine.act('pin', [made.digest], { operation: `p${at}` });
      world.runFor(50);
    }
    expect(machine.record().pinned).toHaveLength(slotLimits.pinCount);
    const refused = machine.act('pin', [one.digest], { operation: 'over' });
    world.runFor(100);
    expect(refusal(refused)).toContain('unpin some');
    keep(rig, release('over'));
  });
  it('is remembered for those who ask again, as long as it is among the last', () => {
    const { world, machine } = upWith([one]);
    for (let at = 0; at < slotLimits.endedCount; at += 1) {
      machine.act(at % 2 === 0 ? 'pin' : 'unpin', [one.digest], { operation: `p${at}` });
      world.runFor(50);
    }
    expect(machine.record().ended).toHaveLength(slotLimits.endedCount);
    expect(machine.record().ended[0]).toMatchObject({ action: 'pin', operation: 'p0' });
  });
  it('tells whoever waits how far it is', () => {
    const { machine } = waiting();
    const said = machine.lines.slice(-6).map((line) => line.slice(3));
    expect(said.map((line) => line.replace(/ \(rel.*?\)/, ''))).toEqual([
      `Service web: ${two.digest.slice(0, 23)} is there; its tree is made.`,
      'Service web: web 2 is staged; its tree is looked through.',
      'Service web: web 2 is about to be switched to.',
      'Service web: web 2 is being activated.',
      'Service web: web 2 is up, and tried out.',
      'Service web: web 2 is well, and waits to be confirmed, for 10 s.',
    ]);
  });
});
