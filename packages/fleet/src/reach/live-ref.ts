/**
 * The `^live-ref`: a reference that outlives its sessions.
 *
 *     state         reach                          the dial answers        the session ends
 *     nothing       dials, waits → reaching        -                       -
 *     reaching      waits for the same dial        ref → live              → nothing
 *                   and, where that fails, in      broken, late → nothing
 *                   what time is left for another
 *     live          the ref, a turn later          -                       → nothing
 *
 * All three are one cell: nothing, or the vow of the ref. Whoever waits for a dial that fails is
 * told so, and may be sure that nothing was sent: waiters send by themselves once they have the
 * ref.
 *
 * While somebody follows it, it dials by itself: with the other references to the same machine where
 * there is no contact (peer.ts), and rarely where the answer was no, since a reference that was revoked
 * stays so until somebody mends it. A command dials at once in between, and so does a question, but only
 * one a second: whoever asks without end must not undo the backoff of a machine that is down.
 */
import {
  fateOf,
  isRemote,
  type ActorError,
  type Bcom,
  type Behavior,
  type Clock,
  type Entropy,
  type JournalCell,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import type { ServiceFacet } from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import { share } from '../random.ts';
import type { Peer, Peers, Traveller, Way } from './peer.ts';
import type { Destination, DialRef } from './destination.ts';
import { failureAt } from './failure-at.ts';

/** A ref that may have to be dialled first. */
export interface LiveRef {
  /**
   * Kept with a ref that was live a moment ago; broken with Unreachable, at the latest after the
   * connect deadline, or with Refused where the peer or this daemon says no.
   */
  reach(): Vow<Ref<ServiceFacet>>;
  /** The ref where there is contact now; undefined where it has to be reached for. */
  present(): Ref<ServiceFacet> | undefined;
  /** The mark of what was dialled last; undefined where nothing was, or there is no ref of that name. */
  through(): string | undefined;
  /** The same for a question: broken at once with what was found, where another has dialled a moment ago. */
  reachToAsk(): Vow<Ref<ServiceFacet>>;
  /** From now on it keeps contact by itself, and tells this one. */
  follow(follower: Ref<ContactFollower>): void;
  /** Nobody follows it any more. */
  leave(): void;
}
/** Who wants to be in contact all the time. Near only. */
export interface ContactFollower {
  /** There is contact, by this ref, until `missed`. */
  found(ref: Ref<ServiceFacet>): void;
  /** There is none, or none any more. */
  missed(reason: Error): void;
}
/** Who has something to say to a host before anybody else does. Near only. */
export interface Arrivals {
  /**
   * There is contact by this petname; what is sent now arrives before whatever others here send. `through`: as that of
   * LiveRef.
   */
  met(petname: string, ref: Ref<ServiceFacet>, through: string | undefined): void;
}
/** What a live ref leads to. */
export interface LiveRefOptions {
  /** The name in the daemon's ref store. */
  readonly petname: string;
  /** What people are told of in its place. */
  readonly called?: string;
  readonly dial: DialRef;
  readonly peers: Ref<Peers>;
  readonly entropy: Entropy;
  /** Told of each contact, in the turn in which there is one. */
  readonly arrivals?: Ref<Arrivals>;
  /** Only read. */
  readonly clock: Pick<Clock, 'now'>;
}
type Inner = LiveRef & Traveller;
interface Held extends LiveRefOptions {
  readonly live: JournalCell<Vow<Ref<ServiceFacet>> | undefined>;
  /** What that vow was kept with. */
  readonly present: JournalCell<Ref<ServiceFacet> | undefined>;
  readonly through: JournalCell<string | undefined>;
  /** Why there is no contact, where there was a dial. */
  readonly failure: JournalCell<Error | undefined>;
  /** When a question has dialled last, by the monotonic clock. */
  readonly askedAtMs: JournalCell<number | undefined>;
  readonly follower: JournalCell<Ref<ContactFollower> | undefined>;
  /** How its machine is reached; undefined before anybody has followed it. */
  readonly way: JournalCell<Way | undefined>;
}

/** Makes a live ref; it dials once somebody reaches for it, or follows it. */
export const makeLiveRef = (
  turn: Turn<Inner>,
  _bcom: Bcom<Inner>,
  options: LiveRefOptions,
): Behavior<Inner> => {
  const held: Held = {
    live: turn.cell<Vow<Ref<ServiceFacet>> | undefined>(undefined),
    present: turn.cell<Ref<ServiceFacet> | undefined>(undefined),
    through: turn.cell<string | undefined>(undefined),
    failure: turn.cell<Error | undefined>(undefined),
    askedAtMs: turn.cell<number | undefined>(undefined),
    follower: turn.cell<Ref<ContactFollower> | undefined>(undefined),
    way: turn.cell<Way | undefined>(undefined),
    ...options,
  };
  return {
    reach: (turn) => reach(held, turn),
    present: () => held.present.get(),
    through: () => held.through.get(),
    reachToAsk: (turn) => held.live.get() ?? dialToAsk(held, turn),
    follow: (turn, follower) => {
      held.follower.set(follower);
      const way = turn.call(held.peers, 'join', held.petname, turn.self);
      held.way.set(way);
      turn.call(way.peer, 'wait', turn.self);
    },
    leave: (turn) => {
      held.follower.set(undefined);
      turn.call(held.peers, 'part', held.petname, turn.self);
      tellPeer(held, (peer) => turn.call(peer, 'leave', turn.self));
    },
    retry: (turn) => retry(held, turn),
    moved: (turn, way) => {
      if (held.follower.get() === undefined) return;
      tellPeer(held, (peer) => turn.call(peer, 'leave', turn.self));
      held.way.set(way);
      retry(held, turn);
    },
  };
};

const tellPeer = ({ way }: Held, tell: (peer: Ref<Peer>) => void): void => {
  const peer = way.get()?.peer;
  if (peer !== undefined) tell(peer);
};

/** Its follower heard of a ref that is there already, or will hear of the dial under way. */
const retry = (held: Held, turn: Turn<Inner>): void => {
  if (held.follower.get() !== undefined && held.live.get() === undefined) connect(held, turn);
};

/**
 * A dial that began before may have gone out into a cut that is mended by now, and only learn of it later: what it
 * finds is no answer to who asks now. Who asks later waits a turn longer than the dial in any case, be it over or not:
 * a command would else overtake one that joined before it.
 */
const reach = (held: Held, turn: Turn<Inner>): Vow<Ref<ServiceFacet>> => {
  const underWay = held.live.get();
  if (underWay === undefined) return connect(held, turn);
  const askedAtMs = held.clock.now();
  return turn.when(
    underWay,
    (_turn, ref) => ref,
    (turn, reason) => {
      const leftMs = LIMITS.connectMs - (held.clock.now() - askedAtMs);
      if (fateOf(reason) === 'refused' || leftMs <= 0) throw reason;
      return turn.when(
        turn.within(leftMs, held.live.get() ?? connect(held, turn)),
        (_turn, ref) => ref,
        (_turn, again) => {
          throw fateOf(again) === 'late' ? reason : again;
        },
      );
    },
  );
};

const dialToAsk = (held: Held, turn: Turn<Inner>): Vow<Ref<ServiceFacet>> => {
  const [now, before, failure] = [held.clock.now(), held.askedAtMs.get(), held.failure.get()];
  if (failure !== undefined && before !== undefined && now - before < LIMITS.askingGapMs) {
    const { vow, resolver } = turn.vow<Ref<ServiceFacet>>();
    resolver.broken(failure);
    return vow;
  }
  held.askedAtMs.set(now);
  return connect(held, turn);
};

const connect = (held: Held, turn: Turn<Inner>): Vow<Ref<ServiceFacet>> => {
  const lost = turn.inlet<never>();
  const through = turn.inlet<string | undefined>();
  turn.when(through.vow, (_turn, mark) => held.through.set(mark));
  const hasArrived = turn.cell(false);
  const loss = turn.cell<Error | undefined>(undefined);
  // Of the power, outside of all turns: what calls the dial off.
  const line = { cancel: (): void => undefined };
  const answered = turn.ask<Ref<ServiceFacet>>((reached) => {
    line.cancel = held.dial(held.petname, reached, lost.answer, through.answer);
  });
  const reached = turn.when(
    turn.within(LIMITS.connectMs, answered),
    (turn, ref) => {
      if (held.arrivals !== undefined)
        turn.call(held.arrivals, 'met', held.petname, ref, held.through.get());
      return ref;
    },
    (_turn, reason) => {
      throw failureOf(held, reason);
    },
  );
  held.live.set(reached);
  turn.when(
    reached,
    (turn, ref) => {
      tellPeer(held, (peer) => turn.tell(peer, 'up'));
      hasArrived.set(true);
      const reason = loss.get();
      if (reason !== undefined) return gone(held, turn, reached, reason);
      if (held.live.get() !== reached) return;
      held.present.set(ref);
      const follower = held.follower.get();
      if (follower !== undefined) turn.tell(follower, 'found', ref);
    },
    (turn, reason) => {
      turn.effect(() => line.cancel());
      gone(held, turn, reached, reason);
    },
  );
  turn.when(
    lost.vow,
    () => undefined,
    (turn, reason) => {
      loss.set(reason);
      // Where it is never reached, that is told in better words.
      if (hasArrived.get()) gone(held, turn, reached, reason);
    },
  );
  return reached;
};

/** There is no contact by this dial, or none any more. */
const gone = (
  held: Held,
  turn: Turn<Inner>,
  reached: Vow<Ref<ServiceFacet>>,
  reason: Error,
): void => {
  if (held.live.get() !== reached) return;
  held.live.set(undefined);
  held.present.set(undefined);
  // Whoever is told of it later has sent nothing.
  held.failure.set(fateOf(reason) === 'in-doubt' ? failureOf(held, reason) : reason);
  // A machine that says no is there; where this daemon says no, nobody was asked.
  const isNo = fateOf(reason) === 'refused' && isRemote(reason.cause);
  tellPeer(held, (peer) => turn.tell(peer, isNo ? 'up' : 'down'));
  const follower = held.follower.get();
  if (follower === undefined) return;
  turn.tell(follower, 'missed', reason);
  if (isNo) retryRarely(held, turn);
  else tellPeer(held, (peer) => turn.tell(peer, 'wait', turn.self));
};

/** After the cap, and up to twice as late. */
const retryRarely = (held: Held, turn: Turn<Inner>): void => {
  turn.when(share(turn, held.entropy), (turn, share) => {
    const { redialCapMs } = turn.call(held.peers, 'pace');
    turn.after((1 + share) * redialCapMs, (turn) => turn.tell(turn.self, 'retry'));
  });
};

const failureOf = ({ petname, called = petname, way }: Held, reason: Error): ActorError => {
  const destination = way.get()?.destination;
  const where = destination === undefined ? called : `${called} at ${addressOf(destination)}`;
  return failureAt(where, reason);
};

/** Where it is; else who is there, as short as it can be told from others: a designator takes half a line. */
const addressOf = ({ peer, address }: Destination): string => {
  if (address !== undefined) return address;
  const [, designator = '', transport = ''] = /^(.+)(\.[^.]+)$/.exec(peer) ?? [];
  return designator.length <= LIMITS.shownDesignator
    ? peer
    : `${designator.slice(0, LIMITS.shownDesignator)}…${transport}`;
};
