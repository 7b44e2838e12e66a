/**
 * How much of the disk one slot takes: so many releases, and so many bytes of their files. What nobody needs goes
 * before anything is refused.
 */
import { Limit, Refused, type Turn } from '@bellwether/actors';
import { bytesText } from '../release/bytes-text.ts';
import { limits } from './limits.ts';
import { pruned } from './record.ts';
import { keepOnly, move, type Held } from './state.ts';
import type { SlotRelease } from './types.ts';

/** Makes room for the tree of one more release. @throws Refused, Limit: nothing was removed then */
export const makeRoom = (held: Held, turn: Turn, { byteCount }: SlotRelease): void => {
  const record = held.record.get();
  const { keepCount, mostBytes } = held.rules.get();
  const { releases } = pruned(record, keepCount);
  if (releases.length >= limits.releaseCount)
    throw new Refused(
      `Service ${held.name} keeps ${releases.length} releases, and no more: unpin some`,
    );
  checkBytes(held, byteCount);
  const isFull =
    record.releases.length >= limits.releaseCount ||
    bytesOf(record.releases) + byteCount > mostBytes;
  if (!isFull || releases.length === record.releases.length) return;
  move(held, turn, { releases });
  keepOnly(held, turn);
};
/** Whether so many more bytes of files have room beside what is needed. @throws Limit, in words about what to do */
export const checkBytes = (held: Held, byteCount: number): void => {
  const { keepCount, mostBytes } = held.rules.get();
  const needed = bytesOf(pruned(held.record.get(), keepCount).releases);
  if (needed + byteCount <= mostBytes) return;
  const has = needed === 0 ? '' : `, beside ${bytesText(needed)} of those that are kept`;
  throw new Limit(
    `Service ${held.name}: the files of this release have ${bytesText(byteCount)}${has}, and ` +
      `${bytesText(mostBytes)} is what it takes (maxMiB, keep and pin decide)`,
  );
};
const bytesOf = (releases: readonly SlotRelease[]): number =>
  releases.reduce((sum, { byteCount }) => sum + byteCount, 0);
