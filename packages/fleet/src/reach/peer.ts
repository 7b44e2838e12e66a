/**
 * The `^peer`: when to try again to reach a machine. There is one for all references that lead there,
 * since what is wrong with the way to it is wrong for all of them.
 *
 *     event   while up                           while down
 *     wait    at once                            with the next attempt; the first who waits sets its time
 *     due     -                                  everybody who waits tries; the way there is shared
 *     up      -                                  up: everybody who waits tries at once
 *     down    down; after a minute of being up   one more failure, counted once for each attempt
 *             the first delay is the first again
 *
 * The delay is drawn from 0 up to a bound that doubles with each failure ("full jitter", Brooker,
 * Exponential Backoff And Jitter, 2015): a hundred controllers that lost a machine together come back
 * one by one. Before the first failure the bound spreads the dials of a controller that starts.
 * Commands do not ask here: they dial at once, and what they find out is told here.
 */
import type {
  Bcom,
  Behavior,
  Clock,
  Entropy,
  JournalCell,
  JournalMap,
  Ref,
  Turn,
} from '@bellwether/actors';
import { LIMITS } from '../limits.ts';
import { share } from '../random.ts';
import { paceFor, type Pace } from './pace.ts';
import { routeOf, type Destination } from './destination.ts';

/** Somebody who wants contact, and can wait. */
export interface Retrier {
  /** It is time to try. Told once for each `wait`. */
  retry(): void;
}
/** One machine, as far as reaching it goes. Near only. */
export interface Peer {
  /** Tells this one when to try again. */
  wait(who: Ref<Retrier>): void;
  /** It need not be told any more. */
  leave(who: Ref<Retrier>): void;
  /** Somebody has reached it. */
  up(): void;
  /** What an operator sees of it. */
  facts(): Pick<WayFacts, 'failureCount' | 'dueMs'>;
  /** Somebody has not reached it, or has lost it. */
  down(): void;
}
/** The way to a machine by one petname. */
export interface Way {
  /** Shared by all petnames that lead there. */
  readonly peer: Ref<Peer>;
  /** Absent where the store has no such ref. */
  readonly destination?: Destination;
}
/** Who wants contact by one petname. */
export interface Traveller extends Retrier {
  /** There is a new ref under the petname, and this is the way that it leads. */
  moved(way: Way): void;
}
/** How it stands with reaching one machine. */
export interface WayFacts {
  /** Its key, as of a Destination; of what leads nowhere yet the way of its petname. */
  readonly peer: string;
  /** Where it is found, as far as a ref says. */
  readonly address?: string;
  /** Attempts that have failed since there was contact for a while. */
  readonly failureCount: number;
  /** When the next attempt begins, in monotonic milliseconds; absent where nobody waits for one. */
  readonly dueMs?: number;
}
/** All machines that somebody here wants to reach; one that nobody wants to any more is forgotten. */
export interface Peers {
  /** How often to look, for as many as there are. */
  pace(): Pace;
  /** The way by this petname; from now on this one is told when it is another. */
  join(petname: string, who: Ref<Traveller>): Way;
  part(petname: string, who: Ref<Traveller>): void;
  /** Which machine a petname leads to, as of a Destination; a way of its own where that is not known. */
  hostOf(petname: string): string;
  /** There is a new ref under this petname: whoever waits for the old one takes its way, at once. */
  hurry(petname: string, destination: Destination): void;
  /** All of them, as an operator sees them. */
  list(): readonly WayFacts[];
  /** A machine has called: whoever waits for it need not dial it. `key`: as of a Destination. */
  called(key: string): void;
}
/** What peers are made from. */
export interface PeersOptions {
  /** Only read. */
  readonly clock: Pick<Clock, 'now'>;
  readonly entropy: Entropy;
  /** Where refs of the daemon lead at the beginning, by the way of their petnames. */
  readonly destinations: ReadonlyMap<string, Destination>;
}

