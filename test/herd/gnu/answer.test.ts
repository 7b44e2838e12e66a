import type { Change, LocalStatus, Outcome, Row, Status } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { answer } from '../../../packages/herd/src/gnu/answer.ts';
import { unknownMessages, type AnswerPowers } from '../../../packages/herd/src/gnu/asked.ts';
import { docMessages } from '../../../packages/herd/src/gnu/doc.ts';
import { Heard, troubleIn } from '../../../packages/herd/src/gnu/heard.ts';
import {
  changeCount,
  messageCharacters,
  messageCount,
} from '../../../packages/herd/src/gnu/limits.ts';
import { answerRoot } from '../../../packages/herd/src/gnu/root-answer.ts';
import { serviceRecord } from '../../../packages/herd/src/gnu/service-record.ts';
import { shown } from '../../../packages/herd/src/gnu/shown.ts';
import { sym } from '../../../packages/herd/src/gnu/wire/datum.ts';
import { datumText } from '../../../packages/herd/src/gnu/wire/write.ts';

const web: LocalStatus = {
  kind: 'local',
  provision: ['web'],
  stage: 'running',
  requirement: ['net'],
  documentation: '',
  actions: [],
  isEnabled: true,
  isOneShot: false,
  isRespawned: true,
  respawnCount: 0,
};
const recordOf = (status: Status, changes: readonly Change[] = []): string =>
  datumText(serviceRecord(status, { changes }));
const changed = (what: Change['what'], at: number): Change => ({ service: 'web', what, at });

