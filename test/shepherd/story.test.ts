/** One machine from the outside: what a person at the command line sees. */
import { World } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { Machine, program, service } from '../support/shepherd-machine.ts';

const web = () => ({
  rehearse: true,
  services: [
    service({ provision: ['networking'] }),
    program({ provision: ['web-server'], requirement: ['networking'] }),
  ],
});
const up = (blueprint: ConstructorParameters<typeof Machine>[2] = web(), seed = 1) => {
  const world = new World(seed);
  const machine = new Machine(world, 'A', blueprint);
  machine.boot();
  world.run();
  return { world, machine };
};

describe('a machine with a web server that requires networking', () => {
  it('starts the requirement first, says so in the words of GNU, and names it', () => {
    const { world, machine } = up();
    const asked = machine.herd('start', 'web-server');
    world.run();
    expect(asked.value).toEqual({
      member: 'web-server',
      result: 'changed',
      stage: 'running',
      pid: 101,
      version: { born: 1_700_000_000_000, sequence: 3 },
      also: ['networking'],
      rows: [],
    });
    expect(machine.lines).toEqual([
      'A: Service networking has been started.',
      'A: Service web-server has been started.',
    ]);
    expect(world.pendingCount).toBe(0);
  });
  it('changes nothing when it is started again', () => {
    const { world, machine } = up();
    machine.herd('start', 'web-server');
    world.run();
    machine.lines.length = 0;
    const again = machine.herd('start', 'web-server');
    world.run();
    expect(again.value?.result).toBe('ok');
    expect(machine.lines).toEqual(['A: Service web-server is already running.']);
    expect(machine.processes.started).toEqual(['web-server']);
  });
  it('stops the dependents first when networking is stopped', () => {
    const { world, machine } = up();
    machine.herd('start', 'web-server');
    world.run();
    machine.lines.length = 0;
    const asked = machine.herd('stop', 'networking');
    world.run();
    expect(asked.value).toMatchObject({ result: 'changed', also: ['web-server'] });
    expect(machine.lines).toEqual([
      'A: Service web-server has been stopped.',
      'A: Service networking has been stopped.',
    ]);
    expect(machine.processes.living()).toEqual([]);
  });
});
