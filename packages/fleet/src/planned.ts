/** A configuration as a daemon has it in its hands: what is to be registered, as plain data. */
import type { Ref, Vow } from '@bellwether/actors';
import type { Agent, ChoreRules, Followed, Labels, MinReady, ServiceConfig } from '@bellwether/shepherd';

/** A service of another shepherd, reached by a ref of the daemon's store. */
export interface ExportedSpec {
  readonly provision: readonly [string, ...string[]];
  readonly petname: string;
  /** What the operator calls the machine where it runs. */
  readonly origin: string;
  /** Names at this shepherd. */
  readonly requirement: readonly string[];
  readonly labels?: Labels;
  /** Of a machine that has joined: a fingerprint of its gift. By another one it is another service. */
  readonly gift?: string;
}
/** An aggregate. */
export interface FleetSpec {
  readonly provision: readonly [string, ...string[]];
  readonly documentation: string;
  /** Canonical names at this shepherd; where it follows labels, those who have them now: see following.ts. */
  readonly members: readonly string[];
  /** Its members are whoever is called and labelled so, as services come and go. */
  readonly follows?: Followed;
  readonly minReady: MinReady;
  /** Milliseconds for which fewer may be ready before the fleet counts as failed. */
  readonly settleMs: number;
  readonly labels?: Labels;
}
/** A service that is run as the release that is active. */
export interface SlotSpec {
  /** All of it but how it is started. */
  readonly config: Omit<ServiceConfig, 'start'>;
  /** Plain data that only its agent has a use for. */
  readonly rules: unknown;
}
/** Who makes the agents of slots, and keeps them. Near only. */
export interface SlotAgents {
  /** The agent of a slot, old or new; it says itself how its service is run. */
  take(spec: SlotSpec): TakenSlot;
  /** Those that were taken since the last time go on with what an earlier life has left. */
  resume(): void;
  /** Slots that are described no more, and of which there are still releases; in the order of their names. */
  left(): readonly LeftSlot[];
  /**
   * Removes the releases of a slot that is described no more. Kept with what went, once it is gone for good. Broken
   * with UnknownService, and with Conflict for one that is still there.
   */
  free(slot: string): Vow<LeftSlot>;
}
/** What a slot has left behind that went from the configuration. */
export interface LeftSlot {
  readonly slot: string;
  readonly releaseCount: number;
  /** Of their files, as their manifests say. */
  readonly byteCount: number;
}
/** A service that its shepherd is itself: it has no process, and its agent does what it is there for. */
export interface ChoreSpec {
  readonly config: Omit<ServiceConfig, 'start'>;
  readonly chore: ChoreRules;
}
/** Who makes the agents of those. Near only. */
export interface ChoreAgents {
  /** The agent of one, old or new. */
  take(spec: ChoreSpec): TakenSlot;
}
/** A slot that is to be defined, or revised; or a chore. */
export interface TakenSlot {
  readonly config: ServiceConfig;
  readonly agent: Ref<Agent>;
}
/** One entry of a configuration. */
export type PlannedService =
  | { readonly kind: 'service'; readonly config: ServiceConfig }
  | ({ readonly kind: 'slot' } & SlotSpec)
  | ({ readonly kind: 'chore' } & ChoreSpec)
  | { readonly kind: 'exported'; readonly spec: ExportedSpec }
  | { readonly kind: 'fleet'; readonly spec: FleetSpec };
