/** What may be started, what is wanted, and what is: three things, of which two outlive the daemon. */
import { World } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import type { ServiceConfig } from '@bellwether/shepherd';
import { Machine, program, requestOf } from '../support/shepherd-machine.ts';
import { localRoot } from '../../packages/shepherd/src/words/principal.ts';

const up = (services: readonly ServiceConfig[]) => {
  const world = new World(1);
  const machine = new Machine(world, 'A', { services, rehearse: true });
  machine.boot();
  world.run();
  const herd = (action: string, name: string) => {
    const asked = machine.herd(action, name);
    world.run();
    return asked.value;
  };
  const status = (name: string) => {
    const asked = machine.ask((turn, shepherd) => turn.call(shepherd, 'status', name));
    world.run();
    return asked.value;
  };
  const reboot = (): void => {
    machine.crash();
    for (const { service } of machine.processes.living()) machine.processes.kill(service);
    machine.boot();
    world.run();
  };
  return { world, machine, herd, status, reboot };
};
const db = program({ provision: ['db'] });
const web = program({ provision: ['web'], requirement: ['db'] });
const respawn = { limitCount: 2, limitWindowMs: 60_000, delayMs: 10, maxDelayMs: 10 };

describe('a disabled service', () => {
  it('holds up what requires it, which is told why', () => {
    const rig = up([db, web]);
    expect(rig.herd('disable', 'db')?.result).toBe('changed');
    expect(rig.machine.lines).toEqual(['A: Disabled service db.']);
    expect(rig.herd('start', 'web')).toMatchObject({
      result: 'failed',
      rows: [{ member: 'db', reason: 'it is disabled', isDisabled: true }],
    });
    expect(rig.machine.processes.living()).toEqual([]);
    rig.herd('enable', 'db');
    expect(rig.herd('start', 'web')?.result).toBe('changed');
  });
  it('of which a start was refused stays as it was wished to be before, in the next life, too', () => {
    const rig = up([db, { ...web, isAutoStarted: true }]);
    rig.herd('stop', 'db');
    rig.herd('disable', 'db');
    expect(rig.herd('start', 'db')?.result).toBe('failed');
    const grounds = rig.machine.ask((turn, shepherd) => turn.call(shepherd, 'grounds', 'db'));
    rig.world.run();
    expect(grounds.value).toMatchObject({ wish: 'stop' });
    rig.herd('enable', 'db');
    rig.reboot();
    expect(rig.status('db')).toMatchObject({ isWanted: false, stage: 'stopped' });
    expect(rig.machine.processes.living()).toEqual([]);
    expect(rig.herd('start', 'db')?.result).toBe('changed');
    rig.reboot();
    expect(rig.machine.processes.living('db')).toHaveLength(1);
  });
  it('that runs goes on, and so does what requires it', () => {
    const rig = up([db, web]);
    rig.herd('start', 'web');
    rig.herd('disable', 'db');
    expect(rig.machine.processes.living()).toHaveLength(2);
    expect(rig.herd('start', 'web')?.result).toBe('ok');
    expect(rig.status('db')).toMatchObject({ stage: 'running', isEnabled: false });
  });
  it('is not brought back by a reboot, whatever was wanted, and the log says so', () => {
    const rig = up([{ ...db, isAutoStarted: true }, web]);
    rig.herd('start', 'web');
    rig.herd('disable', 'db');
    rig.reboot();
    expect(rig.machine.processes.living()).toEqual([]);
    expect(JSON.stringify(rig.machine.logged('operation.line'))).toContain(
      'Service db is currently disabled.',
    );
    rig.herd('enable', 'db');
    rig.reboot();
    expect(rig.machine.processes.living()).toHaveLength(2);
  });
  it('by respawning too fast stays so over a reboot, and is wanted all the same', () => {
    const rig = up([{ ...db, respawn }]);
    rig.herd('start', 'db');
    for (let round = 0; round < 3; round += 1) {
      rig.machine.processes.kill('db', { code: 3 });
      rig.world.run();
    }
    expect(rig.status('db')).toMatchObject({ stage: 'stopped', isEnabled: false, isWanted: true });
    const refused = {
      result: 'failed',
      reason: 'it is disabled since it respawned 2 times within 60 s (exited with code 3)',
      isDisabled: true,
    };
    rig.machine.lines.splice(0);
    expect(rig.herd('start', 'db')).toMatchObject({ ...refused, output: ['db said'] });
    expect(rig.herd('restart', 'db')).toMatchObject({ ...refused, output: ['db said'] });
    expect(rig.machine.lines).toEqual([
      'A: Service db is currently disabled.',
      'A: Service db is currently disabled.',
    ]);
    rig.reboot();
    expect(rig.status('db')).toMatchObject({ stage: 'stopped', isEnabled: false });
    const reason = 'it is disabled since it respawned 2 times within 60 s';
    expect(rig.herd('start', 'db')).toMatchObject({ reason });
    // Of one that somebody has disabled what it has said is no reason.
    rig.herd('enable', 'db');
    rig.herd('disable', 'db');
    for (const action of ['start', 'restart']) {
      expect(rig.herd(action, 'db')).toMatchObject({ reason: 'it is disabled', isDisabled: true });
      expect(rig.herd(action, 'db')).not.toHaveProperty('output');
    }
  });
  it('by respawning too fast says so with its log where it is restarted with others, too', () => {
    const rig = up([{ ...db, respawn }, program({ provision: ['cache'] })]);
    rig.herd('start', 'db');
    for (let round = 0; round < 3; round += 1) {
      rig.machine.processes.kill('db', { code: 3 });
      rig.world.run();
    }
    rig.herd('start', 'cache');
    const picked = { member: '{role=all}', onlyMembers: ['db', 'cache'] };
    const asked = rig.machine.ask((turn, shepherd) =>
      turn.send(
        shepherd,
        'perform',
        requestOf({ action: 'restart', ...picked }),
        rig.machine.printer(turn),
        { principal: localRoot },
      ),
    );
    rig.world.run();
    expect(asked.value?.rows).toMatchObject([
      { member: 'db', isDisabled: true, output: ['db said'] },
      { member: 'cache', result: 'changed' },
    ]);
  });
});

