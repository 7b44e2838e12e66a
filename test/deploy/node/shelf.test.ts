/** The shelf of a node: contents in common with its slots, kept as long as somebody says so. */
import fs from 'node:fs';
import type { Answer } from '@bellwether/actors';
import {
  packed,
  slotLimits,
  type Depot,
  type Digest,
  type PackedLacking,
  type Shelf,
} from '@bellwether/deploy';
import { nodeLimits, openDepots } from '@bellwether/deploy/node';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { describe, expect, it, vi } from 'vitest';
import { inMemory, releaseFolder } from '../../support/release-folder.ts';
import { release, type Made } from '../../support/slot-machine.ts';

const at = releaseFolder(inMemory);
const one = release('1');
const two = release('2');
const clock = { nowMs: 0 };
const said = <T>(ask: (answer: Answer) => void): Promise<T> =>
  new Promise((resolve, reject) =>
    ask({ kept: (value) => resolve(value as T), broken: (reason) => reject(reason as Error) }),
  );
const open = () =>
  openDepots({ folder: at('store'), crypto: nodeCrypto(), now: () => clock.nowMs });
const lackingOf = async (shelf: Pick<Depot, 'missing'>, made: Made): Promise<number> => {
  const contents = [...made.contents].map(([sha256, bytes]) => ({ sha256, size: bytes.length }));
  const lacking = await said<PackedLacking>((answer) =>
    shelf.missing('root', packed(contents), answer),
  );
  return lacking.count;
};
/** The files of its contents that the store has. */
const filesOf = ({ contents }: Made): readonly string[] =>
  [...contents.keys()]
    .map((sha256) => at('store', 'blobs', sha256.slice(0, 2), sha256.slice(2)))
    .filter((file) => fs.existsSync(file));
const bring = async (
  shelf: Pick<Depot, 'put'>,
  { contents }: Made,
  asker = 'root',
  mostBytes = Infinity,
): Promise<void> => {
  for (const [sha256, bytes] of contents) {
    const piece = { sha256, size: bytes.length, offset: 0, bytes, mostBytes };
    await said((answer) => shelf.put(asker, piece, answer));
  }
};
const keep = (shelf: Shelf, ...releases: readonly Digest[]): Promise<void> =>
  said((answer) => shelf.keep(releases, answer));
/** Whoever has asked about a content has it for an hour. */
const later = (): void => void (clock.nowMs += nodeLimits.recentMs + 1);

describe('a shelf', () => {
  it('has contents that a slot of the same node need not be brought', async () => {
    const depots = await open();
    await bring(depots.shelf(), one);
    expect(await lackingOf(await depots.of('web'), one)).toBe(0);
    expect(await lackingOf(depots.shelf(), two)).toBe(2);
  });
  it('gives a content piece by piece', async () => {
    const shelf = (await open()).shelf();
    await bring(shelf, one);
    const [[sha256 = '', bytes = new Uint8Array()] = []] = [...one.contents];
    const piece = (from: number, count: number): Promise<Uint8Array> =>
      said((answer) => shelf.piece(sha256, from, count, answer));
    expect([...(await piece(2, 3))]).toEqual([...bytes.subarray(2, 5)]);
    expect([...(await piece(bytes.length - 1, 9))]).toEqual([...bytes.subarray(-1)]);
    await expect(said((answer) => shelf.piece('a'.repeat(64), 0, 1, answer))).rejects.toMatchObject(
      { code: 'not-here' },
    );
  });
  it('keeps what is said to be kept, and throws away what is not any more', async () => {
    const depots = await open();
    const shelf = depots.shelf();
    await bring(shelf, one);
    await bring(shelf, two);
    await keep(shelf, one.digest, two.digest);
    later();
    await keep(shelf, two.digest);
    // Whoever asks about one keeps it.
    await vi.waitFor(() => expect(filesOf(one)).toEqual([]), 60_000);
    expect(await lackingOf(shelf, one)).toBe(2);
    expect(await lackingOf(shelf, two)).toBe(0);
  });
  it('throws nothing away of what the next life has not asked for yet', async () => {
    const depots = await open();
    const web = await depots.of('web');
    await bring(web, one);
    await said((answer) => web.build(one.digest, [], answer));
    await bring(depots.shelf(), two);
    await keep(depots.shelf(), two.digest);
    later();
    const next = await open();
    await keep(next.shelf(), two.digest);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await lackingOf(next.shelf(), one)).toBe(0);
    expect(await lackingOf(next.shelf(), two)).toBe(0);
  });
  it('counts what is brought and not kept, and nothing that is kept', async () => {
    const shelf = (await open()).shelf();
    const three = release('3');
    const most = one.contents.size * slotLimits.blockBytes;
    await bring(shelf, one, 'anna', most);
    await bring(shelf, two, 'bert', most);
    await expect(bring(shelf, three, 'carl', most)).rejects.toMatchObject({ code: 'limit' });
    await keep(shelf, one.digest);
    await bring(shelf, three, 'carl', most);
    expect(await lackingOf(shelf, three)).toBe(0);
  });
  it('is safe from a slot that has contents collected', async () => {
    const depots = await open();
    await bring(depots.shelf(), two);
    await keep(depots.shelf(), two.digest);
    later();
    const web = await depots.of('web');
    await said((answer) => web.keep([], answer));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await lackingOf(depots.shelf(), two)).toBe(0);
  });
});
