/** What an exporter believes: gifters and receivers here write their own bytes, and may lie in every field. */
import {
  type Behavior,
  type Ref,
  Refused,
  type Resolver,
  type Vow,
  World,
} from '@bellwether/actors';
import {
  encode,
  isRecord,
  type KeyPair,
  type Limits,
  type MayIntroduce,
  threeWays,
} from '@bellwether/ocapn';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeGive } from '../../../packages/ocapn/src/identity/certificates.ts';
import { signatureValue } from '../../../packages/ocapn/src/identity/keys.ts';
import { Raw as RawBytes } from '../../../packages/ocapn/src/syrup/values.ts';
import { makeDesk } from '../../support/ocapn-actors.ts';
import { brokenAs, placeOf, RawParty } from '../../support/ocapn-handoffs.ts';
import { Network } from '../../support/ocapn-network.ts';
import {
  leavesNothing,
  Peer,
  type PeerOptions,
  simulatedCrypto,
} from '../../support/ocapn-peer.ts';
import { deliver, object, record, sym, toAnswer, toExport } from '../../support/ocapn-raw.ts';

let world: World;
let network: Network;
let exporter: Peer;
let others: Peer[] = [];
let parties: RawParty[] = [];
afterEach(() => {
  for (const { raw } of parties) if (!raw.isClosed) raw.end.cut();
  parties = [];
  leavesNothing([exporter, ...others]);
  others = [];
});

const idOf = (n: number): Uint8Array => new Uint8Array(Buffer.from(`gift ${n}`));
const GIFT = idOf(0);
const HOME = placeOf('exporter');
const party = (name: string, isProved = true): RawParty => {
  const made = RawParty.dial(network, exporter, name, isProved);
  parties.push(made);
  return made;
};
interface Scene {
  readonly gifter: RawParty;
  readonly receiver: RawParty;
  /** Where the gifter has the desk of the exporter. */
  readonly desk: unknown;
  /** Of the receiver, in its session with the gifter. */
  readonly key: KeyPair;
}
interface SceneOptions extends Omit<PeerOptions, 'router'> {
  readonly mayIntroduce?: MayIntroduce;
  readonly isOpenToAll?: boolean;
  readonly partyOf?: NonNullable<NonNullable<PeerOptions['router']>['partyOf']>;
}
const start = async (limits: Partial<Limits> = {}, options: SceneOptions = {}): Promise<Scene> => {
  world = new World(3);
  const { mayIntroduce, isOpenToAll = false, partyOf, ...rest } = options;
  network = new Network(world, { isOpenToAll });
  const router = {
    ...(mayIntroduce && { handoffs: threeWays(mayIntroduce) }),
    ...(partyOf && { partyOf }),
    limits,
  };
  exporter = new Peer(network, 'exporter', { ...rest, router });
  exporter.offer('desk', await exporter.run((turn) => turn.spawn(makeDesk)));
  const [gifter, receiver] = [party('gifter'), party('receiver')];
  const desk = gifter.fetch('desk', 1);
  return { gifter, receiver, desk, key: simulatedCrypto(world).keyPair() };
};
const giveOf = ({ gifter, key }: Scene, giftId = GIFT): ReturnType<RawParty['give']> =>
  gifter.give(key.publicKey, HOME, giftId);
const isGiven = (told: readonly unknown[] | undefined): boolean =>
  told?.[0] === 'fulfill' && isRecord(told[1], 'desc:import-object');

