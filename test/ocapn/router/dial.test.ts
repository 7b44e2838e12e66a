/** Reaching peers and losing them: what `enliven`, `dial` and `close` promise. */
import { type Behavior, World } from '@bellwether/actors';
import { type Netlayer, type PeerLocation, Sturdyref } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { Network } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer, recorded } from '../../support/ocapn-peer.ts';
import { Raw } from '../../support/ocapn-raw.ts';

interface Middle {
  pass(): unknown;
}
let world: World;
let network: Network;
let a: Peer;
let b: Peer;
let atB: Sturdyref;
let atA: Sturdyref;

beforeEach(async () => {
  world = new World(2);
  network = new Network(world);
  a = new Peer(network, 'a');
  b = new Peer(network, 'b');
  atA = a.offer('desk', await a.run((turn) => turn.spawn(makeDesk)));
  atB = b.offer('desk', await b.run((turn) => turn.spawn(makeDesk)));
});
afterEach(() => leavesNothing([a, b]));

const secret = new Uint8Array(Buffer.from('desk'));
const elsewhere = (designator: string, transport = 'sim'): PeerLocation => ({
  transport,
  designator,
  hints: {},
});

describe('a dial for which a peer has led us somewhere', () => {
  it('keeps nobody of ours from there: who joined it dials by himself where that may not go', async () => {
    const real = network.netlayer('c');
    const dialled: (boolean | undefined)[] = [];
    const careful: Netlayer = {
      ...real,
      dial: (to, accept, failed, isForOthers) => {
        dialled.push(isForOthers);
        if (isForOthers !== true) return real.dial(to, accept, failed);
        world.at(5, () => failed(new Error('it leads to the loopback')));
        return () => undefined;
      },
    };
    const router = { netlayers: [careful], designator: 'c' };
    const c = new Peer(network, 'c', { listens: false, router });
    const theirs = c.router.enliven<Desk>(atB, 'sturdyref');
    const ours = c.router.enliven<Desk>(atB);
    const asked = c.run((turn) => turn.send(theirs, 'hear', 'theirs'));
    await expect(asked).rejects.toMatchObject({ code: 'unreachable' });
    expect(await c.run((turn) => turn.send(ours, 'hear', 'ours'))).toBe(1);
    expect(dialled).toEqual([true, false]);
    c.router.close();
  });
});

