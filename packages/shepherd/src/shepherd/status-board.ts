/**
 * The `^status-board`: who is told when something changes that a status shows. Providers say only that
 * they were touched; what is told is read at the moment of the push, so that nothing piles up for a
 * slow reader: between two pushes there is one set of names, and the latest state wins.
 *
 *     flow \ event   touched     answered               gap is over        beat               push breaks
 *     idle           a push      -                      -                  a word, or a push  -
 *     unanswered     noted       → resting              -                  counted            over
 *     resting        noted       -                      → idle, or a push  a push             -
 *
 * Every push makes the flow unanswered. A beat is one timer for all watchings with the same interval, at
 * moments of the wall clock (beat-times.ts); it finds either credit, and sends what there is (or nothing:
 * a heartbeat), or an unanswered push, and
 * after `missedBeatCount` of those the watching is over. Whoever still wants to know misses the
 * heartbeats, and watches anew.
 *
 * A word is a heartbeat that nobody answers, so it uses no credit. No more than `toldBeatCount` of them
 * come in a row: it is by the answer to a push that a watching ends which is not wanted any more.
 *
 * An aggregate is touched with each of its members.
 */
import {
  Limit,
  type Bcom,
  type Behavior,
  type Clock,
  type JournalCell,
  type JournalMap,
  type Ref,
  type Turn,
} from '@bellwether/actors';
import { noRoomFor } from '../checks/shares.ts';
import { limits } from '../limits.ts';
import { unknownStatus } from '../words/vocabulary.ts';
import { beatIn } from './beat-times.ts';
import type {
  Chronicle,
  ServiceRegistry,
  Status,
  StatusBoard,
  Touches,
  Watching,
} from '../words/types.ts';

type Statuses = Pick<ServiceRegistry, 'lookup' | 'canonical' | 'names'>;
interface Flow {
  readonly at: 'idle' | 'unanswered' | 'resting';
  /** Of the next push. */
  readonly sequence: number;
  /** Beats since the last answer that found a push unanswered. */
  readonly missedCount: number;
  /** Beats since the last push that were told without one. */
  readonly toldCount: number;
}
interface Subscription extends Watching {
  readonly wants: (name: string) => boolean;
  /** Canonical names of what has changed since it was told last, oldest first. */
  readonly news: JournalMap<string, true>;
  readonly flow: JournalCell<Flow>;
}
interface Aggregation {
  readonly provision: readonly string[];
  readonly members: readonly string[];
}
/** What a board is made of. */
export interface BoardOptions {
  readonly registry: Ref<Statuses>;
  /** Hears of all that is touched. */
  readonly chronicle?: Ref<Chronicle>;
  readonly clock: Pick<Clock, 'wall'>;
  /** The name of this life of the daemon: when it beats goes by that. */
  readonly life: string;
}
interface Held extends BoardOptions {
  /** By number, oldest first. */
  readonly entries: JournalMap<number, Subscription>;
  readonly lastEntry: JournalCell<number>;
  /** The intervals that have a timer. */
  readonly beats: JournalMap<number, true>;
  readonly aggregates: JournalMap<string, Aggregation>;
  /** By the name of a member, as it is written: the aggregates that it is in. */
  readonly containers: JournalMap<string, readonly string[]>;
  /** The last names that were touched, by their numbers, while somebody asks for them. */
  readonly touches: JournalMap<number, string>;
  readonly touchCount: JournalCell<number>;
  /** The number at which somebody asked last; absent: nobody does. */
  readonly askedCount: JournalCell<number | undefined>;
}

/** Makes a board that nobody looks at yet, over the services of a registry. */
export const makeStatusBoard = (
  turn: Turn<StatusBoard>,
  _bcom: Bcom<StatusBoard>,
  options: BoardOptions,
): Behavior<StatusBoard> => {
  const held: Held = {
    ...options,
    entries: turn.map(),
    lastEntry: turn.cell(0),
    beats: turn.map(),
    aggregates: turn.map(),
    containers: turn.map(),
    touches: turn.map(),
    touchCount: turn.cell(0),
    askedCount: turn.cell<number | undefined>(undefined),
  };
  return {
    touched: (turn, provision, isHome = false) => {
      note(held, provision);
      touched(held, turn, provision, isHome);
    },
    touchedSince: (_turn, count) => touchedSince(held, count),
    contains: (turn, aggregate, members) => contains(held, turn, aggregate, members),
    watch: (turn, watching) => watch(held, turn, watching),
  };
};

const note = ({ touches, touchCount, askedCount }: Held, names: readonly string[]): void => {
  const asked = askedCount.get();
  if (asked === undefined) return;
  let count = touchCount.get();
  for (const name of names) {
    count += 1;
    touches.set(count, name);
    touches.delete(count - limits.touchedNameCount);
  }
  touchCount.set(count);
  if (count - asked <= limits.touchedNameCount) return;
  // Nobody asks any more. What is touched from now on has no number, so that all before is too long ago.
  askedCount.set(undefined);
  touchCount.set(count + limits.touchedNameCount);
  touches.clear();
};
const touchedSince = (
  { touches, touchCount, askedCount }: Held,
  before: number | undefined,
): Touches => {
  const count = touchCount.get();
  askedCount.set(count);
  if (before === undefined || count - before > touches.size) return { count };
  const names: string[] = [];
  for (let number = before + 1; number <= count; number += 1) {
    const name = touches.get(number);
    if (name !== undefined) names.push(name);
  }
  return { count, names };
};

