/** Silence: who is pinged, who is cut, and that nobody is who only slept. */
import { type Clock, World } from '@bellwether/actors';
import { LIMITS, type Netlayer, Sturdyref } from '@bellwether/ocapn';
import { afterEach, describe, expect, it } from 'vitest';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { Network, type NetworkOptions } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer, type PeerOptions, UNWATCHED } from '../../support/ocapn-peer.ts';
import { deliver, object, Raw, record, sym, toAnswer, toExport } from '../../support/ocapn-raw.ts';

const IDLE_MS = 30_000;
const PING_MS = 15_000;
const WRITE_MS = 30_000;
/** A session is looked at so often: the limits are kept to this. */
const LAP_MS = PING_MS / 5;
/** Who was dialled asks later, so that never both do. */
const DIALLED_MS = IDLE_MS + 2 * LAP_MS;
const WATCHED = { idleMs: IDLE_MS, pingMs: PING_MS, writeMs: WRITE_MS };
/** What a call leaves behind is swept by then. */
const GARBAGE_MS = 1_100;
/** The same for a little of it, with nothing to go along with. */
const LINGER_MS = GARBAGE_MS + LIMITS.lingerMs;
const DESK = new Uint8Array(Buffer.from('desk'));

let world: World;
let network: Network;
let peers: Peer[] = [];
afterEach(() => {
  for (const line of network.lines) line.cut();
  leavesNothing(peers);
  peers = [];
});

const start = (options: NetworkOptions = {}): void => {
  world = new World(3);
  network = new Network(world, options);
};
const peerOf = async (name: string, options: PeerOptions = {}): Promise<Peer> => {
  const limits = { ...WATCHED, ...options.router?.limits };
  const peer = new Peer(network, name, { ...options, router: { ...options.router, limits } });
  peers.push(peer);
  peer.offer('desk', await peer.run((turn) => turn.spawn(makeDesk)));
  return peer;
};
/** A watched peer, and one that watches nobody, with a session between them. */
const pair = async (options: PeerOptions = {}, on: NetworkOptions = {}) => {
  start(on);
  const a = await peerOf('a', options);
  const b = await peerOf('b', { router: { limits: UNWATCHED } });
  const atB = a.router.enliven<Desk>(b.sturdyref('desk'));
  await a.run((turn) => turn.send(atB, 'hear', 1));
  world.runFor(GARBAGE_MS);
  return { a, b, atB };
};
const open = (peer: Peer): number => peer.router.sessions().length;
/** Writes of both ends while so much time passes. */
const writesIn = (ms: number): number => {
  const before = network.writeCount;
  world.runFor(ms);
  return network.writeCount - before;
};
/** A raw client of a peer that is watched, and that has fetched something. */
const strange = (peer: Peer, name: string, isProved = true): Raw => {
  const raw = Raw.dial(network, peer, name, isProved);
  raw.send(raw.hello());
  world.runFor(50);
  raw.send(deliver(toExport(0), [sym('fetch'), DESK], 0));
  world.runFor(50);
  return raw;
};
/** The resolvers of the pings that came. */
const pingsOf = (raw: Raw): readonly unknown[] =>
  raw.heardOf('op:deliver').filter(({ fields: [, args] }) => {
    const [method, swissnum]: readonly unknown[] = Array.isArray(args) ? args : [];
    return String(method) === String(sym('fetch')) && (swissnum as Uint8Array).length === 0;
  });

