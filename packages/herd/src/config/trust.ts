/**
 * Whether others could have written a configuration, or could put a folder in the place of ours. It
 * is judged as sshd judges its files (StrictModes): the file, its folder and every folder above it
 * belong to root, to us or to whoever owns this program, and nobody else may write to them.
 *
 *     writable by           the file, its folder      a folder above
 *     a group of one's own  taken: umask 0002         taken
 *     others, sticky        refused                   taken where the entry below is trusted
 *     others                refused                   refused: they could rename what lies below
 *
 * In a sticky folder, /tmp above all, only the owner of an entry, of the folder, and root may rename
 * or remove it. The folder itself must not be one: others could add what a configuration imports. A link
 * on the way is judged where it stands, as a folder above is; links.ts finds them.
 */
import fs from 'node:fs/promises';
import type { Stats } from 'node:fs';
import path from 'node:path';
import { isOfSystem, type AccountLines } from '@bellwether/shepherd/node';
import type { Problem } from './config-error.ts';
import { linksTo } from './links.ts';

const groupWrite = 0o020;
const othersWrite = 0o002;
const sticky = 0o1000;

/** Whom a configuration may come from. */
export interface Trusted {
  /** Undefined where the system has no such numbers: then nothing is checked. */
  readonly uid: number | undefined;
  /** Other owners that are as good as ourselves. */
  readonly owners: ReadonlySet<number>;
  /** The folder with `passwd` and `group`; absent: /etc. */
  readonly accounts?: string;
  /** Services of the system are trusted, where root has given their group a folder: for logs alone, as in /var/log. */
  readonly ofSystem?: boolean;
}

const readTable = async (file: string): Promise<readonly (readonly string[])[]> => {
  const text = await fs.readFile(file, 'utf8').catch(() => ''); // no such table: nothing known
  return text.split('\n').map((line) => line.split(':'));
};
const readAccounts = async (folder: string): Promise<AccountLines> => ({
  passwd: await readTable(path.join(folder, 'passwd')),
  group: await readTable(path.join(folder, 'group')),
});

/**
 * A group that nobody is in but its owner. Where neither table knows it, equal numbers are taken as
 * a sign.
 */
const isPrivate = ({ passwd, group }: AccountLines, gid: number, uid: number): boolean => {
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

/** What is wrong with one place. */
export type Fault = Omit<Problem, 'file'>;

/** Root, whom we trust to be, and whoever is named. */
export const isTrusted = (uid: number, trusted: Trusted): boolean =>
  uid === 0 || uid === trusted.uid || trusted.owners.has(uid);

const judge = (
  what: string,
  place: string,
  { uid, gid, mode }: Stats,
  trusted: Trusted,
  accounts: AccountLines,
): Fault | undefined => {
  if (!isTrusted(uid, trusted)) {
    return {
      text: `${what} belongs to another user (${uid}), who could run code as this shepherd`,
      hint: `chown it to the user that runs the shepherd, or to root`,
    };
  }
  if ((mode & othersWrite) !== 0) {
    return { text: `${what} may be written by everybody`, hint: `chmod o-w '${place}'` };
  }
  const isTaken = trusted.ofSystem === true && uid === 0 && isOfSystem(gid, accounts);
  if ((mode & groupWrite) !== 0 && !isTaken && !isPrivate(accounts, gid, uid)) {
    return {
      text: `${what} may be written by group ${gid}, which is not its owner's alone`,
      hint: `chmod g-w '${place}'`,
    };
  }
  return undefined;
};

/** Remembers what it has judged: files of one configuration share their folders. */
class Judge {
  readonly #trusted: Trusted;
  readonly #accounts: AccountLines;
  readonly #above: Map<string, Fault | undefined>;

  constructor(trusted: Trusted, accounts: AccountLines) {
    this.#trusted = trusted;
    this.#accounts = accounts;
    this.#above = new Map();
  }

  async judge(what: string, place: string): Promise<Fault | undefined> {
    return judge(what, place, await fs.stat(place), this.#trusted, this.#accounts);
  }

  /** The first fault of all folders above a place, from the nearest one on. */
  async above(place: string): Promise<Fault | undefined> {
    const folder = path.dirname(place);
    if (folder === place) return undefined;
    if (!this.#above.has(place)) {
      const fault = (await this.#isKept(folder, place))
        ? undefined
        : await this.judge(`the folder ${folder} above it`, folder);
      this.#above.set(place, fault ?? (await this.above(folder)));
    }
    return this.#above.get(place);
  }

  /** Whether the entry of a sticky folder is its owner's to rename: a link's own owner counts. */
  async #isKept(folder: string, entry: string): Promise<boolean> {
    const { uid, mode } = await fs.stat(folder);
    if ((mode & sticky) === 0 || !isTrusted(uid, this.#trusted)) return false;
    return isTrusted((await fs.lstat(entry)).uid, this.#trusted);
  }
}

/** What speaks against trusting these files, one problem a file at most. */
export const distrust = async (
  files: readonly string[],
  trusted: Trusted,
): Promise<readonly Problem[]> => {
  if (trusted.uid === undefined) return [];
  const judge = new Judge(trusted, await readAccounts(trusted.accounts ?? '/etc'));
  const problems: Problem[] = [];
  for (const file of files) {
    const folder = path.dirname(file);
    const found =
      (await judge.judge('the file', file)) ??
      (await judge.judge(`its folder ${folder}`, folder)) ??
      (await judge.above(folder));
    if (found !== undefined) problems.push({ file, ...found });
  }
  return problems;
};

/**
 * What speaks against the links that lead to a place: whoever could put another in the place of one of
 * them could lead us to any other file of ours. One problem a link at most.
 * @throws the system's error where a part of the way is not there
 */
export const distrustLinks = async (
  place: string,
  trusted: Trusted,
): Promise<readonly Problem[]> => {
  if (trusted.uid === undefined) return [];
  const judge = new Judge(trusted, await readAccounts(trusted.accounts ?? '/etc'));
  const problems: Problem[] = [];
  for (const link of await linksTo(place)) {
    const found = await judge.above(link);
    if (found !== undefined) problems.push({ file: link, ...found });
  }
  return problems;
};

/**
 * What speaks against keeping things of ours in a folder: itself, and what lies above it. Others may write to it where
 * it may be sticky, and is.
 */
export const distrustFolder = async (
  folder: string,
  trusted: Trusted,
  mayBeSticky = false,
): Promise<Fault | undefined> => {
  if (trusted.uid === undefined) return undefined;
  const judge = new Judge(trusted, await readAccounts(trusted.accounts ?? '/etc'));
  const { uid, mode } = await fs.stat(folder);
  const isSticky = mayBeSticky && (mode & sticky) !== 0 && isTrusted(uid, trusted);
  return (isSticky ? undefined : await judge.judge('it', folder)) ?? (await judge.above(folder));
};

/**
 * Inside a user namespace (a rootless container) everything of the real root belongs to the overflow
 * user, who there is nobody. @returns its number there, undefined where every user is mapped.
 */
export const unmappedOwner = async (proc = '/proc'): Promise<number | undefined> => {
  const read = (file: string): Promise<string> =>
    fs.readFile(path.join(proc, file), 'utf8').catch(() => ''); // no such thing on this system
  const ranges = (await read('self/uid_map')).trim().split('\n');
  const count = ranges.reduce((sum, range) => sum + Number(range.trim().split(/\s+/)[2] ?? 0), 0);
  const overflow = Number.parseInt(await read('sys/kernel/overflowuid'), 10);
  return count > 0 && count < 0xffff_ffff && overflow > 0 ? overflow : undefined;
};