describe('a gift', () => {
  it('is given to who shows the give, once it was deposited', async () => {
    const scene = await start();
    scene.gifter.deposit(GIFT, scene.desk);
    scene.receiver.withdraw(giveOf(scene), 0, 10, scene.key);
    expect(isGiven(scene.receiver.raw.told(10))).toBe(true);
  });
  it('may be asked for before it is there, and its answer can be sent to meanwhile', async () => {
    const scene = await start();
    const { receiver, gifter, key } = scene;
    receiver.withdraw(giveOf(scene), 0, 10, key);
    expect(receiver.raw.told(10)).toBe(undefined);
    gifter.deposit(GIFT, scene.desk);
    expect(isGiven(receiver.raw.told(10))).toBe(true);
  });
  it('is gone when it was given: whoever asks again waits for another', async () => {
    const scene = await start();
    const { receiver, gifter, key } = scene;
    gifter.deposit(GIFT, scene.desk);
    receiver.withdraw(giveOf(scene), 0, 10, key).withdraw(giveOf(scene), 1, 11, key);
    expect(receiver.raw.told(11)).toBe(undefined);
    gifter.deposit(GIFT, scene.desk);
    expect(isGiven(receiver.raw.told(11))).toBe(true);
  });
  it('is not lost where its receiver waits on a session that has ended, and comes back on another', async () => {
    const scene = await start();
    const { receiver, gifter, key } = scene;
    receiver.withdraw(giveOf(scene), 0, 10, key);
    receiver.raw.end.cut();
    gifter.deposit(GIFT, scene.desk);
    const again = party('receiver');
    again.withdraw(giveOf(scene), 1, 11, key).withdraw(giveOf(scene), 2, 12, key);
    expect([isGiven(again.raw.told(11)), again.raw.told(12)]).toEqual([true, undefined]);
  });
  it('lies there for a minute, and no longer', async () => {
    const scene = await start();
    const { receiver, gifter, key } = scene;
    gifter.deposit(GIFT, scene.desk);
    world.runFor(59_700);
    gifter.deposit(idOf(1), scene.desk);
    receiver.withdraw(giveOf(scene), 0, 10, key);
    world.runFor(200);
    receiver.withdraw(giveOf(scene, idOf(1)), 1, 11, key);
    expect([isGiven(receiver.raw.told(10)), isGiven(receiver.raw.told(11))]).toEqual([true, true]);
    gifter.deposit(GIFT, scene.desk);
    world.runFor(60_000);
    receiver.withdraw(giveOf(scene), 2, 12, key);
    expect(receiver.raw.told(12)).toBe(undefined);
  });
  it('is waited for as long, and then its answer breaks', async () => {
    const scene = await start();
    const { receiver, key } = scene;
    receiver.withdraw(giveOf(scene), 0, 10, key);
    world.runFor(59_800);
    expect(receiver.raw.told(10)).toBe(undefined);
    world.runFor(200);
    const late = ['break', 'refused', expect.stringContaining('not deposited in time')];
    expect(brokenAs(receiver.raw.told(10))).toEqual(late);
  });
  it('that is asked for twice at once goes to who asked last', async () => {
    const scene = await start();
    const { receiver, gifter, key } = scene;
    receiver.withdraw(giveOf(scene), 0, 10, key).withdraw(giveOf(scene), 1, 11, key);
    gifter.deposit(GIFT, scene.desk);
    const again = ['break', 'refused', expect.stringContaining('asked for again')];
    expect(brokenAs(receiver.raw.told(10))).toEqual(again);
    expect(isGiven(receiver.raw.told(11))).toBe(true);
  });
  it('outlives the session that gave it', async () => {
    const scene = await start();
    const give = giveOf(scene);
    scene.gifter.deposit(GIFT, scene.desk);
    scene.gifter.raw.end.cut();
    scene.receiver.withdraw(give, 0, 10, scene.key);
    expect(isGiven(scene.receiver.raw.told(10))).toBe(true);
  });
  it('of a stranger does not: whoever has fetched nothing could come back for more and more', async () => {
    const scene = await start();
    const { receiver, key } = scene;
    const { vow } = await exporter.run((turn) => ({ vow: turn.vow().vow }));
    exporter.offer('slow', vow);
    const stranger = party('stranger');
    const swissnum = new Uint8Array(Buffer.from('slow'));
    stranger.say(
      deliver(toExport(0), [sym('fetch'), swissnum], 0, object(1)),
      deliver(toExport(0), [sym('deposit-gift'), GIFT, toAnswer(0)], false, object(2)),
    );
    expect(stranger.raw.told(2)?.[0]).toBe('fulfill');
    const give = stranger.give(key.publicKey, HOME, GIFT);
    stranger.raw.end.cut();
    receiver.withdraw(give, 0, 10, key);
    expect(receiver.raw.told(10)?.[0]).toBe('break');
  });
  it('that its giver did not deposit before it went is refused to who waits and to who asks later', async () => {
    const scene = await start();
    const { receiver, gifter, key } = scene;
    const [give, other] = [giveOf(scene), giveOf(scene, idOf(1))];
    receiver.withdraw(give, 0, 10, key);
    gifter.raw.end.cut();
    world.runFor(100);
    const gone = ['break', 'refused', expect.stringContaining('has gone')];
    expect(brokenAs(receiver.raw.told(10))).toEqual(gone);
    receiver.withdraw(other, 1, 11, key);
    expect(receiver.raw.told(11)?.[0]).toBe('break');
  });
  it('of one session is none of another, though the id is the same', async () => {
    const scene = await start();
    const { receiver, gifter, key } = scene;
    const other = party('other');
    gifter.deposit(GIFT, scene.desk);
    receiver.withdraw(other.give(key.publicKey, HOME, GIFT), 0, 10, key);
    expect(receiver.raw.told(10)).toBe(undefined);
    receiver.withdraw(giveOf(scene), 1, 11, key);
    expect(isGiven(receiver.raw.told(11))).toBe(true);
  });
  it('makes no stranger of whoever got it, and no friend of whoever did not', async () => {
    const scene = await start({ strangerSessions: 2 });
    scene.gifter.deposit(GIFT, scene.desk);
    scene.receiver.withdraw(giveOf(scene), 0, 10, scene.key);
    const others = [party('one'), party('two'), party('three')];
    expect(scene.receiver.raw.isClosed).toBe(false);
    expect(others.map(({ raw }) => raw.isClosed)).toEqual([true, false, false]);
  });
});

describe('a stranger', () => {
  /** Whether the receiver is one of the strangers of whom the third pushes out the first. */
  const isStillOne = ({ receiver }: Scene): boolean => {
    party('one');
    party('two');
    return receiver.raw.isClosed;
  };
  it('that waits for a gift is one until it is there', async () => {
    const scene = await start({ strangerSessions: 2 });
    scene.receiver.withdraw(giveOf(scene), 0, 10, scene.key);
    scene.gifter.deposit(GIFT, scene.desk);
    expect(isStillOne(scene)).toBe(false);
    const other = await start({ strangerSessions: 2 });
    other.receiver.withdraw(giveOf(other), 0, 10, other.key);
    expect(isStillOne(other)).toBe(true);
  });
  it('is let in by nothing that it gives to itself', async () => {
    const scene = await start({ strangerSessions: 2 });
    const { receiver, key } = scene;
    const wrong = new Uint8Array(Buffer.from('wrong'));
    receiver.say(
      deliver(toExport(0), [sym('fetch'), wrong], 0, object(1)),
      deliver(toExport(0), [sym('deposit-gift'), idOf(1), toAnswer(0)], 1, object(2)),
      deliver(toExport(0), [sym('deposit-gift'), GIFT, toAnswer(1)], false, object(3)),
    );
    receiver.withdraw(receiver.give(key.publicKey, HOME, GIFT), 0, 10, key);
    expect(receiver.raw.told(10)).toEqual(['fulfill', undefined]);
    expect(isStillOne(scene)).toBe(true);
  });
  it('has a 64th of the places where gifts are waited for', async () => {
    const { receiver, key } = await start({ gifts: 128 });
    for (let n = 0; n < 3; n += 1)
      receiver.withdraw(receiver.give(key.publicKey, HOME, idOf(n)), n, 10 + n, key);
    expect([10, 11].map((at) => receiver.raw.told(at))).toEqual([undefined, undefined]);
    expect(brokenAs(receiver.raw.told(12)).slice(0, 2)).toEqual(['break', 'limit']);
  });
});

