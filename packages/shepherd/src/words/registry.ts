/** Which services a shepherd has: their names, the graph between them, and how some are exchanged for others. */
import type { Ref } from '@bellwether/actors';
import type { Agent } from './agent-types.ts';
import type { ServiceConfig } from './service-config.ts';
import type { Aggregate, Provider, ServiceElsewhere } from './service-types.ts';

/** The `^service-registry`: names and the graph between them. */
export interface ServiceRegistry {
  /** @throws Refused for a name that is taken, and for a cycle, with its path. */
  register(provider: Ref<Provider>): void;
  /**
   * Forgets a service, by any of its names. What requires it may stay, and finds it missing when it
   * starts. @throws UnknownService
   */
  unregister(name: string): void;
  /** @throws UnknownService */
  lookup(name: string): Ref<Provider>;
  /** The canonical name behind any name; undefined where there is no such service. */
  canonical(name: string): string | undefined;
  /**
   * What a service requires, directly: canonical names, and as it is written what is not registered
   * (yet). @throws UnknownService
   */
  requirements(name: string): readonly string[];
  /** Canonical names of the services that require this one, directly. */
  dependents(name: string): readonly string[];
  /** Canonical names, in order of registration. */
  names(): readonly string[];
}
/** What goes, and what comes in its place. Near only. */
export interface Swap {
  /** Services that go, by any of their names; what comes may have the same ones. */
  readonly removed: readonly string[];
  /** Services of this machine: new ones, and others described anew under the same canonical name. */
  readonly own: readonly ServiceConfig[];
  /** Of new ones, by canonical name: who carries out what their descriptions leave to one. */
  readonly agents?: ReadonlyMap<string, Ref<Agent>>;
  /** New, or in place of the one with the same canonical name; so are the aggregates. */
  readonly elsewhere: readonly Ref<ServiceElsewhere>[];
  readonly aggregates: readonly Ref<Aggregate>[];
}
