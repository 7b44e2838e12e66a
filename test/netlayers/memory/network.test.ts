import { World } from '@bellwether/actors';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import type { Netlayer, PeerLocation } from '@bellwether/ocapn';
import { describe, expect, test } from 'vitest';
import { Ears, type Ear } from '../../support/netlayer-ear.ts';
import { pattern, sameBytes } from '../../support/netlayer-rig.ts';

interface Scene {
  readonly world: World;
  readonly network: MemoryNetwork;
  readonly a: Netlayer;
  readonly b: Netlayer;
  readonly at: PeerLocation;
  readonly ears: Ears;
}
const at = (host: string, designator = host): PeerLocation => ({
  transport: 'memory',
  designator,
  hints: { host },
});
const ignore = (): void => undefined;

function scene(seed: number): Scene {
  const world = new World(seed);
  const network = new MemoryNetwork(world);
  const [a, b] = [network.peer({ host: 'a' }), network.peer({ host: 'b' })];
  const ears = new Ears();
  b.listen(ears.accept, ignore, ignore);
  return { world, network, a, b, at: at('b'), ears };
}
/** Both ends of an open connection from a to b. */
function line(the: Scene): { readonly near: Ear; readonly far: Ear } {
  const mine = new Ears();
  the.a.dial(the.at, mine.accept, ignore);
  the.world.runFor(100);
  return { near: mine.only, far: the.ears.only };
}

describe('a silent host', () => {
  test('neither sends nor hears, and loses nothing of it', () => {
    const the = scene(31);
    const { near, far } = line(the);
    the.network.silence('b');
    near.connection.send(pattern(5_000));
    far.connection.send(pattern(7_000));
    the.world.runFor(10_000);
    expect([near.count, far.count]).toEqual([0, 0]);
    the.network.unsilence('b');
    the.world.runFor(100);
    expect([near.count, far.count]).toEqual([7_000, 5_000]);
  });

  test('that speaks again leaves its cut links cut', () => {
    const the = scene(32);
    const { near, far } = line(the);
    the.network.silence('b');
    the.network.cut('a', 'b');
    near.connection.send(pattern(10));
    far.connection.send(pattern(20));
    the.network.unsilence('b');
    the.world.runFor(100);
    expect([near.count, far.count]).toEqual([20, 0]);
    the.network.heal('a', 'b');
    the.world.runFor(100);
    expect(far.count).toBe(10);
  });

  test('is given up by who sent to it for a minute', () => {
    const the = scene(33);
    const { near } = line(the);
    near.connection.send(pattern(10));
    the.network.silence('b');
    the.world.runFor(59_000);
    expect(near.closedCount).toBe(0);
    the.world.runFor(2_000);
    expect(near.reason).toMatchObject({ code: 'unreachable' });
  });
});

describe('a forgotten connection', () => {
  test('is dead in both directions, which only who sends learns, after a minute', () => {
    const the = scene(41);
    const { near, far } = line(the);
    the.network.forget('a', 'b');
    near.connection.send(pattern(10));
    the.world.runFor(59_000);
    expect([far.count, near.closedCount]).toEqual([0, 0]);
    the.world.runFor(2_000);
    expect(near.reason).toMatchObject({ code: 'unreachable' });
    expect(far.closedCount).toBe(0);
  });

  test('does not keep a new one from working', () => {
    const the = scene(42);
    line(the);
    the.network.forget('a', 'b');
    const mine = new Ears();
    the.a.dial(the.at, mine.accept, ignore);
    the.world.runFor(100);
    mine.only.connection.send(pattern(10));
    the.world.runFor(100);
    expect(the.ears.all.at(-1)?.count).toBe(10);
  });
});

describe('a cut link', () => {
  test('holds what is sent and loses nothing of it', () => {
    const the = scene(11);
    const { near, far } = line(the);
    the.network.cut('a', 'b');
    near.connection.send(pattern(5_000));
    the.world.runFor(10_000);
    expect([far.count, near.closedCount]).toEqual([0, 0]);
    the.network.heal('a', 'b');
    the.world.runFor(100);
    expect(sameBytes(far.heard(), pattern(5_000))).toBe(true);
  });

  test('in one direction leaves the other open', () => {
    const the = scene(12);
    const { near, far } = line(the);
    the.network.cut('a', 'b');
    near.connection.send(pattern(10));
    far.connection.send(pattern(20));
    the.world.runFor(100);
    expect([far.count, near.count]).toEqual([0, 20]);
  });

  test('ends the sender after a minute, and the other when it sends after the healing', () => {
    const the = scene(13);
    const { near, far } = line(the);
    near.connection.send(pattern(10));
    the.network.part('a', 'b');
    the.world.runFor(59_000);
    expect(near.closedCount).toBe(0);
    the.world.runFor(2_000);
    expect(near.reason).toMatchObject({ code: 'unreachable' });
    expect(far.closedCount).toBe(0);
    the.network.heal('a', 'b');
    the.world.runFor(100);
    far.connection.send(pattern(10));
    the.world.runFor(100);
    expect(far.reason).toMatchObject({ code: 'unreachable' });
    expect([near.closedCount, far.closedCount, near.late]).toEqual([1, 1, []]);
  });

  test('that nothing is sent over is not noticed at all', () => {
    const the = scene(14);
    const { near, far } = line(the);
    the.network.part('a', 'b');
    the.world.runFor(3_600_000);
    the.network.heal('a', 'b');
    near.connection.send(pattern(10));
    the.world.runFor(100);
    expect([far.count, near.closedCount]).toEqual([10, 0]);
  });

  test('makes a dial fail at its deadline, and a late yes opens nothing', () => {
    const the = scene(15);
    the.network.part('a', 'b');
    const [mine, failures] = [new Ears(), new Array<Error>()];
    the.a.dial(the.at, mine.accept, (reason) => failures.push(reason));
    the.world.runFor(10_001);
    expect(failures).toMatchObject([{ code: 'unreachable' }]);
    the.network.heal('a', 'b');
    the.world.runFor(1_000);
    expect([mine.all.length, the.network.connectionCount('b')]).toEqual([0, 0]);
  });
});

