/**
 * A daemon that dies, or a machine that loses its power, after every durable step of a deploy: it ends in a commit or is
 * taken back in time, with one process of the right release, nothing done twice, and a record that says what is so.
 */
import { World } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { release, shortRules, SlotMachine, type Made } from '../../support/slot-machine.ts';

const one = release('1');
const two = release('2');
const operation = 'the-deploy';

/** How a deploy of the second release goes where nobody dies, and what it is to come to. */
interface Scenario {
  readonly first: Made | undefined;
  readonly args: readonly string[];
  readonly isGood: boolean;
  readonly dies: boolean;
  readonly confirms: boolean;
}
const base: Scenario = { first: one, args: [], isGood: true, dies: false, confirms: false };

interface End {
  readonly world: World;
  readonly machine: SlotMachine;
  /** Whether the death that was meant came at all. */
  readonly wasKilled: boolean;
  /** Milliseconds from the deploy until nothing was under way any more. */
  readonly tookMs: number;
}

const prepared = (scenario: Scenario, seed: number): { world: World; machine: SlotMachine } => {
  const world = new World(seed);
  const machine = new SlotMachine(world, 'A');
  machine.probes.isReady = (url) => scenario.isGood || !url.endsWith('/2');
  machine.processes.behaves = ({ command }) =>
    scenario.dies && command.cwd?.endsWith(two.digest) === true
      ? { ends: { afterMs: 200, ending: { code: 1 } } }
      : undefined;
  machine.boot();
  world.runFor(500);
  if (scenario.first !== undefined) {
    machine.bring(world, scenario.first);
    machine.act('deploy', [scenario.first.digest, 'no-confirm']);
    world.runFor(3_000);
    expect(machine.record().current).toBe(scenario.first.digest);
  }
  machine.bring(world, two);
  return { world, machine };
};

const dead = (machine: SlotMachine, how: 'process' | 'power'): void => {
  if (how === 'process') machine.crash();
  else machine.losePower();
};

/**
 * Runs a scenario to its end, with a death whenever so many more entries are on the disk than at the deploy, or at the
 * last boot.
 */
const run = (scenario: Scenario, steps: readonly number[], how: 'process' | 'power'): End => {
  const { world, machine } = prepared(scenario, 1 + steps.reduce((sum, step) => sum + step, 0));
  const startMs = world.now;
  let confirmedIn = 0;
  const confirm = (): void => {
    if (!scenario.confirms || !machine.isUp || confirmedIn === machine.lifeNumber) return;
    if (machine.record().underway?.phase !== 'awaiting-confirm') return;
    confirmedIn = machine.lifeNumber;
    machine.act('confirm', [two.digest], { sinceMs: machine.time.clock().now() + 1 });
  };
  machine.act('deploy', [two.digest, ...scenario.args], { operation });
  let killCount = 0;
  for (const step of steps) {
    const end = machine.disk.entries.length + step;
    const untilMs = world.now + 15_000;
    while (machine.disk.entries.length < end && world.now < untilMs && world.step()) confirm();
    if (machine.disk.entries.length < end) break;
    dead(machine, how);
    killCount += 1;
    world.runFor(300);
    machine.boot();
  }
  let idleMs = world.now;
  for (let at = 0; at < 300; at += 1) {
    world.runFor(200);
    confirm();
    if (machine.record().underway !== undefined || !machine.isUp) idleMs = world.now;
  }
  return { world, machine, wasKilled: killCount === steps.length, tookMs: idleMs - startMs };
};

const judge = (
  { world, machine, tookMs }: End,
  scenario: Scenario,
  how: 'process' | 'power' = 'process',
): void => {
  const record = machine.record();
  expect(record.underway).toBeUndefined();
  expect(record.held).toBeUndefined();
  const status = machine.status();
  const args = [two.digest, ...scenario.args];
  const again = machine.act('deploy', args, { operation, isRepeat: true });
  world.runFor(500);
  const isOn = record.current === two.digest;
  expect(record.current).toBe(isOn ? two.digest : scenario.first?.digest);
  if (isOn) expect(scenario.isGood && !scenario.dies).toBe(true);
  expect(machine.running()).toEqual(record.current === undefined ? [] : [record.current]);
  expect(machine.processes.doubled).toEqual([]);
  expect(machine.depots.current.get('web')).toBe(record.current);
  expect(status.value?.slot?.current).toBe(record.current);
  expect(status.value?.isWanted).toBe(record.current !== undefined);
  const told = record.releases.find(({ digest }) => digest === two.digest)?.verdict;
  if (isOn) expect(told).toBe('committed');
  const { error } = again;
  const result = error !== undefined && 'code' in error ? error.code : again.value?.result;
  if (isOn) expect(result).toBe('changed');
  else expect(['rolled-back', 'failed', 'skipped', 'unknown-operation']).toContain(result);
  expect(machine.logged('turn.threw')).toEqual([]);
  // Its trial begins anew with a new life, and what was left of the wait for a confirmation goes on.
  const { confirmMs, minHealthyMs, gateMs } = shortRules;
  const waitMs = scenario.isGood ? confirmMs : gateMs;
  expect(tookMs).toBeLessThan(waitMs + 4 * minHealthyMs + 3_000);
  const oldStarts = scenario.first === undefined ? 0 : 1;
  const starts = machine.processes.lifetimes('web').length;
  const most = 3 + oldStarts;
  // There, back, and where the power went what ran by then; one that dies is started by its policy.
  if (!scenario.dies) expect(starts).toBeLessThanOrEqual(how === 'power' ? most + 2 : most);
};

const scenarios: Readonly<Record<string, Scenario>> = {
  'a good release that needs no confirmation': { ...base, args: ['no-confirm'] },
  'a good release that nobody confirms, the one who deployed being gone': base,
  'a good release that is confirmed': { ...base, confirms: true },
  'a release that is not well': { ...base, args: ['no-confirm'], isGood: false },
  'a release that dies again and again': { ...base, dies: true },
  'a first release that is not well': { ...base, first: undefined, isGood: false },
  'a first release that nobody confirms': { ...base, first: undefined },
};

const judged = (scenario: Scenario, steps: readonly number[], how: 'process' | 'power'): End => {
  const end = run(scenario, steps, how);
  try {
    judge(end, scenario, how);
  } catch (error) {
    const phases = end.machine.phases().join(' ');
    throw new Error(`killed after ${steps.join(' and ')} entries: ${phases}`, { cause: error });
  }
  return end;
};

describe.each(Object.entries(scenarios))('%s', (_name, scenario) => {
  it.each(['process', 'power'] as const)('survives the death of the %s at every step', (how) => {
    let step = 1;
    while (judged(scenario, [step], how).wasKilled) step += 1;
    // As many as there are phases, and the records of processes and wishes between them.
    expect(step).toBeGreaterThan(8);
  });
  it('survives a second death in the middle of going on after the first', () => {
    for (let first = 2; first <= 14; first += 3)
      for (let second = 1; second <= 6; second += 1) judged(scenario, [first, second], 'process');
  });
  it('comes to its end where nobody dies', () => {
    const { machine } = judged(scenario, [Infinity], 'process');
    const isWell = scenario.isGood && !scenario.dies;
    const isKept = isWell && (scenario.confirms || scenario.args.includes('no-confirm'));
    expect(machine.record().current === two.digest).toBe(isKept);
  });
});
