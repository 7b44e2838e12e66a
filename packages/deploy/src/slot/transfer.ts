/**
 * How a release comes to a slot: whoever brings it says which one it is and who has signed it, hears what is missing,
 * and sends that in pieces. Nothing is taken of what is not trusted, and nothing that was not said to be missing.
 *
 *     offer     not trusted, or no release                                  refused; nothing is kept of it
 *               its manifest is not here                                    that is what is missing
 *               its manifest is here, and is none, or lies about a size     refused, and again while it is remembered
 *               its manifest is here, and is one                            its files that are not here, in pages
 *               again, before it was answered                               the same answer
 *     put       of a content that no offer of this asker has                refused
 *               that does not begin where the content ends                  where that is
 *               with which the content is whole, and is something else      refused; the content is thrown away
 *     stage     offered by somebody, its manifest read                      its tree is made; that finds what lacks
 *
 * An offer is in memory: whoever goes on after a crash offers again, and what came of its contents is still there.
 *
 * A refusal throws no content away: it may be here for others, to whom it is something else than a manifest. What was
 * brought for nothing counts as his who brought it, and is collected in time.
 */
import { ActorError, Limit, type JournalMap, type Turn, type Vow } from '@bellwether/actors';
import {
  BadRequest,
  canonicalText,
  isDigest,
  localRoot,
  sha256Of,
  type Asker,
  type Offer,
  type Offered,
  type Piece,
  type Put,
} from '@bellwether/shepherd';
import { BadRelease } from '../release/errors.ts';
import { releaseLimits } from '../release/limits.ts';
import { byteCountOf } from '../release/paths.ts';
import { readSignatures } from '../release/signatures.ts';
import type { Content, Digest, Manifest, Signature } from '../release/types.ts';
import { NotOffered } from './errors.ts';
import type { Inspected } from './inspect.ts';
import { firstOfMost } from './fair.ts';
import { limits } from './limits.ts';
import { once } from './once.ts';
import { lackingPage, packed, sizeIn, type PackedLacking } from './packed.ts';
import type { Depot, PackedContents, SlotOptions, SlotRelease } from './types.ts';
import { shortly } from './record.ts';

/** Who takes releases: a slot, or whoever keeps them for services elsewhere. */
export interface Taker extends Pick<SlotOptions, 'name' | 'clock'> {
  readonly depot: Pick<Depot, 'missing' | 'put' | 'inspect'>;
  readonly offers: Offers;
  /** Answers to offers that are being looked at, by asker and release. */
  readonly looking: JournalMap<string, Vow<Offered>>;
  /** Whether it has all of a release, and need not look. @throws what it refuses to take of anybody */
  admit(turn: Turn, release: Digest, signatures: readonly Signature[]): boolean;
  /** Bytes that one asker may have brought to it and not staged; absent: it has a bound of its own. */
  readonly mostBytes?: number;
  /** Whether it takes a release whose manifest was read. @throws Refused, Limit */
  accept(turn: Turn, release: Digest, manifest: Inspected): void;
}

/** A release that somebody brings. */
export interface Offering {
  readonly asker: string;
  /** What his grant comes from, and those of others. */
  readonly origin: string;
  readonly release: Digest;
  readonly manifest: Content;
  readonly signatures: readonly Signature[];
  /** Monotonic: when it was asked about last. */
  readonly atMs: number;
  /** Known once its manifest was read. */
  readonly read?: Read;
  /** It turned out to be no release, which it will be for ever. */
  readonly refusal?: Error;
}
/** What a manifest says. */
interface Read {
  readonly facts: Omit<SlotRelease, 'stagedMs' | 'signatures'>;
  /** All of them, that of the manifest included. */
  readonly contents: PackedContents;
  /** What of them was missing when it was asked last. */
  readonly lacking: PackedLacking;
}
/** Those that are kept, by asker and release. */
export type Offers = JournalMap<string, Offering>;

const keyOf = (asker: string, release: Digest): string => `${asker} ${release}`;

