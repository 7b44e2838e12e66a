/**
 * What is tried with a peer of another implementation: a counter of theirs is called in every way that there is, and its
 * like is here for them to call.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import { Sturdyref, Sym, taggedFrom, taggedRecord } from '@bellwether/ocapn';
import { isBroken, type Peer, within } from './peer.ts';

/** What both sides give out; the scripts have the same. */
export interface Counter {
  echo(value: unknown): unknown;
  add(n: number): number;
  addAndFail(n: number): void;
  fail(): void;
  self(): Ref<Counter>;
  keep(object: Ref): Ref;
  isKept(object: Ref): boolean;
  whenThere(value: unknown): unknown;
  tell(listener: Ref<Listener>, word: string): Vow<unknown>;
}
interface Listener {
  hear(word: string): unknown;
}
/** Makes one that counts from `start`. */
export const makeCounter = (
  turn: Turn<Counter>,
  _bcom: Bcom<Counter>,
  start: number,
): Behavior<Counter> => {
  const count = turn.cell(start);
  const kept = turn.cell<Ref | undefined>(undefined);
  const add = (n: number): number => {
    count.set(count.get() + n);
    return count.get();
  };
  const fail = (): never => {
    throw new RangeError('on purpose');
  };
  return {
    echo: (_turn, value) => value,
    add: (_turn, n) => add(n),
    addAndFail: (_turn, n) => {
      add(n);
      fail();
    },
    fail,
    self: (turn) => turn.spawn(makeCounter, 100),
    keep: (_turn, object) => {
      kept.set(object);
      return object;
    },
    isKept: (_turn, object) => object === kept.get(),
    whenThere: (_turn, value) => value,
    tell: (turn, listener, word) => turn.send(listener, 'hear', word),
  };
};
const makeListener = (
  _turn: Turn<Listener>,
  _bcom: Bcom<Listener>,
  told: (word: string) => void,
): Behavior<Listener> => ({
  hear: (turn, word) => {
    turn.effect(() => told(word));
    return new Sym('thanks');
  },
});

/** By the names that the scripts have for them; what one side alone has is in its column alone. */
const values: readonly (readonly [name: string, value: unknown])[] = [
  ['true', true],
  ['false', false],
  ['zero', 0],
  ['integer', -7],
  ['beyond-2-53', 2n ** 53n + 1n],
  ['big', -(2n ** 70n)],
  ['double', 1.5],
  ['infinity', -Infinity],
  ['nan', Number.NaN],
  ['minus-zero', -0],
  ['text', 'hello'],
  ['unicode', 'Grüße, 日本'],
  ['emoji', '🙂'],
  ['no-text', ''],
  ['bytes', new Uint8Array([0, 1, 128, 255])],
  ['symbol', new Sym('ready')],
  ['list', [1, 'two', [3], []]],
  ['no-list', []],
  ['struct', { host: 'a', port: 'b' }],
  ['void', undefined],
];

/** What was tried: with whom, what, and what is wrong with it, if anything. */
export type Verdicts = Map<string, string>;
type Judge = (what: string, isWell: boolean, found: unknown) => void;
const judging =
  (verdicts: Verdicts): Judge =>
  (what, isWell, found) => {
    verdicts.set(what, isWell ? 'ok' : `FAIL: ${JSON.stringify(found)}`);
  };
/** As the structs that are read, which have no prototype. */
const plain = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null
    ? { ...value }
    : value;

