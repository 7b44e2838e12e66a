/** How steps go on: doubt and what ends it, who shares what, watching, calling off, plans. */
import { Refused, type Answer, type Turn, type Vow } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { limits, type Attempt, type Outcome, type Request } from '@bellwether/shepherd';
import {
  complaints,
  herd,
  makeElsewhere,
  makeGroup,
  named,
  run,
  stages,
  up,
} from '../../support/shepherd-graph.ts';
import {
  anybodys,
  program,
  requestOf,
  type Asked,
  type Machine,
} from '../../support/shepherd-machine.ts';
import { principalOf } from '../../../packages/shepherd/src/words/principal.ts';

/** A machine with services elsewhere that answer when the test says so. */
const withFar = (names: readonly string[], { requirement = 'far', members = names } = {}) => {
  const asked: { readonly request: Request; readonly answer: Answer }[] = [];
  const it = up([run('own', requirement)], {
    setUp: (turn, shepherd) => {
      for (const name of names) {
        const perform = (turn: Turn, request: Request) =>
          turn.ask<Outcome>((answer) => void asked.push({ request, answer }));
        turn.call(shepherd, 'register', turn.spawn(makeElsewhere, name, perform));
      }
      turn.call(shepherd, 'registerAggregate', turn.spawn(makeGroup, 'fleet', members));
    },
  });
  /** Answers the question at this place; everything that follows from it follows. */
  const say = (at: number, result: Outcome['result'], more: Partial<Outcome> = {}): void => {
    const { request, answer } = asked[at] ?? {};
    answer?.kept({ member: request?.member, result, rows: [], ...more });
    it.world.runFor(1_000);
  };
  const ask = (action: string, member: string, given: Partial<Request> = {}): Asked<Outcome> => {
    const one = it.machine.herd(action, member, given);
    it.world.runFor(100);
    return one;
  };
  return { ...it, asked, say, ask };
};
const op = { operation: 'op-1' };

