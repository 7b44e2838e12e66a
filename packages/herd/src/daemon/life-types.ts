/** A life of the daemon, as what is around it sees it: what it is built from, what can be asked of it, how it ends. */
import type { Answer, Commit, Log } from '@bellwether/actors';
import type { AuditAnswer, AuditQuery, Past } from '@bellwether/authority';
import type { PlannedService } from '@bellwether/fleet';
import type { TlsIdentity } from '@bellwether/netlayer-tcp-tls';
import type { PeerLocation } from '@bellwether/ocapn';
import type { UsageReader } from '@bellwether/shepherd/node';
import type { Store } from '@bellwether/store';
import type { AdminRef } from './admin-ref.ts';
import type { ChoresOf } from './chore-powers.ts';
import type { ActorParts } from './daemon-actors.ts';
import type { ShutDoor } from './door-keeper.ts';
import type { Doors } from './doors.ts';
import type { JoinStores } from './join-secrets.ts';
import type { LazyDepots } from './lazy-depots.ts';

/** What a life is built from. All of it belongs to the daemon. */
export interface LifeParts extends Pick<
  ActorParts,
  'backend' | 'prober' | 'webhooks' | 'logFiles' | 'zone' | 'spawning' | 'checkRoom'
> {
  /** Of this node, for people. */
  readonly name: string;
  readonly services: readonly PlannedService[];
  /** Reads the configuration again; see `makeComposition`, also of `keep`. */
  readonly load: (answer: Answer) => void;
  readonly keep: (planned: readonly PlannedService[]) => void;
  readonly version: string;
  readonly identity: TlsIdentity;
  readonly admin: AdminRef;
  readonly doors: Doors;
  /** The folder of the daemon's own refs. */
  readonly refFolder: string;
  readonly joinStores: JoinStores;
  readonly uid: number;
  readonly store: Store;
  /** The output commit: of the store, and of the audit with it. */
  readonly commit: Commit;
  /** The newest lines of the audit. */
  readonly lastOfAudit: (query: AuditQuery) => Promise<AuditAnswer>;
  /** What all of it tells of grants. */
  readonly pastOf: (maxUses: ReadonlyMap<string, number>) => Promise<Past>;
  readonly chores: ChoresOf;
  /** What of the disk is for releases. */
  readonly depots: LazyDepots;
  readonly log: Log;
  /** Where that is. */
  readonly logFile: string;
  /** See ShepherdFacts. */
  readonly unkept?: string;
  readonly usage: UsageReader;
}
/** Why a life is over. */
export type LifeEnd =
  | { readonly kind: 'shut-down' }
  /** Its services go on; the daemon ends and leaves them to the next one. */
  | { readonly kind: 'detached' }
  | { readonly kind: 'halted'; readonly reason: Error };
/** A life that serves. */
export interface Life {
  readonly locations: readonly PeerLocation[];
  /** Doors that do not open for now. */
  readonly shut: readonly ShutDoor[];
  /** Settles once, when this life is over and its sockets are closed. */
  readonly ended: Promise<LifeEnd>;
  /**
   * Adopts what runs, starts what is wanted, listens; settles once this life serves. To be called once.
   * @throws the reason where it cannot: no private socket, a halt while adopting. Nothing is left open then.
   */
  serve(): Promise<void>;
  /**
   * Stops all services in order, then ends this life; where that cannot even be asked for, it halts. May be called
   * more than once, and does nothing before this life serves.
   */
  shutDown(): void;
  /** Ends this life and with it the daemon; processes go on. */
  detach(): void;
  /** Ends this life as it is; processes go on. */
  halt(reason: Error): void;
}
