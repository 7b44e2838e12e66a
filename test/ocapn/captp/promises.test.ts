/**
 * Promises over sessions: who is told what, when; and that whatever can be known to wait for itself breaks.
 */
import {
  type Behavior,
  type Ref,
  type Resolver,
  type Turn,
  type Vow,
  World,
} from '@bellwether/actors';
import type { Limits, SyrupRecord } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { Network } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer } from '../../support/ocapn-peer.ts';
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

interface Office {
  /** A vow that stays open until somebody says what it becomes. */
  open(name: string): Vow<unknown>;
  /** The same inside of something else: whoever gets that imports a promise. */
  box(name: string): { readonly vow: Vow<Ref<Desk>> };
  keep(name: string, value: unknown): void;
  follow(name: string, vow: Vow): void;
  /** Says of something open that it is broken, in plain data. */
  fail(name: string, reason: unknown): void;
  echo(value: unknown): unknown;
  await(vow: Vow): Vow<unknown>;
  send(to: Ref<Desk> | Vow<Ref<Desk>>, what: unknown): Vow<unknown>;
  desk(): Ref<Desk>;
  /** A new desk, and a vow that was kept with it. */
  both(): { readonly ref: Ref<Desk>; readonly vow: Vow<Ref<Desk>> };
}
const makeOffice = (turn: Turn<Office>): Behavior<Office> => {
  const made = turn.map<
    string,
    { readonly vow: Vow<unknown>; readonly resolver: Resolver<unknown> }
  >();
  const named = (turn: Turn, name: string) => {
    const known = made.get(name) ?? turn.vow<unknown>();
    made.set(name, known);
    return known;
  };
  return {
    open: (turn, name) => named(turn, name).vow,
    box: (turn, name) => ({ vow: named(turn, name).vow as Vow<Ref<Desk>> }),
    keep: (turn, name, value) => named(turn, name).resolver.kept(value),
    follow: (turn, name, vow) => named(turn, name).resolver.follow(vow),
    fail: (turn, name, reason) => named(turn, name).resolver.broken(reason),
    echo: (_turn, value) => value,
    await: (turn, vow) => turn.when(vow, (_turn, value) => value),
    send: (turn, to, what) => turn.send(to, 'hear', what),
    desk: (turn) => turn.spawn(makeDesk),
    both: (turn) => {
      const ref = turn.spawn(makeDesk);
      return { ref, vow: turn.kept(ref) };
    },
  };
};

let world: World;
let network: Network;
let peers: Peer[];

beforeEach(() => {
  world = new World(5);
  network = new Network(world);
  peers = [];
});
afterEach(() => {
  for (const line of network.lines) if (line.isRaw) line.cut();
  leavesNothing(peers);
});

const peerWith = async (name: string, limits: Partial<Limits> = {}): Promise<Peer> => {
  const peer = new Peer(network, name, { router: { limits } });
  peers.push(peer);
  peer.offer('office', await peer.run((turn) => turn.spawn(makeOffice)));
  return peer;
};
const officeOf = async (from: Peer, at: Peer): Promise<Ref<Office>> => {
  const vow = from.router.enliven<Office>(at.sturdyref('office'));
  return from.run((turn) => turn.when(vow, (_turn, ref) => ref));
};
/** A raw peer whose answer 0 is the office. */
const caller = (peer: Peer, name = 'raw'): Raw =>
  Raw.dial(network, peer, name)
    .greet()
    .say(deliver(toExport(0), [sym('fetch'), new Uint8Array(Buffer.from('office'))], 0));