describe('a step that nobody can tell the end of', () => {
  it.each(['timed-out', 'unknown'] as const)(
    'is asked again by a repeat, under the same id: %s',
    (result) => {
      const it = withFar(['far']);
      const first = it.ask('start', 'far', op);
      it.say(0, result);
      expect(first.value?.result).toBe(result);
      const again = it.ask('start', 'far', op);
      expect(it.asked.map(({ request }) => request.operation)).toEqual(['op-1', 'op-1']);
      it.say(1, 'changed', { pid: 7 });
      expect(again.value).toMatchObject({ result: 'changed', pid: 7 });
      // From now on it is certain, and nobody is asked any more.
      expect(it.ask('start', 'far', op).value).toEqual(again.value);
      expect(it.asked).toHaveLength(2);
    },
  );
  it.each(['ok', 'changed', 'superseded', 'cancelled'] as const)(
    'is none that was told: %s',
    (result) => {
      const it = withFar(['far']);
      it.ask('start', 'far', op);
      it.say(0, result);
      expect(it.ask('start', 'far', op).value?.result).toBe(result);
      expect(it.asked).toHaveLength(1);
    },
  );
  it('may be in doubt again, and asked again', () => {
    const it = withFar(['far']);
    it.ask('start', 'far', op);
    for (const at of [0, 1, 2]) {
      it.say(at, 'unknown');
      it.ask('start', 'far', op);
    }
    it.say(3, 'ok');
    expect(it.ask('start', 'far', op).value?.result).toBe('ok');
  });
  it('is shared by all who repeat it while it is asked again', () => {
    const it = withFar(['far']);
    it.ask('start', 'far', op);
    it.say(0, 'unknown');
    const both = [it.ask('start', 'far', op), it.ask('start', 'far', op)];
    it.say(1, 'changed');
    expect(both.map(({ value }) => value?.result)).toEqual(['changed', 'changed']);
    expect(it.asked).toHaveLength(2);
  });
  it('leaves in doubt what needs it, and a repeat takes that up as well', () => {
    const it = withFar(['far']);
    const first = it.ask('start', 'own', op);
    it.say(0, 'timed-out');
    expect(first.value).toMatchObject({
      result: 'failed',
      reason: 'Service own depends on far.',
      rows: [{ member: 'far', result: 'timed-out' }],
    });
    const again = it.ask('start', 'own', op);
    it.say(1, 'ok');
    expect(again.value).toMatchObject({ result: 'changed', stage: 'running' });
    expect(it.machine.processes.started).toEqual(['own']);
  });
  it('is the only member of an aggregate that a repeat asks', () => {
    const it = withFar(['a', 'b', 'c']);
    const first = it.ask('stop', 'fleet', op);
    it.say(0, 'changed');
    it.say(1, 'unknown');
    expect(first.value).toBeUndefined();
    it.say(2, 'failed');
    expect(first.value?.rows.map(({ result }) => result)).toEqual(['changed', 'unknown', 'failed']);
    const again = it.ask('stop', 'fleet', { ...op, isRepeat: true });
    expect(it.asked.map(({ request }) => request.member)).toEqual(['a', 'b', 'c', 'b']);
    it.say(3, 'changed');
    expect(again.value?.rows.map(({ result }) => result)).toEqual(['changed', 'changed', 'failed']);
  });
  it('may lie below a member that is an aggregate elsewhere, whose own result is certain', () => {
    const it = withFar(['far']);
    it.ask('start', 'far', op);
    it.say(0, 'changed', { rows: [{ member: 'far/x', result: 'unknown' }] });
    it.ask('start', 'far', op);
    expect(it.asked).toHaveLength(2);
  });
  it('is not asked again where a later command wants otherwise', () => {
    const it = withFar(['far']);
    it.ask('start', 'far', op);
    it.say(0, 'unknown');
    it.ask('stop', 'far');
    it.say(1, 'changed');
    expect(it.ask('start', 'far', op).value).toMatchObject({
      result: 'superseded',
      reason: expect.stringMatching(
        /^Service far: start lost to a later stop \(A-op-\d+, 2023-11-14 22:13 UTC\)\.$/,
      ),
    });
    expect(it.asked).toHaveLength(2);
  });
  it('that another request of the operation waits for holds that up, too', () => {
    const it = withFar(['far', 'slow'], { members: ['far', 'slow'] });
    it.ask('start', 'far', op);
    it.say(0, 'unknown');
    // The fleet counts it as over, and waits for the other member alone.
    const fleet = it.ask('start', 'fleet', op);
    expect(it.asked.map(({ request }) => request.member)).toEqual(['far', 'slow']);
    it.ask('start', 'far', op);
    it.say(1, 'ok');
    expect(fleet.value).toBeUndefined();
    it.say(2, 'ok');
    expect(fleet.value?.rows.map(({ result }) => result)).toEqual(['ok', 'ok']);
  });
  it('gives the time of the repeat to whoever is asked again', () => {
    const it = withFar(['far']);
    it.ask('start', 'far', { ...op, remainingMs: 1_000 });
    it.say(0, 'timed-out');
    it.ask('start', 'far', { ...op, remainingMs: 20_000 });
    expect(it.asked.map(({ request }) => request.remainingMs)).toEqual([900, 19_750]);
  });
});

