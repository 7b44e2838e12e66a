import { type PeerLocation, Sturdyref } from '../locator.ts';

export declare const peerUri: (peer: PeerLocation) => string;
/** Holds the secret. */
export declare const sturdyrefUri: (sturdyref: Sturdyref) => string;
/** @throws Decode, Limit */
export declare const parseUri: (uri: string) => PeerLocation | Sturdyref;
