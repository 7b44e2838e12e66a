/**
 * What both ends do once the WebSocket is open, see ocapn's identity/peer-auth.ts: one short message each way, before
 * anybody is a connection.
 */
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { FIRST_BYTES, type WebSocketLimits } from './limits.ts';

/** How we call ourselves in HTTP, on both sides: see `Wire.isPaced`. */
export const PROGRAM = 'bellwether';

/** Options of `ws` on both sides: what it would keep for a peer is bounded, and nothing is compressed. */
export const wsOptions = (limits: WebSocketLimits, closeMs: number) => ({
  perMessageDeflate: false,
  maxPayload: limits.messageBytes,
  maxFragments: limits.pieceCount,
  maxBufferedChunks: limits.pieceCount,
  maxPendingAutoPongs: limits.pongCount,
  closeTimeout: closeMs,
});

/**
 * Calls back with the first message, once, in the tick in which it comes. A text, and what is longer than anything
 * that may stand there, end the socket.
 */
export const firstMessage = (
  ws: WebSocket,
  socket: Duplex,
  done: (message: Uint8Array) => void,
): void => {
  let byteCount = 0;
  const came = (chunk: Uint8Array): void => {
    byteCount += chunk.length;
    // What `ws` has not told of by now it keeps.
    if (byteCount > FIRST_BYTES) socket.destroy();
  };
  socket.on('data', came);
  ws.once('message', (data: RawData, isBinary) => {
    socket.off('data', came);
    if (!isBinary || !(data instanceof Uint8Array)) return void socket.destroy();
    // A copy, which nothing that comes later changes.
    done(Uint8Array.from(data));
  });
};
