/** What nobody holds any more is collected, whatever leads from its session to it; and its peer is told. */
import { type Ref, type Vow, World } from '@bellwether/actors';
import { nodeReaper } from '@bellwether/netlayer-stream';
import { expect, it } from 'vitest';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { collector } from '../../support/collector.ts';
import { untilReal } from '../../support/netlayer-rig.ts';
import { Network } from '../../support/ocapn-network.ts';
import { Peer } from '../../support/ocapn-peer.ts';

const pair = async (): Promise<{ network: Network; a: Peer; b: Peer }> => {
  const network = new Network(new World(3));
  const a = new Peer(network, 'a', { router: { reaper: nodeReaper() } });
  const b = new Peer(network, 'b');
  b.offer('desk', await b.run((turn) => turn.spawn(makeDesk)));
  return { network, a, b };
};

it('a reference goes with its session, though what is left of a connection leads to it', async () => {
  const collect = collector();
  const { network, a, b } = await pair();
  const leave = async (): Promise<WeakRef<object>> => {
    const desk = a.router.enliven<Desk>(b.sturdyref('desk'));
    const made = await a.run((turn) => turn.when(turn.send(desk, 'open'), (_turn, ref) => [ref]));
    const [ref] = made as readonly object[];
    if (ref === undefined) throw new Error('no reference');
    // As a listener of a socket does that waits for the end of a dial.
    for (const line of network.lines.splice(0)) {
      Object.assign(line, { leadsTo: ref });
      line.cut();
    }
    network.world.run();
    return new WeakRef(ref);
  };
  const gone = await leave();
  await untilReal('collected', () => {
    collect();
    return gone.deref() === undefined;
  });
  expect(a.router.sessions()).toEqual([]);
});

it('an answer that was sent to, and turned out to be elsewhere, is given back when nobody holds it', async () => {
  const collect = collector();
  const { network, a, b } = await pair();
  const desk = a.router.enliven<Desk>(b.sturdyref('desk'));
  const own = await a.run((turn) => turn.spawn(makeDesk));
  const heard = await a.run((turn) => {
    // The way to our own desk goes through the peer, so that this message is none that overtakes.
    const answer = turn.send(desk, 'echo', own) as Vow<Ref<Desk>>;
    return turn.send(answer, 'hear', 1);
  });
  expect(heard).toBe(1);
  network.world.run();
  expect(b.counts).toEqual([expect.objectContaining({ answers: expect.any(Number) })]);
  await untilReal('given back', () => {
    collect();
    network.world.run();
    const [tables] = b.counts as readonly { readonly answers: number }[];
    return tables?.answers === 1; // that of the fetch, which `desk` holds
  });
  expect(await a.run((turn) => turn.send(desk, 'hear', 2))).toBe(1);
});
