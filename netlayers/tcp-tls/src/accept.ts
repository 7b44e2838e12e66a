/**
 * The acceptor's side, one handshake per socket and none in another's way.
 *
 *     state     | event                          | what happens                            | next
 *     ----------+--------------------------------+-----------------------------------------+---------
 *     (none)    | TCP accepted                   | our certificate is written in clear     | silent
 *     (none)    | too many from that address     | destroyed unheard                       | gone
 *     silent    | a first byte                   | TLS begins (its buffers, not before)    | shaking
 *     shaking   | handshake done                 | the peer's certificate names it         | open
 *     silent, shaking | end, error, 10 s, evicted | destroyed, nobody is told               | gone
 *
 * A certificate is asked for and none is required: the diallers of Goblins present theirs, and who has none is
 * anonymous. No authority signs anything here, so OpenSSL's verdict on the certificate says nothing; that the peer
 * has the key to it is proved by TLS itself.
 */
import type { Socket } from 'node:net';
import tls from 'node:tls';
import type { Accept, PeerLocation } from '@bellwether/ocapn';
import { type CrowdLimits, Doorstep, type Traffic } from '@bellwether/netlayer-stream';
import { designatorOf } from './designator.ts';
import { pemOf, type TlsIdentity } from './identity.ts';
import { encodePreamble } from './preamble.ts';

/** Turns accepted TCP sockets into connections. */
export class Acceptor {
  readonly #context: tls.SecureContext;
  readonly #preamble: Uint8Array;
  readonly #traffic: Traffic;
  readonly #doorstep: Doorstep;
  readonly #accept: Accept;

  constructor(identity: TlsIdentity, traffic: Traffic, limits: CrowdLimits, accept: Accept) {
    this.#context = identity.context();
    this.#preamble = encodePreamble(identity.certPem);
    this.#traffic = traffic;
    this.#doorstep = new Doorstep(traffic, limits);
    this.#accept = accept;
  }

  /** Takes over a fresh socket. */
  admit(raw: Socket): void {
    const settle = this.#doorstep.admit(raw);
    if (settle === undefined) return;
    raw.once('end', () => raw.destroy());
    raw.write(this.#preamble);
    raw.once('readable', () => {
      if (raw.readableLength > 0) this.#shake(raw, settle);
      else raw.destroy();
    });
  }

  #shake(raw: Socket, settle: () => void): void {
    raw.removeAllListeners('end');
    const socket = new tls.TLSSocket(raw, {
      isServer: true,
      secureContext: this.#context,
      requestCert: true,
      rejectUnauthorized: false,
    });
    const drop = (): void => void socket.destroy();
    socket.on('error', drop);
    socket.once('secure', () => {
      settle();
      // Nothing was offered that could be resumed; if it happens all the same, the certificate is not to be trusted.
      if (socket.isSessionReused()) return drop();
      this.#traffic.wrap(raw, socket);
      this.#traffic.attach(socket, provedBy(socket), this.#accept);
      socket.off('error', drop);
    });
  }
}

/** Who the certificate inside TLS says the dialler is; undefined for one that showed none. */
function provedBy(socket: tls.TLSSocket): PeerLocation | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  return { transport: 'tcp-tls', designator: designatorOf(pemOf(certificate)), hints: {} };
}
