/**
 * The router as the composition root sees it: one per process and vat. It listens and dials through
 * its netlayers, keeps one CapTP session per peer that is proved, and gives out what `fetch` knows
 * to whoever has the swissnum.
 *
 *     const router = createRouter({ vat, netlayers: [unix, tls], crypto, clock, … });
 *     router.listen((locations) => …, (reason) => …);        // a daemon; `herd` does not listen
 *     const registry = router.enliven<Registry>(sturdyref);  // a vow that pipelines at once
 *     const cancel = router.dial(sturdyref, reached, lost);  // what a ^live-ref asks for
 */
import type { Answer, Clock, Frontier, Log, Ref, Scheduler, Vow } from '@bellwether/actors';
import type { Limits } from '../limits.ts';
import type { PeerLocation, Sturdyref } from '../locator.ts';
import type { Netlayer } from '../netlayer.ts';
import type { MakeHandoffs } from '../handoff/handoffs.ts';
import type { Crypto, Reaper } from '../powers.ts';
import type { WireBuffers } from './buffers.ts';
import type { DialLog } from './failures.ts';
import type { RouterInside } from './net-view.ts';
import type { Dialect } from '../wire/dialect.ts';

/**
 * Why somebody wants us to open a connection: our own code, a sturdyref that came in an argument, or
 * a gift.
 */
export type DialReason = 'asked' | 'sturdyref' | 'handoff';

/**
 * Finds what a swissnum names; undefined for an unknown one. Must not throw, and must not tell why.
 * `openedMs`: since when the session stands that it is asked through, by the router's monotonic
 * clock; what this router asks of itself comes through none, and stands since then. `peer`: whose
 * session that is; undefined for an anonymous one.
 */
export type Fetch = (
  swissnum: Uint8Array,
  openedMs: number,
  peer?: PeerLocation,
) => Ref | Vow | undefined;

/** What a router is made of. */
export interface RouterPowers {
  readonly vat: Frontier;
  /** At most one per transport. The router closes them when it is closed. */
  readonly netlayers: readonly Netlayer[];
  readonly crypto: Crypto;
  readonly clock: Clock;
  /**
   * Runs the flush of what was written: the check phase in Node, so that one wake-up is one write.
   */
  readonly scheduler: Scheduler;
  readonly reaper: Reaper;
  readonly log: Log;
  readonly fetch: Fetch;
  /**
   * What a swissnum comes from, as a text that is no secret: whoever has many of one origin counts
   * as one, where too many came. Undefined, or broken, where nobody knows. Must not throw.
   */
  readonly partyOf?: (swissnum: Uint8Array) => Vow | undefined;
  /**
   * Asked before every dial, and before a gift is fetched, whether or not a session leads there; absent:
   * everything may be dialled, but where our own code did not ask for it: what names something of this machine,
   * and what a netlayer finds to lead to its loopback or its link.
   */
  readonly mayDial?: (to: PeerLocation, because: DialReason) => boolean;
  /**
   * How references are handed off among three peers: `threeWays`. Absent: nobody is ever introduced. What is sent to
   * a reference of another peer passes through us then, so that we can end that; gifts are refused, none is fetched,
   * and sessions keep no keys for it.
   */
  readonly handoffs?: MakeHandoffs;
  /**
   * What a peer speaks, see `dialectNamed`; undefined is an anonymous one. Absent: all are spoken to in
   * what every implementation reads. Asked as soon as something may be said to the peer, and again when
   * its hello says who it is. Must not throw.
   */
  readonly dialectOf?: (peer: PeerLocation | undefined) => Dialect;
  /**
   * Told when a peer is about to be asked something for the first time on a session: what had been
   * sent before that never left. Where its transport proved the peer, that is before the session
   * opens. Must not throw.
   */
  readonly asks?: () => void;
  /** Told what comes of dials, for whoever wants to know later. */
  readonly dialLog?: DialLog;
  /** Told of each session that opens. Must not throw. */
  readonly opened?: (session: SessionView) => void;
  /** Replaces limits one by one; for tests, and for small machines. */
  readonly limits?: Partial<Limits>;
  /**
   * Those of another router, with the same vat, scheduler, clock and limits, which is closed after this one. Absent:
   * its own.
   */
  readonly buffers?: WireBuffers;
  /**
   * The designator of a router that does not listen; random when absent, so that any number can be
   * open.
   */
  readonly designator?: string;
}

/** One open session, as its composition root sees it. */
export interface SessionView {
  /** Who the peer is; undefined for an anonymous one. */
  readonly peer: PeerLocation | undefined;
  readonly transport: string;
  readonly direction: 'dialled' | 'accepted';
  /** True once the peer has shown that it read our hello. */
  readonly isConfirmed: boolean;
  /** Entries held for this session. */
  readonly tables: {
    readonly exports: number;
    readonly imports: number;
    readonly questions: number;
    readonly answers: number;
  };
  /** Ends the session: tells the peer the reason, breaks every question with Severed. */
  abort(reason: string): void;
}

/** A process's way to its peers. Owned by whoever made it, who closes it. */
export interface Router {
  /** What it reads and writes with. */
  readonly buffers: WireBuffers;
  /**
   * Listens on the netlayers of these transports; absent: on all of them, the others only dial. One
   * of the two is called, once: `ready` when all listen, `failed` for the first failure.
   */
  listen(
    ready: (at: readonly PeerLocation[]) => void,
    failed: (reason: Error) => void,
    transports?: readonly string[],
  ): void;
  /** Where others reach us, one per netlayer that listens; empty before `listen` is ready. */
  readonly locations: readonly PeerLocation[];
  /**
   * A vow of what a sturdyref names. Messages may be sent to it at once, and leave with our hello where
   * the transport proves the peer and no crossing can come between. Breaks with Unreachable
   * when no session can be had: then nothing has been sent; with Severed when the session ended
   * first, with the words of the peer (a Remote, 'refused') when it knows no such swissnum.
   */
  enliven<I = unknown>(to: Sturdyref, because?: DialReason): Vow<Ref<I>>;
  /**
   * Enlivens and watches. Either `reached` is kept with the ref and `lost` is broken, with Severed,
   * when its session ends; or both are broken with the reason. The result cancels: neither is
   * called after it, and the session stays.
   */
  dial(to: Sturdyref, reached: Answer, lost: Answer): () => void;
  /** Whether a session leads to a peer: then it is dialled over that one. */
  leadsTo(peer: PeerLocation): boolean;
  /** The open sessions, oldest first. */
  sessions(): readonly SessionView[];
  /** What `netFacts` and `tapSession` look into, for whoever shows it to an operator. */
  readonly inside: RouterInside;
  /**
   * Ends every session and closes every netlayer; leaves no timer. What was asked breaks with Severed,
   * what is asked from then on with Unreachable. Peers are told `why`, in words for anybody.
   */
  close(done?: () => void, why?: string): void;
}
