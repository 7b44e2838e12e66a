/**
 * Old logs beside the current one: `web.log`, then `web.log.1`, the latest, up to `web.log.N`; those that are packed
 * are called `web.log.2.gz`.
 */
import fs from 'node:fs';

/**
 * Makes room for a new `file.1`: every old one moves on by one, and the last one goes. @throws the
 * system's error, for example in a sticky folder where somebody else took a name.
 */
export const shiftOld = (file: string, keptCount: number): void => {
  // More than these are there if fewer are to be kept than before.
  for (let number = keptCount; isAnyThere(file, number); number += 1)
    for (const end of ['', packedEnd]) fs.rmSync(`${file}.${number}${end}`, { force: true });
  for (let number = keptCount - 1; number >= 1; number -= 1)
    for (const end of ['', packedEnd])
      if (isThere(`${file}.${number}${end}`))
        fs.renameSync(`${file}.${number}${end}`, `${file}.${number + 1}${end}`);
};
/** What the name of a packed one ends in. */
export const packedEnd = '.gz';
const isAnyThere = (file: string, number: number): boolean =>
  isThere(`${file}.${number}`) || isThere(`${file}.${number}${packedEnd}`);
const isThere = (file: string): boolean =>
  fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined;
