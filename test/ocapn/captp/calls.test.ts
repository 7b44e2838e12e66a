/** What two honest peers can say to each other, and what it costs in frames and round trips. */
import { type Ref, World } from '@bellwether/actors';
import { decode, type Netlayer, Sturdyref } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { Network, type NetworkOptions } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer, type PeerOptions } from '../../support/ocapn-peer.ts';

let world: World;
let network: Network;
let a: Peer;
let b: Peer;
let peers: Peer[];

const join = (options: NetworkOptions = {}, left: PeerOptions = {}, right: PeerOptions = {}) => {
  world = new World(1);
  network = new Network(world, options);
  a = new Peer(network, 'a', left);
  b = new Peer(network, 'b', right);
  peers = [a, b];
};
/** A desk at a peer, as others reach it. */
const desk = async (peer: Peer, name = 'desk'): Promise<Sturdyref> =>
  peer.offer(name, await peer.run((turn) => turn.spawn(makeDesk)));
/** A live ref of `from` to a desk at `at`. */
const liveDesk = async (from: Peer, at: Peer, name = 'desk'): Promise<Ref<Desk>> => {
  const vow = from.router.enliven<Desk>(await desk(at, name));
  return from.run((turn) => turn.when(vow, (_turn, ref) => ref));
};

beforeEach(() => join());
afterEach(() => leavesNothing(peers));

describe('a megabyte of bytes', () => {
  it.each([
    ['in one piece', {}],
    ['in pieces, over a line that is full all the time', { pieceBytes: 9_999, highWaterBytes: 1 }],
  ])('comes back as it was, with what was sent around it, %s', async (_how, options) => {
    join(options);
    const remote = await liveDesk(a, b);
    const blob = Uint8Array.from({ length: 1_048_576 }, (_each, at) => at * 7);
    const found = await a.run((turn) =>
      turn.all([
        turn.send(remote, 'echo', 'before'),
        turn.send(remote, 'echo', [1, blob, 'x', blob]),
        turn.send(remote, 'echo', 'behind'),
      ]),
    );
    const values = found.map((each) => (each.kept ? each.value : each.reason));
    expect([values[0], values[2]]).toEqual(['before', 'behind']);
    const [one, first, x, second] = values[1] as readonly unknown[];
    expect([one, x]).toEqual([1, 'x']);
    for (const each of [first, second]) expect(Buffer.compare(each as Uint8Array, blob)).toBe(0);
  });
});

describe('frames and round trips', () => {
  it('a warm call is one frame out and one back', async () => {
    const remote = await liveDesk(a, b);
    world.run();
    const before = network.writeCount;
    const answer = a.vat.run((turn) => turn.send(remote, 'hear', 1));
    world.run(world.now + 2 * network.latencyMs - 1);
    const [line] = network.lines;
    expect(network.writeCount - before).toBe(2);
    const frame = line?.writes.at(-1) ?? new Uint8Array();
    expect(() => decode(frame)).not.toThrow(); // one record, and nothing behind it
    world.run();
    expect(await answer).toBe(1);
  });
  it('what a turn sends to one peer leaves in one write', async () => {
    const remote = await liveDesk(a, b);
    world.run();
    const [line] = network.lines;
    const before = line?.writes.length ?? 0;
    await a.run((turn) => {
      for (let at = 0; at < 10; at += 1) turn.tell(remote, 'hear', at);
      return turn.send(remote, 'heard');
    });
    expect((line?.writes.length ?? 0) - before).toBe(1);
  });
  it('a client that does not listen sends hello, fetch and the call behind it in one write', async () => {
    const sturdyref = await desk(b);
    const client = new Peer(network, 'client', { listens: false, dials: 'anonymous' });
    peers.push(client);
    const remote = client.router.enliven<Desk>(sturdyref);
    const start = world.now;
    expect(await client.run((turn) => turn.send(remote, 'hear', 'x'))).toBe(1);
    const [line] = network.lines;
    expect(line?.writes).toHaveLength(1);
    // Connect, then one round trip.
    expect(world.now - start).toBeLessThan(3 * network.latencyMs + 1);
  });
  it('what is asked of a peer that is not proved waits for its hello', async () => {
    const sturdyref = await desk(b);
    const inner = network.netlayer('client', 'anonymous');
    const unproved: Netlayer = {
      ...inner,
      dial: (to, accept, failed) =>
        inner.dial(
          to,
          (connection) => {
            Object.defineProperty(connection, 'proved', { value: undefined });
            return accept(connection);
          },
          failed,
        ),
    };
    const client = new Peer(network, 'client', {
      listens: false,
      router: { netlayers: [unproved] },
    });
    peers.push(client);
    const remote = client.router.enliven<Desk>(sturdyref);
    expect(await client.run((turn) => turn.send(remote, 'hear', 'x'))).toBe(1);
    const [line] = network.lines;
    expect(line?.writes).toHaveLength(2); // the hello, then everything that was waiting
  });
  it('a chain of ten calls is one round trip', async () => {
    const remote = await liveDesk(a, b);
    const start = world.now;
    await a.run((turn) => {
      let at: ReturnType<typeof turn.send<Desk, 'open'>> = turn.send(remote, 'open');
      for (let depth = 1; depth < 9; depth += 1) at = turn.send(at, 'open');
      return turn.send(at, 'hear', 1);
    });
    expect(world.now - start).toBeLessThan(2 * network.latencyMs + 1);
  });
  it('a peer that has everything to itself sends no frame when nothing happens', async () => {
    await liveDesk(a, b);
    world.run();
    const before = network.writeCount;
    world.run(world.now + 3_600_000);
    expect(network.writeCount).toBe(before);
    expect(world.pendingCount).toBe(0);
  });
});

