/** How machines and controllers are shown, and what may be typed about them. */
import { FLEET_LIMITS, type HomeFacts, type NodeFacts } from '@bellwether/fleet';
import { UnknownService } from '@bellwether/shepherd';
import { afterEach, describe, expect, it } from 'vitest';
import { homeLines, nodeLines } from '../../../packages/herd/src/cli/format/node.ts';
import { main } from '../../../packages/herd/src/cli/main.ts';
import { startFakeShepherd, statusOf, type Answers, type FakeShepherd } from './fake-shepherd.ts';
import { fakeTerminal } from './fake-terminal.ts';

const now = new Date(2026, 10, 25, 10, 4, 5).getTime();
const node = (more: Partial<NodeFacts> = {}): NodeFacts => ({
  name: 'web-07',
  labels: { role: 'web', canary: '' },
  state: 'joined',
  madeMs: now - 60_000,
  joinedMs: now - 30_000,
  serviceCount: 2,
  designator: 'abcdefghijklmnopqrstuvwxyz',
  isConnected: true,
  ...more,
});
const home = (more: Partial<HomeFacts> = {}): HomeFacts => ({
  designator: 'abcdefghijklmnopqrstuvwxyz',
  state: 'joined',
  madeMs: now - 60_000,
  name: 'web-07',
  controller: 'control',
  serviceCount: 2,
  isConnected: true,
  ...more,
});

const other = 'zyxwvutsrqponmlkjihgfedcba';
const mine = 'mineminemineminemine';

describe('machines', () => {
  it('have a row each, and what somebody should look at stands below', () => {
    const { designator: _key, joinedMs: _joined, isConnected: _connected, ...invited } = node();
    const lines = nodeLines(
      [
        node({ alertCount: 2, alertMs: now - 5_000, alertBy: other, isInDoubt: true }),
        node({ name: 'b', isConnected: false, isDialOut: true, inviteExpiresMs: now + 60_000 }),
        { ...invited, name: 'c', state: 'invited', serviceCount: 0, inviteExpiresMs: now + 60_000 },
        { ...invited, name: 'd', state: 'lapsed', serviceCount: 0, labels: {} },
        node({ name: 'e', state: 'left', serviceCount: 0 }),
        { ...invited, name: 'f', state: 'invited', alertCount: 1, alertBy: other, inviteKey: mine },
      ],
      now,
    );
    expect(lines).toEqual(
      [
        'NAME    STATE                                      CONTACT           SERVICES  KEY                       LABELS',
        'web-07  in doubt, joined 30 seconds ago            yes               2         abcd-efgh-ijkl-mnop-qrst  canary,role=web',
        'b       joined 30 seconds ago, new key until 10:05:05  away (dials out)  2         abcd-efgh-ijkl-mnop-qrst  canary,role=web',
        'c       invited until 10:05:05                     -                 0         -                         canary,role=web',
        'd       invited, not in time                       -                 0         -                         -',
        'e       left                                       -                 0         abcd-efgh-ijkl-mnop-qrst  canary,role=web',
        'f       invited                                    -                 2         -                         canary,role=web',
        'ALERT web-07: two machines have come with its invite, and one of them is not yours (2 times, last 5 seconds ago):',
        '  abcd-efgh-ijkl-mnop-qrst has joined, and is in doubt: nothing is started or deployed there',
        '  zyxw-vuts-rqpo-nmlk-jihg was refused',
        "  'shepherd key' on your machine shows which it is. The refused one: 'herd node rm web-07' first, then another invite.",
        "  The joined one: 'herd node approve web-07'.",
        "ALERT f: machine zyxw-vuts-rqpo-nmlk-jihg has come with its invite (1 time), which is for mine-mine-mine-mine-mine: if you do not know it, 'herd node rekey f'; 'herd node approve f' ends this alert",
        '6 machines',
      ].map((line) => expect.stringMatching(new RegExp(`^${loose(line)}$`))),
    );
    expect(nodeLines([], now)).toEqual(['No machines.']);
  });
  it('that are called what a terminal would obey are shown so that it does not', () => {
    const leftOut = [{ service: '\u001b[31mx@web-07', why: 'it \u202e is none' }];
    const text = nodeLines([node({ leftOut })], now).join('\n');
    expect(text).toContain('not taken in: ');
    expect(text).not.toMatch(/[\u001b\u202e]/);
    const trouble = homeLines(home({ controller: '\u001b]0;x', trouble: '\u009b2J' }), now);
    expect(trouble.join('\n')).not.toMatch(/[\u001b\u009b]/);
  });
});
/** Columns may be as wide as they like. */
const loose = (line: string): string =>
  line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ {2,}/g, ' +');

