import { World } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { Machine, program } from '../../support/shepherd-machine.ts';

/** What tells the command of `program` from another one. */
const madeFrom = expect.stringMatching(/^[0-9a-f]{16}$/) as unknown;
/** By the wall clock of the machine. */
const since = expect.toSatisfy((ms: number) => ms >= 1_700_000_000_000) as unknown;
const web = program({ provision: ['web'] });
const up = (given: { readonly commitMs?: number; readonly failAt?: number } = {}) => {
  const world = new World(7);
  const machine = new Machine(world, 'A', { services: [web], rehearse: true });
  machine.boot();
  world.run();
  machine.disk.commitMs = given.commitMs ?? 3;
  if (given.failAt !== undefined) machine.disk.failAt = machine.disk.commitCount + given.failAt;
  return { world, machine };
};
const kinds = (machine: Machine) =>
  (machine.disk.entries as readonly { readonly kind: string }[])
    .map(({ kind }) => kind)
    .filter((kind) => !['accepted', 'intent', 'outcome', 'prompted'].includes(kind));

describe('the process monitor', () => {
  it('forks only after the intent is on disk', () => {
    const { world, machine } = up({ commitMs: 1_000 });
    machine.herd('start', 'web');
    let stepCount = 0;
    while (machine.processes.living().length === 0 && world.step() && stepCount < 1_000) {
      stepCount += 1;
      if (machine.disk.entries.length === 0) expect(machine.processes.started).toEqual([]);
    }
    expect(machine.disk.records().running).toEqual([{ startId: 'A1-1', service: 'web', madeFrom }]);
  });
  it('records the pid and what tells it from another process with the same number', () => {
    const { world, machine } = up();
    machine.herd('start', 'web');
    world.run();
    expect(machine.disk.records().running).toEqual([
      { startId: 'A1-1', service: 'web', pid: 101, startTime: '1010', madeFrom, since },
    ]);
  });
  it('records an end, and that nothing came of a start that failed', () => {
    const { world, machine } = up();
    machine.herd('start', 'web');
    world.run();
    machine.processes.kill('web');
    world.run();
    expect(machine.disk.records().running).toEqual([]);
    machine.processes.programs.set('web', { refusal: 'no such file' });
    machine.herd('start', 'web');
    world.run();
    expect(kinds(machine)).toEqual(['desired', 'running', 'running', 'ended', 'running', 'ended']);
    expect(machine.disk.records().running).toEqual([]);
  });
  it('never uses a start id twice, in no life of the daemon', () => {
    const { world, machine } = up();
    for (let round = 0; round < 3; round += 1) {
      for (const action of ['start', 'stop', 'start', 'stop']) {
        machine.herd(action, 'web');
        world.run();
      }
      machine.crash();
      machine.boot();
      world.run();
    }
    const ids = (machine.disk.entries as readonly { kind: string; startId?: string }[])
      .filter(({ kind }) => kind === 'ended')
      .map(({ startId }) => startId);
    expect(new Set(ids).size).toBe(6);
    expect(ids).toHaveLength(6);
  });
  it('starts no process when the commit fails, answers nobody, and the daemon halts', () => {
    const { world, machine } = up({ failAt: 1 });
    const asked = machine.herd('start', 'web');
    world.run();
    expect(machine.processes.started).toEqual([]);
    expect(asked.value).toBeUndefined();
    expect(asked.error).toMatchObject({ code: 'halted' });
    expect(machine.isDown).toBe(true);
  });
  it.each([1, 2, 3, 4])('leaves the disk before or after commit %i, never between', (failAt) => {
    const { world, machine } = up({ failAt });
    const started = machine.herd('start', 'web');
    world.run();
    const stopped = machine.isUp ? machine.herd('stop', 'web') : {};
    world.run();
    const told = [started, stopped].map((asked) => asked.value?.result ?? asked.error?.name);
    machine.disk.failAt = undefined;
    if (machine.isDown) machine.boot();
    world.run();
    const isWanted = machine.disk.records().desired.get('web') ?? false;
    expect(machine.processes.living('web')).toHaveLength(isWanted ? 1 : 0);
    if (told[1] === 'changed') expect(isWanted).toBe(false);
    else if (told[0] === 'changed' && told[1] === undefined) expect(isWanted).toBe(true);
    expect(machine.processes.doubled).toEqual([]);
  });
});
