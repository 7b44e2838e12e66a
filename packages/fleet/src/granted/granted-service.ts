/**
 * The `^granted-service`: what the holder of a grant holds. A closed actor in front of a facet of its
 * service, whose every method asks the grant book first:
 *
 *     perform                   its action with these arguments; counts a use. What ends well what was begun through
 *                               this grant needs only that it holds: to confirm one's own deploy
 *     plan                      its action
 *     retry                     what it asks for anew, as if that were asked for now; counts a use, too, where
 *                               anything is done
 *     join                      that it holds
 *     watch, follow             `status`, `log`
 *     grant                     that it holds, and covers what is passed on
 *     allows, grants,           that it holds
 *     revokeGrant, renewGrant
 *     all others                as the table of passages.ts has it
 *
 * An id means an operation that was asked for through this grant, and nothing else: not one of whom it was narrowed
 * from, nor of those that were narrowed from it, whose ids may be the same, and whose arguments may be secrets of
 * theirs. Any other id is one that nobody has used.
 *
 * It answers with data only. Sinks, observers and followers are never passed on as they are. When the
 * grant ends, or one that it was narrowed from, answers that are still to come break, streams end, and
 * the grant book has what has not begun of its operations called off. A refusal breaks the answer and is
 * not thrown: that somebody tried goes into the audit. What was done about it the shepherd records.
 */
import type { Bcom, Behavior, Turn } from '@bellwether/actors';
import { principalOf } from '@bellwether/shepherd';
import { grantedFront, type GrantedHeld, type GrantedOptions } from './front.ts';
import { makeGate } from './gate.ts';
import { commands } from './granted-operations.ts';
import { heldMethods } from './held-service.ts';
import type { HeldService } from './types.ts';

export type { GrantedOptions } from './front.ts';

/** Makes the actor of one grant. Its principal towards the shepherd is the id of the grant. */
export const makeGrantedService = (
  turn: Turn<HeldService>,
  _bcom: Bcom<HeldService>,
  options: GrantedOptions,
): Behavior<HeldService> => {
  const { book, shepherd, grant, witness } = options;
  const facts = turn.call(book, 'facts', grant);
  const origin = turn.call(book, 'origin', grant) ?? grant;
  const principal = principalOf(grant);
  const held: GrantedHeld = {
    ...options,
    service: facts.service,
    terms: facts,
    principal,
    facet: turn.call(shepherd, 'facet', facts.service, principal, {
      origin,
      ...(facts.members && { members: facts.members }),
    }),
    gate: turn.spawn(makeGate, { book, grant }),
    tally: { witness, origin },
  };
  return { ...commands(held), ...heldMethods(grantedFront(held)) };
};
