/** What a fleet is, as a function of what its members are. */
import { cutText, endedWords } from '@bellwether/shepherd';
import type { Followed, FleetStatus, Labels, MemberStatus, Status } from '@bellwether/shepherd';
import type { HealthTerms, Judgement } from './health.ts';
import { LIMITS } from '../limits.ts';

/** What of a fleet's options its status needs. */
export interface FleetFacts {
  readonly provision: readonly [string, ...string[]];
  readonly documentation: string;
  readonly labels?: Labels;
  readonly follows?: Followed;
  /** For members that other fleets share: which ones. */
  readonly sharedWith: Readonly<Record<string, readonly string[]>>;
}

/**
 * The status of a fleet of these members by what they are judged to be. Its age is that of the oldest knowledge in
 * it; it has none where nobody can tell how it is, and none of those who are unknown was ever seen.
 */
export const fleetStatus = (
  { provision, documentation, labels, follows, sharedWith }: FleetFacts,
  members: readonly Status[],
  { neededCount }: Pick<HealthTerms, 'neededCount'>,
  { stage, runningCount, blame, failsInMs: _failsInMs, ...judged }: Judgement,
): FleetStatus => {
  const unknown = members.filter((member) => member.stage === 'unknown');
  const isSeen = stage !== 'unknown' || unknown.some(({ ageMs }) => ageMs !== undefined);
  const explained = new Set(
    members.filter((each) => reasonOf(each) !== undefined).slice(0, LIMITS.nameCount),
  );
  return {
    kind: 'fleet',
    provision,
    documentation,
    ...(labels !== undefined && { labels }),
    ...(follows !== undefined && { follows: followText(follows) }),
    stage,
    isReady: runningCount >= neededCount,
    runningCount,
    neededCount,
    ...judged,
    ...(blame.length > 0 && { blame: blame.slice(0, LIMITS.nameCount) }),
    members: members.map((member) => ({
      ...memberOf(member, sharedWith),
      ...(explained.has(member) && { reason: reasonOf(member) ?? '' }),
    })),
    requirement: [],
    actions: commonActions(members),
    ...(isSeen && { ageMs: Math.max(0, ...members.map((member) => member.ageMs ?? 0)) }),
    ...mostOf(members, 'readyMs'),
    ...mostOf(members, 'graceMs'),
    // A start is refused only where every member refuses it.
    isEnabled: members.length === 0 || members.some((member) => member.isEnabled),
    isOneShot: false,
    isRespawned: false,
    respawnCount: 0,
    ...(stage === 'unknown' && {
      unknownReason: `${unknown.length} of ${members.length} members are unknown`,
    }),
  };
};

/** As what a selector picks out is called. */
const followText = ({ selector, service = '' }: Followed): string => `${service}{${selector}}`;

/** Members act at once, so the slowest says how long it takes. */
const mostOf = (
  members: readonly Status[],
  key: 'readyMs' | 'graceMs',
): Pick<Status, 'readyMs' | 'graceMs'> => {
  const mostMs = Math.max(0, ...members.map((member) => member[key] ?? 0));
  return mostMs === 0 ? {} : { [key]: mostMs };
};

const memberOf = (status: Status, sharedWith: FleetFacts['sharedWith']): MemberStatus => {
  const [name = ''] = status.provision;
  const others = Object.hasOwn(sharedWith, name) ? (sharedWith[name] ?? []) : [];
  return {
    name,
    stage: status.stage,
    ...(status.stage === 'running' && status.isReady === false && { isReady: false }),
    ...(status.ageMs !== undefined && { ageMs: status.ageMs }),
    ...(status.kind !== 'fleet' && status.pid !== undefined && { pid: status.pid }),
    ...(status.isWanted !== undefined && { isWanted: status.isWanted }),
    ...(!status.isEnabled && { isEnabled: false }),
    ...(status.respawnCount > 0 && { respawnCount: status.respawnCount }),
    ...(status.unknownReason !== undefined && { unknownReason: status.unknownReason }),
    ...(status.kind !== 'fleet' && status.slot !== undefined && { slot: status.slot }),
    ...(others.length > 0 && { sharedWith: others.slice(0, LIMITS.nameCount) }),
  };
};

/** Why it does not serve though somebody wants it to, as far as it is more than its stage. */
const reasonOf = (status: Status): string | undefined => {
  const { kind, stage, isWanted } = status;
  if (kind === 'fleet' || stage === 'running' || stage === 'unknown') return undefined;
  if (isWanted === false) return undefined;
  const { disabledReason } = status;
  const parts = [disabledReason, endOf(status)].filter((each) => each !== undefined);
  if (parts.length === 0) return undefined;
  return cutText(parts.join('; '), LIMITS.memberReasonCharacters);
};

/** How it ended, or failed to start; nothing of what was before a start or a stop by somebody, that is under way. */
const endOf = (status: Exclude<Status, { kind: 'fleet' }>): string | undefined => {
  const { stage, isRespawning, failure, lastExit } = status;
  if (stage !== 'stopped' && isRespawning !== true) return undefined;
  return failure?.reason ?? (lastExit && endedWords(lastExit));
};

/** Custom actions that every member has: a command to the fleet goes to all of them. */
const commonActions = (members: readonly Status[]): Status['actions'] => {
  const [first, ...rest] = members;
  if (first === undefined) return [];
  return first.actions.filter(({ name }) =>
    rest.every((member) => member.actions.some((action) => action.name === name)),
  );
};