/** Answers what is missing of a release. @throws BadRequest, NotTrusted, BadRelease, Refused, Limit */
export const offer = (
  held: Taker,
  turn: Turn,
  offer: Offer,
  { principal, origin = principal }: Asker,
): Vow<Offered> => {
  const { release, manifestBytes, after } = offer;
  if (!isDigest(release)) throw new BadRequest('offer: a release has a digest as its name');
  if (!(manifestBytes > 0 && manifestBytes <= releaseLimits.manifestBytes))
    throw new BadRelease('manifest', `has ${manifestBytes} bytes`);
  const signatures = offer.signatures === undefined ? [] : readSignatures(offer.signatures);
  if (held.admit(turn, release, signatures)) return turn.kept(nothing);
  const manifest = { sha256: sha256Of(release), size: manifestBytes };
  const known = held.offers.get(keyOf(principal, release));
  const atMs = held.clock.now();
  const offering: Offering = { asker: principal, origin, release, manifest, signatures, atMs };
  if (after !== undefined && known?.read !== undefined) {
    remember(held, { ...known, signatures, atMs });
    return turn.kept(page(known.read.lacking, after));
  }
  // To look takes the daemon's time, and whoever brings a release may ask as often as he likes.
  return once(turn, held.looking, keyOf(principal, release), () => {
    if (known === undefined) makeRoom(held, offering);
    return lookFor(held, turn, offering);
  });
};
const lookFor = (held: Taker, turn: Turn, offering: Offering): Vow<Offered> => {
  const { asker, release, manifest } = offering;
  const known = held.offers.get(keyOf(asker, release));
  if (known?.refusal !== undefined) return turn.broken(known.refusal);
  const read = readBefore(held, release);
  if (read !== undefined) return orRefuse(held, turn, offering, ask(held, turn, offering, read));
  remember(held, offering);
  const missing = turn.ask<PackedLacking>((answer) =>
    held.depot.missing(asker, packed([manifest]), answer),
  );
  const answer = turn.when(missing, (turn, lacking) =>
    lacking.count > 0 ? turn.kept(page(lacking)) : look(held, turn, offering),
  );
  return orRefuse(held, turn, offering, answer);
};
const nothing: Offered = { missing: [], missingCount: 0, missingBytes: 0 };
const remember = (held: Taker, offering: Offering): void =>
  held.offers.set(keyOf(offering.asker, offering.release), offering);

/** Has the manifest read, and asks which of its contents are not there. */
const look = (held: Taker, turn: Turn, offering: Offering): Vow<Offered> => {
  const manifest = turn.ask<Inspected>((answer) => held.depot.inspect(offering.release, answer));
  return turn.when(manifest, (turn, manifest) =>
    ask(held, turn, offering, readIn(held, turn, offering, manifest)),
  );
};
/**
 * The one way in which an offer is refused once it was looked at: it is forgotten. Of what is no release, that is
 * remembered in its place, else its text would be read again whenever it is offered.
 */
const orRefuse = (
  held: Taker,
  turn: Turn,
  offering: Offering,
  answer: Vow<Offered>,
): Vow<Offered> =>
  turn.when(
    answer,
    (_turn, offered) => offered,
    (turn, reason): Vow<Offered> => {
      const { asker, release } = offering;
      const code = reason instanceof ActorError ? reason.code : '';
      if (code === 'bad-release') remember(held, { ...offering, refusal: reason });
      else if (refusals.has(code)) held.offers.delete(keyOf(asker, release));
      return turn.broken(reason);
    },
  );
/** It says of a content what is not so; it is not taken here, or not now. */
const refusals: ReadonlySet<string> = new Set(['wrong-content', 'refused', 'limit']);
const readBefore = ({ offers }: Taker, release: Digest): Read | undefined =>
  [...offers.values()].find((each) => each.release === release && each.read !== undefined)?.read;

