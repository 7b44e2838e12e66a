/** Services that come, go and change while their shepherd serves. */
import { World, type Bcom, type Behavior, type Ref, type Turn } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import {
  limits,
  type Observer,
  type Outcome,
  type Request,
  type ServiceConfig,
  type ServiceFacet,
  type Swap,
} from '@bellwether/shepherd';
import { makeElsewhere } from '../../support/shepherd-graph.ts';
import { Machine, program, service } from '../../support/shepherd-machine.ts';
import { localRoot, principalOf } from '../../../packages/shepherd/src/words/principal.ts';

const none: Swap = { removed: [], own: [], elsewhere: [], aggregates: [] };
const up = (services: readonly ServiceConfig[], starts: readonly string[] = []) => {
  const world = new World(1);
  const machine = new Machine(world, 'A', { services, rehearse: true });
  machine.boot();
  world.run();
  for (const name of starts) machine.herd('start', name);
  world.run();
  machine.lines.length = 0;
  return { world, machine };
};
const swap = (machine: Machine, given: Partial<Swap>) =>
  machine.ask((turn, shepherd) =>
    turn.send(shepherd, 'swap', { ...none, ...given }, machine.printer(turn)),
  );
const stages = ({ world, machine }: ReturnType<typeof up>) => {
  const asked = machine.ask((turn, shepherd) =>
    turn
      .call(shepherd, 'names')
      .map((name): [string, string] => [name, turn.call(shepherd, 'status', name).stage]),
  );
  world.run();
  return Object.fromEntries(asked.value ?? []);
};
const db = program({ provision: ['db'] });
const web = program({ provision: ['web'], requirement: ['db'] });

