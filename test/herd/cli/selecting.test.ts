/** What `herd` does with whom a selector picks out: says it, asks whether that is meant, and asks for no more. */
import { Refused } from '@bellwether/actors';
import { NothingSelected, UnknownService } from '@bellwether/shepherd';
import { afterEach, describe, expect, it } from 'vitest';
import { openRoot } from '../../../packages/herd/src/client/root.ts';
import { main } from '../../../packages/herd/src/cli/main.ts';
import {
  askFromCount,
  lookAgainMs,
  shownNameCount,
} from '../../../packages/herd/src/cli/limits.ts';
import { ofMembers } from '../../../packages/herd/src/cli/commands/selecting.ts';
import type { Terminal } from '../../../packages/herd/src/cli/terminal/terminal.ts';
import { version } from '../../../packages/herd/src/version.ts';
import { startFakeShepherd, statusOf, type Answers, type FakeShepherd } from './fake-shepherd.ts';
import { fakeTerminal } from './fake-terminal.ts';

let shepherd: FakeShepherd | undefined;
afterEach(async () => {
  await shepherd?.stop();
  shepherd = undefined;
});
const namesOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `web-${at}`);
const picked = (count: number, unknownKeys: readonly string[] = []): Answers => ({
  select: () => ({ names: namesOf(count), unknownKeys }),
  perform: (_turn, request) => {
    const { member, onlyMembers = [] } = request as { member: string; onlyMembers?: string[] };
    const rows = onlyMembers.map((each) => ({ member: each, result: 'changed' }));
    return { member, result: 'changed', rows };
  },
});
/** Runs one command line; `says` is what a person at the terminal answers, nobody where it is absent. */
const herd = async (answers: Answers, words: readonly string[], says?: boolean) => {
  shepherd = await startFakeShepherd(answers);
  const questions: string[] = [];
  const { folder: XDG_DATA_HOME, socket } = shepherd;
  const more: Partial<Terminal> = {
    uid: process.getuid?.() ?? 0,
    // Nothing is waited for.
    every: (ms, tick) => {
      if (ms === lookAgainMs) return () => undefined;
      const timer = setTimeout(tick, 1);
      return () => clearTimeout(timer);
    },
    env: { SHEPHERD_SOCKET: socket, XDG_DATA_HOME },
    agrees: (question) => {
      questions.push(question);
      return Promise.resolve(says);
    },
  };
  const terminal = fakeTerminal(more);
  // The petname leads to the same fake.
  const here = { uid: more.uid ?? 0, env: more.env ?? {} };
  const code = await main(
    words,
    terminal,
    { version },
    {
      root: (said) => openRoot(here, said),
      petname: () => openRoot(here, undefined),
      sturdyref: () => Promise.reject(new Error('nobody')),
    },
  );
  const asked = shepherd.asked.map(([method, ...args]) => ({ method, args }));
  return { code, questions, asked, ...terminal.written };
};
const methods = ({ asked }: Awaited<ReturnType<typeof herd>>) => asked.map(({ method }) => method);

