/**
 * How grants end, and who is told.
 *
 *     seen        the time reaches the end of a grant or an invite: recorded, so that no clock makes it begin again
 *     cut         whatever lives off a grant that ended hears of it in the same turn, and what has not begun of its
 *                 operations is called off, also where nobody waits for their answers any more
 *     forgotten   what ended long ago, or is too much of it
 */
import type { ActorError, Turn } from '@bellwether/actors';
import { standing } from './judge.ts';
import { limits } from './limits.ts';
import {
  chainOf,
  endOf,
  mintedEnd,
  momentAt,
  nameOf,
  timeOf,
  treeOf,
  type Shelf,
} from './shelf.ts';
import type { BookEntry } from './types.ts';

/** Records an entry of the book. */
export const record = (
  turn: Turn,
  entry: BookEntry,
  how: { readonly gates: boolean } = { gates: true },
): void => turn.record(entry, how);

/** The time by which this turn judges; ends what has reached its end, and records that it was seen. */
export const lookAtClock = (shelf: Shelf, turn: Turn): number => {
  const exactMs = timeOf(shelf);
  const nowMs = Math.floor(exactMs);
  const { seen, options, nextEndMs } = shelf;
  if (exactMs > seen.get().wallMs) seen.set({ wallMs: exactMs, ticksMs: options.clock.now() });
  if (nowMs < nextEndMs.get()) return nowMs;
  latch(shelf, turn, nowMs, true);
  cutDead(shelf, turn, nowMs);
  expect(shelf, turn, nowMs);
  return nowMs;
};

const latch = (shelf: Shelf, turn: Turn, wallMs: number, gates: boolean): void => {
  shelf.latchedMs.set(wallMs);
  record(turn, { kind: 'clock', wallMs }, { gates });
};

/** Finds out what ends next after what is known to have ended, and looks at the clock then, or in a minute. */
export const expect = (shelf: Shelf, turn: Turn, nowMs: number): void => {
  const latchedMs = shelf.latchedMs.get();
  let nextMs = Infinity;
  const consider = (endMs: number | undefined): void => {
    if (endMs !== undefined && endMs > latchedMs) nextMs = Math.min(nextMs, endMs);
  };
  for (const { expiresMs } of shelf.grants.values()) consider(expiresMs);
  for (const { expiresMs } of shelf.invites.values()) consider(expiresMs);
  awaitEnd(shelf, turn, nowMs, nextMs);
};
/** There is an end now that may come before the others. */
export const expectAt = (shelf: Shelf, turn: Turn, nowMs: number, endMs: number): void => {
  if (endMs < shelf.nextEndMs.get()) awaitEnd(shelf, turn, nowMs, endMs);
};
const awaitEnd = (shelf: Shelf, turn: Turn, nowMs: number, endMs: number): void => {
  shelf.nextEndMs.set(endMs);
  shelf.timer.get()?.cancel();
  shelf.timer.set(undefined);
  if (endMs === Infinity) return;
  const waitMs = Math.min(Math.max(endMs - nowMs, 0), limits.clockMs);
  const timer = turn.after(waitMs, (turn) => {
    shelf.timer.set(undefined);
    const nowMs = lookAtClock(shelf, turn);
    if (nowMs - shelf.latchedMs.get() >= limits.clockMs) latch(shelf, turn, nowMs, false);
    if (shelf.timer.get() === undefined) awaitEnd(shelf, turn, nowMs, shelf.nextEndMs.get());
  });
  shelf.timer.set(timer);
};

/** Tells everybody whose grant is dead, once, and whoever carries something out for it. */
export const cutDead = (shelf: Shelf, turn: Turn, nowMs: number): void => {
  const moment = momentAt(shelf, nowMs);
  const whyDead = (id: string): ActorError | undefined => {
    const chain = chainOf(shelf, id);
    return chain ? standing(chain, moment, (each) => nameOf(shelf, each)) : mintedEnd(shelf, id);
  };
  const worker = shelf.worker.get();
  if (worker !== undefined)
    for (const id of turn.call(worker, 'openAskers')) {
      const why = whyDead(id);
      if (why !== undefined) tell(turn, (turn) => turn.call(worker, 'callOff', id, why));
    }
  for (const [id, cuts] of [...shelf.cuts.entries()]) {
    const why = whyDead(id);
    if (why === undefined) continue;
    shelf.cuts.delete(id);
    for (const cut of cuts.keys()) tell(turn, (turn) => turn.call(cut, 'cut', why));
  }
};
/**
 * One that throws keeps nobody from taking back a right: it is told again by itself, once that is durable, and a bug in
 * it ends the life then.
 */
const tell = (turn: Turn, how: (turn: Turn) => void): void => {
  try {
    how(turn);
  } catch {
    turn.after(0, how);
  }
};

/**
 * Forgets grants that ended long ago, and the oldest of too many that ended below one that the host's owner gave: of
 * the tree of one such, or of all for the empty text.
 */
export const forgetOld = (shelf: Shelf, turn: Turn, nowMs: number, top: string): void => {
  const tops = top === '' ? [...(shelf.below.get('')?.keys() ?? [])] : [top];
  for (const each of tops) forgetBelow(shelf, turn, nowMs, treeOf(shelf, each));
};
const forgetBelow = (shelf: Shelf, turn: Turn, nowMs: number, tree: readonly string[]): void => {
  const ended: { readonly id: string; readonly endMs: number }[] = [];
  for (const id of tree) {
    const chain = chainOf(shelf, id);
    const endMs = chain === undefined ? 0 : endOf(shelf, chain, nowMs);
    if (endMs !== Infinity) ended.push({ id, endMs });
  }
  // What was narrowed from another ended no later; of those that ended together it goes first.
  ended.reverse().sort((a, b) => a.endMs - b.endMs);
  const tooManyCount = ended.length - limits.endedCount;
  for (const [at, { id, endMs }] of ended.entries())
    if (at < tooManyCount || endMs + limits.endedMs <= nowMs) forget(shelf, turn, id);
};
const forget = (shelf: Shelf, turn: Turn, id: string): void => {
  const { hash, parent = '' } = shelf.grants.get(id) ?? {};
  const invite = shelf.invites.get(id);
  if (hash !== undefined) shelf.held.delete(hash);
  if (invite !== undefined) shelf.invited.delete(invite.hash);
  shelf.below.get(parent)?.delete(id);
  for (const map of everything(shelf)) map.delete(id);
  record(turn, { kind: 'purged', id });
};
const everything = (shelf: Shelf) =>
  [
    shelf.grants,
    shelf.below,
    shelf.revocations,
    shelf.uses,
    shelf.invites,
    shelf.inviteRefs,
    shelf.spent,
    shelf.changes,
    shelf.alerts,
    shelf.cuts,
  ] as const;
