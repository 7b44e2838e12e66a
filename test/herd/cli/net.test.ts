/** `herd net`, `net trace` and `net events`: what is shown, what is asked, and of whom it is not. */
import { Refused, type Ref, type Turn } from '@bellwether/actors';
import {
  FLEET_LIMITS,
  type NetDial,
  type NetEvent,
  type NetLink,
  type TraceLine,
  type TraceQuery,
  type Tracer,
} from '@bellwether/fleet';
import { afterEach, describe, expect, it } from 'vitest';
import {
  bytesText,
  eventLines,
  linkLines,
  netLines,
  sortedLinks,
  traceLine,
} from '../../../packages/herd/src/cli/format/net.ts';
import { maxNetPages, netRefreshMs, traceMs } from '../../../packages/herd/src/client/limits.ts';
import { main } from '../../../packages/herd/src/cli/main.ts';
import { startFakeShepherd, type Answers, type FakeShepherd } from './fake-shepherd.ts';
import { fakeTerminal, type FakeTerminal } from './fake-terminal.ts';

const key = 'abcdefghijklmnopqrstuvwxyz';
const link = (more: Partial<NetLink> = {}): NetLink => ({
  number: 1,
  session: 's-k7qm2xzf',
  peer: { key, node: 'web-07', address: '10.0.0.7:8888' },
  transport: 'tcp-tls',
  direction: 'dialled',
  state: 'open',
  isKnown: true,
  ageMs: 7_300_000,
  silentMs: 3_000,
  exports: 4,
  imports: 5,
  questions: 2,
  answers: 6,
  gifts: 0,
  oldestQuestionMs: 12_000,
  gotBytes: 1_234,
  sentBytes: 56_700_000,
  gotCount: 7,
  sentCount: 8,
  unsentBytes: 0,
  ...more,
});
const anonymous = (): NetLink => {
  const { session: _name, oldestQuestionMs: _age, ...rest } = link({ number: 2, peer: {} });
  return { ...rest, direction: 'accepted', state: 'greeting', isKnown: false, questions: 0 };
};
const dial: NetDial = {
  peer: { key, controller: 'Control', address: 'c.example:1' },
  transport: 'tcp-tls',
  state: 'waiting',
  nextMs: 3_000,
  failureCount: 5,
  error: 'captp: cannot reach it: nobody listens there',
  errorAgoMs: 400,
};
const links = [
  link(),
  anonymous(),
  link({ number: 3, session: 's-aaaaaaaa', peer: { isOwner: true }, transport: 'unix' }),
  link({ number: 4, session: 's-bbbbbbbb', peer: { key, petnames: ['a', 'b'] }, ageMs: 1 }),
  link({ number: 5, session: 's-cccccccc', peer: { key: 'z'.repeat(26) }, gotBytes: 9e9 }),
];

