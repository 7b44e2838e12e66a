import { expect, it } from 'vitest';
import { signalGroup } from '../../../packages/shepherd/src/node/group.ts';

it.each([0, 1, -1, -5, 1.5, Number.NaN, 2 ** 60])(
  'a signal to the group of %d is refused: it would reach others',
  (pid) => {
    expect(() => signalGroup(pid, 0)).toThrow(RangeError);
  },
);

it('a signal to a group that nobody is in says so', () => {
  expect(signalGroup(2 ** 22 + 1, 'SIGTERM')).toBe('gone');
});
