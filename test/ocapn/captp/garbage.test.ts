/** References and answers are given back, exactly as often as they were received. */
import { type Behavior, type Ref, type Vow, World } from '@bellwether/actors';
import { Sturdyref, type SyrupRecord } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

interface Box {
  put(thing: unknown): void;
  take(): unknown;
  many(count: number): readonly Ref[];
  echo(value: unknown): unknown;
  await(vow: Vow): unknown;
  /** Asks it for something, and sends on to what that will be. */
  chase(thing: Ref<{ get(): Ref<{ run(): void }> }>): void;
}
let world: World;
let peer: Peer;
let raw: Raw;

beforeEach(async () => {
  world = new World(1);
  const network = new Network(world);
  peer = new Peer(network, 'peer');
  const box = await peer.run((turn) =>
    turn.spawn((turn): Behavior<Box> => {
      const held = turn.cell<unknown>(undefined);
      return {
        put: (_turn, thing) => held.set(thing),
        take: () => held.get(),
        many: (turn, count) => Array.from({ length: count }, () => turn.spawn(() => ({}))),
        echo: (_turn, value) => value,
        await: (turn, vow) => turn.when(vow, (_turn, value) => value),
        chase: (turn, thing) => turn.tell(turn.send(thing, 'get'), 'run'),
      };
    }),
  );
  peer.offer('box', box);
  raw = Raw.dial(network, peer, 'raw').greet();
  raw.say(deliver(toExport(0), [sym('fetch'), new Uint8Array(Buffer.from('box'))], 0));
});
afterEach(() => {
  raw.end.cut();
  leavesNothing([peer]);
});

const collect = (): void => {
  peer.reaper.collectAll();
  world.run();
};
/** All that came back so far, summed by position. */
const returned = (): ReadonlyMap<unknown, number> => {
  const sums = new Map<unknown, number>();
  for (const { fields } of raw.heardOf('op:gc-exports')) {
    const [positions, deltas] = fields as [readonly unknown[], readonly number[]];
    positions.forEach((at, i) => sums.set(at, (sums.get(at) ?? 0) + (deltas[i] ?? 0)));
  }
  return sums;
};

describe('what the peer gave us', () => {
  it('goes back with as many mentions as came, within one frame and over several', () => {
    raw.say(
      deliver(toAnswer(0), [sym('put'), [object(9), object(9), { deep: object(9) }]]),
      deliver(toAnswer(0), [sym('put'), object(9)]),
    );
    expect(returned().get(9)).toBeUndefined();
    collect();
    expect(returned().get(9)).toBe(4);
  });
  it('goes back once, and not again when it is mentioned anew', () => {
    raw.say(deliver(toAnswer(0), [sym('put'), object(9)]));
    collect();
    raw.say(deliver(toAnswer(0), [sym('put'), object(9)]));
    expect(returned().get(9)).toBe(1);
    collect();
    expect(returned().get(9)).toBe(2);
    collect();
    expect(returned().get(9)).toBe(2);
  });
  it('is the same reference as long as it is held', () => {
    raw.say(
      deliver(toAnswer(0), [sym('put'), object(9)]),
      deliver(toAnswer(0), [sym('take')], false, object(50)),
    );
    expect(raw.told(50)).toEqual(['fulfill', toExport(9)]);
  });
  it('a resolver goes back after its answer, also when it shares its number with an object', () => {
    raw.say(deliver(toAnswer(0), [sym('echo'), object(9)], false, object(9)));
    expect(raw.told(9)).toEqual(['fulfill', toExport(9)]);
    expect(returned().get(9)).toBe(1);
    collect();
    expect(returned().get(9)).toBe(2);
  });
  it('a resolver that is called a promise is told, and goes back like any other', () => {
    raw.say(deliver(toAnswer(0), [sym('echo'), 1], false, promise(70)));
    expect(raw.told(70)).toEqual(['fulfill', 1]);
    expect(returned().get(70)).toBe(1);
  });
  it('object 0 of the peer is an ordinary one, and goes back', () => {
    raw.say(deliver(toAnswer(0), [sym('put'), object(0)]));
    collect();
    expect(returned().get(0)).toBe(1);
  });
  it('a promise goes back when it has settled, without waiting for a collector', () => {
    raw.say(deliver(toAnswer(0), [sym('await'), promise(20)], false, object(50)));
    const [listen] = raw.heardOf('op:listen');
    const resolver = (listen?.fields[1] as SyrupRecord).fields[0];
    raw.say(deliver(toExport(resolver), [sym('fulfill'), 5]));
    expect(raw.told(50)).toEqual(['fulfill', 5]);
    expect(returned().get(20)).toBe(1);
  });
});