describe('a listener', () => {
  let raw: Raw;
  beforeEach(async () => {
    raw = caller(await peerWith('peer'));
  });
  let nextResolver = 100;
  /** A promise of the office, as the peer has imported it. */
  const opened = (name: string): SyrupRecord => {
    const resolver = (nextResolver += 1);
    raw.say(deliver(toAnswer(0), [sym('box'), name], false, object(resolver)));
    const { vow } = raw.told(resolver)?.[1] as { vow: SyrupRecord };
    expect(vow).toEqual(promise(vow.fields[0]));
    return toExport(vow.fields[0]);
  };
  const listen = (to: SyrupRecord, resolver: number, wantsPartial: boolean): SyrupRecord =>
    record('op:listen', to, object(resolver), wantsPartial);
  const say = (method: string, ...args: readonly unknown[]): void =>
    void raw.say(deliver(toAnswer(0), [sym(method), ...args]));
  const toldAll = (...resolvers: readonly number[]): unknown => resolvers.map((at) => raw.told(at));

  it('hears at once of what has settled, and later of what settles later', () => {
    const p = opened('p');
    raw.say(listen(p, 50, false), listen(p, 51, true));
    expect(toldAll(50, 51)).toEqual([undefined, undefined]);
    say('keep', 'p', 'late');
    raw.say(listen(p, 52, false), listen(p, 53, true));
    expect(toldAll(50, 51, 52, 53)).toEqual(Array(4).fill(['fulfill', 'late']));
  });
  it('that wants no part of it hears nothing when a promise becomes another, and then its end', () => {
    const [p, q] = [opened('p'), opened('q')];
    raw.say(listen(p, 50, false));
    say('follow', 'p', q);
    raw.say(listen(p, 51, false));
    expect(toldAll(50, 51)).toEqual([undefined, undefined]);
    say('keep', 'q', 7);
    expect(toldAll(50, 51)).toEqual(Array(2).fill(['fulfill', 7]));
  });
  it('that wants it hears which promise it became, once, and can listen to that', () => {
    const [p, q] = [opened('p'), opened('q')];
    raw.say(listen(p, 50, true));
    expect(raw.told(50)).toBeUndefined();
    say('follow', 'p', q);
    raw.say(listen(p, 51, true)); // it follows already
    expect(toldAll(50, 51)).toEqual(Array(2).fill(['fulfill', promise(q.fields[0])]));
    raw.say(listen(q, 52, true));
    expect(raw.told(52)).toBeUndefined();
    say('keep', 'q', 7);
    expect(raw.told(52)).toEqual(['fulfill', 7]);
    const words = raw
      .heardOf('op:deliver')
      .map(({ fields }) => (fields[0] as SyrupRecord).fields[0]);
    expect(words.filter((at) => at === 50 || at === 51)).toEqual([50, 51]);
  });
  it('that wants it hears of an answer which promise was returned', () => {
    raw.say(
      deliver(toAnswer(0), [sym('open'), 'p'], 1),
      record('op:listen', toAnswer(1), object(50), true),
    );
    expect(raw.told(50)).toEqual(['fulfill', promise(opened('p').fields[0])]);
  });
  it('that wants it hears the end where there is no other promise on the way', () => {
    raw.say(listen(opened('p'), 50, true));
    say('fail', 'p', 'gone');
    expect(raw.told(50)).toEqual(['break', 'gone']);
  });
  it('is told at once that what it listens to became its own promise, whatever it wants', () => {
    const p = opened('p');
    raw.say(listen(p, 50, false), listen(p, 51, true));
    say('follow', 'p', promise(20));
    raw.say(listen(p, 52, false));
    raw.say(deliver(toAnswer(0), [sym('echo'), promise(20)], false, object(53)));
    expect(toldAll(50, 51, 52, 53)).toEqual(Array(4).fill(['fulfill', toExport(20)]));
    expect(raw.heardOf('op:listen')).toEqual([]);
  });
  it('is told nothing of what waits for its own answer, before that has come', () => {
    raw.say(
      deliver(toAnswer(0), [sym('send'), object(9), 'x'], 1, object(50)),
      listen(toAnswer(1), 51, false),
    );
    const asked = raw.heardOf('op:deliver').at(-1)?.fields;
    expect(asked?.[0]).toEqual(toExport(9));
    expect(toldAll(50, 51)).toEqual([undefined, undefined]);
    raw.say(deliver(toExport((asked?.[3] as SyrupRecord).fields[0]), [sym('fulfill'), 8]));
    expect(toldAll(50, 51)).toEqual(Array(2).fill(['fulfill', 8]));
  });
  it('hears the part of a promise only when that has settled', () => {
    raw.say(record('op:get', opened('p'), 'part', 2), listen(toAnswer(2), 50, true));
    say('follow', 'p', promise(20));
    expect(raw.told(50)).toBeUndefined();
    const [asked] = raw.heardOf('op:listen');
    expect(asked?.fields[0]).toEqual(toExport(20));
    const resolver = (asked?.fields[1] as SyrupRecord).fields[0];
    raw.say(deliver(toExport(resolver), [sym('fulfill'), { part: 'p', other: 1 }]));
    expect(raw.told(50)).toEqual(['fulfill', 'p']);
  });
  it('counts no longer once it was told of another promise', async () => {
    raw = caller(await peerWith('small', { listeners: 3, strangerDivisor: 1 }), 'other');
    const [p, q] = [opened('p'), opened('q')];
    say('follow', 'p', q);
    for (let at = 200; at < 220; at += 1) raw.say(listen(p, at, true));
    expect(raw.told(219)).toEqual(['fulfill', promise(q.fields[0])]);
    raw.say(listen(q, 50, true), listen(q, 51, false), listen(p, 52, false));
    expect(raw.isClosed).toBe(false);
    raw.say(listen(q, 53, true));
    expect(raw.abortReason).toContain('more than 3 messages and listeners');
  });
});

