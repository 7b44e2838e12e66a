/**
 * Whether there is what a grant is to allow. It is looked at when the grant is made: its holder could do nothing about
 * it, and its maker would learn of a slip from him.
 *
 *     local       its own shepherd knows all of its actions
 *     elsewhere   they are known once it was heard of; of an aggregate there, those that all its members have
 *     fleet       what any of its members has can be asked for
 */
import type { Ref, Turn } from '@bellwether/actors';
import type { GrantSpec } from '@bellwether/authority';
import {
  actionNames,
  BadRequest,
  closest,
  isBuiltIn,
  UnknownAction,
  type Shepherd,
  type Status,
} from '@bellwether/shepherd';
import { othersIn } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { stoppedOutside } from './outside.ts';
import type { Terms } from './view.ts';

/** Who knows what there is. */
export type Knowing = Ref<Pick<Shepherd, 'status' | 'foresee'>>;

/** What a grant is to allow, and to whom of what it is looked at. */
interface Looked extends Pick<GrantSpec, 'actions' | 'members'> {
  /** The grant of whoever makes it out of that: he is told nothing that this does not show. */
  readonly above: Terms | undefined;
}

/**
 * Undefined where all of it is there, else what its maker should know of it, in a sentence or two. `above`: the grant
 * that it is made out of, if it is one.
 * @throws UnknownAction, and BadRequest for members of what has no such ones
 */
export const doubtAbout = (
  shepherd: Knowing,
  turn: Turn,
  status: Status,
  { actions, members }: Pick<GrantSpec, 'actions' | 'members'>,
  above: Terms | undefined,
): string | undefined => {
  checkMembers(status, members);
  const narrowed = members ?? membersOf(status, above?.members);
  const looked: Looked = { actions, above, ...(narrowed && { members: narrowed }) };
  const doubts = [
    ...doubtsOfActions(shepherd, turn, status, looked),
    ...doubtsOfStops(shepherd, turn, status, looked),
  ];
  return doubts.length === 0 ? undefined : doubts.join(' ');
};

const checkMembers = (status: Status, members: readonly string[] | undefined): void => {
  if (members === undefined) return;
  const [service = ''] = status.provision;
  const all = status.kind === 'local' ? undefined : status.members;
  if (all === undefined)
    throw new BadRequest(`service '${service}' is no fleet: it has no members to choose from`);
  const names = new Set(all.map(({ name }) => name));
  const stranger = members.find((each) => !names.has(each));
  if (stranger !== undefined) throw new BadRequest(`'${stranger}' is no member of '${service}'`);
};

/** Of these the ones that are its members still. */
const membersOf = (status: Status, chosen: readonly string[] | undefined) => {
  const { members } = status.kind === 'local' ? { members: undefined } : status;
  const names = members && new Set(members.map(({ name }) => name));
  return names ? chosen?.filter((each) => names.has(each)) : chosen;
};

/** What a grant may allow of every service. */
const common: readonly string[] = [...actionNames.filter(isBuiltIn), 'status', 'log'];

const doubtsOfActions = (
  shepherd: Knowing,
  turn: Turn,
  status: Status,
  { actions, members, above }: Looked,
): readonly string[] => {
  const custom = actions.filter((each) => !common.includes(each));
  if (custom.length === 0) return [];
  const { own, unheard } = actionsOf(shepherd, turn, status, members);
  const missing = custom.filter((each) => !own.has(each));
  const [wrong] = missing;
  if (wrong === undefined) return [];
  const [service = ''] = status.provision;
  const shown = [...own].filter((each) => above === undefined || above.actions.includes(each));
  if (unheard.length === 0)
    throw new UnknownAction(service, wrong, { hint: hintFor(wrong, [...shown, ...common]) });
  return [
    `Nobody knows yet whether there is an action ${listed(missing.map((each) => `'${each}'`))}: ` +
      `${listed(unheard)} ${unheard.length === 1 ? 'has' : 'have'} not been heard of in full.`,
  ];
};
const hintFor = (wrong: string, there: readonly string[]): string => {
  const meant = closest(wrong, there);
  const did = meant === undefined ? '' : `; did you mean '${meant}'?`;
  return `${did}${did === '' ? '; ' : ' '}there ${there.length === 1 ? 'is' : 'are'} ${listed(there)}`;
};
const listed = (names: readonly string[]): string => {
  const moreCount = names.length - LIMITS.nameCount;
  if (moreCount <= 0) return names.join(', ');
  return `${names.slice(0, LIMITS.nameCount).join(', ')} and ${moreCount} more`;
};

interface ActionsThere {
  readonly own: ReadonlySet<string>;
  /** Of these there may be more. */
  readonly unheard: readonly string[];
}
/** A member that is a fleet itself is one of this shepherd, and those have no circles. */
const actionsOf = (
  shepherd: Knowing,
  turn: Turn,
  top: Status,
  members: readonly string[] | undefined,
): ActionsThere => {
  const own = new Set<string>();
  const unheard: string[] = [];
  const seen = new Set<string>();
  const look = (status: Status, chosen?: readonly string[]): void => {
    const [name = ''] = status.provision;
    if (seen.has(name)) return;
    seen.add(name);
    for (const { name } of status.actions) own.add(name);
    if (status.kind === 'exported' && (status.ageMs === undefined || status.members !== undefined))
      unheard.push(name);
    if (status.kind !== 'fleet') return;
    for (const each of chosen ?? status.members.map(({ name }) => name))
      look(turn.call(shepherd, 'status', each));
  };
  look(top, members);
  return { own, unheard };
};

const doubtsOfStops = (
  shepherd: Knowing,
  turn: Turn,
  status: Status,
  { actions, members, above }: Looked,
): readonly string[] => {
  if (members === undefined || !actions.some((each) => each === 'stop' || each === 'restart'))
    return [];
  const outside = stoppedOutside(shepherd, turn, { status, members, action: 'stop', isEver: true });
  if (outside.length === 0) return [];
  const [verb, pronoun] = outside.length === 1 ? ['requires', 'it is'] : ['require', 'they are'];
  const who = above?.members === undefined ? listed(outside) : othersIn(outside);
  return [`${who} ${verb} what this is for: while ${pronoun} not down, a stop is refused.`];
};
