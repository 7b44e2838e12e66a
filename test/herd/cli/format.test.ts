import type { Change, MemberStatus, Outcome, Prompt, Result, Status } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import {
  actionDocLine,
  actionListLines,
  docLines,
} from '../../../packages/herd/src/cli/format/doc.ts';
import { historyLines, LogLabels, noteLine } from '../../../packages/herd/src/cli/format/log.ts';
import { outcomeLines } from '../../../packages/herd/src/cli/format/outcome.ts';
import { statusListLines } from '../../../packages/herd/src/cli/format/status-list.ts';
import type { ShownStatus } from '../../../packages/herd/src/cli/format/shown-status.ts';
import { statusReportLines } from '../../../packages/herd/src/cli/format/status-report.ts';
import {
  ageText,
  agoText,
  momentText,
  spanText,
  stampText,
  timeText,
} from '../../../packages/herd/src/cli/format/times.ts';
import {
  groupFromCount,
  maxGroupNames,
  mergeFromCount,
} from '../../../packages/herd/src/cli/limits.ts';
import { lookOf } from '../../../packages/herd/src/cli/terminal/look.ts';
import type { Look } from '../../../packages/herd/src/cli/terminal/terminal.ts';
import { fakeTerminal } from './fake-terminal.ts';

const now = new Date(2026, 10, 25, 10, 4, 5).getTime();
const look: Look = { paint: (_style, text) => text, bullet: '●', columns: 80, now };
const painted: Look = { ...look, paint: (style, text) => `<${style}>${text}</>` };

const status = (name: string, more: Partial<ShownStatus> = {}): Status =>
  ({
    kind: more.members === undefined ? (more.origin === undefined ? 'local' : 'exported') : 'fleet',
    provision: [name],
    stage: 'running',
    requirement: [],
    documentation: '',
    actions: [],
    ageMs: 0,
    isEnabled: true,
    isOneShot: false,
    isRespawned: false,
    respawnCount: 0,
    ...more,
  }) as Status;

describe('times', () => {
  it('show the clock today and the date on another day', () => {
    expect(timeText(now - 5_000, now)).toBe('10:04:00');
    expect(timeText(now - 86_400_000, now)).toBe('2026-11-24 10:04:05');
    expect(momentText(now)).toBe('2026-11-25 10:04:05');
    expect(stampText(now)).toBe('25 Nov 2026 10:04:05');
  });
  it.each([
    [1_000, '1 second'],
    [119_999, '119 seconds'],
    [120_000, '2 minutes'],
    [7_199_999, '119 minutes'],
    [7_200_000, '2 hours'],
    [172_799_999, '47 hours'],
    [172_800_000, '2 days'],
  ])('say %i ms as %s', (ms, text) => {
    expect(spanText(ms)).toBe(text);
  });
  it('never count backwards when a clock was set back', () => {
    expect(agoText(now + 5_000, now)).toBe('0 seconds ago');
  });
  it.each([
    [99, 'now'],
    [400, '0.4 s ago'],
    [12_400, '12 s ago'],
    [300_000, '5 min ago'],
    [10_800_000, '3 h ago'],
    [864_000_000, '10 d ago'],
  ])('say an age of %i ms as %s', (ms, text) => {
    expect(ageText(ms)).toBe(text);
  });
});

describe('the list of services', () => {
  it('has the groups of GNU herd in its order with its signs, names sorted', () => {
    const services = [
      status('web'),
      status('alpha'),
      status('slow', { stage: 'starting' }),
      status('off', { stage: 'stopped' }),
      status('ending', { stage: 'stopping' }),
      status('once', { stage: 'stopped', isOneShot: true }),
      status('broken', { stage: 'stopped', failure: { reason: 'no such file', at: now } }),
      status('far', { stage: 'unknown', unknownReason: 'no contact', ageMs: 12_000, origin: 'b' }),
    ];
    expect(statusListLines(services, look)).toEqual([
      'Started:',
      ' + alpha',
      ' + web',
      'Starting:',
      ' ^ slow',
      'Stopped:',
      ' - off',
      'Stopping:',
      ' v ending',
      'One-shot:',
      ' * once',
      'Failed to start:',
      ' ! broken',
      'Unknown:',
      ' ? far (no contact; last seen 12 s ago)',
    ]);
  });
  it('says how many members of a fleet run, where a remote service is and how old that is', () => {
    const members = [{ name: 'a', stage: 'running', ageMs: 0 }] as const;
    const services = [
      status('fleet', {
        members: [...members, { name: 'b', stage: 'unknown', ageMs: 0 }],
        runningCount: 1,
      }),
      status('far', { origin: 'a.example', ageMs: 3_000 }),
      status('near', { origin: 'b.example', ageMs: 20, isReady: false }),
    ];
    expect(statusListLines(services, look)).toEqual([
      'Started:',
      ' + far (at a.example; seen 3.0 s ago)',
      ' + fleet (1/2)',
      ' + near (not ready; at b.example)',
    ]);
  });
  it('says whether a fleet is well, and who is to blame, as far as they fit', () => {
    const members = [{ name: 'a', stage: 'running', ageMs: 0 }] as const;
    const fleet = { members, runningCount: 1, isReady: false } as const;
    const services = [
      status('a', { ...fleet, isReady: true, health: 'ok' }),
      status('b', { ...fleet, health: 'degraded' }),
      status('c', { ...fleet, health: 'failed', blame: ['x', 'y', 'z'] }),
      status('d', { ...fleet, health: 'settling', blame: ['v', 'w', 'x', 'y', 'z'] }),
    ];
    expect(statusListLines(services, look)).toEqual([
      'Started:',
      ' + a (1/1)',
      ' + b (1/1; degraded)',
      ' + d (1/1; settling: v, w, x and 2 more)',
      'Failed:',
      ' ! c (1/1; failed: x, y, z)',
    ]);
    const asked = { name: 'x', stage: 'stopped', ageMs: 0, isWanted: false } as const;
    const dead = { ...asked, name: 'y', isWanted: true } as const;
    const told = { ...fleet, members: [asked, dead], health: 'failed', blame: ['x', 'y'] } as const;
    expect(statusListLines([status('e', told)], look).at(-1)).toBe(
      ' ! e (1/2; failed: x (stopped), y)',
    );
    const [, , , last] = services;
    expect(statusReportLines(last ?? status('d'), look, 5).slice(1, 3)).toEqual([
      '  It is started.',
      '  It is settling: v, w, x and 2 more.',
    ]);
  });
  it('is empty without services', () => {
    expect(statusListLines([], look)).toEqual([]);
  });
  it('shows control characters in a name from elsewhere', () => {
    expect(statusListLines([status('a\x1b[2J')], look)).toContain(' + a\\x1b[2J');
  });
});

