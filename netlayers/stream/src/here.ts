/** Which hosts are this machine itself. What stands here runs in browsers, too. */

/**
 * Whether a host, as it is written, is this machine and nothing else: `localhost`, an address of 127.0.0.0/8, also in
 * its short spellings and as one of IPv6, or ::1. Nothing is looked up, so no name but that one is.
 */
export const isHere = (host: string): boolean => HERE.test(host);
const OCTET = String.raw`\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const HERE = new RegExp(`^(localhost|::1|127(${OCTET}){1,3}|::ffff:127(${OCTET}){3})$`, 'iu');
