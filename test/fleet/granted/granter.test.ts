/** How much of grants one answer has room for, at the limits and one over them. */
import type { GrantFacts } from '@bellwether/authority';
import { FLEET_LIMITS } from '@bellwether/fleet';
import { weightOf } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { firstOf, pageOf } from '../../../packages/fleet/src/granted/granter.ts';
import { makeBench, runIn } from '../../support/actors-vat.ts';
import { bookFor } from '../../support/book-records.ts';

const factsOf = (at: number, label = 'x'): GrantFacts => ({
  id: `g-${at}`,
  service: 'web',
  actions: ['status'],
  label,
  issuer: 'root',
  madeMs: 0,
  usedCount: 0,
  state: 'live',
});
const some = (count: number, label?: string): readonly GrantFacts[] =>
  Array.from({ length: count }, (_, at) => factsOf(at, label));

describe('the first grants of many', () => {
  it('are as many as an answer takes, and no more', () => {
    const { grantPageCount } = FLEET_LIMITS;
    expect(firstOf(some(grantPageCount))).toHaveLength(grantPageCount);
    expect(firstOf(some(grantPageCount + 1))).toHaveLength(grantPageCount);
    expect(firstOf([])).toEqual([]);
  });
  it('are as heavy as an answer takes, and no heavier', () => {
    const half = FLEET_LIMITS.grantPageWeight / 2;
    const label = 'x'.repeat(half - weightOf(factsOf(0, '')));
    expect(weightOf(factsOf(0, label))).toBe(half);
    expect(firstOf(some(2, label))).toHaveLength(2);
    expect(firstOf(some(2, `${label}x`))).toHaveLength(1);
    expect(firstOf(some(2, 'x'.repeat(4 * half)))).toHaveLength(1);
  });
});

describe('pages of grants', () => {
  it('follow each other without a gap, and not after what is not there', async () => {
    const bench = makeBench();
    const count = FLEET_LIMITS.grantPageCount + 2;
    const spec = { service: 'web', actions: ['status'] };
    const found = await runIn(bench, (turn) => {
      const { book } = bookFor(turn, bench.world);
      for (let at = 0; at < count; at += 1) turn.call(book, 'make', 'root', spec);
      const done = turn.vow<Record<string, unknown>>();
      turn.after(1, (turn) => {
        const first = pageOf(turn.call(book, 'list', 'root'), undefined);
        const second = pageOf(turn.call(book, 'list', 'root'), first.next);
        let code = '';
        try {
          pageOf(turn.call(book, 'list', 'root'), 'g-nothing');
        } catch (error) {
          code = (error as { readonly code: string }).code;
        }
        done.resolver.kept({ first, second, code });
      });
      return done.vow as never;
    });
    const { first, second, code } = found as unknown as {
      readonly first: ReturnType<typeof pageOf>;
      readonly second: ReturnType<typeof pageOf>;
      readonly code: string;
    };
    expect([first.grants.length, second.grants.length]).toEqual([count - 2, 2]);
    expect(new Set([...first.grants, ...second.grants].map(({ id }) => id)).size).toBe(count);
    expect(second).not.toHaveProperty('next');
    expect(code).toBe('refused');
  });
});
