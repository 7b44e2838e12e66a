/**
 * Whether others could have written a configuration. It is code that runs as the supervisor, so it
 * is judged as sshd judges its files (StrictModes): the file and its folder belong to root, to us
 * or to whoever owns this program, and nobody else may write to them. A group of one's own may:
 * with umask 0002 every file is written that way.
 */
import fs from 'node:fs/promises';
import type { Stats } from 'node:fs';
import path from 'node:path';
import type { Problem } from './config-error.ts';

const groupWrite = 0o020;
const othersWrite = 0o002;

/** Whom a configuration may come from. */
export interface Trusted {
  /** Undefined where the system has no such numbers: then nothing is checked. */
  readonly uid: number | undefined;
  /** Other owners that are as good as ourselves. */
  readonly owners: ReadonlySet<number>;
  /** The folder with `passwd` and `group`; absent: /etc. */
  readonly accounts?: string;
}

interface Accounts {
  readonly passwd: readonly (readonly string[])[];
  readonly group: readonly (readonly string[])[];
}
const readTable = async (file: string): Promise<readonly (readonly string[])[]> => {
  const text = await fs.readFile(file, 'utf8').catch(() => ''); // no such table: nothing known
  return text.split('\n').map((line) => line.split(':'));
};
const readAccounts = async (folder: string): Promise<Accounts> => ({
  passwd: await readTable(path.join(folder, 'passwd')),
  group: await readTable(path.join(folder, 'group')),
});

/**
 * A group that nobody is in but its owner. Where neither table knows it, equal numbers are taken as
 * a sign.
 */
const isPrivate = ({ passwd, group }: Accounts, gid: number, uid: number): boolean => {
  const names = passwd.filter((user) => user[2] === String(uid)).map((user) => user[0]);
  const first = passwd.filter((user) => user[3] === String(gid));
  const listed = group.filter((each) => each[2] === String(gid));
  if (first.length === 0 && listed.length === 0) return gid === uid;
  const members = listed
    .flatMap((each) => (each[3] ?? '').split(','))
    .filter((name) => name !== '');
  return (
    first.every((user) => user[2] === String(uid)) &&
    members.every((name) => names.includes(name)) &&
    first.length + members.length > 0
  );
};

const judge = (
  what: string,
  place: string,
  { uid, gid, mode }: Stats,
  trusted: Trusted,
  accounts: Accounts,
): Omit<Problem, 'file'> | undefined => {
  if (uid !== 0 && uid !== trusted.uid && !trusted.owners.has(uid)) {
    return {
      text: `${what} belongs to another user (${uid}), who could run code as this shepherd`,
      hint: `chown it to the user that runs the shepherd, or to root`,
    };
  }
  if ((mode & othersWrite) !== 0) {
    return { text: `${what} may be written by everybody`, hint: `chmod o-w '${place}'` };
  }
  if ((mode & groupWrite) !== 0 && !isPrivate(accounts, gid, uid)) {
    return {
      text: `${what} may be written by group ${gid}, which is not its owner's alone`,
      hint: `chmod g-w '${place}'`,
    };
  }
  return undefined;
};

/** What speaks against trusting these files, one problem a file at most. */
export const distrust = async (
  files: readonly string[],
  trusted: Trusted,
): Promise<readonly Problem[]> => {
  if (trusted.uid === undefined) return [];
  const accounts = await readAccounts(trusted.accounts ?? '/etc');
  const judged = new Map<string, Omit<Problem, 'file'> | undefined>();
  const look = async (what: string, place: string): Promise<Omit<Problem, 'file'> | undefined> => {
    if (!judged.has(place)) {
      judged.set(place, judge(what, place, await fs.stat(place), trusted, accounts));
    }
    return judged.get(place);
  };
  const problems: Problem[] = [];
  for (const file of files) {
    const folder = path.dirname(file);
    const found = (await look('the file', file)) ?? (await look(`its folder ${folder}`, folder));
    if (found !== undefined) problems.push({ file, ...found });
  }
  return problems;
};
