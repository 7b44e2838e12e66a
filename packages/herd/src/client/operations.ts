/** Operations as `herd` asks for them: all of a local root, or those that were asked for through a facet. */
import type {
  OperationFacts,
  OperationQuery,
  OperationReport,
  Outcome,
  Result,
} from '@bellwether/shepherd';
import { operationIn, operationsIn, outcomeIn, overIn } from './answers.ts';
import type { Line, Patience } from './line.ts';
import { makeClientSink, type Told } from './sink.ts';

/** What can be asked about operations that there are. Everything rejects as `Line.ask` does, and with BadAnswer. */
export interface OperationsClient {
  /** The newest last. */
  operations(query: OperationQuery, patience: Patience): Promise<readonly OperationFacts[]>;
  operation(id: string, patience: Patience): Promise<OperationReport>;
  /** In as much time as before, where none is given, which is told. */
  retry(
    id: string,
    remainingMs: number | undefined,
    told: Told,
    patience: Patience,
  ): Promise<Outcome>;
  /** `told` hears what is known, then what comes. */
  join(id: string, told: Told, patience: Patience): Promise<Outcome>;
  /** Calls off what has not begun of one. What it came to, where it was over before and its shepherd says so. */
  cancel(operation: string, patience: Patience): Promise<Result | undefined>;
}

/** Asks over a line to a local root or a facet. The line stays the caller's. */
export const operationsClient = (line: Line): OperationsClient => ({
  operations: async (query, patience) =>
    operationsIn(await line.ask({ method: 'operations', args: [query], ...patience })),
  operation: async (id, patience) =>
    operationIn(await line.ask({ method: 'operation', args: [id], ...patience })),
  retry: async (id, remainingMs, told, patience) =>
    outcomeIn(
      await line.ask({
        method: 'retry',
        args: (turn) => [
          id,
          turn.spawn(makeClientSink, told),
          ...(remainingMs === undefined ? [] : [remainingMs]),
        ],
        ...patience,
      }),
    ),
  join: async (id, told, patience) =>
    outcomeIn(
      await line.ask({
        method: 'join',
        args: (turn) => [id, turn.spawn(makeClientSink, told)],
        ...patience,
      }),
    ),
  cancel: async (operation, patience) =>
    overIn(await line.ask({ method: 'cancel', args: [operation], ...patience })),
});
