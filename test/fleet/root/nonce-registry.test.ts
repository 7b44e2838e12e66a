import { createHash } from 'node:crypto';
import type { Bcom, Behavior, Ref, Turn } from '@bellwether/actors';
import {
  FLEET_LIMITS,
  makeNonceRegistry,
  type MintEntry,
  type NonceRegistry,
} from '@bellwether/fleet';
import {
  makeServiceFacet,
  UnknownService,
  type ServiceFacet,
  type Shepherd,
} from '@bellwether/shepherd';
import type { GrantBook } from '@bellwether/authority';
import { describe, expect, it } from 'vitest';
import { makeBench, runIn, settled, type Bench } from '../../support/actors-vat.ts';
import { pass, runningStatus, watched } from '../../support/fleet-bench.ts';
import { bookFor } from '../../support/book-records.ts';

type Names = Pick<Shepherd, 'status' | 'isRegistered' | 'facet' | 'hasAgent'>;
/** A shepherd with services of these names. */
const makeNames = (
  _turn: Turn<Names>,
  _bcom: Bcom<Names>,
  names: readonly string[],
): Behavior<Names> => ({
  isRegistered: (_turn, name) => names.includes(name),
  hasAgent: (_turn, name) => name === 'slot' || (name === undefined && names.includes('slot')),
  facet: (turn, name, principal) =>
    turn.spawn(makeServiceFacet, {
      shepherd: turn.self as unknown as Ref<Shepherd>,
      name,
      principal,
    }),
  status: (_turn, name) => {
    if (!names.includes(name)) throw new UnknownService(name);
    return { ...runningStatus, provision: [name] };
  },
});
/** Whatever is fetched here says what it is in its status. */
const makeRoot = (
  _turn: Turn<Pick<ServiceFacet, 'status'>>,
  _bcom: Bcom<Pick<ServiceFacet, 'status'>>,
): Behavior<Pick<ServiceFacet, 'status'>> => ({
  status: () => ({ ...runningStatus, provision: ['root'] }),
});
const crypto = {
  sha256: (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest()),
};
interface MintBench extends Bench {
  readonly disk: MintEntry[];
  readonly mint: Ref<NonceRegistry>;
  readonly book: Ref<GrantBook>;
  /** Whether commits land. */
  isDiskSlow: boolean;
}
const mintBench = async (
  disk: MintEntry[] = [],
  names: readonly string[] = ['web-server'],
  epoch = { now: 1, restored: 0 },
): Promise<MintBench> => {
  const late: (() => void)[] = [];
  const state = { isDiskSlow: false };
  const bench = makeBench({
    commit: (entries, done) => {
      const land = (): void => {
        disk.push(...(entries as readonly MintEntry[]));
        done();
      };
      if (state.isDiskSlow) late.push(land);
      else land();
    },
  });
  const { mint, book } = await runIn(bench, (turn) => {
    const issuing = bookFor(turn, bench.world, { minted: disk, rightsEpoch: epoch });
    const mint = turn.spawn(makeNonceRegistry, {
      entropy: bench.world.entropy(),
      clock: bench.world.clock(),
      crypto,
      entries: disk,
      rightsEpoch: epoch.now,
      shepherd: turn.spawn(makeNames, names) as unknown as Ref<Shepherd>,
      ...issuing,
    });
    return { mint, book: issuing.book };
  });
  return Object.assign(state, bench, { disk, mint, book });
};
const minted = (bench: MintBench, service: string): Promise<Uint8Array> =>
  settled(
    bench.world,
    bench.vat.run((turn: Turn) => turn.send(bench.mint, 'mint', service)),
  );
const nameBehind = async (bench: MintBench, swissnum: unknown): Promise<string> =>
  settled(
    bench.world,
    bench.vat.run((turn: Turn) => {
      const facet = turn.forward(bench.mint, 'fetch', [swissnum]);
      return turn.when(facet, (turn, ref) =>
        turn.when(turn.send(ref as Ref<ServiceFacet>, 'status'), (_turn, status) =>
          String(status.provision[0]),
        ),
      );
    }),
  );

/** What is fetched through sessions that began at these times. */
const fetchedAt = (bench: MintBench, swissnum: Uint8Array, ...since: readonly number[]) =>
  settled(
    bench.world,
    bench.vat.run((turn: Turn) => since.map((at) => turn.call(bench.mint, 'fetch', swissnum, at))),
  );