describe('a command with -l', () => {
  it('asks whom it picks out, and commands those by their names', async () => {
    const ran = await herd(picked(2), ['stop', 'web', '-l', ' role = web , !canary']);
    expect(ran).toMatchObject({ code: 0, questions: [] });
    expect(ran.err).toBe('herd: stop of 2 services: web-0, web-1\n');
    expect(ran.asked).toMatchObject([
      { method: 'select', args: ['role=web,!canary', 'web'] },
      {
        method: 'perform',
        args: [{ member: 'web{role=web,!canary}', onlyMembers: ['web-0', 'web-1'] }],
      },
    ]);
  });
  it('asks of what a petname leads to for its members alone', async () => {
    const ran = await herd(picked(1), ['restart', '@fleet', '-l', 'role']);
    expect(ran.asked).toMatchObject([
      { method: 'select', args: ['role'] },
      { method: 'perform', args: [{ member: '@fleet', onlyMembers: ['web-0'] }] },
    ]);
  });
  it('shows so many names, and then how many more', async () => {
    const most = await herd(picked(shownNameCount), ['stop', '-l', 'role', '--yes']);
    expect(most.err).toMatch(/ web-19\n$/);
    await shepherd?.stop();
    const more = await herd(picked(shownNameCount + 1), ['stop', '-l', 'role', '--yes']);
    expect(more.err).toMatch(/ of 21 services: web-0, .* web-19 and 1 more\n$/);
  });
  it.each([
    ['few', askFromCount - 1, [], false, []],
    ['many', askFromCount, [], false, ['herd: all of these? [y/N] ']],
    ['a slip', 1, ['canray'], false, ['herd: all of these? [y/N] ']],
  ])(
    'asks a person who is there whether they are meant: %s',
    async (_what, count, slips, says, questions) => {
      const ran = await herd(picked(count, slips), ['stop', '-l', 'role'], says);
      expect(ran.questions).toEqual(questions);
      const isDone = questions.length === 0;
      expect(methods(ran)).toEqual(isDone ? ['select', 'perform'] : ['select']);
      expect(ran.code).toBe(isDone ? 0 : 1);
      if (!isDone) expect(ran.err).toMatch(/herd: nothing was done\n$/);
    },
  );
  it('goes on where he says yes, where nobody is there, and where that was said before', async () => {
    for (const [words, says, count] of [
      [[], true, 1],
      [[], undefined, 1],
      [['--yes'], false, 0],
    ] as const) {
      const ran = await herd(picked(askFromCount), ['stop', '-l', 'role', ...words], says);
      expect(methods(ran)).toEqual(['select', 'perform']);
      expect(ran.questions).toHaveLength(count);
      await shepherd?.stop();
    }
  });
  it('of a shepherd that knows no selectors says so, and has asked for nothing', async () => {
    for (const [service, whose] of [
      ['web', 'the shepherd'],
      ['@web', 'the shepherd behind @web'],
    ] as const) {
      const older = {
        ...picked(1),
        select: () => {
          throw new Refused("^local-root has no method 'select'");
        },
      };
      const ran = await herd(older, ['stop', service, '-l', 'role']);
      expect(ran.code).toBe(1);
      expect(ran.err).toBe(
        `herd: error: ${whose} is too old to know selectors, and was asked for nothing\n` +
          'Name the services, or a fleet of them; or upgrade it.\n',
      );
      expect(methods(ran)).toEqual(['select']);
      await shepherd?.stop();
    }
  });
  it('is a mistake where nobody is as it says', async () => {
    const nobody = {
      select: () => {
        throw new NothingSelected('role=wbe', undefined, "was 'role=web' meant?");
      },
    };
    const ran = await herd(nobody, ['--json', 'stop', '-l', 'role=wbe']);
    expect(ran.code).toBe(2);
    expect(JSON.parse(ran.out)).toMatchObject({ code: 'nothing-selected', exitCode: 2 });
    await shepherd?.stop();
    expect(await herd(nobody, ['stop', '-l', 'role='])).toMatchObject({ code: 2, asked: [] });
  });
  const mixed: Answers = {
    ...picked(3),
    // Of one that is elsewhere nobody knows who does not wait for its answer.
    status: (_turn, _names, probeMs) => [
      statusOf('web-0', { actions: [{ name: 'rollback', documentation: '' }] }),
      statusOf('web-1', typeof probeMs === 'number' && probeMs < 500 ? { stage: 'unknown' } : {}),
      statusOf('web-2', { stage: 'unknown' }),
    ],
  };
  it('of what slots do is for the slots of those alone, and says who is left out', async () => {
    const ran = await herd(mixed, ['rollback', '-l', 'role']);
    expect(ran.err).toBe(
      'herd: left out, since no slots: web-1\nherd: rollback of 2 services: web-0, web-2\n',
    );
    expect(ran.asked.at(-1)).toMatchObject({ args: [{ onlyMembers: ['web-0', 'web-2'] }] });
    await shepherd?.stop();
    // Whoever names a SERVICE has said who is meant, and every service has this one.
    for (const words of [
      ['rollback', 'web', '-l', 'role'],
      ['stop', '-l', 'role'],
    ]) {
      expect(methods(await herd(mixed, words))).toEqual(['select', 'perform']);
      await shepherd?.stop();
    }
  });
  it('of what slots do is a mistake where none of those is one', async () => {
    const plain = { ...picked(2), status: () => [statusOf('web-0'), statusOf('web-1')] };
    const ran = await herd(plain, ['rollback', '-l', 'role']);
    expect([ran.code, ran.err.split('\n')[0]]).toEqual([
      2,
      "herd: error: no service is as role says: no slot is among web-0, web-1, and 'rollback' is for slots",
    ]);
    expect(methods(ran)).toEqual(['select', 'status']);
  });
  it('of a peer that answers with what is no list of names goes no further', async () => {
    for (const answer of [
      ['web'],
      { names: 'web', unknownKeys: [] },
      { names: [7], unknownKeys: [] },
    ]) {
      const ran = await herd({ ...picked(1), select: () => answer }, ['stop', '-l', 'role']);
      expect(ran.code).toBe(1);
      expect(methods(ran)).toEqual(['select']);
      await shepherd?.stop();
    }
  });
});

