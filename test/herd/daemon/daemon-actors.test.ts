/** What is inside of a daemon, as simulated machines and real ones have it. */
import {
  createVat,
  World,
  type Bcom,
  type Behavior,
  type Frontier,
  type Ref,
  type Turn,
  type Vat,
  type Vow,
} from '@bellwether/actors';
import type { NonceRegistry } from '@bellwether/fleet';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import type { PeerLocation, SessionView } from '@bellwether/ocapn';
import { describe, expect, it } from 'vitest';
import { routerPowers } from '../../../packages/herd/src/daemon/daemon-actors.ts';
import { FleetNode, introduce, Operator } from '../../support/fleet-node.ts';
import { simulatedCrypto, TestReaper } from '../../support/ocapn-peer.ts';
import { program } from '../../support/shepherd-machine.ts';

const host: PeerLocation = { transport: 'memory', designator: 'A', hints: { host: 'A' } };

const powersOf = (
  world: World,
  vat: Vat & Frontier,
  refs: { met(session: SessionView): void },
  mint: () => Ref<NonceRegistry> | undefined = () => undefined,
) =>
  routerPowers({
    ...{ vat, refs, mint },
    netlayers: [],
    crypto: simulatedCrypto(world),
    clock: world.clock(),
    scheduler: world.scheduler(),
    reaper: new TestReaper(),
    log: () => undefined,
    designator: 'A',
  });

describe('the router of a daemon', () => {
  const world = new World(1);
  const met: SessionView[] = [];
  const vat = createVat({ name: 'A', clock: world.clock(), scheduler: world.scheduler() });
  const powers = powersOf(world, vat, { met: (session) => void met.push(session) });
  it('dials for its own code and for no sturdyref that a peer has passed', () => {
    expect(powers.mayDial?.(host, 'asked')).toBe(true);
    expect(powers.mayDial?.(host, 'sturdyref')).toBe(false);
    expect(powers.mayDial?.(host, 'handoff')).toBe(false);
  });
  it('introduces nobody, neither to what others have nor to what it has', () => {
    expect(powers).not.toHaveProperty('handoffs');
  });
  it('tells the refs of each session, and knows no swissnum before this life serves', () => {
    powers.opened?.({ peer: host, direction: 'accepted' } as SessionView);
    expect(met).toMatchObject([{ peer: host }]);
    expect(powers.fetch(new Uint8Array(32), 0)).toBeUndefined();
  });
});

describe('what a registry is asked by a router', () => {
  type Asked = Pick<NonceRegistry, 'fetch' | 'originOf'>;
  const makeRegistry = (turn: Turn<Asked>, _bcom: Bcom<Asked>): Behavior<Asked> => ({
    fetch: () => turn.self,
    originOf: (_turn, swissnum) => `m-${swissnum.length}`,
  });
  it('is what a swissnum names, and what its rights come from', async () => {
    const world = new World(1);
    const vat = createVat({ name: 'A', clock: world.clock(), scheduler: world.scheduler() });
    let registry: Ref<NonceRegistry> | undefined;
    const powers = powersOf(world, vat, { met: () => undefined }, () => registry);
    void vat.run((turn) => {
      registry = turn.spawn(makeRegistry) as Ref<unknown> as Ref<NonceRegistry>;
    });
    world.run(world.now + 1);
    const told: unknown[] = [];
    const swissnum = new Uint8Array(32);
    for (const vow of [powers.partyOf?.(swissnum), powers.fetch(swissnum, 0)])
      if (vow !== undefined)
        vat.listen(vow as Vow, {
          kept: (value) => told.push(value),
          broken: (why) => told.push(why),
        });
    world.run(world.now + 1);
    expect(told).toEqual(['m-32', registry]);
  });
});

describe('a simulated daemon', () => {
  it('is one of these: its root lists the refs that it was given, with where they lead', () => {
    const world = new World(1);
    const site = { world, network: new MemoryNetwork(world) };
    const a = new FleetNode(site, 'A', { services: [program({ provision: ['web'] })] });
    const c = new FleetNode(site, 'C', { exported: { web: 'A' } });
    const operator = new Operator(site);
    for (const node of [a, c]) node.boot();
    world.run(world.now + 1_000);
    introduce(site, operator, a, 'web', c);
    const listed = operator.ask(c, (turn, root) => turn.send(root, 'refs'));
    world.run(world.now + 1_000);
    expect(listed.value).toEqual([{ petname: 'a-ref', peer: 'A.memory' }]);
  });
});
