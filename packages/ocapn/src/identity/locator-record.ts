import { type PeerLocation, Sturdyref } from '../locator.ts';
import type { SyrupRecord } from '../syrup/values.ts';

/** `<ocapn-peer …>` of a location. */
export declare const peerRecord: (peer: PeerLocation) => SyrupRecord;
/** @throws Decode, Limit */
export declare const peerFrom: (value: unknown) => PeerLocation;
/** `<ocapn-sturdyref …>`: holds the secret. */
export declare const sturdyrefRecord: (sturdyref: Sturdyref) => SyrupRecord;
/** @throws Decode, Limit */
export declare const sturdyrefFrom: (value: unknown) => Sturdyref;