describe('a message', () => {
  it('to a promise that became plain data breaks, before and after', async () => {
    const raw = caller(await peerWith('peer'));
    raw.say(
      deliver(toAnswer(0), [sym('open'), 'p'], 1),
      deliver(toAnswer(1), [sym('hear'), 1], false, object(50)),
      deliver(toAnswer(0), [sym('keep'), 'p', 'text']),
      deliver(toAnswer(1), [sym('hear'), 2], false, object(51)),
    );
    for (const at of [50, 51])
      expect(raw.told(at)).toEqual(['break', [sym('refused'), expect.stringContaining('hear')]]);
    expect(raw.isClosed).toBe(false);
  });
  it('to a promise that broke breaks with its reason, through a chain of ten', async () => {
    const raw = caller(await peerWith('peer'));
    raw.say(deliver(toAnswer(0), [sym('open'), 'p'], 1));
    for (let at = 1; at <= 10; at += 1)
      raw.say(deliver(toAnswer(at), [sym('open'), `${at}`], at + 1, object(50 + at)));
    raw.say(deliver(toAnswer(0), [sym('fail'), 'p', { why: 'gone' }]));
    for (let at = 1; at <= 10; at += 1)
      expect(raw.told(50 + at)).toEqual(['break', { why: 'gone' }]);
    expect(raw.isClosed).toBe(false);
  });
});

