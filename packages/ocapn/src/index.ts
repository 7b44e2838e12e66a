export type { DialReason, Fetch, Router, RouterPowers, SessionView } from './router/types.ts';
export type { Accept, Connection, ConnectionHandler, Netlayer } from './netlayer.ts';
export type { PeerLocation, Sturdyref } from './locator.ts';
export type { Crypto, KeyPair, Reaper } from './powers.ts';
