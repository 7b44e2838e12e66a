/**
 * One seeded fleet under everything that can befall it (fleet-faults.ts), and the nine judges:
 *
 *     told      what an operator was told is on the disk of the machine that it was told of
 *     wish      once healed, what runs is what the disks wish for
 *     double    a service never has two processes
 *     repeat    once healed, nobody is in doubt who is asked again under the same id, and what was
 *               told to a repeat is told to the next one
 *     kept      what was told as done is what every later repeat is told, whoever died meanwhile
 *     order     what was told as done is not undone by an older command, whoever tries that again (fleet-order.ts)
 *     once      an action of a service's own is begun once for each time that somebody asks for it
 *     view      nobody is told that a service runs which has not run for longer than news can take;
 *               once healed, who watches sees what is, and has asked for nothing
 *     settle    every command is answered, by its deadline, and nothing is left on a wire or in a table
 *
 * Phase 1 breaks things at random; phase 2 heals everything and looks. All of it comes from the
 * seed.
 */
import type { World } from '@bellwether/actors';
import type { Entry, Outcome, Row } from '@bellwether/shepherd';
import { Views } from './fleet-views.ts';
import { Faults } from './fleet-faults.ts';
import { isOpposite, Order } from './fleet-order.ts';
import type { FleetNode, Operator } from './fleet-node.ts';
import { tellStory, type Story } from './fleet-story.ts';
import type { Asked } from './shepherd-machine.ts';

/** How a seed is run. */
export interface ChaosOptions {
  /** The part of all turns that is made to throw in phase 1. */
  readonly faultRate: number;
  readonly rounds?: number;
}
/** What a seed did, for those who wonder whether it did anything. */
export interface ChaosReport {
  readonly results: ReadonlyMap<string, number>;
  readonly stepCount: number;
  /** How often each fault struck. */
  readonly faults: ReadonlyMap<string, number>;
  /** How many views were judged that said of a service that it runs. */
  readonly viewCount: number;
  /** Pushes to who watches the controller. */
  readonly pushCount: number;
  readonly processCount: number;
}
/** A judge has spoken. */
export class Verdict extends Error {
  constructor(seed: number, words: string) {
    super(`seed ${seed}: ${words}`);
    this.name = 'Verdict';
  }
}

/** A wish on a disk, and when it came there. */
interface Written {
  readonly at: number;
  readonly isWanted: boolean;
}
interface Command {
  readonly id: string;
  readonly action: string;
  readonly member: string;
  readonly node: FleetNode;
  /** When this id was used first: a repeat is answered with what became of that. */
  readonly firstAt: number;
  readonly issuedAt: number;
  readonly deadlineMs: number;
  /** How long its node had stood still when it was issued. */
  readonly asleepMs: number;
  readonly asked: Asked<Outcome>;
}

/** One command in so many waits for machines that are away, and for how long. */
const queuedEach = 3;
const queueMs = 60_000;
const fleetName = 'web-server-fleet';
/** An action that is not to be done twice; it tells its id as its argument. */
const ownAction = 'reload-config';
const actionsOf = (member: string): readonly string[] => [
  'start',
  'stop',
  'restart',
  ...(member === 'networking' ? [] : [ownAction]),
];
/** What the last ping of a quiet session leaves in a table until something goes along with its garbage. */
const lastPingCount = 1;
/** How long the operator's router waits for a peer's hello. */
const dialMs = 10_000;
/** How long commands may be under way after everything works again: what they had, and what their answers take. */
const settleMs = 30_000;
/**
 * How long a view may be wrong after that. Nobody waits until a dead session is severed for its silence (195 s): who
 * misses two heartbeats asks anew, and is in doubt after 1 s. 16 s for one line (test/fleet/dead-line.test.ts); several
 * may be dead here, with a controller in between that redials.
 */
const viewMs = 55_000;
/** How many ids are used again once all is well. */
const repeatCount = 6;
/** Deadlines that commands get: some too short for a slow disk, some longer than most cuts. */
const deadlinesMs: readonly number[] = [500, 2_000, 20_000];
/**
 * How long after its deadline a command may be answered: two ways over the slowest wire and a slow
 * disk.
 */
