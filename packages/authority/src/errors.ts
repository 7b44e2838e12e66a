/** One class for each decision that whoever uses, makes or accepts a grant can make. */
import { ActorError, Refused } from '@bellwether/actors';
import { momentOf } from './moment.ts';

/** The grant does not allow this; another one may. */
export class Denied extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('denied', message, options);
  }
}
/** A grant, or one that it was narrowed from, was taken back. */
export class Revocation extends ActorError {
  readonly grant: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly by: string;
  constructor(grant: string, atMs: number, by: string, options?: ErrorOptions) {
    super('revoked', `grant ${grant} was revoked at ${momentOf(atMs)} by ${by}`, options);
    this.grant = grant;
    this.atMs = atMs;
    this.by = by;
  }
}
/** The time of a grant, or of one that it was narrowed from, is over. */
export class Expired extends ActorError {
  readonly grant: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  constructor(grant: string, atMs: number, options?: ErrorOptions) {
    super('expired', `grant ${grant} expired at ${momentOf(atMs)}`, options);
    this.grant = grant;
    this.atMs = atMs;
  }
}
/** All operations that a grant, or one that it was narrowed from, was good for have been asked for. */
export class UsedUp extends ActorError {
  constructor(grant: string, maxUses: number, options?: ErrorOptions) {
    super(
      'used-up',
      `grant ${grant} was good for ${maxUses} operations, which are used up`,
      options,
    );
  }
}
/** It may be asked again, later. */
export class TooMany extends ActorError {
  /** Milliseconds. */
  readonly waitMs: number;
  constructor(grant: string, waitMs: number, options?: ErrorOptions) {
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    super('too-many', `grant ${grant} allows no more just now: again in ${seconds} s`, options);
    this.waitMs = waitMs;
  }
}
/** A backup was restored since it was made: whether it was taken back meanwhile only its host's owner knows. */
export class Unconfirmed extends ActorError {
  constructor(grant: string, options?: ErrorOptions) {
    super(
      'unconfirmed',
      `grant ${grant} waits for its host's owner: a backup was restored since it was made`,
      options,
    );
  }
}
/** What was to be made allows more than the grant that it would be narrowed from. */
export class TooWide extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('too-wide', message, options);
  }
}
/** What somebody said is not what its place calls for. */
export class Malformed extends ActorError {
  /** `message` names the field, what was expected and what was found. */
  constructor(message: string, options?: ErrorOptions) {
    super('malformed', message, options);
  }
}
/** The one answer to who asks for a grant that is not there, not any more, or not his to ask for. */
export const unknownGrant = (): Refused => new Refused('no such grant');
/** The one answer to who has an invite that is of no use: unknown, expired, redeemed by somebody else, taken back. */
export const uselessInvite = (): Refused => new Refused('no such reference');
/** The answer to who confirms a right that ended after the backup which brought it back; `why` is the audit's word. */
export const endedSince = (grant: string, why: string): Refused =>
  new Refused(`grant ${grant} was ended after that backup, as the audit says: ${why}`);
/** The answer to who confirms a grant that was invited to and not accepted before the backup that brought it back. */
export const neverAccepted = (grant: string): Refused =>
  new Refused(
    `grant ${grant} was not accepted before that backup, and a restore ends all invites: give a new one`,
  );
