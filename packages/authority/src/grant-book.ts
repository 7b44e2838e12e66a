/**
 * The `^grant-book` of a host: all grants to what is here, judged here, on each call. It has no part in what is done
 * through them: who stands in front of a service asks it first (`judge`), and is told when that ends (`hold`).
 *
 *     make ──► invite ──redeem──► a swissnum of the holder's own
 *     judge      the whole chain, by a time that never goes back; a use is counted in the turn that asks
 *     revoke     one record; all that was narrowed from it is dead with it, since each call looks at the whole chain
 *     confirm    after a backup was put back: what was granted before may have been taken back since
 */
import { type Bcom, type Behavior, type Turn } from '@bellwether/actors';
import { audit, type Past } from './audit/index.ts';
import { cutDead, expect, forgetOld, lookAtClock, record } from './endings.ts';
import { Denied, endedSince, neverAccepted, unknownGrant } from './errors.ts';
import { bind, livingChain, make, openInvite, usable } from './giving.ts';
import { makeInvite } from './invite.ts';
import { judge, wasCounted, type Chain, type Moment } from './judge.ts';
import { hold, leave } from './holds.ts';
import { limits } from './limits.ts';
import { mintedState, revokeMinted } from './minted.ts';
import { idOf, kindOf, mintedId } from './names.ts';
import { spend } from './rate.ts';
import {
  chainOf,
  factsOf,
  fillShelf,
  knownChain,
  linksOf,
  livingIn,
  mayManage,
  mintedEnd,
  momentAt,
  nameOf,
  originOf,
  putGrant,
  topOf,
  treeOf,
  type GrantBookOptions,
  type Shelf,
} from './shelf.ts';
import { names, readLifetime, readName, readReason, readSpec } from './spec.ts';
import { clockOf, takeBackTime } from './time.ts';
import type { Found, GrantBook, GrantFacts, Principal, RevocationEntry, Wish } from './types.ts';

/** Makes the book from the records of earlier lives. */
export const makeGrantBook = (
  turn: Turn<GrantBook>,
  _bcom: Bcom<GrantBook>,
  options: GrantBookOptions,
): Behavior<GrantBook> => {
  const shelf = fillShelf(turn, options);
  expect(shelf, turn, lookAtClock(shelf, turn));
  forgetOld(shelf, turn, lookAtClock(shelf, turn), '');
  return {
    make: (turn, issuer, spec) => make(shelf, turn, issuer, readSpec(spec)),
    judge: (turn, grant, wish) => judged(shelf, turn, grant, wish),
    count: (turn, grant, operation) =>
      count(shelf, turn, knownChain(shelf, grant), operation, lookAtClock(shelf, turn)),
    hold: (turn, grant, cut) => {
      if (kindOf(grant) !== 'minted') livingChain(shelf, grant, lookAtClock(shelf, turn));
      const dead = mintedEnd(shelf, grant);
      if (dead !== undefined) throw dead;
      hold(shelf, turn, grant, cut);
    },
    attend: (_turn, worker) => shelf.worker.set(worker),
    leave: (_turn, grant, cut) => leave(shelf, grant, cut),
    facts: (turn, grant) =>
      factsOf(shelf, knownChain(shelf, grant), grant, lookAtClock(shelf, turn)),
    chain: (_turn, grant) => {
      const chain = chainOf(shelf, grant);
      return chain === undefined ? [] : linksOf(shelf, chain);
    },
    origin: (_turn, asker) => origin(shelf, asker),
    originUnder: (_turn, hash) =>
      origin(shelf, shelf.held.get(hash) ?? shelf.invited.get(hash) ?? ''),
    list: (turn, viewer) => list(shelf, turn, viewer),
    revoke: (turn, by, grant, reason) => revoke(shelf, turn, by, grant, readReason(reason)),
    revokeMinted: (turn, hash, reason) => revokeMinted(shelf, turn, hash, readReason(reason)),
    mintedState: (_turn, hash) => mintedState(shelf, hash),
    confirmMinted: (_turn, hash) => void shelf.heldBack.delete(mintedId(hash)),
    renew: (turn, by, grant, lifetimeMs) => renew(shelf, turn, by, grant, readLifetime(lifetimeMs)),
    confirm: (turn, grants, past) => confirm(shelf, turn, grants, past),
    clock: (turn) => clockOf(shelf, turn),
    takeBackTime: (turn) => takeBackTime(shelf, turn),
    whoCan: (turn, action, service) => whoCan(shelf, turn, action, service),
    find: (turn, hash) => find(shelf, turn, hash),
    openInvite: (turn, grant) => openInvite(shelf, turn, grant),
    bind: (turn, grant, holder) => bind(shelf, turn, grant, holder),
  };
};

