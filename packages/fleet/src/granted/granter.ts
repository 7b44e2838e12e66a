/** Making grants out of what somebody holds, and taking them back: the same for root, refs and grants. */
import { Refused, type Ref, type Turn, type Vow } from '@bellwether/actors';
import type { GrantBook, GrantFacts, GrantSpec } from '@bellwether/authority';
import {
  BadRequest,
  isBuiltIn,
  readField,
  readName,
  UnknownAction,
  weightOf,
  type Shepherd,
  type Status,
} from '@bellwether/shepherd';
import { notShared } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { GrantPage, MadeGrant, TakenBack } from './types.ts';

/** What grants are made with. */
export interface Issuing {
  readonly book: Ref<GrantBook>;
  readonly shepherd: Ref<Pick<Shepherd, 'status'>>;
  /** The URI of an invite at this daemon: a secret. `isLocal`: over the socket for all users of this machine. */
  readonly uriOf: (swissnum: Uint8Array, isLocal: boolean) => string;
  /** Whether there is such a socket. */
  readonly isShared: () => boolean;
}

/**
 * Makes a grant for whoever `issuer` is, and an invite to it. @throws UnknownService, UnknownAction,
 * BadRequest, Malformed, and as the grant book does
 */
export const makeGrant = (
  { book, shepherd, uriOf, isShared }: Issuing,
  turn: Turn,
  issuer: string,
  spec: GrantSpec,
): Vow<MadeGrant> => {
  const name = readName(readField(spec, 'service', 'grant'), 'grant.service');
  const status = turn.call(shepherd, 'status', name);
  const [service = name] = status.provision;
  const made = turn.call(book, 'make', issuer, { ...spec, service });
  if (spec.isLocal === true && !isShared()) throw notShared();
  // The book has looked at its shape; what is refused here undoes that.
  checkAgainst(status, spec);
  return turn.when(made, (_turn, { grant, swissnum, inviteExpiresMs }): MadeGrant => ({
    grant,
    invite: uriOf(swissnum, grant.isLocal === true),
    inviteExpiresMs,
  }));
};

/** A grant of something that there is not is a mistake. What is elsewhere may know more than is known of it here. */
const checkAgainst = (status: Status, { actions, members }: GrantSpec): void => {
  const [service = ''] = status.provision;
  const own = new Set(status.actions.map(({ name }) => name));
  const wrong = actions.find((each) => !looks.has(each) && !isBuiltIn(each) && !own.has(each));
  if (wrong !== undefined && status.kind === 'local') throw new UnknownAction(service, wrong);
  if (members === undefined) return;
  const all = status.kind === 'local' ? undefined : status.members;
  if (all === undefined)
    throw new BadRequest(`service '${service}' is no fleet: it has no members to choose from`);
  const stranger = members.find((each) => all.every(({ name }) => name !== each));
  if (stranger !== undefined) throw new BadRequest(`'${stranger}' is no member of '${service}'`);
};
/** What a grant may allow beside actions. */
const looks: ReadonlySet<string> = new Set(['status', 'log']);

/**
 * The first of these, or those after one of them, so many as one answer has room for. @throws Refused for an `after`
 * that is not there
 */
export const pageOf = (all: readonly GrantFacts[], after: string | undefined): GrantPage => {
  const begin = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && begin === 0) throw new Refused('no such grant');
  const rest = all.slice(begin);
  const grants = firstOf(rest);
  const last = grants.at(-1);
  return grants.length === rest.length || last === undefined
    ? { grants }
    : { grants, next: last.id };
};

/** At least one, where there is any. */
export const firstOf = (all: readonly GrantFacts[]): readonly GrantFacts[] => {
  let weight = 0;
  const end = all.slice(0, LIMITS.grantPageCount).findIndex((each, at) => {
    weight += weightOf(each);
    return at > 0 && weight > LIMITS.grantPageWeight;
  });
  return all.slice(0, end < 0 ? LIMITS.grantPageCount : end);
};

/** Takes a grant back for whoever `by` is. @throws Refused, Malformed */
export const takeBack = (
  book: Ref<GrantBook>,
  turn: Turn,
  by: string,
  grant: string,
  reason: string | undefined,
): TakenBack => {
  const ended = turn.call(book, 'revoke', by, grant, reason);
  const shown = new Map(turn.call(book, 'list', by).map((each) => [each.id, each]));
  return { revoked: ended.map((id): GrantFacts => shown.get(id) ?? turn.call(book, 'facts', id)) };
};
