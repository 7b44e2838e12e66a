/** Releases as folders: whole or not there, and one of them current, whatever happens in between. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import {
  BadRelease,
  contentsOf,
  readManifest,
  signRelease,
  writeManifest,
  type Digest,
} from '@bellwether/deploy';
import {
  openBlobStore,
  openReleaseFile,
  openTrees,
  type BlobStore,
  type Disk,
  type Trees,
} from '@bellwether/deploy/node';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  built,
  diskUntil,
  failureOf,
  hookedDisk,
  inMemory,
  Killed,
  releaseFolder,
  systemError,
  type Planted,
} from '../../support/release-folder.ts';
import { sha256Of } from '../../support/releases.ts';

const at = releaseFolder(inMemory);
const crypto = nodeCrypto();
const oldTree: Readonly<Record<string, Planted>> = {
  'server.js': 'old',
  'lib/a/b.js': 'same',
  'bin/run': { run: '#!/bin/sh\n' },
  latest: { to: 'lib/a' },
};
const newTree = {
  ...oldTree,
  'server.js': 'new',
  'lib/empty': '',
  'lib/a/up': { to: '../../server.js' },
};

interface Node {
  readonly blobs: BlobStore;
  readonly trees: Trees;
}
/** A life of a node. */
const live = async (disk?: Disk): Promise<Node> => {
  const more = disk === undefined ? {} : { disk };
  const blobs = await openBlobStore(at('node'), more);
  return { blobs, trees: await openTrees({ folder: at('node/web'), blobs, crypto, ...more }) };
};
/** Brings a release from its file onto the node. */
const stage = async ({ blobs, trees }: Node, name: string): Promise<Digest> => {
  const reader = await openReleaseFile(at(`${name}.rel`), crypto);
  try {
    for (const content of contentsOf(reader.manifest)) await blobs.take(content, reader.source);
    return await trees.make(reader.manifestBytes, reader.signatures);
  } finally {
    await reader.close();
  }
};
/** What lies below a folder: text, mode, or where it leads. */
const shapeOf = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    fs
      .readdirSync(folder, { recursive: true, withFileTypes: true })
      .map((entry): [string, string] => {
        const file = path.join(entry.parentPath, entry.name);
        const mode = (fs.lstatSync(file).mode & 0o7777).toString(8);
        if (entry.isSymbolicLink())
          return [path.relative(folder, file), `→ ${fs.readlinkSync(file)}`];
        const what = entry.isFile() ? fs.readFileSync(file, 'utf8') : 'folder';
        return [path.relative(folder, file), `${mode} ${what}`];
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
let oldDigest: Digest;
let newDigest: Digest;
beforeEach(async () => {
  oldDigest = (await built(at('old'), oldTree)).digest;
  newDigest = (await built(at('new'), newTree)).digest;
});

describe('the tree of a release', () => {
  it('is what was built, with its own modes, and leaves its contents alone', async () => {
    const node = await live();
    expect(await stage(node, 'new')).toBe(newDigest);
    expect(shapeOf(node.trees.pathOf(newDigest))).toEqual({
      bin: '755 folder',
      'bin/run': '755 #!/bin/sh\n',
      latest: '→ lib/a',
      lib: '755 folder',
      'lib/a': '755 folder',
      'lib/a/b.js': '644 same',
      'lib/a/up': '→ ../../server.js',
      'lib/empty': '644 ',
      'server.js': '644 new',
    });
    expect(await node.trees.verify(newDigest)).toEqual([]);
    expect(fs.statSync(path.join(node.trees.pathOf(newDigest), 'server.js')).nlink).toBe(1);
    fs.writeFileSync(path.join(node.trees.pathOf(newDigest), 'server.js'), 'scribble');
    expect(fs.readFileSync(node.blobs.pathOf(sha256Of('new')), 'utf8')).toBe('new');
  });
  it('is remembered with its manifest and who signed it', async () => {
    const node = await live();
    const reader = await openReleaseFile(at('old.rel'), crypto);
    for (const content of contentsOf(reader.manifest))
      await node.blobs.take(content, reader.source);
    const signatures = [signRelease(oldDigest, crypto.keyPair())];
    await node.trees.make(reader.manifestBytes, signatures);
    await reader.close();
    const next = (await live()).trees;
    expect(await next.read(oldDigest)).toEqual({
      digest: oldDigest,
      manifest: reader.manifest,
      signatures,
    });
    expect(await next.list()).toEqual([oldDigest]);
    expect((await failureOf(next.read(newDigest))).code).toBe('not-here');
  });
  it('is made once, and of contents that are all there', async () => {
    const node = await live();
    await stage(node, 'old');
    const { ino } = fs.statSync(node.trees.pathOf(oldDigest));
    await stage(node, 'old');
    expect(fs.statSync(node.trees.pathOf(oldDigest)).ino).toBe(ino);
    const reader = await openReleaseFile(at('new.rel'), crypto);
    const failed = await failureOf(node.trees.make(reader.manifestBytes, []));
    await reader.close();
    expect(failed).toMatchObject({ code: 'not-here', message: `${sha256Of('')}: is not here` });
    expect(await node.trees.list()).toEqual([oldDigest]);
    // Whoever may stage could fill the disk with what was begun.
    expect(fs.readdirSync(at('node/web/releases'))).toHaveLength(1);
  });
  it('is not made of a content that has rotted: that one is thrown away, and comes again', async () => {
    const node = await live();
    await stage(node, 'old');
    await node.trees.remove(oldDigest);
    fs.writeFileSync(node.blobs.pathOf(sha256Of('same')), 'sane');
    const reader = await openReleaseFile(at('old.rel'), crypto);
    expect((await failureOf(node.trees.make(reader.manifestBytes, []))).message).toContain(
      'has rotted on the disk',
    );
    await reader.close();
    expect(await node.trees.list()).toEqual([]);
    await stage(node, 'old');
    expect(await node.trees.verify(oldDigest)).toEqual([]);
  });
  it('is not made of contents of another size than it says, and costs nobody theirs', async () => {
    const node = await live();
    await stage(node, 'old');
    const text = fs.readFileSync(
      path.join(path.dirname(node.trees.pathOf(oldDigest)), 'manifest.json'),
    );
    const { files, ...rest } = readManifest(text);
    for (const more of [-1, 1]) {
      const lie = writeManifest({
        ...rest,
        files: files.map((each) =>
          each.sha256 === sha256Of('same') ? { ...each, size: each.size + more } : each,
        ),
      });
      expect((await failureOf(node.trees.make(lie, []))).code).toBe('wrong-content');
    }
    expect(fs.readFileSync(node.blobs.pathOf(sha256Of('same')), 'utf8')).toBe('same');
  });
  it('is not made where there is no room for it', async () => {
    const blobs = await openBlobStore(at('node'));
    const reader = await openReleaseFile(at('old.rel'), crypto);
    for (const content of contentsOf(reader.manifest)) await blobs.take(content, reader.source);
    const { bavail, bsize } = fs.statfsSync(at());
    const full = await openBlobStore(at('node'), { limits: { reserveBytes: 2 * bavail * bsize } });
    const trees = await openTrees({ folder: at('node/web'), blobs: full, crypto });
    expect((await failureOf(trees.make(reader.manifestBytes, []))).code).toBe('no-room');
    await reader.close();
    expect(fs.readdirSync(at('node/web/releases'))).toEqual([]);
  });
  it('is looked through for whatever a service has done to it', async () => {
    const { trees, ...node } = await live();
    await stage({ trees, ...node }, 'new');
    const tree = trees.pathOf(newDigest);
    const file = (name: string): string => path.join(tree, name);
    fs.writeFileSync(file('server.js'), 'neu');
    fs.chmodSync(file('bin/run'), 0o4755);
    fs.rmSync(file('latest'));
    fs.symlinkSync('/etc', file('latest'));
    fs.rmSync(file('lib/a'), { recursive: true });
    fs.symlinkSync('/etc', file('lib/a'));
    fs.rmSync(file('lib/empty'));
    fs.mkdirSync(file('lib/empty'));
    fs.writeFileSync(file('extra'), '');
    fs.mkdirSync(file('node_modules/x'), { recursive: true });
    expect(await trees.verify(newDigest)).toEqual([
      { path: 'bin/run', what: 'mode' },
      { path: 'extra', what: 'extra' },
      { path: 'latest', what: 'target' },
      { path: 'lib/a', what: 'kind' },
      { path: 'lib/a/b.js', what: 'missing' },
      { path: 'lib/a/up', what: 'missing' },
      { path: 'lib/empty', what: 'kind' },
      { path: 'node_modules', what: 'extra' },
      { path: 'server.js', what: 'content' },
    ]);
    for (let n = 0; n < 300; n += 1) fs.writeFileSync(file(`extra-${n}`), '');
    expect(await trees.verify(newDigest)).toHaveLength(100);
    // However much a service has left there, what it has changed is found.
    const changed = await trees.verify(newDigest, false);
    expect(changed).toHaveLength(7);
    expect(changed).toContainEqual({ path: 'server.js', what: 'content' });
    execFileSync('mkfifo', [file('pipe')]);
    fs.rmSync(file('server.js'));
    execFileSync('mkfifo', [file('server.js')]);
    await trees.verify(newDigest); // waits for no pipe
  });
  it.each([
    ['a file', (tree: string) => fs.writeFileSync(`${tree}/server.js`, 'bad')],
    ['its manifest', (tree: string) => fs.writeFileSync(`${tree}/../manifest.json`, '{}')],
    ['its signatures', (tree: string) => fs.writeFileSync(`${tree}/../signatures.json`, '{')],
    [
      'its manifest, which is a link now',
      (tree: string) => {
        fs.rmSync(`${tree}/../manifest.json`);
        fs.symlinkSync('/etc/hostname', `${tree}/../manifest.json`);
      },
    ],
    ['all of it', (tree: string) => fs.rmSync(tree, { recursive: true })],
    [
      'the folder, which is a link to a copy now',
      (tree: string) => {
        fs.cpSync(tree, at('copy'), { recursive: true, verbatimSymlinks: true });
        fs.rmSync(tree, { recursive: true });
        fs.symlinkSync(at('copy'), tree);
      },
    ],
    [
      'the release, which is a link to a copy now',
      (tree: string) => {
        const release = path.dirname(tree);
        fs.cpSync(release, at('copy'), { recursive: true, verbatimSymlinks: true });
        fs.rmSync(release, { recursive: true });
        fs.symlinkSync(at('copy'), release);
      },
    ],
  ])('is made anew where this was changed: %s', async (_what, change) => {
    const node = await live();
    await stage(node, 'old');
    const tree = node.trees.pathOf(oldDigest);
    const before = shapeOf(path.dirname(tree));
    change(tree);
    expect(await node.trees.misfits(oldDigest)).toHaveLength(1);
    await stage(node, 'old');
    expect(await node.trees.misfits(oldDigest)).toEqual([]);
    expect(shapeOf(path.dirname(tree))).toEqual(before);
    expect(fs.readdirSync(at('node/web/releases'))).toHaveLength(1);
  });
  it('is refused where its manifest was changed on the disk', async () => {
    const node = await live();
    await stage(node, 'old');
    const manifest = path.join(path.dirname(node.trees.pathOf(oldDigest)), 'manifest.json');
    fs.writeFileSync(manifest, fs.readFileSync(manifest, 'utf8').replace('server.js', 'evil.js__'));
    expect(await failureOf(node.trees.verify(oldDigest))).toBeInstanceOf(BadRelease);
  });
});

describe('the current release', () => {
  it('is a link that is replaced in one step, and its tree is found through it', async () => {
    const node = await live();
    expect(await node.trees.current()).toBeUndefined();
    await stage(node, 'old');
    await stage(node, 'new');
    await node.trees.switchTo(oldDigest);
    expect(fs.readFileSync(at('node/web/current/server.js'), 'utf8')).toBe('old');
    await node.trees.switchTo(newDigest);
    expect(fs.readFileSync(at('node/web/current/server.js'), 'utf8')).toBe('new');
    expect(await (await live()).trees.current()).toBe(newDigest);
    expect(fs.readdirSync(at('node/web')).sort()).toEqual(['current', 'releases']);
  });
  it('is no release that is not there, and no name that is a path', async () => {
    const { trees } = await live();
    for (const digest of [oldDigest, 'rel:sha256-../../etc', '../x', 'rel:sha256-'])
      expect((await failureOf((async () => trees.switchTo(digest as Digest))())).code).toBe(
        'not-here',
      );
    expect(fs.existsSync(at('node/web/current'))).toBe(false);
  });
  it('is not guessed where somebody has changed the link', async () => {
    const { trees } = await live();
    fs.symlinkSync('/etc', at('node/web/current'));
    expect((await failureOf(trees.current())).code).toBe('storage-failed');
    expect((await failureOf(trees.remove(oldDigest))).code).toBe('storage-failed');
  });
  it('is never removed; another is, and so are contents that only it had', async () => {
    const node = await live();
    await stage(node, 'old');
    await stage(node, 'new');
    await node.trees.switchTo(newDigest);
    expect((await failureOf(node.trees.remove(newDigest))).code).toBe('in-use');
    await node.trees.remove(oldDigest);
    await node.trees.remove(oldDigest);
    expect(await node.trees.list()).toEqual([newDigest]);
    expect(await node.blobs.collect(await neededOn(node))).toBe(1);
    expect(await node.trees.verify(newDigest)).toEqual([]);
    expect(fs.existsSync(node.blobs.pathOf(sha256Of('old')))).toBe(false);
    expect(fs.existsSync(node.blobs.pathOf(sha256Of('same')))).toBe(true);
  });
});

/** What the store has to keep for the releases that are there. */
const neededOn = async ({ trees }: Node): Promise<ReadonlySet<string>> => {
  const all = await Promise.all((await trees.list()).map((digest) => trees.read(digest)));
  return new Set(all.flatMap(({ manifest }) => contentsOf(manifest).map(({ sha256 }) => sha256)));
};
/** Everything that is done with a slot: a release comes and becomes current, and the one before goes. */
const deploy = async (node: Node): Promise<void> => {
  await stage(node, 'new');
  await node.trees.switchTo(newDigest);
  await node.trees.remove(oldDigest);
  await node.blobs.collect(await neededOn(node));
};
/** A node on which the old release runs, as a folder that is copied. */
const prepare = async (): Promise<void> => {
  const node = await live();
  await stage(node, 'old');
  await node.trees.switchTo(oldDigest);
  fs.cpSync(at('node'), at('before'), { recursive: true, verbatimSymlinks: true });
};
const reset = (): void => {
  fs.rmSync(at('node'), { recursive: true, force: true });
  fs.cpSync(at('before'), at('node'), { recursive: true, verbatimSymlinks: true });
};
/** Whatever was going on: all that is there is whole, and the current release is one of it. */
const mustBeSound = async (trees: Trees): Promise<void> => {
  const current = await trees.current();
  const there = await trees.list();
  expect(there).toContain(current);
  for (const digest of there) expect(await trees.verify(digest)).toEqual([]);
  expect(fs.readFileSync(at('node/web/current/server.js'), 'utf8')).toMatch(/^(old|new)$/);
};

describe('a deploy', () => {
  it('that ends with the process at any call is the old release or the new one, and can be done again', async () => {
    await prepare();
    let killedCount = 0;
    const seen = new Set<string>();
    for (let n = 1; n < 1_000; n += 1) {
      reset();
      const disk = diskUntil(n);
      try {
        await deploy(await live(disk));
        if (!disk.isOver()) break;
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
      killedCount += 1;
      seen.add(fs.readFileSync(at('node/web/current/server.js'), 'utf8'));
      const node = await live();
      expect(fs.readdirSync(at('node/web')).sort()).toEqual(['current', 'releases']);
      expect(
        fs.readdirSync(at('node/web/releases')).filter((name) => name.startsWith('.')),
      ).toEqual([]);
      await mustBeSound(node.trees);
      await deploy(node);
      await mustBeSound(node.trees);
      expect(await node.trees.list()).toEqual([newDigest]);
    }
    expect([...seen].sort()).toEqual(['new', 'old']);
    expect(killedCount).toBeGreaterThan(80);
  });
  it('that makes a tree anew and ends with the process at any call leaves the old one or the new one', async () => {
    await prepare();
    const server = 'node/web/current/server.js';
    const seen = new Set<string>();
    let betweenCount = 0;
    for (let n = 1; n < 1_000; n += 1) {
      reset();
      fs.writeFileSync(at(server), 'bad');
      const disk = diskUntil(n);
      try {
        await stage(await live(disk), 'old');
        if (!disk.isOver()) break;
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
      if (!fs.existsSync(at(server))) betweenCount += 1;
      const node = await live();
      seen.add(fs.readFileSync(at(server), 'utf8'));
      expect(fs.readdirSync(at('node/web/releases'))).toHaveLength(1);
      await stage(node, 'old');
      await mustBeSound(node.trees);
    }
    expect([...seen].sort()).toEqual(['bad', 'old']);
    expect(betweenCount).toBeGreaterThan(0);
  });
  it('that fails at any call of a full disk does so in one way, and the same node goes on', async () => {
    await prepare();
    let failedCount = 0;
    for (let n = 1; n < 1_000; n += 1) {
      reset();
      let count = -Infinity;
      const disk = hookedDisk(({ name }) => {
        // What only reads is answered by a full disk.
        if (/^(write|sync|mkdir|symlink|copyFile|rename|chmod)$/.test(name)) count += 1;
        if (count === n) {
          count += 1;
          throw systemError('ENOSPC');
        }
      });
      const node = await live(disk);
      count = 0;
      const failed = await deploy(node).then(
        () => undefined,
        (error: unknown) => error as Error & { code?: string },
      );
      if (count < n) break;
      failedCount += 1;
      expect(failed?.code).toBe('no-room');
      expect(failed?.message).not.toContain('/');
      const names = fs.readdirSync(at('node/web/releases'));
      expect(names.filter((name) => name.startsWith('.new'))).toEqual([]);
      await mustBeSound(node.trees);
      await deploy(node);
      await mustBeSound(node.trees);
    }
    expect(failedCount).toBeGreaterThan(30);
  });
  it('has everything on the disk before a name says so, and every name before it goes on', async () => {
    await prepare();
    reset();
    /** Files with bytes, and folders with names, that a loss of power may take. */
    const dirty = new Set<string>();
    const renamed: string[] = [];
    const named = (file: string): void => void dirty.add(path.dirname(file));
    const disk = hookedDisk(({ name, path: file, target, args }) => {
      if (name === 'write' || name === 'chmod') dirty.add(file);
      else if (name === 'sync') dirty.delete(file);
      else if (name === 'mkdir') named(file);
      else if (
        name === 'open' &&
        typeof args[1] === 'number' &&
        (args[1] & fs.constants.O_CREAT) !== 0
      )
        named(file);
      else if (name === 'symlink') named(target);
      else if (name === 'copyFile') {
        named(target);
        dirty.add(target);
      } else if (name === 'rename') {
        const inside = [...dirty].filter((each) => each === file || each.startsWith(`${file}/`));
        expect([path.basename(file), inside]).toEqual([path.basename(file), []]);
        renamed.push(path.basename(target));
        named(target);
      }
    });
    await deploy(await live(disk));
    expect(renamed).toContain('current');
    expect(renamed.length).toBeGreaterThan(4);
    // The rest is what nobody needs after a loss of power: the place of what is on its way.
    expect([...dirty].map((file) => path.relative(at('node'), file))).toEqual(['partial']);
  });
});
