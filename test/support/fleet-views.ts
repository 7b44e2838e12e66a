/**
 * Looks at what a controller shows of its members, and judges it: who is shown as running has run within the time
 * that news may take. Better unknown than a stale `running`.
 */
import type { Status } from '@bellwether/shepherd';
import type { FleetNode } from './fleet-node.ts';
import type { Story } from './fleet-story.ts';
import type { Asked } from './shepherd-machine.ts';

/** A probe's patience, milliseconds. */
const probeMs = 1_000;
/** How long news of a member may take: a probe's patience, a slow commit, the slowest wire. */
const newsMs = probeMs + 500;

/** What is shown of one service elsewhere. */
interface Shown {
  readonly name: string;
  readonly stage: string;
  readonly ageMs?: number;
}

/** Everything that a controller has shown, judged as it comes. */
export class Views {
  /** How many times something was shown as running. */
  runningCount = 0;
  readonly #story: Story;
  readonly #say: (words: string) => never;
  readonly #open = new Set<Asked<readonly Status[]>>();

  constructor(story: Story, say: (words: string) => never) {
    this.#story = story;
    this.#say = say;
  }
  /** Asks the controller for everything that it knows, live. */
  ask(): void {
    const { operator, c } = this.#story;
    this.#open.add(operator.ask(c, (turn, root) => turn.send(root, 'status', [], probeMs)));
  }
  /** Judges what has been shown since the last time; to be called at least every 100 ms. */
  judge(): void {
    for (const asked of this.#open) {
      if (asked.value === undefined && asked.error === undefined) continue;
      this.#open.delete(asked);
      for (const shown of (asked.value ?? []).flatMap(membersIn)) this.#judgeShown(shown);
    }
  }

  #judgeShown({ name, stage, ageMs = 0 }: Shown): void {
    const host = this.#story.hosts.find((each) => name === `web-server-${each.name.toLowerCase()}`);
    if (host === undefined || stage !== 'running') return;
    this.runningCount += 1;
    const { now } = this.#story.world;
    const sinceMs = now - newsMs - ageMs;
    // A daemon that has just woken says first what it knew when it fell asleep.
    if (wokeSince(host, sinceMs) || wokeSince(this.#story.c, sinceMs)) return;
    const lifetimes = host.machine.processes.lifetimes('web-server');
    if (!lifetimes.some(({ toMs }) => toMs >= sinceMs))
      this.#say(`${name} is shown as running, ${ageMs} ms old, and has not run since ${sinceMs}`);
  }
}

const membersIn = (status: Status): readonly Shown[] => [
  ...('members' in status ? (status.members ?? []) : []),
  { ...status, name: status.provision[0] ?? '' },
];

const wokeSince = ({ machine: { time } }: FleetNode, sinceMs: number): boolean =>
  time.asleepMs > 0 && time.wokenAtMs >= sinceMs;
