/** Which releases of a slot may go. */
import type { Digest } from './types.ts';

/** What a slot holds on to. */
export interface Holdings {
  /** All that are there, the newest first. */
  readonly releases: readonly Digest[];
  /** How many of them are kept, beside those that are needed. */
  readonly keepCount: number;
  readonly current?: Digest;
  /** What a rollback leads to. */
  readonly previous?: Digest;
  /** What is on its way to become current, or waits for its confirmation. */
  readonly pending?: readonly Digest[];
  readonly pinned?: readonly Digest[];
}

/** The releases that nobody needs: never the current one, the previous, those pending or pinned. The oldest first. */
export const toPrune = (held: Holdings): readonly Digest[] => {
  const needed = new Set<Digest | undefined>([
    held.current,
    held.previous,
    ...(held.pending ?? []),
    ...(held.pinned ?? []),
  ]);
  const spare = held.releases.filter((digest) => !needed.has(digest));
  return spare.slice(Math.max(0, held.keepCount)).reverse();
};
