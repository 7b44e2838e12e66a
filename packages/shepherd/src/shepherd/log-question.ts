/** Questions for the last lines of a log, at a shepherd: each asker has a bounded number of them at once. */
import { Refused, type Turn, type Vow } from '@bellwether/actors';
import { limits } from '../limits.ts';
import { checkedQuery } from '../checks/log-query.ts';
import { giveBack, takeShare } from '../checks/shares.ts';
import { canonicalOf, type ShepherdHeld } from './shepherd-state.ts';
import { through } from '../operation/trail.ts';
import type { Asker, LogQuery } from '../words/types.ts';

/** Who asks for what. */
export interface LogQuestion {
  readonly name: string;
  readonly query: LogQuery | number;
  readonly asker: Asker;
}

const bounds = {
  each: limits.askerLogQuestionCount,
  origin: limits.originLogQuestionCount,
  grants: limits.grantLogQuestionCount,
  all: limits.logQuestionCount,
};

/** See ServiceFacet. @throws UnknownService, BadRequest, Cycle, Limit; Refused for what has no log of its own */
export const askLog = (
  held: ShepherdHeld,
  turn: Turn,
  { name, query, asker }: LogQuestion,
): Vow<readonly string[]> => {
  const checked = checkedQuery(query);
  const canonical = canonicalOf(held, turn, name);
  const service = held.service(canonical);
  if (service === undefined)
    throw new Refused(`service '${name}' has no log of its own; follow those of its members`);
  const hops = through(checked.hops ?? [], canonical, held.hop(canonical));
  const number = takeShare(
    held.logQuestions,
    asker,
    bounds,
    'log: too many questions wait for lines',
  );
  return turn.when(
    turn.send(service, 'log', { ...checked, hops }),
    (_turn, lines) => {
      giveBack(held.logQuestions, number);
      return lines;
    },
    (turn, reason): Vow<readonly string[]> => {
      giveBack(held.logQuestions, number);
      return turn.broken(reason);
    },
  );
};
