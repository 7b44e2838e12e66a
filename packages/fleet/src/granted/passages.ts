/**
 * What passes through a reference to a service, be it a grant or a minted one: an entry for each method of a facet.
 * Both kinds are made of this table, so that one method more is one entry more. Not in it are commands, whose
 * requests are judged (granted-operations.ts), and what both of them answer by themselves.
 *
 *     status, probe          `status`
 *     select                 that it holds: it tells of members that it speaks of, which a refusal does, too
 *     log                    `log`
 *     offer                  `stage` or `deploy`, with this release as the first argument
 *     put                    `stage` or `deploy`
 *     cancel                 that the grant holds, and allows anything that can be called off
 *     operations, operation  that it holds
 *
 * Arguments are read by the facet, which takes no more of them than it knows.
 */
import { isVow, type Behavior, type Turn, type Value, type Vow } from '@bellwether/actors';
import type { Wish } from '@bellwether/authority';
import { checkedOffer, type ServiceFacet } from '@bellwether/shepherd';
import { refusalOf, type Front, type GrantedHeld } from './front.ts';
import { untilCut } from './gate.ts';
import type { Commands, HeldService } from './types.ts';
import { grantedReport, grantedStatus, type Terms } from './view.ts';

/** Those of a facet that are in the table. */
export type Passing = Exclude<keyof ServiceFacet, Commands | 'watch' | 'follow'>;
/** How one of them passes. */
interface Passage<A extends readonly unknown[] = readonly unknown[], V = unknown> {
  /** What the audit calls it. */
  readonly as: string;
  /** What a grant has to allow. @throws BadRequest */
  wish(held: GrantedHeld, turn: Turn, args: A): Wish;
  /** The answer as it is shown through a grant. Absent: as the facet has it. */
  shown?(terms: Terms, answer: V): V;
  /** The audit is not told of it. */
  readonly isQuiet?: true;
  /** What the facet refuses does not undo that somebody asked. */
  readonly isSent?: true;
}

/** That the grant allows to look at its service. */
export const looking = (): Wish => ({ action: 'status' });
/** That it allows its log. */
export const reading = (): Wish => ({ action: 'log' });
/** That it holds. */
export const holding = (): Wish => ({});
/** What has done nothing has nothing to come back to, whatever it is called. */
export const comingBack = ({ terms: { actions } }: GrantedHeld, action: string): Wish =>
  actions.every((each) => each === 'status' || each === 'log') ? { action } : {};
/** Whoever may stage a release may bring it, and a deploy stages it. */
const bringing = (held: GrantedHeld, turn: Turn, args: readonly string[]): Wish => {
  const stage: Wish = { action: 'stage', args, isBeginning: true };
  return refusalOf(held, turn, stage) === undefined ? stage : { ...stage, action: 'deploy' };
};

/** The table. */
export const passages: {
  readonly [K in Passing]: Passage<Parameters<ServiceFacet[K]>, Value<ReturnType<ServiceFacet[K]>>>;
} = {
  status: { as: 'status', wish: looking, shown: grantedStatus },
  probe: { as: 'probe', wish: looking, shown: grantedStatus },
  select: { as: 'select', wish: holding },
  log: { as: 'log', wish: reading },
  offer: {
    as: 'offer',
    wish: (held, turn, [offer]) => bringing(held, turn, [checkedOffer(offer).release]),
  },
  // There are thousands, and what they are for was told by the offer.
  put: { as: 'put', wish: (held, turn) => bringing(held, turn, []), isQuiet: true },
  cancel: { as: 'cancel', wish: (held) => comingBack(held, 'cancel'), isSent: true },
  operations: { as: 'op ls', wish: holding },
  operation: { as: 'op show', wish: holding, shown: grantedReport },
};

/** The methods of the table, for who stands in front of a facet. */
export const passing = (front: Front): Pick<Behavior<HeldService>, Passing> => {
  const all = Object.entries<Passage>(passages).map(([method, passage]) => [
    method,
    (turn: Turn, ...args: readonly unknown[]) => pass(front, turn, { method, passage, args }),
  ]);
  return Object.fromEntries(all) as Pick<Behavior<HeldService>, Passing>;
};

interface Question {
  readonly method: string;
  readonly passage: Passage;
  readonly args: readonly unknown[];
}
/** Once it was let through; the answer breaks where the reference ends before it comes. */
const pass = (front: Front, turn: Turn, question: Question): Vow<unknown> => {
  const { as, wish, isQuiet } = question.passage;
  const why = front.refuse(turn, as, (held, turn) => wish(held, turn, question.args));
  if (why !== undefined) return turn.broken(why);
  if (isQuiet !== true) front.saw(turn, 'asked', as);
  return untilCut(front, turn, answerTo(front, turn, question));
};
const answerTo = ({ facet, terms }: Front, turn: Turn, question: Question): Vow<unknown> => {
  const { shown, isSent } = question.passage;
  const method = question.method as 'status';
  const args = question.args as [];
  const answer: unknown = isSent
    ? turn.send(facet, method, ...args)
    : turn.call(facet, method, ...args);
  const view = (value: unknown): unknown =>
    shown === undefined || terms === undefined ? value : shown(terms, value);
  if (!isVow(answer)) return turn.kept(view(answer));
  return shown === undefined ? answer : turn.when(answer, (_turn, value) => view(value));
};
