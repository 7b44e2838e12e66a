/**
 * Operations as they lie on the disk. What an operation takes and what came of it are two texts, that only grow:
 * lines of JSON, each written at once, in pieces of bytes that are cut anywhere. Whoever wrote them proves it by
 * a digest (packages/store/src/record.ts), so what is read is taken for what it says.
 *
 *     intent     one line for each request     {request, steps}: what was asked, and the steps that are new
 *     outcome    one line for each time        [{key, phase, …}, …]: what was different about steps since
 */
import { Malformed } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { KeptRequest, StepRecord } from './memory.ts';
import type { Step } from '../plan/plan.ts';
import type { OperationPieces } from '../../words/types.ts';

/** A request, and the steps that it added. */
export interface IntentLine {
  readonly request: KeptRequest;
  readonly steps: readonly Step[];
}
/** What is remembered of a step beside what it is. */
export type StepState = Pick<StepRecord, 'phase' | 'outcome' | 'refusal' | 'atMs' | 'passedOn'>;
/** The same, with whose it is. */
export type StateLine = StepState & { readonly key: string };
/** What the pieces of an operation say. */
export interface Recorded {
  readonly intents: readonly IntentLine[];
  /** By key, the last of each; a step that is not in here has not begun, as far as is known. */
  readonly states: ReadonlyMap<string, StepState>;
}

/** One line in pieces of the size that one record holds; the next line begins a piece of its own. */
export const piecesOf = (line: IntentLine | readonly StateLine[]): readonly Uint8Array[] => {
  const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += limits.pieceBytes)
    pieces.push(bytes.subarray(at, at + limits.pieceBytes));
  return pieces;
};

/** Reads what was written. @throws Malformed */
export const recordedIn = ({ intents, outcomes }: OperationPieces): Recorded => {
  try {
    const states = new Map<string, StepState>();
    for (const line of linesIn(outcomes) as readonly (readonly StateLine[])[])
      for (const { key, ...state } of line) states.set(key, state);
    return { intents: linesIn(intents) as readonly IntentLine[], states };
  } catch (error) {
    throw new Malformed('an operation on the disk is not what was written', { cause: error });
  }
};

const linesIn = (pieces: readonly Uint8Array[]): readonly unknown[] => {
  const decoder = new TextDecoder();
  const text = pieces.map((piece) => decoder.decode(piece, { stream: true })).join('');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
};
