/**
 * Questions about one service that its shepherd answers just as a facet does, with the name in front and who asks
 * behind. A facet, which puts its own name there, and a local root, which is told one, are made of this table.
 */
import type { Behavior, Turn } from '@bellwether/actors';
import type { LogQuery } from './log-types.ts';
import type { Asker } from './observation.ts';
import type { ServiceFacet } from './service-facet.ts';

/** Which these are. */
export type Question = 'log' | 'follow' | 'offer' | 'put';
/** How many arguments each takes. What more a peer sends must not get to where it is said who asks. */
const argumentCounts: { readonly [K in Question]: Parameters<ServiceFacet[K]>['length'] } = {
  log: 1,
  follow: 2,
  offer: 1,
  put: 3,
};

type Answer<K extends Question> = ReturnType<ServiceFacet[K]>;
/** As whoever has many services is asked. */
export type Named = {
  [K in Question]: (name: string, ...args: Parameters<ServiceFacet[K]>) => Answer<K>;
};
/** As a shepherd is asked. */
export type NamedAndAsked = {
  [K in Question]: (
    name: string,
    ...args: [...Parameters<ServiceFacet[K]>, asker: Asker]
  ) => Answer<K>;
};

/** Passes a question on, typed as one of them for all; `name` is what it was asked by, where there are names. */
export type PassOn = (
  turn: Turn,
  question: 'log',
  args: Parameters<ServiceFacet['log']>,
  name: unknown,
) => unknown;
/** A method for each question. As many arguments go on as it takes, whatever was sent. */
export const questionMethods = <I extends Record<Question, unknown>>(
  isNamed: boolean,
  passOn: PassOn,
): Pick<Behavior<I>, Question> => {
  const methods = Object.entries(argumentCounts).map(([question, length]) => [
    question,
    (turn: Turn, ...sent: readonly unknown[]): unknown => {
      const [name, rest] = isNamed ? [sent[0], sent.slice(1)] : [undefined, sent];
      const args = Array.from({ length }, (_, at) => rest[at]) as unknown as [LogQuery];
      return passOn(turn, question as 'log', args, name);
    },
  ]);
  return Object.fromEntries(methods) as Pick<Behavior<I>, Question>;
};