describe('a silent peer', () => {
  it('is not asked before the time is over, and asked once then', async () => {
    await pair();
    expect(writesIn(IDLE_MS - GARBAGE_MS)).toBe(0);
    expect(writesIn(2 * LAP_MS + GARBAGE_MS)).toBeGreaterThan(0);
    // A question and its answer; what each gives back goes along.
    expect(writesIn(IDLE_MS + LAP_MS)).toBe(2);
  });
  it('that answers keeps its session for a day, and holds nothing for it', async () => {
    const { a, b } = await pair();
    world.runFor(LINGER_MS);
    const before = [a.counts, b.counts];
    const frames = writesIn(24 * 3_600_000 - ((24 * 3_600_000) % IDLE_MS));
    expect([open(a), open(b)]).toEqual([1, 1]);
    expect(frames).toBeLessThanOrEqual(2 * (24 * 120 + 1));
    expect([a.counts, b.counts]).toEqual(before);
  });
  it('that was dialled by us does not ask: two that both look have one ping in a period', async () => {
    start();
    const watched = { router: { limits: { ...WATCHED, idleMs: LIMITS.idleMs } } };
    const [a, b] = [await peerOf('a', watched), await peerOf('b', watched)];
    const atB = a.router.enliven<Desk>(b.sturdyref('desk'));
    await a.run((turn) => turn.send(atB, 'hear', 1));
    world.runFor(LINGER_MS);
    // A question and its answer, and nothing that comes after them by itself.
    expect(writesIn(10 * LIMITS.idleMs)).toBeLessThanOrEqual(2 * 10);
    expect(writesIn(10 * (LIMITS.idleMs + 2 * LAP_MS))).toBeGreaterThanOrEqual(2 * 10);
  });
  it('that is gone without a word is severed in time, and who waits is told', async () => {
    const { a, b, atB } = await pair();
    const waiting = a.vat.run((turn) => turn.send(atB, 'wait')).catch((reason: unknown) => reason);
    world.runFor(100);
    for (const line of network.lines) line.lose();
    world.runFor(IDLE_MS + PING_MS - 200);
    expect(open(a)).toBe(1);
    world.runFor(3 * LAP_MS);
    expect(open(a)).toBe(0);
    expect(await waiting).toMatchObject({ code: 'severed' });
    b.router.close();
  });
  it.each([
    ['proved', true],
    ['anonymous', false],
  ])('that is %s is asked for nothing, and what it says does not matter', async (_kind, proved) => {
    start();
    const a = await peerOf('a');
    const raw = strange(a, 'm', proved);
    for (let round = 1; round <= 3; round += 1) {
      world.runFor(DIALLED_MS + 2 * LAP_MS);
      expect(pingsOf(raw)).toHaveLength(round);
      world.runFor(PING_MS - 2 * LAP_MS);
      raw.send(deliver(toAnswer(0), [sym('hear'), 'never mind']));
      world.runFor(100);
    }
    expect(raw.isClosed).toBe(false);
    world.runFor(DIALLED_MS + PING_MS + 3 * LAP_MS);
    expect(raw.isClosed).toBe(true);
    expect(raw.abortReason).toContain('not a word');
  });
  it('counts as heard with a single byte of a record', async () => {
    start();
    const a = await peerOf('a', { router: { limits: { partialMs: Infinity } } });
    const raw = strange(a, 'm');
    const long = Buffer.from(`<10'op:deliver${'9'.repeat(100)}`);
    for (let at = 0; at < 5; at += 1) {
      world.runFor(IDLE_MS + PING_MS - LAP_MS);
      raw.send(new Uint8Array(long.subarray(at, at + 1)));
    }
    world.runFor(100);
    expect(raw.isClosed).toBe(false);
  });
  it('that only talks is never asked', async () => {
    start();
    const a = await peerOf('a');
    const raw = strange(a, 'm');
    for (let at = 0; at < 20; at += 1) {
      raw.send(deliver(toAnswer(0), [sym('hear'), at]));
      world.runFor(IDLE_MS - LAP_MS);
    }
    expect(pingsOf(raw)).toEqual([]);
  });
  it('is not asked where the transport tells of every end', async () => {
    start();
    const quiet = (name: string): Netlayer => {
      const netlayer = network.netlayer(name);
      return { ...netlayer, facts: { ...netlayer.facts, tellsEnds: true } };
    };
    const a = await peerOf('a', { router: { netlayers: [quiet('a')] } });
    const b = await peerOf('b', { router: { netlayers: [quiet('b')] } });
    const atB = a.router.enliven<Desk>(b.sturdyref('desk'));
    await a.run((turn) => turn.send(atB, 'hear', 1));
    world.runFor(LINGER_MS);
    expect(writesIn(10 * IDLE_MS)).toBe(0);
    expect(open(a)).toBe(1);
  });
  it('is not blamed for what we did not read', async () => {
    start();
    const tasks: (() => void)[] = [];
    let isStopped = false;
    const run = (task: () => void): void =>
      isStopped ? void tasks.push(task) : void world.at(0, task);
    const a = await peerOf('a', {
      vat: { scheduler: { enqueue: run } },
      router: { limits: { flowMessages: 4 } },
    });
    const raw = strange(a, 'm');
    isStopped = true; // the vat is busy, and the session waits in line
    for (let at = 0; at < 10; at += 1) raw.send(deliver(toAnswer(0), [sym('hear'), at]));
    world.runFor(10 * IDLE_MS);
    expect([raw.isClosed, pingsOf(raw).length]).toEqual([false, 0]);
    isStopped = false;
    for (const task of tasks.splice(0)) task();
    world.runFor(DIALLED_MS + 2 * LAP_MS);
    expect([raw.isClosed, pingsOf(raw).length]).toEqual([false, 1]);
  });
  it('gets its ping though a thousand others are silent too, from one timer', async () => {
    start();
    const a = await peerOf('a');
    const raws = Array.from({ length: 1_000 }, (_each, at) => {
      const raw = Raw.dial(network, a, `m${at}`);
      raw.send(raw.hello());
      return raw;
    });
    world.runFor(500);
    expect(world.pendingCount).toBe(1);
    const at: number[] = [];
    for (let ms = 0; ms < DIALLED_MS + 2 * LAP_MS; ms += 100) {
      world.runFor(100);
      at.push(raws.filter((raw) => pingsOf(raw).length > 0).length);
    }
    expect(at.at(-1)).toBe(1_000);
    // Never all in one go: they opened together, and are not asked together.
    const steps = at.map((count, index) => count - (at[index - 1] ?? 0));
    expect(Math.max(...steps)).toBeLessThanOrEqual(125);
  });
  it('is looked at when it may be due: a thousand that talk cost a wake-up in a lap, and hardly a look', async () => {
    start();
    let wakeUpCount = 0;
    const clock = world.clock();
    const counted: Clock = {
      ...clock,
      after: (ms, task) =>
        clock.after(ms, () => {
          wakeUpCount += 1;
          task();
        }),
    };
    const a = await peerOf('a', { router: { clock: counted } });
    const raws = Array.from({ length: 1_000 }, (_each, at) => strange(a, `m${at}`));
    const talk = (roundCount: number): void => {
      for (let round = 0; round < roundCount; round += 1) {
        for (const raw of raws) raw.send(deliver(toAnswer(0), [sym('hear'), round]));
        world.runFor(5 * LAP_MS);
      }
    };
    talk(3);
    const pingCount = raws.flatMap(pingsOf).length; // of those that came first, while the others came
    wakeUpCount = 0;
    talk(20);
    expect(raws.flatMap(pingsOf)).toHaveLength(pingCount);
    expect(wakeUpCount).toBeLessThanOrEqual(20 * 5 + 1);
  });
  it('leaves no timer behind once the last session is over', async () => {
    const { a } = await pair();
    world.runFor(LINGER_MS);
    expect(world.pendingCount).toBe(1);
    a.router.sessions()[0]?.abort('enough');
    world.runFor(1_000);
    expect(world.pendingCount).toBe(0);
  });
});

