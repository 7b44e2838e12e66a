/**
 * Nothing leads past a cut: whatever stands in whatever position of an argument, nobody behind it gets
 * a reference of the holder's, and nothing that comes out has one of theirs.
 */
import {
  isRef,
  isVow,
  type Bcom,
  type CatchAll,
  catchAll,
  type Ref,
  type Turn,
} from '@bellwether/actors';
import { Sym, SyrupRecord } from '@bellwether/ocapn';
import { describe, expect, it } from 'vitest';
import { passages } from '../../../packages/fleet/src/granted/passages.ts';
import type { Held } from '../../support/fleet-grants.ts';
import { codeOf, up } from '../../support/granted-place.ts';
import { requestOf } from '../../support/shepherd-machine.ts';

/** Notes whatever it is told, and answers with a reference to itself. */
const makeCanary = (
  _turn: Turn,
  _bcom: Bcom<unknown>,
  told: (method: string | undefined, args: readonly unknown[]) => void,
): CatchAll => ({
  [catchAll]: (turn, method, args) => {
    turn.effect(() => told(method, args));
    return turn.self;
  },
});
type Told = readonly [method: string | undefined, ...args: readonly unknown[]];
type Position = readonly (string | number)[];

const everything = {
  ...requestOf({ action: 'greet', member: 'web', operation: 'op-1' }),
  args: ['x'],
  hops: ['hop'],
  withMembers: true,
  onlyMembers: ['web'],
  minReady: 1,
  isRepeat: true,
  isPatient: true,
  extra: { deep: ['x'] },
};
const query = { lineCount: 1, sinceMs: 1_000, after: [{ place: 1 }], isOnce: true, hops: ['hop'] };
const spec = {
  service: 'web',
  actions: ['restart'],
  label: 'bot',
  lifetimeMs: 1_000,
  renewableMs: 1_000,
  maxUses: 1,
  rate: { count: 1, windowMs: 1_000 },
  arguments: { restart: ['x'] },
  members: ['web'],
  inviteMs: 1_000,
  isLocal: true,
  extra: 'x',
};
/** What is refused whatever stands in it says nothing of what would be let through: so these are taken as they are. */
const taken = { ...requestOf({ action: 'greet', member: 'web', operation: 'op-1' }), args: ['x'] };
const { members: _members, isLocal: _isLocal, extra: _extra, ...takenSpec } = spec;
/** Every method with arguments of every shape it takes, and the positions where a reference belongs. */
const methods: readonly (readonly [method: string, args: readonly unknown[], declared?: number])[] =
  [
    ['perform', [everything, 'sink'], 1],
    ['perform', [taken, 'sink'], 1],
    ['plan', [everything]],
    ['plan', [taken]],
    ['cancel', ['op-1']],
    ['operations', [{ count: 1, isOpen: true }]],
    ['operation', ['op-1']],
    ['retry', ['op-1', 'sink', 1_000], 1],
    ['join', ['op-1', 'sink', 1_000], 1],
    ['status', ['x']],
    ['probe', [900, ['hop']]],
    ['watch', ['observer', 1_000], 0],
    ['select', ['role=web']],
    ['log', [query]],
    ['follow', [query, 'follower'], 1],
    ['allows', ['x']],
    ['grant', [spec]],
    ['grant', [takenSpec]],
    ['grants', ['x']],
    ['revoke-grant', ['g-1', 'why']],
    ['renew-grant', ['g-1', 60_000]],
  ];
/** Every position in a value, the value itself included. */
const positionsIn = (value: unknown): readonly Position[] =>
  typeof value !== 'object' || value === null
    ? [[]]
    : [
        [],
        ...Object.entries(value).flatMap(([key, each]) =>
          positionsIn(each).map((rest): Position => [key, ...rest]),
        ),
      ];
const planted = (value: unknown, [key, ...rest]: Position, seed: unknown): unknown => {
  if (key === undefined) return seed;
  if (Array.isArray(value))
    return value.map((each: unknown, at) =>
      String(at) === String(key) ? planted(each, rest, seed) : each,
    );
  const fields = value as Readonly<Record<string, unknown>>;
  return { ...fields, [key]: planted(fields[String(key)], rest, seed) };
};
/** Whether there is a reference, a vow or a record anywhere in a value. */
const isPlain = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function';
  if (isRef(value) || isVow(value) || value instanceof SyrupRecord) return false;
  return value instanceof Uint8Array || Object.values(value).every(isPlain);
};

const seeds: Readonly<Record<string, (turn: Turn, canary: Ref) => unknown>> = {
  'a reference': (_turn, canary) => canary,
  'a vow': (turn) => turn.vow<unknown>().vow,
  'a vow that became a reference': (turn, canary) => turn.kept(canary),
  'a record like a sturdyref': () =>
    new SyrupRecord(new Sym('ocapn-sturdyref'), ['x', new Uint8Array(32)]),
};

