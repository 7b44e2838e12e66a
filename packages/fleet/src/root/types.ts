/** The local root of a daemon, and what it answers: what crosses between herd and its own shepherd. */
import type { Ref, Vow } from '@bellwether/actors';
import type { AuditAnswer, AuditQuery } from '@bellwether/authority';
import type { LeftSlot } from '../planned.ts';
import type { MintWay } from '../ways.ts';
import type {
  GrantClock,
  GrantPage,
  GrantSpec,
  MadeDirect,
  MadeGrant,
  TakenBack,
  WhoCan,
} from '../granted/types.ts';
import type { ListedRef, NetRoot } from '../net/types.ts';
import type {
  HomeFacts,
  JoinSpec,
  NodeFacts,
  NodeInvite,
  LabelChange,
  NodeSpec,
  RekeySpec,
  RemovedNode,
} from '../nodes/types.ts';
import type {
  Change,
  Follower,
  Grounds,
  LogQuery,
  MachineUsage,
  Named,
  Observer,
  Outcome,
  Selected,
  ServiceFacet,
  Sink,
  Status,
} from '@bellwether/shepherd';

/** What a local root is asked as a facet is, of all services and of whoever has asked. Broken where that throws. */
export type Facetlike = Pick<
  ServiceFacet,
  'perform' | 'plan' | 'cancel' | 'operations' | 'operation' | 'retry' | 'join'
>;
/** What it is asked about grants: of this host, of references that were minted here, and at hosts elsewhere. */
export interface GrantRoot {
  /** A grant to one service, with an invite to it, which is a secret. Kept once both are durable. */
  grant(spec: GrantSpec): Vow<MadeGrant>;
  /**
   * The same at the hosts of a fleet's members, or at none of them: whoever holds it asks those, and not this
   * shepherd. `leaseMs`: the hosts end it so long after they have heard from this shepherd last.
   */
  grantDirect(spec: GrantSpec, leaseMs?: number): Vow<MadeDirect>;
  /** All grants, each before what was made out of it: the first, or those after one of them. */
  grants(after?: string): GrantPage;
  /**
   * Takes a grant back, and all that were made out of it. Kept once that is durable; of a direct one, and where hosts
   * could not be told, it stays `revoking` until they have been. `isForced`: those that this shepherd has lost its ref
   * to count as told.
   */
  revokeGrant(id: string, reason?: string, isForced?: boolean): Vow<TakenBack>;
  /**
   * Grants and minted references from before a restored backup hold again: these, or all where none is named. The
   * answer has those that waited for it: more may wait where it has `grantListCount`. What was revoked or used up
   * since, as the audit tells, is refused where it is named, and waits on otherwise; not if `isForced`. Broken with
   * Refused.
   */
  confirmGrants(ids: readonly string[], isForced?: boolean): Vow<readonly string[]>;
  /**
   * By what time grants end. `isTakenBack`: that was wrong, and the clock of the machine is right; the answer has how
   * it was before, and what stands again. Kept once that is durable.
   */
  grantClock(isTakenBack?: boolean): Vow<GrantClock>;
  /** Who else may do that. Broken with UnknownService. */
  whoCan(action: string, service: string): WhoCan;
}
/** What it is asked about machines that join this one, and about those that it has joined. */
export interface NodeRoot {
  /** An invite for a machine to join by, which is a secret. Kept once it is durable. Broken with Conflict, Refused. */
  inviteNode(spec: NodeSpec): Vow<NodeInvite>;
  /** Another one for a machine that is known: for a new key under its name. */
  rekeyNode(name: string, expiresMs?: number, more?: RekeySpec): Vow<NodeInvite>;
  /** Other labels for one: services and fleets by label follow at once. */
  labelNode(name: string, change: LabelChange): Vow<NodeFacts>;
  /** Its key, or this key, is the right one: it is in doubt no more. */
  approveNode(name: string, key?: string): Vow<NodeFacts>;
  /** The machines that have joined, or are invited to. */
  nodes(): readonly NodeFacts[];
  /** Forgets one, and tells it. Kept once the first is durable, and the second was tried. */
  removeNode(name: string): Vow<RemovedNode>;
  /** Joins a controller. The URI is a secret. Kept once the controller has said so. */
  joinHome(uri: string, spec: JoinSpec): Vow<HomeFacts>;
  /** Gives a controller something else, the only one where none is named. Kept once that is durable. */
  giveHome(spec: JoinSpec, home?: string): Vow<HomeFacts>;
  /**
   * Takes back what a controller was given, the only one where none is named. Kept once that is durable. A dry run says
   * which one it would be.
   */
  leaveHome(home?: string, isDryRun?: boolean): Vow<HomeFacts>;
  /** The key of this machine, which an invite can be made for. */
  machineKey(): string;
  /** The controllers that this machine has joined, or is about to. */
  homes(): readonly HomeFacts[];
}
/**
 * The local root: what the holder of `admin.ref` can do. Given to nobody on another machine. Its plan knows the `stop`
 * of `root`, too.
 */
