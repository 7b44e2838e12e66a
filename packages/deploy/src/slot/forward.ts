/** The way of a release to its slot, from what was brought to what is kept; slot.ts opens with the table. */
import { Limit, type Turn } from '@bellwether/actors';
import type { Digest } from '../release/types.ts';
import { lose, revert } from './back.ts';
import { checkSwitch, isWayBack } from './policy.ts';
import { judged, named, pruned, reasonText, releaseIn, shortly } from './record.ts';
import { withRelease } from './room.ts';
import {
  deadline,
  endAfter,
  ending,
  later,
  keepOnly,
  leftMs,
  move,
  noteLeft,
  pointTo,
  questionIn,
  runAsRecorded,
  serviceOf,
  statusOf,
  whenStill,
  wish,
  type Changes,
  type Held,
  type Question,
} from './state.ts';
import { makeSound } from './tree.ts';
import { bringUp, endIn, isFinal, tryOut } from './trial.ts';
import { limits } from './limits.ts';
import type { SlotRelease, Underway } from './types.ts';

/** Ends what is under way before anything was touched. */
export const endUnchanged = (
  held: Held,
  turn: Turn,
  result: 'failed' | 'cancelled',
  why: string,
): void => {
  const record = held.record.get();
  const { underway } = record;
  if (underway === undefined) return;
  const { action, target } = underway;
  const stays =
    record.current === undefined ? '' : `; ${named(record, record.current)} is active as before`;
  const what = result === 'failed' ? 'failed-unchanged' : 'cancelled';
  const before = `Service ${held.name}: ${action} of ${named(record, target)} ${what}: `;
  const words = reasonText(why, before, `${stays}.`);
  const ended = ending(held, turn, questionIn(underway), result, words);
  move(held, turn, { ...ended, underway: undefined });
  // What was asked of the disk may be done all the same, and belongs to nobody.
  if (underway.phase === 'prechecked') pointTo(held, turn, record.current);
  if (result === 'cancelled') keepOnly(held, turn);
};

/** What is under way from its first moment on. */
export const begun = (
  held: Held,
  turn: Turn,
  question: Question & Pick<Underway, 'action'>,
  target: Digest,
  wanted: Pick<Underway, 'confirmMs' | 'acceptsLoss'>,
): Underway => {
  const { current } = held.record.get();
  const { stage, isWanted = false } = statusOf(held, turn);
  return {
    ...question,
    phase: 'verified',
    target,
    ...(current !== undefined && { from: current }),
    sinceMs: Math.floor(held.clock.wall()),
    ...wanted,
    wasRunning: stage === 'running' || stage === 'starting',
    wasWanted: isWanted,
  };
};

/** Makes the tree of a release of which everything is there. */
export const stage = (held: Held, turn: Turn, underway: Underway, release: SlotRelease): void => {
  move(held, turn, { underway: { ...underway, phase: 'verified' } });
  const built = turn.ask((answer) => held.depot.build(release.digest, release.signatures, answer));
  whenStill(
    held,
    turn,
    built,
    (turn) => staged(held, turn, release),
    (turn, reason) => endUnchanged(held, turn, 'failed', reason.message),
  );
};
/** Looks through a tree that is there, of which nothing else is wanted; where it was changed it is made anew. */
export const stageAgain = (
  held: Held,
  turn: Turn,
  underway: Underway,
  release: SlotRelease,
): void => {
  move(held, turn, { underway: { ...underway, phase: 'verified' } });
  const done = (turn: Turn): void => {
    const ended = ending(held, turn, questionIn(underway), 'changed');
    move(held, turn, { ...ended, underway: undefined });
  };
  makeSound(held, turn, release, done, (turn, why) => endUnchanged(held, turn, 'failed', why));
};
const staged = (held: Held, turn: Turn, release: SlotRelease): void => {
  const record = held.record.get();
  const { underway } = record;
  if (underway === undefined) return;
  const releases = withNow(held, release, underway);
  if (releases instanceof Limit) {
    endUnchanged(held, turn, 'failed', releases.message);
    return void keepOnly(held, turn);
  }
  if (underway.action === 'deploy') check(held, turn, underway, { releases });
  else {
    const ended = ending(held, turn, questionIn(underway), 'changed');
    move(held, turn, { ...ended, releases, underway: undefined });
  }
  if (releases.length <= record.releases.length) keepOnly(held, turn);
};

