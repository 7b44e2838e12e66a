/**
 * How a daemon is reached over WebSockets, and reaches others. A file of its own beside the program: who neither
 * listens nor dials so loads nothing of it (lazy-netlayer.ts).
 */
import type { Log } from '@bellwether/actors';
import { BadPlace, keyPairOf, nodeClock, nodeCrypto } from '@bellwether/netlayer-stream';
import type { TlsIdentity } from '@bellwether/netlayer-tcp-tls';
import {
  websocketNetlayer,
  type WebSocketIdentity,
  type WebSocketPlace,
  type WebSocketTls,
} from '@bellwether/netlayer-websocket';
import { base64url, fromBase64url, type Netlayer } from '@bellwether/ocapn';
import { boundTo } from '../config/bound-to.ts';
import { refusedPages } from './refused-pages.ts';
import { RenewedCertificate } from './renewed-certificate.ts';
import { readSecret, writeSecret } from '../refs/secret-file.ts';

/** Where a daemon listens for WebSockets: what its configuration says, and what it keeps. */
export interface WebSocketDoor {
  readonly host: string;
  /** 0: a free one, which the caller keeps. */
  readonly port: number;
  /** An address of this machine; absent: see `boundTo`. */
  readonly bind?: string | undefined;
  readonly tls: true | { readonly cert: string; readonly key: string } | undefined;
  readonly url: string | undefined;
  readonly origins: readonly string[] | undefined;
  /** Of the key that this daemon is known by there; made where there is none. */
  readonly keyFile: string;
  /** Who may have written it. */
  readonly uid: number;
}

/** Bytes of a key file. */
const keyFileBytes = 128;
const seedBytes = 32;

/** The netlayer of a life; what is wrong with a certificate is said when it listens. @throws BadPlace, UnsafeFile */
export const openWebSocketDoor = (door: WebSocketDoor, identity: TlsIdentity, log: Log): Netlayer =>
  websocketNetlayer({ crypto: nodeCrypto(), place: placeOf(door, identity, log) });

export { websocketDialler } from '../client/websocket.ts';

const placeOf = (door: WebSocketDoor, identity: TlsIdentity, log: Log): WebSocketPlace => {
  const { host, port, url, origins } = door;
  const bindHost = boundTo(door);
  const common = {
    identity: keyIn(door),
    host,
    port,
    refused: refusedPages(log, nodeClock()),
    ...(bindHost !== undefined && { bindHost }),
    ...(origins !== undefined && { origins }),
    ...(url !== undefined && { url }),
  };
  return door.tls === undefined ? common : { ...common, tls: tlsOf(door, identity, log) };
};

const tlsOf = (
  { tls: files, uid }: WebSocketDoor,
  identity: TlsIdentity,
  log: Log,
): WebSocketTls => {
  if (files === undefined || files === true)
    return { context: () => identity.context(), pin: identity.pin };
  const { now, wall } = nodeClock();
  const certificate = new RenewedCertificate(files, { uid, now, wall, log });
  return { context: () => certificate.context() };
};

/** Kept for ever: refs name it. */
const keyIn = ({ keyFile, uid }: WebSocketDoor): WebSocketIdentity => {
  const kept = readSecret(keyFile, uid, keyFileBytes);
  const seed = kept === undefined ? nodeCrypto().random(seedBytes) : seedIn(kept, keyFile);
  if (kept === undefined) writeSecret(keyFile, base64url(seed), false);
  return keyPairOf(seed);
};

const seedIn = (text: string, file: string): Uint8Array => {
  const hint = 'hint: restore it from a backup, or remove it to become a new peer';
  try {
    const seed = fromBase64url(text);
    if (seed.length === seedBytes) return seed;
  } catch {
    // said below
  }
  throw new BadPlace(`websocket: ${file} holds no key; ${hint}`);
};