describe.each(Object.entries(seeds))('%s in every position of an argument', (_name, seedFor) => {
  const asked = methods.map(([method, args, declared]) => ({ method, args, declared }));
  it.each(asked)('of $method is refused, or left behind: $args', ({ method, args, declared }) => {
    const place = up();
    const { ref } = place.held({ actions: ['status', 'log', 'greet', 'restart'] });
    const told: Told[] = [];
    const positions = positionsIn(args).filter((position) => position.length > 0);
    for (const position of positions) {
      if (Number(position[0]) === declared && declared !== undefined) continue;
      askWith(ref, method, args, position, seedFor, told, declared);
      place.pass(50);
      // A refusal, an answer of plain data, or an answer that waits for what was planted.
      expect(
        told.map(([each]) => each),
        `${method} ${position.join('.')}`,
      ).toEqual([]);
    }
    expect(positions.length).toBeGreaterThan(0);
  });
});

it('is planted in whatever passes to a facet; in what brings a release, by releases.test.ts', () => {
  const asked = new Set(methods.map(([method]) => method));
  expect(Object.keys(passages).filter((method) => !asked.has(method))).toEqual(['offer', 'put']);
});

const askWith = (
  ref: Held,
  method: string,
  args: readonly unknown[],
  position: Position,
  seedFor: (turn: Turn, canary: Ref) => unknown,
  told: Told[],
  declared: number | undefined,
): void => {
  try {
    const answer = ref.told((turn, web) => {
      const canary = turn.spawn(makeCanary, (name, given) => void told.push([name, ...given]));
      const listener = turn.spawn(makeCanary, () => undefined);
      const bad = planted(args, position, seedFor(turn, canary)) as readonly unknown[];
      const sent = bad.map((each, at) => (at === declared ? listener : each));
      return turn.forward(web, method, sent);
    });
    expect(isPlain(answer), `${method} ${position.join('.')}`).toBe(true);
  } catch (error) {
    const { code } = error as { readonly code: string };
    expect([
      'bad-request',
      'malformed',
      'refused',
      'limit',
      'unknown-operation',
      'too-wide',
      'conflict',
      'unknown-action',
    ]).toContain(code);
  }
};

describe('what comes out through a grant', () => {
  it('is an answer to what was taken for plants as it is', () => {
    const place = up();
    const { ref } = place.held({ actions: ['status', 'log', 'greet', 'restart'] });
    expect(ref.said('plan', taken)).toMatchObject([{ service: 'web', action: 'greet' }]);
    expect(ref.said('grant', takenSpec)).toMatchObject({ grant: { label: 'bot' } });
  });
  it('is plain data, in answers and in what sinks, observers and followers are told', () => {
    const place = up();
    const { ref } = place.held({ actions: ['status', 'log', 'restart', 'greet'] });
    const told: Told[] = [];
    const listener = (turn: Turn) =>
      turn.spawn(makeCanary, (name, given) => void told.push([name, ...given]));
    const request = requestOf({ action: 'restart', member: 'web' });
    const answers = [
      ref.told((turn, web) => turn.forward(web, 'perform', [request, listener(turn)])),
      ref.told((turn, web) => turn.forward(web, 'watch', [listener(turn), 1_000])),
      ref.said('status'),
      ref.said('probe', 900),
      ref.said('plan', request),
      ref.said('operations', {}),
      ref.said('operation', request.operation),
      ref.told((turn, web) => turn.forward(web, 'retry', [request.operation, listener(turn)])),
      ref.told((turn, web) => turn.forward(web, 'join', [request.operation, listener(turn)])),
      codeOf(() => ref.said('select', 'role=web')),
      ref.said('log', { lineCount: 5 }),
      ref.said('allows'),
      ref.said('grants'),
      ref.said('grant', { actions: ['restart'] }),
    ];
    const asked = ref.ask((turn, web) =>
      turn.forward(web, 'follow', [{ lineCount: 1 }, listener(turn)]),
    );
    place.pass(5_000);
    expect(asked.error ?? null).toBeNull();
    expect(answers.map(isPlain)).toEqual(answers.map(() => true));
    expect(new Set(told.map(([name]) => name))).toEqual(
      new Set(['rows', 'observed', 'lines', 'over']),
    );
    for (const [, ...args] of told) expect(isPlain(args)).toBe(true);
  });

  it('has no methods but those of a grant', () => {
    const place = up();
    const { ref } = place.held({ actions: ['status', 'log', 'restart', 'greet'] });
    for (const method of [
      'cut',
      'enter',
      'leave',
      'end',
      'facet',
      'mint',
      'names',
      'history',
      'constructor',
      '__proto__',
      'fetch',
      'shut-down',
    ])
      expect(
        codeOf(() => ref.said(method, 'x')),
        method,
      ).toBe('refused');
  });
});
