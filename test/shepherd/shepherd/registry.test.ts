import { World, type Bcom, type Behavior, type Turn } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import {
  limits,
  makeServiceRegistry,
  unknownStatus,
  type Provider,
  type ServiceConfig,
} from '@bellwether/shepherd';
import { Machine, service } from '../../support/shepherd-machine.ts';

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

interface Named {
  readonly provision: readonly [string, ...string[]];
  readonly requirement?: readonly string[];
}
const makeNamed = (
  turn: Turn<Provider>,
  _bcom: Bcom<Provider>,
  { provision, requirement = [] }: Named,
): Behavior<Provider> => ({
  canonicalName: () => provision[0],
  provision: () => provision,
  requirement: () => requirement,
  status: () => unknownStatus(provision[0], ''),
  probe: () => turn.kept(unknownStatus(provision[0], '')),
});
/** What a registry answers after all of this, in one turn. */
const registryWith = <T>(
  services: readonly Named[],
  body: (registry: {
    readonly add: (one: Named) => void;
    readonly remove: (name: string) => void;
    readonly names: () => readonly string[];
    readonly dependents: (name: string) => readonly string[];
    readonly canonical: (name: string) => string | undefined;
  }) => T,
) => {
  const { world, machine } = defined([]);
  const asked = machine.ask((turn) => {
    const registry = turn.spawn(makeServiceRegistry);
    const add = (one: Named): void => turn.call(registry, 'register', turn.spawn(makeNamed, one));
    services.forEach(add);
    return body({
      add,
      remove: (name) => turn.call(registry, 'unregister', name),
      names: () => turn.call(registry, 'names'),
      dependents: (name) => turn.call(registry, 'dependents', name),
      canonical: (name) => turn.call(registry, 'canonical', name),
    });
  });
  world.run();
  return asked;
};

describe('a service that is unregistered', () => {
  const services: readonly Named[] = [
    { provision: ['db'] },
    { provision: ['web', 'www'], requirement: ['db', 'db'] },
    { provision: ['proxy'], requirement: ['www'] },
  ];
  it('takes all its names along, and no other service', () => {
    const asked = registryWith(services, ({ remove, names, canonical }) => {
      remove('www');
      return [names(), canonical('web'), canonical('www'), canonical('db')];
    });
    expect(asked.value).toEqual([['db', 'proxy'], undefined, undefined, 'db']);
  });
  it('requires nothing any more, and is still required', () => {
    const asked = registryWith(services, ({ remove, dependents, add }) => {
      remove('web');
      const before = dependents('db');
      add({ provision: ['web', 'www'] });
      return [before, dependents('web')];
    });
    expect(asked.value).toEqual([[], ['proxy']]);
  });
  it('leaves its names to another, and no edge that would close a cycle', () => {
    const asked = registryWith(services, ({ remove, names, add }) => {
      remove('web');
      remove('db');
      add({ provision: ['db', 'web'], requirement: [] });
      add({ provision: ['www'], requirement: ['db'] });
      return names();
    });
    expect(asked.value).toEqual(['db', 'proxy', 'www']);
  });
  it('has to be there', () => {
    const asked = registryWith(services, ({ remove }) => remove('ghost'));
    expect(asked.error).toMatchObject({ code: 'unknown-service' });
  });
});
const many = (count: number) => Array.from({ length: count }, (_, at) => `n${at}`);
