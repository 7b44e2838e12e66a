/**
 * How much of the disk one slot takes: so many releases, and so many bytes of their files. This is the one way for a
 * release into its record, which has room in the store as long as there are no more:
 *
 *     who       where there is no room, this goes, one after another, until there is
 *     stages    what nobody needs; of what nobody has run, the oldest of whoever has staged the most, if that is more
 *               than he himself is to have (fair.ts); the oldest of his own
 *     deploys   what nobody needs; his own, and then that of others, the oldest first
 *
 * So nobody who only stages has less than his share, or takes from others what is theirs, and nothing that is staged
 * stands in the way of a deploy. What the owner of the machine has staged goes for a deploy alone. What one asker has
 * staged beyond its share goes in any case.
 */
import { Limit, type Turn } from '@bellwether/actors';
import { localRoot } from '@bellwether/shepherd';
import { bytesText } from '../release/bytes-text.ts';
import type { Digest } from '../release/types.ts';
import { firstOfMost } from './fair.ts';
import { limits } from './limits.ts';
import { pruned, stagedIn } from './record.ts';
import { keepOnly, move, type Held } from './state.ts';
import type { SlotRecord, SlotRelease, SlotRules, Underway } from './types.ts';

/** A release that is to be kept, and what for. */
export interface Coming {
  readonly release: SlotRelease;
  readonly action: Underway['action'];
}
type Room = Pick<SlotRules, 'keepCount' | 'mostBytes'>;

/** The releases of a record with one more, and without what had to go for it. @throws Limit */
export const withRelease = (
  record: SlotRecord,
  coming: Coming,
  room: Room,
): readonly SlotRelease[] => {
  const { release, action } = coming;
  const staged = stagedIn(record);
  const isOwn = ({ stagedBy }: SlotRelease): boolean => stagedBy === release.stagedBy;
  const own = digestsOf(staged.filter(isOwn));
  const others = digestsOf(staged.filter((each) => !isOwn(each)));
  const idle = pruned(record, room.keepCount).gone.filter((each) => !others.includes(each));
  const gone = new Set(own.slice(0, Math.max(0, own.length - limits.askerStagedCount + 1)));
  const left = (): SlotRecord => ({
    ...record,
    releases: record.releases.filter(({ digest }) => !gone.has(digest)),
  });
  const stillThere = (each: Digest): boolean => !gone.has(each);
  const nextToGo = (): Digest | undefined => {
    const needless = idle.find(stillThere);
    if (needless !== undefined) return needless;
    if (action !== 'stage') return [...own, ...others].find(stillThere);
    return ofMost(left(), release) ?? own.find(stillThere);
  };
  while (lackIn(left(), coming, room) !== undefined) {
    const next = nextToGo();
    if (next === undefined) break;
    gone.add(next);
  }
  const lack = lackIn(left(), coming, room);
  if (lack !== undefined) throw new Limit(`Service ${record.slot}: ${lack}`);
  return [...left().releases, release];
};
/** The oldest that was staged by whoever has staged the most, if that is more than who comes is to have. */
const ofMost = (record: SlotRecord, { stagedBy }: SlotRelease): Digest | undefined => {
  const staged = stagedIn(record);
  const ownCount = staged.filter((each) => each.stagedBy === stagedBy).length + 1;
  const others = staged.filter((each) => each.stagedBy !== localRoot);
  return firstOfMost(others, stagers, ownCount)?.digest;
};
const stagers = {
  ownerOf: ({ stagedBy = '' }: SlotRelease): string => stagedBy,
  sizeOf: (): number => 1,
};
/** What a record has no room for; undefined where it has. */
const lackIn = (
  record: SlotRecord,
  { release: { byteCount }, action }: Coming,
  { mostBytes }: Room,
): string | undefined => {
  const { releases } = record;
  if (releases.length >= limits.releaseCount)
    return `${releases.length} releases are kept, and no more: unpin some`;
  const stagedCount = stagedIn(record).length;
  if (action === 'stage' && stagedCount >= limits.stagedCount)
    return (
      `${stagedCount} releases are staged and were never run, and no more are taken: ` +
      'a deploy needs no place among them'
    );
  return lackOfBytes(bytesOf(releases), byteCount, mostBytes);
};
const lackOfBytes = (has: number, byteCount: number, mostBytes: number): string | undefined => {
  if (has + byteCount <= mostBytes) return undefined;
  const beside = has === 0 ? '' : `, beside ${bytesText(has)} of those that are kept`;
  return (
    `the files of this release have ${bytesText(byteCount)}${beside}, and ` +
    `${bytesText(mostBytes)} is what it takes (maxMiB, keep and pin decide)`
  );
};

/** Makes room for the tree of one more release before that is made. @throws Limit: nothing was removed then */
export const makeRoom = (held: Held, turn: Turn, coming: Coming): void => {
  const record = held.record.get();
  const releases = withRelease(record, coming, held.rules.get()).slice(0, -1);
  if (releases.length === record.releases.length) return;
  move(held, turn, { releases });
  keepOnly(held, turn);
};
/**
 * Whether so many more bytes of files have room beside what is needed, were it deployed. @throws Limit, in words about
 * what to do
 */
export const checkBytes = (held: Held, byteCount: number): void => {
  const { keepCount, mostBytes } = held.rules.get();
  const record = held.record.get();
  const staged = new Set(stagedIn(record));
  const needed = pruned(record, keepCount).releases.filter((each) => !staged.has(each));
  const lack = lackOfBytes(bytesOf(needed), byteCount, mostBytes);
  if (lack !== undefined) throw new Limit(`Service ${held.name}: ${lack}`);
};

const digestsOf = (releases: readonly SlotRelease[]): readonly Digest[] =>
  releases.map(({ digest }) => digest);
const bytesOf = (releases: readonly SlotRelease[]): number =>
  releases.reduce((sum, { byteCount }) => sum + byteCount, 0);
