/** A peer that sends more than is good: it waits for itself, and is the first to go. */
import { type Bcom, type Behavior, type Ref, type Turn, type Vow, World } from '@bellwether/actors';
import { encode, LIMITS, type SyrupRecord } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Network, type NetworkOptions } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer, type PeerOptions } from '../../support/ocapn-peer.ts';
import { deliver, object, Raw, record, sym, toAnswer, toExport } from '../../support/ocapn-raw.ts';

interface Ear {
  hear(what: unknown): void;
  wait(): Vow<Ref>;
  /** What was waited for is another one, which hears the same. */
  open(): void;
  fail(): void;
  text(): string;
  /** What some references come from. */
  grant(): string;
}
const makeEar = (turn: Turn<Ear>, _bcom: Bcom<Ear>, heard: unknown[]): Behavior<Ear> => {
  const { vow, resolver } = turn.vow<Ref>();
  return {
    open: (turn) => resolver.kept(turn.spawn(makeEar, heard)),
    hear: (turn, what) => turn.effect(() => heard.push(what)),
    wait: () => vow,
    fail: () => {
      throw new TypeError('a bug');
    },
    text: () => 'x'.repeat(1_000),
    grant: () => 'g-1',
  };
};

const EAR = new Uint8Array(Buffer.from('ear'));
let world: World;
let network: Network;
let victim: Peer;
let honest: Peer;
let heard: unknown[];

const set = async (
  limits: NonNullable<PeerOptions['router']>['limits'] = {},
  options: NetworkOptions = {},
  partyOf?: NonNullable<PeerOptions['router']>['partyOf'],
): Promise<void> => {
  world = new World(3);
  network = new Network(world, options);
  heard = [];
  // Turns take time: a batch a millisecond.
  const scheduler = { enqueue: (task: () => void) => void world.at(1, task) };
  victim = new Peer(network, 'victim', {
    router: { limits, ...(partyOf && { partyOf }) },
    vat: { scheduler },
  });
  honest = new Peer(network, 'honest');
  victim.offer('ear', await victim.run((turn) => turn.spawn(makeEar, heard)));
};
/** An attacker whose answer 0 is the ear. */
const holder = (name = 'mallory'): Raw =>
  stranger(name).say(deliver(toExport(0), [sym('fetch'), EAR], 0, object(100)));
const stranger = (name: string, ms = Infinity): Raw => {
  const raw = Raw.dial(network, victim, name);
  raw.send(raw.hello());
  world.run(world.now + ms);
  return raw;
};
/** In one chunk, as a stream brings them. */
const run = (records: readonly SyrupRecord[]): Uint8Array =>
  new Uint8Array(Buffer.concat(records.map((each) => encode(each))));
const hear = (what: unknown): SyrupRecord => deliver(toAnswer(0), [sym('hear'), what]);
const numbers = (count: number): number[] => Array.from({ length: count }, (_each, at) => at);
/** Counts how often the victim stops reading from a peer. */
const pausesOf = (peer: Raw): { count: number } => {
  const pauses = { count: 0 };
  const { other } = peer.end;
  if (other === undefined) throw new Error('not connected');
  const pause = other.pause.bind(other);
  other.pause = () => {
    pauses.count += 1;
    pause();
  };
  return pauses;
};
const lines = (event: string) => victim.logs.filter((line) => line.event === event);

beforeEach(() => set());
afterEach(() => {
  for (const line of network.lines) if (line.isRaw) line.cut();
  leavesNothing([victim, honest]);
});

