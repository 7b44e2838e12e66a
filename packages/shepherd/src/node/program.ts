/**
 * From a Command to something that can be executed, with words for every way in which it cannot.
 * The checks run in the daemon, synchronously, like the spawn that follows (libuv itself waits
 * until the child has executed its program): so a start that fails says what was tried, where GNU
 * Shepherd reports a child that exited with 127.
 */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { StartFailed } from '../errors.ts';
import type { Command } from '../words/types.ts';
import { codeOf } from './group.ts';
import { namedFolderCount, scriptHeadBytes } from './limits.ts';
import { O_PATH } from './open-folder.ts';
import { closedFolder, identityOf, nodeAccounts, type Accounts, type Identity } from './users.ts';

/** A command whose program and folder were found. */
export interface Program {
  /** Absolute. */
  readonly file: string;
  /** The program's name as configured: what it sees as its own name. */
  readonly argv0: string;
  readonly args: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** As whom it runs. Absent: as the shepherd. */
  readonly as?: Identity;
}
/** What a command gets where it says nothing itself. */
export interface CommandDefaults {
  /** The environment of every process; a command adds to it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute: where commands run that name no folder. GNU Shepherd takes / for root and HOME for others. */
  readonly cwd: string;
  /** Absent: those of this machine. */
  readonly accounts?: Accounts;
}

/** What execvp(3) looks in when PATH is not set. */
const defaultPath = '/usr/local/bin:/usr/bin:/bin';

const words: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'a part of its path is not a directory',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the path is too long',
  ENOEXEC: 'not a program of this kind of machine',
  ETXTBSY: 'the file is open for writing',
  E2BIG: 'arguments and environment are too long together',
  EAGAIN: 'no more processes may be started (the limit of this user or machine is reached)',
  ENOMEM: 'out of memory',
  EMFILE: 'this daemon has too many files open',
  ENFILE: 'this machine has too many files open',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
  EISDIR: 'is a directory',
};
/**
 * The words for a failed system call, with its code for those who search for it. Paths are left out:
 * whoever may know them adds them.
 */
export const explain = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  const text = code === undefined ? undefined : words[code];
  if (text !== undefined) return `${text} (${code})`;
  if (!(error instanceof Error)) return String(error);
  // Node's own words, as in `EIO: i/o error, read` or `…, open '/the/path'`.
  return 'syscall' in error
    ? (error.message.split(`, ${String(error.syscall)}`, 1)[0] ?? error.message)
    : error.message;
};

/** What a start is told that could not be made: nothing of a failure without words of ours but the call that failed. */
export const asFailed = (error: unknown): StartFailed =>
  error instanceof StartFailed
    ? error
    : new StartFailed(explain(error), { summary: explain(error) });

