/** From planned to registered services: local ones, proxies of others, fleets. */
import type { Clock, Ref, Turn } from '@bellwether/actors';
import type { Aggregate, Service, ServiceConfig, Shepherd } from '@bellwether/shepherd';
import { makeExportedService } from './exported-service.ts';
import { makeFleet } from './fleet.ts';
import { makeLiveRef } from './live-ref.ts';
import { sharedMembers } from './shares.ts';
import type { MinReady } from './summary.ts';
import type { Dial } from './types.ts';

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
}
/** One entry of a configuration. */
export type PlannedService =
  | { readonly kind: 'service'; readonly config: ServiceConfig }
  | { readonly kind: 'exported'; readonly spec: ExportedSpec }
  | { readonly kind: 'fleet'; readonly spec: FleetSpec };

/** What services that are elsewhere need of the daemon. */
export interface Surroundings {
  readonly dial: Dial;
  /** Where a petname of the daemon's store leads, for messages; undefined where it knows none. */
  readonly peerOf: (petname: string) => string | undefined;
  /** Only read. */
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Registers every service, in the order of the configuration. @throws what `define` and `register`
 * of the shepherd throw
 */
export const registerServices = (
  turn: Turn,
  shepherd: Ref<Shepherd>,
  planned: readonly PlannedService[],
  surroundings: Surroundings,
): void => {
  const shares = sharedMembers(
    planned.flatMap((one) =>
      one.kind === 'fleet' ? [{ name: one.spec.provision[0], members: one.spec.members }] : [],
    ),
  );
  for (const one of planned) {
    switch (one.kind) {
      case 'service':
        turn.call(shepherd, 'define', one.config);
        break;
      case 'exported':
        turn.call(shepherd, 'register', exportedService(turn, one.spec, surroundings));
        break;
      case 'fleet':
        turn.call(shepherd, 'registerAggregate', fleet(turn, one.spec, shepherd, shares));
    }
  }
};

const exportedService = (
  turn: Turn,
  { provision, petname, origin, requirement }: ExportedSpec,
  { dial, peerOf, clock }: Surroundings,
): Ref<Service> => {
  const peer = peerOf(petname);
  const remote = turn.spawn(makeLiveRef, {
    petname,
    dial,
    ...(peer === undefined ? {} : { peer }),
  });
  return turn.spawn(makeExportedService, {
    provision,
    petname,
    origin,
    requirement,
    remote,
    clock,
  });
};

const fleet = (
  turn: Turn,
  spec: FleetSpec,
  shepherd: Ref<Shepherd>,
  shares: ReturnType<typeof sharedMembers>,
): Ref<Aggregate> =>
  turn.spawn(makeFleet, { ...spec, shepherd, sharedWith: shares[spec.provision[0]] ?? {} });
