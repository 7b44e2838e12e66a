/** Services that run something at times: their alarms, their runs, and what of both outlives the daemon. */
import { World } from '@bellwether/actors';
import {
  limits,
  type LocalStatus,
  type ServiceConfig,
  type TimerConfig,
} from '@bellwether/shepherd';
import { afterEach, describe, expect, it } from 'vitest';
import { principalOf } from '../../../packages/shepherd/src/words/principal.ts';
import { Machine, requestOf, service } from '../../support/shepherd-machine.ts';

const second = 1_000;
const every = (seconds: number, more: Partial<TimerConfig> = {}): TimerConfig => ({
  when: { kind: 'every', everyMs: seconds * second },
  run: { argv: ['backup', '--all'] },
  overlap: 'skip',
  ...more,
});
const timerOf = (timer: TimerConfig, more: Partial<ServiceConfig> = {}): ServiceConfig =>
  service({
    provision: ['backup'],
    timer,
    actions: { trigger: { kind: 'trigger', documentation: 'Run at once.' } },
    isAutoStarted: true,
    ...more,
  });

const forEver = Infinity;
let world: World;
let machine: Machine;
const up = (config: ServiceConfig, ends = 100): void => {
  world = new World(7);
  machine = new Machine(world, 'A', { services: [config], rehearse: true });
  if (ends !== forEver) endAfter(ends);
  machine.boot();
  world.runFor(500);
};
const endAfter = (afterMs: number, code = 0): void =>
  void machine.processes.programs.set('backup', { ends: { afterMs, ending: { code } } });
const status = (): LocalStatus => {
  const asked = machine.ask((turn, shepherd) =>
    turn.send(shepherd, 'probe', 'backup', 1_000, [], { principal: 'root' as never }),
  );
  world.runFor(1_500);
  if (asked.value?.kind !== 'local') throw asked.error ?? new Error('no status');
  return asked.value;
};
const herd = (action: string, forMs = 500) => {
  const asked = machine.herd(action, 'backup');
  world.runFor(forMs);
  return asked;
};
const runs = (): number => machine.processes.started.length;
const told = (event: string): number => machine.log.filter((line) => line.event === event).length;

afterEach(() => {
  expect(machine.log.filter(({ event }) => /^(turn|vat\.(?!halted)|vow)\./.test(event))).toEqual(
    [],
  );
});

