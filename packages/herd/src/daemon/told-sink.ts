/** A sink for whoever is in this process: what an operation says, told outside of the vat. */
import type { Bcom, Behavior, Turn } from '@bellwether/actors';
import type { Event, Sink } from '@bellwether/shepherd';

/** Makes a sink for a stream of this shepherd's own. `told` must not throw: it is an effect. */
export const makeToldSink = (
  _turn: Turn<Sink>,
  _bcom: Bcom<Sink>,
  told: (events: readonly Event[]) => void,
): Behavior<Sink> => ({ rows: (turn, batch) => turn.effect(() => told(batch)) });
