/** What whoever watches a controller is shown of machines elsewhere: whole daemons in one World. */
import type { Bcom, Behavior, Turn } from '@bellwether/actors';
import { paceFor } from '@bellwether/fleet';
import type { Observer, Status } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { tellStory, type Story, type StoryOptions } from '../support/fleet-story.ts';

const { heartbeatMs, staleMs } = paceFor(2);
/** The slowest wire there and back, a gap between pushes at either of two shepherds, a turn or two. */
const newsMs = 500;

const makeObserver = (
  _turn: Turn<Observer>,
  _bcom: Bcom<Observer>,
  told: (statuses: readonly Status[]) => void,
): Behavior<Observer> => ({
  observed: (turn, _sequence, statuses) => turn.effect(() => told(statuses)),
});
interface View {
  readonly story: Story;
  /** What was told last, by name. */
  readonly shown: Map<string, Status>;
  /** Every stage that `web-server-b` was shown in, in order. */
  readonly stages: string[];
  pass(ms: number): void;
  /** Milliseconds until something is so. */
  until(isSo: () => boolean): number;
  /** From now on the operator watches the controller (again). */
  watch(): void;
  herd(action: string): string | undefined;
}
const viewOf = (seed: number, options: StoryOptions = {}): View => {
  const story = tellStory(seed, options);
  const { world, operator } = story;
  const shown = new Map<string, Status>();
  const stages: string[] = [];
  const pass = (ms: number): void => world.run(world.now + ms);
  let operationCount = 0;
  const view: View = {
    story,
    shown,
    stages,
    pass,
    until: (isSo) => {
      const { now } = world;
      while (!isSo()) {
        if (world.now > now + 120_000) throw new Error('it never was so');
        pass(10);
      }
      return world.now - now;
    },
    watch: () => {
      operator.ask(story.c, (turn, root) => {
        const observer = turn.spawn(makeObserver, (statuses: readonly Status[]) => {
          for (const status of statuses) {
            shown.set(String(status.provision[0]), status);
            if (status.provision[0] === 'web-server-b') stages.push(status.stage);
          }
        });
        return turn.send(root, 'watch', [], observer, heartbeatMs);
      });
      pass(newsMs);
    },
    herd: (action) => {
      operationCount += 1;
      const operation = `op-${operationCount}`;
      const asked = operator.herd(story.c, action, 'web-server-fleet', { operation });
      pass(5_000);
      return asked.value?.result;
    },
  };
  return view;
};
/** One whose fleet runs, and is watched. */
const running = (seed: number, options: StoryOptions = {}): View => {
  const view = viewOf(seed, options);
  view.herd('start');
  view.watch();
  expect(view.shown.get('web-server-b')).toMatchObject({ stage: 'running' });
  return view;
};
const stageOf = ({ shown }: View, name = 'web-server-b'): string | undefined =>
  shown.get(name)?.stage;
const seeds = [1, 2, 3];

