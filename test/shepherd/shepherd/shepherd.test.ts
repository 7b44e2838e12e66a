/** The graph of one machine under commands: order, sharing, failures, what wins. */
import type { Turn } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { limits, type Outcome, type Request } from '@bellwether/shepherd';
import {
  complaints,
  herd,
  makeElsewhere,
  named,
  run,
  stages,
  up,
} from '../../support/shepherd-graph.ts';
import { program } from '../../support/shepherd-machine.ts';

describe('start', () => {
  it.each([0, 1])(
    'tells of a failure with at most as many causes as there may be: %i over',
    (over) => {
      const count = limits.causeCount + over;
      const names = Array.from({ length: count }, (_, at) => `n${at}`);
      const chain = names.map((name, at) => (at === 0 ? run(name) : named(name, `n${at - 1}`)));
      const it = up([...chain, run('top', `n${count - 1}`)]);
      it.machine.processes.programs.set('n0', { refusal: 'no such program' });
      const rows = herd(it, 'start', 'top').value?.rows ?? [];
      expect(rows.map(({ member }) => member)).toEqual(
        [...names].reverse().slice(0, limits.causeCount),
      );
      expect(rows.some(({ reason }) => reason === 'no such program')).toBe(over === 0);
    },
  );
  it('brings up independent requirements at once', () => {
    const it = up([run('a'), run('b'), run('c'), run('top', 'a', 'b', 'c')]);
    for (const name of ['a', 'b', 'c']) it.machine.processes.programs.set(name, { spawnMs: 1_000 });
    const before = it.world.now;
    expect(herd(it, 'start', 'top').value).toMatchObject({
      result: 'changed',
      also: ['a', 'b', 'c'],
    });
    expect(it.world.now - before).toBeLessThan(1_100);
    expect(it.machine.processes.started.at(-1)).toBe('top');
    expect(complaints(it.machine)).toEqual([]);
  });
  it('leaves a service as it is when a requirement fails, and says which and why', () => {
    const it = up([run('db'), named('mid', 'db'), run('top', 'mid')]);
    it.machine.processes.programs.set('db', { refusal: 'no such program' });
    expect(herd(it, 'start', 'top').value).toEqual({
      member: 'top',
      result: 'failed',
      reason: 'Service top depends on mid.',
      dependsOn: 'mid',
      rows: [
        {
          member: 'mid',
          result: 'failed',
          reason: 'Service mid depends on db.',
          dependsOn: 'db',
        },
        {
          member: 'db',
          result: 'failed',
          reason: 'no such program',
          stage: 'stopped',
          version: { born: 1_700_000_000_000, sequence: 4 },
        },
      ],
    });
    expect(it.machine.lines).toEqual([
      'A: Service db: no such program.',
      'A: Service db could not be started.',
      'A: Service mid depends on db.',
      'A: Service mid could not be started.',
      'A: Service top depends on mid.',
      'A: Service top could not be started.',
    ]);
    const status = it.machine.ask((turn, shepherd) => turn.call(shepherd, 'status', 'top'));
    it.world.run();
    expect(status.value).toMatchObject({ stage: 'stopped' });
    expect(status.value).not.toHaveProperty('failure');
  });
  it('names a requirement that is not there', () => {
    expect(herd(up([named('top', 'ghost')]), 'start', 'top').value).toMatchObject({
      result: 'failed',
      reason: 'Service top depends on ghost.',
      rows: [{ member: 'ghost', reason: "service 'ghost' could not be found" }],
    });
  });
  it('keeps up the requirements that did start', () => {
    const it = up([named('good'), run('bad'), named('top', 'good', 'bad')]);
    it.machine.processes.programs.set('bad', { refusal: 'no' });
    herd(it, 'start', 'top');
    expect(stages(it)).toEqual(['good running', 'bad stopped', 'top stopped']);
  });
  it('tells of each requirement that failed, once, also of one that several need', () => {
    const it = up([
      run('net'),
      run('db'),
      named('mid', 'db'),
      named('web', 'net', 'db'),
      named('top', 'mid', 'web', 'net'),
    ]);
    for (const name of ['net', 'db'])
      it.machine.processes.programs.set(name, { refusal: `no ${name}` });
    const { value } = herd(it, 'start', 'top');
    expect(value?.rows.map(({ member, reason }) => `${member}: ${reason}`)).toEqual([
      'mid: Service mid depends on db.',
      'db: no db',
      'web: Service web depends on net.',
      'net: no net',
    ]);
    const lines = it.machine.lines.filter((line) => line.includes('depends'));
    expect(lines.toSorted()).toEqual([
      'A: Service mid depends on db.',
      'A: Service top depends on mid.',
      'A: Service top depends on net.',
      'A: Service top depends on web.',
      'A: Service web depends on db.',
      'A: Service web depends on net.',
    ]);
  });
  it('runs a one-shot once in an operation, and again in the next', () => {
    const it = up([
      program({ provision: ['once'], isOneShot: true }),
      named('a', 'once'),
      named('b', 'once'),
      named('top', 'a', 'b'),
    ]);
    it.machine.processes.programs.set('once', { ends: { afterMs: 50, ending: { code: 0 } } });
    expect(herd(it, 'start', 'top').value?.result).toBe('changed');
    expect(it.machine.processes.started).toEqual(['once']);
    herd(it, 'start', 'top');
    expect(it.machine.processes.started).toEqual(['once', 'once']);
  });
  it('visits each service of a ladder of 16 layers of 2 once', () => {
    const ladder = Array.from({ length: 16 }, (_, at) => {
      const below = at === 0 ? [] : [`a${at - 1}`, `b${at - 1}`];
      return [named(`a${at}`, ...below), named(`b${at}`, ...below)];
    }).flat();
    const it = up(ladder);
    expect(herd(it, 'start', 'a15').value?.also).toHaveLength(30);
    expect(it.machine.lines).toHaveLength(31);
    expect(it.machine.logged('service.starting')).toHaveLength(31);
  });
  it.each([1_000, 3_000])(
    'and stop go through a chain of %i',
    (count) => {
      const chain = Array.from({ length: count }, (_, at) =>
        named(`s${at}`, ...(at === 0 ? [] : [`s${at - 1}`])),
      );
      const it = up(chain, { rehearse: false });
      expect(herd(it, 'start', `s${count - 1}`).value?.result).toBe('changed');
      expect(it.machine.logged('service.running')).toHaveLength(count);
      const stopped = herd(it, 'stop', 's0');
      expect(stopped.value?.also).toHaveLength(Math.min(count - 1, limits.alsoCount));
      expect(it.machine.logged('service.stopped')[0]).toMatchObject({ service: `s${count - 1}` });
      expect(it.machine.logged('service.stopped')).toHaveLength(count);
    },
    30_000,
  );
  it('with arguments is refused before anything is done', () => {
    const it = up([named('base'), named('top', 'base')]);
    expect(herd(it, 'start', 'top', { args: ['now'] }).error).toMatchObject({
      code: 'bad-request',
    });
    expect(stages(it)).toEqual(['base stopped', 'top stopped']);
  });
});

