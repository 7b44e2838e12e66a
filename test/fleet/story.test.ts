import { World } from '@bellwether/actors';
import { exitCodeOf } from '@bellwether/fleet';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import type { Outcome, Request, Status } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { FleetNode, introduce, Operator, type Site } from '../support/fleet-node.ts';
import { tellStory, webServices, type Story } from '../support/fleet-story.ts';
import { program } from '../support/shepherd-machine.ts';

const seeds = Array.from({ length: 20 }, (_, at) => at + 1);
const patience = { isStrict: false };
let operationCount = 0;

const herd = (
  story: Story,
  action: string,
  member = 'web-server-fleet',
  given: Partial<Request> = {},
  node: FleetNode = story.c,
): Outcome => {
  operationCount += 1;
  const asked = story.operator.herd(node, action, member, {
    operation: `op-${operationCount}`,
    ...given,
  });
  story.world.run(story.world.now + 90_000);
  if (asked.value === undefined)
    throw asked.error ?? new Error(`seed ${story.world.seed}: no answer`);
  return asked.value;
};
const status = (story: Story, ...names: string[]): readonly Status[] => {
  const asked = story.operator.ask(story.c, (turn, root) =>
    turn.send(root, 'status', names, 1_000),
  );
  story.world.run(story.world.now + 2_000);
  if (asked.value === undefined) throw asked.error ?? new Error('no answer');
  return asked.value;
};
const livingAt = ({ hosts }: Story): readonly number[] =>
  hosts.map(({ machine }) => machine.processes.living('web-server').length);
const stagesAt = (story: Story, node: FleetNode): Record<string, string> =>
  Object.fromEntries(
    ['networking', 'web-server'].map((name) => {
      const asked = node.machine.ask((turn, shepherd) => turn.call(shepherd, 'status', name));
      story.world.run(story.world.now + 10);
      return [name, asked.value?.stage ?? ''];
    }),
  );
const site = (): Site => {
  const world = new World(1);
  return { world, network: new MemoryNetwork(world) };
};
const boot = ({ world }: Site, ...nodes: readonly FleetNode[]): void => {
  for (const node of nodes) node.boot();
  world.run(world.now + 1_000);
};
const [lineA, lineB] = ['A', 'B'].map((node) => [
  `${node}: Service networking has been started.`,
  `${node}: Service web-server has been started.`,
  `C: Service web-server-${node.toLowerCase()} has been started.`,
]) as [string[], string[]];

describe('what a machine refuses', () => {
  it('is told once, by the controller', () => {
    const story = tellStory(1);
    const outcome = herd(story, 'greet', 'web-server-a');
    expect(outcome).toMatchObject({ result: 'failed', isVain: true });
    expect(story.operator.lines).toEqual([`C: Service web-server-a: ${outcome.reason}`]);
    expect(exitCodeOf(outcome, patience)).toBe(1);
  });
  it('since it was typed wrongly ends for all of the fleet as at the machine, with 2', () => {
    const reload = { documentation: '', kind: 'command', command: { argv: ['reload'] } } as const;
    const web = program({ provision: ['web-server'], actions: { again: reload } });
    const story = tellStory(1, { services: [web] });
    for (const member of ['web-server-a', 'web-server-fleet']) {
      const outcome = herd(story, 'again', member, { args: ['x'] });
      expect(outcome.result).toBe('failed');
      expect(exitCodeOf(outcome, patience)).toBe(2);
    }
  });
});

