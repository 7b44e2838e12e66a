/**
 * How a host is dialled. Where a peer has led us, the addresses decide that its name has, and not how it is written:
 * 0.0.0.0, a name of this machine, or one whose owner has it lead to 127.0.0.1 are as good as that.
 */
import dns from 'node:dns';
import net from 'node:net';
import type { DialAttempt } from './dial.ts';
import { BadPlace } from './errors.ts';

/** What a socket is connected with. */
export type Way = Pick<net.TcpNetConnectOpts, 'host' | 'lookup'>;

/** The way of a dial to a host; undefined where the dial has failed, since it may not go there. */
export const wayTo = (dial: DialAttempt, host: string): Way | undefined => {
  if (!dial.isForOthers) return { host };
  if (net.isIP(host) === 0) return { host, lookup: lookupFor(dial) };
  if (!leadsHere(host)) return { host };
  return void refuse(dial);
};

/** Whether what listens at an address may be there for this machine alone, or for its link. */
export const leadsHere = (address: string): boolean => {
  const near = new net.BlockList();
  near.addSubnet('127.0.0.0', 8);
  near.addSubnet('0.0.0.0', 8); // Linux: this machine
  near.addSubnet('169.254.0.0', 16);
  near.addSubnet('::', 96, 'ipv6'); // ::, ::1, and 127.0.0.1 in a spelling that nobody uses any more
  near.addSubnet('fe80::', 10, 'ipv6');
  // An address of IPv4 within one of IPv6 is judged as what it is.
  return near.check(address, net.isIPv6(address) ? 'ipv6' : 'ipv4');
};

/** Of several addresses each could be the one that is taken. */
const lookupFor =
  (dial: DialAttempt): net.LookupFunction =>
  (host, options, told) =>
    dns.lookup(host, options, (error, found, family) => {
      const addresses = typeof found === 'string' ? [{ address: found }] : found;
      if (error === null && addresses.some(({ address }) => leadsHere(address))) refuse(dial);
      else told(error, found, family);
    });

const refuse = (dial: DialAttempt): void =>
  dial.fail(
    new BadPlace(`${dial.place}: a peer leads there, and it is on this machine or its link`),
  );
