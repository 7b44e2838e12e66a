/** Three peers, in every way that they can have met: what is passed on is reached without whoever passed it on. */
import { type Ref, World } from '@bellwether/actors';
import {
  type MayIntroduce,
  type Netlayer,
  type RouterPowers,
  Sturdyref,
  threeWays,
} from '@bellwether/ocapn';
import { afterEach, describe, expect, it } from 'vitest';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { placeOf, RawParty } from '../../support/ocapn-handoffs.ts';
import { Network, type NetworkOptions } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer, type PeerOptions } from '../../support/ocapn-peer.ts';
import { deliver, sym, toExport } from '../../support/ocapn-raw.ts';

let peers: Peer[] = [];
afterEach(() => leavesNothing(peers));

interface Three {
  readonly network: Network;
  readonly gifter: Peer;
  readonly receiver: Peer;
  readonly exporter: Peer;
  /** Whose desk is where. */
  desk(peer: Peer): Sturdyref;
}
const three = async (
  options: NetworkOptions = {},
  powers: Partial<RouterPowers> = {},
  rest: Pick<PeerOptions, 'introduces'> = {},
): Promise<Three> => {
  const network = new Network(new World(7), options);
  const [gifter, receiver, exporter] = ['gifter', 'receiver', 'exporter'].map(
    (name) => new Peer(network, name, { router: powers, ...rest }),
  ) as [Peer, Peer, Peer];
  peers = [gifter, receiver, exporter];
  for (const peer of peers) peer.offer('desk', await peer.run((turn) => turn.spawn(makeDesk)));
  return { network, gifter, receiver, exporter, desk: (peer) => peer.sturdyref('desk') };
};
const reach = async (from: Peer, to: Sturdyref): Promise<Ref<Desk>> =>
  (await from.run(() => from.router.enliven<Desk>(to))) as Ref<Desk>;
/** Has the one dial the other, and holds nothing of it. */
const meet = async (from: Peer, to: Peer): Promise<void> => {
  await reach(from, to.sturdyref('desk'));
};
/** Gives that were written so far, anywhere, without those that came back in a withdrawal. */
const givesIn = (network: Network): number => {
  let count = 0;
  for (const line of network.lines)
    for (const end of [line, line.other])
      for (const bytes of end?.writes ?? []) {
        const text = Buffer.from(bytes).toString('latin1');
        count += text.split('desc:handoff-give').length - text.split('desc:handoff-receive').length;
      }
  return count;
};

const ways = ['gifter first', 'the other first'] as const;
const before = ['strangers to each other', 'receiver first', 'exporter first'] as const;
const all = ways.flatMap((withExporter) =>
  ways.flatMap((withReceiver) =>
    before.map((together) => [withExporter, withReceiver, together] as const),
  ),
);