describe('starting a fleet', () => {
  it.each(seeds)(
    'says the seven lines, in order up to the interleaving of A and B: seed %i',
    (seed) => {
      const story = tellStory(seed);
      const outcome = herd(story, 'start');
      const { lines } = story.operator;
      expect(lines).toHaveLength(7);
      expect(lines.filter((line) => lineA.includes(line))).toEqual(lineA);
      expect(lines.filter((line) => lineB.includes(line))).toEqual(lineB);
      expect(lines[6]).toBe('C: Service web-server-fleet has been started.');
      expect(outcome).toMatchObject({
        result: 'changed',
        reason: '2/2',
        member: 'web-server-fleet',
      });
      expect(exitCodeOf(outcome, patience)).toBe(0);
      expect(livingAt(story)).toEqual([1, 1]);
    },
  );
  it('of which all are disabled says so in rows alone, and of one that is in one line under its name here', () => {
    const story = tellStory(1);
    herd(story, 'disable');
    story.operator.lines.splice(0);
    const refused = { result: 'failed', reason: 'it is disabled', isDisabled: true };
    expect(herd(story, 'start').rows).toMatchObject([
      { ...refused, member: 'web-server-a' },
      { ...refused, member: 'web-server-b' },
    ]);
    expect(story.operator.lines.filter((line) => /web-server(-[ab])? /.test(line))).toEqual([]);
    expect(herd(story, 'start', 'web-server-a')).toMatchObject({ ...refused, rows: [] });
    expect(story.operator.lines.filter((line) => /web-server(-[ab])? /.test(line))).toEqual([
      'C: Service web-server-a is currently disabled.',
    ]);
  });
  it('again changes nothing: the same processes, exit 0', () => {
    const story = tellStory(1);
    const first = herd(story, 'start');
    const again = herd(story, 'start');
    expect(again).toMatchObject({ result: 'ok', reason: '2/2' });
    expect(again.rows.map(({ pid }) => pid)).toEqual(first.rows.map(({ pid }) => pid));
    expect(again.rows.map(({ result }) => result)).toEqual(['ok', 'ok']);
    expect(exitCodeOf(again, patience)).toBe(0);
    expect(livingAt(story)).toEqual([1, 1]);
  });
  it('under an id that was used is answered from memory, and nothing happens', () => {
    const story = tellStory(1);
    const first = herd(story, 'start', 'web-server-fleet', { operation: 'mine' });
    herd(story, 'stop');
    expect(herd(story, 'start', 'web-server-fleet', { operation: 'mine' })).toEqual(first);
    expect(livingAt(story)).toEqual([0, 0]);
  });
  it('under an id that was in doubt is answered with what became of it, once the wire is whole', () => {
    const story = tellStory(1);
    herd(story, 'stop');
    story.network.cut('A', 'C');
    const given = { operation: 'cut', remainingMs: 5_000 };
    const cut = herd(story, 'start', 'web-server-fleet', given);
    expect(cut).toMatchObject({ reason: '1 of 2 members' });
    expect(['timed-out', 'unknown']).toContain(cut.rows[0]?.result);
    const [pid] = story.hosts.flatMap(({ machine }) => machine.processes.living('web-server'));
    story.network.heal('A', 'C');
    story.world.run(story.world.now + 60_000);
    const again = herd(story, 'start', 'web-server-fleet', given);
    expect(again).toMatchObject({ result: 'changed', reason: '2/2' });
    // What A had done all along, in its own words.
    expect(again.rows[0]).toMatchObject({ result: 'changed', pid: pid?.pid });
    expect(livingAt(story)).toEqual([1, 1]);
    expect(herd(story, 'start', 'web-server-fleet', given)).toEqual(again);
  });
  it('names its operation in every line of every log, at the controller and at the members', () => {
    const story = tellStory(1);
    herd(story, 'start', 'web-server-fleet', { operation: 'mine' });
    const logs = [...story.hosts, story.c].map(({ machine }) => machine.logged('operation.line'));
    expect(logs.map((lines) => lines.length)).toEqual([2, 2, 3]);
    const [atA, atB, atC] = logs.map(
      (lines) => new Set(lines.map(({ operation }) => String(operation))),
    );
    expect(atC).toEqual(new Set(['mine']));
    // The members' own id begins with the one that was chosen, and is one for all of them.
    expect([...(atA ?? [])]).toEqual([expect.stringMatching(/^mine\.[0-9a-f]{32}$/)]);
    expect(atB).toEqual(atA);
  });
  it('tells one row a member, and no row twice', () => {
    const story = tellStory(2);
    herd(story, 'start');
    const members = story.operator.rows.map((event) => event.kind === 'row' && event.row.member);
    expect([...members].sort()).toEqual(['web-server-a', 'web-server-b']);
  });
});

