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
import type { Door } from './door.ts';
import { makeGrant, pageOf, takeBack } from './granter.ts';
import { holding, looking, passing, reading } from './passages.ts';
import type { Commands, Granter, HeldService } from './types.ts';
import { followUntilCut, watchUntilCut } from './until-cut.ts';
import { grantedEvent, grantedStatus } from './view.ts';

/** The methods of whoever stands in a door, but for commands. */
export const heldMethods = (door: Door): Omit<Behavior<HeldService>, Commands> => ({
  ...passing(door),
  ...grantMethods(door),
  watch: (turn, observer, heartbeatMs) => watch(door, turn, observer, heartbeatMs),
  follow: (turn, query, follower) => follow(door, turn, query, follower),
  allows: (turn) => open(door, turn, 'allows', () => turn.kept(door.allowed(turn))),
});

/** Making grants out of it, and taking them back. */
const grantMethods = (door: Door): Pick<Behavior<HeldService>, keyof Granter> => {
  const { book, issuer, service, terms } = door;
  return {
    grant: (turn, spec) =>
      open(door, turn, 'grant', () => makeGrant(door, turn, issuer, { ...spec, service }, terms)),
    grants: (turn, after) =>
      open(door, turn, 'grant ls', () => turn.kept(pageOf(turn.call(book, 'list', issuer), after))),
    revokeGrant: (turn, id, reason) =>
      open(door, turn, 'grant revoke', () => turn.kept(takeBack(book, turn, issuer, id, reason))),
    renewGrant: (turn, id, lifetimeMs) =>
      open(door, turn, 'grant renew', () =>
        turn.kept(turn.call(book, 'renew', issuer, id, lifetimeMs)),
      ),
  };
};

const open = <T>(
  door: Door,
  turn: Turn,
  as: string,
  then: () => Vow<T>,
  wished = holding,
): Vow<T> => {
  const why = door.refuse(turn, as, wished);
  return why === undefined ? then() : turn.broken(why);
};

const watch = (door: Door, turn: Turn, observer: Ref<Observer>, heartbeatMs: number): Vow<void> => {
  checkObserver(observer);
  const { terms } = door;
  const view = (status: Status): Status =>
    terms === undefined ? status : grantedStatus(terms, status);
  const begin = (): Vow<void> => {
    const over = watchUntilCut(door, turn, observer, heartbeatMs, view);
    door.saw(turn, 'asked', 'watch');
    turn.when(over, (turn) => door.saw(turn, 'ended', 'watch'));
    return turn.kept(undefined);
  };
  return open(door, turn, 'watch', begin, looking);
};

const follow = (door: Door, turn: Turn, query: LogQuery, follower: Ref<Follower>): Vow<void> => {
  const wanted = checkedQuery(query);
  checkFollower(follower);
  const shows = door.terms === undefined ? (): boolean => true : grantedEvent(door.terms);
  const begin = (): Vow<void> => {
    const { answer, told } = followUntilCut(door, turn, wanted, follower, shows);
    door.saw(turn, 'asked', 'follow');
    const ended = (turn: Turn): void => door.saw(turn, 'ended', 'follow');
    turn.when(answer, ended, ended);
    return told;
  };
  return open(door, turn, 'follow', begin, reading);
};
