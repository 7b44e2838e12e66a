/** A command that could not be written down is refused before anything is touched, and ends no life. */
import { ActorError, World } from '@bellwether/actors';
import { expect, it } from 'vitest';
import { localRoot, principalOf, type Principal } from '@bellwether/shepherd';
import { Machine, program, requestOf } from '../../support/shepherd-machine.ts';

const full = (): never => {
  throw new ActorError('no-room', 'full');
};
const up = () => {
  const world = new World(1);
  const machine = new Machine(world, 'A', { services: [program({ provision: ['web'] })] });
  machine.boot();
  world.runFor(500);
  const ask = (action: string, operation: string, principal: Principal = localRoot) => {
    const request = requestOf({ action, member: 'web', operation });
    const asked = machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'perform', request, machine.printer(turn), { principal }),
    );
    world.runFor(1_000);
    return asked;
  };
  return { world, machine, ask };
};

it('refuses what is new, writes nothing, answers what is known, and takes it on once there is room', () => {
  const { machine, ask } = up();
  expect(ask('start', 'op-1').value).toMatchObject({ result: 'changed' });
  const before = machine.disk.commitCount;
  machine.checkRoom = full;
  for (const action of ['stop', 'restart', 'disable'])
    expect(ask(action, `op-${action}`).error).toMatchObject({ code: 'no-room' });
  expect(machine.disk.commitCount).toBe(before);
  expect(machine.processes.living('web')).toHaveLength(1);
  expect(ask('start', 'op-1').value).toMatchObject({ result: 'changed' });
  machine.checkRoom = () => undefined;
  expect(ask('stop', 'op-stop').value).toMatchObject({ result: 'changed' });
});
it('tells whoever looks what is asked, and by whom', () => {
  const { machine, ask } = up();
  const seen: unknown[] = [];
  machine.checkRoom = (by, action, member) => void seen.push([action, member, by]);
  ask('start', 'op-1');
  ask('start', 'op-1');
  ask('stop', 'op-2', principalOf('g-1'));
  expect(seen).toEqual([
    ['start', 'web', 'root'],
    ['stop', 'web', 'g-1'],
  ]);
});