describe('a ping', () => {
  const EMPTY = new Uint8Array(0);
  it('is answered like any swissnum that opens nothing, and so is what is sent to its answer', async () => {
    start();
    const a = await peerOf('a');
    const raw = strange(a, 'm');
    raw.send(
      deliver(toExport(0), [sym('fetch'), EMPTY], 1, object(1)),
      deliver(toExport(0), [sym('fetch'), new Uint8Array(32)], 2, object(2)),
      deliver(toAnswer(1), [sym('hear'), 1], 3, object(3)),
      deliver(toExport(0), [sym('fetch'), EMPTY], false, object(4)),
    );
    world.runFor(100);
    const told = [1, 2, 3, 4].map((at) => JSON.stringify(raw.told(at)));
    expect(told[0]).toContain('nothing has this swissnum');
    expect(new Set(told).size).toBe(1);
    expect(a.router.sessions()[0]?.tables.answers).toBe(4); // with that of the first fetch
  });
  it('is answered while the vat is busy, and leaves nothing behind', async () => {
    start();
    let isStopped = false;
    const run = (task: () => void): void => void (isStopped || world.at(0, task));
    const a = await peerOf('a', { vat: { scheduler: { enqueue: run } } });
    const raw = strange(a, 'm');
    isStopped = true;
    raw.send(
      deliver(toExport(0), [sym('fetch'), EMPTY], 1, object(1)),
      record('op:gc-answers', [1]),
    );
    world.runFor(50);
    expect(raw.told(1)?.[0]).toBe('break');
    expect(raw.heardOf('op:gc-exports')).toHaveLength(1); // its resolver, in the same write
    expect(a.router.sessions()[0]?.tables.answers).toBe(1);
  });
  it('has the limits of every question', async () => {
    start();
    const a = await peerOf('a', { router: { limits: { answers: 10 } } });
    const raw = strange(a, 'm');
    for (let at = 1; at < 10; at += 1) raw.send(deliver(toExport(0), [sym('fetch'), EMPTY], at));
    world.runFor(50);
    expect(raw.isClosed).toBe(false);
    raw.send(deliver(toExport(0), [sym('fetch'), EMPTY], 10));
    world.runFor(50);
    expect(raw.abortReason).toContain('more than 10 answers');
  });
});