describe('between two nodes', () => {
  let a: Peer;
  let b: Peer;
  let atB: Ref<Office>;
  let atA: Ref<Office>;
  beforeEach(async () => {
    a = await peerWith('a');
    b = await peerWith('b');
    atB = await officeOf(a, b);
    atA = await officeOf(a, a);
  });

  it('an open answer that is sent as an argument is a promise of ours, and never desc:answer', async () => {
    const before = network.lines[0]?.writes.length ?? 0;
    const kept = await a.run((turn) => {
      const open = turn.send(atB, 'open', 'p');
      turn.tell(atB, 'keep', 'p', 5);
      return turn.all([turn.send(atB, 'echo', open), turn.send(atB, 'await', open)]);
    });
    expect(kept.map((each) => each.kept && each.value)).toEqual([5, 5]);
    const bytes = Buffer.concat((network.lines[0]?.writes ?? []).slice(before)).toString('latin1');
    expect(bytes).toContain("[4'echo<19'desc:import-promise");
    expect(bytes).toContain("[5'await<19'desc:import-promise");
  });
  it('no frame of either has desc:answer anywhere but as its target', async () => {
    await a.run((turn) => {
      const open = turn.send(atB, 'open', 'p');
      const desk = turn.send(atB, 'desk');
      turn.tell(atB, 'keep', 'p', { deep: [open, desk] });
      turn.tell(atB, 'follow', 'q', turn.send(atB, 'open', 'r'));
      turn.tell(atB, 'keep', 'r', desk);
      return turn.send(desk, 'hear', [desk, turn.send(atB, 'open', 'q')]);
    });
    const all = network.lines.flatMap((line) => [...line.writes, ...(line.other?.writes ?? [])]);
    const text = Buffer.concat(all).toString('latin1');
    expect(text).toContain("<10'op:deliver<11'desc:answer");
    expect(text.replaceAll(/<(10'op:deliver|9'op:listen)<11'desc:answer/g, '')).not.toContain(
      'desc:answer',
    );
  });
  it('a vow that has settled is a promise still, and what it tells is the reference itself', () => {
    const raw = caller(b);
    raw.say(deliver(toAnswer(0), [sym('both')], false, object(50)));
    const { ref, vow } = raw.told(50)?.[1] as Readonly<Record<string, SyrupRecord>>;
    expect([ref, vow]).toEqual([object(ref?.fields[0]), promise(vow?.fields[0])]);
    raw.say(record('op:listen', toExport(vow?.fields[0]), object(51), false));
    expect(raw.told(51)).toEqual(['fulfill', ref]);
  });
  it('a vow that has settled to a reference arrives as that very reference', async () => {
    const desk = await a.run((turn) => turn.spawn(makeDesk));
    const home = await a.run((turn) => turn.send(atB, 'echo', { vow: turn.kept(desk) }));
    const { vow } = home as { vow: Vow };
    expect(await a.run((turn) => turn.when(vow, (_turn, value) => value))).toBe(desk);
  });
  it.each([
    ['before anybody waits', false],
    ['while somebody waits', true],
  ])(
    'a promise that becomes one of the other, which becomes the first: it breaks, %s',
    async (_when, early) => {
      const broken = a.vat.run((turn) => {
        const here = turn.send(atA, 'open', 'a');
        const there = turn.send(atB, 'open', 'b');
        const waited = early ? turn.when(there, () => 'kept') : undefined;
        turn.tell(atB, 'follow', 'b', here);
        turn.tell(atA, 'follow', 'a', there);
        return waited ?? turn.when(here, () => 'kept');
      });
      const told = broken.then(
        () => 'kept',
        (reason: unknown) => String(reason),
      );
      world.run();
      expect(await told).toContain('follow itself');
    },
  );
  it('what breaks at one breaks at all who wait for it, through a chain across both', async () => {
    const told = a.vat.run((turn) => {
      const one = turn.send(atB, 'open', 'one');
      const two = turn.send(atA, 'open', 'two');
      const three = turn.send(atB, 'open', 'three') as Vow<Ref<Desk>>;
      turn.tell(atA, 'follow', 'two', one);
      turn.tell(atB, 'follow', 'three', two);
      turn.tell(atB, 'fail', 'one', { why: 'gone' });
      const waits = [
        turn.when(one, () => 0),
        turn.send(three, 'hear', 1),
        turn.send(atB, 'await', two),
      ];
      return turn.all(waits);
    });
    world.run();
    const reasons = (await told).map(
      (each) => each.kept || (each.reason as { reason?: unknown }).reason,
    );
    expect(reasons).toEqual(Array(3).fill({ why: 'gone' }));
  });
  it('a promise of a promise of a promise, across and back, comes to its end in order', async () => {
    const desk = await b.run((turn) => turn.spawn(makeDesk));
    b.offer('desk', desk);
    await a.run((turn) => {
      const one = turn.send(atA, 'open', 'one');
      const two = turn.send(atB, 'open', 'two') as Vow<Ref<Desk>>;
      turn.tell(atB, 'follow', 'two', one);
      for (let at = 0; at < 5; at += 1) turn.tell(two, 'hear', at);
      const three = turn.send(atA, 'open', 'three');
      turn.tell(atA, 'follow', 'one', three);
      for (let at = 5; at < 10; at += 1) turn.tell(two, 'hear', at);
      turn.tell(atA, 'follow', 'three', a.router.enliven(b.sturdyref('desk')));
      for (let at = 10; at < 15; at += 1) turn.tell(two, 'hear', at);
      return turn.send(two, 'heard');
    });
    const heard = await b.run((turn) => turn.send(desk, 'heard'));
    expect(heard).toEqual(Array.from({ length: 15 }, (_each, at) => at));
  });
  it.each(['of the peer', 'of our own'])(
    'what is sent to an imported promise that becomes a desk %s arrives in order, once',
    async (whose) => {
      const at = whose === 'of our own' ? a : b;
      at.offer('desk', await at.run((turn) => turn.spawn(makeDesk)));
      const desk = (await a.run(() => a.router.enliven<Desk>(at.sturdyref('desk')))) as Ref<Desk>;
      const heard = await a.run((turn) =>
        turn.when(turn.send(atB, 'box', 'p'), (turn, { vow }) => {
          const say = (turn: Turn, from: number): void => {
            for (let n = from; n < from + 5; n += 1) turn.tell(vow, 'hear', n);
          };
          say(turn, 0);
          turn.tell(atB, 'keep', 'p', desk);
          say(turn, 5);
          return turn.when(vow, (turn) => {
            say(turn, 10);
            return turn.send(vow, 'heard');
          });
        }),
      );
      expect(heard).toEqual(Array.from({ length: 15 }, (_each, n) => n));
    },
  );
});
