/** Whom the words of a configuration mean, from given texts of /etc/passwd and /etc/group. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StartFailed } from '../../../packages/shepherd/src/errors.ts';
import { accountFileBytes, highestId } from '../../../packages/shepherd/src/node/limits.ts';
import { findProgram } from '../../../packages/shepherd/src/node/program.ts';
import {
  closedFolder,
  identityOf,
  isOfSystem,
  accountLines,
  nodeAccounts,
  type Accounts,
} from '../../../packages/shepherd/src/node/users.ts';
import { makeFolder } from './support.ts';

const passwd = `root:x:0:0:root:/root:/bin/bash
# a comment
+nis::::::
broken:x:one:1::/:
huge:x:2147483648:1::/:
www:x:33:34:web server,,,:/srv/www:/usr/sbin/nologin
again:x:33:35::/elsewhere:/bin/sh
www:x:66:66::/second:/bin/sh
bare:x:70:71:::
`;
const group = 'root:x:0:\nstaff:x:50:www,root\nnone:x::\n';
const accounts: Accounts = { uid: 0, gid: 0, passwd: () => passwd, group: () => group };
const own = { ...accounts, uid: 1000, gid: 1000 };

const refusal = (words: Parameters<typeof identityOf>[0], from = accounts): StartFailed => {
  try {
    identityOf(words, from);
  } catch (error) {
    if (error instanceof StartFailed) return error;
    throw error;
  }
  throw new Error('it means somebody');
};

describe('a user', () => {
  const www = { HOME: '/srv/www', USER: 'www', LOGNAME: 'www', SHELL: '/usr/sbin/nologin' };

  it('that is a name or a number is the first of that in /etc/passwd, with its group and environment', () => {
    const meant = { uid: 33, gid: 34, env: www, isOther: true };
    expect(identityOf({ user: 'www' }, accounts)).toEqual(meant);
    expect(identityOf({ user: 33 }, accounts)).toEqual(meant);
  });
  it('without a home or shell has the root folder and sh', () => {
    expect(identityOf({ user: 'bare' }, accounts).env).toEqual({
      HOME: '/',
      USER: 'bare',
      LOGNAME: 'bare',
      SHELL: '/bin/sh',
    });
  });
  it('has the group that is said beside it, by name or number, without a look where that is a number', () => {
    expect(identityOf({ user: 'www', group: 'staff' }, accounts)).toMatchObject({ gid: 50 });
    const noFile = {
      ...accounts,
      group: () => {
        throw new Error('read');
      },
    };
    expect(identityOf({ user: 'www', group: 7 }, noFile)).toMatchObject({ uid: 33, gid: 7 });
    expect(refusal({ user: 'www', group: 'staff' }, noFile).message).toContain(
      'cannot be looked up: read',
    );
  });
  it('that is a number of nobody needs a group', () => {
    expect(identityOf({ user: 54_321, group: 9 }, accounts)).toEqual({
      uid: 54_321,
      gid: 9,
      env: { HOME: '/', USER: '54321', LOGNAME: '54321', SHELL: '/bin/sh' },
      isOther: true,
    });
    expect(refusal({ user: 54_321 }).message).toContain('54321 is not in /etc/passwd');
    expect(refusal({ user: 54_321 }).message).toContain('write group: 54321');
  });
  it('may be absent: then the group alone is another', () => {
    const meant = { uid: 0, gid: 50, env: {}, isOther: false };
    expect(identityOf({ group: 'staff' }, accounts)).toEqual(meant);
  });
  it.each([['nobody-like-that'], ['broken'], ['huge'], ['+nis'], ['# a comment'], ['']])(
    'called %j is told as unknown, with where it was looked for',
    (user) => {
      expect(refusal({ user }).message).toContain(`user '${user}': no such user in /etc/passwd`);
    },
  );
  it('in a group that is not there is told so', () => {
    expect(refusal({ user: 'www', group: 'none' }).message).toContain(
      "group 'none': no such group in /etc/group",
    );
  });
  it('is not named to those who hold no more than the service', () => {
    expect(refusal({ user: 'secret' }).summary).toBe('exec: its user: no such user');
  });
  it('may have the highest number that Node runs something as', () => {
    const high = { user: highestId, group: highestId };
    expect(identityOf(high, accounts)).toMatchObject({ uid: highestId, gid: highestId });
    const spawned = (uid: number) => () => spawnSync('/', { uid, gid: uid });
    expect(spawned(highestId)).not.toThrow();
    expect(spawned(highestId + 1)).toThrow('options.uid');
  });
});

describe('the accounts of a machine', () => {
  const etc = (files: Readonly<Record<string, string>>): Accounts => {
    const folder = makeFolder();
    onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
    for (const [name, text] of Object.entries(files))
      fs.writeFileSync(path.join(folder, name), text);
    return { ...nodeAccounts(folder), uid: 0, gid: 0 };
  };
  it('are those of its two files', () => {
    const meant = identityOf({ user: 'www', group: 'staff' }, etc({ passwd, group }));
    expect(meant).toMatchObject({ uid: 33, gid: 50, isOther: true });
  });
  it('are none without the files: numbers go, and names are unknown', () => {
    const none = etc({});
    expect(identityOf({ user: 1001, group: 1002 }, none)).toMatchObject({ uid: 1001, gid: 1002 });
    expect(refusal({ user: 'www' }, none).message).toContain("user 'www': no such user");
    expect(refusal({ group: 'staff' }, none).message).toContain("group 'staff': no such group");
  });
  it('are read up to a size, and not looked up beyond it', () => {
    const padded = (bytes: number): Accounts =>
      etc({ passwd: `${passwd}${' '.repeat(bytes - passwd.length)}` });
    expect(identityOf({ user: 'www' }, padded(accountFileBytes))).toMatchObject({ uid: 33 });
    expect(refusal({ user: 'www' }, padded(accountFileBytes + 1)).message).toContain(
      `has ${accountFileBytes + 1} bytes, at most ${accountFileBytes} are read`,
    );
  });
});

describe('a shepherd that is not root', () => {
  it('runs something as itself, whoever says so', () => {
    const words = { user: 1000, group: 1000 };
    expect(identityOf(words, own)).toMatchObject({ uid: 1000, gid: 1000, isOther: false });
  });
  it.each([
    [{ user: 'www' }, 'user www (33): only a shepherd of root may run something as another user'],
    [{ user: 'root' }, 'user root (0): only a shepherd of root'],
    [
      { group: 'staff' },
      'group staff (50): only a shepherd of root may run something in another group',
    ],
    [{ user: 1000, group: 0 }, 'group 0 (0): only a shepherd of root'],
  ])('refuses %j, and says who it is', (words, text) => {
    expect(refusal(words, own).message).toContain(text);
    expect(refusal(words, own).message).toContain('this one is of user 1000');
  });
});

describe('a command of another user', () => {
  const around = { cwd: '/', accounts };
  const env = {
    PATH: '/bin',
    HOME: '/root',
    USER: 'root',
    XDG_RUNTIME_DIR: '/run/user/0',
    TMPDIR: '/root/tmp',
    LANG: 'C',
  };

  it('has the environment of that user, and nothing that says where the folders of the shepherd are', () => {
    const found = findProgram({ argv: ['sh'], runAs: { user: 'www' } }, { ...around, env });
    expect(found.env).toEqual({
      PATH: '/bin',
      LANG: 'C',
      HOME: '/srv/www',
      USER: 'www',
      LOGNAME: 'www',
      SHELL: '/usr/sbin/nologin',
    });
    expect(found.as).toMatchObject({ uid: 33, gid: 34 });
  });
  it('keeps what it says of its environment itself', () => {
    const command = { argv: ['sh'] as const, env: { HOME: '/own', TMPDIR: '/t' } };
    const found = findProgram({ ...command, runAs: { user: 'www' } }, { ...around, env });
    expect(found.env).toMatchObject({ HOME: '/own', TMPDIR: '/t', USER: 'www' });
  });
  it('that is the own one keeps the folders', () => {
    const found = findProgram({ argv: ['sh'], runAs: { user: 'root' } }, { ...around, env });
    expect(found.env).toMatchObject({ TMPDIR: '/root/tmp', HOME: '/root' });
  });
  it('is refused a folder that it may not enter, or not get to', () => {
    const folder = makeFolder();
    onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
    const inner = path.join(folder, 'closed', 'inner');
    fs.mkdirSync(inner, { recursive: true, mode: 0o755 });
    fs.chmodSync(folder, 0o711);
    const at = (cwd: string) => () =>
      findProgram({ argv: ['/bin/sh'], cwd, runAs: { user: 'www' } }, { ...around, env });
    expect(at(inner)).not.toThrow();
    fs.chmodSync(path.join(folder, 'closed'), 0o700);
    expect(at(inner)).toThrow(`user 33 may not enter ${folder}/closed (mode 0700)`);
    fs.symlinkSync(inner, path.join(folder, 'link'));
    expect(at(path.join(folder, 'link'))).toThrow(`may not enter ${folder}/closed`);
  });
});

describe('the way to a folder', () => {
  it('is open by owner, then group, then for others, as the kernel has it', () => {
    const folder = makeFolder();
    onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
    const { uid, gid } = fs.statSync(folder);
    const [other, foreign] = [uid + 7, gid + 7];
    const closed = (mode: number, as: { uid: number; gid: number }): boolean => {
      fs.chmodSync(folder, mode);
      return closedFolder(folder, as) !== undefined;
    };
    expect(closed(0o710, { uid: other, gid })).toBe(false);
    expect(closed(0o701, { uid: other, gid })).toBe(true);
    expect(closed(0o701, { uid: other, gid: foreign })).toBe(false);
    expect(closed(0o770, { uid: other, gid: foreign })).toBe(true);
    expect(closed(0o000, { uid: 0, gid: 0 })).toBe(false);
  });
});

describe('a group of services of the system alone', () => {
  const lines = (passwd: string, group: string) =>
    accountLines({ ...accounts, passwd: () => passwd, group: () => group });
  it.each([
    ['whose only user is one', 'syslog:x:999:104::/:', 'syslog:x:104:', true],
    ['whose members are', 'syslog:x:103:1::/:\nroot:x:0:0::/:', 'log:x:104:syslog,root', true],
    ['that nobody is in', 'syslog:x:103:1::/:', 'log:x:104:', false],
    ['that is not there', 'syslog:x:103:1::/:', '', false],
    ['with a person', 'syslog:x:103:104::/:\nada:x:1000:1000::/:', 'log:x:104:ada', false],
    ['which is the first one of a person', 'ada:x:1000:104::/:', 'log:x:104:', false],
    ['with somebody unknown', 'syslog:x:103:104::/:', 'log:x:104:syslog,bob', false],
  ])('is no other: one %s', (_what, passwd, group, isOne) => {
    expect(isOfSystem(104, lines(passwd, group))).toBe(isOne);
  });
});
