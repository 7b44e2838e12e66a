/** Confirming a release at a slot that does as the test says, through lines that are counted. */
import { Remote } from '@bellwether/actors';
import type { Digest } from '@bellwether/deploy';
import { afterEach, describe, expect, it } from 'vitest';
import type { Line, Question } from '../../../packages/herd/src/client/line.ts';
import { Confirming } from '../../../packages/herd/src/cli/deploy/confirming.ts';
import type { Context } from '../../../packages/herd/src/cli/context.ts';
import { lookOf } from '../../../packages/herd/src/cli/terminal/look.ts';
import { fakeTerminal } from './fake-terminal.ts';

const digest: Digest = `rel:sha256-${'a'.repeat(64)}`;
const other: Digest = `rel:sha256-${'b'.repeat(64)}`;
type Method = 'status' | 'perform';
const done = { member: 'web', result: 'changed', rows: [] };
const statusWith = (slot: unknown) => ({
  kind: 'local',
  name: 'web',
  provision: ['web'],
  requirement: [],
  documentation: '',
  stage: 'running',
  isEnabled: true,
  respawnCount: 0,
  isOneShot: false,
  isRespawned: false,
  actions: [],
  version: { born: 1, sequence: 1 },
  slot,
});
const awaiting = (target: string) => statusWith({ phase: 'awaiting-confirm', target });

let confirming: Confirming | undefined;
afterEach(() => confirming?.end());

/** What was asked, line by line; `answer` gets the number of the line, from 1. */
const set = (
  answer: (method: Method, line: number, name: unknown) => unknown,
  word = 'web',
  options: Context['options'] = {},
) => {
  const lines: { readonly asked: string[]; isClosed: boolean }[] = [];
  const requests: unknown[] = [];
  const ticks = new Set<() => void>();
  const waits: number[] = [];
  const terminal = fakeTerminal({
    every: (ms, tick) => {
      waits.push(ms);
      ticks.add(tick);
      return () => void ticks.delete(tick);
    },
  });
  const line = (): Line => {
    const own = { asked: [] as string[], isClosed: false };
    const number = lines.push(own);
    return {
      ask: async ({ method, args }: Question) => {
        await Promise.resolve();
        const real = method === 'probe' ? 'status' : (method as Method);
        const list = typeof args === 'function' ? [] : args;
        if (typeof args === 'function') requests.push(args({ spawn: () => undefined } as never)[0]);
        const name: unknown = Array.isArray(list[0]) ? list[0][0] : undefined;
        own.asked.push(method === 'perform' ? 'confirm' : real);
        const said = answer(real, number, name);
        if (said instanceof Error) throw said;
        return real === 'status' && list.length === 2 ? [said] : said;
      },
      open: () => {
        throw new Error('nothing is followed');
      },
      close: () => void (own.isClosed = true),
    };
  };
  const context: Context = {
    terminal,
    look: lookOf(terminal),
    options,
    connections: {
      root: () => Promise.resolve(line()),
      petname: () => Promise.resolve(line()),
      sturdyref: () => Promise.resolve(line()),
    },
  };
  confirming = new Confirming(context, word, digest);
  confirming.begin();
  const look = async (): Promise<void> => {
    for (const tick of [...ticks]) tick();
    for (let at = 0; at < 50; at += 1) await Promise.resolve();
  };
  return { lines, look, waits, terminal, confirming, requests };
};

