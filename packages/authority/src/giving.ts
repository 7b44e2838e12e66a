/**
 * Making a grant and having it redeemed.
 *
 *     make     asked ──► random bytes from a power ──► everything is looked at again, since time has passed: kept
 *     bind     proved ──► random bytes ──► again: whoever comes first has it; another key is refused, and named
 */
import { Limit, type Turn, type Vow } from '@bellwether/actors';
import { audit } from './audit/index.ts';
import { expectAt, forgetOld, lookAtClock, record } from './endings.ts';
import { TooMany, uselessInvite } from './errors.ts';
import { standing, type Chain } from './judge.ts';
import { limits } from './limits.ts';
import { bytesOf, fingerprintOf, freshId, hexOf, idBytes, idOf, kindOf } from './names.ts';
import { narrowed, termsOf, type Terms } from './narrow.ts';
import { spend, waitFor } from './rate.ts';
import {
  chainOf,
  endOf,
  factsOf,
  isOpen,
  knownChain,
  linksOf,
  mintedEnd,
  momentAt,
  nameOf,
  originOf,
  putGrant,
  putInvite,
  topOf,
  treeOf,
  type Shelf,
} from './shelf.ts';
import type {
  Granted,
  GrantRecord,
  GrantSpec,
  InviteEntry,
  OpenInvite,
  Principal,
  Redeemed,
} from './types.ts';

/** Makes a grant; the spec was read. @throws Limit, TooMany, TooWide, Revocation, Expired, Unconfirmed, Refused */
export const make = (
  shelf: Shelf,
  turn: Turn,
  issuer: Principal,
  spec: GrantSpec,
): Vow<Granted> => {
  // Nobody waits for randomness in vain. Whether there is room is seen afterwards: to look takes longer.
  termsFor(shelf, issuer, spec, lookAtClock(shelf, turn));
  const random = randomBytes(shelf, turn, limits.swissnumBytes + idBytes);
  return turn.when(random, (turn, bytes) => {
    const { terms, nowMs } = drafted(shelf, turn, issuer, spec);
    const id = freshId(bytes.subarray(limits.swissnumBytes), (id) => shelf.grants.has(id));
    if (id === undefined) throw new Limit('grant: found no id that is free; try again');
    const swissnum = bytes.slice(0, limits.swissnumBytes);
    return made(shelf, turn, { id, issuer, terms, swissnum, nowMs, inviteMs: spec.inviteMs });
  });
};

interface Draft {
  readonly id: string;
  readonly issuer: Principal;
  readonly terms: Terms;
  readonly swissnum: Uint8Array;
  readonly nowMs: number;
  readonly inviteMs: number | undefined;
}
const made = (shelf: Shelf, turn: Turn, draft: Draft): Granted => {
  const { id, issuer, terms, swissnum, nowMs, inviteMs = limits.inviteMs } = draft;
  const epoch = shelf.options.rightsEpoch.now;
  const parent = isGrant(issuer) ? issuer : undefined;
  const grant: GrantRecord = {
    id,
    epoch,
    madeMs: nowMs,
    issuer,
    ...(parent !== undefined && { parent }),
    ...terms,
  };
  const inviteExpiresMs = Math.min(nowMs + inviteMs, terms.expiresMs ?? Infinity);
  const hash = hashOf(shelf, swissnum);
  const invite: InviteEntry = { kind: 'invite', id, hash, epoch, expiresMs: inviteExpiresMs };
  putGrant(shelf, turn, grant);
  putInvite(shelf, invite);
  record(turn, { kind: 'grant', grant });
  record(turn, invite);
  expectAt(shelf, turn, nowMs, inviteExpiresMs);
  const chain = knownChain(shelf, id);
  audit(turn, {
    event: 'granted',
    asker: issuer,
    chain: linksOf(shelf, chain),
    service: grant.service,
    action: grant.actions.join(' '),
    ...(grant.label !== undefined && { label: grant.label }),
    grant: id,
  });
  return { grant: factsOf(shelf, chain, issuer, nowMs), swissnum, inviteExpiresMs };
};

