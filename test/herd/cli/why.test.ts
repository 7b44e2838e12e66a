/** Why a service is as it is, from what is known of it. */
import type { Grounds, Prompt } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import type { ShownStatus } from '../../../packages/herd/src/cli/format/shown-status.ts';
import { healthWords } from '../../../packages/herd/src/cli/format/health.ts';
import {
  causeOf,
  namesBelow,
  whyLines,
  type Cause,
  type Known,
} from '../../../packages/herd/src/cli/format/why.ts';
import { maxWhyCount } from '../../../packages/herd/src/cli/limits.ts';
import { statusOf } from './fake-shepherd.ts';

const now = new Date(2026, 10, 25, 10, 4, 5).getTime();
const look = { paint: (_style: string, text: string) => text, bullet: '●', columns: 80, now };
const by = { asker: 'root', operation: 'op-1', atMs: now - 60_000 };
const command: Prompt = { kind: 'command', ...by, action: 'start', service: 'web' };
interface World {
  readonly services: readonly ShownStatus[];
  readonly grounds?: Readonly<Record<string, Grounds>>;
}
const knownOf = ({ services, grounds = {} }: World): Known => ({
  status: (name) => services.find(({ provision }) => provision.includes(name)),
  grounds: (name) => grounds[name],
});
const why = (name: string, world: World): Cause => causeOf(name, knownOf(world), look);
const down = (name: string, more: Partial<ShownStatus> = {}): ShownStatus =>
  statusOf(name, { stage: 'stopped', ...more });