describe.each(seeds)('whoever watches a controller, with seed %i,', (seed) => {
  it('sees a member die and come back: a new pid, one respawn more, within 2 s', () => {
    const view = running(seed);
    const before = view.shown.get('web-server-b');
    view.story.hosts[1]?.machine.processes.kill('web-server');
    const ms = view.until(() => {
      const status = view.shown.get('web-server-b');
      return status?.stage === 'running' && status.respawnCount === 1;
    });
    expect(ms).toBeLessThan(2_000);
    const pidOf = (status: Status | undefined): unknown =>
      status !== undefined && 'pid' in status && status.pid;
    expect(pidOf(view.shown.get('web-server-b'))).not.toBe(pidOf(before));
  });
  it('sees what somebody else does on the machine itself, and the fleet with it', () => {
    const view = running(seed);
    const [, b] = view.story.hosts;
    if (b === undefined) throw new Error('no B');
    view.story.operator.herd(b, 'stop', 'web-server', { operation: 'local' });
    view.until(() => stageOf(view) === 'stopped');
    view.pass(newsMs);
    expect(view.shown.get('web-server-b')).toMatchObject({ isWanted: false });
    expect(view.shown.get('web-server-fleet')).toMatchObject({ runningCount: 1 });
  });
  it('is told unknown after two heartbeats of a cut link, and running when it is whole, by nobody’s asking', () => {
    const view = running(seed);
    view.story.network.part('B', 'C');
    const ms = view.until(() => stageOf(view) === 'unknown');
    expect(ms).toBeLessThanOrEqual(staleMs + newsMs);
    expect(view.shown.get('web-server-b')).toMatchObject({
      unknownReason: expect.stringMatching(/\S/) as unknown,
      ageMs: expect.any(Number) as unknown,
    });
    view.stages.length = 0;
    view.pass(60_000);
    expect(view.stages).not.toContain('running');
    view.story.network.heal('B', 'C');
    view.until(() => stageOf(view) === 'running');
    expect(stageOf(view, 'web-server-a')).toBe('running');
  });
  it('is told nothing else because somebody looked for less time than an answer takes', () => {
    const view = running(seed, { network: { latencyMs: [150, 150] } });
    view.stages.length = 0;
    const look = view.story.operator.ask(view.story.c, (turn, root) =>
      turn.send(root, 'status', [], 200),
    );
    view.pass(1_000);
    expect(look.value?.map(({ stage }) => stage)).toContain('unknown');
    const next = view.story.operator.ask(view.story.c, (turn, root) =>
      turn.send(root, 'status', [], 1_000),
    );
    view.pass(2_000);
    expect(next.value?.map(({ stage }) => stage)).toEqual(['running', 'running', 'running']);
    expect(view.stages).not.toContain('unknown');
  });
  it('is told unknown when a daemon is killed, and what is true when it is back', () => {
    const view = running(seed);
    const [, b] = view.story.hosts;
    b?.crash();
    expect(view.until(() => stageOf(view) === 'unknown')).toBeLessThan(newsMs);
    b?.machine.processes.kill('web-server');
    view.pass(10_000);
    b?.boot();
    view.until(() => stageOf(view) === 'running');
  });
});

describe('a controller', () => {
  it('that slept shows nothing as it was before, and then what is', () => {
    const view = running(4);
    const { c } = view.story;
    c.sleep('suspended');
    view.story.hosts[1]?.crash();
    view.pass(3_600_000);
    view.stages.length = 0;
    c.wake();
    view.watch();
    expect(view.stages[0]).toBe('unknown');
    view.story.hosts[1]?.boot();
    view.until(() => stageOf(view) === 'running');
  });
  it('that was killed knows nothing until it has asked, and asks by itself', () => {
    const view = running(5);
    const { c, network } = view.story;
    c.crash();
    network.part('B', 'C');
    c.boot();
    view.pass(200);
    view.shown.clear();
    view.watch();
    view.until(() => stageOf(view, 'web-server-a') === 'running');
    expect(view.shown.get('web-server-b')).toMatchObject({ stage: 'unknown' });
    expect(view.shown.get('web-server-b')).not.toHaveProperty('ageMs');
    network.heal('B', 'C');
    view.until(() => stageOf(view) === 'running');
  });
  it('stops everything in its first second, though it knows nothing', () => {
    const view = running(6);
    const { c, hosts, operator, world } = view.story;
    c.crash();
    // The operator learns of it, and will ask on a session of its own.
    view.pass(100);
    c.boot();
    view.until(() => c.admin !== undefined);
    // A `herd` is a process of its own; the operator here has to hear of the crash first.
    world.run(world.now + 100);
    const asked = operator.herd(c, 'stop', 'web-server-fleet', { operation: 'first' });
    world.run(world.now + 5_000);
    expect(asked.value).toMatchObject({ result: 'changed', reason: '2/2' });
    for (const { machine } of hosts) expect(machine.processes.living('web-server')).toEqual([]);
  });
  it('keeps no more for twenty minutes of watching than for three, and nor do its members', () => {
    const view = running(7);
    const { c, hosts } = view.story;
    const counts = (): unknown =>
      [c, ...hosts].map(({ router }) =>
        router?.sessions().map(({ tables }) => Object.values(tables)),
      );
    const busy = (rounds: number): void => {
      for (let round = 0; round < rounds; round += 1) {
        hosts[1]?.machine.processes.kill('web-server');
        view.pass(20_000);
      }
    };
    // Longer than a little garbage waits for something to go along with.
    busy(10);
    const before = counts();
    busy(60);
    expect(counts()).toEqual(before);
    expect(stageOf(view)).toBe('running');
  });
});

it('no actor of a watched fleet keeps state that a turn cannot undo', () => {
  const view = running(8, { rehearse: true });
  view.story.hosts[1]?.crash();
  view.pass(10_000);
  view.story.hosts[1]?.boot();
  view.until(() => stageOf(view) === 'running');
  for (const { machine } of [...view.story.hosts, view.story.c])
    expect(machine.logged('turn.unjournalled')).toEqual([]);
});
