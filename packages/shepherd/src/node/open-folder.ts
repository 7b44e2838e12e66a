/** Ways to what lies where others may write: each folder is opened below the one before, so no link leads elsewhere. */
import fs from 'node:fs';
import path from 'node:path';
import { folderLinkCount } from './limits.ts';

/** Of Linux; Node has no name for it. A folder that may be entered and not listed can be opened so. */
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW } = fs.constants;

/**
 * The folder behind a path, as a descriptor of the caller's, who reaches its entries by /proc/self/fd/N/name; `uid` is
 * that of the shepherd. @throws Error where a link of somebody else is on the way
 */
export const openFolder = (folder: string, uid: number): number => {
  let names = parts(folder);
  let at = fs.openSync('/', O_PATH | O_DIRECTORY);
  try {
    for (let linkCount = 0; ;) {
      const [name, ...rest] = names;
      if (name === undefined) return at;
      const entry = `/proc/self/fd/${at}/${name}`;
      const found = fs.lstatSync(entry);
      if (!found.isSymbolicLink()) {
        names = rest;
        at = moved(at, fs.openSync(entry, O_PATH | O_DIRECTORY | O_NOFOLLOW));
        continue;
      }
      if (found.uid !== 0 && found.uid !== uid)
        throw new Error(`the link ${name} on the way to it is of user ${found.uid}`);
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
const parts = (folder: string): readonly string[] =>
  folder.split('/').filter((each) => each !== '' && each !== '.');
const moved = (from: number, to: number): number => {
  fs.closeSync(from);
  return to;
};
