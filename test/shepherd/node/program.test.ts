import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  execFailure,
  explain,
  findProgram,
  spawnProgram,
} from '../../../packages/shepherd/src/node/program.ts';
import { makeFolder } from './support.ts';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
  fs.mkdirSync(path.join(folder, 'bin'));
  fs.writeFileSync(path.join(folder, 'bin/tool'), '#!/bin/sh\n', { mode: 0o755 });
  fs.writeFileSync(path.join(folder, 'plain'), 'no script', { mode: 0o755 });
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

describe('a program is looked for', () => {
  const fileOf = (name: string, pathVariable: string | undefined, cwd = folder) =>
    findProgram(
      {
        argv: [name, 'x'],
        cwd,
        ...(pathVariable === undefined ? {} : { env: { PATH: pathVariable } }),
      },
      { cwd: '/', env: { PATH: '/no/such' } },
    ).file;

  it('in the PATH that the command gets, not in that of the daemon', () => {
    expect(fileOf('tool', `/usr/bin:${folder}/bin`)).toBe(`${folder}/bin/tool`);
    expect(() => fileOf('tool', undefined)).toThrow('looked in PATH /no/such');
  });

  it('in the working directory for an empty or relative part of PATH', () => {
    expect(fileOf('tool', ':/usr/bin', path.join(folder, 'bin'))).toBe(`${folder}/bin/tool`);
    expect(fileOf('tool', 'bin')).toBe(`${folder}/bin/tool`);
  });

  it('from the working directory where its name has a slash', () => {
    expect(fileOf('bin/tool', '/usr/bin')).toBe(`${folder}/bin/tool`);
    expect(() => fileOf('tool/', '/usr/bin')).toThrow(`exec: ${folder}/tool: no such file`);
  });

  it('through links, but not in circles', () => {
    fs.symlinkSync('bin/tool', path.join(folder, 'link'));
    fs.symlinkSync('circle', path.join(folder, 'circle'));
    expect(fileOf('./link', undefined)).toBe(`${folder}/link`);
    expect(() => fileOf('./circle', undefined)).toThrow('too many symbolic links (ELOOP)');
    expect(() => fileOf('./plain/x', undefined)).toThrow('is not a directory (ENOTDIR)');
  });

  it('only if it has a name', () => {
    expect(() => fileOf('', '/usr/bin')).toThrow('the name of the program is empty');
  });
});

describe('an exec that failed is told', () => {
  const program = (name: string) => findProgram({ argv: [name] }, { cwd: folder, env: {} });
  const failed = (code: string) => Object.assign(new Error(`spawn ${code}`), { code });

  it.each([
    ['EAGAIN', 'no more processes may be started (the limit of this user or machine is reached)'],
    ['ENOMEM', 'out of memory'],
    ['EMFILE', 'this daemon has too many files open'],
    ['ENFILE', 'this machine has too many files open'],
    ['ETXTBSY', 'the file is open for writing'],
  ])('in words for %s, with the code and the cause', (code, words) => {
    const cause = failed(code);
    const failure = execFailure(program('./plain'), cause);
    expect(failure.message).toBe(`exec: ${folder}/plain: ${words} (${code})`);
    expect(failure.cause).toBe(cause);
  });

  it('as it came where there are no words for it', () => {
    expect(execFailure(program('./plain'), failed('EWEIRD')).message).toMatch(/: spawn EWEIRD$/);
  });

  it('by the loader of a program that was linked for another system', () => {
    expect(execFailure(program('./plain'), failed('ENOENT')).message).toBe(
      `exec: ${folder}/plain: the file is there, ` +
        'but not the dynamic loader that it was linked for (ENOENT)',
    );
  });

  it('without waiting at a pipe that its user has put in its place meanwhile', () => {
    const found = program('./plain');
    fs.rmSync(found.file);
    execFileSync('mkfifo', [found.file]);
    expect(execFailure(found, failed('ENOENT')).message).toBe(
      `exec: ${folder}/plain: no such file (ENOENT)`,
    );
  });

  it('by its interpreter only if that is what is missing', () => {
    expect(execFailure(program('bin/tool'), failed('EAGAIN')).message).toMatch(/\(EAGAIN\)$/);
    fs.writeFileSync(path.join(folder, 'bin/tool'), `#!${folder} -x\n`);
    expect(execFailure(program('bin/tool'), failed('EACCES')).message).toBe(
      `exec: ${folder}/bin/tool: its first line asks for ${folder}: is a directory, not a program`,
    );
  });
});

it('the words for a failed system call hold no path', () => {
  const failed = Object.assign(new Error("EIO: i/o error, open '/the/path'"), {
    code: 'EIO',
    syscall: 'open',
  });
  expect(explain(failed)).toBe('EIO: i/o error');
  expect(explain(Object.assign(failed, { code: 'EACCES' }))).toBe('permission denied (EACCES)');
  expect(explain(new Error('is no plain file'))).toBe('is no plain file');
});

describe.skipIf(process.getuid?.() !== 0)('what runs as somebody else (root)', () => {
  const uid = 54_321;
  const at = (...names: readonly string[]): string => path.join(folder, ...names);
  const turnedTo = async (where: string): Promise<string> => {
    fs.chmodSync(folder, 0o755);
    fs.mkdirSync(at('closed', 'open'), { recursive: true });
    fs.chmodSync(at('closed'), 0o700);
    fs.symlinkSync(at('bin'), at('way'));
    const command = { argv: ['pwd'], cwd: at('way'), runAs: { user: uid, group: uid } } as const;
    const program = findProgram(command, { cwd: '/', env: { PATH: '/usr/bin:/bin' } });
    fs.rmSync(at('way'));
    fs.symlinkSync(at(where), at('way'));
    const child = spawnProgram(program, ['ignore', 'pipe', 'ignore']);
    const [said] = (await once(child.stdout ?? child, 'data')) as readonly unknown[];
    return String(said).trim();
  };
  it('runs in the folder that is there when its process is made', async () => {
    fs.mkdirSync(at('other'));
    expect(await turnedTo('other')).toBe(at('other'));
  });
  it('gets into none that it may not enter, though its user turns a link once that was looked at', async () => {
    await expect(turnedTo('closed/open')).rejects.toThrow(
      `working directory ${at('way')}: user ${uid} may not enter ${at('closed')} (mode 0700)`,
    );
  });
});
