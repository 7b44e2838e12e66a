/** What a peer may cost a page. Each can be replaced in the options. */
const MiB = 1_024 * 1_024;

/** The limits of one page, in one table. */
export interface PageLimits {
  /** Milliseconds from `dial` to an open connection. */
  readonly dialMs: number;
  /** Bytes of one message, which is one record. */
  readonly messageBytes: number;
  /** Bytes that have not left, at which the owner is told to wait. */
  readonly unsentBytes: number;
  /** Milliseconds between looks at whether they have: browsers do not say when. */
  readonly lookMs: number;
  /**
   * Bytes that came while the owner reads nothing, and what each message costs beside them; beyond, the connection
   * ends: no page can stop its peer.
   */
  readonly heldBytes: number;
}
/** A page is one peer of few, with the memory of a tab. */
export const PAGE_LIMITS: PageLimits = {
  dialMs: 10_000,
  messageBytes: 8 * MiB,
  unsentBytes: 1 * MiB,
  lookMs: 20,
  heldBytes: 16 * MiB,
};
/** Bytes that a message costs beside its own, which may be none. */
export const MESSAGE_COST_BYTES = 256;
