/**
 * The `^live-ref`: a reference that outlives its sessions.
 *
 *     state         reach                          the dial answers        the session ends
 *     nothing       dials, waits → reaching        -                       -
 *     reaching      waits for the same dial        ref → live              → nothing
 *                                                  broken, late → nothing
 *     live          the ref, now                   -                       → nothing
 *
 * All three are one cell: nothing, or the vow of the ref. Whoever waits for a dial that fails is
 * told so, and may be sure that nothing was sent: waiters send by themselves once they have the
 * ref.
 */
import {
  fateOf,
  Refused,
  Unreachable,
  type ActorError,
  type Bcom,
  type Behavior,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import type { ServiceFacet } from '@bellwether/shepherd';
import { wordsOf } from './errors.ts';
import { LIMITS } from './limits.ts';
import type { Dial } from './types.ts';

/** A ref that may have to be dialled first. */
export interface LiveRef {
  /**
   * Kept with a ref that was live a moment ago; broken with Unreachable, at the latest after the
   * connect deadline, or with Refused where the peer or this daemon says no.
   */
  reach(): Vow<Ref<ServiceFacet>>;
}
/** What a live ref leads to. */
export interface LiveRefOptions {
  /** The name in the daemon's ref store. */
  readonly petname: string;
  /** Where that leads, for messages; absent where the store does not know the petname. */
  readonly peer?: string;
  readonly dial: Dial;
}

/** Makes a live ref; the first `reach` dials. */
export const makeLiveRef = (
  turn: Turn<LiveRef>,
  _bcom: Bcom<LiveRef>,
  options: LiveRefOptions,
): Behavior<LiveRef> => {
  const live = turn.cell<Vow<Ref<ServiceFacet>> | undefined>(undefined);
  const connect = (turn: Turn<LiveRef>): Vow<Ref<ServiceFacet>> => {
    const lost = turn.inlet<never>();
    const answered = turn.ask<Ref<ServiceFacet>>((reached) =>
      options.dial(options.petname, reached, lost.answer),
    );
    const reached = turn.when(
      turn.within(LIMITS.connectMs, answered),
      (_turn, ref) => ref,
      (_turn, reason) => {
        throw failureOf(options, reason);
      },
    );
    const forget = (): void => {
      if (live.get() === reached) live.set(undefined);
    };
    turn.when(reached, () => undefined, forget);
    turn.when(lost.vow, () => undefined, forget);
    live.set(reached);
    return reached;
  };
  return { reach: (turn) => live.get() ?? connect(turn) };
};

/**
 * No contact is one thing, and a peer that answers no is another: a reference that was revoked or
 * never was stays so, however often it is dialled.
 */
const failureOf = ({ petname, peer }: LiveRefOptions, reason: Error): ActorError => {
  const where = peer === undefined ? petname : `${petname} at ${peer}`;
  return fateOf(reason) === 'refused'
    ? new Refused(`cannot use ${where}: ${wordsOf(reason)}`, { cause: reason })
    : new Unreachable(`cannot reach ${where}: ${wordsOf(reason)}`, { cause: reason });
};
