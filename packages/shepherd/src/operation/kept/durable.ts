/**
 * What of an operation is written down, and when. Whoever is told something that a crash might make untrue waits for
 * the disk; all else is gathered, so that a thousand members cost one record.
 *
 *     when                                what                          who waits for the disk
 *     a request was taken on              intent, accepted              its services, if one is of this machine
 *     an action begins that must not      outcome: it is under way      its service
 *       be done twice
 *     a gate opens, or is shut            outcome: that of the gate     who is behind it
 *     that of a request has its outcome,  outcome: all that is          whoever is told, if one of the services
 *       or all is over, or called off,      different since; accepted     is of this machine
 *       or tried again
 *     it waits for machines that are      the same                      whoever is told so
 *       away, and for nothing else
 *     one of those is there               outcome: it is under way      its service
 *     for 200 ms nothing of these         the same                      the same
 *
 * Members at other machines know an operation by its id, and answer again what they answered: for those nobody waits.
 * What the shepherd asks of itself is not written down, since the next life asks for it anew.
 */
import { Limit, type Turn } from '@bellwether/actors';
import { isBuiltIn } from '../../action-table.ts';
import { itself } from '../../words/principal.ts';
import { entryOf, forget, put, surplusAfter, surplusFor } from './ledger.ts';
import { limits } from '../../limits.ts';
import {
  drop,
  isAtRest,
  recalled,
  type KeptRequest,
  type Operation,
  type StepRecord,
} from './memory.ts';
import { piecesOf, type StateLine } from './pieces.ts';
import { keyOf, type Step } from '../plan/plan.ts';
import type { Host } from '../host.ts';
import { isGood, worstOf, type Result } from '../../words/vocabulary.ts';
import type { AcceptedRecord, Entry, Request } from '../../words/types.ts';

/** Writes down that a request was taken on, with the steps that are new. @throws Limit where there is no room */
export const noteTaken = (
  host: Host,
  turn: Turn,
  operation: Operation,
  request: KeptRequest,
  steps: readonly Step[],
): void => {
  if (operation.principal === itself) return;
  const before = entryOf(host.ledger, operation.principal, operation.id);
  const { sinceMs: _sinceMs, ...written } = request;
  const pieces = piecesOf({ request: written, steps });
  makeRoom(host, turn, operation, bytesIn(pieces));
  const {
    endedMs: _ended,
    result: _result,
    worst: _worst,
    queuedUntilMs: _until,
    ...entry
  } = before ?? firstEntry(host, operation, request);
  const intentCount = entry.intentCount + pieces.length;
  if (intentCount > limits.intentPieceCount)
    throw new Limit(`operation ${operation.id}: there is no room for more of it on the disk`);
  const gates = steps.some((step) => isOwnAsk(host, step));
  write(turn, 'intent', entry, entry.intentCount, pieces, gates);
  const intentBytes = (entry.intentBytes ?? 0) + bytesIn(pieces);
  put(host.ledger, turn, { ...entry, intentCount, intentBytes }, { gates });
};
const bytesIn = (pieces: readonly Uint8Array[]): number =>
  pieces.reduce((sum, { length }) => sum + length, 0);
const firstEntry = (
  { clock }: Host,
  { principal, id }: Operation,
  { action, member }: Request,
): AcceptedRecord => ({
  asker: principal,
  operation: id,
  atMs: wallMs(clock),
  action,
  service: member,
  intentCount: 0,
  outcomeCount: 0,
});
/** The wall clock as it is written down: whole milliseconds since 1970. */
export const wallMs = (clock: Host['clock']): number => Math.max(0, Math.floor(clock.wall()));
const makeRoom = (
  host: Host,
  turn: Turn,
  { principal: asker, id }: Operation,
  bytes: number,
): void => {
  const growth = { asker, operation: id, bytes };
  for (const entry of surplusFor(host.ledger, growth, wallMs(host.clock)))
    forgetWhole(host, turn, entry);
};
/** Forgets what is on the disk and what is in memory. */
export const forgetWhole = (host: Host, turn: Turn, entry: AcceptedRecord): void => {
  forget(host.ledger, turn, entry);
  const operation = recalled(host.memory, entry.asker, entry.operation);
  if (operation !== undefined) drop(host.memory, operation);
};