describe('stopping a fleet', () => {
  it('stops the servers, and leaves networking up', () => {
    const story = tellStory(3);
    herd(story, 'start');
    const outcome = herd(story, 'stop');
    expect(outcome).toMatchObject({ result: 'changed', reason: '2/2' });
    expect(livingAt(story)).toEqual([0, 0]);
    for (const host of story.hosts)
      expect(stagesAt(story, host)).toEqual({ networking: 'running', 'web-server': 'stopped' });
  });
  it('says in the row of each member what else went down with it, here and there', () => {
    const here = site();
    const metrics = program({ provision: ['web-metrics'], requirement: ['web-server'] });
    const a = new FleetNode(here, 'A', { services: [...webServices, metrics] });
    const c = new FleetNode(here, 'C', {
      services: [
        program({ provision: ['local'] }),
        program({ provision: ['local-metrics'], requirement: ['local'] }),
      ],
      exported: { 'web-a': 'A' },
      fleets: [{ name: 'webs', members: ['web-a', 'local'] }],
    });
    const operator = new Operator(here);
    boot(here, a, c);
    introduce(here, operator, a, 'web-server', c);
    const perform = (node: FleetNode, action: string, member: string): Outcome => {
      operationCount += 1;
      const asked = operator.herd(node, action, member, { operation: `op-${operationCount}` });
      here.world.run(here.world.now + 90_000);
      if (asked.value === undefined) throw asked.error ?? new Error('no answer');
      return asked.value;
    };
    perform(a, 'start', 'web-metrics');
    perform(c, 'start', 'local-metrics');
    perform(c, 'start', 'webs');
    // A restart brings back what it took down.
    const restarted = perform(c, 'restart', 'webs');
    expect(restarted.rows).toMatchObject([
      { member: 'web-a', otherCount: 1 },
      { member: 'local', also: ['local-metrics'] },
    ]);
    expect(restarted).not.toHaveProperty('also');
    expect(a.machine.processes.living('web-metrics')).toHaveLength(1);
    expect(c.machine.processes.living('local-metrics')).toHaveLength(1);
    const outcome = perform(c, 'stop', 'webs');
    // Of another machine one learns how many, not which.
    expect(outcome.rows).toMatchObject([
      { member: 'web-a', result: 'changed', otherCount: 1 },
      { member: 'local', result: 'changed', also: ['local-metrics'] },
    ]);
    expect(outcome).not.toHaveProperty('also');
    expect(a.machine.processes.living('web-metrics')).toHaveLength(0);
  });
  it('that is stopped is ok', () => {
    const story = tellStory(3);
    const outcome = herd(story, 'stop');
    expect(outcome).toMatchObject({ result: 'ok' });
    expect(exitCodeOf(outcome, patience)).toBe(0);
  });
  it('without its members leaves them running', () => {
    const story = tellStory(3);
    herd(story, 'start');
    herd(story, 'stop', 'web-server-fleet', { withMembers: false });
    expect(livingAt(story)).toEqual([1, 1]);
  });
  it('works in the first second of a controller that never saw it start', () => {
    const story = tellStory(4);
    herd(story, 'start');
    story.c.crash();
    story.c.boot();
    story.world.run(story.world.now + 100);
    expect(herd(story, 'stop')).toMatchObject({ result: 'changed', reason: '2/2' });
    expect(livingAt(story)).toEqual([0, 0]);
  });
  it('goes on without the controller', () => {
    const story = tellStory(4);
    herd(story, 'start');
    story.c.crash();
    story.world.run(story.world.now + 60_000);
    expect(livingAt(story)).toEqual([1, 1]);
  });
});

describe('other actions on a fleet', () => {
  it('restart gives every member a new process', () => {
    const story = tellStory(5);
    const before = herd(story, 'start').rows.map(({ pid }) => pid);
    const after = herd(story, 'restart');
    expect(after).toMatchObject({ result: 'changed', reason: '2/2' });
    expect(after.rows.every(({ pid }, at) => pid !== before[at])).toBe(true);
    expect(livingAt(story)).toEqual([1, 1]);
  });
  it('a custom action reaches every member, with its arguments as they were typed', () => {
    const story = tellStory(5);
    herd(story, 'start');
    const outcome = herd(story, 'reload-config', 'web-server-fleet', { args: ['007', '--x'] });
    expect(outcome.rows.map(({ output }) => output)).toEqual([
      ['reload 007 --x'],
      ['reload 007 --x'],
    ]);
  });
  it('one that no member has is refused, and none of them is asked', () => {
    const story = tellStory(5);
    const asked = (): number => story.hosts.flatMap(({ machine }) => machine.disk.audits).length;
    const before = asked();
    expect(() => herd(story, 'strat')).toThrow(
      "service 'web-server-fleet' does not have an action 'strat'",
    );
    expect(asked()).toBe(before);
  });
  it('one that no member has is sent where one of them is out of sight', () => {
    const story = tellStory(5);
    goesDown(story);
    const outcome = herd(story, 'strat');
    expect(outcome.rows.map(({ result }) => result)).toEqual(['failed', 'unreachable']);
    expect(outcome.rows[0]?.reason).toContain("does not have an action 'strat'");
    expect(exitCodeOf(outcome, patience)).toBe(3);
  });
});

/** The second host, and its controller has seen it: what is sent before that is in doubt. */
const goesDown = ({ world, hosts }: Story): void => {
  hosts[1]?.crash();
  world.run(world.now + 1_000);
};

