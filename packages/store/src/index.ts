/** The durable records of a daemon, and what is done with them while none runs. */
export * from './audit/index.ts';
export { writeBackup } from './backup.ts';
export { replaceFile, syncFolder } from './durable-file.ts';
export { BadBackup, DamagedState, DiskFailed, lacksRoom, NewerState } from './errors.ts';
export { fill } from './fill.ts';
export { checkEntries } from './record.ts';
export {
  type Erasure,
  type KindName,
  type Plain,
  type RecordOf,
  type StoreEntry,
  type StoreRecord,
} from './kinds.ts';
export { limits as storeLimits } from './limits.ts';
export { levelPlace } from './level-shelf.ts';
export { type Mark, MemoryMark } from './mark.ts';
export { type FailurePoint, MemoryDisk } from './memory-shelf.ts';
export {
  backupState,
  checkBackup,
  checkState,
  repairState,
  restoreState,
  runningIn,
  type Repaired,
  type Replaced,
  type Report,
} from './offline.ts';
export type { Shelf, ShelfPlace } from './shelf.ts';
export type { Pauses } from './slices.ts';
export { openState } from './state.ts';
export { openMemory } from './memory.ts';
export { type RightsEpoch, openStore, type Store } from './store.ts';
