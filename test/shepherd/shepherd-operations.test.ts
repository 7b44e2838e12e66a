/** Operations of one machine: repeats, deadlines, memory, and what others hold of a service. */
import type { Ref, Turn } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { limits, type LocalStatus, type Outcome, type Request } from '@bellwether/shepherd';
import {
  complaints,
  herd,
  makeElsewhere,
  makeGroup,
  named,
  run,
  stages,
  up,
} from '../support/shepherd-graph.ts';
import { program, requestOf, type Blueprint } from '../support/shepherd-machine.ts';
import { localRoot, principalOf } from '../../packages/shepherd/src/words/principal.ts';

describe('an operation', () => {
  it('that is repeated is answered with the recorded outcome, and nothing is done twice', () => {
    const it = up([run('web')]);
    const first = herd(it, 'start', 'web', { operation: 'op-1' });
    herd(it, 'stop', 'web');
    expect(herd(it, 'start', 'web', { operation: 'op-1' }).value).toEqual(first.value);
    expect(it.machine.processes.started).toEqual(['web']);
  });
  it('that is repeated while it runs shares the answer', () => {
    const it = up([run('web')]);
    const asked = [1, 2].map(() => it.machine.herd('start', 'web', { operation: 'op-1' }));
    it.world.run();
    expect(asked[0]?.value).toEqual(asked[1]?.value);
    expect(it.machine.processes.started).toEqual(['web']);
  });
  it('cannot mean two things', () => {
    const it = up([run('web')]);
    herd(it, 'start', 'web', { operation: 'op-1' });
    expect(herd(it, 'stop', 'web', { operation: 'op-1' }).error).toMatchObject({
      code: 'conflict',
      message: 'operation op-1 is a start of web: a stop needs an id of its own',
    });
  });
  it('outlives the daemon: a repeat is answered and starts nothing', () => {
    const it = up([run('web')]);
    herd(it, 'start', 'web', { operation: 'op-1' });
    it.machine.crash();
    it.machine.boot();
    it.world.run();
    herd(it, 'stop', 'web');
    expect(herd(it, 'start', 'web', { operation: 'op-1' }).value?.result).toBe('changed');
    expect(it.machine.processes.started).toEqual(['web']);
  });
  it('that was under way when the daemon ended is over once, though a later one won', () => {
    const it = up([named('net'), run('web', 'net')]);
    herd(it, 'start', 'web');
    it.machine.processes.programs.set('web', { stopMs: 500 });
    it.machine.herd('restart', 'web', { operation: 'op-1' });
    it.machine.herd('stop', 'web');
    it.world.runFor(100);
    it.machine.crash();
    it.machine.boot();
    it.world.run();
    const told = it.machine
      .logged('operation.line')
      .filter(({ text }) => /lost/.test(String(text)));
    expect(told).toHaveLength(1);
    expect(herd(it, 'restart', 'web', { operation: 'op-1' }).value).toMatchObject({
      result: 'superseded',
      reason: expect.stringMatching(
        /^Service web: restart lost to a later stop \(A-op-\d+, 2023-11-14 22:13 UTC\)\.$/,
      ),
    });
    expect(stages(it)).toEqual(['net running', 'web stopped']);
  });
  it('that is taken up by the next life answers with a state of that one', () => {
    const it = up([run('web')]);
    it.machine.processes.programs.set('web', { spawnMs: 500 });
    it.machine.herd('start', 'web', { operation: 'op-1' });
    it.world.runFor(100);
    it.machine.crash();
    it.machine.boot();
    it.world.run();
    const status = it.machine.ask((turn, shepherd) => turn.call(shepherd, 'status', 'web'));
    const { value } = herd(it, 'start', 'web', { operation: 'op-1' });
    expect(value).toMatchObject({ result: 'changed', stage: 'running', pid: 101 });
    expect(value?.version).toEqual((status.value as LocalStatus | undefined)?.version);
    expect(value?.version).toBeDefined();
  });
  it('that failed in an earlier life is tried again, unless something else was wished since', () => {
    const it = up([run('web'), run('mail')]);
    for (const name of ['web', 'mail']) {
      it.machine.processes.programs.set(name, { refusal: 'no such program' });
      herd(it, 'start', name, { operation: 'op-1' });
      it.machine.processes.programs.delete(name);
    }
    herd(it, 'stop', 'web');
    it.machine.crash();
    it.machine.boot();
    it.world.run();
    expect(herd(it, 'start', 'web', { operation: 'op-1' }).value).toMatchObject({
      result: 'superseded',
      reason: expect.stringMatching(
        /^Service web: start lost to a later stop \(A-op-\d+, 2023-11-14 22:13 UTC\)\.$/,
      ),
    });
    expect(herd(it, 'start', 'mail', { operation: 'op-1' }).value?.result).toBe('ok');
    expect(it.machine.processes.started).toEqual(['mail']);
  });
  it('answers by its deadline with what is still going on, and goes on', () => {
    const it = up([run('slow'), run('web', 'slow')], { rehearse: false });
    it.machine.processes.programs.set('slow', { spawnMs: 500 });
    const start = it.machine.herd('start', 'web', { operation: 'op-1', remainingMs: 200 });
    it.world.runFor(210);
    expect(start.value).toEqual({
      member: 'web',
      result: 'timed-out',
      reason: 'Service web: start is not over after 200 ms; it goes on.',
      isLate: true,
      rows: [
        {
          member: 'slow',
          result: 'timed-out',
          reason: 'Service slow: start is under way.',
          stage: 'starting',
        },
        {
          member: 'web',
          result: 'timed-out',
          reason: 'Service web: start waits for other services.',
          stage: 'stopped',
        },
      ],
    });
    it.world.run();
    expect(stages(it)).toEqual(['slow running', 'web running']);
    expect(herd(it, 'start', 'web', { operation: 'op-1' }).value?.result).toBe('changed');
    // The stream is over with the answer; the daemon's own log has the rest.
    expect(it.machine.lines).toEqual([]);
    expect(it.machine.logged('operation.line')).toEqual([
      { operation: 'op-1', text: 'Service slow has been started.' },
      { operation: 'op-1', text: 'Service web has been started.' },
    ]);
  });
  it('leaves no timer behind when it is answered in time', () => {
    const it = up([run('web')]);
    const before = it.world.now;
    herd(it, 'start', 'web', { remainingMs: limits.remainingMs });
    expect(it.world.now - before).toBeLessThan(100);
  });
  it(`is read from the disk after ${limits.operationCount} others, and answered as before`, () => {
    const it = up([named('web')], { rehearse: false });
    const asked = Array.from({ length: limits.operationCount }, (_, at) =>
      it.machine.herd(at % 2 === 0 ? 'start' : 'stop', 'web', { operation: `o${at}` }),
    );
    it.world.run();
    expect(asked.every((each) => each.value !== undefined)).toBe(true);
    it.world.run();
    // Remembered: nothing changes.
    expect(herd(it, 'start', 'web', { operation: 'o0' }).value?.result).toBe('changed');
    expect(stages(it)).toEqual(['web stopped']);
    herd(it, 'stop', 'web', { operation: 'one-more' });
    // Not in memory any more.
    expect(herd(it, 'start', 'web', { operation: 'o0' }).value?.result).toBe('changed');
    expect(stages(it)).toEqual(['web stopped']);
    // It is the one of these that was used last now.
    it.machine.disk.isUnreadable = true;
    expect(herd(it, 'start', 'web', { operation: 'o0' }).value?.result).toBe('changed');
    expect(herd(it, 'stop', 'web', { operation: 'o1' }).error?.message).toBe(
      'the disk cannot be read',
    );
  });
  it('breaks with what is wrong with its request before anything is touched', () => {
    const it = up([run('web')]);
    expect(herd(it, 'start', 'web', { remainingMs: 0 }).error).toMatchObject({
      code: 'bad-request',
    });
    expect(herd(it, 'dance', 'web').error).toMatchObject({
      code: 'unknown-action',
      message: "service 'web' does not have an action 'dance'",
    });
    expect(it.machine.disk.records().desired.size).toBe(0);
    expect(it.machine.processes.started).toEqual([]);
  });
  it.each([undefined, 'sink', {}, 7])(
    'with %o for a sink is refused, and the vat lives',
    (sink) => {
      const it = up([run('web')]);
      const asked = it.machine.ask((turn, shepherd) =>
        turn.send(
          shepherd,
          'perform',
          requestOf({ member: 'web', action: 'start' }),
          sink as unknown as Ref<never>,
          { principal: localRoot },
        ),
      );
      it.world.run();
      expect(asked.error).toMatchObject({ code: 'bad-request' });
      expect(it.machine.isUp).toBe(true);
      expect(it.machine.processes.started).toEqual([]);
    },
  );
});

