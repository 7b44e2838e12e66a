/** Short names for grants and keys, for people: in an alphabet of 32 without i, l, o and u, after Crockford. */
import type { Crypto } from '@bellwether/ocapn';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const idCharacters = 6;
/** Random bytes that an id is made from: enough for some tries. */
export const idBytes = 8 * idCharacters;
const fingerprintGroups = 5;

const letters = { grant: 'g', direct: 'd', minted: 'm' } as const;
/** Who asks, or what is revoked: a grant of this host, one that was made at hosts elsewhere, a minted reference. */
export type Kind = keyof typeof letters;
/** What an id, or a principal, names; undefined for the local root, and for what is none of these. */
export const kindOf = (id: string): Kind | undefined => {
  if (isHash(id)) return 'minted';
  if (id[1] !== '-') return undefined;
  const [letter] = id;
  return kinds.find((kind) => letters[kind] === letter);
};
const kinds = ['grant', 'direct', 'minted'] as const;

/**
 * An id that is not taken: the letter of its kind, and 30 random bits. It is no secret and opens nothing; it is
 * random so that nobody can tell from it how many there are. Undefined where all the tries were taken.
 */
export const freshId = (
  random: Uint8Array,
  isTaken: (id: string) => boolean,
  kind: Kind = 'grant',
): string | undefined => {
  for (let at = 0; at + idCharacters <= random.length; at += idCharacters) {
    const id = `${letters[kind]}-${charactersOf(random.subarray(at, at + idCharacters))}`;
    if (!isTaken(id)) return id;
  }
  return undefined;
};
/** What a minted reference is called, by the hash of its swissnum as hex: 48 bits of it, which open nothing. */
export const mintedId = (hash: string): string =>
  `${letters.minted}-${hash.slice(0, mintedDigits)}`;
const mintedDigits = 12;
/** What a principal is called wherever that is told: a minted reference by its id, all others as they are. */
export const idOf = (principal: string): string =>
  isHash(principal) ? mintedId(principal) : principal;
/** As a principal a minted reference is the hash of its swissnum. */
const isHash = (principal: string): boolean => /^[0-9a-f]{64}$/.test(principal);
/** One character for each byte, of which it takes five bits. */
const charactersOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => alphabet[byte & 31] ?? '').join('');

/**
 * What people compare of a public key: the first 100 bits of its SHA-256, as `0000-0000-0000-0000-0000`. To find
 * another key with the same takes 2^100 tries.
 */
export const fingerprintOf = (crypto: Pick<Crypto, 'sha256'>, publicKey: Uint8Array): string => {
  const groups: string[] = [];
  let bits = 0;
  let bitCount = 0;
  let group = '';
  for (const byte of crypto.sha256(publicKey)) {
    bits = ((bits << 8) | byte) & 0xfff;
    bitCount += 8;
    for (; bitCount >= 5 && groups.length < fingerprintGroups; bitCount -= 5) {
      group += alphabet[(bits >> (bitCount - 5)) & 31] ?? '';
      if (group.length < 4) continue;
      groups.push(group);
      group = '';
    }
  }
  return groups.join('-');
};

/** Bytes as hex. */
export const hexOf = (bytes: Uint8Array): string => {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
};
/** The bytes of hex that `hexOf` made. */
export const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from({ length: hex.length / 2 }, (_none, at) =>
    parseInt(hex.slice(2 * at, 2 * at + 2), 16),
  );
