/** How long a stop may take. */
import type { StopConfig } from './service-config.ts';

/** Milliseconds that a stop takes at most: its command, and then the signal, get the grace each. */
export const stopMs = ({ graceMs, run }: StopConfig): number =>
  run === undefined ? graceMs : 2 * graceMs;
