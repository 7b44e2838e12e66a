/**
 * Through which session something is fetched. It goes along with a fetch where a peer would put a second argument: what
 * comes over a wire is never of this class.
 */
import type { PeerLocation } from '../locator.ts';

/** Since when a session stands, and whose it is. */
export class Opening {
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** Whom its transport has proved, where its hello says that it is reached; undefined for an anonymous peer. */
  readonly peer: PeerLocation | undefined;
  constructor(atMs: number, peer: PeerLocation | undefined) {
    this.atMs = atMs;
    this.peer = peer;
  }
}