describe('stop', () => {
  it('takes down what depends on it, not what it depends on', () => {
    const it = up([named('base'), named('mid', 'base'), named('top', 'mid'), named('other')]);
    herd(it, 'start', 'top');
    herd(it, 'start', 'other');
    expect(herd(it, 'stop', 'mid').value).toMatchObject({ result: 'changed', also: ['top'] });
    expect(stages(it)).toEqual(['base running', 'mid stopped', 'top stopped', 'other running']);
  });
  it('of a stopped service is ok and says nothing', () => {
    const it = up([named('web')]);
    expect(herd(it, 'stop', 'web').value?.result).toBe('ok');
    expect(it.machine.lines).toEqual([]);
  });
  it('records the wish of every service that it takes down', () => {
    const it = up([named('base'), named('top', 'base')]);
    herd(it, 'start', 'top');
    herd(it, 'stop', 'base');
    expect([...it.machine.disk.records().desired]).toEqual([
      ['base', false],
      ['top', false],
    ]);
  });
});

describe('restart', () => {
  it('stops in order and starts again what ran, and only that', () => {
    const it = up([run('base'), run('mid', 'base'), run('idle', 'base'), run('top', 'mid')]);
    herd(it, 'start', 'top');
    it.machine.lines.length = 0;
    expect(herd(it, 'restart', 'base').value).toMatchObject({
      member: 'base',
      result: 'changed',
      stage: 'running',
      also: ['mid', 'top'],
    });
    expect(it.machine.lines).toEqual([
      'A: Service top has been stopped.',
      'A: Service mid has been stopped.',
      'A: Service base has been stopped.',
      'A: Service base has been started.',
      'A: Service mid has been started.',
      'A: Service top has been started.',
    ]);
    expect(stages(it)).toEqual(['base running', 'mid running', 'idle stopped', 'top running']);
    expect(it.machine.disk.records().desired.get('idle')).toBeUndefined();
    expect(it.machine.processes.doubled).toEqual([]);
    expect(complaints(it.machine)).toEqual([]);
  });
  it('starts a service that is stopped, with what it requires', () => {
    const it = up([run('base'), run('web', 'base')]);
    expect(herd(it, 'restart', 'web').value).toMatchObject({ result: 'changed' });
    expect(it.machine.lines).toEqual([
      'A: Service web is not running.',
      'A: Service base has been started.',
      'A: Service web has been started.',
    ]);
  });
  it('of a disabled service touches nothing', () => {
    const it = up([run('web')]);
    herd(it, 'start', 'web');
    herd(it, 'disable', 'web');
    expect(herd(it, 'restart', 'web').value).toMatchObject({
      result: 'failed',
      reason: 'it is disabled',
    });
    expect(it.machine.processes.living('web')).toMatchObject([{ pid: 101 }]);
  });
  it('gives way to a stop that comes later, and wins over a start that does', () => {
    for (const [later, stage, result] of [
      ['stop', 'stopped', 'superseded'],
      ['start', 'running', 'changed'],
    ] as const) {
      const it = up([run('base'), run('top', 'base')]);
      herd(it, 'start', 'top');
      const restarted = it.machine.herd('restart', 'base');
      it.machine.herd(later, 'base');
      it.world.run();
      expect(restarted.value?.result).toBe(result);
      expect(stages(it)?.[0]).toBe(`base ${stage}`);
      expect(it.machine.disk.records().desired.get('base')).toBe(stage === 'running');
    }
  });
  it('is passed on to a service that lives elsewhere', () => {
    const seen: Request[] = [];
    const it = up([named('local', 'far')], {
      setUp: (turn, shepherd) => {
        const far = turn.spawn(makeElsewhere, 'far', (turn: Turn, request: Request) => {
          turn.effect(() => void seen.push(request));
          return turn.kept<Outcome>({ member: 'far', result: 'changed', rows: [] });
        });
        turn.call(shepherd, 'register', far);
      },
    });
    herd(it, 'start', 'local');
    expect(herd(it, 'restart', 'far').value).toMatchObject({ member: 'far', also: ['local'] });
    expect(seen.map(({ action }) => action)).toEqual(['start', 'restart']);
    expect(it.machine.lines.slice(2)).toEqual([
      'A: Service local has been stopped.',
      'A: Service far has been restarted.',
      'A: Service local has been started.',
    ]);
  });
});

