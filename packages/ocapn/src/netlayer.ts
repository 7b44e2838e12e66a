/**
 * One way to reach peers. A netlayer knows bytes, and what the transport proved about the peer, and
 * nothing of CapTP. One conformance suite (test/netlayers/conformance.ts) holds all of them to this
 * file.
 */
import type { PeerLocation } from './locator.ts';

/**
 * An open connection. Owned by whoever accepted it, who must close it. After `close`, and after the
 * handler's `closed`, no callback comes any more.
 */
export interface Connection {
  /** Who the transport proved the peer to be; undefined where it proves nothing. */
  readonly proved: PeerLocation | undefined;
  /** True: one whole record per call. False: a stream, cut anywhere. */
  readonly records: boolean;
  /**
   * Queues bytes; the transport may keep the array, so it must not be changed afterwards. `isMore`:
   * another send follows at once, and both may go in one write. False: wait for `drained`.
   */
  send(bytes: Uint8Array, isMore?: boolean): boolean;
  /**
   * Stops `bytes` callbacks: back-pressure towards a peer that sends more than is wanted. Where records are
   * whole none comes after it; a stream may have some under way.
   */
  pause(): void;
  resume(): void;
  /** Flushes, then destroys: at once or when the peer has ended, and after 1 s in any case. */
  close(reason?: Error): void;
}
/** What is told of one connection, in order and one at a time. */
export interface ConnectionHandler {
  /** A plain Uint8Array (never a Buffer), borrowed for the call: copy what is kept. */
  bytes(chunk: Uint8Array): void;
  drained(): void;
  /** Where records are whole: a long one is on its way out, and some more of it has left. */
  moved?(): void;
  /**
   * Where records are whole: one is on its way in, of which `length` bytes have come; the transport keeps it,
   * in `byteCount` bytes.
   */
  partial?(length: number, byteCount: number): void;
  /** The last callback: the peer ended or the transport failed. */
  closed(reason?: Error): void;
}
/**
 * Takes a connection over: whoever accepts owns it, and may send, pause or close before this returns.
 * What the peer sends comes afterwards.
 */
export type Accept = (connection: Connection) => ConnectionHandler;

/** What a transport is. Each is said, also where it is false: what may be left out is forgotten somewhere. */
export interface NetlayerFacts {
  /** The transport symbol of its locations, for example 'tcp-tls'. */
  readonly transport: string;
  /** True: where nothing is proved, the location in a hello counts as the peer's identity. False: it counts nowhere. */
  readonly believesClaims: boolean;
  /**
   * True: the end of a peer is always told, as within one machine, so that silence means nothing.
   * False: peers can vanish, and silent ones are pinged.
   */
  readonly tellsEnds: boolean;
  /**
   * True: it proves who was dialled and never who dials, so that one is anonymous whatever its hello says. False: who
   * dials can prove itself, or is believed.
   */
  readonly provesAcceptorsOnly: boolean;
  /**
   * True: a location without hints cannot be dialled, so a peer whose own has none only dials. False: the designator
   * is enough.
   */
  readonly needsHints: boolean;
  /**
   * True: a location names something of this machine, as a path does. Nobody else may have us open that
   * unless a router says so. False: it names a place on a network.
   */
  readonly namesThisMachine: boolean;
  /**
   * True: the netlayer cannot tell who floods from anybody else, so the router decides who goes where too many came.
   * False: it has a limit of its own, or only the owner connects.
   */
  readonly isOpenToAll: boolean;
}
/** One transport. Owned by whoever closes it. */
export interface Netlayer {
  readonly facts: NetlayerFacts;
  /** One of `ready` and `failed` is called, once. */
  listen(accept: Accept, ready: (at: PeerLocation) => void, failed: (reason: Error) => void): void;
  /**
   * Calls `accept` or `failed`, once; the result cancels silently (neither is called then). A reason
   * that has a `summary` lets other peers know that, and no more. `isForOthers`: a peer has led us there. Where a
   * place of a network turns out to be one of the loopback or of this link, once names are looked up, nothing is
   * opened: whoever led us would speak through us to what only this machine can reach.
   */
  dial(
    to: PeerLocation,
    accept: Accept,
    failed: (reason: Error) => void,
    isForOthers?: boolean,
  ): () => void;
  /** Ends listening and every connection that was made here. */
  close(done: () => void): void;
}
