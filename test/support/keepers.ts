/** The keeper, for tests: it is built with the programs, where there is a compiler. */
import fs from 'node:fs';
import path from 'node:path';

export const keeperProgram = path.resolve(import.meta.dirname, '../../packages/keeper/dist/keeper');
/** Whether it is not there, and why, for a title. */
export const isWithoutKeeper = !fs.existsSync(keeperProgram);
export const whyNoKeeper = isWithoutKeeper ? ' (not built here: it takes a C compiler)' : '';

/** What a backend is given to reach the keeper of a folder. */
export const keptFrom = (folder: string) => ({
  keeper: { program: keeperProgram, folder },
  umask: 0o022,
  uid: process.getuid?.() ?? 0,
});

/** The processes of the keeper of a folder, a role each. */
export interface KeeperPids {
  readonly anchor: readonly number[];
  readonly main: readonly number[];
  readonly heir: readonly number[];
}
/** What has ended and is not reaped is none. */
export const keeperPids = (folder: string): KeeperPids => {
  const found = { anchor: [] as number[], main: [] as number[], heir: [] as number[] };
  for (const name of fs.readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    const [cwd, words] = [linkOf(`/proc/${name}/cwd`), wordsOf(name)];
    if (cwd !== folder || words[0]?.endsWith('keeper') !== true) continue;
    if (words[1] === 'anchor') found.anchor.push(Number(name));
    // The child of a start looks like main until it executes its program, but leads a session of its own.
    if (words[1] !== 'main' || sessionOf(name) === name) continue;
    found[nameOf(name) === 'keeper-heir' ? 'heir' : 'main'].push(Number(name));
  }
  return found;
};
const linkOf = (file: string): string => {
  try {
    return fs.readlinkSync(file);
  } catch {
    return ''; // it has ended, or is another user's
  }
};
const nameOf = (pid: string): string => {
  try {
    return fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return ''; // as above
  }
};
const sessionOf = (pid: string): string | undefined => {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3];
  } catch {
    return undefined;
  }
};
const wordsOf = (pid: string): readonly string[] => {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
};
