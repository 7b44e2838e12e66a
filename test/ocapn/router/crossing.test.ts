/** Two peers that dial each other, a peer that was restarted, and what of a call survives. */
import { World } from '@bellwether/actors';
import { Sturdyref, type Limits } from '@bellwether/ocapn';
import { afterEach, describe, expect, it } from 'vitest';
import { inboundStays } from '../../../packages/ocapn/src/router/crossing.ts';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { Network, type NetworkOptions } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer, recorded } from '../../support/ocapn-peer.ts';
import { deliver, Raw, record, toExport } from '../../support/ocapn-raw.ts';

let peers: Peer[] = [];
afterEach(() => leavesNothing(peers));

const join = async (world: World, options: NetworkOptions = {}, limits: Partial<Limits> = {}) => {
  const network = new Network(world, options);
  const router = { limits };
  const a = new Peer(network, 'a', { router });
  const b = new Peer(network, 'b', { router });
  peers = [a, b];
  const desks = [];
  for (const peer of peers)
    desks.push(peer.offer('desk', await peer.run((turn) => turn.spawn(makeDesk))));
  const [atA, atB] = desks;
  if (atA === undefined || atB === undefined) throw new Error('two desks');
  return { network, a, b, atA, atB };
};
const open = (peer: Peer): number => peer.router.sessions().length;

describe('crossed dials', () => {
  it.each([
    ['an even network', { latencyMs: 5 }],
    ['a network where one connection is faster than another', { latencyMs: 2, jitterMs: 15 }],
    ['a network that is anything at all', { latencyMs: 1, jitterMs: 45 }],
  ])(
    'keep both calls and leave exactly one session over %s (200 seeds)',
    async (_name, network) => {
      for (let seed = 1; seed <= 200; seed += 1) {
        const world = new World(seed);
        const { a, b, atA, atB } = await join(world, network);
        const answers: unknown[] = [];
        const call = (from: Peer, to: typeof atA): void => {
          const ref = from.router.enliven<Desk>(to);
          from.vat
            .run((turn) => turn.send(ref, 'hear', from.name))
            .then(
              (answer) => answers.push(answer),
              (reason: unknown) => answers.push(reason),
            );
        };
        // Dial, hello and confirmation take one latency each: the second dial falls among them.
        const offset = world.random() * 25;
        world.at(0, () => call(a, atB));
        world.at(offset, () => call(b, atA));
        world.run(world.now + 2_000);
        for (let turn = 0; turn < 6; turn += 1) await Promise.resolve();
        const found = [answers, open(a), open(b)];
        expect(found, `seed ${seed}, offset ${offset}`).toEqual([[1, 1], 1, 1]);
        const reached = await a.run((turn) => turn.send(a.router.enliven<Desk>(atB), 'heard'));
        expect(reached, `seed ${seed}`).toEqual(['a']);
        leavesNothing(peers);
        peers = [];
      }
    },
  );
  it('end in one session also where hellos are given up: who had followed that one may dial again (200 seeds)', async () => {
    let followedCount = 0;
    for (let seed = 1; seed <= 200; seed += 1) {
      const world = new World(seed);
      const hasty = { greetingMs: 30 };
      const { a, b, atA, atB } = await join(world, { latencyMs: 1, jitterMs: 45 }, hasty);
      const dial = (from: Peer, to: Sturdyref) => {
        const reached = recorded();
        from.router.dial(to, reached, recorded());
        return { reached, again: () => dial(from, to) };
      };
      const first = dial(a, atB);
      world.run(world.random() * 25);
      const both = [first, dial(b, atA)];
      world.run(2_000);
      for (const { reached, again } of both) {
        if (reached.said[0] === 'kept') continue;
        expect(reached.value, `seed ${seed}`).toMatchObject({ code: 'severed' });
        followedCount += 1;
        const { reached: second } = again();
        world.run(world.now + 1_000);
        expect(second.said, `seed ${seed}`).toEqual(['kept']);
      }
      expect([open(a), open(b)], `seed ${seed}`).toEqual([1, 1]);
      leavesNothing(peers);
      peers = [];
    }
    expect(followedCount).toBeGreaterThan(0);
  });
  it('take the same verdict on both sides', () => {
    const low = new Uint8Array([1, 2]);
    const high = new Uint8Array([1, 3]);
    // a dialled with `low`, b with `high`: a sees b's connection come in, b sees a's.
    expect(inboundStays({ publicId: low }, high)).toBe(true);
    expect(inboundStays({ publicId: high }, low)).toBe(false);
    expect(inboundStays(undefined, low)).toBe(true);
  });
});

