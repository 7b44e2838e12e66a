/** How much of a release would be sent. */
import { bytesText } from '@bellwether/deploy';
import type { ReleaseFileReader } from '@bellwether/deploy/node';
import { sha256Of, type Offered } from '@bellwether/shepherd';

/** Bytes that would be sent. */
export interface ToSend {
  readonly byteCount: number;
  /** Of what is there nothing can be told before its manifest is. */
  readonly isAtMost: boolean;
}
/** What of a release would be sent, where so much is missing. */
export const toSend = (
  { digest, contentBytes }: Pick<ReleaseFileReader, 'digest' | 'contentBytes'>,
  { missing, missingBytes }: Pick<Offered, 'missing' | 'missingBytes'>,
): ToSend => {
  const isAtMost = missing.some(({ sha256 }) => sha256 === sha256Of(digest));
  return { byteCount: missingBytes + (isAtMost ? contentBytes : 0), isAtMost };
};
/** The same in words. */
export const sendWords = ({ byteCount, isAtMost }: ToSend): string => {
  if (byteCount === 0) return 'Nothing would be sent: all of it is there.';
  return `${bytesText(byteCount)}${isAtMost ? ' at most' : ''} would be sent.`;
};