describe('the report of a service', () => {
  const full = status('web', {
    provision: ['web', 'http'],
    requirement: ['networking'],
    since: now - 5_000,
    pid: 4711,
    command: ['node', 'server.js', 'a b', "it's"],
    actions: [{ name: 'reload', documentation: 'Reads it again.' }],
    isRespawned: true,
    respawnCount: 2,
    lastRespawn: now - 5_000,
    lastExit: { signal: 'SIGKILL', at: now - 6_000 },
    exits: [
      { code: 1, at: now - 60_000 },
      { code: 0, at: now - 30_000 },
      { signal: 'SIGKILL', at: now - 6_000 },
    ],
    logFile: '/var/log/web.log',
    recentLines: ['one', 'two', 'three\x1b[2J'],
  });
  it('has the sentences of GNU herd', () => {
    expect(statusReportLines(full, look, 2)).toEqual([
      '● Status of web:',
      '  It is running since 10:04:00 (5 seconds ago).',
      '  Main PID: 4711',
      "  Command: node server.js 'a b' 'it'\\''s'",
      '  It is enabled.',
      '  Provides: web http',
      '  Requires: networking',
      '  Custom action: reload',
      '  Will be respawned.',
      '  Last respawned on 10:04:00 (5 seconds ago), 2 respawns in all.',
      '  Latest exits:',
      '    - 2026-11-25 10:03:35  Process exited successfully.',
      '    - 2026-11-25 10:03:59  Process terminated with signal 9 (SIGKILL).',
      '  Log file: /var/log/web.log',
      '',
      "Recent messages (use '-n' to view more or less):",
      '  two',
      '  three\\x1b[2J',
    ]);
  });
  it('tells how it is stopped, and that it stays without a process', () => {
    const kept = {
      ...{ stopCommand: ['ip', 'link', 'del', 'a b'], remainsAfterExit: true },
      ...{ pidFile: '/run/web.pid', keepsGroup: true },
    };
    const lines = statusReportLines({ ...full, ...kept }, look, 0);
    expect(lines.slice(4, 8)).toEqual([
      "  Stop command: ip link del 'a b'",
      '  PID file: /run/web.pid',
      '  What is left of its process group goes on when its process ends.',
      '  It remains started once its process has exited successfully.',
    ]);
    expect(lines).toContain('  Will not be respawned.');
  });
  it.each([
    [{ failureCount: 0, limitCount: 3 }, 'Live: not checked yet.'],
    [
      { failureCount: 0, limitCount: 3, checkedAt: now - 5_000 },
      'Live: checked at 10:04:00 (5 seconds ago).',
    ],
    [
      { failureCount: 2, limitCount: 3, checkedAt: now - 5_000 },
      'Live: 2 of 3 checks in a row have failed, the last at 10:04:00 (5 seconds ago).',
    ],
  ])('tells whether it is alive: %j', (live, words) => {
    expect(statusReportLines({ ...full, live }, look, 0)).toContain(`  ${words}`);
  });
  it('shows where it is listened for it, in the words of GNU', () => {
    const endpoints = [{ name: 'http', address: '[::1]:80' }];
    const lines = statusReportLines({ ...full, endpoints }, look, 0);
    expect(lines.slice(4, 6)).toEqual([
      '  Systemd-style service listening on 1 endpoint:',
      '  - [::1]:80 ("http")',
    ]);
  });
  it('shows how many have come to one that accepts, and of each who he is', () => {
    const endpoints = [{ name: 'echo', address: '127.0.0.1:7' }];
    const accepting = { openCount: 2, limitCount: 100, refusedCount: 0 };
    const lines = statusReportLines({ ...full, endpoints, accepting }, look, 0);
    expect(lines.slice(4, 7)).toEqual([
      '  Inetd-style service listening on 1 endpoint:',
      '  - 127.0.0.1:7 ("echo")',
      '  Connections: 2 of 100.',
    ]);
    const bounded = { ...accepting, sourceLimitCount: 5, refusedCount: 1 };
    expect(statusReportLines({ ...full, accepting: bounded }, look, 0)).toContain(
      '  Connections: 2 of 100, 5 from one address; 1 was turned away.',
    );
    const connection = { of: 'echo', peer: '127.0.0.2:4711', local: '127.0.0.1:7' };
    expect(statusReportLines({ ...full, connection }, look, 0)).toContain(
      '  Connection: to echo at 127.0.0.1:7, from 127.0.0.2:4711.',
    );
    expect(
      statusReportLines({ ...full, connection: { of: 'echo', peer: 'local process' } }, look, 0),
    ).toContain('  Connection: to echo, from local process.');
  });
  it('shows no log lines when none are asked for', () => {
    const shown = statusReportLines(full, look, 0).join('\n');
    expect(shown).not.toContain('Recent messages');
    expect(shown).toContain('Latest exit:\n    - 2026-11-25 10:03:59  Process terminated');
  });
  it('has the last exit alone of a shepherd that tells no others', () => {
    const { exits: _exits, ...older } = full as ShownStatus;
    expect(statusReportLines(older, look, 5).join('\n')).toContain('Latest exit:\n    - 2026');
  });
  it('says that whatever has no process is not respawned, but nothing of it of a fleet', () => {
    const words = '  Will not be respawned.';
    expect(statusReportLines(status('x'), look, 5)).toContain(words);
    expect(statusReportLines(status('x', { members: [] }), look, 5)).not.toContain(words);
  });
  it.each<[Partial<Status>, string]>([
    [{}, 'It is started.'],
    [{ isReady: false }, 'It is started, but not ready.'],
    [{ stage: 'starting' }, 'It is starting.'],
    [{ stage: 'stopping' }, 'It is being stopped.'],
    [{ stage: 'stopped' }, 'It is stopped.'],
    [{ stage: 'stopped', since: now - 60_000 }, 'It is stopped since 10:03:05 (60 seconds ago).'],
    [{ stage: 'stopped', isOneShot: true }, 'It is stopped (one-shot).'],
    [{ stage: 'stopped', failure: { reason: 'x', at: now } }, 'It is stopped (failing).'],
    [
      { stage: 'unknown', unknownReason: 'no contact' },
      'It is unknown whether it runs: no contact.',
    ],
    [{ stage: 'unknown' }, 'It is unknown whether it runs: nothing was heard of it.'],
  ])('says of %j: %s', (more, sentence) => {
    expect(statusReportLines(status('x', more), look, 5)).toContain(`  ${sentence}`);
  });
  it.each([
    [{ code: 0 }, 'Process exited successfully'],
    [{ code: 7 }, 'Process exited with code 7'],
    [{ signal: 'SIGTERM' }, 'Process terminated with signal 15 (SIGTERM)'],
    [{ signal: 'SIGODD' }, 'Process terminated with signal SIGODD'],
    [{}, 'Process ended while nobody watched it'],
  ])('says how the process ended: %j', (ending, words) => {
    const lines = statusReportLines(
      status('x', { stage: 'stopped', lastExit: { ...ending, at: now } }),
      look,
      5,
    );
    expect(lines).toContain(`  ${words}.`);
  });
  it('says why the last start failed, that it is disabled and what it offers', () => {
    const lines = statusReportLines(
      status('x', {
        stage: 'stopped',
        isEnabled: false,
        failure: { reason: 'port 80 is taken', at: now },
        actions: [
          { name: 'a', documentation: '' },
          { name: 'b', documentation: '' },
        ],
      }),
      look,
      5,
    );
    expect(lines).toContain('  Failed to start at 10:04:05 (0 seconds ago): port 80 is taken');
    expect(lines).toContain('  It is disabled.');
    expect(lines).toContain('  Custom actions: a b');
  });
  it('says why a service has disabled itself, and that it is not respawned', () => {
    const disabledReason = 'respawned 5 times within 7 s';
    const off = { stage: 'stopped', isEnabled: false, isRespawned: true, command: ['x'] } as const;
    const lines = statusReportLines(status('x', { ...off, disabledReason }), look, 5);
    expect(lines).toContain('  It is disabled.');
    expect(lines).toContain(
      "  It has disabled itself: respawned 5 times within 7 s. 'herd enable x' allows a start.",
    );
    expect(lines).toContain('  Will not be respawned.');
  });
  it('says what its last start, its last stop and its being disabled came from, as herd why does', () => {
    const by = { kind: 'command', asker: 'root', operation: 'op-1', service: 'x' } as const;
    const startedBy: Prompt = { ...by, action: 'start', atMs: now - 60_000 };
    const stoppedBecause: Prompt = { kind: 'requirement-lost', service: 'db', atMs: now };
    const both = { startedBy, stoppedBecause };
    const of = (more: Partial<ShownStatus>): readonly string[] =>
      statusReportLines(status('x', { ...both, ...more }), look, 5).filter((line) =>
        line.startsWith('  It '),
      );
    expect(of({})).toEqual([
      '  It is started.',
      '  It is enabled.',
      '  It was started by local root at 10:03:05 (60 seconds ago) (op-1).',
    ]);
    const stopped =
      '  It was stopped at 10:04:05 (0 seconds ago), since db was lost, which it requires.';
    expect(of({ stage: 'stopped' })).toEqual(['  It is stopped.', '  It is enabled.', stopped]);
    const disabledBy: Prompt = { ...by, action: 'disable', atMs: now };
    const off = of({ stage: 'stopped', isEnabled: false, disabledBy });
    expect(off).toEqual([
      '  It is stopped.',
      '  It is disabled.',
      stopped,
      '  It was disabled by local root at 10:04:05 (0 seconds ago) (op-1).',
    ]);
    const limit: Prompt = {
      kind: 'respawn-limit',
      atMs: now,
      reason: 'respawned 5 times within 7 s',
    };
    const itself = { isEnabled: false, disabledBy: limit, disabledReason: limit.reason };
    expect(of({ stage: 'stopped', ...itself } as Partial<ShownStatus>)).toEqual([
      '  It is stopped.',
      '  It is disabled.',
      "  It has disabled itself at 10:04:05 (0 seconds ago): respawned 5 times within 7 s. 'herd enable x' allows a start.",
      stopped,
    ]);
  });
  it('names nobody whom a reference does not show', () => {
    const startedBy: Prompt = { kind: 'command', atMs: now };
    const words = (more: Partial<Prompt>): string | undefined =>
      statusReportLines(status('x', { startedBy: { ...startedBy, ...more } }), look, 5).find(
        (line) => line.startsWith('  It was'),
      );
    expect(words({})).toBe('  It was started by somebody else at 10:04:05 (0 seconds ago).');
    expect(words({ isYours: true, operation: 'op-1' })).toBe(
      '  It was started by a command from here at 10:04:05 (0 seconds ago) (op-1).',
    );
  });
  it('says where a remote service is and how old the news are', () => {
    expect(statusReportLines(status('x', { origin: 'a', ageMs: 400 }), look, 5)).toContain(
      '  At: a, seen 0.4 s ago',
    );
    const { ageMs: _ageMs, ...never } = status('x', { origin: 'a', stage: 'unknown' });
    expect(statusReportLines(never, look, 5)).toContain('  At: a, never seen');
  });
  it('lists the members of a fleet, troubles first, and ends with a count', () => {
    const fleet = status('fleet', {
      runningCount: 1,
      neededCount: 2,
      members: [
        { name: 'web-a', stage: 'running', ageMs: 30, pid: 4711, respawnCount: 1 },
        { name: 'web-c', stage: 'running', ageMs: 0, isReady: false, sharedWith: ['api'] },
        {
          name: 'web-server-b',
          stage: 'unknown',
          ageMs: 12_000,
          unknownReason: 'connection refused',
        },
      ],
    });
    expect(statusReportLines(fleet, look, 5).slice(-5)).toEqual([
      'Members:',
      '  web-server-b  unknown            last seen 12 s ago  connection refused',
      '  web-a         running  pid 4711  seen now            1 respawn',
      '  web-c         running            seen now            not ready; shared with api',
      '3 members: 2 running, 1 unknown (2 needed)',
    ]);
    const flap = { name: 'flap', stage: 'stopped', ageMs: 0, isEnabled: false, reason: 'died' };
    const ill = { ...flap, stage: 'stopped' } as const;
    const others = ['x', 'y', 'z'].map((name) => ({ ...ill, name }));
    const report = (...members: readonly MemberStatus[]) =>
      statusReportLines(
        status('f', { members, runningCount: 0, health: 'failed', blame: ['flap'] }),
        look,
        5,
      );
    expect(report(ill).slice(1, 3)).toEqual([
      '  It is failed: flap (died).',
      '  It is enabled, but for flap.',
    ]);
    expect(report(ill)).toContain('  It is enabled, but for flap.');
    expect(report(ill, ...others)).toContain('  It is enabled, but for flap, x, y and 1 more.');
    expect(report(ill)).toContain('  flap  stopped    seen now  disabled; died');
    expect(statusReportLines(fleet, painted, 5).join('\n')).toContain(
      'web-a         <green>running</>  pid',
    );
  });
  it('groups members from 20 on, and names at most 200 of a group', () => {
    const members = (count: number): MemberStatus[] =>
      Array.from({ length: count }, (_, at) => ({ name: `m${at}`, stage: 'running', ageMs: 0 }));
    const lines = (count: number) =>
      statusReportLines(status('f', { members: members(count) }), look, 5).join('\n');
    expect(lines(groupFromCount - 1)).toContain('  m18  running');
    expect(lines(groupFromCount)).toContain('  running (20):\n    m0 m1 m2');
    expect(lines(maxGroupNames)).not.toContain('more');
    expect(lines(maxGroupNames + 1)).toContain('… and 1 more');
  });
});

