import { describe, expect, it } from 'vitest';
import type { Event, Result, Row } from '@bellwether/shepherd';
import type { Context } from '../../../packages/herd/src/cli/context.ts';
import type { Options } from '../../../packages/herd/src/cli/grammar/grammar.ts';
import { groupFromCount, keptRowChars } from '../../../packages/herd/src/cli/limits.ts';
import { lookOf } from '../../../packages/herd/src/cli/terminal/look.ts';
import { Deadline } from '../../../packages/herd/src/cli/operation/deadline.ts';
import { Progress } from '../../../packages/herd/src/cli/operation/progress.ts';
import type { Terminal } from '../../../packages/herd/src/cli/terminal/terminal.ts';
import { mostActionMs } from '../../../packages/herd/src/client/limits.ts';
import { fakeTerminal } from './fake-terminal.ts';

/** What a person sees: both streams on one screen, which obeys the two orders that a block needs. */
class Screen {
  lines: string[] = [''];
  readonly out: string[] = [];
  write(text: string): void {
    for (const part of text.split(/(\x1b\[\d*[AJ]|\n)/)) {
      const [, count, order] = /^\x1b\[(\d*)([AJ])$/.exec(part) ?? [];
      if (part === '\n') this.lines.push('');
      else if (order === 'A') this.lines = this.lines.slice(0, -Number(count));
      else if (order === 'J') this.lines[this.lines.length - 1] = '';
      else this.lines[this.lines.length - 1] += part;
    }
  }
}
interface Watched {
  readonly progress: Progress;
  readonly screen: Screen;
  readonly terminal: Terminal;
  /** As what waits for an operation hears of it. */
  take(events: readonly Event[]): void;
  /** Lets so many milliseconds pass. */
  pass(ms: number): void;
}
const watch = (
  more: Partial<Terminal> = {},
  options: Options = {},
  action = 'start',
  service = 'fleet',
  waitMs?: number,
): Watched => {
  const screen = new Screen();
  let now = 0;
  const ticks = new Set<() => void>();
  const terminal = fakeTerminal({
    isTerminal: true,
    isErrorTerminal: true,
    env: { TERM: 'xterm', NO_COLOR: '1' },
    out: (text) => {
      screen.out.push(text);
      screen.write(text);
    },
    err: (text) => screen.write(text),
    now: () => now,
    every: (_ms, task) => {
      ticks.add(task);
      return () => ticks.delete(task);
    },
    ...more,
  });
  const never = (): never => {
    throw new Error('asks nobody');
  };
  const connections = { root: never, petname: never, sturdyref: never };
  const context: Context = { terminal, look: lookOf(terminal), options, connections };
  const deadline = waitMs && new Deadline({ waitMs, now: () => now });
  if (deadline) deadline.onExtend(() => undefined);
  const progress = new Progress(context, action, service, deadline || undefined);
  return {
    ...{ progress, screen, terminal },
    take: (events) => {
      if (deadline) deadline.take(events);
      progress.take(events);
    },
    pass: (ms) => {
      now += ms;
      for (const tick of [...ticks]) tick();
    },
  };
};
type Line = Extract<Event, { readonly kind: 'line' }>;
const line = (text: string): Line => ({ kind: 'line', from: 'A', text });
const row = (member: string, result: Result, more: Partial<Row> = {}): Event => ({
  kind: 'row',
  row: { member, result, ...more },
});

describe('progress on a terminal', () => {
  it.each(['refused', 'failed'] as const)(
    'leaves what was %s to the error that follows, unless it is asked for all',
    (what) => {
      for (const options of [{}, { verbose: true as const }]) {
        const { progress, screen } = watch({}, options, 'nope', 'web');
        progress.take([{ ...line('Service web: no.'), about: 'web', what }, line('More.')]);
        expect(screen.out).toEqual([
          ...('verbose' in options ? ['A: Service web: no.\n'] : []),
          'A: More.\n',
        ]);
      }
    },
  );
  it('shows who has answered and who has not, below the lines that stay', () => {
    const { progress, screen, pass } = watch();
    progress.expect(['a', 'bb']);
    progress.take([line('one')]);
    expect(screen.lines).toEqual(['A: one', '']);
    pass(250);
    expect(screen.lines).toEqual([
      'A: one',
      '  a   …',
      '  bb  …',
      'start fleet: 0 of 2 members, 0 seconds',
      '',
    ]);
    progress.take([row('a', 'changed'), line('two')]);
    pass(2_000);
    expect(screen.lines).toEqual([
      'A: one',
      'A: two',
      '  a   changed',
      '  bb  …',
      'start fleet: 1 of 2 members, 1 changed, 2 seconds',
      '',
    ]);
    progress.end();
    expect(screen.lines).toEqual(['A: one', 'A: two', '']);
    expect(screen.out).toEqual(['A: one\n', 'A: two\n']);
  });
  it('says how long it may take, and who asked for more time until that one has answered', () => {
    const { progress, screen, take, pass } = watch({}, {}, 'start', 'fleet', 65_000);
    progress.expect(['a', 'b\x1b[2J']);
    pass(1_000);
    expect(screen.lines.at(-2)).toBe('start fleet: 0 of 2 members, 1 second of 65 seconds at most');
    const more = { slowest: 'b\x1b[2J', slowestMs: 1_200_000 };
    take([{ kind: 'deadline', remainingMs: 1_260_000, ...more }]);
    pass(1_000);
    expect(screen.lines.slice(-4, -2)).toEqual([
      '  a         …',
      '  b\\x1b[2J  …, may take 20 minutes',
    ]);
    take([row('b\x1b[2J', 'failed')]);
    pass(1_000);
    expect(screen.lines.slice(-3, -1)).toEqual([
      '  b\\x1b[2J  failed',
      'start fleet: 1 of 2 members, 1 failed, 3 seconds of 21 minutes at most',
    ]);
  });
  it('shows of whom it waits for what is known by then', async () => {
    const { progress, screen, pass } = watch({}, {}, 'start', 'fleet', 65_000);
    progress.expect(['a', 'b'], new Map(), new Map([['a', 'stopped, seen now']]));
    pass(250);
    expect(screen.lines.slice(0, 2)).toEqual(['  a  stopped, seen now', '  b  …']);
    progress.lookAgain = () => {
      progress.expect(['a', 'b'], new Map(), new Map([['b', 'starting, seen now']]));
      return Promise.resolve();
    };
    pass(4_000);
    await Promise.resolve();
    pass(250);
    expect(screen.lines.slice(0, 2)).toEqual(['  a  …', '  b  starting, seen now']);
  });
  it('draws nothing after its end', () => {
    const { progress, screen, pass } = watch();
    progress.end();
    pass(1_000);
    expect(screen.lines).toEqual(['']);
  });
  it(`counts from ${groupFromCount} members on, or where the terminal is too low`, () => {
    const members = Array.from({ length: groupFromCount }, (_, at) => `m${at}`);
    const many = watch();
    many.progress.expect(members);
    many.progress.take([row('m1', 'failed'), row('m2', 'ok'), row('elsewhere/x', 'ok')]);
    many.pass(250);
    expect(many.screen.lines).toEqual([
      `start fleet: 2 of ${groupFromCount} members, 1 failed, 1 unchanged, 0 seconds`,
      '',
    ]);
    const few = watch();
    few.progress.expect(members.slice(1));
    few.pass(250);
    expect(few.screen.lines).toHaveLength(groupFromCount + 1);
    const low = watch({ rows: 5 });
    low.progress.expect(['a', 'b', 'c', 'd']);
    low.pass(250);
    expect(low.screen.lines).toHaveLength(2);
  });
  it('shows the end of the log of what has failed at once, and not again', () => {
    const { progress, screen, pass } = watch();
    progress.expect(['a', 'b']);
    pass(250);
    const failed = { reason: 'exit 1', output: ['cannot bind\x1b[2J'] };
    progress.take([row('a', 'failed', failed)]);
    expect(screen.lines.slice(0, 2)).toEqual([
      '  a  failed  exit 1',
      '      | cannot bind\\x1b[2J',
    ]);
    expect(screen.lines.at(-2)).toBe('start fleet: 1 of 2 members, 1 failed, 0 seconds');
    const outcome = progress.untold({
      member: 'fleet',
      result: 'failed',
      rows: [
        { member: 'a', result: 'failed', ...failed },
        { member: 'b', result: 'failed', output: ['other'] },
      ],
    });
    expect(outcome.rows).toEqual([
      { member: 'a', result: 'failed', reason: 'exit 1' },
      { member: 'b', result: 'failed', output: ['other'] },
    ]);
  });
  it('shows a log that several end with once, and again with their names', () => {
    const { progress, screen, pass } = watch();
    const members = Array.from({ length: 5 }, (_, at) => `m${at}`);
    progress.expect(members);
    pass(250);
    const said = (member: string): Row => ({
      member,
      result: 'failed',
      output: ['port 80 is taken'],
    });
    for (const member of members) progress.take([{ kind: 'row', row: said(member) }]);
    const shown = screen.lines.filter((text) => text.includes('port 80'));
    expect(shown).toEqual(['      | port 80 is taken']);
    const rows = [
      ...members.map(said),
      { member: 'x', result: 'failed', output: ['other'] } as const,
    ];
    expect(progress.untold({ member: 'fleet', result: 'failed', rows }).rows).toEqual(rows);
  });
  it('leaves out of an outcome whose fate a line has told, whatever its words', () => {
    const { progress } = watch();
    progress.take([
      { ...line('up'), about: 'net', what: 'started' },
      { ...line('Service disk has been started.'), about: 'web' },
      line('Service old has been started.'),
    ]);
    const outcome = { member: 'web', result: 'changed', rows: [] } as const;
    const also = ['net', 'disk', 'old'];
    expect(progress.untold({ ...outcome, also })).toEqual({ ...outcome, also: ['disk', 'old'] });
    expect(progress.untold({ ...outcome, also: ['net'] })).toEqual(outcome);
  });
  it('says at which batch it is, as long as anybody is left', () => {
    const { progress, screen, pass } = watch();
    const batches = [
      ['a', 1],
      ['b', 1],
      ['c', 2],
    ] as const;
    progress.expect(['a', 'b', 'c'], new Map(batches));
    progress.take([row('a', 'changed')]);
    pass(250);
    expect(screen.lines.at(-2)).toMatch(/^start fleet: batch 1 of 2, 1 of 3 members, 1 changed, /);
    expect(progress.state()).toMatch(/; waiting for b \(…\)$/);
    // As it would be begun now, when half of it is done.
    progress.expect(['a', 'b', 'c'], new Map([['c', 1]]), new Map([['b', 'starting']]));
    expect(progress.state()).toMatch(/^start fleet: batch 1 of 2, .*; waiting for b \(starting\)$/);
    progress.take([row('b', 'changed')]);
    pass(250);
    expect(screen.lines.at(-2)).toMatch(/^start fleet: batch 2 of 2, 2 of 3 members/);
    progress.take([row('c', 'failed')]);
    pass(250);
    expect(screen.lines.at(-2)).toMatch(/^start fleet: 3 of 3 members/);
  });
  it('tells of who has not answered what was said of him last, or of what he is elsewhere', () => {
    const { progress, screen, pass } = watch();
    progress.expect(['a', 'b', 'c']);
    progress.take([
      { ...line('Service a: web 2 (rel:sha256-1) is staged.'), about: 'a' },
      { ...line('Service a: web 2 (rel:sha256-1) is up, and tried out.'), about: 'a' },
      { ...line('Service web has been\x1b[2J stopped.'), about: 'b/web' },
      { ...line('Service d has been stopped.'), about: 'd' },
    ]);
    pass(250);
    expect(screen.lines.slice(-5, -2)).toEqual([
      '  a  web 2 (rel:sha256-1) is up, and tried out',
      '  b  has been\\x1b[2J stopped',
      '  c  …',
    ]);
    progress.take([row('a', 'rolled-back')]);
    pass(250);
    expect(screen.lines.at(-5)).toBe('  a  rolled back');
  });
  it('never wraps a line, and makes names harmless', () => {
    const { progress, screen, pass } = watch({ columns: 20 });
    progress.expect([`evil\x1b[2J${'界'.repeat(30)}`]);
    pass(250);
    expect(screen.lines[0]).toBe(`  evil\\x1b[2J${'界'.repeat(3)}`);
    for (const each of screen.lines) expect(each.length).toBeLessThan(20);
  });
  it('uses colours only where there may be some', () => {
    const painted = watch({ env: { TERM: 'xterm' } });
    painted.progress.expect(['a']);
    painted.progress.take([row('a', 'failed')]);
    painted.pass(250);
    expect(painted.screen.lines[0]).toContain('\x1b[31mfailed');
  });
});

describe('no progress is drawn', () => {
  it.each<readonly [string, Partial<Terminal>, Options]>([
    ['with -q', {}, { quiet: true }],
    ['with --json', {}, { json: true }],
    ['where standard output is no terminal', { isTerminal: false }, {}],
    ['where standard error is no terminal', { isErrorTerminal: false }, {}],
    ['on a terminal that cannot', { env: { TERM: 'dumb' } }, {}],
    ['on a terminal that says nothing of itself', { env: {} }, {}],
  ])('%s', (_when, more, options) => {
    const { progress, screen, pass } = watch(more, options);
    progress.expect(['a']);
    progress.take([row('a', 'failed', { output: ['x'] })]);
    pass(1_000);
    progress.end();
    expect(screen.lines).toEqual(['']);
    expect(progress.untold({ member: 'f', result: 'failed', rows: progress.rows() }).rows).toEqual([
      { member: 'a', result: 'failed', output: ['x'] },
    ]);
  });
});

describe('where no progress is drawn', () => {
  const pipe = { isTerminal: false, isErrorTerminal: false };
  it.each([{}, { json: true as const }])(
    'it is said once who is waited for, how long, and who has failed: %j',
    async (options) => {
      const { progress, screen, take, pass } = watch(pipe, options, 'start', 'fleet', 65_000);
      let lookCount = 0;
      progress.lookAgain = () => {
        lookCount += 1;
        const stages = new Map([['b\x1b[2J', 'starting, seen now']]);
        progress.expect(['a', 'b\x1b[2J', 'c'], new Map(), stages);
        return Promise.resolve();
      };
      const more = { slowest: 'b\x1b[2J', slowestMs: 1_200_000 };
      take([{ kind: 'deadline', remainingMs: 1_260_000, ...more }, row('a', 'failed')]);
      for (const _each of [1, 2, 3]) {
        pass(4_000);
        await Promise.resolve();
        await Promise.resolve();
      }
      expect(screen.lines).toEqual([
        'herd: start fleet: 1 of 3 members, 1 failed (a), 4 seconds of 21 minutes at most; ' +
          'waiting for b\\x1b[2J (starting, seen now, may take 20 minutes), c (…)',
        '',
      ]);
      expect([lookCount, screen.out]).toEqual([1, []]);
    },
  );
  it('nothing is said of a time that nobody knows', () => {
    const { progress } = watch(pipe, {}, 'start', 'fleet', mostActionMs);
    expect(progress.state()).toBe('start fleet: 0 seconds');
  });
  it('that is said of one service, too', async () => {
    const { progress, screen, pass } = watch(pipe, {}, 'start', 'web', 65_000);
    progress.lookAgain = () => {
      progress.expect([], new Map(), new Map([['web', 'starting, seen now']]));
      return Promise.resolve();
    };
    pass(4_000);
    await Promise.resolve();
    await Promise.resolve();
    expect(screen.lines[0]).toBe(
      'herd: start web: 4 seconds of 65 seconds at most; starting, seen now',
    );
  });
  it.each<readonly [string, Options]>([
    ['with -q', { quiet: true }],
    ['of what was over by then', {}],
  ])('nothing is said %s', async (_when, options) => {
    const { progress, screen, pass } = watch(pipe, options, 'start', 'fleet', 65_000);
    let told = (): void => undefined;
    progress.lookAgain = () => new Promise((done) => (told = done));
    pass(4_000);
    progress.end();
    told();
    await Promise.resolve();
    await Promise.resolve();
    expect(screen.lines).toEqual(['']);
  });
});

describe('what is done on one machine alone', () => {
  const alone: Event = { kind: 'alone' };
  const said = (name: string, what: 'started' | 'stopped'): Line => ({
    ...line(`Service ${name} has been ${what}.`),
    about: name,
    what,
  });
  const shown = (action: string, options: Options, events: readonly Event[]): readonly string[] => {
    const { progress, screen } = watch({}, options, action, 'web');
    progress.take(events);
    progress.end();
    return screen.out;
  };
  it('is told without the name of the machine', () => {
    const events = [said('net', 'started'), said('web', 'started')];
    const lines = ['Service net has been started.\n', 'Service web has been started.\n'];
    expect(shown('start', {}, [alone, ...events])).toEqual(lines);
    expect(shown('start', {}, events)).toEqual(lines.map((each) => `A: ${each}`));
  });
  it('does not say that what was to be stopped is, but what else was, and all of it with -v', () => {
    const events = [alone, said('top', 'stopped'), said('web', 'stopped')];
    expect(shown('stop', {}, events)).toEqual(['Service top has been stopped.\n']);
    expect(shown('stop', { verbose: true }, events)).toHaveLength(2);
    expect(shown('stop', {}, events.slice(1))).toHaveLength(2);
  });
  it('says once of services that are not shown what is the same of each, and all of it with -v', () => {
    const text = 'Another service, not shown by this ref, could not be started.';
    const hidden: Line = { ...line(text), what: 'not-started' };
    const elsewhere = { ...hidden, from: 'B' };
    const events = [hidden, elsewhere, hidden, elsewhere];
    expect(shown('start', {}, events)).toEqual([`A: ${text}\n`, `B: ${text}\n`]);
    expect(shown('start', { verbose: true }, events)).toHaveLength(4);
  });
  it('says of a restart what has been started', () => {
    const events = [alone, said('top', 'stopped'), said('web', 'stopped'), said('web', 'started')];
    expect(shown('restart', {}, events)).toEqual(['Service web has been started.\n']);
  });
});

describe('rows without end', () => {
  it('are kept up to the limit of their characters, and not one more', () => {
    const { progress } = watch();
    const rowOf = (member: string, reason: string) =>
      ({ kind: 'row', row: { member, result: 'failed', reason } }) as const;
    const half = keptRowChars / 2;
    const bare = JSON.stringify(rowOf('a', '').row).length;
    progress.take([rowOf('a', 'x'.repeat(half - bare)), rowOf('b', 'x'.repeat(half - bare))]);
    expect(progress.rows().map(({ member }) => member)).toEqual(['a', 'b']);
    progress.take([rowOf('c', '')]);
    expect(progress.rows().map(({ member }) => member)).toEqual(['a', 'b']);
    progress.end();
  });
});
