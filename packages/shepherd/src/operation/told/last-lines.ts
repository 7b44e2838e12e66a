/** The end of the log of what has disabled itself, where a plan leaves it out: as it refuses a start itself. */
import type { Turn, Vow } from '@bellwether/actors';
import { limits } from '../../limits.ts';
import type { Host } from '../host.ts';
import type { StepEnd } from '../kept/memory.ts';
import type { Step } from '../plan/plan.ts';

/** Undefined: there is nothing to be read for this step. Broken where that takes too long. */
export const linesOfDisabled = (
  host: Host,
  turn: Turn,
  step: Step,
): Vow<readonly string[]> | undefined => {
  if (step.kind !== 'known' || step.isDisabled !== true) return undefined;
  const service = host.own(step.name)?.service;
  if (service === undefined || turn.call(service, 'prompts').disabled?.reason === undefined)
    return undefined;
  const lines = turn.send(service, 'log', { lineCount: limits.failureLineCount });
  return turn.within(limits.recentLinesMs, lines);
};
/** The end of a step with these lines. */
export const withLines = (ending: StepEnd, output: readonly string[]): StepEnd =>
  output.length === 0 ? ending : { ...ending, outcome: { ...ending.outcome, output } };
