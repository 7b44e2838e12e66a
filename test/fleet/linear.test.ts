/** Fleets of ten thousand: what is done grows as they do. Counted, not timed. */
import type { Turn } from '@bellwether/actors';
import { judge, makeFleet, type Seen } from '@bellwether/fleet';
import {
  limits,
  verdict,
  type Follow,
  type LogPlace,
  type Outcome,
  type Request,
  type Row,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { fleetStatus } from '../../packages/fleet/src/aggregate/fleet-status.ts';
import { facetOutcome, facetSight } from '../../packages/shepherd/src/facet/facet-view.ts';
import { placesByMember } from '../../packages/shepherd/src/checks/log-query.ts';
import { planAll, type Graph } from '../../packages/shepherd/src/operation/plan/plan.ts';
import { unknownStatus } from '../../packages/shepherd/src/words/vocabulary.ts';
import { Ear } from '../support/log-ear.ts';
import { herd, makeElsewhere, makeGroup, up } from '../support/shepherd-graph.ts';
import { localRoot } from '../../packages/shepherd/src/words/principal.ts';

const many = limits.rowCount;
const few = many / 10;
const namesOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `m${at}`);

/** The same things, with a count of every look at one of their fields. */
const watched = <T extends object>(things: readonly T[]) => {
  let lookCount = 0;
  const look: ProxyHandler<T> = {
    get: (target, key) => {
      lookCount += 1;
      return Reflect.get(target, key) as unknown;
    },
    ownKeys: (target) => {
      lookCount += 1;
      return Reflect.ownKeys(target);
    },
  };
  return { things: things.map((each) => new Proxy(each, look)), count: () => lookCount };
};
/** Looks for each of `count` things that are told to `use`. */
const looksOf = <T extends object>(
  count: number,
  make: (name: string, at: number) => T,
  use: (things: readonly T[]) => unknown,
): number => {
  const { things, count: total } = watched(namesOf(count).map(make));
  use(things);
  return total() / count;
};
const growsAsTheyDo = (costOf: (count: number) => number): void => {
  const [one, other] = [costOf(few), costOf(many)];
  expect(one).toBeGreaterThan(0);
  expect(other).toBeLessThan(1.1 * one);
};