describe('connections as people see them', () => {
  it('have a row each, with who is there, and below them whom the shepherd dials', () => {
    const loose = (line: string): string => line.replace(/ {2,}/g, '  ');
    expect(netLines({ links, dials: [dial] }).map(loose)).toEqual([
      'SESSION  WITH  OVER  STATE  AGE  HEARD  QUESTIONS  EXP/IMP/ANS  IN  OUT',
      's-k7qm2xzf  web-07  tcp-tls, dialled  open  2 hours  3.0 s ago  2, for 12 seconds  4/5/6  7, 1.2 kB  8, 57 MB',
      '-  anonymous  tcp-tls, came in  greeting  2 hours  3.0 s ago  0  4/5/6  7, 1.2 kB  8, 57 MB',
      's-aaaaaaaa  you  unix, dialled  open  2 hours  3.0 s ago  2, for 12 seconds  4/5/6  7, 1.2 kB  8, 57 MB',
      's-bbbbbbbb  a,b  tcp-tls, dialled  open  0 seconds  3.0 s ago  2, for 12 seconds  4/5/6  7, 1.2 kB  8, 57 MB',
      's-cccccccc  zzzz-zzzz-zzzz-zzzz-zzzz  tcp-tls, dialled  open  2 hours  3.0 s ago  2, for 12 seconds  4/5/6  7, 9.0 GB  8, 57 MB',
      'controller Control (tcp-tls, c.example:1) is tried again in 3 seconds; failed 5 times, last 0.4 s ago: ' +
        'captp: cannot reach it: nobody listens there',
      '5 connections, 1 peer not reached',
    ]);
    expect(netLines({ links, dials: [dial], unlistedDialCount: 9_000 }).slice(-2)).toEqual([
      'and 9000 more peers that are not reached',
      '5 connections, 9001 peers not reached',
    ]);
    expect(netLines({ links: [], dials: [] })).toEqual(['No connections.']);
    const now = { ...dial, state: 'greeting', ageMs: 2_000, failureCount: 0 } as const;
    const { error: _none, ...fresh } = now;
    expect(netLines({ links: [], dials: [fresh] }).at(-1)).toBe(
      'controller Control (tcp-tls, c.example:1) is being dialled for 2 seconds, and has not said hello',
    );
  });
  it('come in the order that is asked for, and else as they are', () => {
    const numbers = (order: Parameters<typeof sortedLinks>[1]): readonly number[] =>
      sortedLinks(links, order).map(({ number }) => number);
    expect(numbers('age')).toEqual([1, 2, 3, 5, 4]);
    expect(numbers('bytes')[0]).toBe(5);
    expect(numbers('name')).toEqual([4, 2, 1, 3, 5]);
    expect(numbers('questions').at(-1)).toBe(2);
    expect(numbers('silent')).toEqual([1, 2, 3, 4, 5]);
  });
  it('that are called what a terminal would obey are shown so that it does not', () => {
    const evil = '\u001b[31mx\u202e';
    const shown = [
      ...netLines({
        links: [link({ peer: { key, petnames: [evil] }, transport: evil })],
        dials: [{ ...dial, error: evil }],
      }),
      ...linkLines(link({ peer: { key, controller: evil, address: evil } })),
      traceLine({ ...message, method: evil, op: evil, args: evil }),
      ...eventLines([{ ...got, what: evil }]),
    ].join('\n');
    expect(shown).not.toMatch(/[\u001b\u202e]/);
  });
  it('are told whole, one by one', () => {
    const text = linkLines(link({ gifts: 1, unsentBytes: 5_000, isKnown: false })).join('\n');
    for (const part of [
      'Session s-k7qm2xzf',
      'With:      web-07',
      'Key:       abcd-efgh-ijkl-mnop-qrst (abcdefghijklmnopqrstuvwxyz)',
      'the transport has proved the key',
      'Address:   10.0.0.7:8888',
      'State:     open: it is used',
      'a stranger',
      'Questions: 2, for 12 seconds: what this shepherd waits for',
      'Gifts:     1',
      'Unsent:    5.0 kB',
    ])
      expect(text).toContain(part);
    expect(linkLines(anonymous()).join('\n')).toContain('nothing is proved');
    expect(linkLines(link({ peer: { isOwner: true } })).join('\n')).toContain('programs of yours');
  });
  it('have sizes that are short', () => {
    expect([0, 999, 1_000, 9_999, 10_000, 1e6, 1e12, 1e16].map(bytesText)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '10.0 kB',
      '10 kB',
      '1.0 MB',
      '1.0 TB',
      '10000 TB',
    ]);
  });
});

