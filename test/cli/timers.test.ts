/** Timers, and commands that are run once, with real processes: also where the shepherd is killed in a run. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { isWithoutKeeper, whyNoKeeper } from '../support/keepers.ts';
import { it, together } from '../support/placed.ts';
import { configOf, eventually, isAlive, type Place } from '../support/programs.ts';
import { pidOf } from '../support/shown.ts';

/** Each run writes a line when it begins, and lasts as long as there is no file `leave`. */
const long = (place: Place): string =>
  `shell('echo $$ >>"$F/runs"; until [ -e "$F/leave" ]; do sleep 0.05; done; exit 3', { env: { F: '${place.folder}' } })`;
const runsIn = (place: Place): readonly string[] => {
  const file = path.join(place.folder, 'runs');
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\n') : [];
};
const leave = (place: Place): void => fs.writeFileSync(path.join(place.folder, 'leave'), '');

describe('a timer', together, () => {
  it('runs each second, tells of its runs, and may be triggered', async ({ place }) => {
    const tick = `timer({ provision: ['tick'], when: every(1), run: shell('echo ran; exit 3'), autoStart: true })`;
    const rare = `timer({ provision: ['rare'], when: every(86_400), run: exec(['true']), autoStart: true })`;
    const daemon = await place.shepherd('a', configOf('A', `${tick}, ${rare}`));
    await eventually('two runs', async () => {
      const { stdout } = await daemon.herd('status', 'tick');
      return (stdout.match(/exited with code 3/g) ?? []).length >= 2;
    });
    expect((await daemon.herd('log', 'tick')).stdout).toMatch(/^ran\nran\n/);
    expect((await daemon.herd('status')).stdout).toContain('Running timers:\n + rare\n + tick\n');
    const { stdout, code } = await daemon.herd('trigger', 'rare');
    expect({ stdout, code }).toMatchObject({ stdout: 'Triggering timer.\n', code: 0 });
    await eventually('the run is over', async () =>
      /exited successfully after .*it was triggered/.test(
        (await daemon.herd('status', 'rare')).stdout,
      ),
    );
    expect((await daemon.herd('stop', 'tick')).code).toBe(0);
    expect((await daemon.herd('trigger', 'tick')).code).toBe(1);
  });
});

describe.skipIf(isWithoutKeeper)(`a shepherd that is killed${whyNoKeeper}`, together, () => {
  it('in a run of a timer, leaves it to the next one, which runs no second', async ({ place }) => {
    const config = `timer({ provision: ['slow'], when: every(1), run: ${long(place)}, autoStart: true })`;
    const daemon = await place.shepherd('a', configOf('A', config));
    await eventually('a run', () => runsIn(place).length === 1);
    const pid = await pidOf(daemon, 'slow');
    await daemon.kill('SIGKILL');
    const next = await place.again(daemon);
    expect(await pidOf(next, 'slow')).toBe(pid);
    const { stdout } = await next.herd('status', 'slow');
    expect(stdout).toContain('Executing timer action since');
    expect(runsIn(place)).toHaveLength(1);
    leave(place);
    await eventually('it has ended, and others ran', async () =>
      /exited with code 3[^]*exited with code 3/.test((await next.herd('status', 'slow')).stdout),
    );
    const all = runsIn(place);
    expect(new Set(all).size).toBe(all.length);
  });

  it('leaves what was spawned and scheduled to the next one, and runs none of it twice', async ({
    place,
  }) => {
    const daemon = await place.shepherd('a', configOf('A', ''));
    const env = ['-E', `F=${place.folder}`];
    const script =
      'echo $$ | tee -a "$F/runs"; until [ -e "$F/leave" ]; do sleep 0.05; done; exit 3';
    const log = ['--log-file', path.join(place.folder, 'job.txt')];
    const spawned = await daemon.herd(
      'spawn',
      '-N',
      'job',
      ...env,
      ...log,
      '--',
      'sh',
      '-c',
      script,
    );
    expect(spawned).toMatchObject({ code: 0, stdout: 'Service job has been started.\njob\n' });
    const scheduled = await daemon.herd(
      'schedule',
      'in',
      '2s',
      '--',
      'touch',
      path.join(place.folder, 'done'),
    );
    expect(scheduled.stdout).toContain('timer-1');
    const pid = await pidOf(daemon, 'job');
    await eventually('it runs', () => runsIn(place).length === 1);
    await daemon.kill('SIGKILL');
    expect(isAlive(pid)).toBe(true);
    const next = await place.again(daemon);
    expect(await pidOf(next, 'job')).toBe(pid);
    await eventually('its time has come', () => fs.existsSync(path.join(place.folder, 'done')));
    leave(place);
    await eventually(
      'it is out of the list',
      async () => !/ job\n/.test((await next.herd('status')).stdout),
    );
    expect((await next.herd('status', 'job')).stdout).toContain('Process exited with code 3.');
    expect(runsIn(place)).toHaveLength(1);
    expect((await next.herd('log', 'job')).stdout.trim()).toBe(runsIn(place)[0]);
    expect(fs.existsSync(path.join(place.folder, 'job.txt'))).toBe(true);
    expect((await next.herd('start', 'job')).code).toBe(1);
  });
});
