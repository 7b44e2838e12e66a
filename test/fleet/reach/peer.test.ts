/** When a machine is dialled again: tested without machines. */
import { type Bcom, type Behavior, type Entropy, type Ref, type Turn } from '@bellwether/actors';
import {
  FLEET_LIMITS,
  makePeers,
  paceFor,
  type Pace,
  type Peer,
  type Destination,
  type Peers,
  type Traveller,
  type Way,
} from '@bellwether/fleet';
import { limits as shepherdLimits } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { makeBench, runIn, type Bench } from '../../support/actors-vat.ts';

const makeTraveller = (
  _turn: Turn<Traveller>,
  _bcom: Bcom<Traveller>,
  told: (way?: Way) => void,
): Behavior<Traveller> => ({
  retry: (turn) => turn.effect(() => told()),
  moved: (turn, way) => turn.effect(() => told(way)),
});

interface PeerBench extends Bench {
  readonly peers: Ref<Peers>;
  readonly peer: Ref<Peer>;
  /** Who was told to try, in order. */
  readonly tries: string[];
  tell(what: 'up' | 'down'): void;
  wait(name: string): void;
  leave(name: string): void;
  /** What those were told who hold a petname with a new ref. */
  readonly ways: Way[];
  join(name: string): void;
  part(name: string): void;
  push(name: string, to: Destination): void;
  pace(): Promise<Pace>;
  pass(ms: number): void;
}
/** The largest delays that there are, unless a test draws others. */
const most: Entropy = { fill: (into) => void into.fill(0xff) };
const peerBench = async (entropy: Entropy = most, others = 0): Promise<PeerBench> => {
  const bench = makeBench({ rehearse: true });
  const { world, vat } = bench;
  const tries: string[] = [];
  const ways: Way[] = [];
  const waiters = new Map<string, Ref<Traveller>>();
  const made = await runIn(bench, (turn) => {
    const destinations = new Map(['a', 'b', 'c'].map((petname) => [petname, { peer: 'x' }]));
    const peers = turn.spawn(makePeers, { clock: world.clock(), entropy, destinations });
    for (const name of ['a', 'b', 'c', 'd'])
      waiters.set(
        name,
        turn.spawn(makeTraveller, (way?: Way) => {
          if (way === undefined) tries.push(`${name} ${Math.round(world.now)}`);
          else ways.push(way);
        }),
      );
    const [a, b, c] = ['a', 'b', 'c'].map((name) => {
      const who = waiters.get(name);
      if (who === undefined) throw new Error('nobody');
      return turn.call(peers, 'join', name, who).peer;
    });
    if (a === undefined || a !== b || b !== c) throw new Error('three ways to one machine');
    for (let at = 0; at < others; at += 1)
      turn.call(
        peers,
        'join',
        `other-${at}`,
        turn.spawn(makeTraveller, () => undefined),
      );
    return { refs: [peers, a] as const };
  });
  const [peers, peer] = made.refs;
  const pass = (ms: number): void => world.run(world.now + ms);
  const post = (method: string, ...args: readonly unknown[]): void => {
    vat.post(peer, method, args);
    pass(0);
  };
  const about = (method: string, ...args: readonly unknown[]): void => {
    vat.post(peers, method, args);
    pass(0);
  };
  return {
    ...bench,
    peers,
    peer,
    tries,
    ways,
    join: (name) => about('join', name, waiters.get(name)),
    part: (name) => about('part', name, waiters.get(name)),
    push: (name, to) => about('hurry', name, to),
    pace: () => runIn(bench, (turn) => turn.call(peers, 'pace')),
    tell: (what) => post(what),
    wait: (name) => post('wait', waiters.get(name)),
    leave: (name) => post('leave', waiters.get(name)),
    pass,
  };
};
/** Waits for the attempt, and lets it fail: how long it took. */
const delayOf = (bench: PeerBench): number => {
  const before = bench.world.now;
  const count = bench.tries.length;
  bench.wait('a');
  while (bench.tries.length === count && bench.world.step());
  bench.tell('down');
  return Math.round(bench.world.now - before);
};

describe('a machine that is not there', () => {
  it('is dialled after at most 0.5 s, then twice as long, up to 5 s', async () => {
    const bench = await peerBench();
    bench.tell('down');
    expect(Array.from({ length: 6 }, () => delayOf(bench))).toEqual([
      500, 1_000, 2_000, 4_000, 5_000, 5_000,
    ]);
  });
  it(`is dialled after up to 30 s where there are ${FLEET_LIMITS.largeFleetCount} machines, and not below`, async () => {
    for (const [count, capMs] of [
      [FLEET_LIMITS.largeFleetCount - 1, 5_000],
      [FLEET_LIMITS.largeFleetCount, 30_000],
    ] as const) {
      const bench = await peerBench(most, count - 1);
      bench.tell('down');
      expect(Array.from({ length: 8 }, () => delayOf(bench)).at(-1)).toBe(capMs);
    }
  });
  it('is dialled at any time up to that, by chance alone', async () => {
    const drawn = [0, 0x40, 0x80, 0xc0];
    const entropy: Entropy = { fill: (into) => void into.fill(0).set([drawn.shift() ?? 0]) };
    const bench = await peerBench(entropy);
    bench.tell('down');
    expect(Array.from({ length: 4 }, () => delayOf(bench))).toEqual([0, 250, 1_000, 3_000]);
  });
  it('is one failure for all who report it, and one attempt for all who wait', async () => {
    const bench = await peerBench();
    for (let count = 0; count < 10; count += 1) bench.tell('down');
    for (const name of ['a', 'b', 'c']) bench.wait(name);
    bench.pass(1_000);
    expect(bench.tries).toEqual(['a 500', 'b 500', 'c 500']);
    for (let count = 0; count < 10; count += 1) bench.tell('down');
    expect(delayOf(bench)).toBe(1_000);
  });
  it('is not waited for any longer because a command does not reach it either', async () => {
    const bench = await peerBench();
    bench.tell('down');
    bench.wait('a');
    bench.pass(400);
    bench.tell('down');
    bench.pass(100);
    expect(bench.tries).toEqual(['a 500']);
  });
  it('is tried by nobody who has left', async () => {
    const bench = await peerBench();
    bench.tell('down');
    bench.wait('a');
    bench.wait('b');
    bench.leave('a');
    bench.pass(1_000);
    expect(bench.tries).toEqual(['b 500']);
  });
});

