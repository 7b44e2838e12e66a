/** What a door leads to that the configuration has bounded: no further, and what was tried is written down. */
import { World, type Behavior, type Bcom, type Ref, type Turn, type Vow } from '@bellwether/actors';
import {
  makeDoorRoot,
  type Composition,
  type DoorBounds,
  type DoorRoot,
  type Reloaded,
} from '@bellwether/fleet';
import {
  gnuDoor,
  limits,
  makeServiceFacet,
  type Outcome,
  type Shepherd,
  type Status,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { Machine, program, requestOf, service } from '../../support/shepherd-machine.ts';

const services = [
  program({ provision: ['sleeper', 'nap'] }),
  service({ provision: ['dependent'], requirement: ['sleeper'] }),
  program({ provision: ['other'] }),
];
const read: Reloaded = {
  kind: 'read',
  difference: { added: [], changed: [], removed: [], unchangedCount: 3, atRestart: [] },
  pending: [],
};
const makeTestComposition = (
  _turn: Turn<Pick<Composition, 'reload'>>,
  _bcom: Bcom<Pick<Composition, 'reload'>>,
  reloaded: () => void,
): Behavior<Pick<Composition, 'reload'>> => ({
  reload: (turn) => {
    turn.effect(reloaded);
    return turn.kept(read);
  },
});

/** A door of a machine, what it did to all of that, and how it is asked. */
const opened = (
  bounds: DoorBounds,
  shown: (turn: Turn, shepherd: Ref<Shepherd>) => Ref<Shepherd> = (_turn, shepherd) => shepherd,
) => {
  const world = new World(7);
  const done: string[] = [];
  let door: Ref<DoorRoot> | undefined;
  const setUp = (turn: Turn, shepherd: Ref<Shepherd>): void => {
    const composition = turn.spawn(makeTestComposition, () => void done.push('reloaded'));
    door = turn.spawn(makeDoorRoot, {
      shepherd: shown(turn, shepherd),
      composition: composition as unknown as Ref<Composition>,
      end: () => void done.push('ended'),
      principal: gnuDoor,
      bounds,
    });
  };
  const machine = new Machine(world, 'A', { services, setUp });
  machine.boot();
  world.run();
  /** What it answers; what it refuses by its code. */
  const ask = <T>(body: (turn: Turn, door: Ref<DoorRoot>) => Vow<T>): T | string => {
    const asked = machine.ask((turn): Vow<T> => {
      if (door === undefined) throw new Error('there is no door');
      return body(turn, door);
    });
    world.run();
    const { error } = asked;
    if (error !== undefined) return 'code' in error ? String(error.code) : error.message;
    return asked.value as T;
  };
  const perform = (action: string, member: string): string => {
    const request = requestOf({ operation: `op-${action.slice(0, 8)}`, action, member });
    const outcome = ask<Outcome>((turn, door) =>
      turn.send(door, 'perform', request, machine.printer(turn)),
    );
    return typeof outcome === 'string' ? outcome : outcome.result;
  };
  const all = (): readonly Status[] =>
    ask((turn, door) => turn.send(door, 'statuses', 2_000)) as readonly Status[];
  const ofRoot = (action: 'reload' | 'shutDown'): unknown =>
    ask<unknown>((turn, door) => turn.send(door, action, machine.printer(turn)));
  const audit = (): readonly string[] =>
    machine.disk.audits.map((one) =>
      [one.event, one.asker, one.action, one.service, one.code ?? one.result ?? '']
        .join(' ')
        .trim(),
    );
  return { machine, done, ask, perform, all, ofRoot, audit };
};

describe('a door for some services', () => {
  const bounds = { services: ['nap', 'dependent', 'gone'] };
  it('shows these and no other, whatever is asked', () => {
    const { ask, all, perform, audit } = opened(bounds);
    expect(all().map(({ provision: [name] }) => name)).toEqual(['sleeper', 'dependent']);
    expect(perform('start', 'nap')).toBe('changed');
    for (const name of ['other', 'gone', 'nonexist', 'root', '@role=web', 'a b', ''])
      expect([
        ask((turn, door) => turn.send(door, 'status', name, 2_000)),
        ask((turn, door) => turn.send(door, 'log', name, { lineCount: 1 })),
        perform('start', name),
      ]).toEqual(['unknown-service', 'unknown-service', 'unknown-service']);
    expect(audit()).toEqual(['asked gnu start sleeper', 'ended gnu start sleeper changed']);
  });
  it('tells of changes of these alone', () => {
    const { machine, ask, perform } = opened(bounds);
    machine.herd('start', 'other');
    perform('start', 'sleeper');
    const changes = ask((turn, door) => turn.send(door, 'history'));
    expect(JSON.stringify(changes)).toContain('sleeper');
    expect(JSON.stringify(changes)).not.toContain('other');
  });
  it('has what the holder of a reference sees: no command and no path', () => {
    const { all, perform } = opened(bounds);
    perform('start', 'sleeper');
    expect(all()[0]).toMatchObject({ stage: 'running' });
    for (const field of ['command', 'logFile']) expect(all()[0]).not.toHaveProperty(field);
    expect(opened({}).all()[0]).toHaveProperty('logFile');
  });
  it('tells what is known of who does not answer in time, as doubted', () => {
    const { all, ask } = opened(
      bounds,
      (turn, shepherd) => turn.spawn(makeSilent, shepherd) as unknown as Ref<Shepherd>,
    );
    const doubted = { stage: 'unknown', documentation: '' };
    expect(all()).toMatchObject([doubted, doubted]);
    expect(ask((turn, door) => turn.send(door, 'status', 'nap', 2_000))).toMatchObject(doubted);
  });
});

type Silent = Pick<Shepherd, 'isRegistered' | 'names' | 'status' | 'facet' | 'probe'>;
/** Services of which none ever answers. */
const makeSilent = (
  _turn: Turn<Silent>,
  _bcom: Bcom<Silent>,
  real: Ref<Shepherd>,
): Behavior<Silent> => ({
  isRegistered: (turn, name) => turn.call(real, 'isRegistered', name),
  names: (turn) => turn.call(real, 'names'),
  status: (turn, name) => turn.call(real, 'status', name),
  facet: (turn, name, principal) =>
    turn.spawn(makeServiceFacet, {
      shepherd: turn.self as unknown as Ref<Shepherd>,
      name,
      principal,
    }),
  probe: (turn) => turn.inlet<Status>().vow,
});

describe('a door for some actions', () => {
  const bounds = { actions: ['start'] };
  it('refuses all others, and each refusal is in the audit', () => {
    const { perform, all, audit } = opened(bounds);
    expect(perform('start', 'nap')).toBe('changed');
    expect(perform('stop', 'nap')).toBe('denied');
    expect(all()[0]?.stage).toBe('running');
    expect(audit().slice(2)).toEqual(['denied gnu stop sleeper denied']);
  });
  it('leaves nothing in the audit of names that are none, and of services that are not there', () => {
    const { perform, audit } = opened(bounds);
    const longest = 'x'.repeat(limits.nameCharacters);
    expect(perform(longest, 'nap')).toBe('denied');
    expect(perform(`${longest}x`, 'nap')).toBe('bad-request');
    for (const name of ['nonexist', 'a b', `${longest}x`])
      expect(perform('stop', name)).toBe('unknown-service');
    expect(audit()).toEqual([`denied gnu ${longest} sleeper denied`]);
  });
});

describe('a door without bounds', () => {
  it('tells of what can be no name as of a service that is not there', () => {
    const { ask, perform } = opened({});
    for (const name of ['a b', '', '@role=web'])
      expect([
        ask((turn, door) => turn.send(door, 'status', name, 2_000)),
        perform('start', name),
      ]).toEqual(['unknown-service', 'unknown-service']);
  });
});

describe('the shepherd itself', () => {
  it.each([{ services: ['nap'] }, { actions: ['stop', 'reload'] }])(
    'is nothing that a door with bounds leads to, and who tried is in the audit: %j',
    (bounds) => {
      const { done, ofRoot, audit, machine } = opened(bounds);
      expect([ofRoot('reload'), ofRoot('shutDown')]).toEqual(['denied', 'denied']);
      expect(audit()).toEqual(['denied gnu reload root denied', 'denied gnu stop root denied']);
      expect([done, machine.isUp]).toEqual([[], true]);
    },
  );
  it('is reloaded and ended by who comes through a door without', () => {
    const { done, ofRoot, audit } = opened({});
    expect(ofRoot('reload')).toEqual(read);
    expect(ofRoot('shutDown')).toMatchObject({ result: 'ok' });
    expect(done).toEqual(['reloaded', 'ended']);
    expect(audit()).toEqual([
      'asked gnu reload root',
      'ended gnu reload root ok',
      'asked gnu stop root',
      'ended gnu stop root ok',
    ]);
  });
});
