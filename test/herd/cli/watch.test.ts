/** `herd status --watch`: what a shepherd tells, as it is shown. */
import type { Ref, Turn, Vow } from '@bellwether/actors';
import type { Observer, Status } from '@bellwether/shepherd';
import { afterEach, describe, expect, it } from 'vitest';
import { main } from '../../../packages/herd/src/cli/main.ts';
import { cutTo, fitted } from '../../../packages/herd/src/cli/terminal/screen.ts';
import { startFakeShepherd, statusOf, type Answers, type FakeShepherd } from './fake-shepherd.ts';
import { fakeTerminal, type FakeTerminal } from './fake-terminal.ts';

let shepherd: FakeShepherd | undefined;
afterEach(async () => {
  await shepherd?.stop();
  shepherd = undefined;
});

const web = (more: Parameters<typeof statusOf>[1] = {}): Status =>
  statusOf('web', { pid: 1, ...more });

/** Pushes one after the other, each after the answer to the one before; notes what became of each. */
const pushing =
  (pushes: readonly (readonly Status[])[], ends: string[], first = 0) =>
  (turn: Turn, ...args: readonly unknown[]): unknown => {
    const [observer] = args.slice(-2) as [Ref<Observer>];
    const next = (turn: Turn, at: number): Vow<unknown> =>
      at >= pushes.length
        ? turn.kept(undefined)
        : turn.when(
            turn.send(observer, 'observed', first + at, pushes[at] ?? []),
            (turn) => {
              ends.push('taken');
              return next(turn, at + 1);
            },
            (_turn, reason) => void ends.push(reason.message),
          );
    next(turn, 0);
    return undefined;
  };