describe('through sessions', () => {
  it('is one facet for all of them, where the service has no agent', async () => {
    const bench = await mintBench([], ['web-server', 'slot']);
    const [one, other] = await fetchedAt(bench, await minted(bench, 'web-server'), 1, 2);
    expect(one).toBe(other);
  });
  it('is one for each of them where it has: those of the last sessions are kept, and no more', async () => {
    const bench = await mintBench([], ['web-server', 'slot']);
    const swissnum = await minted(bench, 'slot');
    const { sessionFacetCount } = FLEET_LIMITS;
    const sessions = Array.from({ length: sessionFacetCount }, (_, at) => at);
    const first = await fetchedAt(bench, swissnum, ...sessions);
    expect(new Set(first).size).toBe(sessionFacetCount);
    const again = await fetchedAt(bench, swissnum, ...sessions);
    expect(again.every((facet, at) => facet === first[at])).toBe(true);
    const [, oldest, newest] = await fetchedAt(bench, swissnum, 99, 0, sessionFacetCount - 1);
    expect(oldest).not.toBe(first[0]);
    expect(newest).toBe(first.at(-1));
  });
  it('is one root for all of them as long as nothing has an agent', async () => {
    const rootsOf = async (names: readonly string[]) => {
      const bench = await mintBench([], names);
      const swissnum = await settled(
        bench.world,
        bench.vat.run((turn: Turn) => turn.send(bench.mint, 'admit', turn.spawn(makeRoot) as Ref)),
      );
      return new Set(await fetchedAt(bench, swissnum, 1, 2)).size;
    };
    expect(await rootsOf(['web-server'])).toBe(1);
    expect(await rootsOf(['web-server', 'slot'])).toBe(2);
  });
});

describe('a minted reference', () => {
  it('is 256 fresh bits, of which disk and audit get the SHA-256 and nothing else', async () => {
    const bench = await mintBench();
    const one = await minted(bench, 'web-server');
    const other = await minted(bench, 'web-server');
    expect(one).toHaveLength(32);
    expect(one).not.toEqual(other);
    expect(bench.disk).toEqual(
      [one, other].flatMap((swissnum) => {
        const hash = Buffer.from(crypto.sha256(swissnum)).toString('hex');
        const service = 'web-server';
        const given = { event: 'granted', asker: 'root', action: 'ref mint', label: hash };
        return [
          { kind: 'minted', hash, service, madeMs: bench.world.clock().wall(), epoch: 1 },
          { kind: 'audit', ...given, service },
        ];
      }),
    );
  });
  it('is not told before its hash is on the disk', async () => {
    const bench = await mintBench();
    bench.isDiskSlow = true;
    const told = watched(
      bench.vat.run((turn: Turn) => turn.send(bench.mint, 'mint', 'web-server')),
    );
    await pass(bench, 60_000);
    expect(told.value).toBeUndefined();
  });
  it('names its service now and after a restart', async () => {
    const bench = await mintBench();
    const swissnum = await minted(bench, 'web-server');
    expect(await nameBehind(bench, swissnum)).toBe('web-server');
    const next = await mintBench([...bench.disk]);
    expect(await nameBehind(next, swissnum)).toBe('web-server');
  });
  it('is refused for a service that there is not', async () => {
    const bench = await mintBench();
    await expect(minted(bench, 'nothing')).rejects.toMatchObject({ code: 'unknown-service' });
    expect(bench.disk).toEqual([]);
  });
  it('is made up to the limit and not beyond', async () => {
    const entryOf = (at: number): MintEntry => ({
      kind: 'minted',
      hash: String(at),
      service: 'web-server',
    });
    const many = Array.from({ length: FLEET_LIMITS.mintCount - 1 }, (_, at) => entryOf(at));
    const bench = await mintBench(many);
    const both = await Promise.allSettled([
      minted(bench, 'web-server'),
      minted(bench, 'web-server'),
    ]);
    expect(both).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'limit' } },
    ]);
    await expect(minted(bench, 'web-server')).rejects.toMatchObject({ code: 'limit' });
  });
});

describe('what controllers are given', () => {
  const { homeMintCount } = FLEET_LIMITS;
  const entryOf = (gift: string, at: number, home = 'H'): MintEntry => ({
    kind: 'minted',
    hash: at
      .toString(16)
      .padStart(8, '0')
      .padEnd(64, gift === 'old' ? 'a' : 'b'),
    service: 'web-server',
    epoch: 1,
    gift,
    home,
  });
  const many = (gift: string, count: number, home?: string): MintEntry[] =>
    Array.from({ length: count }, (_none, at) => entryOf(gift, at, home));
  const given = (bench: MintBench, home: string, service = 'web-server') =>
    settled(
      bench.world,
      bench.vat.run((turn: Turn) =>
        turn.when(turn.send(bench.mint, 'give', 'now', service, undefined, home), () => 'given'),
      ),
    );
  const refused = { code: 'limit', message: expect.stringContaining('one controller') };

  it('is so much for each of them, so that there is room for the others and for the owner', async () => {
    const bench = await mintBench(many('now', homeMintCount - 1), ['web-server', 'more', 'third']);
    await expect(given(bench, 'H')).resolves.toBe('given');
    await expect(given(bench, 'H', 'more')).rejects.toMatchObject(refused);
    // What it has it is given as often as it asks.
    await expect(given(bench, 'H')).resolves.toBe('given');
    await expect(given(bench, 'K', 'third')).resolves.toBe('given');
    await expect(minted(bench, 'more')).resolves.toHaveLength(32);
  });
  it('takes the place of what the same one had before, and of nobody else', async () => {
    const others = many('old', 2, 'K').map((entry) => ({
      ...entry,
      gift: 'others',
      hash: entry.hash.replace('aa', 'cc'),
    }));
    const bench = await mintBench([...many('old', homeMintCount), ...others]);
    const told = (method: 'takeBack', gift: string) =>
      settled(
        bench.world,
        bench.vat.run((turn: Turn) => turn.send(bench.mint, method, gift, 'x')),
      );
    await expect(given(bench, 'H')).rejects.toMatchObject(refused);
    await told('takeBack', 'others');
    await expect(given(bench, 'H')).rejects.toMatchObject(refused);
    await told('takeBack', 'old');
    await expect(given(bench, 'H')).resolves.toBe('given');
    const { length } = bench.disk.filter(({ kind }) => (kind as string) === 'unminted');
    expect(length).toBe(homeMintCount);
    const left = await settled(
      bench.world,
      bench.vat.run((turn: Turn) => turn.send(bench.mint, 'list')),
    );
    expect(left.map(({ state }) => state).sort()).toEqual(['live', 'revoked', 'revoked']);
  });
});