describe('a crash', () => {
  test('of a process resets its peers and calls nobody on its own host', () => {
    const the = scene(21);
    const { near, far } = line(the);
    const failures: Error[] = [];
    the.b.dial(at('a'), new Ears().accept, (reason) => failures.push(reason));
    the.network.crash('b', 'process');
    the.world.runFor(20_000);
    expect(near.reason).toMatchObject({ code: 'unreachable' });
    expect([far.closedCount, failures.length]).toEqual([0, 0]);
  });

  test('by loss of power is noticed by a peer only when it sends', () => {
    const the = scene(22);
    const { near } = line(the);
    the.network.crash('b', 'power');
    the.world.runFor(20_000);
    expect(near.closedCount).toBe(0);
    near.connection.send(pattern(1));
    the.world.runFor(100);
    expect(near.closedCount).toBe(1);
  });

  test('frees the host for a new process, which old connections do not reach', () => {
    const the = scene(23);
    const { near } = line(the);
    the.network.crash('b', 'power');
    const again = new Ears();
    the.network.peer({ host: 'b' }).listen(again.accept, ignore, ignore);
    near.connection.send(pattern(1));
    the.world.runFor(100);
    expect([near.closedCount, again.all.length]).toEqual([1, 0]);
    the.a.dial(the.at, new Ears().accept, ignore);
    the.world.runFor(100);
    expect(again.all.length).toBe(1);
  });

  test('while listening answers neither ready nor failed', () => {
    const the = scene(24);
    const calls: string[] = [];
    const c = the.network.peer({ host: 'c' });
    c.listen(
      new Ears().accept,
      () => calls.push('ready'),
      () => calls.push('failed'),
    );
    the.network.crash('c', 'power');
    the.world.runFor(100);
    expect(calls).toEqual([]);
  });
});

test('a reset ends both ends of every connection between two hosts, and no others', () => {
  const the = scene(31);
  const { near, far } = line(the);
  const other = new Ears();
  the.network.peer({ host: 'c' }).dial(the.at, other.accept, ignore);
  the.world.runFor(100);
  the.network.reset('a', 'b');
  expect([near.closedCount, far.closedCount, other.only.closedCount]).toEqual([1, 1, 0]);
});

describe('identity', () => {
  test('is proved on both sides unless a peer does not prove', () => {
    const the = scene(41);
    const { near, far } = line(the);
    expect(near.connection.proved).toEqual(at('b'));
    expect(far.connection.proved).toEqual(at('a'));
    the.network.peer({ host: 'm', proves: false }).dial(the.at, new Ears().accept, ignore);
    the.world.runFor(100);
    expect(the.ears.all[1]?.connection.proved).toBeUndefined();
  });

  test('of another than the one dialled is refused', () => {
    const the = scene(42);
    const failures: Error[] = [];
    the.a.dial(at('b', 'victim'), new Ears().accept, (reason) => failures.push(reason));
    the.world.runFor(100);
    expect(failures).toMatchObject([{ code: 'untrusted' }]);
    expect(the.ears.all.length).toBe(0);
  });

  test('of a liar that proves nothing is left to the hello', () => {
    const the = scene(43);
    const liar = new Ears();
    the.network
      .peer({ host: 'liar', proves: false, believesClaims: true })
      .listen(liar.accept, ignore, ignore);
    const mine = new Ears();
    the.a.dial(at('liar', 'victim'), mine.accept, ignore);
    the.world.runFor(100);
    expect(mine.only.connection.proved).toBeUndefined();
  });
});

test('a chunk that is kept without a copy is overwritten after the callback', () => {
  const the = scene(51);
  const kept: Uint8Array[] = [];
  const { near, far } = line(the);
  far.bytes = (chunk) => void kept.push(chunk);
  near.connection.send(pattern(100));
  the.world.runFor(100);
  expect(kept.every((chunk) => chunk.every((byte) => byte === 0xaa))).toBe(true);
});

test('the same seed gives the same chunks at the same times, another seed others', () => {
  const story = (seed: number): string => {
    const the = scene(seed);
    const { near, far } = line(the);
    const told: string[] = [];
    far.bytes = (chunk) => void told.push(`${the.world.now} ${chunk.length}`);
    for (let n = 0; n < 20; n += 1) near.connection.send(pattern(3_000, n));
    the.world.runFor(1_000);
    return told.join();
  };
  expect(story(61)).toBe(story(61));
  expect(story(61)).not.toBe(story(62));
});

test('in a hundred worlds bytes survive cuts at random times whole and in order', () => {
  for (let seed = 1; seed <= 100; seed += 1) {
    const the = scene(seed);
    const { near, far } = line(the);
    const all = pattern(20_000, seed);
    for (let sent = 0; sent < all.length; sent += 1_000) {
      the.world.at(the.world.random() * 500, () => the.network.part('a', 'b'));
      the.world.at(the.world.random() * 500, () => the.network.heal('a', 'b'));
      near.connection.send(all.subarray(sent, sent + 1_000));
    }
    the.world.at(600, () => the.network.heal('a', 'b'));
    the.world.run();
    expect(`seed ${seed}: ${sameBytes(far.heard(), all)}`).toBe(`seed ${seed}: true`);
  }
});
