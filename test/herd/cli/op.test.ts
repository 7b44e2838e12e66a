/** Commands that were given before: at a shepherd, and through a ref. */
import { ActorError } from '@bellwether/actors';
import { afterEach, describe, expect, it } from 'vitest';
import { main } from '../../../packages/herd/src/cli/main.ts';
import { startFakeShepherd, type Answers, type FakeShepherd } from './fake-shepherd.ts';
import { fakeTerminal, type FakeTerminal } from './fake-terminal.ts';

const uid = process.getuid?.() ?? 0;
let shepherd: FakeShepherd | undefined;
afterEach(async () => {
  await shepherd?.stop();
  shepherd = undefined;
});
/** A fake one, of which `@web` is a ref. */
const serve = async (answers: Answers): Promise<void> => {
  shepherd = await startFakeShepherd(answers);
  const added = await run(`${shepherd.tlsUri}\n`, 'ref', 'add', 'web');
  expect(added.exitCode).toBe(0);
};
type Ran = FakeTerminal & { readonly exitCode: number };
const run = async (input: string, ...argv: string[]): Promise<Ran> => {
  const env = { SHEPHERD_SOCKET: shepherd?.socket, XDG_DATA_HOME: shepherd?.folder };
  const terminal = fakeTerminal({ uid, env, input });
  return Object.assign(terminal, { exitCode: await main(argv, terminal, { version: '0' }) });
};
const herd = (...argv: string[]): Promise<Ran> => run('', ...argv);

const facts = {
  operation: 'op-7',
  asker: 'g-7f3k',
  action: 'start',
  service: 'web-server',
  atMs: 1_700_000_000_000,
};
const step = { service: 'web-server', action: 'start', isAsked: true, isAnswer: true };
const needed = { service: 'another service', action: 'start', isAsked: false, isAnswer: false };
const failed = { member: 'web-server', result: 'failed', reason: 'it fell' };
const report = {
  ...facts,
  endedMs: facts.atMs + 10,
  result: 'failed',
  args: [],
  steps: [
    { ...needed, phase: 'settled', row: { member: needed.service, result: 'changed' } },
    { ...step, phase: 'settled', row: failed },
  ],
};
const outcome = { member: 'web-server', result: 'changed', stage: 'running', pid: 42, rows: [] };