const message: TraceLine = {
  way: 'sent',
  number: 17,
  byteCount: 272,
  op: 'deliver',
  to: 'export 5',
  method: 'perform',
  args: '[struct(6) import-object 8]',
  answer: 4,
  resolver: 'import-object 7',
  link: 's-k7qm2xzf/d17',
  at: 0,
};
const got: Extract<NetEvent, { kind: 'got' | 'sent' }> = {
  kind: 'got',
  session: 's-k7qm2xzf',
  from: 'dialler',
  number: 17,
  link: 's-k7qm2xzf/d17',
  what: 'perform',
  cause: {},
};
const turnOf = (turn: number, cause = {}, woken = {}): NetEvent => ({
  kind: 'turn',
  turn,
  what: `^t${turn}.x`,
  outcome: turn === 4 ? 'threw' : 'done',
  cause,
  woken,
});
/** What came by message 17, what that caused, and what has nothing to do with it. */
const story: readonly NetEvent[] = [
  turnOf(1),
  got,
  turnOf(2, { message: got.link }),
  turnOf(3, { turn: 2 }),
  turnOf(4, { turn: 1 }, { message: got.link }),
  { ...got, kind: 'sent', from: 'accepter', link: 's-k7qm2xzf/a9', cause: { turn: 3 } },
  { ...got, session: 's-zzzzzzzz', link: 's-zzzzzzzz/d17' },
  turnOf(5, { message: 's-zzzzzzzz/d17' }),
];

const uid = process.getuid?.() ?? 0;
let shepherd: FakeShepherd | undefined;
afterEach(async () => {
  await shepherd?.stop();
  shepherd = undefined;
});
const herd = async (
  answers: Answers,
  words: readonly string[],
  more: Parameters<typeof fakeTerminal>[0] = {},
): Promise<{ readonly code: number; readonly terminal: FakeTerminal }> => {
  shepherd ??= await startFakeShepherd(answers);
  const terminal = fakeTerminal({ uid, ...more });
  const code = await main(['-s', shepherd.socket, ...words], terminal, { version: '1' });
  return { code, terminal };
};
const asNet: Answers = {
  netLinks: () => ({ links, dials: [dial] }),
  netEvents: () => story,
};

