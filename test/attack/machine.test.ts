/** What other users, files in the wrong place, a machine without room and kills do to a shepherd. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseUri, Sturdyref } from '@bellwether/ocapn';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isWithoutKeeper, keeperPids, whyNoKeeper } from '../support/keepers.ts';
import { greeted } from '../support/cli-stranger.ts';
import { suffering, type Suffering } from '../support/local-scene.ts';
import { asUser, makePublic, noOtherUsers } from '../support/other-users.ts';
import { configOf, eventually, makePlace } from '../support/programs.ts';
import type { Daemon, Place } from '../support/programs.ts';
import { pidOf, processesOf } from '../support/shown.ts';

const isRoot = process.getuid?.() === 0;
const uid = 54_321;
const pidsGroups = '/sys/fs/cgroup/pids';

describe.skipIf(isWithoutKeeper)(`a shepherd${whyNoKeeper}`, () => {
  let place: Place;
  let daemon: Daemon;
  let suffer: Suffering['suffer'];
  const at = (name: string): string => path.join(place.folder, name);
  const log = (service: string): string => path.join(daemon.folder, 'log', `${service}.log`);
  beforeAll(async () => {
    place = makePlace();
    const one = (name: string) =>
      `service({ provision: ['${name}'], start: exec(['sleep', '630']) })`;
    const names = ['linked', 'named', 'foreign', 'folder', 'lists', 'one'];
    ({ daemon, suffer } = await suffering(place, names.map(one).join(', ')));
  });
  afterAll(() => place.clean(), 120_000);

  describe.skipIf(noOtherUsers() !== undefined)('whose folders were opened by mistake', () => {
    /** What another user gets from a socket: the code of a refusal, or the bytes that come before its end. */
    const heard = (socket: string): string => {
      const script = `const socket = require('net').connect(process.argv[1]);
        let bytes = 0; socket.on('data', (chunk) => { bytes += chunk.length });
        socket.on('error', ({ code }) => { console.log(code); process.exit() });
        socket.on('connect', () => socket.write(Buffer.from([16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])));
        socket.on('close', () => console.log(bytes));
        setTimeout(() => { console.log('open', bytes); process.exit() }, 5_000)`;
      const [program = '', ...words] = [...asUser(uid), process.execPath, '-e', script, socket];
      return spawnSync(program, words).stdout.toString().trim();
    };
    it('case 16: refuses another user at its socket, and so does its keeper', () =>
      suffer(async () => {
        const keeper = path.join(daemon.folder, 'keeper');
        const sockets = [daemon.socket, path.join(keeper, 'socket')];
        expect(sockets.map(heard)).toEqual(['EACCES', 'EACCES']);
        const folders = [place.folder, daemon.folder, path.dirname(daemon.socket), keeper];
        for (const folder of folders) fs.chmodSync(folder, 0o755);
        expect(sockets.map(heard)).toEqual(['EACCES', 'EACCES']);
        // Who may write to that of the keeper is asked who he is, and cut off unread.
        fs.chmodSync(path.join(keeper, 'socket'), 0o666);
        expect(heard(path.join(keeper, 'socket'))).toMatch(/^(0|ECONNRESET|EPIPE)$/);
        fs.chmodSync(path.join(keeper, 'socket'), 0o600);
        for (const folder of folders) fs.chmodSync(folder, 0o700);
        await Promise.resolve();
      }));
  });

  it('case 17: writes no log through a link, to a file with two names, or to one of somebody else', () =>
    suffer(async () => {
      fs.writeFileSync(at('precious'), 'precious\n', { mode: 0o600 });
      fs.symlinkSync(at('precious'), log('linked'));
      fs.linkSync(at('precious'), log('named'));
      fs.writeFileSync(log('foreign'), 'precious\n', { mode: 0o666 });
      if (isRoot) fs.chownSync(log('foreign'), uid, uid);
      fs.mkdirSync(log('folder'));
      for (const name of ['linked', 'named', 'folder', ...(isRoot ? ['foreign'] : [])]) {
        const { code, stderr } = await daemon.herd('start', name);
        expect([name, code, stderr]).toEqual([name, 1, expect.stringContaining('log file')]);
      }
      for (const file of [at('precious'), log('foreign')])
        expect(fs.readFileSync(file, 'utf8')).toBe('precious\n');
    }));

  it.skipIf(!isRoot || !fs.existsSync(path.join(pidsGroups, 'cgroup.procs')))(
    'case 23: that can have no more processes says so, and starts them when it can',
    async () => {
      const group = path.join(pidsGroups, `bellwether-${process.pid}`);
      const { main } = keeperPids(path.join(daemon.folder, 'keeper'));
      fs.mkdirSync(group);
      fs.writeFileSync(path.join(group, 'cgroup.procs'), String(main[0]));
      fs.writeFileSync(path.join(group, 'pids.max'), '1');
      const refused = await daemon.herd('start', 'one');
      expect([refused.code, refused.stderr]).toEqual([
        1,
        expect.stringContaining('no process could be made: no more processes may be started'),
      ]);
      fs.writeFileSync(path.join(group, 'pids.max'), 'max');
      expect((await daemon.herd('restart', 'one')).code).toBe(0);
      await daemon.herd('stop', 'one');
      fs.writeFileSync(path.join(pidsGroups, 'cgroup.procs'), String(main[0]));
      await eventually('nobody is in it', () => {
        const left = fs.readFileSync(path.join(group, 'cgroup.procs'), 'utf8');
        for (const pid of left.split('\n').filter(Boolean))
          fs.writeFileSync(path.join(pidsGroups, 'cgroup.procs'), pid);
        return left === '';
      });
      fs.rmdirSync(group);
    },
  );

  it('case 23: that can open no more files is asked in vain, goes on, and serves again', async () => {
    const other = await pidOf(daemon, 'other');
    const pid = String(daemon.process.pid);
    const limitTo = (count: string) =>
      expect(spawnSync('prlimit', ['--pid', pid, `--nofile=${count}`]).status).toBe(0);
    const before = /nofile +(\d+)/.exec(
      spawnSync('prlimit', ['--pid', pid, '-n', '--noheadings', '-o', 'RESOURCE,SOFT'])
        .stdout.toString()
        .toLowerCase(),
    )?.[1];
    limitTo(`${fs.readdirSync(`/proc/${pid}/fd`).length}:`);
    expect((await daemon.herd('--timeout', '5', 'restart', 'other')).code).not.toBe(0);
    limitTo(`${before}:`);
    await eventually('it is served', async () => (await daemon.herd('status')).code === 0);
    expect(await pidOf(daemon, 'other')).toBe(other);
    expect((await daemon.herd('restart', 'other')).code).toBe(0);
    expect(daemon.process.exitCode).toBe(null);
  });

  it('case 24: has its secret in admin.ref alone: no arguments, environment, log or record', () =>
    suffer(async () => {
      const text = fs.readFileSync(path.join(path.dirname(daemon.socket), 'admin.ref'), 'utf8');
      const ref = parseUri(text.trim());
      if (!(ref instanceof Sturdyref)) throw new Error('admin.ref holds no sturdyref');
      const bytes = Buffer.from(ref.reveal());
      const forms = [
        bytes,
        ...(['base64url', 'base64', 'hex'] as const).map((form) =>
          bytes.toString(form).replace(/=+$/, ''),
        ),
      ];
      const isIn = (file: string): boolean => {
        try {
          const found = fs.readFileSync(file);
          return forms.some((form) => found.includes(form));
        } catch {
          return false; // gone meanwhile
        }
      };
      expect(isIn(path.join(path.dirname(daemon.socket), 'admin.ref'))).toBe(true);
      expect((await daemon.herd('start', 'lists')).code).toBe(0);
      const asking = daemon.begin('status', '--watch');
      await eventually('it is told', () => asking.stdout().includes('lists'));
      const { anchor, main } = keeperPids(path.join(daemon.folder, 'keeper'));
      const pids = [
        daemon.process.pid,
        asking.process.pid,
        ...anchor,
        ...main,
        await pidOf(daemon, 'lists'),
      ];
      expect(pids).toHaveLength(5);
      for (const pid of pids)
        for (const name of ['cmdline', 'environ'])
          expect([pid, name, isIn(`/proc/${pid}/${name}`)]).toEqual([pid, name, false]);
      asking.process.kill('SIGINT');
      await asking.ended;
      const files = fs.readdirSync(daemon.folder, { recursive: true, encoding: 'utf8' });
      const found = files.filter(
        (name) =>
          fs.lstatSync(path.join(daemon.folder, name), { throwIfNoEntry: false })?.isFile() ===
            true && isIn(path.join(daemon.folder, name)),
      );
      expect(found).toEqual(['run/admin.ref']);
    }));

  it('case 25: is one of five that are started at once, three times: the others say who it is', async () => {
    const config = configOf(
      'B',
      `service({ provision: ['lone'], start: exec(['sleep', '631']), autoStart: true })`,
    );
    for (let times = 0; times < 3; times += 1) {
      const all = await Promise.allSettled(
        Array.from({ length: 5 }, () => place.shepherd('b', config)),
      );
      const won = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      const lost = all.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
      expect([won.length, lost.length]).toEqual([1, 4]);
      for (const why of lost) expect(why).toContain('another shepherd');
      const [first] = won;
      expect((await first?.herd('status'))?.code).toBe(0);
      await eventually('it runs once', () => processesOf(place, 'sleep', '631').length === 1);
      await first?.kill('SIGKILL');
    }
    await place.again({ name: 'b' });
    expect(processesOf(place, 'sleep', '631')).toHaveLength(1);
  });
});