describe('values', () => {
  it('integers, texts, bytes, structs, lists, nothing and symbols come through', async () => {
    const remote = await liveDesk(a, b);
    const value = {
      n: -7,
      big: 2n ** 80n,
      real: 1.5,
      text: 'ö',
      bytes: new Uint8Array([1, 2]),
      list: [true, null, undefined],
    };
    expect(await a.run((turn) => turn.send(remote, 'echo', value))).toEqual(value);
  });
  it('a structure with a settled vow in it arrives with a vow in it', async () => {
    const remote = await liveDesk(a, b);
    const got = await a.run((turn) => turn.send(remote, 'echo', { inner: turn.kept(5) }));
    const { inner } = got as { inner: ReturnType<typeof a.router.enliven> };
    expect(await a.run((turn) => turn.when(inner, (_turn, value) => value))).toBe(5);
  });
  it('a break reason that is plain data passes unchanged', async () => {
    const remote = await liveDesk(a, b);
    const reason = await a.run((turn) => {
      const { vow, resolver } = turn.vow();
      resolver.broken({ code: 'odd', list: [1] });
      return turn.when(
        turn.send(remote, 'pass', vow as never, 1),
        () => undefined,
        (_turn, reason) => (reason as { reason?: unknown }).reason,
      );
    });
    expect(reason).toEqual({ code: 'odd', list: [1] });
  });
});

describe('what cannot be written', () => {
  it('breaks its own answer and leaves no trace in the tables', async () => {
    const remote = await liveDesk(a, b);
    world.run();
    const before = a.counts;
    await expect(
      a.run((turn) => turn.send(remote, 'echo', [turn.spawn(makeDesk), () => 'a function'])),
    ).rejects.toMatchObject({ code: 'encode' });
    expect(a.counts).toEqual(before);
    // A mention that was taken back would count with the next frame.
    await a.run((turn) => turn.send(remote, 'echo', 'next'));
    world.run();
    expect(a.counts).toEqual(before);
  });
});

describe('three peers', () => {
  it('a reference of another session is forwarded, and comes back as itself', async () => {
    const c = new Peer(network, 'c');
    peers.push(c);
    const atB = await liveDesk(a, b);
    const atC = await liveDesk(a, c, 'other');
    expect(await a.run((turn) => turn.send(atB, 'pass', atC, 'through a'))).toBe(1);
    expect(await a.run((turn) => turn.send(atC, 'heard'))).toEqual(['through a']);
    expect(await a.run((turn) => turn.send(atB, 'echo', atC))).toBe(atC);
  });
  it('a vow of another session is forwarded too', async () => {
    const c = new Peer(network, 'c');
    peers.push(c);
    const atB = await liveDesk(a, b);
    const atC = await liveDesk(a, c, 'other');
    expect(await a.run((turn) => turn.send(atB, 'pass', turn.send(atC, 'open'), 'through a'))).toBe(
      1,
    );
  });
});

describe('output commit', () => {
  it('no answer leaves before what its turn recorded is durable', async () => {
    let finish: (() => void) | undefined;
    join({}, {}, { vat: { commit: (_entries, done) => void (finish = () => done()) } });
    const remote = await liveDesk(a, b);
    world.run();
    const answers: unknown[] = [];
    a.vat
      .run((turn) => turn.send(remote, 'keep', 'it'))
      .then(
        (answer) => answers.push(answer),
        (reason: unknown) => answers.push(reason),
      );
    world.run();
    const before = network.writeCount;
    world.run(world.now + 60_000);
    expect(network.writeCount).toBe(before);
    finish?.();
    world.run();
    await Promise.resolve();
    expect(answers).toEqual(['kept it']);
  });
  it('a vow that a later turn has settled does not leave by value before that commit', async () => {
    const commits: (() => void)[] = [];
    join({}, {}, { vat: { commit: (_entries, done) => void commits.push(() => done()) } });
    const remote = await liveDesk(a, b);
    world.run();
    const told: unknown[] = [];
    const first = a.vat.run((turn) => turn.send(remote, 'echo', turn.send(remote, 'keep', 'it')));
    first.then(
      (value) => told.push(value),
      (reason: unknown) => told.push(reason),
    );
    world.run();
    await Promise.resolve();
    expect(told).toEqual([]);
    for (const commit of commits) commit();
    world.run();
    await Promise.resolve();
    expect(told).toEqual(['kept it']);
  });
});

describe('severing', () => {
  it('breaks every open question with Severed at once, and tells who watches', async () => {
    const remote = await liveDesk(a, b);
    const reached: unknown[] = [];
    const waiting = a.vat
      .run((turn) => turn.send(remote, 'wait'))
      .catch((reason: unknown) => {
        reached.push((reason as { code?: string }).code);
      });
    world.run();
    network.lines[0]?.cut();
    world.run();
    await waiting;
    expect(reached).toEqual(['severed']);
    expect([...a.router.sessions(), ...b.router.sessions()]).toEqual([]);
    await expect(a.run((turn) => turn.send(remote, 'hear', 1))).rejects.toMatchObject({
      code: 'severed',
    });
  });
  it('a halted vat leaves a closed router without timer and session', async () => {
    const remote = await liveDesk(a, b);
    await a.run((turn) => turn.send(remote, 'hear', 1));
    b.vat.halt();
    b.router.close();
    world.run();
    expect(a.router.sessions()).toEqual([]);
    expect(world.pendingCount).toBe(0);
  });
});