const bounds = {
  each: limits.askerWatchingCount,
  origin: limits.originWatchingCount,
  grants: limits.grantWatchingCount,
  all: limits.watchingCount,
};
const watch = (held: Held, turn: Turn, watching: Watching): void => {
  const { names, heartbeatMs } = watching;
  const reason = noRoomFor(held.entries.values(), watching, bounds);
  if (reason !== undefined) throw new Limit(`watch: too many watchings: ${reason}`);
  const wanted = names && new Set(names);
  const entry: Subscription = {
    ...watching,
    wants: (name) => wanted?.has(name) ?? true,
    news: turn.map(),
    flow: turn.cell<Flow>({ at: 'idle', sequence: 0, missedCount: 0, toldCount: 0 }),
  };
  for (const name of wanted ?? turn.call(held.registry, 'names')) entry.news.set(name, true);
  const number = held.lastEntry.get() + 1;
  held.lastEntry.set(number);
  held.entries.set(number, entry);
  push(held, turn, number, entry);
  if (!held.beats.has(heartbeatMs)) beatLater(held, turn, heartbeatMs);
};

const touched = (held: Held, turn: Turn, provision: readonly string[], isHome: boolean): void => {
  const { chronicle } = held;
  if (held.entries.size === 0 && chronicle === undefined) return;
  const names = withContainers(held, provision);
  if (chronicle !== undefined)
    // It would look at the whole status of one at home, to find that it is none of its affair.
    for (const name of isHome ? names.slice(1) : names)
      turn.call(chronicle, held.aggregates.has(name) ? 'aggregate' : 'service', name);
  for (const [number, entry] of [...held.entries.entries()]) {
    const news = names.filter(entry.wants);
    for (const name of news) entry.news.set(name, true);
    if (news.length > 0 && entry.flow.get().at === 'idle') push(held, turn, number, entry);
  }
};

/** The canonical names of what was touched: the service itself, and what it is in, however deep. */
const withContainers = (held: Held, provision: readonly string[]): readonly string[] => {
  const found = new Set(provision.slice(0, 1));
  const names = [...provision];
  for (let name = names.pop(); name !== undefined; name = names.pop())
    for (const container of held.containers.get(name) ?? []) {
      if (found.has(container)) continue;
      found.add(container);
      names.push(...(held.aggregates.get(container)?.provision ?? []));
    }
  return [...found];
};

const contains = (
  held: Held,
  turn: Turn,
  provision: readonly string[],
  members: readonly string[],
): void => {
  const [aggregate = ''] = provision;
  for (const member of held.aggregates.get(aggregate)?.members ?? []) {
    const others = held.containers.get(member)?.filter((each) => each !== aggregate) ?? [];
    if (others.length > 0) held.containers.set(member, others);
    else held.containers.delete(member);
  }
  held.aggregates.set(aggregate, { provision, members });
  for (const member of new Set(members))
    held.containers.set(member, [...(held.containers.get(member) ?? []), aggregate]);
  touched(held, turn, provision, false);
};

/** Tells what there is to tell, or nothing. */
const push = (held: Held, turn: Turn, number: number, entry: Subscription): void => {
  const { sequence } = entry.flow.get();
  entry.flow.set({ at: 'unanswered', sequence: sequence + 1, missedCount: 0, toldCount: 0 });
  const names = [...entry.news.keys()].slice(0, limits.pushStatusCount);
  for (const name of names) entry.news.delete(name);
  const statuses = names.map((name) => statusOf(held, turn, name));
  turn.when(
    turn.send(entry.observer, 'observed', sequence, statuses),
    (turn) => answered(held, turn, number, entry),
    () => void held.entries.delete(number),
  );
};
const statusOf = ({ registry }: Held, turn: Turn, name: string): Status =>
  turn.call(registry, 'canonical', name) === undefined
    ? { ...unknownStatus(name, 'there is no such service any more'), isGone: true }
    : turn.call(turn.call(registry, 'lookup', name), 'status');

const answered = (held: Held, turn: Turn, number: number, entry: Subscription): void => {
  const flow = entry.flow.get();
  entry.flow.set({ ...flow, at: 'resting' });
  turn.after(limits.pushGapMs, (turn) => {
    const { at, sequence } = entry.flow.get();
    // A beat may have sent another push meanwhile.
    if (!held.entries.has(number) || at !== 'resting' || sequence !== flow.sequence) return;
    if (entry.news.size > 0) push(held, turn, number, entry);
    else entry.flow.set({ ...entry.flow.get(), at: 'idle' });
  });
};

const beatLater = (held: Held, turn: Turn, heartbeatMs: number): void => {
  held.beats.set(heartbeatMs, true);
  turn.after(beatIn(heartbeatMs, held.clock.wall(), held.life), (turn) => {
    const due = [...held.entries.entries()].filter(([, one]) => one.heartbeatMs === heartbeatMs);
    for (const [number, entry] of due) beat(held, turn, number, entry);
    if (due.length > 0) beatLater(held, turn, heartbeatMs);
    else held.beats.delete(heartbeatMs);
  });
};
const beat = (held: Held, turn: Turn, number: number, entry: Subscription): void => {
  const flow = entry.flow.get();
  const isToldOnly = flow.at === 'idle' && flow.toldCount < limits.toldBeatCount;
  if (isToldOnly && entry.news.size === 0) return tell(turn, entry);
  if (flow.at !== 'unanswered') return push(held, turn, number, entry);
  const missedCount = flow.missedCount + 1;
  if (missedCount >= limits.missedBeatCount) held.entries.delete(number);
  else entry.flow.set({ ...flow, missedCount });
};
/** Says that nothing has changed, and wants no answer. */
const tell = (turn: Turn, { observer, flow }: Subscription): void => {
  const { sequence, toldCount, ...rest } = flow.get();
  flow.set({ ...rest, sequence: sequence + 1, toldCount: toldCount + 1 });
  turn.tell(observer, 'observed', sequence, [], true);
};
