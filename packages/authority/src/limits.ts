/** What grants may cost a host. Holders can make grants of their own, so nothing here is unbounded for them. */

/** Each with its unit and its reason. */
export const limits = {
  /**
   * Grants that one host keeps, ended ones included, all of them in memory: as JSON a usual record is 0.3 KiB, and one
   * with all that the limits below leave room for has 43,000 characters (test/authority/limits.test.ts).
   */
  grantCount: 10_000,
  /** Grants that one grant may be narrowed to at a time: a team and its machines. */
  childCount: 64,
  /** Grants in one chain: owner, team, person, bot, and as many again. Each call is judged along all of it. */
  depth: 8,
  /** Living grants below one that the owner of the host gave: else its holder could take all the room there is. */
  descendantCount: 256,
  /** Ended grants that are remembered below one that the owner gave; older ones are forgotten first. */
  endedCount: 64,
  /** Milliseconds for which a grant that has ended is remembered, as long as operations are: its holder is told why. */
  endedMs: 7 * 86_400_000,
  /**
   * Grants that are made below one that the owner gave, or by one minted reference, and redemptions that are repeated,
   * in a while: each is kept on the disk for good. Revocations are not counted: each takes one that was made.
   */
  changeCount: 256,
  /**
   * That while, in milliseconds: what the audit says of 256 that are made, redeemed and taken back is 0.8 MiB of an
   * hour where words are short, and 1.6 MiB where all are as long as they may be (test/authority/limits.test.ts).
   */
  changeMs: 3_600_000,
  /** Invites of one host that nobody has redeemed yet. */
  openInviteCount: 1_000,
  /** Of these, what is left for the owner, whatever holders make. */
  ownerInviteCount: 250,
  /** Of these, those made by one minted reference, and below; of a grant `descendantCount` bounds them. */
  originInviteCount: 256,
  /** Proofs of a key to one invite that are remembered, so that none is taken twice: more than anybody repeats. */
  proofCount: 64,
  /** Milliseconds for an answer, half of it at least: a round trip and a signature take a fraction of that. */
  nonceMs: 60_000,
  nonceBytes: 32,
  swissnumBytes: 32,
  publicKeyBytes: 32,
  signatureBytes: 64,
  /** Alerts of one invite in one life of the daemon: the first says it, and a flood of them would hide others. */
  alertCount: 8,
  /** Characters of a service, an action, a member, an operation's id: as of names everywhere. */
  nameCharacters: 128,
  /** Characters of what a maker calls a grant: a column of a table. */
  labelCharacters: 64,
  /** Characters of why one was taken back: a sentence. */
  reasonCharacters: 256,
  /** Actions of one grant: more than services have. */
  actionCount: 32,
  /** Globs for one action: an argument each. */
  globCount: 16,
  /** Characters of one glob. With what an argument may have, they bound the time of a match. */
  globCharacters: 256,
  /** Characters of all globs of a grant: they stand in its record, and in what is told of it. */
  globTotalCharacters: 4_096,
  /** Members of a fleet that a grant may be narrowed to: beyond that another fleet is the better word. */
  memberCount: 256,
  /** Operations that a grant may be good for. */
  useCount: 1_000_000,
  /** Its last operations that a grant remembers; the shepherd remembers far more and is asked first. */
  recentCount: 32,
  /** Operations in a window of a rate. */
  rateCount: 1_000_000,
  /** Milliseconds: the shortest and the longest window of a rate. */
  windowLeastMs: 1_000,
  windowMostMs: 7 * 86_400_000,
  /** Milliseconds: a second to a hundred years of 365 days. What ends later does not end. */
  lifetimeLeastMs: 1_000,
  lifetimeMostMs: 100 * 365 * 86_400_000,
  /** Milliseconds: how long an invite is open where nobody says, at least, and at most: it is a bearer's secret. */
  inviteMs: 15 * 60_000,
  inviteLeastMs: 1_000,
  inviteMostMs: 86_400_000,
  /** What lives off one grant at a time: all streams and questions that one reference may have, and some to spare. */
  holdCount: 1_024,
  /** Milliseconds between two records of the time, while a grant has an end: what a crash may take back of it. */
  clockMs: 60_000,
} as const;