describe('what only looks, with -l,', () => {
  const digest = `rel:sha256-${'0123456789abcdef'.repeat(4)}`;
  const slotActions = [
    { name: 'rollback', documentation: 'Goes back.' },
    { name: 'releases', documentation: 'Shows them.' },
  ];
  const statuses = [
    statusOf('web-0', { actions: slotActions }),
    statusOf('web-1', { actions: slotActions, stage: 'stopped', isWanted: true }),
    statusOf('db', { actions: [{ name: 'dump', documentation: 'Dumps.' }] }),
  ];
  const among = (names: readonly string[], more: Answers = {}): Answers => ({
    select: () => ({ names, unknownKeys: [] }),
    status: (_turn, asked) => {
      const wanted = asked as readonly string[];
      const is = ({ provision: [name = ''] }: (typeof statuses)[number]) => wanted.includes(name);
      return wanted.length === 0 ? statuses : statuses.filter(is);
    },
    grounds: () => ({ underWay: [] }),
    ...more,
  });
  const rows = [
    { member: 'web-0', result: 'ok', output: [`${digest} web 1 45 current`] },
    { member: 'web-1', result: 'ok' },
    { member: 'web-2', result: 'unreachable', reason: 'nobody answers there' },
  ];
  const releases = (member: string, of: readonly object[] = rows): Answers => ({
    perform: () => ({ member, result: 'unreachable', rows: of }),
  });

  it('shows the releases of each slot below its name, and who could not tell, of a fleet as well', async () => {
    const chosen = await herd(
      among(['web-0', 'web-1', 'db'], releases('{role}', rows.slice(0, 2))),
      ['release', 'ls', '-l', 'role'],
    );
    expect(chosen.err).toBe('herd: left out, since no slots: db\n');
    expect(chosen.out).toBe(
      `web-0:\n  ${digest}  web  1  45 bytes  current\nweb-1:\n  No releases yet.\n`,
    );
    expect(chosen.asked.at(-1)).toMatchObject({
      method: 'perform',
      args: [{ action: 'releases', member: '{role}', onlyMembers: ['web-0', 'web-1'] }],
    });
    await shepherd?.stop();
    const fleet = await herd(releases('webs'), ['release', 'ls', 'webs']);
    expect(fleet.code).toBe(4);
    expect(fleet.out).toContain('web-1:\n  No releases yet.\n');
    expect(fleet.err).toContain('release ls webs: 1 of 3 slots did not tell what is there\n');
    expect(fleet.err).toContain('web-2  unreachable  nobody answers there');
    await shepherd?.stop();
    const data = JSON.parse(
      (await herd(releases('webs'), ['--json', 'release', 'ls', 'webs'])).out,
    );
    expect(data).toMatchObject({
      ...{ kind: 'releases', service: 'webs', exitCode: 4 },
      members: [
        { member: 'web-0', releases: [{ digest, app: 'web', version: '1', bytes: 45 }] },
        { member: 'web-1', releases: [] },
        { member: 'web-2', result: 'unreachable' },
      ],
    });
    expect(data.members[2]).not.toHaveProperty('releases');
  });
  it('says why of each, with the exit code of all of them', async () => {
    const some = await herd(among(['web-0', 'web-1']), ['why', 'web', '-l', 'role']);
    expect(some.code).toBe(3);
    expect(some.out).toMatch(/^web-0 runs[\s\S]*\n\nweb-1 does not run/);
    expect(some.asked[0]).toEqual({ method: 'select', args: ['role', 'web'] });
    await shepherd?.stop();
    const bad = await herd(among(['web-1']), ['--json', 'why', '-l', 'role']);
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.out)).toMatchObject({
      kind: 'why',
      services: [{ service: 'web-1', verdict: 'stopped' }],
    });
    await shepherd?.stop();
    const ref = await herd(among([]), ['why', '@fleet', '-l', 'role']);
    expect([ref.code, ref.asked]).toEqual([2, []]);
    expect(ref.err).toContain("'herd status @fleet -l SELECTOR'");
  });
  it('shows what those use that have a process here, and names the others', async () => {
    const one = (service: string) => ({
      ...{ service, stage: 'running', pid: 7, respawnCount: 0, processCount: 1 },
      ...{ threadCount: 1, cpuMs: 1, rssBytes: 1_024 },
    });
    const usage = () => ({
      ...{ atMs: 1, cpuCount: 2, memoryBytes: 2, availableBytes: 1 },
      services: ['root', 'web-0', 'db'].map(one),
    });
    const ran = await herd(among(['web-0', 'web-1'], { usage }), ['--json', 'top', '-l', 'role']);
    expect(ran).toMatchObject({
      code: 0,
      err: 'herd: left out, since without a process here: web-1\n',
    });
    expect(JSON.parse(ran.out)).toMatchObject({ kind: 'top', services: [{ service: 'web-0' }] });
    expect(JSON.parse(ran.out).services).toHaveLength(1);
  });
  it('tells what they are for, what is alike once, and which of them has an action', async () => {
    const all = among(['web-0', 'web-1', 'db']);
    const list = await herd(all, ['doc', '-l', 'role', 'list-actions']);
    expect(list.out).toBe(
      'web-0, web-1:\n  rollback: Goes back.\n  releases: Shows them.\ndb:\n  dump: Dumps.\n',
    );
    expect(list.asked[0]).toEqual({ method: 'select', args: ['role'] });
    await shepherd?.stop();
    const one = await herd(all, ['doc', 'web', 'action', 'dump', '-l', 'role']);
    expect(one).toMatchObject({
      out: 'db:\n  dump: Dumps.\n',
      err: "herd: left out, since without 'dump': web-0, web-1\n",
    });
    expect(one.asked[0]).toEqual({ method: 'select', args: ['role', 'web'] });
    await shepherd?.stop();
    const none = await herd(all, ['doc', '-l', 'role', 'action', 'polish']);
    expect(none.code).toBe(1);
    expect(none.err).toContain("does not have an action 'polish'");
    await shepherd?.stop();
    const data = JSON.parse((await herd(all, ['--json', 'doc', '-l', 'role'])).out);
    expect(data).toMatchObject({ kind: 'doc', services: [{ service: 'web-0' }, {}, {}] });
  });
});

