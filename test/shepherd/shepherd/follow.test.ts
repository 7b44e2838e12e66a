/** Following logs at one shepherd: what comes, in which order, how fast, and what is left behind. */
import { World } from '@bellwether/actors';
import { limits, type LogQuery } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { Ear } from '../../support/log-ear.ts';
import { Machine, program, type Asked } from '../../support/shepherd-machine.ts';
import { localRoot, principalOf } from '../../../packages/shepherd/src/words/principal.ts';

const boot = (...names: readonly string[]) => {
  const world = new World(1);
  const services = names.map((name) => program({ provision: [name] }));
  const machine = new Machine(world, 'A', { services, rehearse: true });
  machine.boot();
  world.run();
  return { world, machine };
};
const follow = (
  machine: Machine,
  name: string,
  query: LogQuery,
): { readonly ear: Ear; readonly asked: Asked<void> } => {
  const ear = new Ear();
  const asked = machine.ask((turn, shepherd) =>
    turn.send(shepherd, 'follow', name, query, ear.spawn(turn), { principal: localRoot }),
  );
  return { ear, asked };
};

describe('a follower', () => {
  it('hears the lines that it asked for, then every new one, with the name of the node', () => {
    const { world, machine } = boot('web');
    machine.logs.write('web', 'one', 'two');
    const { ear, asked } = follow(machine, 'web', { lineCount: 2 });
    world.run();
    machine.logs.write('web', 'three');
    world.run();
    expect(ear.lines).toEqual(['one', 'two', 'three']);
    const lines = ear.batches.flatMap(({ events }) => events.filter((e) => e.kind === 'line'));
    expect(lines[0]).toEqual({ kind: 'line', from: 'A', text: 'one' });
    // What is written while somebody follows has its time.
    expect(lines[2]).toMatchObject({ text: 'three', at: expect.any(Number) as number });
    expect(ear.batches.map(({ sequence }) => sequence)).toEqual([0, 1, 2]);
    expect(asked).toEqual({});
  });
  it('of those whom a selector has picked out hears them alone, and says whose each line is', () => {
    const { world, machine } = boot('a', 'b', 'c');
    for (const name of ['a', 'b', 'c']) machine.logs.write(name, `of ${name}`);
    const heard = (name: string, onlyMembers?: readonly string[]) => {
      const given = onlyMembers === undefined ? {} : { onlyMembers };
      const { ear, asked } = follow(machine, name, { lineCount: 1, isOnce: true, ...given });
      world.run();
      return asked.error?.message ?? ear.lines;
    };
    expect(heard('{role=web}', ['c', 'a'])).toEqual(['of c', 'of a']);
    expect(heard('{role=web}', ['nobody'])).toEqual([]);
    expect(heard('{role=web}')).toContain('has the logs of those that are named');
    expect(heard('{role=web}', ['a b'])).toContain('log.onlyMembers[0]: expected a name of a service');
    const names = (count: number) => Array.from({ length: count }, (_, at) => `n${at}`);
    expect(heard('{role=web}', names(limits.rowCount))).toEqual([]);
    expect(heard('{role=web}', names(limits.rowCount + 1))).toContain('log.onlyMembers: 10001 of at most 10000');
  });
  it('ends where what is there ends, if that is all that it wants', () => {
    const { world, machine } = boot('web');
    machine.logs.write('web', ...Array.from({ length: 250 }, (_, at) => `line ${at}`));
    const { ear, asked } = follow(machine, 'web', { lineCount: 1_000, isOnce: true });
    world.run();
    expect(ear.lines).toHaveLength(251);
    expect('value' in asked).toBe(true);
    expect(machine.logs.readings.size).toBe(0);
  });
  it('ends there also where a service writes faster than anybody reads', () => {
    const { world, machine } = boot('web');
    const { ear, asked } = follow(machine, 'web', { lineCount: 1_000, isOnce: true });
    for (let step = 0; step < 1_000 && !('value' in asked); step += 1) {
      machine.logs.write('web', ...Array.from({ length: 100 }, () => 'more'));
      world.step();
    }
    expect('value' in asked).toBe(true);
    expect(ear.lines.length).toBeLessThan(2_000);
  });
  it('that does not answer slows the reading, and nothing is dropped', () => {
    const { world, machine } = boot('web');
    const { ear } = follow(machine, 'web', { lineCount: 0 });
    world.run();
    ear.isPatient = false;
    machine.logs.write('web', ...Array.from({ length: 1_000 }, (_, at) => `line ${at}`));
    world.run();
    expect(ear.answers).toHaveLength(limits.followBatchCount);
    // One piece is read ahead at most: the rest is in the file.
    expect(ear.lines.length).toBeLessThanOrEqual(limits.followBatchCount * 100);
    for (let round = 0; ear.answers.length > 0 && round < 20; round += 1) {
      for (const answer of ear.answers.splice(0)) answer();
      world.run();
    }
    expect(ear.lines).toEqual(Array.from({ length: 1_000 }, (_, at) => `line ${at}`));
  });
  it('that has had enough leaves nothing behind: no reading, no timer', () => {
    const { world, machine } = boot('web');
    const { ear, asked } = follow(machine, 'web', { lineCount: 0 });
    world.run();
    expect(machine.logs.readings.size).toBe(1);
    ear.stop();
    world.run();
    expect(machine.logs.readings.size).toBe(0);
    expect('value' in asked).toBe(true);
    expect(world.pendingCount).toBe(0);
    machine.logs.write('web', 'unheard');
    world.run();
    expect(ear.lines).toEqual([]);
  });
  it('goes on at a place, whatever number of lines it asks for', () => {
    const { world, machine } = boot('web');
    machine.logs.write('web', 'one', 'two', 'three');
    const { ear } = follow(machine, 'web', { lineCount: 1, after: [{ place: 2 }] });
    world.run();
    expect(ear.lines).toEqual(['two', 'three']);
  });
  it('is told of what was rotated away before it was read', () => {
    const { world, machine } = boot('web');
    machine.logs.write('web', 'one', 'two', 'three');
    machine.logs.gone.set('web', 3);
    const { ear } = follow(machine, 'web', { lineCount: 1, after: [{ place: 1 }] });
    world.run();
    expect(ear.lines).toEqual(['three']);
    expect(ear.notes).toEqual(['gone: 2 bytes were rotated away before they were read']);
  });
  it('of a name that is none, or with a query that is none, is refused', () => {
    const { world, machine } = boot('web');
    const refused = (name: string, query: unknown): unknown => {
      const { asked } = follow(machine, name, query as LogQuery);
      world.run();
      return (asked.error as { readonly code?: string } | undefined)?.code;
    };
    expect(refused('nobody', { lineCount: 1 })).toBe('unknown-service');
    expect(refused('web', { lineCount: limits.logLineCount + 1 })).toBe('bad-request');
    expect(refused('web', { lineCount: limits.logLineCount })).toBe(undefined);
    expect(refused('web', { lineCount: 1, sinceMs: limits.sinceMs + 1 })).toBe('bad-request');
    expect(refused('web', { lineCount: 1, sinceMs: limits.sinceMs })).toBe(undefined);
    const places = (count: number) => Array.from({ length: count }, () => ({ place: 0 }));
    expect(refused('web', { lineCount: 1, after: places(limits.logPlaceCount + 1) })).toBe(
      'bad-request',
    );
    expect(refused('web', { lineCount: 1, after: places(limits.logPlaceCount) })).toBe(undefined);
    const hops = (count: number) => Array.from({ length: count }, (_, at) => `hop-${at}`);
    expect(refused('web', { lineCount: 1, hops: hops(limits.followHopCount + 1) })).toBe(
      'bad-request',
    );
    expect(refused('web', { lineCount: 1, hops: hops(limits.followHopCount) })).toBe(undefined);
    for (const hops of [null, 7, ['a', 7]])
      expect(refused('web', { lineCount: 1, hops })).toBe('bad-request');
    const heavy = (count: number) =>
      Array.from({ length: count }, () => ({ about: 'n'.repeat(112), place: 0 }));
    const most = limits.logPlaceWeight / 128;
    expect(refused('web', { isOnce: true, after: heavy(most) })).toBe(undefined);
    expect(refused('web', { isOnce: true, after: heavy(most + 1) })).toBe('bad-request');
    const deep = Array.from({ length: limits.wayNameCount }, () => 'x').join('/');
    expect(refused('web', { isOnce: true, after: [{ about: deep, place: 0 }] })).toBe(undefined);
    for (const about of [`${deep}/x`, '', 'a b', 'a//b', 'n'.repeat(129)])
      expect(refused('web', { after: [{ about, place: 0 }] })).toBe('bad-request');
    const noPlaces = [-1, 0.5, NaN, Infinity, 2 ** 53, '1'].map((place) => [{ place }]);
    for (const after of [null, 7, [null], [{ about: 7, place: 0 }], ...noPlaces])
      expect(refused('web', { lineCount: 1, after })).toBe('bad-request');
    const last = [{ place: Number.MAX_SAFE_INTEGER }];
    expect(refused('web', { isOnce: true, after: last })).toBe(undefined);
    expect(refused('web', 7)).toBe(undefined);
    expect(refused('web', null)).toBe('bad-request');
  });
  it('that has had enough at once is counted until nothing is looked for any more', () => {
    const { world, machine } = boot('web');
    machine.logs.looking = [];
    const begin = () => follow(machine, 'web', { lineCount: 10 });
    const hasty = Array.from({ length: limits.askerFollowCount }, begin);
    world.run();
    for (const { ear } of hasty) ear.stop();
    world.run();
    const one = begin();
    world.run();
    expect(one.asked.error).toMatchObject({ code: 'limit' });
    for (const tell of machine.logs.looking) tell();
    machine.logs.looking = undefined;
    world.run();
    expect(hasty.every(({ asked }) => 'value' in asked)).toBe(true);
    const two = begin();
    world.run();
    expect(two.ear.lines).toEqual(['web said']);
  });
  it('of a log that cannot be read is told so, and nobody else comes to harm', () => {
    const { world, machine } = boot('web', 'db');
    // A bug of the power, not one of our refusals.
    machine.logs.unreadable.set('web', new RangeError('out of range'));
    const { asked } = follow(machine, 'web', { lineCount: 1 });
    const facet = machine.ask((turn, shepherd) =>
      turn.send(
        turn.call(shepherd, 'facet', 'web', principalOf('holder')),
        'follow',
        { lineCount: 1 },
        new Ear().spawn(turn),
      ),
    );
    world.run();
    expect([asked.error?.message, facet.error?.message]).toEqual(['out of range', 'out of range']);
    expect(machine.isUp).toBe(true);
    const other = follow(machine, 'db', { lineCount: 1, isOnce: true });
    world.run();
    expect(other.ear.lines).toEqual(['db said']);
  });
  it('is one of a bounded number, of one asker and of all', () => {
    const { world, machine } = boot('web');
    const ears = Array.from({ length: limits.askerFollowCount }, () =>
      follow(machine, 'web', { lineCount: 0 }),
    );
    world.run();
    const one = follow(machine, 'web', { lineCount: 0 });
    world.run();
    expect(one.asked.error).toMatchObject({ code: 'limit' });
    ears[0]?.ear.stop();
    world.run();
    const again = follow(machine, 'web', { lineCount: 0 });
    world.run();
    expect(again.asked.error).toBeUndefined();
    for (let asker = 1; asker < limits.followCount / limits.askerFollowCount; asker += 1)
      for (let count = 0; count < limits.askerFollowCount; count += 1)
        machine.ask((turn, shepherd) => {
          const follower = new Ear().spawn(turn);
          return turn.send(shepherd, 'follow', 'web', { lineCount: 0 }, follower, {
            principal: principalOf(`asker-${asker}`),
          });
        });
    world.run();
    const over = machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'follow', 'web', { lineCount: 0 }, new Ear().spawn(turn), {
        principal: principalOf('another'),
      }),
    );
    world.run();
    expect(over.error).toMatchObject({ code: 'limit' });
  });
});

