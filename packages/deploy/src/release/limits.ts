/** What a release may cost whoever reads it: everything here comes from outside. */

/** Each with its unit and its reason. */
export const releaseLimits = {
  /** Files and links of one release: a large tree of node_modules has half as many. */
  entryCount: 100_000,
  /** Bytes of the text of a manifest: as many files, each with its digest and a path of 150 bytes. */
  manifestBytes: 32 * 1_048_576,
  /** Bytes of one file: an image or a model still fits, and what is read at once never depends on it. */
  fileBytes: 2 * 1_073_741_824,
  /** Bytes of all files: a node holds some releases side by side, each twice. */
  treeBytes: 8 * 1_073_741_824,
  /** Bytes of a path in UTF-8: a quarter of what Linux opens, so that it fits below any folder of a node. */
  pathBytes: 1_024,
  /** Bytes of one name in a path: what file systems take. */
  nameBytes: 255,
  /** Folders within folders; each is an open descriptor while a tree is walked. */
  depth: 64,
  /** Links that a path leads through before it is given up: as many as Linux follows. */
  linkHopCount: 40,
  /** Names that are looked up to follow all links of a release: chains of links can be made to take for ever. */
  linkStepCount: 200_000,
  /** Characters of the name of an application, of a version, and of a platform: a column of a table. */
  nameCharacters: 64,
  /** Words of a command, its own or that of a check. */
  wordCount: 256,
  /** Bytes of all words of a command; Linux takes no word of more than 128 KiB. */
  commandBytes: 65_536,
  /** Variables that a release brings along. */
  environmentCount: 128,
  /** Bytes of their names and values: they stand in every start. */
  environmentBytes: 65_536,
  /** Checks of one release: each is waited for. */
  checkCount: 16,
  /** Milliseconds that one check may take: from a moment to the start of a slow service. */
  checkLeastMs: 1,
  checkMostMs: 600_000,
  /** Characters of a URL to be asked, and of a host with its port. */
  urlCharacters: 2_048,
  hostCharacters: 261,
  /** Characters of each word about where a release comes from: a URL and a commit. */
  provenanceCharacters: 512,
  /** Signatures of one release: the builder, and some who have looked at it. */
  signatureCount: 16,
  /** Bytes of their text: each has 160. */
  signaturesBytes: 4_096,
  /** Keys that one slot trusts, and of those that it does not trust any more. */
  keyCount: 64,
  /** Bytes of the first line of a file of a release: the two lengths in it end far below. */
  headBytes: 64,
} as const;