describe('only references of ours can be gifts', () => {
  it.each([
    ['plain data', 'text'],
    ['an object of the gifter', object(5)],
    ['nothing', undefined],
  ])('not %s', async (_name, value) => {
    const { gifter } = await start();
    const args = [sym('deposit-gift'), GIFT, ...(value === undefined ? [] : [value])];
    gifter.say(deliver(toExport(0), args, false, object(9)));
    const refused = ['break', 'refused', expect.stringContaining('reference of ours')];
    expect(brokenAs(gifter.raw.told(9))).toEqual(refused);
    expect(gifter.raw.isClosed).toBe(false);
  });
  it('and ids are bytes, 64 at most', async () => {
    const { gifter, desk } = await start();
    gifter.deposit(new Uint8Array(64), desk, 9).deposit(new Uint8Array(65), desk, 10);
    gifter.say(
      deliver(toExport(0), [sym('deposit-gift'), 'text', toExport(desk)], false, object(11)),
    );
    expect([9, 10, 11].map((at) => gifter.raw.told(at)?.[0])).toEqual([
      'fulfill',
      'break',
      'break',
    ]);
  });
  it('and none under an id that is taken', async () => {
    const { gifter, desk } = await start();
    gifter.deposit(GIFT, desk, 9).deposit(GIFT, desk, 10);
    expect([9, 10].map((at) => gifter.raw.told(at)?.[0])).toEqual(['fulfill', 'break']);
  });
});

describe('a promise of ours, and what we pass on for others, is a gift as well', () => {
  interface Holder {
    promise(): unknown;
  }
  /** A promise of the exporter that the gifter holds, and what settles it. */
  const promised = async (
    scene: Scene,
  ): Promise<{ readonly position: unknown; readonly resolver: Resolver<unknown> }> => {
    const { vow, resolver } = await exporter.run((turn) => {
      const made = turn.vow<unknown>();
      return { vow: [made.vow], resolver: made.resolver };
    });
    const makeHolder = (): Behavior<Holder> => ({ promise: () => vow });
    exporter.offer('holder', await exporter.run((turn) => turn.spawn(makeHolder)));
    const holder = scene.gifter.fetch('holder', 20);
    scene.gifter.say(deliver(toExport(holder), [sym('promise')], false, object(21)));
    const [, list] = scene.gifter.raw.told(21) ?? [];
    const [held]: readonly unknown[] = Array.isArray(list) ? list : [];
    if (!isRecord(held, 'desc:import-promise')) throw new Error('no promise');
    return { position: held.fields[0], resolver };
  };
  const given = (scene: Scene, position: unknown): readonly unknown[] | undefined => {
    scene.gifter.deposit(GIFT, position);
    scene.receiver.withdraw(giveOf(scene), 0, 10, scene.key);
    return scene.receiver.raw.told(10);
  };
  it('where it has become plain data meanwhile', async () => {
    const scene = await start();
    const { position, resolver } = await promised(scene);
    await exporter.run(() => resolver.kept(17));
    expect(given(scene, position)).toEqual(['fulfill', 17]);
  });
  it('where it has broken meanwhile', async () => {
    const scene = await start();
    const { position, resolver } = await promised(scene);
    await exporter.run(() => resolver.broken(new Refused('too late')));
    expect(brokenAs(given(scene, position))).toEqual(['break', 'refused', 'too late']);
  });
  it('where it has become an object of another peer, which the receiver is given', async () => {
    const scene = await start();
    const { position, resolver } = await promised(scene);
    const other = new Peer(network, 'other');
    others = [other];
    const desk = other.offer('desk', await other.run((turn) => turn.spawn(makeDesk)));
    const there = (await exporter.run(() => exporter.router.enliven(desk))) as Ref;
    await exporter.run(() => resolver.kept(there));
    const [verb, what] = given(scene, position) ?? [];
    const isGive =
      isRecord(what, 'desc:sig-envelope') && isRecord(what.fields[0], 'desc:handoff-give');
    expect([verb, isGive]).toEqual(['fulfill', true]);
    world.runFor(60_000); // the gift that lies at the other peer
  });
  it('but never what every peer has of us', async () => {
    const { gifter } = await start();
    gifter.deposit(GIFT, 0, 9);
    expect(brokenAs(gifter.raw.told(9)).slice(0, 2)).toEqual(['break', 'refused']);
  });
});

