import { maxTreeDepth } from '../../../packages/herd/src/cli/limits.ts';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { ActorError, type Ref, type Turn, type Vow } from '@bellwether/actors';
import type { Event, Follower, LogEvent, Sink } from '@bellwether/shepherd';
import { afterEach, describe, expect, it } from 'vitest';
import { main } from '../../../packages/herd/src/cli/main.ts';
import { version } from '../../../packages/herd/src/version.ts';
import type { Answers, FakeShepherd } from './fake-shepherd.ts';
import { afterEvents, startFakeShepherd, statusOf } from './fake-shepherd.ts';
import { type FakeTerminal, fakeTerminal } from './fake-terminal.ts';

const uid = process.getuid?.() ?? 0;
let shepherd: FakeShepherd | undefined;
afterEach(async () => {
  await shepherd?.stop();
  shepherd = undefined;
});

/** Waits until something is so; the socket is a real one. */
const until = async (isSo: () => boolean): Promise<void> => {
  for (let tries = 0; !isSo(); tries += 1) {
    if (tries > 12_000) throw new Error('it never was so');
    await new Promise((again) => setTimeout(again, 5));
  }
};
const serve = async (answers: Answers): Promise<FakeShepherd> =>
  (shepherd = await startFakeShepherd(answers));
interface Ran extends FakeTerminal {
  readonly exitCode: number;
}
const herd = async (terminal: FakeTerminal, ...argv: string[]): Promise<Ran> => {
  const exitCode = await main(argv, terminal, { version });
  return Object.assign(terminal, { exitCode });
};
const here = (more: Parameters<typeof fakeTerminal>[0] = {}): FakeTerminal =>
  fakeTerminal({
    uid,
    ...more,
    env: { SHEPHERD_SOCKET: shepherd?.socket, XDG_DATA_HOME: shepherd?.folder, ...more.env },
  });
const run = (...argv: string[]): Promise<Ran> => herd(here(), ...argv);
const parsed = (ran: Ran): Record<string, unknown> =>
  JSON.parse(ran.written.out) as Record<string, unknown>;

/** A terminal whose time passes. */
const ticking = (): FakeTerminal =>
  here({
    every: (ms, tick) => {
      const id = setInterval(tick, ms);
      return () => clearInterval(id);
    },
  });

describe('what GNU Shepherd does of itself, and this one does not', () => {
  it.each([
    [['load', 'root', 'x.scm'], 1, 'no Scheme is run here'],
    [['eval', 'root', '1'], 1, 'no Scheme is run here'],
    [['unload', 'root', 'clock'], 1, 'unloaded by a reload'],
    [['daemonize', 'shepherd'], 1, 'becomes no other process'],
    [['power-off', 'root'], 1, 'does not end the machine'],
    [['enable', 'shepherd'], 1, 'always enabled'],
    [['disable', 'root'], 1, 'always enabled'],
    [['halt'], 2, 'does not end the machine'],
    [['reload', 'root', 'x.scm'], 2, 'reload takes no file here'],
  ] as const)('is refused with the reason: %j', async (words, code, why) => {
    const { exitCode, written } = await run(...words);
    expect(written.err).toMatch(new RegExp(`^herd: error: .*${why}[^\\n]*\\n$`));
    expect(exitCode).toBe(code);
  });
  it('is not spoken of where something else is wrong', async () => {
    for (const words of [['enable'], ['reload', 'root', '--lines', '3'], ['halt', '--nope']])
      expect((await run(...words)).written.err).toMatch(/too few words|option/);
  });
});

describe('a command whose grant has ended', () => {
  it.each(['revoked', 'expired'])('is not said to have done nothing: %s', async (code) => {
    await serve({
      perform: () => {
        throw new ActorError(code, 'grant g-1 is over; what had begun goes on');
      },
    });
    const ran = await run('restart', 'web');
    expect(ran.exitCode).toBe(5);
    expect(ran.written.err).toBe(
      'herd: error: restart web: grant g-1 is over; what had begun goes on\n' +
        'Whoever gave it to you can give you another.\n',
    );
  });
});

describe('without a shepherd', () => {
  it('says what was tried and how to start one, and exits with 4', async () => {
    const ran = await herd(
      fakeTerminal({ uid, env: { SHEPHERD_SOCKET: '/nowhere/socket' } }),
      'status',
    );
    expect(ran.exitCode).toBe(4);
    expect(ran.written.err).toContain('there is no socket /nowhere/socket');
    expect(ran.written.err).toContain('shepherd --config');
    expect(ran.written.out).toBe('');
  });
  it('whose place cannot be looked at says that nothing was reached', async () => {
    const socket = `/${'x'.repeat(300)}/socket`;
    const ran = await herd(fakeTerminal({ env: { SHEPHERD_SOCKET: socket } }), 'status');
    expect(ran.exitCode).toBe(4);
    expect(ran.written.err).toContain('cannot use the shepherd at /xxx');
  });
  it('says that the place was a guess where XDG_RUNTIME_DIR is not set', async () => {
    const ran = await herd(fakeTerminal({ uid: 4_000_000, env: { HOME: '/nowhere' } }), 'status');
    expect(ran.written.err).toContain('/nowhere/.local/state/bellwether/run/socket');
    expect(ran.written.err).toContain('XDG_RUNTIME_DIR is not set');
  });
  it('shows help and its version all the same', async () => {
    const terminal = () => fakeTerminal({ env: { SHEPHERD_SOCKET: '/nowhere/socket' } });
    expect((await herd(terminal(), '--help')).written.out).toContain('herd start web-server-fleet');
    const aboutLogs = (await herd(terminal(), 'help', 'log')).written.out.replace(/\s+/g, ' ');
    expect(aboutLogs).toContain('in the order in which they were read, not in that of their times');
    expect((await herd(terminal(), '--version')).written.out).toBe(
      `herd (Bellwether) ${version}\n`,
    );
  });
  it('behind a socket that is left over, says so', async () => {
    const fake = await serve({});
    const copy = `${fake.socket}.left`;
    const dead = net.createServer().listen(copy);
    await new Promise((ready) => dead.once('listening', ready));
    // Node removes the path at close, and not where it has gone meanwhile.
    fs.renameSync(copy, `${copy}.over`);
    await new Promise((done) => dead.close(done));
    const ran = await run('-s', `${copy}.over`, 'status');
    expect(ran.exitCode).toBe(4);
    expect(ran.written.err).toContain(`no shepherd answers at ${copy}.over`);
    expect(ran.written.err).toContain('nobody listens there');
  });
});

describe('a shepherd that is restarting', () => {
  const away = async (): Promise<() => void> => {
    const { socket } = await serve({ status: () => [statusOf('web')] });
    fs.renameSync(socket, `${socket}.away`);
    return () => fs.renameSync(`${socket}.away`, socket);
  };
  it('is waited for until its socket is there', async () => {
    const back = await away();
    const asked = herd(ticking(), 'status');
    setTimeout(back, 120);
    expect(await asked).toMatchObject({ exitCode: 0, written: { err: '' } });
  });
  it('is not waited for longer than --timeout, nor beyond Ctrl-C', async () => {
    await away();
    const ran = await herd(ticking(), '--timeout', '1', 'status');
    expect(ran.exitCode).toBe(4);
    expect(ran.written.err).toMatch(/the shepherd at \S+ is restarting, or was ended by force/);
    const terminal = ticking();
    const asked = herd(terminal, 'status');
    setTimeout(() => terminal.pressInterrupt(), 100);
    expect((await asked).exitCode).toBe(130);
  });
});

describe('something else at the socket', () => {
  it.each([
    ['hangs up', '', 'the connection ended'],
    ['speaks of another version', `<8'op:abort16"version 9, not 1>`, 'version 9, not 1'],
    ['speaks another language', 'HTTP/1.1 400 Bad Request', 'expected a record'],
  ])('that %s is told with its reason, and what to do', async (_what, bytes, reason) => {
    const fake = await serve({});
    const other = path.join(fake.folder, 'run', 'other');
    const server = net.createServer((socket) => socket.resume().end(bytes)).listen(other);
    await new Promise((ready) => server.once('listening', ready));
    const ran = await run('-s', other, 'status');
    await new Promise((done) => server.close(done));
    expect(ran.exitCode).toBe(4);
    expect(ran.written.err).toContain(reason);
    expect(ran.written.err).toContain('After an upgrade, restart the shepherd.');
  });
});

