/** The controller dies in the middle: what runs runs on, nothing is done twice, the end is known afterwards. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, makePlace, type Place } from '../support/programs.ts';
import { outcomeOf, processesOf, rowOf, statusOf } from '../support/shown.ts';
import { slowServer, startWebFleet, writeServer, type WebFleet } from '../support/web-fleet.ts';

let place: Place;
let fleet: WebFleet;
beforeEach(async () => {
  place = makePlace();
  fleet = await startWebFleet(place);
  for (const machine of ['a', 'b']) writeServer(place, machine, slowServer);
});
afterEach(() => place.clean());

const servers = (): readonly number[] => processesOf(place, 'web.cjs');
const makeReady = (...machines: readonly string[]): void => {
  for (const machine of machines) fs.writeFileSync(path.join(place.folder, machine, 'ready'), '');
};
const isRunning = async (controller = fleet.c): Promise<boolean> =>
  (await statusOf(controller, 'web-server-fleet')).stage === 'running';

describe('a controller that is killed in the middle of a start', () => {
  /** Starts the fleet and kills C while both servers run and neither is ready. */
  const killInTheMiddle = async (): Promise<void> => {
    const starting = fleet.c.begin('start', 'web-server-fleet');
    await eventually('both servers run', () => servers().length === 2);
    await fleet.c.kill('SIGKILL');
    const { code, stderr } = await starting.ended;
    expect(code).toBe(4);
    expect(stderr).toMatch(/operation op-\w+/);
  };

  it('finds both running afterwards, and a repeat starts nothing twice', async () => {
    await killInTheMiddle();
    const before = servers();
    const c = await place.again(fleet.c);
    expect(await isRunning(c)).toBe(false);
    makeReady('a', 'b');
    await eventually('the start has come to its end without the controller', () => isRunning(c));
    expect(servers()).toEqual(before);
    const again = await c.herd('--json', 'start', 'web-server-fleet');
    expect(again.code).toBe(0);
    for (const member of ['web-server-a', 'web-server-b'])
      expect(rowOf(outcomeOf(again), member).result).toBe('ok');
    expect(servers()).toEqual(before);
  });

  it('joins a start that still goes on, and starts nothing twice', async () => {
    await killInTheMiddle();
    const before = servers();
    const c = await place.again(fleet.c);
    const again = c.begin('start', 'web-server-fleet');
    await eventually('the repeat is under way', async () => {
      const { members = [] } = await statusOf(c, 'web-server-fleet');
      return members.every(({ stage }) => stage === 'starting');
    });
    makeReady('a', 'b');
    expect((await again.ended).code).toBe(0);
    expect(servers()).toEqual(before);
    for (const machine of [fleet.a, fleet.b])
      expect((await machine.herd('log', 'web-server')).stdout.match(/serving/g)).toHaveLength(1);
  });

  it('stops everything in its first second, what was never seen to start included', async () => {
    await killInTheMiddle();
    makeReady('a'); // A may be running by now; B is still starting
    const c = await place.again(fleet.c);
    const { code, stdout } = await c.herd('stop', 'web-server-fleet');
    expect([code, stdout]).toEqual([0, stdout]);
    expect(servers()).toEqual([]);
    const { members = [] } = await statusOf(c, 'web-server-fleet');
    expect(members.map(({ stage }) => stage)).toEqual(['stopped', 'stopped']);
  });
});

describe('a fleet of which somebody lets go in the middle of a start', () => {
  it('goes on after a Ctrl-C, which says so with 130', async () => {
    const starting = fleet.c.begin('start', 'web-server-fleet');
    await eventually('both servers run', () => servers().length === 2);
    const before = servers();
    starting.process.kill('SIGINT');
    const { code, stderr } = await starting.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/detached; operation op-\w+ goes on/);
    expect(await isRunning()).toBe(false);
    makeReady('a', 'b');
    await eventually('it has gone on', () => isRunning());
    expect(servers()).toEqual(before);
  });

  it('is started by a repeat where the shepherd of B is killed, each server once', async () => {
    const { b, c } = fleet;
    const starting = c.begin('--json', 'start', 'web-server-fleet');
    await eventually('both servers run', () => servers().length === 2);
    const before = servers();
    makeReady('a');
    await b.kill('SIGKILL');
    const ended = await starting.ended;
    expect(ended.code).toBe(4);
    expect(rowOf(outcomeOf(ended), 'web-server-a').result).toBe('changed');
    const lost = rowOf(outcomeOf(ended), 'web-server-b');
    expect(lost).toMatchObject({ result: 'unknown' });
    expect(lost.reason).toContain('it may have been done');
    await place.again(b);
    makeReady('b');
    const again = await c.herd('--json', 'start', 'web-server-fleet');
    expect(again.code).toBe(0);
    expect(rowOf(outcomeOf(again), 'web-server-a').result).toBe('ok');
    expect(servers()).toEqual(before);
  });

  it('ends in one state where one starts and another one stops it at the same time', async () => {
    makeReady('a', 'b');
    const { c } = fleet;
    for (let round = 0; round < 3; round += 1) {
      const both = await Promise.all([
        c.herd('start', 'web-server-fleet'),
        c.herd('stop', 'web-server-fleet'),
      ]);
      for (const { code } of both) expect([0, 9]).toContain(code);
      const { members = [] } = await statusOf(c, 'web-server-fleet');
      const stages = new Set(members.map(({ stage }) => stage));
      expect([...stages]).toHaveLength(1);
      expect(servers()).toHaveLength(stages.has('running') ? 2 : 0);
    }
  });
});
