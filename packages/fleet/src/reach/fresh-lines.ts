/**
 * The `^fresh-lines` of a daemon: sessions of their own, each for one question that has to come through a session that
 * is no older than itself. Whoever opens one closes it; one that stays too long is closed all the same.
 *
 *     waiting   its turn comes: no other to this petname, few to its machine, and few in all → dialling
 *     dialling  reached → open       no contact, or a no → over, told
 *     open      closed, or too old → over
 *     any       out of patience → over, told where it was not reached yet
 *
 * None of them is ever used twice, and none touches the session that stands to the same host.
 */
import {
  Limit,
  TimedOut,
  type Bcom,
  type Behavior,
  type JournalCell,
  type JournalMap,
  type Ref,
  type Resolver,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import type { ServiceFacet } from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import type { FreshDial } from './destination.ts';
import { failureAt } from './failure-at.ts';
import type { Peers } from './peer.ts';

/** One that is open. */
export interface FreshLine {
  /** To close it by. */
  readonly id: number;
  readonly ref: Ref<ServiceFacet>;
}
/** Opens them. Near only. */
export interface FreshLines {
  /**
   * A line to what this petname leads to, whose session begins after this was asked. Broken with Unreachable, Refused
   * or TimedOut where there is none within so many milliseconds, with Limit where too many wait for the same: nothing
   * was sent.
   */
  open(petname: string, ms: number): Vow<FreshLine>;
  /** Ends its session; nothing for one that is over. */
  close(id: number): void;
}

interface Line {
  readonly petname: string;
  /** The machine that it leads to; one that answers slowly holds up nobody else. */
  readonly host: string;
  readonly resolver: Resolver<FreshLine>;
  readonly state: 'waiting' | 'dialling' | 'open';
  /** Goes off when patience is over, or what is open too old. */
  readonly timer: { cancel(): void };
  /** Of the power, outside of all turns. */
  readonly power: { end(): void };
}
interface Held {
  readonly dial: FreshDial;
  readonly peers: Ref<Pick<Peers, 'hostOf'>>;
  readonly lines: JournalMap<number, Line>;
  readonly lastId: JournalCell<number>;
}

/** Makes the lines of one life. */
export const makeFreshLines = (
  turn: Turn<FreshLines>,
  _bcom: Bcom<FreshLines>,
  dial: FreshDial,
  peers: Held['peers'],
): Behavior<FreshLines> => {
  const held: Held = { dial, peers, lines: turn.map<number, Line>(), lastId: turn.cell(0) };
  return {
    open: (turn, petname, ms) => open(held, turn, petname, ms),
    close: (turn, id) => close(held, turn, id),
  };
};

const open = (held: Held, turn: Turn<FreshLines>, petname: string, ms: number): Vow<FreshLine> => {
  const { lines, lastId } = held;
  const before = [...lines.values()].filter((each) => each.petname === petname);
  if (before.length > LIMITS.freshWaitingCount)
    return turn.broken(new Limit(`${petname}: too many wait for a connection of their own`));
  const { vow, resolver } = turn.vow<FreshLine>();
  const id = lastId.get() + 1;
  lastId.set(id);
  const timer = turn.after(ms, (turn) =>
    fail(held, turn, id, new TimedOut(`no connection of its own to ${petname} in time`)),
  );
  const power = { end: () => undefined };
  const host = turn.call(held.peers, 'hostOf', petname);
  lines.set(id, { petname, host, resolver, state: 'waiting', timer, power });
  admit(held, turn);
  return vow;
};

/** Dials for those whose turn it is, in the order in which they came. */
const admit = (held: Held, turn: Turn<FreshLines>): void => {
  const busy = [...held.lines.values()].filter(({ state }) => state !== 'waiting');
  const petnames = new Set(busy.map(({ petname }) => petname));
  const counts = new Map<string, number>();
  for (const { host } of busy) counts.set(host, (counts.get(host) ?? 0) + 1);
  let count = busy.length;
  for (const [id, line] of [...held.lines.entries()]) {
    if (count >= LIMITS.freshCount) return;
    const { petname, host, state } = line;
    const hostCount = counts.get(host) ?? 0;
    if (state !== 'waiting' || petnames.has(petname) || hostCount >= LIMITS.freshHostCount)
      continue;
    count += 1;
    counts.set(host, hostCount + 1);
    petnames.add(petname);
    dial(held, turn, id, line);
  }
};
const dial = (held: Held, turn: Turn<FreshLines>, id: number, line: Line): void => {
  held.lines.set(id, { ...line, state: 'dialling' });
  const { petname, power } = line;
  const answered = turn.ask<Ref<ServiceFacet>>((reached) => {
    power.end = held.dial(petname, reached);
  });
  turn.when(
    answered,
    (turn, ref) => opened(held, turn, id, ref),
    (turn, reason) => fail(held, turn, id, failureAt(petname, reason, ' anew')),
  );
};
const opened = (held: Held, turn: Turn<FreshLines>, id: number, ref: Ref<ServiceFacet>): void => {
  const line = held.lines.get(id);
  // It was out of patience in this very moment, and is being ended.
  if (line === undefined) return;
  line.timer.cancel();
  const timer = turn.after(LIMITS.freshMs, (turn) => close(held, turn, id));
  held.lines.set(id, { ...line, state: 'open', timer });
  line.resolver.kept({ id, ref });
};

const fail = (held: Held, turn: Turn<FreshLines>, id: number, reason: Error): void => {
  held.lines.get(id)?.resolver.broken(reason);
  close(held, turn, id);
};
const close = (held: Held, turn: Turn<FreshLines>, id: number): void => {
  const line = held.lines.get(id);
  if (line === undefined) return;
  held.lines.delete(id);
  line.timer.cancel();
  turn.effect(() => line.power.end());
  admit(held, turn);
};
