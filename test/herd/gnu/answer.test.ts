import type { Change, LocalStatus, Outcome, Status } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { unknownMessages } from '../../../packages/herd/src/gnu/asked.ts';
import { Heard, troubleIn } from '../../../packages/herd/src/gnu/heard.ts';
import {
  changeCount,
  messageCharacters,
  messageCount,
} from '../../../packages/herd/src/gnu/limits.ts';
import { serviceRecord, shown } from '../../../packages/herd/src/gnu/service-record.ts';
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
