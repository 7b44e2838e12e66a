import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refused, type Behavior, type Turn } from '@bellwether/actors';
import { makeBench, runIn } from '../support/actors-vat.ts';

type Step =
  | readonly ['set', string, number | undefined]
  | readonly ['delete', string]
  | readonly ['clear']
  | readonly ['nested', readonly Step[], boolean];
interface State {
  readonly entries: readonly (readonly [string, number | undefined])[];
  readonly keys: readonly string[];
  readonly values: readonly (number | undefined)[];
  readonly size: number;
  readonly cell: number;
}
interface Box {
  play(steps: readonly Step[], fails: boolean): void;
  state(): State;
  has(key: string): boolean;
}
const makeBox = (turn: Turn<Box>): Behavior<Box> => {
  const map = turn.map<string, number | undefined>();
  const cell = turn.cell(0);
  return {
    play: (_turn, steps, fails) => {
      for (const step of steps) {
        cell.set(cell.get() + 1);
        if (step[0] === 'set') map.set(step[1], step[2]);
        else if (step[0] === 'delete') map.delete(step[1]);
        else if (step[0] === 'clear') map.clear();
      }
      if (fails) throw new Refused('undo');
    },
    state: () => ({
      entries: [...map.entries()],
      keys: [...map.keys()],
      values: [...map.values()],
      size: map.size,
      cell: cell.get(),
    }),
    has: (_turn, key) => map.has(key),
  };
};
const keys = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const flat: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.constant('set' as const), keys, fc.option(fc.nat(9), { nil: undefined })),
  fc.tuple(fc.constant('delete' as const), keys),
  fc.tuple(fc.constant('clear' as const)),
);
const flats = fc.array(flat, { maxLength: 12 });

/** What a plain Map does, save that a key deleted and set again in one turn keeps its place. */
const played = (before: State, turns: readonly (readonly Step[])[]): State['entries'] => {
  let entries = [...before.entries];
  for (const steps of turns) {
    const places = new Map<string, { value: number | undefined; isGone: boolean }>(
      entries.map(([key, value]) => [key, { value, isGone: false }]),
    );
    for (const step of steps) {
      if (step[0] === 'clear') places.clear();
      if (step[0] === 'set') places.set(step[1], { value: step[2], isGone: false });
      const place = places.get(String(step[1]));
      if (step[0] === 'delete' && place !== undefined) place.isGone = true;
    }
    entries = [...places]
      .filter(([, place]) => !place.isGone)
      .map(([key, { value }]) => [key, value]);
  }
  return entries;
};

describe('journalled state', () => {
  it('is after an undone turn what it was before, order included', async () => {
    await fc.assert(
      fc.asyncProperty(flats, flats, async (first, second) => {
        const bench = makeBench();
        const box = await runIn(bench, (turn) => turn.spawn(makeBox));
        await runIn(bench, (turn) => turn.send(box, 'play', first, false));
        const before = await runIn(bench, (turn) => turn.call(box, 'state'));
        await runIn(bench, (turn) => turn.send(box, 'play', second, true)).catch(() => undefined);
        expect(await runIn(bench, (turn) => turn.call(box, 'state'))).toEqual(before);
      }),
      { seed: 11, numRuns: 300 },
    );
  });
  it('is after undone near calls what the kept ones made of it', async () => {
    const parts = fc.array(fc.tuple(flats, fc.boolean()), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(flats, parts, async (first, calls) => {
        const bench = makeBench();
        const box = await runIn(bench, (turn) => turn.spawn(makeBox));
        await runIn(bench, (turn) => turn.send(box, 'play', first, false));
        const before = await runIn(bench, (turn) => turn.call(box, 'state'));
        const after = await runIn(bench, (turn) => {
          for (const [steps, fails] of calls) {
            try {
              turn.call(box, 'play', steps, fails);
            } catch {
              // Undone to its savepoint: that is what is tested.
            }
          }
          return turn.call(box, 'state');
        });
        const kept = calls.filter(([, fails]) => !fails).flatMap(([steps]) => steps);
        const expected = played(before, [kept]);
        expect(after.entries).toEqual(expected);
        expect(after.keys).toEqual(expected.map(([key]) => key));
        expect(after.values).toEqual(expected.map(([, value]) => value));
        expect([after.size, after.cell]).toEqual([expected.length, before.cell + kept.length]);
        expect(await runIn(bench, (turn) => turn.call(box, 'state'))).toEqual(after);
      }),
      { seed: 12, numRuns: 300 },
    );
  });
  it('keeps a place for a key only within the turn that deleted it', async () => {
    const bench = makeBench();
    const box = await runIn(bench, (turn) => turn.spawn(makeBox));
    const play = (...steps: readonly Step[]) =>
      runIn(bench, (turn) => turn.send(box, 'play', steps, false));
    const order = async () => (await runIn(bench, (turn) => turn.call(box, 'state'))).keys.join('');
    await play(['set', 'a', 1], ['set', 'b', 1], ['set', 'c', undefined]);
    await play(['delete', 'a'], ['set', 'a', 2]);
    expect(await order()).toBe('abc');
    await play(['delete', 'a']);
    await play(['set', 'a', 3]);
    expect(await order()).toBe('bca');
    expect(await runIn(bench, (turn) => turn.call(box, 'has', 'c'))).toBe(true);
    expect(await runIn(bench, (turn) => turn.call(box, 'has', 'd'))).toBe(false);
  });
});
