/** What slots leave behind that go from the configuration: told, freed, or found again. The real programs. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { answerOf, contentsIn, releaseOf, startSlot, type Slotted } from '../support/deploys.ts';
import { it, together } from '../support/placed.ts';
import { configOf } from '../support/programs.ts';

const short = 'confirmSeconds: 30, healthySeconds: 0.3, stop: { graceSeconds: 1 }';
const described = `slot({ provision: ['web'], ${short} })`;
const reload = async ({ daemon }: Slotted, services: string): Promise<void> => {
  fs.writeFileSync(path.join(daemon.folder, 'shepherd.config.ts'), configOf('A', services));
  expect((await daemon.herd('reload')).code).toBe(0);
};
const treesIn = ({ folder }: Slotted): readonly string[] =>
  fs.readdirSync(path.join(folder, 'slots', 'web', 'releases'));
const left = async ({ daemon }: Slotted): Promise<unknown> =>
  (JSON.parse((await daemon.herd('release', 'left', '--json')).stdout) as { slots: unknown }).slots;

describe('a slot that goes from the configuration', together, () => {
  it('is told with what it has left, and freed by its name', async ({ place }) => {
    let slotted = await startSlot(place, short);
    const one = await releaseOf(slotted, 'one', { files: { big: Buffer.alloc(1_048_576) } });
    expect((await slotted.daemon.herd('deploy', 'web', one)).code).toBe(0);
    const early = await slotted.daemon.herd('release', 'free', 'web');
    expect(early.code).toBe(9);
    expect(early.stderr).toContain("Service web is there: 'herd prune web'");
    expect(await left(slotted)).toEqual([]);
    await reload(slotted, `service({ provision: ['other'] })`);
    expect(await answerOf(slotted)).toBeUndefined();
    expect((await slotted.daemon.herd('release', 'left')).stdout).toMatch(
      /^web +1 release +1\.0 MiB$/m,
    );
    // Also in a life that never had it.
    await slotted.daemon.kill('SIGTERM');
    slotted = { ...slotted, daemon: await place.again(slotted.daemon) };
    expect(await left(slotted)).toEqual([
      { slot: 'web', releaseCount: 1, byteCount: expect.any(Number) },
    ]);
    expect(treesIn(slotted)).toHaveLength(1);
    const freed = await slotted.daemon.herd('release', 'free', 'web');
    expect(freed).toMatchObject({ code: 0, stdout: 'web: 1 release, 1.0 MiB removed.\n' });
    expect(treesIn(slotted)).toEqual([]);
    expect(fs.existsSync(path.join(slotted.folder, 'slots', 'web', 'current'))).toBe(false);
    expect(await left(slotted)).toEqual([]);
    const foretold = await slotted.daemon.herd('release', 'free', 'web', '--dry-run');
    expect([foretold.code, foretold.stderr]).toEqual([1, expect.stringContaining("'web' is gone")]);
    const again = await slotted.daemon.herd('release', 'free', 'web');
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("'web' could not be found"),
    });
    // It comes back empty, and takes releases as before.
    await reload(slotted, described);
    expect((await slotted.daemon.herd('start', 'web')).stderr).toContain('web has no release yet');
    expect((await slotted.daemon.herd('deploy', 'web', one)).code).toBe(0);
    expect(await answerOf(slotted)).toBe('one');
    expect(contentsIn(slotted.folder).size).toBe(3);
  });

  it('is what it was where it comes back, whoever has looked meanwhile', async ({ place }) => {
    let slotted = await startSlot(place, short);
    const one = await releaseOf(slotted, 'one');
    expect((await slotted.daemon.herd('deploy', 'web', one)).code).toBe(0);
    await reload(slotted, `service({ provision: ['other'] })`);
    await slotted.daemon.kill('SIGTERM');
    slotted = { ...slotted, daemon: await place.again(slotted.daemon) };
    expect(await left(slotted)).toHaveLength(1);
    await reload(slotted, described);
    expect((await slotted.daemon.herd('start', 'web')).code).toBe(0);
    expect((await slotted.daemon.herd('release', 'ls', 'web')).stdout).toContain('current');
    const two = await releaseOf(slotted, 'two');
    expect((await slotted.daemon.herd('deploy', 'web', two)).code).toBe(0);
    expect(await answerOf(slotted)).toBe('two');
    expect(treesIn(slotted)).toHaveLength(2);
  });
});
