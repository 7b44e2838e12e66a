/** Whoever runs it, wherever: the first hour with nothing but the defaults, and nothing prepared. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { it, together } from '../support/placed.ts';
import { bins, configOf, eventually, type How, type Place } from '../support/programs.ts';
import { discard } from '../support/traces.ts';

const isRoot = process.getuid?.() === 0;
const sleeper = `service({ provision: ['net'] }),
  service({ provision: ['sleeper'], requirement: ['net'], start: exec(['sh', '-c', 'echo awake; exec sleep 600']) })`;
const listening = `{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }`;

const whereIs = (program: string): string =>
  execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
/** Words before a command that give it a umask. */
const umask = (mask: string): readonly string[] => [
  whereIs('sh'),
  '-c',
  `umask ${mask}; exec "$@"`,
  'sh',
];
/** For root: words that make it another user, one that no table of users knows, who is given these folders. */
const asUser = (...folders: readonly string[]): readonly string[] => {
  if (!isRoot) return [];
  for (const folder of folders) fs.chownSync(folder, 54321, 54321);
  return canReadPrograms(plainUser) ? plainUser : readingUser;
};
const userWords = [
  isRoot ? whereIs('setpriv') : 'setpriv',
  '--reuid=54321',
  '--regid=54321',
  '--clear-groups',
];
const plainUser = [...userWords, '--'];
/** The same, who may look into the folder of root in which this was cloned, and write nowhere that others may not. */
const readingUser = [
  ...userWords,
  '--inh-caps=+dac_read_search',
  '--ambient-caps=+dac_read_search',
  '--',
];
const canReadPrograms = ([program = '', ...words]: readonly string[]): boolean => {
  const look = `require('fs').readFileSync(${JSON.stringify(bins.shepherd)})`;
  return spawnSync(program, [...words, process.execPath, '-e', look]).status === 0;
};

/** A folder with links to the few programs that are needed, and no compiler. */
const makeToolFolder = (folder: string): string => {
  const tools = path.join(folder, 'tools');
  fs.mkdirSync(tools);
  for (const tool of ['sh', 'sleep', 'flock'])
    fs.symlinkSync(whereIs(tool), path.join(tools, tool));
  fs.symlinkSync(process.execPath, path.join(tools, 'node'));
  return tools;
};

/** A home; not within the place, which is for one user alone. */
const makeHome = (place: Place): string => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-home-'));
  place.atEnd(() => discard(home));
  return home;
};

/** What a user does in the first hour, by the defaults alone. Every folder is made by the programs, or as that user. */
const firstHour = async (
  place: Place,
  at: string,
  how: How & { readonly env?: Record<string, string> },
): Promise<void> => {
  const env = { HOME: at, XDG_DATA_HOME: '', ...how.env };
  const run = (command: string, args: readonly string[]) =>
    place.run(command, args, { ...how, env, cwd: at });
  const herd = async (...words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(process.execPath, [bins.herd, ...words]);
    expect([words, code, stderr]).toEqual([words, 0, '']);
    return stdout;
  };
  const config = path.join(at, '.config', 'bellwether');
  await run(process.execPath, [
    '-e',
    `fs.mkdirSync(${JSON.stringify(config)}, { recursive: true });
     fs.writeFileSync(${JSON.stringify(`${config}/shepherd.config.ts`)}, ${JSON.stringify(configOf('A', sleeper, listening))})`,
  ]);
  const shepherd = place.begin(process.execPath, [bins.shepherd], { ...how, env, cwd: at });
  place.atEnd(async () => {
    shepherd.process.kill('SIGTERM');
    await shepherd.ended;
  });
  await eventually('it is ready', () => {
    expect(shepherd.stderr()).toBe('');
    return shepherd.stdout().includes('is ready');
  });
  expect(await herd('check')).toContain('2 services');
  expect(await herd('start', 'sleeper')).toContain('Service sleeper has been started.');
  expect(await herd('status')).toMatch(/\+ net\n \+ root\n \+ sleeper/);
  expect(await herd('log', 'sleeper')).toBe('awake\n');
  await herd('ref', 'mint', 'sleeper', '--out', 'sleeper.ref');
  await herd('ref', 'add', 'mine', '--from', 'sleeper.ref');
  expect(await herd('restart', '@mine')).toContain('A: Service sleeper has been started.');
  expectPrivate(at);
  await herd('stop', 'root');
  expect(await shepherd.ended).toMatchObject({ code: 0, stderr: '' });
};

