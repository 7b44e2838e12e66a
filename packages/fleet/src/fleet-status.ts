/** What a fleet is, as a function of what its members are. */
import type { FleetStatus, MemberStatus, Status } from '@bellwether/shepherd';
export { unknownStatus } from '@bellwether/shepherd';
import { stageOf } from './summary.ts';

/** What of a fleet's options its status needs. */
export interface FleetFacts {
  readonly provision: readonly [string, ...string[]];
  readonly documentation: string;
}

/**
 * The status of a fleet that needs `neededCount` of `members`. Its age is that of the oldest
 * knowledge in it.
 */
export const fleetStatus = (
  { provision, documentation }: FleetFacts,
  members: readonly Status[],
  neededCount: number,
): FleetStatus => {
  const { stage, runningCount } = stageOf(members, neededCount);
  const unknownCount = members.filter((member) => member.stage === 'unknown').length;
  return {
    kind: 'fleet',
    provision,
    documentation,
    stage,
    runningCount,
    neededCount,
    members: members.map(memberOf),
    requirement: [],
    actions: commonActions(members),
    ageMs: Math.max(0, ...members.map((member) => member.ageMs ?? 0)),
    isEnabled: true,
    isOneShot: false,
    isRespawned: false,
    respawnCount: 0,
    ...(stage === 'unknown' && {
      unknownReason: `${unknownCount} of ${members.length} members are unknown`,
    }),
  };
};

const memberOf = (status: Status): MemberStatus => ({
  name: status.provision[0] ?? '',
  stage: status.stage,
  ...(status.ageMs !== undefined && { ageMs: status.ageMs }),
  ...(status.kind !== 'fleet' && status.pid !== undefined && { pid: status.pid }),
  ...(status.respawnCount > 0 && { respawnCount: status.respawnCount }),
  ...(status.unknownReason !== undefined && { unknownReason: status.unknownReason }),
});

/** Custom actions that every member has: a command to the fleet goes to all of them. */
const commonActions = (members: readonly Status[]): Status['actions'] => {
  const [first, ...rest] = members;
  if (first === undefined) return [];
  return first.actions.filter(({ name }) =>
    rest.every((member) => member.actions.some((action) => action.name === name)),
  );
};
