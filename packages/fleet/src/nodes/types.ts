/**
 * Machines that join a controller: what the two say to each other, what each keeps, what is told of it. What is said is
 * wire format.
 *
 *     controller   ^nodes   which machines there are      ^node-door   one machine's way to it, opened by its key
 *     machine      ^homes   which controllers it has      ^gift        one controller's way to its services
 */
import type { PeerLocation } from '@bellwether/ocapn';
import type { Ref, Vow } from '@bellwether/actors';
import type { Labels, ServiceFacet } from '@bellwether/shepherd';

/** What an invite leads to, and later what a machine calls its controller by: one key may use it. */
export interface NodeDoor {
  /**
   * A machine says that it is there, and what it gives. With a gift it joins, or gives another one; without, it has
   * given one before. Kept once the controller will remember it. Broken with Refused for an invite that is of no use
   * any more, and for another key than the one that it was used by; with NoGift where one is wanted.
   */
  enter(self: NodeSelf, gift?: Uint8Array): Vow<Joined>;
  /**
   * A session that the machine was asked for, see `Gift.callBack`: the facet is asked over that. Kept once nothing more
   * is. @throws Refused for a token that nobody waits for
   */
  came(token: Uint8Array, facet: Ref<ServiceFacet>): Vow<void>;
  /** It has taken back what it gave: by its own wish, or because it was told to. Kept once that is remembered. */
  leave(): Vow<void>;
}
/** What a machine says of itself. */
export interface NodeSelf {
  /** The names of each service that it gives, the canonical one first. */
  readonly services: readonly (readonly [string, ...string[]])[];
  /** It is not to be dialled, whatever address it has. */
  readonly isDialOut?: true;
  /** What tells the gift that it has given last from others, where it gives none now: no secret. */
  readonly gift?: string;
}
/** The answer to that. */
export type Joined =
  | {
      readonly state: 'joined';
      /** What the controller calls the machine. */
      readonly name: string;
      readonly labels: Labels;
      /** What the controller calls itself. */
      readonly controller: string;
    }
  /** The controller has forgotten the machine: what was given is to be taken back. */
  | { readonly state: 'removed' };

/** What a machine gives its controller: the services that it chose, as long as it has them. */
export interface Gift {
  /** A facet of one of them. @throws Refused for what was not given, and for what there is not */
  service(name: string): Ref<ServiceFacet>;
  /**
   * The machine opens a session of its own to the controller, and there gives a facet of one of its services with this
   * token. Kept once it is through. @throws as `service`, Limit
   */
  callBack(name: string, token: Uint8Array): Vow<void>;
  /** The controller wants it no longer: it is taken back, and the machine has left. Kept once that is durable. */
  end(): Vow<void>;
}