describe('herd grant with -l', () => {
  const words = ['--to', 'alice', '--expires', '8h', '--dry-run'];
  const answers: Answers = {
    ...{ ...picked(2), grants: () => ({ grants: [] }), status: () => [] },
    whoCan: () => ({ grants: [], moreCount: 0, minted: [] }),
  };
  /** Machines have it, and no service here is called so. */
  const ofMachines = (count: number): Answers => ({
    ...{ ...answers, ...picked(count) },
    whoCan: () => {
      throw new UnknownService('web');
    },
  });
  it('is for the one service that has the rest of its name by a machine, and for no more', async () => {
    const one = await herd(ofMachines(1), ['grant', 'web', '-l', 'role', ...words]);
    expect(one.out).toContain('Would let alice do this: status of web-0, until');
    await shepherd?.stop();
    const two = await herd(ofMachines(2), ['grant', 'web', '-l', 'role', ...words]);
    expect([two.code, two.err]).toEqual([
      2,
      "herd: error: a grant is of one service, and 2 of those are called 'web'\n" +
        "Name one of them, or a fleet that has them: fleet({ select: 'role' }) makes one.\n",
    ]);
  });
  it('is for the members of the fleet that it picks out, of whom there are no more later', async () => {
    const ran = await herd(answers, ['grant', 'webs', '-l', 'role', ...words]);
    expect(ran.asked[0]).toEqual({ method: 'select', args: ['role', 'webs'] });
    expect(ran.out).toContain('Would let alice do this: status of webs (only web-0, web-1), until');
  });
  it('shows them before there is an invite, and makes none where somebody says no', async () => {
    const sure = words.filter((word) => word !== '--dry-run');
    const many = { ...answers, ...picked(askFromCount) };
    const ran = await herd(many, ['grant', 'webs', '-l', 'role', ...sure, '--reveal'], false);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/^herd: grant of \d+ services: web-0, /);
    expect(methods(ran)).toEqual(['select']);
  });
  it.each([
    ['of no service', ['-l', 'role'], 'a grant is one thing that can be taken back'],
    ['beside --nodes', ['webs', '-l', 'role', '--nodes', 'a'], 'two ways to choose members'],
  ])('is refused %s', async (_what, more, told) => {
    const ran = await herd(answers, ['grant', ...more, ...words]);
    expect([ran.code, ran.asked]).toEqual([2, []]);
    expect(ran.err).toContain(told);
  });
});

it('some members of a fleet are as well as they are, whatever the others do', () => {
  const members = ['web-0', 'web-1', 'web-2'].map((name) => ({
    name,
    stage: name === 'web-0' ? ('stopped' as const) : ('running' as const),
    ...(name === 'web-2' && { isReady: false }),
    ageMs: 0,
  }));
  const fleet = statusOf('fleet', { members, health: 'failed', blame: ['web-0'] });
  const shown = ofMembers(fleet, ['web-1', 'web-2']);
  expect(shown).toMatchObject({ runningCount: 1, neededCount: 2, members: members.slice(1) });
  expect(shown).not.toHaveProperty('health');
  expect(shown).not.toHaveProperty('blame');
  expect(ofMembers(statusOf('web'), [])).toEqual(statusOf('web'));
});