describe('a timer', () => {
  const timer: ShownStatus['timer'] = {
    when: 'minute 0; hour 3',
    nextMs: now + 60_000,
    upcoming: [now + 60_000, now + 86_460_000],
    leftCount: 2,
    runs: [
      { number: 1, startedMs: now - 300_000, endedMs: now - 298_000, code: 0 },
      { number: 2, startedMs: now - 200_000, endedMs: now - 199_000, code: 3, isTriggered: true },
      {
        number: 3,
        startedMs: now - 150_000,
        endedMs: now - 90_000,
        signal: 'SIGTERM',
        isOverdue: true,
      },
      {
        number: 4,
        startedMs: now - 60_000,
        endedMs: now - 60_000,
        reason: 'its program is not there',
      },
      { number: 5, startedMs: now - 30_000, isLost: true },
      { number: 6, startedMs: now - 5_000 },
    ],
  };
  const backup = { timer, command: ['backup', '-q'], since: now - 3_600_000 };

  it('is listed among running timers, and stopped as any other', () => {
    const services = [
      status('backup', backup),
      status('web'),
      status('off', { ...backup, stage: 'stopped' }),
    ];
    expect(statusListLines(services, look)).toEqual([
      'Started:',
      ' + web',
      'Running timers:',
      ' + backup',
      'Stopped:',
      ' - off',
    ]);
  });

  it('is reported in the words of GNU, with its runs and its alarms', () => {
    const lines = statusReportLines(status('backup', backup), look, 10);
    expect(lines.slice(0, 6)).toEqual([
      '● Status of backup:',
      '  Timed service.',
      '  Awaiting next timer alarm; service active since 09:04:05 (60 minutes ago).',
      '  Periodically running: backup -q',
      '  When: minute 0; hour 3',
      '  2 occurrences left.',
    ]);
    expect(lines.slice(lines.indexOf('Recent runs:'))).toEqual([
      'Recent runs:',
      '  2026-11-25 09:59:05 Process exited successfully after 2 seconds.',
      '  2026-11-25 10:00:45 Process exited with code 3 after 1 second. (it was triggered)',
      '  2026-11-25 10:01:35 Process terminated with signal SIGTERM after 60 seconds. (it took too long)',
      '  2026-11-25 10:03:05 Process could not be run: its program is not there.',
      '  2026-11-25 10:03:35 Nobody has seen whether its process ran.',
      '  2026-11-25 10:04:00 Process goes on.',
      '',
      'Upcoming timer alarms:',
      '  10:05:05 (in 60 seconds)',
      '  2026-11-26 10:05:05 (in 24 hours)',
    ]);
    expect(statusReportLines(status('backup', backup), look, 2).join('\n')).not.toContain(
      '10:03:05',
    );
  });

  it('says since when it runs something, and as whom', () => {
    const running = {
      ...backup,
      timer: { ...timer, executingMs: now - 5_000 },
      pid: 7,
      runsAs: { user: 'www' },
    };
    const lines = statusReportLines(status('backup', running), look, 0);
    expect(lines).toContain('  Executing timer action since 10:04:00 (5 seconds ago).');
    expect(lines).toContain('  Main PID: 7');
    expect(lines).toContain('  Periodically running as "www": backup -q');
    expect(lines).not.toContain('Recent runs:');
  });

  it('tells what is transient from what is configured', () => {
    const job = { since: now - 5_000, transient: 'lives' as const };
    expect(statusReportLines(status('job', job), look, 0)).toContain(
      '  It is transient, running since 10:04:00 (5 seconds ago).',
    );
    const over = { ...job, stage: 'stopped' as const, transient: 'ended' as const };
    expect(statusReportLines(status('job', over), look, 0)).toContain(
      '  It is transient, has ended, and is not started again.',
    );
  });
});

