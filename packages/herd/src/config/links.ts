/**
 * The symbolic links that lead to a file. Whoever can put another in the place of one of them decides
 * where all behind it lead, so each is judged where it stands.
 */
import fs from 'node:fs/promises';
import path from 'node:path';

/** Links that are followed: Linux follows no more (path_resolution(7)). */
export const linkCount = 40;

/**
 * The links on the way to a place, in the order in which they are followed, those to folders too; each in
 * its real folder. @throws the system's error where a part is not there; an Error beyond `linkCount`
 */
export const linksTo = async (place: string): Promise<readonly string[]> => {
  const links: string[] = [];
  const rest = partsOf(path.resolve(place));
  let folder = '/';
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    const next = path.join(folder, part);
    if (!(await fs.lstat(next)).isSymbolicLink()) {
      folder = next;
      continue;
    }
    links.push(next);
    if (links.length > linkCount) throw new Error(`more than ${linkCount} links lead to it`);
    const target = await fs.readlink(next);
    rest.unshift(...partsOf(target));
    if (path.isAbsolute(target)) folder = '/';
  }
  return links;
};
/** `..` stays a part: behind a link it means the folder above the one that it leads to. */
const partsOf = (place: string): string[] =>
  place.split('/').filter((part) => part !== '' && part !== '.');
