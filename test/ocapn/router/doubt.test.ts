/** A session that fell silent, and somebody who asks something on it: who is dialled, and who is not. */
import { World } from '@bellwether/actors';
import type { Netlayer } from '@bellwether/ocapn';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { Network } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer, recorded, UNWATCHED } from '../../support/ocapn-peer.ts';

const PING_MS = 15_000;
const DOUBT_MS = 1_000;
/** After so long without a word a session is quiet. */
const QUIET_MS = (2 * PING_MS) / 5;
const limits = { idleMs: 30_000, pingMs: PING_MS, writeMs: 30_000, doubtMs: DOUBT_MS };

let world: World;
let network: Network;
let peers: Peer[] = [];
beforeEach(() => {
  world = new World(7);
  network = new Network(world, { latencyMs: 10 });
});
afterEach(() => {
  for (const line of network.lines) line.cut();
  leavesNothing(peers);
  peers = [];
});

const boot = async (name: string, own: object = limits): Promise<Peer> => {
  const peer = new Peer(network, name, { router: { limits: own } });
  peers.push(peer);
  peer.offer('desk', await peer.run((turn) => turn.spawn(makeDesk)));
  return peer;
};
/** Two peers that have talked, and been silent since. `far` is a desk at b, as a has it. */
const quietPair = async (ofA: object = limits) => {
  const a = await boot('a', ofA);
  const b = await boot('b', UNWATCHED);
  const reached = recorded();
  const lost = recorded();
  a.router.dial(b.sturdyref('desk'), reached, lost);
  world.runFor(100);
  const far = a.router.enliven<Desk>(b.sturdyref('desk'));
  await a.run((turn) => turn.send(far, 'hear', 0));
  world.runFor(QUIET_MS);
  return { a, b, far, lost };
};
const ask = (a: Peer, far: ReturnType<Peer['router']['enliven']>, method = 'hear') => {
  const said: string[] = [];
  a.vat
    .run((turn) => turn.forward(far, method, method === 'wait' ? [] : [1]))
    .then(
      (value) => said.push(`kept ${String(value)}`),
      (reason: Error & { code?: string }) => said.push(`broken ${reason.code}`),
    );
  return said;
};
/** Lets what was promised be told. */
const settle = async (): Promise<void> => {
  for (let round = 0; round < 20; round += 1) await Promise.resolve();
};
const lineCount = (): number => network.lines.length;

it('a peer that lost its power is served again by the session that a doubt dials', async () => {
  const { a, b, far, lost } = await quietPair();
  for (const line of network.lines) line.lose();
  b.router.close();
  await boot('b', UNWATCHED);
  const said = ask(a, far);
  world.runFor(DOUBT_MS + 200);
  await settle();
  expect(said).toEqual(['broken severed']);
  expect(lost.said).toEqual(['broken']);
  const anew = ask(a, a.router.enliven<Desk>(b.sturdyref('desk')));
  world.runFor(100);
  await settle();
  expect(anew).toEqual(['kept 1']);
  expect(a.router.sessions()).toHaveLength(1);
});

it('a live peer whose old line went dead follows to the new session', async () => {
  const { a, b, far } = await quietPair();
  for (const line of network.lines) line.lose();
  const said = ask(a, far);
  world.runFor(DOUBT_MS + 200);
  await settle();
  expect(said).toEqual(['broken severed']);
  const anew = ask(a, a.router.enliven<Desk>(b.sturdyref('desk')));
  world.runFor(2_000);
  await settle();
  expect(anew).toEqual(['kept 2']);
  expect(b.router.sessions()).toHaveLength(1);
});

it('a peer that answers the ping is not dialled, however long its answer takes', async () => {
  const { a, far } = await quietPair();
  const before = lineCount();
  const said = ask(a, far, 'wait');
  world.runFor(DOUBT_MS + 5_000);
  await settle();
  expect(said).toEqual([]);
  expect(lineCount()).toBe(before);
});

it('who was dialled asks nothing beside its question where that is answered, and is not kept waiting by the dead', async () => {
  const { a, b } = await quietPair(UNWATCHED);
  const c = await boot('c');
  const atC = a.router.enliven<Desk>(c.sturdyref('desk'));
  await a.run((turn) => turn.send(atC, 'hear', 0));
  const atA = c.router.enliven<Desk>(a.sturdyref('desk'));
  await c.run((turn) => turn.send(atA, 'hear', 0));
  expect(lineCount()).toBe(2); // a has dialled both
  world.runFor(QUIET_MS);
  const writes = network.writeCount;
  const said = ask(c, atA);
  world.runFor(DOUBT_MS + 100);
  await settle();
  expect(said).toEqual(['kept 2']);
  expect(network.writeCount - writes).toBe(2); // a question and its answer
  world.runFor(QUIET_MS);
  network.lines[1]?.lose();
  const lost = ask(c, atA);
  world.runFor(DOUBT_MS + PING_MS + 2 * (PING_MS / 5));
  await settle();
  expect(lost).toEqual(['broken severed']);
  b.router.close();
});

it('a peer that speaks in time with anything is not dialled', async () => {
  const { a, b, far } = await quietPair();
  const before = lineCount();
  ask(a, far, 'wait');
  const backwards = b.router.enliven<Desk>(a.sturdyref('desk'));
  b.vat.run((turn) => turn.send(backwards, 'hear', 1)).catch(() => undefined);
  world.runFor(DOUBT_MS + 100);
  expect(lineCount()).toBe(before);
});