it.skipIf(!isRoot)(
  'case 23: a shepherd whose state cannot be written to does not start, says so, and does later',
  async () => {
    const place = makePlace();
    const config = configOf('D', `service({ provision: ['web'] })`);
    const script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"';
    const through = ['unshare', '-m', 'sh', '-c', script, 'sh', path.join(place.folder, 'd')];
    await expect(place.shepherd('d', config, { through })).rejects.toThrow(
      /shepherd d ended \([1-9]\d*\): .*(read-only|EROFS)/s,
    );
    const daemon = await place.again({ name: 'd' });
    expect((await daemon.herd('start', 'web')).code).toBe(0);
    await place.clean();
  },
  60_000,
);

/** Descriptors can be refused from Linux 6.16 on. */
const [major = 0, minor = 0] = os.release().split('.').map(Number);
const canRefuse = major > 6 || (major === 6 && minor >= 16);
describe.skipIf(isWithoutKeeper || !canRefuse)('a shared socket (Linux 6.16 and newer)', () => {
  it('case 16: takes no descriptors, at whose close the shepherd could be held up', async () => {
    const place = makePlace();
    const shared = path.join(makePublic(place), 'shared', 'socket');
    const config = configOf('C', `service({ provision: ['web'] })`, `{ unix: 'shared' }`);
    const daemon = await place.shepherd('c', config, { options: ['--shared-socket', shared] });
    const sender = build(place, senderSource);
    const sent = (socket: string) => spawnSync(sender, [socket]).stdout.toString().trim();
    expect([sent(shared), sent(shared)]).toEqual([
      'Operation not permitted',
      'Operation not permitted',
    ]);
    // Who sends none is heard there, one after the other, and the private socket is nobody else's.
    for (let times = 0; times < 3; times += 1) {
      const { raw } = await greeted(shared);
      await new Promise((heard) => raw.once('data', heard));
      raw.destroy();
    }
    expect((await daemon.herd('status')).code).toBe(0);
    const log = fs.readFileSync(path.join(daemon.folder, 'log', 'shepherd.log'), 'utf8');
    expect(log).not.toContain('socket.takes-descriptors');
    await place.clean();
  });
});

