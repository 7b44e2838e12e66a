/** Ways to what lies where others may write: each folder is opened below the one before, so no link leads elsewhere. */
import fs from 'node:fs';
import path from 'node:path';
import { folderLinkCount } from './limits.ts';
import { isOfSystem, accountLines, nodeAccounts, type Accounts } from './users.ts';

/** Of Linux; Node has no name for it. A folder that may be entered and not listed can be opened so. */
export const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW } = fs.constants;

/** Others can change the way to something. */
export class OpenWay extends Error {
  /** Without the paths that the message names: they are for this machine. */
  readonly summary = 'others can change the way to it';
}

/**
 * The folder behind a path, as a descriptor of the caller's, who reaches its entries by /proc/self/fd/N/name; `uid` is
 * that of the shepherd; `judge` is called with each folder on the way, also those that links lead over.
 * @throws OpenWay where a link of somebody else is on the way, and what `judge` throws
 */
export const openFolder = (
  folder: string,
  uid: number,
  judge?: (at: number, isLast: boolean) => void,
): number => {
  let names = parts(folder);
  let at = fs.openSync('/', O_PATH | O_DIRECTORY);
  try {
    for (let linkCount = 0; ;) {
      const [name, ...rest] = names;
      judge?.(at, name === undefined);
      if (name === undefined) return at;
      const entry = `/proc/self/fd/${at}/${name}`;
      const found = fs.lstatSync(entry);
      if (!found.isSymbolicLink()) {
        names = rest;
        at = moved(at, fs.openSync(entry, O_PATH | O_DIRECTORY | O_NOFOLLOW));
        continue;
      }
      if (found.uid !== 0 && found.uid !== uid)
        throw new OpenWay(`the link ${name} on the way to it is of user ${found.uid}`);
      linkCount += 1;
      if (linkCount > folderLinkCount) throw new Error('too many links on the way to it');
      const target = fs.readlinkSync(entry);
      names = [...parts(target), ...rest];
      if (path.isAbsolute(target)) at = moved(at, fs.openSync('/', O_PATH | O_DIRECTORY));
    }
  } catch (error) {
    fs.closeSync(at);
    throw error;
  }
};
/**
 * The folder itself, without a link on the way to it, where nobody but root and this user can put something else in the
 * place of what is in there, or lead the way elsewhere; and services of the system, where root has given them a folder
 * of its own, as /var/log. As long as these leave it so, that holds: whoever looks right before the work may do it by
 * paths, as everything does that works on a log.
 * @throws OpenWay where others could, and the system's error
 */
export const checkedFolder = (folder: string, accounts = nodeAccounts()): string => {
  const at = openFolder(folder, accounts.uid, (...step) => checkStep(...step, accounts));
  try {
    return wayTo(at);
  } finally {
    fs.closeSync(at);
  }
};
/** In a sticky folder everybody keeps to what is his; in the last one a new name counts, too: that of an old log. */
const checkStep = (at: number, isLast: boolean, accounts: Accounts): void => {
  const { uid, gid, mode } = fs.fstatSync(at);
  if (uid !== accounts.uid && uid !== 0)
    throw new OpenWay(`user ${uid} can change ${wayTo(at)} (take a folder of your own)`);
  // A group with the number of its user is his alone, where files get umask 0002.
  const others = uid !== 0 && gid === uid ? 0o002 : 0o022;
  const isSticky = (mode & 0o1000) !== 0;
  if ((mode & others) === 0 || (!isLast && isSticky)) return;
  if (uid === 0 && (mode & 0o002) === 0 && isOfSystem(gid, accountLines(accounts))) return;
  const whose = `user ${uid}, group ${gid}, mode ${(mode & 0o7777).toString(8)}`;
  const hint = `${isSticky ? '' : 'chmod go-w it, or '}take a folder of your own`; // /tmp has to stay as it is
  throw new OpenWay(`others can change ${wayTo(at)} (${whose}: ${hint})`);
};
const wayTo = (folder: number): string => fs.readlinkSync(`/proc/self/fd/${folder}`);

/**
 * A file to read, as a descriptor of the caller's, opened without waiting. In a folder of somebody else it has to be
 * his, and in one that others write to it has one name, as in `find` of packages/keeper/src/child.c: whoever may put a
 * link or a second name there would be given what only the shepherd's user may read.
 * @throws Error for what it is not, and for a link of somebody else on the way to it
 */
export const openToRead = (file: string, uid: number): number => {
  for (let linkCount = 0, way = file; linkCount <= folderLinkCount; linkCount += 1) {
    const folder = openFolder(path.dirname(way), uid);
    try {
      const entry = `/proc/self/fd/${folder}/${path.basename(way)}`;
      const found = fs.lstatSync(entry);
      if (!found.isSymbolicLink()) return openFit(entry, fs.fstatSync(folder), uid);
      if (found.uid !== 0 && found.uid !== uid) throw new Error(`is a link of user ${found.uid}`);
      way = path.resolve(fs.readlinkSync(`/proc/self/fd/${folder}`), fs.readlinkSync(entry));
    } finally {
      fs.closeSync(folder);
    }
  }
  throw new Error('too many links on the way to it');
};
const openFit = (entry: string, folder: fs.Stats, uid: number): number => {
  const opened = fs.openSync(entry, fs.constants.O_RDONLY | O_NOFOLLOW | fs.constants.O_NONBLOCK);
  const found = fs.fstatSync(opened);
  const isTheirs = folder.uid !== 0 && folder.uid !== uid;
  const hasTwoNames = found.isFile() && found.nlink > 1 && (folder.mode & 0o022) !== 0;
  if (isTheirs ? found.uid === folder.uid : !hasTwoNames) return opened;
  fs.closeSync(opened);
  throw new Error(
    isTheirs
      ? `is of user ${found.uid}, in a folder of user ${folder.uid}`
      : 'has another name elsewhere (a hard link), in a folder that others write to',
  );
};
const parts = (folder: string): readonly string[] =>
  folder.split('/').filter((each) => each !== '' && each !== '.');
const moved = (from: number, to: number): number => {
  fs.closeSync(from);
  return to;
};