describe('a process that ends by itself', () => {
  it.each([{ code: 0 }, { code: 7 }, { signal: 'SIGSEGV' }])(
    'does not disable its service, nor what was wanted of it: %o',
    (ending) => {
      const rig = up([db]);
      rig.herd('start', 'db');
      rig.machine.processes.kill('db', ending);
      rig.world.run();
      expect(rig.status('db')).toMatchObject({
        stage: 'stopped',
        isEnabled: true,
        isWanted: true,
        lastExit: ending,
      });
      expect(rig.herd('start', 'db')?.result).toBe('changed');
      rig.machine.processes.kill('db', ending);
      rig.world.run();
      rig.reboot();
      // What has exited is up again once the machine is switched on, what was killed with the next daemon.
      const isKilled = 'signal' in ending;
      expect(rig.machine.processes.living('db')).toHaveLength(isKilled ? 1 : 0);
      rig.machine.losePower();
      rig.machine.boot();
      rig.world.run();
      expect(rig.machine.processes.living('db')).toHaveLength(1);
    },
  );
});

describe('a reboot', () => {
  it('brings back what was started last and not what was stopped last', () => {
    const rig = up([db, program({ provision: ['cache'], isAutoStarted: true })]);
    rig.herd('start', 'db');
    rig.herd('stop', 'cache');
    rig.reboot();
    rig.reboot();
    expect(rig.machine.processes.living().map(({ service }) => service)).toEqual(['db']);
  });
  it('starts by default only what nobody ever said anything about', () => {
    const eager = program({ provision: ['cache'], isAutoStarted: true });
    const rig = up([eager]);
    expect(rig.machine.processes.living('cache')).toHaveLength(1);
    rig.herd('disable', 'cache');
    rig.herd('stop', 'cache');
    rig.herd('enable', 'cache');
    rig.reboot();
    expect(rig.machine.processes.living()).toEqual([]);
  });
});
