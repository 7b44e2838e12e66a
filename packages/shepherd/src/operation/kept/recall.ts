/**
 * Operations that are on the disk and not in memory. One whose id is asked again is read first, and answered as if it
 * had always been there; one that an earlier life left under way is taken up, where it can be, as the disk and
 * adoption say (resume.ts).
 */
import type { Turn, Vow } from '@bellwether/actors';
import { forgetWhole } from './durable.ts';
import { entryOf, isExpired } from './ledger.ts';
import { keepRequest, operationOf, recalled, refile, kept, type Operation } from './memory.ts';
import { layOut, openBefore } from './layout.ts';
import { isOver } from '../outcomes.ts';
import { recordedIn, type Recorded } from './pieces.ts';
import { resume } from './resume.ts';
import type { Host } from '../host.ts';
import type { AcceptedRecord, Entry, OperationPieces } from '../../words/types.ts';
import type { Principal } from '../../words/principal.ts';

/** What the disk has of an operation; nothing where its time is over. */
export const keptEntry = (
  host: Host,
  principal: Principal,
  id: string,
): AcceptedRecord | undefined => {
  const entry = entryOf(host.ledger, principal, id);
  return entry === undefined || isExpired(entry, host.clock.wall()) ? undefined : entry;
};

/** Puts an operation into memory that is on the disk alone; undefined where there is nothing to read. */
export const recall = (
  host: Host,
  turn: Turn,
  principal: Principal,
  id: string,
): Vow<void> | undefined => {
  const entry = keptEntry(host, principal, id);
  if (entry === undefined || recalled(host.memory, principal, id) !== undefined) return undefined;
  return onceRecalled(host, turn, principal, id, (turn) => turn.kept(undefined));
};

/**
 * Does something with an operation once it is in memory, if it is remembered at all: now, where it is there or is
 * nowhere. Broken with what the disk says where it cannot be read.
 */
export const onceRecalled = <T>(
  host: Host,
  turn: Turn,
  principal: Principal,
  id: string,
  then: (turn: Turn) => Vow<T>,
): Vow<T> => {
  const entry = entryOf(host.ledger, principal, id);
  if (entry !== undefined && isExpired(entry, host.clock.wall())) forgetWhole(host, turn, entry);
  else if (entry !== undefined && recalled(host.memory, principal, id) === undefined)
    return turn.when(readOnce(host, turn, entry), (turn, recorded) => {
      recollect(host, turn, entry, recorded);
      return then(turn);
      // No T here is a vow itself.
    }) as Vow<T>;
  return then(turn);
};

/** Whoever asks while an operation is being read waits for that: it may be long, and they may be many. */
const readOnce = (host: Host, turn: Turn, entry: AcceptedRecord): Vow<Recorded> => {
  const { recalls } = host;
  const key = `${entry.asker}/${entry.operation}`;
  const before = recalls.get(key);
  if (before !== undefined) return before;
  const reading = readBehind(host, turn, entry);
  recalls.set(key, reading);
  const isOver = (): void => void recalls.delete(key);
  turn.when(reading, isOver, isOver);
  return reading;
};
/** Reads an operation, behind everything of it that is still to be written. */
export const readBehind = (host: Host, turn: Turn, entry: AcceptedRecord): Vow<Recorded> => {
  // Nothing new; but what a turn asks waits for what it has recorded, and that for all before it.
  turn.record({ kind: 'accepted', ...entry } satisfies Entry);
  return read(host, turn, entry);
};
/** Reads an operation as the disk has it. */
export const read = (host: Host, turn: Turn, { asker, operation }: AcceptedRecord): Vow<Recorded> =>
  turn.when(
    turn.ask<OperationPieces>((answer) => host.archive.read(asker, operation, answer)),
    (_turn, pieces) => recordedIn(pieces),
  );

/**
 * Puts what was read into memory, unless somebody else has; what is not over goes on.
 * @throws Limit where there is no room
 */
export const recollect = (
  host: Host,
  turn: Turn,
  entry: AcceptedRecord,
  { intents, states }: Recorded,
): void => {
  const { asker, operation: id } = entry;
  if (recalled(host.memory, asker, id) !== undefined) return;
  // Forgotten, while it was read.
  if (entryOf(host.ledger, asker, id) === undefined) return;
  const operation = operationOf(host.memory, turn, asker, id);
  let remainingMs = 0;
  for (const { request, steps } of intents) {
    keepRequest(host.memory, operation, request);
    layOut(host, operation, request.member, steps);
    remainingMs = Math.max(remainingMs, request.remainingMs);
  }
  const account = operation.account.get();
  const deadlineAtMs = host.clock.now() + remainingMs;
  const isCancelled = entry.isCancelled === true;
  const by = entry.retriedBy ?? asker;
  operation.account.set({ ...account, deadlineAtMs, isCancelled, by });
  putStates(host, operation, states);
  refile(host.memory, operation);
  resume(host, turn, operation, entry);
};
const putStates = (host: Host, operation: Operation, states: Recorded['states']): void => {
  const { steps } = operation;
  for (const [key, { outcome, ...state }] of states) {
    const record = steps.get(key);
    if (record === undefined) continue;
    const whole = outcome && kept(host.memory, operation, outcome, record.outcome);
    steps.set(key, { ...record, ...state, ...(whole && { outcome: whole }) });
  }
  for (const [key, record] of steps.entries())
    if (!isOver(operation, key))
      steps.set(key, { ...record, openCount: openBefore(operation, record.step) });
};
