/**
 * Following logs at a shepherd: one stream for each follower, into which every service is followed that
 * the name stands for. Whoever asks has a share of what may be followed at once.
 */
import type { Ref, Turn, Vow } from '@bellwether/actors';
import { localRoot } from '../words/principal.ts';
import { isSelection } from '../words/selectors.ts';
import { BadRequest, Cycle } from '../errors.ts';
import { limits } from '../limits.ts';
import { checkedQuery, placesByMember } from '../checks/log-query.ts';
import { makeLogStream } from '../streams/log-stream.ts';
import { canonicalOf, type ShepherdHeld } from './shepherd-state.ts';
import { giveBack, takeShare } from '../checks/shares.ts';
import { checkFollower } from '../checks/sinks.ts';
import { through } from '../operation/trail.ts';
import type { Asker, Change, Follower, LogEvent, LogQuery, Service } from '../words/types.ts';

/** Who wants to follow what. */
export interface Following {
  readonly name: string;
  readonly query: LogQuery;
  readonly follower: Ref<Follower>;
  readonly asker: Asker;
}

/** See ServiceFacet. @throws UnknownService, BadRequest, Limit */
export const follow = (
  held: ShepherdHeld,
  turn: Turn,
  { name, query, follower, asker }: Following,
): Vow<void> => {
  const checked = checkedQuery(query);
  checkFollower(follower);
  const { after, onlyMembers, ...wanted } = checked;
  const leaves = leavesOf(held, turn, name, onlyMembers);
  const number = take(held, asker);
  const stream = turn.spawn(makeLogStream, follower);
  const isOne = leaves.length === 1 && leaves[0]?.isItself === true;
  const places = after === undefined || isOne ? undefined : placesByMember(checked);
  const ends = leaves.map(({ name, service }, at): Vow<void> => {
    const theirs = places === undefined ? after : (places.get(name) ?? []);
    return orBroken(turn, () =>
      turn.call(service, 'follow', {
        id: `${held.life}.${number}.${at}`,
        query: {
          ...wanted,
          ...(theirs !== undefined && { after: theirs }),
          hops: through(wanted.hops ?? [], name, held.hop(name)),
        },
        ...(isOne ? {} : { about: name }),
        stream,
      }),
    );
  });
  const isDone = turn.when(turn.all(ends), (turn, settled) =>
    turn.when(turn.call(stream, 'finish'), () => settled),
  );
  return turn.when(isDone, (turn, settled): Vow<void> | undefined => {
    giveBack(held.follows, number);
    const failed = settled.filter((one) => !one.kept);
    const [first] = failed;
    // Not thrown: whatever broke the reading of a log, a bug of a power too, is an answer to who asked.
    return first?.kept === false && failed.length === settled.length
      ? turn.broken(first.reason)
      : undefined;
  });
};

/** A way that leads in a circle ends that member, and no other. */
const orBroken = (turn: Turn, ask: () => Vow<void>): Vow<void> => {
  try {
    return ask();
  } catch (reason) {
    if (reason instanceof Cycle) return turn.broken(reason);
    throw reason;
  }
};

/** What has happened, as the query has it, then what happens. @throws BadRequest, Limit */
export const followHistory = (
  held: ShepherdHeld,
  turn: Turn,
  query: LogQuery,
  follower: Ref<Follower>,
  changes: readonly Change[],
): Vow<void> => {
  const { lineCount = changes.length, sinceMs, isOnce } = checkedQuery(query);
  checkFollower(follower);
  const number = take(held, { principal: localRoot });
  const stream = turn.spawn(makeLogStream, follower);
  const since = sinceMs === undefined ? 0 : held.clock.wall() - sinceMs;
  const wanted = changes.filter(({ at }) => at >= since);
  const told = wanted.slice(Math.max(0, wanted.length - lineCount));
  const begun = piecesOf(told).map((piece) => turn.call(stream, 'pass', piece));
  const ends: Vow<unknown> =
    isOnce === true ? turn.all(begun) : turn.call(held.feed, 'follow', stream);
  const finish = (turn: Turn): Vow<void> => turn.call(stream, 'finish');
  return turn.when(turn.when(ends, finish, finish), () => giveBack(held.follows, number));
};
/** As many at once as a batch may have. */
const piecesOf = (changes: readonly Change[]): readonly (readonly LogEvent[])[] => {
  const pieces: LogEvent[][] = [];
  for (let at = 0; at < changes.length; at += limits.changePieceCount) {
    const piece = changes.slice(at, at + limits.changePieceCount);
    pieces.push(piece.map((change) => ({ kind: 'change', ...change })));
  }
  return pieces;
};

interface Leaf {
  readonly name: string;
  readonly service: Ref<Service>;
  /** What was asked for is this very service. */
  readonly isItself: boolean;
}
/** The services behind a name, each once; of an aggregate, or of what was picked out, these members alone. */
const leavesOf = (
  held: ShepherdHeld,
  turn: Turn,
  asked: string,
  only: readonly string[] | undefined,
): readonly Leaf[] => {
  if (isSelection(asked) && only === undefined)
    throw new BadRequest('log: what was picked out has the logs of those that are named');
  const name = isSelection(asked) ? asked : canonicalOf(held, turn, asked);
  const found = new Map<string, Leaf>();
  const seen = new Set<string>();
  const members = only && new Set(only.map((each) => held.canonical(turn, each) ?? each));
  const names = isSelection(asked) ? [...(members ?? [])].reverse() : [name];
  for (let next = names.pop(); next !== undefined; next = names.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const entry = held.entries.get(next);
    const service = held.service(next);
    if (service !== undefined) found.set(next, { name: next, service, isItself: next === name });
    else if (entry?.kind === 'aggregate')
      for (const member of [...turn.call(entry.service, 'members')].reverse()) {
        const canonical = held.canonical(turn, member);
        const isWanted = next !== name || (members?.has(canonical ?? member) ?? true);
        if (canonical !== undefined && isWanted) names.push(canonical);
      }
  }
  return [...found.values()];
};

/** Counts this one in. @throws Limit */
const take = ({ follows }: ShepherdHeld, asker: Asker): number =>
  takeShare(follows, asker, followBounds, 'log: too many follow logs');
const followBounds = {
  each: limits.askerFollowCount,
  origin: limits.originFollowCount,
  grants: limits.grantFollowCount,
  all: limits.followCount,
};
