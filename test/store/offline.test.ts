/** Backups, and what is done with a state folder while no daemon runs on it. */
import fs from 'node:fs';
import {
  backupState,
  BadBackup,
  checkBackup,
  checkState,
  DamagedState,
  levelPlace,
  openState,
  repairState,
  restoreState,
  runningIn,
  writeBackup,
  type RightsEpoch,
  type Store,
  type StoreEntry,
} from '@bellwether/store';
import { describe, expect, it } from 'vitest';
import { keyOf } from '../../packages/store/src/record.ts';
import { limits } from '../../packages/store/src/limits.ts';
import { contentOf, cutOffAt, temporaryFolder } from '../support/store-folder.ts';
import { allOf, commit, kindNames, samples } from '../support/store-rig.ts';

/** Real files, each synced, beside other tests on few cores. */

const at = temporaryFolder();
const all = kindNames.map((kind) => samples[kind]);
const folder = (name: string): string => {
  fs.mkdirSync(at(name), { recursive: true });
  return at(name);
};
const using = async <T>(state: string, work: (store: Store) => Promise<T>): Promise<T> => {
  const store = await openState(state);
  return work(store).finally(() => store.close());
};
const put = (state: string, ...entries: readonly StoreEntry[]): Promise<Error | undefined> =>
  using(state, (store) => commit(store, ...entries));
const found = (state: string) => using(state, allOf);
const epochOf = (state: string): Promise<RightsEpoch> =>
  using(state, (store) => Promise.resolve(store.rightsEpoch));

describe('a backup', () => {
  it('has every record of one moment, is checked, and gives them all back elsewhere', async () => {
    const a = folder('a');
    await using(a, async (store) => {
      await commit(store, ...all);
      const written = writeBackup(store.image(), at('backup'), false);
      await commit(store, { kind: 'desired', service: 'later', isWanted: true });
      await written;
    });
    expect(fs.statSync(at('backup')).mode & 0o777).toBe(0o600);
    expect((await checkBackup(at('backup'))).counts).toMatchObject({ desired: 1, grant: 1 });
    await restoreState(folder('b'), at('backup'));
    expect(await found(at('b'))).toEqual(all);
  });

  it('is the same whether a daemon runs or not', async () => {
    const a = folder('a');
    await using(a, async (store) => {
      await commit(store, ...all);
      await writeBackup(store.image(), at('online'), false);
    });
    await backupState(a, at('offline'), false);
    expect(fs.readFileSync(at('offline')).equals(fs.readFileSync(at('online')))).toBe(true);
  });

  it('says whose it is, and is put into the folder of another node only where that is meant', async () => {
    const a = folder('a');
    await put(a, samples.desired);
    await backupState(a, at('backup'), false, 'node-a');
    expect(await checkBackup(at('backup'))).toMatchObject({
      node: 'node-a',
      counts: { desired: 1 },
    });
    const b = folder('b');
    await put(b, samples.port);
    const before = contentOf(b);
    const refused = restoreState(b, at('backup'), { node: 'node-b' });
    await expect(refused).rejects.toThrow(
      /is of another node, node-a; .* is that of node-b\. With --yes/,
    );
    expect(contentOf(b)).toEqual(before);
    await restoreState(a, at('backup'), { node: 'node-a' });
    await restoreState(folder('new'), at('backup'), { node: undefined });
    await restoreState(b, at('backup'), { node: 'node-b', mayBeOther: true });
    expect(await found(b)).toEqual([samples.desired]);
  });

  it('says no more of whose it is than a name has room for', async () => {
    const a = folder('a');
    await put(a, samples.desired);
    const longest = 'n'.repeat(limits.nodeBytes);
    await backupState(a, at('longest'), false, longest);
    expect(await checkBackup(at('longest'))).toMatchObject({ node: longest });
    const longer = backupState(a, at('longer'), false, `${longest}n`);
    await expect(longer).rejects.toThrow('whose name is too long');
  });

  it('of the version before, which does not say whose it is, is read as well', async () => {
    const a = folder('a');
    await put(a, samples.desired);
    await backupState(a, at('backup'), false);
    const bytes = fs.readFileSync(at('backup'));
    bytes.write('1', bytes.indexOf('\n') - 1);
    fs.writeFileSync(at('backup'), bytes);
    expect(await checkBackup(at('backup'))).not.toHaveProperty('node');
    await restoreState(a, at('backup'), { node: 'node-a' });
  });

  it('is tried, and a repair is, without changing anything', async () => {
    const a = folder('a');
    await put(a, samples.desired, samples.port);
    await backupState(a, at('backup'), false, 'node-a');
    await put(a, samples.grant);
    const before = contentOf(a);
    const would = await restoreState(a, at('backup'), { isDry: true });
    const repaired = await repairState(a, { isDry: true });
    expect(contentOf(a)).toEqual(before);
    expect(await restoreState(a, at('backup'))).toEqual(would);
    const again = await repairState(a);
    expect(repaired).toMatchObject({ lostCount: 0, counts: { desired: 1, port: 1, grant: 1 } });
    expect(again).toMatchObject({ lostCount: 0, counts: { desired: 1, port: 1 } });
    fs.writeFileSync(at('cut'), fs.readFileSync(at('backup')).subarray(0, -1));
    await expect(restoreState(a, at('cut'), { isDry: true })).rejects.toThrow(BadBackup);
  });

  it('replaces no file unless it is told to, and leaves nothing where it fails', async () => {
    const a = folder('a');
    await put(a, samples.port);
    fs.writeFileSync(at('backup'), 'dear');
    await expect(backupState(a, at('backup'), false)).rejects.toThrow('there already');
    expect(fs.readFileSync(at('backup'), 'utf8')).toBe('dear');
    const failing = (async function* () {
      yield ['!seal', new Uint8Array(3)] as const;
    })();
    await expect(writeBackup(failing, at('other'), false)).rejects.toThrow();
    expect(fs.readdirSync(at()).sort()).toEqual(['a', 'backup']);
    await backupState(a, at('backup'), true);
    expect((await checkBackup(at('backup'))).counts).toEqual({ port: 1 });
  });

  it('that was changed anywhere, cut or added to is refused, and changes nothing', async () => {
    const a = folder('a');
    await put(a, samples.desired, samples.grant);
    await backupState(a, at('backup'), false, 'node-a');
    const b = folder('b');
    await put(b, samples.port);
    const before = contentOf(b);
    const whole = fs.readFileSync(at('backup'));
    const spoilt = [
      ...Array.from({ length: whole.length }, (_none, byte) => {
        const flipped = Buffer.from(whole);
        flipped[byte] = (flipped[byte] ?? 0) ^ (1 << (byte % 8));
        return flipped;
      }),
      ...Array.from({ length: whole.length }, (_none, end) => whole.subarray(0, end)),
      Buffer.concat([whole, Buffer.from([0])]),
      Buffer.concat([whole, whole.subarray(20)]),
    ];
    for (const content of spoilt) {
      fs.writeFileSync(at('spoilt'), content);
      await expect(checkBackup(at('spoilt'))).rejects.toThrow(BadBackup);
    }
    // Each of the three ways once more, against a folder.
    for (const content of [spoilt[300], spoilt.at(-3), spoilt.at(-1)]) {
      fs.writeFileSync(at('spoilt'), content ?? '');
      await expect(restoreState(b, at('spoilt'))).rejects.toThrow(BadBackup);
      expect(contentOf(b)).toEqual(before);
    }
  });
});

