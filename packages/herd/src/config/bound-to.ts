/** To which of a machine's addresses a door is bound. */
import { isIP } from 'node:net';
import { isHere } from '@bellwether/netlayer-stream/here';

/** What a configuration says of a door for WebSockets that matters here. */
export interface Bound {
  readonly host: string;
  readonly bind?: string | undefined;
  readonly tls?: unknown;
  readonly url?: string | undefined;
}

/**
 * The address; undefined: all of them. A host that is an address is the one that is meant, and no other network of the
 * machine is opened by it. Behind a proxy of this machine nobody else has to reach it.
 */
export const boundTo = ({ host, bind, tls, url }: Bound): string | undefined => {
  if (bind !== undefined) return bind;
  if (tls === undefined) return url === undefined ? host : '127.0.0.1';
  return isHere(host) || isIP(host) !== 0 ? host : undefined;
};

/** Whether two doors of one port are in each other's way. */
export const overlap = (a: string | undefined, b: string | undefined): boolean =>
  isAll(a) || isAll(b) || a === b;

const isAll = (address: string | undefined): boolean =>
  address === undefined || address === '::' || address === '0.0.0.0';
