/** Three peers on a network that does its worst, and then leaves them alone. */
import { World } from '@bellwether/actors';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import { LIMITS, type PeerLocation, Sturdyref } from '@bellwether/ocapn';
import { expect, it } from 'vitest';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { Network } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer, recorded } from '../../support/ocapn-peer.ts';

const SEEDS = 60;
const NAMES = ['a', 'b', 'c'] as const;
const PAIRS = NAMES.flatMap((from) => NAMES.filter((to) => to !== from).map((to) => [from, to]));
const DESK = new Uint8Array(Buffer.from('desk'));
const { idleMs, pingMs, writeMs } = LIMITS;
/** By then every session without a peer has been found out. */
const FOUND_OUT_MS = idleMs + pingMs + pingMs;

const locationOf = (host: string): PeerLocation => ({
  transport: 'memory',
  designator: host,
  hints: { host },
});

class Storm {
  readonly world: World;
  readonly network: MemoryNetwork;
  readonly peers = new Map<string, Peer>();
  constructor(seed: number) {
    this.world = new World(seed);
    this.network = new MemoryNetwork(this.world);
  }
  peer(name: string): Peer {
    const found = this.peers.get(name);
    if (found === undefined) throw new Error(`no peer ${name}`);
    return found;
  }
  /** A process with its desk, which answers as soon as it listens. */
  async boot(name: string): Promise<void> {
    const netlayers = [this.network.peer({ host: name })];
    const limits = { idleMs, pingMs, writeMs };
    const peer = new Peer(new Network(this.world), name, { router: { netlayers, limits } });
    peer.offer('desk', await peer.run((turn) => turn.spawn(makeDesk)));
    this.peers.set(name, peer);
  }
  /** Asks for a call from one peer to another, whatever comes of it. */
  call(from: string, to: string): void {
    const { router, vat } = this.peer(from);
    const desk = router.enliven<Desk>(new Sturdyref(locationOf(to), DESK));
    vat.run((turn) => turn.send(desk, 'hear', from)).catch(() => undefined);
  }
  async blow(): Promise<void> {
    const { world, network } = this;
    const [from = 'a', to = 'b'] = world.pick(PAIRS);
    const kind = world.random();
    if (kind < 0.5) this.call(from, to);
    else if (kind < 0.75) network.reset(from, to);
    else if (kind < 0.82) network.cut(from, to);
    else if (kind < 0.94) network.heal(from, to);
    else {
      network.crash(from, kind < 0.97 ? 'power' : 'process');
      this.peer(from).router.close();
      await this.boot(from);
    }
    world.runFor(world.random() * 400);
  }
  /** Dials all the others from everywhere; the result is what came of it. */
  async dialAll(): Promise<readonly string[]> {
    const asked = PAIRS.map(([from = '', to = '']) => {
      const reached = recorded();
      this.peer(from).router.dial(new Sturdyref(locationOf(to), DESK), reached, recorded());
      return reached;
    });
    this.world.runFor(10_000);
    return asked.map(({ said }) => said.join());
  }
}

it(`everything is reached again, over one session for each two (${SEEDS} seeds)`, async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const storm = new Storm(seed);
    for (const name of NAMES) await storm.boot(name);
    for (let gust = 0; gust < 120; gust += 1) await storm.blow();
    for (const [from = '', to = ''] of PAIRS) storm.network.heal(from, to);
    storm.world.runFor(FOUND_OUT_MS);
    expect(await storm.dialAll(), `seed ${seed}`).toEqual(PAIRS.map(() => 'kept'));
    storm.world.runFor(FOUND_OUT_MS);
    for (const name of NAMES) {
      const peer = storm.peer(name);
      const known = peer.router.sessions().map((session) => session.peer?.designator);
      const others = NAMES.filter((each) => each !== name);
      expect(known.sort(), `seed ${seed}, sessions of ${name}`).toEqual(others);
      expect(storm.network.connectionCount(name), `seed ${seed}, ends at ${name}`).toBe(2);
    }
    const peers = [...storm.peers.values()];
    for (const { router } of peers) router.close();
    storm.world.run();
    leavesNothing(peers);
  }
});
