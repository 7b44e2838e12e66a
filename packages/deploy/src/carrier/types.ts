/** The words of a carrier: what it keeps on the disk, and what it works with. */
import type { Answer, Clock, Log, Ref } from '@bellwether/actors';
import type { Crypto } from '@bellwether/ocapn';
import type { Carrier, Shepherd } from '@bellwether/shepherd';
import type { Digest, Signature } from '../release/types.ts';
import type { Depot } from '../slot/types.ts';

/** A release that is kept for services elsewhere; all of its contents are here. */
export interface CarriedRelease {
  readonly digest: Digest;
  readonly app: string;
  readonly version?: string;
  /** Bytes of its files, and of the text of its manifest. */
  readonly byteCount: number;
  readonly manifestBytes: number;
  readonly signatures: readonly Signature[];
  /** Who has brought it, or what his grant comes from. */
  readonly asker: string;
  /** Wall clock, milliseconds since 1970, when all of it was here. */
  readonly keptMs: number;
}
/** What is on the disk of a carrier: the one that was of use last stands last. */
export interface CarrierRecord {
  readonly releases: readonly CarriedRelease[];
}
/** What a turn writes for it. */
export type CarrierEntry = { readonly kind: 'carrier' } & CarrierRecord;

/** The power over what a carrier has on its disk: contents, in common with the slots, and no trees. */
export interface Shelf extends Pick<Depot, 'missing' | 'put' | 'read' | 'inspect'> {
  /** Kept with so many bytes of a content that is whole. Broken with NotHere. */
  piece(sha256: string, offset: number, byteCount: number, answer: Answer): void;
  /** Which releases are kept: the contents of others are thrown away where no slot needs them. */
  keep(releases: readonly Digest[], answer: Answer): void;
}
/** What makes a carrier. */
export interface CarrierOptions {
  /** Of this machine. */
  readonly name: string;
  readonly shelf: Shelf;
  /** What an earlier life has left; absent: there was none. */
  readonly record?: CarrierRecord;
  readonly clock: Pick<Clock, 'now' | 'wall'>;
  readonly crypto: Pick<Crypto, 'verify' | 'sha256'>;
  readonly log: Log;
}
/** What its own daemon says to a carrier. Near only. */
export interface OwnCarrier extends Carrier {
  /** Who knows which releases are still to be brought somewhere; said once. */
  attend(shepherd: Ref<Pick<Shepherd, 'awaits'>>): void;
}