/** Meanwhile somebody may have pinned others, or the slot was described anew. */
const withNow = (
  held: Held,
  release: SlotRelease,
  { action }: Underway,
): readonly SlotRelease[] | Limit => {
  try {
    return withRelease(held.record.get(), { release, action }, held.rules.get());
  } catch (reason) {
    if (reason instanceof Limit) return reason;
    throw reason;
  }
};

/** Looks once more whether what is to be switched to is what was staged, and may be. */
export const check = (held: Held, turn: Turn, underway: Underway, changes: Changes = {}): void => {
  move(held, turn, { ...changes, underway: { ...underway, phase: 'staged' } });
  const failed = (turn: Turn, why: string): void => endUnchanged(held, turn, 'failed', why);
  const release = releaseIn(held.record.get(), underway.target);
  if (release === undefined) return failed(turn, `${shortly(underway.target)} is not there`);
  const sound = (turn: Turn, isRemade: boolean): void => prechecked(held, turn, underway, isRemade);
  makeSound(held, turn, release, sound, failed);
};

const prechecked = (held: Held, turn: Turn, underway: Underway, isRemade: boolean): void => {
  const { target } = underway;
  const misfit = misfitNow(held, turn, underway);
  if (misfit !== undefined) return endUnchanged(held, turn, 'failed', misfit);
  move(held, turn, { underway: { ...underway, phase: 'prechecked' } });
  whenStill(
    held,
    turn,
    turn.ask<void>((answer) => held.depot.point(target, answer)),
    (turn) => activate(held, turn, underway, isRemade),
    (turn, reason) => endUnchanged(held, turn, 'failed', reason.message),
  );
};
/** Time has passed since it was asked for: who is trusted, and whether the service may start, may be different. */
const misfitNow = (held: Held, turn: Turn, underway: Underway): string | undefined => {
  const record = held.record.get();
  const target = releaseIn(record, underway.target);
  if (target === undefined) return `${shortly(underway.target)} is not there`;
  const { acceptsLoss, confirmMs, action } = underway;
  try {
    checkSwitch(held, held.rules.get(), record, {
      target,
      isWayBack: isWayBack(action, target),
      ...(acceptsLoss && { acceptsLoss }),
      ...(confirmMs === undefined && { isUnconfirmed: true }),
    });
  } catch (reason) {
    if (reason instanceof Error && 'code' in reason) return reason.message;
    throw reason;
  }
  return statusOf(held, turn).isEnabled ? undefined : `Service ${held.name} is disabled`;
};

/** From here on there is no way but to commit or to go back. */
const activate = (held: Held, turn: Turn, before: Underway, isRemade: boolean): void => {
  const { gateMs } = held.rules.get();
  const underway: Underway = { ...before, phase: 'activating', ...deadline(held, gateMs) };
  move(held, turn, { underway });
  wish(held, turn, 'start', underway);
  runAsRecorded(held, turn);
  onTrial(held, turn, underway, gateMs, isRemade);
};

/**
 * Brings what is being activated up, and goes on once it is well: within so many milliseconds, or it goes back.
 * `isRemade`: a process of it that runs by now comes from a tree that was changed.
 */
