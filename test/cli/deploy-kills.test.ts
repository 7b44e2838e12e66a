/**
 * A machine, or the `herd` that deploys to it, is killed at each transition of a deploy, and a disk is full in the middle:
 * real programs, real signals. What serves afterwards is one of the two releases, whole, and the next deploy goes well.
 */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import {
  answerOf,
  contentsIn,
  partialBytesIn,
  phaseOf,
  releaseOf,
  startSlot,
  type Slotted,
} from '../support/deploys.ts';
import { it, together } from '../support/placed.ts';
import { eventually } from '../support/programs.ts';

const short = 'confirmSeconds: 2, healthySeconds: 0.3, stop: { graceSeconds: 1 }';
const phases = [
  'verified',
  'staged',
  'prechecked',
  'activating',
  'health-gate',
  'awaiting-confirm',
  'reverting',
] as const;

/** Settles at the first line of the log that says that the slot is there; false where it never gets there. */
const inPhase = async ({ daemon }: Slotted, phase: string, from: number): Promise<boolean> => {
  const log = path.join(daemon.folder, 'log', 'shepherd.log');
  const words = `slot.phase service=web generation=`;
  // As long as that takes where all of these and others share a machine.
  const endsAt = performance.now() + 120_000;
  while (performance.now() < endsAt) {
    const lines = fs.readFileSync(log, 'utf8').slice(from).split('\n');
    if (lines.some((line) => line.includes(words) && line.includes(` phase=${phase} `)))
      return true;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return false;
};
const logLength = ({ daemon }: Slotted): number =>
  fs.readFileSync(path.join(daemon.folder, 'log', 'shepherd.log'), 'utf8').length;
const untilIdle = (slotted: Slotted): Promise<void> =>
  eventually('nothing is under way', async () => (await phaseOf(slotted.daemon)) === undefined);

/** A deploy that nobody disturbs: where the machine is busy, its confirmation takes longer than `short` gives it. */
const deployed = ({ daemon }: Slotted, file: string) =>
  daemon.herd('deploy', 'web', file, '--confirm', '2m');

/** What the disk says is active is what serves, and nothing half is left. */
const isWhole = async (slotted: Slotted, versions: readonly string[]): Promise<string> => {
  await untilIdle(slotted);
  await eventually('it serves', async () => (await answerOf(slotted)) !== undefined);
  const version = (await answerOf(slotted)) ?? '';
  expect(versions).toContain(version);
  const current = path.join(slotted.folder, 'slots', 'web', 'current');
  expect(fs.readFileSync(path.join(current, 'server.js'), 'utf8')).toContain(`'${version}'`);
  const { stdout } = await slotted.daemon.herd('release', 'ls', 'web');
  expect(stdout).toMatch(new RegExp(`^rel:sha256-\\S+ +web +${version} .* current`, 'm'));
  const names = fs.readdirSync(path.join(slotted.folder, 'slots', 'web', 'releases'));
  expect(names.filter((name) => !/^sha256-[0-9a-f]{64}$/.test(name))).toEqual([]);
  return version;
};

describe('a deploy', together, () => {
  it.for(phases)('whose machine is killed in %s', async (phase, { place }) => {
    let slotted = await startSlot(place, short);
    const [one, two] = [await releaseOf(slotted, 'one'), await releaseOf(slotted, 'two')];
    expect((await deployed(slotted, one)).code).toBe(0);
    const from = logLength(slotted);
    const bringing = slotted.daemon.begin('deploy', 'web', two);
    if (phase === 'reverting') {
      await inPhase(slotted, 'health-gate', from);
      bringing.process.kill('SIGKILL');
    }
    expect([phase, await inPhase(slotted, phase, from)]).toEqual([phase, true]);
    await slotted.daemon.kill('SIGKILL');
    bringing.process.kill('SIGKILL');
    await bringing.ended;
    slotted = { ...slotted, daemon: await place.again(slotted.daemon) };
    await isWhole(slotted, ['one', 'two']);
    expect((await deployed(slotted, two)).code).toBe(0);
    expect(await isWhole(slotted, ['two'])).toBe('two');
  });

  it('whose herd is killed at any moment is over by itself', async ({ place }) => {
    const slotted = await startSlot(place, short);
    const one = await releaseOf(slotted, 'one');
    expect((await deployed(slotted, one)).code).toBe(0);
    for (const [at, phase] of phases.slice(0, 6).entries()) {
      const version = `two-${at}`;
      const file = await releaseOf(slotted, version);
      const from = logLength(slotted);
      const bringing = slotted.daemon.begin('deploy', 'web', file);
      expect([phase, await inPhase(slotted, phase, from)]).toEqual([phase, true]);
      bringing.process.kill('SIGKILL');
      await bringing.ended;
      // Where it had confirmed already, that counts.
      await isWhole(slotted, ['one', version]);
      expect((await deployed(slotted, one)).code).toBe(0);
    }
  });
});

describe('a full disk', together, () => {
  it('refuses a release, and goes on with the one before', async ({ place, skip }) => {
    skip(process.getuid?.() !== 0, 'mounting a small disk is for root');
    const slotted = await startSlot(place, short);
    fs.mkdirSync(slotted.folder);
    const mount = ['-t', 'tmpfs', '-o', 'size=80m,mode=711', 'tmpfs', slotted.folder];
    const mounted = await place.run('mount', mount);
    skip(mounted.code !== 0, `this container may not mount: ${mounted.stderr}`);
    try {
      const one = await releaseOf(slotted, 'one');
      expect((await deployed(slotted, one)).code).toBe(0);
      const big = Buffer.alloc(24 * 1_048_576, 'x');
      const large = await releaseOf(slotted, 'large', { files: { big } });
      const refused = await slotted.daemon.herd('deploy', 'web', large);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/this disk has room for \d|the disk is full/);
      expect(refused.stderr).not.toContain(slotted.folder);
      expect(await isWhole(slotted, ['one'])).toBe('one');
      // Full to the last byte in the middle of it.
      await place.run('sh', ['-c', `cat /dev/zero > ${slotted.folder}/filler`]);
      const two = await releaseOf(slotted, 'two');
      expect((await slotted.daemon.herd('deploy', 'web', two)).code).toBe(1);
      expect(await isWhole(slotted, ['one'])).toBe('one');
      expect(partialBytesIn(slotted.folder)).toBe(0);
      fs.rmSync(path.join(slotted.folder, 'filler'));
      expect((await deployed(slotted, two)).code).toBe(0);
      expect(await isWhole(slotted, ['two'])).toBe('two');
      expect(contentsIn(slotted.folder).size).toBeGreaterThan(0);
    } finally {
      await slotted.daemon.kill('SIGTERM');
      await place.run('umount', ['-l', slotted.folder]);
    }
  });
});