/** Makes the table of peers of one life. */
export const makePeers = (
  turn: Turn<Peers>,
  _bcom: Bcom<Peers>,
  options: PeersOptions,
): Behavior<Peers> => {
  const held: Table = {
    known: turn.map<string, Known>(),
    travellers: turn.map<string, JournalMap<Ref<Traveller>, true>>(),
    pushed: turn.map<string, Destination>(),
    ...options,
  };
  return {
    pace: () => paceFor(held.known.size),
    join: (turn, name, who) => {
      const petname = routeOf(name);
      const here = held.travellers.get(petname) ?? turn.map<Ref<Traveller>, true>();
      if (!here.has(who)) hold(held, turn, keyOf(held, petname), 1);
      here.set(who, true);
      held.travellers.set(petname, here);
      return wayBy(held, petname);
    },
    part: (turn, name, who) => {
      const petname = routeOf(name);
      const here = held.travellers.get(petname);
      if (here?.delete(who) !== true) return;
      hold(held, turn, keyOf(held, petname), -1);
      if (here.size === 0) held.travellers.delete(petname);
    },
    hostOf: (_turn, name) => keyOf(held, routeOf(name)),
    hurry: (turn, petname, destination) => {
      const here = [...(held.travellers.get(petname)?.keys() ?? [])];
      const before = keyOf(held, petname);
      held.pushed.set(petname, destination);
      if (here.length === 0) return;
      // In this order a machine that stays the same is not forgotten in between.
      hold(held, turn, destination.peer, here.length);
      hold(held, turn, before, -here.length);
      for (const who of here) turn.tell(who, 'moved', wayBy(held, petname));
    },
    list: (turn) => {
      const addresses = new Map(
        [...held.destinations.values(), ...held.pushed.values()].map((each) => [
          each.peer,
          each.address,
        ]),
      );
      return [...held.known.entries()].map(([key, { peer }]) => {
        const address = addresses.get(key);
        return { peer: key, ...(address && { address }), ...turn.call(peer, 'facts') };
      });
    },
    called: (turn, key) => {
      const peer = held.known.get(key)?.peer;
      if (peer !== undefined) turn.tell(peer, 'up');
    },
  };
};

interface Table extends PeersOptions {
  /** Machines that somebody wants to reach, by key. */
  readonly known: JournalMap<string, Known>;
  /** Who wants contact, by the way that a petname leads. */
  readonly travellers: JournalMap<string, JournalMap<Ref<Traveller>, true>>;
  /** Where refs lead that came since the beginning, by petname. */
  readonly pushed: JournalMap<string, Destination>;
}
interface Known {
  readonly peer: Ref<Peer>;
  /** By how many it is wanted. */
  readonly holderCount: number;
}
const destinationOf = ({ pushed, destinations }: Table, petname: string): Destination | undefined =>
  pushed.get(petname) ?? destinations.get(petname);
/** What leads nowhere yet has a way of its own. */
const keyOf = (held: Table, petname: string): string =>
  destinationOf(held, petname)?.peer ?? petname;
const wayBy = (held: Table, petname: string): Way => {
  const peer = held.known.get(keyOf(held, petname))?.peer;
  if (peer === undefined) throw new TypeError(`nobody holds the way to ${petname}`);
  const destination = destinationOf(held, petname);
  return { peer, ...(destination !== undefined && { destination }) };
};
/** So many more, or fewer, want to reach the machine of this key. */
const hold = (held: Table, turn: Turn<Peers>, key: string, count: number): void => {
  const known = held.known.get(key);
  const holderCount = (known?.holderCount ?? 0) + count;
  if (holderCount <= 0) held.known.delete(key);
  else {
    const { clock, entropy } = held;
    const peer = known?.peer ?? turn.spawn(makePeer, { clock, entropy }, turn.self);
    held.known.set(key, { peer, holderCount });
  }
};

