import { Remote } from '@bellwether/actors';
import { describe, expect, it, vi } from 'vitest';
import { exitCodeOfError } from '../../../packages/herd/src/cli/report.ts';
import {
  Detached,
  isDetached,
  isNoAnswer,
  isOutOfReach,
  NoAnswer,
  OutOfReach,
} from '../../../packages/herd/src/client/errors.ts';

const path = '../../../packages/herd/src/client/errors.ts';
const kindsOf = (error: unknown): boolean[] => [
  isDetached(error),
  isNoAnswer(error),
  isOutOfReach(error),
];

describe('an error of our own', () => {
  it('is known for what it is, and so is one that another bundle has made', async () => {
    vi.resetModules();
    const other = (await import(
      path
    )) as typeof import('../../../packages/herd/src/client/errors.ts');
    expect(other.Detached).not.toBe(Detached);
    for (const made of [{ Detached, NoAnswer, OutOfReach }, other]) {
      const errors = [
        new made.Detached(false),
        new made.NoAnswer('late', true),
        new made.NoAnswer('cut', false),
        new made.OutOfReach('nobody there'),
      ];
      expect(errors.map(kindsOf)).toEqual([
        [true, false, false],
        [false, true, false],
        [false, true, false],
        [false, false, true],
      ]);
      expect(errors.map(exitCodeOfError)).toEqual([130, 6, 4, 4]);
    }
  });
  it('is none that a peer gives the same code, of whatever bundle', async () => {
    vi.resetModules();
    const other = (await import('@bellwether/actors')).Remote;
    expect(other).not.toBe(Remote);
    for (const Kind of [Remote, other])
      for (const code of ['detached', 'no-answer', 'out-of-reach', 'usage', 'locked']) {
        const error = Object.assign(new Kind(code, 'hello'), { isTimeUp: true });
        expect(kindsOf(error)).toEqual([false, false, false]);
        expect(exitCodeOfError(error)).toBe(1);
      }
  });
});

describe('a conflict that a shepherd reports', () => {
  it('ends with 9: the id of the operation stands for another command there', () => {
    expect(exitCodeOfError(new Remote('conflict', 'op-1 was another command'))).toBe(9);
  });
});

describe('a slip of whoever typed a command', () => {
  it('ends with 2 also where only the shepherd can see it, and what has failed there with 1', () => {
    const refused = (code: string): number => exitCodeOfError(new Remote(code, 'not so'));
    expect(['bad-request', 'bad-selector', 'nothing-selected'].map(refused)).toEqual([2, 2, 2]);
    expect(['refused', 'limit', 'shutting-down', 'start-failed'].map(refused)).toEqual([
      1, 1, 1, 1,
    ]);
  });
});
