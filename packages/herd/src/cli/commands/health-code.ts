/** The exit code of `herd status --strict`: how well what was asked for is, for scripts. */
import type { ShownStatus } from '../format/shown-status.ts';

/**
 * 0: all is as it was wished. 1: something has failed, be it the way back from a release, or is stopped although it is
 * wanted. 3: something is degraded, or not (yet) ready. 4: of something nobody can tell. The first of 1, 3 and 4 that
 * holds.
 */
export const healthCode = (services: readonly ShownStatus[]): number => {
  const codes = new Set(services.map(codeOf));
  return [1, 3, 4].find((code) => codes.has(code)) ?? 0;
};

const codeOf = (status: ShownStatus): number => {
  const { stage, health, failure, isReady, isWanted, isOneShot, slot } = status;
  if (stage === 'unknown') return 4;
  if (slot?.phase === 'rollback-failed') return 1;
  if (health !== undefined) return { ok: 0, degraded: 3, settling: 3, failed: 1 }[health];
  switch (stage) {
    case 'running':
      return isReady === false ? 3 : 0;
    case 'starting':
      return 3;
    case 'stopping':
      return isWanted === true ? 3 : 0;
    case 'stopped':
      return failure !== undefined || (isWanted === true && !isOneShot) ? 1 : 0;
  }
};
