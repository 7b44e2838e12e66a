/** The netlayers that Bellwether and Guile Goblins 0.18 both speak; each has a file in ../goblins that spawns theirs. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
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
const overUnix: MakeEnd = (listens, folder) => {
  const designator = base32(randomBytes(16));
  const place = { path: path.join(folder, designator), replaceStale: false };
  return {
    netlayer: unixNetlayer(listens ? { designator, place } : { designator }),
    designator,
  };
};

/** By the name of the file. */
export const roads: ReadonlyMap<string, MakeEnd> = new Map([
  ['tcp-tls', overTls],
  ['websocket', overWebSocket],
  ['unix', overUnix],
]);
