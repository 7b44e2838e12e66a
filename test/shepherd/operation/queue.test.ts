/** Commands that wait for a machine that is away: every event while they do, and a daemon that dies at every step. */
import { Refused, World } from '@bellwether/actors';
import {
  limits,
  type OperationReport,
  type Outcome,
  type Request,
  type Result,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { Away } from '../../support/away.ts';
import { complaints, makeElsewhere, makeGroup, named } from '../../support/shepherd-graph.ts';
import { anybodys, Machine, requestOf, type Asked } from '../../support/shepherd-machine.ts';
import { principalOf } from '../../../packages/shepherd/src/words/principal.ts';

const hourMs = 3_600_000;
const queueMs = hourMs;
const op = { operation: 'op-1', queueMs };

/** A fleet of two services elsewhere, of which nobody is there, and a service of this machine that requires one. */
class Bench {
  readonly world: World;
  readonly machine: Machine;
  readonly a: Away;
  readonly b: Away;
  constructor(rehearse = true) {
    this.world = new World(3);
    this.a = new Away(this.world, 'a');
    this.b = new Away(this.world, 'b');
    this.machine = new Machine(this.world, 'C', {
      services: [named('top', 'a')],
      rehearse,
      setUp: (turn, shepherd) => {
        for (const { name, perform, contact } of [this.a, this.b])
          turn.call(
            shepherd,
            'register',
            turn.spawn(makeElsewhere, name, perform, [], undefined, contact),
          );
        turn.call(shepherd, 'registerAggregate', turn.spawn(makeGroup, 'fleet', ['a', 'b']));
      },
    });
    this.boot();
  }
  boot(): void {
    this.machine.boot();
    this.run();
  }
  run(ms = 1_000): void {
    this.world.run(this.world.now + ms);
  }
  /** What the holder of a grant asks. */
  granted(action: string, member: string): Asked<Outcome> {
    const request = requestOf({ action, member, ...op });
    const asked = this.machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'perform', request, this.machine.printer(turn), {
        principal: principalOf('g-1'),
      }),
    );
    this.run();
    return asked;
  }
  herd(action: string, member: string, given: Partial<Request> = op): Asked<Outcome> {
    const asked = this.machine.herd(action, member, given);
    this.run();
    return asked;
  }
  report(operation = 'op-1'): OperationReport | undefined {
    const asked = this.machine.report(operation);
    this.run(100);
    return asked.value;
  }
  /** Where each service that was asked is. */
  phases(operation = 'op-1'): readonly string[] {
    const steps = this.report(operation)?.steps ?? [];
    return steps
      .filter(({ isAnswer }) => steps.length === 1 || !isAnswer)
      .map(({ service, phase, row }) => `${service} ${phase} ${row?.result ?? ''}`.trimEnd());
  }
  cancel(operation = 'op-1'): void {
    this.machine.ask((turn, shepherd) => turn.send(shepherd, 'cancel', operation, anybodys));
    this.run();
  }
  ended(): readonly string[] {
    return this.machine.disk.audits.flatMap(({ event, service, result }) =>
      event === 'ended' ? [`${service} ${result}`] : [],
    );
  }
}

