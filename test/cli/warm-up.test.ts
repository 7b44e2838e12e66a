/** What the build does where no code cache of `shepherd` can be made: it says so, ends, and leaves nothing behind. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually, makePlace, type Place } from '../support/programs.ts';

const root = path.resolve(import.meta.dirname, '../..');
let place: Place;
let dist: string;
let temporary: string;
beforeEach(() => {
  place = makePlace();
  temporary = path.join(place.folder, 'tmp');
  dist = path.join(place.folder, 'packages/herd/dist');
  fs.mkdirSync(dist, { recursive: true });
  fs.mkdirSync(temporary);
  for (const folder of ['node_modules', 'packages/bellwether', 'packages/keeper'])
    fs.symlinkSync(path.join(root, folder), path.join(place.folder, folder));
  fs.cpSync(path.join(root, 'packages/herd/dist'), dist, { recursive: true });
  fs.rmSync(path.join(dist, 'shepherd.cache'), { force: true });
});
afterEach(() => place.clean());

const warmUp = (folder = temporary) =>
  place.run(process.execPath, [path.join(root, 'scripts/warm-up-shepherd.mjs'), dist, dist], {
    env: { TMPDIR: folder },
  });
const hasCache = (): boolean => fs.existsSync(path.join(dist, 'shepherd.cache'));
/** Command lines of processes that are about our folder. */
const left = (): readonly string[] =>
  fs.readdirSync('/proc').flatMap((pid) => {
    try {
      const words = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const folder = fs.readlinkSync(`/proc/${pid}/cwd`);
      return `${words} ${folder}`.includes(temporary) ? [words] : [];
    } catch {
      return []; // no process, or one that has ended since
    }
  });
const nothingIsLeft = async (): Promise<void> => {
  await eventually('all have ended', () => left().length === 0);
  expect(fs.readdirSync(temporary)).toEqual([]);
};

it('a shepherd that serves makes one', async () => {
  expect(await warmUp()).toMatchObject({ code: 0, stderr: '' });
  expect(hasCache()).toBe(true);
  await nothingIsLeft();
});
it.each([
  ['at once', 'true'],
  ['while a service runs', "process.argv.includes('stop')"],
])('a command that fails %s is told, and makes none', async (_when, fails) => {
  const file = path.join(dist, 'herd.cjs');
  const text = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(file, `if (${fails}) { console.error('no luck'); process.exit(1); }\n${text}`);
  const { code, stderr } = await warmUp();
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^warm-up: herd .*: no luck\n$/)]);
  expect(hasCache()).toBe(false);
  await nothingIsLeft();
});
it('a shepherd that cannot start is told, and makes none', async () => {
  // No folder for a shepherd: everybody may put another one in its place.
  const open = path.join(temporary, 'open');
  fs.mkdirSync(open);
  fs.chmodSync(open, 0o777);
  const { code, stderr } = await warmUp(open);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/\nwarm-up: shepherd ended with \d before it was ready\n$/),
  ]);
  expect(hasCache()).toBe(false);
  fs.rmdirSync(open);
  await nothingIsLeft();
});
