/** The words that a shepherd leaves on the disk for the next one. */

/**
 * What must survive the daemon. Written by turns (`turn.record`), committed by a store, read again
 * at boot.
 */
export type Entry =
  | { readonly kind: 'desired'; readonly service: string; readonly isWanted: boolean }
  /** What was wished of it counts no longer: it went out of the configuration. */
  | { readonly kind: 'unwished'; readonly service: string }
  | { readonly kind: 'enabled'; readonly service: string; readonly isEnabled: boolean }
  /** Written before the process is made (without a pid), and again when it is. */
  | { readonly kind: 'running'; readonly running: RunningRecord }
  | { readonly kind: 'ended'; readonly startId: string };
/** What is on disk of a start: enough to find its process again. */
export interface RunningRecord {
  readonly startId: string;
  readonly service: string;
  readonly pid?: number;
  readonly startTime?: string;
  readonly bootId?: string;
  /** A command: the next daemon ends it where it would adopt a service. */
  readonly isCommand?: true;
  /** Its service was seen to be ready. Absent: the next daemon asks before it says running. */
  readonly isReady?: true;
  /** The digest of its command, to tell whether the configuration has another by now. */
  readonly madeFrom?: string;
  /** Wall clock, milliseconds since 1970: when it was started, or seen to be ready. */
  readonly since?: number;
}
/** What the store found at boot. */
export interface Records {
  readonly desired: ReadonlyMap<string, boolean>;
  readonly enabled: ReadonlyMap<string, boolean>;
  readonly running: readonly RunningRecord[];
}
