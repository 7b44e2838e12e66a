/** Core dumps of the real programs, where the machine writes cores into the folder of whoever crashed. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { it, together } from '../support/placed.ts';
import { bins, configOf, eventually, type Begun, type Place } from '../support/programs.ts';
import { secretsIn, SecretSearch } from '../support/secrets.ts';

/** Words before a command whose core is dumped, whatever its size. */
const dumped = ['prlimit', '--core=unlimited:unlimited'];

/** Why there are no cores here; undefined where there are. */
const noCores = (): string | undefined => {
  const file = '/proc/sys/kernel/core_pattern';
  const pattern = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim() : '|';
  if (!/^core(\.%p)?$/.test(pattern)) return `the kernel gives cores to '${pattern}'`;
  const { status } = spawnSync('prlimit', [...dumped.slice(1), 'true']);
  return status === 0 ? undefined : 'prlimit may not allow cores';
};
const why = noCores();

const cwdOf = (place: Place, name: string): string => {
  const folder = path.join(place.folder, `crash-of-${name}`);
  fs.mkdirSync(folder, { mode: 0o700 });
  return folder;
};

/** Lets a program dump core; the file, once it is whole. */
const coreOf = async ({ process: child, ended }: Pick<Begun, 'process' | 'ended'>, cwd: string) => {
  child.kill('SIGABRT');
  expect((await ended).signal).toBe('SIGABRT');
  const name = fs.readdirSync(cwd).find((file) => file.startsWith('core'));
  if (name === undefined) throw new Error(`no core in ${cwd}`);
  return path.join(cwd, name);
};

const textOfAdmin = (folder: string): string =>
  fs.readFileSync(path.join(folder, 'run', 'admin.ref'), 'utf8');
const countIn = (core: string, text: string): number =>
  new SecretSearch(secretsIn(text)).inFile(core, Infinity).findings.length;

describe.skipIf(why !== undefined)(
  `a core dump${why === undefined ? '' : ` (skipped: ${why})`}`,
  together,
  () => {
    it('of another program that has read a ref has the ref in it, so that one can be found', async ({
      place,
    }) => {
      const daemon = await place.shepherd('a', configOf('A', ''));
      const cwd = cwdOf(place, 'reader');
      const read = `const text = require('fs').readFileSync(process.argv[1], 'utf8');
        console.log('has it'); setInterval(() => text.length, 1000)`;
      const file = path.join(daemon.folder, 'run', 'admin.ref');
      const reader = place.begin(process.execPath, ['-e', read, file], { through: dumped, cwd });
      await eventually('it has read it', () => reader.stdout().includes('has it'));
      const core = await coreOf(reader, cwd);
      expect(countIn(core, textOfAdmin(daemon.folder))).toBe(1);
      fs.rmSync(core);
    });
    it('of a shepherd has none of its secrets in it', async ({ place }) => {
      const cwd = cwdOf(place, 'shepherd');
      const daemon = await place.shepherd(
        'a',
        configOf(
          'A',
          `service({ provision: ['one'] })`,
          "{ tcpTls: { host: '127.0.0.1', port: 0 } }",
        ),
        { through: dumped, cwd },
      );
      const { stdout } = await daemon.herd('ref', 'mint', 'one', '--reveal');
      const key = fs.readFileSync(path.join(daemon.folder, 'tcp-tls.key'), 'utf8');
      const secrets = textOfAdmin(daemon.folder) + stdout + key;
      expect(secretsIn(secrets)).toHaveLength(3);
      expect(countIn(await coreOf(daemon, cwd), secrets)).toBe(0);
    });
    it('of herd has not the ref in it that it uses', async ({ place }) => {
      const cwd = cwdOf(place, 'herd');
      const daemon = await place.shepherd('a', configOf('A', `service({ provision: ['one'] })`));
      const words = [bins.herd, '-s', daemon.socket, 'log', '-f'];
      const herd = place.begin(process.execPath, words, { through: dumped, cwd });
      await daemon.herd('start', 'one');
      await eventually('it follows', () => herd.stdout().includes('one is running'));
      expect(countIn(await coreOf(herd, cwd), textOfAdmin(daemon.folder))).toBe(0);
    });
  },
);
