/**
 * Story 7: a bad build for twenty machines, each a shepherd of its own. The canary goes back by itself, nineteen are as they were,
 * and at no moment do fewer than nineteen serve. And story 8 for it: the controller dies in the middle of a good one.
 */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { answerOf } from '../support/deploys.ts';
import { it } from '../support/placed.ts';
import { eventually, type Ended } from '../support/programs.ts';
import {
  contentCountIn,
  fleetRelease,
  servedBy,
  startSlotNodes,
  type SlotNode,
  type SlotNodes,
} from '../support/slot-nodes.ts';

/** Each start is written down beside the port. */
const noted = (version: string): string =>
  `fs.appendFileSync(path.join(folder, 'starts'), '${version}\\n');`;
const startsAt = (place: SlotNodes['place'], { name }: SlotNode): readonly string[] =>
  fs
    .readFileSync(path.join(place.folder, name, 'starts'), 'utf8')
    .trim()
    .split('\n');

/** Asks everybody every 100 ms; `end` answers how many answered at least in any of these rounds. */
const probing = (nodes: readonly SlotNode[]): { end(): Promise<readonly number[]> } => {
  const counts: number[] = [];
  let isOver = false;
  const rounds = new Set<Promise<void>>();
  const round = async (): Promise<void> => {
    const served = await servedBy(nodes);
    counts.push(served.filter((each) => each !== undefined).length);
  };
  const timer = setInterval(() => {
    if (isOver) return;
    const asked = round();
    rounds.add(asked);
    void asked.then(() => rounds.delete(asked));
  }, 100);
  return {
    end: async () => {
      isOver = true;
      clearInterval(timer);
      await Promise.all(rounds);
      return counts;
    },
  };
};

interface Row {
  readonly member: string;
  readonly result: string;
  readonly reason?: string;
}
const rowsIn = ({ stdout }: Pick<Ended, 'stdout'>): readonly Row[] =>
  (JSON.parse(stdout) as { readonly outcome: { readonly rows: readonly Row[] } }).outcome.rows;
const operationIn = ({ stdout }: Pick<Ended, 'stdout'>): string =>
  (JSON.parse(stdout) as { readonly operation: string }).operation;
const namesUpTo = (count: number): readonly string[] =>
  Array.from({ length: count }, (_none, at) => `n${String(at + 1).padStart(2, '0')}`);
const rest = 'confirmSeconds: 30, healthySeconds: 0.5, stop: { graceSeconds: 1 }';

describe('a release for many machines', { timeout: 600_000 }, () => {
  it('that is bad is taken back by the canary, and nineteen are left alone', async ({ place }) => {
    const all = await startSlotNodes(place, namesUpTo(20), { rest });
    const { c, nodes } = all;
    const good = await fleetRelease(place, 'one', { start: noted('one') });
    const begun = await c.herd('deploy', 'web', good, '--batch', '100%', '--no-confirm');
    expect(begun).toMatchObject({ code: 0 });
    expect(await servedBy(nodes)).toEqual(nodes.map(() => 'one'));
    const bad = await fleetRelease(place, 'bad', { start: `${noted('bad')} process.exit(3);` });
    const before = nodes.map(({ deploys }) => contentCountIn(deploys));
    const probes = probing(nodes);
    const { code, stdout } = await c.herd('deploy', 'web', bad, '--json');
    const counts = await probes.end();
    expect(code).toBe(7);
    const rows = rowsIn({ stdout });
    expect(rows).toHaveLength(20);
    const back = rows.filter(({ result }) => result === 'rolled-back');
    expect(back).toEqual([
      expect.objectContaining({ reason: expect.stringContaining('back at web one') }),
    ]);
    expect(rows.filter(({ result }) => result === 'skipped')).toHaveLength(19);
    // What dies is taken back at once, so that all of it is over within a second.
    expect(counts.length).toBeGreaterThan(4);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(19);
    expect(await servedBy(nodes)).toEqual(nodes.map(() => 'one'));
    const canary = nodes.filter((node) => startsAt(place, node).includes('bad'));
    expect(canary.map(({ name }) => `web-${name}`)).toEqual(back.map(({ member }) => member));
    const untouched = nodes.filter((node) => !canary.includes(node));
    expect(untouched.map((node) => startsAt(place, node))).toEqual(untouched.map(() => ['one']));
    // Not even a file of it came to them.
    expect(untouched.map(({ deploys }) => contentCountIn(deploys))).toEqual(
      nodes.flatMap((node, at) => (canary.includes(node) ? [] : [before[at]])),
    );
  });

  it('goes on at the machines that were at it where the controller dies, and nothing is done twice', async ({
    place,
  }) => {
    const all = await startSlotNodes(place, namesUpTo(8), { rest });
    const { c, nodes } = all;
    const one = await fleetRelease(place, 'one', { start: noted('one') });
    expect(await c.herd('deploy', 'web', one, '--batch', '100%', '--no-confirm')).toMatchObject({
      code: 0,
    });
    const two = await fleetRelease(place, 'two', { start: noted('two') });
    const probes = probing(nodes);
    const running = c.begin('deploy', 'web', two, '--json');
    const servedTwo = async (): Promise<readonly SlotNode[]> => {
      const served = await servedBy(nodes);
      return nodes.filter((_node, at) => served[at] === 'two');
    };
    await eventually(
      'a machine behind the canary serves it',
      async () => {
        return (await servedTwo()).length >= 2;
      },
      60_000,
    );
    await c.kill('SIGKILL');
    // Nobody is there to ask for more, and what runs goes on.
    expect((await servedBy(nodes)).filter((each) => each !== undefined).length).toBeGreaterThan(5);
    const next = await place.again(c);
    const { stdout } = await running.ended;
    const rows = rowsIn({ stdout });
    expect(rows).toHaveLength(8);
    const served = await servedTwo();
    const isTold = (node: SlotNode): string =>
      rows.find(({ member }) => member === `web-${node.name}`)?.result ?? '';
    // What it says is how it is.
    expect(nodes.map(isTold)).toEqual(
      nodes.map((node) => (served.includes(node) ? 'changed' : 'skipped')),
    );
    expect(served.length).toBeLessThan(8);
    const again = await next.herd('retry', operationIn({ stdout }));
    expect(again).toMatchObject({ code: 0 });
    expect(await servedBy(nodes)).toEqual(nodes.map(() => 'two'));
    expect(nodes.map((node) => startsAt(place, node))).toEqual(nodes.map(() => ['one', 'two']));
    const counts = await probes.end();
    // A quarter goes down together, and no more.
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(6);
    for (const node of nodes) expect(await answerOf(node)).toBe('two');
  });
});