describe('a timer', () => {
  it('runs at each alarm while it is up, and not after it was stopped', () => {
    up(timerOf(every(10)));
    expect(runs()).toBe(0);
    world.runFor(30 * second);
    expect(runs()).toBe(3);
    expect(status().timer).toMatchObject({
      when: 'every 10 s',
      runs: [
        { number: 1, code: 0 },
        { number: 2, code: 0 },
        { number: 3, code: 0 },
      ],
    });
    expect(status().timer?.upcoming).toHaveLength(limits.upcomingAlarmCount);
    expect(herd('stop').value?.result).toBe('changed');
    world.runFor(60 * second);
    expect(runs()).toBe(3);
    expect(status()).toMatchObject({ stage: 'stopped', timer: { upcoming: [] } });
    expect(status().timer?.runs).toHaveLength(3);
    expect(status().timer?.nextMs).toBeUndefined();
  });

  it.each([
    ['its stop', timerOf(every(10)), () => herd('stop', 100)],
    ['its longest time', timerOf(every(30, { maxMs: 5 * second })), () => world.runFor(5 * second)],
  ])('ends a run that hangs before its program: by %s', (_what, config, end) => {
    up(config);
    machine.processes.programs.set('backup', { hangs: true });
    world.runFor(31 * second);
    expect(status().timer?.executingMs).toBeDefined();
    end();
    world.runFor(config.stop.graceMs + second);
    expect(told('timer.killed')).toBe(1);
    expect(status().timer?.executingMs).toBeUndefined();
    expect(status().timer?.runs?.at(-1)?.endedMs).toBeDefined();
    expect(machine.processes.living('backup')).toEqual([]);
  });

  it('keeps a run that hangs in the next life, as one that goes on, and has no other beside it', () => {
    up(timerOf(every(10)));
    machine.processes.programs.set('backup', { hangs: true });
    world.runFor(10 * second);
    expect(runs()).toBe(1);
    machine.crash();
    machine.boot();
    world.runFor(25 * second);
    expect(runs()).toBe(1);
    expect(status().timer?.executingMs).toBeDefined();
    expect(status().timer?.runs?.at(-1)?.isLost).toBeUndefined();
    expect(told('timer.skipped')).toBeGreaterThan(0);
  });

  it('skips an alarm while a run goes on, and says so', () => {
    up(timerOf(every(10)), 25 * second);
    world.runFor(31 * second);
    expect(runs()).toBe(1);
    expect(told('timer.skipped')).toBe(2);
    world.runFor(10 * second);
    expect(runs()).toBe(2);
    expect(machine.processes.doubled).toEqual([]);
  });

  it('runs once behind a run for all alarms that came meanwhile, where it is to wait', () => {
    up(timerOf(every(10, { overlap: 'wait' })), 35 * second);
    world.runFor(44 * second);
    expect(runs()).toBe(1);
    world.runFor(2 * second);
    expect(runs()).toBe(2);
    expect(machine.processes.doubled).toEqual([]);
  });

  it('runs side by side where it may, up to timerAtOnceCount', () => {
    up(timerOf(every(10, { overlap: 'allow' })), forEver);
    world.runFor((limits.timerAtOnceCount + 2) * 10 * second);
    expect(machine.processes.living('backup')).toHaveLength(limits.timerAtOnceCount);
    expect(told('timer.skipped')).toBe(2);
  });

  it('ends a run that takes too long: with its signal, then with SIGKILL', () => {
    up(timerOf(every(60, { maxMs: 5 * second })), forEver);
    machine.processes.programs.set('backup', { isStubborn: true });
    world.runFor(65.2 * second);
    expect(machine.processes.living('backup')[0]?.signals).toEqual(['SIGTERM']);
    world.runFor(6 * second);
    expect(machine.processes.living('backup')).toEqual([]);
    expect(status().timer?.runs).toMatchObject([{ signal: 'SIGKILL', isOverdue: true }]);
  });

  it('is stopped once its runs are over, which are ended', () => {
    up(timerOf(every(10)), forEver);
    machine.processes.programs.set('backup', { stopMs: 2 * second });
    world.runFor(11 * second);
    const asked = herd('stop', 1_000);
    expect(asked.value).toBeUndefined();
    expect(machine.processes.living('backup')[0]?.signals).toEqual(['SIGTERM']);
    world.runFor(2 * second);
    expect(asked.value?.result).toBe('changed');
    expect(machine.processes.living('backup')).toEqual([]);
  });

  it('stops by itself after its last run, and does not begin again with the next daemon', () => {
    up(timerOf(every(10, { runCount: 2 })), 3 * second);
    world.runFor(21 * second);
    expect(status()).toMatchObject({ stage: 'running', timer: { leftCount: 0 } });
    world.runFor(3 * second);
    expect(status()).toMatchObject({ stage: 'stopped', isWanted: false });
    machine.crash();
    machine.boot();
    world.runFor(60 * second);
    expect(runs()).toBe(2);
    herd('start');
    world.runFor(60 * second);
    expect(runs()).toBe(4);
  });

  it('that is started again after its last run is wanted again, by the next daemon, too', () => {
    up(timerOf(every(10, { runCount: 1 })), second);
    world.runFor(15 * second);
    expect(status()).toMatchObject({ stage: 'stopped', isWanted: false });
    herd('start');
    expect(status()).toMatchObject({ stage: 'running', isWanted: true });
    machine.crash();
    machine.boot();
    world.runFor(30 * second);
    expect(runs()).toBe(2);
  });

  it('has done what is to be done about each run that has failed, and about no other', () => {
    const onFailure = [{ kind: 'webhook', url: 'http://ops/' }] as const;
    up(timerOf(every(10), { onFailure }));
    const failures = (): readonly string[] =>
      machine.posted.map((each) => /"failure":"([a-z-]+)"/.exec(each)?.[1] ?? '');
    world.runFor(10 * second);
    expect([runs(), failures()]).toEqual([1, []]);
    endAfter(100, 3);
    world.runFor(10 * second);
    expect([runs(), failures()]).toEqual([2, ['ended']]);
    machine.processes.programs.set('backup', { refusal: 'no such program' });
    world.runFor(10 * second);
    expect(failures()).toEqual(['ended', 'start-failed']);
    machine.processes.programs.delete('backup');
    world.runFor(10 * second);
    herd('stop');
    world.runFor(10 * second);
    expect(machine.processes.living()).toEqual([]);
    expect(failures()).toHaveLength(2);
  });

  it('does not start where it would never ring', () => {
    const never = { kind: 'calendar', seconds: [0], daysOfMonth: [30], months: [2] } as const;
    up(timerOf(every(1, { when: never }), { isAutoStarted: false }));
    expect(herd('start').value).toMatchObject({ result: 'failed', reason: 'No matching event' });
    expect(status()).toMatchObject({ stage: 'stopped', failure: { reason: 'No matching event' } });
  });

  it('tells of a run whose program could not be made, and goes on', () => {
    up(timerOf(every(10)));
    const long = 'x'.repeat(limits.runReasonCharacters + 1);
    machine.processes.programs.set('backup', { refusal: long, summary: long });
    world.runFor(11 * second);
    expect(status().timer?.runs?.[0]?.reason).toHaveLength(limits.runReasonCharacters);
    machine.processes.programs.set('backup', {
      refusal: '/secret/backup: not there',
      summary: 'its program is not there',
    });
    world.runFor(11 * second);
    expect(status().timer?.runs).toMatchObject([{}, { reason: 'its program is not there' }]);
    endAfter(100);
    world.runFor(10 * second);
    expect(status().timer?.runs).toMatchObject([{}, {}, { number: 3, code: 0 }]);
  });

  it('remembers the last timerRunCount runs, and not one more', () => {
    up(timerOf(every(10)));
    world.runFor((limits.timerRunCount + 1) * 10 * second);
    const known = status().timer?.runs ?? [];
    expect(known).toHaveLength(limits.timerRunCount);
    expect(known[0]?.number).toBe(2);
    machine.crash();
    machine.boot();
    world.runFor(500);
    expect(status().timer?.runs?.slice(0, 49)).toEqual(known.slice(0, 49));
  });
});

