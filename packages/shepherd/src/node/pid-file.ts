/**
 * PID files: where a program that makes itself a daemon leaves the number of the process that it has made. Such a file
 * lies where its user may write, so what it says is checked by whoever signals anything by it (the keeper), and the way
 * to it may change at any moment:
 *
 *     remove   each folder on the way is opened below the one before, and links of others are not followed; a plain
 *              file goes, anything else is refused
 *     read     a plain file of a few bytes: one whole number, and white space around it
 */
import fs from 'node:fs';
import path from 'node:path';
import { StartFailed } from '../errors.ts';
import { pidFileBytes } from './limits.ts';
import { openFolder } from './open-folder.ts';
import { explain, isMissing } from './program.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;

/**
 * Removes the file of an earlier run, where there is one. `uid` is that of the shepherd.
 * @throws StartFailed where something else lies there, or the way is in the hands of others
 */
export const removePidFile = (file: string, uid: number): void => {
  let folder: number | undefined;
  try {
    folder = openFolder(path.dirname(file), uid);
    const entry = `/proc/self/fd/${folder}/${path.basename(file)}`;
    const found = fs.lstatSync(entry, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (!found.isFile()) throw new Error('is no plain file, and is left as it is');
    fs.unlinkSync(entry);
  } catch (error) {
    if (isMissing(error)) return;
    const why = explain(error);
    throw new StartFailed(`exec: PID file ${file}: ${why}`, {
      cause: error,
      summary: `exec: its PID file: ${why}`,
    });
  } finally {
    if (folder !== undefined) fs.closeSync(folder);
  }
};

/** What a PID file says. */
export type PidFound =
  | {
      readonly pid: number;
      /** A newline ends it: nothing is to be written any more. */
      readonly isWhole: boolean;
    }
  /** There is none, or it says nothing yet; or why it says no number. */
  | { readonly doubt: string | undefined };

/** Reads it; nothing of it is believed. Throws nothing. */
export const readPidFile = (file: string): PidFound => {
  let opened: number | undefined;
  try {
    opened = fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!fs.fstatSync(opened).isFile()) return { doubt: 'is no plain file' };
    const bytes = Buffer.alloc(pidFileBytes + 1);
    const length = fs.readSync(opened, bytes, 0, bytes.length, 0);
    if (length > pidFileBytes) return { doubt: `has more than ${pidFileBytes} bytes` };
    return numberIn(bytes.toString('latin1', 0, length));
  } catch (error) {
    return { doubt: isMissing(error) ? undefined : explain(error) };
  } finally {
    if (opened !== undefined) fs.closeSync(opened);
  }
};

/** Numbers of processes are positive, and the kernel takes 31 bits. */
const highestPid = 2 ** 31 - 1;
const numberIn = (text: string): PidFound => {
  if (text.trim() === '') return { doubt: undefined };
  const pid = Number(/^\s*([1-9]\d{0,9})\s*$/.exec(text)?.[1] ?? 0);
  if (pid < 1 || pid > highestPid) return { doubt: 'has no number of a process in it' };
  return { pid, isWhole: text.endsWith('\n') };
};
