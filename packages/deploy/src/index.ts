/**
 * Releases: what they are and who vouches for them; slots, which are run as one of them. Pure: what touches a disk is
 * `@bellwether/deploy/node`.
 */
export { makeCarrier } from './carrier/carrier.ts';
export { carrierLimits } from './carrier/limits.ts';
export {
  beginSending,
  nextStep,
  offerAnswered,
  pieceAnswered,
  type NextStep,
  type PieceToSend,
  type Sending,
} from './carrier/sending.ts';
export type * from './carrier/types.ts';
export { bytesText } from './release/bytes-text.ts';
export type * from './release/types.ts';
export { BadRelease, NotTrusted, quoted as quotedPath } from './release/errors.ts';
export {
  releaseDifference,
  type ChangedEntry,
  type ChangedField,
  type ReleaseDifference,
} from './release/difference.ts';
export { releaseLimits } from './release/limits.ts';
export {
  contentsOf,
  digestOf,
  readManifest,
  treeBytesOf,
  writeManifest,
} from './release/manifest.ts';
export { toPrune, type Holdings } from './release/retention.ts';
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
export { NotConfirmed, NotOffered } from './slot/errors.ts';
export { limits as slotLimits } from './slot/limits.ts';
export type { Inspected } from './slot/inspect.ts';
export { readReleaseLines, type ListedRelease } from './slot/listing.ts';
export { contentAt, packed, type PackedLacking } from './slot/packed.ts';
export type { PackedContents } from './slot/types.ts';
export { PartialQuota, type Part, type PartialOwner } from './slot/quota.ts';
export { emptyRecord, rulesOf, slotActions, type DescribedRules } from './slot/record.ts';
export { makeSlot } from './slot/slot.ts';
export type * from './slot/types.ts';
