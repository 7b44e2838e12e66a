/**
 * What is wished of services: the last command for one that was accepted, by whomever. It may be accepted long before
 * its turn comes; what waited looks here again before it acts, and the one that lost is superseded.
 */
import type { Turn } from '@bellwether/actors';
import { itself, localRoot } from '../words/principal.ts';
import { wallMs } from './durable.ts';
import type { Host, OwnService } from './host.ts';
import { lastWishOf, noteWished, type LastWish } from './last-wishes.ts';
import { entryOf } from './ledger.ts';
import { openIn, type Operation } from './memory.ts';
import type { Step } from './plan.ts';
import { plain } from '../words/outcome.ts';
import { timeText } from '../text.ts';
import type { Wish } from '../words/steps.ts';
import type { Entry, Outcome, Wisher } from '../words/types.ts';

/** The last accepted command for services is their wish, in this life and in the next ones. */
export const acceptAll = (
  host: Host,
  turn: Turn,
  names: readonly string[],
  last: Required<LastWish>,
): void => {
  for (const name of names) accept(host, turn, name, last);
  const elsewhere = names.filter((name) => host.elsewhere(name) !== undefined);
  noteWished(host.lastWishes, turn, last, elsewhere);
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
export const superseded = (host: Host, operation: Operation, step: Step): Outcome => {
  const { wish = 'command', by } = lastWish(host, step.name) ?? {};
  return plain(step.name, 'superseded', lostWords(host, operation, step, wish, by));
};
/**
 * That a step of an operation lost to a later command: to which, and when that was taken on. An id of somebody else's
 * is told to the owner alone, and one that nobody remembers to nobody.
 */
export const lostWords = (
  host: Host,
  { principal }: Operation,
  { name, action }: Step,
  later: string,
  by: Wisher | undefined,
): string => {
  const words = `Service ${name}: ${action} lost to a later ${later}`;
  if (by === undefined) return `${words}.`;
  const { asker, operation, atMs } = by;
  const isTold = principal === localRoot || principal === asker;
  const isKnown = isTold && entryOf(host.ledger, asker, operation) !== undefined;
  return `${words} (${isKnown ? `${operation}, ` : ''}${timeText(atMs)}).`;
};