describe('an answer of the peer', () => {
  /** The box has asked object 9 for something and has sent to the answer. Its number, and its resolver. */
  const chased = (): readonly [answer: unknown, resolver: unknown] => {
    raw.say(deliver(toAnswer(0), [sym('chase'), object(9)]));
    const [asked, sent] = raw.heardOf('op:deliver').slice(-2);
    expect([asked?.fields[0], sent?.fields[0]]).toEqual([toExport(9), toAnswer(asked?.fields[2])]);
    return [asked?.fields[2], (asked?.fields[3] as SyrupRecord).fields[0]];
  };
  const givenBack = (): readonly unknown[] =>
    raw.heardOf('op:gc-answers').flatMap(({ fields }) => fields[0] as readonly unknown[]);
  const fulfill = (resolver: unknown, value: unknown): void =>
    void raw.say(deliver(toExport(resolver), [sym('fulfill'), value]));

  it.each([
    ['data', 5],
    ['an object of the peer', object(30)],
  ])('goes back by itself once it is %s', (_what, value) => {
    const [answer, resolver] = chased();
    expect(givenBack()).toEqual([]);
    fulfill(resolver, value);
    expect(givenBack()).toEqual([answer]);
    collect();
    expect(givenBack()).toEqual([answer]);
  });
  it('goes back by itself once it is broken', () => {
    const [answer, resolver] = chased();
    raw.say(deliver(toExport(resolver), [sym('break'), 'no']));
    expect(givenBack()).toEqual([answer]);
  });
  it.each([
    ['another promise of the peer', promise(30)],
    ['an object of ours', toExport(1)],
    ['a promise of ours', 'our promise'],
  ])('is used on while it is %s, and goes back when nobody holds it', (_what, value) => {
    raw.say(deliver(toAnswer(0), [sym('echo'), { vow: toAnswer(0) }], false, object(60)));
    const inside = (raw.told(60)?.[1] as { vow: SyrupRecord }).vow;
    const [answer, resolver] = chased();
    fulfill(resolver, value === 'our promise' ? toExport(inside.fields[0]) : value);
    expect(givenBack()).toEqual([]);
    collect();
    expect(givenBack()).toEqual([answer]);
    collect();
    expect(givenBack()).toEqual([answer]);
  });
});

describe('the bootstrap object', () => {
  it('of the peer never goes back, though it was asked and let go', () => {
    peer.router.enliven(new Sturdyref(raw.location, new Uint8Array([1])));
    world.run();
    expect(raw.heardOf('op:deliver').at(-1)?.fields[0]).toEqual(toExport(0));
    collect();
    expect(returned().has(0)).toBe(false);
  });
  it('of ours stays, however often it is given back, and whatever for', () => {
    raw.say(
      record('op:gc-exports', [0], [1]),
      record('op:gc-exports', [0, 0], [7, 1]),
      deliver(toExport(0), [sym('fetch'), new Uint8Array(Buffer.from('box'))], false, object(60)),
    );
    expect(raw.told(60)?.[0]).toBe('fulfill');
    expect(raw.isClosed).toBe(false);
  });
  it('of ours is a reference like any other where a message holds it', () => {
    raw.say(deliver(toAnswer(0), [sym('echo'), toExport(0)], false, object(60)));
    const [, value] = raw.told(60) ?? [];
    const position = (value as SyrupRecord).fields[0];
    expect(value).toEqual(object(position));
    expect(position).not.toBe(0);
    raw.say(
      deliver(
        toExport(position),
        [sym('fetch'), new Uint8Array(Buffer.from('box'))],
        false,
        object(61),
      ),
      record('op:gc-exports', [position], [1]),
    );
    expect(raw.told(61)?.[0]).toBe('fulfill');
  });
});