/** What a peer of that kind is known not to have. */
export interface Known {
  /** Whether it reads null, which is refused otherwise. */
  readonly readsNull: boolean;
  /** Whether -0 arrives as such. */
  readonly keepsMinusZero: boolean;
  /** Whether it can say what stands outside of the basic plane of Unicode: its answer never comes otherwise. */
  readonly writesEmoji: boolean;
  /** Whether its road proves the key that a designator is. */
  readonly provesKeys: boolean;
}
/** Calls the counter of a sturdyref; what came of each thing. Keeps the peer open. */
export const callAll = async (
  { vat, router }: Pick<Peer, 'vat' | 'router'>,
  ref: Sturdyref,
  { readsNull, keepsMinusZero, writesEmoji, provesKeys }: Known,
): Promise<Verdicts> => {
  const verdicts: Verdicts = new Map();
  const judge = judging(verdicts);
  const counter = router.enliven<Counter>(ref);
  const ask = (work: (turn: Turn) => unknown): Promise<unknown> => within(vat.run(work));
  for (const [name, value] of values) {
    if (name === 'emoji' && !writesEmoji) continue;
    const wanted = Object.is(value, -0) && !keepsMinusZero ? 0 : value;
    const back = await ask((turn) => turn.send(counter, 'echo', value));
    judge(`value-${name}`, isDeepStrictEqual(plain(back), wanted), back);
  }
  const tagged = await ask((turn) =>
    turn.send(counter, 'echo', taggedRecord({ tag: 'point', value: [1, 2] })),
  );
  const point = taggedFrom(tagged);
  judge('value-tagged', isDeepStrictEqual(point, { tag: 'point', value: [1, 2] }), tagged);
  const none = await ask((turn) => turn.send(counter, 'echo', null));
  if (readsNull) judge('value-null', none === null, none);
  else judge('value-null-refused', isBroken(none), none);
  const [two, five] = await Promise.all([
    ask((turn) => turn.send(counter, 'add', 2)),
    ask((turn) => turn.send(counter, 'add', 3)),
  ]);
  judge('order', two === 2, two);
  judge('order-after', five === 5, five);
  const deep = await ask((turn) =>
    turn.send(turn.send(turn.send(counter, 'self'), 'self'), 'add', 1),
  );
  judge('pipelined', deep === 101, deep);
  const third = await ask((turn) => {
    const other = turn.send(counter, 'self');
    turn.send(other, 'add', 1);
    return turn.send(other, 'add', 2);
  });
  judge('pipelined-order', third === 103, third);
  const failed = await ask((turn) => turn.send(counter, 'fail'));
  judge('break', isBroken(failed), failed);
  const through = await ask((turn) =>
    turn.send(turn.send(counter, 'fail') as unknown as Vow<Ref<Counter>>, 'add', 1),
  );
  judge('break-pipelined', isBroken(through), through);
  await ask((turn) => turn.send(counter, 'addAndFail', 40));
  const sum = await ask((turn) => turn.send(counter, 'add', 0));
  judge('rollback', sum === 5, sum);
  const odd = await ask((turn) =>
    turn.send(counter as unknown as Vow<Ref<{ noSuchMethod(): void }>>, 'noSuchMethod'),
  );
  judge('no-such-method', isBroken(odd), odd);
  let heard = '';
  const listener = (await vat.run((turn) =>
    turn.spawn(makeListener, (word: string) => (heard = word)),
  )) as Ref<Listener>;
  const thanks = await ask((turn) => turn.send(counter, 'tell', listener, 'news'));
  judge('callback', thanks instanceof Sym && thanks.name === 'thanks', thanks);
  judge('heard', heard === 'news', heard);
  const back = await ask((turn) => turn.send(counter, 'keep', listener));
  judge('identity-here', back === listener, String(back));
  const isSame = await ask((turn) => turn.send(counter, 'isKept', listener));
  judge('identity-there', isSame === true, isSame);
  const other = await ask((turn) => turn.send(counter, 'self'));
  const again = await ask((turn) => turn.send(counter, 'echo', other));
  judge('identity-of-theirs', again === other, String(again));
  const late = await ask((turn) => {
    const { vow, resolver } = turn.vow<string>();
    turn.after(10, () => resolver.kept('at last'));
    return turn.send(counter, 'whenThere', vow);
  });
  judge('promise', late === 'at last', late);
  const wrong = new Sturdyref(ref.peer, new Uint8Array(32));
  const nothing = await ask((turn) => turn.send(router.enliven<Counter>(wrong), 'add', 1));
  judge('wrong-swissnum', isBroken(nothing), nothing);
  if (provesKeys) {
    const designator = `${ref.peer.designator.startsWith('a') ? 'b' : 'a'}${ref.peer.designator.slice(1)}`;
    const liar = new Sturdyref({ ...ref.peer, designator }, ref.reveal());
    const said = await ask((turn) => turn.send(router.enliven<Counter>(liar), 'add', 1));
    judge('wrong-key', isBroken(said), said);
  }
  return verdicts;
};