describe(`a fleet of ${many}`, () => {
  it.each(['start', 'stop', 'restart', 'reload'])(
    'is planned with as many questions for each member as one of a tenth: %s',
    (action) => {
      growsAsTheyDo((count) => {
        const names = namesOf(count);
        let questionCount = 0;
        const ask =
          <T>(answer: (name: string) => T) =>
          (name: string): T => {
            questionCount += 1;
            return answer(name);
          };
        const isMember = (name: string): boolean => name.startsWith('m');
        const graph: Graph = {
          requirements: ask((name) => (isMember(name) ? ['net'] : [])),
          dependents: ask((name) =>
            isMember(name) ? [`d${name}`] : name === 'net' ? names : name === 'all' ? ['site'] : [],
          ),
          waitsFor: () => 'all',
          members: ask((name) => (name === 'all' ? names : undefined)),
          isOwn: ask(() => true),
          isEnabled: ask(() => true),
          whyDisabled: () => 'it is disabled',
          isUp: ask(() => true),
          isServing: ask(() => true),
        };
        const steps = planAll({ action, names: ['all'] }, graph);
        const size = steps.reduce((sum, { after, needed, touched = [] }) => {
          return sum + 1 + after.length + needed.length + touched.length;
        }, 0);
        return (questionCount + size) / count;
      });
    },
  );
  it('is summed up with as many looks at each row', () => {
    const row = (member: string, at: number): Row => ({
      member,
      result: at % 3 === 0 ? 'unreachable' : 'changed',
    });
    growsAsTheyDo((count) => looksOf(count, row, (rows) => verdict('all', 'start', rows, '50%')));
  });
  it('is judged with as many looks at each member', () => {
    const seen = (name: string, at: number): Seen => ({
      provision: [name],
      stage: at % 2 === 0 ? 'running' : 'stopped',
      isWanted: true,
      unservedMs: at,
    });
    const terms = { neededCount: few, settleMs: 10_000 };
    growsAsTheyDo((count) => looksOf(count, seen, (members) => judge(members, terms)));
  });
  it('has a status that is made with as many looks at each member', () => {
    const facts = { provision: ['all'] as const, documentation: '', sharedWith: {} };
    const terms = { neededCount: few, settleMs: 10_000 };
    growsAsTheyDo((count) =>
      looksOf(
        count,
        (name) => unknownStatus(name, 'not asked yet'),
        (members) => fleetStatus(facts, members, terms, judge(members, terms)),
      ),
    );
  });
  it('passes a facet with as many looks at each row', () => {
    growsAsTheyDo((count) => {
      const members = namesOf(count).map((name) => ({ name, stage: 'running' }) as const);
      const sight = facetSight({
        ...unknownStatus('all', ''),
        kind: 'fleet',
        members,
        runningCount: 0,
        neededCount: 0,
      });
      return looksOf(
        count,
        (member): Row => ({ member, result: 'ok', also: ['x', 'y'] }),
        (rows) => {
          const outcome: Outcome = { member: 'all', result: 'ok', rows };
          expect(facetOutcome(outcome, sight).rows).toHaveLength(count);
        },
      );
    });
  });
  it('is commanded, and asked how it is, with as many steps and messages for each member', () => {
    growsAsTheyDo((count) => {
      const names = namesOf(count);
      let messageCount = 0;
      const perform = (turn: Turn, { member }: Request) => {
        messageCount += 1;
        const result = messageCount % 2 === 0 ? 'changed' : 'unreachable';
        return turn.kept<Outcome>({ member, result, rows: [] });
      };
      const it = up([], {
        rehearse: false,
        setUp: (turn, shepherd) => {
          for (const name of names)
            turn.call(shepherd, 'register', turn.spawn(makeElsewhere, name, perform));
          const facts = { provision: ['all'] as const, documentation: '', sharedWith: {} };
          const terms = { members: names, minReady: '50%', settleMs: 10_000 } as const;
          const fleet = turn.spawn(makeFleet, { ...facts, ...terms, shepherd });
          turn.call(shepherd, 'registerAggregate', fleet);
        },
      });
      const stepCount = it.world.stepCount;
      const first = herd(it, 'start', 'all', { operation: 'op' }).value;
      expect(first).toMatchObject({ result: 'changed', reason: `degraded ${count / 2}/${count}` });
      expect(messageCount).toBe(count);
      herd(it, 'start', 'all', { operation: 'op' });
      expect(messageCount).toBe(1.5 * count);
      const asked = it.machine.ask((turn, shepherd) =>
        turn.send(shepherd, 'probe', 'all', 1_000, [], { principal: localRoot }),
      );
      it.world.run();
      expect(asked.value).toHaveProperty('members.length', count);
      return (it.world.stepCount - stepCount) / count;
    });
  });
  it('is followed on with as many looks at each place of a log', () => {
    const place = (name: string, at: number): LogPlace => ({ about: `${name}/web`, place: at });
    growsAsTheyDo((count) => looksOf(count, place, (after) => placesByMember({ after })));
  });
  it('is followed on from as many places, each told to its member alone', () => {
    const names = namesOf(limits.logPlaceCount);
    const told = new Map<string, Follow>();
    const it = up([], {
      rehearse: false,
      setUp: (turn, shepherd) => {
        const refuse = (): never => {
          throw new Error('nobody asked');
        };
        for (const name of names) {
          const follow = (given: Follow): void => void told.set(name, given);
          turn.call(shepherd, 'register', turn.spawn(makeElsewhere, name, refuse, [], follow));
        }
        turn.call(shepherd, 'registerAggregate', turn.spawn(makeGroup, 'all', names));
      },
    });
    const after = names.map((about, place) => ({ about: `${about}/web`, place }));
    const asked = it.machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'follow', 'all', { after }, new Ear().spawn(turn), {
        principal: localRoot,
      }),
    );
    it.world.run();
    expect('value' in asked).toBe(true);
    expect(told.size).toBe(names.length);
    for (const [place, name] of names.entries())
      expect(told.get(name)?.query.after).toEqual([{ about: `${name}/web`, place }]);
  });
});
