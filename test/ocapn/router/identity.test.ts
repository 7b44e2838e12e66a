/** Who is calling: what a transport proves, and what a hello may say on top of it. */
import { World, type Ref, type Vow } from '@bellwether/actors';
import { type PeerLocation, Sturdyref } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { Network, type NetworkOptions } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer, type PeerOptions } from '../../support/ocapn-peer.ts';
import { deliver, object, Raw, record, sym, toAnswer, toExport } from '../../support/ocapn-raw.ts';

const at = (designator: string, transport = 'sim'): PeerLocation => ({
  transport,
  designator,
  hints: {},
});
const DESK = new Uint8Array(Buffer.from('desk'));

let world: World;
let network: Network;
let victim: Peer;
let honest: Peer;

const set = async (options: NetworkOptions = {}, router: PeerOptions['router'] = {}) => {
  world = new World(5);
  network = new Network(world, options);
  victim = new Peer(network, 'victim', { router });
  honest = new Peer(network, 'honest');
  for (const peer of [victim, honest])
    peer.offer('desk', await peer.run((turn) => turn.spawn(makeDesk)));
};
const names = (peer: Peer): readonly (string | undefined)[] =>
  peer.router.sessions().map(({ peer: known }) => known?.designator);

beforeEach(() => set());
afterEach(() => {
  for (const line of network.lines) if (line.isRaw) line.cut();
  leavesNothing([victim, honest]);
});

describe('a liar', () => {
  it('that the transport proved to be somebody else is aborted', () => {
    const mallory = Raw.dial(network, victim, 'mallory');
    mallory.say(mallory.hello(at('honest')));
    expect(mallory.abortReason).toContain('names another peer');
    expect(mallory.isClosed).toBe(true);
    expect(names(victim)).toEqual([]);
  });
  it('that nothing proves may call, and is never routed to', async () => {
    const mallory = Raw.dial(network, victim, 'mallory', false);
    mallory.say(mallory.hello(at('honest')));
    mallory.say(
      deliver(toExport(0), [sym('fetch'), DESK], 0),
      deliver(toAnswer(0), [sym('hear'), 'hi'], false, object(1)),
    );
    expect(mallory.told(1)).toEqual(['fulfill', 1]);
    expect(names(victim)).toEqual([undefined]);
    const desk = victim.router.enliven<Desk>(honest.sturdyref('desk'));
    await victim.run((turn) => turn.send(desk, 'hear', 'for the honest one'));
    expect(names(victim)).toEqual([undefined, 'honest']);
    expect(mallory.heardOf('op:deliver')).toHaveLength(1); // its answer, and nothing else
  });
  it('that answers a dial in the name of another is aborted, and the call breaks', async () => {
    const mallory = new Raw(network, 'fake');
    network.answerAs('fake', (end) => {
      const handler = mallory.accept(end);
      mallory.send(mallory.hello(at('honest')));
      return handler;
    });
    const ref = victim.router.enliven<Desk>(new Sturdyref(at('fake'), DESK));
    await expect(victim.run((turn) => turn.send(ref, 'hear', 1))).rejects.toMatchObject({
      code: 'unreachable',
    });
    world.run();
    expect(mallory.abortReason).toContain('names another peer');
    expect(network.lines).toHaveLength(1); // asking it again would not make it honest
  });
  it('that signs badly is aborted', () => {
    const mallory = Raw.dial(network, victim, 'mallory');
    const hello = mallory.hello();
    const last = hello.length - 10;
    hello[last] = (hello[last] ?? 0) ^ 1;
    mallory.say(hello);
    expect(mallory.abortReason).toContain('signed the location');
    expect(names(victim)).toEqual([]);
  });
  it('may say that a record is on its way as long as one may be, and its frame, and no longer', () => {
    const mallory = Raw.dial(network, victim, 'mallory').greet();
    const { handler } = mallory.end.other ?? {};
    const most = LIMITS.recordBytes + LIMITS.framingBytes;
    handler?.partial?.(most, 1);
    world.run(world.now + 20);
    expect(mallory.isClosed).toBe(false);
    handler?.partial?.(most + 1, 1);
    world.run(world.now + 20);
    expect(mallory.abortReason).toContain('a record of at most');
  });
  it('that sends our own hello back is aborted', () => {
    const mallory = Raw.dial(network, victim, 'mallory');
    world.run(world.now + 1);
    const [ours] = mallory.end.other?.writes ?? [];
    mallory.say(ours ?? new Uint8Array());
    expect(mallory.abortReason).toContain('found our own');
  });
  it('that replays the hello of another session has no key, and is not that peer', async () => {
    const desk = honest.router.enliven<Desk>(victim.sturdyref('desk'));
    await honest.run((turn) => turn.send(desk, 'hear', 1));
    const [line] = network.lines;
    const [hello] = line?.writes ?? [];
    const mallory = Raw.dial(network, victim, 'mallory').say(hello ?? new Uint8Array());
    expect(mallory.abortReason).toContain('names another peer');
    expect(names(victim)).toEqual(['honest']);
  });
  it('that claims to be ourselves is aborted, also where claims are believed', async () => {
    await set({ believesClaims: true });
    const mallory = Raw.dial(network, victim, 'mallory');
    mallory.say(mallory.hello(at('victim')));
    expect(mallory.abortReason).toContain('this peer itself');
  });
  it('that claims another transport is aborted', async () => {
    await set({ believesClaims: true });
    const mallory = Raw.dial(network, victim, 'mallory');
    mallory.say(mallory.hello(at('mallory', 'tcp-tls')));
    expect(mallory.abortReason).toContain('another transport');
  });
});

