/** The words of a slot: what it keeps on the disk, what it works with, and how it is described. */
import type { Answer, Clock, Log, Ref, Vow } from '@bellwether/actors';
import type { Crypto } from '@bellwether/ocapn';
import type {
  Agent,
  Carrier,
  Prober,
  Result,
  ServiceConfig,
  Shepherd,
  SlotFacts,
  SlotPhase,
} from '@bellwether/shepherd';
import type { Trust } from '../release/signatures.ts';
import type { Check, Content, DataMigration, Digest, Run, Signature } from '../release/types.ts';

/** A release whose tree is on the disk. */
export interface SlotRelease {
  readonly digest: Digest;
  readonly app: string;
  readonly version?: string;
  readonly run: Run;
  readonly checks: readonly Check[];
  readonly platform?: string;
  readonly dataMigration: DataMigration;
  /** Bytes of its files. */
  readonly byteCount: number;
  /** Kept, since who is trusted may change before it is activated. */
  readonly signatures: readonly Signature[];
  /** Wall clock, milliseconds since 1970. */
  readonly stagedMs: number;
  /** The origin of who had it staged, in whose share it is until it is run; absent in records of before that. */
  readonly stagedBy?: string;
  /** What came of it when it was activated last; absent: it never was. */
  readonly verdict?: 'committed' | 'rejected';
  /** Why it was rejected. */
  readonly why?: string;
}
/** The phases that are written down. */
export type UnderwayPhase = Extract<
  SlotPhase,
  | 'verified'
  | 'staged'
  | 'prechecked'
  | 'activating'
  | 'health-gate'
  | 'awaiting-confirm'
  | 'reverting'
>;
/** What a slot is about, one thing at a time. */
export interface Underway {
  /** Whose operation it is, and which; as of a request. */
  readonly asker: string;
  readonly operation: string;
  readonly action: 'stage' | 'activate' | 'deploy' | 'rollback';
  readonly phase: UnderwayPhase;
  readonly target: Digest;
  /** What was active before; absent: nothing was. */
  readonly from?: Digest;
  /** Wall clock, milliseconds since 1970, when this began. */
  readonly sinceMs: number;
  /** Wall clock when the phase is over by itself, and how much was left of it when this was written. */
  readonly deadlineMs?: number;
  readonly leftMs?: number;
  /** How long it waits to be confirmed; absent: that it is well is enough. */
  readonly confirmMs?: number;
  /** Going back is allowed although data may be lost. */
  readonly acceptsLoss?: true;
  /** Whether the service ran, and was wished to, before. */
  readonly wasRunning?: boolean;
  readonly wasWanted?: boolean;
  /** Why it goes back, and who said so, where somebody did. */
  readonly why?: string;
  readonly backBy?: { readonly asker: string; readonly operation: string };
}
/** How an operation ended, for those who ask again. */
export interface SlotEnd {
  readonly asker: string;
  readonly operation: string;
  readonly action: string;
  readonly result: Result;
  readonly reason?: string;
}
/** A release that has been here, whether or not its tree still is. */
export interface Arrival {
  readonly digest: Digest;
  /** It was run, and has changed data so that no release before it can use them. */
  readonly hasMigrated?: true;
}
/** What is on the disk of a slot. */
export interface SlotRecord {
  /** The canonical name of its service. */
  readonly slot: string;
  /** Counts what was written. */
  readonly generation: number;
  readonly current?: Digest;
  readonly previous?: Digest;
  readonly pinned: readonly Digest[];
  /** Those whose trees are there, the oldest first. */
  readonly releases: readonly SlotRelease[];
  /** In which order they came first, those that are gone among them as far as they count. */
  readonly arrivals?: readonly Arrival[];
  readonly underway?: Underway;
  /** The last ends, the newest last. */
  readonly ended: readonly SlotEnd[];
  /** Somebody has to look: going back has failed, and why. */
  readonly held?: string;
}
/** What a turn writes for it. */
export type SlotEntry = { readonly kind: 'slot' } & SlotRecord;

/** Who may bring a release to a slot, beside having been given that: what its description trusts. */
export interface SlotTrust extends Trust {
  /** Only these. */
  readonly digests?: readonly Digest[];
  /** Only from and until then: wall clock, milliseconds since 1970. */
  readonly fromMs?: number;
  readonly untilMs?: number;
}

/** A content of which not all is here; `have` bytes are, brought by who asks. */
export interface Lacking extends Content {
  readonly have: number;
}
/**
 * The power over what one slot has on its disk. Everything can be asked again, after a crash at any moment, and what
 * is asked while something else is under way waits for that. Nothing half is ever seen.
 */
