/**
 * As whom a command runs: from the words of a configuration to numbers, by the files of this machine.
 *
 *     user       group      runs as
 *     a name     absent     what /etc/passwd says of it, its group included
 *     a number   absent     the same; one that is not there needs a group
 *     either     either     that user, in that group
 *     absent     either     the shepherd's own user, in that group
 *
 * A file that is not there, as in a container of one program, names nobody. Directory services (NSS: LDAP, systemd)
 * are not asked, since Node cannot: their users go by their numbers. Nor can Node give a process supplementary groups:
 * libuv drops all of them (`setgroups(0)`) where it changes user or group.
 */
import fs from 'node:fs';
import path from 'node:path';
import { messageOf } from '@bellwether/actors';
import { StartFailed } from '../errors.ts';
import type { RunAs } from '../words/types.ts';
import { accountFileBytes, highestId } from './limits.ts';

/** Who the shepherd itself is, and who else there is on its machine. */
export interface Accounts {
  readonly uid: number;
  readonly gid: number;
  /** The text of /etc/passwd. */
  readonly passwd: () => string;
  /** The text of /etc/group. */
  readonly group: () => string;
}
/** Somebody whom the system knows by numbers. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** What an environment says of a user: HOME, USER, LOGNAME, SHELL. Empty where it stays the shepherd's own. */
  readonly env: Readonly<Record<string, string>>;
  /** Another user than the shepherd: what its environment says of its own folders means nothing to this one. */
  readonly isOther: boolean;
}

/** The accounts of this machine, read anew each time from two files of a folder. */
export const nodeAccounts = (folder = '/etc'): Accounts => ({
  // Where a system has no such numbers nobody can be somebody else.
  uid: process.geteuid?.() ?? -1,
  gid: process.getegid?.() ?? -1,
  passwd: () => textOf(path.join(folder, 'passwd')),
  group: () => textOf(path.join(folder, 'group')),
});

const textOf = (file: string): string => {
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) return '';
  if (size > accountFileBytes)
    throw new Error(`${file} has ${size} bytes, at most ${accountFileBytes} are read`);
  return fs.readFileSync(file, 'utf8');
};

/**
 * Whom these words mean here.
 * @throws StartFailed where there is nobody like that, and where the shepherd may not run anything as him
 */
export const identityOf = ({ user, group }: RunAs, accounts: Accounts): Identity => {
  const found = user === undefined ? undefined : userOf(user, readAccounts(accounts.passwd));
  const uid = found?.uid ?? accounts.uid;
  const gid = group === undefined ? (found?.gid ?? accounts.gid) : groupOf(group, accounts);
  if (found !== undefined && found.gid === undefined && group === undefined)
    throw new StartFailed(
      `exec: user ${uid} is not in /etc/passwd, so that nobody says its group; write group: ${uid} beside it`,
      { summary: 'exec: its user: nobody says its group' },
    );
  checkMay(accounts, uid, gid, user ?? uid, group ?? gid);
  return { uid, gid, env: found?.env ?? {}, isOther: uid !== accounts.uid };
};

/** Only root may become somebody else. */
const checkMay = (
  accounts: Accounts,
  uid: number,
  gid: number,
  user: string | number,
  group: string | number,
): void => {
  if (accounts.uid === 0 || (uid === accounts.uid && gid === accounts.gid)) return;
  const what = uid === accounts.uid ? 'in another group' : 'as another user';
  const whom = uid === accounts.uid ? `group ${group} (${gid})` : `user ${user} (${uid})`;
  throw new StartFailed(
    `exec: ${whom}: only a shepherd of root may run something ${what}; this one is of user ${accounts.uid}`,
    { summary: `exec: only a shepherd of root may run something ${what}` },
  );
};

interface Found {
  readonly uid: number;
  readonly gid: number | undefined;
  readonly env: Readonly<Record<string, string>>;
}

