import { expect, it } from 'vitest';
import { DiskFailed } from '@bellwether/store';

it.each([
  ['IO error: /secret/store-1/000006.log: No space left on device', 'the disk is full (ENOSPC)'],
  ['IO error: /secret/store-1/000006.log: Input/output error', 'the disk has an error (EIO)'],
  ['IO error: /secret/store-1: something new', 'the disk has failed'],
])('a disk that fails is explained without a path: %s', (words, trouble) => {
  expect(new DiskFailed(`state: the disk under /secret failed: ${words}`).trouble).toBe(trouble);
});