describe('the outcome of a command', () => {
  const command = { action: 'start', service: 'web', args: [] };
  const outcome = (result: Result, more: Partial<Outcome> = {}): Outcome => ({
    member: 'web',
    result,
    rows: [],
    ...more,
  });
  const none = new Set<string>();
  it('is said in GNU words where the shepherd said nothing', () => {
    const said = (action: string, result: Result) =>
      outcomeLines({ ...command, action }, outcome(result), look, none).out;
    expect(said('start', 'ok')).toEqual(['Service web is already running.']);
    expect(said('start', 'changed')).toEqual(['Service web has been started.']);
    expect(said('stop', 'changed')).toEqual([]);
    expect(said('enable', 'changed')).toEqual(['Enabled service web.']);
    expect(said('disable', 'ok')).toEqual(['Disabled service web.']);
  });
  it('says nothing twice', () => {
    const seen = new Set(['Service web has been started.']);
    const shown = outcomeLines(
      command,
      outcome('changed', { reason: 'Service web has been started.' }),
      look,
      seen,
    );
    expect(shown).toEqual({ out: [], err: [] });
  });
  it('shows the output of a custom action and what else was touched', () => {
    const shown = outcomeLines(
      { ...command, action: 'stop' },
      outcome('changed', { output: ['line\x07'], also: ['web-metrics'] }),
      look,
      none,
    );
    expect(shown.out).toEqual(['line\\x07', 'Also stopped: web-metrics']);
    const restart = outcome('changed', { also: ['a', 'b'], otherCount: 1 });
    expect(outcomeLines({ ...command, action: 'restart' }, restart, look, none).out).toEqual([
      'Also restarted: a, b, 1 other service',
    ]);
  });
  it('says in the row of a member what else that concerned, and what went wrong below', () => {
    const rows = [
      { member: 'a', result: 'changed', also: ['web-metrics'], sharedWith: ['api'] },
      { member: 'b', result: 'failed', reason: '0 of 1 members', cause: { member: 'b/x' } },
      { member: 'c', result: 'failed', cause: { member: 'c/x', reason: 'no route' } },
    ] as const;
    const said = { member: 'fleet', result: 'failed', rows } as const;
    const { out } = outcomeLines({ ...command, action: 'stop' }, said, look, none);
    expect(out.slice(0, 3)).toEqual([
      '  b  failed   0 of 1 members; because of b/x',
      '  c  failed   c/x: no route',
      '  a  changed  shared with api; also stopped web-metrics',
    ]);
  });
  it('of a failure is an error with the reason and the end of the log', () => {
    const failed = outcome('failed', {
      reason: 'it exited with code 1',
      output: ['Error: port 80'],
    });
    expect(outcomeLines(command, failed, look, none)).toEqual({
      out: [],
      err: [
        'herd: error: failed to start service web',
        '  it exited with code 1',
        '  | Error: port 80',
      ],
    });
    const named = (member: string) =>
      outcomeLines(command, { ...failed, member, origin: 'B' }, look, none).err[0];
    expect(named('web')).toBe('herd: error: failed to start service web at B');
    // Its name says it.
    expect(named('web@B')).toBe('herd: error: failed to start service web');
  });
  it('of something unreachable is no failure, and says when it was last seen', () => {
    const lost = outcome('unreachable', { reason: 'connection refused', lastSeenMs: 12_000 });
    expect(outcomeLines(command, lost, look, none).err).toEqual([
      'herd: error: start web: unreachable',
      '  connection refused',
      '  last seen 12 s ago',
    ]);
    expect(outcomeLines(command, outcome('unreachable'), look, none).err).toContain('  never seen');
  });
  it('of a fleet lists failures first with the end of their logs, and ends with a count', () => {
    const fleet = outcome('failed', {
      member: 'fleet',
      reason: '1 of 3 members',
      rows: [
        { member: 'web-a', result: 'changed', stage: 'running', pid: 12 },
        { member: 'web-b', result: 'unreachable', reason: 'no route.', lastSeenMs: 3_000 },
        { member: 'web-c', result: 'failed', origin: 'C', reason: 'exit 1', output: ['boom'] },
      ],
    });
    const shown = outcomeLines({ ...command, service: 'fleet' }, fleet, look, none);
    expect(shown.out).toEqual([
      '  web-c  failed       exit 1',
      '      | boom',
      '  web-b  unreachable  no route; last seen 3.0 s ago',
      '  web-a  changed      running, pid 12',
      'fleet: 3 members: 1 failed, 1 unreachable, 1 changed',
    ]);
    expect(shown.err).toEqual([
      'herd: error: start fleet: failed: 1 of 3 members; because of web-c at C, web-b',
    ]);
    expect(outcomeLines(command, fleet, painted, none).out[0]).toBe(
      '  web-c  <red>failed</>       exit 1',
    );
  });
  it('of a service that requires what has failed counts that, and blames it once', () => {
    const reason = 'Service web depends on net.';
    const rows = [{ member: 'net', result: 'failed', reason: 'exit 7' }] as const;
    const shown = outcomeLines(
      command,
      outcome('failed', { reason, dependsOn: 'net', rows }),
      look,
      none,
    );
    expect(shown.out).toEqual(['  net  failed  exit 7', 'web: 1 requirement: 1 failed']);
    expect(shown.err).toEqual([`herd: error: start web: failed: ${reason}`]);
    const mid = { member: 'mid', result: 'failed', reason: 'Service mid depends on db.' } as const;
    const others = [
      { ...mid, dependsOn: 'db' },
      { ...rows[0], member: 'db' },
    ];
    const several = outcome('failed', { reason, dependsOn: 'net', rows: [...rows, ...others] });
    expect(outcomeLines(command, several, look, none)).toEqual({
      out: [
        '  net  failed  exit 7',
        '  db   failed  exit 7',
        '  mid  failed  Service mid depends on db.',
        'web: 3 requirements: 3 failed',
      ],
      err: ['herd: error: start web: failed: because of net, db'],
    });
    const late = outcome('timed-out', { reason: 'Service web: start goes on.', rows });
    expect(outcomeLines(command, late, look, none).err).toEqual([
      'herd: error: start web: timed out: Service web: start goes on; because of net',
    ]);
  });
  it('of a custom action of a fleet shows what each member printed, few or many', () => {
    const rows = (count: number) =>
      Array.from({ length: count }, (_, at) => ({
        member: `m${at}`,
        result: 'changed' as const,
        output: [`hi from ${at}`],
      }));
    for (const count of [2, groupFromCount]) {
      const lines = outcomeLines(
        command,
        outcome('changed', { rows: rows(count) }),
        look,
        none,
      ).out;
      expect(lines.filter((line) => line.includes('| hi from'))).toHaveLength(count);
    }
  });
  it('of a degraded fleet says so in the count, and is no error', () => {
    const rows = [
      { member: 'a', result: 'changed' },
      { member: 'b', result: 'unreachable' },
    ] as const;
    const shown = outcomeLines(
      command,
      outcome('changed', { rows, reason: 'degraded 1/2' }),
      look,
      none,
    );
    expect(shown.out.at(-1)).toBe('web: 2 members: 1 unreachable, 1 changed (degraded 1/2)');
    expect(shown.err).toEqual([]);
  });
  it('says how many others are the cause', () => {
    const rows = [
      { member: 'a', result: 'failed', cause: { member: 'far', reason: 'gone.', otherCount: 1 } },
      { member: 'b', result: 'failed', cause: { member: 'c', reason: 'full', otherCount: 2 } },
      { member: 'c', result: 'failed', reason: 'full' },
    ] as const;
    expect(outcomeLines(command, outcome('failed', { rows }), look, none).out.slice(0, -1)).toEqual(
      [
        '  a  failed  far: gone (and 1 other)',
        '  b  failed  because of c (and 2 others)',
        '  c  failed  full',
      ],
    );
  });
  it('names who is the cause, and says why in the row of that one alone', () => {
    const rows = [
      {
        member: 'b',
        result: 'skipped' as const,
        reason: 'left as it is',
        cause: { member: 'a', reason: 'no room' },
      },
      { member: 'a', result: 'failed' as const, reason: 'no room' },
      {
        member: 'c',
        result: 'skipped' as const,
        reason: 'left as it is',
        cause: { member: 'far', reason: 'gone' },
      },
    ];
    expect(outcomeLines(command, outcome('failed', { rows }), look, none).out.slice(0, -1)).toEqual(
      [
        '  a  failed   no room',
        '  b  skipped  left as it is; because of a',
        '  c  skipped  left as it is; far: gone',
      ],
    );
  });
  it('of many that failed in the same words says those once, above their names', () => {
    const rows = (count: number) => [
      { member: 'm0', result: 'rolled-back' as const, reason: 'exit 1' },
      ...Array.from({ length: count }, (_, at) => ({
        member: `m${at + 1}`,
        result: 'skipped' as const,
        reason: 'the canary failed',
      })),
      { member: 'x', result: 'skipped' as const, reason: 'gone' },
      { member: 'y', result: 'skipped' as const, reason: 'the canary failed', output: ['said'] },
    ];
    const lines = (count: number) =>
      outcomeLines(command, outcome('rolled-back', { rows: rows(count) }), look, none).out;
    expect(lines(mergeFromCount)).toEqual([
      '  m0         rolled back  exit 1',
      '  4 members  skipped      the canary failed',
      '      m1 m2 m3 m4',
      '  x          skipped      gone',
      '  y          skipped      the canary failed',
      '      | said',
      'web: 7 members: 1 rolled back, 6 skipped',
    ]);
    expect(lines(mergeFromCount - 1)[1]).toBe('  m1  skipped      the canary failed');
    const many = lines(groupFromCount);
    expect(many.slice(2, 5)).toEqual([
      '  skipped (22):',
      '    20 members  skipped  the canary failed',
      '        m1 m2 m3 m4 m5 m6 m7 m8 m9 m10 m11 m12 m13 m14 m15 m16 m17 m18 m19 m20',
    ]);
    expect(lines(maxGroupNames + 2).join('\n')).toContain('… and 4 more');
  });
  it('of many that failed with the same log says it once, below their names', () => {
    const rows = Array.from({ length: groupFromCount }, (_, at) => ({
      member: `m${at}`,
      result: 'failed' as const,
      reason: 'exit 1',
      output: at === 3 ? ['other'] : ['port 80', 'is taken\x1b[2J'],
    }));
    const shown = outcomeLines(command, outcome('failed', { rows }), look, none).out;
    expect(shown.filter((line) => line.includes('|'))).toEqual([
      '        | port 80',
      '        | is taken\\x1b[2J',
      '        | other',
    ]);
    expect(shown[1]).toBe('    19 members  failed  exit 1');
    expect(shown.join(' ')).toContain('m0 m1 m2 m4');
  });
  it('of some that failed differently with the same log says whose it is', () => {
    const rows = (count: number) =>
      Array.from({ length: count }, (_, at) => ({
        member: `m${at}`,
        result: 'failed' as const,
        reason: `exit ${at}`,
        output: ['boom'],
      }));
    const lines = (count: number) =>
      outcomeLines(command, outcome('failed', { rows: rows(count) }), look, none).out.slice(0, -1);
    expect(lines(1)).toEqual(['  m0  failed  exit 0', '      | boom']);
    expect(lines(2)).toEqual([
      '  m0  failed  exit 0',
      '  m1  failed  exit 1',
      '  said by m0, m1:',
      '      | boom',
    ]);
    expect(lines(5).slice(-2)).toEqual(['  said by m0, m1, m2 and 2 more:', '      | boom']);
  });
  it('of a start that said nothing says so, and nothing of what was never run', () => {
    const silent = { member: 'm0', result: 'failed' as const, reason: 'exit 1', output: [] };
    const notRun = { member: 'm2', result: 'failed' as const, reason: 'exit 1' };
    const rows = [silent, { ...silent, member: 'm1' }, notRun];
    const nothing = '(nothing in its log since this start)';
    expect(outcomeLines(command, outcome('failed', { rows }), look, none).out.slice(0, -1)).toEqual(
      [
        '  m0  failed  exit 1',
        `      ${nothing}`,
        '  m1  failed  exit 1',
        `      ${nothing}`,
        '  m2  failed  exit 1',
      ],
    );
    const one = outcome('failed', { reason: 'exit 1', output: [] });
    expect(outcomeLines(command, one, look, none).err.slice(1)).toEqual([
      '  exit 1',
      `  ${nothing}`,
    ]);
  });
  it('of members that were all well names each, however many say the same', () => {
    const rows = Array.from({ length: mergeFromCount }, (_, at) => ({
      member: `m${at}`,
      result: 'changed' as const,
      stage: 'running' as const,
    }));
    expect(outcomeLines(command, outcome('changed', { rows }), look, none).out[0]).toBe(
      '  m0  changed  running',
    );
  });
  it('of many targets is grouped by outcome, from 20 on', () => {
    const rows = (count: number) =>
      Array.from({ length: count }, (_, at) => ({
        member: `m${at}`,
        result: at === 3 ? ('failed' as const) : ('changed' as const),
      }));
    const lines = (count: number) =>
      outcomeLines(command, outcome('failed', { rows: rows(count) }), look, none).out;
    expect(lines(groupFromCount - 1)[1]).toBe('  m0   changed');
    expect(lines(groupFromCount).slice(0, 3)).toEqual([
      '  failed (1):',
      '    m3  failed',
      '  changed (19):',
    ]);
    expect(lines(maxGroupNames + 2).join('\n')).toContain('… and 1 more');
    expect(lines(groupFromCount).every((line) => line.length <= 80)).toBe(true);
  });
});

