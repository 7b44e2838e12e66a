/** What the keeper gives to a process, seen from within it. */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  makeChildProcessBackend,
  makeLogFiles,
  openKeeper,
  Starts,
  type KeeperBackend,
} from '../../../packages/shepherd/src/node/index.ts';
import {
  environmentFileBytes,
  folderLinkCount,
} from '../../../packages/shepherd/src/node/limits.ts';
import type { Command, ProcessTraits } from '../../../packages/shepherd/src/words/types.ts';
import { isWithoutKeeper, keeperProgram, keptFrom, whyNoKeeper } from '../../support/keepers.ts';
import { makeFolder, startOf, textOf, until } from './support.ts';

// Real processes are as fast as the machine lets them be.
afterAll(() => vi.resetConfig());

const isRoot = process.getuid?.() === 0;
const hasPython = fs.existsSync('/usr/bin/python3');
const unified = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((folder) =>
  fs.existsSync(path.join(folder, 'cgroup.procs')),
);

let folder: string;
let backend: KeeperBackend;
const around = () => ({
  env: { PATH: process.env['PATH'] },
  cwd: folder,
  logFiles: makeLogFiles({ folder: path.join(folder, 'log'), wall: Date.now }),
  starts: new Starts(path.join(folder, 'starts')),
});
const log = () => textOf(path.join(folder, 'log/web.log'));
/** What a shell script prints with these traits. */
const printed = async (script: string, traits: ProcessTraits, more: Partial<Command> = {}) => {
  const command: Command = { argv: ['sh', '-c', script], ...more, traits };
  expect(await startOf(backend, 'w-1', command).ended).toEqual({ code: 0 });
  return log();
};
const refusal = (command: Command, by: Pick<KeeperBackend, 'start'> = backend) =>
  startOf(by, 'w-1', command).started.then(
    () => 'it started',
    (error: Error) => error.message,
  );

