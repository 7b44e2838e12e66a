/** An operation of a fleet whose controller, or a member, dies at any step of it. */
import type { OperationReport, Outcome } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import type { FleetNode } from '../support/fleet-node.ts';
import { tellStory, type Story } from '../support/fleet-story.ts';
import type { Asked } from '../support/shepherd-machine.ts';

/** Steps of the world between two deaths: what lies between them only moves bytes on. */
const stride = 3;
const fleet = 'web-server-fleet';
const op = { operation: 'op-1' } as const;

const reportOf = ({ world, operator, c }: Story): OperationReport | undefined => {
  const asked = operator.ask(c, (turn, root) => turn.send(root, 'operation', 'op-1'));
  world.run(world.now + 5_000);
  return asked.value;
};
const retried = ({ world, operator, c }: Story): Asked<Outcome> => {
  const asked = operator.ask(c, (turn, root) =>
    turn.send(root, 'retry', 'op-1', operator.printer(turn), 20_000),
  );
  world.run(world.now + 30_000);
  return asked;
};
const startedCounts = ({ hosts }: Story): readonly number[] =>
  hosts.map(({ machine }) => machine.processes.started.length);

/** Begins a command, ends one daemon after so many steps, starts it again; undefined: it was over before. */
const diesAfter = (stepCount: number, action: string, who: (story: Story) => FleetNode) => {
  const story = tellStory(7);
  const { world, operator, c } = story;
  world.run(world.now + 5_000);
  const asked = operator.herd(c, action, fleet, {
    ...op,
    remainingMs: 20_000,
    ...(action === 'reload-config' && { args: ['op-1'] }),
  });
  for (let step = 0; step < stepCount; step += 1) world.step();
  if (asked.value !== undefined) return undefined;
  const node = who(story);
  node.crash();
  world.run(world.now + 200);
  node.boot();
  world.run(world.now + 40_000);
  return { ...story, asked };
};
type Left = NonNullable<ReturnType<typeof diesAfter>>;
const atEveryStep = (
  action: string,
  who: (story: Story) => FleetNode,
  judge: (left: Left, step: number) => void,
): number => {
  for (let step = 0; ; step += stride) {
    const left = diesAfter(step, action, who);
    if (left === undefined) return step;
    for (const { machine } of left.hosts) expect(machine.processes.doubled).toEqual([]);
    judge(left, step);
  }
};

describe.each([
  ['the controller', (story: Story): FleetNode => story.c],
  ['a member', (story: Story): FleetNode => story.hosts[0] ?? story.c],
])('where %s dies at any step', (name, who) => {
  it('a start of a fleet ends in a true record, each server is started once, and a retry ends it', () => {
    const results = new Set<string | undefined>();
    const steps = atEveryStep('start', who, (left, step) => {
      const report = reportOf(left);
      if (report === undefined) {
        // It never came to the disk: nobody was told anything, and nothing was begun that no member would know.
        expect([step, left.asked.value]).toEqual([step, undefined]);
        return;
      }
      results.add(report.result);
      expect([step, report.endedMs]).not.toEqual([step, undefined]);
      const rows = report.steps.filter(({ isAnswer }) => !isAnswer);
      for (const [at, { machine }] of left.hosts.entries()) {
        const isDone = rows[at]?.row?.result === 'changed' || rows[at]?.row?.result === 'ok';
        if (isDone) expect(machine.processes.living('web-server')).toHaveLength(1);
        if (rows[at]?.row?.result === 'skipped')
          expect(machine.processes.living('web-server')).toHaveLength(0);
      }
      expect([step, retried(left).value?.result]).toEqual([step, 'changed']);
      expect([step, startedCounts(left)]).toEqual([step, [1, 1]]);
      expect(reportOf(left)?.result).toBe('changed');
    });
    expect(steps).toBeGreaterThan(10 * stride);
    expect(results).toContain('changed');
    if (name === 'the controller') expect(results.size).toBeGreaterThan(1);
  });

  it('an action of their own is done at most once by each member before somebody asks again', () => {
    atEveryStep('reload-config', who, (left, step) => {
      for (const { machine } of left.hosts)
        expect([step, machine.processes.commanded.length <= 1]).toEqual([step, true]);
      const report = reportOf(left);
      for (const [at, { machine }] of left.hosts.entries()) {
        const row = report?.steps.filter(({ isAnswer }) => !isAnswer)[at]?.row;
        if (row?.result === 'changed') expect(machine.processes.commanded).toHaveLength(1);
        if (row?.result === 'skipped') expect(machine.processes.commanded).toHaveLength(0);
      }
    });
  });
});
