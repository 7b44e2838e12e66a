/**
 * Where a location says that its peer is: one hint, `url`, as in Goblins and Endo. It may have a host, a port and a
 * path. A query, a fragment or a password in it is refused: they end up in logs of proxies and servers.
 *
 *     wss://host:port/path                    over TLS, to whose certificate an authority of this machine vouches
 *     wss://… and the hint `pin`              over TLS with the very certificate that has this SHA-256 (base64url);
 *                                             our own, and as long as `url`, so that all agree on the order of the two
 *     ws://127.0.0.1:port/path                in clear, on this machine
 *     ws://host:port/path                     in clear: refused, unless the dialler was told that he may
 *
 * What stands here runs in browsers, too.
 */
import { isHere, isNearAsWritten } from '@bellwether/netlayer-stream/here';
import {
  fromBase32,
  fromBase64url,
  LIMITS,
  type NetlayerFacts,
  type PeerLocation,
} from '@bellwether/ocapn';

/** The transport of Goblins and Endo. */
export const TRANSPORT = 'websocket';
/**
 * What it is, on Node and in pages, and before it is loaded. Open to all: whoever comes through a proxy of this machine
 * has the address of everybody else.
 */
export const WEBSOCKET_FACTS = {
  transport: TRANSPORT,
  believesClaims: false,
  tellsEnds: false,
  provesAcceptorsOnly: true,
  needsHints: true,
  namesThisMachine: false,
  isOpenToAll: true,
} as const satisfies NetlayerFacts;
const KEY_BYTES = 32;
const HASH_BYTES = 32;

/** A place that can be dialled. */
export interface WebSocketTarget {
  /** As it goes to whoever opens it. */
  readonly url: string;
  readonly isSecure: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** The key that its peer has to prove. */
  readonly publicKey: Uint8Array;
  /** SHA-256 of the one certificate that its peer may have; undefined: an authority vouches for it. */
  readonly pin: Uint8Array | undefined;
}

/** The place that a location names, or why it cannot be dialled, in words for its owner. */
export const targetOf = (to: PeerLocation): WebSocketTarget | string => {
  if (to.transport !== TRANSPORT) return `a location of ${to.transport}`;
  const publicKey = bytesIn(fromBase32, to.designator, KEY_BYTES);
  if (publicKey === undefined) return 'its designator is no key';
  const { url: text, pin: pinText } = to.hints;
  const url = text === undefined ? undefined : plainUrl(text);
  if (url === undefined) return 'its hints have no ws:// or wss:// URL of host, port and path';
  const isSecure = url.protocol === 'wss:';
  const pin = pinText === undefined ? undefined : bytesIn(fromBase64url, pinText, HASH_BYTES);
  if (pinText !== undefined && (pin === undefined || !isSecure)) return 'its pin is none';
  return {
    url: url.href,
    isSecure,
    host: url.hostname.replace(/^\[(.*)\]$/u, '$1'),
    port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
    publicKey,
    pin,
  };
};

/** Why a location cannot be dialled by who trusts authorities alone, in words for its owner; undefined where it can. */
export const urlRefusal = (to: PeerLocation): string | undefined => {
  const target = targetOf(to);
  return typeof target === 'string' ? target : clearRefusal(target);
};

/** Why a place may not be dialled in clear; undefined where it may. */
export const clearRefusal = ({ url, host, isSecure }: WebSocketTarget): string | undefined =>
  isSecure || isHere(host)
    ? undefined
    : `${url} is in clear, and leads to another machine; hint: wss://`;

/** Why a place may not be dialled where a peer has led us, by whoever looks up no names; undefined where it may. */
export const nearRefusal = ({ host }: WebSocketTarget): string | undefined =>
  isNearAsWritten(host) ? 'a peer leads there, and it is on this machine or its link' : undefined;

/** A WebSocket URL of nothing but host, port and path; undefined for any other text. */
export const plainUrl = (text: string): URL | undefined => {
  if (text.length > LIMITS.hintBytes || /[?#@\s]/u.test(text) || !URL.canParse(text))
    return undefined;
  const url = new URL(text);
  const isSpoken = url.protocol === 'ws:' || url.protocol === 'wss:';
  return isSpoken && url.port !== '0' ? url : undefined;
};

const bytesIn = (
  read: (text: string) => Uint8Array,
  text: string,
  length: number,
): Uint8Array | undefined => {
  try {
    const bytes = read(text);
    return bytes.length === length ? bytes : undefined;
  } catch {
    return undefined; // another alphabet
  }
};
