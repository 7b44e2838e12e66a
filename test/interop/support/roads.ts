/** The netlayers that Bellwether and Guile Goblins 0.18 both speak; each has a file in ../goblins that spawns theirs. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { createSecureContext } from 'node:tls';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import { unixNetlayer } from '@bellwether/netlayer-unix';
import { websocketDesignator, websocketNetlayer } from '@bellwether/netlayer-websocket';
import { base32, type Netlayer } from '@bellwether/ocapn';

/** One peer's end of a road. */
export interface End {
  readonly netlayer: Netlayer;
  readonly designator: string;
}
/** `folder`: one that both see under that path. */
type MakeEnd = (listens: boolean, folder: string) => End;

const host = '127.0.0.1';
const overTls: MakeEnd = (listens) => {
  const identity = openIdentity(makeIdentity());
  const place = { host, bindHost: host };
  return {
    netlayer: tlsNetlayer(listens ? { identity, place } : { identity }),
    designator: identity.designator,
  };
};
const overWebSocket: MakeEnd = (listens) => {
  const crypto = nodeCrypto();
  const identity = crypto.keyPair();
  return {
    netlayer: websocketNetlayer(listens ? { crypto, place: { identity, host } } : { crypto }),
    designator: websocketDesignator(identity),
  };
};
const overWebSocketTls: MakeEnd = (listens, folder) => {
  const crypto = nodeCrypto();
  const identity = crypto.keyPair();
  const { cert, key } = certificateIn(folder);
  const place = {
    identity,
    host,
    bindHost: host,
    tls: { context: () => createSecureContext({ cert, key }) },
  };
  const trust = { authorities: [cert] };
  return {
    netlayer: websocketNetlayer(listens ? { crypto, trust, place } : { crypto, trust }),
    designator: websocketDesignator(identity),
  };
};
const overUnix: MakeEnd = (listens, folder) => {
  const designator = base32(randomBytes(16));
  const place = { path: path.join(folder, designator), replaceStale: false };
  return {
    netlayer: unixNetlayer(listens ? { designator, place } : { designator }),
    designator,
  };
};

/**
 * Makes the certificate by which all peers of a folder show themselves in TLS, where Goblins looks for it: it vouches for
 * itself, and is the one authority that they have. @throws Error where there is no openssl
 */
export const makeCertificate = (folder: string): void => {
  fs.mkdirSync(path.join(folder, 'authorities'));
  const made = spawnSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-days', '2', '-subj', '/CN=interop', '-addext', `subjectAltName=IP:${host}`],
      ...['-keyout', path.join(folder, KEY), '-out', path.join(folder, CERTIFICATE)],
    ],
    { encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`openssl made no certificate: ${made.stderr ?? ''}`);
};
const KEY = 'tls.key';
const CERTIFICATE = 'authorities/tls.pem';
const certificateIn = (folder: string): { readonly cert: string; readonly key: string } => ({
  cert: fs.readFileSync(path.join(folder, CERTIFICATE), 'utf8'),
  key: fs.readFileSync(path.join(folder, KEY), 'utf8'),
});

/** By the name of the file. */
export const roads: ReadonlyMap<string, MakeEnd> = new Map([
  ['tcp-tls', overTls],
  ['websocket', overWebSocket],
  ['websocket-tls', overWebSocketTls],
  ['unix', overUnix],
]);
