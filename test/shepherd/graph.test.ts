import { describe, expect, it } from 'vitest';
import { inOrder, pathBetween } from '../../packages/shepherd/src/graph.ts';

const edgesOf = (graph: Readonly<Record<string, readonly string[]>>) => (name: string) =>
  graph[name] ?? [];
const chain = (name: string): readonly string[] =>
  Number(name) > 0 ? [String(Number(name) - 1)] : [];

describe('the order of a walk', () => {
  it('has each name once, after all that it leads to', () => {
    const edges = edgesOf({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] });
    expect(inOrder(['a'], edges)).toEqual(['d', 'b', 'c', 'a']);
  });
  it('joins several roots, and roots that lead to each other', () => {
    const edges = edgesOf({ a: ['b'], b: [], c: ['a'] });
    expect(inOrder(['a', 'b', 'c'], edges)).toEqual(['b', 'a', 'c']);
  });
  it('follows a chain of 100,000 without recursion', () => {
    expect(inOrder(['100000'], chain)).toHaveLength(100_001);
  });
  it('asks for the edges of each name once in a ladder of 16 layers of 2', () => {
    let askedCount = 0;
    const ladder = (name: string): readonly string[] => {
      askedCount += 1;
      const layer = Number(name.slice(1));
      return layer === 0 ? [] : [`a${layer - 1}`, `b${layer - 1}`];
    };
    expect(inOrder(['a15'], ladder)).toHaveLength(31);
    expect(askedCount).toBe(31);
  });
  it('names the cycle that it runs into', () => {
    const edges = edgesOf({ a: ['b'], b: ['c'], c: ['b'] });
    expect(() => inOrder(['a'], edges)).toThrow('b requires c requires b: a cycle');
  });
});

describe('a path', () => {
  it('has both ends', () => {
    const edges = edgesOf({ a: ['b', 'x'], b: ['c'], c: [], x: [] });
    expect(pathBetween('a', 'c', edges)).toEqual(['a', 'b', 'c']);
    expect(pathBetween('a', 'a', edges)).toEqual(['a']);
    expect(pathBetween('c', 'a', edges)).toBeUndefined();
  });
});