describe('a fleet with one bad member', () => {
  it('whose service is broken says failed and why, exit 3', () => {
    const story = tellStory(6);
    story.hosts[1]?.machine.processes.programs.set('web-server', { refusal: 'no such file: node' });
    const outcome = herd(story, 'start');
    expect(outcome).toMatchObject({ result: 'failed', reason: '1 of 2 members' });
    expect(outcome.rows.map(({ result }) => result)).toEqual(['changed', 'failed']);
    expect(outcome.rows[1]?.reason).toContain('no such file: node');
    expect(exitCodeOf(outcome, patience)).toBe(3);
  });
  it('that is down is unreachable, not failed, and soon: exit 4', () => {
    const story = tellStory(6);
    goesDown(story);
    const begun = story.world.now;
    const outcome = herd(story, 'start');
    expect(outcome).toMatchObject({ result: 'unreachable', reason: '1 of 2 members' });
    expect(outcome.rows[1]?.reason).toMatch(
      /^cannot reach b-ref at B\.memory: .+ Nothing was sent/,
    );
    expect(exitCodeOf(outcome, patience)).toBe(4);
    expect(begun).toBeLessThan(story.world.now);
  });
  it('that went down is unreachable with when it was seen last', () => {
    const story = tellStory(6);
    herd(story, 'start');
    story.hosts[1]?.crash();
    story.world.run(story.world.now + 20_000);
    const [, row] = herd(story, 'stop').rows;
    expect(row).toMatchObject({ result: 'unreachable' });
    expect(row?.lastSeenMs).toBeGreaterThan(15_000);
    expect(row?.lastSeenMs).toBeLessThan(30_000);
  });
  it('that is down and not needed degrades it: exit 0, strictly 4', () => {
    const story = tellStory(6, { minReady: 1 });
    goesDown(story);
    const outcome = herd(story, 'start');
    expect(outcome).toMatchObject({ result: 'changed', reason: 'degraded 1/2' });
    expect(exitCodeOf(outcome, patience)).toBe(0);
    expect(exitCodeOf(outcome, { isStrict: true })).toBe(4);
  });
  it('that is down and not needed by this one command: exit 0 with it, 4 without, 3 if it fails', () => {
    const story = tellStory(6);
    goesDown(story);
    const enough = herd(story, 'start', 'web-server-fleet', { minReady: 1 });
    expect(enough).toMatchObject({ result: 'changed', reason: 'degraded 1/2' });
    expect(enough.rows.map(({ result }) => result)).toEqual(['changed', 'unreachable']);
    expect(exitCodeOf(enough, patience)).toBe(0);
    expect(exitCodeOf(enough, { isStrict: true })).toBe(4);
    expect(exitCodeOf(herd(story, 'start'), patience)).toBe(4);
    story.hosts[1]?.boot();
    story.world.run(story.world.now + 1_000);
    story.hosts[1]?.machine.processes.programs.set('web-server', { refusal: 'no such file' });
    for (const given of [{}, { minReady: 1 }]) {
      const failed = herd(story, 'start', 'web-server-fleet', given);
      expect(failed.rows.map(({ result }) => result)).toEqual(['ok', 'failed']);
      expect(exitCodeOf(failed, patience)).toBe(3);
    }
  });
  it('that was down is all that a repeat of the operation acts on, whatever it had come to', () => {
    for (const minReady of [1, '100%'] as const) {
      const story = tellStory(6, { minReady });
      goesDown(story);
      const given = { operation: 'mine' };
      const first = herd(story, 'restart', 'web-server-fleet', given);
      expect(first.rows.map(({ result }) => result)).toEqual(['changed', 'unreachable']);
      story.hosts[1]?.boot();
      story.world.run(story.world.now + 1_000);
      const again = herd(story, 'restart', 'web-server-fleet', given);
      expect(again).toMatchObject({ result: 'changed', reason: '2/2' });
      // A's is the process of the first time: it was not restarted twice.
      expect(again.rows[0]).toEqual(first.rows[0]);
      expect(livingAt(story)).toEqual([1, 1]);
      expect(herd(story, 'restart', 'web-server-fleet', given)).toEqual(again);
    }
  });
  it('that failed is all that a repeat acts on, and it tries itself again there', () => {
    const story = tellStory(6);
    const programs = story.hosts[1]?.machine.processes.programs;
    programs?.set('web-server', { refusal: 'no such file' });
    const first = herd(story, 'start', 'web-server-fleet', { operation: 'mine' });
    expect(exitCodeOf(first, patience)).toBe(3);
    programs?.delete('web-server');
    const again = herd(story, 'start', 'web-server-fleet', { operation: 'mine' });
    expect(again).toMatchObject({ result: 'changed', reason: '2/2' });
    expect(again.rows[0]).toEqual(first.rows[0]);
  });
  it('that cannot be heard answers nothing, and the fleet ends by the deadline', () => {
    const story = tellStory(7);
    herd(story, 'start');
    story.network.part('B', 'C');
    const asked = story.operator.herd(story.c, 'stop', 'web-server-fleet', {
      operation: 'cut',
      remainingMs: 10_000,
    });
    story.world.run(story.world.now + 10_000);
    expect(asked.value).toMatchObject({ result: 'timed-out', reason: '1 of 2 members' });
    expect(asked.value?.rows[1]?.reason).toContain('it may still be done');
    expect(asked.value?.isLate).toBe(true);
    expect(asked.value && exitCodeOf(asked.value, patience)).toBe(6);
    expect(livingAt(story)).toEqual([0, 1]);
  });
  /** A stop that takes B some time, a second after it was asked. */
  const slowStop = () => {
    const story = tellStory(8);
    herd(story, 'start');
    story.hosts[1]?.machine.processes.programs.set('web-server', { isStubborn: true });
    const asked = story.operator.herd(story.c, 'stop', 'web-server-fleet', { operation: 'lost' });
    story.world.run(story.world.now + 1_000);
    return { story, asked };
  };
  it('whose line breaks in the middle tells the outcome on the next one', () => {
    const { story, asked } = slowStop();
    story.network.reset('B', 'C');
    story.world.run(story.world.now + 100);
    expect(asked.value).toBeUndefined();
    story.world.run(story.world.now + 10_000);
    expect(asked.value).toMatchObject({ result: 'changed', reason: '2/2' });
  });
  it('that is lost for good in the middle is unknown, soon', () => {
    const { story, asked } = slowStop();
    story.hosts[1]?.crash();
    story.world.run(story.world.now + 6_000);
    expect(asked.value).toMatchObject({ result: 'unknown', reason: '1 of 2 members' });
    expect(asked.value?.rows[1]?.reason).toContain('it may have been done');
  });
});

