/** Making grants out of what somebody holds, and taking them back: the same for root, refs and grants. */
import type { Ref, Turn, Vow } from '@bellwether/actors';
import { unknownGrant } from '@bellwether/authority';
import type { GrantBook, GrantClock, GrantFacts, GrantSpec } from '@bellwether/authority';
import { readField, readName, weightOf, type ShepherdOptions } from '@bellwether/shepherd';
import { noSuchWay } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { doubtsAbout, type Knowing } from './there.ts';
import type { NamedWay } from '../ways.ts';
import type { GrantPage, MadeGrant, TakenBack } from './types.ts';
import type { Terms } from './view.ts';

/** What grants are made with. */
export interface Issuing {
  readonly book: Ref<GrantBook>;
  readonly shepherd: Knowing;
  /**
   * The URI of a swissnum at this daemon, where whoever comes can prove a key: a secret. `isLocal`: over the socket for
   * all users of this machine. @throws Refused where that is asked for and there is none
   */
  readonly uriOf: (swissnum: Uint8Array, isLocal: boolean) => string;
  /** Whether there is such a door. @throws Refused where there is, and it is shut */
  readonly hasWay: (way: NamedWay) => boolean;
  /** As of a shepherd. */
  readonly checkRoom?: ShepherdOptions['checkRoom'];
}

/**
 * Makes a grant for whoever `issuer` is, and an invite to it; `above` is what his own grant allows, if he has one.
 * @throws UnknownService, UnknownAction, BadRequest, Malformed, and as the grant book does
 */
export const makeGrant = (
  { book, shepherd, uriOf, hasWay, checkRoom }: Issuing,
  turn: Turn,
  issuer: string,
  spec: GrantSpec,
  above?: Terms,
): Vow<MadeGrant> => {
  const name = readName(readField(spec, 'service', 'grant'), 'grant.service');
  const status = turn.call(shepherd, 'status', name);
  const [service = name] = status.provision;
  checkRoom?.(issuer);
  const made = turn.call(book, 'make', issuer, { ...spec, service });
  if (spec.isLocal === true && !hasWay('local')) throw noSuchWay('local');
  // The book has looked at its shape; what is refused here undoes that.
  const doubts = [
    ...doubtsAbout(shepherd, turn, status, spec, above),
    ...doubtsOfTime(turn.call(book, 'clock')),
  ];
  return turn.when(made, (_turn, { grant, swissnum, inviteExpiresMs }): MadeGrant => ({
    grant,
    invite: uriOf(swissnum, grant.isLocal === true),
    inviteExpiresMs,
    ...(doubts.length > 0 && { doubt: doubts.join(' ') }),
  }));
};

/** A clock that was wrong once is found out by nobody before grants end at odd times. */
const doubtsOfTime = ({ nowMs, wallMs }: GrantClock): readonly string[] => {
  if (nowMs - wallMs < LIMITS.clockAheadMs) return [];
  const hours = Math.ceil((nowMs - wallMs) / 3_600_000);
  return [
    `The time by which grants end is ${hours} h ahead of the clock of its host: see 'herd grant clock' there.`,
  ];
};

/**
 * The first of these, or those after one of them, so many as one answer has room for. @throws Refused for an `after`
 * that is not there
 */
export const pageOf = (all: readonly GrantFacts[], after: string | undefined): GrantPage => {
  const begin = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && begin === 0) throw unknownGrant();
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
