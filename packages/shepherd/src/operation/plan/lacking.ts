/** Members that surely cannot do what an aggregate is asked for: a slip that need reach nobody. */
import type { Turn } from '@bellwether/actors';
import { isSwitch, takesRelease } from '../../action-table.ts';
import { inOrder } from '../../graph.ts';
import type { Status } from '../../words/types.ts';
import type { Host } from '../host.ts';
import type { Graph } from './plan.ts';

/** Whether an action is for all members or for none: it brings or runs another release. */
export const isForAll = (action: string): boolean => isSwitch(action) || takesRelease(action);

/** The members of an aggregate that are none themselves, also those of aggregates among them. */
export const membersIn = (member: string, members: Graph['members']): readonly string[] =>
  inOrder([member], (name) => members(name) ?? []).filter((name) => members(name) === undefined);

/** Those of whom it is known that they have no such action. */
export const lackingIn = (
  host: Pick<Host, 'service'>,
  turn: Turn,
  names: readonly string[],
  action: string,
): readonly string[] =>
  names.filter((name) => {
    const service = host.service(name);
    return service === undefined || lacks(turn.call(service, 'status'), action);
  });

/** Whether a service is known to have no such action. */
export const lacks = (status: Status, action: string): boolean =>
  !isInDoubt(status) && !status.actions.some(({ name }) => name === action);
/** Of an aggregate elsewhere only what all its members have is known. */
const isInDoubt = (status: Status): boolean =>
  status.stage === 'unknown' || (status.kind === 'exported' && status.members !== undefined);
