import { describe, expect, it } from 'vitest';
import type { Bcom, Behavior, Ref, Turn, Vow, WireName } from '@bellwether/actors';

interface Counter {
  get(): number;
  add(n: number): number;
  later(): Vow<string>;
}
const makeCounter = (
  turn: Turn<Counter>,
  bcom: Bcom<Counter>,
  start: number,
): Behavior<Counter> => ({
  get: () => start,
  add: (turn, n) => bcom(makeCounter(turn, bcom, start + n), start + n),
  later: () => turn.kept('x'),
});

/** Never run: the compiler holds each line, and refuses a directive that expects no error. */
const held = (turn: Turn, counter: Ref<Counter>, vow: Vow<Ref<Counter>>): void => {
  const n: Vow<number> = turn.send(vow, 'add', 1);
  const now: number = turn.call(counter, 'add', 1);
  const text: Vow<string> = turn.send(counter, 'later');
  const narrow: Ref<Pick<Counter, 'get'>> = counter;
  turn.when(turn.all([n, text] as const), (_turn, [first, second]) => {
    if (first.kept) first.value.toFixed();
    if (second.kept) second.value.length.toFixed();
  });
  // @ts-expect-error the argument is a number
  turn.send(counter, 'add', 'x');
  // @ts-expect-error no such method
  turn.send(counter, 'ad', 1);
  // @ts-expect-error a near call takes no vow
  turn.call(vow, 'get');
  // @ts-expect-error wider than what was given
  const wide: Ref<Counter> = narrow;
  // @ts-expect-error the constructor takes a number
  turn.spawn(makeCounter, 'x');
  const symbols: WireName<'get' | 'addNow' | 'toV2Now'>[] = ['get', 'add-now', 'to-v2-now'];
  // @ts-expect-error a symbol is not written as the method is
  const symbol: WireName<'addNow'> = 'addNow';
  // @ts-expect-error a method cannot be async
  const slow: Behavior<{ go(): void }> = { go: async () => undefined };
  // @ts-expect-error no method beyond the interface
  const extra: Behavior<{ go(): void }> = { go: () => undefined, helper: () => 1 };
  // @ts-expect-error a door leads to a method of the actor itself
  turn.door('get');
  void [now, wide, symbols, symbol, slow, extra];
};

describe('the types', () => {
  it('are held by the compiler', () => {
    expect(held).toBeTypeOf('function');
  });
});
