/**
 * Since when a session stands. It goes along with a fetch where a peer would put a second argument: what comes over a
 * wire is never of this class.
 */
export class Opening {
  /** Monotonic milliseconds. */
  readonly atMs: number;
  constructor(atMs: number) {
    this.atMs = atMs;
  }
}
