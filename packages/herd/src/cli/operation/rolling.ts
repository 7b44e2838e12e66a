/** The options of what is done batch by batch, as the policy that is asked for. */
import { careRolling, isSwitch, limits, type Rolling } from '@bellwether/shepherd';
import { batchesIn, type Options } from '../grammar/grammar.ts';
import { Usage } from '../grammar/usage.ts';

/**
 * The policy, where any part of one was typed; what was not is for a restart one member at a time, for another release
 * a canary and then quarters. @throws Usage
 */
export const rollingOf = (action: string, options: Options): Rolling | undefined => {
  const { pause: pauseMs, 'max-unavailable': maxUnavailable, 'max-failed': maxFailed } = options;
  const { batch, canary = options.canary } =
    options.batch === undefined ? {} : (batchesIn(options.batch) ?? {});
  const given = [batch, pauseMs, canary, maxUnavailable, maxFailed];
  if (given.every((each) => each === undefined)) return undefined;
  if (options.canary !== undefined && canary !== options.canary)
    throw new Usage(`'--batch ${options.batch ?? ''}' has another canary than '--canary'`);
  for (const [name, value] of Object.entries({ batch, 'max-unavailable': maxUnavailable }))
    if (value === 0 || value === '0%')
      throw new Usage(`option '--${name}' needs one member at least, not '${value}'`);
  if (pauseMs !== undefined && pauseMs > limits.rollPauseMs)
    throw new Usage(`option '--pause' needs at most ${limits.rollPauseMs / 60_000} minutes`);
  const usual = isSwitch(action) ? careRolling : { batch: maxUnavailable ?? 1 };
  return {
    ...(batch === undefined ? usual : { batch }),
    ...(maxUnavailable !== undefined && { maxUnavailable }),
    ...(maxFailed !== undefined && { maxFailed }),
    ...(pauseMs !== undefined && { pauseMs }),
    ...(canary !== undefined && { canary }),
  };
};
