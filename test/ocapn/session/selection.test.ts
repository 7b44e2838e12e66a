/** op:get, op:index and op:untag, over bytes. */
import { type Behavior, type Vow, World } from '@bellwether/actors';
import { Sym, SyrupRecord } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Network } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer } from '../../support/ocapn-peer.ts';
import { deliver, object, Raw, record, sym, toAnswer, toExport } from '../../support/ocapn-raw.ts';

interface Shelf {
  echo(value: unknown): unknown;
  late(value: unknown): Vow<unknown>;
}
const makeShelf = (): Behavior<Shelf> => ({
  echo: (_turn, value) => value,
  late: (turn, value) => {
    const { vow, resolver } = turn.vow();
    turn.after(50, () => resolver.kept(value));
    return vow;
  },
});

let peer: Peer;
let raw: Raw;
beforeEach(async () => {
  const world = new World(1);
  const network = new Network(world);
  peer = new Peer(network, 'peer');
  peer.offer('shelf', await peer.run((turn) => turn.spawn(makeShelf)));
  raw = Raw.dial(network, peer, 'raw').greet();
  raw.say(deliver(toExport(0), [sym('fetch'), new Uint8Array(Buffer.from('shelf'))], 0));
});
afterEach(() => {
  raw.end.cut();
  leavesNothing([peer]);
});

/** Selects from an answer that is `value`, and listens to the part. */
const part = (op: string, selector: unknown, value: unknown, method = 'echo'): unknown => {
  raw.say(
    deliver(toAnswer(0), [sym(method), value], 1),
    record(op, toAnswer(1), selector, 2),
    record('op:listen', toAnswer(2), object(9), false),
  );
  return raw.told(9);
};

describe('a part of an answer', () => {
  it.each([
    ['op:get', 'name', { name: 'x', other: 1 }, 'x'],
    ['op:get', 'flag', { flag: false }, false],
    ['op:index', 0, ['a', 'b'], 'a'],
    ['op:index', 1, ['a', 'b'], 'b'],
    ['op:untag', 'tag', new SyrupRecord(new Sym('desc:tagged'), [new Sym('tag'), 5]), 5],
    ['op:untag', 'tag', new SyrupRecord(new Sym('user-record'), ['tag', 5]), 5],
  ])('%s of %j is found', (op, selector, value, found) => {
    expect(part(op, selector, value)).toEqual(['fulfill', found]);
  });
  it.each([
    ['op:get', 'name', { other: 1 }],
    ['op:get', '__proto__', { other: 1 }],
    ['op:get', 'toString', { other: 1 }],
    ['op:get', 'length', [1]],
    ['op:index', 2, ['a', 'b']],
    ['op:index', 0, 'text'],
    ['op:untag', 'tag', new SyrupRecord(new Sym('desc:tagged'), [new Sym('another'), 5])],
    ['op:untag', 'tag', 5],
  ])('%s of %j breaks where it is not', (op, selector, value) => {
    expect(part(op, selector, value)).toEqual([
      'break',
      [new Sym('refused'), 'captp: ' + op + ' found no such part'],
    ]);
  });
  it('is waited for as long as the answer is', () => {
    expect(part('op:get', 'name', { name: 'x' }, 'late')).toEqual(['fulfill', 'x']);
  });
  it('of a broken answer is broken the same way', () => {
    raw.say(
      deliver(toExport(0), [sym('fetch'), new Uint8Array(3)], 1),
      record('op:get', toAnswer(1), 'x', 2),
      record('op:listen', toAnswer(2), object(9), false),
    );
    expect(raw.told(9)).toEqual([
      'break',
      [new Sym('refused'), expect.stringContaining('swissnum')],
    ]);
  });
  it('of nothing breaks', () => {
    raw.say(
      record('op:get', toAnswer(77), 'x', 2),
      record('op:listen', toAnswer(2), object(9), false),
    );
    expect(raw.told(9)?.[0]).toBe('break');
  });
  it('can be sent to before it is there', () => {
    raw.say(
      deliver(toAnswer(0), [sym('late'), [toAnswer(0)]], 1),
      record('op:index', toAnswer(1), 0, 2),
      deliver(toAnswer(2), [sym('echo'), 'through the part'], 3, object(9)),
    );
    expect(raw.told(9)).toEqual(['fulfill', 'through the part']);
  });
});
