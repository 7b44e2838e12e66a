/** What of a log somebody asks for: checked, since it may be any peer on earth who does. */
import { limits } from '../limits.ts';
import { BadRequest, Malformed } from '../errors.ts';
import { checkedCount, checkedHops, checkedMembers } from './requests.ts';
import { readWhole, struct } from '../read.ts';
import { readWay } from '../words/names.ts';
import type { LogPlace, LogQuery } from '../words/types.ts';

/**
 * A query with nothing in it but what a query has. A number alone is how many lines, as it was
 * before there were queries. @throws BadRequest
 */
export const checkedQuery = (query: LogQuery | number): LogQuery => {
  if (typeof query === 'number') return checkedQuery({ lineCount: query });
  if (typeof query !== 'object' || query === null) throw new BadRequest('log: no query');
  const { lineCount, sinceMs, after, onlyMembers, isOnce, hops } = query;
  if (isOnce !== undefined && typeof isOnce !== 'boolean')
    throw new BadRequest('log: isOnce must be true or false');
  return {
    ...(lineCount !== undefined && {
      lineCount: checkedCount('log: line count', lineCount, limits.logLineCount),
    }),
    ...(sinceMs !== undefined && { sinceMs: checkedCount('log: since', sinceMs, limits.sinceMs) }),
    ...(after !== undefined && { after: checkedPlaces(after) }),
    ...(onlyMembers !== undefined && { onlyMembers: checkedMembers('log', onlyMembers) }),
    ...(isOnce !== undefined && { isOnce }),
    ...(hops !== undefined && { hops: checkedWay(hops) }),
  };
};

/** Controllers that are members of each other have a way for every order in which they can be passed. */
const checkedWay = (hops: readonly string[]): readonly string[] => {
  const way = checkedHops(hops);
  if (way.length > limits.followHopCount)
    throw new BadRequest(
      `log: it came through ${way.length} services, at most ${limits.followHopCount} are taken`,
    );
  return way;
};
const checkedPlaces = (places: readonly LogPlace[]): readonly LogPlace[] => {
  if (!Array.isArray(places) || places.length > limits.logPlaceCount)
    throw new BadRequest(`log: expected a list of at most ${limits.logPlaceCount} places`);
  try {
    const read = places.map((one: unknown) => readPlace(one, 'log: place'));
    const weight = read.reduce((sum, { about }) => sum + placeWeight(about ?? ''), 0);
    if (weight > limits.logPlaceWeight)
      throw new BadRequest(
        `log: places of weight ${weight}, at most ${limits.logPlaceWeight} are taken`,
      );
    return read;
  } catch (error) {
    if (error instanceof Malformed) throw new BadRequest(error.message, { cause: error });
    throw error;
  }
};
const readPlace = struct<LogPlace>({ place: readWhole }, { about: readWay });

/** What keeping one place takes; see limits. */
export const placeWeight = (about: string): number => 16 + about.length;

/** The places of a query by the member that they are about: the first part of their names, which holds no slash. */
export const placesByMember = ({
  after = [],
}: LogQuery): ReadonlyMap<string, readonly LogPlace[]> => {
  const byMember = new Map<string, LogPlace[]>();
  for (const one of after) {
    const [member = ''] = (one.about ?? '').split('/', 1);
    const known = byMember.get(member);
    if (known === undefined) byMember.set(member, [one]);
    else known.push(one);
  }
  return byMember;
};
