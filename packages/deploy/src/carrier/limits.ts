/** What it may cost a machine to bring releases to others. */

/** Each with its unit and its reason. */
export const carrierLimits = {
  /** Bytes of one piece of a release: as many as a slot takes at once. */
  pieceBytes: 65_536,
  /**
   * Pieces of a release that are on their way at a time, 3 MiB. A shepherd takes 64 of one asker; on a line with 100 ms
   * there and back these are 30 MiB a second.
   */
  pieceCount: 48,
  /** The same before the first of them is answered. */
  firstPieceCount: 4,
  /** Milliseconds after which the answer to a piece came late: fewer are sent at a time then. */
  lateMs: 500,
  /** How often it is asked what is missing: once for the manifest, once for the files, and when pieces got lost. */
  roundCount: 8,
  /** Members that are sent something at a time: they share one line, and each has its window in memory. */
  atOnceCount: 4,
  /** Milliseconds without any answer after which a member lets another one go first. */
  stallMs: 2_000,
  /** Milliseconds for which it is waited for a member that went away in the middle: a reboot, at most. */
  awayMs: 120_000,
  /** Milliseconds before a lost contact is tried again at first; twice, three times that after the next ones. */
  againMs: 250,
  /** Contacts in a row that are lost before anything more is there. */
  lossCount: 8,
  /** Releases that a machine keeps for others: the one that is deployed everywhere, and some before it. */
  keptCount: 16,
  /** The same of all that one asker has brought. */
  askerKeptCount: 8,
  /** Bytes of their files: four of the largest. What they have in common lies on the disk once. */
  keptBytes: 32 * 1_073_741_824,
  /** The same of one asker. */
  askerKeptBytes: 16 * 1_073_741_824,
} as const;
