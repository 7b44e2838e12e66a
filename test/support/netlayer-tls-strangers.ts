/** Clients and servers that speak, or misspeak, the tcp-tls wire without the netlayer under test. */
import net from 'node:net';
import tls from 'node:tls';
import type { IdentityText } from '@bellwether/netlayer-tcp-tls';
import type { PeerLocation } from '@bellwether/ocapn';

/** A client as Goblins has it: reads the preamble, then TLS without ALPN or server name. */
export interface StrangeClient {
  readonly raw: net.Socket;
  readonly preamble: Buffer;
  readonly socket: tls.TLSSocket;
}

export function portOf(at: PeerLocation): number {
  return Number(at.hints['port']);
}

/** Connects as a client; rejects when the handshake fails. */
export async function strangeClient(
  at: PeerLocation,
  options: tls.ConnectionOptions = {},
): Promise<StrangeClient> {
  const raw = net.connect({ port: portOf(at), host: '127.0.0.1' });
  const preamble = await readPreamble(raw);
  return await new Promise((open, failed) => {
    const socket = tls.connect({ socket: raw, rejectUnauthorized: false, ...options }, () =>
      open({ raw, preamble, socket }),
    );
    socket.on('error', failed);
    socket.on('close', () => failed(new Error('closed')));
  });
}

/** The whole preamble, with its length in front. */
function readPreamble(raw: net.Socket): Promise<Buffer> {
  return new Promise((done, failed) => {
    raw.on('error', failed);
    raw.on('close', () => failed(new Error('closed before the preamble')));
    let head: Buffer | undefined;
    const step = (): void => {
      head ??= take(raw, 4);
      if (head === undefined) return;
      const pem = take(raw, head.readUInt32LE(0));
      if (pem === undefined) return;
      raw.off('readable', step);
      done(Buffer.concat([head, pem]));
    };
    raw.on('readable', step);
  });
}

function take(raw: net.Socket, count: number): Buffer | undefined {
  const found: unknown = raw.read(count);
  return Buffer.isBuffer(found) ? found : undefined;
}

/** The certificate and key of an identity, as Node's TLS takes them. */
export function credentials(text: IdentityText): { readonly cert: Buffer; readonly key: Buffer } {
  return { cert: Buffer.from(text.certPem), key: Buffer.from(text.keyPem) };
}

/** A server that does whatever it likes with a connection. Close it at the end. */
export class StrangeServer {
  readonly #server: net.Server;
  readonly #sockets: Set<net.Socket>;

  constructor(serve: (raw: net.Socket) => void) {
    this.#sockets = new Set();
    this.#server = net.createServer((raw) => {
      this.#sockets.add(raw);
      raw.on('error', () => undefined);
      serve(raw);
    });
  }
  /** Starts; the result is a location with the designator that is asked for. */
  async at(designator: string): Promise<PeerLocation> {
    if (!this.#server.listening) {
      await new Promise<void>((ready) => this.#server.listen(0, '127.0.0.1', ready));
    }
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const hints = { host: '127.0.0.1', port: String(address.port) };
    return { transport: 'tcp-tls', designator, hints };
  }
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await new Promise((done) => this.#server.close(done));
  }
}

/** A preamble of this length and content, true or not. */
export function announce(pem: Uint8Array, length = pem.length): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(length, 0);
  return Buffer.concat([head, pem]);
}

/** Serves TLS on a connection whose preamble was written. */
export function serveTls(
  raw: net.Socket,
  options: tls.TLSSocketOptions & tls.SecureContextOptions,
): tls.TLSSocket {
  const socket = new tls.TLSSocket(raw, { isServer: true, ...options });
  socket.on('error', () => undefined);
  return socket;
}