describe('admin.ref', () => {
  const adminRef = (): string => path.join(shepherd?.folder ?? '', 'run', 'admin.ref');
  it('that is missing is named, with what to do', async () => {
    await serve({});
    fs.rmSync(adminRef());
    const ran = await herd(ticking(), '--timeout', '1', 'status');
    expect(ran.exitCode).toBe(4);
    expect(ran.written.err).toContain(adminRef());
    expect(ran.written.err).toContain('restart it. Start one with ');
  });
  it('that others may read is not used', async () => {
    await serve({});
    fs.chmodSync(adminRef(), 0o644);
    expect((await run('status')).written.err).toContain('chmod 600');
  });
  it('of another shepherd is refused by this one, in words', async () => {
    await serve({});
    fs.writeFileSync(
      adminRef(),
      (shepherd?.uri ?? '').replace(/\/s\/[^?]+/, `/s/${'A'.repeat(43)}`),
    );
    for (const command of [['status'], ['status', '--watch'], ['log', '-f']]) {
      const ran = await herd(ticking(), '--timeout', '1', ...command);
      expect(ran.written.err).toContain('does not take the admin.ref');
      expect(ran.exitCode).toBe(4);
    }
  });
  it('of the life before is not the last word: the one of this life is about to be written', async () => {
    const { uri } = await serve({ status: () => [statusOf('web')] });
    for (const before of [uri.replace(/\/s\/[^?]+/, `/s/${'A'.repeat(43)}`), undefined]) {
      if (before === undefined) fs.rmSync(adminRef());
      else fs.writeFileSync(adminRef(), before);
      const asked = herd(ticking(), 'status');
      setTimeout(() => fs.writeFileSync(adminRef(), uri, { mode: 0o600 }), 120);
      expect(await asked).toMatchObject({ exitCode: 0, written: { err: '' } });
    }
  });
  it('never shows up in what is printed', async () => {
    await serve({ status: () => [statusOf('web')] });
    const secret = /\/s\/([^?]+)/.exec(shepherd?.uri ?? '')?.[1] ?? '';
    const ran = await run('-v', 'status');
    expect(secret).toHaveLength(43);
    expect(ran.written.out + ran.written.err).not.toContain(secret);
  });
});

const aboutC = { name: 'C', version: '0.1.0', pid: 42, locations: [] };
describe('herd status', () => {
  it('prints the services in groups', async () => {
    await serve({ status: () => [statusOf('web'), statusOf('off', { stage: 'stopped' })] });
    const ran = await run('status');
    expect(ran.written).toEqual({ out: 'Started:\n + root\n + web\nStopped:\n - off\n', err: '' });
    expect(ran.exitCode).toBe(0);
    expect(shepherd?.asked).toEqual([['status', [], 1_000, true]]);
  });
  it('prints one JSON document when told to', async () => {
    const services = [statusOf('fleet', { members: [{ name: 'a', stage: 'unknown', ageMs: 5 }] })];
    await serve({ status: () => services });
    expect(parsed(await run('status', '--json'))).toEqual({ schema: 1, kind: 'status', services });
  });
  it('shows a stage and a kind that only a newer shepherd knows as unknown', async () => {
    await serve({ status: () => [{ ...statusOf('web'), kind: 'timer', stage: 'paused' }] });
    const ran = await run('status', 'web');
    expect(ran.exitCode).toBe(4);
    expect(ran.written.out).toContain('unknown whether it runs: stage "paused" is not known here.');
  });
  it('reports one service, and exits with 4 where it is unknown or a member is', async () => {
    let answer = statusOf('web');
    await serve({ status: () => [answer] });
    expect((await run('status', 'web')).exitCode).toBe(0);
    answer = statusOf('web', { stage: 'unknown', unknownReason: 'no contact' });
    const ran = await run('status', 'web');
    expect(ran.exitCode).toBe(4);
    expect(ran.written.out).toContain('It is unknown whether it runs: no contact.');
    answer = statusOf('web', { members: [{ name: 'a', stage: 'unknown', ageMs: 0 }] });
    expect((await run('status', 'web')).exitCode).toBe(4);
  });
  it('with --strict exits as what was asked for is, and refuses to watch', async () => {
    const dead = statusOf('db', { stage: 'stopped', isWanted: true });
    await serve({
      status: (_turn, names) =>
        Array.isArray(names) && names.length === 0 ? [statusOf('web'), dead] : [dead],
    });
    expect((await run('status', 'db')).exitCode).toBe(0);
    expect((await run('status', 'db', '--strict')).exitCode).toBe(1);
    expect((await run('status')).exitCode).toBe(0);
    expect((await run('status', '--strict')).exitCode).toBe(1);
    expect((await run('status', '--strict', '--watch')).exitCode).toBe(2);
  });
  it('asks the log for more lines than a status brings', async () => {
    await serve({
      status: () => [statusOf('web', { logFile: '/l', recentLines: ['a'] })],
      log: () => ['x', 'y'],
    });
    expect((await run('status', 'web', '-n', '7')).written.out).toContain('  x\n  y\n');
    expect(shepherd?.asked.at(-1)).toEqual(['log', 'web', 7]);
    expect((await run('status', 'web')).written.out).toContain('  a\n');
  });
  it('of root is about the shepherd itself', async () => {
    await serve({
      about: () => ({ name: 'C', version: '0.1.0', pid: 42, locations: ['ocapn://x.tcp-tls'] }),
    });
    const ran = await run('status', 'root');
    expect(ran.written.out).toContain('Main PID: 42');
    expect(ran.written.out).toContain('Listens at: ocapn://x.tcp-tls');
  });
  it('gives the far ends as long as --timeout says', async () => {
    await serve({ status: () => [] });
    await run('--timeout', '3', 'status');
    expect(shepherd?.asked).toEqual([['status', [], 3_000, true]]);
  });
  it('of an answer that is none says what is wrong with it', async () => {
    await serve({ status: () => [{ ...statusOf('web'), stage: 7 }] });
    const ran = await run('status');
    expect(ran.exitCode).toBe(1);
    expect(ran.written.err).toContain('statuses[0].stage: expected a word, found 7');
  });
});

describe('the shepherd itself', () => {
  const about = { name: 'C', version: '0.1.0', pid: 42, locations: [] };
  it('runs already', async () => {
    await serve({ about: () => about });
    const ran = await run('start', 'root');
    expect(ran).toMatchObject({ exitCode: 0 });
    expect(ran.written.out).toBe('Service root is already running.\n');
  });
  it('has no other action, and says what it has', async () => {
    await serve({ about: () => about });
    const ran = await run('polish', 'shepherd');
    expect(ran.exitCode).toBe(1);
    expect(ran.written.err).toContain("service 'shepherd' does not have an action 'polish'");
    expect(ran.written.err).toContain('herd doc shepherd list-actions');
  });
  it('does not restart itself, and says what it does instead', async () => {
    await serve({ about: () => about });
    const ran = await run('restart', 'root');
    expect(ran.exitCode).toBe(1);
    expect(ran.written.err).toContain("'herd reload' takes over its configuration");
  });
  it('tells what it is for and what it can do', async () => {
    await serve({});
    expect((await run('doc', 'root')).written.out).toBe(
      'The root service is used to operate on shepherd itself.\n',
    );
    const { out } = (await run('doc', 'root', 'list-actions')).written;
    expect(out).toContain('stop: Stop every service in order, then end the shepherd.\n');
    expect(out).not.toContain('start:');
  });
});

describe('herd op cancel', () => {
  it('says of one that was over what it came to, and claims to have called nothing off', async () => {
    await serve({ cancel: () => 'changed' });
    expect((await run('op', 'cancel', 'op-7')).written.out).toBe(
      'Operation op-7: it is over: changed. There is nothing to call off.\n',
    );
    const { out } = (await run('op', 'cancel', 'op-7', '--json')).written;
    expect(JSON.parse(out)).toMatchObject({ kind: 'cancel', operation: 'op-7', result: 'changed' });
  });
  it('calls an operation off where it was asked for', async () => {
    await serve({ cancel: () => 0 });
    const ran = await run('op', 'cancel', 'op-7');
    expect(ran).toMatchObject({ exitCode: 0 });
    expect(ran.written.out).toBe('Operation op-7: what had not begun is called off.\n');
    expect(shepherd?.asked).toEqual([
      ['cancel', 'op-7'],
      ['operation', 'op-7'],
    ]);
    expect((await run('op', 'cancel', 'op-7', 'web')).exitCode).toBe(2);
  });
  const stepOf = (service: string, phase: string, more: object = {}) => ({
    ...{ service, action: 'start', phase, isAsked: true, isAnswer: service === 'fleet', ...more },
  });
  const over = { phase: 'settled', row: { member: 'x', result: 'changed' } };
  it.each([
    [
      'nothing was left to call off: slow-e goes on (starting)',
      "; 'herd stop slow-e' ends it.",
      [stepOf('slow-e', 'acting'), stepOf('a', 'settled', over), stepOf('fleet', 'waiting')],
      { calledOff: [], goesOn: ['slow-e'] },
    ],
    [
      'called off: a, b; c, d go on (starting)',
      "; 'herd stop fleet' ends them.",
      [
        ...['a', 'b'].map((name) => stepOf(name, 'cancelled')),
        ...['c', 'd'].map((name) => stepOf(name, 'acting')),
        stepOf('fleet', 'waiting'),
      ],
      { calledOff: ['a', 'b'], goesOn: ['c', 'd'] },
    ],
    [
      'called off: a',
      '.',
      [
        stepOf('a', 'settled', { row: { member: 'a', result: 'cancelled' } }),
        stepOf('fleet', 'settled', { row: { member: 'fleet', result: 'cancelled' } }),
      ],
      { calledOff: ['a'], goesOn: [] },
    ],
  ])('says what it came to: %s', async (words, next, steps, effect) => {
    const report = { operation: 'op-7', asker: 'root', action: 'start', service: 'fleet', atMs: 1 };
    await serve({ cancel: () => 0, operation: () => ({ ...report, args: [], steps }) });
    const { out } = (await run('op', 'cancel', 'op-7')).written;
    expect(out).toBe(`Operation op-7: ${words}${next}\n`);
    const json = (await run('op', 'cancel', 'op-7', '--json')).written.out;
    expect(JSON.parse(json)).toMatchObject({ kind: 'cancel', operation: 'op-7', ...effect });
  });
  it('of one that nobody knows exits with 1', async () => {
    await serve({
      cancel: () => {
        throw new ActorError('unknown-operation', "operation 'op-7' is not known");
      },
    });
    const ran = await run('op', 'cancel', 'op-7');
    expect(ran).toMatchObject({ exitCode: 1 });
    expect(ran.written.err).toContain("operation 'op-7' is not known");
  });
});

