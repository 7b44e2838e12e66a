/**
 * What keeps a release from getting into a file or onto a disk: one class for each thing that somebody does about it.
 */
import { ActorError } from '@bellwether/actors';

/** Something in a folder cannot be in a release: take it out, or build again once nobody writes there. */
export class Unbuildable extends ActorError {
  /** `message` names what, where it lies, and why not. */
  constructor(message: string, options?: ErrorOptions) {
    super('unbuildable', message, options);
  }
}
/** A file is there already, and nobody said to replace it. */
export class OutputExists extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('already-there', message, options);
  }
}
/** The disk, or what releases may have of it, is full: make room, and go on where it stopped. Nothing half is used. */
export class NoRoom extends ActorError {
  /** `message` says what was to be written and what is full; it has no path in it. */
  constructor(message: string, options?: ErrorOptions) {
    super('no-room', message, options);
  }
}
/** The disk did not do what it was asked for; `cause` has the system's error. Nothing half is used. */
export class StorageFailed extends ActorError {
  /** `message` says what was tried and what is wrong with the disk; it has no path in it. */
  constructor(message: string, options?: ErrorOptions) {
    super('storage-failed', message, options);
  }
}
/** Bytes are not what their digest says. They were thrown away: send them again. */
export class WrongContent extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('wrong-content', message, options);
  }
}
/** A content or a release that was asked for is not on this disk: fetch it. */
export class NotHere extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('not-here', message, options);
  }
}
/** A release is the active one of its slot, and is not removed. */
export class InUse extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('in-use', message, options);
  }
}

/** The system's name of what went wrong, for example ENOENT; undefined for what is no error of the system. */
export const codeOfSystem = (error: unknown): string | undefined =>
  error instanceof Error && 'errno' in error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;

const full: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT']);
const troubles: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of its user is used up',
  EFBIG: 'a file would be larger than it may be',
  EIO: 'the disk has an error',
  EROFS: 'the file system is read-only',
  EACCES: 'its user may not do that there',
  EPERM: 'its user may not do that there',
  ENOENT: 'it is not there',
  ENOTDIR: 'it is no folder',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
};

/** What the system said, for anybody: without a path. */
export const troubleIn = (error: unknown): string => {
  const code = codeOfSystem(error) ?? '';
  const words = Object.hasOwn(troubles, code) ? troubles[code] : undefined;
  return words === undefined ? `the disk has failed (${code})` : `${words} (${code})`;
};

/**
 * Does some work with the disk; `what` says what for, in an infinitive. Errors of ours pass.
 * @throws NoRoom, StorageFailed for those of the system
 */
export const onDisk = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (codeOfSystem(error) === undefined) throw error;
    const message = `could not ${what}: ${troubleIn(error)}`;
    if (full.has(codeOfSystem(error))) throw new NoRoom(message, { cause: error });
    throw new StorageFailed(message, { cause: error });
  }
};