describe('a restore', () => {
  it('begins an epoch in which nothing was granted yet: what was taken back stays so', async () => {
    const a = folder('a');
    await put(a, samples.grant);
    await backupState(a, at('backup'), false);
    await put(a, samples.revocation);
    const before = await epochOf(a);
    await restoreState(a, at('backup'));
    const after = await epochOf(a);
    expect(before).toEqual({ now: 2, restored: 0 });
    expect(after).toEqual({ now: 3, restored: 3 });
    const [grant] = await using(a, (store) => Promise.resolve(store.held('grant')));
    expect(grant?.grant.epoch).toBeLessThan(after.restored);
  });

  it('counts on from the later of backup and folder', async () => {
    const a = folder('a');
    for (const id of ['g-1', 'g-2', 'g-3']) await put(a, { ...samples.revocation, id });
    await backupState(a, at('backup'), false);
    const b = folder('b');
    await put(b, samples.port);
    await restoreState(b, at('backup'));
    expect(await epochOf(b)).toEqual({ now: 5, restored: 5 });
  });

  it('by hand, of an old copy of the database, is known as such', async () => {
    const a = folder('a');
    await put(a, samples.grant);
    fs.cpSync(at('a', 'store-1'), at('copy'), { recursive: true });
    await put(a, samples.revocation);
    fs.rmSync(at('a', 'store-1'), { recursive: true });
    fs.cpSync(at('copy'), at('a', 'store-1'), { recursive: true });
    expect(await epochOf(a)).toEqual({ now: 3, restored: 3 });
    expect(await epochOf(a)).toEqual({ now: 3, restored: 3 });
  });

  it('leaves what was there, and says where', async () => {
    const a = folder('a');
    await put(a, samples.grant);
    await backupState(a, at('backup'), false);
    await put(a, samples.port);
    expect(await restoreState(a, at('backup'))).toMatchObject({
      store: 'store-2',
      former: 'store-1',
    });
    const shelf = await levelPlace(at('a', 'store-1'), a).open();
    expect((await shelf.get([keyOf('port', [])]))[0]).toBeDefined();
    await shelf.close();
    expect(await restoreState(a, at('backup'))).toMatchObject({
      store: 'store-3',
      former: 'store-2',
    });
  });

  it('is done or not done, wherever it is cut off', async () => {
    const a = folder('a');
    await put(a, samples.grant);
    await backupState(a, at('backup'), false);
    await put(a, samples.port);
    const before = await found(a);
    for (let n = 1, isOver = false; !isOver; n += 1) {
      isOver = await cutOffAt(n, () => restoreState(a, at('backup')));
      const now = await found(a);
      const { restored } = await epochOf(a);
      expect(now).toEqual(restored === 0 ? before : [samples.grant]);
      if (restored > 0 && !isOver) await put(a, samples.port);
      expect(n).toBeLessThan(60);
      if (restored > 0) break;
    }
    expect(await found(a)).toContainEqual(samples.grant);
  });

  it('works where the mark is lost', async () => {
    const a = folder('a');
    await put(a, samples.grant);
    await backupState(a, at('backup'), false);
    fs.rmSync(at('a', 'epoch.json'));
    await restoreState(a, at('backup'));
    expect(await epochOf(a)).toEqual({ now: 2, restored: 2 });
  });
});