describe('an aggregate', () => {
  it('asks every member at once, with the same request, and one hop more', () => {
    const it = withFar(['a', 'b']);
    it.ask('reload', 'fleet', { ...op, args: ['now'], hops: ['before'], remainingMs: 10_000 });
    expect(it.asked.map(({ request }) => request)).toEqual(
      ['a', 'b'].map((member, at) => ({
        operation: 'op-1',
        member,
        action: 'reload',
        args: ['now'],
        remainingMs: 9_750,
        hops: ['before', `A1.${at + 1}`],
      })),
    );
  });
  it('answers by its deadline with the rows that there are, and tells the others', () => {
    const it = withFar(['a', 'b']);
    const start = it.machine.herd('start', 'fleet', { ...op, remainingMs: 2_000 });
    it.world.runFor(100);
    it.say(0, 'changed');
    it.world.runFor(1_000);
    const late = {
      member: 'b',
      result: 'timed-out',
      reason: 'Service b: start is not over after 2000 ms; it goes on.',
    };
    expect(start.value).toMatchObject({ result: 'timed-out', rows: [{ member: 'a' }, late] });
    expect(it.machine.events).toMatchObject([{ row: { member: 'a' } }, { row: late }]);
    it.say(1, 'ok');
    expect(it.ask('start', 'fleet', op).value?.rows[1]).toEqual({ member: 'b', result: 'ok' });
  });
  it('tells a member that refused as failed, and fails alone with it', () => {
    const it = up(
      [
        named('a'),
        program({
          provision: ['b'],
          actions: { dance: { documentation: '', kind: 'signal', signal: 'SIGHUP' } },
        }),
      ],
      {
        setUp: (turn, shepherd) =>
          turn.call(shepherd, 'registerAggregate', turn.spawn(makeGroup, 'fleet', ['a', 'b'])),
      },
    );
    herd(it, 'start', 'b');
    const reason = "dance was refused: service 'a' does not have an action 'dance'";
    expect(herd(it, 'dance', 'fleet').value?.rows).toMatchObject([
      { member: 'a', result: 'failed', reason },
      { member: 'b', result: 'changed' },
    ]);
    const [row] = it.machine.events.filter(({ kind }) => kind === 'row');
    expect(row).toMatchObject({ row: { member: 'a', reason } });
  });
  it('and a service elsewhere are not all on this machine; what is, the owner hears of before its lines', () => {
    const it = withFar(['far']);
    it.ask('start', 'own');
    it.ask('stop', 'fleet');
    expect(it.machine.events.some(({ kind }) => kind === 'alone')).toBe(false);
    const own = up([named('a')]);
    herd(own, 'start', 'a');
    expect(own.machine.events).toEqual([{ kind: 'alone' }]);
    expect(own.machine.lines).toEqual(['A: Service a has been started.']);
  });
  it('that requires something is not registered', () => {
    const it = up([named('a')]);
    const asked = it.machine.ask((turn, shepherd) => {
      const far = turn.spawn(
        makeElsewhere,
        'odd',
        (turn: Turn) => turn.kept({ member: 'odd', result: 'ok', rows: [] } as const),
        ['a'],
      );
      return turn.call(shepherd, 'registerAggregate', far as never);
    });
    it.world.run();
    expect(asked.error).toMatchObject({ code: 'refused' });
  });
});

describe('whoever asks', () => {
  /** Two holders of references to one service. */
  const holders = (machine: Machine) => {
    const perform = (principal: string, action: string, given: Partial<Request> = {}) =>
      machine.ask((turn, shepherd) => {
        const facet = turn.call(shepherd, 'facet', 'web', principalOf(principal));
        const request = requestOf({ member: 'web', action, ...op, ...given });
        return turn.send(facet, 'perform', request, machine.printer(turn));
      });
    return perform;
  };
  it('shares an id with nobody', () => {
    const it = up([run('web')]);
    const perform = holders(it.machine);
    const [mine, yours] = [perform('me', 'start'), perform('you', 'stop')];
    it.world.run();
    expect(mine.value?.result).toBe('superseded');
    expect(yours.value?.result).toBe('changed');
    expect(herd(it, 'start', 'web', op).value?.result).toBe('changed');
    const again = [perform('me', 'start'), perform('you', 'stop')];
    it.world.run();
    expect(again.map(({ value }) => value)).toEqual([mine.value, yours.value]);
    expect(stages(it)).toEqual(['web running']);
  });
  it('pushes out nobody', () => {
    const it = up([named('web')], { rehearse: false });
    const perform = holders(it.machine);
    herd(it, 'start', 'web', op);
    for (let at = 0; at <= limits.operationCount; at += 1) {
      perform('greedy', 'stop', { operation: `o${at}` });
      if (at % 100 === 0) it.world.run();
    }
    it.world.run();
    expect(stages(it)).toEqual(['web stopped']);
    // Still remembered: nothing changes.
    expect(herd(it, 'start', 'web', op).value?.result).toBe('changed');
    expect(stages(it)).toEqual(['web stopped']);
  });
});

describe('an id that comes again with other arguments', () => {
  it('is a conflict, and nothing is run', () => {
    const run: string[] = [];
    const it = up([
      program({
        provision: ['web'],
        actions: {
          say: {
            documentation: '',
            kind: 'command',
            command: { argv: ['say'] },
            takesArguments: true,
          },
        },
      }),
    ]);
    it.machine.processes.runCommand = (_service, { argv }) => {
      run.push(argv.join(' '));
      return { code: 0, output: [] };
    };
    herd(it, 'say', 'web', { ...op, args: ['one'] });
    expect(herd(it, 'say', 'web', { ...op, args: ['two'] }).error).toMatchObject({
      code: 'conflict',
      message: 'operation op-1 is a say of web in other words: this one needs an id of its own',
    });
    expect(herd(it, 'say', 'web', { ...op, args: ['one'] }).value?.result).toBe('changed');
    expect(run).toEqual(['say one']);
  });
});