describe('a service that lives elsewhere', () => {
  const withFar = (requirement: readonly string[] = []) => {
    const seen: Request[] = [];
    const it = up([named('web', 'far')], {
      setUp: (turn, shepherd) => {
        const far = turn.spawn(
          makeElsewhere,
          'far',
          (turn: Turn, request: Request) => {
            turn.effect(() => void seen.push(request));
            return turn.kept<Outcome>({ member: 'far', result: 'changed', rows: [] });
          },
          requirement,
        );
        turn.call(shepherd, 'register', far);
      },
    });
    return { ...it, seen };
  };
  it('gets the request under its own name, with a hop more and a little less time', () => {
    const it = withFar();
    herd(it, 'start', 'web', { operation: 'op-1', remainingMs: 10_000, hops: ['before'] });
    expect(it.seen).toEqual([
      {
        operation: 'op-1',
        member: 'far',
        action: 'start',
        args: [],
        remainingMs: 9_750,
        hops: ['before', 'A1.1'],
      },
    ]);
  });
  it('is not reached again by a request that came through it: a cycle over machines', () => {
    const it = withFar();
    expect(herd(it, 'start', 'web', { hops: ['A1.1'] }).error).toMatchObject({
      code: 'cycle',
      message: 'far requires … requires web requires far: a cycle',
    });
    expect(herd(it, 'stop', 'far', { hops: ['A1.1'] }).error).toMatchObject({ code: 'cycle' });
    expect(it.seen).toEqual([]);
  });
  it('has no wish on disk: it owns no state here', () => {
    const it = withFar();
    herd(it, 'start', 'far');
    expect(it.machine.disk.records().desired.size).toBe(0);
  });
});

