/**
 * The `^minted-service`: a facet of one service for whoever has its sturdyref, until that is revoked. It
 * is a grant of everything on that service, without a record of its own, so grants are made out of it.
 *
 * The book is asked on each call, as for a grant. When it is revoked, answers that are still to come
 * break, streams end, and what has not begun of its operations is called off.
 */
import type { Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import { mintedId } from '@bellwether/authority';
import {
  checkSink,
  principalOf,
  type Event,
  type Outcome,
  type Request,
  type Shepherd,
  type Sink,
} from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import type { Front } from './front.ts';
import { closedBy, commandUntilCut, makeGate, untilCut } from './gate.ts';
import type { Issuing } from './granter.ts';
import { heldMethods } from './held-service.ts';
import { makeGrantedSink } from './streams.ts';
import type { HeldService } from './types.ts';

/** What it is made of; `principal` is the hash of its swissnum, `name` the service's canonical one. */
export interface MintedOptions extends Issuing {
  readonly shepherd: Ref<Pick<Shepherd, 'facet' | 'foresee' | 'status'>>;
  readonly name: string;
  readonly principal: string;
}

/** Makes one. Who holds it is known by nothing but that. */
export const makeMintedService = (
  turn: Turn<HeldService>,
  _bcom: Bcom<HeldService>,
  options: MintedOptions,
): Behavior<HeldService> => {
  const { book, name, principal, shepherd } = options;
  const booked = { book, grant: mintedId(principal) };
  const facet = turn.call(shepherd, 'facet', name, principalOf(principal));
  const front: Front = {
    ...options,
    ...booked,
    service: name,
    facet,
    gate: turn.spawn(makeGate, { ...booked, openCount: LIMITS.mintedOpenCount }),
    issuer: principal,
    terms: undefined,
    refuse: (turn) => closedBy(booked, turn),
    // Whoever has everything leaves a line where he changes something, and the shepherd writes that.
    saw: () => undefined,
    allowed: () => ({ kind: 'everything', service: name }),
  };
  return {
    ...heldMethods(front),
    perform: (turn, request, sink, mark) =>
      listening(
        front,
        turn,
        sink,
        (seen) => turn.call(facet, 'perform', request, seen, mark),
        request,
      ),
    plan: (turn, request) => {
      const why = closedBy(front, turn);
      if (why !== undefined) return turn.broken(why);
      return untilCut(front, turn, turn.call(facet, 'plan', request));
    },
    retry: (turn, operation, sink, remainingMs) =>
      listening(front, turn, sink, (seen) =>
        turn.call(facet, 'retry', operation, seen, remainingMs),
      ),
    join: (turn, operation, sink, remainingMs) =>
      listening(front, turn, sink, (seen) =>
        turn.call(facet, 'join', operation, seen, remainingMs),
      ),
  };
};

/** A command while it holds: no sink is passed on as it is. */
const listening = (
  front: Front,
  turn: Turn,
  sink: Ref<Sink>,
  ask: (seen: Ref<Sink>) => Vow<Outcome>,
  request?: Partial<Request>,
): Vow<Outcome> => {
  const why = closedBy(front, turn);
  if (why !== undefined) return turn.broken(why);
  checkSink(sink);
  const seen = turn.spawn(makeGrantedSink, front, sink, (event: Event) => event);
  return commandUntilCut(front, turn, ask(seen), request?.action);
};