const stat = (file: string): fs.Stats | Error => {
  try {
    return fs.statSync(file);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
};
const mayExecute = (file: string): boolean => {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
/** Undefined for a file that can be tried, else what is wrong with it. */
const fault = (file: string): string | undefined => {
  const found = stat(file);
  if (found instanceof Error) return explain(found).replace(' (ENOENT)', '');
  if (found.isDirectory()) return 'is a directory, not a program';
  if (!found.isFile()) return 'is not a regular file';
  if (mayExecute(file)) return undefined;
  const mode = (found.mode & 0o7777).toString(8).padStart(4, '0');
  return `not executable by this user (mode ${mode})`;
};

const checkFolder = (folder: string, as: Identity | undefined): void => {
  // What can be entered is a folder: nothing else is said of most.
  if (mayExecute(`${folder}/.`)) return as && checkOpen(folder, fs.realpathSync(folder), as);
  const found = stat(folder);
  if (found instanceof Error)
    throw unusable(folder, explain(found).replace('no such file (ENOENT)', 'no such directory'));
  if (!found.isDirectory()) throw unusable(folder, 'is not a directory');
  throw unusable(folder, 'this user may not enter it');
};
const unusable = (folder: string, why: string, plain = why): StartFailed =>
  new StartFailed(`exec: working directory ${folder}: ${why}`, {
    summary: `exec: working directory: ${plain}`,
  });

/**
 * Libuv changes folder before it changes user: a process could be where its user may not go, and
 * find nothing there.
 */
const checkOpen = (folder: string, real: string, as: Identity): void => {
  const closed = closedFolder(real, as);
  if (closed === undefined) return;
  const why = `user ${as.uid} may not enter ${shownFolder(closed)}; it needs another cwd`;
  throw unusable(folder, why, 'its user may not enter it');
};
const shownFolder = (folder: string): string =>
  `${folder} (mode ${(fs.statSync(folder).mode & 0o7777).toString(8).padStart(4, '0')})`;

const findFile = (name: string, cwd: string, searched: string): string => {
  if (name.includes('/')) {
    const file = path.resolve(cwd, name);
    const wrong = fault(file);
    if (wrong === undefined) return file;
    throw new StartFailed(`exec: ${file}: ${wrong}`, { summary: `exec: its program: ${wrong}` });
  }
  const folders = searched.split(':');
  const near: string[] = [];
  for (const folder of folders) {
    const file = path.resolve(cwd, folder, name);
    const wrong = fault(file);
    if (wrong === undefined) return file;
    if (!(stat(file) instanceof Error)) near.push(`${file} ${wrong}`);
  }
  const named = folders.slice(0, namedFolderCount).map((folder) => folder || '.');
  const more = folders.length > named.length ? ` and ${folders.length - named.length} more` : '';
  const passed = near.length === 0 ? '' : `; passed over: ${near.join(', ')}`;
  throw new StartFailed(
    `exec: ${name}: no such file; looked in PATH ${named.join(':')}${more}${passed}`,
    { summary: 'exec: its program: no such file' },
  );
};

/**
 * Finds the folder first, then the program: to the system a missing folder looks like a missing
 * program.
 * @throws StartFailed with what was tried.
 */
export const findProgram = (command: Command, around: CommandDefaults): Program => {
  const [argv0, ...args] = command.argv;
  const as =
    command.runAs === undefined
      ? undefined
      : identityOf(command.runAs, around.accounts ?? nodeAccounts());
  const env: Record<string, string> = {};
  const given = as?.isOther === true ? withoutFolders(around.env) : around.env;
  for (const [name, value] of Object.entries({ ...given, ...as?.env, ...command.env })) {
    if (value !== undefined) env[name] = value;
  }
  // What is in a root of its own is found there, or is not.
  if (command.traits?.root !== undefined)
    return { file: argv0, argv0, args, cwd: command.cwd ?? '/', env, ...(as && { as }) };
  const cwd = path.resolve(around.cwd, command.cwd ?? '.');
  checkFolder(cwd, as);
  if (argv0 === '') throw new StartFailed('exec: the name of the program is empty');
  const file = findFile(argv0, cwd, env['PATH'] ?? defaultPath);
  return { file, argv0, args, cwd, env, ...(as && { as }) };
};

/** Of the shepherd's user these are, and no other's. */
const withoutFolders = (env: CommandDefaults['env']): CommandDefaults['env'] =>
  Object.fromEntries(
    Object.entries(env).filter(([name]) => name !== 'TMPDIR' && !name.startsWith('XDG_')),
  );

/**
 * Its process, which leads a group. What runs as somebody else enters its folder before it becomes that user, who may
 * have turned a link on the way since that was looked at: so what was opened is judged, and entered.
 * @throws StartFailed; what the system says, for `execFailure`.
 */
export const spawnProgram = (
  { file, args, argv0, cwd, env, as }: Program,
  stdio: StdioOptions,
): ChildProcess => {
  const how = { argv0, env, stdio, detached: true, ...(as && { uid: as.uid, gid: as.gid }) };
  if (as?.isOther !== true) return spawn(file, args, { ...how, cwd });
  const opened = fs.openSync(cwd, O_PATH | fs.constants.O_DIRECTORY);
  try {
    const folder = `/proc/self/fd/${opened}`;
    checkOpen(cwd, fs.readlinkSync(folder), as);
    return spawn(file, args, { ...how, cwd: folder });
  } finally {
    fs.closeSync(opened);
  }
};

const interpreterOf = (file: string): string | undefined => {
  let handle: number | undefined;
  try {
    // Where its user can put something else in its place, that may be a pipe by now.
    handle = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    if (!fs.fstatSync(handle).isFile()) return undefined;
    const head = Buffer.alloc(scriptHeadBytes);
    const length = fs.readSync(handle, head, 0, head.length, 0);
    return /^#![ \t]*([^\s]+)/.exec(head.toString('utf8', 0, length))?.[1];
  } catch {
    return undefined; // it is only for the wording of another error
  } finally {
    if (handle !== undefined) fs.closeSync(handle);
  }
};

/**
 * Words for an exec that failed although the file was there: often the interpreter of a script is
 * not.
 */
export const execFailure = (program: Program, error: unknown): StartFailed => {
  if (error instanceof StartFailed) return error;
  const interpreter = interpreterOf(program.file);
  const wrong = interpreter === undefined ? undefined : fault(interpreter);
  if (wrong !== undefined) {
    const line = `its first line asks for ${interpreter}`;
    const summary = `exec: the interpreter of its program: ${wrong}`;
    return new StartFailed(`exec: ${program.file}: ${line}: ${wrong}`, { cause: error, summary });
  }
  if (isMissing(error) && interpreter === undefined && fault(program.file) === undefined) {
    const text = 'the file is there, but not the dynamic loader that it was linked for';
    const summary = `exec: its program: ${text} (ENOENT)`;
    return new StartFailed(`exec: ${program.file}: ${text} (ENOENT)`, { cause: error, summary });
  }
  const why = explain(error);
  const summary = `exec: its program: ${why}`;
  return new StartFailed(`exec: ${program.file}: ${why}${keptOut(program)}`, {
    cause: error,
    summary,
  });
};
/** Where its user cannot get to it. */
const keptOut = ({ file, as }: Program): string => {
  const closed = as && closedFolder(path.dirname(file), as);
  if (as === undefined || closed === undefined) return '';
  return `: user ${as.uid} may not enter ${shownFolder(closed)}`;
};
/** Whether the system has said that something is not there. */
export const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';
