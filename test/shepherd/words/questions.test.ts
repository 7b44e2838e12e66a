/** What is asked of a shepherd in the words of a facet: nobody gives himself out for another. */
import type { Turn } from '@bellwether/actors';
import { questionMethods, type Named, type ServiceFacet } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';

const noTurn = {} as Turn;
const root = { principal: 'root' };
type Method = (turn: Turn, ...args: readonly unknown[]) => unknown;
const taken: readonly (readonly [question: keyof Named, args: readonly unknown[]])[] = [
  ['log', [{ lineCount: 1 }]],
  ['follow', [{ lineCount: 1 }, 'follower']],
  ['offer', [{ release: 'rel' }]],
  ['put', ['sha', 0, Uint8Array.of(1)]],
];

describe.each(taken)('%s', (question, args) => {
  const passOn = (_turn: Turn, asked: string, given: readonly unknown[], name: unknown) => [
    asked,
    name,
    ...given,
  ];
  const facet = questionMethods<ServiceFacet>(false, passOn)[question] as Method;
  const named = questionMethods<Named>(true, passOn)[question] as Method;
  it('goes on with what it takes, and where it is asked by name with that', () => {
    expect(facet(noTurn, ...args)).toEqual([question, undefined, ...args]);
    expect(named(noTurn, 'web', ...args)).toEqual([question, 'web', ...args]);
  });
  it('leaves behind what is sent in the place of who asks', () => {
    expect(facet(noTurn, ...args, root)).toEqual([question, undefined, ...args]);
    expect(named(noTurn, 'web', ...args, root)).toEqual([question, 'web', ...args]);
  });
  it('keeps that place where less is sent', () => {
    expect(facet(noTurn)).toHaveLength(2 + args.length);
    expect(named(noTurn)).toHaveLength(2 + args.length);
  });
});