describe('herd net', () => {
  it('asks for pages until there are no more', async () => {
    const pages: Answers = {
      netLinks: (_turn, after) =>
        after === undefined
          ? { links: links.slice(0, 2), dials: [dial], isCut: true }
          : { links: links.filter(({ number }) => number > Number(after)), dials: [] },
    };
    const { code, terminal } = await herd(pages, ['net', '--json', '--sort', 'bytes']);
    expect(code).toBe(0);
    const told = JSON.parse(terminal.written.out) as { links: readonly NetLink[]; dials: unknown };
    expect(told).toMatchObject({ schema: 1, kind: 'net', dials: [dial] });
    expect(told.links.map(({ number }) => number)).toEqual([5, 1, 2, 3, 4]);
    expect(shepherd?.asked).toEqual([['netLinks'], ['netLinks', 2]]);
  });
  it('tells of one by its name, its beginning, or whom it is with, if that is one alone', async () => {
    for (const word of ['s-k7qm2xzf', 's-k7', 'web-07']) {
      const { code, terminal } = await herd(asNet, ['net', word]);
      expect([code, terminal.written.out.split('\n')[0]]).toEqual([0, 'Session s-k7qm2xzf']);
    }
    for (const [word, session] of [
      ['a', 's-bbbbbbbb'],
      ['a,b', 's-bbbbbbbb'],
      ['you', 's-aaaaaaaa'],
      ['zzzz-zzzz-zzzz-zzzz-zzzz', 's-cccccccc'],
      ['zzzz-zz', 's-cccccccc'],
      ['z'.repeat(26), 's-cccccccc'],
      ['anonymous', '(no name yet, over tcp-tls)'],
    ] as const) {
      const { code, terminal } = await herd(asNet, ['net', word]);
      expect([code, terminal.written.out.split('\n')[0]]).toEqual([0, `Session ${session}`]);
    }
    for (const [word, words] of [
      ['s-', 'there is no session'],
      ['s-zz', 'there is no session'],
      ['web', 'there is no session'],
    ] as const) {
      const { code, terminal } = await herd(asNet, ['net', word]);
      expect([code, terminal.written.err]).toEqual([2, expect.stringContaining(words)]);
    }
  });
  it('takes every name that it prints, in all three commands', async () => {
    const many = [...links, link({ number: 6, session: 's-dddddddd', peer: { key, node: 'b-1' } })];
    const answers: Answers = {
      ...asNet,
      netLinks: () => ({ links: many, dials: [dial] }),
      netTrace: (turn: Turn, _session, _query, tracer) => {
        turn.tell(tracer as Ref<Tracer>, 'over');
        return { why: 'ended', messageCount: 0, droppedCount: 0 };
      },
    };
    const printed = netLines({ links: many, dials: [] }).slice(1, -1);
    expect(printed).toHaveLength(many.length);
    for (const [at, line] of printed.entries()) {
      const [session = '', name = ''] = line.split(/ {2,}/u);
      for (const word of [session, name].filter((text) => text !== '-')) {
        const whole = await herd(answers, ['net', word]);
        expect([word, whole.code, whole.terminal.written.out]).toEqual([
          word,
          0,
          `${linkLines(many[at] ?? link()).join('\n')}\n`,
        ]);
        const events = await herd(answers, ['net', 'events', word]);
        expect([word, events.code]).toEqual([word, many[at]?.session === undefined ? 2 : 0]);
        const traced = await herd(answers, ['net', 'trace', word]);
        expect(traced.terminal.written.err).toContain(
          many[at]?.session === undefined ? 'no session yet' : `tracing ${many[at].session}`,
        );
      }
    }
  });
  it('says of an unknown word what was looked for, and what is nearest, with exit code 2', async () => {
    for (const words of [['net'], ['net', 'trace'], ['net', 'events']]) {
      for (const [word, hint] of [
        ['web-70', "Did you mean 'web-07'?"],
        ['s-k7qm2xxf', "Did you mean 's-k7qm2xzf'?"],
        ['trac', "Did you mean 'herd net trace'?"],
        ['nowhere', "'herd net' lists those that there are."],
      ] as const) {
        const { code, terminal } = await herd(asNet, [...words, word]);
        expect(code).toBe(2);
        expect(terminal.written.err).toContain(
          `there is no session '${word}', and none with a machine, controller, ref or key called so`,
        );
        expect(terminal.written.err).toContain(hint);
        expect(terminal.written.out).toBe('');
      }
      const { code, terminal } = await herd(asNet, [...words, 'Control']);
      expect([code, terminal.written.err]).toEqual([
        2,
        expect.stringContaining("'Control' has no session: it is not reached yet"),
      ]);
    }
  });
  it('names eight of those that a word may mean, and counts the rest', async () => {
    const some = (count: number): Answers => ({
      netLinks: () => ({
        links: Array.from({ length: count }, (_none, at) =>
          link({ number: at + 1, session: `s-many${at}`, peer: {} }),
        ),
        dials: [],
      }),
    });
    const eight = await herd(some(8), ['net', 'anonymous']);
    expect([eight.code, eight.terminal.written.err]).toEqual([
      2,
      expect.stringContaining('s-many6, s-many7\n'),
    ]);
    await shepherd?.stop();
    shepherd = undefined;
    const nine = await herd(some(9), ['net', 's-many']);
    expect(nine.terminal.written.err).toContain('s-many7 and 1 more');
    expect(nine.terminal.written.err).not.toContain('s-many8');
  });
  it('shows eight alike without a name each by itself, and nine as one, unless all are wanted', async () => {
    const strangers = (count: number): readonly NetLink[] =>
      Array.from({ length: count }, (_none, at) => ({
        ...link({ number: 10 + at, session: `s-${at}`, peer: {}, ageMs: at, gotCount: 1 }),
        ...{ direction: 'accepted', transport: 'websocket', exports: at, oldestQuestionMs: 90_000 },
      }));
    expect(netLines({ links: [...links, ...strangers(8)], dials: [] })).toHaveLength(
      1 + links.length + 8 + 1,
    );
    const flood = [...strangers(4_096), ...links, link({ number: 9, session: 's-x', peer: {} })];
    const shown = netLines({ links: flood, dials: [] }).map((line) => line.replace(/ {2,}/g, '  '));
    expect(shown).toHaveLength(1 + 1 + links.length + 1 + 1);
    expect(shown[1]).toMatch(
      /^4096 of them {2}anonymous {2}websocket, came in {2}open {2}4 seconds {2}.* {2}8192, for 90 seconds {2}8386560\/20480\/24576 {2}4096, 5\.1 MB {2}/,
    );
    expect(shown.at(-1)).toBe("4102 connections; 'herd net --all' shows each by itself");
    expect(netLines({ links: flood, dials: [] }, true)).toHaveLength(1 + flood.length + 1);
    const keys = strangers(9).map((each, at) => ({ ...each, peer: { key: `${at}`.repeat(26) } }));
    expect(netLines({ links: keys, dials: [] })[1]).toContain('keys without a name');
    for (const peer of [{ node: 'a' }, { controller: 'a' }, { petnames: ['a'] }, { isOwner: true }])
      expect(
        netLines({
          links: strangers(9).map((each) => link({ ...each, peer } as NetLink)),
          dials: [],
        }),
      ).toHaveLength(11);
    const answers: Answers = { netLinks: () => ({ links: flood.slice(0, 20), dials: [] }) };
    const folded = await herd(answers, ['net']);
    expect(folded.terminal.written.out).toContain('20 of them');
    const all = await herd(answers, ['net', '--all']);
    expect(all.terminal.written.out).not.toContain('of them');
    const data = await herd(answers, ['net', '--json']);
    expect((JSON.parse(data.terminal.written.out) as { links: unknown[] }).links).toHaveLength(20);
  });
  it('says why it is asked of nobody else, and asks nobody', async () => {
    for (const words of [['net'], ['net', 'trace'], ['net', 'events']]) {
      const { code, terminal } = await herd(asNet, [...words, '@web']);
      expect(code).toBe(2);
      expect(terminal.written.err).toContain('is asked of your own shepherd alone');
      expect(terminal.written.err).toContain('a ref or a grant gives no right to see it');
    }
    expect(shepherd?.asked).toEqual([]);
    const { code, terminal } = await herd(asNet, ['net', '--sort', 'byte']);
    expect([code, terminal.written.err]).toEqual([2, expect.stringContaining("'--sort bytes'")]);
  });
  it('draws anew what it watches, on one line to the shepherd, until Ctrl-C', async () => {
    let tick: (() => void) | undefined;
    const every = (ms: number, task: () => void): (() => void) => {
      expect(ms).toBe(netRefreshMs);
      tick = task;
      return () => undefined;
    };
    const terminal = fakeTerminal({
      uid,
      isTerminal: true,
      env: { TERM: 'xterm' },
      every,
      columns: 200,
    });
    shepherd = await startFakeShepherd(asNet);
    const run = main(['-s', shepherd.socket, 'net', '--watch'], terminal, { version: '1' });
    const looks = (): number => terminal.written.out.split('SESSION').length - 1;
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
    };
    for (let count = 1; count <= 3; count += 1) {
      await until(() => looks() === count && tick !== undefined);
      const go = tick;
      tick = undefined;
      if (count < 3) go?.();
    }
    terminal.pressInterrupt();
    expect(await run).toBe(0);
    expect(terminal.written.out).toContain('\u001b[');
    expect(shepherd.fetchCount).toBe(1);
  });
  it('refuses an answer that is none', async () => {
    for (const answer of [[], { links: [{}], dials: [] }, { links: [], dials: 'x' }]) {
      const { code, terminal } = await herd({ netLinks: () => answer }, ['net']);
      expect([code, terminal.written.err]).toEqual([1, expect.stringContaining('net')]);
      await shepherd?.stop();
      shepherd = undefined;
    }
  });
});

