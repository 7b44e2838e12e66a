/** What a slot asks of its disk: a suite for the real one and for its twin in memory, and what the real one has beside. */
import { eventually } from '../../support/programs.ts';
import { sha256Of } from '../../support/releases.ts';
import {
  lackingPage,
  packed,
  type PackedLacking,
} from '../../../packages/deploy/src/slot/packed.ts';
import fs from 'node:fs';
import path from 'node:path';
import type { Answer } from '@bellwether/actors';
import { slotLimits, type Depot, type Digest, type Lacking } from '@bellwether/deploy';
import { MemoryDepots } from '../../support/memory-depot.ts';
import { nodeLimits, openDepots, runFolder } from '@bellwether/deploy/node';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { describe, expect, it } from 'vitest';
import { hookedDisk, inMemory, releaseFolder, systemError } from '../../support/release-folder.ts';
import { release, type Made } from '../../support/slot-machine.ts';

const at = releaseFolder(inMemory);
const crypto = nodeCrypto();
const one = release('1');
const two = release('2');

/** What a power answers. */
const said = <T>(ask: (answer: Answer) => void): Promise<T> =>
  new Promise((resolve, reject) =>
    ask({ kept: (value) => resolve(value as T), broken: (reason) => reject(reason as Error) }),
  );
const shaOf = (digest: Digest): string => digest.slice('rel:sha256-'.length);
const contentsOf = (made: Made) =>
  [...made.contents].map(([sha256, bytes]) => ({ sha256, size: bytes.length }));
const missing = async (depot: Depot, made: Made, asker = 'root'): Promise<readonly Lacking[]> => {
  const lacking = await said<PackedLacking>((answer) =>
    depot.missing(asker, packed(contentsOf(made)), answer),
  );
  return lackingPage(lacking, lacking.count).missing;
};
const put = (
  depot: Depot,
  sha256: string,
  size: number,
  offset: number,
  bytes: Uint8Array,
  asker = 'root',
): Promise<{ readonly have: number }> =>
  said((answer) => depot.put(asker, { sha256, size, offset, bytes }, answer));
const bring = async (depot: Depot, made: Made): Promise<void> => {
  for (const [sha256, bytes] of made.contents) await put(depot, sha256, bytes.length, 0, bytes);
};
const build = (depot: Depot, { digest }: Made): Promise<void> =>
  said((answer) => depot.build(digest, [], answer));
const isWhole = (sha256: string): boolean =>
  fs.existsSync(at('store', 'blobs', sha256.slice(0, 2), sha256.slice(2)));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Place {
  readonly name: string;
  /** The depot of a slot; asked for again it is that of the next life. */
  open(slot: string): Promise<Depot>;
}
const places: readonly Place[] = [
  {
    name: 'a disk',
    open: async (slot) =>
      (await openDepots({ folder: at('store'), crypto, now: () => 0 })).of(slot),
  },
  (() => {
    const depots = new Map<string, MemoryDepots>();
    return {
      name: 'a disk in memory',
      open: (slot: string) => {
        const known = depots.get(at()) ?? new MemoryDepots(crypto);
        depots.set(at(), known);
        return Promise.resolve(known.of(slot, (_ms, task) => void setImmediate(task)));
      },
    };
  })(),
];

