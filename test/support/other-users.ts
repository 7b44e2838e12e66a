/** Other users of this machine, for tests that run as root: programs are started as them, with a home of their own. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bins, eventually, type Begun, type Ended, type Place } from './programs.ts';
import { discard } from './traces.ts';

const isRoot = process.getuid?.() === 0;
const setpriv = (): string =>
  execFileSync('sh', ['-c', 'command -v setpriv'], { encoding: 'utf8' }).trim();
/** Words before a command that make it the command of a user, without any right of root. */
export const asUser = (uid: number): readonly string[] => [
  setpriv(),
  `--reuid=${uid}`,
  `--regid=${uid}`,
  '--clear-groups',
  '--',
];

const canReadPrograms = (): boolean => {
  const [program = '', ...words] = asUser(54_321);
  const look = `require('fs').readFileSync(${JSON.stringify(bins.shepherd)})`;
  return spawnSync(program, [...words, process.execPath, '-e', look]).status === 0;
};
/** Why there can be no other users here; undefined where there can be. */
export const noOtherUsers = (): string | undefined => {
  if (!isRoot) return 'only root can start programs as other users';
  return canReadPrograms() ? undefined : 'other users may not read where this was cloned';
};

/** A folder below /tmp that everybody may enter, removed with the place. Root's, or that user's. */
export const makePublic = (place: Place, uid = 0): string => {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-users-')));
  fs.chmodSync(folder, 0o755);
  fs.chownSync(folder, uid, uid);
  place.atEnd(() => discard(folder));
  return folder;
};

/** A user of this machine. */
export interface User {
  readonly uid: number;
  readonly home: string;
  /** Runs any program to its end. */
  run(command: string, args: readonly string[], input?: string): Promise<Ended>;
  herd(words: readonly string[], input?: string): Promise<Ended>;
  /** Starts any program. */
  begin(words: readonly string[]): Begun;
  /** Starts a shepherd of this user in the default places; settles once it is ready. */
  shepherd(config: string): Promise<Begun>;
}

/** A user with a home that is removed with the place. */
export const makeUser = (place: Place, uid: number): User => {
  const home = makePublic(place, uid);
  const how = { through: asUser(uid), env: { HOME: home, XDG_DATA_HOME: '' }, cwd: home };
  const user: User = {
    uid,
    home,
    begin: ([command = '', ...args]) => place.begin(command, args, how),
    run: (command, args, input = '') => place.run(command, args, { ...how, input }),
    herd: (words, input) => user.run(process.execPath, [bins.herd, ...words], input),
    shepherd: async (config) => {
      const folder = path.join(home, '.config', 'bellwether');
      await user.run('mkdir', ['-p', folder]);
      await user.run('tee', [path.join(folder, 'shepherd.config.ts')], config);
      const begun = place.begin(process.execPath, [bins.shepherd], how);
      place.atEnd(async () => {
        begun.process.kill('SIGTERM');
        await begun.ended;
      });
      await eventually(`user ${uid} has a shepherd: ${begun.stderr()}`, () =>
        begun.stdout().includes('is ready'),
      );
      return begun;
    },
  };
  return user;
};