describe('a step that did not work', () => {
  it.each([
    ['whole', 0, 'x'],
    ['cut', 1, '…'],
  ])('is told with the words of a refusal: %s', (_what, more, last) => {
    const it = withFar(['far']);
    const asked = it.ask('start', 'far', op);
    it.asked[0]?.answer.broken(new Refused('x'.repeat(limits.refusalCharacters + more)));
    it.world.runFor(1_000);
    expect(asked.error).toMatchObject({ code: 'refused' });
    expect(asked.error?.message).toHaveLength(limits.refusalCharacters);
    expect(asked.error?.message.endsWith(last)).toBe(true);
  });
  it.each(['failed', 'unreachable'] as const)(
    'is tried again by a repeat, under the same id: %s',
    (result) => {
      const it = withFar(['far']);
      const first = it.ask('reload', 'far', { ...op, args: ['now'] });
      it.say(0, result);
      expect(first.value?.result).toBe(result);
      const again = it.ask('reload', 'far', { ...op, args: ['now'] });
      expect(it.asked.map(({ request }) => request.args)).toEqual([['now'], ['now']]);
      it.say(1, 'changed');
      expect(again.value?.result).toBe('changed');
      expect(it.ask('reload', 'far', { ...op, args: ['now'] }).value).toEqual(again.value);
      expect(it.asked).toHaveLength(2);
    },
  );
  it('is told as it was to one who only wants to know what came of what was sent before', () => {
    const it = withFar(['far']);
    const first = it.ask('start', 'far', op);
    it.say(0, 'failed');
    expect(it.ask('start', 'far', { ...op, isRepeat: true }).value).toEqual(first.value);
    expect(it.asked).toHaveLength(1);
  });
  it('is the only member of an aggregate that a repeat asks, also where enough did well', () => {
    for (const action of ['start', 'restart', 'stop']) {
      const it = withFar(['a', 'b', 'c', 'd'], { requirement: 'a' });
      it.ask(action, 'fleet', op);
      const results = { a: 'changed', b: 'failed', c: 'ok', d: 'unreachable' } as const;
      for (const [at, { request }] of it.asked.entries())
        it.say(at, results[request.member as keyof typeof results]);
      const again = it.ask(action, 'fleet', op);
      expect(it.asked.slice(4).map(({ request }) => request.member)).toEqual(['b', 'd']);
      it.say(4, 'changed');
      it.say(5, 'unreachable');
      expect(again.value?.rows.map(({ result }) => result)).toEqual([
        'changed',
        'changed',
        'ok',
        'unreachable',
      ]);
      it.ask(action, 'fleet', op);
      expect(it.asked.slice(6).map(({ request }) => request.member)).toEqual(['d']);
    }
  });
  it('takes up what needed it, and nothing twice', () => {
    const it = withFar(['far']);
    const first = it.ask('start', 'own', op);
    it.say(0, 'unreachable');
    expect(first.value).toMatchObject({ result: 'failed', dependsOn: 'far' });
    const again = it.ask('start', 'own', op);
    it.say(1, 'changed');
    expect(again.value).toMatchObject({ result: 'changed', also: ['far'] });
    expect(it.machine.processes.started).toEqual(['own']);
  });
  it('loses to a later command when it is tried again', () => {
    const it = withFar(['far']);
    it.ask('start', 'far', op);
    it.say(0, 'failed');
    it.ask('stop', 'far', { operation: 'op-2' });
    it.say(1, 'changed');
    expect(it.ask('start', 'far', op).value?.result).toBe('superseded');
    expect(it.asked).toHaveLength(2);
  });
});

describe('a command that waits for who is away', () => {
  it('tells members how long that may be, and no instant of the clock here', () => {
    const it = withFar(['far']);
    it.ask('start', 'far', { ...op, queueMs: 5_000 });
    expect(it.asked[0]?.request).toMatchObject({ operation: 'op-1', queueMs: 5_000 });
    expect(it.asked[0]?.request).not.toHaveProperty('queueUntilMs');
  });
});

