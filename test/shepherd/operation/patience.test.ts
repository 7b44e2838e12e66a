/** Deadlines that count what services need by their descriptions on top. */
import { World } from '@bellwether/actors';
import { limits, makeReader, unknownStatus, type ServiceConfig } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { Machine, program, requestOf } from '../../support/shepherd-machine.ts';
import { localRoot } from '../../../packages/shepherd/src/words/principal.ts';

const slow = (name: string, timeoutMs: number, ...requirement: readonly string[]): ServiceConfig =>
  program({
    provision: [name],
    requirement,
    ready: { kind: 'http', url: `http://${name}/`, timeoutMs },
  });
/** Whose services are ready after so many milliseconds from now. */
const up = (services: readonly ServiceConfig[], readyMs: number) => {
  const world = new World(1);
  const machine = new Machine(world, 'A', { services, rehearse: true });
  machine.boot();
  world.run();
  const begun = world.now;
  machine.probes.isReady = () => world.now - begun >= readyMs;
  const ask = (action: string, member: string, more: { readonly isPatient?: true } = {}) => {
    const asked = machine.ask((turn, shepherd) =>
      turn.send(
        shepherd,
        'perform',
        requestOf({ action, member, ...more }),
        machine.printer(turn),
        { principal: localRoot },
      ),
    );
    world.run();
    return asked;
  };
  return { world, machine, ask };
};
const deadlines = ({ machine }: Pick<ReturnType<typeof up>, 'machine'>): readonly unknown[] =>
  machine.events.filter(({ kind }) => kind === 'deadline');
const told = (remainingMs: number, slowest: string, slowestMs: number) => ({
  kind: 'deadline',
  ...{ remainingMs, slowest, slowestMs },
});

describe('a start that is patient', () => {
  it('waits for the readiness of a service on top, and says for how long', () => {
    const rig = up([slow('web', 300_000)], 290_000);
    expect(rig.ask('start', 'web', { isPatient: true }).value).toMatchObject({ result: 'changed' });
    expect(deadlines(rig)).toEqual([told(360_000, 'web', 300_000)]);
  });
  it('counts one after the other what waits for each other, and the longest of the rest', () => {
    const rig = up([slow('a', 10_000), slow('b', 40_000), slow('web', 5_000, 'a', 'b')], 0);
    rig.ask('start', 'web', { isPatient: true });
    expect(deadlines(rig)).toEqual([told(105_000, 'b', 40_000)]);
  });
  it('names nobody off the way that takes longest, however slow', () => {
    const chain = [slow('a', 30_000), slow('b', 30_000, 'a'), slow('lone', 45_000)];
    const rig = up([...chain, slow('web', 1_000, 'b', 'lone')], 0);
    rig.ask('start', 'web', { isPatient: true });
    expect(deadlines(rig)).toEqual([told(121_000, 'a', 30_000)]);
  });
  it('has no more than a day', () => {
    const chain = Array.from({ length: 30 }, (_, at) =>
      slow(`s${at}`, 3_600_000, ...(at === 0 ? [] : [`s${at - 1}`])),
    );
    const rig = up(chain, 0);
    rig.ask('start', 's29', { isPatient: true });
    expect(deadlines(rig)).toEqual([told(limits.remainingMs, 's0', 3_600_000)]);
  });
  it('is told of no deadline where nothing takes time', () => {
    const rig = up([program({ provision: ['web'] })], 0);
    expect(rig.ask('start', 'web', { isPatient: true }).value?.result).toBe('changed');
    expect(deadlines(rig)).toEqual([]);
  });
});

describe('who tries it again', () => {
  it('is told who may take longest of those that are left', () => {
    const rig = up([slow('quick', 10_000), slow('web', 300_000, 'quick')], 20_000);
    expect(rig.ask('start', 'web', { isPatient: true }).value?.result).toBe('failed');
    rig.machine.events.splice(0);
    rig.machine.probes.isReady = () => true;
    const again = rig.machine.retry('op');
    rig.world.run();
    expect(again.value?.result).toBe('changed');
    expect(deadlines(rig)).toEqual([told(370_000, 'web', 300_000)]);
  });
  it('is told of nobody who would need more than was given', () => {
    const rig = up([slow('web', 300_000)], 290_000);
    expect(rig.ask('start', 'web').value?.result).toBe('timed-out');
    rig.machine.events.splice(0);
    rig.machine.retry('op');
    rig.world.run();
    expect(deadlines(rig)).toEqual([{ kind: 'deadline', remainingMs: 60_000 }]);
  });
});

describe('other commands', () => {
  it('that have a deadline of their own keep it', () => {
    const rig = up([slow('web', 300_000)], 290_000);
    expect(rig.ask('start', 'web').value).toMatchObject({ result: 'timed-out', isLate: true });
    expect(deadlines(rig)).toEqual([]);
  });
  it('to stop have the graces on top', () => {
    const stop = { signal: 'SIGTERM', graceMs: 90_000 } as const;
    const rig = up([program({ provision: ['db'], stop })], 0);
    rig.ask('start', 'db');
    rig.machine.processes.programs.set('db', { stopMs: 80_000 });
    const request = requestOf({ operation: 'stop', action: 'stop', member: 'db', isPatient: true });
    const asked = rig.machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'perform', request, rig.machine.printer(turn), { principal: localRoot }),
    );
    rig.world.run();
    expect(asked.value).toMatchObject({ result: 'changed' });
    expect(deadlines(rig)).toEqual([told(150_000, 'db', 90_000)]);
  });
  it('that say false of it are refused', () => {
    const rig = up([program({ provision: ['web'] })], 0);
    const asked = rig.ask('start', 'web', { isPatient: false } as never);
    expect(asked.error?.message).toContain('isPatient: expected true, or nothing');
  });
});

describe('what a service elsewhere says of its time', () => {
  it('counts up to an hour', () => {
    const { status } = makeReader({ cut: 100 });
    const read = (readyMs: number) =>
      status({ ...unknownStatus('web', ''), readyMs, graceMs: readyMs }, 'status');
    const most = { readyMs: limits.slowMs, graceMs: limits.slowMs };
    expect(read(limits.slowMs)).toMatchObject(most);
    expect(read(limits.slowMs + 1)).toMatchObject(most);
  });
});
