/**
 * Files that hold one secret each. Reading refuses what somebody else could have written or read;
 * writing is whole or not at all, and never follows a link.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { ActorError, messageOf } from '@bellwether/actors';

/**
 * A file or folder that others may read or write, that is a link, or that is no plain file at all.
 */
export class UnsafeFile extends ActorError {
  /** `message` names the path, what is wrong with it and the command that mends it. */
  constructor(message: string, options?: ErrorOptions) {
    super('unsafe-file', message, options);
    this.name = 'UnsafeFile';
  }
}
/** Something is there already, and nobody said to replace it. */
export class AlreadyThere extends ActorError {
  /** `message` names what is there and how to replace it. */
  constructor(message: string, options?: ErrorOptions) {
    super('already-there', message, options);
    this.name = 'AlreadyThere';
  }
}

/** Group and others: any of these bits on a secret is one too many. */
const othersBits = 0o077;

/**
 * The text of a secret file of the user `uid`, or undefined where there is none. What was checked
 * is what is read: both go through one descriptor.
 * @throws UnsafeFile for a link, for what is no plain file, for one of another owner or that others
 *   may use, and for one over `maxBytes`. The system's error for anything else.
 */
export const readSecret = (file: string, uid: number, maxBytes: number): string | undefined => {
  const descriptor = openPlain(file);
  if (descriptor === undefined) return undefined;
  try {
    checkStat(file, fs.fstatSync(descriptor), uid);
    const bytes = bytesIn(descriptor, maxBytes);
    if (bytes !== undefined) return bytes.toString('utf8').trim();
    throw new UnsafeFile(`${file}: is longer than ${maxBytes} bytes`);
  } finally {
    fs.closeSync(descriptor);
  }
};

/** All that can be read there, or undefined where it is more: what says that it has no bytes may have no end. */
export const bytesIn = (descriptor: number, maxBytes: number): Buffer | undefined => {
  const bytes = Buffer.alloc(maxBytes + 1);
  let length = 0;
  for (let more = 1; more > 0 && length <= maxBytes; length += more)
    more = fs.readSync(descriptor, bytes, length, bytes.length - length, null);
  return length > maxBytes ? undefined : bytes.subarray(0, length);
};

/** The same of a file. @throws the system's error */
export const bytesOf = (file: string, maxBytes: number, flags: string | number = 'r') => {
  const descriptor = fs.openSync(file, flags);
  try {
    return bytesIn(descriptor, maxBytes);
  } finally {
    fs.closeSync(descriptor);
  }
};

/** NONBLOCK: opening a pipe that somebody left here must not wait for ever. */
const openPlain = (file: string): number | undefined => {
  try {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
    return fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = codeOfSystem(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP') throw new UnsafeFile(`${file}: is a link; a secret must be a plain file`);
    throw error;
  }
};

const checkStat = (file: string, stat: fs.Stats, uid: number): void => {
  if (!stat.isFile()) throw new UnsafeFile(`${file}: is no plain file`);
  checkOwner(file, stat, uid);
  if ((stat.mode & othersBits) !== 0)
    throw new UnsafeFile(`${file}: others may use it (mode ${modeText(stat)}); chmod 600 ${file}`);
};

const checkOwner = (file: string, stat: fs.Stats, uid: number): void => {
  if (stat.uid !== uid)
    throw new UnsafeFile(`${file}: belongs to user ${stat.uid}, not to you (${uid})`);
};
const modeText = (stat: fs.Stats): string => (stat.mode & 0o777).toString(8).padStart(4, '0');

/**
 * Checks a folder of secrets: a folder, no link, the user's own, closed to others. False where
 * there is none.
 * @throws UnsafeFile
 */
export const checkFolder = (folder: string, uid: number): boolean => {
  const stat = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (!stat.isDirectory()) throw new UnsafeFile(`${folder}: is no folder, or a link to one`);
  checkOwner(folder, stat, uid);
  if ((stat.mode & othersBits) !== 0)
    throw new UnsafeFile(
      `${folder}: others may look in (mode ${modeText(stat)}); chmod 700 ${folder}`,
    );
  return true;
};

/**
 * Writes a secret, mode 0600: a temporary file beside it, fsync, then one step that puts it in
 * place, fsync of the folder. Without `replace` that step is a link, which fails where something
 * is: two at once cannot both win. With it a rename, which replaces a symbolic link instead of
 * following it.
 * @throws AlreadyThere; the system's error, or one that it is the cause of; nothing is left behind then.
 */
export const writeSecret = (file: string, text: string, replace: boolean): void => {
  const folder = path.dirname(file);
  const temporary = path.join(folder, `.${crypto.randomBytes(8).toString('hex')}.new`);
  try {
    writeWhole(temporary, `${text}\n`);
    if (replace) fs.renameSync(temporary, file);
    else fs.linkSync(temporary, file);
  } catch (error) {
    if (codeOfSystem(error) !== 'EEXIST') throw error;
    throw new AlreadyThere(`${file}: is there already; --yes replaces it`);
  } finally {
    fs.rmSync(temporary, { force: true });
  }
  syncFolder(folder);
};

/**
 * Gives a secret file another name in its folder. Without `replace` by a link, so that nothing is
 * ever lost: at a power cut in between the secret has both names.
 * @throws AlreadyThere; the system's error
 */
export const moveSecret = (from: string, to: string, replace: boolean): void => {
  try {
    if (replace) fs.renameSync(from, to);
    else {
      fs.linkSync(from, to);
      fs.unlinkSync(from);
    }
  } catch (error) {
    if (codeOfSystem(error) !== 'EEXIST') throw error;
    throw new AlreadyThere(`${to}: is there already; --yes replaces it`);
  }
  syncFolder(path.dirname(to));
};

const writeWhole = (file: string, text: string): void => {
  const descriptor = fs.openSync(file, 'wx', 0o600);
  try {
    fs.writeFileSync(descriptor, text);
    fs.fsyncSync(descriptor);
  } catch (error) {
    // Of a write the system does not say where it was.
    throw new Error(`${path.dirname(file)}: ${messageOf(error)}`, { cause: error });
  } finally {
    fs.closeSync(descriptor);
  }
};

/** Without this a power cut may forget the name. */
const syncFolder = (folder: string): void => {
  const descriptor = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
};

/** The system's name of what went wrong, for example ENOENT. */
export const codeOfSystem = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