describe('enliven', () => {
  it('of our own sturdyref asks nobody', async () => {
    const desk = a.router.enliven<Desk>(atA);
    expect(await a.run((turn) => turn.send(desk, 'hear', 1))).toBe(1);
    expect(network.lines).toEqual([]);
  });
  it('of our own unknown swissnum breaks like everywhere', async () => {
    const desk = a.router.enliven<Desk>(a.sturdyref('nothing'));
    await expect(a.run((turn) => turn.send(desk, 'hear', 1))).rejects.toMatchObject({
      code: 'refused',
    });
  });
  it('sends our hello as soon as the connection stands, in one write with the fetch', () => {
    void a.router.enliven<Desk>(atB);
    while (network.lines.length === 0) world.step();
    const [line] = network.lines;
    const text = Buffer.from(line?.writes[0] ?? []).toString('latin1');
    expect([text.includes('op:start-session'), text.includes('fetch')]).toEqual([true, true]);
    world.run(world.now + 12);
    expect(line?.writes).toHaveLength(1);
  });
  it('breaks what is more than a line takes with our hello, and goes on', async () => {
    network = new Network(world, { highWaterBytes: 1 });
    const limits = { unsentCutBytes: 1_000 };
    a = new Peer(network, 'a', { listens: false, dials: 'anonymous', router: { limits } });
    b = new Peer(network, 'b');
    b.offer('desk', await b.run((turn) => turn.spawn(makeDesk)));
    const desk = a.router.enliven<Desk>(atB);
    const much = a.run((turn) => turn.send(desk, 'hear', 'x'.repeat(300_000)));
    await expect(much).rejects.toMatchObject({ code: 'severed' });
    expect(await a.run((turn) => turn.send(a.router.enliven<Desk>(atB), 'hear', 1))).toBe(1);
  });
  it('of ten sturdyrefs of one peer dials once', async () => {
    const desks = Array.from({ length: 10 }, () => a.router.enliven<Desk>(atB));
    const answers = await a.run((turn) =>
      turn.all(desks.map((desk, at) => turn.send(desk, 'hear', at))),
    );
    expect(answers.every(({ kept }) => kept)).toBe(true);
    expect(network.lines).toHaveLength(1);
  });
  it('keeps the order of what is sent before and after the session stands', async () => {
    const desk = a.router.enliven<Desk>(atB);
    await a.run((turn) => [1, 2, 3].forEach((each) => turn.tell(desk, 'hear', each)));
    world.run(world.now + 12);
    await a.run((turn) => [4, 5].forEach((each) => turn.tell(desk, 'hear', each)));
    expect(await a.run((turn) => turn.send(desk, 'heard'))).toEqual([1, 2, 3, 4, 5]);
  });
  it('holds a chain that was sent before the session stood', async () => {
    const desk = a.router.enliven<Desk>(atB);
    expect(await a.run((turn) => turn.send(turn.send(desk, 'open'), 'hear', 1))).toBe(1);
  });
  it('breaks with Unreachable, and what was sent with it, when nobody is there', async () => {
    const desk = a.router.enliven<Desk>(new Sturdyref(elsewhere('nobody'), secret));
    await expect(
      a.run((turn) => turn.send(turn.send(desk, 'open'), 'hear', 1)),
    ).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('nobody.sim'),
    });
  });
  it('sends nothing before it has told that it asks', async () => {
    const told: unknown[] = [];
    const writes = (): number => network.lines.at(-1)?.writes.length ?? 0;
    const teller = new Peer(network, 'teller', {
      listens: false,
      dials: 'anonymous',
      router: {
        asks: () => void told.push(['asks', writes()]),
        opened: ({ direction }) => void told.push(direction),
      },
    });
    const nobody = teller.router.enliven<Desk>(new Sturdyref(elsewhere('nobody'), secret));
    await expect(teller.run((turn) => turn.send(nobody, 'hear', 1))).rejects.toThrow('nobody');
    expect(told).toEqual([]);
    const desk = teller.router.enliven<Desk>(atB);
    expect(await teller.run((turn) => turn.send(desk, 'hear', 1))).toBe(1);
    expect(told).toEqual([['asks', 0], ['asks', 1], 'dialled']);
    teller.router.close();
    world.run();
  });
  it('asks anew, with all that was sent, when a peer that it could cross ends in its hello', async () => {
    const honest = network.acceptorOf('b');
    const shy = new Raw(network, 'b');
    network.answerAs('b', shy.accept);
    const desk = a.router.enliven<Desk>(atB);
    const heard = a.run((turn) => turn.send(desk, 'hear', 1));
    world.run(world.now + 11);
    expect(network.lines).toHaveLength(1);
    network.answerAs('b', honest);
    network.lines[0]?.cut();
    expect(await heard).toBe(1);
    expect(network.lines).toHaveLength(2);
    expect(await a.run((turn) => turn.send(desk, 'heard'))).toEqual([1]);
  });
  it('never says of what left with our hello that it was not sent', async () => {
    const shy = new Raw(network, 'b');
    network.answerAs('b', shy.accept);
    const client = new Peer(network, 'client', { listens: false });
    const desk = client.router.enliven<Desk>(atB);
    const heard = client.run((turn) => turn.send(desk, 'hear', 1));
    const found = expect(heard).rejects.toMatchObject({ code: 'severed' });
    world.run(world.now + 11);
    network.lines[0]?.cut();
    await found;
    await expect(client.run(() => desk)).rejects.toMatchObject({ code: 'severed' });
    client.router.close();
    world.run();
  });
  it('tells another peer that nobody is there, and not at which place of this machine', async () => {
    const nobody = network.netlayer('x');
    const failing = Object.assign(new Error('sim: /run/secret/socket: there is no socket'), {
      summary: 'there is no socket',
    });
    const middle = new Peer(network, 'middle', {
      router: {
        netlayers: [
          {
            ...nobody,
            dial: (_to, _accept, failed) => world.at(1, () => failed(failing)),
            listen: (accept, ready, failed) =>
              network.netlayer('middle').listen(accept, ready, failed),
          },
        ],
      },
    });
    const far = middle.router.enliven<Desk>(new Sturdyref(elsewhere('nobody'), secret));
    const make = (): Behavior<Middle> => ({ pass: (turn) => turn.send(far, 'hear', 1) });
    const at = middle.offer('middle', await middle.run((turn) => turn.spawn(make)));
    const asked = a.router.enliven<Middle>(at);
    await expect(a.run((turn) => turn.send(asked, 'pass'))).rejects.toMatchObject({
      code: 'unreachable',
      message: 'captp: cannot reach nobody.sim: there is no socket',
    });
    middle.router.close();
  });
  it('breaks with Unreachable when the peer accepts and says nothing, in time and not before', () => {
    const mute = new Raw(network, 'mute');
    network.answerAs('mute', mute.accept);
    const reached = recorded();
    a.router.dial(new Sturdyref(elsewhere('mute'), secret), reached, recorded());
    world.run(9_999);
    expect(reached.said).toEqual([]);
    world.run(10_001);
    expect(reached.value).toMatchObject({ code: 'unreachable' });
    world.run();
    expect(network.lines.map(({ isClosed }) => isClosed)).toEqual([true, true]);
  });
  it.each(['listens', 'only dials'])(
    'reaches a peer that lost its power in the hello and is back: one that %s',
    (how) => {
      const listens = how === 'listens';
      const dials = listens ? 'proved' : 'anonymous';
      const client = new Peer(network, 'client', { listens, dials });
      const honest = network.acceptorOf('b');
      const dark = new Raw(network, 'b');
      network.answerAs('b', dark.accept);
      const [reached, late] = [recorded(), recorded()];
      client.router.dial(atB, reached, recorded());
      world.run(1_000);
      network.lines[0]?.lose();
      network.answerAs('b', honest);
      client.router.dial(atB, late, recorded());
      world.run(3_000);
      expect(network.lines).toHaveLength(1);
      world.run(3_400);
      expect([reached.said, late.said]).toEqual([['kept'], ['kept']]);
      expect(network.lines).toHaveLength(2);
      client.router.close();
      world.run();
    },
  );
  it('waits for a hello to the end where what was asked with ours cannot be asked again', async () => {
    const dark = new Raw(network, 'b');
    network.answerAs('b', dark.accept);
    const client = new Peer(network, 'client', { listens: false });
    const desk = client.router.enliven<Desk>(atB);
    const heard = client.run((turn) => turn.send(desk, 'hear', 1));
    const found = expect(heard).rejects.toMatchObject({ code: 'severed' });
    world.run(9_999);
    expect(network.lines.map(({ isClosed }) => isClosed)).toEqual([false]);
    world.run(10_100);
    expect(network.lines.map(({ isClosed }) => isClosed)).toEqual([true]);
    await found;
    client.router.close();
    world.run();
  });
  it('gives a peer that is slow the rest of the time, on a second connection', () => {
    const slow = [new Raw(network, 'b'), new Raw(network, 'b')];
    const accepted = [...slow];
    network.answerAs('b', (end) => (accepted.shift() ?? fail()).accept(end));
    const reached = recorded();
    a.router.dial(atB, reached, recorded());
    world.run(9_900);
    expect([slow[0]?.abortReason, slow[1]?.abortReason]).toEqual([
      'captp: no hello for a while',
      undefined,
    ]);
    expect(reached.said).toEqual([]);
    world.run(10_100);
    expect(reached.value).toMatchObject({ code: 'unreachable' });
    expect(slow[1]?.abortReason).toBe('captp: no hello in time');
    expect(network.lines).toHaveLength(2);
    world.run();
  });
  it('is told in time when the peer has said half of a hello', () => {
    const slow = new Raw(network, 'slow');
    network.answerAs('slow', slow.accept);
    const reached = recorded();
    a.router.dial(new Sturdyref(elsewhere('slow'), secret), reached, recorded());
    world.run(9_000);
    slow.send(slow.hello().subarray(0, 100));
    world.run(10_001);
    expect(reached.value).toMatchObject({ code: 'unreachable' });
    world.run();
    expect(slow.isClosed).toBe(true);
  });
  it('breaks with Refused for a transport that there is no netlayer for', async () => {
    const desk = a.router.enliven<Desk>(new Sturdyref(elsewhere('x', 'pigeon'), secret));
    await expect(a.run((turn) => turn.send(desk, 'hear', 1))).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('pigeon'),
    });
  });
  it('asks whether it may dial, and why, and takes no for an answer', async () => {
    const asked: unknown[] = [];
    const careful = new Peer(network, 'careful', {
      router: {
        mayDial: (to, because) => {
          asked.push([to.designator, because]);
          return because === 'asked';
        },
      },
    });
    const refused = careful.router.enliven<Desk>(atB, 'sturdyref');
    await expect(careful.run((turn) => turn.send(refused, 'hear', 1))).rejects.toMatchObject({
      code: 'refused',
    });
    const desk = careful.router.enliven<Desk>(atB);
    expect(await careful.run((turn) => turn.send(desk, 'hear', 1))).toBe(1);
    expect(asked).toEqual([
      ['b', 'sturdyref'],
      ['b', 'asked'],
    ]);
    leavesNothing([careful]);
  });
});

