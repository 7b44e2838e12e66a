/**
 * Whether a message can be sent to what came as a sink: a peer may have put anything in its place.
 */
import { ActorError, type Bcom, type Behavior, type Ref, type Turn } from '@bellwether/actors';
import { BadRequest } from './errors.ts';
import type { Sink } from './types.ts';

class Sendable extends ActorError {
  constructor() {
    super('sendable', 'a message can be sent to it');
  }
}

/**
 * Tries a send that is taken back. Without this a text in place of a sink would first be found out
 * in a continuation, where it is a bug that halts the vat: any peer could stop the daemon. @throws
 * BadRequest
 */
export const checkSink = (turn: Turn, sink: Ref<Sink>): void => {
  try {
    turn.spawn(makeTrial, sink);
  } catch (reason) {
    if (reason instanceof Sendable) return;
    throw new BadRequest('request: the sink is no reference', { cause: reason });
  }
};

/** Never comes to be: what throws is undone, the send with it. */
const makeTrial = (turn: Turn, _bcom: Bcom<unknown>, sink: Ref<Sink>): Behavior<unknown> => {
  turn.tell(sink, 'rows', [], 0);
  throw new Sendable();
};
