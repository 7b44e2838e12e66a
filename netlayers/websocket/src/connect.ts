/**
 * The dialler's side.
 *
 *     TCP and, for wss, TLS  →  101  →  our challenge  →  its answer is signed by the key that was dialled  →  open
 *
 * What that proves is as good as the way there: a relay could have the peer itself sign. So the way has to be this
 * machine, or TLS to the certificate of the pin, or to one that an authority vouches for.
 */
import { createHash } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import { type Crypto, makeChallenge } from '@bellwether/ocapn';
import {
  CLOSE_MS,
  type DialAttempt,
  HOST_LENGTH,
  KEEPALIVE_MS,
  systemCode,
  type Traffic,
  Unreachable,
  Untrusted,
  type Way,
  wayTo,
} from '@bellwether/netlayer-stream';
import { type ClientOptions, WebSocket } from 'ws';
import { firstMessage, wsOptions } from './handshake.ts';
import type { WebSocketLimits } from './limits.ts';
import { isProof } from './proof.ts';
import { clearRefusal, type WebSocketTarget } from './url.ts';

/** What a dialler trusts. */
export interface Trust {
  /** Certificates of authorities in PEM that count beside those that Node brings: of tests, or of one's own house. */
  readonly authorities?: readonly string[];
  /** True: in clear to other machines, too, where whoever is on the way can take the peer's place. Default false. */
  readonly dialsInClear?: boolean;
}
/** What a dial needs of its netlayer. */
export interface DiallerParts {
  readonly crypto: Crypto;
  readonly traffic: Traffic;
  readonly limits: WebSocketLimits;
  readonly trust: Trust;
  readonly program: string;
}

/** Why a place may not be dialled; undefined where it may. */
export const refusalOf = (target: WebSocketTarget, trust: Trust): string | undefined => {
  if (target.host.length > HOST_LENGTH) return 'its host is longer than any';
  return trust.dialsInClear === true ? undefined : clearRefusal(target);
};

/** Connects for a dial; `connected` gets an open WebSocket whose peer has the key that was dialled. */
export function connectWebSocket(
  dial: DialAttempt,
  parts: DiallerParts,
  target: WebSocketTarget,
  connected: (ws: WebSocket, socket: net.Socket, peer: string | undefined) => void,
): void {
  const { crypto, traffic, limits } = parts;
  const way = wayTo(dial, target.host);
  if (way === undefined) return;
  const socket = open(dial, parts, target, way);
  traffic.hold(socket);
  dial.use(socket);
  const options: ClientOptions = {
    ...wsOptions(limits, CLOSE_MS),
    createConnection: () => socket,
    headers: parts.program === '' ? {} : { 'user-agent': parts.program },
  };
  const ws = new WebSocket(target.url, options);
  let peer: string | undefined;
  ws.once('upgrade', ({ headers: { server } }) => {
    peer = typeof server === 'string' ? server : undefined;
  });
  let isLeft = false;
  const onError = (error: Error): void => {
    if (isLeft) return;
    isLeft = dial.connectsAgain(error);
    if (isLeft) connectWebSocket(dial, parts, target, connected);
    else dial.fail(explained(dial, error));
  };
  ws.on('error', onError);
  socket.on('error', onError);
  ws.once('close', () => {
    if (isLeft) return;
    dial.fail(new Unreachable(dial.place, 'the connection was closed during the handshake'));
  });
  ws.once('open', () => {
    const challenge = makeChallenge(crypto);
    ws.send(challenge);
    firstMessage(ws, socket, (answer) => {
      const refuse = (what: string): void => dial.fail(new Untrusted(dial.place, what));
      if (!isProof(crypto, challenge, answer, target.publicKey))
        return refuse('the peer has not the key that its designator is');
      if (!dial.succeed()) return;
      ws.removeAllListeners('error');
      ws.removeAllListeners('close');
      connected(ws, socket, peer);
    });
  });
}

const open = (
  dial: DialAttempt,
  { trust }: DiallerParts,
  { host, port, isSecure, pin }: WebSocketTarget,
  to: Way,
): net.Socket => {
  const way = { ...to, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_MS };
  if (!isSecure) return net.connect(way);
  const socket = tls.connect({
    ...way,
    ...(net.isIP(host) === 0 && { servername: host }),
    ...(trust.authorities !== undefined && {
      ca: [...tls.rootCertificates, ...trust.authorities],
    }),
    ALPNProtocols: ['http/1.1'],
    // A pin says which certificate it is, whoever has signed it.
    rejectUnauthorized: pin === undefined,
  });
  if (pin !== undefined)
    socket.once('secureConnect', () => {
      const shown = socket.getPeerX509Certificate();
      const isPinned =
        shown !== undefined && createHash('sha256').update(shown.raw).digest().equals(pin);
      if (!isPinned || socket.isSessionReused())
        dial.fail(
          new Untrusted(dial.place, 'the peer shows another certificate than its ref says'),
        );
    });
  return socket;
};

/** A failure of the network may pass; what TLS or HTTP refuses is the peer's. */
const explained = (dial: DialAttempt, error: Error): Error => {
  const code = systemCode(error);
  if (/^E(?!RR_)/u.test(code))
    return new Unreachable(dial.place, `${FOUND[code] ?? 'cannot connect'} (${code})`, {
      cause: error,
    });
  if (/CERT|ERR_TLS|SELF_SIGNED|UNABLE_TO/u.test(code))
    return new Untrusted(dial.place, `its certificate is not vouched for (${code})`, {
      cause: error,
    });
  return new Untrusted(dial.place, 'there is something else than a WebSocket', { cause: error });
};

const FOUND: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'no such host',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'no answer',
};
