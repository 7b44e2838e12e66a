/** Whom a selector picks out, as the shepherd that has them tells it: by that list alone anything is done. */
import { ActorError, isRemote } from '@bellwether/actors';
import {
  limits,
  list,
  parseSelector,
  readName,
  selectionName,
  selectorText,
  struct,
  type Selected,
  type Status,
} from '@bellwether/shepherd';
import { checked } from '../../client/answers.ts';
import { visible } from '../../client/escape.ts';
import { type Context, isPetnameWord, overLine, patienceOf } from '../context.ts';
import { fewNames } from '../format/names.ts';
import type { ShownStatus } from '../format/shown-status.ts';
import { isRootName } from '../grammar/invocation.ts';
import { shownNameCount } from '../limits.ts';
import { printErrors } from '../terminal/print.ts';
import { Usage } from '../grammar/usage.ts';

/** Some services, and how they are asked for. */
export interface Chosen {
  readonly names: readonly string[];
  /** The word for all of them: a name at the local root, or the petname of whose members they are. */
  readonly service: string;
  /** Keys that were looked for in vain: perhaps slips. */
  readonly unknownKeys: readonly string[];
}

/** A shepherd that knows no selectors was asked for nothing. */
class TooOld extends ActorError {
  readonly hint: string;
  constructor(whose: string, options?: ErrorOptions) {
    super('too-old', `${whose} is too old to know selectors, and was asked for nothing`, options);
    this.name = 'TooOld';
    this.hint = 'Name the services, or a fleet of them; or upgrade it.';
  }
}

const selectedIn = checked(
  struct<Selected>(
    {
      names: list(readName, limits.rowCount),
      unknownKeys: list(readName, limits.selectorTermCount),
    },
    {},
  ),
  'selected',
);

/**
 * Asks whom the selector of the command line picks out: among all services, among those that are called so, or among
 * the members of a fleet. @throws Usage, BadSelector, TooOld, NothingSelected as a Remote
 */
export const choose = async (context: Context, service: string | undefined): Promise<Chosen> => {
  const selector = parseSelector(context.options.selector ?? '');
  if (service !== undefined && isRootName(service))
    throw new Usage('the shepherd itself has no labels: -l picks out its services');
  const text = selectorText(selector);
  const isFar = service !== undefined && isPetnameWord(service);
  const args = service === undefined || isFar ? [text] : [text, service];
  const patience = patienceOf(context);
  try {
    const answer = await overLine(context, service ?? '', (line) =>
      line.ask({ method: 'select', args, ...patience }),
    );
    const { names, unknownKeys } = selectedIn(answer);
    return { names, unknownKeys, service: isFar ? service : selectionName(selector, service) };
  } catch (error) {
    const isOlder =
      isRemote(error) && error instanceof Error && / has no method /.test(error.message);
    if (!isOlder) throw error;
    throw new TooOld(isFar ? `the shepherd behind ${visible(service)}` : 'the shepherd', {
      cause: error,
    });
  }
};

/** Says what may be slips. */
export const tellSlips = (context: Context, { unknownKeys }: Chosen): void =>
  printErrors(
    context,
    unknownKeys.map((key) => `herd: warning: nobody has a label '${visible(key)}'`),
  );

/** Names in a line, as many as it has room for. */
export const listed = (names: readonly string[]): string => fewNames(names, shownNameCount);

/** A ref tells of its members in one status, and has no names here by which one of them could be asked. */
export const ofMembersOnly = (action: string, service: string): Usage =>
  new Usage(
    `${action} ${service}: a ref tells of its own service only, and -l would pick out members of it`,
    `'herd status ${service} -l SELECTOR' shows how those are; '${action}' is for the shepherd that has them.`,
  );

/** A status of these members alone: how well all of them are says nothing of those. */
export const ofMembers = (status: Status, names: readonly string[]): Status => {
  if (status.kind === 'local' || status.members === undefined) return status;
  const { health: _health, blame: _blame, ...rest } = status;
  const members = status.members.filter(({ name }) => names.includes(name));
  const serving = members.filter(({ stage, isReady }) => stage === 'running' && isReady !== false);
  const counts = { runningCount: serving.length, neededCount: members.length };
  return { ...rest, members, ...counts } as Status;
};

/** Whether it is known where a service is, and where each of its members is. */
export const isKnown = ({ stage, members }: ShownStatus): boolean =>
  stage !== 'unknown' && (members ?? []).every((member) => member.stage !== 'unknown');
