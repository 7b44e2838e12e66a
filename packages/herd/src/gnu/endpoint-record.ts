/**
 * A service that is listened for, as GNU Shepherd's clients know one while nobody has come. Of an endpoint they read
 * name and address; what else there is to it stays here.
 */
import { isIPv4, isIPv6 } from 'node:net';
import type { Endpoint } from '@bellwether/shepherd';
import { shown } from './shown.ts';
import { sym, Vector, type Datum } from './wire/datum.ts';
import { field, versionZero } from './wire/request.ts';

/** As many as there are of Linux: what Guile calls AF_UNIX, AF_INET and AF_INET6. */
const families = { unix: 1, v4: 2, v6: 10 } as const;

/** The running value of such a service. */
export const listeningRecord = (
  endpoints: readonly Endpoint[],
  command: readonly string[],
  style: 'systemd' | 'inetd',
): Datum => [
  sym(`${style}-service`),
  versionZero,
  field('endpoints', endpoints.map(endpointDatum)),
  field('sockets', []),
  field('command', command.map(shown)),
];

const endpointDatum = ({ name, address }: Endpoint): Datum => [
  sym('endpoint'),
  versionZero,
  field('name', shown(name)),
  field('address', addressDatum(address)),
];

/** From `127.0.0.1:80`, `[::1]:80` or a path. */
const addressDatum = (address: string): Datum => {
  const [, bracketed, bare = '', port = ''] = /^(?:\[(.*)\]|([^[\]/]*)):(\d+)$/.exec(address) ?? [];
  if (bracketed !== undefined && isIPv6(bracketed))
    return new Vector([families.v6, wholeOf(groupsOf(bracketed), 16n), Number(port), 0, 0]);
  if (isIPv4(bare))
    return new Vector([families.v4, wholeOf(bare.split('.').map(Number), 8n), Number(port)]);
  return new Vector([families.unix, shown(address)]);
};
/** One number of its parts, the first the highest. */
const wholeOf = (parts: readonly number[], bits: bigint): number | bigint => {
  const whole = parts.reduce((sum, part) => (sum << bits) | BigInt(part), 0n);
  return whole <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(whole) : whole;
};
/** The eight groups of an address of IPv6, of which it may leave some out, and write two as one of IPv4. */
const groupsOf = (address: string): readonly number[] => {
  const [head = [], tail] = address.split('::').map((half) =>
    half
      .split(':')
      .filter((group) => group !== '')
      .flatMap((group) => {
        if (!group.includes('.')) return [Number.parseInt(group, 16)];
        const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
        return [a * 256 + b, c * 256 + d];
      }),
  );
  if (tail === undefined) return head;
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
};