export const onTrial = (
  held: Held,
  turn: Turn,
  underway: Underway,
  ms: number,
  isRemade = false,
): void => {
  const release = releaseIn(held.record.get(), underway.target);
  if (release === undefined) return revert(held, turn, `${shortly(underway.target)} is not there`);
  const late = (turn: Turn): void => {
    const doubt = held.doubt.get();
    const found = doubt === undefined ? 'it did not come up' : doubt;
    revert(held, turn, `it was not well in time: ${found}`);
  };
  const failed = (turn: Turn, why: string): void => revert(held, turn, why);
  const lost = (turn: Turn): void => lose(held, turn);
  held.doubt.set(undefined);
  endAfter(held, turn, ms, late);
  bringUp(
    held,
    turn,
    { underway, release, isRemade },
    { failed, lost, late, unsound: failed },
    (turn) => {
      const left = leftMs(held);
      held.upSinceMs.set(held.clock.now());
      move(held, turn, {
        underway: { ...underway, phase: 'health-gate', ...deadline(held, left) },
      });
      endAfter(held, turn, left, late);
      tryOut(held, turn, release, { passed: (turn) => passed(held, turn), failed, lost });
    },
  );
};

const passed = (held: Held, turn: Turn): void => {
  const { underway } = held.record.get();
  if (underway === undefined) return;
  const { confirmMs, deadlineMs: _deadlineMs, leftMs: _leftMs, ...rest } = underway;
  if (confirmMs === undefined) return commit(held, turn);
  const next = { ...rest, phase: 'awaiting-confirm', confirmMs } as const;
  move(held, turn, { underway: { ...next, ...deadline(held, confirmMs) } });
  awaitConfirm(held, turn, confirmMs);
};

/** Waits to be confirmed for so many milliseconds more, and looks whether the release goes on. */
export const awaitConfirm = (held: Held, turn: Turn, ms: number): void => {
  endAfter(held, turn, ms, (turn) => {
    const { confirmMs = ms } = held.record.get().underway ?? {};
    revert(held, turn, `nobody has confirmed it within ${confirmMs / 1_000} s`);
  });
  look(held, turn, held.clock.now());
};
const look = (held: Held, turn: Turn, notedMs: number, goneMs?: number): void => {
  const status = statusOf(held, turn);
  if (status.isWanted !== true) return lose(held, turn);
  const end = endIn(status);
  const now = held.clock.now();
  const sinceMs = end === undefined ? undefined : (goneMs ?? now);
  // Whoever restarts it, or what it requires, has it stopped for a moment; what has died stays so.
  const isOver = isFinal(status) || hasDied(held, turn) || now - (sinceMs ?? now) >= limits.goneMs;
  if (end !== undefined && isOver) return revert(held, turn, end);
  const isDue = now - notedMs >= limits.noteMs;
  if (isDue) noteLeft(held, turn);
  later(held, turn, limits.lookMs, (turn) => look(held, turn, isDue ? now : notedMs, sinceMs));
};

/** Whether what ended last has ended by itself. */
const hasDied = (held: Held, turn: Turn): boolean => {
  const { kind } = turn.call(serviceOf(held), 'prompts').stopped ?? {};
  return kind === 'ended' || kind === 'not-alive';
};

/** From now on the release is the active one, and what is not needed any more may go. */
export const commit = (held: Held, turn: Turn): void => {
  const record = held.record.get();
  const { underway, held: _held, ...rest } = record;
  if (underway === undefined) return;
  const { target, from } = underway;
  const releases = judged(record.releases, target, 'committed');
  const next = {
    ...rest,
    releases,
    current: target,
    ...(from !== undefined && from !== target && { previous: from }),
  };
  const { releases: kept } = pruned(next, held.rules.get().keepCount);
  // Who deploys knows where to; who goes back, or activates what somebody has staged, is told.
  const { action } = underway;
  const back = action === 'rollback' ? 'back at ' : '';
  const active = action === 'activate' ? ' is active' : '';
  const words =
    action === 'deploy'
      ? undefined
      : `Service ${held.name}: ${back}${named(record, target)}${active}.`;
  const ended = ending(held, turn, questionIn(underway), 'changed', words);
  move(held, turn, { ...next, ...ended, releases: kept, underway: undefined, held: undefined });
  keepOnly(held, turn);
};
