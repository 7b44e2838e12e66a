/** Which hosts are this machine itself. What stands here runs in browsers, too. */

/**
 * Whether a host, as it is written, is this machine and nothing else: `localhost`, an address of 127.0.0.0/8, also in
 * its short spellings and as one of IPv6, or ::1. Nothing is looked up, so no name but that one is.
 */
export const isHere = (host: string): boolean => HERE.test(host);
const OCTET = String.raw`\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const HERE = new RegExp(`^(localhost|::1|127(${OCTET}){1,3}|::ffff:127(${OCTET}){3})$`, 'iu');

/**
 * Whether a host, as `URL` writes it, leads to this machine or to its link, as far as can be told without looking it
 * up: all that a page can do, where a peer has led it there.
 */
export const isNearAsWritten = (host: string): boolean => isHere(host) || NEAR.test(host);
/** Beside those: 0.0.0.0/8, links, all of IPv6 that begins with zeros, as IPv4 within it does, and its names. */
const NEAR = /^(0\.|169\.254\.|::|fe[89ab][0-9a-f]:|(.+\.)?localhost\.?$)/iu;