describe('a log that is put aside', () => {
  it('case 22: is whole after a kill -9 at each call of the file system that this takes', () => {
    const place = makePlace();
    const source = path.resolve(
      import.meta.dirname,
      '../../packages/shepherd/src/node/log-files.ts',
    );
    const program = path.join(place.folder, 'rotate.mjs');
    const contents = rotator.replace('SOURCE', JSON.stringify(source));
    const stdin = { contents, resolveDir: path.dirname(source) };
    buildSync({ stdin, bundle: true, platform: 'node', format: 'esm', outfile: program });
    const lines = (from: number, count: number) =>
      Array.from({ length: count }, (_, each) => `line ${from + each} ${'.'.repeat(100)}\n`).join(
        '',
      );
    let killCount = 0;
    for (let call = 1; ; call += 1) {
      const folder = path.join(place.folder, `logs-${call}`);
      fs.mkdirSync(folder);
      const file = path.join(folder, 'web.log');
      fs.writeFileSync(`${file}.1`, lines(0, 200), { mode: 0o640 });
      fs.writeFileSync(file, lines(200, 200), { mode: 0o640 });
      const { signal, status } = spawnSync(process.execPath, [program, folder, String(call)]);
      if (signal === 'SIGKILL') killCount += 1;
      // The next shepherd does it once more, and nothing is in its way.
      expect(spawnSync(process.execPath, [program, folder, '0']).status).toBe(0);
      const texts = fs.readdirSync(folder).filter((name) => /\.log(\.\d+)?$/.test(name));
      const all = texts.map((name) => fs.readFileSync(path.join(folder, name), 'utf8')).join('');
      const packed = fs.readdirSync(folder).filter((name) => name.endsWith('.gz'));
      const unpacked = packed.map((name) =>
        spawnSync('gzip', ['-dc', path.join(folder, name)]).stdout.toString(),
      );
      const found = new Set(`${all}${unpacked.join('')}`.match(/^line \d+ /gm));
      expect([call, found.size]).toEqual([call, 400]);
      if (status === 0) break;
    }
    expect(killCount).toBeGreaterThan(5);
    return place.clean();
  });
});

