/** What binds services to one another, and what is done when one ends or fails. */
import type { Exec } from './parts.ts';

/** How often a service that ended by itself is started again, and how fast. */
export interface Respawn {
  /** 'failure': what has ended by itself with the exit code 0 is not started again. Default: whatever has ended is. */
  readonly on?: 'failure';
  /** Each delay is as long as the first, as in GNU Shepherd: `maxDelaySeconds` is not said then. */
  readonly fixed?: true;
  /**
   * More than this many respawns within the window disable the service. Default 5, as in GNU
   * Shepherd.
   */
  readonly limit?: number;
  /** Default 7, as in GNU Shepherd. */
  readonly windowSeconds?: number;
  /**
   * The first delay; each further one doubles. Default 0.1, as in GNU Shepherd, where it stays the
   * same.
   */
  readonly delaySeconds?: number;
  /** The longest delay. Default 30. */
  readonly maxDelaySeconds?: number;
}

/** What has to run for a service to start, and how it binds. */
export interface Requirement {
  /** A name of it. The rest is said of a service of this machine alone. */
  readonly name: string;
  /**
   * For what a start waits: for its process; until it is ready; or, of a one-shot, until it has ended well, after
   * which it is not run once more for this service as long as the shepherd lives. Default 'ready'.
   */
  readonly until?: 'started' | 'ready' | 'completed';
  /**
   * What becomes of this service where it ends by itself. 'keep': it goes on, as in GNU Shepherd. 'stop': it is
   * stopped, unless the other one comes back by itself. 'restart': it is stopped in any case, and started again once
   * the other one is back. What was wished for it stays: the next life of the shepherd starts it. Default 'keep'.
   */
  readonly ifLost?: 'keep' | 'stop' | 'restart';
}

/**
 * What is done when a service has failed: it did not start; it ended by itself with anything but exit code 0 and is not
 * started again; or it was disabled, since it had to be started again too often.
 */
export type FailureHook =
  /** A service of this machine is started. */
  | { readonly start: string }
  /** A command runs to its end; BELLWETHER_SERVICE, _NODE, _FAILURE and _REASON of its environment tell it. */
  | { readonly run: Exec }
  /** The same is posted there, as JSON. Who reads the configuration sees the URL; a log tells its host alone. */
  | { readonly webhook: string };