/** Of an operation that is over the disk is enough: for whoever asks again it is read (recall.ts). */
export const letGo = (host: Host, operation: Operation): void => {
  const { principal, id } = operation;
  const isEnough = principal === itself || entryOf(host.ledger, principal, id) !== undefined;
  if (isEnough && recalled(host.memory, principal, id) === operation) drop(host.memory, operation);
};

/** Whether a service of this machine is asked. */
const isOwnAsk = (host: Host, { kind, name }: Step): boolean =>
  kind === 'ask' && host.own(name) !== undefined;
/** What the next life could not find out by itself: whether this was begun. */
const isOnce = (host: Host, step: Step): boolean => !isBuiltIn(step.action) && isOwnAsk(host, step);

/** Notes that a step begins; before one that must not be done twice it is written down. */
export const noteBegun = (host: Host, operation: Operation, step: Step): void => {
  if (isOnce(host, step)) noteChanged(operation, [step.key], 'due');
};
/** Notes that a step has ended. What was asked for by its name is written down before anybody is told. */
export const noteEnded = (host: Host, operation: Operation, step: Step): void => {
  const request = operation.requests.get(step.name);
  const isAnswer = request !== undefined && keyOf(request.action, step.name) === step.key;
  const isDue = isAnswer || isOnce(host, step) || step.kind === 'gate';
  noteChanged(operation, [step.key], isDue ? 'due' : 'gathered');
};
/** Notes that nothing goes on before a machine is there: on the disk before anybody is told, and when that is new. */
export const noteRest = (host: Host, operation: Operation): void => {
  const entry = entryOf(host.ledger, operation.principal, operation.id);
  const isNew = entry?.queuedUntilMs === undefined || operation.callers.size > 0;
  noteChanged(operation, [], isNew ? 'due' : 'gathered');
};
/** Notes that something is different about steps. */
export const noteChanged = (
  { principal, unsaved, saving }: Operation,
  keys: readonly string[],
  when: 'due' | 'gathered',
): void => {
  if (principal === itself) return;
  for (const key of keys) unsaved.set(key, true);
  if (when === 'due' && !saving.get().isDue) saving.set({ ...saving.get(), isDue: true });
};

/** Writes down what was noted, where it is due; else it will be. */
export const save = (host: Host, turn: Turn, operation: Operation): void => {
  const { unsaved, saving, counts } = operation;
  const { isDue, timer } = saving.get();
  if (unsaved.size === 0 && !isDue) return;
  if (isDue || counts.get().openCount === 0) return saveNow(host, turn, operation);
  if (timer !== undefined) return;
  const due = (turn: Turn): void => saveNow(host, turn, operation);
  saving.set({ isDue, timer: turn.after(limits.gatherMs, due) });
};

/** Writes down what was noted with this turn. */
export const saveAtOnce = (host: Host, turn: Turn, operation: Operation): void => {
  noteChanged(operation, [], 'due');
  save(host, turn, operation);
};

