/** What a node gives to releases that are on their way, and how much is held in memory. */

/** Each with its unit and its reason. */
export const nodeLimits = {
  /** Bytes that are read at a time, whatever the size of a file. */
  bufferBytes: 1_048_576,
  /** Bytes of one piece that is appended: what comes over a wire is smaller. */
  chunkBytes: 1_048_576,
  /** Contents that have begun to come and are not whole: 16 who bring as many as one may. */
  partialCount: 1_024,
  /** Bytes of all of them: two of the largest files that a release may have. */
  partialBytes: 4 * 1_073_741_824,
  /** Bytes of the disk that releases leave free: the node's own records need some. */
  reserveBytes: 64 * 1_048_576,
  /** Milliseconds for which a content is kept that no tree has, or that is not whole: a transfer over a slow line. */
  recentMs: 3_600_000,
  /** Misfits of a tree that are told; one that was changed by its service has many of a kind. */
  misfitCount: 100,
} as const;
