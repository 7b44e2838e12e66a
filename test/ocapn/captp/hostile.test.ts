/** What a hostile peer can say, and that it costs nobody but its own session. */
import { type Bcom, type Behavior, type Ref, type Turn, type Vow, World } from '@bellwether/actors';
import { encode, Sym, SyrupRecord } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Network, type NetworkOptions } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer, type PeerOptions } from '../../support/ocapn-peer.ts';
import {
  deliver,
  object,
  promise,
  Raw,
  record,
  sym,
  toAnswer,
  toExport,
} from '../../support/ocapn-raw.ts';

interface Zoo {
  echo(...values: readonly unknown[]): unknown;
  await(vow: Vow): unknown;
  make(): Ref;
  call(thing: Ref<{ poke(): unknown }>): unknown;
}
const makeZoo = (): Behavior<Zoo> => ({
  echo: (_turn, ...values) => (values.length === 1 ? values[0] : values),
  await: (turn, vow) => turn.when(vow, (_turn, value) => value),
  make: (turn) => turn.spawn(makeZoo),
  call: (turn, thing) => turn.send(thing, 'poke'),
});

const ZOO = new Uint8Array(Buffer.from('zoo'));
let world: World;
let network: Network;
let victim: Peer;
let honest: Peer;
let peers: Peer[];

const set = async (options: NetworkOptions = {}, router: PeerOptions['router'] = {}) => {
  world = new World(3);
  network = new Network(world, options);
  victim = new Peer(network, 'victim', { router });
  honest = new Peer(network, 'honest');
  peers = [victim, honest];
  victim.offer('zoo', await victim.run((turn) => turn.spawn(makeZoo)));
};
/** A session of the honest peer must live on. */
const stillServes = async (): Promise<void> => {
  const zoo = honest.router.enliven<Zoo>(victim.sturdyref('zoo'));
  expect(await honest.run((turn) => turn.send(zoo, 'echo', 'alive'))).toBe('alive');
  expect(victim.router.sessions().map(({ peer }) => peer?.designator)).toContain('honest');
};
/** An attacker whose answer 0 is the zoo. */
const attacker = (name = 'mallory'): Raw =>
  Raw.dial(network, victim, name)
    .greet()
    .say(deliver(toExport(0), [sym('fetch'), ZOO], 0, object(100)));

beforeEach(() => set());
afterEach(() => {
  for (const line of network.lines) if (line.isRaw) line.cut(); // whoever attacks does not tidy up
  leavesNothing(peers);
});

describe('a session ends, and only that one', () => {
  const cases: Readonly<Record<string, readonly (SyrupRecord | Uint8Array)[]>> = {
    'a message to export -1': [deliver(toExport(-1), [])],
    'a message to export 2^70': [deliver(toExport(2n ** 70n), [])],
    'a message to an export never given, that nobody waits for': [deliver(toExport(999), [])],
    'a message to an answer never asked for, that nobody waits for': [deliver(toAnswer(999), [])],
    'an argument that names an export never given': [deliver(toAnswer(0), [toExport(999)])],
    'an argument that names a resolver position of the future': [
      deliver(toAnswer(0), [toAnswer(77)]),
    ],
    'a second op:start-session': [record('op:start-session', '1.0', [], [], [])],
    'an answer position that is taken': [
      deliver(toAnswer(0), [sym('echo'), 1], 5),
      deliver(toAnswer(0), [sym('echo'), 2], 5),
    ],
    'op:get at an answer position that is taken': [
      deliver(toAnswer(0), [sym('echo'), 1], 5),
      record('op:get', toAnswer(0), 'x', 5),
    ],
    'a negative answer position': [deliver(toAnswer(0), [], -1)],
    'a gc of an export never given': [record('op:gc-exports', [999], [1])],
    'a gc with delta 0': [record('op:gc-exports', [1], [0])],
    'a gc with a negative delta': [record('op:gc-exports', [1], [-1])],
    'a gc of more than it holds': [record('op:gc-exports', [1], [2])],
    'a gc whose lists differ in length': [record('op:gc-exports', [1, 1], [1])],
    'an unknown operation': [record('op:surprise', 1)],
    'a record that is none': [encode(17)],
    'a byte that begins nothing': [new Uint8Array([0x7a])],
  };
  for (const [what, records] of Object.entries(cases))
    it(`after ${what}`, async () => {
      const mallory = attacker().say(...records);
      expect(mallory.abortReason).toEqual(expect.any(String));
      expect(mallory.isClosed).toBe(true);
      await stillServes();
    });

  it('after the same gc twice, when only one mention was given', async () => {
    const mallory = attacker();
    expect(mallory.told(100)).toEqual(['fulfill', object(1)]);
    mallory.say(record('op:gc-exports', [1], [1]));
    expect(mallory.isClosed).toBe(false);
    mallory.say(record('op:gc-exports', [1], [1])); // late word about a number that was given out
    expect(mallory.isClosed).toBe(false);
    await stillServes();
  });
  it('after an abort in the middle of a frame, without a word', async () => {
    const mallory = attacker();
    const half = encode(deliver(toAnswer(0), [sym('echo'), 'x'.repeat(100)])).subarray(0, 40);
    mallory.say(half, record('op:abort', 'enough'));
    mallory.end.cut();
    world.run();
    expect(victim.router.sessions()).toEqual([]);
    await stillServes();
  });
  it('when the peer aborts', async () => {
    const mallory = attacker().say(record('op:abort', 'enough'));
    expect(mallory.isClosed).toBe(true);
    expect(victim.logs).toContainEqual({
      event: 'session.ended',
      fields: expect.objectContaining({ reason: expect.stringContaining('enough') }),
    });
    await stillServes();
  });
});