describe('before the hello', () => {
  it('anything else than op:start-session ends the connection', () => {
    const mallory = Raw.dial(network, victim, 'mallory').say(deliver(toExport(0), []));
    expect(mallory.abortReason).toContain('op:start-session');
    expect(mallory.isClosed).toBe(true);
  });
  it('an unknown version is refused', () => {
    const mallory = Raw.dial(network, victim, 'mallory');
    mallory.say(record('op:start-session', '2.0', [], [], []));
    expect(mallory.abortReason).toContain('version');
  });
  it('a record over 4 KiB is refused before it is whole', () => {
    const mallory = Raw.dial(network, victim, 'mallory');
    mallory.say(new Uint8Array(Buffer.from(`<16'op:start-session5000"${'x'.repeat(4_200)}`)));
    expect(mallory.abortReason).toEqual(expect.any(String));
    expect(mallory.isClosed).toBe(true);
  });
  it('an abort ends the connection without a word', () => {
    const mallory = Raw.dial(network, victim, 'mallory').say(record('op:abort', 'never mind'));
    expect([mallory.abortReason, mallory.isClosed]).toEqual([undefined, true]);
  });
  it('silence is cut after the deadline', () => {
    const mallory = Raw.dial(network, victim, 'mallory');
    const start = world.now;
    world.run(start + 9_999);
    expect(victim.router.sessions()).toEqual([]);
    expect([mallory.isClosed, mallory.abortReason]).toEqual([false, undefined]);
    world.run(start + 10_000 + 2 * network.latencyMs);
    expect(mallory.abortReason).toContain('no hello in time');
    expect(mallory.isClosed).toBe(true);
  });
  it('one silent connection too many cuts the oldest, and a good client is served', async () => {
    await set({}, { limits: { halfOpenSessions: 5 } });
    const early = honest.router.enliven<Desk>(victim.sturdyref('desk'));
    await honest.run((turn) => turn.send(early, 'hear', 0));
    const silent = Array.from({ length: 6 }, (_each, at) => Raw.dial(network, victim, `m${at}`));
    world.run(world.now + 100);
    expect(silent.map(({ isClosed }) => isClosed)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(await honest.run((turn) => turn.send(early, 'hear', 1))).toBe(2);
    expect(Raw.dial(network, victim, 'late').greet().isClosed).toBe(false);
  });
});

describe('where claims are believed', () => {
  it('what the hello says is routed to, without a dial of ours', async () => {
    await set({ believesClaims: true });
    const theirs = honest.router.enliven<Desk>(victim.sturdyref('desk'));
    await honest.run((turn) => turn.send(theirs, 'hear', 1));
    const ours = victim.router.enliven<Desk>(honest.sturdyref('desk'));
    expect(await victim.run((turn) => turn.send(ours, 'hear', 2))).toBe(1);
    expect(network.lines).toHaveLength(1);
  });
});

describe('a peer that has fetched nothing yet', () => {
  /** Any certificate proves its own key: that says nothing of what its holder may do. */
  const kinds = [
    ['proved', true],
    ['anonymous', false],
  ] as const;
  const fetchNothing = (at: number) => deliver(toExport(0), [], at);
  const flood = (mallory: Raw, from: number, to: number): Raw => {
    for (let each = from; each < to; each += 1) mallory.send(fetchNothing(each));
    return mallory.say();
  };

  it.each(kinds)('has a part of the room, %s or not', async (_kind, isProved) => {
    await set({}, { limits: { answers: 100, strangerDivisor: 10 } });
    const dial = (name: string) => Raw.dial(network, victim, name, isProved).greet();
    expect(flood(dial('m1'), 0, 10).isClosed).toBe(false);
    expect(flood(dial('m2'), 0, 11).abortReason).toContain('more than 10 answers');
  });
  it.each(kinds)(
    'has all of it once it has fetched something, %s or not',
    async (_kind, isProved) => {
      await set({}, { limits: { answers: 100, strangerDivisor: 10 } });
      const peer = Raw.dial(network, victim, 'm', isProved).greet();
      peer.say(deliver(toExport(0), [sym('fetch'), DESK], 0));
      expect(flood(peer, 1, 100).isClosed).toBe(false);
      expect(flood(peer, 100, 101).abortReason).toContain('more than 100 answers');
    },
  );
  it('stays one after a fetch of what is not there', async () => {
    await set({}, { limits: { answers: 100, strangerDivisor: 10 } });
    const peer = Raw.dial(network, victim, 'm').greet();
    peer.say(deliver(toExport(0), [sym('fetch'), new Uint8Array(32)], 0));
    expect(flood(peer, 1, 11).abortReason).toContain('more than 10 answers');
  });
  it('is cut for a later one when there are too many, and whoever has fetched stays', async () => {
    await set({}, { limits: { strangerSessions: 2 } });
    const dial = (name: string) => Raw.dial(network, victim, name).greet();
    const friend = dial('friend').say(deliver(toExport(0), [sym('fetch'), DESK], 0));
    const [first, second] = [dial('m1'), dial('m2')];
    expect([friend, first, second].map(({ isClosed }) => isClosed)).toEqual([false, false, false]);
    const third = dial('m3');
    expect(first.abortReason).toContain('fetched nothing');
    second.end.cut();
    dial('m4');
    expect([friend, third].map(({ isClosed }) => isClosed)).toEqual([false, false]);
  });
});

describe('where everybody may connect', () => {
  const fetch = (raw: Raw, swissnum: Uint8Array): Raw =>
    raw.say(deliver(toExport(0), [sym('fetch'), swissnum], 0));
  const guests = (names: readonly string[], swissnum: Uint8Array): readonly Raw[] =>
    names.map((name) => fetch(Raw.dial(network, victim, name, false).greet(), swissnum));
  const cut = (raws: readonly Raw[]): readonly boolean[] => raws.map(({ isClosed }) => isClosed);
  const OTHER = new Uint8Array(Buffer.from('other'));
  const offerOther = async (isOpenToAll: boolean): Promise<void> => {
    await set({ isOpenToAll }, { limits: { guestSessions: 4 } });
    victim.offer('other', await victim.run((turn) => turn.spawn(makeDesk)));
  };

  it('the reference that most have come with loses its oldest session to one too many', async () => {
    await offerOther(true);
    const early = guests(['a'], OTHER);
    const crowd = guests(['m1', 'm2', 'm3'], DESK);
    expect(cut([...early, ...crowd])).toEqual([false, false, false, false]);
    const late = guests(['b'], OTHER);
    expect(cut([...early, ...crowd, ...late])).toEqual([false, true, false, false, false]);
    expect(crowd[0]?.abortReason).toContain('this reference had most');
  });
  it('the users of one machine have a number of their own', async () => {
    const limits = { guestSessions: 1, localGuestSessions: 2 };
    await set({ isOpenToAll: true, namesThisMachine: true }, { limits });
    const crowd = guests(['m1', 'm2'], DESK);
    expect(cut(crowd)).toEqual([false, false]);
    expect(cut([...crowd, ...guests(['m3'], DESK)])).toEqual([true, false, false]);
  });
  it('a crowd with one reference pushes out itself', async () => {
    await offerOther(true);
    const early = guests(['a'], OTHER);
    const crowd = guests(['m1', 'm2', 'm3', 'm4', 'm5'], DESK);
    expect(cut([...early, ...crowd])).toEqual([false, true, true, false, false, false]);
    early[0]?.end.cut();
    expect(cut(guests(['m6'], DESK))).toEqual([false]);
    expect(cut(crowd)).toEqual([true, true, false, false, false]);
  });
  it('references that come from one count as that one, and so do their sessions', async () => {
    let teller: Ref | undefined;
    const partyOf = (swissnum: Uint8Array): Vow | undefined => {
      const name = Buffer.from(swissnum).toString();
      const origin = name.startsWith('x') ? 'g-1' : undefined;
      return teller && victim.vat.deliver(teller, 'echo', [origin]);
    };
    await set({ isOpenToAll: true }, { partyOf, limits: { guestSessions: 5 } });
    teller = await victim.run((turn) => turn.spawn(makeDesk));
    const come = (raws: string, name: string): Raw => {
      const [raw] = guests([raws], new Uint8Array(Buffer.from(name)));
      if (raw === undefined) throw new Error('nobody came');
      world.run(world.now + 10);
      return raw;
    };
    for (const name of ['x1', 'x2', 'x3', 'y', 'z'])
      victim.offer(name, await victim.run((turn) => turn.spawn(makeDesk)));
    // Somebody with two sessions by one reference, and a crowd with one each by what comes from one.
    const early = [come('a', 'y'), come('b', 'y')];
    const crowd = ['x1', 'x2', 'x3'].map((name) => come(`m-${name}`, name));
    expect(cut([...early, ...crowd])).toEqual([false, false, false, false, false]);
    const late = come('c', 'z');
    expect(cut([...early, ...crowd, late])).toEqual([false, false, true, false, false, false]);
    // One that has gone leaves nothing of its party behind.
    crowd[1]?.end.cut();
    crowd[2]?.end.cut();
    const more = [come('d', 'x1'), come('e', 'x2')];
    expect(cut([...early, late, ...more])).toEqual([false, false, false, false, false]);
    expect(cut([come('f', 'x3'), ...early, late])).toEqual([false, true, false, false]);
  });
  it('of references with as many each the one that has been there longest loses', async () => {
    await set({ isOpenToAll: true }, { limits: { guestSessions: 2 } });
    const secrets = ['x', 'y', 'z'].map((name) => new Uint8Array(Buffer.from(name)));
    for (const name of ['x', 'y', 'z'])
      victim.offer(name, await victim.run((turn) => turn.spawn(makeDesk)));
    const [x, y, z] = secrets as [Uint8Array, Uint8Array, Uint8Array];
    const gone = guests(['m1'], x);
    const first = guests(['m2'], y);
    gone[0]?.end.cut();
    const back = guests(['m3'], x);
    expect(cut([...first, ...back])).toEqual([false, false]);
    expect(cut([...guests(['m4'], z), ...first, ...back])).toEqual([false, true, false]);
  });
  it('a crowd that has fetched nothing cuts nobody who has', async () => {
    await set({ isOpenToAll: true }, { limits: { strangerSessions: 2 } });
    const known = guests(['a', 'b', 'c'], DESK);
    const crowd = ['m1', 'm2', 'm3'].map((name) => Raw.dial(network, victim, name, false).greet());
    expect(cut([...known, ...crowd])).toEqual([false, false, false, true, false, false]);
  });
  it('a crowd cuts nobody who came over another transport', async () => {
    const [quiet, shared] = [new Network(world), new Network(world, { isOpenToAll: true })];
    const ofQuiet = quiet.netlayer('victim');
    const netlayers = [
      { ...ofQuiet, facts: { ...ofQuiet.facts, transport: 'quiet' } },
      shared.netlayer('victim'),
    ];
    const limits = { halfOpenSessions: 1, strangerSessions: 1 };
    victim = new Peer(network, 'victim', { router: { netlayers, limits } });
    const early = Raw.dial(quiet, victim, 'early', false).greet();
    const crowd = ['m1', 'm2'].map((name) => Raw.dial(shared, victim, name, false).greet());
    const half = Raw.dial(quiet, victim, 'half', false);
    const halves = ['m3', 'm4'].map((name) => Raw.dial(shared, victim, name, false));
    world.run(world.now + 100);
    expect(cut([early, half, ...crowd, ...halves])).toEqual([
      false,
      false,
      true,
      false,
      true,
      false,
    ]);
    for (const line of [...quiet.lines, ...shared.lines]) line.cut();
  });
  it('and nowhere else, the number of those who have fetched something is limited', async () => {
    await offerOther(false);
    expect(cut(guests(['m1', 'm2', 'm3', 'm4', 'm5'], DESK))).toEqual(new Array(5).fill(false));
  });
});

describe('anonymous peers', () => {
  it('may be many with one claim', () => {
    for (const name of ['m', 'm', 'm']) Raw.dial(network, victim, name, false).greet();
    expect(names(victim)).toEqual([undefined, undefined, undefined]);
  });
});
