import { type Behavior, type Bcom, type Turn, World } from '@bellwether/actors';
import { afterEach, describe, expect, it } from 'vitest';
import { Network, type NetworkOptions } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer, type PeerOptions } from '../../support/ocapn-peer.ts';

interface Counter {
  get(): number;
  add(n: number): number;
  fail(): never;
  echo(value: unknown): unknown;
}
const makeCounter = (turn: Turn<Counter>, _bcom: Bcom<Counter>): Behavior<Counter> => {
  const count = turn.cell(0);
  return {
    get: () => count.get(),
    add: (_turn, n) => {
      count.set(count.get() + n);
      return count.get();
    },
    fail: () => {
      throw new Error('a secret of the counter');
    },
    echo: (_turn, value) => value,
  };
};

let peers: Peer[] = [];
const pair = (options: NetworkOptions = {}, other: PeerOptions = {}) => {
  const world = new World(1);
  const network = new Network(world, options);
  const a = new Peer(network, 'a', other);
  const b = new Peer(network, 'b');
  peers = [a, b];
  return { world, network, a, b };
};
afterEach(() => leavesNothing(peers));

describe('calls', () => {
  it('a call is answered', async () => {
    const { a, b } = pair();
    const counter = b.offer('counter', await b.run((turn) => turn.spawn(makeCounter)));
    const remote = a.router.enliven<Counter>(counter);
    expect(await a.run((turn) => turn.send(remote, 'add', 5))).toBe(5);
    expect(await a.run((turn) => turn.send(remote, 'add', 2))).toBe(7);
  });
});
