/**
 * Services elsewhere, aggregates over them, and what a daemon gives to others. Pure actors: no
 * network, no clock.
 */
export type * from './granted/types.ts';
export type * from './net/types.ts';
export type * from './nodes/types.ts';
export type * from './root/types.ts';
export type * from './ways.ts';
export type * from './planned.ts';
export type * from './reach/destination.ts';
export { routeOf } from './reach/destination.ts';
export {
  makeComposition,
  type Composition,
  type CompositionOptions,
  type Loaded,
} from './root/composition.ts';
export {
  registerServices,
  swapOf,
  type ComposePowers,
  type ElsewherePowers,
} from './root/compose.ts';
export { isDenial, Malformed, doorShut, noSuchWay } from './errors.ts';
export {
  checkPlanned,
  diffOf,
  pathsOf,
  type Changed,
  type PlanDifference,
} from './root/difference.ts';
export { exitCodeOf, type Strictness } from './aggregate/exit-code.ts';
export { makeExportedService, type ExportedServiceOptions } from './exported/exported-service.ts';
export { makeFleet, type FleetOptions } from './aggregate/fleet.ts';
export { judge, type Judgement, type Seen, type HealthTerms } from './aggregate/health.ts';
export { LIMITS as FLEET_LIMITS } from './limits.ts';
export { makeStanding, type Standing } from './reach/standing.ts';
export { makeFreshLines, type FreshLine, type FreshLines } from './reach/fresh-lines.ts';
export {
  makePeers,
  type Peer,
  type Peers,
  type PeersOptions,
  type Retrier,
  type Traveller,
  type Way,
  type WayFacts,
} from './reach/peer.ts';
export {
  makeLiveRef,
  type Arrivals,
  type ContactFollower,
  type LiveRef,
  type LiveRefOptions,
} from './reach/live-ref.ts';
export { makeDirectGrants } from './granted/direct-grants.ts';
export type { DirectGrants } from './granted/direct-held.ts';
export type {
  DirectEntry,
  DirectGrantsOptions,
  DirectRecords,
  PartEntry,
  UndirectedEntry,
} from './granted/direct-shelf.ts';
export { makeNet, type Net, type NetOptions, type NetPowers } from './net/net.ts';
export {
  makeLocalRoot,
  type LocalRootOptions,
  type RefStore,
  type RootShepherd,
} from './root/local-root.ts';
export { detach, shutDown } from './root/by-owner.ts';
export {
  makeDoorRoot,
  type DoorBounds,
  type DoorRoot,
  type DoorRootOptions,
} from './root/door-root.ts';
export {
  makeNonceRegistry,
  type MintEntry,
  type MintOptions,
  type UnmintedEntry,
  type NonceRegistry,
} from './root/nonce-registry.ts';
export { makeHomes } from './nodes/homes.ts';
export type { Homes, Nodes } from './nodes/types.ts';
export { doorTo, type DoorStore, type HomesOptions } from './nodes/home-shelf.ts';
export { routeTo } from './nodes/joined.ts';
export { specsIn, type GiftStore, type NodesOptions } from './nodes/node-shelf.ts';
export { makeNodes } from './nodes/nodes.ts';
export { isNodeName, nodeNameWords } from './nodes/read.ts';
export { paceFor, type Pace } from './reach/pace.ts';
export { sharedMembers } from './aggregate/shares.ts';
