/** What a ref store takes, at most. Each with its unit and its reason. */

/** Characters of a petname: it is a file name and a word of the command line. */
export const maxPetnameChars = 64;
/**
 * Bytes of a ref file. A URI is about 150; hints can make it longer, and OCapN's own limit is far
 * below this.
 */
export const maxRefBytes = 4_096;
/**
 * Refs in one store. A folder of more was filled by a program, and listing it would be of no use.
 */
export const maxRefCount = 10_000;
/** Bytes of a key file: a word, and 32 bytes as base64. */
export const maxKeyBytes = 256;
/** Invites in one file: as many members as one direct grant has. */
export const maxInviteCount = 256;
/** Bytes of such a file: a line is a ref and a name. */
export const maxBundleBytes = maxInviteCount * (maxRefBytes + 256);