const graceMs = 2_000;
/** How long a look at the clock takes at the most, in every third seed. */
const readingMs = 0.1;

/** Runs one seed. @throws Verdict */
export const runChaos = (seed: number, options: ChaosOptions): ChaosReport => {
  const hosts = seed % 2 === 0 ? ['A', 'B'] : ['A', 'B', 'D'];
  const story = tellStory(seed, { hosts });
  const chaos = new Chaos(story, options);
  for (let round = 0; round < (options.rounds ?? 30); round += 1) chaos.round();
  chaos.heal();
  chaos.judgeView();
  chaos.judgeRepeats();
  chaos.judgeOrder();
  chaos.judgeWishes();
  chaos.judgeLast();
  chaos.judgeLeftovers();
  return chaos.report();
};

class Chaos {
  readonly #story: Story;
  readonly #world: World;
  readonly #nodes: readonly FleetNode[];
  readonly #options: ChaosOptions;
  readonly #open = new Set<Command>();
  readonly #results = new Map<string, number>();
  readonly #faults: Faults;
  readonly #views: Views;
  readonly #order: Order;
  readonly #wishes = new Map<FleetNode, { seen: number; readonly written: Written[] }>();
  readonly #operator: Operator;
  #commandCount = 0;
  #begunAtStep: number;
  /** Ids that may be used again, with what they mean. */
  readonly #used: Pick<Command, 'id' | 'action' | 'member' | 'node' | 'firstAt'>[] = [];
  /** By id and member: that it was done, and in which words. */
  readonly #done = new Map<string, Row['result']>();
  /** By id: how often it was asked for. */
  readonly #issued = new Map<string, number>();

  constructor(story: Story, options: ChaosOptions) {
    this.#story = story;
    this.#world = story.world;
    this.#faults = new Faults(story);
    this.#views = new Views(story, (words) => this.#say(words));
    this.#order = new Order(story, (words) => this.#say(words));
    this.#nodes = this.#faults.nodes;
    this.#options = options;
    this.#operator = story.operator;
    this.#begunAtStep = story.world.stepCount;
    for (const node of story.hosts) this.#wishes.set(node, { seen: 0, written: [] });
    for (const { machine } of this.#nodes) {
      machine.faultRate = options.faultRate;
      machine.time.readingMs = this.#world.seed % 3 === 2 ? readingMs : 0;
    }
  }

