/** Releases on a disk: building, the file, what a node has of them, and the switch from one to another. */
export {
  type BlobStore,
  type BlobStoreOptions,
  type HeldContent,
  openBlobStore,
} from './blob-store.ts';
export { buildRelease, type Built, type BuildOptions, type Description } from './build.ts';
export { Depots, openDepots, runFolder, type DepotsOptions } from './depot.ts';
export { nodeDisk, type Disk } from './disk.ts';
export {
  InUse,
  NoRoom,
  NotHere,
  OutputExists,
  StorageFailed,
  Unbuildable,
  WrongContent,
} from './errors.ts';
export { nodeLimits } from './limits.ts';
export {
  openReleaseFile,
  writeReleaseFile,
  type ContentSource,
  type ReleaseFileReader,
  type ReleaseParts,
} from './release-file.ts';
export { scanFolder, type Done, type Scanned } from './scan.ts';
export { openTrees, type StoredRelease, type Trees, type TreesOptions } from './trees.ts';
export type { Misfit } from './verify.ts';
