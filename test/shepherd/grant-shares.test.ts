/** What the holders of grants have together at a shepherd, of each thing that lasts: at the limit and one over it. */
import { World, type Bcom, type Behavior, type Ref, type Turn } from '@bellwether/actors';
import {
  limits,
  type Asker,
  type Observer,
  type Shepherd,
  type Status,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { Ear } from '../support/log-ear.ts';
import { Machine, program } from '../support/shepherd-machine.ts';
import { localRoot, principalOf } from '../../packages/shepherd/src/words/principal.ts';

const makeObserver = (_turn: Turn<Observer>, _bcom: Bcom<Observer>): Behavior<Observer> => ({
  observed: () => undefined,
});

interface Kind {
  readonly ask: (turn: Turn, shepherd: Ref<Shepherd>, asker: Asker) => unknown;
  /** Of one grant, of all that come from one, of all. */
  readonly each: number;
  readonly origin: number;
  readonly grants: number;
}
const kinds: Readonly<Record<string, Kind>> = {
  watchings: {
    ask: (turn, shepherd, asker) =>
      turn.send(shepherd, 'watch', ['web'], turn.spawn(makeObserver), 60_000, asker),
    each: limits.askerWatchingCount,
    origin: limits.originWatchingCount,
    grants: limits.grantWatchingCount,
  },
  follows: {
    ask: (turn, shepherd, asker) =>
      turn.send(shepherd, 'follow', 'web', { lineCount: 0 }, new Ear().spawn(turn), asker),
    each: limits.askerFollowCount,
    origin: limits.originFollowCount,
    grants: limits.grantFollowCount,
  },
  'questions for lines': {
    ask: (turn, shepherd, asker) => turn.send(shepherd, 'log', 'web', 1, asker),
    each: limits.askerLogQuestionCount,
    origin: limits.originLogQuestionCount,
    grants: limits.grantLogQuestionCount,
  },
};

/** Grants that come from one, as many as have so many of something together. */
const below = (origin: string, count: number, each: number): readonly Asker[] =>
  Array.from({ length: count }, (_none, at) => ({
    principal: principalOf(`g-${origin}-${Math.floor(at / each)}`),
    origin,
  }));
/** Whether each of these is refused, all of them at once. */
const refusedOf = (ask: Kind['ask'], askers: readonly Asker[]): readonly boolean[] => {
  const world = new World(1);
  const machine = new Machine(world, 'A', { services: [program({ provision: ['web'] })] });
  machine.boot();
  world.run();
  const asked = askers.map((asker) => machine.ask((turn, shepherd) => ask(turn, shepherd, asker)));
  world.runFor(1_000);
  return asked.map(({ error }) => {
    if (error !== undefined) expect(error).toMatchObject({ code: 'limit' });
    return error !== undefined;
  });
};

describe.each(Object.entries(kinds))('%s', (_what, { ask, each, origin, grants }) => {
  const owner = { principal: localRoot };
  it('are bounded for all grants that come from one, and others have theirs', () => {
    const last = { principal: principalOf('g-last'), origin: 'top' };
    const others = [{ principal: principalOf('g-other'), origin: 'other' }, owner];
    expect(refusedOf(ask, [...below('top', origin - 1, each), last]).indexOf(true)).toBe(-1);
    const full = [...below('top', origin, each), last, ...others];
    expect(refusedOf(ask, full).indexOf(true)).toBe(origin);
    expect(refusedOf(ask, full).lastIndexOf(true)).toBe(origin);
  });
  it('are bounded for all grants, and the owner has his', () => {
    const origins = Array.from({ length: grants / origin }, (_none, at) => `top${at}`);
    const all = origins.flatMap((top) => below(top, origin, each));
    const last = { principal: principalOf('g-last'), origin: 'last' };
    expect(refusedOf(ask, [...all.slice(1), last]).indexOf(true)).toBe(-1);
    const found = refusedOf(ask, [...all, last, owner]);
    expect([found.indexOf(true), found.lastIndexOf(true)]).toEqual([grants, grants]);
  });
});

/** Who gets none hears what is known, which has no lines of the log. */
describe('questions after a service', () => {
  const heardOf = (askers: readonly Asker[]): readonly boolean[] => {
    const world = new World(1);
    const machine = new Machine(world, 'A', { services: [program({ provision: ['web'] })] });
    machine.boot();
    world.run();
    const asked = askers.map((asker) =>
      machine.ask((turn, shepherd) => turn.send(shepherd, 'probe', 'web', 1_000, [], asker)),
    );
    world.run();
    return asked.map(
      ({ value }) => (value as Status & { recentLines?: unknown }).recentLines === undefined,
    );
  };
  it('are bounded for all grants that come from one, and for all', () => {
    const { originProbeCount: origin, grantProbeCount: grants } = limits;
    const last = { principal: principalOf('g-last'), origin: 'top0' };
    const owner = { principal: localRoot };
    expect(heardOf([...below('top0', origin - 1, 1), last]).indexOf(true)).toBe(-1);
    expect(heardOf([...below('top0', origin, 1), last, owner]).indexOf(true)).toBe(origin);
    const all = Array.from({ length: grants / origin }, (_none, at) =>
      below(`top${at}`, origin, 1),
    ).flat();
    const other = { principal: principalOf('g-other'), origin: 'other' };
    expect(heardOf([...all.slice(1), other]).indexOf(true)).toBe(-1);
    const found = heardOf([...all, other, owner]);
    expect([found.indexOf(true), found.lastIndexOf(true)]).toEqual([grants, grants]);
  });
});
