/** How the records of a state folder begin, and are refused. */
import fs from 'node:fs';
import {
  DamagedState,
  levelPlace,
  NewerState,
  openState,
  type Store,
  type StoreEntry,
} from '@bellwether/store';
import { describe, expect, it } from 'vitest';
import { Cbor } from '../../packages/store/src/cbor.ts';
import { limits } from '../../packages/store/src/limits.ts';
import { keyOf, sealed } from '../../packages/store/src/record.ts';
import { cutOffAt, temporaryFolder } from '../support/store-folder.ts';
import { allOf, commit, samples } from '../support/store-rig.ts';

const at = temporaryFolder();
const using = async <T>(work: (store: Store) => Promise<T>): Promise<T> => {
  const store = await openState(at());
  return work(store).finally(() => store.close());
};
const found = () => using(allOf);
const put = (...entries: readonly StoreEntry[]) => using((store) => commit(store, ...entries));

describe('a state folder', () => {
  it('forgets a wish that counts no longer', async () => {
    await put(samples.desired);
    await put({ kind: 'unwished', service: samples.desired.service });
    expect(await found()).toEqual([]);
  });

  it('begins with nothing, for its owner alone, and keeps what it is given', async () => {
    expect(await found()).toEqual([]);
    expect(await put(samples.desired)).toBe(undefined);
    expect(await found()).toEqual([samples.desired]);
    expect(fs.statSync(at('store-1')).mode & 0o777).toBe(0o700);
    expect(fs.statSync(at('epoch.json')).mode & 0o777).toBe(0o600);
    expect(JSON.parse(fs.readFileSync(at('epoch.json'), 'utf8'))).toEqual({
      epoch: 1,
      store: 'store-1',
    });
  });

  it('is begun whole or begun again, wherever the first start is cut off', async () => {
    for (let n = 1, isOver = false; !isOver; n += 1) {
      isOver = await cutOffAt(n, found);
      expect(await found()).toEqual([]);
      await put(samples.port);
      expect(await found()).toEqual([samples.port]);
      for (const name of fs.readdirSync(at())) fs.rmSync(at(name), { recursive: true });
      expect(n).toBeLessThan(60);
    }
  });

  it('is refused without its mark, since nobody knows what counts', async () => {
    await put(samples.port);
    fs.rmSync(at('epoch.json'));
    await expect(found()).rejects.toThrow(/store-1 and no epoch.json.*herd state repair/);
  });

  it.each([
    ['half of it', '{"epoch": 1'],
    ['a database elsewhere', '{"epoch": 1, "store": "../other"}'],
    ['no epoch', '{"store": "store-1"}'],
    ['more than there is', '{"epoch": 1, "store": "store-1", "then": 2}'],
    ['a fraction', '{"epoch": 1.5, "store": "store-1"}'],
    ['too much', `{"epoch": 1, "store": "store-1"}${' '.repeat(limits.markBytes)}`],
  ])('is refused with a mark that has %s', async (_what, content) => {
    await put(samples.port);
    fs.writeFileSync(at('epoch.json'), content);
    await expect(found()).rejects.toThrow(DamagedState);
    expect(fs.readFileSync(at('epoch.json'), 'utf8')).toBe(content);
  });

  it.each([
    ['has gone', () => fs.rmSync(at('store-1'), { recursive: true })],
    [
      'is empty',
      () => {
        fs.rmSync(at('store-1'), { recursive: true });
        fs.mkdirSync(at('store-1'));
      },
    ],
  ])('is refused where its database %s, and does not begin another', async (_what, spoil) => {
    await put(samples.port);
    spoil();
    await expect(found()).rejects.toThrow(DamagedState);
  });

  it('says which of its records are of a newer version, and that they are no damage', async () => {
    await put(samples.port);
    const cbor = new Cbor();
    for (const [key, body, words] of [
      [keyOf('desired', ['web']), [2, { service: 'web' }], "version 2 of 'desired'"],
      [keyOf('deploy', ['web']), [1, {}], "of the kind 'deploy'"],
      ['!seal', [2, {}], 'format 2'],
    ] as const) {
      const shelf = await levelPlace(at('store-1'), at()).open();
      const [seal] = await shelf.get(['!seal']);
      await shelf.write(new Map([[key, sealed(key, cbor.encode(body))]]));
      await shelf.close();
      const failure = await found().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(NewerState);
      expect((failure as Error).message).toContain(words);
      const again = await levelPlace(at('store-1'), at()).open();
      await again.write(
        new Map([
          [key, undefined],
          ['!seal', seal],
        ]),
      );
      await again.close();
      expect(await found()).toEqual([samples.port]);
    }
  });

  it.each([
    ['a record too many', [[keyOf('clock', []), [1, { wallMs: 1 }]]]],
    ['a record too few', [[keyOf('port', []), undefined]]],
    ['no seal', [['!seal', undefined]]],
    [
      'a record under another key',
      [[keyOf('desired', ['a']), [1, { service: 'b', isWanted: true }]]],
    ],
    ['a record of another shape', [[keyOf('desired', ['a']), [1, { service: 'a', isWanted: 1 }]]]],
    ['a record of no version', [[keyOf('desired', ['a']), [0, { service: 'a', isWanted: true }]]]],
  ] as const)('is refused with %s', async (_what, changes) => {
    await put(samples.port);
    const shelf = await levelPlace(at('store-1'), at()).open();
    const cbor = new Cbor();
    await shelf.write(
      new Map(
        changes.map(([key, body]) => [
          key,
          body === undefined ? undefined : sealed(key, cbor.encode(body)),
        ]),
      ),
    );
    await shelf.close();
    await expect(found()).rejects.toThrow(DamagedState);
    await expect(found()).rejects.toThrow(/herd state (check|restore|repair)/);
  });
});