/** The record of a machine, at its controller. */
export interface NodeEntry {
  readonly kind: 'node';
  readonly name: string;
  readonly labels: Labels;
  /** Milliseconds since 1970, as all the times here. */
  readonly madeMs: number;
  /** The machine that has joined: the hash of the swissnum that it calls by, and its key. */
  readonly door?: NodeDoorEntry;
  /** A way to join that nobody has used yet. */
  readonly invite?: NodeInviteEntry;
  readonly isDialOut?: true;
  /** When the machine took back by itself what it gave. */
  readonly leftMs?: number;
  /** How often another key has tried what it had joined by, and when last. */
  readonly alertCount?: number;
  readonly alertMs?: number;
  /** The key that tried it last. */
  readonly alertBy?: string;
  /** Since when nobody knows which of two machines is meant: until one of them is approved, or removed. */
  readonly doubtMs?: number;
}
/** Whom a door opens to. */
export interface NodeDoorEntry {
  readonly hash: string;
  readonly designator: string;
  readonly joinedMs: number;
  /** A fingerprint of its gift, which lies in a file of its own: one that has another is not this. */
  readonly gift: string;
  /** When its key was said to be the right one: beforehand, by the invite, or afterwards. */
  readonly approvedMs?: number;
}
/** An open invite. */
export interface NodeInviteEntry {
  readonly hash: string;
  readonly expiresMs: number;
  /** Of the store, in which it was made: one from before a restored backup is good for nothing. */
  readonly epoch: number;
  /** The beginning of the only key that it is good for. */
  readonly key?: string;
}
/** What one gives: beside its record, since that changes more often. */
export interface GivenEntry {
  readonly kind: 'given';
  readonly name: string;
  readonly services: readonly (readonly string[])[];
}
/** One that was removed, or replaced, and has not heard of it. */
export interface DepartedEntry {
  readonly kind: 'departed';
  readonly hash: string;
  readonly designator: string;
  readonly name: string;
  readonly atMs: number;
}
/** A machine is forgotten, with what it gave. */
export interface UnnodedEntry {
  readonly kind: 'unnoded';
  readonly name: string;
}
/** One that was removed has heard of it. */
export interface PartedEntry {
  readonly kind: 'parted';
  readonly hash: string;
}
/** The record of a controller, at a machine that has joined it or is about to. */
export interface HomeEntry {
  readonly kind: 'home';
  readonly designator: string;
  /** Of the swissnum of its door, which lies in a file of its own. */
  readonly door: string;
  /** Of the swissnum of the gift; that itself is the controller's. */
  readonly gift: string;
  readonly madeMs: number;
  /** Of the store; as of a grant, one from before a restored backup is not believed. */
  readonly epoch: number;
  readonly isJoined: boolean;
  /** Names of the services that are given; absent: all of the configuration, also those to come. */
  readonly services?: readonly string[];
  readonly isDialOut?: true;
  /** What the controller calls this machine, and itself. */
  readonly name?: string;
  readonly controller?: string;
  readonly labels?: Labels;
}
/** A controller is forgotten. */
export interface UnhomedEntry {
  readonly kind: 'unhomed';
  readonly designator: string;
}
/** What the store of a controller found at boot. */
export interface NodeRecords {
  readonly nodes: readonly NodeEntry[];
  readonly given: readonly GivenEntry[];
  readonly departed: readonly DepartedEntry[];
}