describe('a command to a machine that is away', () => {
  it('is answered at once, is queued, and is done when there is contact', () => {
    const bench = new Bench();
    const { world, a } = bench;
    const before = world.now;
    const asked = bench.herd('start', 'a');
    const { wall } = bench.machine.time.clock();
    const untilMs = Math.floor(wall() - (world.now - before) + hourMs);
    expect(asked.value).toMatchObject({ member: 'a', result: 'unreachable' });
    expect(Math.abs((asked.value?.queuedUntilMs ?? 0) - untilMs)).toBeLessThan(10);
    expect(asked.value).not.toHaveProperty('isUnmet');
    expect(bench.phases()).toEqual(['a queued unreachable']);
    expect(bench.report()?.queuedUntilMs).toBe(asked.value?.queuedUntilMs);
    expect(bench.report()).not.toHaveProperty('endedMs');
    expect(bench.machine.logged('operation.queued')).toHaveLength(1);
    bench.run(600_000);
    expect([a.triedCount, a.done]).toEqual([1, []]);
    a.comesBack();
    bench.run();
    expect(a.done).toEqual(['op-1 start']);
    expect(bench.phases()).toEqual(['a settled changed']);
    expect(bench.report()).toMatchObject({ result: 'changed' });
    expect(bench.report()).not.toHaveProperty('queuedUntilMs');
    expect(bench.ended()).toEqual(['a changed']);
    expect(complaints(bench.machine)).toEqual([]);
  });
  it('is not queued where nobody wants that', () => {
    const bench = new Bench();
    const asked = bench.herd('start', 'a', { operation: 'op-1' });
    expect(asked.value).toEqual({
      member: 'a',
      result: 'unreachable',
      reason: 'cannot reach a.',
      rows: [],
    });
    bench.a.comesBack();
    bench.run();
    expect([bench.a.done, bench.phases()]).toEqual([[], ['a settled unreachable']]);
  });
  it('waits on where its machine is lost again before it was asked', () => {
    const bench = new Bench();
    const first = bench.herd('start', 'a').value?.queuedUntilMs;
    bench.a.comesBack();
    bench.a.isThere = false;
    bench.run();
    expect(bench.phases()).toEqual(['a queued unreachable']);
    expect(bench.a.triedCount).toBe(2);
    expect(bench.report()?.queuedUntilMs).toBe(first);
    bench.a.comesBack();
    bench.run();
    expect(bench.a.done).toEqual(['op-1 start']);
  });
  it('of a fleet is done at who is there, and queued for the others', () => {
    const bench = new Bench();
    bench.a.comesBack();
    const asked = bench.herd('start', 'fleet');
    expect(asked.value?.rows.map(({ member, result }) => `${member} ${result}`)).toEqual([
      'a changed',
      'b unreachable',
    ]);
    expect(asked.value?.rows[1]).toHaveProperty('queuedUntilMs');
    expect(asked.value?.rows[0]).not.toHaveProperty('queuedUntilMs');
    expect(bench.phases()).toEqual(['a settled changed', 'b queued unreachable']);
    bench.b.comesBack();
    bench.run();
    expect(bench.report()).toMatchObject({ result: 'changed' });
    expect(bench.ended()).toEqual(['b changed', 'fleet changed']);
  });
  it('holds up what requires it, which says so and comes after it', () => {
    const bench = new Bench();
    const asked = bench.herd('start', 'top');
    expect(asked.value).toMatchObject({ member: 'top', result: 'unreachable', dependsOn: 'a' });
    expect(asked.value).toHaveProperty('queuedUntilMs');
    expect(asked.value?.rows.map(({ member }) => member)).toEqual(['a']);
    bench.a.comesBack();
    bench.run();
    expect(bench.phases()).toEqual(['a settled changed']);
    expect(bench.report()).toMatchObject({ result: 'changed' });
  });
  it('is told to whoever gave it less time than it takes to find out', () => {
    const bench = new Bench();
    const asked = bench.machine.herd('start', 'fleet', { ...op, remainingMs: 3 });
    bench.run();
    expect(asked.value?.result).toBe('timed-out');
    expect(bench.phases()).toEqual(['a queued unreachable', 'b queued unreachable']);
  });
});