describe('trigger', () => {
  it('runs at once, which counts, and refuses where a run goes on or it is down', () => {
    up(timerOf(every(1_000, { runCount: 3 })), 5 * second);
    expect(herd('trigger').value).toMatchObject({
      result: 'changed',
      output: ['Triggering timer.'],
    });
    expect(runs()).toBe(1);
    expect(herd('trigger').value).toMatchObject({
      result: 'failed',
      reason: 'Timer backup: the run before still goes on.',
    });
    expect(status().timer).toMatchObject({ leftCount: 2, runs: [{ isTriggered: true }] });
    herd('stop');
    expect(herd('trigger').value).toMatchObject({
      result: 'failed',
      reason: 'Service backup is not running.',
    });
    expect(runs()).toBe(1);
  });

  const askedByOther = (forMs = 500) => {
    const operation = `op-${world.now}`;
    const request = requestOf({ operation, action: 'trigger', member: 'backup' });
    const asked = machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'perform', request, machine.printer(turn), {
        principal: principalOf('g-1'),
      }),
    );
    world.runFor(forMs);
    return asked;
  };
  const alarmsKnown = (): number =>
    status().timer?.runs?.filter(({ isTriggered }) => isTriggered !== true).length ?? 0;

  it('by whoever may do only that leaves the owner what his alarms did, also in the next life', () => {
    up(timerOf(every(3_600)));
    for (let alarm = 0; alarm < limits.timerRunCount; alarm += 1) world.runFor(3_600 * second);
    expect(alarmsKnown()).toBe(limits.timerRunCount);
    for (let times = 0; times < 2 * limits.timerRunCount; times += 1) askedByOther();
    const left = limits.timerRunCount - limits.timerOthersRunCount;
    expect(alarmsKnown()).toBe(left);
    machine.crash();
    machine.boot();
    world.runFor(500);
    expect(alarmsKnown()).toBe(left);
    expect(status().timer?.runs).toHaveLength(limits.timerRunCount);
    for (const run of status().timer?.runs ?? []) {
      expect(run).not.toHaveProperty('place');
      expect(run).not.toHaveProperty('isByOther');
    }
    for (let times = 0; times < limits.timerRunCount; times += 1) herd('trigger');
    expect(alarmsKnown()).toBe(0);
  });

  it('by others while a run goes on is theirs where nobody else has asked for the one behind it', () => {
    up(timerOf(every(3_600, { overlap: 'wait' })), 5 * second);
    const recorded = () => {
      world.runFor(20 * second);
      return machine.disk
        .records()
        .timers.get('backup')
        ?.runs.map(({ isByOther }) => isByOther);
    };
    herd('trigger');
    askedByOther();
    expect(recorded()).toEqual([undefined, true]);
    herd('trigger');
    askedByOther();
    herd('trigger');
    askedByOther();
    expect(recorded()).toEqual([undefined, true, undefined, undefined]);
  });
});