const saveNow = (host: Host, turn: Turn, operation: Operation): void => {
  const { unsaved, saving, steps } = operation;
  saving.get().timer?.cancel();
  saving.set({ isDue: false });
  const before = entryOf(host.ledger, operation.principal, operation.id);
  if (before === undefined) return;
  const records: StepRecord[] = [];
  for (const key of unsaved.keys()) {
    const record = steps.get(key);
    if (record !== undefined) records.push(record);
  }
  unsaved.clear();
  const gates = records.some(
    ({ step, wasQueued }) => isOwnAsk(host, step) || step.kind === 'gate' || wasQueued === true,
  );
  const pieces = records.length === 0 ? [] : piecesOf(records.map(lineOf));
  const { endedMs: _ended, result: _result, queuedUntilMs: _until, ...old } = before;
  const { retriedBy: _by, isInVain: _isInVain, worst: _worst, ...rest } = old;
  const entry: AcceptedRecord = { ...rest, ...endOf(host, operation, before) };
  const outcomeCount = entry.outcomeCount + pieces.length;
  if (outcomeCount > limits.outcomePieceCount) return rewrite(host, turn, operation, entry, gates);
  write(turn, 'outcome', entry, entry.outcomeCount, pieces, gates);
  const outcomeBytes = (entry.outcomeBytes ?? 0) + bytesIn(pieces);
  put(host.ledger, turn, { ...entry, outcomeCount, outcomeBytes }, { gates });
  for (const other of surplusAfter(host.ledger, entry)) forgetWhole(host, turn, other);
};
const lineOf = ({
  step: { key },
  phase,
  outcome,
  refusal,
  atMs,
  passedOn,
}: StepRecord): StateLine => ({
  key,
  phase,
  ...(outcome && { outcome }),
  ...(refusal && { refusal }),
  ...(atMs !== undefined && { atMs }),
  ...(passedOn && { passedOn }),
});

/** What is to be said of an operation as a whole. */
const endOf = (
  host: Host,
  operation: Operation,
  { asker, action, service }: AcceptedRecord,
): Partial<AcceptedRecord> => {
  const { steps, account, counts } = operation;
  const { isCancelled, by } = account.get();
  const { openCount } = counts.get();
  const { result = 'unknown', rows = [] } = steps.get(keyOf(action, service))?.outcome ?? {};
  const isDegraded = isGood({ result }) && rows.some((row) => !isGood(row));
  return {
    ...(isCancelled && { isCancelled: true as const }),
    ...(isCancelled && ![...steps.values()].some(isCalledOff) && { isInVain: true as const }),
    ...(by !== asker && { retriedBy: by }),
    ...(isAtRest(operation) && { queuedUntilMs: latestIn(operation) }),
    ...(openCount === 0 && {
      ...{ endedMs: wallMs(host.clock), result },
      ...(isDegraded && { worst: worstOf(rows) }),
    }),
  };
};

/** Whether nothing came of a step since it was called off, here or elsewhere; a release goes back then. */
const isCalledOff = ({ phase, passedOn, outcome }: StepRecord): boolean =>
  phase === 'cancelled' ||
  passedOn === 'called-off' ||
  (outcome !== undefined && [outcome, ...outcome.rows].some(({ result }) => calledOff.has(result)));
const calledOff: ReadonlySet<Result> = new Set(['cancelled', 'rolled-back', 'rollback-failed']);

/** Until when the last one waits of those who wait for a machine. */
const latestIn = ({ steps }: Operation): number => {
  let latestMs = 0;
  for (const { phase, outcome } of steps.values())
    if (phase === 'queued') latestMs = Math.max(latestMs, outcome?.queuedUntilMs ?? 0);
  return latestMs;
};

/** Who repeats an operation for ever does not fill the disk: of each step only the last outcome is kept. */
const rewrite = (
  host: Host,
  turn: Turn,
  { steps }: Operation,
  entry: AcceptedRecord,
  gates: boolean,
): void => {
  const { asker, operation, outcomeCount } = entry;
  const pieces = piecesOf(
    [...steps.values()].filter(({ phase }) => phase !== 'waiting').map(lineOf),
  );
  const erased = { kind: 'forgotten', asker, operation, intentCount: 0, outcomeCount } as const;
  turn.record(erased satisfies Entry, { gates });
  write(turn, 'outcome', entry, 0, pieces, gates);
  const said = { outcomeCount: pieces.length, outcomeBytes: bytesIn(pieces) };
  put(host.ledger, turn, { ...entry, ...said }, { gates });
};

const write = (
  turn: Turn,
  kind: 'intent' | 'outcome',
  { asker, operation }: AcceptedRecord,
  first: number,
  pieces: readonly Uint8Array[],
  gates: boolean,
): void => {
  for (const [at, bytes] of pieces.entries())
    turn.record({ kind, asker, operation, piece: first + at, bytes } satisfies Entry, { gates });
};
