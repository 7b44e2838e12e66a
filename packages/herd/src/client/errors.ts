/**
 * What can stand between `herd` and an answer: one class for each thing that a user does about it.
 */
import { ActorError, isRemote } from '@bellwether/actors';

/**
 * The stable code of an error; `error` where it has none. By its field and not by its class: a
 * program of several bundles has several copies of a class. Whoever decides by it asks `isRemote`
 * first, since a peer gives its errors whatever codes it likes.
 */
export const codeIn = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'error';

/**
 * No shepherd answers at its socket, or it may not be used. Nothing was asked, so nothing failed: exit
 * code 4, as for every other peer that cannot be reached. GNU has 1 for this and for failures alike.
 */
export class NoShepherd extends ActorError {
  /** What to do about it. */
  readonly hint: string;
  /**
   * Its key does not go with its socket, or one of them is not there: it starts, is between two of its lives, or was
   * ended by force there. Nothing has been asked of it.
   */
  readonly isRestarting: boolean;

  /** `message` names the socket that was tried and what was found. */
  constructor(message: string, hint: string, options?: ErrorOptions, isRestarting = false) {
    super('no-shepherd', message, options);
    this.name = 'NoShepherd';
    this.hint = hint;
    this.isRestarting = isRestarting;
  }
}
/** The peer behind a ref could not be reached: nothing was asked of it. Exit code 4. */
export class OutOfReach extends ActorError {
  /** Milliseconds for which nothing was heard; absent: the system or the peer has said more. */
  readonly silentMs: number | undefined;

  /** `message` names the peer and what stood in the way. */
  constructor(message: string, options?: ErrorOptions, silentMs?: number) {
    super('out-of-reach', message, options);
    this.name = 'OutOfReach';
    this.silentMs = silentMs;
  }
}
/** It was asked, and then the session ended or the time was up: what became of it is not known. */
export class NoAnswer extends ActorError {
  /**
   * True where our own deadline passed, exit code 6; false where the session ended, exit code 4.
   */
  readonly isTimeUp: boolean;

  /** `message` says what was waited for. */
  constructor(message: string, isTimeUp: boolean, options?: ErrorOptions) {
    super('no-answer', message, options);
    this.name = 'NoAnswer';
    this.isTimeUp = isTimeUp;
  }
}
/** Ctrl-C. What was asked goes on. Exit code 130. */
export class Detached extends ActorError {
  /** Whether anything had been asked yet. */
  readonly wasSent: boolean;

  /** `wasSent` tells whether anything had been asked; `words`, what there is to say where nothing was. */
  constructor(wasSent: boolean, words = 'interrupted') {
    super('detached', wasSent ? 'detached; what was asked goes on' : words);
    this.name = 'Detached';
    this.wasSent = wasSent;
  }
}

/** Whether an error is a NoAnswer of our own, of whatever bundle. */
export const isNoAnswer = (error: unknown): error is NoAnswer => isOwn(error, 'no-answer');
/** Whether an error is a Detached of our own, of whatever bundle. */
export const isDetached = (error: unknown): error is Detached => isOwn(error, 'detached');
/** Whether an error is a NoShepherd of our own, of whatever bundle. */
export const isNoShepherd = (error: unknown): error is NoShepherd => isOwn(error, 'no-shepherd');
/** Whether an error is an OutOfReach of our own, of whatever bundle. */
export const isOutOfReach = (error: unknown): error is OutOfReach => isOwn(error, 'out-of-reach');

const isOwn = (error: unknown, code: string): boolean => !isRemote(error) && codeIn(error) === code;