export interface Depot {
  /** The folder of the tree of a release: where it runs. */
  folder(release: Digest): string;
  /**
   * Kept with what is not whole of these: PackedLacking. Broken with WrongContent where one that is whole has another
   * size than is said.
   */
  missing(asker: string, contents: PackedContents, answer: Answer): void;
  /**
   * Reads the manifest of a release, whose text is whole here: kept with Inspected. Broken with BadRelease where it is
   * none, with NotHere, and with WrongContent where it has rotted, which throws it away. However many files it has,
   * nobody else waits for that.
   */
  inspect(release: Digest, answer: Answer): void;
  /**
   * Appends bytes to a content. Kept with Put; a piece that does not begin where the content ends changes nothing,
   * and is answered with where that is. Broken with WrongContent where it is whole and wrong: it is thrown away then;
   * and with NoRoom, Limit.
   */
  put(asker: string, piece: PieceOf, answer: Answer): void;
  /** Kept with the bytes of a content that is whole. */
  read(content: Content, answer: Answer): void;
  /**
   * Verifies all contents of a release and makes its tree. One that is there is looked through, and made anew where it
   * is different from when it was made; what a service has added to it is its own, but not kept then. Kept once it is
   * there for good, with what was different, in words.
   */
  build(release: Digest, signatures: readonly Signature[], answer: Answer): void;
  /** Kept with what is different in the tree of a release from when it was made, in words; none is best. */
  check(release: Digest, answer: Answer): void;
  /** Says which release is the active one, to whoever looks at the disk. Kept once that is there for good. */
  point(release: Digest | undefined, answer: Answer): void;
  /** Removes all trees but these, and the contents that are needed no more. Kept once they are gone. */
  keep(releases: readonly Digest[], answer: Answer): void;
  /**
   * Throws away what these have brought for a release that nobody has staged, and what others need of it neither; for
   * the owner of the machine whatever anybody has brought to this slot so. Kept with how many contents went.
   */
  giveUp(askers: readonly string[], answer: Answer): void;
}
/** A piece of a content, with what the content is. */
export interface PieceOf extends Content {
  /** How much may lie here of what its asker has brought and nobody has staged; absent: that is bounded elsewhere. */
  readonly mostBytes?: number;
  /** What the grant of its asker comes from: whose it counts as. Absent: the asker's. */
  readonly origin?: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A service whose command is that of a release. */
export type Template = Omit<ServiceConfig, 'start'>;
/** What of the description of a slot is not that of its service. */
export interface SlotRules {
  readonly trust: SlotTrust;
  /** Releases that are kept beside those that are needed. */
  readonly keepCount: number;
  /** Bytes of the files of all of them, those that are needed included. */
  readonly mostBytes: number;
  /** Milliseconds that a deploy waits to be confirmed, unless it says otherwise. */
  readonly confirmMs: number;
  /** Milliseconds for which a release has to be well, and within which. */
  readonly minHealthyMs: number;
  readonly gateMs: number;
}
/** What makes a slot. */
export interface SlotOptions {
  /** The canonical name of its service. */
  readonly name: string;
  readonly rules: SlotRules;
  /** Of this machine: `linux-x64`, in Node's words. */
  readonly platform: string;
  /** What an earlier life has left; absent: there was none. */
  readonly record?: SlotRecord;
  readonly depot: Depot;
  readonly prober: Pick<Prober, 'http' | 'tcp' | 'exec' | 'forget'>;
  readonly clock: Pick<Clock, 'now' | 'wall'>;
  readonly crypto: Pick<Crypto, 'verify' | 'sha256'>;
  readonly log: Log;
  readonly shepherd: Ref<Pick<Shepherd, 'wish' | 'perform'>>;
  /** Who may have a release that nobody has brought to this slot itself. */
  readonly carrier?: Ref<Pick<Carrier, 'offerOf'>>;
}
/** The `^slot`: the agent of one service. */
export interface Slot extends Agent {
  /**
   * Goes on with what an earlier life has left. To be said when the services were adopted; it does nothing before.
   * False where there is no service of it yet, and nothing was done.
   */
  resume(): boolean;
  /** Other rules, from now on. */
  rule(rules: SlotRules): void;
  /** How many releases it has, and bytes of their files. */
  holdings(): { readonly releaseCount: number; readonly byteCount: number };
  /** Removes them all, where the slot is described no more. Kept once they are gone for good; else as the disk says. */
  abandon(): Vow<void>;
  facts(): SlotFacts;
}
/** Contents, each once. */
export interface PackedContents {
  readonly count: number;
  /** 32 bytes of each, one behind the other. */
  readonly digests: Uint8Array;
  readonly sizes: Float64Array;
}