describe('what comes too late', () => {
  it('is given back with the references in it: a second answer, a message to what is gone', () => {
    raw.say(deliver(toAnswer(0), [sym('chase'), object(9)]));
    const asked = raw.heardOf('op:deliver').at(-2);
    const resolver = (asked?.fields[3] as SyrupRecord).fields[0];
    raw.say(
      deliver(toExport(resolver), [sym('fulfill'), 1]),
      deliver(toExport(resolver), [sym('fulfill'), [object(40), object(40)]]),
      deliver(toAnswer(0), [sym('echo'), 1], false, object(60)),
    );
    expect(raw.told(60)).toEqual(['fulfill', 1]);
    collect();
    expect(returned().get(40)).toBe(2);
  });
});

describe('what we gave the peer', () => {
  const exported = (): unknown => peer.router.sessions()[0]?.tables.exports;
  it('is kept for every mention, and forgotten with the last', () => {
    raw.say(
      deliver(toExport(0), [sym('fetch'), new Uint8Array(Buffer.from('box'))], 1, object(50)),
    );
    raw.say(deliver(toAnswer(0), [sym('echo'), [toExport(1), toExport(1)]], 2, object(51)));
    expect(raw.told(51)).toEqual(['fulfill', [object(1), object(1)]]);
    raw.say(record('op:gc-exports', [1], [2]));
    expect(exported()).toBe(1);
    raw.say(record('op:gc-exports', [1], [1]));
    expect(exported()).toBe(0);
  });
  it('comes back in lists, with a position in them as often as it likes', () => {
    raw.say(deliver(toAnswer(0), [sym('many'), 3], false, object(50)));
    const [, many] = raw.told(50) as [unknown, readonly SyrupRecord[]];
    const [one, two, three] = many.map(({ fields }) => fields[0]);
    raw.say(deliver(toAnswer(0), [sym('echo'), [toExport(one), toExport(one)]], false, object(51)));
    expect(exported()).toBe(3);
    raw.say(record('op:gc-exports', [one, two, one, one], [1, 1, 1, 1]));
    expect(exported()).toBe(1);
    raw.say(record('op:gc-exports', [three], [1]));
    expect(exported()).toBe(0);
  });
  it('answers are held until the peer says so', () => {
    const answers = (): unknown => peer.router.sessions()[0]?.tables.answers;
    raw.say(deliver(toAnswer(0), [sym('echo'), 1], 1), deliver(toAnswer(0), [sym('echo'), 1], 2));
    expect(answers()).toBe(3);
    raw.say(record('op:gc-answers', [1, 2, 77]));
    expect(answers()).toBe(1);
    raw.say(deliver(toAnswer(0), [sym('echo'), 'again'], 1, object(50)));
    expect(raw.told(50)).toEqual(['fulfill', 'again']);
  });
  it('many references collected at once go back in frames of bounded size', () => {
    const many = Array.from({ length: 9_000 }, (_each, at) => object(at + 1_000));
    raw.say(deliver(toAnswer(0), [sym('put'), many]));
    collect();
    const frames = raw.heardOf('op:gc-exports').map(({ fields }) => (fields[0] as []).length);
    expect(frames).toEqual([8_192, 808]);
  });
});