describe('while it waits', () => {
  it.each(['stop', 'start', 'restart'])('a later %s stands in its place, at once', (later) => {
    const bench = new Bench();
    bench.herd('start', 'fleet');
    bench.herd(later, 'a', { operation: 'op-2' });
    expect(bench.phases()).toEqual(['a settled superseded', 'b queued unreachable']);
    expect(bench.report()?.steps[0]?.row?.reason).toBe(
      `Service a: start lost to a later ${later} (op-2, 2023-11-14 22:13 UTC).`,
    );
    for (const away of [bench.a, bench.b]) away.comesBack();
    bench.run();
    expect([bench.a.done, bench.b.done]).toEqual([[], ['op-1 start']]);
  });
  it('an action of another kind leaves it alone, and the same one does not', () => {
    const bench = new Bench();
    bench.herd('start', 'a');
    bench.herd('rub', 'a', { operation: 'op-2', queueMs });
    expect(bench.phases()).toEqual(['a queued unreachable']);
    bench.herd('rub', 'a', { operation: 'op-3', queueMs });
    expect(bench.phases('op-2')).toEqual(['a settled superseded']);
    bench.a.comesBack();
    bench.run();
    expect(bench.a.done.toSorted()).toEqual(['op-1 start', 'op-3 rub']);
  });
  it('its time passes, in words, and nothing is sent', () => {
    const bench = new Bench();
    bench.herd('start', 'a');
    bench.run(hourMs);
    const [step] = bench.report()?.steps ?? [];
    expect(step).toMatchObject({ phase: 'settled', row: { result: 'unreachable' } });
    expect(step?.row?.reason).toMatch(
      /^Service a: its machine was not online until \d{4}-\d\d-\d\d \d\d:\d\d UTC; nothing was sent\.$/,
    );
    expect(step?.row).not.toHaveProperty('queuedUntilMs');
    bench.a.comesBack();
    bench.run();
    expect([bench.a.done, bench.ended()]).toEqual([[], ['a unreachable']]);
  });
  it('the wall clock is set forward, and its time has passed', () => {
    const bench = new Bench();
    bench.herd('start', 'a');
    bench.machine.time.wallShiftMs += hourMs;
    bench.run(limits.queueLookMs);
    expect(bench.phases()).toEqual(['a settled unreachable']);
  });
  it('the wall clock is set forward, and contact comes before anybody looks', () => {
    const bench = new Bench();
    bench.herd('start', 'a');
    bench.machine.time.wallShiftMs += hourMs;
    bench.a.comesBack();
    bench.run();
    expect([bench.phases(), bench.a.done]).toEqual([['a settled unreachable'], []]);
  });
  it('the wall clock is set back, and it waits until that is there again', () => {
    const bench = new Bench();
    bench.herd('start', 'a');
    bench.machine.time.wallShiftMs -= hourMs;
    bench.run(hourMs + limits.queueLookMs);
    expect(bench.phases()).toEqual(['a queued unreachable']);
    bench.run(hourMs);
    expect(bench.phases()).toEqual(['a settled unreachable']);
  });
  it('it is called off', () => {
    const bench = new Bench();
    bench.herd('start', 'fleet');
    bench.cancel();
    expect(bench.phases()).toEqual(['a cancelled cancelled', 'b cancelled cancelled']);
    for (const away of [bench.a, bench.b]) away.comesBack();
    bench.run();
    expect([bench.a.done, bench.b.done]).toEqual([[], []]);
    expect(bench.report()).toMatchObject({ result: 'cancelled', isCancelled: true });
  });
  it('whoever asked may not any more, and it is not done', () => {
    const bench = new Bench();
    bench.granted('start', 'a');
    bench.machine.standing = () => new Refused('grant g-1 was revoked');
    bench.a.comesBack();
    bench.run();
    expect(bench.a.done).toEqual([]);
    const [step] = bench.report()?.steps ?? [];
    expect(step).toMatchObject({ phase: 'settled', row: { result: 'denied' } });
    expect(step?.row?.reason).toContain('grant g-1 was revoked');
  });
  it('whoever asked may not any more, and that is seen before there is contact', () => {
    const bench = new Bench();
    bench.granted('start', 'a');
    bench.machine.standing = (asker) => (asker === 'g-1' ? new Refused('revoked') : undefined);
    bench.run(limits.queueLookMs);
    expect(bench.phases()).toEqual(['a settled denied']);
  });
  it('somebody repeats it, and who is there by now is asked', () => {
    const bench = new Bench();
    bench.herd('start', 'fleet');
    bench.b.isThere = true;
    const again = bench.machine.retry('op-1');
    bench.run();
    expect(again.value?.rows.map(({ result }) => result)).toEqual(['unreachable', 'changed']);
    expect(bench.phases()).toEqual(['a queued unreachable', 'b settled changed']);
  });
  it.each([
    ['before its time is over', hourMs / 2],
    ['when its time is over', hourMs + limits.queueLookMs],
  ])('somebody tries it again %s, and it has all of that time anew', (_when, ms) => {
    const bench = new Bench();
    const first = bench.herd('start', 'a').value?.queuedUntilMs ?? 0;
    bench.run(ms);
    const again = bench.machine.retry('op-1');
    bench.run();
    expect(bench.phases()).toEqual(['a queued unreachable']);
    expect((again.value?.queuedUntilMs ?? 0) - first).toBeGreaterThanOrEqual(ms);
  });
  it('somebody asks what came of it, and nobody else is asked', () => {
    const bench = new Bench();
    bench.herd('start', 'fleet');
    const again = bench.herd('start', 'fleet', { ...op, isRepeat: true });
    expect(again.value?.rows.map(({ result }) => result)).toEqual(['unreachable', 'unreachable']);
    expect([bench.a.triedCount, bench.b.triedCount]).toEqual([1, 1]);
  });
  it('somebody watches, who hears of it when it is done', () => {
    const bench = new Bench();
    bench.a.comesBack();
    bench.herd('start', 'fleet');
    bench.machine.events.length = 0;
    const watching = bench.machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'join', 'op-1', bench.machine.printer(turn), anybodys),
    );
    bench.run();
    expect(watching.value).toBeUndefined();
    const rows = (): readonly string[] =>
      bench.machine.events.flatMap((event) =>
        event.kind === 'row' ? [`${event.row.member} ${event.row.result}`] : [],
      );
    expect(rows()).toEqual(['a changed', 'b unreachable']);
    bench.b.comesBack();
    bench.run();
    expect(rows()).toEqual(['a changed', 'b unreachable', 'b changed']);
    expect(watching.value?.result).toBe('changed');
  });
  it('the service that would tell of contact is replaced, and the new one tells', () => {
    const bench = new Bench();
    bench.herd('start', 'a');
    bench.a.isReplaced();
    bench.run();
    bench.a.comesBack();
    bench.run();
    expect(bench.a.done).toEqual(['op-1 start']);
  });
});

