/** What a member's host says of a grant that it was asked to make: read here, since it is passed on and kept. */
import { Malformed, readCount, struct, type Read } from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';

/** A grant that was made there. */
export interface MadeThere {
  readonly grant: string;
  /** By the clock of that host, like the other time here. */
  readonly expiresMs?: number;
  /** The URI of its invite: a secret. */
  readonly invite: string;
  readonly inviteExpiresMs: number;
}

const readForm =
  (form: RegExp, most: number, words: string): Read<string> =>
  (value, what) => {
    if (typeof value === 'string' && value.length <= most && form.test(value)) return value;
    throw new Malformed(`${what}: expected ${words} of at most ${most} characters`);
  };
/** It goes into a file of one line for each. */
const readInvite = readForm(/^ocapn:\/\/[\x21-\x7e]+$/, LIMITS.uriLength, 'ocapn://…');
/** It is shown as part of a command, which somebody may type in. */
const readId = readForm(/^[0-9A-Za-z][0-9A-Za-z-]*$/, LIMITS.nameLength, 'the id of a grant');

const readAnswer = struct<{
  readonly grant: { readonly id: string; readonly expiresMs?: number };
  readonly invite: string;
  readonly inviteExpiresMs: number;
}>(
  {
    grant: struct<{ readonly id: string; readonly expiresMs?: number }>(
      { id: readId },
      { expiresMs: readCount },
    ),
    invite: readInvite,
    inviteExpiresMs: readCount,
  },
  {},
);

/** @throws Malformed, which tells nothing of a secret */
export const readMadeThere = (value: unknown, member: string): MadeThere => {
  const { grant, invite, inviteExpiresMs } = readAnswer(value, `the answer of ${member}`);
  const { id, expiresMs } = grant;
  return { grant: id, invite, inviteExpiresMs, ...(expiresMs !== undefined && { expiresMs }) };
};
