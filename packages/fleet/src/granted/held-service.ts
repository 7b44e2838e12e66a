/**
 * What minted references and grants answer alike: all but commands. Sinks, observers and followers never go further
 * than here; answers that are still to come, and streams, end with the reference.
 */
import type { Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import {
  checkedQuery,
  checkFollower,
  checkObserver,
  type Follower,
  type LogQuery,
  type Observer,
  type Status,
} from '@bellwether/shepherd';
import type { Front } from './front.ts';
import { makeGrant, pageOf, takeBack } from './granter.ts';
import { holding, looking, passing, reading } from './passages.ts';
import type { Commands, Granter, HeldService } from './types.ts';
import { followUntilCut, watchUntilCut } from './until-cut.ts';
import { grantedEvent, grantedStatus } from './view.ts';

/** The methods of whoever stands in front of a facet, but for commands. */
export const heldMethods = (front: Front): Omit<Behavior<HeldService>, Commands> => ({
  ...passing(front),
  ...grantMethods(front),
  watch: (turn, observer, heartbeatMs) => watch(front, turn, observer, heartbeatMs),
  follow: (turn, query, follower) => follow(front, turn, query, follower),
  allows: (turn) => open(front, turn, 'allows', () => turn.kept(front.allowed(turn))),
});

/** Making grants out of it, and taking them back. */
const grantMethods = (front: Front): Pick<Behavior<HeldService>, keyof Granter> => {
  const { book, issuer, service, terms } = front;
  return {
    grant: (turn, spec) =>
      open(front, turn, 'grant', () => makeGrant(front, turn, issuer, { ...spec, service }, terms)),
    grants: (turn, after) =>
      open(front, turn, 'grant ls', () =>
        turn.kept(pageOf(turn.call(book, 'list', issuer), after)),
      ),
    revokeGrant: (turn, id, reason) =>
      open(front, turn, 'grant revoke', () => turn.kept(takeBack(book, turn, issuer, id, reason))),
    renewGrant: (turn, id, lifetimeMs) =>
      open(front, turn, 'grant renew', () =>
        turn.kept(turn.call(book, 'renew', issuer, id, lifetimeMs)),
      ),
  };
};

const open = <T>(
  front: Front,
  turn: Turn,
  as: string,
  then: () => Vow<T>,
  wished = holding,
): Vow<T> => {
  const why = front.refuse(turn, as, wished);
  return why === undefined ? then() : turn.broken(why);
};

const watch = (
  front: Front,
  turn: Turn,
  observer: Ref<Observer>,
  heartbeatMs: number,
): Vow<void> => {
  checkObserver(observer);
  const { terms } = front;
  const view = (status: Status): Status =>
    terms === undefined ? status : grantedStatus(terms, status);
  const begin = (): Vow<void> => {
    const over = watchUntilCut(front, turn, observer, heartbeatMs, view);
    front.saw(turn, 'asked', 'watch');
    turn.when(over, (turn) => front.saw(turn, 'ended', 'watch'));
    return turn.kept(undefined);
  };
  return open(front, turn, 'watch', begin, looking);
};

const follow = (front: Front, turn: Turn, query: LogQuery, follower: Ref<Follower>): Vow<void> => {
  const wanted = checkedQuery(query);
  checkFollower(follower);
  const shows = front.terms === undefined ? (): boolean => true : grantedEvent(front.terms);
  const begin = (): Vow<void> => {
    const { answer, told } = followUntilCut(front, turn, wanted, follower, shows);
    front.saw(turn, 'asked', 'follow');
    const ended = (turn: Turn): void => front.saw(turn, 'ended', 'follow');
    turn.when(answer, ended, ended);
    return told;
  };
  return open(front, turn, 'follow', begin, reading);
};