describe.each(places)('$name', ({ open }) => {
  it('takes what is missing in pieces, makes the tree of it, and says what is active', async () => {
    const depot = await open('web');
    expect((await missing(depot, one)).map(({ have }) => have)).toEqual([0, 0]);
    await bring(depot, one);
    expect(await missing(depot, one)).toEqual([]);
    await build(depot, one);
    await build(depot, one);
    expect(await said((answer) => depot.check(one.digest, answer))).toEqual([]);
    await said((answer) => depot.point(one.digest, answer));
    await said((answer) => depot.point(undefined, answer));
    const text = await said<Uint8Array>((answer) =>
      depot.read({ sha256: shaOf(one.digest), size: one.manifestBytes.length }, answer),
    );
    expect(Buffer.from(text).equals(one.manifestBytes)).toBe(true);
  });
  it('makes no tree of a release that is not whole', async () => {
    const depot = await open('web');
    await put(depot, shaOf(one.digest), one.manifestBytes.length, 0, one.manifestBytes);
    await expect(build(depot, one)).rejects.toMatchObject({ code: 'not-here' });
    await expect(said((answer) => depot.point(one.digest, answer))).rejects.toMatchObject({
      code: 'not-here',
    });
  });
  it('takes a piece only where its content goes on, and throws away what turns out to be wrong', async () => {
    const depot = await open('web');
    const [sha256 = '', text = new Uint8Array()] = [...one.contents][0] ?? [];
    const size = text.length;
    expect(await put(depot, sha256, size, 3, text.subarray(3))).toEqual({ have: 0 });
    expect(await put(depot, sha256, size, 0, text.subarray(0, 3))).toEqual({ have: 3 });
    expect(await put(depot, sha256, size, 0, text.subarray(0, 3))).toEqual({ have: 3 });
    await expect(put(depot, sha256, size, 3, new Uint8Array(size - 3))).rejects.toMatchObject({
      code: 'wrong-content',
    });
    expect(await put(depot, sha256, size, 0, text)).toEqual({ have: size });
  });
  it('keeps apart what two bring of the same content, so that neither spoils the other', async () => {
    const depot = await open('web');
    const [sha256 = '', text = new Uint8Array()] = [...one.contents][0] ?? [];
    await put(depot, sha256, text.length, 0, bytes('bad'), 'mallory');
    expect((await missing(depot, one, 'alice')).map(({ have }) => have)).toEqual([0, 0]);
    await put(depot, sha256, text.length, 0, text.subarray(0, 4), 'alice');
    await expect(
      put(depot, sha256, text.length, 3, new Uint8Array(text.length - 3), 'mallory'),
    ).rejects.toMatchObject({ code: 'wrong-content' });
    expect(await put(depot, sha256, text.length, 4, text.subarray(4), 'alice')).toEqual({
      have: text.length,
    });
  });
  it('says of nothing that it is missing where a content is said to have another size than it has', async () => {
    const depot = await open('web');
    await bring(depot, one);
    const lies = contentsOf(one).map((each) => ({ ...each, size: each.size + 1 }));
    await expect(
      said((answer) => depot.missing('root', packed(lies), answer)),
    ).rejects.toMatchObject({
      code: 'wrong-content',
    });
    expect(await missing(depot, one)).toEqual([]);
  });
  it('goes on in the next life with what was brought before', async () => {
    const [sha256 = '', text = new Uint8Array()] = [...one.contents][0] ?? [];
    await put(await open('web'), sha256, text.length, 0, text.subarray(0, 5));
    const depot = await open('web');
    expect(await missing(depot, one)).toContainEqual({ sha256, size: text.length, have: 5 });
    expect(await missing(depot, one, 'bob')).toContainEqual({ sha256, size: text.length, have: 0 });
    expect(await put(depot, sha256, text.length, 5, text.subarray(5))).toEqual({
      have: text.length,
    });
  });
  it('lets one asker begin so many contents, and another one then still some', async () => {
    const depot = await open('web');
    const begin = (number: number, asker: string) =>
      put(depot, number.toString(16).padStart(64, '0'), 10, 0, bytes('x'), asker);
    for (let number = 0; number < slotLimits.askerPartialCount; number += 1)
      await begin(number, 'mallory');
    await expect(begin(1_000, 'mallory')).rejects.toMatchObject({ code: 'limit' });
    await begin(1_000, 'alice');
    await expect(begin(0, 'mallory')).resolves.toEqual({ have: 1 });
  });
  it('keeps the trees that are named, and no others', async () => {
    const depot = await open('web');
    for (const each of [one, two]) {
      await bring(depot, each);
      await build(depot, each);
    }
    await said((answer) => depot.point(two.digest, answer));
    await said((answer) => depot.keep([two.digest], answer));
    await expect(said((answer) => depot.point(one.digest, answer))).rejects.toThrow();
    expect(await said((answer) => depot.check(two.digest, answer))).toEqual([]);
  });
});

