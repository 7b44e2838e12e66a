/** What is believed of a release that somebody brings, and of what a slot answers to that. */
import { Malformed } from '../errors.ts';
import { limits } from '../limits.ts';
import {
  list,
  readTrue,
  readUpTo,
  readWhole,
  requested,
  struct,
  textIf,
  type Read,
} from '../read.ts';
import { isDigest } from '../words/slot-words.ts';
import type { Missing, Offer, Offered, Piece, Put } from '../words/types.ts';

const readSha256 = textIf((text) => /^[0-9a-f]{64}$/.test(text), 'a SHA-256 as 64 hex digits');
const readDigest = textIf(isDigest, "'rel:sha256-' and 64 hex digits");
const bytes =
  (mostBytes: number): Read<Uint8Array> =>
  (value, what) => {
    if (!(value instanceof Uint8Array)) throw new Malformed(`${what}: expected bytes`);
    if (value.length <= mostBytes) return value;
    throw new Malformed(`${what}: ${value.length} bytes, at most ${mostBytes} are taken`);
  };

const readOffer = struct<Offer>(
  { release: readDigest, manifestBytes: readUpTo(limits.manifestBytes) },
  { signatures: bytes(limits.signaturesBytes), after: readSha256 },
);
/** An offer with nothing in it but what an offer has. @throws BadRequest */
export const checkedOffer = requested(readOffer, 'offer');

const readPiece = struct<Piece>(
  { sha256: readSha256, offset: readWhole, bytes: bytes(limits.pieceOfReleaseBytes) },
  {},
);
/** The same of a piece. @throws BadRequest */
export const checkedPiece = requested(readPiece, 'put');

const readPlatform = textIf(
  (text) => /^[a-z0-9]{1,16}-[a-z0-9]{1,16}$/.test(text),
  'a platform like linux-x64',
);
const readMissing = struct<Missing>({ sha256: readSha256, size: readWhole, have: readWhole }, {});

/** What a slot elsewhere lacks. @throws Malformed */
export const readOffered: Read<Offered> = struct<Offered>(
  {
    missing: list(readMissing, limits.missingCount),
    missingCount: readWhole,
    missingBytes: readWhole,
  },
  { isMore: readTrue, platform: readPlatform },
);
/** What it has after a piece. @throws Malformed */
export const readPut: Read<Put> = struct<Put>({ have: readWhole }, {});
