/** Operations on the disk: a daemon that dies, or loses power, or whose disk fails, at every single step. */
import { World } from '@bellwether/actors';
import {
  limits,
  type AcceptedRecord,
  type Entry,
  type OperationFacts,
  type OperationQuery,
  type OperationReport,
  type Outcome,
  type ServiceConfig,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import {
  anybodys,
  ownOf,
  Machine,
  program,
  requestOf,
  type Asked,
} from '../../support/shepherd-machine.ts';
import {
  localRoot,
  principalOf,
  type Principal,
} from '../../../packages/shepherd/src/words/principal.ts';

const rub = {
  documentation: '',
  kind: 'command',
  command: { argv: ['rub'] as const },
} as const;
const services: readonly ServiceConfig[] = [
  program({ provision: ['db'], ready: { kind: 'tcp', host: 'h', port: 1, timeoutMs: 5_000 } }),
  program({ provision: ['web'], requirement: ['db'], actions: { rub } }),
];
interface Bench {
  readonly world: World;
  readonly machine: Machine;
  /** How often the custom action ran. */
  rubbed(): number;
}
const up = (seed = 3): Bench => {
  const world = new World(seed);
  const machine = new Machine(world, 'A', { services });
  let count = 0;
  machine.processes.runCommand = () => {
    count += 1;
    return { code: 0, output: ['rubbed'] };
  };
  machine.boot();
  world.run();
  return { world, machine, rubbed: () => count };
};
const reportOf = ({ world, machine }: Bench, operation = 'op-1'): OperationReport | undefined => {
  const asked = machine.report(operation);
  world.run();
  return asked.value;
};
const factsOf = ({ world, machine }: Bench, asker?: Principal) => {
  const who = asker === undefined ? anybodys : ownOf(asker);
  const asked = machine.ask((turn, shepherd) => turn.call(shepherd, 'operations', {}, who));
  world.run();
  return asked.value ?? [];
};
const repeated = (
  { world, machine }: Bench,
  action: string,
  member: string,
  isRepeat = true,
): Asked<Outcome> => {
  const asked = machine.herd(action, member, {
    operation: 'op-1',
    ...(isRepeat && { isRepeat: true as const }),
  });
  world.run();
  return asked;
};

type Death = (bench: Bench) => void;
const deaths: readonly (readonly [string, Death])[] = [
  ['is killed', ({ machine }) => machine.crash()],
  ['loses power', ({ machine }) => machine.losePower()],
];
/** Begins a command, lets so many steps of the world pass, and ends the daemon; undefined: it was over before. */
const diesAfter = (
  stepCount: number,
  death: Death,
  begin: (bench: Bench) => Asked<Outcome>,
  prepare: (bench: Bench) => void = () => undefined,
) => {
  const bench = up();
  prepare(bench);
  const asked = begin(bench);
  for (let step = 0; step < stepCount; step += 1) if (!bench.world.step()) return undefined;
  const told = asked.value;
  death(bench);
  bench.world.run();
  bench.machine.boot();
  bench.world.run();
  return { ...bench, told };
};
/** Does that for every number of steps until the command is over, and looks. */
const atEveryStep = (
  death: Death,
  begin: (bench: Bench) => Asked<Outcome>,
  judge: (bench: Bench & { readonly told: Outcome | undefined }, step: number) => void,
  prepare?: (bench: Bench) => void,
): number => {
  for (let step = 0; ; step += 1) {
    const left = diesAfter(step, death, begin, prepare);
    if (left === undefined) return step;
    expect(left.machine.processes.doubled).toEqual([]);
    judge(left, step);
  }
};

it('a heavy operation that is over is on the disk alone: it is read for whoever asks again, and a light one is not', () => {
  const readsOf = (count: number, untilMs: number): readonly [number, string | undefined] => {
    const names = Array.from({ length: count }, (_none, at) => `s${at}`);
    const each = names.map((name) => program({ provision: [name] }));
    const all: ServiceConfig = program({ provision: ['all'], requirement: names });
    const world = new World(5);
    const machine = new Machine(world, 'A', { services: [...each, all] });
    machine.boot();
    world.run();
    machine.herd('start', 'all', { operation: 'op-1' });
    world.runFor(untilMs);
    const before = machine.disk.readCount;
    const again = machine.herd('start', 'all', { operation: 'op-1', isRepeat: true });
    world.run();
    expect(machine.processes.doubled).toEqual([]);
    return [machine.disk.readCount - before, again.value?.result];
  };
  const pausedMs = 1_000;
  expect(readsOf(200, limits.repeatedMs - pausedMs)).toEqual([0, 'changed']);
  expect(readsOf(200, limits.repeatedMs + pausedMs)).toEqual([1, 'changed']);
  expect(readsOf(2, limits.repeatedMs + pausedMs)).toEqual([0, 'changed']);
});

describe.each(deaths)('a daemon that %s at any step', (how, death) => {
  it('of a start has it in its next life, whole or not at all, and it ends', () => {
    const steps = atEveryStep(
      death,
      ({ machine }) => machine.herd('start', 'web', { operation: 'op-1' }),
      (bench, step) => {
        const report = reportOf(bench);
        const running = bench.machine.processes.living().map((each) => each.service);
        const again = repeated(bench, 'start', 'web');
        if (report === undefined) {
          expect(bench.told).toBeUndefined();
          expect([step, running]).toEqual([step, []]);
          expect(again.error).toMatchObject({ code: 'unknown-operation' });
          return;
        }
        expect([step, running.toSorted()]).toEqual([step, ['db', 'web']]);
        expect([step, report.result]).toEqual([step, 'changed']);
        expect(report.steps.map(({ service, row }) => [service, row?.result])).toEqual([
          ['db', 'changed'],
          ['web', 'changed'],
        ]);
        expect(again.value?.result).toBe('changed');
        // What somebody was told is what he is told again.
        if (bench.told !== undefined) expect(again.value).toEqual(bench.told);
      },
    );
    expect(steps).toBeGreaterThan(10);
  });

  it('of a stop has stopped it in its next life, and says so', () => {
    atEveryStep(
      death,
      ({ machine }) => machine.herd('stop', 'db', { operation: 'op-1' }),
      (bench, step) => {
        const report = reportOf(bench);
        const count = bench.machine.processes.living().length;
        if (report === undefined) return void expect([step, bench.told]).toEqual([step, undefined]);
        expect([step, report.result, count]).toEqual([step, 'changed', 0]);
        const again = repeated(bench, 'stop', 'db');
        expect(again.value?.result).toBe('changed');
        if (bench.told !== undefined) expect(again.value).toEqual(bench.told);
      },
      ({ world, machine }) => {
        machine.herd('start', 'web');
        world.run();
      },
    );
  });

  it('of a restart has done it once or says that it was left out, and a retry does it', () => {
    const results = new Set<string | undefined>();
    atEveryStep(
      death,
      ({ machine }) => machine.herd('restart', 'web', { operation: 'op-1' }),
      (bench, step) => {
        const startedBefore = bench.machine.processes.started.filter((name) => name === 'web');
        const report = reportOf(bench);
        if (report === undefined) return;
        results.add(report.result);
        const expected = report.result === 'skipped' ? 1 : 2;
        // Power takes the old process, too: the next life starts it in any case.
        if (how === 'is killed')
          expect([step, report.result, startedBefore.length]).toEqual([
            step,
            report.result,
            expected,
          ]);
        if (bench.told !== undefined) expect(report.result).toBe(bench.told.result);
        const again = repeated(bench, 'restart', 'web', false);
        expect([step, again.value?.result]).toEqual([step, 'changed']);
        if (how === 'is killed')
          expect(bench.machine.processes.started.filter((name) => name === 'web')).toHaveLength(2);
      },
      ({ world, machine }) => {
        machine.herd('start', 'web');
        world.run();
        // Longer ago than the command: wall clocks have milliseconds.
        world.run(world.now + 10);
      },
    );
    expect(results).toContain('changed');
    if (how === 'is killed') expect(results).toContain('skipped');
  });

  it('of an action of its own never does it twice, and tells what it knows', () => {
    const results = new Set<string | undefined>();
    atEveryStep(
      death,
      ({ machine }) => machine.herd('rub', 'web', { operation: 'op-1' }),
      (bench, step) => {
        const report = reportOf(bench);
        const rubbed = bench.rubbed();
        expect(rubbed).toBeLessThanOrEqual(1);
        if (report === undefined) return void expect([step, rubbed]).toEqual([step, 0]);
        results.add(report.result);
        if (report.result === 'skipped') expect([step, rubbed]).toEqual([step, 0]);
        if (report.result === 'changed') expect([step, rubbed]).toEqual([step, 1]);
        const again = repeated(bench, 'rub', 'web');
        expect([step, again.value?.result]).toEqual([step, report.result]);
        expect(bench.rubbed()).toBe(rubbed);
        if (bench.told !== undefined) expect(again.value).toEqual(bench.told);
      },
    );
    expect([...results].toSorted()).toEqual(['changed', 'unknown']);
  });
});

it('what a service of this machine did is on the disk before anybody is told, whoever asked', () => {
  for (const principal of [localRoot, principalOf('g-1')]) {
    const { world, machine } = up();
    machine.herd('start', 'web');
    world.run();
    const before = machine.disk.entries.length;
    machine.disk.commitMs = 100;
    const asked = machine.ask((turn, shepherd) =>
      turn.send(
        shepherd,
        'perform',
        requestOf({ operation: 'op-1', member: 'web', action: 'stop' }),
        machine.printer(turn),
        { principal },
      ),
    );
    while (asked.value === undefined) expect(world.step()).toBe(true);
    const kept = machine.disk.synced.slice(before) as readonly (Partial<AcceptedRecord> & {
      kind: string;
    })[];
    expect(kept.some(({ kind, endedMs }) => kind === 'accepted' && endedMs !== undefined)).toBe(
      true,
    );
    expect(kept.some(({ kind }) => kind === 'outcome')).toBe(true);
  }
});

describe('a disk whose write fails', () => {
  it.each([1, 2, 3, 4, 5, 6])('at commit %i leaves a true record, before it or after', (failAt) => {
    for (const failsLate of [false, true]) {
      const bench = up();
      const { world, machine } = bench;
      machine.disk.failsLate = failsLate;
      machine.disk.failAt = machine.disk.commitCount + failAt;
      const asked = machine.herd('start', 'web', { operation: 'op-1' });
      world.run();
      machine.disk.failAt = undefined;
      if (machine.isDown) machine.boot();
      world.run();
      const report = reportOf(bench);
      const running = machine.processes.living().length;
      expect(machine.processes.doubled).toEqual([]);
      expect(running).toBe(report === undefined ? 0 : 2);
      if (report !== undefined) expect(report.result).toBe('changed');
      if (asked.value !== undefined)
        expect(repeated(bench, 'start', 'web').value).toEqual(asked.value);
    }
  });
});

describe('what is remembered of operations', () => {
  const wallMs = (days: number): number => days * 86_400_000;
  it('is listed by asker, the newest last, and named by whoever asked', () => {
    const bench = up();
    for (const [at, principal] of [localRoot, principalOf('g-1'), localRoot].entries()) {
      bench.machine.ask((turn, shepherd) =>
        turn.send(
          shepherd,
          'perform',
          {
            operation: `op-${at}`,
            member: 'web',
            action: 'rub',
            args: [],
            remainingMs: 1_000,
            hops: [],
          },
          bench.machine.printer(turn),
          { principal },
        ),
      );
      bench.world.run();
    }
    expect(factsOf(bench).map(({ operation, asker }) => [operation, asker])).toEqual([
      ['op-0', 'root'],
      ['op-1', 'g-1'],
      ['op-2', 'root'],
    ]);
    expect(factsOf(bench, principalOf('g-1'))).toMatchObject([
      { operation: 'op-1', result: 'changed' },
    ]);
    const rub = { operation: 'op-1', member: 'web', action: 'rub' };
    // Nobody asks after what another one did, nor takes his id for it.
    const asked = bench.machine.ask((turn, shepherd) => [
      turn.call(shepherd, 'isKnown', rub, principalOf('g-1')),
      turn.call(shepherd, 'isKnown', rub, localRoot),
    ]);
    bench.world.run();
    expect(asked.value).toEqual([true, false]);
    const foreign = bench.machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'operation', 'op-1', ownOf(principalOf('g-2'))),
    );
    bench.world.run();
    expect(foreign.error).toMatchObject({ code: 'unknown-operation' });
  });

  it('is listed as far as somebody asks, the newest of it, and of what is under way that alone', () => {
    const bench = up();
    const { world, machine } = bench;
    for (const operation of ['op-1', 'op-2', 'op-3']) {
      machine.herd('rub', 'web', { operation });
      world.run();
    }
    machine.processes.programs.set('db', { spawnMs: 60_000 });
    machine.herd('start', 'db', { operation: 'op-4' });
    world.runFor(1_000);
    const list = (query: unknown): Asked<readonly OperationFacts[]> => {
      const asked = machine.ask((turn, shepherd) =>
        turn.send(shepherd, 'operations', query as OperationQuery, anybodys),
      );
      world.runFor(100);
      return asked;
    };
    const ids = (query: unknown) => list(query).value?.map(({ operation }) => operation);
    expect(ids({})).toEqual(['op-1', 'op-2', 'op-3', 'op-4']);
    expect(ids({ count: 2 })).toEqual(['op-3', 'op-4']);
    expect(ids({ count: 0 })).toEqual([]);
    expect(ids({ count: limits.operationListCount })).toHaveLength(4);
    expect(ids({ isOpen: true })).toEqual(['op-4']);
    expect(ids({ isOpen: false })).toHaveLength(4);
    for (const query of [
      undefined,
      { count: limits.operationListCount + 1 },
      { count: -1 },
      { count: 1.5 },
      { isOpen: 1 },
    ])
      expect(list(query).error).toMatchObject({ code: 'bad-request' });
  });

  it('is read once for all who come back to it at the same time, and again for who comes later', () => {
    const bench = up();
    const { world, machine } = bench;
    machine.herd('rub', 'web', { operation: 'op-1' });
    world.run();
    machine.crash();
    machine.boot();
    world.run();
    const { disk } = machine;
    const readAgain = (isUnreadable: boolean) => {
      disk.isUnreadable = isUnreadable;
      disk.readCount = 0;
      const asked = Array.from({ length: 40 }, (_none, at) =>
        machine.ask((turn, shepherd) => {
          const method = at % 2 === 0 ? 'join' : 'retry';
          return turn.send(shepherd, method, 'op-1', machine.printer(turn), anybodys);
        }),
      );
      world.run();
      return asked;
    };
    for (const { error } of readAgain(true)) expect(error?.message).toContain('cannot be read');
    expect(disk.readCount).toBe(1);
    for (const { value } of readAgain(false)) expect(value?.result).toBe('changed');
    expect(disk.readCount).toBe(1);
    expect(machine.processes.commanded).toHaveLength(1);
  });

  it('takes so many pieces of plans for one id, and the next request with it is refused', () => {
    const under = (intentCount: number) => {
      const bench = up();
      const { world, machine } = bench;
      machine.herd('rub', 'web', { operation: 'op-1' });
      world.run();
      machine.crash();
      const [accepted] = machine.disk.records().operations;
      machine.disk.entries.push({ kind: 'accepted', ...accepted, intentCount });
      machine.boot();
      world.run();
      return repeated(bench, 'start', 'db', false);
    };
    expect(under(limits.intentPieceCount - 1).value?.result).toBe('changed');
    expect(under(limits.intentPieceCount).error).toMatchObject({
      code: 'limit',
      message: 'operation op-1: there is no room for more of it on the disk',
    });
  });

  it('has its length on the disk, of which each asker has so much', () => {
    const bench = up();
    const { world, machine } = bench;
    machine.herd('rub', 'web', { operation: 'op-1' });
    world.run();
    const bytesOf = (kind: 'intent' | 'outcome') =>
      (machine.disk.entries as readonly Entry[]).reduce(
        (sum, entry) => (entry.kind === kind ? sum + entry.bytes.length : sum),
        0,
      );
    expect(bytesOf('intent')).toBeGreaterThan(100);
    expect(machine.disk.records().operations).toMatchObject([
      { intentBytes: bytesOf('intent'), outcomeBytes: bytesOf('outcome') },
    ]);
  });

  it('is kept for a week after it was over, to the millisecond, and then was never asked for', () => {
    const bench = up();
    const { world, machine } = bench;
    machine.herd('rub', 'web', { operation: 'op-1' });
    world.run();
    const { endedMs = 0 } = reportOf(bench) ?? {};
    const untilMs = endedMs - 1_700_000_000_000 + limits.recordedMs;
    expect(limits.recordedMs).toBe(wallMs(7));
    const isKnownAt = (atMs: number): boolean | undefined => {
      let asked: Asked<boolean> = {};
      world.at(atMs - world.now, () => {
        asked = machine.ask(
          (turn, shepherd) => turn.call(shepherd, 'operations', {}, anybodys).length > 0,
        );
      });
      world.run();
      return asked.value;
    };
    expect(isKnownAt(untilMs - 1)).toBe(true);
    expect(isKnownAt(untilMs)).toBe(false);
    expect(repeated(bench, 'rub', 'web').error).toMatchObject({ code: 'unknown-operation' });
    expect(factsOf(bench)).toEqual([]);
    machine.crash();
    machine.boot();
    world.run();
    expect(machine.disk.records().operations).toEqual([]);
    expect(bench.rubbed()).toBe(1);
  });

  it('is written anew as one text where somebody repeats it without end', () => {
    const bench = up();
    const { world, machine } = bench;
    machine.processes.programs.set('web', { refusal: 'no' });
    for (let round = 0; round <= limits.outcomePieceCount; round += 1) {
      machine.herd('start', 'web', { operation: 'op-1' });
      world.run();
    }
    const [{ outcomeCount = 0 } = {}] = machine.disk.records().operations;
    expect(outcomeCount).toBeLessThanOrEqual(limits.outcomePieceCount);
    machine.crash();
    machine.boot();
    world.run();
    expect(reportOf(bench)?.steps).toMatchObject([
      { service: 'db', row: { result: 'changed' } },
      { service: 'web', row: { result: 'failed' } },
    ]);
    machine.processes.programs.delete('web');
    expect(repeated(bench, 'start', 'web', false).value?.result).toBe('changed');
  });

  it('is not touched by what the shepherd does of itself', () => {
    const { machine } = up();
    expect(machine.disk.records().operations).toEqual([]);
  });
});
