/** Logs in folders that somebody else can change, of a shepherd of root's: what such a user can have it do, and whom it shows what. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { makePublic, makeUser, noOtherUsers, type User } from '../support/other-users.ts';
import { it } from '../support/placed.ts';
import { configOf, eventually, type Daemon, type Place } from '../support/programs.ts';

const alice = 54_321;
const secret = `only root may read this\n${'.'.repeat(20_000)}\n`;

interface Scene {
  readonly daemon: Daemon;
  /** Of root, and nobody else may enter it; there is a `job.log` in it. */
  readonly closed: string;
  /** Root's at first. */
  readonly theirs: string;
  readonly guest: User;
}
/** A shepherd, and two folders: one of them is to become alice's. */
const sceneOf = async (place: Place): Promise<Scene> => {
  const folder = makePublic(place);
  const options = ['--shared-socket', path.join(folder, 'shared', 'socket')];
  const config = configOf('system', `logRotation({})`, `{ unix: 'shared' }`);
  const daemon = await place.shepherd('system', config, { options });
  const [closed, theirs] = [path.join(folder, 'closed'), path.join(folder, 'theirs')];
  fs.mkdirSync(closed, { mode: 0o700 });
  fs.writeFileSync(path.join(closed, 'job.log'), secret, { mode: 0o600 });
  fs.mkdirSync(path.join(theirs, 'logs'), { recursive: true, mode: 0o755 });
  return { daemon, closed, theirs, guest: makeUser(place, 55_555) };
};
const spawn = ({ daemon, theirs }: Scene, name: string) => {
  const file = path.join(theirs, 'logs', `${name}.log`);
  return daemon.herd('spawn', '-N', name, '--log-file', file, '--', 'sh', '-c', 'echo hi; sleep 9');
};
/** Alice gets the folder, and puts a link in the place of the one that the logs are in. */
const swap = ({ closed, theirs }: Scene): void => {
  fs.chownSync(theirs, alice, alice);
  fs.renameSync(path.join(theirs, 'logs'), path.join(theirs, 'old'));
  fs.symlinkSync(closed, path.join(theirs, 'logs'));
  fs.lchownSync(path.join(theirs, 'logs'), alice, alice);
};
/** A job whose log was in a folder of root's when it was begun. */
const begun = async (place: Place): Promise<Scene> => {
  const scene = await sceneOf(place);
  expect(await spawn(scene, 'job')).toMatchObject({ code: 0 });
  const file = path.join(scene.theirs, 'logs', 'job.log');
  await eventually('it writes', () => fs.readFileSync(file, 'utf8') === 'hi\n');
  expect((await scene.daemon.herd('log', 'job')).stdout).toBe('hi\n');
  return scene;
};
const isUntouched = ({ closed }: Scene): void => {
  expect(fs.readdirSync(closed)).toEqual(['job.log']);
  expect(fs.readFileSync(path.join(closed, 'job.log'), 'utf8')).toBe(secret);
};

const reason = noOtherUsers();
const why = reason === undefined ? '' : ` (${reason})`;
describe.skipIf(reason !== undefined)(`a log in a folder that becomes another user's${why}`, () => {
  it('is not begun there, and it is said which folder that is, and what to do', async ({
    place,
  }) => {
    const scene = await sceneOf(place);
    fs.chownSync(scene.theirs, alice, alice);
    const { code, stderr } = await spawn(scene, 'job');
    expect(code).not.toBe(0);
    expect(stderr).toContain(
      `user ${alice} can change ${scene.theirs} (take a folder of your own)`,
    );
    expect(fs.readdirSync(path.join(scene.theirs, 'logs'))).toEqual([]);
  });
  it('is not written to where a link of that user leads', async ({ place }) => {
    const scene = await sceneOf(place);
    swap(scene);
    for (const name of ['job', 'other']) await spawn(scene, name);
    isUntouched(scene);
  });
  it('is not put aside there, by hand or by itself', async ({ place }) => {
    const scene = await begun(place);
    swap(scene);
    const { stdout } = await scene.daemon.herd('trigger', 'log-rotation', 'job');
    expect(stdout).toContain(`not rotated: user ${alice} can change ${scene.theirs}`);
    isUntouched(scene);
    const log = path.join(scene.daemon.folder, 'log', 'shepherd.log');
    await eventually('the look at all logs', () =>
      fs.readFileSync(log, 'utf8').includes('log.not-rotated'),
    );
    isUntouched(scene);
  });
  it('is not read there by its owner, nor by whom it was granted to', async ({ place }) => {
    const scene = await begun(place);
    const { daemon, guest } = scene;
    const grant = ['grant', 'job', '--to', 'guest', '--allow', 'status,log', '--reveal'];
    const { stdout: granted } = await daemon.herd(...grant, '--expires', '8h');
    const [uri = ''] = /ocapn:\S+/.exec(granted) ?? [];
    expect(await guest.herd(['accept', 'job'], uri)).toMatchObject({ code: 0 });
    expect((await guest.herd(['log', '@job'])).stdout).toContain('hi\n');
    swap(scene);
    for (const said of [await daemon.herd('log', 'job'), await guest.herd(['log', '@job'])]) {
      expect(said.stdout).not.toContain('root');
      expect(said.code).not.toBe(0);
      expect(said.stderr).toContain('others can change the way to it');
    }
    const { stdout } = await guest.herd(['status', '@job']);
    expect(stdout).not.toContain('root');
  });
  it('of a user of his own is fine, also where his group is his alone', async ({ place }) => {
    const user = makeUser(place, alice);
    await user.shepherd(configOf('own', ''));
    const folder = path.join(user.home, 'logs');
    await user.run('mkdir', ['-m', '775', folder]);
    const file = path.join(folder, 'new', 'job.log');
    const said = await user.herd(['spawn', '-N', 'job', '--log-file', file, '--', 'echo', 'hi']);
    expect(said).toMatchObject({ code: 0 });
    await eventually('it writes', () => fs.readFileSync(file, 'utf8') === 'hi\n');
  });
});