describe('a session that sends more messages than its window', () => {
  const small = { flowMessages: 10, strangerDivisor: 1, roundMessages: 10 };
  it('is read on at the window, and not beyond it until the vat has worked them off', async () => {
    await set(small);
    const mallory = holder();
    const pauses = pausesOf(mallory);
    mallory.say(run(numbers(9).map(hear))); // and the fetch
    expect(pauses.count).toBe(0);
    mallory.send(run(numbers(11).map(hear)));
    world.run(world.now + 5.5);
    expect([pauses.count, heard.length]).toEqual([1, 9]);
    world.run();
    expect([pauses.count, heard.length]).toEqual([1, 20]);
    expect(mallory.end.other?.isPaused).toBe(false);
  });
  it('is heard in order, once, however its chunks are cut', async () => {
    await set(small, { pieceBytes: 97 });
    const mallory = holder();
    mallory.say(run(numbers(500).map(hear)), run(numbers(3).map(hear)));
    expect(heard).toEqual([...numbers(500), ...numbers(3)]);
  });
  it('is stopped by bytes as it is by messages', async () => {
    await set({ ...small, flowBytes: 5_000, flowMessages: 1_000 });
    const mallory = holder();
    const pauses = pausesOf(mallory);
    const long = hear('x'.repeat(3_000));
    mallory.say(run([long, long]));
    expect(pauses.count).toBe(0);
    mallory.say(run([long, long, long]));
    expect(pauses.count).toBe(1);
  });
  it('does not keep others waiting, though six do it', async () => {
    await set(small);
    const flood = run(numbers(1_000).map(() => hear('flood')));
    const ear = honest.router.enliven<Ear>(victim.sturdyref('ear'));
    await honest.run((turn) => turn.send(ear, 'text'));
    const six = numbers(6).map((at) => holder(`m${at}`));
    for (const mallory of six) mallory.send(flood);
    await honest.run((turn) => turn.send(ear, 'hear', 'honest'));
    expect(heard.indexOf('honest')).toBeLessThan(200);
    world.run();
    expect(heard).toHaveLength(6_001);
  });
  it('may end while it waits: what it sent beyond is dropped', async () => {
    await set(small);
    const mallory = holder();
    mallory.send(run(numbers(400).map(hear)));
    world.run(world.now + 7.5);
    mallory.end.cut();
    world.run();
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.length).toBeLessThan(400);
    expect(victim.router.sessions()).toEqual([]);
  });
  it('is no flood when it comes one by one: it never waits', async () => {
    await set(small);
    const mallory = holder();
    const pauses = pausesOf(mallory);
    for (const at of numbers(40)) mallory.say(hear(at));
    expect(pauses.count).toBe(0);
  });
});

describe('records that are not all there', () => {
  const begun = (byteCount: number, missing = 10): Uint8Array =>
    new Uint8Array(
      Buffer.concat([
        Buffer.from(`<10'op:deliver<11'desc:export0+>[${byteCount + missing}:`),
        Buffer.alloc(byteCount, 1),
      ]),
    );
  const begin = (peer: Raw, byteCount: number): Raw => {
    peer.send(begun(byteCount));
    world.run(world.now + 100);
    return peer;
  };
  it('are cut, the largest first, when strangers hold too many bytes of them', async () => {
    await set({ strangerPartialBytes: 22_000 });
    const peers = [6_000, 9_000, 3_000].map((byteCount) =>
      begin(stranger(`m${byteCount}`, 100), byteCount),
    );
    expect(peers.map(({ isClosed }) => isClosed)).toEqual([false, false, false]);
    const last = begin(stranger('last', 100), 4_000);
    expect([...peers, last].map(({ isClosed }) => isClosed)).toEqual([false, true, false, false]);
    expect(peers[1]?.abortReason).toContain('not all there');
  });
  it('of those who have fetched something have a budget of their own', async () => {
    await set({ strangerPartialBytes: 5_000, partialBytes: 20_000 });
    const [friend, late] = [holder('friend'), holder('late')];
    const passer = stranger('m');
    begin(friend, 15_000);
    begin(passer, 6_000);
    expect([friend, passer].map(({ isClosed }) => isClosed)).toEqual([false, true]);
    begin(late, 6_000);
    expect([friend, late].map(({ isClosed }) => isClosed)).toEqual([true, false]);
  });
  it('give their bytes back when they are whole', async () => {
    await set({ strangerPartialBytes: 9_000 });
    const whole = encode(deliver(toExport(0), [new Uint8Array(6_000)]));
    const peer = stranger('m');
    for (let each = 0; each < 5; each += 1)
      for (const part of [whole.subarray(0, 4_000), whole.subarray(4_000)]) {
        peer.send(part);
        world.run(world.now + 100);
      }
    expect(peer.isClosed).toBe(false);
  });
  it('must grow: whoever stops in the middle is cut after 30 s to 60 s', () => {
    const stopped = stranger('stopped');
    const slow = stranger('slow');
    const dripping = stranger('dripping');
    const other = stranger('other');
    for (const each of [stopped, slow, dripping]) each.send(begun(100, 100_000));
    for (let round = 0; round < 7; round += 1) {
      world.run(world.now + 10_000);
      slow.send(new Uint8Array(1_024));
      if (!dripping.end.isClosed) dripping.send(new Uint8Array(1));
    }
    world.run(world.now + 10);
    expect([stopped, slow, dripping, other].map(({ isClosed }) => isClosed)).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(stopped.abortReason).toContain('without progress');
  });
});

