/**
 * Bytes as text. One value has one text: padding, other alphabets and left-over bits are refused,
 * for two texts of one designator or swissnum would be two names of one thing.
 */
import { Decode } from '../errors.ts';

const HEX = '0123456789abcdef';
/** RFC 4648, lower case: designators. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
/** RFC 4648 section 5: swissnums in URIs. */
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Lower-case hexadecimal, two digits a byte. */
export const hex = (bytes: Uint8Array): string => toBase(bytes, HEX, 4);
/** Lower case, without padding. */
export const base32 = (bytes: Uint8Array): string => toBase(bytes, BASE32, 5);
/** Without padding. */
export const base64url = (bytes: Uint8Array): string => toBase(bytes, BASE64URL, 6);
/** @throws Decode for padding, `+`, `/` or left-over bits; the message does not repeat the text */
export const fromBase64url = (text: string): Uint8Array =>
  fromBase(text, BASE64URL, 6, 'base64url');
/** @throws Decode for padding, capitals or left-over bits; the message does not repeat the text */
export const fromBase32 = (text: string): Uint8Array => fromBase(text, BASE32, 5, 'base32');

const fromBase = (text: string, alphabet: string, width: number, name: string): Uint8Array => {
  const bytes = new Uint8Array(Math.floor((text.length * width) / 8));
  let bits = 0;
  let have = 0;
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = alphabet.indexOf(text.charAt(i));
    if (digit < 0) throw new Decode(`locator: expected ${name}, found another character at ${i}`);
    bits = ((bits << width) | digit) & 0x3fff;
    have += width;
    if (have >= 8) bytes[at++] = (bits >> (have -= 8)) & 0xff;
  }
  if (have >= width || (bits & ((1 << have) - 1)) !== 0)
    throw new Decode(`locator: expected ${name} to end with its last whole byte`);
  return bytes;
};

/** In one piece: V8 keeps a text that grew digit by digit as a chain of all that it was on the way. */
const toBase = (bytes: Uint8Array, alphabet: string, width: number): string => {
  const mask = (1 << width) - 1;
  const digits: string[] = [];
  let bits = 0;
  let have = 0;
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0x3fff;
    for (have += 8; have >= width; have -= width) {
      digits.push(alphabet.charAt((bits >> (have - width)) & mask));
    }
  }
  if (have > 0) digits.push(alphabet.charAt((bits << (width - have)) & mask));
  return digits.join('');
};
/** Where a text is filed: 32 bits (FNV-1a), which prove nothing. */
export const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1)
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
};
