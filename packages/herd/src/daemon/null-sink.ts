/** A sink for an operation that nobody watches, such as the shutdown that a signal asks for. */
import type { Bcom, Behavior, Turn } from '@bellwether/actors';
import type { Sink } from '@bellwether/shepherd';

/** Makes a sink that takes everything and keeps nothing; what matters is in the daemon's log. */
export const makeNullSink = (_turn: Turn<Sink>, _bcom: Bcom<Sink>): Behavior<Sink> => ({
  rows: () => undefined,
});