const origin = (shelf: Shelf, asker: Principal): string | undefined => {
  if (kindOf(asker) === 'minted') return idOf(asker);
  const chain = chainOf(shelf, asker);
  return chain === undefined ? undefined : idOf(originOf(chain));
};

const judged = (shelf: Shelf, turn: Turn, id: string, wish: Wish) => {
  if (kindOf(id) === 'minted') return mintedEnd(shelf, id);
  const moment = momentAt(shelf, lookAtClock(shelf, turn));
  const chain = chainOf(shelf, id);
  if (chain === undefined) return unknownGrant();
  const answer = judge(chain, wish, moment, (each) => nameOf(shelf, each));
  const { action, operation, isTry } = wish;
  if (answer !== undefined || action === undefined || operation === undefined) return answer;
  spendRates(shelf, chain, moment);
  if (isTry !== true && !wasCounted(chain, wish))
    count(shelf, turn, chain, operation, moment.nowMs);
  return undefined;
};

const spendRates = (shelf: Shelf, chain: Chain, { ticksMs }: Moment): void => {
  for (const { grant, spent = [] } of chain)
    if (grant.rate !== undefined) shelf.spent.set(grant.id, spend(grant.rate, spent, ticksMs));
};
/** Its use counts for all of the chain: else whoever narrows a grant would multiply it. */
const count = (shelf: Shelf, turn: Turn, chain: Chain, operation: string, nowMs: number): void => {
  // What nobody has bounded is counted for people; nothing waits for that.
  const gates = chain.some(({ grant }) => grant.maxUses !== undefined);
  for (const { grant, uses } of chain) {
    const recent = uses?.recent ?? [];
    const count = (uses?.count ?? 0) + 1;
    const entry = {
      kind: 'uses' as const,
      id: grant.id,
      count,
      lastMs: nowMs,
      // Ids belong to who chose them: below a grant others have their own.
      recent:
        grant.id === chain[0].grant.id
          ? [...recent.slice(1 - limits.recentCount), operation]
          : recent,
      ...(count === grant.maxUses && { isLast: true as const }),
    };
    shelf.uses.set(grant.id, entry);
    record(turn, entry, { gates });
  }
};

/** Each before those that were narrowed from it, in the order in which they were made. */
const list = (shelf: Shelf, turn: Turn, viewer: Principal): readonly GrantFacts[] => {
  const nowMs = lookAtClock(shelf, turn);
  const found: GrantFacts[] = [];
  for (const id of treeOf(shelf, shelf.grants.has(viewer) ? viewer : '')) {
    const chain = chainOf(shelf, id);
    if (chain !== undefined && id !== viewer && mayManage(viewer, chain))
      found.push(factsOf(shelf, chain, viewer, nowMs));
  }
  return found;
};

const revoke = (
  shelf: Shelf,
  turn: Turn,
  by: Principal,
  id: string,
  reason: string | undefined,
): readonly string[] => {
  const nowMs = lookAtClock(shelf, turn);
  const chain = chainOf(shelf, id);
  if (chain === undefined || !mayManage(by, chain)) throw unknownGrant();
  if (shelf.grants.has(by)) livingChain(shelf, by, nowMs);
  const ended = livingIn(shelf, treeOf(shelf, id), nowMs);
  if (ended[0] !== id) return [];
  const said = reason === undefined ? {} : { reason };
  const entry: RevocationEntry = { kind: 'revocation', id, atMs: nowMs, by, ...said };
  shelf.revocations.set(id, entry);
  record(turn, entry);
  const { service } = chain[0].grant;
  const about = { asker: by, chain: linksOf(shelf, chain), service, grant: id };
  audit(turn, { event: 'revoked', ...about, ...said });
  cutDead(shelf, turn, nowMs);
  return ended;
};

