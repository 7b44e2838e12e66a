/**
 * The `^listeners` of one operation: what services and members say in it goes to the daemon's log
 * once, and to everybody who listens at that moment. Who comes later hears what is said from then on;
 * where nobody is left, the log goes on alone.
 */
import type { Bcom, Behavior, Log, Ref, Turn } from '@bellwether/actors';
import { cut } from '../../text.ts';
import type { Event, Lines } from '../../words/types.ts';
import type { Listeners } from '../kept/memory.ts';
import type { Saying } from '../../words/wording.ts';

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
  // A list: it is walked for every line of a thousand members, and changed for each of a few who listen.
  const writers = turn.cell<readonly Ref<Lines>[]>([]);
  const pass = (turn: Turn<Listeners>, events: readonly Event[], from?: string): void => {
    for (const writer of writers.get()) turn.call(writer, 'pass', events, from);
  };
  const lineOf = (turn: Turn<Listeners>, saying: Saying): Event => {
    const text = cut(saying.text);
    turn.effect(() => log('operation.line', { operation, text }));
    return { kind: 'line', from: node, ...saying, text };
  };
  return {
    line: (turn, text, about) => pass(turn, [lineOf(turn, { ...about, text })]),
    tell: (turn, sayings, row) => {
      const events = sayings.map((saying) => lineOf(turn, saying));
      if (row !== undefined) events.push({ kind: 'row', row });
      pass(turn, events);
    },
    pass,
    add: (_turn, writer) => {
      if (!writers.get().includes(writer)) writers.set([...writers.get(), writer]);
    },
    remove: (_turn, writer) => writers.set(writers.get().filter((each) => each !== writer)),
  };
};
