/**
 * What a machine elsewhere may cost this one. Everything that a peer sends is counted against one
 * of these.
 */
export const LIMITS = {
  /** Milliseconds for reaching a peer: beyond it a command was not sent, and says so. */
  connectMs: 5_000,
  /**
   * Milliseconds that a hop keeps of what is left at most, so that the far end answers first, and
   * with more to say.
   */
  hopMarginMs: 250,
  /** Milliseconds after which an observation proves nothing any more: two heartbeats of 15 s. */
  staleMs: 30_000,
  /**
   * Weight of one outcome or status that is kept: its characters, and 16 for each value in it.
   * Outcomes are remembered by the thousand, so what is heavier is kept without its details.
   */
  answerWeight: 262_144,
  /**
   * Weight of all rows that one member may tell in one operation: what waits for a slow reader is
   * shared by all members, and none may fill it alone.
   */
  streamRowWeight: 1_048_576,
  /** Members of one fleet, and rows of one outcome. */
  rowCount: 10_000,
  /** Events in one batch of a stream. A sender of ours cuts by bytes long before. */
  batchEventCount: 1_024,
  /**
   * Events that one member may say in one operation; afterwards its stream is cut, its operation is
   * not.
   */
  streamEventCount: 100_000,
  /** Characters of one line of text: of a log, of a reason, of an output. The rest is cut off. */
  textLength: 4_096,
  /** Characters of a name: of a service, an action, a node. */
  nameLength: 128,
  /** Names in one list: provisions, requirements, actions, arguments of a command line. */
  nameCount: 1_024,
  /** Lines of output that one row carries. */
  outputLineCount: 1_000,
  /** Names in one question about status. */
  statusNameCount: 10_000,
  /** Milliseconds that a question about status may take per service. */
  probeMs: 60_000,
  /** Lines of a log in one answer. */
  logLineCount: 10_000,
  /** Characters of a URI. */
  uriLength: 4_096,
  /** Swissnums that one daemon remembers: 100,000 hashes are about 20 MiB. */
  mintCount: 100_000,
} as const;
