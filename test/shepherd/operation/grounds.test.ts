/** How a service came to be as it is. */
import { World } from '@bellwether/actors';
import { limits, type Grounds, type ServiceConfig } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { Machine, program, requestOf } from '../../support/shepherd-machine.ts';
import { localRoot } from '../../../packages/shepherd/src/words/principal.ts';

const up = (services: readonly ServiceConfig[], isReady = true) => {
  const world = new World(1);
  const machine = new Machine(world, 'A', { services, rehearse: true });
  machine.boot();
  world.run();
  machine.probes.isReady = () => isReady;
  const ask = (operation: string, action: string, member: string): void => {
    machine.ask((turn, shepherd) =>
      turn.send(
        shepherd,
        'perform',
        requestOf({ operation, action, member }),
        machine.printer(turn),
        { principal: localRoot },
      ),
    );
    for (let step = 0; step < 200; step += 1) world.step();
  };
  const grounds = (name: string): Grounds | undefined => {
    const asked = machine.ask((turn, shepherd) => turn.send(shepherd, 'grounds', name));
    for (let step = 0; step < 50; step += 1) world.step();
    if (asked.error !== undefined) throw asked.error;
    return asked.value;
  };
  return { world, machine, ask, grounds };
};
const slow = (name: string, ...requirement: readonly string[]): ServiceConfig =>
  program({
    provision: [name, `${name}-too`],
    requirement,
    ready: { kind: 'http', url: `http://${name}/`, timeoutMs: 60_000 },
  });

describe('the grounds of a service', () => {
  it('are nothing where nobody ever asked for anything', () => {
    expect(up([program({ provision: ['web'] })]).grounds('web')).toEqual({ underWay: [] });
  });
  it('are the last wish, by which command and for what, also where it came along', () => {
    const it = up([
      program({ provision: ['db'] }),
      program({ provision: ['web'], requirement: ['db'] }),
    ]);
    it.ask('op-1', 'start', 'web');
    const by = { asker: 'root', operation: 'op-1', action: 'start', service: 'web' };
    expect(it.grounds('web')).toMatchObject({ wish: 'start', by, underWay: [] });
    it.ask('op-2', 'stop', 'db');
    const later = { operation: 'op-2', action: 'stop', service: 'db' };
    expect(it.grounds('web')).toMatchObject({ wish: 'stop', by: later });
  });
  it('are what is under way with it, and for what that waits', () => {
    const it = up([slow('db'), slow('web', 'db')], false);
    it.ask('op-1', 'start', 'web-too');
    expect(it.grounds('web-too')?.underWay).toEqual([
      { asker: 'root', operation: 'op-1', action: 'start', phase: 'waiting', waitsFor: ['db'] },
    ]);
    expect(it.grounds('db')?.underWay).toMatchObject([{ phase: 'acting', waitsFor: [] }]);
  });
  it('name so many that it waits for, and no more', () => {
    const many = Array.from({ length: limits.groundsCount + 1 }, (_, at) => slow(`s${at}`));
    const names = many.map(({ provision: [name] }) => name);
    const it = up([...many, slow('all', ...names), slow('most', ...names.slice(1))], false);
    it.ask('op-1', 'start', 'all');
    expect(it.grounds('all')?.underWay[0]?.waitsFor).toHaveLength(limits.groundsCount);
    it.ask('op-2', 'start', 'most');
    expect(it.grounds('most')?.underWay[0]?.waitsFor).toHaveLength(limits.groundsCount);
    for (let at = 0; at <= limits.groundsCount; at += 1) it.ask(`more-${at}`, 'start', 's1');
    expect(it.grounds('s1')?.underWay).toHaveLength(limits.groundsCount);
  });
  it('are refused for what is no service', () => {
    expect(() => up([]).grounds('web')).toThrow("service 'web' could not be found");
  });
});
