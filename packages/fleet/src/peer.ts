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
import { LIMITS } from './limits.ts';
import { paceFor, type Pace } from './pace.ts';

/** Somebody who wants contact, and can wait. */
export interface Waiter {
  /** It is time to try. Told once for each `wait`. */
  retry(): void;
}
/** One machine, as far as reaching it goes. Near only. */
export interface Peer {
  /** Tells this one when to try again. */
  wait(who: Ref<Waiter>): void;
  /** It need not be told any more. */
  leave(who: Ref<Waiter>): void;
  /** Somebody has reached it. */
  up(): void;
  /** Somebody has not reached it, or has lost it. */
  down(): void;
}
/** All machines that this one wants to reach. */
export interface Peers {
  /** The one behind a key, made where there is none yet; who shares a key shares the way. */
  of(key: string): Ref<Peer>;
  /** How often to look, for as many as there are. */
  pace(): Pace;
  /** From now on this one is told when the ref under a petname was replaced. */
  join(petname: string, who: Ref<Waiter>): void;
  part(petname: string, who: Ref<Waiter>): void;
  /** There is a new ref under this petname: whoever waits for the old one tries at once. */
  hurry(petname: string): void;
}
/** What peers are made from. */
export interface PeersOptions {
  /** Only read. */
  readonly clock: Pick<Clock, 'now'>;
  readonly entropy: Entropy;
}

/** Makes the table of peers of one life. */
export const makePeers = (
  turn: Turn<Peers>,
  _bcom: Bcom<Peers>,
  options: PeersOptions,
): Behavior<Peers> => {
  const known = turn.map<string, Ref<Peer>>();
  const byPetname = turn.map<string, JournalMap<Ref<Waiter>, true>>();
  return {
    of: (turn, key) => {
      const peer = known.get(key) ?? turn.spawn(makePeer, options, turn.self);
      known.set(key, peer);
      return peer;
    },
    pace: () => paceFor(known.size),
    join: (turn, petname, who) => {
      const holders = byPetname.get(petname) ?? turn.map<Ref<Waiter>, true>();
      holders.set(who, true);
      byPetname.set(petname, holders);
    },
    part: (_turn, petname, who) => {
      const holders = byPetname.get(petname);
      holders?.delete(who);
      if (holders?.size === 0) byPetname.delete(petname);
    },
    hurry: (turn, petname) => {
      for (const who of [...(byPetname.get(petname)?.keys() ?? [])]) turn.tell(who, 'retry');
    },
  };
};

interface Held extends PeersOptions {
  readonly peers: Ref<Pick<Peers, 'pace'>>;
  /** By the monotonic clock; undefined while down. */
  readonly upAtMs: JournalCell<number | undefined>;
  readonly failureCount: JournalCell<number>;
  /** Whether the failure of this attempt was counted: many may report the same one. */
  readonly isCounted: JournalCell<boolean>;
  readonly waiting: JournalMap<Ref<Waiter>, true>;
  /** The next attempt, by its number; its timer, once its delay was drawn. */
  readonly next: JournalCell<Attempt | undefined>;
  readonly lastAttempt: JournalCell<number>;
}
interface Attempt {
  readonly number: number;
  readonly timer?: { cancel(): void };
}

const makePeer = (
  turn: Turn<Peer>,
  _bcom: Bcom<Peer>,
  options: PeersOptions,
  peers: Ref<Pick<Peers, 'pace'>>,
): Behavior<Peer> => {
  const held: Held = {
    ...options,
    peers,
    upAtMs: turn.cell<number | undefined>(undefined),
    failureCount: turn.cell(0),
    isCounted: turn.cell(false),
    waiting: turn.map(),
    next: turn.cell<Attempt | undefined>(undefined),
    lastAttempt: turn.cell(0),
  };
  return {
    wait: (turn, who) => {
      held.waiting.set(who, true);
      if (held.upAtMs.get() !== undefined) attempt(held, turn);
      else if (held.next.get() === undefined) attemptLater(held, turn);
    },
    leave: (_turn, who) => void held.waiting.delete(who),
    up: (turn) => {
      if (held.upAtMs.get() === undefined) held.upAtMs.set(held.clock.now());
      attempt(held, turn);
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
    const timer = turn.after(share * boundMs(held, turn), (turn) => {
      if (isNext()) attempt(held, turn);
    });
    held.next.set({ number, timer });
  });
};

const boundMs = ({ peers, failureCount }: Held, turn: Turn<Peer>): number => {
  const { spreadMs, redialCapMs } = turn.call(peers, 'pace');
  const count = failureCount.get();
  if (count === 0) return spreadMs;
  return Math.min(redialCapMs, LIMITS.redialMs * 2 ** Math.min(count - 1, LIMITS.doublingCount));
};

/** A vow of a number from 0 to below 1. */
export const share = (turn: Turn, entropy: Entropy): ReturnType<typeof turn.kept<number>> =>
  turn.ask<number>((answer) => {
    const bytes = new Uint8Array(4);
    entropy.fill(bytes);
    answer.kept(new DataView(bytes.buffer).getUint32(0) / 2 ** 32);
  });
