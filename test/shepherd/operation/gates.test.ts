/** A restart batch by batch on one machine: what really runs at each moment, and what a killed daemon leaves. */
import { World } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import {
  limits,
  type Outcome,
  type Request,
  type Rolling,
  type ServiceConfig,
} from '@bellwether/shepherd';
import { complaints, herd, makeGroup, run } from '../../support/shepherd-graph.ts';
import { anybodys, Machine, program, type Asked } from '../../support/shepherd-machine.ts';

const names = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
interface Bench {
  readonly world: World;
  readonly machine: Machine;
}
/** Six services under a fleet, all running; not rehearsed where a test looks at every step. */
const fleetOf = (
  services: readonly ServiceConfig[],
  members: readonly string[],
  seed = 5,
): Bench => {
  const world = new World(seed);
  const machine = new Machine(world, 'A', {
    services,
    setUp: (turn, shepherd) => {
      const group = turn.spawn(makeGroup, 'fleet', members);
      turn.call(shepherd, 'registerAggregate', group);
    },
  });
  machine.boot();
  world.run();
  return { world, machine };
};
const six = (seed?: number): Bench => {
  const it = fleetOf(
    names.map((name) => run(name)),
    names,
    seed,
  );
  herd(it, 'start', 'fleet');
  return it;
};
const roll = (it: Bench, rolling: Rolling, more: Partial<Request> = {}): Asked<Outcome> =>
  it.machine.herd('restart', 'fleet', { operation: 'op-1', rolling, ...more });
const rowsOf = ({ value }: Asked<Outcome>): readonly string[] =>
  (value?.rows ?? []).map(({ member, result }) => `${member} ${result}`);
const isRunning = ({ machine }: Bench, name: string): boolean =>
  machine.processes.living(name).length > 0;
/** Runs on, step by step, and answers how many members there were at least. */
const leastOf = (it: Bench, members: readonly string[] = names): number => {
  let least = members.length;
  do least = Math.min(least, members.filter((name) => isRunning(it, name)).length);
  while (it.world.step());
  return least;
};
const startsOf = ({ machine }: Bench, name: string): number =>
  machine.processes.started.filter((each) => each === name).length;
const again = (it: Bench): void => {
  it.machine.boot();
  it.world.run();
};
const retried = (it: Bench): Asked<Outcome> => it.machine.retry('op-1');