describe('an enlivened vow that nobody holds any more', () => {
  it('costs the peer nothing, also when it was dropped before the session stood', () => {
    a.router.enliven<Desk>(atB);
    a.reaper.collectAll();
    world.run();
    expect(b.router.sessions()[0]?.tables.answers).toBe(0);
  });
});

describe('dial', () => {
  it('tells who is reached, and once when the session is lost', () => {
    const reached = recorded();
    const lost = recorded();
    a.router.dial(atB, reached, lost);
    world.run();
    expect([reached.said, lost.said]).toEqual([['kept'], []]);
    network.lines[0]?.cut();
    world.run();
    expect([reached.said, lost.said]).toEqual([['kept'], ['broken']]);
    expect(lost.value).toMatchObject({ code: 'severed' });
  });
  it('breaks both when the peer cannot be reached', () => {
    const reached = recorded();
    const lost = recorded();
    a.router.dial(new Sturdyref(elsewhere('nobody'), secret), reached, lost);
    world.run();
    expect([reached.said, lost.said]).toEqual([['broken'], ['broken']]);
    expect(reached.value).toMatchObject({ code: 'unreachable' });
  });
  it('breaks both when the swissnum is unknown', () => {
    const reached = recorded();
    const lost = recorded();
    a.router.dial(b.sturdyref('nothing'), reached, lost);
    world.run();
    expect([reached.said, lost.said]).toEqual([['broken'], ['broken']]);
    expect(reached.value).toMatchObject({ code: 'refused' });
  });
  it('is silent once it was cancelled, before and after it has reached', () => {
    const reached = recorded();
    const lost = recorded();
    a.router.dial(atB, reached, lost)();
    const cancel = a.router.dial(atB, reached, lost);
    world.run();
    expect(reached.said).toEqual(['kept']);
    cancel();
    network.lines[0]?.cut();
    world.run();
    expect([reached.said, lost.said]).toEqual([['kept'], []]);
  });
  it('of our own sturdyref is lost when the router closes', () => {
    const reached = recorded();
    const lost = recorded();
    a.router.dial(atA, reached, lost);
    world.run();
    expect([reached.said, lost.said]).toEqual([['kept'], []]);
    a.router.close();
    expect(lost.said).toEqual(['broken']);
  });
  it('reaches again after the peer came back', async () => {
    const reached = recorded();
    const lost = recorded();
    a.router.dial(atB, reached, lost);
    world.run();
    b.router.close();
    world.run();
    expect(lost.said).toEqual(['broken']);
    b = new Peer(network, 'b');
    b.offer('desk', await b.run((turn) => turn.spawn(makeDesk)));
    const again = recorded();
    a.router.dial(atB, again, recorded());
    world.run();
    expect(again.said).toEqual(['kept']);
  });
});