describe('a service that goes', () => {
  it('is stopped first, and then not there any more', () => {
    const rig = up([db], ['db']);
    const asked = swap(rig.machine, { removed: ['db'] });
    rig.world.run();
    expect(asked.value).toMatchObject({
      result: 'changed',
      rows: [{ member: 'db', result: 'changed', stage: 'stopped' }],
    });
    expect(rig.machine.lines).toEqual(['A: Service db has been stopped.']);
    expect(rig.machine.processes.living()).toEqual([]);
    expect(stages(rig)).toEqual({});
    const start = rig.machine.herd('start', 'db');
    rig.world.run();
    expect(start.error).toMatchObject({ code: 'unknown-service' });
  });
  it('takes down what requires it, which comes back without it', () => {
    const rig = up([db, web], ['web']);
    const [before] = rig.machine.processes.living('web');
    const asked = swap(rig.machine, { removed: ['db'], own: [{ ...web, requirement: [] }] });
    rig.world.run();
    expect(rig.machine.lines).toEqual([
      'A: Service web has been stopped.',
      'A: Service db has been stopped.',
      'A: Service web has been started.',
    ]);
    expect(asked.value).toMatchObject({ result: 'changed' });
    expect(stages(rig)).toEqual({ web: 'running' });
    expect(rig.machine.processes.living('web')[0]?.pid).not.toBe(before?.pid);
  });
  it('takes down what requires it also where that outlived a daemon, and brings it back', () => {
    const rig = up([db, web], ['web']);
    rig.machine.crash();
    rig.machine.boot();
    rig.world.run();
    swap(rig.machine, { removed: ['db'], own: [{ ...web, requirement: [] }] });
    rig.world.run();
    expect(stages(rig)).toEqual({ web: 'running' });
    expect(rig.machine.processes.started).toEqual(['db', 'web', 'web']);
  });
  it('leaves alone what requires it and does not run', () => {
    const rig = up([db, web], ['db']);
    swap(rig.machine, { removed: ['db'], own: [{ ...web, requirement: [] }] });
    rig.world.run();
    expect(stages(rig)).toEqual({ web: 'stopped' });
    expect(rig.machine.processes.started).toEqual(['db']);
  });
  it('is not started any more while it is on its way', () => {
    const rig = up([db], ['db']);
    rig.machine.processes.programs.set('db', { stopMs: 1_000 });
    const asked = swap(rig.machine, { removed: ['db'] });
    rig.world.run(rig.world.now + 100);
    const start = rig.machine.herd('start', 'db');
    rig.world.run();
    expect(start.value).toMatchObject({
      result: 'failed',
      reason: 'Service db is on its way out of the configuration.',
    });
    expect(asked.value?.result).toBe('changed');
    expect(rig.machine.processes.living()).toEqual([]);
  });
  it('is gone also when it was being started', () => {
    const rig = up([db]);
    rig.machine.processes.programs.set('db', { spawnMs: 1_000 });
    const start = rig.machine.herd('start', 'db');
    rig.world.run(rig.world.now + 100);
    const asked = swap(rig.machine, { removed: ['db'] });
    rig.world.run();
    expect(start.value?.result).toBe('superseded');
    expect(asked.value?.result).toBe('changed');
    expect(rig.machine.processes.living()).toEqual([]);
  });
  it('keeps what is on disk of it: disabled as before when it returns', () => {
    const rig = up([db]);
    rig.machine.herd('disable', 'db');
    rig.world.run();
    swap(rig.machine, { removed: ['db'] });
    rig.world.run();
    swap(rig.machine, { own: [db] });
    rig.world.run();
    const start = rig.machine.herd('start', 'db');
    rig.world.run();
    expect(start.value).toMatchObject({ reason: 'it is disabled' });
  });
  it('forgets that it was started: put back, it is as it is described, also for the next daemon', () => {
    const rig = up([db]);
    rig.machine.herd('start', 'db');
    rig.world.run();
    swap(rig.machine, { removed: ['db'] });
    rig.world.run();
    expect([...rig.machine.disk.records().desired]).toEqual([]);
    const back = swap(rig.machine, { own: [db] });
    rig.world.run();
    expect(back.value).toMatchObject({ result: 'ok', rows: [] });
    expect(rig.machine.processes.living()).toEqual([]);
  });
  it('keeps the wish for one that comes back at that moment', () => {
    const rig = up([db]);
    rig.machine.herd('start', 'db');
    rig.world.run();
    const asked = swap(rig.machine, { removed: ['db'], own: [db] });
    rig.world.run();
    expect(asked.value?.result).toBe('changed');
    expect(rig.machine.processes.living()).toMatchObject([{ service: 'db' }]);
  });
  it.each<keyof ServiceFacet>([
    'perform',
    'plan',
    'cancel',
    'status',
    'probe',
    'watch',
    'log',
    'follow',
  ])('is for the holder of a facet one that never was, when it is asked for %s', (method) => {
    const rig = up([db]);
    const facet: Ref<ServiceFacet>[] = [];
    const ask = (): Error | undefined => {
      const asked = rig.machine.ask((turn, shepherd) => {
        facet[0] ??= turn.call(shepherd, 'facet', 'db', principalOf('somebody'));
        return turn.forward(turn.kept(facet[0]), method, ['x', 1]);
      });
      rig.world.run(rig.world.now + 2_000);
      return asked.error;
    };
    expect(ask()?.message).not.toBe('no such reference');
    swap(rig.machine, { removed: ['db'] });
    rig.world.run();
    expect(ask()).toMatchObject({ code: 'refused', message: 'no such reference' });
    swap(rig.machine, { own: [db] });
    rig.world.run();
    expect(ask()?.message).not.toBe('no such reference');
  });
  it('is not stopped twice, whatever the end of the daemon', () => {
    const rig = up([db, web], ['web']);
    rig.machine.processes.programs.set('web', { stopMs: 500 });
    const asked = swap(rig.machine, { removed: ['db'], own: [{ ...web, requirement: [] }] });
    rig.world.run(rig.world.now + 100);
    const end = rig.machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'shutDown', rig.machine.printer(turn)),
    );
    rig.world.run();
    expect(asked.error).toMatchObject({ code: 'refused' });
    expect(end.value?.result).toBe('changed');
    expect(rig.machine.processes.living()).toEqual([]);
  });
});

describe('a service that comes', () => {
  it('is started if it says so, with what it requires', () => {
    const rig = up([]);
    const asked = swap(rig.machine, { own: [db, { ...web, isAutoStarted: true }] });
    rig.world.run();
    expect(stages(rig)).toEqual({ db: 'running', web: 'running' });
    expect(asked.value).toMatchObject({ rows: [{ member: 'web', result: 'changed' }] });
  });
  it('waits for the end of what an earlier life has left of one that was called so', () => {
    const services = [db];
    const { world, machine } = up(services, ['db']);
    services.pop();
    machine.crash();
    machine.processes.programs.set('db', { stopMs: 1_000 });
    machine.boot();
    world.run(world.now + 100);
    expect(machine.logged('service.orphaned')).toMatchObject([{ service: 'db' }]);
    const asked = swap(machine, { own: [{ ...db, isAutoStarted: true }] });
    world.run();
    expect(asked.value).toMatchObject({ rows: [{ member: 'db', result: 'changed' }] });
    expect(machine.processes.started).toEqual(['db', 'db']);
    expect(machine.processes.doubled).toEqual([]);
  });
  it('waits where the last explicit wish was a stop, as at boot', () => {
    const eager = { ...db, isAutoStarted: true };
    const rig = up([eager]);
    rig.machine.herd('stop', 'db');
    rig.world.run();
    for (const given of [{ removed: ['db'] }, { own: [eager] }]) {
      swap(rig.machine, given);
      rig.world.run();
    }
    expect(stages(rig)).toEqual({ db: 'stopped' });
  });
  it('and cannot be started is a row, and the others are there all the same', () => {
    const rig = up([]);
    rig.machine.processes.programs.set('db', { refusal: 'no such program' });
    const eager = { ...web, requirement: [], isAutoStarted: true };
    const asked = swap(rig.machine, { own: [{ ...db, isAutoStarted: true }, eager] });
    rig.world.run();
    expect(asked.value).toMatchObject({ result: 'failed', reason: 'not as wished: db' });
    expect(stages(rig)).toEqual({ db: 'stopped', web: 'running' });
  });
});