describe('the log', () => {
  it('of all services has the lines of GNU herd', () => {
    const whats: Change['what'][] = [
      'starting',
      'running',
      'stopping',
      'stopped',
      'failed',
      'done',
    ];
    expect(historyLines(whats.map((what) => ({ service: 'web', what, at: now })))).toEqual([
      '25 Nov 2026 10:04:05\tservice web is being started',
      '25 Nov 2026 10:04:05\tservice web is running',
      '25 Nov 2026 10:04:05\tservice web is being stopped',
      '25 Nov 2026 10:04:05\tservice web is stopped',
      '25 Nov 2026 10:04:05\tservice web failed to start',
      '25 Nov 2026 10:04:05\tservice web is done (one-shot)',
    ]);
    const observed = [
      { service: 'b-web', what: 'unknown', at: now, reason: 'cannot\x1b reach b' },
      { service: 'webs', what: 'too-few', at: now, reason: 'b-web' },
      { service: 'webs', what: 'settling', at: now },
      { service: 'webs', what: 'degraded', at: now },
    ] as const;
    expect(historyLines(observed)).toEqual([
      '25 Nov 2026 10:04:05\tservice b-web is unknown: cannot\\x1b reach b',
      '25 Nov 2026 10:04:05\tservice webs has failed: b-web',
      '25 Nov 2026 10:04:05\tservice webs is settling',
      '25 Nov 2026 10:04:05\tservice webs is degraded',
    ]);
  });
  it('of one service is made harmless', () => {
    const line = (text: string) => ({ kind: 'line', from: 'A', text }) as const;
    expect(new LogLabels().lineOf(line('a\x1b]0;x\x07'))).toBe('a\\x1b]0;x\\x07');
    const note = { kind: 'note', from: 'a', what: 'lost', text: 'x\u202e' } as const;
    expect(noteLine(note)).toBe('herd: a: x\\u{202e}');
  });
  it('tells in the name of herd only what the shepherd of this user says itself', () => {
    const note = {
      kind: 'note',
      from: 'a',
      about: 'web',
      what: 'lost',
      text: 'it is gone',
    } as const;
    expect(noteLine(note)).toBe('herd: a web: it is gone');
    expect(noteLine({ ...note, saidBy: 'a' })).toBe('a says of web: it is gone');
    const { about: _about, ...alone } = note;
    expect(noteLine({ ...alone, saidBy: 'a' })).toBe('a says: it is gone');
    expect(noteLine({ ...note, from: 'herd' }, 'shop')).toBe('@shop says: herd: web: it is gone');
    expect(noteLine({ ...alone, saidBy: 'a' }, 'shop')).toBe('@shop says: a: it is gone');
  });
});

