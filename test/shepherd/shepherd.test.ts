/** The graph of one machine under operations: order, sharing, failures, what wins. */
import { World, type Behavior, type Bcom, type Ref, type Turn } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import {
  limits,
  type Outcome,
  type Request,
  type Service,
  type ServiceConfig,
  type Status,
  type Writer,
} from '@bellwether/shepherd';
import {
  Machine,
  program,
  requestOf,
  service,
  type Asked,
  type Blueprint,
} from '../support/shepherd-machine.ts';

const up = (services: readonly ServiceConfig[], more: Blueprint = {}, seed = 3) => {
  const world = new World(seed);
  const machine = new Machine(world, 'A', { services, rehearse: true, ...more });
  machine.boot();
  world.run();
  return { world, machine };
};
const named = (name: string, ...requirement: readonly string[]) =>
  service({ provision: [name], requirement });
const run = (name: string, ...requirement: readonly string[]) =>
  program({ provision: [name], requirement });
const herd = (
  { world, machine }: { readonly world: World; readonly machine: Machine },
  action: string,
  member: string,
  given: Partial<Request> = {},
): Asked<Outcome> => {
  const asked = machine.herd(action, member, given);
  world.run();
  return asked;
};
const stages = ({ world, machine }: { readonly world: World; readonly machine: Machine }) => {
  const asked = machine.ask((turn, shepherd) =>
    turn
      .call(shepherd, 'names')
      .map((name) => `${name} ${turn.call(shepherd, 'status', name).stage}`),
  );
  world.run(world.now);
  return asked.value;
};
const complaints = (machine: Machine) =>
  machine.log.filter(({ event }) => /^(turn|vat|vow)\./.test(event));
/** A service of another kind: it keeps what it is asked, and answers as it is told. */
const makeElsewhere = (
  _turn: Turn<Service>,
  _bcom: Bcom<Service>,
  name: string,
  perform: (turn: Turn, request: Request, writer: Ref<Writer>) => ReturnType<Service['perform']>,
  requirement: readonly string[] = [],
): Behavior<Service> => {
  const status: Status = {
    provision: [name],
    requirement,
    stage: 'unknown',
    documentation: '',
    actions: [],
    ageMs: 0,
    isEnabled: true,
    isOneShot: false,
    isRespawned: false,
    respawnCount: 0,
  };
  return {
    canonicalName: () => name,
    provision: () => [name],
    requirement: () => requirement,
    status: () => status,
    probe: (turn) => turn.kept(status),
    perform: (turn, request, writer) => perform(turn, request, writer),
  };
};