describe('two commands at once', () => {
  const slowly = (story: Story, spawnMs: number): void => {
    for (const { machine } of story.hosts)
      machine.processes.programs.set('web-server', { spawnMs });
  };
  it('end as the later one wants it, and the other one lost on every member: exit 9', () => {
    const story = tellStory(13);
    slowly(story, 2_000);
    const start = story.operator.herd(story.c, 'start', 'web-server-fleet', { operation: 'one' });
    story.world.run(story.world.now + 1_000);
    const stop = story.operator.herd(story.c, 'stop', 'web-server-fleet', { operation: 'two' });
    story.world.run(story.world.now + 30_000);
    expect(start.value?.rows.map(({ result }) => result)).toEqual(['superseded', 'superseded']);
    expect(start.value && exitCodeOf(start.value, patience)).toBe(9);
    expect(stop.value).toMatchObject({ result: 'changed', reason: '2/2' });
    expect(livingAt(story)).toEqual([0, 0]);
  });
  it('that are restarts: the first says on every member which one it lost to, and is told so: exit 9', () => {
    const story = tellStory(13);
    slowly(story, 2_000);
    const [first] = ['one', 'two'].map((operation) => {
      const asked = story.operator.herd(story.c, 'restart', 'web-server-fleet', { operation });
      story.world.run(story.world.now + 1_000);
      return asked;
    });
    story.world.run(story.world.now + 30_000);
    const reasons = ['a', 'b'].map(
      (each) =>
        expect.stringMatching(
          new RegExp(
            `^Service web-server-${each}: restart lost to a later restart \\(two, [-0-9]+ [0-9:]+ UTC\\)\\.$`,
          ),
        ) as string,
    );
    expect(first?.value?.rows.map(({ reason }) => reason)).toEqual(reasons);
    expect(first?.value && exitCodeOf(first.value, patience)).toBe(9);
    // Their rows say it, and no lines beside them.
    expect(story.operator.lines.filter((line) => line.includes('lost'))).toEqual([]);
    expect(livingAt(story)).toEqual([1, 1]);
  });
  it('of the same id are one: each hears the outcome', () => {
    const story = tellStory(13);
    slowly(story, 2_000);
    const both = [1, 2].map(() =>
      story.operator.herd(story.c, 'start', 'web-server-fleet', { operation: 'mine' }),
    );
    story.world.run(story.world.now + 30_000);
    expect(both[0]?.value).toMatchObject({ result: 'changed' });
    expect(both[1]?.value).toEqual(both[0]?.value);
    expect(livingAt(story)).toEqual([1, 1]);
  });
});

