import fs from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { linkCount, linksTo } from '../../../packages/herd/src/config/links.ts';
import { loadConfig } from '../../../packages/herd/src/config/load-config.ts';
import {
  distrust,
  distrustFolder,
  unmappedOwner,
} from '../../../packages/herd/src/config/trust.ts';
import { folderWith, options, refusal } from './support.ts';

// Real processes are as fast as the machine lets them be.
afterAll(() => vi.resetConfig());

const minimal = `import { defineShepherd } from 'bellwether';
import './part.ts';
export default defineShepherd({ services: [] });`;
const makeFiles = () => {
  const folder = folderWith({
    'etc/passwd': 'root:x:0:0::/:/bin/sh\nann:x:1000:1000::/:/bin/sh\nbob:x:1001:100::/:/bin/sh\n',
    'etc/group': 'root:x:0:\nann:x:1000:\nusers:x:100:ann\nteam:x:200:ann,bob\nown:x:201:ann\n',
    'own/shepherd.config.ts': minimal,
    'own/part.ts': '',
  });
  const own = path.join(folder, 'own');
  fs.chmodSync(own, 0o755);
  return { etc: path.join(folder, 'etc'), own, file: path.join(own, 'shepherd.config.ts') };
};
const rootUser = process.getuid?.() === 0;

describe('a configuration that others could have written is refused', () => {
  it('when everybody may write the file', async () => {
    const { file } = makeFiles();
    fs.chmodSync(file, 0o646);
    expect(await refusal(file)).toBe(
      `shepherd.config.ts: the file may be written by everybody\n  hint: chmod o-w 'shepherd.config.ts'`,
    );
  });

  it.each([0o777, 0o1777])('when everybody may write its folder (mode %o)', async (mode) => {
    const { own, file } = makeFiles();
    fs.chmodSync(own, mode);
    expect(await refusal(file)).toMatch(/^shepherd\.config\.ts: its folder .* by everybody\n/);
  });

  it('when everybody may write a file that it imports, before anything of it runs', async () => {
    const { own, file } = makeFiles();
    fs.writeFileSync(path.join(own, 'part.ts'), `throw new Error('it ran');`);
    fs.chmodSync(path.join(own, 'part.ts'), 0o666);
    expect(await refusal(file)).toMatch(/^part\.ts: the file may be written by everybody\n/);
  });

  it('when a link to it lies in a folder that everybody may write', async () => {
    const { own, file } = makeFiles();
    const open = path.join(path.dirname(own), 'open');
    fs.mkdirSync(open);
    fs.chmodSync(open, 0o777);
    fs.symlinkSync(file, path.join(open, 'link.ts'));
    expect(await refusal(path.join(open, 'link.ts'))).toMatch(
      /^link\.ts: its folder .* everybody\n/,
    );
  });

  it.each([
    ['a link in the middle of several', 'link.ts'],
    ['a link to its folder', 'folder'],
  ])('when %s lies in a folder that everybody may write', async (_what, name) => {
    const { own, file } = makeFiles();
    const open = path.join(path.dirname(own), 'open');
    const first = path.join(own, 'first');
    fs.mkdirSync(open);
    const target = name === 'folder' ? own : file;
    fs.symlinkSync(target, path.join(open, name));
    // `..` counts from where the link stands.
    fs.symlinkSync(path.join('..', 'open', name), `${first}.ts`);
    const asked = name === 'folder' ? `${first}.ts/shepherd.config.ts` : `${first}.ts`;
    for (const mode of [0o755, 0o1777]) {
      fs.chmodSync(open, mode);
      expect((await loadConfig(asked, options)).services).toEqual([]);
    }
    fs.chmodSync(open, 0o777);
    expect(await refusal(asked)).toMatch(/open above it may be written by everybody/);
  });

  it('when more links lead to it than a system follows', async () => {
    const { own, file } = makeFiles();
    const chain = (count: number): string => {
      const links = Array.from({ length: count }, (_, at) => path.join(own, `${count}-${at}.ts`));
      links.forEach((link, at) => fs.symlinkSync(links[at + 1] ?? file, link));
      return links[0] ?? file;
    };
    expect(await linksTo(chain(linkCount))).toHaveLength(linkCount);
    await expect(linksTo(chain(linkCount + 1))).rejects.toThrow('more than 40 links');
    expect(await refusal(path.join(own, `${linkCount + 1}-0.ts`))).toContain('ELOOP');
  });

  it.runIf(rootUser)('when it belongs to another user', async () => {
    const { file } = makeFiles();
    fs.chownSync(file, 4_242, 0);
    expect(await refusal(file)).toMatch(
      /^shepherd\.config\.ts: the file belongs to another user \(4242\)/,
    );
  });
});

it('a configuration that was written with umask 0002 is taken', async () => {
  const { own, file } = makeFiles();
  fs.chmodSync(own, 0o775);
  for (const name of fs.readdirSync(own)) fs.chmodSync(path.join(own, name), 0o664);
  expect((await loadConfig(file, options)).services).toEqual([]);
});

