/**
 * What goes over the wire in clear before TLS, from the acceptor only, as in Goblins:
 *
 *     length of the text, u32 little-endian (the native order of the machines it runs on) | PEM text
 */
import type { Socket } from 'node:net';
import { Untrusted } from '@bellwether/netlayer-stream';
import { PREAMBLE_BYTES } from './limits.ts';

/** The preamble that announces a certificate. */
export function encodePreamble(pem: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + pem.length);
  new DataView(bytes.buffer).setUint32(0, pem.length, true);
  bytes.set(pem, 4);
  return bytes;
}

/**
 * Reads a preamble, and not one byte more: what follows belongs to TLS. Calls back at most once; a socket that
 * ends early calls nobody, its close is seen by its owner.
 */
export function readPreamble(
  socket: Socket,
  done: (pem: Uint8Array) => void,
  failed: (reason: Error) => void,
): void {
  let length: number | undefined;
  const finish = (end: () => void): void => {
    socket.off('readable', step);
    end();
  };
  const step = (): void => {
    if (length === undefined) {
      const head = take(socket, 4);
      if (head === undefined) return;
      length = head.readUInt32LE(0);
      if (length < 1 || length > PREAMBLE_BYTES) {
        const found = length;
        return finish(() =>
          failed(
            new Untrusted(
              'tcp-tls',
              `expected a certificate of 1 to ${PREAMBLE_BYTES} bytes, found ${found}`,
            ),
          ),
        );
      }
    }
    const pem = take(socket, length);
    if (pem !== undefined) finish(() => done(new Uint8Array(pem)));
  };
  socket.on('readable', step);
}

/** Exactly so many bytes. At its end a Node stream gives what is left, however short. */
function take(socket: Socket, count: number): Buffer | undefined {
  const found: unknown = socket.read(count);
  return Buffer.isBuffer(found) && found.length === count ? found : undefined;
}