/** The terms that are asked for, if there is room for them. */
const drafted = (
  shelf: Shelf,
  turn: Turn,
  issuer: Principal,
  spec: GrantSpec,
): { readonly terms: Terms; readonly nowMs: number } => {
  const nowMs = lookAtClock(shelf, turn);
  const terms = termsFor(shelf, issuer, spec, nowMs);
  const parent = isGrant(issuer) ? knownChain(shelf, issuer) : undefined;
  forgetOld(shelf, turn, nowMs, parent === undefined ? '' : topOf(parent).id);
  checkRoom(shelf, issuer, parent, nowMs);
  if (parent !== undefined) checkRoomBelow(shelf, parent, nowMs);
  spendChange(shelf, parent === undefined ? issuer : originOf(parent));
  return { terms, nowMs };
};
/** @throws why the issuer's own grant is dead; TooWide */
const termsFor = (shelf: Shelf, issuer: Principal, spec: GrantSpec, nowMs: number): Terms => {
  if (isGrant(issuer)) return narrowed(livingChain(shelf, issuer, nowMs)[0].grant, spec, nowMs);
  const dead = mintedEnd(shelf, issuer);
  if (dead !== undefined) throw dead;
  return termsOf(spec, nowMs);
};
const isGrant = (principal: Principal): boolean => kindOf(principal) === 'grant';

/** The chain of a grant that stands. @throws why it does not */
export const livingChain = (shelf: Shelf, id: string, nowMs: number): Chain => {
  const chain = knownChain(shelf, id);
  const dead = standing(chain, momentAt(shelf, nowMs), (each) => nameOf(shelf, each));
  if (dead !== undefined) throw dead;
  return chain;
};

const checkRoom = (
  shelf: Shelf,
  issuer: Principal,
  parent: Chain | undefined,
  nowMs: number,
): void => {
  if (shelf.grants.size >= limits.grantCount)
    throw new Limit(`grant: ${limits.grantCount} are kept here, no more are made`);
  const origin = parent === undefined ? issuer : originOf(parent);
  let [openCount, ownCount] = [0, 0];
  for (const { id, holder } of shelf.invites.values()) {
    if (holder !== undefined || !isOpen(shelf, id, nowMs)) continue;
    const chain = chainOf(shelf, id);
    if (chain === undefined) continue;
    openCount += 1;
    if (originOf(chain) === origin) ownCount += 1;
  }
  const { openInviteCount, originInviteCount } = limits;
  const most = origin === 'root' ? openInviteCount : openInviteCount - limits.ownerInviteCount;
  if (openCount >= most) throw new Limit(`grant: ${most} invites are open; let some be accepted`);
  if (origin !== 'root' && ownCount >= originInviteCount)
    throw new Limit(
      `grant: ${originInviteCount} invites of ${idOf(origin)} are open; let some be accepted`,
    );
};

const checkRoomBelow = (shelf: Shelf, chain: Chain, nowMs: number): void => {
  const [{ grant: parent }] = chain;
  if (chain.length >= limits.depth)
    throw new Limit(`grant: ${parent.id} is the ${limits.depth}th in its chain, the last one`);
  const top = topOf(chain).id;
  let childCount = 0;
  let belowCount = 0;
  for (const id of treeOf(shelf, top)) {
    const other = chainOf(shelf, id);
    if (other === undefined || endOf(shelf, other, nowMs) !== Infinity) continue;
    if (other[0].grant.parent === parent.id) childCount += 1;
    if (id !== top) belowCount += 1;
  }
  if (childCount >= limits.childCount)
    throw new Limit(`grant: ${parent.id} was narrowed to ${limits.childCount} already`);
  if (belowCount >= limits.descendantCount)
    throw new Limit(`grant: ${limits.descendantCount} stand below ${top} already`);
};

/** Counts a change for an origin; the owner has no end of them. @throws TooMany */
const spendChange = (shelf: Shelf, origin: Principal): void => {
  if (origin === 'root') return;
  const rate = { count: limits.changeCount, windowMs: limits.changeMs };
  const spent = shelf.changes.get(origin) ?? [];
  const ticksMs = shelf.options.clock.now();
  const waitMs = waitFor(rate, spent, ticksMs);
  if (waitMs > 0) throw new TooMany(idOf(origin), waitMs);
  shelf.changes.set(origin, spend(rate, spent, ticksMs));
};