describe('a command for some members', () => {
  it('reaches those alone, and is another command than one for all', () => {
    const it = withFar(['a', 'b', 'c']);
    const asked = it.ask('start', 'fleet', { ...op, onlyMembers: ['c', 'a'] });
    expect(it.asked.map(({ request }) => request.member)).toEqual(['a', 'c']);
    for (const { request } of it.asked) expect(request).not.toHaveProperty('onlyMembers');
    it.say(0, 'ok');
    it.say(1, 'ok');
    expect(asked.value).toMatchObject({ result: 'ok', rows: [{ member: 'a' }, { member: 'c' }] });
    for (const given of [{}, { onlyMembers: ['a'] }] as const)
      expect(it.ask('start', 'fleet', { ...op, ...given }).error).toMatchObject({
        code: 'conflict',
      });
  });
  it('is refused for who is no member, and for what has none, and leaves nothing behind', () => {
    const it = withFar(['a', 'b']);
    const only = (member: string, onlyMembers: readonly string[]) =>
      it.ask('start', member, { ...op, onlyMembers }).error;
    expect(only('fleet', ['a', 'stranger'])).toMatchObject({
      code: 'bad-request',
      message: "'stranger' is no member of 'fleet'",
    });
    expect(it.ask('start', 'fleet', { ...op, args: ['x'] }).error).toMatchObject({
      code: 'bad-request',
      message: "service 'fleet': start takes no arguments",
    });
    expect(it.asked).toEqual([]);
    expect(it.ask('start', 'fleet', { ...op, isRepeat: true }).error).toMatchObject({
      code: 'unknown-operation',
    });
  });
  it('does nothing where none is left', () => {
    const it = withFar(['a', 'b']);
    it.ask('restart', 'fleet', { ...op, onlyMembers: [] });
    expect(it.asked).toEqual([]);
  });
});

describe('a policy that comes with a command', () => {
  it('is part of what its id means', () => {
    const it = withFar(['a', 'b']);
    it.ask('start', 'fleet', { ...op, minReady: 1 });
    it.say(0, 'ok');
    it.say(1, 'ok');
    for (const given of [{}, { minReady: 2 }, { minReady: '50%' }] as const)
      expect(it.ask('start', 'fleet', { ...op, ...given }).error).toMatchObject({
        code: 'conflict',
      });
    expect(it.ask('start', 'fleet', { ...op, minReady: 1 }).value?.result).toBe('ok');
  });
  it('judges the aggregate that was asked for, and goes no further', () => {
    const it = withFar(['a', 'b']);
    const asked = it.ask('restart', 'fleet', { ...op, minReady: '50%' });
    expect(it.asked.map(({ request }) => request.minReady)).toEqual([undefined, undefined]);
    it.say(0, 'changed');
    it.say(1, 'unreachable');
    expect(asked.value).toMatchObject({ reason: '50%' });
  });
  it('is for the shepherd of a service that is elsewhere to judge by', () => {
    const it = withFar(['far']);
    it.ask('start', 'far', { ...op, minReady: 1 });
    expect(it.asked[0]?.request.minReady).toBe(1);
    it.ask('start', 'fleet', { operation: 'op-2' });
    expect(it.asked[1]?.request).not.toHaveProperty('minReady');
  });
  it('is refused where it means nothing or can never be met, and nothing is done', () => {
    const it = withFar(['a', 'b']);
    for (const [member, minReady, words] of [
      ['own', 1, "service 'own' is no fleet"],
      ['fleet', 3, "3 members must be ready, but 'fleet' has 2"],
    ] as const) {
      const request = requestOf({ action: 'start', operation: member, member, minReady });
      const planned = it.machine.ask((turn, shepherd) => turn.call(shepherd, 'foresee', request));
      it.world.run();
      const refusal = {
        code: 'bad-request',
        message: expect.stringMatching(new RegExp(`^${words}`)) as unknown,
      };
      expect(it.ask('start', member, { operation: member, minReady }).error).toMatchObject(refusal);
      expect(planned.error).toMatchObject(refusal);
    }
    expect(it.asked).toEqual([]);
    it.ask('start', 'fleet', { ...op, minReady: 2 });
    expect(it.asked).toHaveLength(2);
  });
});

describe('an operation whose deadline passes', () => {
  it('says so itself, and one that ends in time does not', () => {
    const it = withFar(['a', 'b']);
    const late = it.ask('start', 'fleet', { ...op, remainingMs: 2_000 });
    it.say(0, 'ok');
    it.world.runFor(2_000);
    expect(late.value).toMatchObject({ isLate: true, rows: [{ result: 'ok' }, {}] });
    expect(JSON.stringify(late.value?.rows)).not.toContain('isLate');
    const other = it.ask('start', 'b', { operation: 'op-2', remainingMs: 1_000 });
    it.world.runFor(1_000);
    expect(other.value).toMatchObject({ result: 'timed-out', isLate: true });
    const inTime = it.ask('start', 'fleet', { operation: 'op-3' });
    it.say(3, 'ok');
    it.say(4, 'timed-out', { isLate: true });
    expect(inTime.value?.isLate).toBe(true);
    const well = it.ask('start', 'fleet', { operation: 'op-4' });
    it.say(5, 'ok');
    it.say(6, 'timed-out');
    expect(well.value).not.toHaveProperty('isLate');
  });
});