describe('documentation', () => {
  const web = status('web', {
    documentation: 'Serves.\nPages.',
    actions: [{ name: 'reload', documentation: 'Reads.' }],
  });
  it('is shown as it is, or as missing', () => {
    expect(docLines(web)).toEqual(['Serves.', 'Pages.']);
    expect(docLines(status('x'))).toEqual(['[No description].']);
  });
  it('of actions is a list, or one of them', () => {
    expect(actionListLines(web)).toEqual(['reload: Reads.']);
    expect(actionListLines(status('x'))).toEqual(['Service x has no custom actions.']);
    expect(actionDocLine(web, 'reload')).toBe('reload: Reads.');
    expect(actionDocLine(web, 'other')).toBeUndefined();
  });
});

describe('the look', () => {
  const paints = (isTerminal: boolean, env: Record<string, string>): boolean =>
    lookOf(fakeTerminal({ isTerminal, env })).paint('red', 'x') !== 'x';
  it('has colours only on a terminal whose user did not say NO_COLOR', () => {
    expect(paints(true, {})).toBe(true);
    expect(paints(false, {})).toBe(false);
    expect(paints(true, { NO_COLOR: '1' })).toBe(false);
    expect(paints(true, { NO_COLOR: '' })).toBe(true);
    expect(paints(true, { TERM: 'dumb' })).toBe(false);
  });
  it('has a bullet only where the locale speaks UTF-8', () => {
    const bullet = (env: Record<string, string>) => lookOf(fakeTerminal({ env })).bullet;
    expect(bullet({ LANG: 'de_DE.UTF-8' })).toBe('●');
    expect(bullet({ LANG: 'de_DE.UTF-8', LC_ALL: 'C' })).toBe('*');
    expect(bullet({})).toBe('*');
  });
});
