/** The lines by which a slot tells of its releases: what is written is read again, whatever the reasons in them. */
import { emptyRecord, readReleaseLines, type SlotRecord } from '@bellwether/deploy';
import { describe, expect, it } from 'vitest';
import { releaseLines } from '../../../packages/deploy/src/slot/listing.ts';

const digest = (digit: string) => `rel:sha256-${digit.repeat(64)}` as const;
const why = "its check 'curl -f' said no: 12 times";
const record = {
  ...emptyRecord('web'),
  current: digest('2'),
  previous: digest('1'),
  pinned: [digest('1')],
  underway: { target: digest('4'), phase: 'awaiting-confirm' },
  releases: [
    { digest: digest('1'), app: 'web', version: '1', byteCount: 5 },
    { digest: digest('2'), app: 'web', byteCount: 0, verdict: 'committed' },
    {
      digest: digest('3'),
      app: 'web',
      version: '3-rc',
      byteCount: 2 ** 40,
      verdict: 'rejected',
      why,
    },
    { digest: digest('4'), app: 'web', version: '4', byteCount: 7 },
    { digest: digest('5'), app: 'web', version: '5', byteCount: 8 },
  ],
} as unknown as SlotRecord;

describe('the releases of a slot', () => {
  it('are told in lines, the newest first, and read again', () => {
    expect(readReleaseLines(releaseLines(record))).toEqual([
      { digest: digest('5'), app: 'web', version: '5', bytes: 8, state: 'staged' },
      { digest: digest('4'), app: 'web', version: '4', bytes: 7, state: 'awaiting-confirm' },
      {
        digest: digest('3'),
        app: 'web',
        version: '3-rc',
        bytes: 2 ** 40,
        state: `rejected: ${why}`,
      },
      { digest: digest('2'), app: 'web', bytes: 0, state: 'current' },
      { digest: digest('1'), app: 'web', version: '1', bytes: 5, state: 'previous, pinned' },
    ]);
  });
  it.each(['', 'No releases', `${digest('1')} web 1 many current`, `${digest('1')} web 1 5`])(
    'are not read in %j',
    (line) => expect(readReleaseLines([line])).toEqual([]),
  );
});