describe('answers that are not collected', () => {
  const ask = (at: number): SyrupRecord => deliver(toAnswer(0), [sym('text')], at, object(1_000));
  it('end their session by weight, long before their number', async () => {
    await set({ answerBytes: 20_000, strangerDivisor: 1 });
    const mallory = holder();
    for (let at = 1; at <= 10; at += 1) mallory.say(ask(at));
    expect(mallory.isClosed).toBe(false);
    for (let at = 11; at <= 20; at += 1) mallory.say(ask(at));
    expect(mallory.abortReason).toContain('answers not collected');
  });
  it('weigh nothing once they are collected', async () => {
    await set({ answerBytes: 20_000, strangerDivisor: 1 });
    const mallory = holder();
    for (let at = 1; at <= 100; at += 1) mallory.say(ask(at), record('op:gc-answers', [at]));
    expect(mallory.isClosed).toBe(false);
  });
  it('weigh something also where nobody is told', async () => {
    await set({ answerBytes: 5_000, strangerDivisor: 1 });
    const mallory = holder();
    for (let at = 1; at <= 20; at += 1) mallory.say(deliver(toAnswer(0), [sym('text')], at));
    expect(mallory.abortReason).toContain('answers not collected');
  });
  it('that broke for one reason share it', async () => {
    const guess = new Uint8Array(32);
    const twice = [1, 2].map((at) => deliver(toExport(0), [sym('fetch'), guess], at));
    const reasons = new Set<unknown>();
    const vat = victim.vat;
    const { deliver: forward } = vat;
    vat.deliver = (to, method, args) => {
      const vow = forward.call(vat, to, method, args);
      vat.listen(vow, { kept: () => undefined, broken: (reason) => void reasons.add(reason) });
      return vow;
    };
    stranger('m').say(...twice);
    expect(reasons.size).toBe(1);
  });
});