describe('services that change', () => {
  it('stay up, and have replacements', () => {
    const rig = up([db], ['db']);
    const [before] = rig.machine.processes.living('db');
    const asked = swap(rig.machine, { own: [{ ...db, start: { argv: ['other'] } }] });
    rig.world.run();
    expect(asked.value).toMatchObject({ result: 'ok', rows: [] });
    expect(rig.machine.processes.living('db')).toEqual([before]);
    const status = rig.machine.ask((turn, shepherd) => turn.call(shepherd, 'status', 'db'));
    rig.world.run();
    expect(status.value).toMatchObject({ hasReplacement: true, command: ['run', 'db'] });
  });
  it('may exchange their names and turn their requirements round', () => {
    const rig = up([
      service({ provision: ['a', 'x'], requirement: ['b'] }),
      service({ provision: ['b'] }),
    ]);
    const asked = swap(rig.machine, {
      own: [service({ provision: ['a'] }), service({ provision: ['b', 'x'], requirement: ['a'] })],
    });
    rig.world.run();
    expect(asked.value?.result).toBe('ok');
    rig.machine.herd('start', 'x');
    rig.world.run();
    expect(rig.machine.lines).toEqual([
      'A: Service a has been started.',
      'A: Service b has been started.',
    ]);
  });
});

describe('a service elsewhere', () => {
  it('in place of another one leaves the same id on what goes through it', () => {
    const rig = up([]);
    const hops: string[] = [];
    const far = (turn: Turn) =>
      turn.spawn(makeElsewhere, 'far', (turn: Turn, request: Request) => {
        turn.effect(() => void hops.push(request.hops.join()));
        return turn.kept<Outcome>({ member: 'far', result: 'changed', rows: [] });
      });
    rig.machine.ask((turn, shepherd) => turn.call(shepherd, 'register', far(turn)));
    rig.world.run();
    rig.machine.herd('start', 'far');
    rig.world.run();
    rig.machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'swap', { ...none, elsewhere: [far(turn)] }, rig.machine.printer(turn)),
    );
    rig.world.run();
    rig.machine.herd('stop', 'far');
    rig.world.run();
    expect(hops).toHaveLength(2);
    expect(hops[0]).not.toBe('');
    expect(hops[1]).toBe(hops[0]);
  });
});