interface Held extends Powers {
  readonly peers: Ref<Pick<Peers, 'pace'>>;
  /** By the monotonic clock; undefined while down. */
  readonly upAtMs: JournalCell<number | undefined>;
  readonly failureCount: JournalCell<number>;
  /** Whether the failure of this attempt was counted: many may report the same one. */
  readonly isCounted: JournalCell<boolean>;
  readonly waiting: JournalMap<Ref<Retrier>, true>;
  /** The next attempt, by its number; its timer, once its delay was drawn. */
  readonly next: JournalCell<NextTry | undefined>;
  readonly lastAttempt: JournalCell<number>;
}
interface NextTry {
  readonly number: number;
  /** By the monotonic clock, once its delay was drawn. */
  readonly dueMs?: number;
  readonly timer?: { cancel(): void };
}

type Powers = Omit<PeersOptions, 'destinations'>;
const makePeer = (
  turn: Turn<Peer>,
  _bcom: Bcom<Peer>,
  powers: Powers,
  peers: Ref<Pick<Peers, 'pace'>>,
): Behavior<Peer> => {
  const held: Held = {
    peers,
    upAtMs: turn.cell<number | undefined>(undefined),
    failureCount: turn.cell(0),
    isCounted: turn.cell(false),
    waiting: turn.map(),
    next: turn.cell<NextTry | undefined>(undefined),
    lastAttempt: turn.cell(0),
    ...powers,
  };
  return {
    wait: (turn, who) => {
      held.waiting.set(who, true);
      if (held.upAtMs.get() !== undefined) attempt(held, turn);
      else if (held.next.get() === undefined) attemptLater(held, turn);
    },
    leave: (_turn, who) => {
      held.waiting.delete(who);
      if (held.waiting.size > 0) return;
      held.next.get()?.timer?.cancel();
      held.next.set(undefined);
    },
    up: (turn) => {
      if (held.upAtMs.get() === undefined) held.upAtMs.set(held.clock.now());
      attempt(held, turn);
    },
    facts: () => {
      const dueMs = held.next.get()?.dueMs;
      return { failureCount: held.failureCount.get(), ...(dueMs !== undefined && { dueMs }) };
    },
    down: () => down(held),
  };
};

const down = (held: Held): void => {
  const upAtMs = held.upAtMs.get();
  if (upAtMs !== undefined && held.clock.now() - upAtMs >= LIMITS.steadyMs)
    held.failureCount.set(0);
  held.upAtMs.set(undefined);
  if (held.isCounted.get()) return;
  held.isCounted.set(true);
  held.failureCount.set(held.failureCount.get() + 1);
};

/** Everybody who waits tries now. */
const attempt = (held: Held, turn: Turn<Peer>): void => {
  held.next.get()?.timer?.cancel();
  held.next.set(undefined);
  held.isCounted.set(false);
  for (const who of [...held.waiting.keys()]) turn.tell(who, 'retry');
  for (const who of [...held.waiting.keys()]) held.waiting.delete(who);
};

const attemptLater = (held: Held, turn: Turn<Peer>): void => {
  const number = held.lastAttempt.get() + 1;
  held.lastAttempt.set(number);
  held.next.set({ number });
  const isNext = (): boolean => held.next.get()?.number === number;
  turn.when(share(turn, held.entropy), (turn, share) => {
    if (!isNext()) return;
    const delayMs = share * boundMs(held, turn);
    const timer = turn.after(delayMs, (turn) => {
      if (isNext()) attempt(held, turn);
    });
    held.next.set({ number, timer, dueMs: held.clock.now() + delayMs });
  });
};

const boundMs = ({ peers, failureCount }: Held, turn: Turn<Peer>): number => {
  const { spreadMs, redialCapMs } = turn.call(peers, 'pace');
  const count = failureCount.get();
  if (count === 0) return spreadMs;
  return Math.min(redialCapMs, LIMITS.redialMs * 2 ** Math.min(count - 1, LIMITS.doublingCount));
};