describe('herd detailed-status', () => {
  it('reports every service, without its messages unless asked for some', async () => {
    const services = [statusOf('web', { recentLines: ['hello'] }), statusOf('off')];
    await serve({ status: () => services, about: () => aboutC });
    const ran = await run('detailed-status');
    expect(ran.exitCode).toBe(0);
    const order = /^\* Status of root:\n.*\n\n\* Status of web:\n.*\n\n\* Status of off:\n/s;
    expect(ran.written.out).toMatch(order);
    expect(ran.written.out).not.toContain('hello');
    expect((await run('detailed-status', '-n', '5')).written.out).toContain('  hello\n');
  });
  it('of one service, and of root, is its status', async () => {
    await serve({
      status: () => [statusOf('web')],
      about: () => ({ name: 'C', version: '0.1.0', pid: 42, locations: [] }),
    });
    expect((await run('detailed-status', 'web')).written.out).toContain('Status of web:');
    expect((await run('detailed-status', 'root')).written.out).toContain('Main PID: 42');
  });
  it('exits with 4 where one is unknown', async () => {
    const services = [statusOf('web'), statusOf('x', { stage: 'unknown' })];
    await serve({ status: () => services, about: () => aboutC });
    expect((await run('detailed-status')).exitCode).toBe(4);
  });
});

describe('herd why', () => {
  const answers = { grounds: () => ({ wish: 'stop', underWay: [] }) };
  it('asks what is known of the service and of what keeps it, and exits with 1 where it should run', async () => {
    const off = statusOf('web', { stage: 'stopped', isWanted: true, requirement: ['db', 'net'] });
    const services = [off, statusOf('db', { stage: 'stopped' }), statusOf('net')];
    await serve({ ...answers, status: () => services });
    const ran = await run('why', 'web');
    expect(ran).toMatchObject({ exitCode: 1, written: { err: '' } });
    expect(ran.written.out).toContain('web does not run.\n');
    expect(ran.written.out).toContain('It needs db:\n  db does not run: nobody has');
    const asked = shepherd?.asked
      .filter(([method]) => method === 'grounds')
      .map(([, name]) => name);
    expect(asked).toEqual(['web', 'web', 'db']);
    const document = parsed(await run('why', 'web', '--json'));
    expect(document).toMatchObject({ kind: 'why', verdict: 'stopped', below: [{ service: 'db' }] });
  });
  it.each([
    [{}, 0],
    [{ stage: 'stopped' }, 0],
    [{ stage: 'unknown' }, 4],
    [{ isReady: false }, 1],
  ] as const)('of %j exits with %d', async (more, exitCode) => {
    await serve({ ...answers, status: () => [statusOf('web', more)] });
    expect((await run('why', 'web')).exitCode).toBe(exitCode);
  });
  it('knows what was run once and has ended, though no list has it', async () => {
    const ended = statusOf('job-1', { stage: 'stopped', transient: 'ended' });
    const status = (_turn: Turn, names: unknown): unknown =>
      (names as readonly string[]).includes('job-1') ? [ended] : [statusOf('web')];
    await serve({ ...answers, status });
    const ran = await run('why', 'job-1');
    expect(ran).toMatchObject({ exitCode: 0, written: { err: '' } });
    expect(ran.written.out).toContain('job-1 was run once, and has ended');
  });
  it('is a slip of the shepherd itself', async () => {
    expect((await run('why', 'root')).exitCode).toBe(2);
  });
});

describe('herd top', () => {
  const used = { stage: 'running', pid: 7, respawnCount: 0, processCount: 1, threadCount: 1 };
  const look = (atMs: number, cpuMs: number) => ({
    ...{ atMs, cpuCount: 1, memoryBytes: 2, availableBytes: 1 },
    services: [{ service: 'web', ...used, rssBytes: 4_096, cpuMs }],
  });
  it('elsewhere than on a terminal is one table of what was between two looks', async () => {
    let lookCount = 0;
    await serve({ usage: () => look((lookCount += 1) * 1_000, lookCount * 250) });
    const ran = await herd(ticking(), 'top', '--sort', 'name');
    expect(ran).toMatchObject({ exitCode: 0, written: { err: '' } });
    expect(ran.written.out.split('\n')[2]).toMatch(/^web +25\.0 +4\.0K /);
    const document = parsed(await herd(ticking(), 'top', '--json'));
    expect(document).toMatchObject({ kind: 'top', services: [{ cpuPercent: 25 }] });
    expect((await run('top', '--sort', 'age')).exitCode).toBe(2);
  });
  it('takes no answer that is none', async () => {
    await serve({ usage: () => ({ ...look(1, 1), services: [{ service: 'web' }] }) });
    expect((await run('top')).written.err).toContain('usage.services[0]');
  });
});

