/** What keeps a daemon from its records. One class for each thing that its operator does next. */
import { ActorError } from '@bellwether/actors';

/** The records cannot be used as they are: restore or repair them. The message names the commands. */
export class DamagedState extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('damaged-state', message, options);
  }
}
/** The records are those of a newer version: run that one. Nothing is wrong with them. */
export class NewerState extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('newer-state', message, options);
  }
}
/** The disk did not do what it was asked for: make room, or mend it, and try again. */
export class DiskFailed extends ActorError {
  /** What is wrong with the disk, for anybody: without paths, and without words of unknown origin. */
  readonly trouble: string;
  /** Whether it is only room that is missing. */
  readonly isFull: boolean;

  constructor(message: string, options?: ErrorOptions) {
    super('disk-failed', message, options);
    this.trouble = troubleIn(message);
    this.isFull = fullWords.some((words) => message.includes(words));
  }
}
/** Whether something failed because the disk is full, or its user's part of it; looks at causes, too. */
export const lacksRoom = (error: unknown): boolean =>
  error instanceof Error &&
  ((error instanceof DiskFailed && error.isFull) ||
    ('code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) ||
    lacksRoom(error.cause));

const fullWords = ['No space left on device', 'Disk quota exceeded'];
/** LevelDB hands on the words of strerror(3), and no number. */
const troubles: readonly (readonly [found: string, words: string])[] = [
  ['No space left on device', 'the disk is full (ENOSPC)'],
  ['Disk quota exceeded', 'the quota of its user is used up (EDQUOT)'],
  ['File too large', 'a file would be larger than it may be (EFBIG)'],
  ['Input/output error', 'the disk has an error (EIO)'],
  ['Read-only file system', 'the file system is read-only (EROFS)'],
  ['Permission denied', 'it may not write there (EACCES)'],
  ['Too many open files', 'too many files are open (EMFILE)'],
];
const troubleIn = (message: string): string =>
  troubles.find(([found]) => message.includes(found))?.[1] ?? 'the disk has failed';
/** A backup is no backup, or not whole: use another. Nothing was changed. */
export class BadBackup extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('bad-backup', message, options);
  }
}

/** The words that tell an operator what to do with records that cannot be used. */
export const wayOut = (folder: string): string =>
  `Nothing was changed. Look closer with 'herd state check --state ${folder}', put a backup back with ` +
  `'herd state restore FILE --state ${folder}', or save what can be read with 'herd state repair --state ${folder}'.`;
