/** What was put aside of a log: packed where it has time, and gone when it is too old. */
import fs from 'node:fs';
import { pack } from './packed-log.ts';
import { packedEnd } from './rotate.ts';

/** Removes what is older than it may be; `removing` is called before each. @throws the system's error */
export const expireOld = (
  file: string,
  { keptCount, expireMs }: { readonly keptCount: number; readonly expireMs: number },
  wall: number,
  removing: () => void,
): void => {
  for (let number = 1; number <= keptCount; number += 1)
    for (const end of ['', packedEnd]) {
      const old = `${file}.${number}${end}`;
      const stat = fs.lstatSync(old, { throwIfNoEntry: false });
      if (stat?.isFile() !== true || wall - stat.mtimeMs <= expireMs) continue;
      removing();
      fs.rmSync(old, { force: true });
    }
};

/**
 * Packs all but the latest; `packed` is called in the step in which each changes its name. @throws the system's error;
 * what was to be packed is there still
 */
export const packOld = async (
  file: string,
  keptCount: number,
  packed: () => void,
): Promise<void> => {
  for (let number = 2; number <= keptCount; number += 1) {
    const old = `${file}.${number}`;
    const stat = fs.lstatSync(old, { throwIfNoEntry: false });
    if (stat?.isFile() !== true || stat.size === 0) continue;
    const fresh = `${old}${packedEnd}.new`;
    fs.rmSync(fresh, { force: true });
    await pack(old, fresh);
    packed();
    fs.renameSync(fresh, `${old}${packedEnd}`);
    fs.rmSync(old, { force: true });
  }
};
