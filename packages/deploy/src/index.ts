/** Releases: what they are and who vouches for them. Pure: what touches a disk is `@bellwether/deploy/node`. */
export type * from './release/types.ts';
export { BadRelease, NotTrusted, quoted as quotedPath } from './release/errors.ts';
export {
  releaseDifference,
  type ChangedEntry,
  type ChangedField,
  type ReleaseDifference,
} from './release/difference.ts';
export { limits as releaseLimits } from './release/limits.ts';
export {
  contentsOf,
  digestOf,
  isDigest,
  readManifest,
  treeBytesOf,
  writeManifest,
} from './release/manifest.ts';
export { toPrune, type Held } from './release/retention.ts';
export {
  checkSignatures,
  isPublicKeyText,
  judgeTrust,
  publicKeyText,
  readSignatures,
  signRelease,
  writeSignatures,
  type Trust,
} from './release/signatures.ts';
