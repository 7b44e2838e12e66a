/** The steps of a plan as they are laid out in an operation: who waits for whom, and for how many of them. */
import type { Host } from '../host.ts';
import { isOver } from '../outcomes.ts';
import type { Step } from '../plan/plan.ts';
import { reserve, type Operation } from './memory.ts';

/** Adds steps that wait. @throws Limit when there is no room for them */
export const layOut = (
  host: Host,
  operation: Operation,
  by: string,
  steps: readonly Step[],
): void => {
  reserve(host.memory, operation, steps);
  const followers = followersOf(steps);
  const { steps: records } = operation;
  for (const [key, more] of followers) {
    const record = records.get(key);
    if (record !== undefined)
      records.set(key, { ...record, followers: [...record.followers, ...more] });
  }
  for (const step of steps)
    records.set(step.key, {
      step,
      by,
      phase: 'waiting',
      openCount: openBefore(operation, step),
      followers: followers.get(step.key) ?? [],
    });
};
/** How many of the steps that one waits for are not over. */
export const openBefore = (operation: Operation, { after }: Step): number =>
  after.length === 0 ? 0 : after.filter((key) => !isOver(operation, key)).length;
const followersOf = (steps: readonly Step[]): ReadonlyMap<string, readonly string[]> => {
  const followers = new Map<string, string[]>();
  for (const { key, after } of steps)
    for (const before of after) {
      const known = followers.get(before);
      if (known === undefined) followers.set(before, [key]);
      else known.push(key);
    }
  return followers;
};
