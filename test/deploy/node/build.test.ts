/** Building: the same tree is the same release, and what cannot be in one is refused by name. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { buildRelease, openReleaseFile, scanFolder, Unbuildable } from '@bellwether/deploy/node';
import { describe, expect, it } from 'vitest';
import {
  built,
  description,
  failureOf,
  hookedDisk,
  plant,
  releaseFolder,
  systemError,
} from '../../support/release-folder.ts';

const at = releaseFolder();
const tree = {
  'server.js': 'hello\n',
  'bin/run': { run: '#!/bin/sh\n' },
  'lib/a.js': 'a',
  'lib/copy-of-a.js': 'a',
  'lib/current': { to: 'a.js' },
  'lib/empty': '',
};
const refusalOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await failureOf(work);
  expect(error).toBeInstanceOf(Unbuildable);
  return error.message;
};

describe('a release that is built', () => {
  it('has the files, modes and links of its folder, in order', async () => {
    const { manifest, emptyFolders } = await built(at('a'), tree);
    expect(manifest.files.map(({ path, mode, size }) => [path, mode, size])).toEqual([
      ['bin/run', 0o755, 10],
      ['lib/a.js', 0o644, 1],
      ['lib/copy-of-a.js', 0o644, 1],
      ['lib/empty', 0o644, 0],
      ['server.js', 0o644, 6],
    ]);
    expect(manifest.links).toEqual([{ path: 'lib/current', to: 'a.js' }]);
    expect(emptyFolders).toEqual([]);
  });
  it('is the same, byte for byte, from the same tree in another order, of other times, modes and links', async () => {
    const first = await built(at('a'), tree);
    const reversed = Object.fromEntries(Object.entries(tree).reverse());
    const second = await built(at('b'), reversed);
    for (const file of ['server.js', 'lib/a.js']) {
      fs.chmodSync(at('b', file), 0o466);
      fs.utimesSync(at('b', file), 1, 1);
    }
    fs.chmodSync(at('b', 'bin/run'), 0o4711);
    fs.rmSync(at('b', 'lib/copy-of-a.js'));
    fs.linkSync(at('b', 'lib/a.js'), at('b', 'lib/copy-of-a.js'));
    const third = await buildRelease({
      folder: at('b'),
      out: at('c.rel'),
      description,
      crypto: nodeCrypto(),
    });
    expect([second.digest, third.digest]).toEqual([first.digest, first.digest]);
    expect(fs.readFileSync(at('b.rel'))).toEqual(fs.readFileSync(at('a.rel')));
    expect(fs.readFileSync(at('c.rel'))).toEqual(fs.readFileSync(at('a.rel')));
  });
  it('is another one with another byte, mode, link, name or way to run it', async () => {
    const digests = [
      (await built(at('a'), tree)).digest,
      (await built(at('b'), { ...tree, 'server.js': 'Hello\n' })).digest,
      (await built(at('c'), { ...tree, 'server.js': { run: 'hello\n' } })).digest,
      (await built(at('d'), { ...tree, 'lib/current': { to: 'copy-of-a.js' } })).digest,
      (await built(at('e'), { ...tree, more: '' })).digest,
      (await built(at('f'), tree, { run: { command: ['node', 'server.js', 'x'] } })).digest,
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });
  it('is the same where the system has no /proc, or hides it', async () => {
    const disk = hookedDisk(({ name, args }) => {
      if (name === 'lstat' && /^\/proc\/self\/fd\/\d+$/.test(String(args[0])))
        throw systemError('ENOENT');
      expect(String(args[0])).not.toMatch(/^\/proc/);
    });
    plant(at('a'), tree);
    const without = await buildRelease({
      folder: at('a'),
      out: at('a.rel'),
      description,
      crypto: nodeCrypto(),
      disk,
    });
    expect(without.digest).toBe((await built(at('b'), tree)).digest);
  });
  it('leaves out folders in which nothing lies, and tells of them', async () => {
    const { emptyFolders, digest } = await built(at('a'), { ...tree, logs: null, 'x/y': null });
    expect(emptyFolders).toEqual(['logs', 'x/y']);
    expect(digest).toBe((await built(at('b'), tree)).digest);
  });
  it('has each content in its file once', async () => {
    const bytes = 'x'.repeat(100_000);
    await built(at('a'), { a: bytes, b: bytes, c: bytes });
    expect(fs.statSync(at('a.rel')).size).toBeLessThan(102_000);
  });
  it('is signed where there is a key', async () => {
    const signer = nodeCrypto().keyPair();
    plant(at('a'), tree);
    const { signatures } = await buildRelease({
      folder: at('a'),
      out: at('a.rel'),
      description,
      crypto: nodeCrypto(),
      signer,
    });
    expect(signatures).toHaveLength(1);
    const reader = await openReleaseFile(at('a.rel'), nodeCrypto());
    expect(reader.signatures).toEqual(signatures);
    await reader.close();
  });
});

describe('a folder is refused', () => {
  const scan = (folder = at('a')): Promise<string> => refusalOf(scanFolder(folder));
  it('with a link that leads out of it, also through others', async () => {
    plant(at('a'), { 'b/c': 'x', 'b/l': { to: '../../outside' } });
    expect(await scan()).toBe('"b/l" leads out of the tree');
    plant(at('b'), { 'd/f': '', 'd/e': { to: '..' }, x: { to: 'd/e/../y' } });
    expect(await scan(at('b'))).toBe('"x" leads out of the tree');
    plant(at('c'), { l: { to: '/etc/passwd' } });
    expect(await scan(at('c'))).toBe('"l" leads to an absolute path');
  });
  it('with a socket, a pipe or a device', async () => {
    plant(at('a'), { b: 'x' });
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(at('a', 's'), resolve));
    try {
      expect(await scan()).toBe('"s" is a socket');
    } finally {
      server.close();
    }
    plant(at('p'), {});
    execFileSync('mkfifo', [at('p', 'fifo')]);
    expect(await scan(at('p'))).toBe('"fifo" is a pipe');
  });
  it.runIf(process.getuid?.() === 0)('with a device, which is not even opened', async () => {
    plant(at('a'), {});
    execFileSync('mknod', [at('a', 'zero'), 'c', '1', '5']);
    expect(await scan()).toBe('"zero" is a device');
  });
  it('with names that are none on every system', async () => {
    plant(at('a'), { 'a\\b': '' });
    expect(await scan()).toBe('"a\\\\b" has a backslash in it');
    plant(at('b'), { 'a\nb': '' });
    expect(await scan(at('b'))).toBe('"a\\nb" has a character in it that is not shown');
    plant(at('c'), { Readme: '', readme: '' });
    expect(await scan(at('c'))).toContain('are the same where case and composition do not count');
    fs.mkdirSync(at('d'));
    fs.writeFileSync(Buffer.concat([Buffer.from(`${at('d')}/x`), Buffer.of(0xff)]), '');
    expect(await scan(at('d'))).toContain('has a name that is no UTF-8');
  });
  it('where it is empty, is not there, or is none', async () => {
    plant(at('a'), {});
    expect(await scan()).toBe('the folder is empty');
    expect(await scan(at('nowhere'))).toContain('cannot be opened: it is not there (ENOENT)');
    fs.writeFileSync(at('file'), '');
    expect(await scan(at('file'))).toContain('cannot be opened: it is no folder (ENOTDIR)');
  });
  it('with a file of more than 2 GiB, before it is read', async () => {
    plant(at('a'), { big: '' });
    fs.truncateSync(at('a', 'big'), 10_737_418_240);
    expect(await scan()).toBe('"big" has 10737418240 bytes, above 2147483648');
  });
  it('deeper than 64 names', async () => {
    plant(at('a'), { [`${'a/'.repeat(64)}b`]: '' });
    expect(await scan()).toContain('is deeper than 64 names');
    plant(at('b'), { [`${'a/'.repeat(63)}b`]: '' });
    expect((await scanFolder(at('b'))).files).toHaveLength(1);
  });
  it('with a file that is changed while it is read', async () => {
    plant(at('a'), { a: 'x'.repeat(10) });
    let readCount = 0;
    const disk = hookedDisk(({ name }) => {
      if (name === 'read' && (readCount += 1) === 2) fs.appendFileSync(at('a', 'a'), 'more');
    });
    expect(await refusalOf(scanFolder(at('a'), { disk }))).toBe(
      '"a" was changed while it was read',
    );
  });
  it('with a file that becomes a link before it is opened', async () => {
    plant(at('a'), { 'b/a': 'x', 'b/z': 'y' });
    plant(at('secret'), { a: 'secret' });
    const disk = hookedDisk(({ name, path }) => {
      if (name !== 'open' || path !== at('a', 'b/a')) return;
      fs.rmSync(at('a', 'b/a'));
      fs.symlinkSync(at('secret', 'a'), at('a', 'b/a'));
    });
    expect(await refusalOf(scanFolder(at('a'), { disk }))).toBe(
      '"b/a" cannot be read: it was changed meanwhile',
    );
  });
  it('in no way that leads elsewhere: a folder that becomes a link is still the folder', async () => {
    plant(at('a'), { 'b/a': 'mine' });
    plant(at('secret'), { a: 'secret' });
    const disk = hookedDisk(({ name, path }) => {
      if (name !== 'lstat' || path !== at('a', 'b/a')) return;
      fs.renameSync(at('a', 'b'), at('moved'));
      fs.symlinkSync(at('secret'), at('a', 'b'));
    });
    const { files } = await scanFolder(at('a'), { disk });
    expect(files).toEqual((await scanFolder(plant(at('c'), { 'b/a': 'mine' }))).files);
  });
});

describe('the file of a release', () => {
  const build = (more: object = {}) =>
    buildRelease({ folder: at('a'), out: at('a.rel'), description, crypto: nodeCrypto(), ...more });
  it('may not lie in the folder that it is built from, however that is named', async () => {
    plant(at('a'), tree);
    fs.symlinkSync(at('a', 'lib'), at('link'));
    for (const out of [
      at('a', 'web.rel'),
      at('a', 'lib', 'web.rel'),
      at('link', 'web.rel'),
      at('a', 'lib', '..', 'x.rel'),
    ])
      expect(await refusalOf(build({ out }))).toContain(
        'would lie in the folder that it is built from',
      );
    await build({ out: at('a.rel') });
    expect(await refusalOf(build({ out: at('no', 'web.rel') }))).toContain('is not there');
  });
  it('is not replaced unless that is said, and is replaced whole', async () => {
    plant(at('a'), tree);
    fs.writeFileSync(at('a.rel'), 'precious');
    expect((await failureOf(build())).code).toBe('already-there');
    expect(fs.readFileSync(at('a.rel'), 'utf8')).toBe('precious');
    await build({ isReplacing: true });
    expect(fs.readFileSync(at('a.rel'), 'latin1')).toMatch(/^bellwether-release 1 \d+ 2\n\{"app"/);
    expect(fs.readdirSync(at()).sort()).toEqual(['a', 'a.rel']);
  });
  it('is not written where a file is changed between its two readings', async () => {
    plant(at('a'), tree);
    let isWriting = false;
    const disk = hookedDisk(({ name }) => {
      if (name === 'write' && !isWriting) {
        isWriting = true;
        fs.writeFileSync(at('a', 'lib/a.js'), 'b');
      }
    });
    expect(await refusalOf(build({ disk }))).toBe('"lib/a.js" was changed since it was read');
    expect(fs.readdirSync(at())).toEqual(['a']);
  });
  it('leaves nothing behind on a full disk, whichever call fails, and no path in the message', async () => {
    plant(at('a'), tree);
    let failedCount = 0;
    for (let n = 1; n < 100; n += 1) {
      let asked = 0;
      const disk = hookedDisk(({ name }) => {
        if (/^(write|sync|link)$/.test(name) && (asked += 1) === n) throw systemError('ENOSPC');
      });
      const failed = await build({ disk }).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failed === undefined) break;
      failedCount += 1;
      expect(failed).toMatchObject({
        code: 'no-room',
        message: 'could not write the release: the disk is full (ENOSPC)',
      });
      // A folder that could not be synced has the file in it, whole.
      if (asked === n && fs.existsSync(at('a.rel'))) fs.rmSync(at('a.rel'));
      expect(fs.readdirSync(at())).toEqual(['a']);
    }
    expect(failedCount).toBeGreaterThan(5);
  });
  it('is ended by whoever is told how far it is', async () => {
    plant(at('a'), tree);
    for (const phase of ['reading', 'writing']) {
      const onProgress = (now: string): void => {
        if (now === phase) throw new Error('enough');
      };
      await expect(build({ onProgress })).rejects.toThrow('enough');
      expect(fs.readdirSync(at())).toEqual(['a']);
    }
  });
});