describe('start', () => {
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
      rows: [
        { member: 'mid', result: 'failed', reason: 'Service mid depends on db.' },
        {
          member: 'db',
          result: 'failed',
          reason: 'no such program',
          stage: 'stopped',
          output: ['db said'],
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
    expect(status.value?.failure).toBeUndefined();
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
  it.each([1_000, 3_000])('and stop go through a chain of %i', (count) => {
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
  });
  it('gives its arguments to the member alone', () => {
    const it = up([named('base'), named('top', 'base')]);
    expect(herd(it, 'start', 'top', { args: ['now'] }).error).toMatchObject({ code: 'refused' });
    expect(stages(it)).toEqual(['base running', 'top stopped']);
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
      reason: 'Service web is currently disabled.',
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
      reason: 'Service web: start lost to a later stop.',
    });
    expect(stop.value?.result).toBe('ok');
    expect(it.machine.processes.started).toEqual(['slow']);
    expect(it.machine.disk.records().desired.get('web')).toBe(false);
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

describe('an operation', () => {
  it('that is repeated is answered with the recorded outcome, and nothing is done twice', () => {
    const it = up([run('web')]);
    const first = herd(it, 'start', 'web', { operation: 'op-1' });
    herd(it, 'stop', 'web');
    expect(herd(it, 'start', 'web', { operation: 'op-1' }).value).toEqual(first.value);
    expect(it.machine.processes.started).toEqual(['web']);
  });
  it('that is repeated while it runs shares the answer', () => {
    const it = up([run('web')]);
    const asked = [1, 2].map(() => it.machine.herd('start', 'web', { operation: 'op-1' }));
    it.world.run();
    expect(asked[0]?.value).toEqual(asked[1]?.value);
    expect(it.machine.processes.started).toEqual(['web']);
  });
  it('cannot mean two things', () => {
    const it = up([run('web')]);
    herd(it, 'start', 'web', { operation: 'op-1' });
    expect(herd(it, 'stop', 'web', { operation: 'op-1' }).error).toMatchObject({
      code: 'bad-request',
      message: 'operation op-1 is a start of web: a stop needs an id of its own',
    });
  });
  it('is forgotten with the daemon', () => {
    const it = up([run('web')]);
    herd(it, 'start', 'web', { operation: 'op-1' });
    it.machine.crash();
    it.machine.boot();
    it.world.run();
    expect(herd(it, 'start', 'web', { operation: 'op-1' }).value?.result).toBe('ok');
  });
  it('answers by its deadline with what is still going on, and goes on', () => {
    const it = up([run('slow'), run('web', 'slow')], { rehearse: false });
    it.machine.processes.programs.set('slow', { spawnMs: 500 });
    const start = it.machine.herd('start', 'web', { operation: 'op-1', remainingMs: 200 });
    it.world.runFor(210);
    expect(start.value).toEqual({
      member: 'web',
      result: 'timed-out',
      reason: 'Service web: start is not over after 200 ms; it goes on.',
      rows: [
        {
          member: 'slow',
          result: 'timed-out',
          reason: 'Service slow: start is under way.',
          stage: 'starting',
        },
        {
          member: 'web',
          result: 'timed-out',
          reason: 'Service web: start waits for other services.',
          stage: 'stopped',
        },
      ],
    });
    it.world.run();
    expect(stages(it)).toEqual(['slow running', 'web running']);
    expect(herd(it, 'start', 'web', { operation: 'op-1' }).value?.result).toBe('changed');
    // The stream is over with the answer; the daemon's own log has the rest.
    expect(it.machine.lines).toEqual([]);
    expect(it.machine.logged('operation.line').map(({ text }) => text)).toEqual([
      'Service slow has been started.',
      'Service web has been started.',
    ]);
  });
  it('leaves no timer behind when it is answered in time', () => {
    const it = up([run('web')]);
    const before = it.world.now;
    herd(it, 'start', 'web', { remainingMs: limits.remainingMs });
    expect(it.world.now - before).toBeLessThan(100);
  });
  it(`is forgotten after ${limits.operationCount} others, the longest settled first`, () => {
    const it = up([named('web')], { rehearse: false });
    const asked = Array.from({ length: limits.operationCount }, (_, at) =>
      it.machine.herd(at % 2 === 0 ? 'start' : 'stop', 'web', { operation: `o${at}` }),
    );
    it.world.run();
    expect(asked.every((each) => each.value !== undefined)).toBe(true);
    it.world.run();
    // Remembered: nothing changes.
    expect(herd(it, 'start', 'web', { operation: 'o0' }).value?.result).toBe('changed');
    expect(stages(it)).toEqual(['web stopped']);
    herd(it, 'stop', 'web', { operation: 'one-more' });
    // Forgotten: it is a command like any other.
    herd(it, 'start', 'web', { operation: 'o0' });
    expect(stages(it)).toEqual(['web running']);
  }, 30_000);
  it('breaks with what is wrong with its request before anything is touched', () => {
    const it = up([run('web')]);
    expect(herd(it, 'start', 'web', { remainingMs: 0 }).error).toMatchObject({
      code: 'bad-request',
    });
    expect(herd(it, 'dance', 'web').error).toMatchObject({
      code: 'unknown-action',
      message: "service 'web' does not have an action 'dance'",
    });
    expect(it.machine.disk.entries).toEqual([]);
  });
  it.each([undefined, 'sink', {}, 7])(
    'with %o for a sink is refused, and the vat lives',
    (sink) => {
      const it = up([run('web')]);
      const asked = it.machine.ask((turn, shepherd) =>
        turn.send(
          shepherd,
          'perform',
          requestOf({ member: 'web', action: 'start' }),
          sink as unknown as Ref<never>,
        ),
      );
      it.world.run();
      expect(asked.error).toMatchObject({ code: 'bad-request' });
      expect(it.machine.isUp).toBe(true);
      expect(it.machine.processes.started).toEqual([]);
    },
  );
});

describe('a service that lives elsewhere', () => {
  const withFar = (requirement: readonly string[] = []) => {
    const seen: Request[] = [];
    const it = up([named('web', 'far')], {
      setUp: (turn, shepherd) => {
        const far = turn.spawn(
          makeElsewhere,
          'far',
          (turn: Turn, request: Request) => {
            turn.effect(() => void seen.push(request));
            return turn.kept<Outcome>({ member: 'far', result: 'changed', rows: [] });
          },
          requirement,
        );
        turn.call(shepherd, 'register', far);
      },
    });
    return { ...it, seen };
  };
  it('gets the request under its own name, with a hop more and a little less time', () => {
    const it = withFar();
    herd(it, 'start', 'web', { operation: 'op-1', remainingMs: 10_000, hops: ['before'] });
    expect(it.seen).toEqual([
      {
        operation: 'op-1',
        member: 'far',
        action: 'start',
        args: [],
        remainingMs: 9_900,
        hops: ['before', 'A1.1'],
      },
    ]);
  });
  it('is not reached again by a request that came through it: a cycle over machines', () => {
    const it = withFar();
    expect(herd(it, 'start', 'web', { hops: ['A1.1'] }).error).toMatchObject({
      code: 'cycle',
      message: 'far requires … requires web requires far: a cycle',
    });
    expect(herd(it, 'stop', 'far', { hops: ['A1.1'] }).error).toMatchObject({ code: 'cycle' });
    expect(it.seen).toEqual([]);
  });
  it('has no wish on disk: it owns no state here', () => {
    const it = withFar();
    herd(it, 'start', 'far');
    expect(it.machine.disk.entries).toEqual([]);
  });
});

describe('a facet', () => {
  it('reaches its own service, whatever member a request names', () => {
    const it = up([named('web'), named('secret')]);
    const asked = it.machine.ask((turn, shepherd) => {
      const facet = turn.call(shepherd, 'facet', 'web');
      const request = requestOf({ member: 'secret', action: 'start' });
      return turn.send(facet, 'perform', request, it.machine.printer(turn));
    });
    it.world.run();
    expect(asked.value?.member).toBe('web');
    expect(stages(it)).toEqual(['web running', 'secret stopped']);
  });
  it('shows the status of its service, now and when it is probed', () => {
    const it = up([program({ provision: ['web', 'www'] })]);
    const facet = it.machine.ask((turn, shepherd) => {
      const facet = turn.call(shepherd, 'facet', 'www');
      return turn.all([turn.send(facet, 'status'), turn.send(facet, 'probe', 1_000)]);
    });
    it.world.run();
    expect(facet.value).toMatchObject([
      { value: { provision: ['web', 'www'], stage: 'stopped' } },
      { value: { recentLines: ['web said'] } },
    ]);
  });
  it.each([-1, 0.5, NaN, limits.probeMs + 1])('refuses to probe for %d ms', (timeoutMs) => {
    const it = up([named('web')]);
    const asked = it.machine.ask((turn, shepherd) =>
      turn.send(turn.call(shepherd, 'facet', 'web'), 'probe', timeoutMs),
    );
    it.world.run();
    expect(asked.error).toMatchObject({ code: 'bad-request' });
  });
});

describe('the log', () => {
  it('has the last lines of a service, in number as asked', () => {
    const it = up([run('web')]);
    const ask = (count: number) => {
      const asked = it.machine.ask((turn, shepherd) => turn.call(shepherd, 'log', 'web', count));
      it.world.run();
      return asked;
    };
    expect(ask(1).value).toEqual(['web said']);
    expect(ask(limits.logLineCount).value).toEqual(['web said']);
    expect(ask(limits.logLineCount + 1).error).toMatchObject({ code: 'bad-request' });
  });
  it('of all changes is in order of time', () => {
    const it = up([run('a'), run('b')]);
    herd(it, 'start', 'b');
    herd(it, 'start', 'a');
    const asked = it.machine.ask((turn, shepherd) => turn.call(shepherd, 'history'));
    it.world.run();
    expect(asked.value?.map(({ service, what }) => `${service} ${what}`)).toEqual([
      'b starting',
      'b running',
      'a starting',
      'a running',
    ]);
  });
});

describe('a member of an aggregate', () => {
  it('acts within the operation, and its row is told as it comes', () => {
    const it = up([run('a'), run('b')], {
      setUp: (turn, shepherd) => {
        const fleet = turn.spawn(
          makeElsewhere,
          'fleet',
          (turn: Turn, request: Request, writer: Ref<Writer>) => {
            const members = ['a', 'b', 'a'].map((member) =>
              turn.send(shepherd, 'member', { ...request, member }, writer),
            );
            return turn.when(turn.all(members), (_turn, settled): Outcome => {
              const rows = settled.flatMap((one) => (one.kept ? one.value : []));
              return { member: 'fleet', result: 'changed', rows };
            });
          },
        );
        turn.call(shepherd, 'register', fleet);
      },
    });
    expect(herd(it, 'start', 'fleet').value?.rows.map(({ pid }) => pid)).toEqual([101, 102, 101]);
    expect(it.machine.processes.started).toEqual(['a', 'b']);
    expect(it.machine.events.map((event) => event.kind === 'row' && event.row.member)).toEqual([
      'a',
      'a',
      'b',
    ]);
    expect(it.machine.lines.at(-1)).toBe('A: Service fleet has been started.');
    expect(complaints(it.machine)).toEqual([]);
  });
});