describe('the record of a service', () => {
  it('has a process with its command, as GNU Shepherd writes one', () => {
    expect(recordOf({ ...web, pid: 7, command: ['a', 'b c'] })).toContain(
      '(running (process (version 0) (id 7) (command ("a" "b c"))))',
    );
  });
  it.each([
    ['one without a process that runs', web, '#t'],
    ['one that is stopped', { ...web, stage: 'stopped' as const }, '#f'],
    ['one that is not ready', { ...web, isReady: false }, '"not ready"'],
    [
      'one elsewhere',
      { ...web, kind: 'exported' as const, origin: 'b', pid: 7 },
      '"process 7 at b"',
    ],
    [
      'a fleet',
      {
        ...web,
        kind: 'fleet' as const,
        runningCount: 1,
        neededCount: 1,
        members: [
          { name: 'a', stage: 'running' as const },
          { name: 'b', stage: 'stopped' as const },
        ],
      },
      '"1 of 2 run"',
    ],
  ])('has as the running value of %s what it is', (_what, status, value) => {
    expect(recordOf(status)).toContain(`(running ${value})`);
  });
  it('tells exits as waitpid does, by a code or by a signal', () => {
    expect(recordOf({ ...web, lastExit: { code: 3, at: 5_900 } })).toContain(
      '(exit-statuses ((768 . 5)))',
    );
    expect(recordOf({ ...web, lastExit: { signal: 'SIGKILL', at: 5_000 } })).toContain(
      '(exit-statuses ((9 . 5)))',
    );
    expect(recordOf({ ...web, lastExit: { at: 5_000 } })).toContain('(exit-statuses ())');
  });
  it('is of a service that nobody has come to yet where it is listened for it', () => {
    const endpoints = [
      { name: 'a', address: '127.0.0.1:80' },
      { name: 'b', address: '[::1]:81' },
      { name: 'c', address: '[2001:db8::ffff:1.2.3.4]:82' },
      { name: 'd', address: '/run/web.sock' },
    ];
    expect(recordOf({ ...web, endpoints, command: ['x'] })).toContain(
      '(running (systemd-service (version 0) (endpoints (' +
        '(endpoint (version 0) (name "a") (address #(2 2130706433 80))) ' +
        '(endpoint (version 0) (name "b") (address #(10 1 81 0 0))) ' +
        `(endpoint (version 0) (name "c") (address #(10 ${BigInt('0x20010db8000000000000ffff01020304')} 82 0 0))) ` +
        '(endpoint (version 0) (name "d") (address #(1 "/run/web.sock"))))) (sockets ()) (command ("x"))))',
    );
    const accepting = { openCount: 0, limitCount: 100, refusedCount: 0 };
    expect(recordOf({ ...web, endpoints, accepting, command: ['x'] })).toContain(
      '(running (inetd-service (version 0) (endpoints ((endpoint ',
    );
    expect(recordOf({ ...web, endpoints, pid: 7, command: ['x'] })).toContain('(running (process ');
  });
  it('tells all exits that are known, newest first', () => {
    const exits = [
      { code: 0, at: 1_000 },
      { signal: 'SIGTERM', at: 2_000 },
    ];
    expect(recordOf({ ...web, exits, lastExit: { code: 1, at: 9 } })).toContain(
      '(exit-statuses ((15 . 2) (0 . 1)))',
    );
  });
  it('is of a timer what its clients work out alarms from, its runs and no environment', () => {
    const timer = {
      when: 'minute 5',
      event: { kind: 'calendar', seconds: [0], minutes: [5], daysOfWeek: [6] },
      executingMs: 7_000,
      runs: [
        { number: 1, startedMs: 1_000, endedMs: 2_000, code: 0 },
        { number: 2, startedMs: 3_000, endedMs: 4_000, reason: 'no such file' },
        { number: 3, startedMs: 5_000, isLost: true },
        { number: 4, startedMs: 7_000 },
      ],
    } as const;
    const all = (first: number, last: number): string =>
      Array.from({ length: last - first + 1 }, (_, at) => first + at).join(' ');
    const runs = '(past-runs (((exception misc-error #f "~A" ("no such file") #f) 4 3) (0 2 1)))';
    const command =
      '(action (command (version 0) (arguments ("a" "b")) (user "web") (group #f) (supplementary-groups ()) ' +
      '(environment-variables ()) (directory "/") (resource-limits ())))';
    const running = { ...web, pid: 9, command: ['a', 'b'], runsAs: { user: 'web' }, timer };
    expect(recordOf(running)).toContain(
      '(running (timer (version 0) (event (calendar-event (version 0) (seconds (0)) (minutes (5)) ' +
        `(hours (${all(0, 23)})) (days-of-month (${all(1, 31)})) (days-of-week (6)) (months (${all(1, 12)})))) ` +
        `${command} (processes ((9 . 7))) (remaining-occurrences +inf.0) ${runs}))`,
    );
    const { event: _event, executingMs: _executing, ...rest } = timer;
    expect(recordOf({ ...web, timer: { ...rest, leftCount: 2 } })).toContain(
      '(timer (version 0) (event #f) (action (command (version 0) (arguments ()) (user #f) (group #f) ' +
        '(supplementary-groups ()) (environment-variables ()) (directory "/") (resource-limits ()))) ' +
        `(processes ()) (remaining-occurrences 2) ${runs})`,
    );
  });
  it('tells its changes newest first, a failure as a stop, and nothing that GNU Shepherd has no word for', () => {
    const changes = [
      changed('starting', 1_000),
      changed('failed', 2_000),
      changed('unknown', 3_000),
    ];
    expect(recordOf(web, changes)).toContain('(status-changes ((stopped . 2) (starting . 1)))');
  });
  it(`tells the last ${changeCount} changes and not one more`, () => {
    const changes = Array.from({ length: changeCount + 1 }, (_, at) =>
      changed('running', at * 1_000),
    );
    const found = recordOf(web, changes);
    expect(found).toContain('(running . 1))');
    expect(found).not.toContain('(running . 0)');
  });
  it('has it running since its process was there, also where a later daemon has taken that over', () => {
    const adopted = { ...web, since: 1_000 };
    expect(recordOf(adopted, [changed('running', 9_000)])).toContain(
      '(status-changes ((running . 1)))',
    );
    const restarted = [changed('stopped', 7_000), changed('running', 9_000)];
    expect(recordOf({ ...web, since: 9_000 }, restarted)).toContain(
      '(status-changes ((running . 9) (stopped . 7)))',
    );
    expect(recordOf({ ...web, stage: 'stopped', since: 1_000 }, restarted.slice(0, 1))).toContain(
      '(status-changes ((stopped . 7)))',
    );
  });
  it('is of no state that GNU Shepherd knows where nobody can tell, and a line says why', () => {
    const lost = { ...web, stage: 'unknown', unknownReason: 'nobody answers' } as const;
    expect(recordOf(lost)).toContain('(running #f)');
    expect(recordOf(lost)).toContain('(status unknown)');
    expect(unknownMessages([web, lost])).toEqual([
      'Service web: nobody can tell how it is: nobody answers.',
    ]);
  });
  it('shows a text up to its limit, and what a terminal would obey as what it is', () => {
    expect(shown('x'.repeat(messageCharacters))).toBe('x'.repeat(messageCharacters));
    expect(shown('x'.repeat(messageCharacters + 1))).toBe(`${'x'.repeat(messageCharacters)}…`);
    expect(shown('\u001b[2J\u202e')).toBe('\\x1b[2J\\u{202e}');
  });
});

describe('what an operation says', () => {
  const line = (text: string, more = {}) => ({ kind: 'line', from: 'a', text, ...more }) as const;
  it('tells of what is disabled as GNU Shepherd does, by its topic and whatever it says', () => {
    const heard = new Heard('a');
    heard.take([
      line('Off.', { about: 'web', what: 'is-disabled' }),
      line('Service web could not be started.', { about: 'web', what: 'not-started' }),
    ]);
    expect(heard.messages('start')).toEqual(['Off.']);
    const outcome = {
      member: 'web',
      result: 'failed',
      reason: 'it is disabled',
      rows: [],
    } as const;
    expect(troubleIn({ ...outcome, isDisabled: true })).toBe('Service web is currently disabled.');
  });
  it(`is kept to ${messageCount} lines, the rest is counted`, () => {
    const heard = new Heard('a');
    heard.take(Array.from({ length: messageCount }, (_, at) => line(`${at}`)));
    expect(heard.messages('hi')).toHaveLength(messageCount);
    heard.take([line('one more'), { kind: 'dropped', count: 2 }]);
    expect(heard.messages('hi').at(-1)).toBe('… and 3 lines more');
  });
  it('names the machine that says it, where that is another', () => {
    const heard = new Heard('a');
    heard.take([line('here'), line('there', { from: 'b' })]);
    expect(heard.messages('hi')).toEqual(['here', 'b: there']);
  });
  it('is of a stop nothing but what went wrong, and of a restart that services were started', () => {
    const heard = new Heard('a');
    heard.take([
      line('Service web has been stopped.', { about: 'web', what: 'stopped' }),
      line('Service db has been restarted.', { about: 'db', what: 'restarted' }),
      line('odd'),
    ]);
    expect(heard.messages('restart')).toEqual(['Service db has been started.', 'odd']);
    expect(heard.messages('start')[0]).toBe('Service web has been stopped.');
  });
});