describe('after a sleep', () => {
  /** A clock whose timers stand still until they are let go, and whose wall clock can be set. */
  const sleepy = () => {
    const clock = world.clock();
    let isAsleep = false;
    let wallMs = 0;
    const held: (() => void)[] = [];
    const power: Clock = {
      now: () => clock.now(),
      wall: () => clock.wall() + wallMs,
      after: (ms, task) => {
        let isOver = false;
        const stop = clock.after(ms, () => {
          if (isAsleep) held.push(() => isOver || task());
          else task();
        });
        return () => {
          isOver = true;
          stop();
        };
      },
    };
    return {
      clock: power,
      sleep: () => void (isAsleep = true),
      wake: () => {
        isAsleep = false;
        for (const task of held.splice(0)) task();
      },
      setWall: (ms: number) => void (wallMs = ms),
    };
  };

  it('nobody is cut: who is silent is asked at once, and cut when it does not answer', async () => {
    start();
    const bed = sleepy();
    const a = await peerOf('a', { router: { clock: bed.clock } });
    const [alive, dead] = [strange(a, 'alive'), strange(a, 'dead')];
    world.runFor(DIALLED_MS + 2 * LAP_MS); // both are asked already
    bed.sleep();
    world.runFor(3_600_000);
    expect([open(a), pingsOf(alive).length, pingsOf(dead).length]).toEqual([2, 1, 1]);
    bed.wake();
    world.runFor(100);
    expect(open(a)).toBe(2);
    alive.send(deliver(toAnswer(0), [sym('hear'), 'awake']));
    world.runFor(PING_MS + 2 * LAP_MS);
    expect([alive.isClosed, dead.isClosed]).toEqual([false, true]);
  });
  it('that follows another, who has answered in between is asked once more, and stays', async () => {
    start();
    const bed = sleepy();
    const a = await peerOf('a', { router: { clock: bed.clock } });
    const raw = strange(a, 'm');
    world.runFor(2 * LAP_MS);
    for (let round = 1; round <= 2; round += 1) {
      bed.setWall(round * 3_600_000);
      world.runFor(LAP_MS + 100);
      expect(pingsOf(raw)).toHaveLength(round);
      raw.send(deliver(toAnswer(0), [sym('hear'), 'awake'])); // before anybody looks
      world.runFor(100);
    }
    world.runFor(PING_MS + 2 * LAP_MS);
    expect(raw.isClosed).toBe(false);
  });
  it('of which only the wall clock tells, everybody is asked at once', async () => {
    start();
    const bed = sleepy();
    const a = await peerOf('a', { router: { clock: bed.clock } });
    const raw = strange(a, 'm');
    world.runFor(LAP_MS);
    bed.setWall(LAP_MS - 1_000); // somebody sets the clock a little: no reason to ask
    world.runFor(LAP_MS + 100);
    expect(pingsOf(raw)).toEqual([]);
    bed.setWall(3_600_000);
    world.runFor(LAP_MS + 100);
    expect(pingsOf(raw)).toHaveLength(1);
    expect(raw.isClosed).toBe(false);
  });
});