describe('a reference that is passed on', () => {
  it.each(all)(
    'is reached without the gifter (exporter: %s; receiver: %s; the two: %s)',
    async (withExporter, withReceiver, together) => {
      const { network, gifter, receiver, exporter, desk } = await three();
      await (withExporter === 'gifter first' ? meet(gifter, exporter) : meet(exporter, gifter));
      await (withReceiver === 'gifter first' ? meet(gifter, receiver) : meet(receiver, gifter));
      if (together === 'receiver first') await meet(receiver, exporter);
      if (together === 'exporter first') await meet(exporter, receiver);
      const lineCount = network.lines.length;

      const there = await reach(gifter, desk(exporter));
      const other = await reach(gifter, desk(receiver));
      const passed = await gifter.run((turn) => turn.send(other, 'pass', there, 'first'));
      expect(passed).toBe(1);
      // Both ways: as an argument before, in an answer now.
      await gifter.run((turn) => turn.send(other, 'hear', there));
      const mine = await reach(receiver, desk(receiver));
      const [held] = (await receiver.run((turn) => turn.send(mine, 'heard'))) as [Ref<Desk>];
      expect(givesIn(network)).toBe(2);
      expect(network.lines.length).toBe(lineCount + (together === before[0] ? 1 : 0));

      for (const session of gifter.router.sessions()) session.abort('goodbye');
      const heard = await receiver.run((turn) => {
        turn.tell(held, 'hear', 'second');
        turn.tell(held, 'hear', 'third');
        return turn.send(held, 'heard');
      });
      expect(heard).toEqual(['first', 'second', 'third']);
    },
  );

  it('is the same reference as one that came another way', async () => {
    const { gifter, receiver, exporter, desk } = await three();
    const there = await reach(gifter, desk(exporter));
    const own = await reach(receiver, desk(exporter));
    await gifter.run((turn) =>
      turn.send(gifter.router.enliven<Desk>(desk(receiver)), 'hear', there),
    );
    const mine = await reach(receiver, desk(receiver));
    const [held] = (await receiver.run((turn) => turn.send(mine, 'heard'))) as [Ref<Desk>];
    const settled = await receiver.run((turn) => turn.when(turn.send(held, 'heard'), () => held));
    expect(settled).toBe(own);
    expect(await receiver.run((turn) => turn.send(own, 'echo', held))).toBe(own);
  });

  it('arrives a hundred times in one message, in order', async () => {
    const { gifter, receiver, exporter, desk } = await three();
    const there = await reach(gifter, desk(exporter));
    const desks = await gifter.run((turn) =>
      turn.all(Array.from({ length: 100 }, () => turn.send(there, 'open'))),
    );
    const refs = desks.map((each) => (each.kept ? each.value : undefined));
    await gifter.run((turn) =>
      turn.send(gifter.router.enliven<Desk>(desk(receiver)), 'hear', refs),
    );
    const mine = await reach(receiver, desk(receiver));
    const [held] = (await receiver.run((turn) => turn.send(mine, 'heard'))) as [Ref<Desk>[]];
    const counts = await receiver.run((turn) =>
      turn.all(held.map((each, at) => turn.send(each, 'hear', at))),
    );
    expect(counts.every((each) => each.kept && each.value === 1)).toBe(true);
    const firsts = await gifter.run((turn) =>
      turn.all(refs.map((each) => turn.send(each as Ref<Desk>, 'heard'))),
    );
    expect(firsts.map((each) => each.kept && each.value)).toEqual(
      Array.from({ length: 100 }, (_, at) => [at]),
    );
  });

  it('goes on round a ring: the receiver passes it on as its own gifter', async () => {
    const { network, gifter, receiver, exporter, desk } = await three();
    const last = new Peer(network, 'last');
    peers = [...peers, last];
    last.offer('desk', await last.run((turn) => turn.spawn(makeDesk)));
    const there = await reach(gifter, desk(exporter));
    await gifter.run((turn) =>
      turn.send(gifter.router.enliven<Desk>(desk(receiver)), 'hear', there),
    );
    const mine = await reach(receiver, desk(receiver));
    const [held] = (await receiver.run((turn) => turn.send(mine, 'heard'))) as [Ref<Desk>];
    await receiver.run((turn) => turn.send(held, 'heard')); // it has been fetched
    const atLast = receiver.router.enliven<Desk>(last.sturdyref('desk'));
    expect(await receiver.run((turn) => turn.send(atLast, 'pass', held, 'from afar'))).toBe(1);
    expect(givesIn(network)).toBe(2);
  });

  it('that comes home is the object itself, and no gift', async () => {
    const { network, gifter, exporter, desk } = await three();
    const there = await reach(gifter, desk(exporter));
    expect(await gifter.run((turn) => turn.send(there, 'pass', there, 'to itself'))).toBe(1);
    expect(givesIn(network)).toBe(0);
  });
});

