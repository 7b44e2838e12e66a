/** Since when a session stands, as whoever is asked for a swissnum is told: by our clock, whatever the peer says. */
import { World, type Ref } from '@bellwether/actors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { Network } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer } from '../../support/ocapn-peer.ts';
import { deliver, object, Raw, sym, toAnswer, toExport } from '../../support/ocapn-raw.ts';

const DESK = new Uint8Array(Buffer.from('desk'));
let world: World;
let network: Network;
let victim: Peer;
let honest: Peer;
let desk: Ref;
/** Of each fetch, since when its session stands. */
let openedMs: number[];

beforeEach(async () => {
  world = new World(5);
  network = new Network(world, { latencyMs: 10 });
  openedMs = [];
  victim = new Peer(network, 'victim', {
    router: {
      fetch: (_swissnum, at) => {
        openedMs.push(at);
        return desk;
      },
    },
  });
  honest = new Peer(network, 'honest');
  desk = await victim.run((turn) => turn.spawn(makeDesk));
});
afterEach(() => {
  for (const line of network.lines) if (line.isRaw) line.cut();
  leavesNothing([victim, honest]);
});
const ask = (): Promise<unknown> => {
  const found = honest.router.enliven<Desk>(victim.sturdyref('desk'));
  return honest.run((turn) => turn.send(found, 'hear', 'hi'));
};
const fetching = [sym('fetch'), DESK] as const;

describe('a session', () => {
  it('is as old at its last fetch as at its first, and another one is younger', async () => {
    world.run(world.now + 1_000);
    const begunMs = world.now;
    await ask();
    expect(openedMs[0]).toBeGreaterThanOrEqual(begunMs);
    expect(openedMs[0]).toBeLessThan(begunMs + 100);
    world.run(world.now + 60_000);
    await ask();
    expect(openedMs[1]).toBe(openedMs[0]);
    for (const session of victim.router.sessions()) session.abort('enough');
    world.run(world.now + 1_000);
    const laterMs = world.now;
    await ask();
    expect(openedMs[2]).toBeGreaterThanOrEqual(laterMs);
  });
  it('stands since now for what a router asks of itself', async () => {
    const found = victim.router.enliven<Desk>(victim.sturdyref('desk'));
    world.run(world.now + 500);
    const begunMs = world.now;
    const again = victim.router.enliven<Desk>(victim.sturdyref('desk'));
    await victim.run((turn) => [turn.send(found, 'hear', '1'), turn.send(again, 'hear', '2')]);
    expect(openedMs).toHaveLength(2);
    expect(openedMs[1]).toBeGreaterThanOrEqual(begunMs);
  });
});

describe('a liar', () => {
  it.each([
    ['a number', 1e15],
    ['a struct that looks like it', { atMs: 1e15 }],
    ['a reference of its own', object(7)],
    ['the bootstrap object', toExport(0)],
  ])('makes no session younger by %s behind the swissnum', (_name, lie) => {
    const mallory = Raw.dial(network, victim, 'mallory').greet();
    const bornMs = world.now;
    world.run(world.now + 5_000);
    mallory.say(deliver(toExport(0), [...fetching, lie, lie], false, object(1)));
    expect(mallory.told(1)?.[0]).toBe('fulfill');
    expect(openedMs).toHaveLength(1);
    expect(openedMs[0]).toBeLessThanOrEqual(bornMs);
  });
  it('makes it no younger by holding back its hello', () => {
    const mallory = Raw.dial(network, victim, 'mallory');
    world.run(world.now + 100);
    const connectedMs = world.now;
    world.run(world.now + 3_000);
    mallory.greet().say(deliver(toExport(0), fetching, false, object(1)));
    expect(mallory.told(1)?.[0]).toBe('fulfill');
    expect(openedMs[0]).toBeLessThanOrEqual(connectedMs);
  });
  it('gets nothing from the bootstrap object as a value, which no session stands behind', () => {
    const mallory = Raw.dial(network, victim, 'mallory').greet();
    mallory.say(
      deliver(toExport(0), fetching, 0),
      deliver(toAnswer(0), [sym('echo'), toExport(0)], 1),
      deliver(toAnswer(1), [sym('fetch'), DESK, 1e15], 2, object(2)),
    );
    expect(mallory.told(2)?.[0]).toBe('break');
    expect(openedMs).toHaveLength(1);
  });
});