describe('a refused frame', () => {
  it('has done nothing, though its message alone would have been in order', async () => {
    const heard: unknown[] = [];
    victim.offer('ear', await victim.run((turn) => turn.spawn(makeEar, heard)));
    const mallory = attacker();
    const ear = new Uint8Array(Buffer.from('ear'));
    mallory.say(deliver(toExport(0), [sym('fetch'), ear], 1));
    mallory.say(deliver(toAnswer(1), [sym('hear'), 'fine']));
    mallory.say(deliver(toAnswer(1), [sym('hear'), 'at an answer that is taken'], 0));
    attacker('marvin').say(deliver(toExport(0), [sym('fetch'), ear], 1));
    expect(heard).toEqual(['fine']);
    expect(mallory.isClosed).toBe(true);
  });
});

describe('a session lives', () => {
  it('when a message to nothing has somebody who waits: that one is told', async () => {
    const mallory = attacker().say(deliver(toExport(999), [], 7, object(50)));
    expect(mallory.told(50)).toEqual(['break', [new Sym('refused'), expect.any(String)]]);
    mallory.say(deliver(toAnswer(7), [], false, object(51))); // pipelined behind it
    expect(mallory.told(51)?.[0]).toBe('break');
    expect(mallory.isClosed).toBe(false);
  });
  it('when a message comes late for an export that was given back', async () => {
    const mallory = attacker();
    mallory.say(record('op:gc-exports', [1], [1]), deliver(toExport(1), [sym('echo'), 1]));
    expect(mallory.isClosed).toBe(false);
    mallory.say(deliver(toExport(1), [sym('echo'), 1], false, object(60)));
    expect(mallory.told(60)?.[0]).toBe('break');
  });
  it('when the peer names numbers of another session', async () => {
    const zoo = honest.router.enliven<Zoo>(victim.sturdyref('zoo'));
    await honest.run((turn) => turn.send(zoo, 'make'));
    const mallory = Raw.dial(network, victim, 'mallory').greet();
    mallory.say(deliver(toExport(2), [sym('echo'), 1], false, object(1)));
    expect(mallory.told(1)?.[0]).toBe('break');
    await stillServes();
  });
  it('when an unknown swissnum is fetched, and how it is wrong is not told', async () => {
    const mallory = Raw.dial(network, victim, 'mallory').greet();
    const tries: readonly unknown[] = [
      new Uint8Array(32),
      new Uint8Array(0),
      new Uint8Array(4_000),
      'zoo',
      sym('zoo'),
      7,
    ];
    tries.forEach((each, at) =>
      mallory.say(deliver(toExport(0), [sym('fetch'), each], false, object(at + 1))),
    );
    mallory.say(deliver(toExport(0), [sym('fetch')], false, object(50)));
    const told = [1, 2, 3, 4, 5, 6, 50].map((at) => mallory.told(at));
    expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(told[0]?.[0]).toBe('break');
  });
  it('when the bootstrap object is asked for what it has not', async () => {
    const mallory = Raw.dial(network, victim, 'mallory').greet();
    mallory.say(deliver(toExport(0), [sym('withdraw-gift'), 1], false, object(1)));
    mallory.say(deliver(toExport(0), [], false, object(2)), deliver(toExport(0), []));
    expect(mallory.told(1)?.[0]).toBe('break');
    expect(mallory.told(2)?.[0]).toBe('break');
    expect(mallory.isClosed).toBe(false);
  });
  it('when a resolver is told twice: the first counts', async () => {
    const mallory = attacker().say(
      deliver(toAnswer(0), [sym('call'), object(9)], false, object(70)),
    );
    const poke = mallory.heardOf('op:deliver').at(-1)?.fields;
    expect(poke?.[0]).toEqual(toExport(9));
    const resolver = (poke?.[3] as SyrupRecord).fields[0];
    mallory.say(
      deliver(toExport(resolver), [sym('fulfill'), 'first']),
      deliver(toExport(resolver), [sym('fulfill'), 'second']),
      deliver(toExport(resolver), [sym('break'), 'third']),
    );
    expect(mallory.told(70)).toEqual(['fulfill', 'first']);
    expect(mallory.isClosed).toBe(false);
  });
  it('when it wants an answer from a resolver: it gets nothing, as an answer', () => {
    const mallory = attacker().say(
      deliver(toAnswer(0), [sym('call'), object(9)], false, object(70)),
    );
    const resolver = (mallory.heardOf('op:deliver').at(-1)?.fields[3] as SyrupRecord).fields[0];
    mallory.say(deliver(toExport(resolver), [sym('fulfill'), 'first'], 8, object(71)));
    expect([mallory.told(70), mallory.told(71)]).toEqual([
      ['fulfill', 'first'],
      ['fulfill', undefined],
    ]);
  });
  it('when a resolver is given back unused: the question breaks', async () => {
    const mallory = attacker().say(
      deliver(toAnswer(0), [sym('call'), object(9)], false, object(70)),
    );
    const resolver = (mallory.heardOf('op:deliver').at(-1)?.fields[3] as SyrupRecord).fields[0];
    mallory.say(record('op:gc-exports', [resolver], [1]));
    expect(mallory.told(70)?.[0]).toBe('break');
  });
  it('when a promise is resolved to itself: it breaks', async () => {
    const mallory = attacker().say(
      deliver(toAnswer(0), [sym('await'), promise(20)], 1),
      record('op:listen', toAnswer(1), object(80), false),
    );
    const [listen] = mallory.heardOf('op:listen');
    expect(listen?.fields[0]).toEqual(toExport(20));
    const resolver = (listen?.fields[1] as SyrupRecord).fields[0];
    mallory.say(deliver(toExport(resolver), [sym('fulfill'), promise(20)]));
    expect(mallory.told(80)?.[0]).toBe('break');
    expect(mallory.isClosed).toBe(false);
  });
  it('when it listens to what waits for its own promise: it hears what it says', async () => {
    const mallory = attacker().say(
      deliver(toAnswer(0), [sym('await'), promise(20)], 1),
      record('op:listen', toAnswer(1), object(81), false),
    );
    const resolver = (mallory.heardOf('op:listen')[0]?.fields[1] as SyrupRecord).fields[0];
    mallory.say(deliver(toExport(resolver), [sym('fulfill'), 5]));
    expect(mallory.told(81)).toEqual(['fulfill', 5]);
  });
  it('when it listens to nothing, or to what is no promise', async () => {
    const mallory = attacker().say(
      record('op:listen', toExport(999), object(90), false),
      record('op:listen', toExport(1), object(91), false),
    );
    expect(mallory.told(90)?.[0]).toBe('break');
    expect(mallory.told(91)).toEqual(['fulfill', object(1)]);
    mallory.say(record('op:gc-exports', [1], [2]));
    expect(mallory.isClosed).toBe(false);
  });
  it('when a gift comes in that is none: what it stands for breaks, the message arrives', async () => {
    const give = record(
      'desc:handoff-give',
      [],
      record('ocapn-peer', sym('sim'), 'x', false),
      ZOO,
      ZOO,
      ZOO,
    );
    const signature = [sym('sig-val'), [sym('eddsa'), [sym('r'), ZOO], [sym('s'), ZOO]]];
    const gift = record('desc:sig-envelope', give, signature);
    const mallory = attacker().say(
      deliver(toAnswer(0), [sym('echo'), 'text', gift], 1, object(70)),
      deliver(toAnswer(0), [sym('call'), gift], 2, object(71)),
    );
    const [verb, value] = mallory.told(70) ?? [];
    expect([verb, Array.isArray(value) && value[0]]).toEqual(['fulfill', 'text']);
    expect(mallory.told(71)).toEqual([
      'break',
      [new Sym('decode'), expect.stringContaining('public-key')],
    ]);
    expect(mallory.isClosed).toBe(false);
  });
});

