/** What a slot is asked for, and whether it may be done: judged before anything is touched, and again later. */
import { Refused } from '@bellwether/actors';
import { BadRequest, cutText, isDigest, readSlotWord, type SlotWords } from '@bellwether/shepherd';
import { NotTrusted } from '../release/errors.ts';
import { judgeTrust } from '../release/signatures.ts';
import type { Digest, Signature } from '../release/types.ts';
import { migrationBetween } from './arrivals.ts';
import { limits } from './limits.ts';
import { named, releaseIn, shortly } from './record.ts';
import type { SlotOptions, SlotRecord, SlotRelease, SlotRules, SlotTrust } from './types.ts';

/** Releases of which the beginnings are understood. */
type There = Pick<SlotRecord, 'releases' | 'underway'>;

/**
 * Reads the arguments of an action: a digest, or what no other of the releases that are there begins with; and for
 * what switches `confirm=SECONDS`, `no-confirm` and `accept-data-loss`, in any order. @throws BadRequest
 */
export const wantedIn = (
  action: string,
  args: readonly string[],
  switches: boolean,
  there: There,
): SlotWords => {
  let wanted: SlotWords = {};
  for (const each of args) {
    const told = argumentIn(action, each, switches, there);
    const [twice] = Object.keys(told).filter((key) => Object.hasOwn(wanted, key));
    if (twice !== undefined) throw new BadRequest(`${action}: '${each}' is said twice`);
    wanted = { ...wanted, ...told };
  }
  if (wanted.confirmMs !== undefined && wanted.isUnconfirmed === true)
    throw new BadRequest(`${action}: it is either confirm=SECONDS or no-confirm`);
  return wanted;
};
const argumentIn = (action: string, word: string, switches: boolean, there: There): SlotWords => {
  const read = readSlotWord(word);
  const { release, confirmMs } = read ?? {};
  if (release !== undefined)
    return { release: isDigest(release) ? release : begunBy(action, release, there) };
  if (confirmMs !== undefined && switches) checkConfirm(action, confirmMs);
  if (read !== undefined && switches) return read;
  const shown = JSON.stringify(cutText(word, 80));
  const what = switches ? ', nor confirm=SECONDS, no-confirm or accept-data-loss' : '';
  throw new BadRequest(
    `${action}: ${shown} is no name of a release, nor six digits or more of its beginning${what}`,
  );
};
/** The release that is there and begins so. @throws BadRequest where none does, or several */
const begunBy = (action: string, beginning: Digest, { releases, underway }: There): Digest => {
  const known = releases.map(({ digest }) => digest);
  const all = new Set(underway === undefined ? known : [...known, underway.target]);
  const found = [...all].filter((digest) => digest.startsWith(beginning));
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) return first;
  if (first === undefined)
    throw new BadRequest(
      `${action}: no release here begins with ${beginning}; 'releases' shows those that are there`,
    );
  throw new BadRequest(
    `${action}: several begin with ${beginning}: ${found.slice(0, 4).join(', ')}`,
  );
};
const checkConfirm = (action: string, ms: number): void => {
  const { confirmLeastMs, confirmMostMs } = limits;
  if (ms >= confirmLeastMs && ms <= confirmMostMs) return;
  throw new BadRequest(
    `${action}: confirm= takes ${confirmLeastMs / 1_000} to ${confirmMostMs / 1_000} seconds`,
  );
};
/** The digest that an action cannot do without. @throws BadRequest */
export const digestIn = (action: string, { release }: SlotWords): Digest => {
  if (release !== undefined) return release;
  throw new BadRequest(`${action}: which release? 'releases' shows those that are there`);
};

/**
 * Whether the description of a slot takes a release at this moment; the way back is open at any time.
 * @throws NotTrusted, BadRelease
 */
export const judge = (
  { crypto, clock }: Pick<SlotOptions, 'crypto' | 'clock'>,
  trust: SlotTrust,
  digest: Digest,
  signatures: readonly Signature[],
  isWayBack = false,
): void => {
  judgeTrust(digest, signatures, trust, crypto);
  const { digests, fromMs = -Infinity, untilMs = Infinity } = trust;
  if (digests !== undefined && !digests.includes(digest))
    throw new NotTrusted(`${digest}: is none of the releases that this slot takes`);
  if (isWayBack) return;
  const wallMs = clock.wall();
  const at = (ms: number): string => new Date(ms).toISOString();
  if (wallMs < fromMs)
    throw new NotTrusted(`${digest}: this slot takes no release before ${at(fromMs)}`);
  if (wallMs >= untilMs)
    throw new NotTrusted(`${digest}: this slot takes no release any more, since ${at(untilMs)}`);
};

/** What a switch is judged by. */
export interface Switch extends Pick<SlotWords, 'isUnconfirmed' | 'acceptsLoss'> {
  readonly target: SlotRelease;
  /** It was active before, and is gone back to. */
  readonly isWayBack?: boolean;
}
/** Whether somebody goes back to what was good before: no time of day keeps him from that. */
export const isWayBack = (action: string, { verdict }: SlotRelease): boolean =>
  action === 'rollback' && verdict === 'committed';
/**
 * Whether a release may be switched to now. @throws NotTrusted, BadRelease, Refused with what to say to have it all
 * the same
 */
export const checkSwitch = (
  options: Pick<SlotOptions, 'crypto' | 'clock' | 'platform'>,
  { trust }: Pick<SlotRules, 'trust'>,
  record: SlotRecord,
  { target, isUnconfirmed, acceptsLoss, isWayBack }: Switch,
): void => {
  judge(options, trust, target.digest, target.signatures, isWayBack);
  checkPlatform(options.platform, target.platform, target.digest);
  const from = releaseIn(record, record.current);
  if (from === undefined || acceptsLoss === true) return;
  const past = migrationBetween(record, target.digest, from.digest);
  if (past !== undefined)
    throw new Refused(
      `${named(record, past.digest)} has changed data so that no release before it can use it, and ` +
        `${named(record, target.digest)} is one. 'accept-data-loss' switches to it all the same.`,
    );
  if (target.dataMigration === 'forward-only' && isUnconfirmed !== true)
    throw new Refused(
      `${named(record, target.digest)} changes data so that ${named(record, from.digest)} cannot use it ` +
        `any more: it is not taken back by itself. 'no-confirm' switches to it for good, 'accept-data-loss' lets it ` +
        'be taken back all the same.',
    );
};
/** @throws Refused for a release of another platform */
export const checkPlatform = (here: string, platform: string | undefined, digest: Digest): void => {
  if (platform === undefined || platform === here) return;
  throw new Refused(
    `${shortly(digest)} is for ${platform}, and this machine is ${here}: bring one that was built for it`,
  );
};

/** Whether what was switched to may be taken back by the slot itself. */
export const mayGoBack = (
  record: SlotRecord,
  target: Digest,
  from: Digest | undefined,
  acceptsLoss: boolean,
): boolean =>
  acceptsLoss || from === undefined || releaseIn(record, target)?.dataMigration !== 'forward-only';
