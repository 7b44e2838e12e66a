/**
 * One daemon per state folder. The lock is flock(2), taken by util-linux' `flock` on a descriptor that this process
 * opened: such a lock belongs to the open file, so it stays when `flock` exits and ends with this process, however
 * it dies. Node has no flock of its own; a pid file would outlive a kill -9.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ActorError } from '@bellwether/actors';
import { bytesIn } from '../refs/secret-file.ts';
import { UnsafePlace } from './folders.ts';

/** Another daemon holds this state folder, or no lock can be had. */
export class Locked extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('locked', message, options);
  }
}

/**
 * Takes the lock of a state folder, for the life of this process.
 * @throws Locked when another process has it, UnsafePlace where something else is in its place.
 */
export const lockFolder = async (folder: string): Promise<void> => {
  const descriptor = openLock(lockIn(folder));
  const code = await flock(descriptor).catch((error: unknown) => {
    fs.closeSync(descriptor);
    throw new Locked(
      `lock: cannot run flock (util-linux), which keeps a second daemon out of ${folder}`,
      { cause: error },
    );
  });
  if (code === 0) {
    noteHolder(descriptor);
    return; // The descriptor is left open on purpose: closing it would give the lock away.
  }
  fs.closeSync(descriptor);
  const holder = holderOf(folder);
  const who = holder === undefined ? '' : ` (pid ${holder})`;
  throw new Locked(
    `lock: another shepherd${who} already runs on ${folder}; use it, stop it with 'herd stop root', or give this ` +
      'one a folder of its own with --state',
  );
};

/** A daemon of root must not lock, and then empty, whatever a link leads to that somebody has left there. */
const openLock = (file: string): number => {
  const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  if (fs.lstatSync(file, { throwIfNoEntry: false })?.isFile() === false)
    throw new UnsafePlace(`lock: ${file} is no file\n  hint: see what it is, and remove it`);
  return fs.openSync(file, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
};

/**
 * The pid of who has taken the lock of a state folder last, as it has noted it; undefined: none, or it may not be read.
 * Whether it lives is not known by that.
 */
export const holderOf = (folder: string): number | undefined => {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  let descriptor: number | undefined;
  try {
    // The folder may be anybody's: nothing in it is waited for, and no more is read than a number has.
    descriptor = fs.openSync(lockIn(folder), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!fs.fstatSync(descriptor).isFile()) return undefined;
    const text = bytesIn(descriptor, noteBytes)?.toString('latin1') ?? '';
    return /^[1-9]\d{0,9}\n?$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined; // for a message alone
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
};
/** Of a pid of ten digits, and its line's end. */
const noteBytes = 11;
const lockIn = (folder: string): string => path.join(folder, 'lock');

/** The number is for a message alone: a full disk must not keep the daemon from starting. */
const noteHolder = (descriptor: number): void => {
  try {
    if (fs.fstatSync(descriptor).nlink > 1) return; // it may be any other file, too
    fs.ftruncateSync(descriptor);
    fs.writeSync(descriptor, `${process.pid}\n`);
  } catch {
    // Whoever is refused reads no number then.
  }
};

const flock = (descriptor: number): Promise<number | null> =>
  new Promise((resolve, reject) => {
    const child = spawn('flock', ['-n', '3'], {
      stdio: ['ignore', 'ignore', 'ignore', descriptor],
    });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code));
  });
