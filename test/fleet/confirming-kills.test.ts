/**
 * A controller, its machine, or both, that die after every durable step of a deploy through the controller: it ends in a
 * commit or is taken back in time, one release runs, and the controller knows which.
 */
import { describe, expect, it } from 'vitest';
import { ExportedSlot } from '../support/exported-slot.ts';
import { release, shortRules } from '../support/slot-machine.ts';

const one = release('1');
const two = release('2');
type Who = 'a' | 'c';

/** Whether it goes well where nobody dies, and who dies. */
interface Scenario {
  readonly isGood: boolean;
  readonly dying: readonly Who[];
  /** Whose entries are counted. */
  readonly counted: Who;
  /** Milliseconds for which they are away. */
  readonly awayMs: number;
}
interface End {
  readonly story: ExportedSlot;
  readonly wasKilled: boolean;
  readonly tookMs: number;
}

const run = ({ isGood, dying, counted, awayMs }: Scenario, step: number): End => {
  const story = new ExportedSlot(step === Infinity ? 0 : step).begin(one, two);
  const { world, a } = story;
  a.machine.probes.isReady = (url) => isGood || !url.endsWith('/2');
  const { machine } = story[counted];
  const startMs = world.now;
  story.act('deploy', [two.digest], 'the-deploy');
  const end = machine.disk.entries.length + step;
  const untilMs = startMs + 15_000;
  while (machine.disk.entries.length < end && world.now < untilMs && world.step());
  const wasKilled = machine.disk.entries.length >= end;
  if (wasKilled) {
    for (const each of dying) story[each].crash();
    world.runFor(awayMs);
    for (const each of dying) story[each].boot();
  }
  let idleMs = world.now;
  for (let at = 0; at < 200; at += 1) {
    world.runFor(200);
    if (story.record?.underway !== undefined || !a.machine.isUp) idleMs = world.now;
  }
  return { story, wasKilled, tookMs: idleMs - startMs };
};

const judge = ({ story, wasKilled, tookMs }: End, { isGood, awayMs, dying }: Scenario): string => {
  const { record, a, c, world, desk } = story;
  expect(record?.underway).toBeUndefined();
  expect(record?.held).toBeUndefined();
  const isOn = record?.current === two.digest;
  expect(record?.current).toBe(isOn ? two.digest : one.digest);
  if (isOn) expect(isGood).toBe(true);
  expect(story.running).toEqual([record?.current]);
  expect(a.machine.processes.doubled).toEqual([]);
  for (const { machine } of [a, c]) expect(machine.logged('turn.threw')).toEqual([]);
  const known = desk.ask(c, (turn, root) => turn.send(root, 'operation', 'the-deploy'));
  const repeat = { operation: 'the-deploy', args: [two.digest], isRepeat: true as const };
  const again = desk.herd(c, 'deploy', 'far-web', { ...repeat, remainingMs: 600_000 });
  world.runFor(2_000);
  // What it has not written down by then it has forgotten, and is told by the machine when somebody asks.
  const results = [known.value?.result, again.value?.result].filter((each) => each !== undefined);
  const expected = isOn ? ['changed'] : ['rolled-back', 'failed', 'skipped'];
  expect(results).toHaveLength(dying.includes('c') && known.error !== undefined ? 1 : 2);
  for (const each of results) expect(expected).toContain(each);
  const { confirmMs, minHealthyMs, gateMs } = shortRules;
  expect(tookMs).toBeLessThan((isGood ? confirmMs : gateMs) + 4 * minHealthyMs + 3_000 + awayMs);
  const visitors = (a.router?.sessions() ?? []).map(({ peer }) => peer?.designator ?? 'desk');
  expect(visitors.filter((each) => each !== 'desk' && each !== 'C')).toEqual([]);
  if (!wasKilled) expect(isOn).toBe(isGood);
  return isOn ? 'kept' : 'taken back';
};

const judged = (scenario: Scenario, step: number): { wasKilled: boolean; end: string } => {
  const end = run(scenario, step);
  try {
    return { wasKilled: end.wasKilled, end: judge(end, scenario) };
  } catch (error) {
    throw new Error(`killed after ${step} entries`, { cause: error });
  }
};

const a: Scenario = { isGood: true, dying: ['a'], counted: 'a', awayMs: 300 };
const c: Scenario = { ...a, dying: ['c'] };
const either = 'kept,taken back';
describe.each<[string, Scenario, string]>([
  // What was not about to be switched to by then is not switched to.
  ['the machine', a, either],
  ['the machine, the release being bad', { ...a, isGood: false }, 'taken back'],
  // What it has not written down has not left it, or is in doubt.
  ['the controller', { ...c, counted: 'c' }, either],
  ['the controller, while its machine goes on', c, 'kept'],
  ['the controller for some of the time', { ...c, awayMs: 6_000 }, 'kept'],
  ['the controller for too long', { ...c, awayMs: 14_000 }, either],
  ['both', { ...a, dying: ['a', 'c'] }, either],
])('the death of %s', (_name, scenario, expected) => {
  it('is survived at every step', () => {
    const ends = new Set<string>();
    let step = 1;
    for (;;) {
      const { wasKilled, end } = judged(scenario, step);
      if (!wasKilled) break;
      ends.add(end);
      step += 1;
    }
    // As many as there are phases, or the entries of the operation.
    expect(step).toBeGreaterThan(scenario.counted === 'a' ? 8 : 2);
    expect([...ends].sort().join()).toBe(expected);
  });
});
