/** What one slot may cost its node: most of it is decided by whoever may bring releases. */

/** Each with its unit and its reason. */
export const limits = {
  /** Releases that one slot keeps: each is a tree on the disk, and its command stands in one record. */
  releaseCount: 32,
  /** Of these, those that were staged and never run: the next ones, and not what there is to go back to. */
  stagedCount: 8,
  /** Of these, those of one asker and of all grants that come from the same one: half, so that nobody has all. */
  askerStagedCount: 4,
  /** Releases that are pinned: with them, what is active, what was and what comes, there is room for what is staged. */
  pinCount: 20,
  /** Releases that were run and are kept, where its description does not say how many: some to go back to. */
  keepCount: 5,
  /**
   * Bytes of the files of all releases that one slot keeps, unless its description says otherwise: two of the largest.
   * Each is on the disk as its contents, too.
   */
  keptBytes: 16 * 1_073_741_824,
  keptMostBytes: 1_024 * 1_073_741_824,
  /** Askers of one slot whose contents may lie there unused at a time, each as much as the slot keeps. */
  broughtShares: 2,
  /** Bytes that a content takes of a disk at least, and it takes whole ones: a release may have 100,000 of one byte. */
  blockBytes: 4_096,
  /** Bytes of how one release is run and checked: those of all that are kept fit into one record. */
  specBytes: 16_384,
  /** Words of the same, a variable being two: what one record holds is counted, too. */
  specWordCount: 1_024,
  /** Releases that are gone and whose place among the others is remembered: who comes back is no newer for that. */
  goneCount: 64,
  /** Digests that the trust of a slot may be narrowed to. */
  digestCount: 256,
  /** Operations whose end is remembered, for those who ask again: the shepherd's own memory is longer. */
  endedCount: 16,
  /** Characters of why something ended. */
  reasonCharacters: 512,
  /** Milliseconds that a release waits to be confirmed: long enough for a person, for a day at most. */
  confirmMs: 60_000,
  confirmLeastMs: 1_000,
  confirmMostMs: 86_400_000,
  /** Milliseconds for which a release has to be well before it is believed. */
  minHealthyMs: 5_000,
  /**
   * Milliseconds from the beginning of an activation until it has to have been well for so long; the grace and the
   * readiness of its service come on top.
   */
  gateMs: 60_000,
  gateMostMs: 3_600_000,
  /** Milliseconds between two looks at whether it is well, and at whether it goes on while nobody has confirmed it. */
  lookMs: 500,
  /** Deaths after a switch that end it: one may be a port that the old release has not let go of. */
  respawnCount: 2,
  /** Milliseconds for which a release that waits to be confirmed may be stopped: a restart of what it requires. */
  goneMs: 15_000,
  /** Times that a tree which is about to run is looked through or made anew: a disk may fail once. */
  treeTryCount: 3,
  /** Milliseconds that all of that may take, beside those of the trial: the largest release from a slow disk. */
  treeMs: 600_000,
  /** Milliseconds that the answer to a check may come late. */
  checkMarginMs: 1_000,
  /** Milliseconds between two notes of how much of a wait is left: what a clock that was set back can give again. */
  noteMs: 15_000,
  /** Offers of one asker: the one that it brings, and the one before. */
  askerOfferCount: 2,
  /** Offers of all grants that come from the same one: half, so that nobody has all. */
  originOfferCount: 16,
  /** Offers of one slot. */
  offerCount: 32,
  /** Contents of all offers of a slot: two of the largest releases. */
  offeredContentCount: 200_000,
  /** Milliseconds after which an offer makes room for another. */
  idleOfferMs: 600_000,
  /** Contents in one page of what is missing: 100 bytes each. */
  pageCount: 1_000,
  /** Bytes of one piece: a few of them are on their way, and none holds up a session for long. */
  pieceBytes: 65_536,
  /** Bytes that one asker has on a node of contents that are not whole: the largest file. */
  askerPartialBytes: 2 * 1_073_741_824,
  /** The same of all askers of one slot, and of a whole node. */
  slotPartialBytes: 3 * 1_073_741_824,
  partialBytes: 4 * 1_073_741_824,
  /** Contents that one asker has begun to bring: a transfer sends a few at a time. */
  askerPartialCount: 64,
} as const;
