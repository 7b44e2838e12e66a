/** What a node has of contents: nothing half is ever whole, whatever happens in between. */
import fs from 'node:fs';
import path from 'node:path';
import type { Content } from '@bellwether/deploy';
import { openBlobStore, type BlobStore } from '@bellwether/deploy/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  diskUntil,
  failureOf,
  hookedDisk,
  inMemory,
  Killed,
  releaseFolder,
  systemError,
} from '../../support/release-folder.ts';
import { sha256Of } from '../../support/releases.ts';

const at = releaseFolder(inMemory);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const contentOf = (text: string): Content => ({
  sha256: sha256Of(text),
  size: Buffer.byteLength(text),
});
const hello = contentOf('hello world');
const open = (limits = {}, disk = undefined as Parameters<typeof openBlobStore>[1]) =>
  openBlobStore(at('store'), { limits, ...disk });
/** Every file below the store, by its path. */
const files = (): readonly string[] =>
  fs
    .readdirSync(at('store'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(at('store'), path.join(entry.parentPath, entry.name)))
    .sort();
const blobOf = ({ sha256 }: Content): string => `blobs/${sha256.slice(0, 2)}/${sha256.slice(2)}`;
/** Whatever lies under blobs has the digest of its name. */
const mustBeSound = (): void => {
  for (const file of files()) {
    if (!file.startsWith('blobs/')) continue;
    expect(sha256Of(fs.readFileSync(at('store', file)))).toBe(
      file.replace('blobs/', '').replace('/', ''),
    );
  }
};
const append = (store: BlobStore, from: number, to: number) =>
  store.append(hello, from, bytesOf('hello world'.slice(from, to)));

describe('a content', () => {
  it('comes in pieces, in order, and is whole after the last', async () => {
    const store = await open();
    expect(await store.held(hello)).toEqual({ length: 0, isWhole: false });
    expect(await append(store, 0, 5)).toEqual({ length: 5, isWhole: false });
    expect(files()).toEqual([`partial/${hello.sha256}`]);
    expect(await append(store, 5, 11)).toEqual({ length: 11, isWhole: true });
    expect(files()).toEqual([blobOf(hello)]);
    expect(fs.statSync(store.pathOf(hello.sha256)).mode & 0o777).toBe(0o600);
    expect(Buffer.from(await store.read(hello.sha256, 6, 100)).toString()).toBe('world');
    expect(await append(store, 0, 11)).toEqual({ length: 11, isWhole: true });
  });
  it('goes on in the next life where it stopped', async () => {
    await append(await open(), 0, 5);
    const store = await open();
    expect(await store.held(hello)).toEqual({ length: 5, isWhole: false });
    expect(await append(store, 5, 11)).toEqual({ length: 11, isWhole: true });
  });
  it('takes no piece of another place, and says where it goes on', async () => {
    const store = await open();
    await append(store, 0, 5);
    for (const offset of [0, 4, 6, 11])
      expect(await append(store, offset, 11)).toEqual({ length: 5, isWhole: false });
    expect(fs.readFileSync(at('store/partial', hello.sha256), 'utf8')).toBe('hello');
  });
  it('is thrown away where it is not what its digest says, and comes again', async () => {
    const store = await open();
    const failed = await failureOf(store.append(hello, 0, bytesOf('hello_world')));
    expect([failed.code, failed.message]).toEqual([
      'wrong-content',
      `${hello.sha256}: its bytes have another digest`,
    ]);
    expect(files()).toEqual([]);
    expect(await append(store, 0, 11)).toEqual({ length: 11, isWhole: true });
  });
  it('is never longer than it is said to be', async () => {
    const store = await open();
    expect((await failureOf(store.append(hello, 0, bytesOf('hello world!')))).code).toBe(
      'wrong-content',
    );
    expect(files()).toEqual([]);
  });
  it('may be empty', async () => {
    const store = await open();
    expect(await store.append(contentOf(''), 0, new Uint8Array())).toEqual({
      length: 0,
      isWhole: true,
    });
    expect(files()).toEqual([blobOf(contentOf(''))]);
  });
  it('has one size: who says another lies, or the disk has lost some', async () => {
    const store = await open();
    await append(store, 0, 11);
    expect((await failureOf(store.held({ ...hello, size: 5 }))).message).toContain(
      'has not 5 bytes',
    );
    fs.truncateSync(store.pathOf(hello.sha256), 5);
    expect(await store.held(hello)).toEqual({ length: 0, isWhole: false });
    expect(await append(store, 0, 11)).toEqual({ length: 11, isWhole: true });
  });
  it('is hashed once for all who say another size of it', async () => {
    let readCount = 0;
    const disk = hookedDisk(({ name }) => {
      if (name === 'read') readCount += 1;
    });
    const store = await open({}, { disk });
    await append(store, 0, 11);
    const lie = (size: number) => failureOf(store.held({ ...hello, size }));
    await lie(5);
    const before = readCount;
    expect((await lie(5)).code).toBe('wrong-content');
    expect((await lie(12)).code).toBe('wrong-content');
    expect(readCount).toBe(before);
  });
  it.each(['../../etc/passwd', 'A'.repeat(64), '', `${'a'.repeat(63)}/`, '__proto__'])(
    'is never called %j, which would be a path',
    async (sha256) => {
      const store = await open();
      for (const work of [
        () => store.held({ sha256, size: 1 }),
        () => store.append({ sha256, size: 1 }, 0, bytesOf('x')),
        () => store.read(sha256, 0, 1),
      ])
        expect((await failureOf((async () => work())())).code).toBe('wrong-content');
      expect(files()).toEqual([]);
    },
  );
  it('comes whole from any pieces, whoever sends them twice, too early or from two places at once', async () => {
    const text = 'abcdefghij'.repeat(3);
    const content = contentOf(text);
    const piece = fc.tuple(fc.nat(text.length), fc.nat(10));
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (pieces) => {
        fs.rmSync(at('store'), { recursive: true, force: true });
        const store = await open();
        await Promise.all(
          pieces.map(([from, count]) =>
            store.append(content, from, bytesOf(text.slice(from, from + count))),
          ),
        );
        mustBeSound();
        const { length, isWhole } = await store.held(content);
        if (!isWhole) await store.append(content, length, bytesOf(text.slice(length)));
        expect(Buffer.from(await store.read(content.sha256, 0, 100)).toString()).toBe(text);
      }),
      { numRuns: 100, seed: 4 },
    );
  });
  it('is never written through a link that somebody put in its place', async () => {
    const store = await open();
    fs.writeFileSync(at('precious'), 'mine');
    fs.symlinkSync(at('precious'), at('store/partial', hello.sha256));
    expect((await failureOf(append(store, 0, 11))).code).toBe('storage-failed');
    expect(fs.readFileSync(at('precious'), 'utf8')).toBe('mine');
  });
});