  /** Some time, and something that goes wrong or is asked for. */
  round(): void {
    const world = this.#world;
    // Now and then for so long that what was known is not known any more.
    this.#runFor(world.random() * (world.random() < 0.08 ? 15_000 : 400));
    const dice = world.random();
    if (dice < 0.22) this.#burst(this.#story.c, fleetName);
    else if (dice < 0.35) this.#burst(world.pick(this.#story.hosts), 'web-server');
    else if (dice < 0.39) this.#burst(world.pick(this.#story.hosts), 'networking');
    else if (dice < 0.45) this.#repeat();
    else if (dice < 0.52) this.#views.ask();
    else this.#faults.strike();
    for (const { machine } of this.#nodes)
      if (machine.processes.doubled.length > 0)
        this.#say(`two processes of one service: ${machine.processes.doubled.join('; ')}`);
    this.#judgeOnce();
  }

  /** Everything works again, and time passes until nothing moves. */
  heal(): void {
    this.#faults.heal();
    const untilMs = this.#world.now + settleMs;
    // Whom the operator was dialling when it lost power keeps him waiting for so long.
    this.#runFor(dialMs);
    while (this.#open.size > 0 && this.#world.now < untilMs) this.#runFor(5_000);
    if (this.#options.faultRate > 0) {
      // A request that was made to throw was told to its sender as failed, and its wish may stand
      // on the disk all the same. What makes that true again is what an operator would do: a
      // restart of the daemon.
      for (const node of this.#nodes) node.crash();
      this.#faults.bootAll();
      this.#runFor(10_000);
    }
    // Each `herd` is a process and a session of its own: none has one to a machine that was switched off.
    for (const session of this.#operator.router.sessions()) session.abort('herd has ended');
    this.#runFor(1_000);
    if (this.#open.size > 0)
      this.#say(`unsettled: ${[...this.#open].map((each) => wordsOf(each)).join('; ')}`);
  }

  /** Who watches sees what is, by itself. */
  judgeView(): void {
    const untilMs = this.#world.now + viewMs;
    while (this.#views.untruth !== undefined && this.#world.now < untilMs) this.#runFor(100);
    const { untruth } = this.#views;
    if (untruth !== undefined) this.#say(`healed, after ${viewMs} ms more: ${untruth}`);
  }

  /**
   * Whoever was left in doubt asks again under the same id, and is told what really is: everybody can
   * be reached now, and what they are told is judged as always. A later repeat is told the same.
   */
  judgeRepeats(): void {
    this.#judgeOnce();
    for (const before of this.#used.slice(-repeatCount)) {
      const first = this.#answered(this.#issue({ ...before, deadlineMs: 20_000 }), 5_000);
      const second = this.#answered(this.#issue({ ...before, deadlineMs: 20_000 }), 5_000);
      const told = first.asked.value;
      if (told === undefined && first.asked.error === undefined)
        this.#say(`healed, not answered: ${wordsOf(first)}`);
      const doubts = told === undefined ? [] : [told, ...told.rows].filter(isInDoubt);
      if (doubts.length > 0)
        this.#say(`healed, still in doubt: ${wordsOf(first)}: ${JSON.stringify(doubts)}`);
      if (JSON.stringify(told) !== JSON.stringify(second.asked.value))
        this.#say(`told two things: ${wordsOf(first)}: ${JSON.stringify([told, second.asked])}`);
    }
    this.#runFor(5_000);
  }
  /** A controller that has begun afresh still knows which of two commands is the newer one, whichever is tried again. */
  judgeOrder(): void {
    const { c } = this.#story;
    const action = this.#world.pick(['start', 'stop']);
    this.#answered(this.#issue({ action, member: fleetName, node: c, deadlineMs: 20_000 }), 30_000);
    c.crash();
    this.#faults.bootAll();
    this.#runFor(10_000);
    const others = this.#used.filter(
      (each) => each.member === fleetName && isOpposite(each.action, action),
    );
    for (const before of new Map(others.map((each) => [each.id, each])).values())
      this.#answered(this.#issue({ ...before, deadlineMs: 20_000 }), 30_000);
    this.#runFor(1_000);
  }
  /** What runs is what the disk wishes for. */
  judgeWishes(): void {
    for (const node of this.#story.hosts) {
      const isWanted = this.#written(node).at(-1)?.isWanted ?? false;
      const count = node.machine.processes.living('web-server').length;
      if (count !== (isWanted ? 1 : 0))
        this.#say(`${node.name}: the disk wishes ${String(isWanted)}, ${count} processes run`);
    }
  }
  /** A healed fleet does as it is told. */
  judgeLast(): void {
    for (const [action, count] of [
      ['start', 1],
      ['stop', 0],
    ] as const) {
      const command = this.#issue({
        action,
        member: fleetName,
        node: this.#story.c,
        deadlineMs: 20_000,
      });
      this.#answered(command, 30_000);
      const result = command.asked.value?.result ?? String(command.asked.error);
      if (result !== 'ok' && result !== 'changed')
        this.#say(`healed, ${action}: ${JSON.stringify(command.asked.value ?? result)}`);
      for (const { name, machine } of this.#story.hosts)
        if (machine.processes.living('web-server').length !== count)
          this.#say(`healed, ${action}: ${name} has not done it`);
      this.judgeView();
    }
  }
  /**
   * Once nobody holds anything any more, no table has an entry, no daemon a question, and time
   * stands still.
   */
  judgeLeftovers(): void {
    // A controller that has nothing elsewhere any more watches nobody, and those see that it does not.
    const { operator, c } = this.#story;
    c.config = {};
    const reloaded = operator.ask(c, (turn, root) =>
      turn.send(root, 'reload', false, operator.printer(turn)),
    );
    this.#runFor(5_000);
    if (reloaded.value === undefined) this.#say(`not reloaded: ${String(reloaded.error)}`);
    const routers = [this.#operator, ...this.#nodes].map((each) => {
      if (each.router === undefined) return this.#say('a daemon is down that should be up');
      return { router: each.router, reaper: each.reaper };
    });
    // A little garbage waits for something to go along with: 151 s, where no ping comes before (ocapn's outbox).
    for (let round = 0; round < 3; round += 1) {
      for (const { reaper } of routers) reaper.collectAll();
      this.#runFor(152_000);
    }
    const leftIn = () =>
      routers
        .flatMap(({ router }) => router.sessions().map(({ tables }) => tables))
        .find(
          (tables) =>
            tables.questions > 0 || Object.values(tables).some((count) => count > lastPingCount),
        );
    // A ping may be in the air just now.
    if (leftIn() !== undefined) this.#runFor(5_000);
    const left = leftIn();
    if (left !== undefined) this.#say(`entries are left in a table: ${JSON.stringify(left)}`);
    for (const { router } of routers) router.close();
    this.#world.run();
  }
  report(): ChaosReport {
    const queued = this.#story.c.machine.logged('operation.queued').length;
    return {
      results: new Map([...this.#results, ['queued', queued]]),
      stepCount: this.#world.stepCount - this.#begunAtStep,
      faults: this.#faults.counts,
      viewCount: this.#views.runningCount,
      pushCount: this.#views.pushCount,
      processCount: this.#story.hosts.reduce(
        (sum, { machine }) => sum + machine.processes.started.length,
        0,
      ),
    };
  }

  #say(words: string): never {
    throw new Verdict(this.#world.seed, words);
  }
  /** Runs the world until a command is answered, for so long at most. */
  #answered(command: Command, mostMs: number): Command {
    const untilMs = this.#world.now + mostMs;
    while (this.#open.has(command) && this.#world.now < untilMs) this.#runFor(100);
    return command;
  }
  /** Runs the world and looks at every command the moment that it is answered. */
  #runFor(ms: number): void {
    const untilMs = this.#world.now + ms;
    while (this.#world.now < untilMs) {
      this.#world.run(Math.min(untilMs, this.#world.now + 100));
      this.#note();
      this.#order.judge();
      for (const command of this.#open) this.#look(command);
      this.#views.judge();
    }
  }
  #look(command: Command): void {
    const { issuedAt, deadlineMs, asleepMs, node } = command;
    const { value, error } = command.asked;
    if (value === undefined && error === undefined) {
      // A daemon that stands still keeps no deadline.
      const excusedMs = node.machine.time.asleepMs - asleepMs;
      if (this.#world.now <= issuedAt + deadlineMs + graceMs + excusedMs) return;
      // Nobody tells of a loss of power, not even whoever was dialling; `herd` has a deadline of its own.
      if (node.lostPowerAtMs < issuedAt - dialMs)
        this.#say(`not answered by its deadline: ${wordsOf(command)}`);
    }
    this.#open.delete(command);
    const key = value?.result ?? `error`;
    this.#results.set(key, (this.#results.get(key) ?? 0) + 1);
    if (value === undefined) return;
    this.#judgeTold(command, value);
    this.#judgeKept(command, value);
    if (command.member === fleetName) this.#order.told(command.id, command.action, value);
  }
  /** A repeat may find more done than was done before, and nothing that was done undone. */
  #judgeKept(command: Command, outcome: Outcome): void {
    for (const { member, result } of outcome.rows.length === 0 ? [outcome] : outcome.rows) {
      const key = `${command.node.name} ${command.id} ${member}`;
      const before = this.#done.get(key);
      // A controller that died may have to ask a member again, who cannot be heard just now.
      if (isInDoubt({ member, result })) continue;
      if (before !== undefined && result !== before)
        this.#say(`${member} was told ${before}, then ${result}: ${wordsOf(command)}`);
      if (result === 'ok' || result === 'changed') this.#done.set(key, result);
    }
  }
  #judgeOnce(): void {
    for (const { name, machine } of this.#story.hosts) {
      const counts = new Map<string, number>();
      for (const [, id = ''] of machine.processes.commanded)
        counts.set(id, (counts.get(id) ?? 0) + 1);
      for (const [id, count] of counts)
        if (count > (this.#issued.get(id) ?? 0))
          this.#say(`${name}: ${id} was done ${count} times`);
    }
  }

  /** Notes wishes as they come to the disks. */
  #note(): void {
    for (const [{ machine }, log] of this.#wishes) {
      const { entries, syncedCount } = machine.disk;
      for (; log.seen < syncedCount; log.seen += 1) {
        const entry = entries[log.seen] as Entry;
        if (entry.kind !== 'desired' || entry.service !== 'web-server') continue;
        log.written.push({ at: this.#world.now, isWanted: entry.isWanted });
      }
    }
  }
  #written(node: FleetNode): readonly Written[] {
    return this.#wishes.get(node)?.written ?? [];
  }
  #judgeTold(command: Command, outcome: Outcome): void {
    const { member } = command;
    if (member === fleetName)
      for (const row of outcome.rows) {
        const host = this.#story.hosts.find(
          ({ name }) => row.member === `web-server-${name.toLowerCase()}`,
        );
        if (host !== undefined) this.#judgeRow(command, host, row);
        // By its deadline a shepherd also tells of steps that are no members: those promise
        // nothing.
        else if (row.result !== 'timed-out') this.#say(`a row of nobody: ${row.member}`);
      }
    else if (member === 'web-server') this.#judgeRow(command, command.node, outcome);
  }
  /**
   * A start or stop that was told as done stood on the disk at some time since it was asked for.
   */
  #judgeRow(command: Command, host: FleetNode, row: Row): void {
    if (row.result !== 'ok' && row.result !== 'changed') return;
    if (command.action === ownAction) return;
    const isWanted = command.action !== 'stop';
    const written = this.#written(host);
    // Times are those of the look, at most 100 ms late.
    const before = written.findLast(({ at }) => at <= command.firstAt);
    const since = written.filter(({ at }) => at > command.firstAt - 100);
    const held = before?.isWanted === isWanted || (before === undefined && !isWanted);
    if (!held && !since.some((each) => each.isWanted === isWanted))
      this.#say(`${host.name} was told ${row.result}, its disk does not know: ${wordsOf(command)}`);
    if (row.pid === undefined || row.result !== 'changed' || !isWanted) return;
    const isKnown = host.machine.disk.synced.some((entry) => {
      const one = entry as Entry;
      return one.kind === 'running' && one.running.pid === row.pid;
    });
    if (!isKnown) this.#say(`${host.name}: process ${row.pid} is told and not on the disk`);
  }

  #burst(node: FleetNode, member: string): void {
    const { world } = this.#story;
    for (let count = 1 + Math.floor(world.random() * 3); count > 0; count -= 1)
      this.#issue({ action: world.pick(actionsOf(member)), member, node });
  }
  #repeat(): void {
    if (this.#used.length === 0) return;
    const { id, firstAt, action, member, node } = this.#world.pick(this.#used);
    this.#issue({ id, firstAt, action, member, node });
  }
  #issue(
    what: Pick<Command, 'action' | 'member' | 'node'> &
      Partial<Pick<Command, 'id' | 'firstAt' | 'deadlineMs'>>,
  ): Command {
    this.#commandCount += 1;
    const issuedAt = this.#world.now;
    const { id = `op-${this.#commandCount}`, firstAt = issuedAt, action, member, node } = what;
    const deadlineMs = what.deadlineMs ?? this.#world.pick(deadlinesMs);
    const args = action === ownAction ? [id] : [];
    // Not drawn: what else a seed does stays as it was.
    const isQueued = this.#commandCount % queuedEach === 0;
    const given = { operation: id, remainingMs: deadlineMs, args, ...(isQueued && { queueMs }) };
    this.#issued.set(id, (this.#issued.get(id) ?? 0) + 1);
    const asked = this.#operator.herd(node, action, member, given);
    const { asleepMs } = node.machine.time;
    const meant = { id, firstAt, action, member, node };
    const command = { ...meant, issuedAt, deadlineMs, asleepMs, asked };
    this.#open.add(command);
    this.#used.push(command);
    return command;
  }
}

const isInDoubt = ({ result }: Row): boolean => result === 'timed-out' || result === 'unknown';
const wordsOf = ({ id, action, member, node, issuedAt }: Command): string =>
  `${id} (${action} ${member} at ${node.name}, issued at ${Math.round(issuedAt)} ms)`;
