/** What whoever narrows a grant can never do, with specs of any kind. */
import fc from 'fast-check';
import type { GrantSpec, Wish } from '@bellwether/authority';
import { describe, expect, it } from 'vitest';
import { standing, judge, type Chain, type Link } from '../../packages/authority/src/judge.ts';
import { narrowed, termsOf, type Terms } from '../../packages/authority/src/narrow.ts';
import type { GrantRecord } from '@bellwether/authority';
import { runIn } from '../support/actors-vat.ts';
import { grantBench, hear, held, judged, keysOf, make } from '../support/grant-bench.ts';

const action = fc.constantFrom('status', 'restart', 'stop', 'deploy');
const glob = fc.constantFrom('a', 'ab', '*', 'a*', '*b', 'a*b');
const globs = fc
  .tuple(fc.array(glob, { maxLength: 2 }), fc.boolean())
  .map(([fixed, isOpen]) => (isOpen ? [...fixed, '**'] : fixed));
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const spec: fc.Arbitrary<GrantSpec> = fc
  .record({
    service: fc.constantFrom('web', 'web', 'web', 'db'),
    actions: fc.uniqueArray(action, { minLength: 1 }),
    lifetimeMs: optional(fc.integer({ min: 1, max: 9 })),
    maxUses: optional(fc.integer({ min: 1, max: 4 })),
    rate: optional(
      fc.record({ count: fc.integer({ min: 1, max: 3 }), windowMs: fc.constantFrom(1_000, 3_000) }),
    ),
    arguments: optional(fc.dictionary(fc.constantFrom('restart', 'deploy'), globs)),
    members: optional(fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 })),
  })
  .map(
    (record) =>
      Object.fromEntries(
        Object.entries(record).filter(([, each]) => each !== undefined),
      ) as unknown as GrantSpec,
  );
const wish: fc.Arbitrary<Wish> = fc.record({
  action,
  args: fc.array(fc.constantFrom('a', 'ab', 'b', 'aab', ''), { maxLength: 3 }),
});

const recordOf = (id: string, terms: Terms, parent?: string): GrantRecord => ({
  id,
  hash: id,
  epoch: 1,
  madeMs: 0,
  issuer: parent ?? 'root',
  ...(parent !== undefined && { parent }),
  ...terms,
});
/** Narrows as often as it is let. */
const chainOf = (specs: readonly GrantSpec[]): readonly GrantRecord[] => {
  const made: GrantRecord[] = [];
  for (const [at, spec] of specs.entries()) {
    const parent = made.at(-1);
    try {
      const terms = parent === undefined ? termsOf(spec, 0) : narrowed(parent, spec, 0);
      made.push(recordOf(`g-${at}`, terms, parent?.id));
    } catch (error) {
      expect(error).toMatchObject({ code: 'too-wide' });
    }
  }
  return made;
};
/** What a grant alone allows, whatever it was narrowed from. */
const alone = (grant: GrantRecord, wish: Wish, nowMs: number): boolean =>
  judge([{ grant }], wish, { nowMs, ticksMs: 0, restored: 0 }, String) === undefined;

