/** What is believed of a release that somebody brings, and of what a slot answers to that. */
import { BadRequest, Malformed } from '../errors.ts';
import { limits } from '../limits.ts';
import { checkedCount } from './requests.ts';
import { list, readUpTo, readWhole, struct, type Read } from '../read.ts';
import type { Missing, Offer, Offered, Piece, Put } from '../words/types.ts';

const digestForm = /^rel:sha256-[0-9a-f]{64}$/;
const sha256Form = /^[0-9a-f]{64}$/;

/** An offer with nothing in it but what an offer has. @throws BadRequest */
export const checkedOffer = (offer: Offer): Offer => {
  if (typeof offer !== 'object' || offer === null) throw new BadRequest('offer: no record');
  const { release, manifestBytes, signatures, after } = offer;
  if (typeof release !== 'string' || !digestForm.test(release))
    throw new BadRequest("offer: the release must be 'rel:sha256-' and 64 hex digits");
  return {
    release,
    manifestBytes: checkedCount('offer: manifestBytes', manifestBytes, limits.manifestBytes),
    ...(signatures !== undefined && {
      signatures: checkedBytes('offer: signatures', signatures, limits.signaturesBytes),
    }),
    ...(after !== undefined && { after: checkedSha256('offer: after', after) }),
  };
};

/** The same of a piece. @throws BadRequest */
export const checkedPiece = (piece: Piece): Piece => ({
  sha256: checkedSha256('put', piece.sha256),
  offset: checkedCount('put: offset', piece.offset, Number.MAX_SAFE_INTEGER),
  bytes: checkedBytes('put', piece.bytes, limits.pieceOfReleaseBytes),
});

const checkedSha256 = (what: string, sha256: string): string => {
  if (typeof sha256 === 'string' && sha256Form.test(sha256)) return sha256;
  throw new BadRequest(`${what}: expected a SHA-256 as 64 hex digits`);
};
const checkedBytes = (what: string, bytes: Uint8Array, mostBytes: number): Uint8Array => {
  if (!(bytes instanceof Uint8Array)) throw new BadRequest(`${what}: expected bytes`);
  if (bytes.length <= mostBytes) return bytes;
  throw new BadRequest(`${what}: ${bytes.length} bytes, at most ${mostBytes} are taken`);
};

const readSha256: Read<string> = (value, what) => {
  if (typeof value === 'string' && sha256Form.test(value)) return value;
  throw new Malformed(`${what}: expected a SHA-256 as 64 hex digits`);
};
const readTrue: Read<true | undefined> = (value) => (value === true ? true : undefined);
const platformForm = /^[a-z0-9]{1,16}-[a-z0-9]{1,16}$/;
const readPlatform: Read<string> = (value, what) => {
  if (typeof value === 'string' && platformForm.test(value)) return value;
  throw new Malformed(`${what}: expected a platform like linux-x64`);
};
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
export const readPut: Read<Put> = struct<Put>({ have: readUpTo(Number.MAX_SAFE_INTEGER) }, {});