describe('the clock', () => {
  it('has alarms skipped that were missed while the machine slept, with a line', () => {
    up(timerOf(every(60)));
    world.runFor(30 * second);
    machine.time.sleep('suspended');
    world.runFor(600 * second);
    machine.time.wake();
    world.runFor(61 * second);
    expect(told('timer.missed')).toBe(1);
    expect(runs()).toBe(0);
    world.runFor(60 * second);
    expect(runs()).toBe(1);
  });

  it('has them made up for once where that is wanted', () => {
    up(timerOf(every(60, { isCaughtUp: true })));
    world.runFor(30 * second);
    machine.time.sleep('suspended');
    world.runFor(600 * second);
    machine.time.wake();
    world.runFor(32 * second);
    expect(runs()).toBe(1);
    world.runFor(60 * second);
    expect(runs()).toBe(2);
  });

  it('is looked at each minute: what it was set forward over is missed, or rings within a minute', () => {
    up(timerOf(every(7_200)));
    world.runFor(10 * second);
    machine.time.wallShiftMs = 7_200 * second - 20 * second;
    world.runFor(limits.alarmLookMs);
    expect(runs()).toBe(1);
  });

  it('rings nothing again where it was set back by an hour, and goes by it where it was set back by more', () => {
    // The world begins at 22:13:20 UTC, which is local time here.
    const nightly = { kind: 'calendar', seconds: [0], minutes: [0], hours: [23] } as const;
    up(timerOf(every(1, { when: nightly })));
    world.runFor(3_600 * second);
    expect(runs()).toBe(1);
    machine.time.wallShiftMs = -3_600 * second;
    world.runFor(7_200 * second);
    expect(runs()).toBe(1);
    const day = 86_400 * second;
    machine.time.wallShiftMs = -10 * day;
    world.runFor(day);
    expect(runs()).toBe(2);
  });

  it('was set back where it lost over clockSlackMs, and was wrong where it was over clockBackMs', () => {
    const nightly = { kind: 'calendar', seconds: [0], minutes: [0], hours: [23] } as const;
    for (const [shiftMs, count] of [
      [limits.clockBackMs, 1],
      [limits.clockBackMs + limits.alarmLookMs + 2 * limits.clockSlackMs, 2],
    ] as const) {
      up(timerOf(every(1, { when: nightly })));
      world.runFor(2_800 * second);
      expect(runs()).toBe(1);
      // From just behind 23:00 to three hours before that, and to 23:00 again.
      machine.time.wallShiftMs = -shiftMs;
      world.runFor(shiftMs + 60 * second);
      expect(runs()).toBe(count);
    }
  });

  it('has an interval go on at once where it was set back', () => {
    up(timerOf(every(60)));
    world.runFor(200 * second);
    expect(runs()).toBe(3);
    machine.time.wallShiftMs = -100 * second;
    world.runFor(130 * second);
    expect(runs()).toBeGreaterThan(3);
  });
});

