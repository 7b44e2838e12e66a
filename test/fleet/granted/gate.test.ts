/** The gate of a grant: what is behind it ends with it, and there is only so much of it. */
import { Refused, type Bcom, type Behavior, type Ref, type Turn } from '@bellwether/actors';
import type { Cut, GrantBook } from '@bellwether/authority';
import { FLEET_LIMITS } from '@bellwether/fleet';
import { describe, expect, it } from 'vitest';
import { makeGate, untilCut, type Gate } from '../../../packages/fleet/src/granted/gate.ts';
import { makeBench, runIn } from '../../support/actors-vat.ts';

type Book = Pick<GrantBook, 'hold' | 'judge'>;
/** A book with one grant, which ends when the test says so. */
const makeTestBook = (
  turn: Turn<Book & { end(): void }>,
  _bcom: Bcom<Book & { end(): void }>,
): Behavior<Book & { end(): void }> => {
  const cuts = turn.map<Ref<Cut>, true>();
  const isOver = turn.cell(false);
  const why = new Refused('it is over');
  return {
    hold: (_turn, _grant, cut) => void cuts.set(cut, true),
    judge: () => (isOver.get() ? why : undefined),
    end: (turn) => {
      isOver.set(true);
      for (const cut of [...cuts.keys()]) turn.call(cut, 'cut', why);
    },
  };
};
const bench = async () => {
  const it = makeBench();
  const { book, gate } = await runIn(it, (turn) => {
    const book = turn.spawn(makeTestBook);
    const booked = { book: book as unknown as Ref<GrantBook>, grant: 'g-1' };
    return { book, gate: turn.spawn(makeGate, booked) };
  });
  const booked = { book: book as unknown as Ref<GrantBook>, grant: 'g-1', gate };
  return { ...it, book, gate, booked };
};
const enterAll = (turn: Turn, gate: Ref<Gate>, count: number, end = (): void => undefined) =>
  Array.from({ length: count }, () => turn.call(gate, 'enter', end));

describe('a gate', () => {
  it('has room for as much as its limit, and again when something has left', async () => {
    const it = await bench();
    const { grantOpenCount } = FLEET_LIMITS;
    const numbers = await runIn(it, (turn) => ({ all: enterAll(turn, it.gate, grantOpenCount) }));
    expect(new Set(numbers.all).size).toBe(grantOpenCount);
    const more = () => runIn(it, (turn) => ({ all: enterAll(turn, it.gate, 1) }));
    await expect(more()).rejects.toMatchObject({ code: 'limit' });
    await runIn(it, (turn) => turn.call(it.gate, 'leave', numbers.all[0] ?? 0));
    expect((await more()).all).toHaveLength(1);
  });
  it('ends all of it, once, in the turn in which the grant ends', async () => {
    const it = await bench();
    const ended = await runIn(it, (turn) => {
      const counted: true[] = [];
      enterAll(turn, it.gate, 3, () => void counted.push(true));
      turn.call(it.book, 'end');
      turn.call(it.book, 'end');
      return { count: counted.length };
    });
    expect(ended.count).toBe(3);
  });
  it('lets an answer through as long as the grant holds, and not the one that comes with its end', async () => {
    const it = await bench();
    const answer = () => runIn(it, (turn) => untilCut(it.booked, turn, turn.kept('data')));
    expect(await answer()).toBe('data');
    const late = runIn(it, (turn) => {
      const vow = untilCut(it.booked, turn, turn.kept('data'));
      turn.call(it.book, 'end');
      return vow;
    });
    await expect(late).rejects.toMatchObject({ message: 'it is over' });
    await expect(answer()).rejects.toMatchObject({ message: 'it is over' });
  });
});