/** What an invite tells, as long as it is of use. @throws Refused */
export const openInvite = (shelf: Shelf, turn: Turn, id: string): OpenInvite => {
  const nowMs = lookAtClock(shelf, turn);
  const invite = usable(shelf, id, nowMs);
  if (invite === undefined) throw uselessInvite();
  return {
    grant: factsOf(shelf, knownChain(shelf, id), id, nowMs),
    hash: bytesOf(invite.hash),
  };
};
/** The invite to a grant, if both can still be used. */
export const usable = (shelf: Shelf, id: string, nowMs: number): InviteEntry | undefined => {
  const invite = shelf.invites.get(id);
  const chain = chainOf(shelf, id);
  if (invite === undefined || chain === undefined || !isOpen(shelf, id, nowMs)) return undefined;
  return standing(chain, momentAt(shelf, nowMs), String) === undefined ? invite : undefined;
};

/** Binds a grant to a key that has proved itself. Broken with Refused where another one has it. */
export const bind = (
  shelf: Shelf,
  turn: Turn,
  id: string,
  publicKey: Uint8Array,
): Vow<Redeemed> => {
  const holder = hexOf(publicKey);
  const random = randomBytes(shelf, turn, limits.swissnumBytes);
  return turn.when(
    random,
    (turn, swissnum) =>
      unbindable(shelf, turn, id, holder) ?? turn.kept(bound(shelf, turn, id, holder, swissnum)),
  );
};

/** A broken vow, and not an error: what it records shall stay. */
const unbindable = (
  shelf: Shelf,
  turn: Turn,
  id: string,
  holder: string,
): Vow<Redeemed> | undefined => {
  const invite = usable(shelf, id, lookAtClock(shelf, turn));
  if (invite !== undefined && (invite.holder ?? holder) === holder) return undefined;
  if (invite?.holder !== undefined) alert(shelf, turn, id, holder, invite.holder);
  return turn.broken(uselessInvite());
};

/** Two keys have one secret: each of them may be the one that it was meant for. */
const alert = (shelf: Shelf, turn: Turn, id: string, refused: string, holder: string): void => {
  const alertCount = shelf.alerts.get(id) ?? 0;
  if (alertCount >= limits.alertCount) return;
  shelf.alerts.set(id, alertCount + 1);
  const chain = knownChain(shelf, id);
  const fingerprint = (key: string): string => fingerprintOf(shelf.options.crypto, bytesOf(key));
  const came = fingerprint(refused);
  audit(turn, {
    event: 'alert',
    asker: came,
    chain: linksOf(shelf, chain),
    service: chain[0].grant.service,
    code: 'redeemed-twice',
    reason: `key ${came} tried to redeem the invite that key ${fingerprint(holder)} has redeemed`,
    grant: id,
  });
};

const bound = (
  shelf: Shelf,
  turn: Turn,
  id: string,
  holder: string,
  swissnum: Uint8Array,
): Redeemed => {
  // An invite that was not used for want of room stays open.
  shelf.options.checkRoom?.(id);
  const [{ grant: before }] = knownChain(shelf, id);
  const invite = shelf.invites.get(id);
  if (invite === undefined) throw uselessInvite();
  if (invite.holder !== undefined) spendChange(shelf, originOf(knownChain(shelf, id)));
  const grant: GrantRecord = { ...before, hash: hashOf(shelf, swissnum), holder };
  putGrant(shelf, turn, grant);
  putInvite(shelf, { ...invite, holder });
  record(turn, { kind: 'grant', grant });
  record(turn, { ...invite, holder });
  const chain = knownChain(shelf, id);
  const { service } = grant;
  audit(turn, { event: 'redeemed', asker: id, chain: linksOf(shelf, chain), service, grant: id });
  return {
    grant: factsOf(shelf, chain, id, lookAtClock(shelf, turn)),
    uri: shelf.options.uriOf(swissnum, grant.isLocal === true),
  };
};

const randomBytes = ({ options }: Shelf, turn: Turn, byteCount: number): Vow<Uint8Array> =>
  turn.ask((answer) => answer.kept(options.crypto.random(byteCount)));
const hashOf = ({ options }: Shelf, swissnum: Uint8Array): string =>
  hexOf(options.crypto.sha256(swissnum));