interface Watching {
  readonly terminal: FakeTerminal;
  readonly exitCode: Promise<number>;
  /** Time passes, and every timer ticks once. */
  pass(ms: number): void;
}
const watch = (more: Parameters<typeof fakeTerminal>[0], ...argv: string[]): Watching => {
  let nowMs = 0;
  const ticks = new Set<() => void>();
  const terminal = fakeTerminal({
    uid: process.getuid?.() ?? 0,
    ...more,
    env: { SHEPHERD_SOCKET: shepherd?.socket, ...more?.env },
    now: () => nowMs,
    every: (_ms, tick) => {
      ticks.add(tick);
      return () => void ticks.delete(tick);
    },
  });
  const exitCode = main(['status', '--watch', ...argv], terminal, { version: '0' });
  const pass = (ms: number): void => {
    nowMs += ms;
    for (const tick of [...ticks]) tick();
  };
  return { terminal, exitCode, pass };
};
const serve = async (answers: Answers): Promise<void> => {
  shepherd = await startFakeShepherd(answers);
};
/** Waits until something is so; the socket is a real one. */
const until = async (isSo: () => boolean): Promise<void> => {
  for (let n = 0; !isSo(); n += 1) {
    if (n > 12_000) throw new Error('it never was so');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

describe('where no person looks', () => {
  it('a line is printed for each change that it shows, and Ctrl-C ends well', async () => {
    const ends: string[] = [];
    const pushes = [
      [web()],
      [],
      [web()],
      [web({ pid: 2, respawnCount: 1 })],
      [web({ stage: 'unknown', unknownReason: 'no\x1b contact' })],
    ];
    await serve({ watch: pushing(pushes, ends) });
    const { terminal, exitCode } = watch({});
    await until(() => ends.length === 5);
    terminal.pressInterrupt();
    expect(await exitCode).toBe(0);
    expect(terminal.written).toEqual({
      out: [
        '10:04:05 web: running, pid 1',
        '10:04:05 web: running, pid 2, 1 respawn',
        '10:04:05 web: unknown, no\\x1b contact, pid 1',
        '',
      ].join('\n'),
      err: '',
    });
  });
  it('a service that is removed is gone, in a line, in the table and in its report', async () => {
    const gone = web({ stage: 'unknown', isGone: true, unknownReason: 'no such service' });
    const shown: string[] = [];
    const screen = { isTerminal: true, env: { TERM: 'xterm', NO_COLOR: '1' } };
    for (const [how, ...argv] of [[{}], [screen], [screen, 'web']] as const) {
      const ends: string[] = [];
      await serve({ watch: pushing([[web(), statusOf('db')], [gone]], ends) });
      const { terminal, exitCode } = watch(how, ...argv);
      await until(() => ends.length === 2);
      terminal.pressInterrupt();
      await exitCode;
      shown.push(terminal.written.out.split('\x1b[J').at(-1) ?? '');
      await shepherd?.stop();
    }
    expect(shown[0]).toContain('10:04:05 web: gone\n');
    expect(shown[1]).toBe('Started:\n + db\n + root\nGone:\n x web\n');
    expect(shown[2]).toContain('It is gone: there is no such service any more.');
  });
  it('with --json each push is a document on a line, and a heartbeat none', async () => {
    const ends: string[] = [];
    await serve({ watch: pushing([[web()], [], [web({ pid: 2 })]], ends) });
    const { terminal, exitCode } = watch({}, '--json');
    await until(() => ends.length === 3);
    terminal.pressInterrupt();
    expect(await exitCode).toBe(0);
    const documents = terminal.written.out.trimEnd().split('\n');
    expect(documents.map((each) => JSON.parse(each) as unknown)).toMatchObject([
      { schema: 1, kind: 'status', services: [{ provision: ['web'], pid: 1 }] },
      { schema: 1, kind: 'status', services: [{ provision: ['web'], pid: 2 }] },
    ]);
  });
  it('silence is told once, and asked about anew once, until something is heard', async () => {
    const ends: string[] = [];
    await serve({ watch: pushing([[web()]], ends) });
    const { terminal, exitCode, pass } = watch({});
    await until(() => ends.length === 1);
    pass(4_400);
    expect(terminal.written.out).not.toContain('nothing was heard');
    for (const ms of [100, 1_000]) pass(ms);
    expect(terminal.written.out.match(/nothing was heard of the shepherd for 5 s/g)).toHaveLength(
      1,
    );
    pass(5_000);
    await until(() => ends.length === 2);
    expect(shepherd?.asked).toHaveLength(2);
    terminal.pressInterrupt();
    expect(await exitCode).toBe(0);
  });
});

describe('on a terminal', () => {
  const screen = { isTerminal: true, env: { TERM: 'xterm', NO_COLOR: '1' } };
  it('the table is drawn anew in its place, and stays at the end', async () => {
    const ends: string[] = [];
    const all = [[web(), statusOf('db')], [web({ stage: 'stopped' })]];
    await serve({ watch: pushing(all, ends) });
    const { terminal, exitCode } = watch(screen);
    await until(() => ends.length === 2);
    terminal.pressInterrupt();
    expect(await exitCode).toBe(0);
    expect(terminal.written.out).toBe(
      'Started:\n + db\n + root\n + web\n\x1b[4A\x1b[JStarted:\n + db\n + root\nStopped:\n - web\n',
    );
  });
  it('what is unknown gets older with time, and what is known does not', async () => {
    const ends: string[] = [];
    const far = { kind: 'exported', origin: 'A', ageMs: 1_500 } as const;
    const pushes = [[web(far), statusOf('db', { ...far, stage: 'unknown', unknownReason: 'cut' })]];
    await serve({ watch: pushing(pushes, ends) });
    const { terminal, exitCode, pass } = watch(screen);
    await until(() => ends.length === 1);
    pass(3_000);
    terminal.pressInterrupt();
    await exitCode;
    const last = terminal.written.out.split('\x1b[J').at(-1);
    expect(last).toContain(' + web (at A; seen 1.5 s ago)');
    expect(last).toContain(' ? db (cut; last seen 4.5 s ago)');
  });
  it('of a shepherd that is silent nothing is shown without saying so', async () => {
    const ends: string[] = [];
    await serve({ watch: pushing([[web({ kind: 'exported', origin: 'A' })]], ends) });
    const { terminal, exitCode, pass } = watch(screen);
    await until(() => ends.length === 1);
    pass(5_000);
    terminal.pressInterrupt();
    await exitCode;
    const last = terminal.written.out.split('\x1b[J').at(-1);
    expect(last).toContain('nothing was heard of the shepherd for 5 s');
    expect(last).toContain('seen 5.0 s ago');
  });
  it('of one service there is its report', async () => {
    const ends: string[] = [];
    await serve({ watch: pushing([[web()]], ends) });
    const { terminal, exitCode } = watch(screen, 'web');
    await until(() => ends.length === 1);
    terminal.pressInterrupt();
    await exitCode;
    expect(terminal.written.out).toContain('Status of web:');
    expect(shepherd?.asked).toEqual([['watch', ['web'], 2_000]]);
  });
});

describe('a watching', () => {
  it.each([
    ['skips a push', [[web()]], 1, 'watch: expected push 0, found 1'],
    ['pushes what is no status', [[{ kind: 'local' }]], 0, 'statuses[0].provision'],
  ])('that %s is ended at its sender', async (_what, pushes, first, words) => {
    const ends: string[] = [];
    await serve({ watch: pushing(pushes as (readonly Status[])[], ends, first) });
    const { terminal, exitCode } = watch({});
    await until(() => ends.length === 1);
    expect(ends[0]).toContain(words);
    terminal.pressInterrupt();
    await exitCode;
  });
  it('outlasts its shepherd: that it is away and back is said once, and nothing is shown twice', async () => {
    const ends: string[] = [];
    await serve({ watch: pushing([[web()]], ends) });
    const { terminal, exitCode, pass } = watch({});
    await until(() => ends.length === 1);
    shepherd?.sever();
    await until(() => terminal.written.err !== '');
    expect(terminal.written.err).toContain('herd: the shepherd is away, trying again: the session');
    const said = terminal.written.err;
    pass(250);
    await until(() => ends.length === 2);
    expect(terminal.written).toEqual({
      out: '10:04:05 web: running, pid 1\n',
      err: `${said}herd: the shepherd is there again\n`,
    });
    terminal.pressInterrupt();
    expect(await exitCode).toBe(0);
  });
  it.each([
    ['at Ctrl-C with 0', 0, (watching: Watching) => watching.terminal.pressInterrupt()],
    ['with 4 when the time is up', 4, (watching: Watching) => watching.pass(3_000)],
  ])('whose shepherd is away ends %s', async (_how, code, end) => {
    const ends: string[] = [];
    await serve({ watch: pushing([[web()]], ends) });
    const watching = watch({}, '--timeout', '3');
    const { terminal, exitCode, pass } = watching;
    await until(() => ends.length === 1);
    await shepherd?.stop();
    await until(() => terminal.written.err !== '');
    const said = terminal.written.err;
    pass(250);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(terminal.written.err).toBe(said);
    end(watching);
    expect(await exitCode).toBe(code);
  });
  it('that never reached a shepherd tries no more', async () => {
    await serve({});
    await shepherd?.stop();
    const { terminal, exitCode } = watch({});
    expect(await exitCode).toBe(4);
    expect(terminal.written.err).not.toContain('trying again');
  });
  it('on a terminal leaves what it had shown, and shows nothing of before when it is back', async () => {
    const ends: string[] = [];
    const both = [[web(), statusOf('db')]];
    await serve({
      watch: (turn, ...args) =>
        pushing(shepherd?.asked.length === 1 ? both : [[web()]], ends)(turn, ...args),
    });
    const screen = { isTerminal: true, env: { TERM: 'xterm', NO_COLOR: '1' } };
    const { terminal, exitCode, pass } = watch(screen);
    await until(() => ends.length === 1);
    shepherd?.sever();
    await until(() => terminal.written.err !== '');
    pass(250);
    await until(() => ends.length === 2);
    terminal.pressInterrupt();
    await exitCode;
    expect(terminal.written.out).toBe(
      'Started:\n + db\n + root\n + web\nStarted:\n + root\n + web\n',
    );
  });
  it('that is refused ends with the reason', async () => {
    await serve({
      watch: () => {
        throw new TypeError('broken');
      },
    });
    expect(await watch({}).exitCode).toBe(1);
  });
  it('ends well after --timeout', async () => {
    const ends: string[] = [];
    await serve({ watch: pushing([[web()]], ends) });
    const { exitCode, pass } = watch({}, '--timeout', '3');
    await until(() => ends.length === 1);
    pass(3_000);
    expect(await exitCode).toBe(0);
  });
  it('of the shepherd itself is no use', async () => {
    await serve({});
    const { terminal, exitCode } = watch({}, 'root');
    expect(await exitCode).toBe(2);
    expect(terminal.written.err).toContain('herd status --watch');
  });
});

describe('a block on a terminal', () => {
  it('has no more lines than fit, and says how many there are', () => {
    const lines = Array.from({ length: 30 }, (_, at) => `line ${at}`);
    const shown = fitted({ rows: 24, columns: 80 }, lines);
    expect(shown).toHaveLength(23);
    expect(shown.at(-1)).toBe('… 8 more lines');
    expect(fitted({ rows: 24, columns: 80 }, lines.slice(0, 22))).toHaveLength(22);
  });
  it('has lines that do not wrap; paint takes no room, and is kept to its end', () => {
    expect(cutTo('abcdef', 3)).toBe('abc');
    expect(cutTo('\x1b[31mabcdef\x1b[0m', 3)).toBe('\x1b[31mabc\x1b[0m');
    expect(cutTo('äöü', 4)).toBe('äö');
  });
});
