/** The controller dies in the middle: what runs runs on, nothing is done twice, the end is known afterwards. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { it, together } from '../support/placed.ts';
import { eventually, type Daemon, type Place } from '../support/programs.ts';
import { outcomeOf, processesOf, rowOf, statusOf } from '../support/shown.ts';
import { slowServer, writeServer, type WebFleet } from '../support/web-fleet.ts';

const servers = (place: Place): readonly number[] => processesOf(place, 'web.cjs');
const makeReady = (place: Place, ...machines: readonly string[]): void => {
  for (const machine of machines) fs.writeFileSync(path.join(place.folder, machine, 'ready'), '');
};
const isRunning = async (controller: Daemon): Promise<boolean> =>
  (await statusOf(controller, 'web-server-fleet')).stage === 'running';
/** Starts the fleet on servers that are slow to become ready; settles when both run and neither is ready. */
const begin = async (place: Place, { c }: WebFleet, ...words: readonly string[]) => {
  for (const machine of ['a', 'b']) writeServer(place, machine, slowServer);
  const starting = c.begin(...words, 'start', 'web-server-fleet');
  await eventually('both servers run', () => servers(place).length === 2);
  return starting;
};

describe('a controller that is killed in the middle of a start', together, () => {
  const killInTheMiddle = async (place: Place, fleet: WebFleet): Promise<void> => {
    const starting = await begin(place, fleet);
    await fleet.c.kill('SIGKILL');
    const { code, stderr } = await starting.ended;
    expect(code).toBe(4);
    expect(stderr).toMatch(/operation op-\w+/);
  };

  it('finds both running afterwards, and a repeat starts nothing twice', async ({
    place,
    fleet,
  }) => {
    await killInTheMiddle(place, fleet);
    const before = servers(place);
    const c = await place.again(fleet.c);
    expect(await isRunning(c)).toBe(false);
    makeReady(place, 'a', 'b');
    await eventually('the start has come to its end without the controller', () => isRunning(c));
    expect(servers(place)).toEqual(before);
    const again = await c.herd('--json', 'start', 'web-server-fleet');
    expect(again.code).toBe(0);
    for (const member of ['web-server-a', 'web-server-b'])
      expect(rowOf(outcomeOf(again), member).result).toBe('ok');
    expect(servers(place)).toEqual(before);
  });

  it('joins a start that still goes on, and starts nothing twice', async ({ place, fleet }) => {
    await killInTheMiddle(place, fleet);
    const before = servers(place);
    const c = await place.again(fleet.c);
    const again = c.begin('start', 'web-server-fleet');
    await eventually('the repeat is under way', async () => {
      const { members = [] } = await statusOf(c, 'web-server-fleet');
      return members.every(({ stage }) => stage === 'starting');
    });
    makeReady(place, 'a', 'b');
    expect((await again.ended).code).toBe(0);
    expect(servers(place)).toEqual(before);
    for (const machine of [fleet.a, fleet.b])
      expect((await machine.herd('log', 'web-server')).stdout.match(/serving/g)).toHaveLength(1);
  });

  it('stops everything in its first second, what was never seen to start included', async ({
    place,
    fleet,
  }) => {
    await killInTheMiddle(place, fleet);
    makeReady(place, 'a'); // A may be running by now; B is still starting
    const c = await place.again(fleet.c);
    const { code, stdout } = await c.herd('stop', 'web-server-fleet');
    expect([code, stdout]).toEqual([0, stdout]);
    expect(servers(place)).toEqual([]);
    const { members = [] } = await statusOf(c, 'web-server-fleet');
    expect(members.map(({ stage }) => stage)).toEqual(['stopped', 'stopped']);
  });
});

describe('a fleet of which somebody lets go in the middle of a start', together, () => {
  it('goes on after a Ctrl-C, which says so with 130', async ({ place, fleet }) => {
    const starting = await begin(place, fleet);
    const before = servers(place);
    starting.process.kill('SIGINT');
    const { code, stderr } = await starting.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/detached; operation op-\w+ goes on/);
    expect(await isRunning(fleet.c)).toBe(false);
    makeReady(place, 'a', 'b');
    await eventually('it has gone on', () => isRunning(fleet.c));
    expect(servers(place)).toEqual(before);
  });

  it('is started by a repeat where the shepherd of B is killed, each server once', async ({
    place,
    fleet,
  }) => {
    const { b, c } = fleet;
    const starting = await begin(place, fleet, '--json');
    const before = servers(place);
    makeReady(place, 'a');
    await b.kill('SIGKILL');
    const ended = await starting.ended;
    expect(ended.code).toBe(4);
    expect(rowOf(outcomeOf(ended), 'web-server-a').result).toBe('changed');
    const lost = rowOf(outcomeOf(ended), 'web-server-b');
    expect(lost).toMatchObject({ result: 'unknown' });
    expect(lost.reason).toContain('it may have been done');
    await place.again(b);
    makeReady(place, 'b');
    const again = await c.herd('--json', 'start', 'web-server-fleet');
    expect([again.code, again.stdout]).toEqual([0, again.stdout]);
    expect(rowOf(outcomeOf(again), 'web-server-a').result).toBe('ok');
    expect(servers(place)).toEqual(before);
  });

  it('ends in one state where one starts and another one stops it at the same time', async ({
    place,
    fleet,
  }) => {
    const { c } = fleet;
    for (let round = 0; round < 3; round += 1) {
      const both = await Promise.all([
        c.herd('start', 'web-server-fleet'),
        c.herd('stop', 'web-server-fleet'),
      ]);
      // 4: one member was faster than the other command, and the other member was not.
      for (const { code } of both) expect([0, 4, 9]).toContain(code);
      const { members = [] } = await statusOf(c, 'web-server-fleet');
      const stages = new Set(members.map(({ stage }) => stage));
      expect([...stages]).toHaveLength(1);
      expect(servers(place)).toHaveLength(stages.has('running') ? 2 : 0);
    }
  });
});
