/**
 * The time by which grants end, and how the owner of a host takes it back. It never goes back by itself, so a clock
 * that was years ahead for a moment has ended all that had an end, and stays the time until the clock gets there;
 * meanwhile nothing ends while no daemon runs.
 *
 *     a grant, a revocation     after it was taken back
 *     from before that          as it was: what had ended by the wrong time alone stands again
 *       and can be renewed      ends sooner by as much as the time goes back: nobody knows by which of the two it was
 *                               renewed last. What is left of it stays the same, and what has ended stays so
 *     from since then           is moved back with the time, so that what is left of it stays the same
 *     that was forgotten        stays so
 *
 * What was made by the wrong time, at one that the right clock has reached meanwhile, cannot be told from what is
 * older. It ends later by as much as the time goes back, so the answer names what stands again.
 */
import type { Turn } from '@bellwether/actors';
import { expect, lookAtClock, record } from './endings.ts';
import { isTimeUp, knownChain, putGrant, putInvite, stateOf, type Shelf } from './shelf.ts';
import type { GrantClock, GrantRecord } from './types.ts';

/** By what things are judged, and what the machine says. */
export const clockOf = (shelf: Shelf, turn: Turn): GrantClock => ({
  nowMs: lookAtClock(shelf, turn),
  wallMs: Math.floor(shelf.options.clock.wall()),
  returned: [],
});

/** From now on the clock of the machine is believed again. Gives how it was, and what stands again by that. */
export const takeBackTime = (shelf: Shelf, turn: Turn): GrantClock => {
  const before = clockOf(shelf, turn);
  const { nowMs, wallMs } = before;
  const aheadMs = nowMs - wallMs;
  if (aheadMs <= 0) return before;
  const ended = [...shelf.grants.keys()].filter((id) => isTimeUp(stateAt(shelf, id, nowMs)));
  for (const grant of [...shelf.grants.values()])
    if (grant.madeMs > wallMs) moveBack(shelf, turn, grant, aheadMs);
    else if (grant.renewableUntilMs !== undefined) endSooner(shelf, turn, grant, aheadMs);
  for (const entry of [...shelf.revocations.values()]) {
    if (entry.atMs <= wallMs) continue;
    const moved = { ...entry, atMs: entry.atMs - aheadMs };
    shelf.revocations.set(entry.id, moved);
    record(turn, moved);
  }
  for (const entry of [...shelf.uses.values()]) {
    if (entry.lastMs <= wallMs) continue;
    const moved = { ...entry, lastMs: entry.lastMs - aheadMs };
    shelf.uses.set(entry.id, moved);
    record(turn, moved);
  }
  shelf.seen.set({ wallMs, ticksMs: shelf.options.clock.now() });
  shelf.latchedMs.set(wallMs);
  record(turn, { kind: 'clock', wallMs });
  expect(shelf, turn, wallMs);
  const returned = ended.filter((id) => !isTimeUp(stateAt(shelf, id, wallMs)));
  return { ...before, returned };
};

const stateAt = (shelf: Shelf, id: string, nowMs: number) =>
  stateOf(shelf, knownChain(shelf, id), nowMs);

const endSooner = (shelf: Shelf, turn: Turn, before: GrantRecord, aheadMs: number): void => {
  const { madeMs, expiresMs } = before;
  if (expiresMs === undefined) return;
  const grant: GrantRecord = { ...before, expiresMs: Math.max(expiresMs - aheadMs, madeMs) };
  putGrant(shelf, turn, grant);
  record(turn, { kind: 'grant', grant });
};

const moveBack = (shelf: Shelf, turn: Turn, before: GrantRecord, aheadMs: number): void => {
  const { id, madeMs, expiresMs, renewableUntilMs } = before;
  const grant: GrantRecord = {
    ...before,
    madeMs: madeMs - aheadMs,
    ...(expiresMs !== undefined && { expiresMs: expiresMs - aheadMs }),
    ...(renewableUntilMs !== undefined && { renewableUntilMs: renewableUntilMs - aheadMs }),
  };
  putGrant(shelf, turn, grant);
  record(turn, { kind: 'grant', grant });
  const invite = shelf.invites.get(id);
  if (invite === undefined) return;
  const moved = { ...invite, expiresMs: invite.expiresMs - aheadMs };
  putInvite(shelf, moved);
  record(turn, moved);
};