describe('listeners', () => {
  const wait = deliver(toAnswer(0), [sym('wait')], 1);
  const listen = (at: number): SyrupRecord => record('op:listen', toAnswer(1), object(at), false);
  it('to a promise that stays open end their session at the limit', async () => {
    await set({ listeners: 20, strangerDivisor: 1 });
    const flood = (name: string, count: number): Raw => {
      const mallory = holder(name).say(wait);
      for (let at = 0; at < count; at += 1) mallory.send(listen(200 + at));
      return mallory.say();
    };
    expect(flood('m1', 19).isClosed).toBe(false); // the message to `wait` waits, too
    expect(flood('m2', 20).abortReason).toContain('more than 20 messages and listeners');
  });
  it('are limited with the messages that wait, also where nobody wants an answer', async () => {
    await set({ listeners: 20, strangerDivisor: 1 });
    const mallory = holder().say(wait);
    for (let at = 0; at < 20; at += 1) mallory.send(deliver(toAnswer(1), [sym('hear'), at]));
    expect(mallory.say().abortReason).toContain('more than 20 messages and listeners');
  });
  it('and messages that wait are limited by their bytes, too', async () => {
    await set({ pendingBytes: 5_000, strangerDivisor: 1 });
    const long = deliver(toAnswer(1), [sym('hear'), 'x'.repeat(2_000)]);
    const mallory = holder().say(wait, long, long, long);
    expect(mallory.isClosed).toBe(false); // one more is taken as long as the limit is not passed
    expect(mallory.say(long).abortReason).toContain('more than 5000 bytes of messages that wait');
    const done = holder('m2');
    for (let at = 0; at < 20; at += 1) done.say(hear('x'.repeat(2_000)));
    expect(done.isClosed).toBe(false);
  });
  it('are weighed by what they unfold to, where that is more than their bytes', async () => {
    const { lightValues, valueBytes } = LIMITS;
    await set({ pendingBytes: 100 * valueBytes, strangerDivisor: 1 });
    // Label, target with its label and number, list, method, and the list of these.
    const around = 7;
    const small = (count: number): SyrupRecord =>
      deliver(toAnswer(1), [sym('hear'), Array.from({ length: count }, () => [])]);
    const ofLight = small(lightValues - around);
    const light = holder('m1').say(wait);
    for (let at = 0; at < 20; at += 1) light.say(ofLight);
    expect(light.isClosed).toBe(false);
    const heavy = holder('m2').say(wait, small(lightValues - around + 101));
    expect(heavy.isClosed).toBe(false); // one more is taken as long as the limit is not passed
    expect(heavy.say(ofLight).abortReason).toContain('bytes of messages that wait');
  });
  it('of all sessions are no more than the limit of the router, and the party that has most gives way', async () => {
    await set({ keptBytes: 24_000, strangerDivisor: 1 });
    victim.offer('other', await victim.run((turn) => turn.spawn(makeEar, heard)));
    const other = stranger('other').say(
      deliver(toExport(0), [sym('fetch'), new Uint8Array(Buffer.from('other'))], 0, object(100)),
    );
    const long = (count: number): SyrupRecord =>
      deliver(toAnswer(1), [sym('hear'), 'x'.repeat(count)]);
    other.say(wait, long(9_000));
    const several = [1, 2, 3].map((n) => holder(`m${n}`).say(wait, long(3_000)));
    const isClosed = (raw: Raw): boolean => raw.isClosed;
    expect([other, ...several].map(isClosed)).toEqual([false, false, false, false]);
    several[1]?.say(long(1_000));
    expect([other, ...several].map(isClosed)).toEqual([false, false, false, false]);
    const last = holder('m4').say(wait, long(3_000));
    expect([other, ...several, last].map(isClosed)).toEqual([false, false, true, false, false]);
    expect(several[1]?.abortReason).toContain('in all of its sessions');
    // What was held for it is not counted any more.
    last.say(long(2_000));
    expect(last.isClosed).toBe(false);
  });
  it('of references that come from one are one party, over whatever transport', async () => {
    let teller: Ref | undefined;
    const one = (swissnum: Uint8Array): Vow | undefined =>
      teller && Buffer.from(swissnum).toString().startsWith('part')
        ? victim.vat.deliver(teller, 'grant', [])
        : undefined;
    await set({ keptBytes: 22_500, strangerDivisor: 1 }, {}, one);
    teller = await victim.run((turn) => turn.spawn(makeEar, heard));
    const long = deliver(toAnswer(1), [sym('hear'), 'x'.repeat(6_000)]);
    const come = async (name: string): Promise<Raw> => {
      victim.offer(name, await victim.run((turn) => turn.spawn(makeEar, heard)));
      const swissnum = new Uint8Array(Buffer.from(name));
      return stranger(name).say(deliver(toExport(0), [sym('fetch'), swissnum], 0, object(100)));
    };
    const honest = holder('honest').say(
      wait,
      long,
      deliver(toAnswer(1), [sym('hear'), 'x'.repeat(3_000)]),
    );
    const parts = [await come('part-1'), await come('part-2')];
    for (const part of parts) part.say(wait, long);
    expect([honest, ...parts].filter(({ isClosed }) => isClosed)).toHaveLength(1);
    expect(honest.isClosed).toBe(false);
  });
  it('and answers that nobody collects are counted with them', async () => {
    await set({ keptBytes: 22_000, strangerDivisor: 1 });
    const ask = (name: string, count: number): Raw =>
      holder(name).say(
        ...numbers(count).map((n) => deliver(toAnswer(0), [sym('text')], 10 + n, object(200 + n))),
      );
    const several = [ask('m1', 8), ask('m2', 4)];
    expect(several.map(({ isClosed }) => isClosed)).toEqual([false, false]);
    several.push(ask('m3', 4));
    expect(several.map(({ isClosed }) => isClosed)).toEqual([true, false, false]);
  });
  it('and so are those to pings', async () => {
    await set({ keptBytes: 22_000, strangerDivisor: 1 });
    const ping = (n: number): SyrupRecord =>
      deliver(toExport(0), [sym('fetch'), new Uint8Array()], 10 + n, object(200 + n));
    const ask = (name: string, count: number): Raw => holder(name).say(...numbers(count).map(ping));
    const several = [ask('m1', 20), ask('m2', 10)];
    expect(several.map(({ isClosed }) => isClosed)).toEqual([false, false]);
    several.push(ask('m3', 15));
    expect(several.map(({ isClosed }) => isClosed)).toEqual([true, false, false]);
  });
  it('and so are those of which no resolver was told', async () => {
    await set({ keptBytes: 22_000, strangerDivisor: 1 });
    const ask = (name: string, count: number): Raw =>
      holder(name).say(...numbers(count).map((n) => deliver(toAnswer(0), [sym('text')], 10 + n)));
    const several = [ask('m1', 8), ask('m2', 4)];
    expect(several.map(({ isClosed }) => isClosed)).toEqual([false, false]);
    several.push(ask('m3', 4));
    expect(several.map(({ isClosed }) => isClosed)).toEqual([true, false, false]);
  });
  it('and what the owner of a private socket has is not', async () => {
    await set({ keptBytes: 5_000, strangerDivisor: 1 }, { believesClaims: true });
    const own = ['o1', 'o2', 'o3'].map((name) =>
      holder(name).say(wait, deliver(toAnswer(1), [sym('hear'), 'x'.repeat(4_000)])),
    );
    expect(own.map(({ isClosed }) => isClosed)).toEqual([false, false, false]);
  });
  describe.each([
    ['its end', true],
    ['a while', false],
  ])('after %s', (_what, isEnded) => {
    it.each([15, 16, 17, 32])(
      'of a session that has sent %i messages to an open promise',
      async (count) => {
        await set({ strangerDivisor: 1 });
        const mallory = holder('m1').say(wait);
        // Each has a chain of its own behind it, which nobody waits for either.
        mallory.send(
          ...numbers(count).flatMap((n) => [
            deliver(toAnswer(1), [sym('hear'), n], 10 + n),
            deliver(toAnswer(10 + n), [sym('hear'), 'never']),
          ]),
        );
        mallory.say();
        if (isEnded) mallory.end.cut();
        world.run();
        const next = holder('m2').say(wait, deliver(toAnswer(1), [sym('hear'), 'next']));
        next.say(deliver(toAnswer(0), [sym('open')]));
        const isForgotten = isEnded && (count === 16 || count === 32);
        expect(heard).toEqual(isForgotten ? ['next'] : [...numbers(count), 'next']);
      },
    );
  });
  it('that were told do not count', async () => {
    await set({ listeners: 20, strangerDivisor: 1 });
    const mallory = holder();
    for (let at = 0; at < 200; at += 1)
      mallory.say(record('op:listen', toExport(1), object(200 + at), false));
    expect(mallory.isClosed).toBe(false);
  });
});

