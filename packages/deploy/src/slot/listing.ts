/**
 * What a slot tells of the releases that it has, the newest first, in a line for each:
 *
 *     DIGEST APP VERSION BYTES STATE
 *
 * There are blanks in the state alone. A dash stands for no version.
 */
import { isDigest, type Digest } from '@bellwether/shepherd';
import type { SlotRecord } from './types.ts';

/** One of them. */
export interface ListedRelease {
  readonly digest: Digest;
  readonly app: string;
  readonly version?: string;
  /** Of its files. */
  readonly bytes: number;
  /** What it is to the slot: `current, pinned`. */
  readonly state: string;
}

/** The lines. */
export const releaseLines = (record: SlotRecord): readonly string[] =>
  [...record.releases].reverse().map(({ digest, app, version = '-', byteCount, verdict, why }) => {
    const marks = [
      ...(digest === record.current ? ['current'] : []),
      ...(digest === record.previous ? ['previous'] : []),
      ...(digest === record.underway?.target ? [record.underway.phase] : []),
      ...(record.pinned.includes(digest) ? ['pinned'] : []),
      ...(verdict === 'rejected' ? [why === undefined ? 'rejected' : `rejected: ${why}`] : []),
    ];
    const told = marks.length === 0 ? (verdict ?? 'staged') : marks.join(', ');
    return `${digest} ${app} ${version} ${byteCount} ${told}`;
  });

/** What such lines say. One that is none, as of a newer slot, is left out. */
export const readReleaseLines = (lines: readonly string[]): readonly ListedRelease[] =>
  lines.flatMap((line) => {
    const [digest = '', app = '', version = '-', bytes = '', ...state] = line.split(' ');
    if (!isDigest(digest) || !/^\d{1,15}$/.test(bytes) || state.length === 0) return [];
    const given = version === '-' ? {} : { version };
    return [{ digest, app, ...given, bytes: Number(bytes), state: state.join(' ') }];
  });
