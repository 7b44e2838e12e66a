/**
 * One log file for each service, all in one folder. Services write to their file themselves (it is
 * opened for append and handed to them), so nothing is lost when the daemon is away; here is where
 * it lies, and its end.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { LogFiles } from '../types.ts';
import { lastLines } from './lines.ts';
import { tailBytes, tailLineChars, tailLineCount } from './limits.ts';
import { explain } from './program.ts';

const newline = 0x0a;
const chunkBytes = 64 * 1024;
// The longest file name of common file systems is 255 bytes; the rest is for what rotation will
// append.
const nameBytes = 200;
// GNU Shepherd's mode for log files: the service's group may read, others may not.
const logMode = 0o640;
const folderMode = 0o750;

/**
 * Any service name as a file name: what is not plain is percent-encoded, so no name leads out of
 * the folder.
 */
const fileNameOf = (service: string): string => {
  const encoded = Array.from(Buffer.from(service), (byte, at) => {
    const char = String.fromCharCode(byte);
    const isPlain = /[A-Za-z0-9_+@:-]/.test(char) || (char === '.' && at > 0);
    return isPlain ? char : `%${byte.toString(16).padStart(2, '0')}`;
  });
  return encoded.join('').slice(0, nameBytes);
};

/** Log files in `folder`, which need not exist yet. */
export const makeLogFiles = (folder: string): LogFiles => {
  const pathOf = (service: string): string => path.resolve(folder, `${fileNameOf(service)}.log`);
  return {
    pathOf,
    tail: (service, lineCount, answer) => {
      const file = pathOf(service);
      readTails(file, Math.min(lineCount, tailLineCount)).then(
        (lines) => answer.kept(lines),
        (error: unknown) => answer.broken(new Error(`log: ${file}: ${explain(error)}`)),
      );
    },
  };
};

/**
 * Opens a log to write to, at its end whoever else writes; makes the folders above it. The caller
 * closes the descriptor. What is no file of ours with this one name is not written to: in a folder
 * that others can write, a link would lead root wherever they like.
 * @throws the system's error, and an Error that says what stands there instead.
 */
export const openLog = (file: string): number => {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: folderMode });
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  // NONBLOCK: a pipe that somebody left here must not be waited for. To files it means nothing.
  const flags = O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW | O_NONBLOCK;
  const descriptor = openPlain(() => fs.openSync(file, flags, logMode));
  try {
    checkOwn(fs.fstatSync(descriptor));
    return descriptor;
  } catch (error) {
    fs.closeSync(descriptor);
    throw error;
  }
};

const openPlain = (open: () => number): number => {
  try {
    return open();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ELOOP') throw new Error('is a symbolic link', { cause: error });
    if (code === 'ENXIO') throw new Error('is a pipe', { cause: error });
    throw error;
  }
};

/** A device of root's, /dev/null, may stand for a log that nobody wants. */
const checkOwn = (stat: fs.Stats): void => {
  if (stat.isCharacterDevice() && stat.uid === 0) return;
  if (!stat.isFile()) throw new Error('is no plain file');
  const us = process.geteuid?.() ?? stat.uid;
  if (stat.uid !== us) throw new Error(`belongs to user ${stat.uid}, not to ${us}`);
  if (stat.nlink > 1) throw new Error('has another name elsewhere (a hard link)');
};

/** After a rotation the last lines are in two files. */
const readTails = async (file: string, lineCount: number): Promise<readonly string[]> => {
  const { lines, isWhole } = await readTail(file, lineCount);
  if (!isWhole || lines.length >= lineCount) return lines;
  const before = await readTail(`${file}.1`, lineCount - lines.length);
  return [...before.lines, ...lines];
};

/** The end of one file, and whether that is all of it. */
interface Tail {
  readonly lines: readonly string[];
  readonly isWhole: boolean;
}

/** Reads backwards until there are enough lines; a missing file has none. */
const readTail = async (file: string, lineCount: number): Promise<Tail> => {
  let handle: fs.promises.FileHandle;
  try {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
    handle = await fs.promises.open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { lines: [], isWhole: true };
    throw error;
  }
  try {
    const stat = await handle.stat();
    if (stat.isFIFO() || stat.isSocket()) throw new Error('is no plain file');
    const { size } = stat;
    const floor = Math.max(0, size - tailBytes);
    const chunks: Buffer[] = [];
    let start = size;
    let newlineCount = 0;
    // One newline more than lines: the last one usually ends the file, and the first one begins the
    // first line.
    while (start > floor && newlineCount <= lineCount) {
      const length = Math.min(chunkBytes, start - floor);
      start -= length;
      const chunk = Buffer.alloc(length);
      const { bytesRead } = await handle.read(chunk, 0, length, start);
      const read = chunk.subarray(0, bytesRead); // shorter if the file was cut meanwhile
      newlineCount += countNewlines(read);
      chunks.unshift(read);
    }
    const lines = lastLines(Buffer.concat(chunks), start > 0, lineCount, tailLineChars);
    return { lines, isWhole: start === 0 };
  } finally {
    await handle.close();
  }
};

const countNewlines = (bytes: Uint8Array): number => {
  let count = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) count += 1;
  return count;
};
