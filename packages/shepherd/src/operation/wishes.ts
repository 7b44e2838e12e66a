/**
 * What is wished of services: the last command for one that was accepted, by whomever. It may be accepted long before
 * its turn comes; what waited looks here again before it acts, and the one that lost is superseded.
 */
import type { Turn } from '@bellwether/actors';
import { itself, localRoot, recordedPrincipal } from '../words/principal.ts';
import { wallMs } from './kept/durable.ts';
import type { Host, OwnService } from './host.ts';
import { lastWishOf, noteWished, type LastWish } from './kept/last-wishes.ts';
import { entryOf } from './kept/ledger.ts';
import { openIn, type Operation } from './kept/memory.ts';
import type { Step } from './plan/plan.ts';
import { plain } from '../words/outcome.ts';
import { beginAction, type Wish } from '../words/steps.ts';
import type { Attempt, Entry, Outcome, Winner, Wisher } from '../words/types.ts';
import { lostWords } from '../words/wording.ts';

/** The last accepted command for services is their wish, in this life and in the next ones. */
export const acceptAll = (
  host: Host,
  turn: Turn,
  names: readonly string[],
  last: Required<LastWish>,
): void => {
  for (const name of names) accept(host, turn, name, last);
  // A fleet that was stopped as a whole is none that has failed, in no life.
  const others = names.filter((name) => host.own(name) === undefined);
  noteWished(host.lastWishes, turn, last, others);
};
/** Who wishes for what an operation takes, as of now. */
export const wisherOf = ({ clock }: Host, { principal, id }: Operation): Wisher => ({
  asker: principal,
  operation: id,
  atMs: wallMs(clock),
});
/** A wish for one service; what is elsewhere has it for this life alone. */
export const accept = (host: Host, turn: Turn, name: string, last: LastWish): void => {
  const { wish, by } = last;
  // Who wished for the same first is the one that older commands lose to.
  if (lastWish(host, name)?.wish !== wish) host.wishes.set(name, last);
  const isWanted = wish === 'start';
  const own = host.own(name);
  if (own === undefined || host.desired.get(name) === isWanted) return;
  if (isWanted && isBarred(turn, own)) return;
  host.desired.set(name, isWanted);
  turn.call(own.service, 'wish', isWanted);
  turn.record({ kind: 'desired', service: name, isWanted, ...(by && { by }) } satisfies Entry);
};
/** Its start will be refused: it is not to come about on the day on which that is allowed again. */
const isBarred = (turn: Turn, { service }: OwnService): boolean => {
  const { stage, isEnabled, hasEnded } = turn.call(service, 'standing');
  return hasEnded || (!isEnabled && stage !== 'running' && stage !== 'starting');
};
/** A start that was refused is no wish in this life, either: what was wished before counts. */
export const forgetRefused = (host: Host, { principal, id }: Operation, step: Step): void => {
  const { name, wish } = step;
  if (wish !== 'start' || host.own(name) === undefined || host.desired.get(name) === true) return;
  const by = host.wishes.get(name)?.by;
  if (by?.operation === id && by.asker === principal) host.wishes.delete(name);
};
/**
 * A step is called off that had not begun: what its service was wished to be is then what it is, unless somebody has
 * wished otherwise since, or somebody else wishes for the same.
 */
export const takeBack = (host: Host, turn: Turn, operation: Operation, step: Step): void => {
  const { name, wish, gate } = step;
  const own = host.own(name);
  if (gate !== undefined || own === undefined || wish === undefined) return;
  if (!isCurrent(host, step) || isWishedElse(host, operation, step)) return;
  const { stage } = turn.call(own.service, 'standing');
  const isUp = stage === 'running' || stage === 'starting';
  accept(host, turn, name, { wish: isUp ? 'start' : 'stop' });
};
/** Whether another operation waits to do the same; the shepherd itself only does what others wished for. */
const isWishedElse = (host: Host, operation: Operation, { wish, key }: Step): boolean =>
  openIn(host.memory).some((other) => {
    const record = other.steps.get(key);
    const isOther = other !== operation && other.principal !== itself && !isCancelledIn(other);
    return isOther && record?.phase === 'waiting' && record.step.wish === wish;
  });
