/**
 * Operations that are on the disk and not in memory. One whose id is asked again is read first, and answered as if it
 * had always been there; one that an earlier life left under way is taken up, where it can be, as the disk and
 * adoption say (resume.ts).
 */
import type { Turn, Vow } from '@bellwether/actors';
import { forgetWhole } from './durable.ts';
import { entryOf, isExpired } from './ledger.ts';
import { keepRequest, operationOf, recalled, refile, kept, type Operation } from './memory.ts';
import { layOut, openBefore } from './operation.ts';
import { isOver } from './outcomes.ts';
import { recordedIn, type Recorded } from './pieces.ts';
import { resume } from './resume.ts';
import type { Held } from '../shepherd/shepherd-state.ts';
import type { AcceptedRecord, Entry, OperationPieces } from '../words/types.ts';

/** What the disk has of an operation; nothing where its time is over. */
export const keptEntry = (
  held: Held,
  principal: string,
  id: string,
): AcceptedRecord | undefined => {
  const entry = entryOf(held.ledger, principal, id);
  return entry === undefined || isExpired(entry, held.clock.wall()) ? undefined : entry;
};

/** Puts an operation into memory that is on the disk alone; undefined where there is nothing to read. */
export const recall = (
  held: Held,
  turn: Turn,
  principal: string,
  id: string,
): Vow<void> | undefined => {
  const entry = keptEntry(held, principal, id);
  if (entry === undefined || recalled(held.memory, principal, id) !== undefined) return undefined;
  return onceRecalled(held, turn, principal, id, (turn) => turn.kept(undefined));
};

/**
 * Does something with an operation once it is in memory, if it is remembered at all: now, where it is there or is
 * nowhere. Broken with what the disk says where it cannot be read.
 */
export const onceRecalled = <T>(
  held: Held,
  turn: Turn,
  principal: string,
  id: string,
  then: (turn: Turn) => Vow<T>,
): Vow<T> => {
  const entry = entryOf(held.ledger, principal, id);
  if (entry !== undefined && isExpired(entry, held.clock.wall())) forgetWhole(held, turn, entry);
  else if (entry !== undefined && recalled(held.memory, principal, id) === undefined)
    return turn.when(readBehind(held, turn, entry), (turn, recorded) => {
      recollect(held, turn, entry, recorded);
      return then(turn);
      // No T here is a vow itself.
    }) as Vow<T>;
  return then(turn);
};

/** Reads an operation, behind everything of it that is still to be written. */
export const readBehind = (held: Held, turn: Turn, entry: AcceptedRecord): Vow<Recorded> => {
  // Nothing new; but what a turn asks waits for what it has recorded, and that for all before it.
  turn.record({ kind: 'accepted', ...entry } satisfies Entry);
  return read(held, turn, entry);
};
/** Reads an operation as the disk has it. */
export const read = (held: Held, turn: Turn, { asker, operation }: AcceptedRecord): Vow<Recorded> =>
  turn.when(
    turn.ask<OperationPieces>((answer) => held.archive.read(asker, operation, answer)),
    (_turn, pieces) => recordedIn(pieces),
  );

/**
 * Puts what was read into memory, unless somebody else has; what is not over goes on.
 * @throws Limit where there is no room
 */
export const recollect = (
  held: Held,
  turn: Turn,
  entry: AcceptedRecord,
  { intents, states }: Recorded,
): void => {
  const { asker, operation: id } = entry;
  if (recalled(held.memory, asker, id) !== undefined) return;
  // Forgotten, while it was read.
  if (entryOf(held.ledger, asker, id) === undefined) return;
  const operation = operationOf(held.memory, turn, asker, id);
  let remainingMs = 0;
  for (const { request, steps } of intents) {
    keepRequest(held.memory, operation, request);
    layOut(held, operation, request.member, steps);
    remainingMs = Math.max(remainingMs, request.remainingMs);
  }
  const account = operation.account.get();
  const deadlineAtMs = held.clock.now() + remainingMs;
  const isCancelled = entry.isCancelled === true;
  operation.account.set({ ...account, deadlineAtMs, isCancelled });
  putStates(held, operation, states);
  refile(held.memory, operation);
  resume(held, turn, operation, entry);
};
const putStates = (held: Held, operation: Operation, states: Recorded['states']): void => {
  const { steps } = operation;
  for (const [key, { outcome, ...state }] of states) {
    const record = steps.get(key);
    if (record === undefined) continue;
    const whole = outcome && kept(held.memory, operation, outcome, record.outcome);
    steps.set(key, { ...record, ...state, ...(whole && { outcome: whole }) });
  }
  for (const [key, record] of steps.entries())
    if (!isOver(operation, key))
      steps.set(key, { ...record, openCount: openBefore(operation, record.step) });
};
