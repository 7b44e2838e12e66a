/** What a gate goes by is kept, and is what a look at every member would find. */
import { createVat, World, type Turn as Moment } from '@bellwether/actors';
import type { Outcome } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import type { Host } from '../../../packages/shepherd/src/operation/host.ts';
import {
  operationOf,
  type Memory,
  type Operation,
  type StepRecord,
} from '../../../packages/shepherd/src/operation/kept/memory.ts';
import { lookAgain, noteMoved, tallyOf } from '../../../packages/shepherd/src/operation/muster.ts';
import { keyOf, type Gate, type Step } from '../../../packages/shepherd/src/operation/plan/plan.ts';
import { localRoot } from '../../../packages/shepherd/src/words/principal.ts';

const names = Array.from({ length: 9 }, (_none, at) => `m${at}`);
const common = { after: [], needed: [], isAsked: false, isMember: false };
const gateOf = (name: string): Step & Gate => ({
  ...common,
  key: `gate/${name}`,
  name: 'fleet',
  action: 'gate',
  kind: 'gate',
  opens: [name],
  batch: 1,
  batchCount: 1,
  ...(name === 'm0' && { isCanary: true }),
  maxUnavailable: 1,
  maxFailed: 1,
});
const answerOf = (name: string): Step => ({
  ...common,
  key: keyOf('restart', name),
  name,
  action: 'restart',
  kind: 'ask',
  gate: `gate/${name}`,
});
const record = (step: Step, phase: StepRecord['phase'], outcome?: Outcome): StepRecord => ({
  step,
  by: 'fleet',
  phase,
  openCount: 0,
  followers: [],
  ...(outcome && { outcome }),
});

/** A restart of all, of which anything may become. */
class Bench {
  readonly world: World;
  readonly operation: Operation;
  readonly moment: Moment;
  /** Whether somebody serves; absent: nobody can tell. */
  readonly serving = new Map<string, boolean>(names.map((name) => [name, true]));
  readonly touched: string[] = [];
  /** How many of those touched are not known any more. */
  lostCount = 0;
  /** Who was looked at. */
  readonly seen: string[] = [];
  readonly host: Host;
  constructor(seed: number, moment: Moment) {
    this.world = new World(seed);
    this.moment = moment;
    const memory: Memory = { books: moment.map(), weight: moment.cell(0) };
    this.operation = operationOf(memory, moment, localRoot, 'op-1');
    for (const name of names) {
      this.operation.steps.set(gateOf(name).key, record(gateOf(name), 'waiting'));
      this.operation.steps.set(answerOf(name).key, record(answerOf(name), 'waiting'));
    }
    const touchedSince: Host['touchedSince'] = (_turn, count) => {
      const now = this.touched.length;
      if (count === undefined || count < this.lostCount) return { count: now };
      return { count: now, names: this.touched.slice(count) };
    };
    this.host = { touchedSince } as Host;
  }
  tally() {
    this.seen.length = 0;
    return tallyOf(this.host, this.moment, this.operation, gateOf('m0'), (name) => {
      this.seen.push(name);
      return this.serving.get(name);
    });
  }
  set(step: Step, phase: StepRecord['phase'], result?: Outcome['result']): void {
    const outcome = result && { member: step.name, result, rows: [] };
    this.operation.steps.set(step.key, record(step, phase, outcome));
    noteMoved(this.operation, step.key);
  }
  /** Something happens, to anybody. */
  stir(): void {
    const name = this.world.pick(names);
    const dice = this.world.random();
    if (dice < 0.3) this.set(gateOf(name), 'settled', this.world.pick(['ok', 'skipped']));
    else if (dice < 0.4) this.set(answerOf(name), 'waiting');
    else if (dice < 0.7)
      this.set(
        answerOf(name),
        this.world.pick(['settled', 'in-doubt']),
        this.world.pick(['changed', 'ok', 'failed', 'unknown', 'superseded']),
      );
    else {
      const serves = this.world.pick([true, true, false, undefined]);
      if (serves === undefined) this.serving.delete(name);
      else this.serving.set(name, serves);
      this.touched.push(name);
      if (this.world.random() < 0.1) this.lostCount = this.touched.length;
    }
  }
  /** By a look at each. */
  naive() {
    const stateOf = (name: string): string => {
      const gate = this.operation.steps.get(gateOf(name).key);
      const answer = this.operation.steps.get(answerOf(name).key);
      if (answer?.phase === 'waiting')
        return gate?.phase === 'settled' && gate.outcome?.result === 'ok' ? 'asked' : 'ahead';
      const result = answer?.outcome?.result ?? '';
      if (['ok', 'changed'].includes(result)) return 'well';
      return result === 'superseded' ? 'left' : 'bad';
    };
    const idle = names.filter(
      (name) => stateOf(name) !== 'asked' && this.serving.get(name) !== true,
    );
    return {
      bad: names.filter((name) => stateOf(name) === 'bad'),
      askedCount: names.filter((name) => stateOf(name) === 'asked').length,
      idle: idle.map((name) => `${name} ${stateOf(name)}`),
    };
  }
}
const within = (seed: number, body: (bench: Bench) => void): void => {
  const world = new World(seed);
  const vat = createVat({ name: 'muster', clock: world.clock(), scheduler: world.scheduler() });
  const found: { reason?: unknown } = {};
  void vat.run((turn) => {
    try {
      body(new Bench(seed, turn));
    } catch (reason) {
      found.reason = reason;
    }
  });
  world.run();
  if (found.reason !== undefined) throw found.reason;
};

describe('what a gate goes by', () => {
  it('is what a look at every member would find, whatever has happened since', () => {
    for (let seed = 1; seed <= 20; seed += 1)
      within(seed, (bench) => {
        for (let count = 0; count < 40; count += 1) {
          const { bad, askedCount, idle } = bench.tally();
          expect({
            seed,
            bad: bad.map(({ name }) => name),
            askedCount,
            idle: idle.map(({ name, state }) => `${name} ${state}`),
          }).toEqual({ seed, ...bench.naive() });
          expect(bad.filter(({ isCanary }) => isCanary).map(({ name }) => name)).toEqual(
            bad.flatMap(({ name }) => (name === 'm0' ? ['m0'] : [])),
          );
          for (let some = Math.floor(bench.world.random() * 4); some > 0; some -= 1) bench.stir();
        }
      });
  });
  it('looks at those alone of whom something is different', () => {
    within(1, (bench) => {
      bench.tally();
      expect(bench.seen).toEqual(names);
      bench.tally();
      expect(bench.seen).toEqual([]);
      bench.set(gateOf('m1'), 'settled', 'ok');
      bench.set(answerOf('m1'), 'settled', 'changed');
      bench.touched.push('m2', 'nobody');
      bench.tally();
      expect(bench.seen.toSorted()).toEqual(['m1', 'm2']);
      bench.lostCount = bench.touched.push('m3');
      bench.tally();
      expect(bench.seen).toEqual(names);
    });
  });
  it('is looked at again of who did not serve, before he is given up, whoever says that he does', () => {
    within(1, (bench) => {
      bench.serving.set('m4', false);
      expect(bench.tally().idle.map(({ name }) => name)).toEqual(['m4']);
      bench.serving.set('m4', true);
      lookAgain(bench.operation, 'fleet', (name) => bench.serving.get(name));
      expect(bench.tally().idle).toEqual([]);
    });
  });
});
