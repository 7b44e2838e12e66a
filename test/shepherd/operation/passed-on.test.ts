/** Steps that another shepherd has and lets wait for a machine of its own. */
import { Severed, World, type Turn, type Vow } from '@bellwether/actors';
import { limits, type OperationReport, type Outcome, type Request } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { complaints, makeElsewhere } from '../../support/shepherd-graph.ts';
import { anybodys, Machine, type Asked } from '../../support/shepherd-machine.ts';
import { localRoot } from '../../../packages/shepherd/src/words/principal.ts';
import type { Answer } from '@bellwether/actors';

const queueMs = 3_600_000;
const row = (result: Outcome['result']): Outcome => ({ member: 'far', result, rows: [] });

/** A service `far` of a controller that answers as a test says. */
class Bench {
  readonly world = new World(4);
  readonly machine: Machine;
  /** What it was asked, and how it is to answer. */
  readonly performs: { readonly request: Request; readonly answer: Answer }[] = [];
  readonly settles: { readonly request: Request; readonly answer: Answer }[] = [];
  readonly cancelled: string[] = [];
  isThere = true;
  #waiting: Answer[] = [];

  constructor() {
    const asked =
      (into: { readonly request: Request; readonly answer: Answer }[]) =>
      (turn: Turn, request: Request): Vow<Outcome> =>
        turn.ask<Outcome>((answer) => void into.push({ request, answer }));
    const contact = (turn: Turn): Vow<void> =>
      turn.ask<void>((answer) => {
        if (this.isThere) answer.kept(undefined);
        else this.#waiting.push(answer);
      });
    this.machine = new Machine(this.world, 'C', {
      rehearse: true,
      setUp: (turn, shepherd) => {
        const far = turn.spawn(
          makeElsewhere,
          'far',
          asked(this.performs),
          [],
          undefined,
          contact,
          asked(this.settles),
          (operation: string) => void this.cancelled.push(operation),
        );
        turn.call(shepherd, 'register', far);
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
  comesBack(): void {
    this.isThere = true;
    for (const answer of this.#waiting.splice(0)) answer.kept(undefined);
    this.run();
  }
  herd(action: string, operation = 'op-1'): Asked<Outcome> {
    const asked = this.machine.herd(action, 'far', { operation, queueMs });
    this.run();
    return asked;
  }
  /** A start that its shepherd has taken on. */
  passedOn(): Asked<Outcome> {
    const asked = this.herd('start');
    this.performs.at(-1)?.answer.kept({ ...row('unreachable'), isPending: true });
    this.run();
    return asked;
  }
  report(operation = 'op-1'): OperationReport | undefined {
    const asked = this.machine.report(operation);
    this.run(100);
    return asked.value;
  }
  phase(operation = 'op-1'): string {
    const [{ phase = '', row = undefined } = {}] = this.report(operation)?.steps ?? [];
    return `${phase} ${row?.result ?? ''}`;
  }
}

describe('a step that its own shepherd lets wait', () => {
  it('is asked after once, and ends as is said', () => {
    const bench = new Bench();
    const asked = bench.passedOn();
    expect(asked.value).toMatchObject({
      result: 'unreachable',
      queuedUntilMs: expect.any(Number) as number,
    });
    expect(asked.value).not.toHaveProperty('isPending');
    bench.run(300_000);
    expect([bench.performs.length, bench.settles.length]).toEqual([1, 1]);
    expect(bench.settles[0]?.request.queueMs).toBeLessThanOrEqual(queueMs);
    expect(bench.phase()).toBe('queued unreachable');
    bench.settles[0]?.answer.kept(row('changed'));
    bench.run();
    expect(bench.phase()).toBe('settled changed');
    expect(complaints(bench.machine)).toEqual([]);
  });

  it('is asked after anew where it is not over, or nobody could say, and not at once', () => {
    const bench = new Bench();
    bench.passedOn();
    const answers = [
      (answer?: Answer) => answer?.kept({ ...row('unreachable'), isPending: true }),
      (answer?: Answer) => answer?.broken(new Severed('gone')),
    ];
    for (const [at, say] of answers.entries()) {
      say(bench.settles.at(-1)?.answer);
      bench.run(limits.settleGapMs - 1);
      expect(bench.settles).toHaveLength(at + 1);
      bench.run(10);
      expect(bench.settles).toHaveLength(at + 2);
    }
    expect(bench.phase()).toBe('queued unreachable');
  });

  it('waits for contact in between', () => {
    const bench = new Bench();
    bench.passedOn();
    bench.isThere = false;
    bench.settles[0]?.answer.broken(new Severed('gone'));
    bench.run(600_000);
    expect(bench.settles).toHaveLength(1);
    bench.comesBack();
    expect(bench.settles).toHaveLength(2);
  });

  it('is called off there with every contact until that tells how it ended', () => {
    const bench = new Bench();
    bench.passedOn();
    bench.machine.ask((turn, shepherd) => turn.send(shepherd, 'cancel', 'op-1', anybodys));
    bench.run();
    expect([bench.cancelled, bench.phase()]).toEqual([['op-1'], 'queued unreachable']);
    bench.settles[0]?.answer.broken(new Severed('gone'));
    bench.run(limits.settleGapMs + 10);
    expect(bench.cancelled).toEqual(['op-1', 'op-1']);
    bench.machine.crash();
    bench.run();
    bench.boot();
    expect(bench.cancelled).toEqual(['op-1', 'op-1', 'op-1']);
    bench.settles.at(-1)?.answer.kept(row('cancelled'));
    bench.run();
    expect(bench.phase()).toBe('settled cancelled');
    expect(bench.performs).toHaveLength(1);
  });

  it('is called off there for a later command, on the disk before that is done', () => {
    const bench = new Bench();
    bench.passedOn();
    bench.isThere = false;
    bench.settles[0]?.answer.broken(new Severed('gone'));
    bench.run();
    bench.herd('stop', 'op-2');
    bench.cancelled.length = 0;
    // To retry it does not take back that it is to be called off.
    bench.herd('start');
    expect(bench.phase()).toBe('queued unreachable');
    expect(bench.performs).toHaveLength(2);
    bench.machine.crash();
    bench.run();
    bench.isThere = true;
    bench.boot();
    expect(bench.cancelled).toContain('op-1');
  });

  it('that was called off while its shepherd took it on is called off there', () => {
    const bench = new Bench();
    bench.herd('start');
    bench.machine.ask((turn, shepherd) => turn.send(shepherd, 'cancel', 'op-1', anybodys));
    bench.run();
    bench.performs[0]?.answer.kept({ ...row('unreachable'), isPending: true });
    bench.run();
    expect(bench.cancelled).toEqual(['op-1', 'op-1']);
  });

  it('is called off there, too, where that is said while a retry looks for somebody to ask', () => {
    const bench = new Bench();
    bench.passedOn();
    bench.herd('start');
    bench.machine.ask((turn, shepherd) => turn.send(shepherd, 'cancel', 'op-1', anybodys));
    bench.run();
    bench.cancelled.length = 0;
    bench.performs.at(-1)?.answer.kept({ ...row('unreachable'), isUnmet: true });
    bench.run();
    expect([bench.phase(), bench.cancelled]).toEqual(['queued unreachable', ['op-1']]);
  });

  it('is unknown a while after its time, and a repeat has it tried', () => {
    const bench = new Bench();
    bench.passedOn();
    bench.run(queueMs + limits.settleGraceMs - 10_000);
    expect(bench.phase()).toBe('queued unreachable');
    bench.run(10_000);
    expect(bench.phase()).toBe('in-doubt unknown');
    // That comes too late.
    bench.settles[0]?.answer.kept(row('changed'));
    bench.run();
    expect(bench.phase()).toBe('in-doubt unknown');
    bench.herd('start');
    expect(bench.performs).toHaveLength(2);
  });

  it('stays passed on where a retry finds nobody to ask', () => {
    const bench = new Bench();
    bench.passedOn();
    bench.herd('start');
    bench.performs.at(-1)?.answer.kept({ ...row('unreachable'), isUnmet: true });
    bench.run();
    expect(bench.phase()).toBe('queued unreachable');
    expect(bench.performs).toHaveLength(2);
    expect(bench.settles).toHaveLength(2);
    bench.settles[1]?.answer.kept(row('changed'));
    bench.run();
    expect(bench.phase()).toBe('settled changed');
  });

  it('costs who asked through a grant a use where it is tried again, as it may do something anew', () => {
    const bench = new Bench();
    bench.passedOn();
    const asked = bench.machine.ask((turn, shepherd) => ({
      isKnown: turn.call(
        shepherd,
        'isKnown',
        { operation: 'op-1', member: 'far', action: 'start' },
        localRoot,
      ),
    }));
    bench.run();
    expect(asked.value).toEqual({ isKnown: false });
  });
});