describe('a give that proves nothing', () => {
  const stranger = new Uint8Array(32).fill(7);
  const lies: readonly (readonly [string, (scene: Scene, n: number) => unknown])[] = [
    [
      'of a session that is not there',
      ({ gifter, key }, n) => gifter.give(key.publicKey, HOME, idOf(n), { sessionId: stranger }),
    ],
    [
      'that another key has signed',
      ({ gifter, key }, n) =>
        gifter.give(key.publicKey, HOME, idOf(n), {}, simulatedCrypto(world).keyPair()),
    ],
  ];
  it.each(lies)('%s, is not blamed on whoever was sent with it', async (_name, lie) => {
    const scene = await start();
    const { receiver, gifter, key, desk } = scene;
    receiver.fetch('desk', 1);
    for (let n = 0; n < 100; n += 1)
      receiver.withdraw(lie(scene, n) as ReturnType<RawParty['give']>, n, 100 + n, key);
    expect(brokenAs(receiver.raw.told(199)).slice(0, 2)).toEqual(['break', 'forged']);
    gifter.deposit(GIFT, desk);
    receiver.withdraw(giveOf(scene), 100, 200, key);
    expect(isGiven(receiver.raw.told(200))).toBe(true);
  });
  it('counts for how often its receiver may ask all the same: each has us judge a signature', async () => {
    const scene = await start({ gifts: 2 });
    const { receiver, gifter, key } = scene;
    receiver.fetch('desk', 1);
    for (let n = 0; n < 9; n += 1) {
      const give = gifter.give(key.publicKey, HOME, idOf(n), { sessionId: stranger });
      receiver.withdraw(give, n, 10 + n, key);
    }
    expect([17, 18].map((at) => brokenAs(receiver.raw.told(at))[1])).toEqual(['forged', 'limit']);
  });
});

describe('a withdrawal that lies', () => {
  const other = new Uint8Array(32).fill(7);
  type Attempt = (scene: Scene) => void;
  const lies: readonly (readonly [string, Attempt, string])[] = [
    [
      'about its session',
      (scene) => scene.receiver.withdraw(giveOf(scene), 0, 10, scene.key, { sessionId: other }),
      'another session',
    ],
    [
      'about its peer',
      (scene) => scene.receiver.withdraw(giveOf(scene), 0, 10, scene.key, { receiverId: other }),
      'another peer',
    ],
    [
      'about who it is for',
      (scene) => scene.receiver.withdraw(giveOf(scene), 0, 10, simulatedCrypto(world).keyPair()),
      'not signed by whom',
    ],
    [
      'about who gives',
      (scene) => {
        const { gifter, receiver, key } = scene;
        const give = gifter.give(key.publicKey, HOME, GIFT, {}, simulatedCrypto(world).keyPair());
        receiver.withdraw(give, 0, 10, key);
      },
      'not signed by who gives',
    ],
    [
      'about the side that gives',
      (scene) => {
        const { gifter, receiver, key } = scene;
        const give = gifter.give(key.publicKey, HOME, GIFT, { gifterId: receiver.ownId });
        receiver.withdraw(give, 0, 10, key);
      },
      'made by another peer',
    ],
    [
      'about the session that gives',
      (scene) => {
        const { gifter, receiver, key } = scene;
        const give = gifter.give(key.publicKey, HOME, GIFT, { sessionId: other });
        receiver.withdraw(give, 0, 10, key);
      },
      'no such session',
    ],
    [
      'about the exporter',
      (scene) => {
        const { gifter, receiver, key } = scene;
        receiver.withdraw(gifter.give(key.publicKey, placeOf('elsewhere'), GIFT), 0, 10, key);
      },
      'at another peer',
    ],
    [
      'about the id, under the signature of another',
      (scene) => {
        const { gifter, receiver, key } = scene;
        const { bytes } = gifter.give(key.publicKey, HOME, idOf(1));
        const text = Buffer.from(bytes).toString('latin1').replace('gift 1', 'gift 0');
        const swapped = new RawBytes(new Uint8Array(Buffer.from(text, 'latin1')));
        receiver.withdraw(swapped, 0, 10, key);
      },
      'not signed by who gives',
    ],
  ];
  it.each(lies)('%s breaks, and leaves the gift and the session', async (_name, lie, words) => {
    const scene = await start();
    const { receiver, gifter, key } = scene;
    gifter.deposit(GIFT, scene.desk);
    lie(scene);
    expect(brokenAs(receiver.raw.told(10))).toEqual([
      'break',
      'forged',
      expect.stringContaining(words),
    ]);
    // With the same count: a lie uses up nothing of whoever it is told about.
    receiver.withdraw(giveOf(scene), 0, 11, key);
    expect(isGiven(receiver.raw.told(11))).toBe(true);
  });
  it('with a count that was used breaks, also where the gift is there again', async () => {
    const scene = await start();
    const { receiver, gifter, key } = scene;
    gifter.deposit(GIFT, scene.desk);
    receiver.withdraw(giveOf(scene), 0, 10, key);
    gifter.deposit(GIFT, scene.desk);
    receiver.withdraw(giveOf(scene), 0, 11, key);
    const replayed = ['break', 'forged', expect.stringContaining('count')];
    expect(brokenAs(receiver.raw.told(11))).toEqual(replayed);
    receiver.withdraw(giveOf(scene), 1, 12, key);
    expect(isGiven(receiver.raw.told(12))).toBe(true);
  });
  it('by bytes that were sent on another session breaks there', async () => {
    const scene = await start();
    const { receiver, gifter, key } = scene;
    const thief = party('thief');
    gifter.deposit(GIFT, scene.desk);
    const { sessionId, ownId: receiverId } = receiver;
    thief.withdraw(giveOf(scene), 0, 10, key, { sessionId, receiverId });
    expect(brokenAs(thief.raw.told(10)).slice(0, 2)).toEqual(['break', 'forged']);
    receiver.withdraw(giveOf(scene), 0, 10, key);
    expect(isGiven(receiver.raw.told(10))).toBe(true);
  });
  it.each([
    ['no envelope', 'text'],
    ['a give alone', undefined],
  ])('as %s breaks', async (_name, value) => {
    const scene = await start();
    const { receiver } = scene;
    const args = [sym('withdraw-gift'), value ?? giveOf(scene)];
    receiver.say(deliver(toExport(0), args, false, object(10)));
    expect(receiver.raw.told(10)?.[0]).toBe('break');
    expect(receiver.raw.isClosed).toBe(false);
  });
  it('64 times is borne, and once more ends that session alone', async () => {
    const scene = await start();
    const { receiver, gifter, key } = scene;
    const lie = (n: number): unknown =>
      receiver.withdraw(giveOf(scene), n, 100 + n, key, { sessionId: other });
    for (let n = 0; n < 64; n += 1) lie(n);
    expect(receiver.raw.isClosed).toBe(false);
    lie(64);
    expect([receiver.raw.isClosed, gifter.raw.isClosed]).toEqual([true, false]);
    expect(receiver.raw.abortReason).toContain('64 withdrawals');
  });
});