describe('a machine that is there', () => {
  it('is tried at once by all who wait, whoever found out, and leaves no timer', async () => {
    const bench = await peerBench();
    for (let count = 0; count < 5; count += 1) delayOf(bench);
    bench.wait('a');
    bench.wait('b');
    bench.pass(100);
    const now = Math.round(bench.world.now);
    bench.tries.length = 0;
    bench.tell('up');
    expect(bench.tries).toEqual([`a ${now}`, `b ${now}`]);
    bench.wait('c');
    expect(bench.tries).toHaveLength(3);
    expect(bench.world.pendingCount).toBe(0);
  });
  it.each([
    [FLEET_LIMITS.steadyMs - 1, 8_000],
    [FLEET_LIMITS.steadyMs, 500],
  ])('for %i ms, and then no more, is dialled after at most %i ms', async (upMs, delayMs) => {
    const bench = await peerBench();
    for (let count = 0; count < 4; count += 1) delayOf(bench);
    bench.tell('up');
    bench.pass(upMs);
    bench.tell('down');
    expect(delayOf(bench)).toBe(Math.min(delayMs, 5_000));
  });
});

describe('a ref that is pushed', () => {
  it('leads its petname to the machine that it names, with the others that lead there', async () => {
    const bench = await peerBench();
    bench.join('d');
    expect(await bench.pace()).toEqual(paceFor(2));
    bench.push('d', { peer: 'x', address: 'x:1' });
    expect(bench.ways).toEqual([{ peer: bench.peer, destination: { peer: 'x', address: 'x:1' } }]);
    expect(await bench.pace()).toEqual(paceFor(1));
  });
  it('leaves those behind that lead to the old machine', async () => {
    const bench = await peerBench();
    bench.push('a', { peer: 'y' });
    expect(bench.ways.map(({ peer }) => peer === bench.peer)).toEqual([false]);
    expect(await bench.pace()).toEqual(paceFor(2));
  });
  it('to the same machine takes nothing from what is known of it', async () => {
    const bench = await peerBench();
    for (const name of ['b', 'c']) bench.part(name);
    bench.push('a', { peer: 'x', address: 'elsewhere:1' });
    expect(bench.ways.map(({ peer }) => peer === bench.peer)).toEqual([true]);
  });
});

describe('a machine that nobody wants to reach', () => {
  it('counts no more once the last petname is given up, however often it was taken up', async () => {
    const bench = await peerBench(most, 1);
    bench.join('a');
    expect(await bench.pace()).toEqual(paceFor(2));
    for (const name of ['a', 'b', 'b']) bench.part(name);
    expect(await bench.pace()).toEqual(paceFor(2));
    bench.part('c');
    expect(await bench.pace()).toEqual(paceFor(1));
  });
  it('has no timer', async () => {
    const bench = await peerBench();
    bench.tell('down');
    bench.wait('a');
    expect(bench.world.pendingCount).toBe(1);
    bench.leave('a');
    expect(bench.world.pendingCount).toBe(0);
  });
});

describe('many machines', () => {
  it('are dialled one by one when all begins, and a few at once', async () => {
    const bench = await peerBench(most, 999);
    bench.wait('a');
    bench.pass(paceFor(1_000).spreadMs);
    expect(bench.tries).toEqual(['a 2000']);
    const small = await peerBench(most, 1);
    small.wait('a');
    small.pass(5);
    expect(small.tries).toEqual(['a 4']);
  });
  it('are looked at less often: the pace of 100', () => {
    expect(paceFor(99)).toMatchObject({ heartbeatMs: 2_000, staleMs: 4_500, redialCapMs: 5_000 });
    expect(paceFor(100)).toMatchObject({
      heartbeatMs: 15_000,
      staleMs: 30_500,
      redialCapMs: 30_000,
    });
  });
  it.each([
    [360, 15_000],
    [361, 30_000],
    [720, 30_000],
    [721, 45_000],
    [1_080, 45_000],
    [1_081, 60_000],
    [1_000, 45_000],
    [11_000, 60_000],
  ])('of %s say that nothing has changed each %s ms', (count, heartbeatMs) => {
    const staleMs = 2 * heartbeatMs + FLEET_LIMITS.newsMs;
    expect(paceFor(count)).toMatchObject({ heartbeatMs, staleMs, redialCapMs: 30_000 });
  });
  it('say so no more often in all than a few hundred, and as often as a shepherd agrees to', () => {
    const { heartbeatRate, largeFleetCount } = FLEET_LIMITS;
    for (let count = largeFleetCount; count <= 11_000; count += 1) {
      const { heartbeatMs } = paceFor(count);
      expect(heartbeatMs).toBeLessThanOrEqual(shepherdLimits.mostHeartbeatMs);
      if (heartbeatMs < shepherdLimits.mostHeartbeatMs)
        expect((count * 1_000) / heartbeatMs).toBeLessThanOrEqual(heartbeatRate);
    }
  });
});
