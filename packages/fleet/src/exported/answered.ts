/** What the far end of a command answered with, under the names of this side. */
import type { Turn } from '@bellwether/actors';
import type { Attempt, Outcome, Principal, Request, Row } from '@bellwether/shepherd';
import { Malformed } from '../errors.ts';
import { instant, type ExportedHeld } from './exported-state.ts';
import { heardOutcome, type Instant } from './observed.ts';
import { reader } from '../read.ts';
import { below, lostHere, relabelledRow } from './relabel.ts';
import { observe, type Watcher } from './watching.ts';
import { strangeAnswer, waitsThere } from './without-answer.ts';

/** A command, by whom, and when its far end was asked. */
export interface SentCommand {
  readonly request: Request;
  /** Who asked for it here. */
  readonly principal: Principal;
  readonly askedAt: Instant;
}

/** The far end's outcome under our name, or what to think of an answer that is none. */
export const answered = (
  held: ExportedHeld,
  turn: Turn<Watcher>,
  { request, principal, askedAt }: SentCommand,
  value: unknown,
  /** Whether more is to come. */
  isPending: (outcome: Outcome) => boolean,
): Attempt => {
  const outcome = orMalformed(() => reader.outcome(value, 'outcome'));
  if (outcome instanceof Malformed) return strangeAnswer(held, request, outcome);
  const at = instant(held);
  observe(held, turn, heardOutcome(held.observed.get(), outcome, askedAt, at), at);
  const asked = { action: request.action, principal };
  const rows = outcome.rows.map((row) => {
    const named = relabelledRow(row, held.name);
    return { ...named, ...lostHere(held, asked, row, named.member) };
  });
  const own = outcome.sharedWith === undefined ? outcome : withoutShares(outcome);
  const names = { ...below(outcome, held.name), ...lostHere(held, asked, outcome, held.name) };
  const whole = { ...own, ...names, member: held.name, origin: held.origin, rows };
  return isPending(outcome) ? pending(held, whole) : whole;
};

/** Its shepherd was heard a moment ago; who was not, and is waited for there, is said. */
const pending = (held: ExportedHeld, outcome: Outcome): Attempt => ({
  ...outcome,
  reason: waitsThere(
    held,
    outcome.rows.filter(isQueued).map(({ member }) => member),
  ),
  lastSeenMs: 0,
  isPending: true,
});

const withoutShares = ({ sharedWith: _shared, ...own }: Outcome): Outcome => own;

/** Whether the far end waits for a machine, be it for one member of several. */
export const waits = (outcome: Outcome): boolean =>
  isQueued(outcome) || outcome.rows.some(isQueued);
const isQueued = ({ queuedUntilMs }: Row): boolean => queuedUntilMs !== undefined;

/** What is read, or what is wrong with it. */
export const orMalformed = <T>(read: () => T): T | Malformed => {
  try {
    return read();
  } catch (reason) {
    if (reason instanceof Malformed) return reason;
    throw reason;
  }
};
