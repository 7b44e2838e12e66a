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
import { listed, othersIn } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { stoppedOutside, stopping } from './outside.ts';
import type { Terms } from './view.ts';

/** Who knows what there is. */
export type Knowing = Ref<Pick<Shepherd, 'status' | 'foresee'>>;

/** What a grant is to allow, and to whom of what it is looked at. */
interface Looked extends Pick<GrantSpec, 'actions'> {
  readonly members: readonly string[] | undefined;
  /** The grant of whoever makes it out of that: he is told nothing that this does not show. */
  readonly above: Terms | undefined;
}

/**
 * What its maker should know of it, in a sentence or two; none where all of it is there. `above`: the grant that it is
 * made out of, if it is one.
 * @throws UnknownAction, and BadRequest for members of what has no such ones
 */
export const doubtsAbout = (
  shepherd: Knowing,
  turn: Turn,
  status: Status,
  { actions, members: asked }: Pick<GrantSpec, 'actions' | 'members'>,
  above: Terms | undefined,
): readonly string[] => {
  const members = membersFor(status, asked, above?.members);
  const looked: Looked = { actions, members, above };
  return [
    ...doubtsOfActions(shepherd, turn, status, looked),
    ...doubtsOfStops(shepherd, turn, status, looked),
  ];
};

/** Those that it is asked for, else of those of the grant above the ones that are members still. @throws BadRequest */
const membersFor = (
  status: Status,
  asked: readonly string[] | undefined,
  above: readonly string[] | undefined,
): readonly string[] | undefined => {
  const [service = ''] = status.provision;
  const all = status.kind === 'local' ? undefined : status.members;
  const names = new Set(all?.map(({ name }) => name));
  if (asked === undefined) return above?.filter((each) => names.has(each));
  if (all === undefined)
    throw new BadRequest(`service '${service}' is no fleet: it has no members to choose from`);
  const stranger = asked.find((each) => !names.has(each));
  if (stranger !== undefined) throw new BadRequest(`'${stranger}' is no member of '${service}'`);
  return asked;
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
    `Nobody knows yet whether there is an action ${named(missing.map((each) => `'${each}'`))}: ` +
      `${named(unheard)} ${unheard.length === 1 ? 'has' : 'have'} not been heard of in full.`,
  ];
};
const named = (names: readonly string[]): string => listed(names, LIMITS.nameCount);
const hintFor = (wrong: string, there: readonly string[]): string => {
  const meant = closest(wrong, there);
  const did = meant === undefined ? '' : `; did you mean '${meant}'?`;
  return `${did}${did === '' ? '; ' : ' '}there ${there.length === 1 ? 'is' : 'are'} ${named(there)}`;
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
  if (members === undefined || !actions.some((each) => stopping.has(each))) return [];
  const outside = stoppedOutside(shepherd, turn, { status, members, action: 'stop', isEver: true });
  if (outside.length === 0) return [];
  const [verb, pronoun] = outside.length === 1 ? ['requires', 'it is'] : ['require', 'they are'];
  const who = above?.members === undefined ? named(outside) : othersIn(outside);
  return [`${who} ${verb} what this is for: while ${pronoun} not down, a stop is refused.`];
};