export interface LocalRoot extends Facetlike, GrantRoot, NodeRoot, Named, NetRoot {
  /**
   * No names: all services, in order of registration. All are asked at once, for at most
   * `timeoutMs`; one that does not answer is unknown. Broken with UnknownService, before anybody is
   * asked, where a name is none. `isGlance`: services of this machine leave out what a list does not show, which is the
   * last lines of their logs, the runs of a timer, and who wanted them so.
   */
  status(names: readonly string[], timeoutMs: number, isGlance?: boolean): Vow<readonly Status[]>;
  /**
   * Whom a selector picks out: of all, of the members of an aggregate, or of those that are called so, as `web-server`
   * and `web-server@web-07` are both called `web-server`. Broken with UnknownService, BadSelector, NothingSelected.
   */
  select(selector: string, service?: string): Selected;
  /**
   * From now on the observer is told of these services, of all where none is named, and at least
   * every `heartbeatMs`, until a push breaks. Broken with UnknownService, BadRequest, Limit.
   */
  watch(names: readonly string[], observer: Ref<Observer>, heartbeatMs: number): void;
  /** Status changes of all services, oldest first. */
  history(): Vow<readonly Change[]>;
  /** The same as a stream, from what the query asks for on, which is kept when nobody follows any more. */
  followHistory(query: LogQuery, follower: Ref<Follower>): Vow<void>;
  /**
   * A durable facet of one service, as an `ocapn://` URI: a secret. Kept once its hash is on disk. Broken with Refused
   * where there is no such way, with Malformed where the word is none: nothing is made then.
   */
  mint(service: string, way?: MintWay): Vow<string>;
  /** Puts a ref into the daemon's own store, under a petname. The URI is a secret. */
  adoptRef(petname: string, uri: string): Vow<void>;
  /** Petnames in the daemon's store, with where each leads or what is wrong with it; no secrets. */
  refs(): Vow<readonly ListedRef[]>;
  about(): ShepherdFacts;
  /** Why a service is as it is. Broken with UnknownService. */
  grounds(service: string): Vow<Grounds>;
  /** What the services here that have a process use at this moment. Nobody looks but for this. */
  usage(): Vow<MachineUsage>;
  /**
   * Writes the daemon's records of one moment into a file on its machine, readable by its owner alone. Kept once it is
   * durable. Broken with BadRequest for a path that is not absolute, and with what the disk says.
   */
  backup(file: string, mayReplace: boolean): Vow<BackedUp>;
  /** Slots that went from the configuration, and whose releases are still on the disk. */
  leftSlots(): readonly LeftSlot[];
  /** Removes the releases of one of them, as `SlotAgents.free` does. */
  freeSlot(slot: string): Vow<LeftSlot>;
  /** The newest lines of the audit. Broken with BadRequest, and with what the disk says. */
  audit(query: AuditQuery): Vow<AuditAnswer>;
  /**
   * Reads the configuration again and makes the services what it says; a dry run only tells what would
   * change. A bad one changes nothing. Broken with
   * Conflict while another reload is under way.
   */
  reload(isDryRun: boolean, sink: Ref<Sink>): Vow<Reloaded>;
  /** Answers, then the daemon ends and leaves its services running for the next one. */
  detach(): void;
  /** Stops every service in order, answers, then the daemon ends. */
  shutDown(sink: Ref<Sink>): Vow<Outcome>;
}
/** How one configuration differs from another: names and paths, no values. */
export interface Difference {
  readonly added: readonly string[];
  readonly changed: readonly {
    readonly name: string;
    /** In the words of the configuration: `start.env.PORT`. */
    readonly paths: readonly string[];
  }[];
  readonly removed: readonly string[];
  /** Of those, what stands for a service elsewhere, which goes on there. Absent: none does. */
  readonly elsewhere?: readonly LeftElsewhere[];
  readonly unchangedCount: number;
  /** What is different and stays as it is until the shepherd itself is started again. */
  readonly atRestart: readonly string[];
}
/** What a service that went from the configuration stood for. */
export interface LeftElsewhere {
  readonly name: string;
  /** What the operator calls the machine where it runs. */
  readonly node: string;
  /** The petname of the ref that leads to it. Absent: it is had from a machine that has joined. */
  readonly from?: string;
}
/** What came of a reload. */
export type Reloaded =
  /** The configuration cannot be used, and nothing was touched: the lines that `herd check` has. */
  | { readonly kind: 'refused'; readonly problems: readonly string[] }
  | {
      readonly kind: 'read';
      readonly difference: Difference;
      /** Services that changed and run: their next start takes it over. */
      readonly pending: readonly string[];
      /** Absent where nothing was to be done. Rows: what was stopped and started along the way. */
      readonly outcome?: Outcome;
    };
/** What a backup holds. */
export interface BackedUp {
  readonly recordCount: number;
  readonly epoch: number;
}
/** Which daemon this is. */
export interface ShepherdFacts {
  readonly name: string;
  readonly version: string;
  readonly pid: number;
  /** `ocapn://` URIs of where this daemon listens, without swissnums. */
  readonly locations: readonly string[];
  /** Doors that do not open for now, and why; absent: all are open. */
  readonly shut?: readonly string[];
  /** Why its services have no keeper; absent: they have one. */
  readonly unkept?: string;
  /** Wall clock, milliseconds since 1970, when its process began. */
  readonly since?: number;
  /** Its own log. */
  readonly logFile?: string;
}
