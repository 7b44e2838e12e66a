/**
 * How an `^exported-service` watches its remote, from the first moment of a life on.
 *
 *     event \ state     nobody watches     watching N                              in the dark
 *     contact found     → watching N + 1   -                                       -
 *     a push of N       refused            what it says is what is known; none:    refused
 *                                          what is known still holds
 *     a bad push        refused            refused; unknown; → nobody watches,     refused
 *                                          and again after a heartbeat
 *     two beats missed  -                  unknown; → watching N + 1; → in the     → watching N + 1, where
 *                                          dark where too many are unanswered      fewer are unanswered now
 *     a watching taken  -                  -                                       → watching N + 1
 *     N is refused      -                  unknown, with its words; → nobody       -
 *                                          watches, and again now and then; where
 *                                          a grant denies it, more and more rarely
 *     contact lost      -                  unknown; → nobody watches               the same
 *
 * In the dark no push counts, since all of them may have waited for a wire for long. A push belongs to a watching; one
 * of an earlier watching is refused, which ends it at its sender. A question that was answered after all asks a grant
 * that denies watching at once.
 */
import {
  codeOf,
  Refused,
  type Bcom,
  type Behavior,
  type Clock,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import type { Observer, ServiceFacet, Status } from '@bellwether/shepherd';
import { isDenial, Malformed } from '../errors.ts';
import { lookToConfirm } from './confirming.ts';
import { instant, paceNow, paceOf, type ExportedHeld } from './exported-state.ts';
import { LIMITS } from '../limits.ts';
import {
  between,
  confirmed,
  doubtOf,
  heard,
  lostSight,
  type Instant,
  type Known,
  type Observed,
} from './observed.ts';
import { readPushed } from '../read.ts';
import { troubleOf } from './without-answer.ts';

/** What the observer of a watching says to its service. Near only. */
export interface Watcher {
  /** False where this watching does not count any more. */
  told(watching: number, statuses: readonly Status[]): boolean;
  /** What was pushed is no push. */
  spoilt(watching: number, reason: Error): void;
}

/** There is contact. */
export const found = (held: ExportedHeld, turn: Turn<Watcher>, ref: Ref<ServiceFacet>): void => {
  held.contact.set(ref);
  held.awaited.get()?.resolver.kept(undefined);
  held.awaited.set(undefined);
  watch(held, turn, ref);
  // Also where nothing was ever heard: the line may die before the first answer.
  if (held.doubt.get() === undefined) doubtLater(held, turn, paceOf(held, turn).staleMs);
};
/** Kept while there is contact, else with the next; broken where nobody wants any more. */
export const contact = (held: ExportedHeld, turn: Turn): Vow<void> => {
  if (held.contact.get() !== undefined) return turn.kept(undefined);
  const awaited = held.awaited.get() ?? turn.vow<void>();
  held.awaited.set(awaited);
  return awaited.vow;
};
/** There is none, or none any more. */
export const missed = (held: ExportedHeld, turn: Turn<Watcher>, reason: Error): void => {
  held.contact.set(undefined);
  held.watching.set(undefined);
  observe(held, turn, lostSight(held.observed.get(), troubleOf(held, reason)));
};
/** Nobody wants to know any more. */
export const leave = (held: ExportedHeld, turn: Turn<Watcher>): void => {
  turn.call(held.remote, 'leave');
  held.contact.set(undefined);
  held.watching.set(undefined);
  held.doubt.get()?.cancel();
  held.again.get()?.cancel();
  held.awaited.get()?.resolver.broken(new Refused(`${held.name} is not followed any more`));
  held.awaited.set(undefined);
};

/** A push of a watching of ours. */
export const told = (
  held: ExportedHeld,
  turn: Turn<Watcher>,
  watching: number,
  statuses: readonly Status[],
): boolean => {
  if (held.watching.get() !== watching) return false;
  const at = instant(held);
  const [status] = statuses;
  const before = held.observed.get();
  observe(held, turn, status === undefined ? confirmed(before, at) : heard(before, status, at));
  keepPace(held, turn);
  return true;
};
/** A question was answered: where a grant did not allow to watch, it does again. */
export const allowed = (held: ExportedHeld, turn: Turn<Watcher>): void => {
  if (held.deniedMs.get() === undefined) return;
  held.deniedMs.set(undefined);
  const ref = held.contact.get();
  if (ref !== undefined && held.watching.get() === undefined) watch(held, turn, ref);
};
/** Where a reload has made a large fleet small, or a small one large, the beats that were asked for do not fit. */
const keepPace = (held: ExportedHeld, turn: Turn<Watcher>): void => {
  const ref = held.contact.get();
  if (ref === undefined || paceNow(held, turn).heartbeatMs === paceOf(held, turn).heartbeatMs)
    return;
  watch(held, turn, ref);
};
/** What was pushed is no push: the far end is not to be believed for a while. */
export const spoilt = (
  held: ExportedHeld,
  turn: Turn<Watcher>,
  watching: number,
  reason: Error,
): void => {
  if (held.watching.get() !== watching) return;
  held.watching.set(undefined);
  observe(held, turn, lostSight(held.observed.get(), troubleOf(held, reason)));
  watchLater(held, turn, paceOf(held, turn).heartbeatMs);
};

/** The one place where an observation changes: who watches is told, if it means something else now. */
export const observe = (
  held: ExportedHeld,
  turn: Turn<Watcher>,
  next: Observed,
  at: Instant = instant(held),
): void => {
  const before = held.observed.get();
  held.observed.set(next);
  const { staleMs } = paceOf(held, turn);
  const hasNews =
    isNews(before, next) || doubtOf(before, at, staleMs) !== doubtOf(next, at, staleMs);
  if (hasNews) turn.tell(held.board, 'touched', held.provision);
  lookToConfirm(held, turn);
  const isKnown = next.trouble === undefined && next.last !== undefined;
  if (isKnown && held.doubt.get() === undefined) doubtLater(held, turn, staleMs);
};
/**
 * A state that was heard before says nothing new, whoever says it again. An aggregate has no version;
 * it says the same where all but its ages are. Without that, two that are members of each other would
 * tell each other of it for ever.
 */
const isNews = ({ last: before }: Observed, { last: next }: Observed): boolean => {
  if (before === next) return false;
  if (before?.version === undefined && next?.version === undefined)
    return withoutAges(before) !== withoutAges(next);
  return (
    before?.version?.born !== next?.version?.born ||
    before?.version?.sequence !== next?.version?.sequence
  );
};
const withoutAges = (known: Known | undefined): string =>
  JSON.stringify(known ?? null, (key, value: unknown) =>
    key === 'ageMs' || key === 'unservedMs' ? undefined : value,
  );

const watch = (held: ExportedHeld, turn: Turn<Watcher>, ref: Ref<ServiceFacet>): void => {
  const number = held.lastWatching.get() + 1;
  held.lastWatching.set(number);
  held.watching.set(number);
  held.askingCount.set(held.askingCount.get() + 1);
  const observer = turn.spawn(makeMemberObserver, {
    watching: number,
    service: turn.self,
    clock: held.clock,
  });
  const pace = paceNow(held, turn);
  held.pace.set(pace);
  const { heartbeatMs, redialCapMs } = pace;
  turn.when(
    turn.send(ref, 'watch', observer, heartbeatMs),
    (turn) => {
      answered(held);
      held.deniedMs.set(undefined);
      if (held.watching.get() === 'in the dark' && held.contact.get() === ref)
        watch(held, turn, ref);
    },
    (turn, reason) => {
      answered(held);
      // Where the session ended the live ref says so.
      if (held.watching.get() !== number || held.contact.get() !== ref) return;
      held.watching.set(undefined);
      const waitMs = isDenial(codeOf(reason)) ? denied(held, redialCapMs) : redialCapMs;
      observe(held, turn, lostSight(held.observed.get(), troubleOf(held, reason)));
      watchLater(held, turn, waitMs);
    },
  );
};
/** How long to wait after another denial. Milliseconds. */
const denied = ({ deniedMs }: ExportedHeld, firstMs: number): number => {
  const beforeMs = deniedMs.get();
  const nextMs = beforeMs === undefined ? firstMs : Math.min(2 * beforeMs, LIMITS.deniedCapMs);
  deniedMs.set(nextMs);
  return nextMs;
};
const answered = ({ askingCount }: ExportedHeld): void => askingCount.set(askingCount.get() - 1);
/** Asks anew, if nothing else has happened by then. */
const watchLater = (held: ExportedHeld, turn: Turn<Watcher>, ms: number): void => {
  const ref = held.contact.get();
  if (ref === undefined) return;
  held.again.get()?.cancel();
  const timer = turn.after(ms, (turn) => {
    if (held.contact.get() === ref && held.watching.get() === undefined) watch(held, turn, ref);
  });
  held.again.set(timer);
};

/** Looks again when what is known is too old by then, if nothing else is heard. */
const doubtLater = (held: ExportedHeld, turn: Turn<Watcher>, ms: number): void => {
  const timer = turn.after(ms + untilGathered(held, turn, ms), (turn) => {
    const { lastAt } = held.observed.get();
    const { staleMs } = paceOf(held, turn);
    const leftMs = lastAt === undefined ? 0 : staleMs - between(lastAt, instant(held));
    // Whole ones: what is left by rounding alone would not move the clock, and be left for ever.
    if (leftMs > 0) return doubtLater(held, turn, Math.ceil(leftMs));
    held.doubt.set(undefined);
    turn.tell(held.board, 'touched', held.provision);
    askAgain(held, turn);
  });
  held.doubt.set(timer);
};
/**
 * Milliseconds more until there are others to look at: a controller of many machines wakes up once a
 * second for all of them, when their heartbeats come, and not for each (`npm run bench -- idle`). Only its
 * board hears of a doubt later by that: whoever asks is answered by what is known at that moment.
 */
const untilGathered = (held: ExportedHeld, turn: Turn<Watcher>, ms: number): number => {
  const isLarge = paceOf(held, turn).heartbeatMs >= LIMITS.slowHeartbeatMs;
  const { gatheredMs } = LIMITS;
  return isLarge ? (gatheredMs - ((held.clock.wall() + ms) % gatheredMs)) % gatheredMs : 0;
};
/**
 * The far end may have given up on a watching whose answers were lost, without anybody noticing; or
 * its machine lost power when it was asked, and the session is dead: it takes a question after a
 * silence to find that out (ocapn's liveness), one that was asked before does not count. A few at a
 * time: with a peer that only never answers they would pile up. And a push counts only where its watching was asked for
 * less than two beats before the first of them: what comes through a wire that is whole again was true when it left.
 */
const askAgain = (held: ExportedHeld, turn: Turn<Watcher>): void => {
  const ref = held.contact.get();
  if (ref === undefined || held.watching.get() === undefined) return;
  if (held.askingCount.get() < LIMITS.askingCount) watch(held, turn, ref);
  else held.watching.set('in the dark');
  doubtLater(held, turn, paceOf(held, turn).staleMs);
};

/** One watching, and the service that it is for. */
export interface MemberObserverOptions {
  readonly watching: number;
  readonly service: Ref<Watcher>;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * The `^member-observer`: what a controller gives to one member to be told by. It believes nothing: a
 * push out of order, out of shape or one of too many ends its watching, and costs nobody else.
 */
const makeMemberObserver = (
  turn: Turn<Observer>,
  _bcom: Bcom<Observer>,
  { watching, service, clock }: MemberObserverOptions,
): Behavior<Observer> => {
  const taken = turn.cell({ pushCount: 0, since: clock.now(), recentCount: 0, isOver: false });
  return {
    observed: (turn, sequence, pushed, isOneWay) => {
      const { pushCount, isOver, ...recent } = taken.get();
      const refuse = (reason: Malformed): Vow<void> | undefined =>
        isOneWay === true ? undefined : refused(turn, reason); // the next push is refused
      if (isOver) return refuse(new Malformed('watch: this watching is over'));
      const isNew = clock.now() - recent.since >= LIMITS.pushWindowMs;
      const since = isNew ? clock.now() : recent.since;
      const recentCount = isNew ? 1 : recent.recentCount + 1;
      const statuses = read({ pushCount, recentCount, sequence, pushed });
      const isBad = statuses instanceof Malformed;
      const isTold = !isBad && turn.call(service, 'told', watching, statuses);
      taken.set({ pushCount: pushCount + 1, since, recentCount, isOver: !isTold });
      if (isTold) return undefined;
      if (isBad) turn.call(service, 'spoilt', watching, statuses);
      return refuse(isBad ? statuses : new Malformed('watch: another watching has begun'));
    },
  };
};
/** Not thrown: what the refused push has changed must stay. */
const refused = (turn: Turn, reason: Malformed): Vow<void> => {
  const { vow, resolver } = turn.vow<void>();
  resolver.broken(reason);
  return vow;
};

interface Push {
  readonly pushCount: number;
  readonly recentCount: number;
  readonly sequence: unknown;
  readonly pushed: unknown;
}
const read = ({
  pushCount,
  recentCount,
  sequence,
  pushed,
}: Push): readonly Status[] | Malformed => {
  if (sequence !== pushCount) return new Malformed(`watch: this is not push ${pushCount}`);
  if (recentCount > LIMITS.pushCount)
    return new Malformed(
      `watch: more than ${LIMITS.pushCount} pushes in ${LIMITS.pushWindowMs} ms`,
    );
  try {
    return readPushed(pushed, 'push');
  } catch (reason) {
    if (reason instanceof Malformed) return reason;
    throw reason;
  }
};
