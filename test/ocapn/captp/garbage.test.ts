/** References and answers are given back, exactly as often as they were received. */
import { type Behavior, type Ref, type Vow, World } from '@bellwether/actors';
import type { SyrupRecord } from '@bellwether/ocapn';
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
