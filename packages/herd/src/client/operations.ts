/** Operations as `herd` asks for them: all of a local root, or those that were asked for through a facet. */
import type {
  OperationFacts,
  OperationQuery,
  OperationReport,
  Outcome,
  Result,
} from '@bellwether/shepherd';
import { operationIn, operationsIn, outcomeIn, overIn } from './answers.ts';
import { ask, given } from './ask.ts';
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
  operations: (query, patience) => ask(line, 'operations', [query], patience, operationsIn),
  operation: (id, patience) => ask(line, 'operation', [id], patience, operationIn),
  retry: (id, remainingMs, told, patience) =>
    ask(
      line,
      'retry',
      (turn) => given(id, turn.spawn(makeClientSink, told), remainingMs),
      patience,
      outcomeIn,
    ),
  join: (id, told, patience) =>
    ask(line, 'join', (turn) => [id, turn.spawn(makeClientSink, told)], patience, outcomeIn),
  cancel: (operation, patience) => ask(line, 'cancel', [operation], patience, overIn),
});