describe('herd graph', () => {
  const services = [
    statusOf('net', { isOneShot: true, stage: 'stopped' }),
    statusOf('web"x', { requirement: ['net', 'gone'] }),
    statusOf('db', { stage: 'stopped', failure: { reason: '', at: 1 } }),
    statusOf('fleet', { members: [{ name: 'web"x', stage: 'running', ageMs: 0 }] }),
  ];
  it('draws every service, what it requires and its members, names that lead nowhere too', async () => {
    await serve({ status: () => services });
    expect((await run('graph')).written.out).toBe(
      [
        'digraph "Service Graph" {',
        '  "root" [shape = box, color = green, fontcolor = black, style = solid];',
        '  "net" [shape = circle, color = purple, fontcolor = purple, style = solid];',
        '  "web\\"x" [shape = box, color = green, fontcolor = black, style = solid];',
        '  "db" [shape = box, color = red, fontcolor = red, style = solid];',
        '  "fleet" [shape = folder, color = green, fontcolor = black, style = solid];',
        '  "gone" [shape = box, color = red, fontcolor = red, style = dotted];',
        ...['net', 'web\\"x', 'db', 'fleet', 'gone'].map((name) => `  "${name}" -> "root";`),
        '  "web\\"x" -> "net";',
        '  "web\\"x" -> "gone";',
        '  "fleet" -> "web\\"x" [style = bold];',
        '}\n',
      ].join('\n'),
    );
  });
  it('is a tree where --tree asks for one: what stands twice is drawn once, and a circle ends', async () => {
    const circle = [statusOf('a', { requirement: ['b'] }), statusOf('b', { requirement: ['a'] })];
    await serve({ status: () => [...services, ...circle] });
    expect((await run('graph', '--tree')).written.out).toBe(
      [
        '* db  failed to start',
        '* fleet  running',
        '`- * web"x  running, a member',
        '   |- * net  stopped (one-shot)',
        '   `- * gone  is no service here',
        '* a  running',
        '`- * b  running',
        '   `- * a  running (see above)\n',
      ].join('\n'),
    );
    expect((await run('graph', '--tree', 'fleet')).written.out).toMatch(
      /^\* fleet {2}running\n`- /,
    );
    expect((await run('graph', '--tree', '--mermaid')).exitCode).toBe(2);
  });
  it('ends a tree after so many levels', async () => {
    const chain = Array.from({ length: maxTreeDepth + 2 }, (_, at) =>
      statusOf(`s${at}`, { requirement: [`s${at + 1}`] }),
    );
    await serve({ status: () => chain });
    const lines = (await run('graph', '--tree', 's0')).written.out.split('\n');
    expect(lines).toHaveLength(maxTreeDepth + 2);
    expect(lines[maxTreeDepth]).toMatch(/ …$/);
    expect(lines[maxTreeDepth - 1]).not.toMatch(/ …$/);
  });
  it('is for Mermaid where --mermaid asks for that', async () => {
    await serve({ status: () => services });
    expect((await run('graph', '--mermaid')).written.out).toBe(
      [
        'flowchart TD',
        '  s0(("net")):::purple',
        '  s1["web#34;x"]:::green',
        '  s2["db"]:::red',
        '  s3[["fleet"]]:::green',
        '  s4["gone"]:::missing',
        '  s1 --> s0',
        '  s1 --> s4',
        '  s3 ==> s1',
        '  classDef purple stroke:purple',
        '  classDef green stroke:green',
        '  classDef red stroke:red',
        '  classDef missing stroke:red,stroke-dasharray:3\n',
      ].join('\n'),
    );
  });
  it('of one service shows what it leads to and what leads to it', async () => {
    await serve({ status: () => services });
    const document = parsed(await run('graph', 'net', '--json')) as unknown as {
      readonly services: readonly { readonly name: string }[];
      readonly edges: readonly unknown[];
    };
    expect(document.services.map(({ name }) => name)).toEqual(['net', 'web"x', 'fleet']);
    expect(document.edges).toEqual([
      { from: 'web"x', to: 'net', kind: 'requirement' },
      { from: 'fleet', to: 'web"x', kind: 'member' },
    ]);
    const unknown = await run('graph', 'nothing');
    expect(unknown).toMatchObject({ exitCode: 1 });
    expect(unknown.written.err).toContain("service 'nothing' could not be found");
    expect((await run('graph', '@web')).exitCode).toBe(2);
  });
});

describe('an action', () => {
  const changed = { member: 'web', result: 'changed', rows: [] } as const;
  it('is one request with an id of its own, and its lines are printed as they come', async () => {
    const events = [
      { kind: 'line', from: 'A', text: 'Service networking has been started.' },
      { kind: 'line', from: 'A', text: 'Service web has been started.' },
    ] as const;
    await serve({ perform: afterEvents(events, changed) });
    const ran = await run('start', 'web', '--', '--flag', '007');
    expect(ran.written).toEqual({
      out: 'A: Service networking has been started.\nA: Service web has been started.\n',
      err: '',
    });
    expect(ran.exitCode).toBe(0);
    const [[, request] = []] = shepherd?.asked ?? [];
    expect(request).toEqual({
      operation: expect.stringMatching(/^op-[0-9a-f]{16}$/) as unknown,
      member: 'web',
      action: 'start',
      args: ['--flag', '007'],
      remainingMs: 60_000,
      hops: [],
      isPatient: true,
    });
    await run('start', 'web');
    const [, [, second] = []] = shepherd?.asked ?? [];
    expect(second).not.toMatchObject({ operation: (request as { operation: string }).operation });
  });
  it('leaves members alone when told to, and takes its deadline from --timeout', async () => {
    await serve({ perform: () => changed });
    await run('stop', 'web', '--no-members', '--timeout', '2.5');
    expect(shepherd?.asked[0]?.[1]).toMatchObject({ withMembers: false, remainingMs: 2_500 });
  });
  it('waits as long as the shepherd says that it takes, which it may say once', async () => {
    const deadlines = [
      { kind: 'deadline', remainingMs: 300 },
      { kind: 'deadline', remainingMs: 50_000 },
    ] as const;
    await serve({
      perform: (turn, request, sink) =>
        turn.when(
          afterEvents(deadlines, null)(turn, request, sink) as Vow,
          (turn) => turn.vow().vow,
        ),
    });
    const ran = await run('start', 'web');
    expect(ran.exitCode).toBe(6);
    expect(ran.written.err).toContain('no outcome within 300 ms');
  });
  it('says who made the wait longer, on a terminal and as JSON', async () => {
    const rows = ['b', 'a'].map((member) => ({ member, result: 'changed' as const }));
    const outcome = { member: 'f', result: 'changed', rows } as const;
    const asks: Event = {
      kind: 'deadline',
      remainingMs: 900_000,
      slowest: 'a',
      slowestMs: 840_000,
    };
    let now = 0;
    await serve({
      perform: (turn, request, sink) =>
        turn.when(
          afterEvents([asks], null)(turn, request, sink) as Vow,
          () => ((now += 720_000), outcome),
        ),
    });
    const told = await herd(here({ now: () => now }), 'start', 'f');
    expect(told.written.err).toBe(
      '  Waited 12 minutes for a, b; the first had said that it may take 14 minutes.\n',
    );
    const waitedFor = {
      members: ['a', 'b'],
      ...{ waitedMs: 720_000, slowest: 'a', slowestMs: 840_000 },
    };
    const ran = await herd(here({ now: () => now }), '--json', 'start', 'f');
    expect(parsed(ran)).toMatchObject({ kind: 'outcome', outcome, waitedFor });
    await shepherd?.stop();
    await serve({ perform: () => outcome });
    expect(parsed(await run('--json', 'start', 'f'))).not.toHaveProperty('waitedFor');
  });
  it('says how many members are enough this time', async () => {
    await serve({ perform: () => changed });
    await run('start', 'f', '--min-ready', '1');
    await run('start', 'f', '--min-ready', '50%');
    expect(shepherd?.asked.map(([, request]) => request)).toMatchObject([
      { minReady: 1 },
      { minReady: '50%' },
    ]);
  });
  it('with --strict fails where a member did, though enough are ready', async () => {
    const rows = [
      { member: 'a', result: 'changed' },
      { member: 'b', result: 'unreachable' },
    ];
    await serve({
      perform: () => ({ member: 'f', result: 'changed', reason: 'degraded 1/2', rows }),
    });
    expect((await run('start', 'f')).exitCode).toBe(0);
    const ran = await run('start', 'f', '--strict');
    expect(ran.exitCode).toBe(4);
    expect(ran.written.err).toMatch(
      /^herd: error: start f: not all members: degraded 1\/2; because of b\n {2}'herd retry op-\w+' asks those again, and nobody else\.\n {2}With '--when-online 2h' it is done by itself once they are back\.\n$/,
    );
  });
  it('with --when-online says until when it waits, how to see that, and how to call it off', async () => {
    const rows = [
      { member: 'a', result: 'failed', reason: 'no.' },
      {
        member: 'b',
        result: 'unreachable',
        queuedUntilMs: new Date(2027, 0, 2, 3, 4, 5).getTime(),
      },
    ];
    await serve({
      perform: () => ({ member: 'f', result: 'failed', reason: '0 of 2 members', rows }),
    });
    const ran = await run('start', 'f', '--when-online', '2h');
    expect(shepherd?.asked.at(-1)?.[1]).toMatchObject({ queueMs: 7_200_000 });
    expect(ran.written.out).toMatch(
      /^ {2}b {2}unreachable {2}never seen; queued until 2027-01-02 03:04:05$/m,
    );
    expect(ran.written.err).toMatch(
      /\n {2}Queued as (op-\w+): it is sent once there is contact\.\n {2}'herd op show \1' shows what became of it,\n {2}'herd op cancel \1' calls it off\.\n {2}'herd retry \1' asks those again, and nobody else\.\n$/,
    );
    const one = { member: 'b', result: 'unreachable', queuedUntilMs: 1 };
    await serve({ perform: () => ({ ...one, rows: [] }) });
    const single = await run('greet', '--when-online', '7d', 'b');
    expect([single.exitCode, single.written.err]).toEqual([
      4,
      expect.stringContaining('queued until'),
    ]);
    expect(single.written.err).not.toContain('herd retry');
  });
  it('waits for nobody for longer than a week, and not for the shepherd itself', async () => {
    for (const words of [
      ['start', 'f', '--when-online', '8d'],
      ['stop', 'root', '--when-online', '1h'],
    ]) {
      const ran = await run(...words);
      expect([words, ran.exitCode, ran.written.err]).toEqual([
        words,
        2,
        expect.stringContaining('--when-online'),
      ]);
    }
  });
  it('that would end the shepherd says so with --dry-run', async () => {
    const step = { service: 'web', action: 'stop', why: 'asked', effect: 'none' } as const;
    await serve({ plan: () => [step] });
    const { out } = (await run('stop', 'root', '--dry-run')).written;
    expect(out).toContain('\n  Then the shepherd itself would end.\n');
    expect(parsed(await run('stop', 'root', '--dry-run', '--json'))).toMatchObject({
      endsShepherd: true,
    });
    expect((await run('stop', 'web', '--dry-run')).written.out).not.toContain('would end');
  });
  it('with --dry-run asks for its plan, and for nothing else', async () => {
    const steps = [
      { service: 'net', action: 'start', why: 'requirement', of: 'web', effect: 'change' },
      {
        service: 'web',
        action: 'start',
        why: 'asked',
        effect: 'change',
        stage: 'stopped',
        ageMs: 0,
      },
    ];
    await serve({ plan: () => steps });
    const ran = await run('start', 'web', '--dry-run');
    expect(ran).toMatchObject({ exitCode: 0, written: { err: '' } });
    expect(ran.written.out).toBe(
      'To start web now would be:\n' +
        '  1.  start net  to do           requirement of web\n' +
        '  2.  start web  to do  stopped\n' +
        'web: 2 steps: 2 to do. Nothing was done.\n',
    );
    expect(shepherd?.asked).toMatchObject([['plan', { action: 'start', member: 'web' }]]);
    expect(parsed(await run('start', 'web', '--dry-run', '--json'))).toEqual({
      ...{ schema: 1, kind: 'plan', action: 'start', service: 'web', exitCode: 0, steps },
    });
  });
  it.each([
    [['change', 'refused'], 3],
    [['refused', 'refused'], 1],
    [['none', 'unknown'], 0],
  ])('that would come to %j for its members exits with %i when dry', async (effects, exitCode) => {
    const common = { action: 'start', why: 'member' };
    await serve({
      plan: () => effects.map((effect, at) => ({ ...common, service: `m${at}`, effect })),
    });
    expect((await run('start', 'f', '--dry-run')).exitCode).toBe(exitCode);
  });
  it('with --json prints one document; its lines are progress', async () => {
    await serve({ perform: afterEvents([{ kind: 'line', from: 'A', text: 'x' }], changed) });
    const ran = await run('--json', 'start', 'web');
    expect(parsed(ran)).toMatchObject({
      schema: 1,
      kind: 'outcome',
      service: 'web',
      exitCode: 0,
      outcome: changed,
    });
    expect(ran.written.err).toBe('A: x\n');
  });
  it('with -q prints no progress', async () => {
    await serve({ perform: afterEvents([{ kind: 'line', from: 'A', text: 'x' }], changed) });
    expect((await run('-q', 'start', 'web')).written).toEqual({ out: '', err: '' });
  });
  it('prints no batch that is not the next one', async () => {
    const line = { kind: 'line', from: 'A', text: 'x' } as const;
    await serve({
      perform: (turn, _request, sink) => {
        const send = (sequence: number) =>
          turn.send(sink as Ref<Sink>, 'rows', [{ ...line, text: `${sequence}` }], sequence);
        const all = turn.all([0, 0, 2, 1].map(send));
        return turn.when(all, () => changed);
      },
    });
    expect((await run('start', 'web')).written.out).toBe('A: 0\nA: 1\n');
  });
  it('makes what a line holds harmless', async () => {
    await serve({
      perform: afterEvents([{ kind: 'line', from: 'A\x1b[2J', text: 'x\ny' }], changed),
    });
    expect((await run('start', 'web')).written.out).toBe('A\\x1b[2J: x\\x0ay\n');
  });
  it.each([
    [{ member: 'web', result: 'failed', reason: 'exit 1', rows: [] }, 1],
    [{ member: 'web', result: 'unreachable', rows: [] }, 4],
    [{ member: 'web', result: 'superseded', rows: [] }, 9],
    [
      {
        member: 'f',
        result: 'failed',
        rows: [
          { member: 'a', result: 'failed' },
          { member: 'b', result: 'changed' },
        ],
      },
      3,
    ],
    [
      {
        member: 'f',
        result: 'unreachable',
        rows: [
          { member: 'a', result: 'unreachable' },
          { member: 'b', result: 'ok' },
        ],
      },
      4,
    ],
  ])('that ends as %j exits with %i', async (outcome, exitCode) => {
    await serve({ perform: () => outcome });
    const ran = await run('start', 'web');
    expect(ran.exitCode).toBe(exitCode);
    expect(ran.written.err).toContain('herd: error: ');
  });
  it('that lost to a later one says how to have it after all, and that nobody is to be asked again', async () => {
    const rows = [
      { member: 'a', result: 'changed' },
      { member: 'b', result: 'superseded', reason: 'Service b: start lost to a later stop.' },
    ];
    await serve({ perform: () => ({ member: 'f', result: 'superseded', rows }) });
    const { written } = await run('start', 'f');
    expect(written.err).toMatch(
      /^herd: error: start f: superseded: because of b\n {2}The later command counts: 'herd start f' asks for it anew\.\n$/,
    );
  });
  it('on an unknown service has GNU words, and a hint where words were swapped', async () => {
    await serve({
      perform: (_turn, request) => {
        const { member } = request as { member: string };
        throw new ActorError('unknown-service', `service '${member}' could not be found`);
      },
    });
    const plain = await run('start', 'sshd');
    expect(plain.exitCode).toBe(1);
    expect(plain.written.err).toBe("herd: error: service 'sshd' could not be found\n");
    expect((await run('sshd', 'status')).written.err).toContain("Did you mean 'herd status sshd'?");
  });
  describe('that leads nowhere names what is close to it', () => {
    const actions = [{ name: 'polish', documentation: '' }];
    const nowhere = (): never => {
      throw new ActorError('unknown-service', 'service could not be found');
    };
    const noAction = (): never => {
      throw new ActorError('unknown-action', 'no such action');
    };
    const answers: Answers = {
      ...{ perform: nowhere, follow: nowhere, mint: nowhere, plan: nowhere },
      status: (_turn, names) => {
        const all = [statusOf('web', { actions }), statusOf('db', { provision: ['db', 'store'] })];
        return (names as string[]).length === 0 ? all : all.slice(0, 1);
      },
    };
    it.each([
      [['start', 'wbe'], "'web'"],
      [['start', 'stoer'], "'store'"],
      [['restart', '--dry-run', 'wbe'], "'web'"],
      [['log', 'wbe'], "'web'"],
      [['ref', 'mint', 'wbe', '--out', '/nowhere'], "'web'"],
      [['start', '@wbe'], "'@web'"],
      [['ref', 'show', 'wbe'], "'web'"],
    ])('%j', async (argv, meant) => {
      const { folder } = await serve(answers);
      const refs = path.join(folder, 'bellwether', 'refs');
      fs.mkdirSync(refs, { recursive: true, mode: 0o700 });
      fs.writeFileSync(path.join(refs, 'web'), '', { mode: 0o600 });
      const ran = await run(...argv);
      expect(ran.written.err).toMatch(/^herd: error: .*\n/);
      expect(ran.written.err.split('\n')[1]).toBe(`Did you mean ${meant}?`);
      expect(ran.exitCode).toBe(argv.includes('@wbe') || argv.includes('show') ? 2 : 1);
      expect(JSON.parse((await run('--json', ...argv)).written.out)).toMatchObject({
        hint: `Did you mean ${meant}?`,
      });
    });
    it('nothing is close to anything', async () => {
      await serve(answers);
      expect((await run('start', 'nothing')).written.err).not.toContain('Did you mean');
    });
    it.each([
      ['strat', 'web', 'start'],
      ['polihs', 'web', 'polish'],
      ['detahc', 'root', 'detach'],
    ])('an action: %s', async (action, service, meant) => {
      await serve({ ...answers, perform: noAction, about: () => aboutC });
      expect((await run(action, service)).written.err).toContain(
        `\nDid you mean '${meant}'? Run 'herd doc ${service} list-actions'`,
      );
    });
  });
  it.each([
    ...['detached', 'no-answer', 'out-of-reach', 'usage', 'locked', 'superseded', 'bad-ref'],
    ...['refused', 'severed', 'timed-out', 'unreachable', 'already-there', 'no-shepherd'],
  ])('that the peer refuses with the code %s has failed there, and nowhere here', async (code) => {
    await serve({
      perform: () => {
        throw new ActorError(code, 'hello');
      },
    });
    const ran = await run('start', 'web');
    expect(ran).toMatchObject({ exitCode: 1, written: { out: '', err: 'herd: error: hello\n' } });
    expect(parsed(await run('--json', 'start', 'web'))).toMatchObject({ code, isRemote: true });
  });
  it('that the service does not have points to the list', async () => {
    await serve({
      perform: () => {
        throw new ActorError('unknown-action', "service 'web' does not have an action 'x'");
      },
    });
    expect((await run('x', 'web')).written.err).toContain('herd doc web list-actions');
  });
  it('that does not end in time exits with 6 and shows the members that are known', async () => {
    const row = { member: 'a', result: 'changed' } as const;
    await serve({
      perform: (turn, request, sink) =>
        void afterEvents([{ kind: 'row', row }], 0)(turn, request, sink),
    });
    const ran = await run('--timeout', '1', 'start', 'fleet');
    expect(ran.exitCode).toBe(6);
    expect(ran.written.out).toContain('  a  changed');
    expect(ran.written.err).toContain('no outcome within 1000 ms');
    expect(ran.written.err).toMatch(/operation op-[0-9a-f]{16}/);
  });
  it.each([
    ['as soon as one of them has answered', ['start', 'fleet']],
    ['before any has, batch by batch', ['restart', 'fleet', '--batch', '1']],
  ])('whose shepherd dies has a row for every member: %s', async (_when, words) => {
    const isRoll = words.length > 2;
    const row = { member: 'wa', result: 'changed' } as const;
    const common = { action: 'start', why: 'member', effect: 'change' } as const;
    const die = (turn: Turn): void =>
      void turn.after(0, (turn) => turn.effect(() => shepherd?.sever()));
    await serve({
      plan: (turn) => {
        // Behind the answer.
        turn.after(20, die);
        return turn.kept(['wa', 'wb'].map((service) => ({ ...common, service })));
      },
      perform: (turn, request, sink) => {
        afterEvents(isRoll ? [] : [{ kind: 'row', row }], 0)(turn, request, sink);
        return undefined;
      },
    });
    const ran = await run(...words);
    expect(ran.exitCode).toBe(4);
    if (!isRoll) expect(ran.written.out).toContain('  wa  changed');
    expect(ran.written.out).toContain('  wb  unknown  it was not heard of before that');
    // Nothing that is known speaks against it.
    expect(ran.written.err).not.toContain('because of');
    expect(ran.written.out).toContain(
      isRoll ? 'fleet: 2 members: 2 unknown' : 'fleet: 2 members: 1 unknown, 1 changed',
    );
  });
  it('of one service alone asks for no plan', async () => {
    await serve({
      perform: afterEvents([{ kind: 'row', row: { member: 'web', result: 'changed' } }], {
        ...{ member: 'web', result: 'changed', rows: [] },
      }),
    });
    expect((await run('start', 'web')).exitCode).toBe(0);
    expect(shepherd?.asked.map(([method]) => method)).toEqual(['perform']);
  });
  it('whose shepherd dies exits with 4: what became of it is unknown', async () => {
    await serve({
      perform: (turn) => {
        turn.after(0, (turn) => turn.effect(() => shepherd?.sever()));
        return undefined;
      },
    });
    const ran = await run('start', 'web');
    expect(ran.exitCode).toBe(4);
    expect(ran.written.err).toContain('start web: unknown');
    expect(ran.written.err).toContain('killed by the test');
  });
  it('that deploys and was lost on its way was never begun, which is no failure: it exits with 4', async () => {
    await serve({
      perform: (turn) => {
        turn.after(0, (turn) => turn.effect(() => shepherd?.sever()));
        return undefined;
      },
      join: (_turn, id) => {
        throw new ActorError('unknown-operation', `operation '${String(id)}' is not known`);
      },
    });
    const release = `rel:sha256-${'a'.repeat(64)}`;
    const ran = await herd(ticking(), 'deploy', 'web', release, '--no-confirm');
    expect(ran.exitCode).toBe(4);
    expect(ran.written.err).toContain('web is back and was never asked, so nothing was begun: ');
    expect(ran.written.err).not.toContain('is not known');
  });
  it.each([
    ['changed', 'Service web has gone back.'],
    ['ok', 'Service web stays as it was.'],
  ])('that goes back says so, whoever answers: %s', async (result, words) => {
    await serve({ perform: () => ({ member: 'web', result, rows: [] }) });
    expect(await run('rollback', 'web')).toMatchObject({
      exitCode: 0,
      written: { out: `${words}\n`, err: '' },
    });
  });
  it('goes on after Ctrl-C, which says so and exits with 130', async () => {
    const pressed: (() => void)[] = [];
    await serve({
      perform: (turn) => {
        turn.after(20, (turn) => turn.effect(() => pressed[0]?.()));
        return undefined;
      },
    });
    const terminal = here();
    pressed.push(terminal.pressInterrupt);
    const ran = await herd(terminal, 'start', 'web');
    expect(ran.exitCode).toBe(130);
    expect(ran.written.err).toMatch(
      /detached; operation op-[0-9a-f]{16} goes on: start web: 0 seconds of 60 seconds at most\.\n/,
    );
  });
  it('that a member did not end exits with 6 at the deadline, and with 4 before it', async () => {
    const outcome = { member: 'web', result: 'timed-out', rows: [] } as const;
    let isLate = true;
    await serve({ perform: (turn) => turn.kept({ ...outcome, ...(isLate && { isLate }) }) });
    expect((await run('start', 'web')).exitCode).toBe(6);
    isLate = false;
    expect((await run('start', 'web')).exitCode).toBe(4);
  });
  it('whose shepherd says hello and then nothing is unknown, not unasked', async () => {
    const fake = await serve({});
    await fake.stopFetching();
    const pressed = here();
    const detached = herd(pressed, 'start', 'web');
    await until(() => fake.fetchCount > 0);
    pressed.pressInterrupt();
    expect((await detached).written.err).toContain('goes on');
    const ran = await run('--timeout', '0.6', 'start', 'web');
    expect(ran.exitCode).toBe(6);
    expect(ran.written.err).toContain('It may still happen');
  });
  it('that is a question ends at Ctrl-C without further words', async () => {
    await serve({});
    const terminal = here();
    const asked = herd(terminal, 'status');
    await until(() => shepherd?.asked.length === 1);
    terminal.pressInterrupt();
    expect(await asked).toMatchObject({
      exitCode: 130,
      written: { out: '', err: 'herd: interrupted\n' },
    });
  });
  it('stop root ends the shepherd', async () => {
    await serve({ shutDown: () => ({ member: 'root', result: 'changed', rows: [] }) });
    expect((await run('stop', 'root')).exitCode).toBe(0);
    expect(shepherd?.asked).toEqual([['shutDown']]);
  });
});

describe('herd log and doc', () => {
  const now = new Date(2026, 10, 25, 10, 4, 5).getTime();
  const line = (text: string, more: Partial<LogEvent> = {}): LogEvent =>
    ({ kind: 'line', from: 'A', text, ...more }) as LogEvent;
  const stopping = (id: NodeJS.Timeout) => (): void => clearTimeout(id);
  /** Sends batches to the follower, each after the answer to the one before, then answers. */
  const follow =
    (queries: unknown[], ...batches: readonly (readonly LogEvent[])[]) =>
    (turn: Turn, ...args: readonly unknown[]): unknown => {
      const [query, follower] = args.slice(-2) as [unknown, Ref<Follower>];
      queries.push(query);
      const next = (turn: Turn, at: number): Vow<unknown> =>
        at >= batches.length
          ? turn.kept(undefined)
          : turn.when(turn.send(follower, 'lines', batches[at] ?? [], at), (turn) =>
              next(turn, at + 1),
            );
      return next(turn, 0);
    };
  it('show the last lines of a service, or what happened', async () => {
    const queries: unknown[] = [];
    await serve({
      follow: follow(queries, [line('a\x07')], [line('b'), { kind: 'place', place: 4 }]),
      history: () => [{ service: 'web', what: 'running', at: 0 }],
    });
    expect((await run('log', 'web', '-n', '2')).written.out).toBe('a\\x07\nb\n');
    expect(shepherd?.asked).toEqual([['follow', 'web']]);
    await run('log', 'web');
    await run('log', 'web', '--since', '10m');
    await run('log', 'web', '--since', '2026-11-25T10:04', '-n', '3', '-f');
    expect(queries).toEqual([
      { lineCount: 2, isOnce: true },
      { lineCount: 20, isOnce: true },
      { sinceMs: 600_000, isOnce: true },
      { lineCount: 3, sinceMs: 5_000 },
    ]);
    expect((await run('log')).written.out).toMatch(/\tservice web is running\n$/);
    expect((await run('log', '-n', '0')).written.out).toBe('');
    expect((await run('log', '--since', '1h')).written.out).toBe('');
  });
  it('tag the lines of a fleet with the node, and with the service where a node has two', async () => {
    const said = [
      line('one', { about: 'web-a', from: 'a' }),
      line('two', { about: 'web-b', from: 'b' }),
      line('three', { about: 'db-b', from: 'b' }),
      line('four', { about: 'web-a', from: 'a' }),
    ];
    await serve({ follow: follow([], said) });
    expect((await run('log', 'all')).written.out).toBe('a: one\nb: two\nb db-b: three\na: four\n');
  });
  it('say on standard error what does not come, and exit with 4 where that was wanted', async () => {
    const gone = { kind: 'note', from: 'b', about: 'web-b', what: 'unreachable' } as const;
    await serve({
      follow: follow([], [line('one', { about: 'web-a' })], [{ ...gone, text: 'no\x1b contact' }]),
    });
    const ran = await run('log', 'all');
    expect(ran.written).toEqual({ out: 'A: one\n', err: 'herd: b web-b: no\\x1b contact\n' });
    expect(ran.exitCode).toBe(4);
    expect((await run('log', 'all', '-f')).exitCode).toBe(0);
  });
  it('tell what another machine says as its word, which does not stand for what the shepherd says', async () => {
    const gone = { kind: 'note', from: 'a', what: 'unreachable', text: 'no', saidBy: 'a' } as const;
    await serve({
      follow: (turn, ...args) =>
        turn.when(follow([], [gone])(turn, ...args) as Vow, () => {
          throw new ActorError('unreachable', 'no contact with a');
        }),
    });
    const ran = await run('log', 'web-a');
    expect(ran.written.err).toMatch(/^a says: no\nherd: .*no contact with a/);
    // As without that word.
    expect(ran.exitCode).toBe(1);
    await serve({ follow: follow([], [line('one'), { ...gone, what: 'back' }]) });
    expect((await run('log', 'web-a')).exitCode).toBe(0);
    await serve({ follow: follow([], [line('one'), gone, { ...gone, what: 'back' }]) });
    expect((await run('log', 'web-a')).exitCode).toBe(4);
  });
  it('that could not be read at all exit with 4, and say so once', async () => {
    const gone = { kind: 'note', from: 'a', what: 'unreachable', text: 'no contact' } as const;
    await serve({
      follow: (turn, ...args) =>
        turn.when(follow([], [gone])(turn, ...args) as Vow, () => {
          throw new ActorError('unreachable', 'no contact');
        }),
    });
    const ran = await run('log', 'web-a');
    expect(ran.written.err).toBe('herd: a: no contact\n');
    expect(ran.exitCode).toBe(4);
  });
  it('with --json print one document a line, of lines and of notes', async () => {
    const note = { kind: 'note', from: 'a', what: 'back', text: 'it is there again' } as const;
    await serve({
      follow: follow([], [line('one', { at: 7 })], [note, line('two', { about: 'x' })]),
    });
    const { out } = (await run('log', 'web', '--json')).written;
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((each) => JSON.parse(each) as unknown),
    ).toEqual([
      { schema: 1, kind: 'line', from: 'A', service: 'web', text: 'one', at: 7 },
      {
        schema: 1,
        kind: 'note',
        from: 'a',
        service: 'web',
        what: 'back',
        text: 'it is there again',
      },
      { schema: 1, kind: 'line', from: 'A', service: 'x', text: 'two' },
    ]);
  });
  it('follow until Ctrl-C, which ends it well', async () => {
    await serve({
      follow: (turn, ...args) =>
        turn.when(follow([], [line('one')])(turn, ...args) as Vow, (turn) => turn.vow().vow),
    });
    const terminal = here();
    const followed = herd(terminal, 'log', '-f', 'web');
    await until(() => terminal.written.out === 'one\n');
    terminal.pressInterrupt();
    expect(await followed).toMatchObject({ exitCode: 0, written: { out: 'one\n', err: '' } });
  });
  it('are followed on from where they were when the shepherd is back', async () => {
    const queries: unknown[] = [];
    const first = follow(
      queries,
      [line('one'), { kind: 'place', place: 4 }],
      [line('two', { about: 'x' }), { kind: 'place', about: 'x', place: 9 }],
    );
    await serve({
      follow: (turn, ...args) =>
        turn.when(
          (queries.length === 0 ? first : follow(queries, [line('three')]))(turn, ...args) as Vow,
          (turn) => turn.vow().vow,
        ),
    });
    const terminal = here({ every: (_ms, tick) => stopping(setTimeout(tick, 1)) });
    const followed = herd(terminal, 'log', '-f', 'web', '-n', '3');
    await until(() => terminal.written.out.includes('two'));
    shepherd?.sever();
    await until(() => terminal.written.out.includes('three'));
    terminal.pressInterrupt();
    const ran = await followed;
    expect(ran.exitCode).toBe(0);
    expect(ran.written.err).toMatch(/^herd: the shepherd is away, .*\nherd: .* is there again\n$/);
    expect(queries).toEqual([
      { lineCount: 3 },
      { lineCount: 3, after: [{ place: 4 }, { about: 'x', place: 9 }] },
    ]);
  });
  it('of everything tell no change twice when the shepherd is back', async () => {
    const queries: unknown[] = [];
    const change = (service: string, at: number): LogEvent =>
      ({ kind: 'change', service, what: 'running', at }) as const;
    const old = change('old', now - 60_000);
    const batches = [[change('web', now)], [old, change('web', now), change('db', now + 1)]];
    await serve({
      followHistory: (turn, ...args) =>
        turn.when(
          follow(queries, batches[queries.length] ?? [])(turn, ...args) as Vow,
          (turn) => turn.vow().vow,
        ),
    });
    const terminal = here({
      wall: () => now,
      every: (_ms, tick) => stopping(setTimeout(tick, 1)),
    });
    const followed = herd(terminal, 'log', '-f', '-n', '1');
    await until(() => terminal.written.out.includes('web'));
    shepherd?.sever();
    await until(() => terminal.written.out.includes('db'));
    terminal.pressInterrupt();
    expect((await followed).written.out.match(/service \w+/g)).toEqual([
      'service web',
      'service db',
    ]);
    expect(queries).toEqual([{ lineCount: 1 }, { sinceMs: 6_000 }]);
  });
  it('follow what happens to all services', async () => {
    const queries: unknown[] = [];
    const change = { kind: 'change', service: 'web', what: 'running', at: now } as const;
    await serve({ followHistory: follow(queries, [change]) });
    const ran = await run('log', '-f', '-n', '5');
    expect(ran.written.out).toBe('25 Nov 2026 10:04:05\tservice web is running\n');
    expect(queries).toEqual([{ lineCount: 5 }]);
    expect(JSON.parse((await run('log', '-f', '--json')).written.out)).toEqual({
      schema: 1,
      ...change,
    });
  });
  it('wait for what they print to before they take more', async () => {
    await serve({ follow: follow([], [line('one')], [line('two')]) });
    const waiting: (() => void)[] = [];
    const terminal = here({ taken: () => new Promise((taken) => waiting.push(taken)) });
    const ended = herd(terminal, 'log', 'web');
    while (waiting.length === 0) await new Promise((again) => setTimeout(again, 5));
    await new Promise((later) => setTimeout(later, 100));
    expect(terminal.written.out).toBe('one\n');
    waiting.shift()?.();
    while (waiting.length === 0) await new Promise((again) => setTimeout(again, 5));
    waiting.shift()?.();
    expect((await ended).written.out).toBe('one\ntwo\n');
  });
  it('of a shepherd that says nothing end when the time is up, with 6', async () => {
    await serve({});
    const ran = await run('log', 'web', '--timeout', '0.3');
    expect(ran.exitCode).toBe(6);
    expect(ran.written.err).toContain('no more of the log within 300 ms');
  });
  it('of an unknown action exits with 1, of an unknown keyword with 2', async () => {
    await serve({
      status: () => [statusOf('web', { actions: [{ name: 'reload', documentation: 'Reads.' }] })],
    });
    expect((await run('doc', 'web', 'action', 'reload')).written.out).toBe('reload: Reads.\n');
    expect((await run('doc', 'web', 'list-actions')).written.out).toBe('reload: Reads.\n');
    expect((await run('doc', 'web', 'action', 'x')).exitCode).toBe(1);
    expect((await run('doc', 'web', 'nonsense')).exitCode).toBe(2);
  });
});

describe('herd ref', () => {
  const uri = `ocapn://abcd.tcp-tls/s/${'B'.repeat(42)}A?host=a.example&port=8888`;
  it('mint writes the secret into a file of yours alone, and prints none of it', async () => {
    await serve({ mint: () => uri });
    const file = path.join(shepherd?.folder ?? '', 'web.ref');
    const ran = await run('ref', 'mint', 'web', '--out', file);
    expect(ran.exitCode).toBe(0);
    expect(ran.written.out + ran.written.err).not.toContain('BBBB');
    expect(fs.readFileSync(file, 'utf8')).toBe(`${uri}\n`);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  });
  it('mint warns of a ref that browsers do not take, or that is used in clear, and of no other', async () => {
    const over = (hints: string): string => `ocapn://abcd.websocket/s/${'B'.repeat(42)}A?${hints}`;
    const pin = 'A'.repeat(43);
    const warned = async (minted: string): Promise<string> => {
      await serve({ mint: () => minted });
      return (await run('ref', 'mint', 'web', '--websocket', '--reveal')).written.err;
    };
    expect(await warned(over(`url=wss://a.example:1&pin=${pin}`))).toMatch(
      /^herd: warning: browsers, Goblins and Endo do not take .*tls: \{ cert, key \}/,
    );
    expect(await warned(over('url=ws://127.0.0.1:1'))).toMatch(/^herd: warning: .* in clear/);
    expect(await warned(over('url=wss://a.example'))).toBe('');
  });
  it('mint says which way by a word, and takes no ref that leads another way', async () => {
    const over = (transport: string): string => `ocapn://abcd.${transport}/s/${'B'.repeat(42)}A`;
    for (const [way, transport] of [
      ['local', 'unix-shared'],
      ['websocket', 'websocket'],
    ] as const) {
      const words = ['ref', 'mint', 'web', `--${way}`, '--reveal'];
      await serve({ mint: () => over(transport) });
      expect((await run(...words)).exitCode).toBe(0);
      expect(shepherd?.asked).toEqual([['mint', 'web', way]]);
      await serve({ mint: () => over('tcp-tls') });
      const { exitCode, written } = await run(...words);
      expect([exitCode, written.out]).toEqual([2, '']);
      expect(written.err).toContain(`of a version that does not know --${way}`);
    }
  });
  it('mint asks for nothing before it knows where the secret may go', async () => {
    await serve({ mint: () => uri });
    const file = path.join(shepherd?.folder ?? '', 'web.ref');
    fs.writeFileSync(file, 'old');
    expect((await run('ref', 'mint', 'web')).exitCode).toBe(2);
    expect((await run('ref', 'mint', 'web', '--out', file)).exitCode).toBe(9);
    expect(shepherd?.asked).toEqual([]);
    expect(fs.readFileSync(file, 'utf8')).toBe('old');
    expect((await run('ref', 'mint', 'web', '--out', file, '--yes')).exitCode).toBe(0);
    expect(fs.readFileSync(file, 'utf8')).toBe(`${uri}\n`);
  });
  it('shows the secret only where --reveal asks for it', async () => {
    await serve({ mint: () => uri });
    expect((await run('ref', 'mint', 'web', '--reveal')).written.out).toBe(`${uri}\n`);
    await herd(here({ input: `${uri}\n` }), 'ref', 'add', 'web');
    for (const argv of [
      ['ref', 'show', 'web'],
      ['ref', 'ls'],
      ['ref', 'show', '@web', '--json'],
      ['ref', 'ls', '--json'],
    ])
      expect((await run(...argv)).written.out).not.toContain('BBBB');
    expect((await run('ref', 'show', 'web', '--reveal')).written.out).toContain(uri);
    expect(parsed(await run('ref', 'show', 'web', '--reveal', '--json'))).toMatchObject({
      schema: 1,
      kind: 'ref',
      uri,
    });
  });
  it('add, ls, push and rm keep, list, hand over and forget', async () => {
    await serve({ adoptRef: () => 'ok' });
    const file = path.join(shepherd?.folder ?? '', 'in.ref');
    fs.writeFileSync(file, uri, { mode: 0o644 });
    const added = await run('ref', 'add', 'web', '--from', file);
    expect(added.exitCode).toBe(0);
    expect(added.written.err).toContain('others may read');
    expect((await run('ref', 'add', 'web', '--from', file)).exitCode).toBe(9);
    expect((await run('ref', 'ls')).written.out).toMatch(
      /^@web {2}tcp-tls a\.example:8888 {2}[0-9a-f]{8}\n1 ref\n$/,
    );
    expect((await run('ref', 'push', 'web')).exitCode).toBe(0);
    expect(shepherd?.asked).toEqual([['adoptRef', 'web', uri]]);
    expect((await run('ref', 'rm', 'web', '--dry-run')).exitCode).toBe(0);
    expect((await run('ref', 'rm', 'web')).exitCode).toBe(0);
    expect((await run('ref', 'show', 'web')).exitCode).toBe(2);
    expect((await run('status', '@web')).exitCode).toBe(2);
  });
  it('rename calls a ref by another name', async () => {
    await serve({});
    await herd(here({ input: `${uri}\n` }), 'ref', 'add', 'web');
    expect((await run('ref', 'rename', 'web', 'www')).written.out).toBe(
      '@web is called @www now.\n',
    );
    expect((await run('ref', 'rename', 'web', 'other')).exitCode).toBe(2);
    await herd(here({ input: `${uri}\n` }), 'ref', 'add', 'web');
    expect((await run('ref', 'rename', 'web', 'www')).exitCode).toBe(9);
    expect((await run('ref', 'rename', '@web', '@www', '--yes')).exitCode).toBe(0);
  });
  it('export writes a ref into a file of yours alone, and prints it only with --reveal', async () => {
    await serve({});
    await herd(here({ input: `${uri}\n` }), 'ref', 'add', 'web');
    const file = path.join(shepherd?.folder ?? '', 'out.ref');
    expect((await run('ref', 'export', 'web')).exitCode).toBe(2);
    const ran = await run('ref', 'export', '@web', '--out', file);
    expect(ran.exitCode).toBe(0);
    expect(ran.written.out + ran.written.err).not.toContain('BBBB');
    expect(fs.readFileSync(file, 'utf8')).toBe(`${uri}\n`);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect((await run('ref', 'export', 'web', '--out', file)).exitCode).toBe(9);
    expect((await run('ref', 'export', 'web', '--reveal')).written.out).toBe(`${uri}\n`);
    expect((await run('ref', 'export', 'gone', '--reveal')).exitCode).toBe(2);
  });
  it('add keeps a ref of a transport that is not spoken here, and says so', async () => {
    await serve({});
    const onion = uri.replace(/\.tcp-tls.*/, `.onion/s/${'B'.repeat(42)}A`);
    const added = await herd(here({ input: `${onion}\n` }), 'ref', 'add', 'far');
    expect(added.exitCode).toBe(0);
    expect(added.written.err).toMatch(/warning: this version speaks .*, not 'onion': @far cannot/);
    expect(added.written.out + added.written.err).not.toContain('BBBB');
    const known = await herd(here({ input: `${uri}\n` }), 'ref', 'add', 'web');
    expect(known.written.err).toBe('');
    expect((await run('status', '@far')).written.err).toContain("not 'onion'");
  });
  it.each([
    ['tcp-tls', 'host=a.example&port=0', "its port is '0', not a number from 1 to 65535"],
    ['tcp-tls', 'host=a.example&port=65536', "its port is '65536'"],
    ['tcp-tls', 'host=a.example&port=http', "its port is 'http'"],
    ['tcp-tls', 'host=a%20b&port=80', "its host is 'a b', no name and no address"],
    ['tcp-tls', 'port=80', 'it has no host'],
    ['websocket', `url=${encodeURIComponent('wss://a.example:0/')}`, 'no ws:// or wss:// URL'],
    ['websocket', `url=${encodeURIComponent('wss://a.example:65536/')}`, 'no ws:// or wss:// URL'],
    ['websocket', `url=${encodeURIComponent('ws://a.example/')}`, 'in clear'],
    ['unix', 'path=run%2Fsocket', "its path is 'run/socket', not an absolute one"],
    ['unix-shared', 'host=a.example', 'it has no path'],
  ])(
    'add refuses a ref of %s that cannot be dialled (%s), and says why',
    async (transport, hints, why) => {
      await serve({});
      const at = `ocapn://${'a'.repeat(52)}.${transport}/s/${'B'.repeat(42)}A?${hints}`;
      const added = await herd(here({ input: `${at}\n` }), 'ref', 'add', 'far', '--yes');
      expect(added.exitCode).toBe(2);
      expect(added.written.err).toContain('standard input: this ref leads nowhere');
      expect(added.written.err).toContain(why);
      expect(added.written.err).not.toContain('BBBB');
      expect((await run('ref', 'ls')).written.out).toContain('No refs');
    },
  );
  it('add keeps a ref of the lowest port and of the highest', async () => {
    await serve({});
    for (const port of ['1', '65535']) {
      const at = uri.replace(/\?.*|$/, `?host=a.example&port=${port}`);
      const added = await herd(here({ input: `${at}\n` }), 'ref', 'add', `at-${port}`);
      expect(added.exitCode).toBe(0);
    }
  });
  it('add refuses what is no ref, and a bad petname before it reads anything', async () => {
    await serve({});
    expect((await herd(here({ input: 'nonsense' }), 'ref', 'add', 'web')).exitCode).toBe(2);
    expect((await herd(here({ input: uri }), 'ref', 'add', '../web')).exitCode).toBe(2);
  });
});

describe('@petname', () => {
  it.each(['uri', 'tlsUri'] as const)('is dialled directly: its %s', async (which) => {
    const events = [{ kind: 'line', from: 'A', text: 'x' }] as const;
    const fake = await serve({
      perform: afterEvents(events, { member: 'web', result: 'changed', rows: [] }),
    });
    await herd(here({ input: fake[which] }), 'ref', 'add', 'web');
    const ran = await herd(here({ env: { SHEPHERD_SOCKET: '/nowhere' } }), 'restart', '@web');
    expect(ran).toMatchObject({ exitCode: 0, written: { out: 'A: x\n' } });
    expect(shepherd?.asked[0]?.[1]).toMatchObject({ member: 'web', action: 'restart' });
  });
  it('of a fleet with a member that is unwell is told why, and nothing to type that is for its owner', async () => {
    const members = [
      { name: 'web-a', stage: 'running' },
      { name: 'web-b', stage: 'unknown', unknownReason: 'cannot reach B' },
    ];
    const fleet = { kind: 'fleet', members, runningCount: 1, neededCount: 1 };
    const { tlsUri } = await serve({ probe: () => ({ ...statusOf('web'), ...fleet }) });
    await herd(here({ input: tlsUri }), 'ref', 'add', 'web');
    const ran = await run('why', '@web');
    expect(ran).toMatchObject({ exitCode: 1, written: { err: '' } });
    expect(ran.written.out).toContain('web-b: cannot reach B.\n');
    expect(ran.written.out).toContain('@web tells no more of web-b than that: ask whoever');
    expect(ran.written.out).toMatch(/\nNext:\n {2}herd status @web\n$/);
    expect(ran.written.out).not.toMatch(/There is no service|herd check|herd reload/);
  });
  it('that cannot be reached exits with 4 and says that nothing was asked', async () => {
    await serve({});
    const away = `ocapn://abcd.tcp-tls/s/${'B'.repeat(42)}A?host=127.0.0.1&port=1`;
    await herd(here({ input: away }), 'ref', 'add', 'web');
    const ran = await run('start', '@web');
    expect(ran.exitCode).toBe(4);
    expect(ran.written.err).toMatch(/@web is unreachable: tcp-tls: 127\.0\.0\.1:1: .*ECONNREFUSED/);
    expect(ran.written.err).toContain('nothing was asked of it');
  });
});

describe('a ref whose peer is another', () => {
  it('says so, with its place: that is no trouble of the network', async () => {
    const { tlsUri } = await serve({});
    const wrong = tlsUri.replace(/\/\/.{4}/u, '//aaaa');
    await herd(here({ input: wrong }), 'ref', 'add', 'web');
    const ran = await run('start', '@web');
    expect(ran.exitCode).toBe(4);
    expect(ran.written.err).toMatch(
      /@web is not what its ref says: tcp-tls: 127\.0\.0\.1:\d+: .*; nothing was asked of it/,
    );
  });
});

describe('errors', () => {
  it('with --json are a document too', async () => {
    const ran = await herd(
      fakeTerminal({ env: { SHEPHERD_SOCKET: '/nowhere/s' } }),
      'status',
      '--json',
    );
    expect(parsed(ran)).toMatchObject({
      schema: 1,
      kind: 'error',
      code: 'no-shepherd',
      exitCode: 4,
    });
    expect(parsed(await run('status', '--json', '--nonsense'))).toMatchObject({
      code: 'usage',
      exitCode: 2,
    });
  });
  it('have exit codes of which README and help say the same', async () => {
    const readme = fs.readFileSync(path.resolve(import.meta.dirname, '../../../README.md'), 'utf8');
    const help = (await run('--help')).written.out;
    for (const text of [readme, help])
      expect(text.replace(/\s+/g, ' ')).toContain(
        '4 unreachable (no shepherd runs here, too) or unknown, 5 your grant does not allow it (any more), 6 ',
      );
  });
  it('of a command line exit with 2 and have a hint', async () => {
    const ran = await run('start');
    expect(ran.exitCode).toBe(2);
    expect(ran.written.err).toContain("herd: error: too few words for 'start'");
  });
});

describe('the version', () => {
  it('is that of the package', () => {
    const file = path.resolve(import.meta.dirname, '../../../packages/herd/package.json');
    const manifest = JSON.parse(fs.readFileSync(file, 'utf8')) as { version: string };
    expect(version).toBe(manifest.version);
  });
});
