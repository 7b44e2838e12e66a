/** What is told of operations: which there are, and how far each got. Nothing is put into memory for that. */
import type { Turn, Vow } from '@bellwether/actors';
import { UnknownOperation } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { isOpened } from '../gate-state.ts';
import { askerOf, entriesOf, isExpired } from '../kept/ledger.ts';
import { recalled, type StepRecord } from '../kept/memory.ts';
import { bare } from '../../words/outcome.ts';
import { weightOf } from '../../read.ts';
import type { Recorded } from '../kept/pieces.ts';
import { keyOf, type Step } from '../plan/plan.ts';
import { giveBack, takeShare } from '../../checks/shares.ts';
import { keptEntry, readBehind } from '../kept/recall.ts';
import type { Host } from '../host.ts';
import { results, type Result } from '../../words/vocabulary.ts';
import type {
  AcceptedRecord,
  Asker,
  OperationFacts,
  OperationQuery,
  OperationReport,
  OperationStep,
  Returner,
} from '../../words/types.ts';

/** The last operations that somebody may come back to, the newest last. */
export const listed = (
  host: Host,
  { count = limits.operationListCount, isOpen }: OperationQuery,
  who: Returner,
): readonly OperationFacts[] => {
  const nowMs = host.clock.wall();
  const wanted = entriesOf(host.ledger, who.reach === 'all' ? undefined : who.principal).filter(
    (entry) => !isExpired(entry, nowMs) && (isOpen !== true || entry.endedMs === undefined),
  );
  const first = wanted.length - Math.min(count, limits.operationListCount);
  return wanted.slice(Math.max(0, first)).map(factsOf);
};

/**
 * What the disk says of an operation that somebody may come back to.
 * @throws UnknownOperation
 */
export const entryFor = (host: Host, id: string, who: Returner): AcceptedRecord => {
  const { principal, reach } = who;
  const asker = reach === 'all' ? askerOf(host.ledger, id, principal) : principal;
  const entry = asker === undefined ? undefined : keptEntry(host, asker, id);
  if (entry === undefined) throw new UnknownOperation(id);
  return entry;
};

/** One operation with its steps, from memory or from the disk. @throws UnknownOperation, Limit */
export const reported = (
  host: Host,
  turn: Turn,
  id: string,
  who: Returner,
): Vow<OperationReport> => {
  const entry = entryFor(host, id, who);
  const operation = recalled(host.memory, entry.asker, id);
  if (operation === undefined) return readAs(host, turn, entry, who);
  const args = operation.requests.get(entry.service)?.args ?? [];
  return turn.kept({ ...factsOf(entry), args, steps: stepsOf(entry, operation.steps.values()) });
};
/** Reads it, and leaves it on the disk. @throws Limit where too many are being read */
const readAs = (
  host: Host,
  turn: Turn,
  entry: AcceptedRecord,
  asker: Asker,
): Vow<OperationReport> => {
  const what = 'operation: too many are read';
  const number = takeShare(host.readings, asker, reportBounds, what);
  return turn.when(
    readBehind(host, turn, entry),
    (_turn, recorded) => {
      giveBack(host.readings, number);
      return readReport(entry, recorded);
    },
    (turn, reason): Vow<OperationReport> => {
      giveBack(host.readings, number);
      return turn.broken(reason);
    },
  );
};
const reportBounds = {
  each: limits.askerReportCount,
  origin: limits.originReportCount,
  grants: limits.grantReportCount,
  all: limits.reportCount,
};
const readReport = (entry: AcceptedRecord, { intents, states }: Recorded): OperationReport => {
  const all = intents.flatMap(({ steps }) => steps);
  const records = all.map((step) => ({ step, phase: 'waiting' as const, ...states.get(step.key) }));
  const args = intents[0]?.request.args ?? [];
  return { ...factsOf(entry), args, steps: stepsOf(entry, records) };
};

const factsOf = (entry: AcceptedRecord): OperationFacts => {
  const { operation, asker, action, service, atMs, endedMs, result, isCancelled, isInVain } = entry;
  const { queuedUntilMs, worst } = entry;
  return {
    operation,
    asker,
    action,
    service,
    atMs,
    ...(endedMs !== undefined && { endedMs }),
    ...(result !== undefined && { result: resultOf(result) }),
    ...(worst !== undefined && { worst: resultOf(worst) }),
    ...(isCancelled && isInVain !== true && { isCancelled }),
    ...(queuedUntilMs !== undefined && { queuedUntilMs }),
  };
};
/** A word of a record. */
export const resultOf = (word: string): Result =>
  results.find((each) => each === word) ?? 'unknown';

type Reported = Pick<StepRecord, 'step' | 'phase' | 'outcome' | 'refusal' | 'atMs'>;
/** In the order of the plan. Beyond what one answer has room for, only how they ended. */
const stepsOf = (entry: AcceptedRecord, records: Iterable<Reported>): readonly OperationStep[] => {
  let leftWeight: number = limits.reportRowWeight;
  const brief = (step: OperationStep): OperationStep => {
    if (step.row === undefined) return step;
    leftWeight -= weightOf(step.row);
    if (leftWeight >= 0) return step;
    const { member, result, queuedUntilMs } = step.row;
    return {
      ...step,
      row: { member, result, ...(queuedUntilMs !== undefined && { queuedUntilMs }) },
    };
  };
  const all = [...records];
  const gates = new Map(all.flatMap((record) => gateIn(record)));
  return all.flatMap((record) =>
    stepOf(entry, record, gates.get(record.step.gate ?? '')).map(brief),
  );
};
/** What of a gate is told with each step behind it. */
type Opening = Pick<OperationStep, 'batch' | 'isCanary' | 'openedMs'>;
const gateIn = (record: Reported): readonly (readonly [string, Opening])[] => {
  const { step, atMs } = record;
  if (step.kind !== 'gate') return [];
  const { batch, isCanary } = step;
  const openedMs = isOpened(record) && atMs !== undefined ? Math.floor(atMs) : undefined;
  const told = {
    batch,
    ...(isCanary && { isCanary }),
    ...(openedMs !== undefined && { openedMs }),
  };
  return [[step.key, told]];
};
/** Steps that only hold an order say nothing. */
const stepOf = (
  { action, service }: AcceptedRecord,
  { step, phase, outcome, refusal }: Reported,
  opening: Opening | undefined,
): readonly OperationStep[] => {
  const isAnswer = step.key === keyOf(action, service);
  if (step.kind === 'order' || step.kind === 'gate' || (step.kind === 'same' && !isAnswer))
    return [];
  const row = outcome && { ...bare(outcome), ...(refusal && { reason: refusal.message }) };
  return [{ ...named(step), phase, isAnswer, ...(row && { row }), ...opening }];
};
const named = ({ name, action, isAsked }: Step) => ({ service: name, action, isAsked });