/** How a machine is to be invited. */
export interface NodeSpec extends RekeySpec {
  readonly name: string;
  /** Milliseconds for which the invite can be used. */
  readonly expiresMs?: number;
}
/** What another invite says beside how long it is good. */
export interface RekeySpec {
  /** Absent: none, or those that there are. */
  readonly labels?: Labels;
  /** The beginning of the key of the machine that it is for, where that is known: it is good for no other one. */
  readonly key?: string;
}
/** How the labels of a machine change. */
export interface LabelChange {
  readonly set: Labels;
  /** Keys of those that go. */
  readonly drop: readonly string[];
}
/** An invite to join. */
export interface NodeInvite {
  readonly node: NodeFacts;
  /** An `ocapn://` URI: a secret. */
  readonly invite: string;
  readonly expiresMs: number;
}
/** What a controller tells of a machine. Nothing in it is secret. */
export interface NodeFacts {
  readonly name: string;
  readonly labels: Labels;
  /** `lapsed`: it was invited, and did not come in time. `left`: it took back by itself what it gave. */
  readonly state: 'invited' | 'lapsed' | 'joined' | 'left';
  readonly madeMs: number;
  readonly serviceCount: number;
  /** Services that are not taken in, each with why: the first of them. */
  readonly leftOut?: readonly { readonly service: string; readonly why: string }[];
  /** Its key: the hash of its certificate. */
  readonly designator?: string;
  readonly joinedMs?: number;
  /** By when an invite that is open has to be used: the first one, or that of a new key. */
  readonly inviteExpiresMs?: number;
  readonly isDialOut?: true;
  /** Whether there is contact with it now; absent where nobody looks. */
  readonly isConnected?: boolean;
  readonly alertCount?: number;
  readonly alertMs?: number;
  /** The key that was refused last. */
  readonly alertBy?: string;
  /** Two machines came with its invite: nothing is started there or brought there. */
  readonly isInDoubt?: true;
  /** When its key was said to be the right one. */
  readonly approvedMs?: number;
  /** The beginning of the key that its open invite is for. */
  readonly inviteKey?: string;
}
/** What came of removing one. */
export interface RemovedNode {
  readonly name: string;
  /** It has heard of it. Else what it gave is taken back there as soon as it calls. */
  readonly isTold: boolean;
}
/** How a machine joins, and what it gives. What is absent stays as it was chosen before. */
export interface JoinSpec {
  /** What it gives; where nothing was chosen before: all services of its configuration, also those to come. */
  readonly services?: readonly string[];
  /** All of them again, whatever was chosen before. */
  readonly isAll?: true;
  /** The controller is not to dial it, or may again. */
  readonly isDialOut?: boolean;
}
/** What a machine tells of a controller of its. */
export interface HomeFacts {
  /** Its key: the hash of its certificate. */
  readonly designator: string;
  /** `unconfirmed`: it comes from a backup that was restored, and gives nothing. */
  readonly state: 'joining' | 'joined' | 'unconfirmed';
  readonly madeMs: number;
  readonly name?: string;
  readonly controller?: string;
  readonly labels?: Labels;
  readonly services?: readonly string[];
  readonly serviceCount: number;
  readonly isDialOut?: true;
  readonly isConnected: boolean;
  /** Why there is no contact, or what the controller has against it. */
  readonly trouble?: string;
}
/** Near only: a machine has a NodeDoor. */
export interface Nodes {
  /** Kept once the invite is durable. @throws Malformed, Conflict for a name that is there, Limit */
  invite(spec: NodeSpec): Vow<NodeInvite>;
  /**
   * Another invite for a machine that is there; the key that it has now is good until that is used, and no longer if
   * it is in doubt.
   */
  rekey(name: string, expiresMs?: number, more?: RekeySpec): Vow<NodeInvite>;
  /** Other labels, at once. @throws Refused for a name that there is not, Malformed, BadRequest */
  label(name: string, change: LabelChange): NodeFacts;
  /** Its key is the right one: it is in doubt no more, and its alerts are gone. @throws Refused for another key */
  approve(name: string, key?: string): NodeFacts;
  list(): readonly NodeFacts[];
  /** Whether a petname leads to a service of a machine that nobody but this controller can reach. */
  isAlone(petname: string): boolean;
  /** Kept once it is forgotten, and was told or could not be. @throws Refused for a name that there is not */
  remove(name: string): Vow<RemovedNode>;
  /** What the hash of a swissnum leads to, for this peer; undefined where nobody knows it. */
  find(
    hash: string,
    sinceMs: number | undefined,
    peer: PeerLocation | undefined,
  ): Ref<NodeDoor> | undefined;
  /** See NodeDoor, of the door with this hash. */
  met(hash: string, peer: PeerLocation, self: NodeSelf, gift?: Uint8Array): Vow<Joined>;
  left(hash: string, peer: PeerLocation): Vow<void>;
  /** A facet of a machine's service, over a session that it opens for that; the number is what it is ended by. */
  callBack(id: number, node: string, service: string): Vow<Ref>;
  callBackOver(id: number): void;
  came(token: Uint8Array, facet: Ref<ServiceFacet>): Vow<void>;
  /** There is contact with a machine, or none any more. */
  connected(name: string, isConnected: boolean): void;
}
/** Near only: a controller has a Gift. */
export interface Homes {
  /** Kept once the controller has said that this machine has joined. The URI is a secret. */
  join(uri: string, spec: JoinSpec): Vow<HomeFacts>;
  /** Gives something else. Kept once that is durable; the controller hears of it when there is contact. */
  give(spec: JoinSpec, home?: string): Vow<HomeFacts>;
  /**
   * Kept once what was given is taken back, durably. None named: the only one. A dry run only says which one it
   * would be. @throws Refused, BadRequest
   */
  leave(home?: string, isDryRun?: boolean): Vow<HomeFacts>;
  /** The key of this machine, as controllers see it: no secret. */
  key(): string;
  list(): readonly HomeFacts[];
  /** Those from before a restored backup are believed again. */
  confirm(): void;
  /** What the hash of a swissnum leads to; undefined where nobody knows it. */
  find(hash: string, sinceMs: number | undefined): Ref<Gift> | undefined;
  /** See Gift. */
  serve(gift: string, name: string, sinceMs: number | undefined): Ref<ServiceFacet>;
  callBack(gift: string, name: string, token: Uint8Array): Vow<void>;
  ended(gift: string): Vow<void>;
  /** There may be other services to give. */
  changed(): void;
  /** There is contact with a controller, by its door, or none any more. */
  reached(designator: string, door: Ref<NodeDoor>): void;
  missed(designator: string, reason: Error): void;
}
