/** What happens to machines: they reboot, sleep, have their clocks set, and lose a process here and there. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { describe, expect } from 'vitest';
import { openState } from '@bellwether/store';
import { afterReboot, settableClock } from '../support/machine-faults.ts';
import { it, together } from '../support/placed.ts';
import { configOf, eventually, isAlive, type Daemon, type Place } from '../support/programs.ts';
import { pidOf, processesOf, statusOf } from '../support/shown.ts';

const isRoot = process.getuid?.() === 0;
const services = `
  service({ provision: ['wanted'], start: exec(['sleep', '611']), respawn: true }),
  service({ provision: ['left'], start: exec(['sleep', '612']), respawn: true }),
  service({ provision: ['slow'], start: exec(['sleep', '613']),
            ready: { tcp: '127.0.0.1:1', timeoutSeconds: 60 } })`;

const machine = (place: Place): Promise<Daemon> => place.shepherd('a', configOf('A', services));

/** A process of somebody else. */
const bystander = (place: Place): number => {
  const { pid } = spawn('sleep', ['614'], { detached: true, stdio: 'ignore' });
  if (pid === undefined) throw new Error('no bystander');
  place.atEnd(() => process.kill(pid, 'SIGKILL'));
  return pid;
};
/** Rewrites the record of the one process that a shepherd has. */
const editRecord = async (
  folder: string,
  changed: { readonly pid: number; readonly startTime?: string },
): Promise<void> => {
  const store = await openState(folder);
  const [record] = store.held('running');
  expect(store.held('running')).toHaveLength(1);
  if (record === undefined) return;
  const running = { ...record.running, ...changed };
  const failure = await new Promise((resolve) =>
    store.commit([{ kind: 'running', running }], resolve),
  );
  expect(failure).toBe(undefined);
  await store.close();
};
const startTimeOf = (pid: number): string =>
  fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[21] ?? '';

describe('a machine that was switched off and on', together, () => {
  it.skipIf(!isRoot)(
    'starts what was wanted, leaves what was stopped, and takes nobody for its service',
    async ({ place }) => {
      const daemon = await machine(place);
      await daemon.herd('start', 'wanted');
      await daemon.herd('start', 'left');
      await daemon.herd('stop', 'left');
      const before = await pidOf(daemon, 'wanted');
      await daemon.kill('SIGKILL');
      process.kill(-before, 'SIGKILL');
      await eventually('all is gone', () => processesOf(place, 'sleep').length === 0);
      // The number, and even the time since the boot, are those of another process today.
      const other = bystander(place);
      await editRecord(daemon.folder, { pid: other, startTime: startTimeOf(other) });
      const next = await place.again(daemon, afterReboot(place));
      await eventually(
        'it runs again',
        async () => (await statusOf(next, 'wanted')).stage === 'running',
      );
      expect(await pidOf(next, 'wanted')).not.toBe(other);
      expect(processesOf(place, 'sleep', '611')).toEqual([await pidOf(next, 'wanted')]);
      expect(await statusOf(next, 'left')).toMatchObject({ stage: 'stopped' });
      expect((await next.herd('stop', 'wanted')).code).toBe(0);
      expect(isAlive(other)).toBe(true);
    },
  );

  it('case 18: takes a process that has got the number of its service for a stranger', async ({
    place,
  }) => {
    const daemon = await machine(place);
    await daemon.herd('start', 'wanted');
    const before = await pidOf(daemon, 'wanted');
    await daemon.kill('SIGKILL');
    process.kill(-before, 'SIGKILL');
    const other = bystander(place);
    await editRecord(daemon.folder, { pid: other });
    const next = await place.again(daemon);
    expect(await pidOf(next, 'wanted')).not.toBe(other);
    expect(processesOf(place, 'sleep', '611')).toHaveLength(1);
    expect((await next.herd('stop', 'wanted')).code).toBe(0);
    expect(isAlive(other)).toBe(true);
  });
});

