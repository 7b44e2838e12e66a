/** What came of calling off an operation: whom it spared, and what goes on. */
import {
  actionFacts,
  isStart,
  type OperationReport,
  type OperationStep,
} from '@bellwether/shepherd';
import { maxGroupNames } from '../limits.ts';
import { typedService } from './lost.ts';
import { fewNames } from './names.ts';
import { resultWords } from './outcome.ts';

/** Services by name, each once. One may be in both: its restart has stopped it, and starts it no more. */
export interface CancelEffect {
  readonly calledOff: readonly string[];
  readonly goesOn: readonly string[];
}

/** As an operation is told a moment after it was called off. */
export const cancelEffect = ({ steps }: OperationReport): CancelEffect => {
  const off = steps.filter(isCalledOff);
  // What sums up others has only their end.
  const parts = off.filter(({ isAnswer }) => !isAnswer);
  return {
    calledOff: namesOf(parts.length > 0 ? parts : off),
    goesOn: namesOf(steps.filter(isOpen)),
  };
};
const isCalledOff = ({ phase, row }: OperationStep): boolean =>
  phase === 'cancelled' || (phase === 'settled' && row?.result === 'cancelled');
const isOpen = ({ phase, isAnswer }: OperationStep): boolean =>
  phase === 'acting' || phase === 'queued' || (phase === 'waiting' && !isAnswer);
const namesOf = (steps: readonly OperationStep[]): readonly string[] => [
  ...new Set(steps.map(({ service }) => service)),
];

/** The same as a sentence. `way`: the petname that the operation was asked for through. */
export const cancelWords = (
  { action, service, endedMs, result = 'unknown' }: OperationReport,
  { calledOff, goesOn }: CancelEffect,
  way: string | undefined,
): string => {
  const off =
    calledOff.length === 0
      ? 'nothing was left to call off'
      : `called off: ${shownNames(calledOff)}`;
  if (goesOn.length === 0)
    return calledOff.length > 0 || endedMs === undefined
      ? `${off}.`
      : `${off}: it is over by now: ${resultWords[result]}.`;
  const verb = goesOn.length === 1 ? 'goes' : 'go';
  const joint = calledOff.length === 0 ? ':' : ';';
  const on = `${off}${joint} ${shownNames(goesOn)} ${verb} on (${underWay.get(action) ?? action})`;
  if (actionFacts(action)?.by === 'slot')
    return `${on}, and ${goesOn.length === 1 ? 'is' : 'are'} asked to go back.`;
  if (!isStart(action)) return `${on}.`;
  const [only = service] = goesOn;
  const target = way ?? (goesOn.length === 1 ? only : service);
  return `${on}; 'herd stop ${typedService(target)}' ends ${goesOn.length === 1 ? 'it' : 'them'}.`;
};
const underWay: ReadonlyMap<string, string> = new Map([
  ['start', 'starting'],
  ['stop', 'stopping'],
  ['restart', 'restarting'],
]);
/** Names for a sentence; of many the first ones, and how many more there are. */
export const shownNames = (names: readonly string[]): string => fewNames(names, maxGroupNames);