describe('a reference is forwarded instead, and works', () => {
  const forwarded = async ({ network, gifter, receiver, exporter, desk }: Three): Promise<void> => {
    const there = await reach(gifter, desk(exporter));
    const other = gifter.router.enliven<Desk>(desk(receiver));
    expect(await gifter.run((turn) => turn.send(other, 'pass', there, 'round'))).toBe(1);
    expect(givesIn(network)).toBe(0);
    expect(receiver.router.leadsTo({ transport: 'sim', designator: 'exporter', hints: {} })).toBe(
      false,
    );
  };
  it('where the gifter may not introduce the two', async () => {
    const asked: unknown[] = [];
    const mayIntroduce: MayIntroduce = (introduction) => {
      asked.push(introduction);
      return false;
    };
    await forwarded(await three({}, { handoffs: threeWays(mayIntroduce) }));
    expect(asked).toEqual([
      {
        as: 'gifter',
        peer: { transport: 'sim', designator: 'exporter', hints: {} },
        receiver: { transport: 'sim', designator: 'receiver', hints: {} },
      },
    ]);
  });
  it('where the gifter takes no part in handoffs', async () => {
    await forwarded(await three({}, {}, { introduces: false }));
  });
  it('where the exporter only dials: nobody finds it', async () => {
    await forwarded(await three({ needsHints: true }));
  });
  it('once as many were given as the exporter takes, and until it has dropped them', async () => {
    const { network, gifter, receiver, exporter, desk } = await three({}, { limits: { gifts: 3 } });
    const there = await reach(gifter, desk(exporter));
    const other = await reach(gifter, desk(receiver));
    const pass = (): Promise<unknown> =>
      gifter.run((turn) => turn.send(other, 'pass', there, givesIn(network)));
    for (let n = 0; n < 5; n += 1) expect(await pass()).toBe(n + 1);
    expect(givesIn(network)).toBe(3);
    gifter.world.runFor(60_000);
    await pass();
    expect(givesIn(network)).toBe(4);
  });
  it('also where they were given at the end of one minute and at the beginning of the next', async () => {
    const { network, gifter, receiver, exporter, desk } = await three({}, { limits: { gifts: 3 } });
    const there = await reach(gifter, desk(exporter));
    const other = await reach(gifter, desk(receiver));
    const pass = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n += 1)
        await gifter.run((turn) => turn.send(other, 'pass', there, n));
    };
    await pass(1);
    gifter.world.runFor(59_000);
    await pass(2);
    gifter.world.runFor(2_000);
    await pass(3);
    expect(givesIn(network)).toBe(4);
  });
  it('where the exporter is on this machine and the receiver is not, which hears nothing of it', async () => {
    const { network, receiver, desk } = await three();
    const here = new Network(network.world, { believesClaims: true, namesThisMachine: true });
    const local = (name: string): Netlayer => {
      const netlayer = here.netlayer(name);
      const listen: Netlayer['listen'] = (accept, ready, failed) =>
        netlayer.listen(accept, (at) => ready({ ...at, transport: 'here' }), failed);
      return { ...netlayer, facts: { ...netlayer.facts, transport: 'here' }, listen };
    };
    const both = [network.netlayer('both'), local('both')];
    const gifter = new Peer(network, 'both', { router: { netlayers: both } });
    const exporter = new Peer(here, 'neighbour', { router: { netlayers: [local('neighbour')] } });
    peers = [...peers, gifter, exporter];
    const { peer } = exporter.offer('desk', await exporter.run((turn) => turn.spawn(makeDesk)));
    const there = await reach(
      gifter,
      new Sturdyref({ ...peer, transport: 'here' }, new Uint8Array(Buffer.from('desk'))),
    );
    const other = await reach(gifter, desk(receiver));
    expect(await gifter.run((turn) => turn.send(other, 'pass', there, 'round'))).toBe(1);
    const written = network.lines.flatMap((line) =>
      line.writes.map((bytes) => Buffer.from(bytes).toString('latin1')),
    );
    expect(written.filter((text) => text.includes('neighbour'))).toEqual([]);
  });
  it('where the exporter is anonymous', async () => {
    const { network, gifter, receiver, desk } = await three();
    const nobody = new Peer(network, 'nobody', { dials: 'anonymous' });
    peers = [...peers, nobody];
    const own = await nobody.run((turn) => turn.spawn(makeDesk));
    const atGifter = nobody.router.enliven<Desk>(desk(gifter));
    await nobody.run((turn) => turn.send(atGifter, 'hear', own));
    const mine = await reach(gifter, desk(gifter));
    const [held] = (await gifter.run((turn) => turn.send(mine, 'heard'))) as [Ref<Desk>];
    const other = gifter.router.enliven<Desk>(desk(receiver));
    expect(await gifter.run((turn) => turn.send(other, 'pass', held, 'hello'))).toBe(1);
    expect(givesIn(network)).toBe(0);
  });
});

describe('a reference that its exporter only forwards', () => {
  it('is passed on like one of its own', async () => {
    const { network, gifter, receiver, exporter, desk } = await three();
    const nobody = new Peer(network, 'nobody', { dials: 'anonymous' });
    peers = [...peers, nobody];
    const own = await nobody.run((turn) => turn.spawn(makeDesk));
    const atExporter = nobody.router.enliven<Desk>(desk(exporter));
    await nobody.run((turn) => turn.send(atExporter, 'hear', own));
    const there = await reach(gifter, desk(exporter));
    const [held] = (await gifter.run((turn) => turn.send(there, 'heard'))) as [Ref<Desk>];
    const other = gifter.router.enliven<Desk>(desk(receiver));
    expect(await gifter.run((turn) => turn.send(other, 'pass', held, 'through two'))).toBe(1);
    expect(givesIn(network)).toBe(1);
  });
});