describe('a shepherd that never has all', () => {
  it('is asked for so many pages, and no more', async () => {
    let count = 0;
    const endless: Answers = {
      netLinks: () => ({ links: [link({ number: (count += 1) })], dials: [], isCut: true }),
    };
    const { code } = await herd(endless, ['net', '--json']);
    expect([code, count]).toEqual([0, maxNetPages]);
  });
});

describe('herd net events', () => {
  it('tells of each what caused it', async () => {
    const { code, terminal } = await herd(asNet, ['net', 'events']);
    expect(code).toBe(0);
    expect(terminal.written.out.replace(/ {2,}/g, '  ').split('\n').slice(1, 6)).toEqual([
      'got  perform  s-k7qm2xzf/d17',
      'turn 2  ^t2.x  by s-k7qm2xzf/d17',
      'turn 3  ^t3.x  by turn 2',
      'turn 4  ^t4.x  THREW  by turn 1, after s-k7qm2xzf/d17',
      'sent  perform  s-k7qm2xzf/a9  by turn 3',
    ]);
    expect(shepherd?.asked).toEqual([['netEvents', 40]]);
  });
  it('of one message are those, what sent it, and what it caused', async () => {
    const ofOne = async (word: string): Promise<readonly string[]> => {
      const { terminal } = await herd(asNet, ['net', 'events', word, '--json']);
      const { events } = JSON.parse(terminal.written.out) as { events: readonly NetEvent[] };
      return events.map((event) => (event.kind === 'turn' ? String(event.turn) : event.link));
    };
    expect(await ofOne('s-k7qm2xzf/d17')).toEqual(['s-k7qm2xzf/d17', '2', '3', '4']);
    expect(await ofOne('s-k7qm2xzf/a9')).toEqual(['3', 's-k7qm2xzf/a9']);
    expect(await ofOne('s-zzzzzzzz')).toEqual(['s-zzzzzzzz/d17', '5']);
    expect(shepherd?.asked[0]).toEqual(['netEvents', FLEET_LIMITS.netEventCount]);
    const last = await herd(asNet, ['net', 'events', 's-zzzzzzzz', '-n', '1']);
    expect(last.terminal.written.out).toMatch(/^turn 5 .*\n$/u);
    const noMore = await herd(asNet, ['net', 'events', 's-zzzzzzzz', '-n', '0', '--json']);
    expect(JSON.parse(noMore.terminal.written.out)).toMatchObject({ events: [] });
    const none = await herd(asNet, ['net', 'events', 's-bbbbbbbb']);
    expect([none.code, none.terminal.written.out]).toEqual([
      0,
      'No events of s-bbbbbbbb any more.\n',
    ]);
  });
  it('are of a machine, a petname or a beginning, too, and of a session that has ended', async () => {
    const ofOne = async (word: string): Promise<string> => {
      const { code, terminal } = await herd(asNet, ['net', 'events', word]);
      expect([word, code]).toEqual([word, 0]);
      return terminal.written.out;
    };
    const whole = await ofOne('s-k7qm2xzf');
    expect(whole).toContain('s-k7qm2xzf/d17');
    expect(await ofOne('web-07')).toBe(whole);
    expect(await ofOne('s-k7q')).toBe(whole);
    expect(await ofOne('web-07/d17')).toBe(await ofOne('s-k7qm2xzf/d17'));
    expect(await ofOne('s-zzz')).toBe(await ofOne('s-zzzzzzzz'));
    expect(await ofOne('b')).toBe('No events of s-bbbbbbbb any more.\n');
  });
});