describe('confirming a release', () => {
  it('looks through a line of its own each time, and confirms once, through the one that saw it', async () => {
    const { lines, look } = set((method, line) => {
      if (method === 'perform') return done;
      return line < 3 ? statusWith({ phase: 'health-gate', target: digest }) : awaiting(digest);
    });
    for (let at = 0; at < 6; at += 1) await look();
    expect(lines.map(({ asked }) => asked)).toEqual([
      ['status'],
      ['status'],
      ['status', 'confirm'],
    ]);
    expect(lines.every(({ isClosed }) => isClosed)).toBe(true);
  });
  it('leaves alone what waits there and is another release', async () => {
    const { lines, look } = set(() => awaiting(other));
    for (let at = 0; at < 3; at += 1) await look();
    expect(lines.flatMap(({ asked }) => asked)).toEqual(['status', 'status', 'status']);
  });
  it('tries, less often, where it may not see how it is', async () => {
    const { lines, look, waits } = set((method, line) => {
      if (method === 'status') return new Remote('denied', 'for deploy');
      return line < 3 ? new Remote('refused', 'nothing waits to be confirmed') : done;
    }, '@web');
    for (let at = 0; at < 5; at += 1) await look();
    expect(lines.map(({ asked }) => asked)).toEqual(
      Array.from({ length: 3 }, () => ['status', 'confirm']),
    );
    expect(waits.slice(0, 3)).toEqual([1_000, 2_000, 2_000]);
  });
  it('looks as often as a short wait needs it', () => {
    const { waits } = set(() => awaiting(other), 'web', { confirm: 2_000 });
    expect(waits).toEqual([500]);
  });
  it('goes on whatever stands in the way, and tells the last of it', async () => {
    const { look, lines, confirming } = set((method, line) => {
      if (line < 3) return new Error('no answer in time');
      return method === 'status'
        ? awaiting(digest)
        : { ...done, result: 'denied', reason: 'ended' };
    });
    await look();
    expect(confirming.troubleLines()).toEqual([
      'herd: it could not be confirmed from here: no answer in time',
    ]);
    for (let at = 0; at < 3; at += 1) await look();
    expect(lines).toHaveLength(4);
    expect(confirming.troubleLines()[0]).toMatch(/: ended$/);
  });
  it.each(['end', 'interrupt'] as const)('is over with the %s of it', async (how) => {
    const { look, lines, confirming, terminal } = set(() => awaiting(other));
    await look();
    if (how === 'end') confirming.end();
    else terminal.pressInterrupt();
    for (let at = 0; at < 3; at += 1) await look();
    expect(lines).toHaveLength(1);
  });
});

describe('confirming a release of a fleet', () => {
  const fleetWith = (members: readonly object[]) => ({
    ...statusWith(undefined),
    slot: undefined,
    kind: 'fleet',
    isReady: true,
    runningCount: 1,
    neededCount: 1,
    members: members.map((each) => ({ stage: 'running', ...each })),
  });
  const waits = { phase: 'awaiting-confirm', target: digest };
  it('confirms those members that wait, again and again, and leaves the others alone', async () => {
    const { lines, look, requests } = set((method, line) => {
      if (method === 'perform') return done;
      const [phase, name] = line === 2 ? ['verified', 'web-b'] : ['awaiting-confirm', 'web-a'];
      return fleetWith([
        { name, slot: { phase, target: digest } },
        { name: 'web-c', slot: { current: digest } },
        { name: 'web-d', slot: { ...waits, target: other } },
        { name: 'web-e', slot: { phase: 'health-gate', target: digest } },
      ]);
    });
    for (let at = 0; at < 3; at += 1) await look();
    expect(lines.map(({ asked }) => asked)).toEqual([
      ['status', 'confirm'],
      ['status'],
      ['status', 'confirm'],
    ]);
    expect(requests).toMatchObject([
      { member: 'web', action: 'confirm', args: [digest], onlyMembers: ['web-a'] },
      { member: 'web', onlyMembers: ['web-a'] },
    ]);
  });
  it('looks into a fleet among its members, by its name', async () => {
    const { lines, look, requests } = set((method, _line, name) => {
      if (method === 'perform') return done;
      if (name === 'web') return fleetWith([{ name: 'inner' }, { name: 'web-a', slot: {} }]);
      return fleetWith([{ name: 'web-b', slot: waits }]);
    });
    await look();
    expect(lines[0]?.asked).toEqual(['status', 'status', 'confirm']);
    expect(requests).toMatchObject([{ member: 'inner', onlyMembers: ['web-b'] }]);
  });
});
