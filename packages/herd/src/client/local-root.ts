/** The local root as `herd` asks it, on a line that root.ts opens: typed questions, checked answers. */
import type { AuditQuery } from '@bellwether/authority';
import type { ShepherdFacts, BackedUp, LeftSlot, MintWay, Reloaded } from '@bellwether/fleet';
import type { Change, LogQuery, Outcome, Status } from '@bellwether/shepherd';
import {
  aboutIn,
  backedUpIn,
  changesIn,
  freedIn,
  leftSlotsIn,
  linesIn,
  outcomeIn,
  reloadedIn,
  statusesIn,
  textIn,
} from './answers.ts';
import { ask } from './ask.ts';
import { openLog, type LogTold } from './follower.ts';
import { openWatching, type StatusTold } from './observer.ts';
import type { Line, OnInterrupt, Patience, Stream } from './line.ts';
import { operationsClient, type OperationsClient } from './operations.ts';
import { serviceClient, statusesOf, type ServiceClient } from './service.ts';
import { makeClientSink, type Told } from './sink.ts';

/**
 * What the local root offers; see LocalRoot of the fleet package. Everything rejects as `Line.ask`
 * does, and with BadAnswer.
 */
export interface RootClient extends OperationsClient {
  /** No names: all. Whoever does not answer within `probeMs` is unknown. */
  status(names: readonly string[], probeMs: number, patience: Patience): Promise<readonly Status[]>;
  /** All, as a list shows them: those of that machine without the last lines of their logs. */
  glance(probeMs: number, patience: Patience): Promise<readonly Status[]>;
  /** Tells what changes in these, or in all where none is named. */
  watch(
    names: readonly string[],
    heartbeatMs: number,
    told: StatusTold,
    onInterrupt: OnInterrupt,
  ): Stream;
  log(service: string, lineCount: number, patience: Patience): Promise<readonly string[]>;
  history(patience: Patience): Promise<readonly Change[]>;
  /** Follows what happens to all services. */
  followHistory(query: LogQuery, told: LogTold, onInterrupt: OnInterrupt): Stream;
  about(patience: Patience): Promise<ShepherdFacts>;
  /** The shepherd writes its records into a file, whose path is absolute. */
  backup(file: string, mayReplace: boolean, patience: Patience): Promise<BackedUp>;
  /** Slots that went from the configuration, and have left releases. */
  leftSlots(patience: Patience): Promise<readonly LeftSlot[]>;
  /** Removes the releases of one of them. */
  freeSlot(slot: string, patience: Patience): Promise<LeftSlot>;
  /** The newest records of its audit, not checked yet: see `auditIn`. */
  audit(query: AuditQuery, patience: Patience): Promise<unknown>;
  /** The URI of a new facet: a secret. `way`: over the socket for all users of that machine, or over WebSockets. */
  mint(service: string, way: MintWay, patience: Patience): Promise<string>;
  adoptRef(petname: string, uri: string, patience: Patience): Promise<void>;
  /** The configuration is read again; `told` hears of what is done. */
  reload(isDryRun: boolean, told: Told, patience: Patience): Promise<Reloaded>;
  /** The shepherd ends, and its services go on. */
  detach(patience: Patience): Promise<void>;
  /** Stops everything, then the shepherd itself. */
  shutDown(told: Told, patience: Patience): Promise<Outcome>;
  /** One of its services, by name. */
  service(name: string): ServiceClient;
}

/** Asks over a line to a local root. The line stays the caller's. */
export const rootClient = (line: Line): RootClient => ({
  status: (names, probeMs, patience) => statusesOf(line, names, probeMs, patience),
  glance: (probeMs, patience) => ask(line, 'status', [[], probeMs, true], patience, statusesIn),
  watch: (names, heartbeatMs, told, onInterrupt) =>
    openWatching(line, [names], heartbeatMs, told, onInterrupt),
  log: (service, lineCount, patience) => ask(line, 'log', [service, lineCount], patience, linesIn),
  history: (patience) => ask(line, 'history', [], patience, changesIn),
  followHistory: (query, told, onInterrupt) =>
    openLog(line, 'follow-history', [], query, told, onInterrupt),
  ...operationsClient(line),
  about: (patience) => ask(line, 'about', [], patience, aboutIn),
  backup: (file, mayReplace, patience) =>
    ask(line, 'backup', [file, mayReplace], patience, backedUpIn),
  leftSlots: (patience) => ask(line, 'left-slots', [], patience, leftSlotsIn),
  freeSlot: (slot, patience) => ask(line, 'free-slot', [slot], patience, freedIn),
  audit: (query, patience) => ask(line, 'audit', [{ ...query }], patience, (answer) => answer),
  mint: (service, way, patience) => ask(line, 'mint', [service, way], patience, textIn),
  adoptRef: (petname, uri, patience) => ask(line, 'adopt-ref', [petname, uri], patience, nothing),
  reload: (isDryRun, told, patience) =>
    ask(
      line,
      'reload',
      (turn) => [isDryRun, turn.spawn(makeClientSink, told)],
      patience,
      reloadedIn,
    ),
  detach: (patience) => ask(line, 'detach', [], patience, nothing),
  shutDown: (told, patience) =>
    ask(line, 'shut-down', (turn) => [turn.spawn(makeClientSink, told)], patience, outcomeIn),
  service: (name) => serviceClient(line, name),
});

const nothing = (): void => undefined;