describe.skipIf(isWithoutKeeper)(`a process of the keeper${whyNoKeeper}`, () => {
  beforeEach(async () => {
    folder = makeFolder();
    fs.chmodSync(folder, 0o755);
    backend = await openKeeper({ ...around(), ...keptFrom(path.join(folder, 'keeper')) });
  });
  afterEach(() => {
    backend.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it('has the umask of the shepherd, or its own', async () => {
    expect(await printed('umask', {})).toBe('0022\n');
    expect(await printed('umask', { umask: 0o027 })).toBe('0022\n0027\n');
  });

  it('has its limits, soft and hard', async () => {
    const limits = {
      openFiles: [200, 300],
      coreBytes: [0, 0],
      cpuSeconds: [60, 'unlimited'],
    } as const;
    const script = 'ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -St; ulimit -Ht';
    expect(await printed(script, { limits })).toBe('200\n300\n0\n60\nunlimited\n');
  });

  it('has few descriptors where it says so, and its files all the same', async () => {
    fs.writeFileSync(path.join(folder, 'secret'), 'hidden', { mode: 0o600 });
    const traits = {
      limits: { openFiles: [16, 16] },
      descriptors: { 9: path.join(folder, 'secret') },
    } as const;
    expect(await printed('cat <&9; echo; ls /proc/self/fd | wc -l', traits)).toBe('hidden\n5\n');
  });

  it('has its nice, its oomScore, and no new privileges', async () => {
    const script = 'nice; cat /proc/self/oom_score_adj; grep NoNewPrivs /proc/self/status';
    const traits = { nice: 7, oomScore: 321, noNewPrivileges: true } as const;
    expect(await printed(script, traits)).toBe('7\n321\nNoNewPrivs:\t1\n');
  });

  it('leads a group in the session of the keeper, if it is to', async () => {
    const script = 'cut -d" " -f5,6 /proc/$$/stat; echo $$';
    const [ids = '', pid] = (await printed(script, { ownSession: false })).trim().split('\n');
    const [group, session] = ids.split(' ');
    expect(group).toBe(pid);
    expect(session).not.toBe(pid);
  });

  it.runIf(hasPython)('is signalled by itself where it has left its group', async () => {
    const script =
      'import os, time; os.setpgid(0, os.getpgid(os.getppid())); print("left", flush=True); time.sleep(600)';
    const argv = ['/usr/bin/python3', '-c', script] as const;
    const { ended } = startOf(backend, 'w-1', { argv, traits: { ownSession: false } });
    await until('it has left', () => log().includes('left'));
    backend.signal('w-1', 'SIGTERM');
    expect(await ended).toEqual({ signal: 'SIGTERM' });
  });

  it.runIf(isRoot)('has supplementary groups, and none of root', async () => {
    const accounts = {
      uid: 0,
      gid: 0,
      passwd: () => 'web:x:4321:4322::/home/web:/bin/sh\n',
      group: () => 'disk:x:4399:\n',
    };
    backend.close();
    backend = await openKeeper({ ...around(), ...keptFrom(path.join(folder, 'k')), accounts });
    const script = 'grep -E "^(Uid|Gid|Groups)" /proc/self/status';
    const runAs = { user: 'web' };
    expect(await printed(script, {}, { runAs })).toBe(
      'Uid:\t4321\t4321\t4321\t4321\nGid:\t4322\t4322\t4322\t4322\nGroups:\t \n',
    );
    expect(
      await printed('grep ^Groups /proc/self/status', { groups: ['disk', 55] }, { runAs }),
    ).toContain('Groups:\t55 4399 \n');
    expect(await refusal({ argv: ['true'], traits: { groups: ['nobody-knows'] } })).toContain(
      "exec: group 'nobody-knows': no such group",
    );
  });

  it.runIf(isRoot)('sees a root of its own, and nothing above', async () => {
    const root = path.join(folder, 'root');
    fs.mkdirSync(path.join(root, 'sub'), { recursive: true });
    fs.copyFileSync(keeperProgram, path.join(root, 'program'));
    fs.chmodSync(path.join(root, 'program'), 0o755);
    // Any static program does: without arguments this one says how it is used.
    const { ended } = startOf(backend, 'w-1', {
      argv: ['/program'],
      cwd: '/sub',
      traits: { root },
    });
    expect(await ended).toEqual({ code: 64 });
    expect(log()).toContain('usage: keeper');
    expect(await refusal({ argv: ['/bin/sh'], traits: { root } })).toBe(
      `exec: /bin/sh in ${root}: no such file (ENOENT)`,
    );
    expect(await refusal({ argv: ['/program'], traits: { root: '/no/such' } })).toBe(
      'exec: program: its root: no such file (ENOENT)',
    );
  });

  it.runIf(hasPython)('has a terminal of its own, and no log then', async () => {
    const opener = `import os, pty, sys, time
m, s = pty.openpty()
print(os.ttyname(s), flush=True)
while True: sys.stdout.buffer.write(os.read(m, 100)); sys.stdout.flush()`;
    const holder = spawn('/usr/bin/python3', ['-c', opener], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let seen = '';
    holder.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    const terminal = await until('a terminal', () => /^(\/dev\/\S+)\n/.exec(seen)?.[1]);
    const ownOf = 'cut -d" " -f7 /proc/$$/stat';
    expect(await printed(ownOf, { descriptors: { 9: terminal } })).toBe('0\n');
    expect(await printed('tty; echo to its terminal > /dev/tty', { terminal })).toBe('0\n');
    await until('what it said', () => seen.includes('to its terminal'));
    expect(seen.split('\n')[1]?.trim()).toBe(terminal);
    holder.kill('SIGKILL');
  });

  it('finds variables of files, the last one first, and none of the comments', async () => {
    const [first, last] = ['first', 'last'].map((name) => path.join(folder, `${name}.env`));
    if (first === undefined || last === undefined) throw new Error('two files');
    fs.writeFileSync(first, '# A=comment\n\nA=first\nB=two words  \r\n');
    fs.writeFileSync(last, `A='last one'\nC="d=e"\nD="half\n; E=f\n`);
    const traits = { environmentFiles: [first, last] };
    const env = { A: 'of the configuration', F: 'f' };
    expect(await printed('echo "$A|$B|$C|$D|$E|$F"', traits, { env })).toBe(
      'last one|two words|d=e|"half||f\n',
    );
  });

  it('is refused where a file of variables is not there, is none, or has too much, and no word of it is told', async () => {
    const file = path.join(folder, 'web.env');
    const command = { argv: ['true'], traits: { environmentFiles: [file] } } as const;
    expect(await refusal(command)).toBe(`exec: environment file ${file}: no such file (ENOENT)`);
    fs.writeFileSync(file, 'A=b\nsecret of somebody\n');
    expect(await refusal(command)).toBe(
      `exec: environment file ${file}: line 2: expected NAME=value`,
    );
    // What would take longest to read.
    fs.writeFileSync(file, `A=${' '.repeat(environmentFileBytes - 3)}x`);
    expect(await refusal(command)).toBe('it started');
    fs.appendFileSync(file, 'x');
    expect(await refusal(command)).toBe(
      `exec: environment file ${file}: has more than ${environmentFileBytes} bytes`,
    );
    const folderOf = { argv: ['true'], traits: { environmentFiles: [folder] } } as const;
    expect(await refusal(folderOf)).toContain('is not a regular file');
  });

  it.runIf(isRoot && unified !== undefined)(
    'is in the group of cgroup v2 that it asks for',
    async () => {
      const group = path.join(unified ?? '', `bellwether-${process.pid}`);
      fs.mkdirSync(group);
      try {
        const seen = await printed('grep ^0:: /proc/self/cgroup', { cgroup: group });
        expect(seen).toBe(`0::/${path.basename(group)}\n`);
      } finally {
        await until('nobody in it', () => textOf(path.join(group, 'cgroup.procs')) === '');
        fs.rmdirSync(group);
      }
    },
  );

  it('is refused a pipe or a socket, by name, instead of waiting for its other end', async () => {
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const why =
      'is neither a file, a folder nor a device (a pipe, whose other end it would wait for?)';
    const descriptors = { 5: pipe, 7: folder };
    expect(await refusal({ argv: ['true'], traits: { descriptors } })).toBe(
      `exec: true: the file that it is to find open as descriptor 5, ${pipe}: ${why}`,
    );
    expect(await refusal({ argv: ['true'], traits: { terminal: pipe } })).toContain(
      'exec: true: its terminal: ENOTTY',
    );
    const socket = path.join(folder, 'keeper/socket');
    expect(await refusal({ argv: ['true'], traits: { descriptors: { 5: socket } } })).toContain(
      `as descriptor 5, ${socket}: ENXIO`,
    );
    const file = { argv: ['true'], traits: { environmentFiles: [pipe] } } as const;
    expect(await refusal(file)).toBe(`exec: environment file ${pipe}: is not a regular file`);
  });

  it.runIf(isRoot)('is given no file of root by what others can put in its place', async () => {
    const [secret, theirs] = [path.join(folder, 'secret'), path.join(folder, 'theirs')];
    fs.writeFileSync(secret, 'A=hidden\n', { mode: 0o600 });
    fs.mkdirSync(theirs);
    const at = (name: string): string => path.join(theirs, name);
    fs.symlinkSync(secret, at('link'));
    fs.lchownSync(at('link'), 65_534, 65_534);
    fs.symlinkSync(folder, at('way'));
    fs.lchownSync(at('way'), 65_534, 65_534);
    fs.linkSync(secret, at('name'));
    fs.writeFileSync(at('own'), 'A=theirs\n');
    fs.chownSync(at('own'), 65_534, 65_534);
    fs.symlinkSync('own', at('ours'));
    fs.chownSync(theirs, 65_534, 65_534);
    let count = 0;
    const run = async (file: string, traits: ProcessTraits) => {
      const command = { argv: ['true'], traits, runAs: { user: 65_534, group: 65_534 } } as const;
      const { started, ended } = startOf(backend, `w-${(count += 1)}`, command);
      ended.catch(() => undefined);
      const said = await started.then(
        () => 'it started',
        (error: Error) => error.message,
      );
      return [path.basename(file), said.replace(file, 'FILE')];
    };
    for (const file of [at('link'), at('way/secret'), at('name')]) {
      const [, opened] = await run(file, { descriptors: { 5: file } });
      expect(opened).toMatch(/descriptor 5, FILE: .* another user.*\((ELOOP|EPERM)\)/);
      const [, read] = await run(file, { environmentFiles: [file] });
      expect(read).toMatch(/environment file FILE: (is a link of|the link way .* of|is of) user/);
    }
    for (const file of [secret, at('own'), at('ours')])
      expect(await run(file, { descriptors: { 5: file }, environmentFiles: [file] })).toEqual([
        path.basename(file),
        'it started',
      ]);
    fs.chownSync(theirs, 0, 0);
    fs.chmodSync(theirs, 0o777);
    expect((await run(at('name'), { descriptors: { 5: at('name') } }))[1]).toContain('two names');
    expect((await run(at('name'), { environmentFiles: [at('name')] }))[1]).toContain('hard link');
  });

  it(`is given a file by ${folderLinkCount} links, as Linux follows, and none by one more`, async () => {
    const at = (number: number): string => path.join(folder, `l${number}`);
    fs.writeFileSync(at(0), 'A=b\n');
    for (let number = 1; number <= folderLinkCount + 1; number += 1)
      fs.symlinkSync(at(number - 1), at(number));
    const [last, more] = [at(folderLinkCount), at(folderLinkCount + 1)];
    const traits = { descriptors: { 5: last }, environmentFiles: [last] };
    expect(await printed('cat <&5; echo $A', traits)).toBe('A=b\nb\n');
    const opened = await refusal({ argv: ['true'], traits: { descriptors: { 5: more } } });
    expect(opened).toContain('there are too many (ELOOP)');
    const read = await refusal({ argv: ['true'], traits: { environmentFiles: [more] } });
    expect(read).toContain('too many links on the way to it');
  });

  it('waits at files, folders and devices that it is to find open, as it would had it opened them', async () => {
    fs.writeFileSync(path.join(folder, 'file'), 'read');
    const descriptors = { 7: path.join(folder, 'file'), 8: folder, 9: '/dev/zero' };
    const script = 'grep -h ^flags /proc/self/fdinfo/7 /proc/self/fdinfo/8 /proc/self/fdinfo/9';
    const seen = await printed(script, { descriptors });
    // O_NONBLOCK is 04000.
    expect(seen.match(/flags:\s+\d+/g)).toHaveLength(3);
    expect(seen).not.toMatch(/flags:\s+\d*[4-7]\d{3}\n/);
  });

  it('is refused in words where there is no such group, file or permission', async () => {
    expect(await refusal({ argv: ['true'], traits: { cgroup: folder } })).toBe(
      `exec: cgroup ${folder}: no group of cgroup v2 is there (no file cgroup.procs); make it, or mount cgroup v2`,
    );
    expect(await refusal({ argv: ['true'], traits: { descriptors: { 7: '/no/such' } } })).toBe(
      'exec: true: the file that it is to find open as descriptor 7, /no/such: no such file (ENOENT)',
    );
    expect(await refusal({ argv: ['true'], traits: { terminal: '/dev/null' } })).toContain(
      'exec: true: its terminal: ENOTTY',
    );
    expect(await refusal({ argv: ['true'], traits: { limits: { coreBytes: [9, 3] } } })).toContain(
      'exec: true: its limits: EINVAL',
    );
  });
});

it('without a keeper what only it can give is refused, by name', async () => {
  folder = makeFolder();
  const plain = makeChildProcessBackend(around());
  const traits = { umask: 0o027, limits: { openFiles: [16, 16] } } as const;
  expect(await refusal({ argv: ['true'], traits }, { start: plain.start.bind(plain) })).toBe(
    'only a shepherd with its keeper can give a process umask, limits; this one has none (herd status root says why)',
  );
  fs.rmSync(folder, { recursive: true, force: true });
});