describe('confirming after a restored backup', () => {
  it('takes as many as there is room for in one answer, and the others the next time', async () => {
    const entryOf = (at: number): MintEntry => ({
      kind: 'minted',
      hash: at.toString(16).padStart(64, '0').replace(/^0/, String(at)),
      service: 'web-server',
      epoch: 1,
    });
    const bench = await mintBench([1, 2, 3].map(entryOf), ['web-server'], {
      now: 2,
      restored: 2,
    });
    const confirm = (mostCount: number) =>
      runIn(bench, (turn) => ({ ids: turn.call(bench.mint, 'confirm', undefined, mostCount) }));
    expect((await confirm(2)).ids).toHaveLength(2);
    expect((await confirm(2)).ids).toHaveLength(1);
    expect((await confirm(2)).ids).toHaveLength(0);
  });
});

describe('what a swissnum comes from', () => {
  it('is what the owner has given: a grant, or a minted reference', async () => {
    const bench = await mintBench();
    const originOf = async (swissnum: unknown): Promise<string | undefined> =>
      (
        await runIn(bench, (turn) => [
          turn.call(bench.mint, 'originOf', swissnum as Uint8Array) ?? 'nothing',
        ])
      )[0];
    const make = (issuer: string) =>
      runIn(bench, (turn) =>
        turn.send(bench.book, 'make', issuer, { service: 'web-server', actions: ['status'] }),
      );
    const swissnum = await minted(bench, 'web-server');
    const hash = Buffer.from(crypto.sha256(swissnum)).toString('hex');
    const { grant, swissnum: invite } = await make('root');
    const child = await make(grant.id);
    const ofMinted = await make(hash);
    const grandchild = await make(ofMinted.grant.id);
    expect(await originOf(swissnum)).toBe(`m-${hash.slice(0, 12)}`);
    expect(await originOf(invite)).toBe(grant.id);
    expect(await originOf(child.swissnum)).toBe(grant.id);
    expect(await originOf(grandchild.swissnum)).toBe(`m-${hash.slice(0, 12)}`);
    for (const nothing of [new Uint8Array(32), new Uint8Array(31), 'x', undefined])
      expect(await originOf(nothing)).toBe('nothing');
  });
});

describe('fetching', () => {
  it('answers everything that it does not know in the same words', async () => {
    const bench = await mintBench();
    const swissnum = await minted(bench, 'web-server');
    const flipped = swissnum.map((byte, at) => (at === 31 ? byte ^ 1 : byte));
    const strangers = [
      flipped,
      swissnum.subarray(0, 31),
      new Uint8Array(33),
      new Uint8Array(0),
      'text',
      undefined,
    ];
    const words = new Set<string>();
    for (const stranger of strangers)
      await nameBehind(bench, stranger).catch((reason: unknown) => words.add(String(reason)));
    expect([...words]).toEqual(['Refused: no such reference']);
  });
  it('does not tell a service that is gone from one that never was', async () => {
    const bench = await mintBench();
    const swissnum = await minted(bench, 'web-server');
    const next = await mintBench([...bench.disk], ['another']);
    await expect(nameBehind(next, swissnum)).rejects.toThrow('no such reference');
  });
});

describe('an admitted root', () => {
  it('is fetched in this life of the daemon, and leaves nothing on the disk', async () => {
    const bench = await mintBench();
    const swissnum = await settled(
      bench.world,
      bench.vat.run((turn: Turn) => turn.send(bench.mint, 'admit', turn.spawn(makeRoot) as Ref)),
    );
    expect(await nameBehind(bench, swissnum)).toBe('root');
    expect(bench.disk).toEqual([]);
    await expect(nameBehind(await mintBench(), swissnum)).rejects.toThrow('no such reference');
  });
});