const ask = (
  held: Taker,
  turn: Turn,
  offering: Offering,
  { facts, contents }: Pick<Read, 'facts' | 'contents'>,
): Vow<Offered> => {
  const missing = turn.ask<PackedLacking>((answer) =>
    held.depot.missing(offering.asker, contents, answer),
  );
  return turn.when(missing, (_turn, lacking) => {
    remember(held, { ...offering, read: { facts, contents, lacking } });
    return page(lacking);
  });
};
/** @throws Limit, and what is not accepted */
const readIn = (
  held: Taker,
  turn: Turn,
  { release, origin }: Offering,
  manifest: Inspected,
): Pick<Read, 'facts' | 'contents'> => {
  const { contents, ...said } = manifest;
  const { run, checks } = said;
  held.accept(turn, release, manifest);
  makeRoomForContents(held, origin, contents.count);
  const wordCount = wordsIn(manifest);
  if (wordCount > limits.specWordCount)
    throw new Limit(
      `${held.name}: how ${shortly(release)} is run and checked takes ${wordCount} words, ` +
        `above ${limits.specWordCount}`,
    );
  const specBytes = byteCountOf(canonicalText({ run, checks }));
  if (specBytes > limits.specBytes)
    throw new Limit(
      `${held.name}: how ${shortly(release)} is run and checked takes ${specBytes} bytes, ` +
        `above ${limits.specBytes}`,
    );
  return { facts: { digest: release, ...said }, contents };
};

const wordsIn = ({ run, checks }: Pick<Manifest, 'run' | 'checks'>): number =>
  checks.reduce(
    (sum, check) => sum + ('exec' in check ? check.exec.length : 1),
    run.command.length + 2 * Object.keys(run.env ?? {}).length,
  );

const page = (lacking: PackedLacking, after?: string): Offered => {
  const { missing, isMore } = lackingPage(lacking, limits.pageCount, after);
  const { count: missingCount, missingBytes } = lacking;
  return { missing, ...(isMore && { isMore }), missingCount, missingBytes };
};

/**
 * The oldest offer of the asker goes first, then of those whose grants come from the same one, then the one that nobody
 * has asked about for long, then one of whoever has the most (fair.ts) and is not the owner of the machine, then one of
 * his own; for the owner of the machine others go in any case. @throws Limit
 */
const makeRoom = (held: Taker, { asker, origin }: Offering): void => {
  const { offers, name } = held;
  const byAge = [...offers.entries()].sort(older);
  const goFor = (count: number, isOf: (each: Offering) => boolean): void => {
    const theirs = byAge.filter(([key, each]) => offers.has(key) && isOf(each));
    const surplus = theirs.slice(0, Math.max(0, theirs.length - count + 1));
    for (const [key] of surplus) offers.delete(key);
  };
  goFor(limits.askerOfferCount, (each) => each.asker === asker);
  goFor(limits.originOfferCount, (each) => each.origin === origin);
  const left = byAge.filter(([key]) => offers.has(key));
  const [oldest] = left;
  if (offers.size < limits.offerCount || oldest === undefined) return;
  const own = left.filter(([, each]) => each.origin === origin);
  const ownCount = origin === localRoot ? 0 : own.length + 1;
  const ofMost = (): Entry | undefined => firstToGo(held, left, () => 1, ownCount);
  const goes = isIdle(held, oldest[1]) ? oldest : (ofMost() ?? own[0]);
  if (goes === undefined)
    throw new Limit(`${name}: ${offers.size} releases are on their way to it already`);
  offers.delete(goes[0]);
};
type Entry = readonly [key: string, each: Offering];
const isIdle = ({ clock }: Pick<Taker, 'clock'>, { atMs }: Offering): boolean =>
  clock.now() - atMs >= limits.idleOfferMs;
