/** Routers that read and write with the same buffers: what one of them does is nothing to the others. */
import { World } from '@bellwether/actors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { Network } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer } from '../../support/ocapn-peer.ts';

let world: World;
/** Who reads and writes with the same buffers, each with the desk that it asks. */
let pairs: readonly (readonly [asking: Peer, asked: Peer])[];

beforeEach(async () => {
  world = new World(5);
  const networks = [new Network(world), new Network(world)];
  const asking: Peer[] = [];
  for (const network of networks) {
    const buffers = asking[0]?.router.buffers;
    asking.push(new Peer(network, 'asking', buffers && { router: { buffers } }));
  }
  const asked = networks.map((network) => new Peer(network, 'asked'));
  for (const peer of asked) peer.offer('desk', await peer.run((turn) => turn.spawn(makeDesk)));
  pairs = asking.flatMap((peer, at) =>
    asked.slice(at, at + 1).map((each) => [peer, each] as const),
  );
});
afterEach(() => leavesNothing(pairs.flat()));

const ask = ([asking, asked]: (typeof pairs)[number], what: string): Promise<unknown> => {
  const found = asking.router.enliven<Desk>(asked.sturdyref('desk'));
  return asking.run((turn) => turn.send(found, 'echo', what));
};
/** Answers that are kept for whoever asked. */
const keptBy = ([, asked]: (typeof pairs)[number]): readonly number[] =>
  asked.router.sessions().map(({ tables }) => tables.answers);

describe('routers with the same buffers', () => {
  it('each hear what they have asked, in the same moment', async () => {
    const answers = await Promise.all(pairs.map((pair, at) => ask(pair, `for ${at}`)));
    expect(answers).toEqual(['for 0', 'for 1']);
  });
  it('give back what they had, also when one of them is closed meanwhile', async () => {
    await Promise.all(pairs.map((pair) => ask(pair, 'a')));
    expect(pairs.map(keptBy)).toEqual([[2], [2]]);
    pairs[1]?.[0].router.close();
    world.run();
    // The desk itself is held until its vow is collected.
    expect(pairs.map(keptBy)).toEqual([[1], []]);
  });
});
