/**
 * The `^chronicle`: what was observed of services that are elsewhere, and of aggregates, for the history
 * that tells of the services at home, too. It hears that one was touched, looks at it, and takes down what
 * is different now:
 *
 *     a service    its stage; unknown with the reason, failed with what its start failed by
 *     aggregates   unknown, its health where there is a judgement, else its stage
 *
 * What was never heard of is no news at first: only that it stays so is. A service is looked at at once, an
 * aggregate after a while, since it costs a look at each member and many of those change together.
 *
 * What is kept has a share for each machine, and one for each aggregate (fair-ring.ts): a machine whose services flap,
 * or that says so, loses its own history and nobody else's.
 */
import type { Bcom, Behavior, Clock, JournalMap, Ref, Turn } from '@bellwether/actors';
import { limits } from '../limits.ts';
import type { Health } from '../words/vocabulary.ts';
import { cutText } from '../text.ts';
import type { ChangeFeed, Chronicle, KeptChange, ServiceRegistry, Status } from '../words/types.ts';
import { makeFairRing, type FairRing } from './fair-ring.ts';

/** What makes a chronicle. */
export interface ChronicleOptions {
  readonly registry: Ref<Pick<ServiceRegistry, 'lookup' | 'canonical'>>;
  readonly feed: Ref<Pick<ChangeFeed, 'changed'>>;
  /** Only read. */
  readonly clock: Pick<Clock, 'wall'>;
}
interface Held extends ChronicleOptions {
  /** By canonical name: what was taken down last; `nothing` of what was never heard of. */
  readonly noted: JournalMap<string, KeptChange['what'] | 'nothing'>;
  /** Aggregates that are to be looked at; while there are any there is a timer. */
  readonly due: JournalMap<string, true>;
  readonly changes: FairRing<KeptChange>;
}

/** Makes one that has heard of nothing. */
export const makeChronicle = (
  turn: Turn<Chronicle>,
  _bcom: Bcom<Chronicle>,
  options: ChronicleOptions,
): Behavior<Chronicle> => {
  const changes = makeFairRing<KeptChange>(turn, limits.observedChangeCount);
  const held: Held = { ...options, noted: turn.map(), due: turn.map(), changes };
  return {
    service: (turn, name) => look(held, turn, name),
    aggregate: (turn, name) => lookLater(held, turn, name),
    history: () => changes.values(),
  };
};

const lookLater = (held: Held, turn: Turn, name: string): void => {
  const isFirst = held.due.size === 0;
  held.due.set(name, true);
  if (!isFirst) return;
  turn.after(limits.chronicleGapMs, (turn) => {
    const names = [...held.due.keys()];
    for (const each of names) {
      held.due.delete(each);
      look(held, turn, each);
    }
  });
};

const look = (held: Held, turn: Turn, name: string): void => {
  if (turn.call(held.registry, 'canonical', name) === undefined) {
    held.noted.delete(name);
    return;
  }
  const status = turn.call(turn.call(held.registry, 'lookup', name), 'status');
  if (status.kind === 'local') return;
  const { what, reason } = seen(status);
  const before = held.noted.get(name);
  if (before === what) return;
  if (before === undefined && what === 'unknown') {
    held.noted.set(name, 'nothing');
    return;
  }
  held.noted.set(name, what);
  const words =
    reason === undefined ? {} : { reason: cutText(reason, limits.changeReasonCharacters) };
  const change = { service: name, what, at: held.clock.wall(), ...words };
  const number = turn.call(held.feed, 'changed', change);
  held.changes.add(sharerOf(status), { number, ...change });
};

/** Whose share it counts for: the operator's label for a machine, whatever that calls itself. */
const sharerOf = (status: Exclude<Status, { readonly kind: 'local' }>): string =>
  `${status.kind} ${status.kind === 'exported' ? status.origin : (status.provision[0] ?? '')}`;

type Seen = Pick<KeptChange, 'what' | 'reason'>;
const seen = (status: Exclude<Status, { readonly kind: 'local' }>): Seen => {
  const { stage, unknownReason, health, blame = [] } = status;
  if (stage === 'unknown') return because('unknown', unknownReason);
  if (health !== undefined) {
    const names = blame.slice(0, limits.changeBlameCount).join(', ');
    const moreCount = blame.length - limits.changeBlameCount;
    const who = moreCount > 0 ? `${names} and ${moreCount} more` : names;
    return because(judged[health], who === '' ? undefined : who);
  }
  if (status.kind === 'exported' && stage === 'stopped' && status.failure !== undefined)
    return because('failed', status.failure.reason);
  return { what: stage };
};
const because = (what: KeptChange['what'], reason: string | undefined): Seen =>
  reason === undefined ? { what } : { what, reason };

const judged: Readonly<Record<Health, KeptChange['what']>> = {
  ok: 'running',
  degraded: 'degraded',
  settling: 'settling',
  failed: 'too-few',
};
