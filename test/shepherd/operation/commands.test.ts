/** Commands of custom actions: one at a time, ended with their service, never left behind. */
import { World, type Answer } from '@bellwether/actors';
import {
  limits,
  type Command,
  type CommandResult,
  type ProcessBackend,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { Processes } from '../../support/shepherd-hardware.ts';
import { Machine, program, requestOf } from '../../support/shepherd-machine.ts';
import {
  localRoot,
  principalOf,
  type Principal,
} from '../../../packages/shepherd/src/words/principal.ts';

interface Running {
  readonly startId: string;
  readonly command: Command;
  /** When it is killed, unless it is over. */
  readonly timeoutMs: number;
  readonly answer: Answer;
  readonly signals: string[];
  watcher?: Answer;
}
/** Processes whose commands run until they are told to end. */
class Commands extends Processes {
  readonly running: Running[] = [];
  isStubborn = false;
  override view(say: (ms: number, task: () => void) => void): ProcessBackend {
    const backend = super.view(say);
    return {
      ...backend,
      runToEnd: (_service, command, timeoutMs, answer) => {
        const startId = command.env?.['BELLWETHER_START'] ?? '';
        this.running.push({ startId, command, timeoutMs, answer, signals: [] });
      },
      signal: (startId, signal) => {
        const one = this.running.find((each) => each.startId === startId);
        if (one === undefined) return backend.signal(startId, signal);
        one.signals.push(signal);
        if (!this.isStubborn || signal === 'SIGKILL')
          say(1, () => this.end(one, { signal, output: [] }));
      },
      watch: (startId, ended) => {
        const one = this.running.find((each) => each.startId === startId);
        if (one === undefined) return backend.watch(startId, ended);
        one.watcher = ended;
      },
      adopt: (known, answer) =>
        backend.adopt(known, {
          kept: (found) => {
            const left = known.filter(({ startId }) =>
              this.running.some((one) => one.startId === startId),
            );
            answer.kept([
              ...(found as readonly object[]),
              ...left.map((one) => ({ ...one, pid: 7 })),
            ]);
          },
          broken: (reason) => answer.broken(reason),
        }),
    };
  }
  end(one: Running, result: CommandResult): void {
    this.running.splice(this.running.indexOf(one), 1);
    one.answer.kept(result);
    one.watcher?.kept({});
  }
}

const action = (name: string) => ({
  documentation: 'Takes long.',
  kind: 'command' as const,
  command: { argv: [name] as const },
});
const names = ['a', 'b', 'c', 'd', 'e'];
const web = program({
  provision: ['web'],
  actions: Object.fromEntries(names.map((name) => [name, action(name)])),
});
const up = () => {
  const world = new World(11);
  const machine = new Machine(world, 'A', { services: [web], rehearse: true });
  const processes = new Commands(world, machine.time);
  Object.defineProperty(machine, 'processes', { value: processes });
  machine.boot();
  world.run();
  return { world, machine, processes };
};

describe('a custom action', () => {
  it('is refused while it runs, and taken again when it is over', () => {
    const { world, machine, processes } = up();
    const first = machine.herd('a', 'web');
    world.runFor(2_500);
    const second = machine.herd('a', 'web');
    world.runFor(100);
    expect(second.value).toMatchObject({
      result: 'failed',
      reason: 'a runs already, for 2 s; ask again when it is over',
    });
    for (const one of [...processes.running]) processes.end(one, { code: 0, output: [] });
    world.runFor(100);
    expect(first.value?.result).toBe('changed');
    machine.herd('a', 'web');
    world.runFor(100);
    expect(processes.running).toHaveLength(1);
  });
  it('is refused while four others of its service run', () => {
    const { world, machine } = up();
    const asked = names.map((name) => machine.herd(name, 'web'));
    world.runFor(100);
    expect(asked.map(({ value }) => value?.reason)).toEqual([
      ...Array.from({ length: 4 }, () => undefined),
      'e: 4 other actions of it run already',
    ]);
  });
  it('is recorded before it runs, and its end too', () => {
    const { world, machine, processes } = up();
    machine.herd('a', 'web');
    world.runFor(100);
    expect(machine.disk.records().running).toEqual([
      { startId: 'A1-1', service: 'web', isCommand: true },
    ]);
    for (const one of [...processes.running]) processes.end(one, { code: 0, output: [] });
    world.run();
    machine.herd('start', 'web'); // the record of an end waits for the next batch
    world.run();
    expect(machine.disk.records().running).toMatchObject([{ startId: 'A1-2' }]);
  });
});

describe('the deadline of who asks for a custom action', () => {
  const asks = (principal: Principal) => {
    const bench = up();
    const { world, machine, processes } = bench;
    const ask = () => {
      const request = requestOf({ member: 'web', action: 'a', remainingMs: 300 });
      const asked = machine.ask((turn, shepherd) =>
        turn.send(shepherd, 'perform', request, machine.printer(turn), { principal }),
      );
      world.runFor(1_000);
      return asked;
    };
    return { world, processes, ask };
  };

  it.each(['g-1', 'ab'.repeat(32)])('ends the waiting of %s, and not the command', (principal) => {
    const { world, processes, ask } = asks(principalOf(principal));
    expect(ask().value).toMatchObject({
      result: 'timed-out',
      reason: 'Service web: a is not over after 300 ms; it goes on.',
    });
    const joined = ask();
    expect(processes.running.map(({ timeoutMs }) => timeoutMs)).toEqual([limits.commandMs]);
    expect(joined.value).toMatchObject({ result: 'timed-out' });
    for (const one of [...processes.running]) processes.end(one, { code: 0, output: [] });
    world.runFor(100);
    expect(ask().value).toMatchObject({ result: 'changed' });
    expect(processes.running).toEqual([]);
  });
  it('ends the command of root, who owns it', () => {
    const { processes, ask } = asks(localRoot);
    ask();
    for (const { timeoutMs } of processes.running) expect(timeoutMs).toBeLessThanOrEqual(300);
    expect(processes.running).toHaveLength(1);
  });
});

describe('a stop', () => {
  it('ends the commands of its service, and is over when they are', () => {
    const { world, machine, processes } = up();
    machine.herd('start', 'web');
    world.run();
    const asked = ['a', 'b'].map((name) => machine.herd(name, 'web'));
    world.runFor(100);
    processes.isStubborn = true;
    const stop = machine.herd('stop', 'web');
    world.runFor(4_900);
    expect(processes.running.map(({ signals }) => signals)).toEqual([['SIGTERM'], ['SIGTERM']]);
    expect(stop.value).toBeUndefined();
    world.runFor(200);
    expect(stop.value?.result).toBe('changed');
    expect(asked.map(({ value }) => value?.reason)).toEqual([
      'a: its command terminated with signal SIGKILL',
      'b: its command terminated with signal SIGKILL',
    ]);
    world.run();
    expect(processes.running).toEqual([]);
  });
  it('of everything waits for commands of stopped services, and lets no more begin', () => {
    const { world, machine, processes } = up();
    machine.herd('a', 'web');
    world.runFor(100);
    processes.isStubborn = true;
    const end = machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'shutDown', machine.printer(turn)),
    );
    world.runFor(1_000);
    const late = machine.herd('b', 'web');
    world.runFor(100);
    expect(late.value?.reason).toBe('The shepherd is shutting down.');
    expect(end.value).toBeUndefined();
    world.run();
    expect(end.value?.member).toBe('root');
    expect(processes.running).toEqual([]);
  });
});

describe('a daemon that starts', () => {
  it('ends the commands that a former one left, and adopts none of them as a service', () => {
    const { world, machine, processes } = up();
    machine.herd('start', 'web');
    world.run();
    machine.herd('a', 'web');
    world.runFor(100);
    const [left] = processes.running;
    machine.crash();
    processes.isStubborn = true;
    machine.boot();
    world.run();
    expect(left?.signals).toEqual(['SIGTERM', 'SIGKILL']);
    expect(machine.logged('service.orphaned')).toEqual([]);
    expect(processes.doubled).toEqual([]);
    expect(machine.disk.records().running.map(({ startId }) => startId)).toEqual(['A1-1']);
  });
});
