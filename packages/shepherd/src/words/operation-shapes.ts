/** Reading what a shepherd tells of operations; what a newer one adds is left out, as shapes.ts has it. */
import {
  list,
  readBoolean,
  readCount,
  readName,
  struct,
  wordOf,
  type Needed,
  type Optional,
  type Read,
} from '../read.ts';
import { limits } from '../limits.ts';
import type { OperationFacts, OperationReport, OperationStep } from './operation-types.ts';
import { results, stepPhases } from './vocabulary.ts';
import type { Reader } from './shapes.ts';

/** Readers of what is told of operations. */
export interface OperationReader {
  readonly list: Read<readonly OperationFacts[]>;
  readonly report: Read<OperationReport>;
}

/** Makes the readers over those of rows and texts. All of them throw Malformed. */
export const makeOperationReader = ({
  text,
  row,
}: Pick<Reader, 'text' | 'row'>): OperationReader => {
  const readResult = wordOf(results, 'unknown');
  const needed: Needed<OperationFacts> = {
    operation: readName,
    asker: text,
    action: readName,
    service: readName,
    atMs: readCount,
  };
  const optional: Optional<OperationFacts> = {
    endedMs: readCount,
    result: readResult,
    worst: readResult,
    isCancelled: readBoolean,
    queuedUntilMs: readCount,
  };
  const step = struct<OperationStep>(
    {
      service: text,
      action: readName,
      phase: wordOf(stepPhases, 'in-doubt'),
      isAsked: readBoolean,
      isAnswer: readBoolean,
    },
    { row, batch: readCount, isCanary: readBoolean, openedMs: readCount },
  );
  return {
    list: list(struct<OperationFacts>(needed, optional), limits.operationListCount),
    report: struct<OperationReport>(
      {
        ...needed,
        args: list(text, limits.argumentCount),
        steps: list(step, limits.planStepCount),
      },
      optional,
    ),
  };
};
