/** What is told of operations: which there are, and how far each got. Nothing is put into memory for that. */
import type { Turn, Vow } from '@bellwether/actors';
import { UnknownOperation } from '../errors.ts';
import { limits } from '../limits.ts';
import { askerOf, entriesOf, isExpired } from './ledger.ts';
import { localRoot } from './askers.ts';
import { recalled, type StepRecord } from './memory.ts';
import { bare } from '../words/outcome.ts';
import type { Recorded } from './pieces.ts';
import { keyOf, type Step } from './plan.ts';
import { keptEntry, readBehind } from './recall.ts';
import type { Host } from './host.ts';
import { results, type Result } from '../words/shapes.ts';
import type {
  AcceptedRecord,
  OperationFacts,
  OperationQuery,
  OperationReport,
  OperationStep,
} from '../words/types.ts';

/** The last operations of an asker, or of all, the newest last. */
export const listed = (
  host: Host,
  { count = limits.operationListCount, isOpen }: OperationQuery,
  principal: string | undefined,
): readonly OperationFacts[] => {
  const nowMs = host.clock.wall();
  const wanted = entriesOf(host.ledger, principal).filter(
    (entry) => !isExpired(entry, nowMs) && (isOpen !== true || entry.endedMs === undefined),
  );
  const first = wanted.length - Math.min(count, limits.operationListCount);
  return wanted.slice(Math.max(0, first)).map(factsOf);
};

/**
 * What the disk says of an operation: of this asker, or of whoever it is, the local root first.
 * @throws UnknownOperation
 */
export const entryFor = (host: Host, id: string, principal: string | undefined): AcceptedRecord => {
  const asker = principal ?? askerOf(host.ledger, id, localRoot);
  const entry = asker === undefined ? undefined : keptEntry(host, asker, id);
  if (entry === undefined) throw new UnknownOperation(id);
  return entry;
};

/** One operation with its steps, from memory or from the disk. @throws UnknownOperation */
export const reported = (
  host: Host,
  turn: Turn,
  id: string,
  principal: string | undefined,
): Vow<OperationReport> => {
  const entry = entryFor(host, id, principal);
  const operation = recalled(host.memory, entry.asker, id);
  if (operation === undefined)
    return turn.when(readBehind(host, turn, entry), (_turn, recorded) =>
      readReport(entry, recorded),
    );
  const steps = [...operation.steps.values()].flatMap((record) => stepOf(entry, record));
  const args = operation.requests.get(entry.service)?.args ?? [];
  return turn.kept({ ...factsOf(entry), args, steps });
};
const readReport = (entry: AcceptedRecord, { intents, states }: Recorded): OperationReport => {
  const all = intents.flatMap(({ steps }) => steps);
  const steps = all.flatMap((step) =>
    stepOf(entry, { step, phase: 'waiting', ...states.get(step.key) }),
  );
  return { ...factsOf(entry), args: intents[0]?.request.args ?? [], steps };
};

const factsOf = (entry: AcceptedRecord): OperationFacts => {
  const { operation, asker, action, service, atMs, endedMs, result, isCancelled } = entry;
  const { queuedUntilMs } = entry;
  return {
    operation,
    asker,
    action,
    service,
    atMs,
    ...(endedMs !== undefined && { endedMs }),
    ...(result !== undefined && { result: resultOf(result) }),
    ...(isCancelled && { isCancelled }),
    ...(queuedUntilMs !== undefined && { queuedUntilMs }),
  };
};
const resultOf = (word: string): Result => results.find((each) => each === word) ?? 'unknown';

/** Steps that only hold an order say nothing. */
const stepOf = (
  { action, service }: AcceptedRecord,
  { step, phase, outcome, refusal }: Pick<StepRecord, 'step' | 'phase' | 'outcome' | 'refusal'>,
): readonly OperationStep[] => {
  const isAnswer = step.key === keyOf(action, service);
  if (step.kind === 'order' || step.kind === 'gate' || (step.kind === 'same' && !isAnswer))
    return [];
  const row = outcome && { ...bare(outcome), ...(refusal && { reason: refusal.message }) };
  return [{ ...named(step), phase, isAnswer, ...(row && { row }) }];
};
const named = ({ name, action, isAsked }: Step) => ({ service: name, action, isAsked });
