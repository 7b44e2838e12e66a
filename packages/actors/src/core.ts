/**
 * The seams between the pieces of a vat; only types, none of them leaves the package.
 *
 *   a turn ends well: changes are kept, items are released:
 *       a message  -> the queue (near), the gate as an effect (far), or a vow that holds it
 *       a listener -> the vow it waits for        a resolution -> its vow
 *       an effect  -> the gate, where it waits until what was recorded before it is durable
 *   a turn throws: changes are undone from the last to the first, items and records are dropped
 */
import type { Actor } from './places.ts';
import type { Promised, Telling } from './promised.ts';
import type { Timers } from './timers.ts';
import type { Turn } from './types.ts';

/** One change of state that can be taken back or made final. */
export interface Change {
  undo(): void;
  keep(): void;
}
/** Something that leaves the vat: runs after the turn and its commit. A throw halts the vat. */
export interface Effect {
  perform(): void;
}
/** Something that a turn will have done once it has ended well. */
export interface Item {
  release(): void;
  /** For the rehearsal: equal for two runs of one turn that do the same. */
  describe(): string;
}
/** Told once how a vow ended. Runs no user code: it enqueues, or hands an effect to the gate. */
export interface Listener {
  /** True where nobody wants to be told any more. */
  readonly isOver?: boolean;
  onKept(value: unknown): void;
  onBroken(reason: unknown): void;
  /**
   * The vow follows another now, and has not settled. True: that was enough, and nothing is told any
   * more. Absent: the end is waited for.
   */
  onFollow?(end: Promised): boolean;
}
/** A message that waits for its vow; it goes ahead as soon as the vow follows another. */
export interface Parked extends Listener {
  readonly settle: Promised | undefined;
  moveTo(vow: Promised): void;
}
/** One turn that waits to be run. */
export interface Job {
  readonly actor: Actor;
  readonly settle: Promised | undefined;
  /** What caused it, as in `Core.causing`. */
  readonly cause: number;
  /** Only a message may become; only what has an asker may throw anything (vat.ts). */
  readonly kind: 'message' | 'continuation' | 'outside';
  /** The method, or `when`, `after`. */
  readonly step: string | undefined;
  /** What settled the vow that it waited for, numbered as a cause is; 0 for what waited for none. */
  readonly woken: number;
  run(turn: Turn): unknown;
}
/** A record, and whether later effects wait for its commit. */
export interface GatedEntry {
  readonly entry: unknown;
  readonly gates: boolean;
}
/** What the pieces may ask of the vat that they live in. */
export interface Core {
  readonly name: string;
  readonly changes: Change[];
  /** The innermost activation; undefined between turns. */
  active: { readonly actor: Actor } | undefined;
  /**
   * What everything that is made now has for its cause: the story (event-ring.ts) of the turn that runs, or minus that
   * of the arrival that a session takes in; while something leaves, its own cause; else 0.
   */
  causing: number;
  readonly timers: Timers;
  readonly telling: Telling;
  enqueue(job: Job): void;
  effect(effect: Effect): void;
  unheard(vow: Promised): void;
}
