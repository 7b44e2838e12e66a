/**
 * Locations and sturdyrefs as text:
 *
 *     ocapn://designator.transport                 [?name=value&name=value]     a peer
 *     ocapn://designator.transport/s/swissnum      [?name=value&name=value]     a sturdyref
 *
 * The transport begins behind the last dot. The swissnum is base64url without padding, the values
 * of hints are percent-encoded UTF-8 in which `+` is a space, as Goblins reads them. Never parsed
 * as a web URL: that would lower the case of designators, and let a user name, a port or a fragment
 * in. No error repeats the text: it may be a secret.
 */
import { Decode, Limit } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { PeerLocation, Sturdyref } from '../locator.ts';
import { base64url, fromBase64url } from './base.ts';
import { makePeer, makeSturdyref } from './locator-record.ts';

const SCHEME = 'ocapn://';
const STURDY = '/s/';

/** The URI of a location; hints in the order of their names. */
export const peerUri = (peer: PeerLocation): string =>
  `${SCHEME}${peer.designator}.${peer.transport}${query(peer)}`;

/**
 * The URI of a sturdyref. It holds the secret: never log it, never put it into argv or the
 * environment.
 */
export const sturdyrefUri = (sturdyref: Sturdyref): string => {
  const { peer } = sturdyref;
  const swissnum = base64url(sturdyref.reveal());
  return `${SCHEME}${peer.designator}.${peer.transport}${STURDY}${swissnum}${query(peer)}`;
};

/**
 * What a URI names: a Sturdyref when it has a swissnum, else a location.
 * @throws Decode that says which part is wrong, and repeats none of it; Limit
 */
export const parseUri = (uri: string): PeerLocation | Sturdyref => {
  if (uri.length > LIMITS.uriCharacters) {
    throw new Limit(`locator: expected a URI of at most ${LIMITS.uriCharacters} characters`);
  }
  if (!uri.startsWith(SCHEME)) throw new Decode(`locator: expected a URI that begins ${SCHEME}`);
  if (uri.includes('#')) throw new Decode('locator: expected a URI without a fragment (#)');
  const [place, hints] = splitAtFirst(uri.slice(SCHEME.length), '?');
  const [host, path] = splitAtFirst(place, '/');
  const dot = host.lastIndexOf('.');
  if (dot <= 0 || dot === host.length - 1) {
    throw new Decode('locator: expected designator.transport after ocapn://');
  }
  const peer = makePeer(host.slice(dot + 1), host.slice(0, dot), parseHints(hints));
  return path === undefined || path === '' ? peer : makeSturdyref(peer, parsePath(path));
};

const query = (peer: PeerLocation): string => {
  const names = Object.keys(peer.hints).sort();
  if (names.length === 0) return '';
  const pairs = names.map((name) => `${name}=${encodeURIComponent(peer.hints[name] ?? '')}`);
  return `?${pairs.join('&')}`;
};

const splitAtFirst = (text: string, mark: string): [before: string, behind: string | undefined] => {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
};

const parsePath = (path: string): Uint8Array => {
  if (!path.startsWith('s/')) throw new Decode('locator: expected /s/ and a swissnum as the path');
  return fromBase64url(path.slice(2));
};

const parseHints = (text: string | undefined): (readonly [string, string])[] => {
  if (text === undefined || text === '') return [];
  return text.split('&').map((pair) => {
    const parts = pair.split('=');
    const [name, value] = parts;
    if (name === undefined || value === undefined || parts.length !== 2) {
      throw new Decode('locator: expected name=value in every hint');
    }
    return [name, decodeHint(value)] as const;
  });
};

const decodeHint = (value: string): string => {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch (cause) {
    throw new Decode('locator: expected percent-encoded UTF-8 in every hint', { cause });
  }
};
