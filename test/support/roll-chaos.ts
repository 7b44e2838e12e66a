/**
 * One seeded fleet of slots that gets good and bad releases batch by batch, under everything that can befall it
 * (fleet-faults.ts), and the judges:
 *
 *     budget    no more members are about one roll at a moment than may be unavailable, but for those that served nobody
 *     failed    once more have gone back than may fail, nobody begins but those who had been asked by then
 *     once      a member begins a roll once for each time that somebody asks for that
 *     true      what is told of a member is what its own record says: changed, gone back, never begun
 *     double    a slot never has two processes
 *     rest      once healed, nothing is under way, what runs is what the record names, and a good release gets to all
 *
 * Phase 1 breaks things at random, one roll after the other; phase 2 heals everything and looks. All of it comes from
 * the seed.
 */
import type { SlotEntry, SlotRecord } from '@bellwether/deploy';
import type { Outcome, Row, Rolling } from '@bellwether/shepherd';
import { termsOf } from '../../packages/shepherd/src/operation/plan/rolling.ts';
import { Verdict } from './fleet-chaos.ts';
import { Faults } from './fleet-faults.ts';
import type { Asked } from './shepherd-machine.ts';
import { SlotFleet, type SlotMember } from './slot-fleet.ts';
import { release, shortRules } from './slot-machine.ts';

const memberCount = 5;
/** Milliseconds between two looks: shorter than any way to a machine and back. */
const lookMs = 10;
const first = release('1');
/** The checks of `2` fail, the program of `4` cannot be run. */
const all = ['2', '3', '4', '5'].map((version) => release(version));
const [, , dying] = all;

/** What a seed did, for those who wonder whether it did anything. */
export interface RollReport {
  readonly results: ReadonlyMap<string, number>;
  readonly faults: ReadonlyMap<string, number>;
  /** Rolls of which some members were left alone, and some not. */
  readonly partCount: number;
  readonly beginCount: number;
}

/** Runs one seed. @throws Verdict */
export const runRollChaos = (seed: number, rounds = 60): RollReport => {
  const chaos = new RollChaos(seed);
  for (let round = 0; round < rounds; round += 1) chaos.round();
  chaos.heal();
  chaos.judgeRest();
  return chaos.report;
};

/** One roll, and what has been seen of it so far. */
interface Roll {
  readonly id: string;
  readonly action: 'deploy' | 'rollback';
  readonly policy: Rolling;
  asked: Asked<Outcome>;
  askedCount: number;
  /** By member: how often it has begun it, and how it ended last. */
  readonly begins: Map<string, number>;
  readonly ends: Map<string, string>;
  /** How many had begun when more had gone back than may fail. */
  stoppedCount?: number;
}

class RollChaos {
  readonly #fleet: SlotFleet;
  readonly #faults: Faults;
  readonly #seen = new Map<string, { count: number; last: SlotRecord | undefined }>();
  readonly #rolls: Roll[] = [];
  readonly #results = new Map<string, number>();
  #partCount = 0;

