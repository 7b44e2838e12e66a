/**
 * What is wished of services: the last command for one that was accepted, by whomever. It may be accepted long before
 * its turn comes; what waited looks here again before it acts, and the one that lost is superseded.
 */
import type { Turn } from '@bellwether/actors';
import { itself } from '../words/principal.ts';
import type { Host } from './host.ts';
import { openIn, type Operation } from './memory.ts';
import type { Step, Wish } from './plan.ts';
import { plain } from '../words/outcome.ts';
import type { Entry, Outcome } from '../words/types.ts';

/** The last accepted command for a service is its wish; that of a local service outlives the daemon. */
export const accept = (host: Host, turn: Turn, name: string, wish: Wish): void => {
  host.wishes.set(name, wish);
  const isWanted = wish === 'start';
  const own = host.own(name);
  if (own === undefined || host.desired.get(name) === isWanted) return;
  host.desired.set(name, isWanted);
  turn.call(own.service, 'wish', isWanted);
  turn.record({ kind: 'desired', service: name, isWanted } satisfies Entry);
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
  const { stage } = turn.call(own.service, 'status');
  accept(host, turn, name, stage === 'running' || stage === 'starting' ? 'start' : 'stop');
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
  kind !== 'ask' || wish === undefined || (lastWish(host, name) ?? wish) === wish;
/** Of this life, else as the disk has it: an operation that is read again may be older than the wish. */
const lastWish = (host: Host, name: string): Wish | undefined => {
  const wish = host.wishes.get(name);
  const isWanted = host.own(name) && host.desired.get(name);
  if (wish !== undefined || isWanted === undefined) return wish;
  return isWanted ? 'start' : 'stop';
};
/** What comes of a step whose service is wished to be something else by now. */
export const superseded = (host: Host, { name, action }: Step): Outcome => {
  const last = lastWish(host, name) ?? 'command';
  return plain(name, 'superseded', `Service ${name}: ${action} lost to a later ${last}.`);
};