describe('an id that pulled in a service', () => {
  it('means that for the service from the first time that it is asked for by name', () => {
    const it = up([named('base'), named('web', 'base')]);
    herd(it, 'start', 'web', op);
    expect(herd(it, 'start', 'base', op).value?.result).toBe('changed');
    expect(herd(it, 'start', 'base', { ...op, args: ['x'] }).error).toMatchObject({
      code: 'conflict',
    });
  });
});

describe('an outcome from elsewhere', () => {
  it('names what changed there, and what changed here because of it', () => {
    const it = withFar(['far']);
    it.ask('start', 'own');
    it.say(0, 'ok');
    const stop = it.ask('stop', 'far');
    it.world.runFor(1_000);
    it.say(1, 'changed', { also: ['app'] });
    expect(stop.value?.also).toEqual(['app', 'own']);
  });
});

describe('a second terminal', () => {
  it('hears what is said from then on, and both are answered', () => {
    const it = up([run('slow'), run('web', 'slow')]);
    it.machine.processes.programs.set('slow', { spawnMs: 500 });
    it.machine.processes.programs.set('web', { spawnMs: 500 });
    const first = it.machine.herd('start', 'web', op);
    it.world.runFor(700);
    expect(it.machine.lines).toEqual(['A: Service slow has been started.']);
    const second = it.machine.herd('start', 'web', op);
    it.world.run();
    expect(second.value).toEqual(first.value);
    const line = 'A: Service web has been started.';
    expect(it.machine.lines.slice(1)).toEqual([line, line]);
    // The daemon's own log has it once.
    expect(it.machine.logged('operation.line')).toHaveLength(2);
    expect(complaints(it.machine)).toEqual([]);
  });
  it('outlives the first one, whose time was up', () => {
    const it = up([run('web')]);
    it.machine.processes.programs.set('web', { spawnMs: 500 });
    const first = it.machine.herd('start', 'web', { ...op, remainingMs: 100 });
    const second = it.machine.herd('start', 'web', op);
    it.world.run();
    expect(first.value?.result).toBe('timed-out');
    expect(second.value?.result).toBe('changed');
    expect(it.machine.lines).toEqual(['A: Service web has been started.']);
  });
  it(`is one of ${limits.waiterCount} at most`, () => {
    const it = up([run('web')], { rehearse: false });
    it.machine.processes.programs.set('web', { spawnMs: 500 });
    const all = Array.from({ length: limits.waiterCount + 1 }, () =>
      it.machine.herd('start', 'web', op),
    );
    it.world.run();
    expect(all.filter(({ value }) => value?.result === 'changed')).toHaveLength(limits.waiterCount);
    expect(all.at(-1)?.error).toMatchObject({ code: 'limit' });
  });
});