describe('the disk of a node', () => {
  it('has a folder for each slot, and each content once', async () => {
    const depots = await openDepots({ folder: at('store'), crypto, now: () => 0 });
    const web = await depots.of('web');
    const api = await depots.of('api');
    await bring(web, one);
    expect(await missing(api, one)).toEqual([]);
    await build(web, one);
    await build(api, one);
    await said((answer) => web.point(one.digest, answer));
    expect(fs.readFileSync(`${at('store')}/slots/web/current/server.js`, 'utf8')).toBe('server 1');
    expect(fs.existsSync(`${at('store')}/slots/api/current`)).toBe(false);
    expect(web.folder(one.digest)).not.toBe(api.folder(one.digest));
  });
  it('is opened once for each slot, so that a tree that is being made stays', async () => {
    const depots = await openDepots({ folder: at('store'), crypto, now: () => 0 });
    const depot = await depots.of('web');
    const half = at('store', 'slots', 'web', 'releases', '.new-sha256-x');
    fs.mkdirSync(half);
    expect(await depots.of('web')).toBe(depot);
    expect(fs.existsSync(half)).toBe(true);
  });
  it('is tried again where it could not be opened', async () => {
    const depots = await openDepots({ folder: at('store'), crypto, now: () => 0 });
    fs.writeFileSync(at('store', 'slots'), 'no folder');
    await expect(depots.of('web')).rejects.toMatchObject({ code: 'storage-failed' });
    fs.rmSync(at('store', 'slots'));
    await depots.of('web');
  });
  it('has a folder also for a slot whose name takes more than a name of a file may have', async () => {
    const depots = await openDepots({ folder: at('store'), crypto, now: () => 0 });
    const [atLimit, above, other] = ['x'.repeat(255), 'x'.repeat(256), '€'.repeat(128)];
    for (const slot of [atLimit, above, other])
      expect((await depots.of(slot)).folder(one.digest)).toBe(
        runFolder(at('store'), slot, one.digest),
      );
    const names = fs
      .readdirSync(at('store', 'slots'))
      .map((name) => name.replace(/[0-9a-f]{64}/, '…'));
    expect(names.sort()).toEqual(['=…', '=…', atLimit]);
  });
  it('lets a service leave files in its tree, and makes it anew where it has changed one', async () => {
    const depot = await (await openDepots({ folder: at('store'), crypto, now: () => 0 })).of('web');
    await bring(depot, one);
    await build(depot, one);
    fs.writeFileSync(`${depot.folder(one.digest)}/cache`, 'mine');
    expect(await said((answer) => depot.check(one.digest, answer))).toEqual([]);
    fs.writeFileSync(`${depot.folder(one.digest)}/server.js`, 'other 1!');
    const misfits = ['"server.js": content'];
    expect(await said((answer) => depot.check(one.digest, answer))).toEqual(misfits);
    const made = await said((answer) => depot.build(one.digest, [], answer));
    expect(made).toEqual(misfits);
    expect(await said((answer) => depot.build(one.digest, [], answer))).toEqual([]);
    expect(fs.readdirSync(depot.folder(one.digest))).toEqual(['server.js']);
    expect(fs.readFileSync(`${depot.folder(one.digest)}/server.js`, 'utf8')).toBe('server 1');
  });
  it('throws a manifest away that has rotted, so that it can be brought again', async () => {
    const depot = await (await openDepots({ folder: at('store'), crypto, now: () => 0 })).of('web');
    await bring(depot, one);
    const sha256 = shaOf(one.digest);
    const blob = at('store', 'blobs', sha256.slice(0, 2), sha256.slice(2));
    fs.writeFileSync(
      blob,
      one.manifestBytes.map((byte) => byte ^ 1),
    );
    const inspect = (): Promise<unknown> => said((answer) => depot.inspect(one.digest, answer));
    await expect(inspect()).rejects.toMatchObject({ code: 'wrong-content' });
    expect(await missing(depot, one)).toMatchObject([{ sha256 }]);
    await bring(depot, one);
    expect(await inspect()).toMatchObject({ app: 'web' });
  });
  it('collects what no tree has, once nobody has brought it lately', async () => {
    let nowMs = 0;
    const depots = await openDepots({ folder: at('store'), crypto, now: () => nowMs });
    const depot = await depots.of('web');
    for (const each of [one, two]) await bring(depot, each);
    await build(depot, one);
    const keep = async (): Promise<void> => {
      await said((answer) => depot.keep([one.digest], answer));
      // What is collected is waited for by whoever makes a tree.
      fs.rmSync(depot.folder(one.digest), { recursive: true });
      await build(depot, one);
    };
    await keep();
    expect(await missing(depot, two)).toEqual([]);
    nowMs = 3_600_001;
    await keep();
    expect(await missing(depot, one)).toEqual([]);
    expect(await missing(depot, two)).toHaveLength(2);
  });
  it('collects nothing that a tree has of a slot which nobody has asked for yet in this life', async () => {
    let nowMs = 0;
    const open = () => openDepots({ folder: at('store'), crypto, now: () => nowMs });
    const web = await (await open()).of('web');
    await bring(web, one);
    await build(web, one);
    // Its copy is not what is asked where the text itself is there, and whoever changes it keeps nobody from collecting.
    fs.writeFileSync(path.join(web.folder(one.digest), '..', 'manifest.json'), 'something else');
    const api = await (await open()).of('api');
    await bring(api, two);
    nowMs = 3_600_001;
    await said((answer) => api.keep([], answer));
    // Whoever makes a tree waits for what is collected.
    await expect(build(api, two)).rejects.toMatchObject({ code: 'not-here' });
    for (const { sha256 } of contentsOf(one)) expect(isWhole(sha256)).toBe(true);
  });
  it.each([
    ['a piece', 'write'],
    ['a tree', 'copyFile'],
  ])('collects the same once there is no room for %s', async (_what, call) => {
    let nowMs = 0;
    let isFull = false;
    const disk = hookedDisk(({ name }) => {
      if (isFull && name === call) throw systemError('ENOSPC');
    });
    const depots = await openDepots({ folder: at('store'), crypto, now: () => nowMs, disk });
    const depot = await depots.of('web');
    for (const each of [one, two]) await bring(depot, each);
    nowMs = 3_600_001;
    await missing(depot, one);
    isFull = true;
    const failed =
      call === 'write' ? put(depot, 'f'.repeat(64), 9, 0, bytes('x')) : build(depot, one);
    await expect(failed).rejects.toMatchObject({ code: 'no-room' });
    isFull = false;
    await build(depot, one); // waits for what is collected
    expect(await missing(depot, two)).toHaveLength(2);
  });
  it.each(['slots', 'blobs'])(
    'throws nothing away of what comes while it looks through its %s',
    async (folder) => {
      let begin: (() => Promise<unknown>) | undefined;
      const disk = hookedDisk(async ({ name, path }) => {
        const comes = name === 'opendir' && path === at('store', folder) ? begin : undefined;
        if (comes === undefined) return;
        begin = undefined;
        await comes();
      });
      const depots = await openDepots({ folder: at('store'), crypto, now: () => 0, disk });
      const depot = await depots.of('web');
      const part = 'f'.repeat(64);
      begin = async () => {
        await bring(depot, one);
        await put(depot, part, 10, 0, bytes('x'));
      };
      await said((answer) => depot.keep([], answer));
      // Whoever makes a tree waits for what is collected.
      await expect(build(depot, two)).rejects.toMatchObject({ code: 'not-here' });
      expect(begin).toBeUndefined();
      expect(await missing(depot, one)).toEqual([]);
      expect(await put(depot, part, 10, 1, bytes('y'))).toEqual({ have: 2 });
    },
  );
  it('gives up at once what who asks has brought for nothing, and to its owner what anybody has', async () => {
    const depots = await openDepots({ folder: at('store'), crypto, now: () => 0 });
    const [depot, other] = [await depots.of('web'), await depots.of('other')];
    const brings = async (on: Depot, text: string, asker: string): Promise<string> => {
      const sha256 = sha256Of(bytes(text));
      const piece = { sha256, size: text.length, offset: 0, bytes: bytes(text), mostBytes: 1e9 };
      await said((answer) => on.put(asker, piece, answer));
      return sha256;
    };
    const givesUp = async (...askers: readonly string[]): Promise<number> => {
      // As a slot does: what this has collected counts as well.
      await said((answer) => depot.keep([one.digest], answer));
      return said((answer) => depot.giveUp(askers, answer));
    };
    await bring(depot, one);
    await build(depot, one);
    const [a = '', b = '', ours = '', theirs = ''] = [
      await brings(depot, 'of a', 'g-a'),
      await brings(depot, 'of b', 'g-b'),
      await brings(depot, 'of both', 'g-a'),
      await brings(other, 'of the other slot', 'g-a'),
    ];
    for (const asker of ['g-a', 'g-b']) await put(depot, 'f'.repeat(64), 9, 0, bytes('x'), asker);
    await put(depot, 'e'.repeat(64), 9, 0, bytes('x'), 'g-a');
    await brings(other, 'of both', 'g-b');
    expect(await givesUp('g-c')).toBe(0);
    expect(await givesUp('g-a')).toBe(2);
    expect([a, b, ours, theirs].map(isWhole)).toEqual([false, true, true, true]);
    expect(await put(depot, 'f'.repeat(64), 9, 1, bytes('y'), 'g-b')).toEqual({ have: 2 });
    expect(await givesUp('root')).toBe(2);
    expect([b, ours, theirs].map(isWhole)).toEqual([false, true, true]);
    expect(await said((answer) => depot.check(one.digest, answer))).toEqual([]);
    expect(await missing(depot, one)).toEqual([]);
  });
  it('gives up what was half brought an hour ago where it is in the way, and nothing that goes on', async () => {
    let nowMs = 0;
    const open = async () =>
      (await openDepots({ folder: at('s'), crypto, now: () => nowMs })).of('web');
    const begin = (depot: Depot, number: number, offset = 0) =>
      put(depot, number.toString(16).padStart(64, '0'), 10, offset, bytes('x'));
    const names = (): readonly string[] => fs.readdirSync(at('s', 'partial'));
    const count = slotLimits.askerPartialCount;
    const before = await open();
    for (let number = 0; number < count; number += 1) await begin(before, number);
    // What an earlier life has left has an hour of this one.
    nowMs = nodeLimits.recentMs + 1;
    const depot = await open();
    await expect(begin(depot, count)).rejects.toMatchObject({ code: 'limit' });
    nowMs += nodeLimits.recentMs;
    expect(await begin(depot, 7, 1)).toEqual({ have: 2 });
    await expect(begin(depot, count)).rejects.toMatchObject({ code: 'limit' });
    expect(names()).toHaveLength(count);
    nowMs += 1;
    await expect(begin(depot, count)).rejects.toMatchObject({ code: 'limit' });
    // Whoever makes a tree waits for what is collected.
    await expect(build(depot, one)).rejects.toMatchObject({ code: 'not-here' });
    expect(names()).toHaveLength(1);
    expect(await begin(depot, count)).toEqual({ have: 1 });
    expect(await begin(depot, 7, 2)).toEqual({ have: 3 });
  });
  it('gives up what was brought and never staged for what the same one brings next', async () => {
    const depot = await (await openDepots({ folder: at('s'), crypto, now: () => 0 })).of('web');
    const mostBytes = 2 * slotLimits.blockBytes;
    const bring = (text: string, asker = 'root'): Promise<unknown> => {
      const bytes = new TextEncoder().encode(text);
      const piece = { sha256: sha256Of(text), size: bytes.length, offset: 0, bytes, mostBytes };
      return said((answer) => depot.put(asker, piece, answer));
    };
    const isThere = (text: string): boolean =>
      fs.existsSync(at('s', 'blobs', sha256Of(text).slice(0, 2), sha256Of(text).slice(2)));
    await bring('aaaa');
    await bring('bbbb');
    await bring('cccc');
    await eventually('the oldest is gone', () => !isThere('aaaa'));
    expect([isThere('bbbb'), isThere('cccc')]).toEqual([true, true]);
    const large = 'd'.repeat(mostBytes);
    await bring(large, 'bob');
    await expect(bring(large.replace('d', 'e'), 'carol')).rejects.toMatchObject({ code: 'limit' });
    await expect(bring(`${large}f`)).rejects.toThrow('a file has 8193 bytes, and all releases');
    expect([isThere('bbbb'), isThere(large)]).toEqual([true, true]);
  });
  it('counts what was never staged by what a grant comes from, so that two out of one have one share', async () => {
    const depot = await (await openDepots({ folder: at('s'), crypto, now: () => 0 })).of('web');
    const mostBytes = slotLimits.blockBytes;
    const bring = (text: string, asker: string, origin: string): Promise<unknown> => {
      const bytes = new TextEncoder().encode(text);
      const piece = {
        sha256: sha256Of(text),
        size: bytes.length,
        offset: 0,
        bytes,
        mostBytes,
        origin,
      };
      return said((answer) => depot.put(asker, piece, answer));
    };
    const isThere = (text: string): boolean =>
      fs.existsSync(at('s', 'blobs', sha256Of(text).slice(0, 2), sha256Of(text).slice(2)));
    await bring('aaaa', 'narrowed-1', 'mallory');
    await bring('bbbb', 'narrowed-2', 'mallory');
    await eventually('the first is gone', () => !isThere('aaaa'));
    await bring('cccc', 'alice', 'alice');
    await bring('dddd', 'root', 'root');
    await eventually('the owner has room', () => !isThere('bbbb') || !isThere('cccc'));
    expect(isThere('dddd')).toBe(true);
  });
  it('finishes with an empty piece what was all there when the machine was stopped', async () => {
    const [sha256 = '', text = new Uint8Array()] = [...one.contents][0] ?? [];
    const open = async () =>
      (await openDepots({ folder: at('s'), crypto, now: () => 0 })).of('web');
    await put(await open(), sha256, text.length, 0, text.subarray(0, 5));
    const [name = ''] = fs.readdirSync(at('s', 'partial'));
    fs.appendFileSync(at('s', 'partial', name), text.subarray(5));
    const depot = await open();
    const whole = { sha256, size: text.length, have: text.length };
    expect(await missing(depot, one)).toContainEqual(whole);
    expect(await put(depot, sha256, text.length, text.length, new Uint8Array())).toEqual({
      have: text.length,
    });
    expect((await missing(depot, one)).map((each) => each.sha256)).not.toContain(sha256);
  });
});