describe('the last command that was accepted', () => {
  it('wins over a start that waits for a requirement', () => {
    const it = up([run('slow'), run('web', 'slow')]);
    it.machine.processes.programs.set('slow', { spawnMs: 500 });
    const start = it.machine.herd('start', 'web');
    it.world.runFor(100);
    const stop = it.machine.herd('stop', 'web');
    it.world.run();
    expect(start.value).toMatchObject({
      result: 'superseded',
      reason: expect.stringMatching(
        /^Service web: start lost to a later stop \(A-op-\d+, 2023-11-14 22:13 UTC\)\.$/,
      ),
    });
    expect(stop.value?.result).toBe('ok');
    expect(it.machine.processes.started).toEqual(['slow']);
    expect(it.machine.disk.records().desired.get('web')).toBe(false);
  });
  it('is named as it was typed by what it outdid while that was under way', () => {
    for (const [first, later] of [
      ['start', 'stop'],
      ['start', 'restart'],
      ['restart', 'restart'],
    ] as const) {
      const it = up([run('web')]);
      it.machine.processes.programs.set('web', { spawnMs: 500 });
      const lost = it.machine.herd(first, 'web', { operation: 'op-1' });
      it.world.runFor(100);
      it.machine.herd(later, 'web', { operation: 'op-2' });
      it.world.run();
      const reason = `Service web: ${first} lost to a later ${later} (op-2, 2023-11-14 22:13 UTC).`;
      expect(lost.value).toMatchObject({
        ...{ result: 'superseded', reason },
        lostTo: { action: later, operation: 'op-2' },
      });
      expect(it.machine.lines.filter((line) => line.includes('lost'))).toEqual([`A: ${reason}`]);
    }
  });
  it('is named to what waited for a stop that it repeats', () => {
    const it = up([run('web')]);
    herd(it, 'start', 'web');
    it.machine.processes.programs.set('web', { stopMs: 500 });
    it.machine.herd('stop', 'web', { operation: 'op-1' });
    const lost = it.machine.herd('start', 'web', { operation: 'op-2' });
    it.world.runFor(100);
    it.machine.herd('stop', 'web', { operation: 'op-3' });
    it.world.run();
    expect(lost.value?.reason).toBe(
      'Service web: start lost to a later stop (op-3, 2023-11-14 22:13 UTC).',
    );
  });
  it('wins over a stop that waits for a dependent', () => {
    const it = up([run('base'), run('top', 'base')]);
    it.machine.processes.programs.set('top', { stopMs: 500 });
    herd(it, 'start', 'top');
    const stop = it.machine.herd('stop', 'base');
    it.world.runFor(100);
    const start = it.machine.herd('start', 'base');
    it.world.run();
    expect(stop.value?.result).toBe('superseded');
    expect(start.value?.result).toBe('ok');
    expect(stages(it)).toEqual(['base running', 'top stopped']);
    expect(it.machine.disk.records().desired.get('base')).toBe(true);
  });
});
