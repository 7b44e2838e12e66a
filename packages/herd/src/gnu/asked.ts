/** What requests are answered with, and what all answers have in common. */
import type { Ref, Turn, Vow } from '@bellwether/actors';
import type { DoorRoot } from '@bellwether/fleet';
import type { Change, Event, Sink, Status } from '@bellwether/shepherd';
import type { RootFacts } from './service-record.ts';
import { shown } from './shown.ts';
import type { Datum } from './wire/datum.ts';

/** What requests are answered with. */
export interface AnswerPowers {
  /** Runs a turn of the life that serves; rejects with what that is broken with. */
  readonly ask: <T>(work: (turn: Turn, root: Ref<DoorRoot>) => Vow<T>) => Promise<T>;
  /** Where an operation says what it has to say. */
  readonly sink: (turn: Turn, told: (events: readonly Event[]) => void) => Ref<Sink>;
  /** An id of an operation that nobody else has. */
  readonly operation: () => string;
  /** What this shepherd is called. */
  readonly node: string;
  readonly root: RootFacts;
}
/** A request for one thing that has a name, with arguments that are texts. */
export interface NamedRequest {
  readonly action: string;
  readonly service: string;
  readonly args: readonly string[];
}

/** What actions are answered with that have nothing to tell: what Guile writes for nothing in particular. */
export const unspecified: Datum = ['#<unspecified>'];

/** Status changes by service. */
export const changesByService = (
  changes: readonly Change[],
): ReadonlyMap<string, readonly Change[]> => {
  const found = new Map<string, Change[]>();
  for (const change of changes) {
    const before = found.get(change.service);
    if (before === undefined) found.set(change.service, [change]);
    else before.push(change);
  }
  return found;
};

/** GNU Shepherd always knows how its services are, so its clients leave out what is in no state that they know. */
export const unknownMessages = (statuses: readonly Status[]): readonly string[] =>
  statuses
    .filter(({ stage }) => stage === 'unknown')
    .map(({ provision: [name = ''], unknownReason }) => {
      const why = unknownReason === undefined ? '' : `: ${unknownReason}`;
      return shown(`Service ${name}: nobody can tell how it is${why}.`);
    });
