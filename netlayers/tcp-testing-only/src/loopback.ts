/** Addresses that lead nowhere but to this machine, and nothing that has to be looked up. */
import net from 'node:net';

/** An address and a port of this machine. */
export interface LoopbackAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * The address that a host names if it is one of this machine's own: 127.0.0.0/8, ::1, or `localhost`, which is not
 * looked up. Undefined for all others, names included: whoever answers for a name could say anything.
 */
export function loopbackHost(host: string): string | undefined {
  if (host === 'localhost') return '127.0.0.1';
  if (net.isIPv4(host)) return host.startsWith('127.') ? host : undefined;
  // One spelling is enough: with a zone, a mapped address or zeros written out it might be read in two ways.
  return host === '::1' ? host : undefined;
}

/** The port that a text names; undefined for what is none. */
export function portOf(text: string): number | undefined {
  const port = /^[1-9]\d{0,4}$/u.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}
