/**
 * The dialler's side.
 *
 *     TCP connects  →  the preamble is read  →  its hash is the designator  →  TLS, with whoever is there
 *                   →  the peer inside TLS showed that very certificate     →  connected
 *
 * In TLS 1.3 this is reached before the acceptor has judged our certificate: that it did shows in its first bytes.
 */
import net from 'node:net';
import tls from 'node:tls';
import type { PeerLocation } from '@bellwether/ocapn';
import {
  BadPlace,
  HOST_LENGTH,
  KEEPALIVE_MS,
  systemCode,
  Unreachable,
  Untrusted,
  wayTo,
} from '@bellwether/netlayer-stream';
import type { DialAttempt, Traffic } from '@bellwether/netlayer-stream';
import { designatorOf } from './designator.ts';
import { certificateIn, type TlsIdentity } from './identity.ts';
import { DEFAULT_PORT } from './limits.ts';
import { PreambleReader } from './preamble.ts';

/** Where a location says that its peer is. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The address in a location's hints, or why they name none that could be dialled, in words for its owner. */
export function addressOf(to: PeerLocation): Address | string {
  const { host, port } = to.hints;
  if (to.transport !== 'tcp-tls') return `it is a location of ${to.transport}`;
  if (host === undefined) return 'it has no host';
  if (host.length > HOST_LENGTH || !/^[\w.:%-]+$/u.test(host))
    return `its host is '${host.slice(0, HOST_LENGTH)}', no name and no address`;
  if (port === undefined) return { host, port: DEFAULT_PORT };
  const number = /^[1-9]\d{0,4}$/u.test(port) ? Number(port) : 0;
  if (number >= 1 && number <= 65_535) return { host, port: number };
  return `its port is '${port}', not a number from 1 to 65535`;
}

/** Whoever dials. */
export interface DiallingEnd {
  readonly traffic: Traffic;
  readonly identity: TlsIdentity;
  /** What comes before TLS is read into this, by all dials in turn. */
  readonly buffer: Uint8Array;
}

/** Connects for a dial; `connected` gets an open socket whose peer is the one that was dialled. */
export function connectTls(
  dial: DialAttempt,
  end: DiallingEnd,
  to: PeerLocation,
  connected: (socket: tls.TLSSocket) => void,
): void {
  const { traffic, identity, buffer } = end;
  const address = addressOf(to);
  if (typeof address === 'string')
    return dial.fail(new BadPlace(`tcp-tls: cannot dial ${to.designator}: ${address}`));
  const way = wayTo(dial, address.host);
  if (way === undefined) return;
  const preamble = new PreambleReader(
    (pem) => shake(dial, raw, identity, to, pem, settled),
    (reason) => dial.fail(reason),
  );
  const raw = net.connect({
    ...way,
    port: address.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEPALIVE_MS,
    // Until TLS reads: a stream in between would cost more than all that is done with what comes.
    onread: {
      buffer,
      callback: (byteCount) => {
        preamble.take(buffer.subarray(0, byteCount));
        return true;
      },
    },
  });
  traffic.hold(raw);
  dial.use(raw);
  const onError = (error: Error): void => {
    if (!dial.connectsAgain(error)) return dial.fail(explain(dial, error));
    raw.off('close', onClose);
    connectTls(dial, end, to, connected);
  };
  const onClose = (): void =>
    dial.fail(new Unreachable(dial.place, 'the connection was closed during the handshake'));
  raw.on('error', onError);
  raw.on('close', onClose);
  const settled = (socket: tls.TLSSocket): void => {
    if (!dial.succeed()) return;
    raw.off('close', onClose);
    traffic.wrap(raw, socket);
    connected(socket);
  };
}

function shake(
  dial: DialAttempt,
  raw: net.Socket,
  identity: TlsIdentity,
  to: PeerLocation,
  pem: Uint8Array,
  settled: (socket: tls.TLSSocket) => void,
): void {
  const refuse = (what: string): void => dial.fail(new Untrusted(dial.place, `the peer ${what}`));
  if (designatorOf(pem) !== to.designator) {
    return refuse(`is not ${to.designator}: its certificate is that of ${designatorOf(pem)}`);
  }
  const announced = certificateIn(pem);
  if (announced === undefined) return refuse('announced something that is not one certificate');
  const socket = tls.connect({
    socket: raw,
    secureContext: identity.context(),
    // No authority is asked: the certificate is known to the byte, and TLS proves the key to it.
    rejectUnauthorized: false,
  });
  dial.use(socket);
  const onError = (error: Error): void => dial.fail(explain(dial, error));
  socket.on('error', onError);
  socket.once('secureConnect', () => {
    // Once: Node gives undefined to whoever asks a second time.
    const shown = socket.getPeerX509Certificate();
    if (socket.isSessionReused()) return refuse('resumed a session that it cannot have');
    if (shown === undefined || !shown.raw.equals(announced)) {
      return refuse('has not the key to the certificate that it announced');
    }
    settled(socket);
    socket.off('error', onError);
  });
}

/** A failure of the network may pass; one of TLS is the peer's. */
function explain(dial: DialAttempt, error: Error): Error {
  const code = systemCode(error);
  if (/^E(?!RR_)/u.test(code)) {
    const what = FOUND[code] ?? 'cannot connect';
    return new Unreachable(dial.place, `${what} (${code})`, { cause: error });
  }
  return new Untrusted(dial.place, `the TLS handshake failed (${code})`, { cause: error });
}

const FOUND: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'no such host',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'no answer',
};
