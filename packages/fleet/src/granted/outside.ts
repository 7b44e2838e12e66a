/**
 * Whom a stop would take down beyond the members that a grant is narrowed to: those that require them. To be stopped by
 * one's requirement is the graph at work, but such a grant says who is not to be touched.
 */
import type { Ref, Turn } from '@bellwether/actors';
import type { Request, Shepherd, Status } from '@bellwether/shepherd';
import { ReachesOutside } from '../errors.ts';
import type { Terms } from './view.ts';

/** A grant to members of an aggregate. */
export interface Narrowed {
  readonly shepherd: Ref<Pick<Shepherd, 'status' | 'foresee'>>;
  readonly grant: string;
  readonly service: string;
  readonly terms: Pick<Terms, 'members'>;
}
/** Why what is asked for through a grant would reach members that it is not for. */
export const beyond = (
  { shepherd, grant, service, terms: { members } }: Narrowed,
  turn: Turn,
  requests: readonly Request[],
): ReachesOutside | undefined => {
  if (members === undefined) return undefined;
  const status = turn.call(shepherd, 'status', service);
  for (const request of requests) {
    const { action, queueMs } = request;
    // What waits for a machine is done later, to whoever runs by then.
    const isEver = queueMs !== undefined;
    const outside = stoppedOutside(shepherd, turn, { status, members, action, isEver, request });
    if (outside.length > 0) return new ReachesOutside(grant, action, outside);
  }
  return undefined;
};

/** What would be asked for. */
export interface Stopping {
  /** Of the aggregate. */
  readonly status: Status;
  /** What the grant is for. */
  readonly members: readonly string[];
  readonly action: string;
  /** Whatever runs now: it may be done later, or again and again. */
  readonly isEver: boolean;
  /** As it was asked; absent: for all of those members. */
  readonly request?: Request;
}

/** The other members that would be stopped, too; where nobody knows whether one runs, it is among them. */
export const stoppedOutside = (
  shepherd: Ref<Pick<Shepherd, 'status' | 'foresee'>>,
  turn: Turn,
  { status, members, action, isEver, request }: Stopping,
): readonly string[] => {
  // Of an aggregate elsewhere its own shepherd has the graph.
  if (status.kind !== 'fleet' || !stopping.has(action)) return [];
  const [member = ''] = status.provision;
  const wanted: Request = request ?? { ...anyStop, member, onlyMembers: members };
  // What is tried again may have been asked for of a fleet that had more members.
  const { minReady: _minReady, ...asked } = wanted;
  const dependents = turn
    .call(shepherd, 'foresee', asked)
    .filter(({ why, effect }) => why === 'dependent' && (isEver || effect !== 'none'))
    .map(({ service }) => service);
  if (dependents.length === 0) return [];
  const others = status.members.map(({ name }) => name).filter((name) => !members.includes(name));
  const [own, outside] = [behind(shepherd, turn, members), behind(shepherd, turn, others)];
  return [...new Set(dependents)].filter((name) => outside.has(name) && !own.has(name));
};

/** Actions by which whatever requires a service is stopped, too. */
export const stopping: ReadonlySet<string> = new Set(['stop', 'restart']);

/** These, and whatever the fleets among them are made of. */
const behind = (
  shepherd: Ref<Pick<Shepherd, 'status'>>,
  turn: Turn,
  names: readonly string[],
): ReadonlySet<string> => {
  const found = new Set<string>();
  const look = (name: string): void => {
    const status = turn.call(shepherd, 'status', name);
    const [canonical = name] = status.provision;
    if (found.has(canonical)) return;
    found.add(canonical);
    if (status.kind === 'fleet') for (const member of status.members) look(member.name);
  };
  for (const name of names) look(name);
  return found;
};

const anyStop = {
  operation: 'foreseen',
  action: 'stop',
  args: [],
  remainingMs: 1_000,
  hops: [],
} as const;