describe('what is late', () => {
  /** Runs of a timer whose machine stands for so long over its first alarm. */
  const lateBy = (everySeconds: number, ms: number): number => {
    up(timerOf(every(everySeconds)));
    const alarm = status().timer?.nextMs ?? 0;
    world.runFor(alarm - world.clock().wall() - second);
    machine.time.sleep('stopped');
    world.runFor(second + ms);
    machine.time.wake();
    world.runFor(500);
    return runs();
  };
  it('rings up to leastLateMs late, and is missed a little later', () => {
    expect(lateBy(10, limits.leastLateMs - 200)).toBe(1);
    expect(lateBy(10, limits.leastLateMs + 200)).toBe(0);
  });
  it('rings up to mostLateMs late where it is waited for long, and is missed a little later', () => {
    expect(lateBy(86_400, limits.mostLateMs - 200)).toBe(1);
    expect(lateBy(86_400, limits.mostLateMs + 200)).toBe(0);
  });
});

describe('a daemon that is killed', () => {
  it('leaves a run going on, which the next one knows and does not double', () => {
    up(timerOf(every(60)), 90 * second);
    const began = world.clock().wall();
    world.runFor(61 * second);
    expect(runs()).toBe(1);
    machine.crash();
    world.runFor(second);
    machine.boot();
    world.runFor(5 * second);
    expect(status()).toMatchObject({ stage: 'running', pid: machine.processes.living()[0]?.pid });
    expect(status().timer?.executingMs).toBeLessThan(began + 62 * second);
    world.runFor(80 * second);
    expect(status().timer?.runs).toMatchObject([{ number: 1 }]);
    expect(status().timer?.runs?.[0]?.endedMs).toBeGreaterThan(began + 140 * second);
    world.runFor(60 * second);
    expect(runs()).toBe(2);
    expect(machine.processes.doubled).toEqual([]);
  });

  it('bounds the run that it leaves by the time since it began', () => {
    up(timerOf(every(600, { maxMs: 30 * second })), forEver);
    world.runFor(601 * second);
    machine.crash();
    world.runFor(20 * second);
    machine.boot();
    world.runFor(8 * second);
    expect(machine.processes.living()).toHaveLength(1);
    world.runFor(3 * second);
    expect(machine.processes.living()).toEqual([]);
  });

  it('misses what rings meanwhile, once caught up where that is wanted', () => {
    for (const isCaughtUp of [undefined, true] as const) {
      up(timerOf(every(60, isCaughtUp === undefined ? {} : { isCaughtUp })));
      machine.crash();
      world.runFor(600 * second);
      machine.boot();
      world.runFor(second);
      expect(runs()).toBe(isCaughtUp === true ? 1 : 0);
    }
  });

  it('at any moment of a run never has an alarm run twice', () => {
    for (let ms = 0; ms < 60; ms += 2) {
      up(timerOf(every(60, { isCaughtUp: true })), 20 * second);
      world.runFor(60 * second - 500 - 10 + ms);
      machine.crash();
      machine.boot();
      world.runFor(10 * second);
      expect(runs(), `killed ${ms} ms in`).toBeLessThanOrEqual(1);
      world.runFor(60 * second);
      expect(runs()).toBeLessThanOrEqual(2);
      expect(machine.processes.doubled).toEqual([]);
      // Of each alarm somebody knows: what did not come to a process is told to be lost.
      expect(status().timer?.runs?.length).toBe(2);
    }
  });

  it('does not lose that a timer was stopped, nor ring it', () => {
    up(timerOf(every(60)));
    herd('stop');
    machine.crash();
    machine.boot();
    world.runFor(120 * second);
    expect(runs()).toBe(0);
    expect(status().stage).toBe('stopped');
  });
});

