import { World } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { limits, type ServiceConfig } from '@bellwether/shepherd';
import { Machine, service } from '../support/shepherd-machine.ts';

/** A machine that is up, and what came of defining one service after the other. */
const defined = (configs: readonly ServiceConfig[]) => {
  const world = new World(1);
  const machine = new Machine(world, 'A', { rehearse: true });
  machine.boot();
  world.run();
  const errors = configs.flatMap((config) => {
    const asked = machine.ask((turn, shepherd) => void turn.call(shepherd, 'define', config));
    world.run();
    return asked.error ?? [];
  });
  return { world, machine, errors };
};
const named = (name: string, ...requirement: readonly string[]) =>
  service({ provision: [name], requirement });

describe('the registry', () => {
  it('finds a service by each of its names', () => {
    const { world, machine } = defined([service({ provision: ['web', 'www', 'http'] })]);
    for (const name of ['web', 'www', 'http']) {
      const status = machine.ask((turn, shepherd) => turn.call(shepherd, 'status', name));
      world.run();
      expect(status.value?.provision).toEqual(['web', 'www', 'http']);
    }
  });
  it('says that a service is unknown in the words of GNU', () => {
    const { world, machine } = defined([]);
    const asked = machine.herd('start', 'ghost');
    world.run();
    expect(asked.error).toMatchObject({
      code: 'unknown-service',
      message: "service 'ghost' could not be found",
    });
  });
  it('refuses a name that is taken, be it an alias, and keeps nothing of the refused one', () => {
    const { world, machine, errors } = defined([
      service({ provision: ['web', 'www'] }),
      service({ provision: ['other', 'www'] }),
      named('third', 'other'),
    ]);
    expect(errors.map(({ message }) => message)).toEqual(["service 'www' is registered already"]);
    const names = machine.ask((turn, shepherd) => turn.call(shepherd, 'names'));
    world.run();
    expect(names.value).toEqual(['web', 'third']);
  });
  it.each<readonly [string, readonly ServiceConfig[]]>([
    ['a requires a', [named('a', 'a')]],
    ['a requires b requires a', [named('b', 'a'), named('a', 'b')]],
    ['b requires a requires b', [named('a', 'b'), named('b', 'a')]],
    ['c requires a requires b requires c', [named('a', 'b'), named('b', 'c'), named('c', 'a')]],
    [
      'a requires b requires a',
      [named('b', 'alias'), service({ provision: ['a', 'alias'], requirement: ['b'] })],
    ],
    ['a requires a', [service({ provision: ['a', 'alias'], requirement: ['alias'] })]],
  ])('refuses the cycle: %s', (path, configs) => {
    const { errors } = defined(configs);
    expect(errors.map((error) => ({ ...error, message: error.message }))).toMatchObject([
      { code: 'cycle', message: `${path}: a cycle` },
    ]);
  });
  it('takes a diamond, which is no cycle', () => {
    const configs = [named('d', 'b', 'c'), named('b', 'a'), named('c', 'a'), named('a')];
    expect(defined(configs).errors).toEqual([]);
  });
  it('names only the ends of a long cycle', () => {
    const chain = Array.from({ length: 50 }, (_, at) => named(`s${at}`, `s${at + 1}`));
    const { errors } = defined([...chain, named('s50', 's0')]);
    expect(errors[0]?.message).toBe(
      's50 requires s0 requires s1 requires s2 requires s3 requires s4 requires … requires ' +
        's46 requires s47 requires s48 requires s49 requires s50: a cycle',
    );
  });
  it.each<readonly [string, number, (count: number) => ServiceConfig]>([
    ['names', limits.provisionCount, (count) => service({ provision: ['a', ...many(count - 1)] })],
    ['requirements', limits.requirementCount, (count) => named('a', ...many(count))],
  ])('bounds the %s of a service', (what, max, config) => {
    expect(defined([config(max)]).errors).toEqual([]);
    expect(defined([config(max + 1)]).errors).toMatchObject([
      { code: 'limit', message: `service 'a': ${max + 1} ${what}, at most ${max} are taken` },
    ]);
  });
  it('refuses a name that is none, also as a requirement', () => {
    for (const config of [named('a b'), named('a', 'b c'), named('\u001b[2J')])
      expect(defined([config]).errors).toMatchObject([{ code: 'refused' }]);
  });
});
const many = (count: number) => Array.from({ length: count }, (_, at) => `n${at}`);
