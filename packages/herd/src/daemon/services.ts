/** From planned to registered services: local ones, proxies of others, fleets. */
import type { Clock, Ref, Turn } from '@bellwether/actors';
import { makeExportedService, makeFleet, makeLiveRef, sharedMembers } from '@bellwether/fleet';
import type { Shepherd } from '@bellwether/shepherd';
import type { ExportedSpec, FleetSpec, PlannedService } from '../config/index.ts';
import type { DaemonRefs } from './daemon-refs.ts';

/** Registers every service, in the order of the configuration. */
export const registerServices = (
  turn: Turn,
  shepherd: Ref<Shepherd>,
  planned: readonly PlannedService[],
  refs: DaemonRefs,
  clock: Pick<Clock, 'now'>,
): void => {
  const shares = sharedMembers(
    planned.flatMap((one) =>
      one.kind === 'fleet' ? [{ name: one.spec.provision[0], members: one.spec.members }] : [],
    ),
  );
  for (const one of planned) {
    if (one.kind === 'service') turn.call(shepherd, 'define', one.config);
    else if (one.kind === 'exported') {
      turn.call(shepherd, 'register', exportedService(turn, one.spec, refs, clock));
    } else turn.call(shepherd, 'registerAggregate', fleet(turn, one.spec, shepherd, shares));
  }
};

const exportedService = (
  turn: Turn,
  { provision, petname, origin }: ExportedSpec,
  refs: DaemonRefs,
  clock: Pick<Clock, 'now'>,
) => {
  const peer = refs.peerOf(petname);
  const remote = turn.spawn(makeLiveRef, {
    petname,
    dial: refs.dial,
    ...(peer === undefined ? {} : { peer }),
  });
  return turn.spawn(makeExportedService, { provision, petname, origin, remote, clock });
};

const fleet = (
  turn: Turn,
  spec: FleetSpec,
  shepherd: Ref<Shepherd>,
  shares: ReturnType<typeof sharedMembers>,
) => turn.spawn(makeFleet, { ...spec, shepherd, sharedWith: shares[spec.provision[0]] ?? {} });
