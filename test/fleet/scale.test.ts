/** What a fleet costs for each member does not depend on how many there are. Larger ones: `npm run scale`. */
import { beforeAll, describe, expect, it } from 'vitest';
import { makeScaledFleet, type Counted } from '../support/fleet-scale.ts';

const memberCounts = [10, 100] as const;

const stepNames = ['first start', 'start again', 'stop', 'start', 'status'] as const;

interface Costs {
  readonly steps: Readonly<Record<string, Counted>>;
}
/** One fleet through its whole life, on warm sessions after the first start. */
const costsOf = (memberCount: number): Costs => {
  const fleet = makeScaledFleet(7, memberCount, { counts: true });
  const whole = { result: 'changed', reason: `${memberCount}/${memberCount}` };
  const perform = (action: string, expected: object = whole): Counted => {
    const { outcome, ...counted } = fleet.perform(action);
    expect(outcome, `${action} ${memberCount}`).toMatchObject(expected);
    return counted;
  };
  const steps = {
    'first start': perform('start'),
    'start again': perform('start', { ...whole, result: 'ok' }),
    stop: perform('stop'),
    start: perform('start'),
  };
  const { status, ...counted } = fleet.status();
  expect(status).toMatchObject({ kind: 'fleet', stage: 'running', runningCount: memberCount });
  for (const { machine } of fleet.hosts)
    expect(machine.processes.living('web-server')).toHaveLength(1);
  fleet.close();
  expect(fleet.world.pendingCount).toBe(0);
  return { steps: { ...steps, status: counted } };
};

describe('a fleet of 100', () => {
  const costs: Costs[] = [];
  beforeAll(() => void costs.push(...memberCounts.map(costsOf)), 60_000);
  const both = (name: string): readonly [Counted, Counted] => {
    const [few, many] = costs.map(({ steps }) => steps[name]);
    if (few === undefined || many === undefined) throw new Error(`no ${name}`);
    return [few, many];
  };
  const [fewCount, manyCount] = memberCounts;
  it.each(stepNames)('exchanges as many messages with each member as one of 10: %s', (name) => {
    const [few, many] = both(name);
    expect([many.inCount, many.outCount].map((count) => count / manyCount)).toEqual(
      [few.inCount, few.outCount].map((count) => count / fewCount),
    );
    expect(few.inCount).toBe(fewCount);
  });
  it.each(stepNames)('takes no more steps for each member than one of 10: %s', (name) => {
    const [few, many] = both(name);
    expect(many.stepCount / manyCount).toBeLessThan((1.2 * few.stepCount) / fewCount);
  });
  it.each(stepNames)('asks all at once, so that it takes no longer than one of 10: %s', (name) => {
    const [few, many] = both(name);
    expect(many.ms).toBeLessThan(3 * few.ms);
  });
});