describe('an operation that was asked for through a ref', () => {
  it('is listed as degraded where not all members are well', async () => {
    const ended = { ...facts, endedMs: facts.atMs + 10, result: 'changed', worst: 'timed-out' };
    await serve({ operations: () => [ended] });
    expect((await herd('op', 'ls', '@web')).written.out).toMatch(/ changed, degraded\n$/);
    expect((await herd('--json', 'op', 'ls', '@web')).written.out).toContain(
      '"worst": "timed-out"',
    );
  });
  it('of a fleet counts its members among whoever did not do it, and not the fleet itself', async () => {
    const restart = { action: 'restart', isAsked: true, isAnswer: false } as const;
    const sum = { ...restart, service: 'webs', phase: 'in-doubt' };
    const steps = [
      { ...restart, service: 'a', phase: 'settled', row: { member: 'a', result: 'changed' } },
      { ...restart, service: 'b', phase: 'in-doubt', row: { member: 'b', result: 'timed-out' } },
      { ...sum, row: { member: 'webs', result: 'changed', reason: 'degraded 1/2' } },
      { ...sum, isAnswer: true, row: { member: 'webs', result: 'changed' } },
    ];
    const ended = { ...facts, action: 'restart', service: 'webs', endedMs: facts.atMs + 10 };
    await serve({
      operation: () => ({ ...ended, result: 'changed', args: [], steps }),
      retry: () => outcome,
    });
    const shown = await herd('op', 'show', 'op-7', '@web');
    expect(shown.written.out).toContain("'herd retry op-7 @web' asks the one again who did not");
    expect(shown.written.out).not.toContain('degraded 1/2');
    const { written } = await herd('retry', 'op-7', '@web');
    expect(written.err).toContain('again at 1 service: b (op-7)');
  });
  it('is listed, shown, watched, tried again and called off there', async () => {
    await serve({
      operations: () => [facts],
      operation: () => report,
      join: () => outcome,
      retry: () => outcome,
      cancel: () => 0,
    });
    const listed = await herd('op', 'ls', '@web', '-n', '3');
    expect(listed.written.out).toMatch(/^op-7 {2}start web-server {2}.* by g-7f3k {2}under way\n$/);
    const shown = await herd('op', 'show', 'op-7', '@web');
    expect(shown.written.out).toMatch(
      /\n {4}web-server +failed +it fell\n {4}another service +changed\n/,
    );
    expect(shown.written.out).toContain("'herd retry op-7 @web' asks the one again");
    const watched = await herd('op', 'watch', 'op-7', '@web');
    expect([watched.exitCode, watched.written.out]).toEqual([
      0,
      'Service @web has been started.\n',
    ]);
    const retried = await herd('retry', '@web', 'op-7', '--timeout', '3');
    expect(retried.exitCode).toBe(0);
    expect(retried.written.err).toBe(
      'herd: trying start @web again at 1 service: web-server (op-7)\n',
    );
    expect((await herd('op', 'cancel', '@web', 'op-7')).exitCode).toBe(0);
    expect(shepherd?.asked).toEqual([
      ['operations'],
      ['operation', 'op-7'],
      ['operation', 'op-7'],
      ['join', 'op-7'],
      ['operation', 'op-7'],
      ['retry', 'op-7', 3_000],
      ['cancel', 'op-7'],
      ['operation', 'op-7'],
    ]);
  });

  it('shows the log once that several of those who failed end with', async () => {
    const own = { action: 'start', isAsked: true, isAnswer: false, phase: 'settled' };
    const steps = ['a', 'b', 'c', 'd', 'e'].map((service) => {
      const output = [service === 'e' ? 'other' : 'port 80 is taken'];
      return { ...own, service, row: { ...failed, member: service, output } };
    });
    await serve({ operation: () => ({ ...report, steps }) });
    const { out } = (await herd('op', 'show', 'op-7', '@web')).written;
    expect(out.match(/port 80 is taken/g)).toHaveLength(1);
    expect(out).toContain('    said by a, b, c and 1 more:\n        | port 80 is taken\n');
    expect(out).toMatch(/ e +failed +it fell\n +\| other\n/);
  });
  it('says before it is tried again who may do a second time what nobody knows of', async () => {
    const own = { action: 'rotate', isAsked: true, isAnswer: false };
    const doubtful = { result: 'unknown', reason: 'it may have been done' };
    const steps = (action: string) => [
      { ...own, action, service: 'a', phase: 'settled', row: { member: 'a', ...doubtful } },
      { ...own, action, service: 'b', phase: 'in-doubt', row: { member: 'b', ...doubtful } },
      { ...own, action, service: 'c', phase: 'settled', row: { ...failed, member: 'c' } },
      { ...own, action, service: 'web', isAnswer: true, phase: 'settled' },
    ];
    let action = 'rotate';
    await serve({
      operation: () => ({ ...report, action, steps: steps(action) }),
      retry: () => outcome,
    });
    const told = (await herd('retry', 'op-7', '@web')).written.err.split('\n').slice(0, 2);
    expect(told).toEqual([
      'herd: trying rotate @web again at 3 services: a, b, c (op-7)',
      'herd: nobody knows whether it was done at a, b: there it may be done a second time',
    ]);
    expect((await herd('retry', 'op-7', '@web', '-q')).written.err).not.toContain('second time');
    // To say twice how a service shall be does nothing twice; and a slot knows how far it got.
    for (action of ['start', 'deploy'])
      expect((await herd('retry', 'op-7', '@web')).written.err).not.toContain('second time');
  });

  it('went batch by batch is told so, with when each began', async () => {
    const member = (service: string, batch: number, result: string, more: object) => ({
      ...{ service, action: 'restart', isAsked: true, isAnswer: false, phase: 'settled', batch },
      row: { member: service, result },
      ...more,
    });
    const all = { service: 'web', action: 'restart', isAsked: true, isAnswer: true };
    const steps = [
      member('a', 1, 'changed', { isCanary: true, openedMs: facts.atMs + 1_000 }),
      member('b', 2, 'changed', { openedMs: facts.atMs + 9_000 }),
      member('c', 2, 'failed', { openedMs: facts.atMs + 8_000 }),
      member('d', 3, 'skipped', {}),
      { ...all, phase: 'settled', row: { member: 'web', result: 'failed' } },
    ];
    const rolled = { ...report, action: 'restart', service: 'web', steps };
    await serve({ operation: () => rolled });
    const { out } = (await herd('op', 'show', 'op-7')).written;
    expect(out).toMatch(
      new RegExp(
        [
          / {4}Batch 1 of 3, the canary, begun [-0-9]{10} [0-9]{2}:[0-9]{2}:21:\n/,
          / {6}a {2}changed\n/,
          / {4}Batch 2 of 3, begun [-0-9]{10} [0-9]{2}:[0-9]{2}:28:\n/,
          / {6}c {2}failed\n/,
          / {6}b {2}changed\n/,
          / {4}Batch 3 of 3, not begun:\n/,
          / {6}d {2}skipped\n/,
          / {2}'herd retry /,
        ]
          .map(({ source }) => source)
          .join(''),
      ),
    );
    const json = await herd('--json', 'op', 'show', 'op-7');
    expect(JSON.parse(json.written.out)).toMatchObject({ kind: 'operation', ...rolled });
  });

  it('went well for many is told in numbers, batch by batch', async () => {
    const steps = Array.from({ length: 40 }, (_none, at) => ({
      ...{ service: `s${at}`, action: 'restart', isAsked: true, isAnswer: false, phase: 'settled' },
      ...{ batch: at < 10 ? 1 : 2, openedMs: facts.atMs },
      row: { member: `s${at}`, result: at === 39 ? 'failed' : 'changed' },
    }));
    await serve({ operation: () => ({ ...report, action: 'restart', steps }) });
    const { out } = (await herd('op', 'show', 'op-7')).written;
    expect(out).toMatch(
      /begun [^\n]*:\n {6}10 services of which all is well\n.*begun [^\n]*:\n {6}s39 {2}failed\n {6}and 29 services of which all is well\n/,
    );
  });

  it('of which all is disabled that failed names what enables it, and no retry', async () => {
    const row = {
      member: 'x',
      result: 'failed',
      reason: 'it is disabled',
      isDisabled: true,
    } as const;
    const steps = ['a', 'b'].map((service) => ({
      ...step,
      service,
      phase: 'settled' as const,
      row,
    }));
    await serve({ operation: () => ({ ...report, action: 'start', service: 'webs', steps }) });
    const { out } = (await herd('op', 'show', 'op-7')).written;
    expect(out).toContain("'herd enable webs' first, then 'herd start webs'");
    expect(out).not.toContain('herd retry');
  });
  it('of which one went back, and the rest was left alone because of it, offers no retry and says why once', async () => {
    const rows = [
      { member: 'a', result: 'rolled-back', reason: 'exit 1' },
      { member: 'b', result: 'skipped', reason: 'left', cause: { member: 'a', reason: 'exit 1' } },
    ] as const;
    const steps = rows.map((row) => ({
      ...step,
      service: row.member,
      phase: 'settled' as const,
      row,
    }));
    await serve({ operation: () => ({ ...report, action: 'deploy', service: 'webs', steps }) });
    const { out } = (await herd('op', 'show', 'op-7')).written;
    expect(out).toMatch(/ b {2}skipped +start: left; because of a\n/);
    expect(out).not.toContain('herd retry');
  });
  it('has its arguments in quotes, where they could be taken for what herd says', async () => {
    const args = ['b: called off', 'plain'];
    await serve({ operation: () => ({ ...report, args }) });
    const { out } = (await herd('op', 'show', 'op-7')).written;
    expect(out).toMatch(/^Operation op-7: start web-server 'b: called off' plain\n/);
  });

  it('is told as JSON', async () => {
    await serve({ operations: () => [facts], operation: () => report });
    const listed = await herd('--json', 'op', 'ls', '@web');
    expect(JSON.parse(listed.written.out)).toMatchObject({
      kind: 'operations',
      operations: [facts],
    });
    const shown = await herd('--json', 'op', 'show', '@web', 'op-7');
    expect(JSON.parse(shown.written.out)).toMatchObject({ kind: 'operation', ...report });
  });

  it.each([
    [['op', 'show', 'op-7', 'web'], "'web' is no @PETNAME"],
    [['op', 'ls', 'op-7'], "'op-7' is no @PETNAME"],
    [['retry', '@web'], "'retry' needs the id of an operation: herd retry OPERATION @web"],
    [['op', 'watch', '@web', '@web'], "'op watch' needs the id of an operation"],
    [['op', 'cancel', 'op-7', '@web', '@web'], "too many words for 'op cancel'"],
  ])('is not what %j names, and nobody is asked', async (argv, words) => {
    await serve({});
    const ran = await herd(...argv);
    expect(ran.exitCode).toBe(2);
    expect(ran.written.err).toContain(words);
    expect(shepherd?.asked).toEqual([]);
  });

  it('and is not known says which list to look at, and is refused with what was tried', async () => {
    await serve({
      operation: () => {
        throw new ActorError('unknown-operation', "operation 'op-7' is not known");
      },
      cancel: () => {
        throw new ActorError('denied', "grant g-7f3k does not allow 'cancel': it is for status");
      },
    });
    const there = await herd('op', 'show', 'op-7', '@web');
    expect([there.exitCode, there.written.err]).toEqual([
      1,
      "herd: error: operation 'op-7' is not known\n'herd op ls @web' lists those that were given to it.\n",
    ]);
    const here = await herd('op', 'show', 'op-7');
    expect(here.written.err).toContain(
      'one that was given to a ref is known there: add its @PETNAME',
    );
    const denied = await herd('op', 'cancel', 'op-7', '@web');
    expect(denied.exitCode).toBe(5);
    expect(denied.written.err).toMatch(
      /^herd: error: op cancel op-7 @web: grant g-7f3k does not allow 'cancel': it is for status\nNothing was done; 'herd ref show web' says/,
    );
  });

  it('of a ref that nobody has asks whether another was meant', async () => {
    await serve({});
    const ran = await herd('op', 'ls', '@wbe');
    expect(ran.exitCode).toBe(2);
    expect(ran.written.err).toContain("'@web'");
  });
});
