/**
 * Since when the session stands that something is asked through. It goes beside the arguments that a peer sends, and
 * what a peer sends is data: of this class nothing comes over a wire, so whoever has one got it near.
 */

/** Made by whoever knows the session. */
export class SessionMark {
  /** Monotonic milliseconds of this machine. */
  readonly sinceMs: number;
  constructor(sinceMs: number) {
    this.sinceMs = sinceMs;
  }
}

/** What a mark says, as a field of an Asker; nothing for whatever else stands in its place. */
export const sinceOf = (mark: unknown): { readonly sinceMs?: number } =>
  mark instanceof SessionMark ? { sinceMs: mark.sinceMs } : {};
