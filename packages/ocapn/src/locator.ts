/** Peers and references by name: where one is, whether two are the same, and a secret that does not print itself. */
import type { Crypto } from './powers.ts';

/** Where a peer is, as OCapN says it: `<ocapn-peer transport designator hints>`. */
export interface PeerLocation {
  readonly transport: string;
  readonly designator: string;
  /**
   * Routes, not identity: two locations with the same transport and designator are the same peer.
   */
  readonly hints: Readonly<Record<string, string>>;
}

/**
 * Whether two locations name the same peer: transport and designator are the identity, hints are
 * routes.
 */
export const samePeer = (a: PeerLocation, b: PeerLocation): boolean =>
  a.transport === b.transport && a.designator === b.designator;

/** One string per peer, for tables. Unambiguous: a transport holds no dot. */
export const peerKey = (peer: PeerLocation): string => `${peer.designator}.${peer.transport}`;

/**
 * An offline reference, and a secret: whoever has its bytes has what it names. Nothing that prints
 * it by accident (a template, JSON, a debugger, a crash report) shows them; `reveal` and
 * `sturdyrefUri` do, and are easy to search for.
 */
export class Sturdyref {
  readonly peer: PeerLocation;
  readonly #swissnum: Uint8Array;

  /** Keeps a copy of `swissnum`. */
  constructor(peer: PeerLocation, swissnum: Uint8Array) {
    this.peer = peer;
    this.#swissnum = swissnum.slice();
  }
  /** A copy of the secret bytes. */
  reveal(): Uint8Array {
    return this.#swissnum.slice();
  }
  /**
   * The first 8 hex digits of the SHA-256 of the swissnum: tells two references apart, opens
   * nothing.
   */
  fingerprint(crypto: Pick<Crypto, 'sha256'>): string {
    let text = '';
    for (const byte of crypto.sha256(this.#swissnum).subarray(0, 4)) {
      text += byte.toString(16).padStart(2, '0');
    }
    return text;
  }
  toString(): string {
    return `sturdyref at ${peerKey(this.peer)}`;
  }
  toJSON(): string {
    return this.toString();
  }
  /** What Node's inspector prints, by its well-known symbol: no import of Node is needed. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `[${this.toString()}]`;
  }
}