describe('withdrawals that prove everything', () => {
  it('are judged four times for each gift that may be waited for, and again after a minute', async () => {
    const scene = await start({ gifts: 2 });
    const { receiver, gifter, desk, key } = scene;
    receiver.fetch('desk', 1);
    const tooMany = ['break', 'limit', expect.stringContaining('more than 8 withdrawals')];
    for (let n = 0; n < 9; n += 1) receiver.withdraw(giveOf(scene), n, 10 + n, key);
    expect(brokenAs(receiver.raw.told(16)).slice(0, 2)).toEqual(['break', 'refused']); // asked for again
    expect(receiver.raw.told(17)).toBe(undefined);
    expect(brokenAs(receiver.raw.told(18))).toEqual(tooMany);
    gifter.deposit(GIFT, desk);
    expect(isGiven(receiver.raw.told(17))).toBe(true);
    world.runFor(60_000);
    gifter.deposit(GIFT, desk);
    receiver.withdraw(giveOf(scene), 8, 30, key);
    expect(isGiven(receiver.raw.told(30))).toBe(true);
  });
  it('of strangers are a 64th', async () => {
    const scene = await start({ gifts: 64 });
    const { receiver, key } = scene;
    for (let n = 0; n < 5; n += 1) receiver.withdraw(giveOf(scene), n, 10 + n, key);
    expect(receiver.raw.told(13)).toBe(undefined);
    expect(brokenAs(receiver.raw.told(14)).slice(0, 2)).toEqual(['break', 'limit']);
  });
  it.each([
    ['that one session has fetched', { gifts: 1 }, 'gifts of more than 1 sessions'],
    ['that all sessions have fetched', { allGifts: 1 }, 'more than 1 counts of withdrawals'],
  ])('are of as many givers as there may be gifts, of those %s', async (_whose, limits, words) => {
    const scene = await start(limits);
    const { gifter, receiver, desk, key } = scene;
    receiver.fetch('desk', 1);
    gifter.deposit(GIFT, desk);
    receiver.withdraw(giveOf(scene), 0, 10, key);
    expect(isGiven(receiver.raw.told(10))).toBe(true);
    const third = party('third');
    third.deposit(GIFT, third.fetch('desk', 1));
    const fromThird = (resolver: number): unknown =>
      receiver.withdraw(third.give(key.publicKey, HOME, GIFT), resolver, resolver, key);
    fromThird(20);
    expect(brokenAs(receiver.raw.told(20))).toEqual([
      'break',
      'limit',
      expect.stringContaining(words),
    ]);
    gifter.raw.end.cut(); // nobody can name what it gave any more
    world.runFor(100);
    fromThird(21);
    expect(isGiven(receiver.raw.told(21))).toBe(true);
  });
  it('of a party with most of all counts cost that its largest session, where others find no room', async () => {
    const { gifter, desk, key } = await start({ allGifts: 3 });
    const second = party('second');
    const there = second.fetch('desk', 1);
    exporter.offer('other', await exporter.run((turn) => turn.spawn(makeDesk)));
    const fetched = (by: RawParty, from: RawParty, at: unknown, resolver: number): boolean => {
      from.deposit(GIFT, at);
      by.withdraw(from.give(key.publicKey, HOME, GIFT), resolver, resolver, key);
      return isGiven(by.raw.told(resolver));
    };
    const [one, two, other] = [party('one'), party('two'), party('other')];
    for (const each of [one, two]) each.fetch('desk', 1);
    other.fetch('other', 1);
    expect([fetched(one, gifter, desk, 10), fetched(one, second, there, 11)]).toEqual([true, true]);
    expect(fetched(two, gifter, desk, 10)).toBe(true);
    expect(fetched(two, second, there, 11)).toBe(false);
    expect([one, two].map(({ raw }) => raw.isClosed)).toEqual([false, false]);
    expect(fetched(other, gifter, desk, 10)).toBe(true);
    expect([one, two, other].map(({ raw }) => raw.isClosed)).toEqual([true, false, false]);
  });
  it('leave no count behind where their receiver has gone', async () => {
    const scene = await start({ allGifts: 1 });
    const { gifter, receiver, desk, key } = scene;
    gifter.deposit(GIFT, desk);
    receiver.withdraw(giveOf(scene), 0, 10, key);
    receiver.raw.end.cut();
    gifter.deposit(GIFT, desk);
    const next = party('next').withdraw(giveOf(scene), 0, 10, key);
    expect(isGiven(next.raw.told(10))).toBe(true);
  });
});

