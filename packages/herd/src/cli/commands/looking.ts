/** Live looks at services. */
import { limits, type Status } from '@bellwether/shepherd';
import { marginMs, probeMs, questionMs } from '../../client/limits.ts';
import type { Patience } from '../../client/line.ts';
import type { ServiceClient } from '../../client/service.ts';
import { type Context, patienceOf } from '../context.ts';

/** The status of one service, asked live. */
export const askStatus = (context: Context, client: ServiceClient): Promise<Status> => {
  const { probe, patience } = lookFor(context);
  return client.status(probe, patience);
};

/**
 * How far a look goes: `--timeout` is how long the far ends may take to answer; we wait a little longer, so that the
 * rest is still shown.
 */
export const lookFor = (
  context: Context,
): { readonly probe: number; readonly patience: Patience } => {
  const { timeout } = context.options;
  if (timeout === undefined) return { probe: probeMs, patience: patienceOf(context, questionMs) };
  return {
    probe: Math.min(timeout, limits.probeMs),
    patience: patienceOf(context, timeout + marginMs),
  };
};
