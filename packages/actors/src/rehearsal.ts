/**
 * Rehearsal, for tests: a turn is run, undone and run again, and both runs are compared. A
 * difference is state that the journal does not know: a `let`, a bare Map, an array in a closure.
 */
import type { Job } from './core.ts';
import { conclude, rollBack, type Ledger } from './ledger.ts';
import { Message } from './message.ts';
import { freezeData, traceOf } from './trace.ts';
import { ActorTurn } from './turn.ts';

/** Runs a job and undoes it. @returns what it did, as text. */
export const rehearse = (ledger: Ledger, job: Job): string => {
  const { actor } = job;
  const turn = new ActorTurn(ledger, actor);
  ledger.active = turn;
  actor.depth += 1;
  try {
    return traceOfTurn(ledger, conclude(turn, job.run(turn), job.kind === 'message'));
  } catch (reason) {
    return traceOfThrow(reason);
  } finally {
    actor.depth -= 1;
    ledger.active = undefined;
    rollBack(ledger, 0, 0, 0);
  }
};

/** What a turn did that ended well: its result, what it sent, how much it changed, its records. */
export const traceOfTurn = (ledger: Ledger, result: unknown): string => {
  const items = ledger.items.map((item) => item.describe());
  const entries = ledger.entries.map((each) => traceOf(each.entry));
  return `${traceOf(result)}; ${items.join()}; ${ledger.changes.length}; ${entries.join()}`;
};

/** What a turn did that threw. */
export const traceOfThrow = (reason: unknown): string => `threw ${traceOf(reason)}`;

/** Freezes what near actors are about to share, so that nobody changes it behind the journal. */
export const freezeArguments = (ledger: Ledger): void => {
  for (const item of ledger.items) if (item instanceof Message) freezeData(item.args);
};