describe('a timer that is described anew', () => {
  const swap = (removed: readonly string[], own: readonly ServiceConfig[]): void => {
    machine.ask((turn, shepherd) =>
      turn.send(
        shepherd,
        'swap',
        { removed, own, elsewhere: [], aggregates: [] },
        machine.printer(turn),
      ),
    );
    world.runFor(second);
  };
  it('rings as before until it is restarted', () => {
    up(timerOf(every(100)));
    swap([], [timerOf(every(10))]);
    expect(status()).toMatchObject({ hasReplacement: true, timer: { when: 'every 100 s' } });
    world.runFor(50 * second);
    expect(runs()).toBe(0);
    herd('restart');
    expect(status().timer?.when).toBe('every 10 s');
    world.runFor(50 * second);
    expect(runs()).toBeGreaterThanOrEqual(4);
  });

  it('rings no more once it is out of the configuration, and has its history when it returns', () => {
    up(timerOf(every(10)));
    world.runFor(25 * second);
    swap(['backup'], []);
    world.runFor(60 * second);
    expect(runs()).toBe(2);
    swap([], [timerOf(every(10, { isCaughtUp: true }))]);
    expect(runs()).toBe(2);
    expect(status().timer?.runs).toHaveLength(2);
    machine.crash();
    machine.boot();
    world.runFor(11 * second);
    expect(status().timer?.runs?.[0]).toMatchObject({ number: 1 });
  });

  it('and never rings again ends the run that it finds, also one that hangs before its program', () => {
    world = new World(7);
    const services = [timerOf(every(10))];
    machine = new Machine(world, 'A', { services, rehearse: true });
    machine.processes.programs.set('backup', { hangs: true });
    machine.boot();
    world.runFor(11 * second);
    expect(machine.processes.living('backup')).toHaveLength(1);
    machine.crash();
    const never = { kind: 'calendar', seconds: [0], daysOfMonth: [30], months: [2] } as const;
    services[0] = timerOf(every(1, { when: never }));
    machine.boot();
    world.runFor(limits.orphanGraceMs + 2 * second);
    expect(machine.processes.living('backup')).toEqual([]);
    expect(status()).toMatchObject({ stage: 'stopped' });
    expect(status().timer?.runs?.at(-1)?.endedMs).toBeDefined();
  });

  it('is a service with a process from then on, and no run of it is taken for that', () => {
    up(timerOf(every(10)), forEver);
    world.runFor(11 * second);
    expect(runs()).toBe(1);
    swap(['backup'], []);
    expect(machine.processes.living()).toEqual([]);
    swap([], [service({ provision: ['backup'], start: { argv: ['serve'] }, isAutoStarted: true })]);
    expect(machine.processes.living()).toHaveLength(1);
    expect(status()).toMatchObject({ stage: 'running', command: ['serve'] });
    expect(status().timer).toBeUndefined();
  });
});

describe('spreadMs', () => {
  it('is late by the same time in every life, and by another for another alarm', () => {
    up(timerOf(every(100, { spreadMs: 50 * second })));
    const first = status().timer?.upcoming ?? [];
    const late = first.map((at) => (at - (first[0] ?? 0)) % (100 * second));
    expect(new Set(late).size).toBeGreaterThan(1);
    machine.crash();
    machine.boot();
    world.runFor(500);
    expect(status().timer?.upcoming).toEqual(first);
  });
});