it('another peer in its place is not taken for it', async () => {
  const { a, b, far, lost } = await quietPair();
  for (const line of network.lines) line.lose();
  b.router.close();
  const liar = await boot('m', UNWATCHED);
  network.answerAs('b', network.acceptorOf('m'));
  const said = ask(a, far);
  world.runFor(DOUBT_MS + 5_000);
  await settle();
  expect(said).toEqual([]);
  expect(lost.said).toEqual([]);
  expect(liar.router.sessions()).toEqual([]);
  world.runFor(2 * PING_MS);
  await settle();
  expect(said).toEqual(['broken severed']);
});

it('nobody there: the old session has its whole time', async () => {
  const { a, b, far } = await quietPair();
  for (const line of network.lines) line.lose();
  b.router.close();
  const said = ask(a, far);
  world.runFor(PING_MS - DOUBT_MS);
  await settle();
  expect(said).toEqual([]);
  world.runFor(PING_MS);
  await settle();
  expect(said).toEqual(['broken severed']);
});

it('what is asked again and again causes one dial at a time', async () => {
  const { a, far } = await quietPair();
  for (const line of network.lines) line.lose();
  const before = lineCount();
  for (let count = 0; count < 10; count += 1) ask(a, far);
  world.runFor(DOUBT_MS + 50);
  expect(lineCount()).toBe(before + 1);
});

it('no time for doubts: nobody is dialled', async () => {
  const { a, far } = await quietPair({ ...limits, doubtMs: Infinity });
  for (const line of network.lines) line.lose();
  const before = lineCount();
  ask(a, far);
  world.runFor(5_000);
  expect(lineCount()).toBe(before);
});

it('a doubt that is over by the time of the new session leaves the old one', async () => {
  const { a, b, far, lost } = await quietPair();
  const backwards = b.router.enliven<Desk>(a.sturdyref('desk'));
  for (const line of network.lines) line.isMute = true; // one way only: from a to b
  const said = ask(a, far);
  world.runFor(DOUBT_MS - 5);
  b.vat.run((turn) => turn.send(backwards, 'hear', 1)).catch(() => undefined);
  world.runFor(200);
  await settle();
  expect(said).toEqual([]);
  expect(lost.said).toEqual([]);
  expect(a.router.sessions()).toHaveLength(1);
  expect(b.router.sessions()).toHaveLength(1);
});

it('asking again and again puts off the end of a dead session by nothing', async () => {
  const { a, b, far, lost } = await quietPair();
  for (const line of network.lines) line.lose();
  b.router.close();
  for (let ms = 0; ms < 2 * PING_MS; ms += 500) {
    ask(a, far);
    world.runFor(500);
  }
  expect(lost.said).toEqual(['broken']);
});

it('a peer that answers is not dialled, whenever somebody looks after it in the meantime', async () => {
  const { a, far } = await quietPair();
  const before = lineCount();
  for (let phase = 0; phase < 30; phase += 1) {
    world.runFor(phase * 100); // every place in the round of looks
    ask(a, far);
    world.runFor(QUIET_MS + DOUBT_MS);
  }
  expect(lineCount()).toBe(before);
});

it('a peer that only dialled us is not dialled where its hello says: it has its whole time', async () => {
  const a = await boot('a');
  const b = await boot('b', UNWATCHED);
  const backwards = b.router.enliven<Desk>(a.sturdyref('desk'));
  await b.run((turn) => turn.send(backwards, 'hear', 0));
  const far = a.router.enliven<Desk>(b.sturdyref('desk'));
  await a.run((turn) => turn.send(far, 'hear', 0));
  expect(a.router.sessions().map(({ direction }) => direction)).toEqual(['accepted']);
  world.runFor(QUIET_MS);
  for (const line of network.lines) line.lose();
  const before = lineCount();
  const said = ask(a, far);
  world.runFor(PING_MS - DOUBT_MS);
  await settle();
  expect([lineCount() - before, said]).toEqual([0, []]);
  world.runFor(PING_MS);
  await settle();
  expect(said).toEqual(['broken severed']);
});

it('a place that a peer has led us to is dialled as that, also when in doubt; our own and judged ones are not', async () => {
  /** For whom each dial was, of a peer that comes to a desk and finds it silent later. */
  const dialled = async (
    name: string,
    why: 'asked' | 'sturdyref',
    mayDial?: () => boolean,
  ): Promise<readonly (boolean | undefined)[]> => {
    const seen: (boolean | undefined)[] = [];
    const netlayer = network.netlayer(name);
    const netlayers: readonly Netlayer[] = [
      {
        ...netlayer,
        dial: (to, accept, failed, isForOthers) => {
          seen.push(isForOthers);
          return netlayer.dial(to, accept, failed);
        },
      },
    ];
    const a = new Peer(network, name, {
      router: { limits, netlayers, ...(mayDial && { mayDial }) },
    });
    const b = await boot(`b-of-${name}`, UNWATCHED);
    peers.push(a);
    const far = a.router.enliven<Desk>(b.sturdyref('desk'), why);
    await a.run((turn) => turn.send(far, 'hear', 0));
    world.runFor(QUIET_MS);
    for (const line of network.lines) line.lose();
    b.router.close();
    ask(a, far);
    world.runFor(DOUBT_MS + 200);
    await settle();
    return seen;
  };
  expect(await dialled('led', 'sturdyref')).toEqual([true, true]);
  expect(await dialled('own', 'asked')).toEqual([false, false]);
  expect(await dialled('judged', 'sturdyref', () => true)).toEqual([false, false]);
});