type Death = (bench: Bench) => void;
describe.each<[string, Death]>([
  ['is killed', ({ machine }) => machine.crash()],
  ['loses power', ({ machine }) => machine.losePower()],
])('a daemon that %s at any step', (_how, death) => {
  /** Steps until the command is over, and the whole of what may happen at each. */
  const atEveryStep = (
    begin: (bench: Bench) => Asked<Outcome> | undefined,
    judge: (bench: Bench, told: Outcome | undefined, step: number) => void,
    meanwhile: (bench: Bench) => void = () => undefined,
  ): number => {
    for (let step = 0; ; step += 1) {
      const bench = new Bench(false);
      const asked = begin(bench);
      const stepCount = bench.world.stepCount;
      const endsAt = bench.world.now + 500;
      while (bench.world.stepCount - stepCount < step && bench.world.now < endsAt)
        bench.world.step();
      if (bench.world.now >= endsAt) return step;
      const told = asked?.value;
      death(bench);
      bench.run(100);
      meanwhile(bench);
      bench.boot();
      judge(bench, told, step);
      // A daemon that ends is told to halt.
      const bad = complaints(bench.machine).filter(({ event }) => event !== 'vat.halted');
      expect([step, bad]).toEqual([step, []]);
    }
  };

  it('of what is asked has it queued in its next life, or has never told anybody', () => {
    const seen = new Set<string>();
    atEveryStep(
      ({ machine }) => machine.herd('start', 'a', op),
      (bench, told, step) => {
        const report = bench.report();
        if (report === undefined) {
          expect([step, told]).toEqual([step, undefined]);
          return;
        }
        const [phase = ''] = bench.phases();
        seen.add(phase);
        expect([step, phase]).toEqual([step, expect.stringMatching(/^a queued un/)]);
        // What was told is on the disk.
        if (told !== undefined) expect([step, phase]).toEqual([step, 'a queued unreachable']);
        expect([step, bench.report()]).toEqual([
          step,
          expect.objectContaining({ queuedUntilMs: expect.any(Number) as unknown }),
        ]);
        bench.a.comesBack();
        bench.run();
        expect([step, bench.a.done]).toEqual([step, ['op-1 start']]);
        expect([step, bench.phases()]).toEqual([step, ['a settled changed']]);
      },
    );
    expect([...seen].sort()).toEqual(['a queued unknown', 'a queued unreachable']);
  });
  it('while its machine comes back, does it once', () => {
    const steps = atEveryStep(
      (bench) => {
        bench.herd('rub', 'a');
        bench.a.comesBack();
        return undefined;
      },
      (bench, _told, step) => {
        bench.run();
        expect([step, bench.a.done]).toEqual([step, ['op-1 rub']]);
        expect([step, bench.phases()]).toEqual([step, ['a settled changed']]);
      },
    );
    expect(steps).toBeGreaterThan(5);
  });
  it('while its machine comes back and is lost again, never says that nothing was sent where it was', () => {
    const results = new Set<string>();
    atEveryStep(
      (bench) => {
        bench.herd('rub', 'a');
        bench.a.comesBack();
        return undefined;
      },
      (bench, _told, step) => {
        bench.run(2 * hourMs);
        const { row, phase } = bench.report()?.steps[0] ?? {};
        const isDone = bench.a.done.length > 0;
        results.add(`${isDone ? 'done' : 'not done'}: ${row?.result}`);
        expect([step, phase]).toEqual([step, 'settled']);
        if (row?.result === 'unreachable') expect([step, bench.a.done]).toEqual([step, []]);
        else
          expect([step, row?.reason]).not.toEqual([step, expect.stringContaining('nothing was')]);
      },
      // It was there for the first life alone.
      (bench) => {
        bench.a.isThere = false;
      },
    );
    expect(results).toContain('done: unknown');
    expect(results).toContain('not done: unreachable');
  });
  it('while a later command stands in its place, never sends it', () => {
    atEveryStep(
      (bench) => {
        bench.herd('start', 'a');
        return bench.machine.herd('stop', 'a', { operation: 'op-2', queueMs });
      },
      (bench, told, step) => {
        bench.a.comesBack();
        bench.run();
        const isTaken = bench.report('op-2') !== undefined;
        if (told !== undefined) expect([step, isTaken]).toEqual([step, true]);
        expect([step, bench.a.done]).toEqual([step, [isTaken ? 'op-2 stop' : 'op-1 start']]);
      },
    );
  });
  it('while it is called off, does not do it where anybody was told', () => {
    let called: Asked<Result | undefined> = {};
    let toldCount = 0;
    atEveryStep(
      (bench) => {
        bench.herd('start', 'a');
        called = bench.machine.ask((turn, shepherd) =>
          turn.send(shepherd, 'cancel', 'op-1', anybodys),
        );
        return undefined;
      },
      (bench, _told, step) => {
        const isCancelled = bench.report()?.isCancelled === true;
        if ('value' in called) {
          toldCount += 1;
          expect([step, isCancelled]).toEqual([step, true]);
        }
        bench.a.comesBack();
        bench.run();
        expect([step, bench.a.done]).toEqual([step, isCancelled ? [] : ['op-1 start']]);
      },
    );
    expect(toldCount).toBeGreaterThan(0);
  });
});

