/** The sizes of the simulated network: those of a real one where behaviour depends on them. */
export interface MemoryLimits {
  /** The one-way time of each link is drawn from this range, milliseconds. */
  readonly latencyMs: readonly [least: number, most: number];
  /** Milliseconds that one piece may be later than its link's time. */
  readonly jitterMs: number;
  /** Unread bytes at which `send` says to wait; half of it says to go on. */
  readonly windowBytes: number;
  /** Bytes of the largest chunk handed over; Node's is the same. */
  readonly chunkBytes: number;
  /** Milliseconds after which a dial that heard nothing fails, as on tcp-tls. */
  readonly dialMs: number;
  /** Milliseconds after which a sender behind a cut gives its connection up, as a kernel does in minutes. */
  readonly giveUpMs: number;
}
/** Twenty milliseconds away at most, and otherwise as patient as the real netlayers. */
export const MEMORY_LIMITS: MemoryLimits = {
  latencyMs: [1, 20],
  jitterMs: 2,
  windowBytes: 262_144,
  chunkBytes: 65_536,
  dialMs: 10_000,
  giveUpMs: 60_000,
};