describe('a restarted peer', () => {
  it('replaces its old session at once, and who watched is told', async () => {
    const world = new World(1);
    const { network, a, b, atA, atB } = await join(world);
    const remote = b.router.enliven<Desk>(atA);
    await b.run((turn) => turn.send(remote, 'hear', 1));
    const back = a.router.enliven<Desk>(atB);
    const waiting = a.vat.run((turn) => turn.send(back, 'wait')).catch((reason: unknown) => reason);
    world.run(world.now + 100);
    // b loses its power: nothing it had is there any more, and nothing tells a.
    for (const line of network.lines) line.lose();
    const again = new Peer(network, 'b');
    peers.push(again);
    const start = world.now;
    const desk = again.router.enliven<Desk>(atA);
    expect(await again.run((turn) => turn.send(desk, 'hear', 2))).toBe(2);
    expect(world.now - start).toBeLessThan(10 * network.latencyMs);
    const reached = a.router.enliven<Desk>(
      again.offer('desk', await again.run((turn) => turn.spawn(makeDesk))),
    );
    expect(await a.run((turn) => turn.send(reached, 'hear', 'back'))).toBe(1);
    world.run(world.now + 1_000);
    expect(await waiting).toMatchObject({ code: 'severed' });
    expect(open(a)).toBe(1);
    b.router.close();
  });
  it('that aborts the newer session has its older one back, and the call follows', async () => {
    const world = new World(1);
    const network = new Network(world);
    const a = new Peer(network, 'a');
    peers = [a];
    const later = (): void => world.run(world.now + 100);
    const join = (): Raw => {
      const raw = Raw.dial(network, a, 'b');
      raw.send(raw.hello());
      later();
      raw.send(deliver(toExport(0), [], 0)); // says something: it leads from now on
      later();
      return raw;
    };
    const older = join();
    const newer = join();
    const call = a.vat.run((turn) =>
      turn.send(a.router.enliven<Desk>(new Sturdyref(dying, new Uint8Array(3))), 'hear', 1),
    );
    call.catch(() => undefined); // it ends with the test
    later();
    expect([older, newer].map((raw) => raw.heardOf('op:deliver').length)).toEqual([0, 1]);
    newer.send(record('op:abort', 'that one lost'));
    later();
    expect(older.heardOf('op:deliver')).toHaveLength(2); // the fetch, and the call behind it
    older.end.cut();
    world.run();
  });
  it('may lose against a dial that was never confirmed as long as that is young', () => {
    const verdicts = (afterMs: number): readonly boolean[] =>
      Array.from({ length: 30 }, (_each, seed) => {
        const world = new World(seed + 1);
        const network = new Network(world);
        const a = new Peer(network, 'a');
        network.answerAs('b', (end) => {
          const first = new Raw(network, 'b');
          const handler = first.accept(end);
          first.send(first.hello());
          return handler;
        });
        a.router.dial(new Sturdyref(dying, new Uint8Array(3)), recorded(), recorded());
        while (a.router.sessions().length === 0) world.step(); // open from now on
        for (const line of network.lines) line.lose();
        world.runFor(afterMs - network.latencyMs);
        const again = Raw.dial(network, a, 'b');
        again.send(again.hello());
        world.runFor(100);
        const hasLost = again.abortReason === 'captp: crossed hellos, the other connection stays';
        a.router.close();
        return hasLost;
      });
    const lost = (afterMs: number): number => verdicts(afterMs).filter((each) => each).length;
    expect(lost(9_999)).toBeGreaterThan(5);
    expect(lost(9_999)).toBeLessThan(25);
    expect(lost(10_000)).toBe(0);
    peers = [];
  });
  it('does not lose against a dial of ours that was never confirmed and is old', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const world = new World(seed);
      const network = new Network(world);
      const a = new Peer(network, 'a');
      peers = [a];
      const atA = a.offer('desk', await a.run((turn) => turn.spawn(makeDesk)));
      // b says hello and dies before it says anything else.
      network.answerAs('b', (end) => {
        const dying = new Raw(network, 'b');
        const handler = dying.accept(end);
        dying.send(dying.hello());
        return handler;
      });
      const reached = recorded();
      a.router.dial(new Sturdyref(dying, new Uint8Array(3)), reached, recorded());
      world.run(world.now + 100);
      for (const line of network.lines) line.lose();
      expect(a.router.sessions().map(({ isConfirmed }) => isConfirmed)).toEqual([false]);
      world.run(world.now + 10_000);
      const b = new Peer(network, 'b');
      peers.push(b);
      const desk = b.router.enliven<Desk>(atA);
      expect(await b.run((turn) => turn.send(desk, 'hear', 1)), `seed ${seed}`).toBe(1);
      world.run(world.now + 1_000);
      expect([open(a), open(b)]).toEqual([1, 1]);
      leavesNothing(peers);
    }
    peers = [];
  });
});

const dying = { transport: 'sim', designator: 'b', hints: {} };