describe('a swap', () => {
  it('is refused while another one is under way', () => {
    const rig = up([db], ['db']);
    const first = swap(rig.machine, { removed: ['db'] });
    const second = swap(rig.machine, { own: [web] });
    rig.world.run();
    expect(first.value?.result).toBe('changed');
    expect(second.error).toMatchObject({ code: 'conflict' });
  });
  it('of a name that is none changes nothing', () => {
    const rig = up([db], ['db']);
    const asked = swap(rig.machine, { removed: ['db', 'ghost'] });
    rig.world.run();
    expect(asked.error).toMatchObject({ code: 'unknown-service' });
    expect(stages(rig)).toEqual({ db: 'running' });
    expect(swapsAgain(rig)).toBe('ok');
  });
  it('that turns out to be impossible leaves running what ran, and stopped what was', () => {
    const idle = program({ provision: ['idle'] });
    const rig = up([db, web, idle], ['web']);
    const bad = [
      service({ provision: ['p'], requirement: ['q'] }),
      service({ provision: ['q'], requirement: ['p'] }),
    ];
    const asked = swap(rig.machine, { removed: ['db', 'idle'], own: bad });
    rig.world.run();
    expect(asked.error).toMatchObject({ code: 'cycle' });
    expect(stages(rig)).toEqual({ db: 'running', web: 'running', idle: 'stopped' });
    expect(rig.machine.lines.slice(-2)).toEqual([
      'A: Service db has been started.',
      'A: Service web has been started.',
    ]);
    const start = rig.machine.herd('start', 'idle');
    rig.world.run();
    expect(start.value?.result).toBe('changed');
    expect(swapsAgain(rig)).toBe('ok');
  });
  it('gives up on a process that does not end, a margin after its grace, and brings back the rest', () => {
    const other = program({ provision: ['other'] });
    const rig = up([db, web, other], ['web', 'other']);
    rig.machine.processes.programs.set('db', { isStuck: true });
    const asked = swap(rig.machine, { removed: ['db', 'other'] });
    const graceMs = db.stop.graceMs + web.stop.graceMs;
    rig.world.run(rig.world.now + graceMs + limits.turnoverMarginMs - 100);
    expect(asked).toEqual({});
    expect(stages(rig)).toMatchObject({ db: 'stopping', web: 'stopped', other: 'stopped' });
    rig.world.run(rig.world.now + 1_000);
    expect(stages(rig)).toMatchObject({ other: 'running' });
    rig.world.run(rig.world.now + limits.turnoverMarginMs);
    expect(asked.error?.message).toBe(
      'nothing was changed: db did not stop; not running again: db, web',
    );
    expect(swapsAgain(rig)).toBe('ok');
  });
  it('that gives up calls off the stops that had not begun', () => {
    const rig = up([db, web], ['web']);
    rig.machine.processes.programs.set('web', { isStuck: true });
    const asked = swap(rig.machine, { removed: ['db'] });
    rig.world.run(rig.world.now + 200_000);
    expect(asked.error?.message).toBe(
      'nothing was changed: db did not stop; not running again: web',
    );
    expect(stages(rig)).toEqual({ db: 'running', web: 'stopping' });
  });
  it('that gives up does not bring back what somebody stopped meanwhile', () => {
    const rig = up([db, web], ['web']);
    rig.machine.processes.programs.set('db', { stopMs: 1_000 });
    const twice = service({ provision: ['p'], requirement: ['p'] });
    const asked = swap(rig.machine, { removed: ['db'], own: [twice] });
    rig.world.run(rig.world.now + 500);
    rig.machine.herd('stop', 'web');
    rig.world.run();
    expect(asked.error).toBeDefined();
    expect(stages(rig)).toEqual({ db: 'running', web: 'stopped' });
  });
  it('does not bring back what somebody stopped meanwhile', () => {
    const rig = up([db, web], ['web']);
    rig.machine.processes.programs.set('db', { stopMs: 1_000 });
    swap(rig.machine, { removed: ['db'], own: [{ ...web, requirement: [] }] });
    rig.world.run(rig.world.now + 500);
    rig.machine.herd('stop', 'web');
    rig.world.run();
    expect(stages(rig)).toEqual({ web: 'stopped' });
  });
});
const swapsAgain = (rig: ReturnType<typeof up>) => {
  const asked = swap(rig.machine, { own: [program({ provision: ['more'] })] });
  rig.world.run();
  return asked.value?.result;
};

describe('who watches', () => {
  it('hears of what comes, goes and changes, all services or one', () => {
    const rig = up([db, web], ['web']);
    const seen: string[] = [];
    const watch = (names: readonly string[]): void => {
      rig.machine.ask((turn, shepherd) =>
        turn.call(
          shepherd,
          'watch',
          names,
          turn.spawn(makeWatcher, (told) => void seen.push(`${names.join()} ${told}`)),
          60_000,
          { principal: localRoot },
        ),
      );
    };
    watch([]);
    watch(['db']);
    rig.world.run(rig.world.now + 5_000);
    seen.length = 0;
    swap(rig.machine, {
      removed: ['db'],
      own: [{ ...web, requirement: [], documentation: 'New.' }, program({ provision: ['new'] })],
    });
    rig.world.run(rig.world.now + 20_000);
    expect(seen.filter((each) => each.startsWith('db')).at(-1)).toBe(
      'db db unknown gone: there is no such service any more',
    );
    const all = new Set(seen.filter((each) => each.startsWith(' ')));
    expect(all).toContain(' db unknown gone: there is no such service any more');
    expect(all).toContain(' new stopped ');
    expect(all).toContain(' web running New.');
  });
});
const makeWatcher = (
  _turn: Turn<Observer>,
  _bcom: Bcom<Observer>,
  told: (what: string) => void,
): Behavior<Observer> => ({
  observed: (turn, _sequence, statuses) =>
    turn.effect(() => {
      for (const status of statuses) {
        const { provision, stage, documentation, unknownReason = '' } = status;
        const gone = status.kind === 'local' && status.isGone === true ? 'gone: ' : '';
        told(`${provision[0]} ${stage} ${gone}${documentation}${unknownReason}`);
      }
    }),
});
