/** Old logs beside the current one: `web.log`, then `web.log.1`, the latest, up to `web.log.N`. */
import fs from 'node:fs';

/**
 * Makes room for a new `file.1`: every old one moves on by one, and the last one goes. @throws the
 * system's error, for example in a sticky folder where somebody else took a name.
 */
export const shiftOld = (file: string, keptCount: number): void => {
  // More than these are there if fewer are to be kept than before.
  for (let number = keptCount; isThere(`${file}.${number}`); number += 1)
    fs.rmSync(`${file}.${number}`, { force: true });
  for (let number = keptCount - 1; number >= 1; number -= 1)
    if (isThere(`${file}.${number}`)) fs.renameSync(`${file}.${number}`, `${file}.${number + 1}`);
};
const isThere = (file: string): boolean =>
  fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined;