describe('where everybody may connect, whoever is let in by a gift', () => {
  const names = ['x1', 'x2', 'x3', 'x4'];
  const openScene = async (partyOf?: SceneOptions['partyOf']): Promise<Scene> => {
    const options = { isOpenToAll: true, ...(partyOf && { partyOf }) };
    const scene = await start({ guestSessions: 5 }, options);
    for (const name of names)
      exporter.offer(name, await exporter.run((turn) => turn.spawn(makeDesk)));
    return scene;
  };
  /** A session that comes with a reference, gives something to another one, and goes. */
  const letIn = (name: string, key: KeyPair): RawParty => {
    const gifter = party(`g-${name}`, false);
    const found = gifter.fetch(name, 1);
    const give = gifter.give(key.publicKey, HOME, GIFT);
    gifter.deposit(GIFT, found);
    gifter.raw.end.cut();
    world.runFor(100);
    return party(`r-${name}`, false).withdraw(give, 0, 10, key);
  };
  it('is of the party of who gave it, though that one has gone', async () => {
    const { key, gifter } = await openScene();
    const crowd = [1, 2, 3].map(() => letIn('x1', key));
    expect(crowd.map(({ raw }) => isGiven(raw.told(10)))).toEqual([true, true, true]);
    const late = party('late', false);
    late.fetch('x2', 1);
    expect(crowd.map(({ raw }) => raw.isClosed)).toEqual([false, false, false]);
    party('later', false).fetch('x2', 1);
    expect([gifter, ...crowd, late].map(({ raw }) => raw.isClosed)).toEqual([
      false,
      true,
      false,
      false,
      false,
    ]);
  });
  it('is so also where it is told later what the references of the givers come from', async () => {
    let teller: Ref | undefined;
    const partyOf = (swissnum: Uint8Array): Vow | undefined =>
      Buffer.from(swissnum).toString().startsWith('x') && teller !== undefined
        ? exporter.vat.deliver(teller, 'echo', ['g-1'])
        : undefined;
    const { key, gifter } = await openScene(partyOf);
    teller = await exporter.run((turn) => turn.spawn(makeDesk));
    const crowd = names.map((name) => letIn(name, key));
    expect(crowd.map(({ raw }) => raw.isClosed)).toEqual([false, false, false, false]);
    party('late', false).fetch('desk', 1);
    expect([gifter, ...crowd].map(({ raw }) => raw.isClosed)).toEqual([
      false,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('a flood of gifts', () => {
  it('leaves as many as the limit, and others are served meanwhile', async () => {
    const scene = await start();
    const { gifter, receiver, desk, key } = scene;
    const other = party('other');
    const own = other.fetch('desk', 1);
    const flood = Array.from({ length: 4_000 }, (_, n) =>
      deliver(toExport(0), [sym('deposit-gift'), idOf(n), toExport(desk)]),
    );
    gifter.raw.send(...flood);
    other.deposit(GIFT, own);
    receiver.withdraw(other.give(key.publicKey, HOME, GIFT), 0, 10, key);
    expect(isGiven(receiver.raw.told(10))).toBe(true);
    receiver.withdraw(giveOf(scene, idOf(1_023)), 1, 11, key);
    receiver.withdraw(giveOf(scene, idOf(1_024)), 2, 12, key);
    expect([isGiven(receiver.raw.told(11)), receiver.raw.told(12)]).toEqual([true, undefined]);
    expect(gifter.raw.isClosed).toBe(false);
    const said = exporter.logs.filter(({ event }) => event === 'handoff.refused').length;
    expect(said).toBeLessThanOrEqual(60);
  });
});

describe('gifts of one session', () => {
  it('are as many as its limit, given ones not counted', async () => {
    const scene = await start({ gifts: 3 });
    const { receiver, gifter, desk, key } = scene;
    for (let n = 0; n < 4; n += 1) gifter.deposit(idOf(n), desk, 20 + n);
    expect([20, 21, 22].map((at) => gifter.raw.told(at)?.[0])).toEqual(Array(3).fill('fulfill'));
    expect(brokenAs(gifter.raw.told(23)).slice(0, 2)).toEqual(['break', 'limit']);
    receiver.withdraw(giveOf(scene), 0, 10, key);
    gifter.deposit(idOf(3), desk, 24);
    expect(gifter.raw.told(24)?.[0]).toBe('fulfill');
  });
  it('break for whoever comes for one that found no room, at once, unless it was left again', async () => {
    const scene = await start({ gifts: 3 });
    const { receiver, gifter, desk, key } = scene;
    for (let n = 0; n < 6; n += 1) gifter.deposit(idOf(n), desk);
    const ask = (n: number, resolver: number): readonly unknown[] | undefined =>
      receiver.withdraw(giveOf(scene, idOf(n)), resolver, resolver, key).raw.told(resolver);
    for (let n = 0; n < 3; n += 1) expect(isGiven(ask(n, 10 + n))).toBe(true);
    const noRoom = ['break', 'limit', expect.stringContaining('found no room')];
    expect([3, 4, 5].map((n) => brokenAs(ask(n, 10 + n)))).toEqual(Array(3).fill(noRoom));
    gifter.deposit(idOf(4), desk);
    expect(isGiven(ask(4, 20))).toBe(true);
    expect(ask(6, 21)).toBe(undefined);
  });
  it('that found no room are remembered, as many as there may be', async () => {
    const scene = await start({ gifts: 2 });
    const { receiver, gifter, desk, key } = scene;
    for (let n = 0; n < 5; n += 1) gifter.deposit(idOf(n), desk);
    receiver.fetch('desk', 1);
    for (const n of [0, 1, 2, 3, 4]) receiver.withdraw(giveOf(scene, idOf(n)), n, 10 + n, key);
    expect([2, 3, 4].map((n) => receiver.raw.told(10 + n)?.[0])).toEqual([
      undefined,
      'break',
      'break',
    ]);
  });
  it('that are waited for count, too', async () => {
    const scene = await start({ gifts: 2 });
    const { receiver, key } = scene;
    for (let n = 0; n < 3; n += 1) receiver.withdraw(giveOf(scene, idOf(n)), n, 10 + n, key);
    expect([10, 11].map((at) => receiver.raw.told(at))).toEqual([undefined, undefined]);
    expect(brokenAs(receiver.raw.told(12)).slice(0, 2)).toEqual(['break', 'limit']);
  });
  it('and of all of them together, are no more than the limit of the router', async () => {
    const { gifter, receiver, desk } = await start({ allGifts: 2 });
    const own = receiver.fetch('desk', 1);
    gifter.deposit(idOf(0), desk, 20);
    receiver.deposit(idOf(0), own, 20).deposit(idOf(1), own, 21);
    expect([gifter.raw.told(20)?.[0], receiver.raw.told(20)?.[0]]).toEqual(['fulfill', 'fulfill']);
    expect(brokenAs(receiver.raw.told(21)).slice(0, 2)).toEqual(['break', 'limit']);
  });
  it('cost whoever has most of a full table, also by sessions that have ended, and nobody else', async () => {
    const scene = await start({ allGifts: 4 });
    const { gifter, receiver, desk, key } = scene;
    exporter.offer('other', await exporter.run((turn) => turn.spawn(makeDesk)));
    gifter.deposit(idOf(0), desk, 20).deposit(idOf(1), desk, 21);
    const second = party('second');
    second.deposit(idOf(0), second.fetch('desk', 1), 20);
    const ofSecond = second.give(key.publicKey, HOME, idOf(0));
    second.raw.end.cut();
    const other = party('other');
    const own = other.fetch('other', 1);
    const deposit = (n: number): unknown =>
      brokenAs(other.deposit(idOf(n), own, 20 + n).raw.told(20 + n))[0];
    expect(deposit(0)).toBe('fulfill'); // the table is full
    expect(deposit(1)).toBe('fulfill');
    expect(deposit(2)).toBe('break'); // it has as many as the others
    const again = party('again');
    again.deposit(GIFT, again.fetch('desk', 1), 20);
    expect(brokenAs(again.raw.told(20)).slice(0, 2)).toEqual(['break', 'limit']);
    receiver.withdraw(ofSecond, 0, 10, key).withdraw(giveOf(scene, idOf(1)), 1, 11, key);
    for (const n of [0, 1])
      receiver.withdraw(other.give(key.publicKey, HOME, idOf(n)), 2 + n, 12 + n, key);
    expect([10, 11, 12, 13].map((at) => isGiven(receiver.raw.told(at)))).toEqual(
      Array(4).fill(true),
    );
    receiver.withdraw(giveOf(scene, idOf(0)), 4, 14, key);
    expect(brokenAs(receiver.raw.told(14)).slice(0, 2)).toEqual(['break', 'limit']);
  });
});

describe('a router that introduces nobody', () => {
  it('gives no gift away, and is asked who passes it on to whom', async () => {
    const asked: unknown[] = [];
    const scene = await start(
      {},
      {
        mayIntroduce: (introduction) => {
          asked.push(introduction);
          return false;
        },
      },
    );
    scene.gifter.deposit(GIFT, scene.desk);
    scene.receiver.withdraw(giveOf(scene), 0, 10, scene.key);
    expect(brokenAs(scene.receiver.raw.told(10)).slice(0, 2)).toEqual(['break', 'refused']);
    expect(asked).toEqual([
      { as: 'exporter', peer: placeOf('gifter'), receiver: placeOf('receiver') },
    ]);
  });
});

describe('a give', () => {
  it('is judged by the bytes that were signed, not by how we would write it', async () => {
    const scene = await start();
    const { gifter, receiver, key } = scene;
    gifter.deposit(GIFT, scene.desk);
    // Goblins' testuds writes the hints of a location as an empty list; we write false.
    const written = encodeGive({
      receiverKey: key.publicKey,
      exporter: HOME,
      sessionId: gifter.sessionId,
      gifterId: gifter.ownId,
      giftId: GIFT,
    });
    const text = Buffer.from(written).toString('latin1');
    const odd = text.replace('8"exporterf>', '8"exporter[]>');
    expect(odd.length).toBe(text.length + 1);
    const inner = new Uint8Array(Buffer.from(odd, 'latin1'));
    const signature = signatureValue(gifter.keys.sign(inner));
    const envelope = encode(record('desc:sig-envelope', new RawBytes(inner), signature));
    receiver.withdraw(new RawBytes(envelope), 0, 10, key);
    expect(isGiven(receiver.raw.told(10))).toBe(true);
  });
});

describe('a router that never does', () => {
  it('takes and gives no gift, whatever is proved, and its sessions live', async () => {
    const scene = await start({}, { introduces: false });
    const { gifter, receiver, desk, key } = scene;
    gifter.deposit(GIFT, desk, 9);
    receiver.withdraw(giveOf(scene), 0, 10, key);
    const give = gifter.give(gifter.peerKey, placeOf('elsewhere'), GIFT);
    gifter.say(deliver(toExport(desk), [sym('pass'), give, 'news'], false, object(11)));
    const told = [gifter.raw.told(9), receiver.raw.told(10), gifter.raw.told(11)];
    const part = ['break', 'refused', expect.stringContaining('takes no part')];
    expect(told.map(brokenAs)).toEqual([part, part, part]);
    expect([gifter.raw.isClosed, receiver.raw.isClosed]).toEqual([false, false]);
  });
});

describe('a gift of ours that is given to ourselves', () => {
  const giveUs = (scene: Scene, lies = {}): void => {
    const { gifter, desk } = scene;
    const give = gifter.give(gifter.peerKey, HOME, GIFT, lies);
    const ask = deliver(toExport(desk), [sym('pass'), give, 'home'], false, object(30));
    gifter.deposit(GIFT, desk).say(ask);
  };
  it('is the object itself, by no detour', async () => {
    const scene = await start();
    const lineCount = network.lines.length;
    giveUs(scene);
    expect(scene.gifter.raw.told(30)).toEqual(['fulfill', 1]);
    expect(network.lines.length).toBe(lineCount);
  });
  it('may come before its deposit', async () => {
    const { gifter, desk } = await start();
    const give = gifter.give(gifter.peerKey, HOME, GIFT);
    gifter.say(deliver(toExport(desk), [sym('pass'), give, 'home'], false, object(30)));
    expect(gifter.raw.told(30)).toBe(undefined);
    gifter.deposit(GIFT, desk);
    expect(gifter.raw.told(30)).toEqual(['fulfill', 1]);
  });
  it('is judged like any other', async () => {
    const scene = await start();
    giveUs(scene, { gifterId: new Uint8Array(32) });
    expect(brokenAs(scene.gifter.raw.told(30)).slice(0, 2)).toEqual(['break', 'forged']);
  });
  it('and proves nothing is borne 64 times, in one message or many, and once more ends that session', async () => {
    const { gifter, receiver, desk } = await start();
    const lie = gifter.give(gifter.peerKey, HOME, GIFT, {}, simulatedCrypto(world).keyPair());
    const lies = (count: number): unknown =>
      gifter.say(deliver(toExport(desk), [sym('hear'), Array<unknown>(count).fill(lie)]));
    lies(60);
    lies(4);
    expect(gifter.raw.isClosed).toBe(false);
    lies(1_000);
    expect([gifter.raw.isClosed, receiver.raw.isClosed]).toEqual([true, false]);
    expect(gifter.raw.abortReason).toContain('more than 64 ');
  });
  it('is judged as often as there is a use for it, though a message holds it a thousand times', async () => {
    const { gifter, desk } = await start({ gifts: 2 });
    const [thief, to] = [simulatedCrypto(world).keyPair(), gifter.peerKey];
    const give = (n: number, keys = gifter.keys): unknown =>
      gifter.give(to, HOME, idOf(n), {}, keys);
    const pass = (what: unknown, resolver: number): unknown =>
      gifter.say(deliver(toExport(desk), [sym('pass'), what, 'home'], false, object(resolver)));
    pass(give(0), 30);
    // Not signed by who gives it: had that been judged, these were forged, and too many.
    gifter.say(deliver(toExport(desk), [sym('hear'), Array<unknown>(1_000).fill(give(0, thief))]));
    pass(give(0, thief), 31);
    pass(give(1), 32);
    pass(give(2, thief), 33);
    expect([31, 33].map((at) => brokenAs(gifter.raw.told(at))[1])).toEqual(['refused', 'limit']);
    gifter.deposit(idOf(0), desk);
    gifter.deposit(idOf(1), desk);
    expect([30, 32].map((at) => gifter.raw.told(at)?.[0])).toEqual(['fulfill', 'fulfill']);
  });
  it('is judged four times for each gift that may be waited for, and again after a minute', async () => {
    const { gifter, desk } = await start({ gifts: 1 });
    const passed = (n: number): readonly unknown[] | undefined => {
      const give = gifter.give(gifter.peerKey, HOME, idOf(n));
      gifter.deposit(idOf(n), desk);
      gifter.say(deliver(toExport(desk), [sym('pass'), give, 'home'], false, object(30 + n)));
      return gifter.raw.told(30 + n);
    };
    expect([1, 2, 3, 4].map((n) => passed(n)?.[0])).toEqual(Array(4).fill('fulfill'));
    const tooMany = expect.stringContaining('more than 4 withdrawals');
    expect(brokenAs(passed(5))).toEqual(['break', 'limit', tooMany]);
    world.runFor(60_000);
    expect(passed(6)?.[0]).toBe('fulfill');
  });
  it('is refused where this router introduces nobody', async () => {
    const scene = await start({}, { mayIntroduce: () => false });
    giveUs(scene);
    expect(brokenAs(scene.gifter.raw.told(30)).slice(0, 2)).toEqual(['break', 'refused']);
  });
});