describe('a restart batch by batch', () => {
  it('never has more members down than may be, and restarts each once, in their order', () => {
    const it = six();
    const asked = roll(it, { batch: 3, maxUnavailable: 1 });
    expect(leastOf(it)).toBe(5);
    expect(rowsOf(asked)).toEqual(names.map((name) => `${name} changed`));
    expect(it.machine.processes.started.slice(6)).toEqual(names);
    expect(complaints(it.machine)).toEqual([]);
  });
  it('goes as fast as it may', () => {
    const it = six();
    roll(it, { batch: '50%' });
    expect(leastOf(it)).toBe(3);
  });
  it('waits between two batches, and that is nobody’s patience', () => {
    const it = six();
    const startedAt = it.world.now;
    const asked = roll(it, { batch: 2, pauseMs: 60_000 }, { remainingMs: 10_000 });
    it.world.run();
    expect(asked.value).toMatchObject({ result: 'changed' });
    expect(asked.value?.isLate).toBeUndefined();
    expect(it.world.now - startedAt).toBeGreaterThan(120_000);
    expect(it.machine.lines.filter((line) => line.includes('batch'))).toEqual([
      'A: Service fleet: batch 1 of 3.',
      'A: Service fleet: batch 2 of 3.',
      'A: Service fleet: batch 3 of 3.',
    ]);
  });
  it('goes on after a pause whose end lies between two looks at the clock', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const it = six(seed);
      it.machine.time.readingMs = 0.1;
      const asked = roll(it, { batch: 1, pauseMs: 60_000 });
      it.world.run();
      expect(asked.value, `seed ${seed}`).toMatchObject({ result: 'changed' });
    }
  });
  it('tells of each step in which batch it is, and when that was let pass, from memory and from the disk', () => {
    const it = six();
    it.machine.processes.programs.set('c', { refusal: 'no such program' });
    roll(it, { batch: 2, canary: 1, pauseMs: 60_000 });
    it.world.run();
    const told = (): readonly (readonly [
      string,
      number | undefined,
      boolean,
      number | undefined,
    ])[] => {
      const asked = it.machine.report('op-1');
      it.world.run();
      return (asked.value?.steps ?? []).map(({ service, batch, isCanary = false, openedMs }) => [
        service,
        batch,
        isCanary,
        openedMs,
      ]);
    };
    const before = told();
    const batchOf = new Map(
      before.map(([service, batch, isCanary]) => [service, [batch, isCanary]]),
    );
    expect(Object.fromEntries(batchOf)).toEqual({
      ...{ a: [1, true], b: [2, false], c: [2, false] },
      ...{ d: [3, false], e: [3, false], f: [4, false], fleet: [undefined, false] },
    });
    const openedOf = (name: string): number | undefined =>
      before.find(([service]) => service === name)?.[3];
    expect((openedOf('b') ?? 0) - (openedOf('a') ?? 0)).toBeGreaterThanOrEqual(60_000);
    expect(openedOf('d')).toBeUndefined();
    it.machine.crash();
    again(it);
    expect(told()).toEqual(before);
  });
  it('stops at the first that fails, and says who it was', () => {
    const it = six();
    it.machine.processes.programs.set('b', { refusal: 'no such program' });
    const asked = roll(it, { batch: 1 });
    it.world.run();
    expect(rowsOf(asked)).toEqual([
      'a changed',
      'b failed',
      ...['c', 'd', 'e', 'f'].map((name) => `${name} skipped`),
    ]);
    expect(asked.value?.rows[3]).toMatchObject({
      reason: 'left as it is: 1 member failed, and none may',
      cause: { member: 'b', reason: expect.stringContaining('no such program') as string },
    });
    expect(it.machine.lines.at(-1)).toBe(
      'A: Service fleet: stopped in batch 3 of 6: left as it is: 1 member failed, and none may.',
    );
    for (const name of ['c', 'd', 'e', 'f']) expect(startsOf(it, name)).toBe(1);
  });
  it('goes on over as many as may fail, as long as enough may be unavailable', () => {
    const it = six();
    it.machine.processes.programs.set('b', { refusal: 'no such program' });
    const asked = roll(it, { batch: 1, maxUnavailable: 2, maxFailed: 1 });
    expect(leastOf(it)).toBe(4);
    expect(rowsOf(asked).filter((row) => row.endsWith(' changed'))).toHaveLength(5);
  });
  it('leaves all others alone where the canary fails, whatever may fail', () => {
    const it = six();
    it.machine.processes.programs.set('a', { refusal: 'no such program' });
    const asked = roll(it, { batch: 5, maxUnavailable: 5, maxFailed: 5, canary: 1 });
    it.world.run();
    expect(rowsOf(asked)).toEqual(['a failed', ...names.slice(1).map((name) => `${name} skipped`)]);
    expect(it.machine.processes.started).toHaveLength(6);
  });
  it('begins with who does not serve, which takes nothing away', () => {
    const it = six();
    herd(it, 'stop', 'd');
    const asked = roll(it, { batch: 1 });
    expect(leastOf(it)).toBe(5);
    expect(rowsOf(asked)).toEqual(names.map((name) => `${name} changed`));
    expect(it.machine.processes.started.slice(6)).toEqual(['d', 'a', 'b', 'c', 'e', 'f']);
  });
  it('stops where somebody dies of something else', () => {
    const it = six();
    const asked = roll(it, { batch: 1, pauseMs: 1_000 });
    it.world.runFor(500);
    it.machine.processes.kill('f');
    it.world.run();
    expect(rowsOf(asked)).toEqual([
      'a changed',
      ...names.slice(1).map((name) => `${name} skipped`),
    ]);
    expect(asked.value?.rows[1]).toMatchObject({
      reason:
        "left as it is: 1 member does not serve, and at most 1 may be unavailable ('--max-unavailable 2' goes on)",
      cause: { member: 'f', reason: 'it does not serve' },
    });
  });
  it('waits for who comes back in time', () => {
    const it = six();
    const asked = roll(it, { batch: 1, pauseMs: 1_000 });
    it.world.runFor(500);
    it.machine.processes.kill('f');
    it.world.runFor(3_000);
    herd(it, 'start', 'f');
    expect(rowsOf(asked)).toEqual(names.map((name) => `${name} changed`));
  });
  it.each([
    ['waits', -500, 'changed'],
    ['gives up', 500, 'skipped'],
  ])('%s, %i ms from the end of that time', (_what, ms, result) => {
    const it = six();
    const asked = roll(it, { batch: 1, pauseMs: 1_000 });
    it.world.runFor(500);
    it.machine.processes.kill('f');
    // The pause is over 500 ms from now, and a little for the restart of the first.
    it.world.runFor(500 + limits.rollSettleMs + ms);
    herd(it, 'start', 'f');
    expect(rowsOf(asked)).toEqual([
      'a changed',
      ...names.slice(1).map((name) => `${name} ${result}`),
    ]);
  });
  it('that is called off finishes who is at his turn, and begins nobody else', () => {
    const it = six();
    const asked = roll(it, { batch: 1 });
    while (isRunning(it, 'b')) it.world.step();
    it.machine.ask((turn, shepherd) => turn.send(shepherd, 'cancel', 'op-1', anybodys));
    it.world.run();
    expect(rowsOf(asked)).toEqual([
      'a changed',
      'b changed',
      ...['c', 'd', 'e', 'f'].map((name) => `${name} cancelled`),
    ]);
    expect(names.every((name) => isRunning(it, name))).toBe(true);
  });
  it('leaves alone whom a later command wants otherwise', () => {
    const it = six();
    const asked = roll(it, { batch: 1, maxUnavailable: 2 });
    while (isRunning(it, 'a')) it.world.step();
    it.machine.herd('stop', 'e', { operation: 'op-2' });
    it.world.run();
    expect(rowsOf(asked)).toContain('e superseded');
    expect(isRunning(it, 'e')).toBe(false);
    it.machine.crash();
    again(it);
    expect(isRunning(it, 'e')).toBe(false);
  });
  it('is overtaken by a later stop of all, which is nobody’s failure', () => {
    const it = six();
    const asked = roll(it, { batch: 1, pauseMs: 60_000 });
    it.world.runFor(500);
    herd(it, 'stop', 'fleet');
    expect(rowsOf(asked)).toEqual([
      'a changed',
      ...names.slice(1).map((name) => `${name} superseded`),
    ]);
    expect(asked.value?.rows[1]?.reason).toContain('lost to a later stop');
    expect(it.machine.lines.join('\n')).not.toContain('failed');
    expect(names.some((name) => isRunning(it, name))).toBe(false);
  });
  it('goes on where one that it was through with is stopped, as long as enough serve', () => {
    const it = six();
    const asked = roll(it, { batch: 1, pauseMs: 1_000, maxUnavailable: 2 });
    it.world.runFor(500);
    herd(it, 'stop', 'a');
    expect(rowsOf(asked)).toEqual(names.map((name) => `${name} changed`));
    expect(isRunning(it, 'a')).toBe(false);
  });
  it('takes down together what requires one another, and refuses where too few may be', () => {
    const it = fleetOf([run('a'), run('b', 'a'), run('c')], ['a', 'b', 'c']);
    herd(it, 'start', 'fleet');
    const refused = roll(it, { batch: 1 });
    it.world.run();
    expect(refused.error).toMatchObject({
      code: 'bad-request',
      message:
        'a, b require one another and go down together: 2 would be unavailable at a time, and at most 1 may',
    });
    const asked = roll(it, { batch: 2 });
    it.world.run();
    expect(rowsOf(asked)).toEqual(['a changed', 'b changed', 'c changed']);
    expect(it.machine.processes.started.slice(3)).toEqual(['a', 'b', 'c']);
  });
  it('takes what hangs on two members down for one after the other', () => {
    const it = fleetOf([run('a'), run('b'), run('web', 'a', 'b')], ['a', 'b']);
    herd(it, 'start', 'web');
    const asked = roll(it, { batch: 2 });
    it.world.run();
    expect(rowsOf(asked)).toEqual(['a changed', 'b changed']);
    expect(it.machine.processes.started.slice(3)).toEqual(['a', 'web', 'b', 'web']);
    expect(asked.value?.rows[0]?.also).toEqual(['web']);
  });
  it('is refused for what is no fleet', () => {
    const it = six();
    const asked = it.machine.herd('restart', 'a', { rolling: { batch: 1 } });
    it.world.run();
    expect(asked.error).toMatchObject({
      code: 'bad-request',
      message: "service 'a' is no fleet: it has no members to go in batches",
    });
  });
  it('is another command than the same one without batches', () => {
    const it = six();
    roll(it, { batch: 1 });
    it.world.run();
    const asked = roll(it, { batch: 2 });
    it.world.run();
    expect(asked.error).toMatchObject({ code: 'conflict' });
  });
});

