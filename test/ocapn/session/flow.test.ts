import type { Frontier } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { Flow, type Reading } from '../../../packages/ocapn/src/session/flow.ts';

describe('a round', () => {
  const windowMessages = 10;
  /** Sessions that wait, and how many of them each round takes up. */
  const served = (roundMessages: number, count: number): readonly number[] => {
    const asked: (() => void)[] = [];
    const frontier = { workedOff: (told: () => void) => void asked.push(told) };
    const flow = new Flow(frontier as unknown as Frontier, { ...LIMITS, roundMessages });
    const rounds: number[] = [];
    const goOn = (): void => void (rounds[flow.round] = (rounds[flow.round] ?? 0) + 1);
    const session: Reading = { windowMessages, goOn };
    for (let n = 0; n < count; n += 1) flow.wait(session);
    for (let told = asked.shift(); told !== undefined; told = asked.shift()) told();
    return rounds.slice(1);
  };
  it('takes up those whose windows fit into it, and leaves one more to the next', () => {
    expect(served(40, 4)).toEqual([4]);
    expect(served(40, 5)).toEqual([4, 1]);
    expect(served(40, 9)).toEqual([4, 4, 1]);
  });
  it('takes up one at least', () => {
    expect(served(1, 2)).toEqual([1, 1]);
  });
});