describe('a command that is called off at the controller', () => {
  it('is called off at the members, too: what had begun there goes on, and nothing else begins', () => {
    const slow = [program({ provision: ['networking'] }), ...webServices.slice(1)];
    const story = tellStory(13, { services: slow });
    for (const { machine } of story.hosts)
      machine.processes.programs.set('networking', { spawnMs: 2_000 });
    const start = story.operator.herd(story.c, 'start', 'web-server-fleet', { operation: 'one' });
    story.world.run(story.world.now + 1_000);
    expect(start.value).toBeUndefined();
    const cancel = story.operator.ask(story.c, (turn, root) => turn.send(root, 'cancel', 'one'));
    story.world.run(story.world.now + 30_000);
    expect(cancel.error).toBeUndefined();
    expect(start.value?.rows.map(({ result }) => result)).toEqual(['cancelled', 'cancelled']);
    expect(livingAt(story)).toEqual([0, 0]);
    for (const { machine } of story.hosts)
      expect(machine.processes.living('networking')).toHaveLength(1);
  });
  it('is called off also where the word of it was lost with its sessions', () => {
    const slow = [program({ provision: ['networking'] }), ...webServices.slice(1)];
    const story = tellStory(14, { services: slow });
    const pass = (ms: number): void => story.world.run(story.world.now + ms);
    for (const { machine } of story.hosts)
      machine.processes.programs.set('networking', { spawnMs: 5_000 });
    const start = story.operator.herd(story.c, 'start', 'web-server-fleet', { operation: 'one' });
    pass(1_000);
    for (const { name } of story.hosts) story.network.forget(name, 'C');
    story.operator.ask(story.c, (turn, root) => turn.send(root, 'cancel', 'one'));
    pass(500);
    for (const session of story.c.router?.sessions() ?? [])
      if (session.direction === 'dialled') session.abort('cut');
    pass(30_000);
    expect(start.value?.rows.map(({ result }) => result)).toEqual(['cancelled', 'cancelled']);
    expect(livingAt(story)).toEqual([0, 0]);
  });
});

describe('a large fleet', () => {
  it('says the truth about each of 40 members: up, broken, down', () => {
    const names = Array.from({ length: 40 }, (_, at) => `H${at}`);
    const story = tellStory(12, { hosts: names, minReady: '80%' });
    for (const host of story.hosts.slice(0, 5)) host.crash();
    // Until the controller knows, what it sends them is lost on the way: that is unknown.
    story.world.run(story.world.now + 100);
    for (const { machine } of story.hosts.slice(5, 8))
      machine.processes.programs.set('web-server', { refusal: 'no such file: node' });
    const outcome = herd(story, 'start');
    expect(outcome.rows.map(({ result }) => result)).toEqual([
      ...names.slice(0, 5).map(() => 'unreachable'),
      ...names.slice(5, 8).map(() => 'failed'),
      ...names.slice(8).map(() => 'changed'),
    ]);
    expect(outcome).toMatchObject({ result: 'changed', reason: 'degraded 32/40' });
    expect(exitCodeOf(outcome, patience)).toBe(3);
  });
});

describe('the status of a fleet', () => {
  it('is asked live, with every cell of it', () => {
    const story = tellStory(9);
    herd(story, 'start');
    const [fleet, a] = status(story, 'web-server-fleet', 'web-server-a');
    expect(fleet).toMatchObject({ stage: 'running', runningCount: 2, neededCount: 2 });
    expect(fleet).toMatchObject({
      kind: 'fleet',
      members: [
        { name: 'web-server-a', stage: 'running' },
        { name: 'web-server-b', stage: 'running' },
      ],
    });
    expect(a).toMatchObject({ stage: 'running', origin: 'A', provision: ['web-server-a'] });
    expect(a?.actions.map(({ name }) => name)).toContain('reload-config');
  });
  it('shows the respawn of a server that was killed: a new pid, one more', () => {
    const story = tellStory(9);
    const before = herd(story, 'start').rows[0]?.pid;
    story.hosts[0]?.machine.processes.kill('web-server');
    story.world.run(story.world.now + 1_000);
    const [a] = status(story, 'web-server-a');
    expect(a).toMatchObject({
      stage: 'running',
      respawnCount: 1,
      pid: expect.any(Number) as unknown,
    });
    expect(a).not.toHaveProperty('pid', before);
  });
  it('is unknown with its reason for who cannot be heard, never a stale running', () => {
    const story = tellStory(9);
    herd(story, 'start');
    status(story, 'web-server-fleet');
    story.network.part('B', 'C');
    const [fleet] = status(story, 'web-server-fleet');
    expect(fleet).toMatchObject({ stage: 'unknown', runningCount: 1 });
    expect(fleet).toMatchObject({
      members: [
        {},
        {
          name: 'web-server-b',
          stage: 'unknown',
          unknownReason: expect.stringContaining('no answer') as unknown,
        },
      ],
    });
  });
});

describe('a controller that restarts', () => {
  it('sends nothing by itself: what it had started goes on, what it had stopped stays', () => {
    const story = tellStory(10);
    herd(story, 'start');
    herd(story, 'stop');
    herd(story, 'start', 'web-server', {}, story.hosts[0]);
    story.c.crash();
    story.c.boot();
    story.world.run(story.world.now + 60_000);
    expect(livingAt(story)).toEqual([1, 0]);
  });
  it('ends without taking the members down', () => {
    const story = tellStory(10);
    herd(story, 'start');
    const asked = story.operator.ask(story.c, (turn, root) =>
      turn.send(root, 'shutDown', story.operator.printer(turn)),
    );
    story.world.run(story.world.now + 60_000);
    expect(asked.value).toMatchObject({ result: 'ok' });
    expect(story.c.admin).toBeUndefined();
    expect(livingAt(story)).toEqual([1, 1]);
  });
});