/** Who gave a grant has no end of it but his own. */
const renew = (shelf: Shelf, turn: Turn, by: Principal, id: string, lifetimeMs: number): number => {
  const nowMs = lookAtClock(shelf, turn);
  const chain = chainOf(shelf, id);
  if (chain === undefined || chain[0].grant.issuer !== by) throw unknownGrant();
  const [{ grant }, above] = livingChain(shelf, id, nowMs);
  const { expiresMs = Infinity, renewableUntilMs } = grant;
  if (renewableUntilMs === undefined) throw new Denied(`grant ${id} cannot be renewed`);
  const mostMs = Math.min(renewableUntilMs, above?.grant.expiresMs ?? Infinity);
  const wantedMs = Math.min(nowMs + lifetimeMs, mostMs);
  if (wantedMs <= expiresMs) return expiresMs;
  const renewed = { ...grant, expiresMs: wantedMs };
  putGrant(shelf, turn, renewed);
  record(turn, { kind: 'grant', grant: renewed });
  return wantedMs;
};

const confirm = (shelf: Shelf, turn: Turn, wanted: unknown, past?: Past): readonly string[] => {
  const { now, restored } = shelf.options.rightsEpoch;
  const ids =
    wanted === undefined ? [...shelf.grants.keys()] : names(wanted, 'grants', limits.grantCount);
  const confirmed: string[] = [];
  for (const id of ids) {
    const { grant } = knownChain(shelf, id)[0];
    if (grant.epoch >= restored) continue;
    const why = past && endedIn(past, knownChain(shelf, id));
    if (why !== undefined) {
      if (wanted === undefined) continue;
      throw endedSince(id, why);
    }
    if (grant.hash === undefined) {
      if (wanted === undefined) continue;
      throw neverAccepted(id);
    }
    const uses = shelf.uses.get(id);
    const usedCount = past?.usedCounts.get(id) ?? 0;
    if (usedCount > (uses?.count ?? 0)) {
      const entry = {
        kind: 'uses' as const,
        lastMs: grant.madeMs,
        recent: [],
        ...uses,
        id,
        count: usedCount,
      };
      shelf.uses.set(id, entry);
      record(turn, entry);
    }
    putGrant(shelf, turn, { ...grant, epoch: now });
    record(turn, { kind: 'grant', grant: { ...grant, epoch: now } });
    audit(turn, { event: 'confirmed', asker: 'root', service: grant.service, grant: id });
    confirmed.push(id);
  }
  return confirmed;
};

/** Why a grant, or what it comes from, ended after its records were written. */
const endedIn = ({ revoked, usedCounts }: Past, chain: Chain): string | undefined => {
  for (const { grant } of chain) {
    const of = grant.id === chain[0].grant.id ? '' : `${grant.id}, which it comes from, was `;
    const why = revoked.get(grant.id);
    if (why !== undefined) return `${of}${why}`;
    const { maxUses } = grant;
    if (maxUses !== undefined && (usedCounts.get(grant.id) ?? 0) >= maxUses)
      return `${of}used for all ${maxUses} of its operations`;
  }
  const { issuer } = topOf(chain);
  const minted = idOf(issuer);
  const why = revoked.get(minted);
  return why && `${minted}, which it comes from, was ${why}`;
};

const whoCan = (
  shelf: Shelf,
  turn: Turn,
  action: string,
  service: string,
): readonly GrantFacts[] => {
  readName(action, 'action');
  readName(service, 'service');
  const isLook = action === 'status' || action === 'log';
  return list(shelf, turn, 'root').filter(
    ({ state, ...facts }) =>
      (state === 'live' || (isLook && state === 'used-up')) &&
      facts.service === service &&
      facts.actions.includes(action),
  );
};

const find = (shelf: Shelf, turn: Turn<GrantBook>, hash: string): Found | undefined => {
  const nowMs = lookAtClock(shelf, turn);
  const grant = shelf.grants.get(shelf.held.get(hash) ?? '');
  if (grant !== undefined) return { kind: 'grant', grant: grant.id, service: grant.service };
  const id = shelf.invited.get(hash);
  if (id === undefined || usable(shelf, id, nowMs) === undefined) return undefined;
  const known = shelf.inviteRefs.get(id);
  if (known !== undefined) return { kind: 'invite', invite: known };
  const { crypto, designator, clock } = shelf.options;
  const book = turn.self;
  const now = (): number => clock.now();
  const invite = turn.spawn(makeInvite, { book, grant: id, crypto, designator, now });
  shelf.inviteRefs.set(id, invite);
  return { kind: 'invite', invite };
};