describe('a chain of grants, each narrowed from the one before', () => {
  it('never allows below what is not allowed above, each looked at by itself', () => {
    let narrowedCount = 0;
    fc.assert(
      fc.property(
        fc.array(spec, { maxLength: 5 }),
        wish,
        fc.integer({ min: 0, max: 10 }),
        (specs, wish, nowMs) => {
          const chain = chainOf(specs);
          narrowedCount += Math.max(0, chain.length - 1);
          for (const [at, grant] of chain.entries())
            if (at > 0 && alone(grant, wish, nowMs)) {
              const parent = chain[at - 1];
              expect(parent && alone(parent, wish, nowMs)).toBe(true);
            }
        },
      ),
      { numRuns: 8_000 },
    );
    expect(narrowedCount).toBeGreaterThan(300);
  });
  it('is never good for more, longer, faster or elsewhere', () => {
    fc.assert(
      fc.property(fc.array(spec, { maxLength: 5 }), (specs) => {
        const chain = chainOf(specs);
        for (const [at, grant] of chain.entries()) {
          const parent = chain[at - 1];
          if (parent === undefined) continue;
          expect(grant.service).toBe(parent.service);
          expect(grant.expiresMs ?? Infinity).toBeLessThanOrEqual(parent.expiresMs ?? Infinity);
          expect(grant.maxUses ?? Infinity).toBeLessThanOrEqual(parent.maxUses ?? Infinity);
          if (parent.members)
            expect(parent.members).toEqual(
              expect.arrayContaining([...(grant.members ?? ['none'])]),
            );
          if (parent.rate) {
            const { count = Infinity, windowMs = 1 } = grant.rate ?? {};
            expect(count).toBeLessThanOrEqual(parent.rate.count);
            expect(count / windowMs).toBeLessThanOrEqual(parent.rate.count / parent.rate.windowMs);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
  it('is judged whole, though a record in it allows more than the one above', () => {
    const parent = recordOf('g-1', {
      service: 'web',
      actions: ['status'],
      arguments: { status: [] },
    });
    const child = recordOf('g-2', { service: 'web', actions: ['status', 'stop'] }, 'g-1');
    const chain: Chain = [{ grant: child }, { grant: parent }];
    const moment = { nowMs: 0, ticksMs: 0, restored: 0 };
    expect(judge(chain, { action: 'stop' }, moment, String)?.code).toBe('denied');
    expect(judge(chain, { action: 'status', args: ['x'] }, moment, String)?.code).toBe('denied');
    expect(judge(chain, { action: 'status', args: [] }, moment, String)).toBe(undefined);
  });
  it('names what was asked for beyond the grant above', () => {
    const parent = recordOf('g-1', {
      service: 'web',
      actions: ['status', 'restart'],
      maxUses: 2,
      expiresMs: 10,
      rate: { count: 1, windowMs: 1_000 },
      members: ['a'],
      arguments: { restart: ['v1*'] },
    });
    const base = { service: 'web', actions: ['restart'] };
    for (const [more, words] of [
      [{ service: 'db' }, "is to 'web', not to 'db'"],
      [{ actions: ['restart', 'stop'] }, 'does not allow stop itself'],
      [{ maxUses: 3 }, 'is not good for as many operations itself'],
      [{ lifetimeMs: 11 }, 'does not last as long itself'],
      [{ rate: { count: 1, windowMs: 999 } }, 'does not allow that rate itself'],
      [{ rate: { count: 2, windowMs: 9_000 } }, 'does not allow that rate itself'],
      [{ members: ['a', 'b'] }, 'does not reach b itself'],
      [{ arguments: { restart: ['*'] } }, "does not allow those arguments of 'restart' itself"],
    ] as const)
      expect(() => narrowed(parent, { ...base, ...more }, 0)).toThrow(`grant g-1 ${words}`);
    expect(narrowed(parent, base, 0)).toEqual({
      service: 'web',
      actions: ['restart'],
      maxUses: 2,
      expiresMs: 10,
      rate: { count: 1, windowMs: 1_000 },
      members: ['a'],
      arguments: { restart: ['v1*'] },
    });
  });
});

describe('taking back', () => {
  it('kills exactly the grant and what was narrowed from it, whichever it is, and however the tree looks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(), { minLength: 1, maxLength: 9 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
        async (parents, revoked) => {
          const bench = await grantBench();
          const ids: string[] = [];
          const above = new Map<string, string | undefined>();
          const ancestors = (id: string | undefined): string[] =>
            id === undefined ? [] : [id, ...ancestors(above.get(id))];
          for (const [at, pick] of parents.entries()) {
            const parent = ids[pick % (at + 1)];
            const isDeep = ancestors(parent).length >= 7;
            const id = await held(
              bench,
              (isDeep ? undefined : parent) ?? 'root',
              {},
              keysOf(at + 1),
            );
            above.set(id, isDeep ? undefined : parent);
            ids.push(id);
          }
          const heard: string[] = [];
          for (const id of ids) await hear(bench, id, heard);
          const dead = new Set<string>();
          for (const pick of revoked) {
            const victim = ids[pick % ids.length] ?? '';
            const expected = ids.filter((id) => ancestors(id).includes(victim) && !dead.has(id));
            const [ended] = await runIn(bench, (turn) => [
              turn.call(bench.book, 'revoke', 'root', victim),
            ]);
            expect(new Set(ended)).toEqual(new Set(expected));
            for (const id of expected) dead.add(id);
          }
          for (const id of ids)
            expect(await judged(bench, id, { action: 'status' })).toBe(
              dead.has(id) ? 'revoked' : 'ok',
            );
          expect(new Set(heard)).toEqual(new Set([...dead].map((id) => `${id}: revoked`)));
          expect(heard).toHaveLength(dead.size);
        },
      ),
      { numRuns: 25 },
    );
  });
  it('says of a chain what its origin says first', () => {
    const link = (id: string, more: Partial<Link> = {}, terms: Partial<Terms> = {}): Link => ({
      grant: recordOf(id, { service: 'web', actions: ['status'], ...terms }),
      ...more,
    });
    const revocation = { kind: 'revocation', id: 'g-2', atMs: 1, by: 'root' } as const;
    const moment = { nowMs: 10, ticksMs: 0, restored: 0 };
    const chain: Chain = [
      link('g-3', {}, { expiresMs: 5 }),
      link('g-2', { revocation }),
      link('g-1'),
    ];
    expect(standing(chain, moment, String)?.code).toBe('revoked');
    expect(standing([chain[0]], moment, String)?.code).toBe('expired');
    expect(standing([link('g-1')], { ...moment, restored: 2 }, String)?.code).toBe('unconfirmed');
  });
});

describe('a holder', () => {
  it('sees what he made and what was made of it, and of nothing else that it is there', async () => {
    const bench = await grantBench();
    const minted = 'cd'.repeat(32);
    const alice = await held(bench, 'root');
    const bot = await held(bench, alice, {}, keysOf(2));
    const cat = await held(bench, bot, {}, keysOf(3));
    const { grant: open } = await make(bench, alice);
    const other = await held(bench, minted, {}, keysOf(4));
    const below = await held(bench, other, {}, keysOf(5));
    const ids = (viewer: string) =>
      runIn(bench, (turn) => [turn.call(bench.book, 'list', viewer)]).then(([all]) =>
        all?.map(({ id }) => id),
      );
    expect(await ids('root')).toEqual([alice, bot, cat, open.id, other, below]);
    expect(await ids(alice)).toEqual([bot, cat, open.id]);
    expect(await ids(bot)).toEqual([cat]);
    expect(await ids(cat)).toEqual([]);
    expect(await ids(minted)).toEqual([other, below]);
    expect(await ids('ef'.repeat(32))).toEqual([]);
  });
});