describe('the room for contents', () => {
  it('takes so many on their way, and not one more', async () => {
    const store = await open({ partialCount: 2 });
    const [a, b, c] = ['aa', 'bb', 'cc'].map(contentOf) as [Content, Content, Content];
    await store.append(a, 0, bytesOf('a'));
    await store.append(b, 0, bytesOf('b'));
    expect(await failureOf(store.append(c, 0, bytesOf('c')))).toMatchObject({
      code: 'no-room',
      message: '2 contents are on their way already',
    });
    expect(await store.append(a, 1, bytesOf('a'))).toEqual({ length: 2, isWhole: true });
    expect(await store.append(c, 0, bytesOf('c'))).toEqual({ length: 1, isWhole: false });
  });
  it('takes so many bytes on their way, and not one more, also over lives', async () => {
    const limits = { partialBytes: 10 };
    await append(await open(limits), 0, 9);
    const store = await open(limits);
    expect((await failureOf(append(store, 9, 11))).message).toBe(
      'contents on their way would have more than 10 bytes',
    );
    expect(await append(store, 9, 10)).toEqual({ length: 10, isWhole: false });
    await store.drop(hello.sha256);
    expect(files()).toEqual([]);
    expect(await store.append(contentOf('0123456789'), 0, bytesOf('0123456789'))).toMatchObject({
      isWhole: true,
    });
  });
  it('takes so much in one piece, and not one byte more', async () => {
    const store = await open({ chunkBytes: 5 });
    expect(await append(store, 0, 5)).toEqual({ length: 5, isWhole: false });
    expect((await failureOf(append(store, 5, 11))).message).toContain(
      'a piece has more than 5 bytes',
    );
    await store.take(hello, async (_content, take) => take(bytesOf('hello world')));
    expect(Buffer.from(await store.read(hello.sha256, 0, 100)).toString()).toBe('hello');
  });
  it('leaves some of the disk free', async () => {
    const { bavail, bsize } = fs.statfsSync(at());
    const store = await open({ reserveBytes: bavail * bsize });
    expect((await failureOf(append(store, 0, 5))).message).toMatch(
      /^a content has 11 bytes, and this disk has room for 0 bytes, beside .* that stay free for all else$/,
    );
    expect(files()).toEqual([]);
  });
  it('is given back by what nobody needs', async () => {
    const store = await open();
    await append(store, 0, 11);
    await store.append(contentOf('other'), 0, bytesOf('other'));
    await store.append(contentOf('half'), 0, bytesOf('ha'));
    expect(await store.collect(new Set([hello.sha256]))).toBe(2);
    expect(files()).toEqual([blobOf(hello)]);
  });
});

describe('a disk that fails', () => {
  it('at any call leaves nothing half behind, and is told without a path; the same store then goes on', async () => {
    for (const code of ['ENOSPC', 'EIO']) {
      let failedCount = 0;
      for (let n = 1; n < 200; n += 1) {
        fs.rmSync(at('store'), { recursive: true, force: true });
        let count = -Infinity;
        const store = await openBlobStore(at('store'), {
          disk: hookedDisk(() => {
            count += 1;
            if (count === n) throw systemError(code);
          }),
        });
        count = 0;
        const failed = await store.take(hello, sending).then(
          () => undefined,
          (error: unknown) => error as Error & { code?: string },
        );
        if (count < n) break;
        mustBeSound();
        if (failed !== undefined) {
          failedCount += 1;
          expect(failed.code).toBe(code === 'ENOSPC' ? 'no-room' : 'storage-failed');
          expect(failed.message).not.toContain('/');
        }
        await store.take(hello, sending);
        expect(files()).toEqual([blobOf(hello)]);
      }
      expect(failedCount).toBeGreaterThan(10);
    }
  });
  it('ends a process at any call, and the next life finds nothing half and goes on', async () => {
    let killedCount = 0;
    for (let n = 1; n < 200; n += 1) {
      fs.rmSync(at('store'), { recursive: true, force: true });
      const disk = diskUntil(n);
      try {
        await (await openBlobStore(at('store'), { disk })).take(hello, sending);
        if (!disk.isOver()) break;
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
      killedCount += 1;
      if (fs.existsSync(at('store'))) mustBeSound();
      const next = await openBlobStore(at('store'));
      await next.take(hello, sending);
      mustBeSound();
      expect(files()).toEqual([blobOf(hello)]);
    }
    expect(killedCount).toBeGreaterThan(20);
  });
});
const sending = async (
  _content: Content,
  take: (piece: Uint8Array) => Promise<void>,
): Promise<void> => {
  for (const piece of ['hello', ' ', 'world']) await take(bytesOf(piece));
};