describe('a fleet of fleets', () => {
  const start = ({ world }: Site, operator: Operator, node: FleetNode, name: string): Outcome => {
    const asked = operator.herd(node, 'start', name, { operation: 'op' });
    world.run(world.now + 90_000);
    if (asked.value === undefined) throw asked.error ?? new Error('no answer');
    return asked.value;
  };
  it('starts what is two hops away, and names every row by the way to it', () => {
    const here = site();
    const a = new FleetNode(here, 'A', { services: webServices });
    const c = new FleetNode(here, 'C', {
      exported: { 'web-a': 'A' },
      fleets: [{ name: 'inner', members: ['web-a'] }],
    });
    const d = new FleetNode(here, 'D', {
      exported: { 'c-inner': 'C' },
      fleets: [{ name: 'outer', members: ['c-inner'] }],
    });
    const operator = new Operator(here);
    boot(here, a, c, d);
    introduce(here, operator, a, 'web-server', c);
    introduce(here, operator, c, 'inner', d);
    expect(start(here, operator, d, 'outer')).toMatchObject({ result: 'changed', reason: '1/1' });
    expect(a.machine.processes.living('web-server')).toHaveLength(1);
    expect(start(here, operator, d, 'c-inner').rows).toMatchObject([{ member: 'c-inner/web-a' }]);
    expect(operator.lines.filter((line) => line.startsWith('C: Service web-server'))).toEqual([
      'C: Service web-server has been started.',
    ]);
  });
  it('is told by the way to each row, also over three machines, and takes a policy on the way', () => {
    const here = site();
    const a = new FleetNode(here, 'A', { services: webServices });
    const b = new FleetNode(here, 'B', { services: webServices });
    const c = new FleetNode(here, 'C', {
      exported: { 'web-a': 'A', 'web-b': 'B' },
      fleets: [{ name: 'inner', members: ['web-a', 'web-b'] }],
    });
    const d = new FleetNode(here, 'D', { exported: { 'c-inner': 'C' } });
    const e = new FleetNode(here, 'E', { exported: { 'd-inner': 'D' } });
    const operator = new Operator(here);
    boot(here, a, b, c, d, e);
    introduce(here, operator, a, 'web-server', c);
    introduce(here, operator, b, 'web-server', c);
    introduce(here, operator, c, 'inner', d);
    introduce(here, operator, d, 'c-inner', e);
    b.crash();
    const perform = (operation: string, given: Partial<Request>): Outcome => {
      const asked = operator.herd(e, 'start', 'd-inner', { operation, ...given });
      here.world.run(here.world.now + 60_000);
      if (asked.value === undefined) throw asked.error ?? new Error('no answer');
      return asked.value;
    };
    const enough = perform('one', { minReady: 1 });
    expect(enough).toMatchObject({ result: 'changed', reason: 'degraded 1/2' });
    const rows = [
      { member: 'd-inner/c-inner/web-a', result: 'changed' },
      { member: 'd-inner/c-inner/web-b', result: 'unreachable' },
    ];
    expect(enough.rows).toMatchObject(rows);
    // They come as they settle.
    const told = operator.rows.flatMap((event) => (event.kind === 'row' ? [event.row] : []));
    told.sort((one, other) => (one.member < other.member ? -1 : 1));
    expect(told).toMatchObject(rows);
    expect(exitCodeOf(enough, patience)).toBe(0);
    expect(exitCodeOf(perform('two', {}), patience)).toBe(4);
  });
  it('that leads back to itself is no success, and is over by its deadline', () => {
    const here = site();
    const c = new FleetNode(here, 'C', {
      exported: { 'd-fleet': 'D' },
      fleets: [{ name: 'fleet-c', members: ['d-fleet'] }],
    });
    const d = new FleetNode(here, 'D', {
      exported: { 'c-fleet': 'C' },
      fleets: [{ name: 'fleet-d', members: ['c-fleet'] }],
    });
    const operator = new Operator(here);
    boot(here, c, d);
    introduce(here, operator, c, 'fleet-c', d);
    introduce(here, operator, d, 'fleet-d', c);
    const given = { operation: 'op', remainingMs: 5_000 };
    const asked = operator.herd(c, 'start', 'fleet-c', given);
    here.world.run(here.world.now + 5_500);
    expect(asked.value?.result).toBe('failed');
  });
});

it('no actor of a fleet keeps state that a turn cannot undo', () => {
  const story = tellStory(11, { rehearse: true });
  for (const action of ['start', 'start', 'restart', 'reload-config', 'stop']) herd(story, action);
  story.hosts[1]?.crash();
  herd(story, 'start');
  status(story, 'web-server-fleet', 'web-server-a');
  const unjournalled = [...story.hosts, story.c].map(({ machine }) =>
    machine.logged('turn.unjournalled'),
  );
  expect(unjournalled).toEqual([[], [], []]);
});