describe('a peer that hangs', () => {
  /** Who watches it asks again so often, in the smallest fleets, after its last word. */
  const ASKED_MS = 4_500;
  /** Milliseconds from its last word to the end of its session, by the timers of this clock. */
  const hangs = async (seed: number, mostLateMs: number): Promise<number> => {
    world = new World(seed);
    network = new Network(world, {});
    const clock = world.clock();
    const late: Clock = {
      now: () => clock.now(),
      wall: () => clock.wall(),
      after: (ms, task) => clock.after(ms + world.random() * mostLateMs, task),
    };
    const a = await peerOf('a', { router: { clock: late, limits: { doubtMs: LIMITS.doubtMs } } });
    const b = await peerOf('b', { router: { limits: UNWATCHED } });
    const atB = a.router.enliven<Desk>(b.sturdyref('desk'));
    const ask = () => void a.vat.run((turn) => turn.send(atB, 'hear', 1)).catch(() => undefined);
    ask();
    world.runFor(1_000 + world.random() * 2 * LAP_MS);
    ask();
    world.runFor(100);
    const lastMs = world.now;
    for (const line of network.lines) line.lose();
    b.router.close(); // nobody answers there
    // What is asked at once is asked of a session that has just said something.
    ask();
    for (let ms = 0; open(a) > 0; ms += 10) {
      if (ms > 0 && ms % ASKED_MS === 0) ask();
      world.runFor(10);
    }
    const foundMs = world.now - lastMs;
    leavesNothing(peers.splice(0));
    return foundMs;
  };
  it('is found out within two looks of who watches it, the wait for its word, and a lap', async () => {
    for (const mostLateMs of [0, 900]) {
      const spans: number[] = [];
      for (let seed = 1; seed <= 40; seed += 1) spans.push(await hangs(seed, mostLateMs));
      const mostMs = 2 * ASKED_MS + PING_MS + LAP_MS + mostLateMs;
      expect(Math.max(...spans)).toBeLessThanOrEqual(mostMs + 100);
      expect(Math.max(...spans)).toBeGreaterThan(mostMs - LAP_MS);
      expect(Math.min(...spans)).toBeGreaterThan(ASKED_MS + PING_MS);
    }
  });
});

describe('a peer that does not read', () => {
  const flooded = async (limits: PeerOptions = {}) => {
    start({ highWaterBytes: 1_000 });
    const a = await peerOf('a', limits);
    const raw = strange(a, 'm');
    raw.end.pause();
    raw.send(
      ...Array.from({ length: 10 }, () =>
        deliver(toAnswer(0), [sym('echo'), 'y'.repeat(1_000)], false, object(9)),
      ),
    );
    world.runFor(100);
    return { a, raw };
  };
  it('is cut in time, though it talks all the while', async () => {
    const { a, raw } = await flooded();
    const talk = (ms: number): void => {
      for (let spent = 0; spent < ms; spent += 1_000) {
        raw.send(deliver(toAnswer(0), [sym('hear'), 'still here']));
        world.runFor(1_000);
      }
    };
    talk(WRITE_MS - 1_000);
    expect(open(a)).toBe(1);
    talk(2 * LAP_MS + 1_000);
    expect(open(a)).toBe(0);
  });
  it('is not cut as long as it takes something now and then', async () => {
    const { a, raw } = await flooded();
    for (let round = 0; round < 6; round += 1) {
      world.runFor(WRITE_MS - 2 * LAP_MS);
      raw.end.resume();
      world.runFor(100);
      raw.end.pause();
      raw.send(
        ...Array.from({ length: 3 }, () =>
          deliver(toAnswer(0), [sym('echo'), 'y'.repeat(1_000)], false, object(9)),
        ),
      );
      world.runFor(100);
    }
    expect(open(a)).toBe(1);
  });
});

