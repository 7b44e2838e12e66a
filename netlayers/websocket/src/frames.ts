/**
 * Binary messages as WebSocket frames (RFC 6455), one frame each, and those of a tick in one array: `ws` would write
 * each by itself, in two parts (`npm run bench -- websocket`). What comes is read by `ws`.
 *
 *     130 | length, with the highest bit of a client | 0, 2 or 8 bytes more of it | 4 bytes of a client's mask | bytes
 */
import { randomFillSync } from 'node:crypto';

const BINARY = 0x82;
const MASKED = 0x80;
const POOL_BYTES = 4_096;

/** Frames of one side of one netlayer. */
export interface Framer {
  /** All of them, in order, in one array. */
  frame(messages: readonly Uint8Array[]): Uint8Array;
  /** What stands before the bytes of one long message; undefined where those have to be changed, too. */
  head(byteCount: number): Uint8Array | undefined;
}

/** An acceptor's frames: in clear. */
export const plainFramer = (): Framer => ({
  frame: (messages) => framed(messages, () => undefined),
  head: (byteCount) => {
    const bytes = new Uint8Array(headBytes(byteCount));
    writeHead(bytes, 0, byteCount, 0);
    return bytes;
  },
});

/** A dialler's frames: each masked with bytes that nobody can foresee, so that no page can write what a proxy reads. */
export const maskingFramer = (): Framer => {
  const pool = new Uint8Array(POOL_BYTES);
  let at = POOL_BYTES;
  const mask = (): Uint8Array => {
    if (at === POOL_BYTES) {
      randomFillSync(pool);
      at = 0;
    }
    at += 4;
    return pool.subarray(at - 4, at);
  };
  return { frame: (messages) => framed(messages, mask), head: () => undefined };
};

const framed = (
  messages: readonly Uint8Array[],
  nextMask: () => Uint8Array | undefined,
): Uint8Array => {
  let byteCount = 0;
  for (const message of messages) byteCount += headBytes(message.length) + 4 + message.length;
  const bytes = new Uint8Array(byteCount);
  let at = 0;
  for (const message of messages) {
    const mask = nextMask();
    at = writeHead(bytes, at, message.length, mask === undefined ? 0 : MASKED);
    if (mask === undefined) bytes.set(message, at);
    else {
      bytes.set(mask, at);
      at += 4;
      for (let i = 0; i < message.length; i += 1)
        bytes[at + i] = (message[i] ?? 0) ^ (mask[i & 3] ?? 0);
    }
    at += message.length;
  }
  return bytes.subarray(0, at);
};

const headBytes = (byteCount: number): number => {
  if (byteCount < 126) return 2;
  return byteCount < 0x1_0000 ? 4 : 10;
};

/** The offset behind it. */
const writeHead = (bytes: Uint8Array, at: number, byteCount: number, masked: number): number => {
  bytes[at] = BINARY;
  if (byteCount < 126) {
    bytes[at + 1] = masked | byteCount;
    return at + 2;
  }
  if (byteCount < 0x1_0000) {
    bytes[at + 1] = masked | 126;
    bytes[at + 2] = byteCount >>> 8;
    bytes[at + 3] = byteCount & 0xff;
    return at + 4;
  }
  bytes[at + 1] = masked | 127;
  // No message has more than 32 bits of length.
  new DataView(bytes.buffer, bytes.byteOffset + at + 6, 4).setUint32(0, byteCount);
  return at + 10;
};
