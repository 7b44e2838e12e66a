/** What a look at the network may cost, at each limit and one over it. */
import type { Answer, Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import {
  FLEET_LIMITS,
  makeNet,
  type HomeFacts,
  type Net,
  type NetPage,
  type NodeFacts,
  type TraceEnd,
  type TraceLine,
  type Tracer,
  type WayFacts,
} from '@bellwether/fleet';
import type { DialFailure, LinkFacts, NetFacts, PeerLocation, Tap } from '@bellwether/ocapn';
import { describe, expect, it } from 'vitest';
import { makeBench, runIn, settled, type Bench } from '../../support/actors-vat.ts';

const peer = (designator: string): PeerLocation => ({ transport: 'sim', designator, hints: {} });
const link = (number: number, more: Partial<LinkFacts> = {}): LinkFacts => ({
  number,
  session: `s-${number}`,
  peer: peer(`p${number}`),
  identity: 'proved',
  transport: 'sim',
  direction: 'dialled',
  state: 'open',
  isKnown: true,
  ageMs: 1,
  silentMs: 0,
  tables: { exports: 0, imports: 0, questions: 0, answers: 0, gifts: 0 },
  gotBytes: 0,
  sentBytes: 0,
  gotCount: 1,
  sentCount: 1,
  unsentBytes: 0,
  ...more,
});
interface World {
  readonly facts?: Partial<NetFacts>;
  readonly failures?: readonly DialFailure[];
  readonly ways?: readonly WayFacts[];
  readonly nodes?: readonly Partial<NodeFacts>[];
  readonly homes?: readonly Partial<HomeFacts>[];
  readonly refs?: readonly { readonly petname: string; readonly peer: string }[];
}
const makeLister = (_turn: Turn<{ list(): unknown }>, _bcom: unknown, list: unknown) => ({
  list: () => list,
});
interface NetBench extends Bench {
  readonly net: Ref<Net>;
  /** By session, as long as they are listened in on. */
  readonly taps: Map<string, Tap>;
}
const netBench = async (given: World = {}): Promise<NetBench> => {
  const bench = makeBench();
  const taps = new Map<string, Tap>();
  const { made } = await runIn(bench, (turn) => ({
    made: [
      turn.spawn(makeNet, {
        facts: () => ({ links: [], dials: [], ...given.facts }),
        failures: () => given.failures ?? [],
        events: () => [],
        now: () => bench.world.now,
        wall: () => 5,
        tap: (session: string, tap: Tap) => {
          taps.set(session, tap);
          return { isDialler: true, stop: () => void taps.delete(session) };
        },
        nodes: turn.spawn(makeLister, given.nodes ?? []) as Ref<{ list(): readonly NodeFacts[] }>,
        homes: turn.spawn(makeLister, given.homes ?? []) as Ref<{ list(): readonly HomeFacts[] }>,
        peers: turn.spawn(makeLister, given.ways ?? []) as Ref<{ list(): readonly WayFacts[] }>,
        refs: { list: (answer: Answer) => answer.kept(given.refs ?? []) },
      }),
    ] as const,
  }));
  return { ...bench, net: made[0], taps };
};
const pageOf = ({ world, vat, net }: NetBench, after = 0): Promise<NetPage> =>
  settled(
    world,
    vat.run((turn) => turn.send(net, 'links', after)),
  );

describe('a page of connections', () => {
  const most = FLEET_LIMITS.netPageCount;
  it.each([
    [most, most, undefined],
    [most + 1, most, true],
  ])('of %i has %i', async (count, shown, isCut) => {
    const links = Array.from({ length: count }, (_none, at) => link(at + 1));
    const bench = await netBench({ facts: { links } });
    const page = await pageOf(bench);
    expect([page.links.length, page.isCut]).toEqual([shown, isCut]);
    const next = await pageOf(bench, page.links.at(-1)?.number);
    expect([next.links.length, next.isCut, next.dials]).toEqual([count - shown, undefined, []]);
  });
  it.each([most, most + 1])(
    'has as many of %i peers that are waited for as of connections, and tells of how many more there are',
    async (count) => {
      const ways = Array.from({ length: count }, (_none, at) => ({
        peer: `w${at}.sim`,
        failureCount: 1,
        dueMs: 1,
      }));
      const { dials, unlistedDialCount } = await pageOf(await netBench({ ways }));
      expect([dials.length, dials.at(-1)?.peer.key]).toEqual([most, `w${most - 1}`]);
      expect(unlistedDialCount).toBe(count > most ? count - most : undefined);
    },
  );
  it('has as many petnames of one peer as there may be', async () => {
    const named = FLEET_LIMITS.netPetnameCount;
    const refs = Array.from({ length: named + 1 }, (_none, at) => ({
      petname: `r${at}`,
      peer: 'p1.sim',
    }));
    const page = await pageOf(await netBench({ facts: { links: [link(1)] }, refs }));
    expect(page.links[0]?.peer.petnames).toHaveLength(named);
    const few = await pageOf(await netBench({ facts: { links: [link(1)] }, refs: refs.slice(1) }));
    expect(few.links[0]?.peer.petnames).toEqual(refs.slice(1).map(({ petname }) => petname));
  });
});

describe('who is at the other end', () => {
  it('is a machine, a controller, a ref, the owner, a key alone, or nobody', async () => {
    const links = [
      link(1),
      link(2),
      link(3, { peer: { ...peer('p3'), hints: { host: 'h.example', port: '7' } } }),
      link(4, { identity: 'believed', direction: 'accepted' }),
      link(5, { identity: 'believed', direction: 'dialled' }),
    ];
    const { peer: _nobody, identity: _none, ...anonymous } = link(6);
    const page = await pageOf(
      await netBench({
        facts: { links: [...links, anonymous] },
        nodes: [{ designator: 'p1', name: 'web-07' }, { name: 'invited' }],
        homes: [{ designator: 'p2', controller: 'Control' }],
        refs: [{ petname: 'a', peer: 'p3.sim' }],
      }),
    );
    expect(page.links.map((each) => each.peer)).toEqual([
      { key: 'p1', node: 'web-07' },
      { key: 'p2', controller: 'Control' },
      { key: 'p3', address: 'h.example:7', petnames: ['a'] },
      { isOwner: true },
      { key: 'p5' },
      {},
    ]);
  });
  it('is told once where it is dialled and waited for, and not at all where it is reached', async () => {
    const ways = ['p1', 'p2', 'p3'].map((key) => ({
      peer: `${key}.sim`,
      failureCount: 2,
      dueMs: 700,
    }));
    const dial = {
      peer: peer('p2'),
      state: 'dialling',
      attemptCount: 1,
      ageMs: 3.2,
      waiterCount: 1,
    };
    const failure = { peer: peer('p3'), reason: 'cannot reach p3', atMs: 0, count: 5 };
    const facts = { links: [link(1)], dials: [dial as NetFacts['dials'][number]] };
    const failures = [failure];
    expect((await pageOf(await netBench({ ways, facts, failures }))).dials).toEqual([
      { peer: { key: 'p2' }, transport: 'sim', state: 'dialling', ageMs: 3, failureCount: 2 },
      {
        peer: { key: 'p3' },
        transport: 'sim',
        state: 'waiting',
        nextMs: 700,
        failureCount: 5,
        error: 'cannot reach p3',
        errorAgoMs: 0,
      },
    ]);
  });
});

const makeEar = (
  turn: Turn<Tracer>,
  _bcom: Bcom<Tracer>,
  told: (lines: readonly TraceLine[], droppedCount: number) => void,
  answers: boolean,
): Behavior<Tracer> => {
  const never = turn.vow<void>().vow;
  return {
    traced: (turn, lines, _sequence, droppedCount): Vow<void> => {
      turn.effect(() => told(lines, droppedCount));
      return answers ? turn.kept(undefined) : never;
    },
    over: () => never,
  };
};
interface Traced {
  readonly lines: TraceLine[];
  droppedCount: number;
  end: TraceEnd | undefined;
  error: Error | undefined;
}
const trace = (bench: NetBench, session: string, answers = true, forMs = 10_000): Traced => {
  const traced: Traced = { lines: [], droppedCount: 0, end: undefined, error: undefined };
  const told = (lines: readonly TraceLine[], droppedCount: number): void => {
    traced.lines.push(...lines);
    traced.droppedCount += droppedCount;
  };
  const query = { forMs, detail: 'plain' } as const;
  bench.vat
    .run((turn) => {
      const tracer = turn.spawn(makeEar, told, answers);
      return turn.send(bench.net, 'trace', session, query, tracer);
    })
    .then(
      (end) => (traced.end = end),
      (error: Error) => (traced.error = error),
    );
  bench.world.runFor(1);
  return traced;
};
const rest = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const hear = (bench: NetBench, session: string, count: number): void => {
  const tap = bench.taps.get(session);
  for (let n = 1; n <= count; n += 1) tap?.got(n, { op: 'gc-answers', positions: [n] }, 20);
};

describe('a trace', () => {
  it('is one of eight, and the ninth is refused until one of them ends', async () => {
    const bench = await netBench();
    const first = Array.from({ length: FLEET_LIMITS.traceCount }, (_none, at) =>
      trace(bench, `s-${at}`),
    );
    const ninth = trace(bench, 's-9');
    await rest();
    expect(first.every(({ error }) => error === undefined)).toBe(true);
    expect(ninth.error).toMatchObject({
      code: 'limit',
      message: expect.stringContaining('8 sessions are traced already') as unknown,
    });
    bench.taps.get('s-0')?.ended();
    bench.world.runFor(1_000);
    expect(trace(bench, 's-9').error).toBeUndefined();
    await rest();
    expect(bench.taps.has('s-9')).toBe(true);
    bench.world.runFor(20_000);
    await rest();
    expect(first.map(({ end }) => end?.why)).toEqual(['ended', ...Array<string>(7).fill('time')]);
    expect([bench.taps.size, bench.world.pendingCount]).toEqual([0, 0]);
  });
  it.each([
    [FLEET_LIMITS.traceWaitingCount, 0],
    [FLEET_LIMITS.traceWaitingCount + 1, 1],
  ])('of %i messages at once loses %i', async (count, lost) => {
    const bench = await netBench();
    const traced = trace(bench, 's-1');
    hear(bench, 's-1', count);
    bench.world.runFor(9_000);
    expect([traced.lines.length, traced.droppedCount]).toEqual([
      FLEET_LIMITS.traceWaitingCount,
      lost,
    ]);
    bench.world.runFor(9_000);
    await rest();
    expect(traced.end).toMatchObject({ droppedCount: lost, messageCount: traced.lines.length });
  });
  it('is told in batches of so many, with credit for two', async () => {
    const bench = await netBench();
    const traced = trace(bench, 's-1', false);
    hear(bench, 's-1', 5 * FLEET_LIMITS.traceBatchCount);
    bench.world.runFor(9_000);
    const { traceBatchCount, traceUnansweredCount } = FLEET_LIMITS;
    expect(traced.lines).toHaveLength(traceBatchCount * traceUnansweredCount);
    bench.world.runFor(9_000);
    await rest();
    expect(traced.end).toEqual({
      why: 'time',
      messageCount: 2 * traceBatchCount,
      droppedCount: 3 * traceBatchCount,
    });
  });
  it('is told at once, batch behind batch, to whoever keeps up', async () => {
    const bench = await netBench();
    const traced = trace(bench, 's-1');
    hear(bench, 's-1', 5 * FLEET_LIMITS.traceBatchCount);
    bench.world.runFor(FLEET_LIMITS.traceGatherMs + 10);
    await rest();
    expect([traced.lines.length, traced.droppedCount]).toEqual([
      5 * FLEET_LIMITS.traceBatchCount,
      0,
    ]);
  });
  it('counts what had no room and what was never told where its session ends meanwhile', async () => {
    const bench = await netBench();
    const traced = trace(bench, 's-1', false);
    const { traceBatchCount, traceWaitingCount } = FLEET_LIMITS;
    hear(bench, 's-1', traceWaitingCount + 7);
    bench.world.runFor(5_000);
    bench.taps.get('s-1')?.ended();
    bench.world.runFor(9_000);
    await rest();
    expect(traced.end).toMatchObject({
      messageCount: 2 * traceBatchCount,
      droppedCount: traceWaitingCount + 7 - 2 * traceBatchCount,
    });
  });
  it('ends by itself when it has told so many bytes', async () => {
    const bench = await netBench();
    const traced = trace(bench, 's-1', true, FLEET_LIMITS.traceMs);
    for (let n = 0; n < 40 && traced.end === undefined; n += 1) {
      hear(bench, 's-1', 1_000);
      bench.world.runFor(240 * 10);
      await rest();
    }
    expect(traced.end?.why).toBe('bytes');
    expect(bench.taps.size).toBe(0);
    expect(traced.lines.length * 200).toBeLessThan(FLEET_LIMITS.traceBytes * 1.01);
  });
});
