/** The words of services that nobody has configured: commands that run once, now or at a time. */
import type { Command, ServiceConfig, StopConfig } from './service-config.ts';
import type { Arrival } from './socket-types.ts';
import type { Ending } from './process-types.ts';

/** What somebody wants run. */
export interface SpawnSpec {
  readonly argv: readonly [string, ...string[]];
  /** Absent: a name that is free. */
  readonly name?: string;
  /** Absolute. Absent: where the shepherd's user is at home. */
  readonly directory?: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where its log lies, absolute. Absent: with the others. */
  readonly logFile?: string;
  readonly user?: string;
  readonly group?: string;
}
/** Somebody who was accepted for a service, and what is to be run for him. */
export interface Connecting {
  /** The canonical name of that service. */
  readonly of: string;
  readonly arrival: Arrival;
  readonly stem: string;
  readonly command: Command;
  readonly stop: StopConfig;
}
/** Why somebody who was accepted has no process; `plainReason` as in a row. */
export interface Unserved {
  readonly reason: string;
  readonly plainReason?: string;
}
/** The power to make a command of that: it knows the environment and the home of the shepherd. */
export interface SpawnPowers {
  commandOf(spec: SpawnSpec): Command;
}
/** What the disk has of one. */
export interface TransientRecord {
  readonly service: string;
  /** A ServiceConfig, as JSON. */
  readonly text: string;
  /** The operation that it is of: a repeat of that asks for no other one. */
  readonly operation: string;
  /** How it ended, once it has; wall clock, milliseconds since 1970. */
  readonly ended?: Ending & { readonly at: number };
}
/** One of this life. */
export interface Transient extends Omit<TransientRecord, 'text'> {
  readonly config: ServiceConfig;
}
