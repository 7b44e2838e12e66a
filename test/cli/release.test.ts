/** Releases by the real program: no shepherd, no network; the same file whoever builds it. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bins, makePlace, type Ended, type Place } from '../support/programs.ts';
import { plant } from '../support/release-folder.ts';

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.clean());
const at = (name: string): string => path.join(place.folder, name);
const tree = {
  'server.js': 'hello\n',
  'bin/run': { run: '#!/bin/sh\n' },
  latest: { to: 'bin/run' },
};
const good = (ended: Ended): string => {
  expect([ended.code, ended.stderr]).toEqual([0, '']);
  return ended.stdout;
};

it('is the same file under another umask, in another folder, at another time', async () => {
  plant(at('dist'), tree);
  good(await place.herd(['release', 'build', 'dist', '--run', 'node server.js', '-o', 'web.rel']));
  plant(at('other/dist'), Object.fromEntries(Object.entries(tree).reverse()));
  const words = [
    'release',
    'build',
    './other/dist/',
    '--run',
    'node server.js',
    '-o',
    'other/web.rel',
  ];
  good(
    await place.run('sh', [
      '-c',
      'umask 077; exec "$@"',
      'sh',
      process.execPath,
      bins.herd,
      ...words,
    ]),
  );
  expect(fs.readFileSync(at('other/web.rel'))).toEqual(fs.readFileSync(at('web.rel')));
});
it('is signed by a key that is never seen, shown, and refused once a byte of it is another', async () => {
  plant(at('dist'), tree);
  const key = good(await place.herd(['release', 'key', '--out', 'ci.key'])).trim();
  const secret = fs.readFileSync(at('ci.key'), 'utf8').trim();
  const words = [
    'release',
    'build',
    'dist',
    '--run',
    './bin/run',
    '--sign',
    'ci.key',
    '-o',
    'web.rel',
  ];
  expect(good(await place.herd(words))).toContain(`signed by  ${key}`);
  expect(good(await place.herd(['release', 'show', 'web.rel']))).toContain(`signed by  ${key}`);
  expect(fs.readFileSync(at('web.rel'), 'latin1')).not.toContain(secret.slice(-43));
  const bytes = fs.readFileSync(at('web.rel'));
  bytes[bytes.length - 1] = 0x21;
  fs.writeFileSync(at('web.rel'), bytes);
  const { code, stdout, stderr } = await place.herd(['release', 'show', 'web.rel']);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toBe('herd: error: web.rel: "server.js": is not what its digest says\n');
});
it('is not there by half when its builder is killed', async () => {
  plant(at('dist'), { big: Buffer.alloc(64 * 1_048_576, 'x') });
  const words = [bins.herd, 'release', 'build', 'dist', '--run', 'x', '-o', 'web.rel'];
  const building = place.begin(process.execPath, words);
  // The file that it writes aside, in whatever state; or it was faster than we look.
  const isFar = (): boolean =>
    fs.readdirSync(place.folder).some((name) => name.endsWith('.new') || name === 'web.rel');
  while (!isFar()) await new Promise((resolve) => setTimeout(resolve, 1));
  building.process.kill('SIGKILL');
  await building.ended;
  if (fs.existsSync(at('web.rel'))) good(await place.herd(['release', 'show', 'web.rel']));
  good(await place.herd(['release', 'build', 'dist', '--run', 'x', '-o', 'web.rel', '--yes']));
  good(await place.herd(['release', 'show', 'web.rel']));
});
