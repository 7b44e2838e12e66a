/** What an acceptor of tcp-tls says in clear before TLS, in pieces: its length, and a certificate. */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { Untrusted } from '@bellwether/netlayer-stream';
import { certificateIn } from '../../../netlayers/tcp-tls/src/identity.ts';
import { PREAMBLE_BYTES } from '../../../netlayers/tcp-tls/src/limits.ts';
import { encodePreamble, readPreamble } from '../../../netlayers/tcp-tls/src/preamble.ts';
import { compareBytes } from '../../../packages/ocapn/src/syrup/values.ts';
import { kindOf, must, type Target } from '../engine/target.ts';
import { bytesOf } from './words.ts';

/** As much of a socket as the reader of the preamble touches, without a loop of events. */
class Pieces extends EventEmitter {
  #bytes = new Uint8Array(0);
  #isOver = false;
  /** Bytes that were taken. */
  takenCount = 0;
  read(count: number): Buffer | null {
    const isEnough = this.#bytes.length >= count;
    // At its end a stream gives what is left, however short.
    if (!isEnough && !(this.#isOver && this.#bytes.length > 0)) return null;
    const found = Buffer.from(this.#bytes.subarray(0, count));
    this.#bytes = this.#bytes.slice(count);
    this.takenCount += found.length;
    return found;
  }
  come(piece: Uint8Array): void {
    this.#bytes = new Uint8Array(Buffer.concat([this.#bytes, piece]));
    this.emit('readable');
  }
  end(): void {
    this.#isOver = true;
    this.emit('readable');
  }
}

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
    const socket = new Pieces();
    const told: (Uint8Array | Error)[] = [];
    readPreamble(
      socket as unknown as Socket,
      (pem) => void told.push(pem),
      (reason) => void told.push(reason),
    );
    // The first byte says in how large pieces the others come.
    const [pieceBytes = 1] = input;
    const bytes = input.subarray(1);
    for (let at = 0; at < bytes.length; at += pieceBytes + 1)
      socket.come(bytes.subarray(at, at + pieceBytes + 1));
    socket.end();
    must(told.length <= 1, 'it is told twice');
    const [outcome] = told;
    if (outcome === undefined) return new Set(['nothing']);
    if (outcome instanceof Error) {
      must(outcome instanceof Untrusted, 'it is refused without a reason');
      must(socket.takenCount === 4, 'more was read than the length');
      return new Set([kindOf(outcome)]);
    }
    must(outcome.length >= 1 && outcome.length <= PREAMBLE_BYTES, 'a text out of its limits');
    must(socket.takenCount === 4 + outcome.length, 'more was read than belongs to it');
    must(compareBytes(outcome, bytes.subarray(4, 4 + outcome.length)) === 0, 'another text');
    return new Set([certificateIn(outcome) === undefined ? 'no certificate' : 'a certificate']);
  },
};