describe('case 23: a laptop that sleeps', together, () => {
  it('in the middle of a start knows when it wakes up that the time is over, and can start again', async ({
    place,
  }) => {
    const daemon = await machine(place);
    await daemon.herd('start', 'wanted');
    const kept = await pidOf(daemon, 'wanted');
    const starting = daemon.begin('--timeout', '2', 'start', 'slow');
    await eventually('it is starting', () => processesOf(place, 'sleep', '613').length === 1);
    const all = [starting.process, daemon.process];
    for (const each of all) each.kill('SIGSTOP');
    process.kill(-kept, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 3_000)); // the sleep itself: longer than the deadline
    process.kill(-kept, 'SIGCONT');
    for (const each of all.reverse()) each.kill('SIGCONT');
    const { code, elapsedMs } = await starting.ended;
    expect([1, 6]).toContain(code);
    expect(elapsedMs).toBeLessThan(15_000);
    expect(await statusOf(daemon, 'wanted')).toMatchObject({
      stage: 'running',
      pid: kept,
      respawnCount: 0,
    });
    expect(['starting', 'stopped', 'stopping']).toContain((await statusOf(daemon, 'slow')).stage);
    expect((await daemon.herd('stop', 'slow')).code).toBe(0);
    expect(processesOf(place, 'sleep', '613')).toEqual([]);
  });
});

describe('case 23: a machine whose clock is set', together, () => {
  it.for([
    ['an hour ahead', 3_600_000],
    ['an hour back', -3_600_000],
  ] as const)('%s goes on: services, respawns, starts and ages', async ([, wrongMs], { place }) => {
    const clock = settableClock(place);
    const daemon = await place.shepherd('a', configOf('A', services), clock);
    await daemon.herd('start', 'wanted');
    const before = await pidOf(daemon, 'wanted');
    clock.set(daemon.process.pid ?? 0, wrongMs);
    expect(await statusOf(daemon, 'wanted')).toMatchObject({
      stage: 'running',
      pid: before,
      ageMs: 0,
    });
    process.kill(before, 'SIGKILL');
    await eventually('the respawn', async () => {
      const { stage, pid = 0, respawnCount } = await statusOf(daemon, 'wanted');
      return stage === 'running' && pid !== before && respawnCount === 1;
    });
    const { since = 0 } = await statusOf(daemon, 'wanted');
    expect(Math.abs(since - Date.now() - wrongMs)).toBeLessThan(60_000); // it was set indeed
    expect((await daemon.herd('start', 'left')).code).toBe(0);
    const { stdout } = await daemon.herd('status', 'wanted');
    expect(stdout).toMatch(/It is running since \S.* \(\d+ \w+ ago\)\./);
    expect((await daemon.herd('stop', 'wanted')).code).toBe(0);
  });
});

describe('a process that is killed in the middle of a start', together, () => {
  it('is herd: the start goes on without it', async ({ place }) => {
    const daemon = await machine(place);
    const starting = daemon.begin('start', 'slow');
    await eventually('it is starting', () => processesOf(place, 'sleep', '613').length === 1);
    starting.process.kill('SIGKILL');
    await starting.ended;
    expect(await statusOf(daemon, 'slow')).toMatchObject({ stage: 'starting' });
    expect((await daemon.herd('stop', 'slow')).code).toBe(0);
    expect(processesOf(place, 'sleep', '613')).toEqual([]);
  });

  it('is the service: the start fails, and says by which signal', async ({ place }) => {
    const daemon = await machine(place);
    const starting = daemon.begin('start', 'slow');
    await eventually('it is starting', () => processesOf(place, 'sleep', '613').length === 1);
    for (const pid of processesOf(place, 'sleep', '613')) process.kill(pid, 'SIGKILL');
    const { code, stderr } = await starting.ended;
    expect(code).toBe(1);
    expect(stderr).toContain('SIGKILL');
    expect(await statusOf(daemon, 'slow')).toMatchObject({ stage: 'stopped' });
  });
});
