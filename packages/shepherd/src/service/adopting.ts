/** How a service takes on what an earlier life of the daemon has left: what runs, and what has ended meanwhile. */
import { Refused, type Turn } from '@bellwether/actors';
import { attendLife } from './liveness.ts';
import { claimSockets } from './listening.ts';
import { noteAdopted } from './replacement.ts';
import { isBeingStopped, notePrompt, noteTakenOver } from './prompts.ts';
import {
  attendSpawn,
  goOnLaunching,
  readyOf,
  runsToEnd,
  spawnAgain,
  spawned,
  spawnFailed,
  wake,
  watch,
} from './service-steps.ts';
import { noteBesides } from './besides.ts';
import {
  change,
  enter,
  launchOf,
  noteExit,
  say,
  stateOf,
  type ServiceHeld,
} from './service-state.ts';
import { armTimer, disarmTimer, scheduleOf } from './timing.ts';
import type { Ending, Run } from '../words/types.ts';
import { endedWords } from '../words/wording.ts';

/**
 * A process that outlived the daemon. Only one that was seen to be ready counts as running; another
 * was still starting, so it is asked with a whole deadline. What runs to its end is waited for.
 */
export const adoptRun = (held: ServiceHeld, turn: Turn, run: Run): void => {
  if (held.config.get().timer !== undefined) return adoptTimed(held, turn, run);
  const { at } = stateOf(held);
  if (at !== 'stopped')
    throw new Refused(`service '${held.name}' is ${at}: it has no room for process ${run.pid}`);
  const { ending } = run;
  const isDone = ending?.code === 0 && held.config.get().remainsAfterExit === true;
  if (ending !== undefined && !isDone) return endedAway(held, turn, run, ending);
  held.goal.set('start');
  claimSockets(held, turn);
  if (run.settling !== undefined) return settle(held, turn, run, run.settling);
  if (isDone) return remainAdopted(held, turn, run);
  const isAsked = readyOf(held).kind !== 'spawned' && run.isReady !== true;
  if (run.handsOver === true && held.config.get().pidFile !== undefined)
    goOnLaunching(held, turn, launchOf(turn, false), run, 'starting');
  else if (runsToEnd(held) || isAsked) wake(held, turn, launchOf(turn, false), run, 'starting');
  else enter(held, turn, { at: 'running', run, sinceMs: held.clock.now() }, 'running');
  // It has been there for longer than this daemon: where nobody wrote down since when, nobody knows.
  change(held, turn, { since: run.since });
  noteAdopted(held);
  noteTakenOver(held, run.since);
  watch(held, turn, run);
  if (stateOf(held).at === 'running') attendLife(held, turn, run);
  say(held, turn, 'service.adopted', { pid: run.pid, startId: run.startId });
};

/**
 * Its program may not run yet, or never: nobody waits for that but its service. Where it was not run, that is started
 * once more if it is wanted, and says itself why it cannot be.
 */
const settle = (
  held: ServiceHeld,
  turn: Turn,
  run: Run,
  { settled, hang }: NonNullable<Run['settling']>,
): void => {
  const { startId } = run;
  const launch = launchOf(turn, true);
  const deadline = attendSpawn(held, turn, startId);
  enter(held, turn, { at: 'spawning', launch, startId, deadline }, 'starting');
  say(held, turn, 'service.adopted', { pid: hang.pid, startId, at: hang.at });
  turn.when(
    settled,
    (turn, run) => {
      noteTakenOver(held, run.since);
      spawned(held, turn, run);
      noteAdopted(held);
    },
    (turn, reason) => {
      const state = stateOf(held);
      const isMeant = state.at === 'spawning' && state.startId === startId;
      if (isMeant && held.shown.get().isWanted) spawnAgain(held, turn, state.launch);
      else spawnFailed(held, turn, reason);
    },
  );
};

/** Its start has done its work in an earlier life: it is not done twice. */
const remainAdopted = (held: ServiceHeld, turn: Turn, run: Run): void => {
  noteBesides(held, { remains: run });
  enter(held, turn, { at: 'running', run: undefined, sinceMs: held.clock.now() }, 'running');
  change(held, turn, { since: run.since });
  noteAdopted(held);
  noteTakenOver(held, run.since);
  say(held, turn, 'service.adopted', { startId: run.startId });
};

/** A run of a timer: the timer is up again, and goes on. */
const adoptTimed = (held: ServiceHeld, turn: Turn, run: Run): void => {
  turn.call(scheduleOf(held, turn), 'adopt', run);
  say(held, turn, 'service.adopted', { pid: run.pid, startId: run.startId });
  if (run.ending !== undefined || stateOf(held).at !== 'stopped') return;
  held.goal.set('start');
  const why = armTimer(held, turn);
  // What goes on is ended with the timer that never rings again.
  if (why !== undefined) return void disarmTimer(held, turn);
  noteTakenOver(held, run.since);
  enter(held, turn, { at: 'running', run: undefined, sinceMs: held.clock.now() }, 'running');
};

/** It is as stopped as if nobody knew; whether it is started again follows from what is wished of it. */
const endedAway = (held: ServiceHeld, turn: Turn, run: Run, ending: Ending): void => {
  if (run.remains === true) turn.tell(held.monitor, 'forget', run.startId);
  noteExit(held, turn, ending);
  const text = `Service ${held.name} (PID ${run.pid}) ${endedWords(ending)} while there was no shepherd.`;
  say(held, turn, 'service.exited', { pid: run.pid, ...ending, text });
  const { isWanted } = held.shown.get();
  const what = `its process ${endedWords(ending)}`;
  // Where its stop had begun, that is why, and it has not failed.
  const isAsked = isBeingStopped(held);
  if (!isAsked) notePrompt(held, turn, 'stopped', { kind: 'ended-away', reason: what });
  const reason = `${what} while there was no shepherd`;
  if (!isWanted && !isAsked && ending.code !== 0)
    turn.tell(held.attendant, 'serviceFailed', held.name, { what: 'ended', reason });
  turn.tell(held.attendant, 'serviceIsLost', held.name, isWanted);
};

/** A start that the disk knows has left nothing that runs, and nobody has seen how it ended. */
export const unfound = (held: ServiceHeld, turn: Turn): void => {
  const { state, exits } = held.shown.get();
  if (state.at === 'stopped' && exits.length === 0 && !isBeingStopped(held))
    notePrompt(held, turn, 'stopped', { kind: 'lost' });
};