describe('the health of a fleet', () => {
  const fleetOf = (story: Story): Status => {
    const [fleet] = status(story, 'web-server-fleet');
    if (fleet === undefined) throw new Error('no status');
    return fleet;
  };
  const runFor = ({ world }: Story, ms: number): void => world.run(world.now + ms);
  const programOf = (story: Story, at: number) => story.hosts[at]?.machine.processes;

  it('is none of a fleet that is stopped as wished, and ok of one that runs', () => {
    const story = tellStory(20);
    expect(fleetOf(story)).toMatchObject({ stage: 'stopped' });
    expect(fleetOf(story)).not.toHaveProperty('health');
    herd(story, 'start');
    expect(fleetOf(story)).toMatchObject({ stage: 'running', health: 'ok' });
    expect(fleetOf(story)).not.toHaveProperty('blame');
    herd(story, 'stop');
    runFor(story, 60_000);
    expect(fleetOf(story)).toMatchObject({ stage: 'stopped' });
    expect(fleetOf(story)).not.toHaveProperty('health');
  });
  it('settles for ten seconds after a member was stopped on purpose, then has failed, and by whom', () => {
    const story = tellStory(20);
    herd(story, 'start');
    story.operator.herd(story.c, 'stop', 'web-server-b', { operation: 'op-stop' });
    runFor(story, 1_000);
    const blame = ['web-server-b'];
    expect(fleetOf(story)).toMatchObject({ runningCount: 1, health: 'settling', blame });
    runFor(story, 10_000);
    expect(fleetOf(story)).toMatchObject({
      stage: 'running',
      ...{ health: 'failed', blame },
      members: [{ isWanted: true }, { name: 'web-server-b', isWanted: false }],
    });
    expect(livingAt(story)).toEqual([1, 0]);
  });
  it('is degraded while a member comes back, and ok once it is', () => {
    const story = tellStory(20);
    herd(story, 'start');
    programOf(story, 1)?.programs.set('web-server', { spawnMs: 4_000 });
    programOf(story, 1)?.kill('web-server');
    runFor(story, 10);
    expect(fleetOf(story)).toMatchObject({
      stage: 'starting',
      runningCount: 1,
      health: 'degraded',
      blame: ['web-server-b'],
    });
    runFor(story, 10_000);
    expect(fleetOf(story)).toMatchObject({ stage: 'running', health: 'ok' });
  });
  it('settles for ten seconds after a death for good, then has failed, and by whom', () => {
    const services = webServices.map((one) => {
      const { respawn: _respawn, ...mortal } = one;
      return mortal;
    });
    const story = tellStory(20, { services });
    herd(story, 'start');
    programOf(story, 1)?.kill('web-server');
    runFor(story, 1_000);
    expect(fleetOf(story)).toMatchObject({ health: 'settling', blame: ['web-server-b'] });
    runFor(story, 9_000);
    const failed = { stage: 'running', runningCount: 1, health: 'failed', blame: ['web-server-b'] };
    expect(fleetOf(story)).toMatchObject(failed);
    // A controller that starts afresh judges as the one before it.
    story.c.crash();
    story.c.boot();
    runFor(story, 1_000);
    expect(fleetOf(story)).toMatchObject(failed);
    herd(story, 'start');
    expect(fleetOf(story)).toMatchObject({ health: 'ok' });
  });
  it('and of its members is in the history of the controller, as it was observed', () => {
    const story = tellStory(20);
    herd(story, 'start');
    programOf(story, 1)?.kill('web-server');
    runFor(story, 5_000);
    story.network.part('B', 'C');
    runFor(story, 60_000);
    const asked = story.operator.ask(story.c, (turn, root) => turn.send(root, 'history'));
    runFor(story, 1_000);
    const of = (name: string) => asked.value?.filter(({ service }) => service === name) ?? [];
    expect(
      of('web-server-a')
        .map(({ what }) => what)
        .slice(-2),
    ).toEqual(['stopped', 'running']);
    expect(of('web-server-b').at(-1)).toMatchObject({
      what: 'unknown',
      reason: expect.stringMatching(/\S/) as unknown,
    });
    expect(of('web-server-b').map(({ what }) => what)).toContain('running');
    expect(of('web-server-fleet').at(-1)).toMatchObject({
      what: 'unknown',
      reason: '1 of 2 members are unknown',
    });
  });
  it('is not judged while the member that decides cannot be heard', () => {
    const story = tellStory(20);
    herd(story, 'start');
    story.network.part('B', 'C');
    const fleet = fleetOf(story);
    expect(fleet).toMatchObject({ stage: 'unknown', runningCount: 1 });
    expect(fleet).not.toHaveProperty('health');
  });
});