describe('answers', () => {
  it('are given back before long, and heavy ones at once', async () => {
    const { a, b, atB } = await pair();
    world.runFor(LINGER_MS);
    const answers = (): unknown => b.router.sessions()[0]?.tables.answers;
    const before = answers();
    const echoed = async (count: number): Promise<void> => {
      await a.run((turn) => turn.when(turn.send(atB, 'echo', 'x'.repeat(count)), () => 0));
      world.runFor(4 * network.latencyMs);
    };
    await echoed(300_000);
    expect(answers()).toBe(before);
    await echoed(5_000);
    expect(answers()).toBe(Number(before) + 1);
    world.runFor(GARBAGE_MS);
    expect(answers()).toBe(before);
  });
  it('that are few go along with what is said next, or by themselves in the end', async () => {
    const { a, b, atB } = await pair();
    world.runFor(LINGER_MS);
    const answers = (): unknown => b.router.sessions()[0]?.tables.answers;
    const before = answers();
    const echoed = (): Promise<unknown> =>
      a.run((turn) => turn.when(turn.send(atB, 'echo', 'x'), () => 0));
    for (let round = 0; round < 3; round += 1) {
      await echoed();
      expect(writesIn(10_000)).toBe(0);
      expect(answers()).toBe(Number(before) + 1);
    }
    expect(writesIn(LINGER_MS)).toBeGreaterThan(0);
    expect(answers()).toBe(before);
  });
});

describe('what is given back with an answer', () => {
  it('goes along after a silence, and is gathered while there is more to say', async () => {
    start();
    const a = await peerOf('a');
    const raw = strange(a, 'm');
    const givenBack = (resolver: number): number => {
      const before = raw.heardOf('op:gc-exports').length;
      raw.send(deliver(toAnswer(0), [sym('hear'), resolver], false, object(resolver)));
      world.runFor(100);
      expect(raw.told(resolver)?.[0]).toBe('fulfill');
      return raw.heardOf('op:gc-exports').length - before;
    };
    world.runFor(3 * LAP_MS);
    expect(givenBack(1)).toBe(1);
    raw.send(deliver(toAnswer(0), [sym('hear'), 0]));
    world.runFor(LAP_MS);
    expect(givenBack(2)).toBe(0);
  });
});

describe('two peers that send a lot to each other at once', () => {
  it('both get everything, though each is full', async () => {
    start({ highWaterBytes: 1_000 });
    const limits = { unsentPauseBytes: 10_000, unsentCutBytes: 10_000_000 };
    const a = await peerOf('a', { router: { limits } });
    const b = await peerOf('b', { router: { limits } });
    const atB = a.router.enliven<Desk>(b.sturdyref('desk'));
    await a.run((turn) => turn.send(atB, 'hear', 1));
    const atA = b.router.enliven<Desk>(new Sturdyref(a.sturdyref('desk').peer, DESK));
    await b.run((turn) => turn.send(atA, 'hear', 1));
    expect(network.lines).toHaveLength(1);
    const blob = 'z'.repeat(50_000);
    let answerCount = 0;
    for (const [peer, to] of [
      [a, atB],
      [b, atA],
    ] as const)
      for (let at = 0; at < 10; at += 1)
        peer.vat
          .run((turn) => turn.send(to, 'echo', blob))
          .then(
            () => (answerCount += 1),
            () => undefined,
          );
    world.runFor(WRITE_MS);
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    expect([answerCount, open(a), open(b)]).toEqual([20, 1, 1]);
  });
});
