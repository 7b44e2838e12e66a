/** Clients that speak, or misspeak, the websocket wire without the netlayer under test: HTTP and frames by hand. */
import net from 'node:net';
import type { PeerLocation } from '@bellwether/ocapn';

/** The port in the URL of a location. */
export const portOf = (at: PeerLocation): number => Number(new URL(at.hints['url'] ?? '').port);

const OPCODES = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** One frame of a client, masked with zeros: what is sent is what is seen. `bits`: more of its first byte. */
export const frame = (kind: keyof typeof OPCODES, payload: Uint8Array, bits = 0x80): Buffer => {
  const { length } = payload;
  const head =
    length < 126
      ? [0x80 | length]
      : length < 0x1_0000
        ? [0x80 | 126, length >> 8, length & 0xff]
        : [
            0x80 | 127,
            0,
            0,
            0,
            0,
            length >>> 24,
            (length >> 16) & 0xff,
            (length >> 8) & 0xff,
            length & 0xff,
          ];
  return Buffer.concat([Buffer.from([bits | OPCODES[kind], ...head, 0, 0, 0, 0]), payload]);
};

/** The headers of every request. */
export const HEADERS: readonly string[] = [
  'Host: x',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
];

/** A raw socket to an acceptor; remembers all that came. */
export class Stranger {
  readonly socket: net.Socket;
  isClosed = false;
  #heard: Buffer[] = [];

  constructor(at: PeerLocation) {
    this.socket = net.connect({ port: portOf(at), host: '127.0.0.1' });
    this.socket.on('data', (chunk) => this.#heard.push(chunk));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.isClosed = true));
  }
  /** Asks for a WebSocket, with what else shall stand in the request. */
  ask(...headers: readonly string[]): this {
    const lines = ['GET / HTTP/1.1', ...HEADERS, ...headers];
    this.socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    return this;
  }
  say(...frames: readonly Uint8Array[]): this {
    this.socket.write(Buffer.concat(frames));
    return this;
  }
  /** All that came. */
  get heard(): Buffer {
    return Buffer.concat(this.#heard);
  }
  get status(): string {
    return this.heard.toString('latin1').slice(9, 12);
  }
  /** What came behind the head of the answer: frames. */
  get frames(): Buffer {
    const { heard } = this;
    const end = heard.indexOf('\r\n\r\n');
    return end < 0 ? Buffer.alloc(0) : heard.subarray(end + 4);
  }
}
