/**
 * The `^session-facet`: stands before what is asked of services, for whoever fetched it through one session, and says
 * with each command since when that session stands. It keeps nothing else, so what is counted for whoever holds it is
 * counted behind it, however often it was fetched.
 */
import { catchAll, type Bcom, type Forwarder, type Ref, type Vow } from '@bellwether/actors';
import type { Outcome, Request, SessionMark, Sink } from '@bellwether/shepherd';

/** The one method that says it. */
export interface Commanded {
  perform(request: Request, sink: Ref<Sink>, mark?: SessionMark): Vow<Outcome>;
}

/** Makes one. What a peer has put in the place of the mark is left behind. */
export const makeSessionFacet = (
  _turn: unknown,
  _bcom: Bcom<Commanded>,
  target: Ref<Commanded>,
  mark: SessionMark,
): Forwarder<Commanded> => ({
  perform: (turn, request, sink) => turn.send(target, 'perform', request, sink, mark),
  [catchAll]: (turn, method, args) => turn.forward(target, method, args),
});