  constructor(seed: number) {
    this.#fleet = new SlotFleet(seed, 'there', memberCount, { ...shortRules, keepCount: 20 });
    this.#faults = new Faults(this.#fleet, 'web');
    for (const { machine } of this.#fleet.hosts) {
      // A look at the clock takes time, in every third seed.
      machine.time.readingMs = seed % 3 === 2 ? 0.1 : 0;
      machine.probes.isReady = (url) => !url.endsWith('/2');
      machine.processes.behaves = ({ command: { cwd = '' } }) =>
        dying !== undefined && cwd.endsWith(dying.digest) ? { refusal: 'no program' } : undefined;
    }
    for (const made of [first, ...all]) {
      this.#fleet.bring(made);
      // Pinned, since what is staged and never run is kept of a few alone.
      for (const action of ['stage', 'pin'])
        this.#fleet.until(this.#fleet.act(action, [made.digest]), 10_000);
    }
    const begun = this.#fleet.act('deploy', [first.digest, 'no-confirm']);
    this.#fleet.until(begun, 60_000);
    if (begun.value?.result !== 'changed') this.#say(`not begun: ${JSON.stringify(begun)}`);
  }
  get report(): RollReport {
    return {
      results: this.#results,
      faults: this.#faults.counts,
      partCount: this.#partCount,
      beginCount: this.#rolls.reduce(
        (sum, { begins }) => sum + [...begins.values()].reduce((some, count) => some + count, 0),
        0,
      ),
    };
  }

  /** Some time, and something that goes wrong or is asked for. */
  round(): void {
    const { world } = this.#fleet;
    this.#runFor(world.random() * (world.random() < 0.1 ? 15_000 : 1_500));
    const dice = world.random();
    if (dice < 0.4) this.#faults.strike();
    else if (this.#isIdle) this.#roll();
    else if (dice < 0.45) this.#retry();
  }
  heal(): void {
    this.#faults.heal();
    // Longer than any gate, any wait to be confirmed, and any of the clocks' doubts about a session.
    this.#runFor(200_000);
  }
  judgeRest(): void {
    const { members, records, running } = this.#fleet;
    const open = this.#rolls.filter(({ asked }) => isOpen(asked));
    if (open.length > 0) this.#say(`healed, and not answered: ${open.map(({ id }) => id).join()}`);
    for (const [at, { name }] of members.entries()) {
      const { underway, current } = records[at] ?? {};
      if (underway !== undefined) this.#say(`healed, and ${name} is in ${underway.phase}`);
      const runs = running[at];
      if (runs !== '' && runs !== current) this.#say(`${name} runs ${runs}, not ${current}`);
    }
    for (const { node } of members) node.machine.time.wallShiftMs = 0;
    const good = all[1]?.digest ?? '';
    const asked = this.#fleet.act('activate', [good, 'no-confirm', 'accept-data-loss'], {
      rolling: { batch: 1, maxUnavailable: memberCount, maxFailed: memberCount },
    });
    this.#fleet.until(asked, 600_000);
    const rows = asked.value?.rows ?? [];
    if (rows.length === 0 || rows.some(({ result }) => result !== 'changed' && result !== 'ok'))
      this.#say(`healed, and no release gets to all: ${JSON.stringify(asked)}`);
    if (this.#fleet.records.some((record) => record?.current !== good))
      this.#say(`healed, and not all are at it`);
  }

  #say(words: string): never {
    throw new Verdict(this.#fleet.world.seed, words);
  }
  /** Whether nobody is about a roll any more, as far as the disks say. */
  get #isIdle(): boolean {
    return (
      this.#rolls.every(({ asked }) => !isOpen(asked)) &&
      [...this.#seen.values()].every(({ last }) => last?.underway === undefined)
    );
  }
  #roll(): void {
    const { world } = this.#fleet;
    const policy: Rolling = {
      batch: world.pick([1, 2, '50%', '100%']),
      ...(world.random() < 0.6 && { maxUnavailable: world.pick([1, 2]) }),
      maxFailed: world.pick([0, 0, 1, 2]),
      ...(world.random() < 0.3 && { pauseMs: 1_000 }),
      ...(world.random() < 0.4 && { canary: world.pick([1, 2]) }),
    };
    const action = world.random() < 0.8 ? 'deploy' : 'rollback';
    const args = action === 'rollback' ? [] : [world.pick(all).digest];
    const id = `roll-${this.#rolls.length + 1}`;
    const more = world.random() < 0.5 ? [] : ['no-confirm'];
    const asked = this.#fleet.act(action, action === 'rollback' ? args : [...args, ...more], {
      operation: id,
      rolling: policy,
      remainingMs: world.pick([20_000, 120_000]),
    });
    const [begins, ends] = [new Map<string, number>(), new Map<string, string>()];
    this.#rolls.push({ id, action, policy, asked, askedCount: 1, begins, ends });
  }
  /** The last one goes on. */
  #retry(): void {
    const roll = this.#rolls.at(-1);
    if (roll === undefined || !this.#isIdle) return;
    roll.askedCount += 1;
    roll.asked = this.#fleet.retry(roll.id);
  }

  #runFor(ms: number): void {
    const { world } = this.#fleet;
    const untilMs = world.now + ms;
    while (world.now < untilMs) {
      const isBefore = this.#rolls.filter(({ asked }) => isOpen(asked));
      world.run(Math.min(untilMs, world.now + lookMs));
      if (this.#note()) this.#judgeMoment();
      for (const roll of isBefore) if (!isOpen(roll.asked)) this.#judgeTold(roll);
    }
  }
  /** Reads on what the disks of the slots say; whether that is anything new. */
  #note(): boolean {
    let isNew = false;
    for (const { name, node, slot } of this.#fleet.members) {
      const known = this.#seen.get(name) ?? { count: 0, last: undefined };
      const entries = node.machine.disk.entries as readonly { readonly kind: string }[];
      if (entries.length === known.count) continue;
      isNew = true;
      // A disk that lost its power has fewer.
      if (entries.length < known.count) known.last = this.#fleet.recordOf(node, slot);
      for (const entry of entries.slice(Math.min(known.count, entries.length)))
        if (entry.kind === 'slot') known.last = this.#heed(name, known.last, entry as SlotEntry);
      this.#seen.set(name, { count: entries.length, last: known.last });
    }
    return isNew;
  }
  #heed(name: string, before: SlotRecord | undefined, now: SlotRecord): SlotRecord {
    const rollOf = (record: SlotRecord | undefined): Roll | undefined =>
      this.#rolls.find(({ id }) => record?.underway?.operation.startsWith(`${id}.`));
    const [was, is] = [rollOf(before), rollOf(now)];
    if (is !== undefined && is !== was) is.begins.set(name, (is.begins.get(name) ?? 0) + 1);
    if (was !== undefined && is === undefined) {
      const end = now.ended.findLast(({ operation }) => operation.startsWith(`${was.id}.`));
      if (end !== undefined) was.ends.set(name, end.result);
      // Who keeps a release is not ended by an error.
      else if (now.current === before?.underway?.target) was.ends.set(name, 'changed');
      const { maxFailed } = termsOf(was.policy, memberCount);
      const badCount = [...was.ends.values()].filter((each) => each.startsWith('roll')).length;
      if (badCount > maxFailed) was.stoppedCount ??= was.begins.size;
    }
    return now;
  }
  #judgeMoment(): void {
    for (const { node } of this.#fleet.members) {
      const { doubled } = node.machine.processes;
      if (doubled.length > 0) this.#say(`two processes of one slot: ${doubled.join('; ')}`);
    }
    for (const roll of this.#rolls) this.#judgeRoll(roll);
  }
  #judgeRoll({ id, policy, askedCount, begins, stoppedCount = Infinity }: Roll): void {
    const { maxUnavailable } = termsOf(policy, memberCount);
    const busy = this.#fleet.members.filter(({ name }) => {
      const { underway } = this.#seen.get(name)?.last ?? {};
      return underway?.operation.startsWith(`${id}.`) === true && underway.wasRunning === true;
    });
    if (busy.length > maxUnavailable)
      this.#say(`${id}: ${namesOf(busy)} at once, and ${maxUnavailable} may be unavailable`);
    for (const [name, count] of begins)
      if (count > askedCount) this.#say(`${id}: ${name} has begun it ${count} times`);
    // Those that had been asked already: no more than may be unavailable, with the one that went back among them.
    if (askedCount === 1 && begins.size > stoppedCount + maxUnavailable - 1)
      this.#say(`${id}: ${[...begins.keys()].join()} have begun it, the last ones in vain`);
  }

  #judgeTold(roll: Roll): void {
    const { value, error } = roll.asked;
    const key = value?.result ?? (error === undefined ? 'open' : 'error');
    this.#results.set(key, (this.#results.get(key) ?? 0) + 1);
    const rows = value?.rows ?? [];
    if (rows.some(isLeft) && rows.some((row) => !isLeft(row))) this.#partCount += 1;
    for (const row of rows) this.#judgeRow(roll, row);
  }
  /** What is told as certain is what its own disk says. */
  #judgeRow({ id, action, begins, ends }: Roll, { member, result }: Row): void {
    const count = begins.get(member) ?? 0;
    const end = ends.get(member);
    const words = `${id}, a ${action}: ${member} is told ${result}, begun ${count} times, ended ${end}`;
    // A rollback may be about a deploy that came late: then that ends, and nothing else begins.
    const isOfAnother = action === 'rollback' && count === 0;
    if (result === 'changed' && end !== 'changed' && !isOfAnother) this.#say(words);
    if (result === 'rolled-back' && end !== 'rolled-back') this.#say(words);
    if (result === 'rollback-failed' && end !== 'rollback-failed') this.#say(words);
    if (result === 'skipped' && count > 0) this.#say(words);
  }
}

const isOpen = ({ value, error }: Asked<Outcome>): boolean =>
  value === undefined && error === undefined;
const isLeft = ({ result }: Row): boolean => result === 'skipped';
const namesOf = (members: readonly SlotMember[]): string => members.map(({ name }) => name).join();