describe('the log in one answer', () => {
  it('has the last lines, by a number or by a query', () => {
    const { world, machine } = boot('web');
    machine.logs.write('web', 'one', 'two');
    const asked = [2, { lineCount: 1 }].map((query) =>
      machine.ask((turn, shepherd) =>
        turn.send(shepherd, 'log', 'web', query, { principal: localRoot }),
      ),
    );
    world.run();
    expect(asked.map(({ value }) => value)).toEqual([['one', 'two'], ['two']]);
  });
  it('is asked for by a bounded number at once, of one reference and of all', () => {
    const { world, machine } = boot('web');
    const ask = (principal: string) =>
      machine.ask((turn, shepherd) => {
        const facet = turn.call(shepherd, 'facet', 'web', principalOf(principal));
        return turn.send(facet, 'log', { lineCount: 1 });
      });
    const { askerLogQuestionCount: each, logQuestionCount: all } = limits;
    const flood = Array.from({ length: each + 1 }, () => ask('one'));
    const others = Array.from({ length: all - each }, (_, at) => ask(`other ${at}`));
    const last = ask('late');
    world.run();
    expect(flood.filter(({ value }) => value !== undefined)).toHaveLength(each);
    expect(flood.at(-1)?.error).toMatchObject({ code: 'limit' });
    expect(others.every(({ value }) => value !== undefined)).toBe(true);
    expect(last.error).toMatchObject({ code: 'limit' });
    // What was answered, or could not be, has its share back.
    machine.logs.unreadable.set('web', new Error('gone'));
    const broken = Array.from({ length: each }, () => ask('one'));
    world.run();
    expect(broken.map(({ error }) => error?.message)).toEqual(broken.map(() => 'gone'));
    machine.logs.unreadable.clear();
    const again = Array.from({ length: each }, () => ask('one'));
    world.run();
    expect(again.every(({ value }) => value !== undefined)).toBe(true);
  });
  it('is read once for all who ask how a service is meanwhile', () => {
    const { world, machine } = boot('web');
    const probe = () =>
      machine.ask((turn, shepherd) =>
        turn.send(shepherd, 'probe', 'web', 500, [], { principal: localRoot }),
      );
    const many = Array.from({ length: 1_000 }, probe);
    world.run();
    for (const { value } of many) expect(value).toMatchObject({ recentLines: ['web said'] });
    expect(machine.logs.askedCount).toBe(1);
    machine.logs.write('web', 'more');
    const later = probe();
    world.run();
    expect(later.value).toMatchObject({ recentLines: ['web said', 'more'] });
  });
});