describe.runIf(rootUser)('the owner and the group of a file', () => {
  const judge = async (uid: number, gid: number, mode: number, owners: readonly number[] = []) => {
    const { etc, file } = makeFiles();
    fs.chownSync(file, uid, gid);
    fs.chmodSync(file, mode);
    const found = await distrust([file], { uid: 1_000, owners: new Set(owners), accounts: etc });
    return found.map(({ text }) => text);
  };

  it('may be ourselves, root, and whoever owns the program', async () => {
    expect(await judge(1_000, 1_000, 0o644)).toEqual([]);
    expect(await judge(0, 0, 0o644)).toEqual([]);
    expect(await judge(1_001, 100, 0o644)).toEqual([
      'the file belongs to another user (1001), who could run code as this shepherd',
    ]);
    expect(await judge(1_001, 100, 0o644, [1_001])).toEqual([]);
  });

  it("may share writing with the owner's own group, as with umask 0002", async () => {
    expect(await judge(1_000, 1_000, 0o664)).toEqual([]);
    expect(await judge(1_000, 201, 0o664)).toEqual([]);
    expect(await judge(0, 0, 0o664)).toEqual([]);
  });

  it.each([
    ['of two members', 200],
    ['that is the first group of somebody else', 100],
    ["that is another user's own", 0],
    ['that nobody knows', 77],
  ])('may not share writing with a group %s', async (_what, gid) => {
    expect(await judge(1_000, gid, 0o664)).toEqual([
      `the file may be written by group ${gid}, which is not its owner's alone`,
    ]);
    expect(await judge(1_000, gid, 0o644)).toEqual([]);
  });

  it('takes equal numbers as a sign where no table knows the user', async () => {
    expect(await judge(4_242, 4_242, 0o664, [4_242])).toEqual([]);
  });
});

it('nothing is checked where the system has no owners', async () => {
  expect(await distrust(['/no/such/file'], { uid: undefined, owners: new Set() })).toEqual([]);
});

describe('the folders above a configuration', () => {
  const nested = () => {
    const { own, etc } = makeFiles();
    const folder = path.join(own, 'deep', 'er');
    fs.mkdirSync(folder, { recursive: true, mode: 0o755 });
    const file = path.join(folder, 'shepherd.config.ts');
    fs.writeFileSync(
      file,
      `import { defineShepherd } from 'bellwether';
      export default defineShepherd({ services: [] });`,
    );
    return { own, etc, folder, file };
  };

  it('must not be writable by everybody, who could then put another in place of it', async () => {
    const { own, file } = nested();
    fs.chmodSync(own, 0o777);
    expect(await refusal(file)).toMatch(
      /^shepherd\.config\.ts: the folder \S+\/own above it may be written by everybody\n {2}hint: chmod o-w '/,
    );
  });

  it('may be sticky, as /tmp is, while what lies in them is ours', async () => {
    const { own, file } = nested();
    fs.chmodSync(own, 0o1777);
    expect((await loadConfig(file, options)).services).toEqual([]);
  });

  it.runIf(rootUser)(
    'may be those that services of the system write, for who trusts these',
    async () => {
      const { own, folder } = nested();
      const etc = folderWith({ passwd: 'syslog:x:103:104::/:\n', group: 'syslog:x:104:\n' });
      const trusted = { uid: 0, owners: new Set<number>(), accounts: etc };
      fs.chownSync(own, 0, 104);
      fs.chmodSync(own, 0o775);
      expect((await distrustFolder(folder, trusted))?.text).toMatch(
        /above it may be written by group/,
      );
      expect(await distrustFolder(folder, { ...trusted, ofSystem: true })).toBeUndefined();
      fs.chownSync(own, 0, 105);
      const found = await distrustFolder(folder, { ...trusted, ofSystem: true });
      expect(found?.text).toMatch(/above it may be written by group 105/);
    },
  );

  it.runIf(rootUser)('must be owned by somebody trusted, sticky or not', async () => {
    const { own, etc, folder, file } = nested();
    const trusted = { uid: 1_000, owners: new Set<number>(), accounts: etc };
    expect(await distrust([file], trusted)).toEqual([]);
    for (const mode of [0o755, 0o1777]) {
      fs.chownSync(own, 4_242, 0);
      fs.chmodSync(own, mode);
      expect((await distrust([file], trusted))[0]?.text).toMatch(/own above it belongs to another/);
      expect((await distrustFolder(folder, trusted))?.text).toMatch(/own above it belongs to/);
    }
  });

  it.runIf(rootUser)(
    'do not keep an entry of somebody else, only because they are sticky',
    async () => {
      const { own, etc, folder } = nested();
      fs.chmodSync(own, 0o1777);
      fs.symlinkSync(folder, path.join(own, 'link'));
      fs.lchownSync(path.join(own, 'link'), 4_242, 0);
      const trusted = { uid: 1_000, owners: new Set<number>(), accounts: etc };
      const file = path.join(own, 'link', 'shepherd.config.ts');
      expect((await distrust([file], trusted))[0]?.text).toMatch(/own above it may be written by/);
    },
  );
});

describe('the owner that stands for all who are not mapped', () => {
  const proc = (uidMap: string) =>
    folderWith({ 'self/uid_map': uidMap, 'sys/kernel/overflowuid': '65534\n' });

  it('is trusted in a user namespace, where the real root looks like nobody', async () => {
    expect(await unmappedOwner(proc('         0       1000          1\n'))).toBe(65_534);
  });
  it('is a user like any other where all are mapped, and where there is no /proc', async () => {
    expect(await unmappedOwner(proc('         0          0 4294967295\n'))).toBe(undefined);
    expect(await unmappedOwner('/no/such/folder')).toBe(undefined);
  });
});
