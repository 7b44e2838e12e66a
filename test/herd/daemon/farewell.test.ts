/** What peers are told when a life of a daemon ends. */
import { DiskFailed } from '@bellwether/store';
import { expect, it } from 'vitest';
import { farewellOf } from '../../../packages/herd/src/daemon/farewell.ts';

it.each([
  [
    'IO error: /a/b: No space left on device',
    /disk is full \(ENOSPC\); it starts anew, and needs room/,
  ],
  ['IO error: /a/b: Input/output error', /disk has an error \(EIO\); it starts anew$/],
])('is what is wrong with its disk, without a path: %s', (message, told) => {
  const said = farewellOf({ kind: 'halted', reason: new DiskFailed(message) });
  expect(said).toMatch(/^the shepherd could not write its state: /);
  expect(said).toMatch(told);
  expect(said).not.toContain('/a/b');
});
it('is where to look, of any other end that nobody wanted', () => {
  const said = farewellOf({ kind: 'halted', reason: new Error('a secret') });
  expect(said).toBe('the shepherd halted and starts anew; its log says why');
});
