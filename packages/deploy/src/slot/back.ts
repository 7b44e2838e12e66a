/**
 * The way back, which is the inverse of the way there: the service is described as the release before, its disk says
 * so, and it is started again, or stopped where it was not running; then the old release has to be well, too. Its tree
 * is looked through once nothing of the other release runs any more, and made anew where it was changed. What
 * fails on this way is held: nothing is tried again before somebody has looked.
 */
import type { Turn } from '@bellwether/actors';
import { cutText } from '@bellwether/shepherd';
import { limits } from './limits.ts';
import { mayGoBack } from './policy.ts';
import { judged, named, reasonText, releaseIn } from './record.ts';
import {
  command,
  deadline,
  endAfter,
  ending,
  later,
  move,
  pointTo,
  questionIn,
  runAsRecorded,
  statusOf,
  whenStill,
  wish,
  type Held,
} from './state.ts';
import { makeSoundAgain } from './tree.ts';
import { bringUp, soundIn, tryOut, type BringVerdicts, type Verdicts } from './trial.ts';
import type { SlotRelease, Underway } from './types.ts';

/** Takes back what is on trial, or waits to be confirmed; `backBy` where somebody has said so. */
export const revert = (held: Held, turn: Turn, why: string, backBy?: Underway['backBy']): void => {
  const record = held.record.get();
  const { underway } = record;
  if (underway === undefined) return;
  const { target, from, acceptsLoss = false, wasWanted } = underway;
  if (!mayGoBack(record, target, from, acceptsLoss)) return stay(held, turn, underway, why);
  const { gateMs } = held.rules.get();
  const next: Underway = {
    ...underway,
    phase: 'reverting',
    why: reasonText(why),
    ...(backBy && { backBy }),
    ...deadline(held, gateMs),
  };
  move(held, turn, {
    underway: next,
    releases: judged(record.releases, target, 'rejected', why),
  });
  if (wasWanted !== true) wish(held, turn, 'stop', underway);
  goBack(held, turn, next, gateMs);
};

/** It has changed data so that the release before cannot be run, and nobody has accepted to lose them. */
const stay = (held: Held, turn: Turn, underway: Underway, why: string): void => {
  const { previous: _previous, ...record } = held.record.get();
  const { target, from } = underway;
  const because =
    `${briefly(why)}; it is not taken back, since it has changed data so that ` +
    `${named(record, from)} cannot use it`;
  failed(held, turn, underway, because, {
    current: target,
    ...(from && { previous: from }),
    releases: judged(record.releases, target, 'rejected', why),
  });
};

/** A reason behind which more is to be said. */
const briefly = (why: string): string => cutText(why, limits.reasonCharacters / 4);

/** Goes back within so many milliseconds. */
export const goBack = (held: Held, turn: Turn, underway: Underway, ms: number): void => {
  const { from, wasRunning = false, why = '' } = underway;
  const release = releaseIn(held.record.get(), from);
  // It may have disabled itself, dying too often, in this life or in the one before; it was enabled at the switch.
  const { isEnabled, disabledReason } = statusOf(held, turn);
  const didItself = disabledReason !== undefined || held.wasFoundDisabled.get();
  const isForbidden = !isEnabled && !didItself;
  const isStarted = wasRunning && release !== undefined && !isForbidden;
  const verdicts: Verdicts = {
    passed: (turn) => done(held, turn, underway, isForbidden ? ' It is disabled.' : ''),
    failed: (turn, because) =>
      failed(
        held,
        turn,
        underway,
        `${briefly(why)}; ${named(held.record.get(), from)} is not well: ${because}`,
      ),
    lost: (turn) => done(held, turn, underway, ' It was stopped meanwhile.'),
  };
  const bring: Verdicts & BringVerdicts = {
    ...verdicts,
    late: (turn) =>
      verdicts.failed(
        turn,
        held.doubt.get() ?? (isStarted ? 'it did not come up' : 'it did not stop'),
      ),
    // Nobody starts what is not what it is called, the next life neither.
    unsound: (turn, because) => {
      wish(held, turn, 'stop', underway);
      verdicts.failed(turn, because);
    },
  };
  held.doubt.set(undefined);
  runAsRecorded(held, turn);
  pointTo(held, turn, from);
  endAfter(held, turn, ms, bring.late);
  if (!isStarted) return goBackStopped(held, turn, underway, release, bring);
  const start = (turn: Turn): void =>
    bringUp(held, turn, { underway, release }, bring, (turn) =>
      tryOut(held, turn, release, verdicts),
    );
  if (isEnabled) return start(turn);
  whenStill(held, turn, command(held, turn, 'enable', underway), start, (turn, reason) =>
    verdicts.failed(turn, reason.message),
  );
};
/** It did not run before, and may be started by anybody from now on. */
const goBackStopped = (
  held: Held,
  turn: Turn,
  underway: Underway,
  release: SlotRelease | undefined,
  verdicts: Verdicts & BringVerdicts,
): void =>
  whenStill(
    held,
    turn,
    command(held, turn, 'stop', underway),
    (turn) =>
      release === undefined
        ? verdicts.passed(turn)
        : soundIn(held, turn, release, verdicts, verdicts.passed),
    (turn, reason) => verdicts.failed(turn, reason.message),
  );