describe('an operation that is called off', () => {
  const cancel = ({ machine }: { readonly machine: Machine }, operation: string) =>
    machine.ask((turn, shepherd) => turn.call(shepherd, 'cancel', operation, anybodys));
  it('goes on with what has begun, and begins nothing else; wished is then what is', () => {
    const it = up([run('slow'), run('web', 'slow'), run('top', 'web')]);
    it.machine.processes.programs.set('slow', { spawnMs: 500 });
    const start = it.machine.herd('start', 'top', op);
    it.world.runFor(100);
    cancel(it, 'op-1');
    it.world.run();
    expect(start.value).toMatchObject({
      result: 'cancelled',
      reason: 'Service top: start was cancelled before it began.',
    });
    expect(stages(it)).toEqual(['slow running', 'web stopped', 'top stopped']);
    expect([...it.machine.disk.records().desired]).toEqual([
      ['slow', true],
      ['web', false],
      ['top', false],
    ]);
    expect(herd(it, 'start', 'top', op).value).toEqual(start.value);
  });
  it('is begun nowhere anew: who is in doubt is asked only what came of it', () => {
    const it = withFar(['far']);
    it.ask('start', 'far', op);
    cancel(it, 'op-1');
    it.say(0, 'unknown');
    it.ask('start', 'far', op);
    expect(it.asked[1]?.request).toMatchObject({ operation: 'op-1', isRepeat: true });
    it.say(1, 'failed');
    expect(it.ask('start', 'far', op).value).toMatchObject({ result: 'failed' });
    expect(it.asked).toHaveLength(2);
  });
  it('is told as called off only where something was, in every life', () => {
    for (const [web, isCancelled] of [
      [run('web'), undefined],
      [run('web', 'slow'), true],
    ] as const) {
      const it = up([run('slow'), web]);
      it.machine.processes.programs.set('web', { spawnMs: 500 });
      it.machine.processes.programs.set('slow', { spawnMs: 500 });
      it.machine.herd('start', 'web', op);
      it.world.runFor(100);
      cancel(it, 'op-1');
      it.world.runFor(100);
      const told = (): unknown => {
        const asked = it.machine.report('op-1');
        it.world.runFor(100);
        return asked.value?.isCancelled;
      };
      expect(told()).toBe(isCancelled);
      it.world.run();
      expect(told()).toBe(isCancelled);
      it.machine.crash();
      it.machine.boot();
      it.world.run();
      expect(told()).toBe(isCancelled);
    }
  });
  it('is answered once a shepherd elsewhere has heard of it, or a while later', () => {
    for (const hearsAfterMs of [0, 300, limits.callOffMs - 1, limits.callOffMs + 1]) {
      const it = up([], {
        setUp: (turn, shepherd) => {
          const never = (turn: Turn) => turn.vow<Attempt>().vow;
          const hears = (turn: Turn): Vow<void> => {
            const { vow, resolver } = turn.vow<void>();
            turn.after(hearsAfterMs, () => resolver.kept(undefined));
            return vow;
          };
          const rest = [[], undefined, undefined, undefined, undefined, hears] as const;
          turn.call(shepherd, 'register', turn.spawn(makeElsewhere, 'far', never, ...rest));
        },
      });
      it.machine.herd('start', 'far', op);
      it.world.runFor(100);
      const before = it.world.now;
      const called = it.machine.ask((turn, shepherd) =>
        turn.when(turn.send(shepherd, 'cancel', 'op-1', anybodys), () => it.world.now - before),
      );
      it.world.runFor(2 * limits.callOffMs);
      expect(called.value).toBeGreaterThanOrEqual(Math.min(hearsAfterMs, limits.callOffMs));
      expect(called.value).toBeLessThan(Math.min(hearsAfterMs, limits.callOffMs) + 5);
    }
  });
  it('that is over stays as it is, and one that nobody knows is refused', () => {
    const it = up([run('web')]);
    const start = herd(it, 'start', 'web', op);
    const written = [it.machine.disk.entries.length, it.machine.disk.audits.length];
    const called = cancel(it, 'op-1');
    it.world.run();
    expect(called).toEqual({ value: 'changed' });
    expect([it.machine.disk.entries.length, it.machine.disk.audits.length]).toEqual(written);
    const unknown = cancel(it, 'op-2');
    expect(herd(it, 'start', 'web', op).value).toEqual(start.value);
    expect(unknown.error).toMatchObject({ code: 'unknown-operation' });
  });
});

