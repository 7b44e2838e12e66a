/**
 * What a machine elsewhere may cost this one, beside the sizes of what it says: those are
 * shepherd's, and the first lines are nothing but other names of them.
 */
import { limits } from '@bellwether/shepherd';

/** Each with its unit and its reason. */
export const LIMITS = {
  textLength: limits.lineCharacters,
  nameLength: limits.nameCharacters,
  probeMs: limits.probeMs,
  /** Names in one list of a row. */
  nameCount: limits.listCount,
  logLineCount: limits.logLineCount,
  statusNameCount: limits.serviceCount,
  /** Milliseconds for reaching a peer: beyond it a command was not sent, and says so. */
  connectMs: 5_000,
  /**
   * Milliseconds after which an observation proves nothing any more. Nothing is sent to keep one
   * fresh: who wants to know asks, and an answer is good for this long.
   */
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
  /**
   * Events that one member may say in one operation; afterwards its stream is cut, its operation is
   * not.
   */
  streamEventCount: 100_000,
  /** Paths that are told of one service that changed; environments may differ in hundreds. */
  changedPathCount: 16,
  /** Lines that say what is wrong with a configuration: a screen or two of them are read. */
  problemLineCount: 256,
  /**
   * Weight of one batch of a log that a member sends: four times what a sender of ours puts into one,
   * since names grow on their way.
   */
  logBatchWeight: 4 * limits.batchBytes,
  logPlaceCount: limits.logPlaceCount,
  /** Milliseconds before a host is dialled again whose log is followed: the first wait, doubling up to the last. */
  firstRetryMs: 500,
  lastRetryMs: 5_000,
  /** Milliseconds for a question about a log: it may have to be looked for on a slow disk. */
  logMs: 10_000,
  /** Characters of a URI. */
  uriLength: 4_096,
  /** Swissnums that one daemon remembers: 100,000 hashes are about 20 MiB. */
  mintCount: 100_000,
} as const;