describe('herd net trace', () => {
  /** Sends two batches, each when the one before was answered, and ends. */
  const tracing = (queries: TraceQuery[], droppedAtEnd = 0): Answers => ({
    ...asNet,
    netTrace: (turn: Turn, _session, query, tracer) => {
      queries.push(query as TraceQuery);
      const to = tracer as Ref<Tracer>;
      turn.tell(to, 'over');
      const first = turn.send(to, 'traced', [message], 0, 3);
      return turn.when(first, (turn) =>
        turn.when(turn.send(to, 'traced', [{ ...message, number: 18 }], 1, 0), () => ({
          why: 'time',
          messageCount: 2,
          droppedCount: 3 + droppedAtEnd,
        })),
      );
    },
  });
  const line =
    '00:00:00.000 > s-k7qm2xzf/d17 272 B deliver export 5 perform [struct(6) import-object 8] ' +
    'answer 4 resolver import-object 7\n';
  const leftOut = (count: string): string =>
    `(${count} left out: they came faster than they were taken)\n`;
  it('prints a message a line, what is missing in its place, and how it ended on standard error', async () => {
    const queries: TraceQuery[] = [];
    const { code, terminal } = await herd(tracing(queries), ['net', 'trace', 'web-07']);
    expect(code).toBe(0);
    expect(terminal.written.out).toBe(line + leftOut('3 messages') + line);
    expect(terminal.written.err).toBe(
      'herd: tracing s-k7qm2xzf for 30 s; Ctrl-C ends it\n' +
        'herd: its time is over: 2 messages, and 3 left out\n',
    );
    expect(queries).toEqual([{ forMs: traceMs, detail: 'plain' }]);
  });
  it('says at its end what nobody was told any more', async () => {
    const { terminal } = await herd(tracing([], 1), ['net', 'trace', 'web-07']);
    expect(terminal.written.out).toBe(line + leftOut('3 messages') + line + leftOut('1 message'));
    expect(terminal.written.err).toContain('2 messages, and 4 left out');
  });
  it('tells programs the same, a document a line', async () => {
    const { terminal } = await herd(tracing([], 1), ['net', 'trace', 'web-07', '--json']);
    const documents = terminal.written.out.split('\n').slice(0, -1);
    expect(documents.map((text) => JSON.parse(text) as unknown)).toEqual([
      { schema: 1, kind: 'message', ...message },
      { schema: 1, kind: 'dropped', droppedCount: 3 },
      { schema: 1, kind: 'message', ...message, number: 18 },
      { schema: 1, kind: 'dropped', droppedCount: 1 },
      { schema: 1, kind: 'trace', why: 'time', messageCount: 2, droppedCount: 4 },
    ]);
  });
  it('that is refused is an error, and not said to have begun', async () => {
    const refusing: Answers = {
      ...asNet,
      netTrace: () => {
        throw new Refused('net: somebody listens in on s-k7qm2xzf already');
      },
    };
    const { code, terminal } = await herd(refusing, ['net', 'trace', 'web-07']);
    expect(code).toBe(1);
    expect(terminal.written.err).toContain('somebody listens in on s-k7qm2xzf already');
    expect(terminal.written.err).not.toContain('tracing');
    expect(terminal.written.out).toBe('');
  });
  it('is asked for as long as somebody says, up to ten minutes, and for more than shapes', async () => {
    const queries: TraceQuery[] = [];
    const words = ['net', 'trace', 's-k7qm2xzf', '--for', '10m', '--values', '--json'];
    const { terminal } = await herd(tracing(queries), words);
    expect(queries).toEqual([{ forMs: 600_000, detail: 'open' }]);
    const [first] = terminal.written.out.split('\n');
    expect(JSON.parse(first ?? '')).toEqual({ schema: 1, kind: 'message', ...message });
    const more = await herd(tracing(queries), ['net', 'trace', 'web-07', '--for', '11m']);
    expect([more.code, more.terminal.written.err]).toEqual([
      2,
      expect.stringContaining('10m at most'),
    ]);
  });
  it('of what has no session yet asks for none', async () => {
    const unnamed: Answers = {
      netLinks: () => ({ links: [{ ...anonymous(), peer: { node: 'new' } }], dials: [] }),
    };
    const { code, terminal } = await herd(unnamed, ['net', 'trace', 'new']);
    expect([code, terminal.written.err]).toEqual([2, expect.stringContaining('no session yet')]);
  });
});