describe('close', () => {
  it('ends sessions, dials and watches, and refuses what comes later', async () => {
    const [reached, lost, late, under] = [recorded(), recorded(), recorded(), recorded()];
    a.router.dial(atB, reached, lost);
    world.run();
    a.router.dial(new Sturdyref(elsewhere('nobody'), secret), under, recorded());
    let isDone = false;
    a.router.close(() => (isDone = true));
    a.router.dial(atB, late, recorded());
    world.run();
    expect([lost.said, under.said, late.said, isDone]).toEqual([
      ['broken'],
      ['broken'],
      ['broken'],
      true,
    ]);
    expect([...a.router.sessions(), ...b.router.sessions()]).toEqual([]);
    expect(world.pendingCount).toBe(0);
  });
  it('leaves no timer for garbage that waits', async () => {
    const desk = a.router.enliven<Desk>(atB);
    await a.run((turn) => turn.send(desk, 'hear', 1));
    a.reaper.collectAll();
    a.router.close();
    b.router.close();
    world.run(world.now + 2 * network.latencyMs + 1);
    expect(world.pendingCount).toBe(0);
  });
  it('takes no connection that comes in afterwards', () => {
    const accept = network.acceptorOf('a');
    a.router.close();
    network.answerAs('a', accept);
    const late = Raw.dial(network, a, 'late');
    world.run(world.now + 2 * network.latencyMs);
    expect([late.abortReason, late.isClosed]).toEqual(['captp: the peer closes', true]);
    expect(world.pendingCount).toBe(0);
  });
});
const fail = (): never => {
  throw new Error('dialled too often');
};