describe('why a service is so', () => {
  it('names who started what runs', () => {
    const grounds = {
      web: { wish: 'start', by: { ...by, action: 'start', service: 'web' }, underWay: [] },
    } as const;
    const cause = why('web', {
      services: [statusOf('web', { since: now - 5_000, pid: 7, startedBy: command })],
      grounds,
    });
    expect(cause).toMatchObject({ verdict: 'running', next: ['herd status web'], log: [] });
    expect(cause.startedBy).toEqual(command);
    expect(cause.sentences).toEqual([
      'web runs since 10:04:00 (5 seconds ago).',
      'It was started by local root at 10:03:05 (60 seconds ago) (op-1).',
      'Its process has the PID 7.',
    ]);
  });
  it('names the command that took it along when it was stopped', () => {
    const stopped = { ...by, action: 'stop', service: 'net' };
    const grounds = { web: { wish: 'stop', by: stopped, underWay: [] } } as const;
    const stoppedBecause = { ...command, kind: 'along', action: 'stop', service: 'net' } as const;
    const off = down('web', { since: now, stoppedBecause });
    const { sentences, next } = why('web', { services: [off], grounds });
    expect(sentences[1]).toBe(
      "It was stopped by local root at 10:03:05 (60 seconds ago), along with 'stop net' (op-1).",
    );
    expect(next).toEqual(['herd start web']);
  });
  it('tells how the last run of a timer went, and how many failed, with its log', () => {
    const run = (more: object) => ({
      number: 1,
      startedMs: now - 9_000,
      endedMs: now - 7_000,
      ...more,
    });
    const timer = (...runs: readonly object[]) =>
      statusOf('tick', { timer: { when: 'each minute', runs } as never, recentLines: ['no disk'] });
    const bad = why('tick', {
      services: [timer(run({ code: 0 }), run({ code: 4 }), run({ endedMs: undefined }))],
    });
    expect(bad.sentences.at(-1)).toBe(
      '1 of its last 2 runs failed. The last: 2026-11-25 10:03:56 Process exited with code 4 after 2 seconds.',
    );
    expect(bad).toMatchObject({
      log: ['no disk'],
      next: ['herd log tick -n 50', 'herd status tick'],
    });
    const good = why('tick', { services: [timer(run({ code: 4 }), run({ code: 0 }))] });
    expect(good.sentences.at(-1)).toContain(
      'The last: 2026-11-25 10:03:56 Process exited successfully',
    );
    expect(good.log).toEqual([]);
    expect(why('tick', { services: [timer()] }).sentences.at(-1)).not.toContain('The last');
  });
  it('tells how many have come to one that accepts, and whose process one of them is', () => {
    const accepting = { openCount: 1, limitCount: 9, refusedCount: 2 };
    const services = [statusOf('echo', { since: now, accepting })];
    expect(why('echo', { services }).sentences.at(-1)).toBe(
      'Connections: 1 of 9; 2 were turned away; each has a process of its own.',
    );
    const failure = { reason: 'exec: /bin/ech: no such file', at: now - 1_000 };
    const unserved = why('echo', {
      services: [statusOf('echo', { since: now, accepting, failure, recentLines: ['a line'] })],
    });
    expect(unserved.sentences.at(-2)).toMatch(
      /^Whoever came last was not served, at .*: exec: \/bin\/ech: no such file\.$/,
    );
    expect([unserved.log, unserved.next[0]]).toEqual([['a line'], 'herd log echo -n 50']);
    const closed = [down('echo', { since: now, accepting })];
    expect(why('echo', { services: closed }).sentences.at(-1)).toBe(
      'Connections: 1 of 9; 2 were turned away; they go on to their end.',
    );
    const connection = { of: 'echo', peer: '127.0.0.1:4711' };
    expect(
      why('echo-1', { services: [statusOf('echo-1', { since: now, connection })] }).sentences,
    ).toContain('It has the connection to echo, from 127.0.0.1:4711, and ends with its process.');
  });
  it('says that nobody ever started it', () => {
    expect(why('web', { services: [down('web')] }).sentences).toEqual([
      'web does not run: nobody has started it, and its configuration does not either.',
    ]);
  });
  it('goes down to the requirement that failed, with the end of its log, and begins there', () => {
    const failure = { reason: 'its process exited with code 3', at: now - 1_000 };
    const lastExit = { code: 3, at: now - 1_000 };
    const db = down('db', { failure, lastExit, recentLines: ['no\x1b[2J such file'] });
    const services = [
      down('web', { requirement: ['db', 'net'], isWanted: true }),
      db,
      statusOf('net'),
    ];
    const cause = why('web', { services });
    expect(cause.below.map(({ service }) => service)).toEqual(['db']);
    expect(cause.next).toEqual(['herd log db -n 50', 'herd start db', 'herd start web']);
    expect(whyLines(cause, look)).toEqual([
      'web does not run.',
      'It needs db:',
      '  db does not run: its last start failed at 10:04:04 (1 second ago): its process exited with code 3.',
      '  Its last process exited with code 3 at 10:04:04 (1 second ago).',
      '    | no\\x1b[2J such file',
      '',
      'Next:',
      '  herd log db -n 50',
      '  herd start db',
      '  herd start web',
    ]);
  });
  it('says of what was run once that it has ended, and offers no start', () => {
    const ended = { transient: 'ended', isOneShot: false } as const;
    const good = down('job-1', { ...ended, lastExit: { code: 0, at: now } });
    expect(why('job-1', { services: [good] })).toMatchObject({
      verdict: 'done',
      sentences: ['job-1 was run once, and has ended: it is not started again.'],
      next: ['herd status job-1'],
    });
    const bad = down('job-1', { ...ended, lastExit: { code: 1, at: now }, recentLines: ['no'] });
    const wanted = { ...bad, isWanted: true };
    const grounds = { 'job-1': { wish: 'start', by, underWay: [] } } as const;
    expect(why('job-1', { services: [wanted], grounds }).sentences).toEqual([
      'job-1 was run once, and has ended: it is not started again.',
      'Its last process exited with code 1 at 10:04:05 (0 seconds ago).',
    ]);
    expect(why('job-1', { services: [bad] })).toMatchObject({
      verdict: 'stopped',
      log: ['no'],
      next: ['herd log job-1 -n 50'],
    });
  });
  it('names who has disabled it, or that it has itself', () => {
    const off = down('web', { isEnabled: false });
    const disabledBy = { ...command, operation: 'op-2', action: 'disable', atMs: now };
    expect(why('web', { services: [{ ...off, disabledBy }] }).sentences).toContain(
      'It is disabled, so no start is carried out: local root disabled it at 10:04:05 (0 seconds ago) (op-2).',
    );
    expect(why('web', { services: [off] }).sentences).toContain(
      'It is disabled, so no start is carried out.',
    );
    const reason = 'respawned 5 times within 7 s';
    const limit: Prompt = { kind: 'respawn-limit', atMs: now, reason };
    const itself = { ...off, disabledReason: reason, disabledBy: limit };
    const cause = why('web', { services: [itself] });
    expect(cause.sentences[1]).toBe(
      'It has disabled itself, so no start is carried out since 10:04:05 (0 seconds ago): ' +
        'it was respawned 5 times within 7 s.',
    );
    expect(cause.next).toEqual(['herd enable web', 'herd start web']);
  });
  it.each<[Prompt['kind'], Partial<Prompt>, string]>([
    [
      'command',
      { action: 'restart', service: 'web' },
      "started by local root at W, by 'restart web' (op-1).",
    ],
    [
      'along',
      { action: 'start', service: 'site' },
      "started by local root at W, along with 'start site' (op-1).",
    ],
    [
      'deploy',
      { action: 'deploy', service: 'web' },
      "for a release, by 'deploy web' of local root, at W (op-1).",
    ],
    ['boot', {}, 'started at W, when the shepherd began.'],
    ['reload', {}, 'started at W, with a reload of the configuration.'],
    ['requirement-back', { service: 'db' }, 'since db is up again, which it requires.'],
    ['failure-hook', { service: 'db' }, 'since db has failed.'],
    ['respawn', {}, 'started again at W, after its process had ended.'],
    ['socket', {}, 'since somebody came to its socket.'],
    ['connection', { service: 'echo' }, 'for somebody whom echo has accepted.'],
    ['adopted', {}, 'found running, and no record says who has started it.'],
    ['unknown', {}, 'for a reason that has no words here (unknown).'],
  ])('says of a start by %s what it came from', (kind, more, words) => {
    const startedBy = { ...(more.action === undefined ? { atMs: by.atMs } : by), ...more, kind };
    const { sentences } = why('web', { services: [statusOf('web', { startedBy })] });
    expect(sentences[1]).toContain(words.replace('W', '10:03:05 (60 seconds ago)'));
  });
  it.each<[Prompt['kind'], Partial<Prompt>, string]>([
    ['command', { action: 'stop', service: 'web' }, 'stopped by local root at W (op-1).'],
    ['boot', {}, 'when the shepherd began: nobody wanted it.'],
    ['shutdown', {}, 'stopped at W, at the end of its shepherd.'],
    ['reload', {}, 'by a reload of the configuration.'],
    ['requirement-lost', { service: 'db' }, 'since db was lost, which it requires.'],
    ['timer-over', {}, 'since it never rings again.'],
    [
      'ended',
      { reason: 'its process exited with code 3' },
      'by itself at W: its process exited with code 3.',
    ],
    [
      'ended-away',
      { reason: 'its process exited with code 3' },
      'while there was no shepherd, which found that at W',
    ],
    ['lost', {}, 'nobody has seen how it ended.'],
    [
      'not-alive',
      { reason: '3 checks in a row failed' },
      'not alive any more: 3 checks in a row failed.',
    ],
    ['start-failed', { reason: 'no such file' }, 'Its start failed at W: no such file.'],
    [
      'respawn-limit',
      { reason: 'respawned 5 times within 7 s' },
      'since it was respawned 5 times within 7 s.',
    ],
  ])('says of a stop by %s what it came from', (kind, more, words) => {
    const stoppedBecause = {
      ...(more.action === undefined ? { atMs: by.atMs } : by),
      ...more,
      kind,
    };
    const { sentences } = why('web', { services: [down('web', { stoppedBecause })] });
    expect(sentences[1]).toContain(words.replace('W', '10:03:05 (60 seconds ago)'));
  });
  it('names nobody whom a reference does not show, and its own commands by whoever gave them here', () => {
    const stopped: Prompt = { kind: 'command', atMs: by.atMs };
    const blamed = (stoppedBecause: Prompt): string | undefined => {
      const a = down('a', { kind: 'exported', origin: 'A', stoppedBecause });
      const members = [{ name: 'a', stage: 'stopped', ageMs: 0 }] as const;
      const fleet = statusOf('fleet', { kind: 'fleet', members, runningCount: 0 });
      const grounds = { a: { wish: 'stop', by, underWay: [] } } as const;
      return why('fleet', { services: [fleet, a], grounds }).below[0]?.sentences[1];
    };
    expect(blamed(stopped)).toBe('It was stopped by somebody else at 10:03:05 (60 seconds ago).');
    expect(blamed({ ...stopped, isYours: true, operation: 'op-1' })).toBe(
      'It was stopped by local root at 10:03:05 (60 seconds ago) (op-1).',
    );
    expect(blamed({ ...stopped, isYours: true, operation: 'op-0' })).toBe(
      'It was stopped by a command from here at 10:03:05 (60 seconds ago) (op-0).',
    );
    expect(blamed({ ...stopped, kind: 'along' })).toContain(', along with another service.');
  });
  it('says when a shepherd has taken over what ran, and who wants what does not run', () => {
    const startedBy = { ...command, adoptedMs: now };
    expect(why('web', { services: [statusOf('web', { startedBy })] }).sentences).toContain(
      'The shepherd has taken it over at 10:04:05 (0 seconds ago), running.',
    );
    const stoppedBecause: Prompt = { kind: 'requirement-lost', atMs: now, service: 'db' };
    const grounds = { web: { wish: 'start', by, underWay: [] } } as const;
    const services = [down('web', { startedBy: command, stoppedBecause, isWanted: true })];
    expect(why('web', { services, grounds }).sentences).toContain(
      'It is wanted: local root asked for its start at 10:03:05 (60 seconds ago) (op-1).',
    );
  });
  it('says of a one-shot that has done its work so, whichever daemon has seen that', () => {
    const stoppedBecause: Prompt = { kind: 'done', atMs: now };
    expect(
      why('web', { services: [down('web', { isOneShot: true, stoppedBecause })] }),
    ).toMatchObject({
      verdict: 'done',
    });
  });
  it('names a process that hangs before its program, and what it is at', () => {
    const hang = { pid: 42, at: 'its working directory' };
    const starting = statusOf('web', { stage: 'starting', isReady: false, hang });
    expect(why('web', { services: [starting] }).sentences).toContain(
      'Its process, PID 42, hangs before it runs its program (it is at its working directory): a disk or a network ' +
        "share may not answer. 'herd stop' kills it after the grace.",
    );
  });
  it('says when it is started again, and how often it was', () => {
    const flapping = { isRespawning: true, nextStartMs: 1_600, respawnCount: 3 } as const;
    const lastExit = { signal: 'SIGSEGV', at: now };
    const { sentences } = why('web', {
      services: [statusOf('web', { stage: 'starting', ...flapping, lastExit })],
    });
    expect(sentences).toEqual([
      'web is starting.',
      'Its last process terminated with signal 11 (SIGSEGV) at 10:04:05 (0 seconds ago).',
      'It has been started again 3 times.',
      'It is started again in 1.6 s.',
    ]);
  });
  it('says what it waits for, and in which command', () => {
    const part = { asker: 'root', operation: 'op-3', action: 'start', phase: 'waiting' } as const;
    const grounds = { web: { wish: 'start', underWay: [{ ...part, waitsFor: ['db'] }] } } as const;
    const services = [
      down('web', { requirement: ['db'] }),
      statusOf('db', { stage: 'starting', pid: 8, readyMs: 30_000 }),
    ];
    const cause = why('web', { services, grounds });
    expect(cause.sentences).toContain(
      'Under way: start web of local root (op-3); it waits for db.',
    );
    expect(cause.next[0]).toBe('herd op show op-3');
    expect(cause.below[0]?.sentences).toContain(
      'It is waited for until it is ready, 30 seconds at most.',
    );
  });
  it('says of a service out of reach what was seen, and of a fleet which members do not serve', () => {
    const lost = {
      stage: 'unknown',
      origin: 'A',
      unknownReason: 'no contact',
      ageMs: 300_000,
    } as const;
    const members = [
      { name: 'a', stage: 'unknown', unknownReason: 'no contact', ageMs: 300_000 },
      { name: 'b', stage: 'running', ageMs: 0 },
    ] as const;
    const services = [
      statusOf('fleet', { members, runningCount: 1 }),
      statusOf('a', lost),
      statusOf('b'),
    ];
    const cause = why('fleet', { services });
    expect(cause).toMatchObject({ verdict: 'not-ready', next: ['herd net'] });
    expect(cause.sentences).toEqual([
      'Of fleet 1 of 2 members serve.',
      'a: no contact, seen 5 min ago.',
    ]);
    expect(cause.below.map(({ sentences }) => sentences[0])).toEqual([
      'Nobody here can tell whether a at A runs: no contact; it was seen 5 min ago.',
    ]);
  });
  it('says of a slot that it has no release, and how far a deploy is', () => {
    const slot = { phase: 'awaiting-confirm', target: 'rel:1', deadlineMs: now } as const;
    const cause = why('web', { services: [down('web', { slot })] });
    expect(cause.sentences).toContain('No release is active in its slot.');
    expect(cause.sentences).toContain(
      'The deploy of rel:1 is at: awaiting-confirm, until 10:04:05.',
    );
    expect(cause.next).toContain('herd deploy web FILE');
  });
  it('of a ref goes on by that ref', () => {
    const status = down('web', { lastExit: { code: 1, at: now } });
    const known = { ...knownOf({ services: [] }), status: () => status };
    expect(causeOf('@mine', known, look).next).toEqual([
      'herd log @mine -n 50',
      'herd start @mine',
    ]);
    const lost = { ...known, status: () => statusOf('web', { stage: 'unknown' }) };
    expect(causeOf('@mine', lost, look).next).toEqual(['herd ref show mine']);
  });
  it('of a fleet that was to stop says which members go on, and advises to start none of those that do not', () => {
    const members = [
      { name: 'web-a', stage: 'stopped', isWanted: false },
      { name: 'web-b', stage: 'running' },
    ] as const;
    const more = { kind: 'fleet', members, runningCount: 1, isReady: false } as const;
    const told = { health: 'degraded', blame: ['web-b'], isWanted: false } as const;
    const fleet = statusOf('fleet', { ...more, ...told });
    const services = [fleet, down('web-a', { isWanted: false }), statusOf('web-b', { pid: 7 })];
    const cause = why('fleet', { services });
    expect(cause.below.map(({ service }) => service)).toEqual(['web-b']);
    expect(cause.next).toEqual(['herd status web-b', 'herd stop fleet']);
    expect(whyLines(cause, look)).toContain('What goes on of it is web-b:');
    expect(healthWords(fleet)).toEqual(['degraded: web-b (running)']);
    expect(healthWords({ ...fleet, isWanted: true })).toEqual(['degraded: web-b']);
  });
  it('of a ref to a fleet says whom to ask for more of a member that is unwell, and nothing that a holder may not', () => {
    const fleet = (...names: readonly string[]): ShownStatus => {
      const unwell = { stage: 'unknown', unknownReason: 'cannot reach B: no route' } as const;
      const members = names.map((name) => ({ name, ...unwell }));
      const up = { name: 'web-a', stage: 'running' } as const;
      const counts = { runningCount: 1, neededCount: 1 } as const;
      return statusOf('fleet', { kind: 'fleet', members: [up, ...members], ...counts });
    };
    const whyOf = (status: ShownStatus): Cause => {
      const of = (name: string) => (name === '@fleet' ? status : undefined);
      return causeOf('@fleet', { status: of, grounds: () => undefined, through: '@fleet' }, look);
    };
    const cause = whyOf(fleet('web-b'));
    expect(cause).toMatchObject({ verdict: 'not-ready', below: [], unseen: ['web-b'] });
    expect(cause.sentences).toEqual([
      'Of fleet 1 of 2 members serve.',
      'web-b: cannot reach B: no route.',
      '@fleet tells no more of web-b than that: ask whoever gave it to you.',
    ]);
    expect(cause.next).toEqual(['herd status @fleet']);
    const names = ['b', 'c', 'd', 'e', 'f', 'g'];
    expect(whyOf(fleet(...names.slice(0, 5))).sentences.at(-1)).toMatch(
      /no more of b, c, d, e, f than/,
    );
    expect(whyOf(fleet(...names)).sentences.at(-1)).toBe(
      '@fleet tells no more of 6 members than that: ask whoever gave it to you.',
    );
    expect(whyOf(fleet())).not.toHaveProperty('unseen');
  });
  it('has somebody look at the disk where that is full', () => {
    const failure = { reason: 'write: ENOSPC: no space left on device', at: now };
    expect(why('web', { services: [down('web', { failure })] }).next).toContain('df -h');
  });
  it('says of a requirement that is no service that there is none', () => {
    const cause = why('web', { services: [down('web', { requirement: ['gone'] })] });
    expect(cause.below[0]).toMatchObject({ service: 'gone', verdict: 'missing' });
    expect(cause.next[0]).toBe('herd check');
  });
  it('ends in a circle, and after so many services', () => {
    const circle = [down('a', { requirement: ['b'] }), down('b', { requirement: ['a'] })];
    expect(why('a', { services: circle }).below[0]?.below).toEqual([]);
    const chain = Array.from({ length: maxWhyCount + 5 }, (_, at) =>
      down(`s${at}`, { requirement: [`s${at + 1}`] }),
    );
    const known = knownOf({ services: chain });
    const [first] = chain;
    if (first === undefined) throw new Error('no chain');
    expect(namesBelow(first as never, known)).toHaveLength(maxWhyCount);
    let depth = 0;
    for (let cause = why('s0', { services: chain }); ; depth += 1) {
      const [next] = cause.below;
      if (next === undefined) break;
      cause = next;
    }
    expect(depth + 1).toBe(maxWhyCount);
  });
});
