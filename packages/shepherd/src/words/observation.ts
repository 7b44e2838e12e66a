/** The words of watching: who is told when something changes that a status shows. */
import type { Ref, Vow } from '@bellwether/actors';
import type { Principal } from './principal.ts';
import type { Status } from './status-types.ts';

/**
 * Who hears of services while somebody watches them, often on another machine. The answer to a push
 * is the credit for the next one.
 */
export interface Observer {
  /**
   * Statuses that changed since the last push, whole; none: nothing changed, a heartbeat. `sequence`
   * counts 0, 1, 2 … without gaps for each watching; who sees a gap watches anew. The first pushes
   * bring everything that is watched. `isOneWay`: a heartbeat that nobody waits for an
   * answer to, and that is no credit.
   */
  observed(sequence: number, statuses: readonly Status[], isOneWay?: boolean): void | Vow<void>;
}
/** Whose status was touched. */
export interface Touches {
  /** For the next question. */
  readonly count: number;
  /** Names; absent where that is not known any more, so that it may be anybody. */
  readonly names?: readonly string[];
}
/**
 * The `^status-board`: who is told when something changes that a status shows. See status-board.ts.
 */
export interface StatusBoard {
  /**
   * Something has changed that the status of a provider shows. All names of it: whatever is made of
   * it under one of them is touched, too. `isHome`: it is a service of this machine, which keeps its own history.
   */
  touched(provision: readonly string[], isHome?: boolean): void;
  /**
   * Who was touched since a question before, by its count; near only. It is noted from the first question on, until
   * nobody has asked for long.
   */
  touchedSince(count: number | undefined): Touches;
  /** What an aggregate is made of; replaces what was said of it before. */
  contains(aggregate: readonly string[], members: readonly string[]): void;
  /** @throws Limit */
  watch(watching: Watching): void;
}
/** What a facet is narrowed to. */
export interface FacetBounds {
  /** Of what lasts it has its share with others; see Asker. */
  readonly origin?: string;
  /** Of an aggregate it speaks of these members alone. */
  readonly members?: readonly string[];
}
/** Who is counted for something that lasts. */
export interface Asker {
  readonly principal: Principal;
  /** What the grant of that asker comes from: the first of its chain, or the reference that this was made by. */
  readonly origin?: string;
  /**
   * Since when the session stands that it is asked through: monotonic milliseconds of this machine. Absent: nobody
   * knows, so it may be any.
   */
  readonly sinceMs?: number;
  /** Of an aggregate it may ask for these members alone; absent: for all. */
  readonly members?: readonly string[];
}
/** One subscription to a `^status-board`. */
export interface Watching extends Asker {
  /** Canonical names; undefined: all there are, and those that come later. */
  readonly names: readonly string[] | undefined;
  readonly observer: Ref<Observer>;
  /** Milliseconds between two heartbeats. */
  readonly heartbeatMs: number;
}
