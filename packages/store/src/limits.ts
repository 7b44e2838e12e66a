/** What is taken from a disk, and what is put there. Every start reads all of it. */
export const limits = {
  /** Bytes of one value as it lies on the disk: the largest are pieces, with room to spare. */
  valueBytes: 1_048_576,
  /** Characters of a key: three names of 128 characters, each of them escaped threefold. */
  keyCharacters: 2_048,
  /** Characters of one name in a record; the same as of names elsewhere, doubled for hashes and ids of ours. */
  nameCharacters: 256,
  /** Characters of any other text in a record. */
  textCharacters: 65_536,
  /** Levels of lists and maps in one value: what is recorded is nearly flat. */
  depth: 16,
  /** Bytes of one piece of what an operation takes, or of what came of it. */
  pieceBytes: 262_144,
  /** Pieces of either of one operation: the plan of the largest fleet, asked for again and again. */
  pieceCount: 8_192,
  /** Items of one value, containers included; arguments of a grant have some thousands at most. */
  itemCount: 65_536,
  /** Items of one list that a shape names. */
  listCount: 4_096,
  /** Milliseconds of a long commit after which others are served before it goes on: as a task of the vat. */
  sliceMs: 1,
  /** Changes of one commit: all records of 10,000 services at once. */
  changeCount: 100_000,
  /** Records of the whole database: 100,000 operations of some members each. */
  recordCount: 2_000_000,
  /** Bytes of one backup: the largest database, its values small as they are in practice. */
  backupBytes: 4 * 1024 * 1024 * 1024,
  /** Bytes of what a backup says of whose it is: a designator has 52. */
  nodeBytes: 256,
  /** Bytes of the file that says which database counts: two short members. */
  markBytes: 4_096,
  /** Bytes of one file of the audit: as much as any editor opens. */
  auditFileBytes: 16 * 1024 * 1024,
  /** Keys that a repair names of what it had to leave out; beyond, they are counted. */
  lostNameCount: 20,
} as const;