describe('a glance', () => {
  it('tells the status of what is here and reads no log, and knows no other names', () => {
    const { world, machine } = boot('web');
    const asker = { principal: localRoot };
    const seen = machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'glance', 'web', 500, [], asker),
    );
    world.run();
    expect(seen.value).toMatchObject({ stage: 'stopped', logFile: '/log/web.log' });
    expect(seen.value).not.toHaveProperty('recentLines');
    expect(machine.logs.askedCount).toBe(0);
    const nobody = machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'glance', 'w', 500, [], asker),
    );
    world.run();
    expect(nobody.error).toMatchObject({ code: 'unknown-service' });
  });
});

describe('who follows the history', () => {
  const follow = (machine: Machine, query: LogQuery) => {
    const ear = new Ear();
    const asked = machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'followHistory', query, ear.spawn(turn)),
    );
    return { ear, asked };
  };
  it('hears what has happened, as far as it asks, then what happens, until it has had enough', () => {
    const { world, machine } = boot('web', 'db');
    machine.herd('start', 'web');
    world.run();
    const { ear, asked } = follow(machine, { lineCount: 1 });
    world.run();
    expect(ear.changes).toEqual(['web running']);
    machine.herd('start', 'db');
    world.run();
    expect(ear.changes).toEqual(['web running', 'db starting', 'db running']);
    ear.stop();
    world.run();
    expect('value' in asked).toBe(true);
    machine.herd('stop', 'db');
    world.run();
    expect(ear.changes).toHaveLength(3);
    const once = follow(machine, { isOnce: true });
    world.run();
    expect('value' in once.asked).toBe(true);
    expect(once.ear.changes).toHaveLength(6);
    const late = follow(machine, { isOnce: true, sinceMs: 0 });
    world.runFor(10);
    expect(late.ear.changes).toEqual([]);
  });
  it('and is slow, is told of a bounded number of changes, and of how many there were', () => {
    const { world, machine } = boot('web');
    const { ear } = follow(machine, { lineCount: 0 });
    world.run();
    ear.isPatient = false;
    const count = limits.waitingChangeCount + 100;
    for (let at = 0; at < count / 2; at += 1) {
      machine.herd(at % 2 === 0 ? 'start' : 'stop', 'web');
      world.run();
    }
    ear.isPatient = true;
    for (const answer of ear.answers.splice(0)) answer();
    world.run();
    const told = ear.changes.length;
    expect(told).toBeLessThanOrEqual(limits.waitingChangeCount + 2 * limits.changePieceCount);
    expect(ear.notes.join()).toMatch(/^gone: \d+ changes came too fast; the history has them$/);
  });
});