describe('a check', () => {
  it('counts what is there, and names the processes that nobody looks after', async () => {
    const a = folder('a');
    await put(a, ...all);
    expect(await checkState(a)).toEqual({
      counts: Object.fromEntries(kindNames.map((kind) => [kind, 1])),
      epoch: 2,
      restored: 0,
    });
    expect(await runningIn(a)).toEqual([samples.running.running]);
  });

  it('of a folder that no shepherd has used says so', async () => {
    await expect(checkState(folder('a'))).rejects.toThrow('no shepherd has served from it');
  });
});

describe('a repair', () => {
  const names = Array.from({ length: 200 }, (_none, at) => `service-${at}`);
  const filled = async (): Promise<string> => {
    const a = folder('a');
    await put(
      a,
      ...names.map((service) => ({ kind: 'desired', service, isWanted: true }) as const),
    );
    await found(a); // moves them out of the log
    return a;
  };
  const tableOf = (): string => {
    const tables = fs
      .readdirSync(at('a', 'store-1'))
      .filter((name) => name.endsWith('.ldb'))
      .map((name) => at('a', 'store-1', name))
      .sort((one, other) => fs.statSync(other).size - fs.statSync(one).size);
    if (tables[0] === undefined) throw new Error('no table');
    return tables[0];
  };

  it('keeps what proves to be whole, and names what does not', async () => {
    const a = await filled();
    const table = fs.readFileSync(tableOf());
    const place = table.indexOf('isWanted', table.length / 2);
    table[place] = (table[place] ?? 0) ^ 1;
    fs.writeFileSync(tableOf(), table);
    await expect(found(a)).rejects.toThrow(DamagedState);
    const repaired = await repairState(a);
    expect(repaired.lostCount).toBe(1);
    expect(repaired.lost).toEqual([expect.stringMatching(/^desired\/service-\d+\/$/)]);
    expect(await found(a)).toHaveLength(names.length - 1);
    expect(await epochOf(a)).toEqual({ now: 2, restored: 2 });
  });

  it.each(['CURRENT', 'MANIFEST'])('finds the records where %s is lost', async (lost) => {
    const a = await filled();
    const name = fs.readdirSync(at('a', 'store-1')).find((each) => each.startsWith(lost)) ?? '';
    fs.rmSync(at('a', 'store-1', name));
    const before = contentOf(at('a', 'store-1'));
    await expect(found(a)).rejects.toThrow(DamagedState);
    expect(await repairState(a)).toMatchObject({ lost: [], lostCount: 0, former: 'store-1' });
    expect(await found(a)).toHaveLength(names.length);
    // What is damaged is evidence.
    for (const [file, content] of before)
      if (/^\d+\.(ldb|log)$|^MANIFEST/.test(file))
        expect(contentOf(at('a', 'store-1')).get(file)).toBe(content);
  });

  it('finds the database where the mark is lost', async () => {
    const a = await filled();
    fs.rmSync(at('a', 'epoch.json'));
    expect((await repairState(a)).lostCount).toBe(0);
    expect(await found(a)).toHaveLength(names.length);
  });

  it('of nothing says so', async () => {
    await expect(repairState(folder('a'))).rejects.toThrow('no database');
  });
});
