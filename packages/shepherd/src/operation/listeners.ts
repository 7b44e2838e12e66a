/**
 * The `^listeners` of one operation: what services and members say in it goes to the daemon's log
 * once, and to everybody who listens at that moment. Who comes later hears what is said from then on;
 * where nobody is left, the log goes on alone.
 */
import type { Bcom, Behavior, Log, Ref, Turn } from '@bellwether/actors';
import { cut } from '../text.ts';
import type { Event, Lines } from '../words/types.ts';

/** The writer that an operation hands to its services. */
export interface Listeners extends Lines {
  /** From now on this one hears what is said, too. */
  add(writer: Ref<Lines>): void;
  /** This one hears nothing any more; its stream stays as it is. */
  remove(writer: Ref<Lines>): void;
}

/** Whose lines these are. */
export interface ListenersOptions {
  /** Stands in front of this shepherd's lines. */
  readonly node: string;
  readonly log: Log;
  /** The id of the operation, as the log names it. */
  readonly operation: string;
}

/** Makes an operation's writer without listeners. */
export const makeListeners = (
  turn: Turn<Listeners>,
  _bcom: Bcom<Listeners>,
  { node, log, operation }: ListenersOptions,
): Behavior<Listeners> => {
  const writers = turn.map<Ref<Lines>, true>();
  const pass = (turn: Turn<Listeners>, events: readonly Event[]): void => {
    for (const writer of writers.keys()) turn.call(writer, 'pass', events);
  };
  return {
    line: (turn, text, about = {}) => {
      const line = cut(text);
      turn.effect(() => log('operation.line', { operation, text: line }));
      pass(turn, [{ kind: 'line', from: node, text: line, ...about }]);
    },
    pass,
    add: (_turn, writer) => writers.set(writer, true),
    remove: (_turn, writer) => void writers.delete(writer),
  };
};
