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
  const found = { anchor: [] as number[], heir: [] as number[] };
  const mains: { readonly pid: number; readonly startTime: number }[] = [];
  for (const name of fs.readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    const [cwd, words] = [linkOf(`/proc/${name}/cwd`), wordsOf(name)];
    if (cwd !== folder || words[0]?.endsWith('keeper') !== true) continue;
    if (words[1] === 'anchor') found.anchor.push(Number(name));
    const { session, startTime } = factsOf(name);
    // The child of a start looks like main until it executes its program, but leads a session of its own.
    if (words[1] !== 'main' || session === name) continue;
    if (nameOf(name) === 'keeper-heir') found.heir.push(Number(name));
    else mains.push({ pid: Number(name), startTime });
  }
  // And before it leads one it is younger.
  const [main] = mains.sort((a, b) => a.startTime - b.startTime || a.pid - b.pid);
  return { ...found, main: main === undefined ? [] : [main.pid] };
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
const factsOf = (pid: string): { readonly session?: string; readonly startTime: number } => {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { session: fields[3] ?? '', startTime: Number(fields[19]) };
  } catch {
    return { startTime: Infinity }; // as above
  }
};
const wordsOf = (pid: string): readonly string[] => {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
};
