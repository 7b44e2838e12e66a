/**
 * A controller or a machine that dies, or loses its power, after every durable step of joining, of removing and of a new
 * key: whoever asked asks again, and in the end both say the same, once.
 */
import { describe, expect, it } from 'vitest';
import type { FleetNode } from '../../support/fleet-node.ts';
import { JoinPlace, webConfig } from '../../support/fleet-joins.ts';
import type { Asked } from '../../support/shepherd-machine.ts';

type How = 'process' | 'power';
interface Scenario {
  /** Runs before anybody dies. */
  readonly prepare: (place: JoinPlace) => void;
  /** What is asked; asked again by the same person as long as it was not answered. */
  readonly ask: (place: JoinPlace) => Asked<unknown>;
  /** What has to be so in the end. */
  readonly judge: (place: JoinPlace) => void;
}

let uri = '';
const hasJoined = (place: JoinPlace): void => {
  const [node, ...others] = place.nodes();
  expect(others).toEqual([]);
  expect(node).toMatchObject({
    name: 'web-07',
    state: 'joined',
    designator: 'N',
    isConnected: true,
  });
  expect(node?.alertCount).toBeUndefined();
  expect(place.homes()).toMatchObject([{ designator: 'C', state: 'joined', name: 'web-07' }]);
  expect(place.names()).toEqual(['networking@web-07', 'web@web-07']);
  expect([...place.controller.gifts.keys()]).toEqual(['web-07']);
  expect([...place.node().doors.keys()]).toEqual(['C']);
  const [home] = place.records().homes;
  const [{ door } = { door: undefined }] = place.records(place.controller).nodes.nodes;
  expect(home?.door).toBe(door?.hash);
  expect(place.herd('start', 'web@web-07').result).toMatch(/changed|ok/);
  // What was given for good is of the last gift alone.
  const live = place.minted().filter(({ gift }) => gift === home?.gift);
  expect(live.map(({ service }) => service).sort()).toEqual(['networking', 'web']);
};
const hasGone = (place: JoinPlace): void => {
  expect(place.nodes()).toEqual([]);
  expect(place.homes()).toEqual([]);
  expect(place.names()).toEqual([]);
  expect([...place.controller.gifts.keys()]).toEqual([]);
  expect([...place.node().doors.keys()]).toEqual([]);
  const { nodes, given, departed } = place.records(place.controller).nodes;
  expect([nodes, given]).toEqual([[], []]);
  // That it has heard may have been lost with it; what is to be said then is never asked for.
  expect(departed.length).toBeLessThanOrEqual(1);
  // The machine is its own as before.
  expect(place.herd('start', 'web', place.node()).result).toBe('changed');
};

const scenarios: Readonly<Record<string, Scenario>> = {
  joining: {
    prepare: (place) => void (uri = place.invite('web-07', { labels: { role: 'web' } })),
    ask: (place) => place.joining(uri),
    judge: hasJoined,
  },
  'being removed': {
    prepare: (place) => {
      place.join(place.invite());
      place.run(1_000);
    },
    ask: (place) => place.removing(),
    judge: hasGone,
  },
  leaving: {
    prepare: (place) => {
      place.join(place.invite());
      place.run(1_000);
    },
    ask: (place) => place.operator.ask(place.node(), (turn, root) => turn.send(root, 'leaveHome')),
    judge: (place) => {
      expect(place.homes()).toEqual([]);
      expect([...place.node().doors.keys()]).toEqual([]);
      const live = place.services().filter(({ stage }) => stage !== 'unknown');
      expect(live).toEqual([]);
    },
  },
};

/** Asks, with a death of one of the two after so many more entries on its disk. */
const run = (scenario: Scenario, who: 'controller' | 'machine', step: number, how: How) => {
  const place = new JoinPlace(step + 1);
  scenario.prepare(place);
  const victim: FleetNode = who === 'controller' ? place.controller : place.node();
  let asked = scenario.ask(place);
  const { disk } = victim.machine;
  const end = disk.entries.length + step;
  const untilMs = place.world.now + 8_000;
  while (disk.entries.length < end && place.world.now < untilMs && place.world.step());
  const wasKilled = disk.entries.length >= end;
  if (wasKilled) {
    if (how === 'process') victim.crash();
    else victim.losePower();
    place.run(300);
    victim.boot();
  }
  // The same person, with the same file, until there is an answer.
  for (let at = 0; at < 4; at += 1) {
    place.run(12_000);
    if ('value' in asked || isFinal(asked.error)) break;
    asked = scenario.ask(place);
  }
  place.run(50_000);
  return { place, wasKilled };
};
/** It was done by then: there is nothing of that name any more. */
const isFinal = (error: Error | undefined): boolean =>
  error !== undefined && /no machine is called|has joined no controller/.test(error.message);

const mostSteps = 40;
describe.each(Object.entries(scenarios))('%s', (_name, scenario) => {
  it.each([
    ['controller', 'process'],
    ['controller', 'power'],
    ['machine', 'process'],
    ['machine', 'power'],
  ] as const)('ends as it should wherever the %s dies (%s)', (who, how) => {
    let step = 1;
    for (; step < mostSteps; step += 1) {
      const { place, wasKilled } = run(scenario, who, step, how);
      try {
        scenario.judge(place);
        expect(place.node().machine.log.filter(({ event }) => event === 'turn.threw')).toEqual([]);
      } catch (error) {
        throw new Error(`killed after ${step} entries`, { cause: error });
      }
      if (!wasKilled) break;
    }
    expect(step).toBeGreaterThan(1);
    expect(step).toBeLessThan(mostSteps);
  });
});

describe('a new key for a machine', () => {
  it('takes the place of the old one wherever its controller dies, and the old one hears of it', () => {
    for (let step = 1; step < mostSteps; step += 1) {
      const place = new JoinPlace(step, { N: webConfig, M: webConfig });
      place.join(place.invite());
      place.run(1_000);
      const { invite } = place.settled(
        place.operator.ask(place.controller, (turn, root) =>
          turn.send(root, 'rekeyNode', 'web-07'),
        ),
      );
      let asked = place.joining(invite, place.node('M'));
      const { disk } = place.controller.machine;
      const end = disk.entries.length + step;
      const untilMs = place.world.now + 8_000;
      while (disk.entries.length < end && place.world.now < untilMs && place.world.step());
      const wasKilled = disk.entries.length >= end;
      if (wasKilled) {
        place.controller.crash();
        place.run(300);
        place.controller.boot();
      }
      place.run(12_000);
      if (!('value' in asked)) asked = place.joining(invite, place.node('M'));
      place.run(50_000);
      expect(place.nodes(), `step ${step}`).toMatchObject([
        { name: 'web-07', state: 'joined', designator: 'M', isConnected: true },
      ]);
      expect(place.homes(place.node('N')), `step ${step}`).toEqual([]);
      expect(place.herd('start', 'web@web-07').result).toBe('changed');
      expect(place.node('M').machine.processes.lifetimes('web').length).toBe(1);
      expect(place.node('N').machine.processes.lifetimes('web').length).toBe(0);
      if (!wasKilled) return;
    }
    throw new Error('it never ended');
  });
});
