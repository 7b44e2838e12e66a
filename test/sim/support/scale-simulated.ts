/** A fleet of simulated machines, measured. */
import { makeScaledFleet } from '../../support/fleet-scale.ts';
import { say } from './say.ts';

const mebibytes = (bytes: number): number => Math.round(bytes / 1_048_576);
const heap = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

/** Boots, starts, looks at and stops a fleet; one line each. @throws Error where an outcome is not what it has to be */
export const scaleSimulated = (memberCount: number): void => {
  const emptyBytes = heap();
  const timed = <T>(what: string, step: () => T, more: (value: T) => object): T => {
    const begun = performance.now();
    const value = step();
    const wallMs = Math.round(performance.now() - begun);
    const heapBytes = heap() - emptyBytes;
    const perMemberKib = Math.round(heapBytes / 1_024 / memberCount);
    say({ what, memberCount, wallMs, heapMib: mebibytes(heapBytes), perMemberKib, ...more(value) });
    return value;
  };
  const fleet = timed(
    'boot, mint, adopt',
    () => makeScaledFleet(1, memberCount),
    () => ({}),
  );
  const whole = `${memberCount}/${memberCount}`;
  for (const action of ['start', 'start', 'stop', 'start'])
    timed(
      action,
      () => fleet.perform(action),
      ({ ms, stepCount, outcome: { result, reason } }) => {
        if (reason !== whole) throw new Error(`${action}: ${result} ${reason}`);
        return { result, simulatedMs: Math.round(ms), stepCount };
      },
    );
  timed(
    'status',
    () => fleet.status(),
    ({ ms, stepCount, status }) => {
      const runningCount = status.kind === 'fleet' ? status.runningCount : 0;
      if (runningCount !== memberCount) throw new Error(`status: ${runningCount} run`);
      return { runningCount, simulatedMs: Math.round(ms), stepCount };
    },
  );
  timed(
    'stop, close',
    () => {
      const { outcome } = fleet.perform('stop');
      fleet.close();
      return outcome;
    },
    ({ result, reason }) => ({ result, reason }),
  );
};