describe('a command for more than are asked in one turn', () => {
  const { stepsPerTurn } = limits;
  const names = Array.from({ length: 3 * stepsPerTurn }, (_, at) => `s${at}`);
  const group = (from: number, to: number): readonly string[] =>
    names.slice(from * stepsPerTurn, to * stepsPerTurn);
  /** Everybody answers at once, those of the first turn that they are away. */
  const withAll = () => {
    const asked: string[] = [];
    const isAway = new Set(group(0, 1));
    const perform = (turn: Turn, { operation, member, action }: Request) => {
      turn.effect(() => asked.push(`${action} ${member}`));
      const away: Attempt = { member, result: 'unreachable', isUnmet: true, rows: [] };
      if (isAway.has(member)) return turn.kept(away);
      if (operation === 'op-0') return turn.kept<Attempt>({ ...away, isPending: true });
      return turn.kept<Attempt>({ member, result: 'changed', rows: [] });
    };
    const cancel = (operation: string): void => void asked.push(`cancel ${operation}`);
    const it = up([], {
      rehearse: false,
      setUp: (turn, shepherd) => {
        for (const name of names)
          turn.call(
            shepherd,
            'register',
            turn.spawn(makeElsewhere, name, perform, [], undefined, undefined, undefined, cancel),
          );
        turn.call(shepherd, 'registerAggregate', turn.spawn(makeGroup, 'fleet', names));
        turn.call(shepherd, 'registerAggregate', turn.spawn(makeGroup, 'middle', group(1, 2)));
      },
    });
    return { ...it, asked };
  };
  it('asks all of them, in order, each once', () => {
    const it = withAll();
    expect(herd(it, 'start', 'fleet', op).value?.rows.map(({ member }) => member)).toEqual(names);
    expect(it.asked).toEqual(names.map((name) => `start ${name}`));
  });
  it('asks nobody any more once it is called off, and tells each of them once', () => {
    const it = withAll();
    const start = it.machine.herd('start', 'fleet', op);
    it.machine.ask((turn, shepherd) => turn.send(shepherd, 'cancel', 'op-1', anybodys));
    it.world.run();
    const begun = it.asked.filter((each) => !each.startsWith('cancel'));
    expect(begun).toEqual(group(0, 1).map((name) => `start ${name}`));
    const cancelled = start.value?.rows.filter(({ result }) => result === 'cancelled');
    expect(cancelled?.map(({ member }) => member)).toEqual(group(1, 3));
    for (const { reason } of cancelled ?? [])
      expect(reason).toContain('was cancelled before it began');
    expect(it.machine.lines.join()).not.toContain('was cancelled before it began');
  });
  it('reaches who has let another one wait before that is called off', () => {
    const it = withAll();
    const last = names.at(-1) ?? '';
    it.machine.herd('start', last, { operation: 'op-0', queueMs: 60_000 });
    it.world.runFor(100);
    it.machine.herd('stop', 'fleet', op);
    it.world.runFor(100);
    const heard = it.asked.filter((each) => each.endsWith(last) || each.startsWith('cancel'));
    expect(heard).toEqual([`start ${last}`, `stop ${last}`, 'cancel op-0']);
  });
  it('is not over where the next lose to another command and nobody else is under way', () => {
    const it = withAll();
    const start = it.machine.herd('start', 'fleet', { ...op, queueMs: 5_000 });
    it.machine.herd('stop', 'middle', { operation: 'op-2' });
    it.world.runFor(100);
    const results = start.value?.rows.map(({ result }) => result);
    const all = (result: string) => Array<string>(stepsPerTurn).fill(result);
    expect(results).toEqual([...all('unreachable'), ...all('superseded'), ...all('changed')]);
  });
});

describe('a plan', () => {
  it('is shown and nothing is touched', () => {
    const it = up([run('base'), run('web', 'base')]);
    const asked = it.machine.ask((turn, shepherd) =>
      turn.call(shepherd, 'foresee', requestOf({ action: 'start', member: 'web' })),
    );
    it.world.run();
    expect(asked.value?.map(({ service, action }) => `${action} ${service}`)).toEqual([
      'start base',
      'start web',
    ]);
    expect(it.machine.disk.entries).toEqual([]);
    expect(stages(it)).toEqual(['base stopped', 'web stopped']);
    // The id is still free.
    expect(herd(it, 'stop', 'web', { operation: 'op' }).value?.result).toBe('ok');
  });
});

describe('a repeat that says that it is one', () => {
  const repeat = { ...op, isRepeat: true } as const;

  it('does nothing under an id that was never seen', () => {
    const it = withFar(['far']);
    const one = it.ask('restart', 'far', repeat);
    expect(one.error).toMatchObject({ code: 'unknown-operation' });
    expect(it.asked).toEqual([]);
  });
  it('joins what is under way, and is answered from what is over', () => {
    const it = withFar(['far']);
    const first = it.ask('restart', 'far', op);
    const joined = it.ask('restart', 'far', repeat);
    it.say(0, 'changed');
    expect(joined.value).toEqual(first.value);
    expect(it.ask('restart', 'far', repeat).value).toEqual(first.value);
    expect(it.asked).toHaveLength(1);
  });
  it('is none for those that it asks again themselves', () => {
    const it = withFar(['far']);
    it.ask('start', 'far', op);
    it.say(0, 'unknown');
    it.ask('start', 'far', repeat);
    expect(it.asked[1]?.request).not.toHaveProperty('isRepeat');
  });
});