describe('a facet', () => {
  it('reaches its own service, whatever member a request names', () => {
    const it = up([named('web'), named('secret')]);
    const asked = it.machine.ask((turn, shepherd) => {
      const facet = turn.call(shepherd, 'facet', 'web', principalOf('somebody'));
      const request = requestOf({ member: 'secret', action: 'start' });
      return turn.send(facet, 'perform', request, it.machine.printer(turn));
    });
    it.world.run();
    expect(asked.value?.member).toBe('web');
    expect(stages(it)).toEqual(['web running', 'secret stopped']);
  });
  it('shows the status of its service, now and when it is probed', () => {
    const it = up([program({ provision: ['web', 'www'] })]);
    const facet = it.machine.ask((turn, shepherd) => {
      const facet = turn.call(shepherd, 'facet', 'www', principalOf('somebody'));
      return turn.all([turn.send(facet, 'status'), turn.send(facet, 'probe', 1_000)]);
    });
    it.world.run();
    expect(facet.value).toMatchObject([
      { value: { provision: ['web', 'www'], stage: 'stopped' } },
      { value: { recentLines: ['web said'] } },
    ]);
  });
  it.each([-1, 0.5, NaN, limits.probeMs + 1])('refuses to probe for %d ms', (timeoutMs) => {
    const it = up([named('web')]);
    const asked = it.machine.ask((turn, shepherd) =>
      turn.send(turn.call(shepherd, 'facet', 'web', principalOf('somebody')), 'probe', timeoutMs),
    );
    it.world.run();
    expect(asked.error).toMatchObject({ code: 'bad-request' });
  });
});

describe('the log', () => {
  it('has the last lines of a service, in number as asked', () => {
    const it = up([run('web')]);
    const ask = (count: number) => {
      const asked = it.machine.ask((turn, shepherd) =>
        turn.call(shepherd, 'log', 'web', count, { principal: localRoot }),
      );
      it.world.run();
      return asked;
    };
    expect(ask(1).value).toEqual(['web said']);
    expect(ask(limits.logLineCount).value).toEqual(['web said']);
    expect(ask(limits.logLineCount + 1).error).toMatchObject({ code: 'bad-request' });
  });
  it('of all changes is in order of time', () => {
    const it = up([run('a'), run('b')]);
    herd(it, 'start', 'b');
    herd(it, 'start', 'a');
    const asked = it.machine.ask((turn, shepherd) => turn.call(shepherd, 'history'));
    it.world.run();
    expect(asked.value?.map(({ service, what }) => `${service} ${what}`)).toEqual([
      'b starting',
      'b running',
      'a starting',
      'a running',
    ]);
  });
  it('of changes of one instant is in the order in which they came', () => {
    const it = up([named('a', 'b'), named('b')]);
    herd(it, 'start', 'a');
    herd(it, 'stop', 'b');
    const asked = it.machine.ask((turn, shepherd) => turn.call(shepherd, 'history'));
    it.world.run();
    expect(new Set(asked.value?.slice(0, 4).map(({ at }) => at)).size).toBe(1);
    expect(asked.value?.map(({ service, what }) => `${service} ${what}`)).toEqual([
      'b starting',
      'b running',
      'a starting',
      'a running',
      'a stopped',
      'b stopped',
    ]);
    expect(asked.value?.[0]).not.toHaveProperty('number');
  });
});

describe('an aggregate', () => {
  const fleetOf =
    (...members: readonly string[]): NonNullable<Blueprint['setUp']> =>
    (turn, shepherd) => {
      const fleet = turn.spawn(makeGroup, 'fleet', members);
      turn.call(shepherd, 'registerAggregate', fleet);
    };
  it('is carried out on each member once, and each row is told as it comes', () => {
    const it = up([run('a'), run('b')], { setUp: fleetOf('a', 'b', 'a') });
    expect(herd(it, 'start', 'fleet').value?.rows.map(({ pid }) => pid)).toEqual([101, 102, 101]);
    expect(it.machine.processes.started).toEqual(['a', 'b']);
    // Which of the two is ready first is the seed's affair.
    const rows = it.machine.events.map((event) => event.kind === 'row' && event.row.member);
    expect(rows.sort()).toEqual(['a', 'b']);
    expect(it.machine.lines.at(-1)).toBe('A: Service fleet has been started.');
    expect(complaints(it.machine)).toEqual([]);
  });
});