describe('a daemon that is killed in a restart batch by batch', () => {
  const policy: Rolling = { batch: 2, maxUnavailable: 1, pauseMs: 300 };
  /** How many steps of the world the whole takes. */
  const stepCount = (): number => {
    const it = six();
    roll(it, policy);
    let count = 0;
    while (it.world.step()) count += 1;
    return count;
  };
  it('at any moment leaves a true record, and a retry does the rest and nobody twice', () => {
    const most = stepCount();
    expect(most).toBeGreaterThan(60);
    for (let at = 0; at < most; at += 1) {
      const it = six();
      roll(it, policy);
      for (let step = 0; step < at; step += 1) it.world.step();
      it.machine.crash();
      it.machine.boot();
      const least = leastOf(it);
      const where = `killed after ${at} steps`;
      expect(least, where).toBeGreaterThanOrEqual(5);
      const isTaken = it.machine.ask((turn, shepherd) =>
        turn
          .call(shepherd, 'operations', {}, anybodys)
          .some(({ operation }) => operation === 'op-1'),
      );
      it.world.run();
      if (isTaken.value !== true) continue;
      const report = it.machine.report('op-1');
      it.world.run();
      expect(report.value?.endedMs, where).toBeDefined();
      // Nothing goes on by itself, but for who was at his turn; and what the record says was done, was.
      for (const name of names) {
        const start = report.value?.steps.find(
          (step) => step.service === name && step.action === 'start',
        );
        const isDone = start?.row?.result === 'changed';
        expect(['changed', 'skipped'], where).toContain(start?.row?.result);
        expect(startsOf(it, name), `${name} ${where}`).toBe(isDone ? 2 : 1);
      }
      const asked = retried(it);
      expect(leastOf(it), where).toBeGreaterThanOrEqual(5);
      expect(rowsOf(asked), where).toEqual(names.map((name) => `${name} changed`));
      for (const name of names) expect(startsOf(it, name), `${name} ${where}`).toBe(2);
      // The kill itself is one of them.
      expect(complaints(it.machine), where).toHaveLength(1);
    }
  });
  it('does not start who was stopped and whose turn had not come', () => {
    const it = six();
    herd(it, 'stop', 'e');
    herd(it, 'stop', 'f');
    it.machine.processes.programs.set('e', { spawnMs: 60_000 });
    roll(it, { batch: 1 });
    it.world.runFor(1_000);
    it.machine.crash();
    it.machine.processes.programs.delete('e');
    again(it);
    expect(isRunning(it, 'f')).toBe(false);
  });
  it('judges by the same policy when it is tried again', () => {
    const it = six();
    it.machine.processes.programs.set('b', { refusal: 'no such program' });
    roll(it, { batch: 1 });
    it.world.run();
    const still = retried(it);
    it.world.run();
    expect(rowsOf(still).slice(0, 3)).toEqual(['a changed', 'b failed', 'c skipped']);
    it.machine.processes.programs.delete('b');
    const asked = retried(it);
    expect(leastOf(it)).toBe(5);
    expect(rowsOf(asked)).toEqual(names.map((name) => `${name} changed`));
    for (const name of names) expect(startsOf(it, name)).toBe(2);
  });
});
// A program that is ready late is no member that serves.
describe('a member that is ready late', () => {
  it('is unavailable until it is', () => {
    const slow = names.map((name) =>
      program({
        provision: [name],
        ready: { kind: 'http', url: `http://${name}/`, timeoutMs: 20_000 },
      }),
    );
    const it = fleetOf(slow, names);
    herd(it, 'start', 'fleet');
    const since = new Map<string, number>();
    it.machine.probes.isReady = (target) => {
      const name = target.slice(7, -1);
      const began = since.get(name) ?? it.world.now;
      since.set(name, began);
      return it.world.now - began > 2_000;
    };
    const startedAt = it.world.now;
    const asked = roll(it, { batch: 6, maxUnavailable: 1 });
    it.world.run();
    expect(rowsOf(asked)).toEqual(names.map((name) => `${name} changed`));
    expect(it.world.now - startedAt).toBeGreaterThan(6 * 2_000);
  });
});