describe('nothing grows beyond its limit', () => {
  it('a flood of answers ends its session at the limit and not before', async () => {
    await set({}, { limits: { answers: 50, strangerDivisor: 1 } });
    const flood = (count: number): Raw => {
      const mallory = Raw.dial(network, victim, `mallory${count}`).greet();
      for (let at = 0; at < count; at += 1) mallory.send(deliver(toExport(0), [], at));
      return mallory.say();
    };
    expect(flood(50).isClosed).toBe(false);
    expect(flood(51).abortReason).toContain('more than 50 answers');
    await stillServes();
  });
  it('a flood of references ends its session at the limit, also within one frame', async () => {
    await set({}, { limits: { imports: 50 } });
    const flood = (count: number): Raw => {
      const many = Array.from({ length: count }, (_each, at) => object(at + 1));
      const mallory = attacker(`mallory${count}`);
      return mallory.say(deliver(toAnswer(0), [sym('echo'), many]));
    };
    expect(flood(50).isClosed).toBe(false);
    expect(flood(51).abortReason).toContain('more than 50 imports');
    await stillServes();
  });
  it('echo of answer k-1, forty times doubled, stays small', async () => {
    const mallory = attacker();
    for (let at = 1; at <= 40; at += 1) {
      const last = at === 1 ? 'x' : toAnswer(at - 1);
      mallory.send(deliver(toAnswer(0), [sym('echo'), last, last], at, object(200 + at)));
    }
    mallory.say();
    expect(mallory.told(240)?.[0]).toBe('fulfill');
    const largest = Math.max(...(mallory.end.other?.writes ?? []).map((each) => each.length));
    expect(largest).toBeLessThan(64 * 1024);
    await stillServes();
  });
  it('a result with more values than a frame may have breaks that one answer', async () => {
    await set({}, { limits: { values: 1_000 } });
    const big = await victim.run((turn) => turn.spawn(makeHoard));
    victim.offer('hoard', big);
    const hoard = honest.router.enliven<Hoard>(victim.sturdyref('hoard'));
    await expect(honest.run((turn) => turn.send(hoard, 'all', 1_001))).rejects.toMatchObject({
      code: 'encode',
    });
    expect(await honest.run((turn) => turn.send(hoard, 'all', 10))).toHaveLength(10);
  });
  it('a peer that reads nothing is not read any more, and cut off at the limit', async () => {
    await set(
      { highWaterBytes: 1_000 },
      { limits: { unsentPauseBytes: 10_000, unsentCutBytes: 100_000 } },
    );
    const mallory = attacker();
    mallory.end.pause(); // it stops reading, and goes on asking
    const question = deliver(toAnswer(0), [sym('echo'), 'y'.repeat(1_000)], false, object(300));
    const ask = (count: number): void => {
      mallory.send(...Array.from({ length: count }, () => question));
      world.run(world.now + 100);
    };
    ask(20); // fills the transport
    ask(9); // waits here, below the limit
    expect(mallory.end.other?.isPaused).toBe(false);
    ask(9);
    expect(mallory.end.other?.isPaused).toBe(true);
    mallory.end.resume();
    world.run(world.now + 100);
    expect(mallory.end.other?.isPaused).toBe(false);

    mallory.end.pause();
    const { other } = mallory.end;
    if (other !== undefined) other.pause = () => undefined; // bytes that were under way already
    ask(20);
    ask(90);
    expect(victim.router.sessions()).toHaveLength(1);
    ask(20);
    expect(victim.router.sessions()).toEqual([]);
    await stillServes();
  });
});

interface Ear {
  hear(what: unknown): void;
}
const makeEar = (_turn: Turn<Ear>, _bcom: Bcom<Ear>, heard: unknown[]): Behavior<Ear> => ({
  hear: (turn, what) => turn.effect(() => heard.push(what)),
});

interface Hoard {
  all(count: number): readonly number[];
}
const makeHoard = (): Behavior<Hoard> => ({
  all: (_turn, count) => Array.from({ length: count }, (_each, at) => at),
});