/** Nobody else can read a secret, or write anything but what the user made himself. */
const expectPrivate = (at: string): void => {
  const entries = fs
    .readdirSync(at, { recursive: true, withFileTypes: true })
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !file.includes('/.config'))
    .map((file) => ({ file, mode: fs.lstatSync(file).mode, text: textOf(file) }));
  const isSecret = (text: string): boolean => /ocapn:.*\/s\/|PRIVATE KEY/.test(text);
  expect(entries.filter(({ text }) => isSecret(text)).length).toBeGreaterThanOrEqual(4);
  expect(entries.filter(({ text, mode }) => isSecret(text) && (mode & 0o077) !== 0)).toEqual([]);
  // LevelDB makes files as the umask says, in a folder that nobody else may enter.
  const isStore = (file: string): boolean => /^store-\d+$/.test(path.basename(file));
  const stores = entries.filter(({ file }) => isStore(file));
  expect(stores.map(({ mode }) => mode & 0o777)).toEqual([0o700]);
  const others = entries.filter(({ file }) => !isStore(path.dirname(file)));
  expect(others.filter(({ mode }) => (mode & 0o022) !== 0)).toEqual([]);
};
const textOf = (file: string): string =>
  fs.statSync(file).isFile() ? fs.readFileSync(file, 'latin1') : '';

describe('the first hour', together, () => {
  it('works where XDG_RUNTIME_DIR is unset and the umask is 0002: a group of one is nobody else', async ({
    place,
  }) => {
    const home = makeHome(place);
    fs.chmodSync(home, 0o775);
    await firstHour(place, home, { through: [...asUser(home), ...umask('0002')] });
  });

  it('works where XDG_RUNTIME_DIR is set and the umask is 0077, and puts the socket there', async ({
    place,
  }) => {
    const home = makeHome(place);
    const runtime = path.join(home, 'runtime');
    fs.mkdirSync(runtime, { mode: 0o700 });
    const through = [...asUser(home, runtime), ...umask('0077')];
    const hour = firstHour(place, home, { through, env: { XDG_RUNTIME_DIR: runtime } });
    await Promise.race([
      hour,
      eventually('the socket', () => fs.existsSync(path.join(runtime, 'bellwether', 'socket'))),
    ]);
    await hour;
  });

  it('works without a compiler, at the end of a long path with blanks and letters of all kinds', async ({
    place,
  }) => {
    const home = makeHome(place);
    const PATH = makeToolFolder(home);
    const folders = ['a folder of Jörg', 'd'.repeat(120), "it's $HOME"];
    const paths = folders.map((_, at) => path.join(home, ...folders.slice(0, at + 1)));
    const deep = paths.at(-1) ?? home;
    fs.mkdirSync(deep, { recursive: true });
    await firstHour(place, deep, { through: asUser(home, ...paths), env: { PATH } });
  });

  it.skipIf(!isRoot)('works for root, in the folders of the system', async ({ place }) => {
    const home = makeHome(place);
    const script = `set -e
      for each in /run /var/lib /var/log; do mount -t tmpfs -o mode=755 tmpfs $each; done
      cp /etc/passwd /etc/group "$HOME"; mount -t tmpfs -o mode=755 tmpfs /etc; cp "$HOME/passwd" "$HOME/group" /etc
      mkdir /etc/bellwether; cp "$HOME/config" /etc/bellwether/shepherd.config.ts
      : > "$HOME/printed"; ${process.execPath} ${bins.shepherd} > "$HOME/printed" &
      until grep -q 'is ready' "$HOME/printed"; do sleep 0.05; done
      herd() { ${process.execPath} ${bins.herd} "$@"; }
      herd start sleeper; herd status; herd stop root; wait $!
      find /run/bellwether /var/lib/bellwether /var/log/bellwether -type f`;
    fs.writeFileSync(path.join(home, 'config'), configOf('A', sleeper, listening), { mode: 0o600 });
    const { code, stdout, stderr } = await place.run('unshare', ['-m', 'sh', '-c', script], {
      env: { HOME: home, NODE_EXTRA_CA_CERTS: '' },
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Service sleeper has been started.');
    expect(stdout).toMatch(/\+ net\n \+ root\n \+ sleeper/);
    expect(stdout).toContain('/var/lib/bellwether/epoch.json');
    expect(stdout).toContain('/var/log/bellwether/sleeper.log');
  });
});
