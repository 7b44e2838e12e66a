/** Fleets whose members follow labels: pure, so that a boot, a reload and a machine that joins agree. */
import { memberTest } from '@bellwether/shepherd';
import type { PlannedService } from '../planned.ts';

/**
 * The same services, with the members that fleets have by their labels. Fleets are members of none of those: two that
 * follow the same labels would have each other. @throws BadSelector
 */
export const followed = (planned: readonly PlannedService[]): readonly PlannedService[] =>
  planned.some(isFollowing) ? planned.map((one) => withMembers(one, planned)) : planned;

const isFollowing = (one: PlannedService): boolean =>
  one.kind === 'fleet' && one.spec.follows !== undefined;

const withMembers = (one: PlannedService, all: readonly PlannedService[]): PlannedService => {
  if (one.kind !== 'fleet' || one.spec.follows === undefined) return one;
  const isMember = memberTest(one.spec.follows);
  const members = all.flatMap((each) => {
    if (each.kind === 'fleet') return [];
    const described = 'config' in each ? each.config : each.spec;
    return isMember(described) ? described.provision.slice(0, 1) : [];
  });
  return { ...one, spec: { ...one.spec, members } };
};