describe('a controller', () => {
  it('is told of by what it may use, and whether there is contact', () => {
    expect(homeLines(home({ labels: { role: 'web' } }), now)).toEqual([
      'This machine has joined control as web-07.',
      'It may use all services of this machine, 2 now, and those to come.',
      'Its key: abcd-efgh-ijkl-mnop-qrst',
      'There is contact.',
      'Labels there: role=web',
    ]);
    const some = homeLines(
      home({ services: ['web'], serviceCount: 1, isConnected: false, isDialOut: true }),
      now,
    ).join('\n');
    expect(some).toContain('some services of this machine, 1 now: web.');
    expect(some).toContain('There is no contact now');
    expect(some).toContain('refs to it for others lead nowhere');
    const { name: _name, controller: _controller, ...unknown } = home({ state: 'joining' });
    expect(homeLines(unknown, now)[0]).toBe(
      'This machine is about to join the controller abcd-efgh-ijkl-mnop-qrst, and goes on trying.',
    );
    expect(homeLines(home({ state: 'unconfirmed' }), now)[0]).toContain(
      "'herd grant confirm --all'",
    );
  });
});

describe('what is typed about machines', () => {
  const run = async (...words: readonly string[]) => {
    const terminal = fakeTerminal();
    const code = await main(['-s', '/nothing/socket', ...words], terminal, { version: '0' });
    return { code, ...terminal.written };
  };
  it.each([
    [['node', 'invite'], 'an invite needs a name for the machine'],
    [['node', 'invite', '--name', 'a@b'], "'a@b' cannot be the name of a machine"],
    [
      ['node', 'invite', '--name', 'x'.repeat(FLEET_LIMITS.nodeCharacters + 1)],
      'cannot be the name',
    ],
    [['node', 'invite', '--name', 'a', '--expires', '8d'], '7d at most'],
    [['node', 'invite', '--name', 'a', '--labels', 'role=web,role=db'], "has 'role' twice"],
    [['node', 'invite', '--name', 'a', '--labels', 'ro le=web'], 'no KEY=TEXT'],
    [['node', 'rm', '../x'], 'cannot be the name of a machine'],
    [['node', 'join', '--give', 'a,,b'], "option '--give' has an empty word"],
    [['node', 'give', 'a,,b'], 'the list of services has an empty word'],
    [['node', 'rekey'], 'too few words'],
    [['node', 'label', 'a'], 'too few words'],
    [['node', 'label', 'a', 'ro le'], 'no KEY=TEXT'],
    [['node', 'label', 'a', '-'], 'takes away no label'],
    [['node', 'rm'], 'either machines are named'],
    [['node', 'rm', 'a', '-l', 'role=web'], 'either machines are named'],
    [['node', 'give'], 'nothing is said that is to be given'],
    [['node', 'give', 'all', '--dial-out', '--no-dial-out'], 'exclude each other'],
    [['node', 'join'], 'standard input is empty, so there is no invite'],
    [['node', 'join', 'web-07.join'], 'shepherd join --from FILE'],
    [['node', 'lss'], 'is not known'],
  ])('%j is refused before anybody is asked', async (words, message) => {
    const { code, err } = await run(...words);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
  it('is asked of a shepherd, and where none runs that is said', async () => {
    const { code, err } = await run('node', 'ls');
    expect(code).toBe(4);
    expect(err).toContain('no shepherd runs here');
  });
});

describe('what is done with machines', () => {
  let shepherd: FakeShepherd | undefined;
  afterEach(async () => {
    await shepherd?.stop();
    shepherd = undefined;
  });
  const herd = async (answers: Answers, words: readonly string[], input = '') => {
    shepherd = await startFakeShepherd(answers);
    const terminal = fakeTerminal({
      uid: process.getuid?.() ?? 0,
      env: { SHEPHERD_SOCKET: shepherd.socket },
      input,
    });
    const code = await main(words, terminal, { version: '0' });
    return { code, methods: shepherd.asked.map(([method]) => method), ...terminal.written };
  };
  const two: Answers = {
    nodes: () => [node({ name: 'a' }), node({ name: 'b' })],
    removeNode: (_turn, name) => ({ name, isTold: name === 'a' }),
  };
  it('is one document for several, and lines for people while it goes on', async () => {
    const { code, out, err } = await herd(two, ['node', 'rm', 'a', 'b', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      schema: 1,
      kind: 'node-removed',
      nodes: [
        { name: 'a', isTold: true },
        { name: 'b', isTold: false },
      ],
    });
    expect(err).toMatch(/^a is forgotten.*\n.*\nb is forgotten.*\n.*when it calls\.\n$/);
  });
  it('is one document for one', async () => {
    const { code, out } = await herd(two, ['node', 'rm', 'b', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ schema: 1, kind: 'node-removed', name: 'b', isTold: false });
  });

  const designator = 'a'.repeat(52);
  const invite = `ocapn://${designator}.tcp-tls/s/${'A'.repeat(43)}?host=127.0.0.1&port=1`;
  it('says of an invite who joins by it', async () => {
    const made = async (more: Partial<NodeFacts>) => {
      const inviteNode = () => ({ node: node(more), invite, expiresMs: now + 60_000 });
      const ran = await herd({ inviteNode }, ['node', 'invite', '--name', 'web-07']);
      await shepherd?.stop();
      expect(ran).toMatchObject({ code: 0, out: `${invite}\n` });
      return ran.err;
    };
    expect(await made({})).toContain('. The first machine to use it joins under that name;');
    expect(await made({ inviteKey: mine })).toContain(
      '. mine-mine-mine-mine-mine alone joins under that name;',
    );
  });
  it('is foretold of a join, which uses no invite', async () => {
    const words = ['node', 'join', '--dry-run'];
    const first = await herd({ homes: () => [] }, words, invite);
    expect(first).toMatchObject({ code: 0, methods: ['homes'], err: '' });
    expect(first.out).toBe(
      'Would join the controller aaaa-aaaa-aaaa-aaaa-aaaa, and give it all services.\nNothing was done.\n',
    );
    await shepherd?.stop();
    const answers = { homes: () => [home({ designator })], status: () => [statusOf('web')] };
    const again = await herd(answers, [...words, '--give', 'web'], invite);
    expect(again).toMatchObject({ code: 0, methods: ['status', 'homes'] });
    expect(again.out).toContain('and give it web.\nThis machine has joined it already, as web-07:');
  });
  it('is foretold as refused where what it gives is no service', async () => {
    const status = (): never => {
      throw new UnknownService('nope');
    };
    const words = ['node', 'join', '--dry-run', '--give', 'nope'];
    const { code, err } = await herd({ status, homes: () => [] }, words, invite);
    expect([code, err]).toEqual([1, expect.stringContaining("'nope' could not be found")]);
    expect(err).not.toContain(invite);
  });
  it('is foretold of a choice, which gives and takes back nothing', async () => {
    const leaveHome = (_turn: unknown, word: unknown, isDryRun: unknown) => {
      if (isDryRun !== true) throw new Error('it is left');
      return home({ services: ['web'], ...(typeof word === 'string' && { controller: word }) });
    };
    const answers = { leaveHome, status: () => [statusOf('cron')] };
    const some = await herd(answers, ['node', 'give', 'cron', 'lab', '--dial-out', '--dry-run']);
    expect(some).toMatchObject({ code: 0, methods: ['leaveHome', 'status'], err: '' });
    expect(some.out).toBe(
      'Would give lab (abcd-efgh-ijkl-mnop-qrst) cron; it has web now.\n' +
        'It would not dial this machine.\nNothing was done.\n',
    );
    await shepherd?.stop();
    const all = await herd(answers, [
      'node',
      'give',
      'all',
      '--no-dial-out',
      '--dry-run',
      '--json',
    ]);
    expect(all).toMatchObject({ code: 0, methods: ['leaveHome'] });
    expect(JSON.parse(all.out)).toMatchObject({
      kind: 'home',
      isDryRun: true,
      spec: { isAll: true, isDialOut: false },
    });
  });
  it('is foretold of labels, which stay as they are', async () => {
    const words = ['node', 'label', 'web-07', 'role=db', 'canary-', '--dry-run'];
    const ran = await herd({ nodes: () => [node()] }, words);
    expect(ran).toMatchObject({ code: 0, methods: ['nodes'] });
    expect(ran.out).toBe(
      'Would give web-07 role=db; it has canary,role=web now.\nNothing was done.\n',
    );
    await shepherd?.stop();
    const slip = await herd({ nodes: () => [] }, words);
    expect([slip.code, slip.err]).toEqual([
      1,
      expect.stringContaining("no machine is called 'web-07'"),
    ]);
  });
  it.each([
    [{}, 'fleets that follow labels have it in'],
    [{ state: 'lapsed' }, 'fleets that follow labels have it in once it has joined'],
    [
      { isInDoubt: true },
      "it is in doubt, and no fleet that follows labels has it in before 'herd node approve web-07'",
    ],
  ] as const)('says of new labels who goes by them, of %j', async (more, words) => {
    const ran = await herd({ labelNode: () => node(more) }, ['node', 'label', 'web-07', 'canary']);
    expect([ran.code, ran.out]).toEqual([0, `web-07 has canary,role=web now; ${words}.\n`]);
  });
  it('is foretold of a key, and refused where the machine has another one', async () => {
    const words = ['node', 'approve', 'web-07', '--dry-run'];
    const ran = await herd({ nodes: () => [node()] }, [
      ...words,
      '--for-key',
      'abcd-efgh-ijkl-mnop-qrst',
    ]);
    expect(ran).toMatchObject({ code: 0, methods: ['nodes'] });
    expect(ran.out).toBe(
      'Would approve abcd-efgh-ijkl-mnop-qrst as the key of web-07.\nNothing was done.\n',
    );
    await shepherd?.stop();
    const other = await herd({ nodes: () => [node()] }, [...words, '--for-key', mine]);
    expect([other.code, other.err]).toEqual([1, expect.stringContaining('web-07 has another key')]);
  });
});
