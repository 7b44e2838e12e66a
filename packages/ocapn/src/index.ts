/**
 * OCapN for a vat: Syrup, locators and sturdyrefs, CapTP sessions, and the router that a process
 * has one of.
 */
export { createRouter } from './router/router.ts';
export type { DialReason, Fetch, Router, RouterPowers, SessionView } from './router/types.ts';
export { type DialFailure, DialFailures, type DialLog } from './router/failures.ts';
export {
  type DialFacts,
  type LinkFacts,
  type LinkState,
  type NetFacts,
  netFacts,
  type RouterInside,
  tapSession,
} from './router/net-view.ts';
export type { WireBuffers } from './router/buffers.ts';
export { quietLog } from './router/quiet-log.ts';
export type { Tap } from './session/meter.ts';
export type { TraceDetail } from './trace/shape.ts';
export { type TracedMessage, WireTrace } from './trace/wire-trace.ts';
export { type MakeHandoffs, threeWays } from './handoff/handoffs.ts';
export type { Introduction, MayIntroduce } from './handoff/introduction.ts';
export {
  type Accept,
  type Connection,
  type ConnectionHandler,
  type Netlayer,
  type NetlayerFacts,
} from './netlayer.ts';
export { type PeerLocation, peerKey, samePeer, Sturdyref } from './locator.ts';
export type { Crypto, KeyPair, Reaper } from './powers.ts';
export { type Limits, LIMITS } from './limits.ts';
export { Decode, Encode, Forged, Limit } from './errors.ts';
export { parseUri, peerUri, sturdyrefUri } from './identity/uri.ts';
export { sturdyrefFrom } from './identity/locator-record.ts';
export {
  type Dialect,
  dialectNamed,
  type DialectName,
  type Tagged,
  taggedFrom,
  taggedRecord,
} from './wire/dialect.ts';
export { base32, base64url, fromBase32, fromBase64url } from './identity/base.ts';
export { pemDesignator } from './identity/designator.ts';
export { answerTo, isAnsweredBy, makeChallenge } from './identity/peer-auth.ts';
export { makeNobleCrypto, nobleKeyPair } from './identity/noble.ts';
export { isRecord, isSym, Sym, SyrupRecord } from './syrup/values.ts';
export { decode } from './syrup/read.ts';
export { encode } from './syrup/write.ts';
