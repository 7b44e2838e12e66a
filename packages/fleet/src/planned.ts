/** A configuration as a daemon has it in its hands: what is to be registered, as plain data. */
import type { ServiceConfig } from '@bellwether/shepherd';
import type { MinReady } from './aggregate/summary.ts';

/** A service of another shepherd, reached by a ref of the daemon's store. */
export interface ExportedSpec {
  readonly provision: readonly [string, ...string[]];
  readonly petname: string;
  /** What the operator calls the machine where it runs. */
  readonly origin: string;
  /** Names at this shepherd. */
  readonly requirement: readonly string[];
}
/** An aggregate. */
export interface FleetSpec {
  readonly provision: readonly [string, ...string[]];
  readonly documentation: string;
  /** Canonical names at this shepherd. */
  readonly members: readonly string[];
  readonly minReady: MinReady;
  /** Milliseconds for which fewer may be ready before the fleet counts as failed. */
  readonly settleMs: number;
}
/** One entry of a configuration. */
export type PlannedService =
  | { readonly kind: 'service'; readonly config: ServiceConfig }
  | { readonly kind: 'exported'; readonly spec: ExportedSpec }
  | { readonly kind: 'fleet'; readonly spec: FleetSpec };
