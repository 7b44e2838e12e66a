/** Whether a slot runs as the user of its shepherd, so that whoever brings its releases is that user. */
import fs from 'node:fs';
import type { GrantSpec } from '@bellwether/fleet';
import type { RunAs, Status } from '@bellwether/shepherd';
import { identityOf, nodeAccounts, type Accounts } from '@bellwether/shepherd/node';
import { socketOf } from '../../client/place.ts';
import { type Context, isPetnameWord, withRoot } from '../context.ts';
import { ownSlotWarning } from '../format/runs-as.ts';
import { lookFor } from './looking.ts';

/** Root and the shepherd's own user are that; who is not known here is not. */
export const isOwn = ({ user, group }: RunAs, accounts: Accounts): boolean => {
  if (user === undefined) return true;
  try {
    // Only root may be asked whom any words mean.
    const { uid } = identityOf({ user, group: group ?? 0 }, { ...accounts, uid: 0 });
    return uid === 0 || uid === accounts.uid;
  } catch {
    return false; // nobody like that: it does not start
  }
};

/**
 * What to warn of where somebody with these actions decides what runs as the user of the shepherd: at a service of this
 * shepherd, and at the members of a fleet that are its own. Of others nobody here knows.
 */
export const doubtsAboutGrant = async (
  context: Context,
  service: string,
  { actions, members }: Pick<GrantSpec, 'actions' | 'members'>,
): Promise<readonly string[]> => {
  if (isPetnameWord(service) || !['deploy', 'activate'].some((each) => actions.includes(each)))
    return [];
  const found = await statusesOf(context, [service]);
  const below = found.flatMap((one) => (one.kind === 'fleet' ? one.members : []));
  const names = below
    .filter(({ name, slot }) => slot !== undefined && members?.includes(name) !== false)
    .map(({ name }) => name);
  const all = names.length === 0 ? found : [...found, ...(await statusesOf(context, names))];
  return ownSlots(context, all).flatMap(ownSlotWarning);
};
const statusesOf = (context: Context, names: readonly string[]): Promise<readonly Status[]> => {
  const { probe, patience } = lookFor(context);
  return withRoot(context, (root) => root.status(names, probe, patience));
};

/** Names of those among them that are such slots. */
const ownSlots = (
  { terminal, options }: Context,
  statuses: readonly Status[],
): readonly string[] => {
  const accounts = { ...nodeAccounts(), uid: ownerOf(socketOf(terminal, options.socket)) };
  const isOwnSlot = (status: Status): boolean =>
    status.kind === 'local' &&
    status.slot !== undefined &&
    status.runsAs !== undefined &&
    isOwn(status.runsAs, accounts);
  return statuses.filter(isOwnSlot).map(({ provision }) => provision[0] ?? '');
};

/** The user of the shepherd: its socket is its own. Where it has gone meanwhile, root. */
const ownerOf = (socket: string): number =>
  fs.statSync(socket, { throwIfNoEntry: false })?.uid ?? 0;