const userOf = (user: string | number, lines: readonly (readonly string[])[]): Found => {
  const line = entryOf(user, lines);
  if (line === undefined && typeof user === 'number')
    return { uid: user, gid: undefined, env: environmentOf(String(user), '/', '') };
  const [name = '', , uid = '', gid = '', , home = '', shell = ''] = line ?? [];
  if (!isId(uid) || !isId(gid))
    throw new StartFailed(
      `exec: user '${user}': no such user in /etc/passwd; one that only a directory service knows goes by ` +
        'its numbers, as in user: 1001, group: 1001',
      { summary: 'exec: its user: no such user' },
    );
  return { uid: Number(uid), gid: Number(gid), env: environmentOf(name, home, shell) };
};

/** The number of a group. @throws StartFailed where there is none of that name */
export const groupOf = (group: string | number, accounts: Accounts): number => {
  if (typeof group === 'number') return group;
  const gid = entryOf(group, readAccounts(accounts.group))?.[2];
  if (gid !== undefined) return Number(gid);
  throw new StartFailed(
    `exec: group '${group}': no such group in /etc/group; one that only a directory service knows goes by its number`,
    { summary: 'exec: its group: no such group' },
  );
};

/** As login(1) sets it. */
const environmentOf = (name: string, home: string, shell: string) => ({
  HOME: home === '' ? '/' : home,
  USER: name,
  LOGNAME: name,
  SHELL: shell === '' ? '/bin/sh' : shell,
});

/** Both tables. @throws StartFailed where they cannot be read */
export const accountLines = ({ passwd, group }: Accounts): AccountLines => ({
  passwd: readAccounts(passwd),
  group: readAccounts(group),
});
/** Lines of /etc/passwd and /etc/group, in fields. */
export interface AccountLines {
  readonly passwd: readonly (readonly string[])[];
  readonly group: readonly (readonly string[])[];
}
/** Numbers of users from this one on are for people: login.defs(5). */
const firstPerson = 1_000;
/**
 * Whether a group is one of services of the system alone, as `syslog` is to which Ubuntu gives /var/log: somebody is in
 * it, and everybody who is has a number below 1000.
 */
export const isOfSystem = (gid: number, { passwd, group }: AccountLines): boolean => {
  const listed = group.filter((line) => line[2] === String(gid)).map((line) => line[3] ?? '');
  const members = listed.join().split(',');
  const known = new Map(passwd.map((line) => [line[0], Number(line[2])]));
  const first = passwd.filter((line) => line[3] === String(gid)).map((line) => line[0]);
  const all = [...first, ...members.filter((name) => name !== '')];
  return all.length > 0 && all.every((name) => (known.get(name) ?? firstPerson) < firstPerson);
};

const readAccounts = (read: () => string): readonly (readonly string[])[] => {
  try {
    return read()
      .split('\n')
      .map((line) => line.split(':'));
  } catch (error) {
    const why = messageOf(error);
    throw new StartFailed(`exec: whom its user means cannot be looked up: ${why}`, {
      cause: error,
      summary: 'exec: whom its user means cannot be looked up',
    });
  }
};

/** The first one counts, as for getpwnam(3). Lines of NIS (`+…`) and broken ones name nobody. */
const entryOf = (
  who: string | number,
  lines: readonly (readonly string[])[],
): readonly string[] | undefined =>
  lines.find(
    ([name = '', , id = '']) =>
      isId(id) && (typeof who === 'number' ? Number(id) === who : name === who),
  );

const isId = (text: string): boolean => /^\d{1,10}$/.test(text) && Number(text) <= highestId;

/**
 * The first folder on the way to a file that keeps somebody out, by owner, group and mode: what an access list (ACL)
 * lets in besides is not seen. Undefined for root, and where nothing does.
 */
export const closedFolder = (
  folder: string,
  { uid, gid }: Pick<Identity, 'uid' | 'gid'>,
): string | undefined => {
  if (uid === 0) return undefined;
  const isClosed = (each: string): boolean => {
    const stat = fs.statSync(each, { throwIfNoEntry: false });
    if (stat === undefined) return false;
    const shift = stat.uid === uid ? 6 : stat.gid === gid ? 3 : 0;
    return ((stat.mode >> shift) & 1) === 0;
  };
  return waysTo(folder).find(isClosed);
};

const waysTo = (folder: string): readonly string[] => {
  const above = path.dirname(folder);
  return above === folder ? [folder] : [...waysTo(above), folder];
};
