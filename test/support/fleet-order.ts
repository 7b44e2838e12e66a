/**
 * The judge `order` of chaos: what an operator was told as done of a newer command of the controller is not undone by
 * an older one, whoever tries that again, in whatever life. Which of two is the newer one is told by the order in which
 * the controller's disk has them; what an older one has undone, by what the hosts' disks say of whose wishes they have.
 * Where a command newer than both wishes for what the older one does, it may be done by that one.
 */
import type { Entry, Outcome } from '@bellwether/shepherd';
import type { FleetNode } from './fleet-node.ts';
import type { Story } from './fleet-story.ts';

/** That a command was done at a host, as its operator was told. */
interface Told {
  readonly operation: string;
  readonly isWanted: boolean;
}
/** Whether an action wishes that its service runs; undefined: it wishes nothing. */
const wishIn = (action: string): boolean | undefined =>
  action === 'stop' ? false : action === 'start' || action === 'restart' ? true : undefined;

/** Whether one action wishes for what the other does not. */
export const isOpposite = (action: string, other: string): boolean => {
  const [one, two] = [wishIn(action), wishIn(other)];
  return one !== undefined && two !== undefined && one !== two;
};

/** Watches the disks of a fleet. */
export class Order {
  readonly #story: Story;
  readonly #say: (words: string) => never;
  readonly #hosts: ReadonlyMap<FleetNode, { seen: number; readonly told: Told[] }>;

  constructor(story: Story, say: (words: string) => never) {
    this.#story = story;
    this.#say = say;
    this.#hosts = new Map(story.hosts.map((host) => [host, { seen: 0, told: [] }]));
  }

  /** What came of a command of the controller, as somebody was told. */
  told(operation: string, action: string, { rows }: Outcome): void {
    const isWanted = wishIn(action);
    if (isWanted === undefined) return;
    for (const [{ name }, { told }] of this.#hosts)
      for (const { member, result } of rows)
        if (member === `web-server-${name.toLowerCase()}` && isDone(result))
          told.push({ operation, isWanted });
  }

  /** Looks at what has come to the disks of the hosts since. */
  judge(): void {
    for (const [{ name, machine }, log] of this.#hosts) {
      const { entries, syncedCount } = machine.disk;
      for (; log.seen < syncedCount; log.seen += 1) {
        const entry = entries[log.seen] as Entry;
        if (entry.kind !== 'desired' || entry.service !== 'web-server') continue;
        // An id of the controller's stands before the dot: see packages/fleet/src/exported/member-operation.ts.
        const [operation = '', digest] = entry.by?.operation.split('.') ?? [];
        if (digest !== undefined) this.#judge(name, operation, entry.isWanted, log.told);
      }
    }
  }
  #judge(host: string, older: string, isWanted: boolean, told: readonly Told[]): void {
    const order = this.#order();
    const placeOf = (operation: string): number =>
      order.findIndex((each) => each.operation === operation);
    const newer = told.findLast(
      (each) => each.isWanted !== isWanted && placeOf(each.operation) > placeOf(older),
    );
    if (newer === undefined) return;
    const place = placeOf(newer.operation);
    if (!order.some((each, at) => at > place && wishIn(each.action) === isWanted))
      this.#say(`${host}: ${older} has undone ${newer.operation}, which is newer and was done`);
  }
  /** The commands that the controller has taken on, the first first. */
  #order(): readonly { readonly operation: string; readonly action: string }[] {
    const taken = new Map<string, string>();
    for (const entry of this.#story.c.machine.disk.entries as readonly Entry[])
      if (entry.kind === 'accepted' && !taken.has(entry.operation))
        taken.set(entry.operation, entry.action);
    return [...taken].map(([operation, action]) => ({ operation, action }));
  }
}
const isDone = (result: string): boolean => result === 'ok' || result === 'changed';
