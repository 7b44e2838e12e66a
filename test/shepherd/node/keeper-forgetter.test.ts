import { describe, expect, it } from 'vitest';
import { Forgetter } from '../../../packages/shepherd/src/node/keeper/forgetter.ts';
import { forgetCount } from '../../../packages/shepherd/src/node/keeper/limits.ts';

describe('the end of a process', () => {
  it('stays in the keeper until all that was recorded before is durable', () => {
    const sent: string[] = [];
    const waiting: (() => void)[] = [];
    const forgetter = new Forgetter({
      send: (frame) => void sent.push(frame.toString('latin1')),
      whenDurable: (told) => void waiting.push(told),
    });
    for (let at = 0; at < forgetCount; at += 1) forgetter.add(`w-${at}`);
    forgetter.add('later');
    forgetter.now('w-0');
    expect([sent.length, waiting.length]).toEqual([1, 1]);
    expect(forgetter.has('w-1')).toBe(true);
    waiting[0]?.();
    expect(sent).toHaveLength(forgetCount);
    expect([forgetter.has('w-1'), forgetter.has('later')]).toEqual([false, true]);
    forgetter.close();
  });
});