describe('the next life', () => {
  it('does nothing about a time that has passed meanwhile', () => {
    const bench = new Bench();
    bench.herd('start', 'a');
    bench.machine.crash();
    bench.run(2 * hourMs);
    bench.a.isThere = true;
    bench.boot();
    expect([bench.phases(), bench.a.done]).toEqual([['a settled unreachable'], []]);
  });
  it('does nothing for who may not ask any more', () => {
    const bench = new Bench();
    bench.granted('start', 'a');
    bench.machine.crash();
    bench.machine.standing = () => new Refused('revoked');
    bench.a.isThere = true;
    bench.boot();
    expect([bench.phases(), bench.a.done]).toEqual([['a cancelled cancelled'], []]);
  });
});

describe('a request', () => {
  const refused = (given: Partial<Request>): unknown =>
    new Bench().herd('restart', 'a', given).error;
  it('waits for a week at most, and for a millisecond at least', () => {
    expect(refused({ queueMs: limits.queueMs })).toBeUndefined();
    expect(refused({ queueMs: 1 })).toBeUndefined();
    for (const queueMs of [limits.queueMs + 1, 0, -1, 1.5, NaN])
      expect(refused({ queueMs })).toMatchObject({ code: 'bad-request' });
  });
  it('of batches waits for nobody who is away', () => {
    expect(refused({ queueMs: 1_000, rolling: { batch: 1 } })).toMatchObject({
      code: 'bad-request',
    });
  });
});