describe('what went wrong', () => {
  const outcome = (more: Partial<Outcome>): Outcome => ({
    member: 'web',
    result: 'failed',
    rows: [],
    ...more,
  });
  it('is nothing where a service is as it was asked to be', () => {
    expect(troubleIn(outcome({ result: 'changed' }))).toBeUndefined();
  });
  it('is the reason, with those of members', () => {
    const rows = [
      { member: 'web-1', result: 'ok', reason: 'fine' },
      { member: 'web-2', result: 'unreachable', reason: 'nobody answers' },
    ] as const;
    expect(troubleIn(outcome({ reason: '1 of 2 failed', rows }))).toBe(
      '1 of 2 failed; web-2: nobody answers',
    );
  });
  it('is at least the word for it', () => {
    expect(troubleIn(outcome({ result: 'timed-out' }))).toBe("service 'web': timed-out");
  });
});

describe('what has more than one line', () => {
  it('is told line by line: documentation', () => {
    const web = { name: 'web', documentation: 'Serves.\nAll\u0007 day.', actions: [] };
    expect(docMessages([], web).messages).toEqual(['Serves.', 'All\\x07 day.']);
  });
  it('is told line by line: what is wrong with a configuration, before the error', async () => {
    const problems = ['web.ts:1:2: no such name', 'services[0]: \u001b[2J'];
    const powers: AnswerPowers = {
      node: 'a',
      root: { pid: 1, command: [], startedMs: 0, logFile: undefined },
      operation: () => 'op',
      sink: () => {
        throw new Error('nobody listens');
      },
      ask: <T>() => Promise.resolve({ kind: 'refused', problems } as T),
    };
    const asked = { action: 'reload', service: 'root', args: [] };
    expect(await answerRoot(powers, asked)).toMatchObject({
      error: { kind: 'exception', text: expect.not.stringContaining('web.ts') as string },
      messages: ['web.ts:1:2: no such name', 'services[0]: \\x1b[2J'],
    });
  });
});

describe('a custom action of a fleet', () => {
  const row = (member: string, more: Partial<Row> = {}): Row => ({
    ...{ member, result: 'changed', ...more },
  });
  const replyOf = (rows: readonly Row[], more: Partial<Outcome> = {}) => {
    const outcome: Outcome = { member: 'fleet', result: 'changed', rows, ...more };
    const powers: AnswerPowers = {
      node: 'a',
      root: { pid: 1, command: [], startedMs: 0, logFile: undefined },
      operation: () => 'op',
      sink: () => {
        throw new Error('nobody listens');
      },
      ask: <T>() => Promise.resolve(outcome as T),
    };
    return answer(powers, { action: sym('hi'), service: sym('fleet'), args: [] });
  };
  it('is told with what each member has printed, and whose each line is', async () => {
    const rows = [
      row('web@a', { output: ['hi', '', '\u001b[2J'] }),
      row('web@b', { output: ['ho'] }),
    ];
    expect(await replyOf(rows)).toEqual({
      result: [true],
      messages: ['web@a: hi', 'web@a:', 'web@a: \\x1b[2J', 'web@b: ho'],
    });
  });
  it('is told with what those have printed who failed, and then why', async () => {
    const failed = { result: 'failed', reason: 'hi exited with code 3' } as const;
    const rows = [row('web@a', { output: ['hi'] }), row('web@b', { ...failed, output: ['no'] })];
    expect(await replyOf(rows, { result: 'failed' })).toEqual({
      result: [false],
      messages: ['web@a: hi', 'web@b: no', 'web@b: hi exited with code 3'],
    });
  });
  it.each([0, 1])(
    `is told with ${messageCount} lines of all together, and %d more as a count`,
    async (more) => {
      const lines = Array.from({ length: messageCount / 2 }, () => 'hi');
      const rest = Array.from({ length: more }, () => 'more');
      const rows = [row('web@a', { output: lines }), row('web@b', { output: [...lines, ...rest] })];
      const { messages = [] } = (await replyOf(rows)) as { messages?: readonly string[] };
      expect(messages).toHaveLength(messageCount + more);
      expect(messages.at(-1)).toBe(more === 0 ? 'web@b: hi' : '… and 1 lines more');
    },
  );
});
