/** What a shepherd does itself: when its agents work, what they say, and when they rest. */
import {
  World,
  type Answer,
  type Bcom,
  type Behavior,
  type Ref,
  type Turn,
} from '@bellwether/actors';
import {
  makeLogRotation,
  makeMonitoring,
  type ChorePowers,
  type LogRotation,
  type Measured,
  type Monitoring,
  type Outcome,
  type ProcessMonitor,
  type Rotated,
  type RotationLook,
  type RotationRules,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../packages/shepherd/src/limits.ts';
import { Machine, program, service } from '../../support/shepherd-machine.ts';

const measured: Measured = {
  heapBytes: 10 * 1_048_576,
  residentBytes: 70 * 1_048_576,
  descriptorCount: 21,
  sessionCount: 2,
  recordBytes: 1_572_864,
  lateMs: 1.4,
  latestMs: 12,
};
const rules: RotationRules = {
  what: 'log-rotation',
  when: { kind: 'every', everyMs: 1_000 },
  files: [{ file: '/log/a', run: { argv: ['reopen', 'a'] } }, { file: '/log/b' }],
  keptCount: 5,
  isPacked: true,
  expireMs: 1,
};

/** Runs commands, which end with this code. */
const makeRunner = (
  _turn: Turn<Pick<ProcessMonitor, 'runToEnd'>>,
  _bcom: Bcom<Pick<ProcessMonitor, 'runToEnd'>>,
  ran: string[],
  code: number,
): Behavior<Pick<ProcessMonitor, 'runToEnd'>> => ({
  runToEnd: (turn, name, { argv }) => {
    turn.effect(() => void ran.push(`${name}: ${argv.join(' ')}`));
    return turn.kept({ code, output: ['it is', 'not there'] });
  },
});

/** A machine with both, and what their powers are asked. */
const up = (rotated: (look: RotationLook) => Rotated | Error = () => none, code = 0) => {
  const ran: string[] = [];
  const world = new World(5);
  const written: string[] = [];
  const looks: RotationLook[] = [];
  const powers: ChorePowers = {
    write: (name, text) => void written.push(`${name}: ${text}`),
    measure: (answer) => answer.kept(measured),
    rotate: (_rules, look, answer: Answer) => {
      looks.push(look);
      const found = rotated(look);
      if (found instanceof Error) answer.broken(found);
      else answer.kept(found);
    },
    logs: (answer) => answer.kept(['/logs/web.log']),
  };
  const agents: { monitoring?: Ref<Monitoring>; rotation?: Ref<LogRotation> } = {};
  const asked = (name: string, ...actions: readonly string[]) =>
    service({
      provision: [name],
      isAutoStarted: true,
      actions: Object.fromEntries(
        actions.map((action) => [
          action,
          { kind: 'agent', documentation: '', takesArguments: true } as const,
        ]),
      ),
    });
  const machine = new Machine(world, 'A', {
    rehearse: true,
    services: [program({ provision: ['web', 'www'], isAutoStarted: true })],
    setUp: (turn, shepherd) => {
      const monitor = turn.spawn(makeRunner, ran, code);
      const first = { name: 'monitoring', rules: { what: 'monitoring', everyMs: 60_000 } } as const;
      agents.monitoring = turn.spawn(makeMonitoring, { ...first, shepherd, powers });
      const second = { name: 'log-rotation', rules, clock: { wall: () => 7 }, powers };
      agents.rotation = turn.spawn(makeLogRotation, { ...second, shepherd, monitor });
      turn.call(shepherd, 'define', asked('monitoring', 'log', 'period'), agents.monitoring);
      turn.call(shepherd, 'define', asked('log-rotation', 'trigger', 'files'), agents.rotation);
    },
  });
  machine.boot();
  world.run(world.now + 500);
  const pass = (ms: number): void => void world.run(world.now + ms);
  const herd = (action: string, name: string, ...args: readonly string[]): Outcome | undefined => {
    const done = machine.herd(action, name, { args });
    pass(100);
    return done.value as Outcome | undefined;
  };
  const said = (name: string) => written.filter((text) => text.startsWith(`${name}: `));
  return { machine, herd, pass, said, looks, ran, agents };
};
const none: Rotated = { files: [], serviceCount: 0, troubles: [] };

describe('a monitoring', () => {
  it('says how its shepherd is when it comes up, and then each time', () => {
    const { said, pass } = up();
    expect(said('monitoring')).toEqual([
      'monitoring: service names: 6; heap: 10.0 MiB; file descriptors: 21; memory: 70.0 MiB; ' +
        'running: 2 of 3; respawns: 0; sessions: 2; records: 1.5 MiB; late: 1 ms (99 %), 12 ms at most',
    ]);
    pass(59_000);
    expect(said('monitoring')).toHaveLength(1);
    pass(1_000);
    expect(said('monitoring')).toHaveLength(2);
    expect(said('monitoring')[1]).toContain('running: 3 of 3');
  });
  it('says nothing while it is down', () => {
    const { said, pass, herd } = up();
    herd('stop', 'monitoring');
    pass(600_000);
    expect(said('monitoring')).toHaveLength(1);
    herd('start', 'monitoring');
    expect(said('monitoring')).toHaveLength(2);
    pass(60_000);
    expect(said('monitoring')).toHaveLength(3);
  });
  it('says it at once where somebody asks', () => {
    const { said, herd } = up();
    const outcome = herd('log', 'monitoring');
    expect(outcome).toMatchObject({ result: 'changed' });
    expect(outcome?.output?.[0]).toMatch(/^service names: 6; .*running: 3 of 3/);
    expect(said('monitoring')).toHaveLength(2);
  });
  it('takes another period, in seconds, within its bounds', () => {
    const { said, pass, herd } = up();
    expect(herd('period', 'monitoring', '1')).toMatchObject({ result: 'changed' });
    pass(5_000);
    expect(said('monitoring')).toHaveLength(6);
    const most = limits.monitoringMostSeconds;
    expect(herd('period', 'monitoring', String(most))).toMatchObject({ result: 'changed' });
    for (const wrong of [[String(most + 1)], ['0'], ['often'], [], ['1', '2']])
      expect(herd('period', 'monitoring', ...wrong)).toMatchObject({
        result: 'failed',
        reason: `period: expected a number of seconds from 1 to ${most}`,
      });
  });
});

describe('a rotation of logs', () => {
  it('looks once a minute while it is up, and never twice at once', () => {
    const { looks, pass, herd } = up();
    expect(looks).toEqual([{ isForced: false, wall: 7 }]);
    pass(limits.alarmLookMs);
    expect(looks).toHaveLength(2);
    herd('stop', 'log-rotation');
    pass(10 * limits.alarmLookMs);
    expect(looks).toHaveLength(2);
  });
  it('has the writer of each file begin another one', () => {
    const { said, ran } = up(() => ({ ...none, files: [0, 1] }));
    expect(said('log-rotation')).toEqual([
      'log-rotation: Rotated /log/a.',
      'log-rotation: Rotated /log/b.',
    ]);
    expect(ran).toEqual(['log-rotation: reopen a']);
  });
  it('says how a command has ended that has not worked', () => {
    const { herd } = up((look) => (look.isForced ? { ...none, files: [0] } : none), 3);
    expect(herd('trigger', 'log-rotation')?.output).toEqual([
      'Rotated /log/a.',
      'reopen exited with code 3: not there',
    ]);
  });
  it('says what could not be done, and goes on', () => {
    let count = 0;
    const { said, pass } = up(() => {
      count += 1;
      return count === 1 ? new Error('the disk is gone') : { ...none, troubles: ['/log/b: full.'] };
    });
    pass(limits.alarmLookMs);
    expect(said('log-rotation')).toEqual([
      'log-rotation: the disk is gone',
      'log-rotation: /log/b: full.',
    ]);
  });
  it('does it at once where somebody asks, with logs of services, and lists both', () => {
    const { herd, looks } = up(({ isForced, services }) =>
      isForced ? { ...none, serviceCount: services?.length ?? 2 } : none,
    );
    expect(herd('trigger', 'log-rotation', 'web')).toMatchObject({
      result: 'changed',
      output: ['Rotated logs of services: 1.'],
    });
    expect(looks.at(-1)).toEqual({ isForced: true, services: ['web'], wall: 7 });
    herd('trigger', 'log-rotation', 'www');
    expect(looks.at(-1)).toEqual({ isForced: true, services: ['web'], wall: 7 });
    expect(herd('files', 'log-rotation')?.output).toEqual([
      '/logs/web.log',
      '/log/a\t(external)',
      '/log/b\t(external)',
    ]);
  });
  it('does nothing for who names one that has no log here, and says where they are listed', () => {
    const { herd, looks } = up();
    const refused = (...words: readonly string[]) => herd('trigger', 'log-rotation', ...words);
    const one = "no service here has a log under the name 'wbe'";
    const next = "'herd files log-rotation' lists the logs";
    const reason = `trigger: nothing was rotated: ${one}; ${next}`;
    expect(refused('wbe')).toMatchObject({ result: 'failed', reason });
    expect(refused('web', 'wbe')).toMatchObject({ result: 'failed', reason });
    expect(refused('a', 'b', 'c', 'd', 'e')?.reason).toContain("'a', 'b', 'c' and 2 more;");
    expect(looks).toHaveLength(1);
    // It has no process, and a log all the same.
    expect(refused('monitoring')).toMatchObject({ result: 'changed' });
  });
  it('says so where nothing was long enough', () => {
    expect(up().herd('trigger', 'log-rotation')?.output).toEqual([
      'Nothing is long enough to be rotated.',
    ]);
  });
});

it('what is no slot takes no release', () => {
  const { machine, agents, pass } = up();
  const { monitoring } = agents;
  if (monitoring === undefined) throw new Error('it was not made');
  const asked = machine.ask((turn) =>
    turn.send(monitoring, 'offer', { release: 'rel:sha256-0', manifestBytes: 1 }, {
      principal: 'local',
    } as never),
  );
  pass(10);
  expect(asked.error?.message).toMatch(/does not have an action 'deploy'/);
});