/** What the owner of the machine is bringing goes for nobody else. */
const firstToGo = (
  held: Pick<Taker, 'clock'>,
  all: readonly Entry[],
  sizeOf: (entry: Entry) => number,
  ownSize: number,
): Entry | undefined => {
  const some = all.filter(([, each]) => each.origin !== localRoot || isIdle(held, each));
  return firstOfMost(some, { ownerOf: ([, { origin }]) => origin, sizeOf }, ownSize);
};
/** Likewise for the contents of one that was read; for the owner of the machine others go in any case. @throws Limit */
export const makeRoomForContents = (
  held: Pick<Taker, 'offers' | 'name' | 'clock'>,
  origin: string,
  count: number,
): void => {
  const { offers, name } = held;
  const sizeOf = ([, { read }]: Entry): number => read?.contents.count ?? 0;
  const sumOf = (some: readonly Entry[]): number =>
    some.reduce((sum, each) => sum + sizeOf(each), 0);
  for (;;) {
    const byAge = [...offers.entries()].filter(([, { read }]) => read !== undefined).sort(older);
    if (sumOf(byAge) + count <= limits.offeredContentCount) return;
    const own = sumOf(byAge.filter(([, each]) => each.origin === origin));
    const goes = firstToGo(held, byAge, sizeOf, origin === localRoot ? 0 : own + count);
    if (goes === undefined)
      throw new Limit(`${name}: as many files as it takes are on their way to it already`);
    offers.delete(goes[0]);
  }
};
const older = ([, one]: Entry, [, other]: Entry): number => one.atMs - other.atMs;

/** Takes a piece. @throws NotOffered, BadRequest */
export const put = (held: Taker, turn: Turn, piece: Piece, asker: Asker): Vow<Put> => {
  const { sha256, offset, bytes } = piece;
  const { principal, origin = principal } = asker;
  const found = [...held.offers.values()]
    .filter(({ asker }) => asker === principal)
    .map((offering) => ({ offering, size: sizeOf(offering, sha256) }))
    .find(({ size }) => size !== undefined);
  if (found?.size === undefined)
    throw new NotOffered(`put: nobody has said here that ${sha256.slice(0, 12)} is missing`);
  const { offering, size } = found;
  if (bytes.length > limits.pieceBytes)
    throw new BadRequest(`put: ${bytes.length} bytes at once, above ${limits.pieceBytes}`);
  if (offset + bytes.length > size)
    throw new BadRequest(`put: it ends at ${offset + bytes.length}, and the content at ${size}`);
  // Where all of it is there and it is not whole, the node was stopped just then: an empty piece has it finished.
  if (bytes.length === 0 && offset < size) throw new BadRequest('put: a piece without bytes');
  remember(held, { ...offering, atMs: held.clock.now() });
  return turn.ask<Put>((answer) =>
    held.depot.put(
      principal,
      {
        sha256,
        size,
        offset,
        bytes,
        origin,
        ...(held.mostBytes !== undefined && { mostBytes: held.mostBytes }),
      },
      answer,
    ),
  );
};
const sizeOf = ({ manifest, read }: Offering, sha256: string): number | undefined =>
  manifest.sha256 === sha256 ? manifest.size : read && sizeIn(read.contents, sha256);

/** Whether a release was brought, by whomever, as far as its manifest. */
export const isOffered = (held: Taker, digest: Digest): boolean =>
  readBefore(held, digest) !== undefined;
/** An offer of a release whose manifest was read: that of this asker, else somebody else's. @throws NotOffered */
export const offeringOf = (
  { offers, name }: Pick<Taker, 'offers' | 'name'>,
  digest: Digest,
  asker: string,
): Offering & { readonly read: Read } => {
  const own = offers.get(keyOf(asker, digest));
  const all = [...offers.values()].filter(({ release }) => release === digest);
  for (const each of own === undefined ? all : [own, ...all])
    if (each.read !== undefined) return { ...each, read: each.read };
  throw new NotOffered(`${shortly(digest)} was not brought to ${name}: offer it first`);
};
/** What a release is that was brought, by whomever, and who has signed it as this asker says. @throws NotOffered */
export const offered = (held: Taker, digest: Digest, asker: string): SlotRelease => {
  const { signatures, read } = offeringOf(held, digest, asker);
  return { ...read.facts, signatures, stagedMs: Math.floor(held.clock.wall()) };
};
