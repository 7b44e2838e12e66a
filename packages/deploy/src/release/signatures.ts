/**
 * Who vouches for a release. Signatures stand beside the manifest, so that one can be added without making another
 * release of it. What is signed is a line that nothing else here begins with, and the digest.
 */
import { base64url, fromBase64url, type Crypto, type KeyPair } from '@bellwether/ocapn';
import { canonicalText } from '@bellwether/shepherd';
import { checkCanonical, parsed } from './canonical.ts';
import { BadRelease, NotTrusted, quoted } from './errors.ts';
import { listIn, objectIn, textIn, type Field } from './fields.ts';
import { releaseLimits } from './limits.ts';
import type { Digest, Signature } from './types.ts';

/** Whose word counts, and how many of them it takes. Keys as `publicKeyText` writes them. */
export interface Trust {
  readonly keys: readonly string[];
  /** So many of them must have signed; 0 takes unsigned releases, too. */
  readonly needed: number;
  /** Keys that do not count any more, whatever stands in `keys`. */
  readonly revoked?: readonly string[];
}

const keyBytes = 32;
const signatureBytes = 64;

/** A public key as people and configurations have it: base64url. */
export const publicKeyText = (publicKey: Uint8Array): string => base64url(publicKey);

/** Whether a text is a public key in that form. */
export const isPublicKeyText = (text: string): boolean => bytesIn(text, keyBytes) !== undefined;

/** Signs a release. */
export const signRelease = (digest: Digest, pair: KeyPair): Signature => ({
  key: publicKeyText(pair.publicKey),
  signature: base64url(pair.sign(signedBytes(digest))),
});

/** The text of signatures, sorted by key. @throws BadRelease for two of one key, or too many */
export const writeSignatures = (signatures: readonly Signature[]): Uint8Array => {
  const list = [...signatures].sort((a, b) => (a.key < b.key ? -1 : 1));
  const bytes = new TextEncoder().encode(canonicalText(list));
  readSignatures(bytes);
  return bytes;
};

/** Reads the text of signatures; whether they are good says `checkSignatures`. @throws BadRelease */
export const readSignatures = (bytes: Uint8Array): readonly Signature[] => {
  const where = 'signatures';
  if (bytes.length > releaseLimits.signaturesBytes)
    throw new BadRelease(where, `are longer than ${releaseLimits.signaturesBytes} bytes`);
  const { text, value } = parsed(bytes, where);
  const signatures = listIn({ where, value }, releaseLimits.signatureCount).map(signatureIn);
  for (const [at, { key }] of signatures.entries()) {
    const before = signatures[at - 1]?.key;
    if (before !== undefined && before >= key)
      throw new BadRelease(`${where}[${at}].key`, 'does not stand in order, each key once');
  }
  checkCanonical(text, signatures, where);
  return signatures;
};
const signatureIn = (field: Field): Signature => {
  const of = objectIn(field, ['key', 'signature']);
  return {
    key: encodedIn(of('key'), keyBytes),
    signature: encodedIn(of('signature'), signatureBytes),
  };
};
const encodedIn = (field: Field, byteCount: number): string => {
  const text = textIn(field);
  if (bytesIn(text, byteCount) === undefined)
    throw new BadRelease(field.where, `${quoted(text)} is no ${byteCount} bytes in base64url`);
  return text;
};

/** Checks that each signature is one of this release. @throws BadRelease for the first that is not */
export const checkSignatures = (
  digest: Digest,
  signatures: readonly Signature[],
  crypto: Pick<Crypto, 'verify'>,
): void => {
  const message = signedBytes(digest);
  for (const [at, each] of signatures.entries()) {
    const key = bytesIn(each.key, keyBytes);
    const signature = bytesIn(each.signature, signatureBytes);
    if (key === undefined || signature === undefined || !crypto.verify(key, message, signature))
      throw new BadRelease(`signatures[${at}]`, `the key ${each.key} has not signed this release`);
  }
};

/**
 * The trusted keys that have signed. Signatures of strangers are looked at, and count nothing.
 * @throws BadRelease for a signature that is not one of this release; NotTrusted where there are too few
 */
export const judgeTrust = (
  digest: Digest,
  signatures: readonly Signature[],
  { keys, needed, revoked = [] }: Trust,
  crypto: Pick<Crypto, 'verify'>,
): readonly string[] => {
  checkSignatures(digest, signatures, crypto);
  const signers = [...new Set(signatures.map(({ key }) => key))];
  const good = signers.filter((key) => keys.includes(key) && !revoked.includes(key));
  if (good.length >= needed) return good;
  const because = signers
    .filter((key) => !good.includes(key))
    .map((key) => `${key} is ${revoked.includes(key) ? 'revoked' : 'not trusted'}`);
  const found = signers.length === 0 ? 'it is not signed' : because.join(', ');
  const want = needed === 1 ? '1 trusted key' : `${needed} trusted keys`;
  throw new NotTrusted(`${digest}: is signed by ${good.length}, and ${want} must have; ${found}`);
};

const signedBytes = (digest: Digest): Uint8Array =>
  new TextEncoder().encode(`bellwether release\n${digest}`);

const bytesIn = (text: string, byteCount: number): Uint8Array | undefined => {
  if (text.length !== Math.ceil((byteCount * 8) / 6)) return undefined;
  try {
    return fromBase64url(text);
  } catch {
    return undefined; // it is in no such form, which is all that is asked here
  }
};
