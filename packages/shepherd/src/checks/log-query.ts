/** What of a log somebody asks for: checked, since it may be any peer on earth who does. */
import { limits } from '../limits.ts';
import { Malformed } from '../errors.ts';
import { readHops, readMembers } from './requests.ts';
import { list, readBoolean, readUpTo, readWhole, requested, struct, type Read } from '../read.ts';
import { readWay } from '../words/names.ts';
import type { LogPlace, LogQuery } from '../words/types.ts';

const readPlace = struct<LogPlace>({ place: readWhole }, { about: readWay });
const readPlaces: Read<readonly LogPlace[]> = (value, what) => {
  const read = list(readPlace, limits.logPlaceCount)(value, what);
  const weight = read.reduce((sum, { about }) => sum + placeWeight(about ?? ''), 0);
  if (weight <= limits.logPlaceWeight) return read;
  throw new Malformed(
    `${what}: places of weight ${weight}, at most ${limits.logPlaceWeight} are taken`,
  );
};
const readQuery = struct<LogQuery>(
  {},
  {
    lineCount: readUpTo(limits.logLineCount),
    sinceMs: readUpTo(limits.sinceMs),
    after: readPlaces,
    onlyMembers: readMembers,
    isOnce: readBoolean,
    // Controllers that are members of each other have a way for every order in which they can be passed.
    hops: readHops(limits.followHopCount),
  },
);
const readRequested = requested(readQuery, 'log');
/**
 * A query with nothing in it but what a query has. A number alone is how many lines, as it was
 * before there were queries. @throws BadRequest
 */
export const checkedQuery = (query: LogQuery | number): LogQuery =>
  readRequested(typeof query === 'number' ? { lineCount: query } : query);

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
