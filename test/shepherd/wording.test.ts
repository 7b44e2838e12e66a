/** What an operation says about a service. */
import { describe, expect, it } from 'vitest';
import { linesOf } from '../../packages/shepherd/src/wording.ts';

describe('a reason in a line', () => {
  it.each([
    ['nobody listens there', 'Service web: nobody listens there.'],
    ['Nothing was sent; start it again.', 'Service web: Nothing was sent; start it again.'],
    ['Service web depends on net.', 'Service web depends on net.'],
  ])('%s: ends with one full stop', (reason, line) => {
    const outcome = { member: 'web', result: 'unreachable' as const, reason, rows: [] };
    expect(linesOf('start', outcome, true)).toEqual([line]);
  });
});
