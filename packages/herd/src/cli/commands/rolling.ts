/** The options of a restart batch by batch, as the policy that is asked for. */
import { limits, type Rolling } from '@bellwether/shepherd';
import type { Options } from '../grammar.ts';
import { Usage } from '../usage.ts';

/** The policy, where any part of one was typed: one member at a time if nothing says otherwise. @throws Usage */
export const rollingOf = (options: Options): Rolling | undefined => {
  const { batch, pause: pauseMs, canary } = options;
  const { 'max-unavailable': maxUnavailable, 'max-failed': maxFailed } = options;
  const given = [batch, pauseMs, canary, maxUnavailable, maxFailed];
  if (given.every((each) => each === undefined)) return undefined;
  for (const [name, value] of Object.entries({ batch, 'max-unavailable': maxUnavailable }))
    if (value === 0 || value === '0%')
      throw new Usage(`option '--${name}' needs one member at least, not '${value}'`);
  if (pauseMs !== undefined && pauseMs > limits.rollPauseMs)
    throw new Usage(`option '--pause' needs at most ${limits.rollPauseMs / 60_000} minutes`);
  return {
    batch: batch ?? maxUnavailable ?? 1,
    ...(maxUnavailable !== undefined && { maxUnavailable }),
    ...(maxFailed !== undefined && { maxFailed }),
    ...(pauseMs !== undefined && { pauseMs }),
    ...(canary !== undefined && { canary }),
  };
};
