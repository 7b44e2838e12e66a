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
  constructor(message: string, options?: ErrorOptions) {
    super('disk-failed', message, options);
  }
}
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

/** The message of anything that was thrown. */
export const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