const build = (place: Place, source: string): string => {
  const program = path.join(place.folder, 'program');
  const { status, stderr } = spawnSync('cc', ['-O1', '-xc', '-', '-o', program], { input: source });
  expect([status, stderr.toString()]).toEqual([0, '']);
  return program;
};
/** Sends its standard input along, and says what came of that. */
const senderSource = `
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
int main(int count, char **words) {
  struct sockaddr_un there = {.sun_family = AF_UNIX};
  char byte = '<';
  union { struct cmsghdr head; char bytes[CMSG_SPACE(sizeof(int))]; } control = {0};
  struct iovec said = {&byte, 1};
  struct msghdr message = {.msg_iov = &said, .msg_iovlen = 1};
  int end = socket(AF_UNIX, SOCK_STREAM, 0);
  strncpy(there.sun_path, words[count - 1], sizeof there.sun_path - 1);
  if (connect(end, (struct sockaddr *)&there, sizeof there) < 0) return 1;
  message.msg_control = &control;
  message.msg_controllen = sizeof control;
  control.head.cmsg_level = SOL_SOCKET;
  control.head.cmsg_type = SCM_RIGHTS;
  control.head.cmsg_len = CMSG_LEN(sizeof(int));
  puts(sendmsg(end, &message, MSG_NOSIGNAL) < 0 ? strerror(errno) : "it was taken");
  return 0;
}
`;

/** Puts a log aside, and is killed before the n-th call that changes a file. */
const rotator = `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  const [folder, at] = process.argv.slice(2);
  let calls = 0;
  const die = () => { calls += 1; if (calls === Number(at)) process.kill(process.pid, 'SIGKILL'); };
  const changes = ['writeSync', 'renameSync', 'rmSync', 'unlinkSync', 'ftruncateSync', 'truncateSync',
    'writeFileSync', 'appendFileSync', 'chmodSync', 'fchmodSync', 'copyFileSync'];
  for (const name of changes) { const own = fs[name]; fs[name] = (...args) => { die(); return own(...args); }; }
  for (const name of ['open', 'rename', 'rm', 'unlink', 'truncate', 'copyFile', 'writeFile', 'chmod']) {
    const own = fs.promises[name];
    fs.promises[name] = async (...args) => {
      die();
      const found = await own.apply(fs.promises, args);
      if (name === 'open') for (const method of ['write', 'truncate', 'writeFile', 'chmod', 'sync']) {
        const inner = found[method].bind(found);
        found[method] = (...words) => { die(); return inner(...words); };
      }
      return found;
    };
  }
  syncBuiltinESMExports();
  const { makeLogFiles } = await import(SOURCE);
  const log = makeLogFiles({ folder, wall: Date.now }).logIn(folder + '/web.log');
  if (log.isWorthIt()) await log.rotate(Date.now());
  await log.packOld();
`;