const done = (held: Held, turn: Turn, underway: Underway, more: string): void => {
  const record = held.record.get();
  const { action, target, from, why = '', backBy } = underway;
  const to = from === undefined ? 'stopped as before' : `back at ${named(record, from)}`;
  const before = `Service ${held.name}: ${action} of ${named(record, target)} was rolled back: `;
  const words = reasonText(why, before, `; ${to}.${more}`);
  const ended = ending(held, turn, questionIn(underway), 'rolled-back', words);
  move(held, turn, { ...ended, underway: undefined });
  if (backBy === undefined) return;
  const told = `Service ${held.name}: ${to}.${more}`;
  move(held, turn, ending(held, turn, { ...backBy, action: 'rollback' }, 'changed', told));
};

const failed = (
  held: Held,
  turn: Turn,
  underway: Underway,
  why: string,
  changes: Parameters<typeof move>[2] = {},
): void => {
  const record = held.record.get();
  const { action, target, backBy } = underway;
  const words = reasonText(
    why,
    `Service ${held.name}: ${action} of ${named(record, target)} could not be rolled back: `,
    '. Nothing more is tried: see what is wrong, then activate a release.',
  );
  const ended = ending(held, turn, questionIn(underway), 'rollback-failed', words);
  move(held, turn, {
    ...changes,
    ...ended,
    underway: undefined,
    held: reasonText(why),
  });
  turn.effect(() =>
    held.log('slot.held', { service: held.name, release: target, reason: why, text: words }),
  );
  if (backBy === undefined) return;
  const back = { ...backBy, action: 'rollback' };
  move(held, turn, ending(held, turn, back, 'rollback-failed', words));
};

/**
 * A later command has stopped the service: what was not proven to be well is not kept; but where it has changed data so
 * that the release before cannot use them, it is what the service starts as all the same.
 */
export const lose = (held: Held, turn: Turn): void => {
  const record = held.record.get();
  const { underway } = record;
  if (underway === undefined) return;
  const { target, from, acceptsLoss = false } = underway;
  const isKept = !mayGoBack(record, target, from, acceptsLoss);
  const next = isKept ? target : from;
  const why = isKept
    ? `, since it has changed data so that ${named(record, from)} cannot use it`
    : '';
  // To which stop it lost is known, and said, where the operation is.
  const words = next === undefined ? undefined : `It starts as ${named(record, next)}${why}.`;
  const ended = ending(held, turn, questionIn(underway), 'superseded', words);
  const kept = {
    current: target,
    ...(from && { previous: from }),
    releases: judged(record.releases, target, 'rejected', 'it was stopped before it was well'),
  };
  move(held, turn, { ...ended, ...(isKept && kept), underway: undefined });
  runAsRecorded(held, turn);
  pointTo(held, turn, next);
  mendOnceStopped(held, turn, releaseIn(record, next));
};
/**
 * What ran until then may have written to the tree that it starts as: it is looked through once nothing runs any more.
 * The stop waits for nobody, and neither does whoever starts it again before that: he gets what is there, as from a
 * start after each other stop. What cannot be made anew is logged, and found again by the next switch to it.
 */
const mendOnceStopped = (held: Held, turn: Turn, release: SlotRelease | undefined): void => {
  if (release === undefined) return;
  const { isWanted, stage, isRespawning } = statusOf(held, turn);
  if (isWanted === true) return;
  if (stage !== 'stopped' || isRespawning === true)
    return later(held, turn, limits.lookMs, (turn) => mendOnceStopped(held, turn, release));
  makeSoundAgain(held, turn, release, ignored, (turn, reason) =>
    turn.effect(() =>
      held.log('slot.tree-unsound', { service: held.name, release: release.digest, reason }),
    ),
  );
};
const ignored = (): void => undefined;
