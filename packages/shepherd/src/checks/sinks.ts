/** What came as a sink, an observer or a follower: a peer may have put anything in its place. */
import { isRef, isVow } from '@bellwether/actors';
import { BadRequest } from '../errors.ts';

/**
 * Refuses what no message can be sent to, before anything is done for the request that it came with. A vow may become
 * a sink yet; a message to one that does not is refused then, and ends the stream alone. @throws BadRequest
 */
export const checkSink = (sink: unknown): void => {
  if (!isRef(sink) && !isVow(sink)) throw new BadRequest('request: the sink is no reference');
};
/** The same for a follower of logs. @throws BadRequest */
export const checkFollower = (follower: unknown): void => {
  if (!isRef(follower) && !isVow(follower))
    throw new BadRequest('log: the follower is no reference');
};
/** The same for an observer. @throws BadRequest */
export const checkObserver = (observer: unknown): void => {
  if (!isRef(observer) && !isVow(observer))
    throw new BadRequest('watch: the observer is no reference');
};
