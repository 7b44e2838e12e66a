/** What an acceptor of tcp-tls says in clear before TLS, in pieces: its length, and a certificate. */
import { Untrusted } from '@bellwether/netlayer-stream';
import { certificateIn } from '../../../netlayers/tcp-tls/src/identity.ts';
import { PREAMBLE_BYTES } from '../../../netlayers/tcp-tls/src/limits.ts';
import { encodePreamble, PreambleReader } from '../../../netlayers/tcp-tls/src/preamble.ts';
import { compareBytes } from '../../../packages/ocapn/src/syrup/values.ts';
import { kindOf, must, type Target } from '../engine/target.ts';
import { bytesOf } from './words.ts';

const PEM = `-----BEGIN CERTIFICATE-----\n${'QUJD'.repeat(16)}\nQUJD\n-----END CERTIFICATE-----\n`;
const pemAt = (text: string): Uint8Array => encodePreamble(bytesOf(text));

export const preamble: Target = {
  name: 'preamble',
  maxBytes: 4_096,
  blocksPerRun: 500,
  blocksPerByte: 10,
  words: [
    '-----BEGIN CERTIFICATE-----\n', '-----END CERTIFICATE-----\n', '-----BEGIN ', '\n', ' ', '=', 'QUJD',
    '\0\0\0\0', '\x01\0\0\0', '\0\0\x01\0', '\x01\0\x01\0', '\xff\xff\xff\xff', '\0\0\0\x80',
  ].map(bytesOf), // prettier-ignore
  seeds: () => [
    pemAt(PEM),
    pemAt(`${PEM}${PEM}`),
    pemAt(''),
    pemAt('x'),
    bytesOf('\xff\xff\xff\xff'),
  ],
  run: (input) => {
    const told: (Uint8Array | Error)[] = [];
    const reader = new PreambleReader(
      (pem) => void told.push(pem),
      (reason) => void told.push(reason),
    );
    // The first byte says in how large pieces the others come.
    const [first = 1] = input;
    const pieceBytes = first + 1;
    const bytes = input.subarray(1);
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      // The buffer is the reader's for this moment alone.
      const piece = bytes.slice(at, at + pieceBytes);
      reader.take(piece);
      piece.fill(0);
    }
    must(told.length <= 1, 'it is told twice');
    const length =
      (bytes[0] ?? 0) +
      2 ** 8 * (bytes[1] ?? 0) +
      2 ** 16 * (bytes[2] ?? 0) +
      2 ** 24 * (bytes[3] ?? 0);
    const isCertain = bytes.length >= 4;
    const isLength = length >= 1 && length <= PREAMBLE_BYTES;
    const end = 4 + length;
    const [outcome] = told;
    if (outcome === undefined) {
      must(!isCertain || (isLength && bytes.length < end), 'nobody is told');
      return new Set(['nothing']);
    }
    if (outcome instanceof Error) {
      must(outcome instanceof Untrusted, 'it is refused without a reason');
      const isMore = bytes.length > end && end % pieceBytes !== 0;
      must(!isLength || isMore, 'a text is refused');
      return new Set([isLength ? 'more' : kindOf(outcome)]);
    }
    must(outcome.length >= 1 && outcome.length <= PREAMBLE_BYTES, 'a text out of its limits');
    must(end % pieceBytes === 0 || bytes.length <= end, 'more was read than belongs to it');
    must(compareBytes(outcome, bytes.subarray(4, end)) === 0, 'another text');
    return new Set([certificateIn(outcome) === undefined ? 'no certificate' : 'a certificate']);
  },
};