const isCancelledIn = ({ account }: Operation): boolean => account.get().isCancelled;

/**
 * Whether what the operation wants of the service is still what was wanted last, by whomever. An
 * aggregate has no say: its members have.
 */
export const isCurrent = (host: Host, { kind, name, wish }: Step): boolean =>
  kind !== 'ask' || wish === undefined || isStillWished(host, name, wish);
/** Whether nobody has wished otherwise of a service last. */
export const isStillWished = (host: Host, name: string, wish: Wish): boolean =>
  (lastWish(host, name)?.wish ?? wish) === wish;
/** Of this life, else as the disk has it: an operation that is read again may be older than the wish. */
export const lastWish = (host: Host, name: string): LastWish | undefined => {
  const last = host.wishes.get(name);
  if (last !== undefined) return last;
  if (host.own(name) === undefined) return lastWishOf(host.lastWishes, name);
  const isWanted = host.desired.get(name);
  if (isWanted === undefined) return undefined;
  // What was written in this life is among its wishes, unless the service went and came back.
  const { desired, wishers } = host.records;
  const by = desired.get(name) === isWanted ? wishers.get(name) : undefined;
  return { wish: isWanted ? 'start' : 'stop', ...(by && { by }) };
};
/** What comes of a step whose service is wished to be something else by now. */
export const superseded = (host: Host, operation: Operation, step: Step): Outcome =>
  lostOutcome(operation, step, plain(step.name, 'superseded'), lastWinner(host, operation, step));
const lastWinner = (host: Host, operation: Operation, { name }: Step): Winner => {
  const { wish = 'command', by } = lastWish(host, name) ?? {};
  return winnerFor(host, operation, wish, by);
};
/** The same of what lost in the middle: its service knows what that came from, and not who may hear it. */
export const lostBy = (
  host: Host,
  operation: Operation,
  step: Step,
  { outdoneBy: by, isOutdone, ...outcome }: Attempt,
): Outcome => {
  if (isOutdone === true)
    return lostOutcome(operation, step, outcome, lastWinner(host, operation, step));
  if (by === undefined) return outcome;
  const { asker, operation: id, atMs } = by;
  const wisher =
    asker === undefined || id === undefined
      ? { atMs }
      : { asker: recordedPrincipal(asker), operation: id, atMs };
  return lostOutcome(operation, step, outcome, winnerFor(host, operation, 'stop', wisher));
};
const lostOutcome = (
  operation: Operation,
  step: Step,
  outcome: Outcome,
  lostTo: Winner,
): Outcome => ({
  ...outcome,
  // What its service says beside that stands behind it.
  reason: [lostWords(step.name, askedAction(operation, step), lostTo), outcome.reason]
    .filter((text) => text !== undefined)
    .join(' '),
  lostTo,
});
/** What was typed, of which a step may be a part: a restart stops and starts. */
export const askedAction = (
  { requests, steps }: Operation,
  { key, action, isAsked }: Step,
): string => {
  if (action === beginAction) return 'start';
  const by = steps.get(key)?.by;
  return (isAsked && by !== undefined && requests.get(by)?.action) || action;
};
/**
 * The later command that a step of an operation lost to, as its asker may know it. An id of somebody else's is told to
 * the owner alone, with an action that says more than what the service goes through, and one that nobody remembers to
 * nobody. `wish`: what is known of it anyway.
 */
export const winnerFor = (
  host: Host,
  { principal }: Operation,
  wish: string,
  by?: Partial<Wisher>,
): Winner => {
  if (by === undefined) return { action: wish };
  const { asker, operation, atMs } = by;
  const entry =
    asker === undefined || operation === undefined
      ? undefined
      : entryOf(host.ledger, asker, operation);
  const isTold = principal === localRoot || principal === asker;
  const action = entry?.action ?? wish;
  return {
    action: isTold || action === 'restart' ? action : wish,
    ...(isTold && entry !== undefined && { operation: entry.operation }),
    ...(atMs !== undefined && { atMs }),
  };
};
