/**
 * When heartbeats are due. A controller of a thousand machines hears two dozen of them in a second, and what such a
 * word costs it is that it has to wake up for each, with nothing at hand that it used before: several that come
 * together cost little more than one (`npm run bench -- idle`). So a machine beats at certain moments of its wall
 * clock, which NTP makes the same everywhere, and not when it was asked first plus as often as it says:
 *
 *     a beat each 45 s       once in each 45 s, counted from 1970, at a whole step
 *     a step                 5 s of a beat each 15 s or more, which a large fleet has; else 1 s
 *     at which of those 9    by the name of this life, so that a fleet is spread over all of them evenly:
 *                            1,000 machines are 9 groups of some 110, and none keeps a controller for long
 *     the first one          sooner than it was asked for, never later
 *
 * Nothing is agreed upon and nothing is kept, so that restarts and timers that are late change nothing. Where
 * a clock is set, one beat comes sooner; a machine whose clock is off by a part of a second beats alone.
 */
import { digestOf } from '../digest.ts';
import { limits } from '../limits.ts';

/** Milliseconds until the next heartbeat of so many milliseconds: that many and `beatSlackMs` at most. */
export const beatIn = (heartbeatMs: number, wallMs: number, life: string): number => {
  const stepMs = heartbeatMs < limits.slowBeatMs ? limits.beatStepMs : limits.slowBeatStepMs;
  const steps = Math.max(1, Math.floor(heartbeatMs / stepMs));
  const phaseMs = (parseInt(digestOf(life).slice(-8), 16) % steps) * stepMs;
  const leftMs = heartbeatMs - modulo(Math.round(wallMs) - phaseMs, heartbeatMs);
  // A timer may go off a little early, and clocks are slewed: the beat that has just been is not due again.
  return leftMs <= limits.beatSlackMs ? leftMs + heartbeatMs : leftMs;
};

const modulo = (value: number, by: number): number => ((value % by) + by) % by;