describe('a gifter that lies to its receiver', () => {
  it('does not cost it the session with the exporter', async () => {
    const { network, receiver, exporter, desk } = await three();
    const there = await reach(receiver, desk(exporter));
    const liar = RawParty.dial(network, receiver, 'liar');
    const atReceiver = liar.fetch('desk', 1);
    for (let n = 0; n < 100; n += 1) {
      const give = liar.give(liar.peerKey, placeOf('exporter'), new Uint8Array([n + 1]));
      liar.say(deliver(toExport(atReceiver), [sym('hear'), give]));
    }
    expect(await receiver.run((turn) => turn.send(there, 'hear', 'still here'))).toBe(1);
    liar.raw.end.cut();
  });
});

describe('a reference whose session has ended', () => {
  it('is passed on as one that breaks, and no gift', async () => {
    const { network, gifter, receiver, exporter, desk } = await three();
    const there = await reach(gifter, desk(exporter));
    for (const session of gifter.router.sessions()) session.abort('goodbye');
    const other = await reach(gifter, desk(receiver));
    const passed = gifter.run((turn) => turn.send(other, 'pass', there, 'late'));
    await expect(passed).rejects.toMatchObject({ code: 'severed' });
    expect(givesIn(network)).toBe(0);
  });
});

describe('a message that cannot be written', () => {
  it('leaves no gift behind', async () => {
    const { network, gifter, receiver, exporter, desk } = await three();
    const there = await reach(gifter, desk(exporter));
    const other = await reach(gifter, desk(receiver));
    const unwritable = Symbol('no place on the wire');
    const failed = gifter.run((turn) => turn.send(other, 'hear', [there, unwritable]));
    await expect(failed).rejects.toMatchObject({ code: 'encode' });
    await gifter.run((turn) => turn.send(other, 'hear', 'something else'));
    gifter.world.run(gifter.world.now + 1_000);
    const deposits = network.lines.flatMap((line) =>
      line.writes.filter((bytes) => Buffer.from(bytes).toString('latin1').includes('deposit-gift')),
    );
    expect(deposits).toEqual([]);
  });
});

describe('a place on this machine', () => {
  it('is opened for nobody else, where no router says so, and for our own code', async () => {
    const { gifter, receiver, exporter, desk } = await three({ namesThisMachine: true });
    const there = await reach(gifter, desk(exporter));
    const other = await reach(gifter, desk(receiver));
    const passed = gifter.run((turn) => turn.send(other, 'pass', there, 'news'));
    await expect(passed).rejects.toMatchObject({ code: 'refused' });
    const enlivened = receiver.run(() => receiver.router.enliven(desk(exporter), 'sturdyref'));
    await expect(enlivened).rejects.toMatchObject({ code: 'refused' });
    await reach(receiver, desk(exporter));
    gifter.world.runFor(60_000); // the gift that lies there
  });
});

describe('whoever may not be introduced', () => {
  it('to what this router exports hears so, and nothing else breaks', async () => {
    const { network, gifter, receiver, desk } = await three();
    const shy = new Peer(network, 'shy', { router: { handoffs: threeWays(() => false) } });
    peers = [...peers, shy];
    shy.offer('desk', await shy.run((turn) => turn.spawn(makeDesk)));
    const there = await reach(gifter, shy.sturdyref('desk'));
    const other = await reach(gifter, desk(receiver));
    const passed = gifter.run((turn) => turn.send(other, 'pass', there, 'news'));
    await expect(passed).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('lets nobody be introduced') as unknown,
    });
    expect(await gifter.run((turn) => turn.send(there, 'heard'))).toEqual([]);
    gifter.world.runFor(60_000); // the gift that lay there
  });
  it('by a dial hears so where the receiver goes nowhere for others, also where it is there already', async () => {
    const { network, gifter, exporter, desk } = await three();
    const because: string[] = [];
    const mayDial: RouterPowers['mayDial'] = (_to, why) => {
      because.push(why);
      return why === 'asked';
    };
    const lazy = new Peer(network, 'lazy', { router: { mayDial } });
    peers = [...peers, lazy];
    lazy.offer('desk', await lazy.run((turn) => turn.spawn(makeDesk)));
    await meet(lazy, exporter);
    const there = await reach(gifter, desk(exporter));
    const other = await reach(gifter, lazy.sturdyref('desk'));
    const passed = gifter.run((turn) => turn.send(other, 'pass', there, 'news'));
    await expect(passed).rejects.toMatchObject({ code: 'refused' });
    expect(because).toEqual(['asked', 'handoff']);
    gifter.world.runFor(60_000);
  });
});
