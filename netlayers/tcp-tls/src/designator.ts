/** The name of a tcp-tls peer. */
import { hash } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** Lower-case unpadded base32 of SHA-256 twice over the bytes of a PEM text. */
export function designatorOf(pem: Uint8Array): string {
  const digest = hash('sha256', hash('sha256', pem, 'buffer'), 'buffer');
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of digest) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += ALPHABET.charAt((value >> (bits - 5)) & 31);
  }
  return bits > 0 ? text + ALPHABET.charAt((value << (5 - bits)) & 31) : text;
}
