/**
 * The `^carrier`: keeps releases for services that are not at home here, and has them brought to each that is about to
 * be asked to take one. It judges nobody's trust: each slot does that itself. What it is given are signatures of the
 * release, whoever's they are.
 *
 *     a release is offered, and not all of it here     what is missing is said, and taken
 *     all of it is here                                it is kept, on the disk, as the last one that was of use
 *     it is brought somewhere, or offered again        the same
 *     more are kept than may be                        the oldest goes that nobody brings, and for which no operation
 *                                                      waits: of the same asker, else of all; without one a refusal
 *     some of it turns out to be gone                  it is kept no more: whoever wants it brings it again
 *
 * A release that was brought here stops here: two carriers of which each is a service elsewhere of the other hand on
 * nothing that nobody has asked for.
 */
import {
  Limit,
  type Bcom,
  type Behavior,
  type JournalCell,
  type JournalMap,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import {
  isDigest,
  type Asker,
  type Courier,
  type Errand,
  type Offer,
  type Offered,
  type Shepherd,
} from '@bellwether/shepherd';
import { releaseLimits } from '../release/limits.ts';
import type { Inspected } from '../slot/inspect.ts';
import { sizeIn } from '../slot/packed.ts';
import { broughtBytes } from '../slot/quota.ts';
import { checkSignatures, writeSignatures } from '../release/signatures.ts';
import type { Digest, Signature } from '../release/types.ts';
import { shortly } from '../slot/record.ts';
import { offer, offeringOf, put, type Offering, type Taker } from '../slot/transfer.ts';
import { makeCourier, type CourierKeeper } from './courier.ts';
import { carrierLimits as limits } from './limits.ts';
import { makeLine, type Line } from './line.ts';
import type {
  CarriedRelease,
  CarrierEntry,
  CarrierOptions,
  CarrierRecord,
  OwnCarrier,
} from './types.ts';
import type { Sizes } from './sending.ts';

type Inner = OwnCarrier & CourierKeeper;
interface Held extends Omit<CarrierOptions, 'record'> {
  readonly record: JournalCell<CarrierRecord>;
  readonly offers: JournalMap<string, Offering>;
  readonly looking: JournalMap<string, Vow<Offered>>;
  /** What is on its way: how many bring it, and what its contents are. */
  readonly away: JournalMap<Digest, { readonly count: number; readonly sizes: Vow<Sizes> }>;
  readonly line: Ref<Line>;
  readonly shepherd: JournalCell<Ref<Pick<Shepherd, 'awaits'>> | undefined>;
}

/** Makes it; what an earlier life has kept is kept. */
export const makeCarrier = (
  turn: Turn<Inner>,
  _bcom: Bcom<Inner>,
  { record = { releases: [] }, ...options }: CarrierOptions,
): Behavior<Inner> => {
  const held: Held = {
    ...options,
    record: turn.cell(record),
    offers: turn.map(),
    looking: turn.map(),
    away: turn.map(),
    line: turn.spawn(makeLine, limits.atOnceCount),
    shepherd: turn.cell<Ref<Pick<Shepherd, 'awaits'>> | undefined>(undefined),
  };
  // Before anything is collected: what of the contents is needed here no slot knows.
  if (record.releases.length > 0) keepOnDisk(held, turn);
  return {
    attend: (_turn, shepherd) => held.shepherd.set(shepherd),
    offer: (turn, asked, asker) =>
      turn.when(offer(takerFor(held, asker), turn, asked, asker), (turn, answer) => {
        if (asked.after === undefined && answer.missingCount === 0)
          keep(held, turn, asked.release, asker);
        return answer;
      }),
    put: (turn, piece, asker) => put(takerFor(held, asker), turn, piece, asker),
    offerOf: (_turn, release) => {
      const kept = keptIn(held, release);
      return kept && offerOf(kept);
    },
    courier: (turn, release, errand) => courier(held, turn, release, errand),
    back: (turn, release, isGone) => back(held, turn, release, isGone),
  };
};

const keptIn = ({ record }: Held, release: string): CarriedRelease | undefined =>
  record.get().releases.find(({ digest }) => digest === release);
const offerOf = ({ digest, manifestBytes, signatures }: CarriedRelease): Offer => ({
  release: digest,
  manifestBytes,
  ...(signatures.length > 0 && { signatures: writeSignatures(signatures) }),
});

/** Grants that come from the same one have one share together. */
const ownerOf = ({ principal, origin }: Asker): string => origin ?? principal;
const takerFor = (held: Held, asker: Asker): Taker => {
  const { name, clock, crypto, offers, looking, shelf } = held;
  return {
    name,
    clock,
    offers,
    looking,
    depot: shelf,
    mostBytes: broughtBytes(limits.askerKeptBytes),
    // Whom to trust each slot says, but none takes a release with a signature that is not of it. Whether all of it is
    // still here is looked up each time: it is about to be brought to many.
    admit: (_turn, release, signatures) => {
      checkSignatures(release, signatures, crypto);
      return false;
    },
    accept: (turn, release, manifest) =>
      void surplus(held, turn, ownerOf(asker), release, manifest.byteCount),
  };
};

/** All of it is here. */
const keep = (held: Held, turn: Turn<Inner>, release: string, asker: Asker): void => {
  if (!isDigest(release)) return;
  const { manifest, signatures, read } = offeringOf(held, release, asker.principal);
  const before = keptIn(held, release);
  const owner = before?.asker ?? ownerOf(asker);
  const { digest, app, version, byteCount } = read.facts;
  const kept: CarriedRelease = {
    digest,
    app,
    ...(version !== undefined && { version }),
    byteCount,
    // As it is, whatever was said.
    manifestBytes: sizeIn(read.contents, manifest.sha256) ?? manifest.size,
    signatures: joined(signatures, before?.signatures ?? []),
    asker: owner,
    keptMs: before?.keptMs ?? Math.floor(held.clock.wall()),
  };
  const gone = before === undefined ? surplus(held, turn, owner, digest, byteCount) : [];
  const others = held.record
    .get()
    .releases.filter((each) => each !== before && !gone.includes(each));
  const known = new Set(before?.signatures.map(({ key }) => key));
  const isSame = before !== undefined && signatures.every(({ key }) => known.has(key));
  write(held, turn, [...others, isSame ? before : kept], !isSame);
  if (before === undefined) keepOnDisk(held, turn);
};
/** Where there are too many, those count that were brought last: whoever comes first keeps out nobody. */
const joined = (fresh: readonly Signature[], before: readonly Signature[]): readonly Signature[] =>
  [...fresh, ...before.filter(({ key }) => !fresh.some((each) => each.key === key))].slice(
    0,
    releaseLimits.signatureCount,
  );
const write = (
  held: Held,
  turn: Turn<Inner>,
  releases: readonly CarriedRelease[],
  gates: boolean,
): void => {
  held.record.set({ releases });
  turn.record({ kind: 'carrier', releases } satisfies CarrierEntry, { gates });
};
/** Nothing waits for it: what could not be removed goes with the next time. */
const keepOnDisk = (held: Held, turn: Turn<Inner>): void => {
  const digests = held.record.get().releases.map(({ digest }) => digest);
  const done = turn.ask<void>((answer) => held.shelf.keep(digests, answer));
  turn.when(
    done,
    () => undefined,
    (turn, reason) => turn.effect(() => held.log('carrier.not-kept', { reason: reason.message })),
  );
};

/** Those that have to go for one more. @throws Limit where too many are needed */
const surplus = (
  held: Held,
  turn: Turn,
  owner: string,
  release: Digest,
  byteCount: number,
): readonly CarriedRelease[] => {
  const { releases } = held.record.get();
  if (releases.some(({ digest }) => digest === release)) return [];
  const gone: CarriedRelease[] = [];
  const rooms = [
    { isOf: (each: CarriedRelease) => each.asker === owner, ...askerRoom },
    { isOf: () => true, ...wholeRoom },
  ];
  for (const { isOf, count, bytes, whose } of rooms) {
    const theirs = releases.filter((each) => isOf(each) && !gone.includes(each));
    const isOver = (): boolean => theirs.length >= count || bytesIn(theirs) + byteCount > bytes;
    while (isOver()) {
      const at = theirs.findIndex(({ digest }) => !isNeeded(held, turn, digest));
      const [oldest] = at < 0 ? [] : theirs.splice(at, 1);
      if (oldest === undefined)
        throw new Limit(
          `${shortly(release)}: ${theirs.length} releases, with ${bytesIn(theirs)} bytes, are kept ` +
            `for services elsewhere and on their way to them, and no more is what ${whose}`,
        );
      gone.push(oldest);
    }
  }
  return gone;
};
const askerRoom = {
  count: limits.askerKeptCount,
  bytes: limits.askerKeptBytes,
  whose: 'one who brings them may have',
};
const wholeRoom = { count: limits.keptCount, bytes: limits.keptBytes, whose: 'there is room for' };
const bytesIn = (releases: readonly CarriedRelease[]): number =>
  releases.reduce((sum, each) => sum + each.byteCount, 0);
const isNeeded = ({ away, shepherd }: Held, turn: Turn, release: Digest): boolean => {
  const knows = shepherd.get();
  return away.has(release) || (knows !== undefined && turn.call(knows, 'awaits', release));
};

const courier = (
  held: Held,
  turn: Turn<Inner>,
  release: string,
  errand: Errand,
): Ref<Courier> | undefined => {
  const kept = keptIn(held, release);
  if (kept === undefined) return undefined;
  const { digest, app, version } = kept;
  const { releases } = held.record.get();
  const others = releases.filter((each) => each !== kept);
  if (releases.at(-1) !== kept) write(held, turn, [...others, kept], false);
  const { count, sizes } = held.away.get(digest) ?? { count: 0, sizes: sizesOf(held, turn, kept) };
  held.away.set(digest, { count: count + 1, sizes });
  const { shelf, clock, line } = held;
  return turn.spawn(makeCourier, {
    ...errand,
    offer: offerOf(kept),
    release: `${app}${version === undefined ? '' : ` ${version}`} (${shortly(digest)})`,
    sizes,
    shelf,
    clock,
    line,
    carrier: turn.self,
  });
};
const sizesOf = ({ shelf }: Held, turn: Turn, { digest }: CarriedRelease): Vow<Sizes> => {
  const manifest = turn.ask<Inspected>((answer) => shelf.inspect(digest, answer));
  return turn.when(manifest, (_turn, { contents }): Sizes => ({
    get: (sha256) => sizeIn(contents, sha256),
  }));
};

const back = (held: Held, turn: Turn<Inner>, release: string, isGone: boolean): void => {
  const kept = keptIn(held, release);
  const digest = isDigest(release) ? release : undefined;
  const away = digest && held.away.get(digest);
  if (digest !== undefined && away !== undefined) {
    if (away.count <= 1) held.away.delete(digest);
    else held.away.set(digest, { ...away, count: away.count - 1 });
  }
  if (!isGone || kept === undefined) return;
  write(
    held,
    turn,
    held.record.get().releases.filter((each) => each !== kept),
    false,
  );
  turn.effect(() => held.log('carrier.lost', { release }));
};
