/** What came as a sink, an observer or a follower: a peer may have put anything in its place. */
import { isRef, isVow } from '@bellwether/actors';
import { BadRequest } from '../errors.ts';

/**
 * Refuses what no message can be sent to, before anything is done for the request that it came with. A vow may become
 * a sink yet; a message to one that does not is refused then, and ends the stream alone.
 */
const mustBeReference =
  (what: string) =>
  (value: unknown): void => {
    if (!isRef(value) && !isVow(value)) throw new BadRequest(`${what} is no reference`);
  };
/** What rows are sent to. @throws BadRequest */
export const checkSink = mustBeReference('request: the sink');
/** The same of logs. @throws BadRequest */
export const checkFollower = mustBeReference('log: the follower');
/** The same of statuses. @throws BadRequest */
export const checkObserver = mustBeReference('watch: the observer');
