/**
 * Looks at what a controller shows of its members, in every way that there is, and judges it: who is shown as running
 * has run within the time that news may take. Better unknown than a stale `running`.
 *
 *     probed    as old as it says, and what a probe may take
 *     pushed    two heartbeats of the member and what news may take
 *     held      the same, and two heartbeats of the controller itself; then whoever watches knows that he does not know
 */
import type { Bcom, Behavior, Turn } from '@bellwether/actors';
import { FLEET_LIMITS } from '@bellwether/fleet';
import type { Observer, Status } from '@bellwether/shepherd';
import type { FleetNode } from './fleet-node.ts';
import type { Story } from './fleet-story.ts';
import type { Asked } from './shepherd-machine.ts';

/** A probe's patience, milliseconds. */
const probeMs = 1_000;
/** How long an answer may take that is on its way: a probe's patience, a slow commit, the slowest wire. */
const newsMs = probeMs + 500;
const { heartbeatMs, missedHeartbeatCount } = FLEET_LIMITS;
/** How old what is pushed may be. */
const pushedMs = missedHeartbeatCount * heartbeatMs + FLEET_LIMITS.newsMs + newsMs;
/** How long what was pushed counts where nothing is pushed any more. */
const silenceMs = missedHeartbeatCount * heartbeatMs + newsMs;

/** What is shown of one service elsewhere. */
interface Shown {
  readonly name: string;
  readonly stage: string;
  /** Absent: never heard of, and so never running. */
  readonly ageMs?: number | undefined;
}
/** One watching of the controller, from its first push to its last. */
interface Watching {
  readonly lifeNumber: number;
  heardAtMs: number;
  sequence: number;
  readonly held: Map<string, Shown>;
}

const makeObserver = (
  _turn: Turn<Observer>,
  _bcom: Bcom<Observer>,
  told: (sequence: number, statuses: readonly Status[]) => void,
): Behavior<Observer> => ({
  observed: (turn, sequence, statuses) => turn.effect(() => told(sequence, statuses)),
});

/** Everything that a controller has shown, judged as it comes. */
export class Views {
  /** How many times something was shown as running. */
  runningCount = 0;
  /** Pushes that came. */
  pushCount = 0;
  readonly #story: Story;
  readonly #say: (words: string) => never;
  readonly #open = new Set<Asked<readonly Status[]>>();
  #watching: Watching | undefined = undefined;
  /** What a push was found guilty of. */
  #verdict: unknown = undefined;

  constructor(story: Story, say: (words: string) => never) {
    this.#story = story;
    this.#say = say;
  }
  /** Asks the controller for everything that it knows, live. */
  ask(): void {
    const { operator, c } = this.#story;
    this.#open.add(operator.ask(c, (turn, root) => turn.send(root, 'status', [], probeMs)));
  }
  /** Judges what has been shown since the last time, and watches on; to be called at least every 100 ms. */
  judge(): void {
    if (this.#verdict !== undefined) throw this.#verdict as Error;
    for (const asked of this.#open) {
      if (asked.value === undefined && asked.error === undefined) continue;
      this.#open.delete(asked);
      for (const shown of (asked.value ?? []).flatMap(membersIn))
        this.#judgeShown(shown, 'probed', newsMs + (shown.ageMs ?? 0));
    }
    const watching = this.#watching;
    if (watching !== undefined && this.#isHeard(watching))
      for (const shown of watching.held.values())
        this.#judgeShown(shown, 'held', pushedMs + silenceMs);
    else this.#watch();
  }
  /** What the view of a healed fleet says wrongly; undefined where all of it is true. */
  get untruth(): string | undefined {
    const watching = this.#watching;
    if (watching === undefined || !this.#isHeard(watching)) return 'nobody watches';
    for (const { name, machine } of this.#story.hosts) {
      const shown = watching.held.get(exportedName(name));
      const stage = machine.processes.living('web-server').length > 0 ? 'running' : 'stopped';
      if (shown?.stage !== stage) return `${name}: ${stage}, shown as ${shown?.stage ?? 'nothing'}`;
    }
    return undefined;
  }

  /** Whether what it holds is still worth something: the controller lives, and pushes. */
  #isHeard({ lifeNumber, heardAtMs }: Watching): boolean {
    const { c, world } = this.#story;
    return c.machine.lifeNumber === lifeNumber && world.now - heardAtMs <= silenceMs;
  }
  #watch(): void {
    const { operator, c, world } = this.#story;
    // What still comes of the one before may have waited in a wire, and counts for nobody, also while its daemon is down.
    this.#watching = undefined;
    if (c.admin === undefined) return;
    const { lifeNumber } = c.machine;
    const watching: Watching = { lifeNumber, heardAtMs: world.now, sequence: -1, held: new Map() };
    this.#watching = watching;
    const told = (sequence: number, statuses: readonly Status[]): void => {
      if (this.#watching !== watching) return;
      try {
        this.#pushed(watching, sequence, statuses);
      } catch (verdict) {
        this.#verdict ??= verdict; // thrown here it would be a bug of the operator's vat
      }
    };
    operator.ask(c, (turn, root) =>
      turn.send(root, 'watch', [], turn.spawn(makeObserver, told), heartbeatMs),
    );
  }
  #pushed(watching: Watching, sequence: number, statuses: readonly Status[]): void {
    this.pushCount += 1;
    if (sequence !== watching.sequence + 1)
      this.#say(`push ${sequence} came after ${watching.sequence}`);
    watching.sequence = sequence;
    watching.heardAtMs = this.#story.world.now;
    for (const status of statuses) {
      for (const shown of membersIn(status)) this.#judgeShown(shown, 'pushed', pushedMs);
      const [name = ''] = status.provision;
      watching.held.set(name, { name, stage: status.stage, ageMs: status.ageMs });
    }
  }

  #judgeShown({ name, stage, ageMs }: Shown, how: string, mostMs: number): void {
    const host = this.#story.hosts.find((each) => name === exportedName(each.name));
    if (host === undefined || stage !== 'running') return;
    this.runningCount += 1;
    const sinceMs = this.#story.world.now - mostMs;
    // A daemon that has just woken says first what it knew when it fell asleep.
    if (wokeSince(host, sinceMs) || wokeSince(this.#story.c, sinceMs)) return;
    const lifetimes = host.machine.processes.lifetimes('web-server');
    if (lifetimes.some(({ toMs }) => toMs >= sinceMs)) return;
    const lastMs = Math.max(...lifetimes.map(({ toMs }) => toMs));
    this.#say(
      `${name} is ${how} as running at ${this.#story.world.now} ms, ${ageMs ?? '?'} ms old; it ended at ${lastMs} ms`,
    );
  }
}

const exportedName = (host: string): string => `web-server-${host.toLowerCase()}`;

const membersIn = (status: Status): readonly Shown[] => [
  ...('members' in status ? (status.members ?? []) : []),
  { name: status.provision[0] ?? '', stage: status.stage, ageMs: status.ageMs },
];

const wokeSince = ({ machine: { time } }: FleetNode, sinceMs: number): boolean =>
  time.asleepMs > 0 && time.wokenAtMs >= sinceMs;