describe('the log', () => {
  it('has one line for a thousand messages that break unheard, and their number', async () => {
    const mallory = holder();
    mallory.say(run(numbers(1_000).map(() => deliver(toAnswer(0), [sym('nothing-like-it')]))));
    mallory.say(run(numbers(1_000).map(() => deliver(toExport(0), [sym('fetch'), EAR.slice(1)]))));
    expect(lines('vow.broken')).toEqual([]);
    expect(lines('captp.unheard')).toHaveLength(1);
    world.run(world.now + 60_000);
    mallory.say(deliver(toAnswer(0), [sym('nothing-like-it')]));
    expect(lines('captp.unheard').map(({ fields }) => fields['count'])).toEqual([1, 2_000]);
    mallory.say(deliver(toAnswer(0), [sym('nothing-like-it')]));
    mallory.end.cut();
    world.run();
    expect(lines('captp.unheard').map(({ fields }) => fields['count'])).toEqual([1, 2_000, 1]);
  });
  it('has a line for each fault of ours up to the limit, then their number', async () => {
    await set({ logLines: 5 });
    const mallory = holder();
    const fail = deliver(toAnswer(0), [sym('fail')], false, object(300));
    mallory.say(...Array.from({ length: 20 }, () => fail));
    expect(lines('captp.fault-hidden')).toHaveLength(5);
    world.run(world.now + 60_000);
    mallory.say(fail);
    expect(lines('captp.fault-hidden').at(-1)?.fields['unlogged']).toBe(15);
  });
  it('of sessions that come and go has a limit, and strangers do not use up that of others', async () => {
    await set({ logLines: 5 });
    for (let at = 0; at < 20; at += 1) stranger(`m${at}`).end.cut();
    world.run();
    expect(lines('session.ended')).toHaveLength(5);
    const friend = holder('friend');
    friend.end.cut();
    world.run();
    expect(lines('session.ended').at(-1)?.fields['peer']).toContain('friend');
  });
  it('says nothing of those who come to a private socket', async () => {
    await set({}, { believesClaims: true });
    const ear: Vow<Ref<Ear>> = honest.router.enliven<Ear>(victim.sturdyref('ear'));
    await honest.run((turn) => turn.send(ear, 'text'));
    expect(victim.logs).toEqual([]);
    expect(honest.logs.map(({ event }) => event)).toEqual(['session.opened']);
  });
});
