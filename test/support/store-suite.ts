/** What every store must do, whatever it stands on. */
import { fill, openStore, storeLimits, type Store, type StoreEntry } from '@bellwether/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allOf, commit, FaultyPlace, kindNames, samples, type StoreRig } from './store-rig.ts';

/** Runs the suite; `make` gives an empty place each time. */
export const storeSuite = (name: string, make: () => StoreRig): void => {
  // Of LevelDB every write is synced, beside other tests on few cores.
  describe(`a store on ${name}`, () => {
    let rig: StoreRig;
    let place: FaultyPlace;
    const stores: Store[] = [];
    beforeEach(async () => {
      rig = make();
      const shelf = await rig.place.open();
      await fill(shelf, [], { epoch: rig.mark.epoch, restored: 0 });
      await shelf.close();
      place = new FaultyPlace(rig.place);
    });
    const open = async (): Promise<Store> => {
      const store = await openStore(place, rig.mark, 'state');
      stores.push(store);
      return store;
    };
    /** What the next daemon finds. */
    const reopen = async (): Promise<Store> => {
      for (const store of stores.splice(0)) await store.close();
      return open();
    };
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
      rig.clean();
    });

    it.each(kindNames)('gives back a record of %s as it was written', async (kind) => {
      expect(await commit(await open(), samples[kind])).toBe(undefined);
      expect(await allOf(await reopen())).toEqual([samples[kind]]);
    });

    it('keeps the last of what one batch says of the same thing', async () => {
      const store = await open();
      await commit(
        store,
        { kind: 'running', running: { startId: 's1', service: 'web' } },
        { kind: 'running', running: { startId: 's2', service: 'db' } },
        { kind: 'running', running: { startId: 's1', service: 'web', pid: 7 } },
        { kind: 'ended', startId: 's2' },
      );
      expect((await reopen()).held('running')).toEqual([
        { kind: 'running', running: { startId: 's1', service: 'web', pid: 7 } },
      ]);
    });

    it('refuses a kind that it does not know, rather than to forget it', async () => {
      const store = await open();
      const entry = { kind: 'gift' } as unknown as StoreEntry;
      expect(() => store.commit([entry], () => undefined)).toThrow('no such kind: gift');
      expect(await commit(store, samples.port)).toBe(undefined);
    });

    it('refuses a record with a member that it would lose', async () => {
      const store = await open();
      const entry = { ...samples.desired, since: 1 } as StoreEntry;
      expect(() => store.commit([entry], () => undefined)).toThrow("a member 'since'");
    });

    it('needs no disk for what stands there already', async () => {
      await commit(await open(), ...kindNames.map((kind) => samples[kind]));
      const store = await reopen();
      place.failures.set(place.writeCount + 1, 'before');
      const { running } = samples.running;
      // The same in another order of members.
      const turned = Object.fromEntries(Object.entries(running).reverse()) as typeof running;
      expect(await commit(store, samples.desired, { kind: 'running', running: turned })).toBe(
        undefined,
      );
      expect(await commit(store, { kind: 'ended', startId: 'nobody' })).toBe(undefined);
      expect(await commit(store, { ...samples.desired, isWanted: false })).toBeInstanceOf(Error);
    });

    it('keeps names with what is special elsewhere as plain names', async () => {
      const names = ['__proto__', 'a/b', 'a%2Fb', 'a', 'ä\u0000', '!seal', '𝕏', ''];
      const store = await open();
      await commit(
        store,
        ...names.map((service) => ({ kind: 'desired', service, isWanted: true }) as const),
      );
      const found = (await reopen()).held('desired').map(({ service }) => service);
      expect([...found].sort()).toEqual([...names].sort());
    });

    it('refuses half a character, which would not come back as it was', async () => {
      const store = await open();
      const entry = { kind: 'desired', service: '\ud800', isWanted: true } as const;
      expect(() => store.commit([entry], () => undefined)).toThrow('no well-formed text');
    });

    const grantOf = (args: unknown): StoreEntry =>
      ({ kind: 'grant', grant: { ...samples.grant.grant, arguments: args } }) as StoreEntry;

    it('takes a value of the largest size, and none of a byte more', async () => {
      const store = await open();
      // 16 texts of 64 Ki fill a value but for its envelope.
      const rowOf = (characters: number): string => 'x'.repeat(characters);
      const envelope = 512;
      const grant = (last: number) =>
        grantOf([
          ...Array.from({ length: 15 }, () => rowOf(storeLimits.textCharacters)),
          rowOf(last),
        ]);
      const fits = storeLimits.textCharacters - envelope;
      expect(await commit(store, grant(fits))).toBe(undefined);
      expect(() => store.commit([grant(storeLimits.textCharacters)], () => undefined)).toThrow(
        `at most ${storeLimits.valueBytes} are kept`,
      );
    });

    it('takes a piece of the largest size, and none of a byte more', async () => {
      const store = await open();
      const piece = (byteCount: number, number = 0): StoreEntry => ({
        ...samples.outcome,
        piece: number,
        bytes: new Uint8Array(byteCount),
      });
      const { pieceBytes, pieceCount } = storeLimits;
      expect(await commit(store, piece(pieceBytes, pieceCount - 1))).toBe(undefined);
      expect(() => store.commit([piece(pieceBytes + 1)], () => undefined)).toThrow('are kept');
      expect(() => store.commit([piece(1, pieceCount)], () => undefined)).toThrow('not within');
    });

    it('takes lists as deep as it says, and no deeper', async () => {
      const store = await open();
      const nested = (depth: number): StoreEntry => {
        let value: [] | [unknown] = [];
        for (let at = 1; at < depth; at += 1) value = [value];
        return grantOf(value);
      };
      expect(await commit(store, nested(storeLimits.depth - 4))).toBe(undefined);
      expect(() => store.commit([nested(storeLimits.depth - 3)], () => undefined)).toThrow(
        'nested too deep',
      );
    });

    it('makes a thousand records durable in one write', async () => {
      const store = await open();
      const before = place.writeCount;
      const entries = Array.from({ length: 1_000 }, (_none, at) => ({
        kind: 'running' as const,
        running: { startId: `s${at}`, service: `web-${at}` },
      }));
      expect(await commit(store, ...entries)).toBe(undefined);
      expect(place.writeCount).toBe(before + 1);
      expect((await reopen()).held('running')).toHaveLength(1_000);
    });

    it('reads one operation among others, and forgets it whole', async () => {
      const store = await open();
      const at = (operation: string, piece: number, asker = 'root') => ({
        ...samples.outcome,
        asker,
        operation,
        piece,
      });
      const pieces = Array.from({ length: 11 }, (_none, piece) => at('op-1', piece));
      const others = [at('op', 1, 'root/op-1'), at('op-12', 0)];
      await commit(store, samples.accepted, samples.intent, ...pieces.toReversed(), ...others);
      const found: number[] = [];
      for await (const { piece } of store.read('outcome', 'root', 'op-1')) found.push(piece);
      expect(found).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      const whole = { asker: 'root', operation: 'op-1', intentCount: 1, outcomeCount: 11 };
      await commit(store, { kind: 'forgotten', ...whole });
      expect(await allOf(await reopen())).toEqual(others);
    });

    it('purges a grant with what hangs on it, and nothing else', async () => {
      const store = await open();
      await commit(store, samples.grant, samples.revocation, samples.uses, samples.minted);
      await commit(store, { kind: 'purged', id: 'g-1' });
      expect(await allOf(await reopen())).toEqual([samples.minted]);
    });

    it('keeps wishes under their numbers, written anew and erased by them', async () => {
      const store = await open();
      const wished = (number: number, ...names: string[]): StoreEntry => ({
        ...samples.wished,
        number,
        names,
      });
      await commit(store, wished(2, 'a', 'b'), wished(10, 'c'), wished(3, 'd'));
      await commit(store, wished(2, 'b'), { kind: 'outdated', numbers: [3, 4] });
      const found = (await reopen()).held('wished').map(({ number, names }) => [number, names]);
      expect(found).toEqual(
        expect.arrayContaining([
          [2, ['b']],
          [10, ['c']],
        ]),
      );
      expect(found).toHaveLength(2);
    });

    it('refuses a second commit before the first has ended', async () => {
      const store = await open();
      const first = commit(store, samples.port);
      expect(() => store.commit([samples.clock], () => undefined)).toThrow('before the last one');
      expect(await first).toBe(undefined);
    });

    it('shows an image of one moment while others are written', async () => {
      const store = await open();
      await commit(store, ...kindNames.map((kind) => samples[kind]));
      const keys: string[] = [];
      for await (const [key] of store.image()) {
        if (keys.length === 0)
          await commit(store, { kind: 'desired', service: 'z', isWanted: true });
        keys.push(key);
      }
      expect(keys).toHaveLength(kindNames.length + 1);
    });

    it('holds in memory what a start needs, and says so of the rest', async () => {
      const store = await open();
      expect(() => store.held('outcome')).toThrow('outcome is not held');
      expect(store.held('grant')).toEqual([]);
    });

    describe('whose n-th write fails', () => {
      const batches: readonly (readonly StoreEntry[])[] = [
        [samples.desired, samples.accepted],
        [samples.running, samples.intent],
        [{ ...samples.desired, isWanted: false }, samples.outcome, samples.grant],
        [{ kind: 'ended', startId: 's1' }, samples.minted, samples.revocation],
        [
          {
            kind: 'forgotten',
            asker: 'root',
            operation: 'op-1',
            intentCount: 1,
            outcomeCount: 1,
          },
          { kind: 'purged', id: 'g-1' },
        ],
      ];
      /** What a store has after so many of the batches. */
      const statesOf = async (): Promise<readonly unknown[]> => {
        const store = await open();
        const states: unknown[] = [await allOf(store)];
        for (const batch of batches) {
          await commit(store, ...batch);
          states.push(await allOf(store));
        }
        return states;
      };
      const cases = batches.flatMap((_batch, at) =>
        (['before', 'after'] as const).map((point) => ({ n: at + 1, point })),
      );

      it.each(cases)('is before or after it, never between: write $n, $point', async (failing) => {
        const { n, point } = failing;
        const other = make();
        try {
          const states = await statesOf();
          const shelf = await other.place.open();
          await fill(shelf, [], { epoch: 1, restored: 0 });
          await shelf.close();
          const faulty = new FaultyPlace(other.place);
          const store = await openStore(faulty, other.mark, 'state');
          faulty.failures.set(faulty.writeCount + n, point);
          for (const [at, batch] of batches.slice(0, n).entries())
            expect((await commit(store, ...batch)) === undefined).toBe(at + 1 < n);
          await store.close();
          const next = await openStore(faulty, other.mark, 'state');
          expect(await allOf(next)).toEqual(states[point === 'before' ? n - 1 : n]);
          await next.close();
        } finally {
          other.clean();
        }
      });

      it.each(['before', 'after'] as const)(
        'takes what the disk has before the next life: %s',
        async (point) => {
          const store = await open();
          await commit(store, samples.desired);
          place.failures.set(place.writeCount + 1, point);
          expect(await commit(store, { ...samples.desired, isWanted: false })).toBeDefined();
          await store.settle();
          expect(store.held('desired')[0]?.isWanted).toBe(point === 'before');
          expect(await commit(store, samples.port)).toBe(undefined);
          expect((await reopen()).held('desired')[0]?.isWanted).toBe(point === 'before');
        },
      );

      it.each(['before', 'after'] as const)(
        'goes on from what was, where the disk cannot be read, and says it again: %s',
        async (point) => {
          const store = await open();
          await commit(store, samples.desired, samples.minted);
          place.failures.set(place.writeCount + 1, point);
          await commit(store, { ...samples.desired, isWanted: false }, samples.running);
          place.isShut = true;
          await store.settle();
          expect(store.held('desired')).toEqual([samples.desired]);
          expect(store.held('running')).toEqual([]);
          // Nothing new of what nobody doubts; what is in doubt has to be made sure of.
          expect(await commit(store, samples.minted)).toBe(undefined);
          expect(await commit(store, samples.desired)).toBeInstanceOf(Error);
          place.isShut = false;
          expect(await commit(store, samples.port)).toBe(undefined);
          const next = await reopen();
          expect(await allOf(next)).toEqual([samples.desired, samples.minted, samples.port]);
        },
      );

      it('does not give back a right that may have been taken back', async () => {
        const store = await open();
        await commit(store, samples.grant);
        place.failures.set(place.writeCount + 1, 'after');
        expect(await commit(store, samples.revocation)).toBeInstanceOf(Error);
        expect(await commit(store, samples.port)).toBe(undefined);
        expect((await reopen()).held('revocation')).toEqual([samples.revocation]);
      });

      it('waits for a write that a life left behind', async () => {
        const store = await open();
        let isDone = false;
        store.commit([samples.port], () => (isDone = true));
        await store.settle();
        expect(isDone).toBe(true);
      });
    });

    describe('and its epoch', () => {
      it('moves on with what takes a right back, and with nothing else', async () => {
        const store = await open();
        expect(store.rightsEpoch).toEqual({ now: 1, restored: 0 });
        await commit(store, samples.grant, samples.desired, samples.minted);
        expect(store.rightsEpoch.now).toBe(1);
        await commit(store, samples.revocation);
        expect([store.rightsEpoch, rig.mark.epoch]).toEqual([{ now: 2, restored: 0 }, 2]);
        expect((await reopen()).rightsEpoch).toEqual({ now: 2, restored: 0 });
      });

      it('is acknowledged only once the mark has it', async () => {
        const store = await open();
        const moveTo = rig.mark.moveTo.bind(rig.mark);
        Object.assign(rig.mark, { moveTo: () => Promise.reject(new Error('full')) });
        expect(await commit(store, samples.revocation)).toBeInstanceOf(Error);
        Object.assign(rig.mark, { moveTo });
        const next = await reopen();
        expect([next.rightsEpoch, rig.mark.epoch]).toEqual([{ now: 2, restored: 0 }, 2]);
      });

      it('tells that a database is older than the last right that was taken back', async () => {
        await commit(await open(), samples.grant);
        await rig.mark.moveTo(5);
        const store = await reopen();
        expect([store.rightsEpoch, rig.mark.epoch]).toEqual([{ now: 6, restored: 6 }, 6]);
        expect((await reopen()).rightsEpoch).toEqual({ now: 6, restored: 6 });
      });
    });
  });
};
