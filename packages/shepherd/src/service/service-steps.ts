/**
 * The steps of the `^service`; service.ts opens with their table. First what others ask for (`start`, `stop`),
 * then how a launch goes on until it is ready or has failed, then how a process ends. What was there before the daemon:
 * adopting.ts.
 */
import type { Turn, Vow } from '@bellwether/actors';
import { plainWordsOf } from '../errors.ts';
import { recordEnabled, refuseDisabled } from './enabling.ts';
import { cutShort, lookLater } from './hanging.ts';
import { attendLife } from './liveness.ts';
import { closedFirst, listenFirst } from './listening.ts';
import { endedBefore, lookFirst } from './first-look.ts';
import { untilReady, wakingOf } from './readiness.ts';
import { runStop, tellLeft } from './stop-command.ts';
import { notePrompt, promptNow } from './prompts.ts';
import { minds, nextRespawn, noRespawns } from './respawn.ts';
import { armTimer, disarmTimer } from './timing.ts';
import { noteBesides } from './besides.ts';
import {
  change,
  enter,
  launchOf,
  noteExit,
  outcomeOf,
  outdone,
  refusal,
  runOf,
  say,
  stateOf,
  stopped,
  takeLatest,
  withLastLines,
  type Launch,
  type Because,
  type ServiceHeld,
  type State,
  type Timer,
} from './service-state.ts';
import type { Ended, Ending, Entry, Outcome, Prompting, Readiness, Run } from '../words/types.ts';
import { mannerOf } from '../words/manner.ts';
import { endedWords } from '../words/wording.ts';

/** An explicit start. */
export const start = (held: ServiceHeld, turn: Turn, by: Prompting): Vow<Outcome> => {
  const state = stateOf(held);
  if (state.at === 'running') {
    held.goal.set('start');
    return turn.kept(outcomeOf(held, 'ok'));
  }
  if (!held.shown.get().isEnabled) return refuseDisabled(held, turn);
  const obstacle = held.besides.get().retirement ?? held.latest.get().unstartable;
  if (obstacle !== undefined) return turn.kept(refusal(held, obstacle));
  held.goal.set('start');
  change(held, turn, { respawns: noRespawns });
  switch (state.at) {
    case 'stopped':
      return setOut(held, turn, false, by);
    case 'resting':
      state.timer.cancel();
      return setOut(held, turn, false, by);
    case 'spawning':
    case 'waking':
      // Somebody waits for this launch now, so its failure is final.
      change(held, turn, { state: { ...state, launch: { ...state.launch, isRespawn: false } } });
      return state.launch.answer;
    case 'stopping':
      return turn.when(state.answer, (turn) =>
        held.goal.get() === 'start' ? start(held, turn, by) : turn.kept(outdone(held)),
      );
  }
};

/** An explicit start for one who needs no more than its process. */
export const beginStart = (held: ServiceHeld, turn: Turn, by: Prompting): Vow<Outcome> => {
  const answer = start(held, turn, by);
  const state = stateOf(held);
  return 'launch' in state ? state.launch.begun : answer;
};

/** An explicit stop: always possible, whatever is under way. */
export const stop = (held: ServiceHeld, turn: Turn, by: Prompting): Vow<Outcome> => {
  const state = stateOf(held);
  held.goal.set('stop');
  noteBesides(held, { stopper: promptNow(held, by) });
  change(held, turn, { respawns: noRespawns, failure: undefined });
  if (state.at !== 'stopped' && state.at !== 'stopping') notePrompt(held, turn, 'stopped', by);
  switch (state.at) {
    case 'stopped':
      return turn.kept(outcomeOf(held, 'ok'));
    case 'resting':
      state.timer.cancel();
      enter(held, turn, stopped, 'stopped');
      return closedFirst(held, turn, outcomeOf(held, 'changed'));
    case 'spawning':
    case 'waking': {
      const startId = state.at === 'spawning' ? state.startId : undefined;
      const answer = end(held, turn, runOf(state), { kind: 'asked' }, startId);
      state.launch.resolver.kept(outdone(held));
      return answer;
    }
    case 'running':
      if (state.run !== undefined || held.config.get().stop.run !== undefined)
        return end(held, turn, state.run, { kind: 'asked' });
      if (held.config.get().timer !== undefined) return endTimer(held, turn);
      forgetRemains(held, turn);
      enter(held, turn, stopped, 'stopped');
      return closedFirst(held, turn, outcomeOf(held, 'changed'));
    case 'stopping':
      return state.answer;
  }
};

const setOut = (held: ServiceHeld, turn: Turn, isRespawn: boolean, by: Prompting): Vow<Outcome> => {
  const launch = launchOf(turn, isRespawn, turn.call(held.logger, 'end'));
  notePrompt(held, turn, 'started', by);
  enter(held, turn, { at: 'spawning', launch }, 'starting');
  const { sockets } = held.config.get();
  if (sockets === undefined) spawn(held, turn, launch);
  else
    listenFirst(held, turn, sockets, {
      spawn: (turn, launch) => spawn(held, turn, launch),
      isUp: (turn, launch) => succeed(held, turn, launch, undefined),
      failed: (turn, reason) => spawnFailed(held, turn, reason),
      gone: (turn, state) => gone(held, turn, state),
    });
  return launch.answer;
};

/** The same launch with another process: that of an earlier daemon has not come to run. */
export const spawnAgain = (held: ServiceHeld, turn: Turn, launch: Launch): void => {
  enter(held, turn, { at: 'spawning', launch });
  spawn(held, turn, launch);
};

const spawn = (held: ServiceHeld, turn: Turn, launch: Launch): void => {
  const command = held.config.get().start;
  if (command === undefined) {
    const why = armTimer(held, turn);
    if (why !== undefined) fail(held, turn, launch, why);
    else if (held.config.get().isOneShot) finishOneShot(held, turn, launch);
    else succeed(held, turn, launch, undefined);
    return;
  }
  const ready = readyOf(held);
  lookFirst(held, turn, launch, ready, (turn) => {
    const state = stateOf(held);
    if (state.at === 'stopping') return gone(held, turn, state);
    if (state.at !== 'spawning') return;
    const startId = turn.call(held.monitor, 'freshStartId');
    const deadline = attendSpawn(held, turn, startId);
    change(held, turn, { state: { ...state, startId, deadline } });
    const manner = mannerOf(held.config.get());
    turn.when(
      turn.send(held.monitor, 'spawn', held.name, command, ready, manner, startId),
      (turn, run) => spawned(held, turn, run),
      (turn, reason) => spawnFailed(held, turn, reason),
    );
  });
};

/** From now on it is looked at for its program. */
export const attendSpawn = (held: ServiceHeld, turn: Turn, startId: string): Timer =>
  lookLater(held, turn, startId, readyOf(held), (turn, launch, reason) => {
    const because = { kind: 'not-ready', launch, reason, plainReason: reason } as const;
    end(held, turn, undefined, because, startId);
  });

/** One spawn is under way at most, so this is the answer to it. */
export const spawned = (held: ServiceHeld, turn: Turn, run: Run): void => {
  const state = stateOf(held);
  watch(held, turn, run);
  if (state.at === 'stopping') {
    state.grace?.cancel();
    change(held, turn, { hang: undefined, state: { ...state, run, grace: quit(held, turn, run) } });
    return;
  }
  if (state.at === 'spawning') goOnLaunching(held, turn, state.launch, run, undefined);
};

/** The process is there; where it makes another one, that is looked for first. */
export const goOnLaunching = (
  held: ServiceHeld,
  turn: Turn,
  launch: Launch,
  run: Run,
  what: 'starting' | undefined,
): void => {
  const { start: command, pidFile } = held.config.get();
  if (run.handsOver !== true || command === undefined || pidFile === undefined) {
    launch.beginner.kept({ ...outcomeOf(held, 'changed'), pid: run.pid });
    const isUp = !runsToEnd(held) && readyOf(held).kind === 'spawned';
    return isUp ? succeed(held, turn, launch, run) : wake(held, turn, launch, run, what);
  }
  enter(held, turn, { at: 'waking', launch, run, deadline: undefined, poll: undefined }, what);
  turn.when(
    turn.send(held.monitor, 'follow', run, held.name, command, pidFile),
    (turn, followed) => {
      const state = wakingOf(held, run);
      if (state !== undefined) goOnLaunching(held, turn, state.launch, followed, undefined);
    },
    (turn, reason) => {
      const state = wakingOf(held, run);
      if (state === undefined) return;
      const words = { reason: reason.message, plainReason: plainWordsOf(reason) };
      end(held, turn, run, { kind: 'not-ready', launch: state.launch, ...words });
    },
  );
};

/** Whether its start is over with the end of its process. */
export const runsToEnd = ({ config }: ServiceHeld): boolean =>
  config.get().isOneShot || config.get().remainsAfterExit === true;
/** Of such a one nothing else is asked. */
export const readyOf = (held: ServiceHeld): Readiness =>
  runsToEnd(held) ? { kind: 'spawned' } : held.config.get().ready;

/** The process is there; it is asked until it is ready, or waited for where it runs to its end. */
export const wake = (
  held: ServiceHeld,
  turn: Turn,
  launch: Launch,
  run: Run,
  what: 'starting' | undefined,
): void => {
  const ready = readyOf(held);
  const waits = ready.kind === 'spawned' ? undefined : ready;
  const deadline =
    waits && turn.after(waits.timeoutMs, (turn) => notReady(held, turn, run, waits.timeoutMs));
  enter(held, turn, { at: 'waking', launch, run, deadline, poll: undefined }, what);
  if (waits === undefined) return;
  untilReady(held, turn, run, waits, (turn, launch) => isReady(held, turn, launch, run));
};

const isReady = (held: ServiceHeld, turn: Turn, launch: Launch, run: Run): void => {
  recordReady(held, turn, run);
  succeed(held, turn, launch, run);
};

/** Gates nothing: a daemon that finds no such record asks once more. */
const recordReady = (held: ServiceHeld, turn: Turn, { ended: _ended, ...process }: Run): void => {
  const since = Math.floor(held.clock.wall());
  const running = { ...process, service: held.name, isReady: true as const, since };
  turn.record({ kind: 'running', running } satisfies Entry, { gates: false });
};

/** The answer to it where there is no process. */
export const spawnFailed = (held: ServiceHeld, turn: Turn, reason: Error): void => {
  const state = stateOf(held);
  if (state.at === 'spawning')
    return fail(held, turn, state.launch, reason.message, plainWordsOf(reason));
  if (state.at === 'stopping') gone(held, turn, state);
};

/** What is to be done once its process ends. */
export const watch = (held: ServiceHeld, turn: Turn, run: Run): void => {
  turn.when(run.ended, (turn, ending) => ended(held, turn, run, ending));
};

const notReady = (held: ServiceHeld, turn: Turn, run: Run, timeoutMs: number): void => {
  const state = wakingOf(held, run);
  if (state === undefined) return;
  // It has lived on with it for as long as it may.
  if (state.isDoubted === true) return isReady(held, turn, state.launch, run);
  const isSilent = readyOf(held).kind === 'sd-notify';
  const sign = isSilent ? 'has not said READY=1' : 'was not ready';
  const plainReason = `it ${sign} within ${timeoutMs / 1_000} s`;
  const reason = state.doubt === undefined ? plainReason : `${plainReason} (${state.doubt})`;
  end(held, turn, run, { kind: 'not-ready', launch: state.launch, reason, plainReason });
};

const succeed = (held: ServiceHeld, turn: Turn, launch: Launch, run: Run | undefined): void => {
  change(held, turn, { failure: undefined });
  enter(held, turn, { at: 'running', run, sinceMs: held.clock.now() }, 'running');
  attendLife(held, turn, run);
  if (launch.isRespawn) say(held, turn, 'service.respawned', { pid: run?.pid });
  turn.tell(held.attendant, 'serviceIsUp', held.name);
  launch.resolver.kept(outcomeOf(held, 'changed'));
};

const finishOneShot = (held: ServiceHeld, turn: Turn, launch: Launch): void => {
  change(held, turn, { failure: undefined });
  notePrompt(held, turn, 'stopped', { kind: 'done' });
  enter(held, turn, stopped, 'done');
  launch.resolver.kept(outcomeOf(held, 'changed'));
};

/** A start that did not work; with the last lines that its process has written, if only that there are none. */
const fail = (
  held: ServiceHeld,
  turn: Turn,
  launch: Launch,
  reason: string,
  told: string = reason,
): void => {
  const isRun = runOf(stateOf(held)) !== undefined;
  takeLatest(held, turn);
  const plain = told === reason ? {} : { plainReason: told };
  change(held, turn, { failure: { reason, ...plain, at: held.clock.wall() } });
  say(held, turn, 'service.failed', { reason, text: `Service ${held.name} failed: ${reason}.` });
  const by: Prompting = { kind: 'start-failed', reason: told };
  if (launch.isRespawn && mayRespawn(held)) rest(held, turn, 'failed', told, by);
  else {
    notePrompt(held, turn, 'stopped', by);
    enter(held, turn, stopped, 'failed');
    turn.tell(held.attendant, 'serviceFailed', held.name, { what: 'start-failed', reason: told });
    if (launch.isRespawn) turn.tell(held.attendant, 'serviceIsLost', held.name, false);
  }
  const outcome = { ...refusal(held, reason), ...plain };
  if (isRun) launch.resolver.follow(withLastLines(held, turn, outcome, launch.logPlace));
  else launch.resolver.kept(outcome);
};

/** The start has done its work, and the service is up without it. */
const remain = (held: ServiceHeld, turn: Turn, launch: Launch, run: Run): void => {
  noteBesides(held, {
    remains: { startId: run.startId, ...(run.madeFrom && { madeFrom: run.madeFrom }) },
  });
  succeed(held, turn, launch, undefined);
};
const forgetRemains = (held: ServiceHeld, turn: Turn): void => {
  const remains = held.besides.get().remains;
  if (remains === undefined) return;
  turn.tell(held.monitor, 'forget', remains.startId);
  noteBesides(held, { remains: undefined });
};

/** Sends the stop signal, and after the grace SIGKILL, both to the whole group. */
const quit = (held: ServiceHeld, turn: Turn, run: Run): Timer => {
  const { signal, graceMs } = held.config.get().stop;
  turn.tell(held.monitor, 'signal', run.startId, signal);
  return turn.after(graceMs, (turn) => {
    const text = `Grace period of ${graceMs / 1000} seconds is over; sending -${run.pid} SIGKILL.`;
    say(held, turn, 'service.killed', { pid: run.pid, text });
    turn.tell(held.monitor, 'signal', run.startId, 'SIGKILL');
  });
};

/** `startId` is that of a spawn that is under way: its process may hang before it hears of any other signal. */
const end = (
  held: ServiceHeld,
  turn: Turn,
  run: Run | undefined,
  because: Because,
  startId?: string,
): Vow<Outcome> => {
  const { vow: answer, resolver } = turn.vow<Outcome>();
  const command = stateOf(held).at === 'running' ? held.config.get().stop.run : undefined;
  const quitIt = (): Timer | undefined =>
    startId === undefined ? run && quit(held, turn, run) : cutShort(held, turn, startId);
  const grace = command === undefined ? quitIt() : undefined;
  const isCommanded = command !== undefined;
  const of = startId === undefined ? {} : { startId };
  const next = { because, run, ...of, grace, answer, resolver, isCommanded };
  enter(held, turn, { at: 'stopping', ...next }, 'stopping');
  if (command !== undefined)
    turn.when(runStop(held, turn, command, run), (turn, said) => commanded(held, turn, said));
  return answer;
};

/** What is left to do once the command that stops it is over. */
const commanded = (held: ServiceHeld, turn: Turn, doubts: readonly string[]): void => {
  const state = stateOf(held);
  if (state.at !== 'stopping' || state.isCommanded !== true) return;
  const { run, said = [] } = state;
  const over = { ...state, isCommanded: false, said: [...said, ...doubts] };
  if (run === undefined) return gone(held, turn, over);
  change(held, turn, { state: { ...over, grace: quit(held, turn, run) } });
};

/** It rings no more, and is stopped once its runs are over. */
const endTimer = (held: ServiceHeld, turn: Turn): Vow<Outcome> => {
  const answer = end(held, turn, undefined, { kind: 'asked' });
  turn.when(disarmTimer(held, turn), (turn) => {
    const state = stateOf(held);
    if (state.at === 'stopping') gone(held, turn, state);
  });
  return answer;
};

const ended = (held: ServiceHeld, turn: Turn, run: Run, { left, ...ending }: Ended): void => {
  const state = stateOf(held);
  if (runOf(state)?.startId !== run.startId) return;
  const behind = left === undefined ? [] : [tellLeft(held, turn, left)];
  noteExit(held, turn, ending);
  switch (state.at) {
    case 'waking':
      if (ending.code === 0 && held.config.get().isOneShot)
        return finishOneShot(held, turn, state.launch);
      if (ending.code === 0 && runsToEnd(held)) return remain(held, turn, state.launch, run);
      return fail(held, turn, state.launch, ...endedBefore(ending, readyOf(held), state.isDoubted));
    case 'running':
      return died(held, turn, state.run ?? run, ending, state.sinceMs);
    case 'stopping': {
      const next = { ...state, said: [...(state.said ?? []), ...behind] };
      if (state.isCommanded !== true) return gone(held, turn, next);
      return change(held, turn, { state: { ...next, run: undefined } });
    }
  }
};

/** A process ended that nobody had asked to. */
const died = (held: ServiceHeld, turn: Turn, run: Run, ending: Ending, sinceMs: number): void => {
  const text = `Service ${held.name} (PID ${run.pid}) ${endedWords(ending)}.`;
  say(held, turn, 'service.exited', { pid: run.pid, ...ending, text });
  const by = deathOf(held, ending);
  // Before the policy is asked: a respawn makes what the service is by now.
  takeLatest(held, turn);
  const { respawn } = held.config.get();
  const isStable = respawn && held.clock.now() - sinceMs >= respawn.limitWindowMs;
  if (isStable) change(held, turn, { respawns: { ...held.shown.get().respawns, delayCount: 0 } });
  const reason = `its process ${endedWords(ending)}`;
  const isBack = mayRespawn(held) && minds(respawn?.on, ending.code, by.kind);
  if (isBack) return rest(held, turn, 'stopped', reason, by);
  notePrompt(held, turn, 'stopped', by, ending.code === undefined);
  enter(held, turn, stopped, 'stopped');
  if (ending.code !== 0)
    turn.tell(held.attendant, 'serviceFailed', held.name, { what: 'ended', reason });
  turn.tell(held.attendant, 'serviceIsLost', held.name, false);
};

/** Whether it was its own end, or that of one that was not alive any more by its checks. */
const deathOf = (held: ServiceHeld, ending: Ending): Prompting => {
  const { live } = held.config.get();
  const { deathSignCount } = held.shown.get();
  const isDead = live !== undefined && deathSignCount >= live.failureCount;
  const reason = isDead
    ? `${deathSignCount === 1 ? 'a check' : `${deathSignCount} checks in a row`} failed`
    : `its process ${endedWords(ending)}`;
  return { kind: isDead ? 'not-alive' : 'ended', reason };
};

const mayRespawn = (held: ServiceHeld): boolean =>
  held.config.get().respawn !== undefined &&
  held.latest.get().unstartable === undefined &&
  held.shown.get().isEnabled &&
  held.besides.get().retirement === undefined &&
  held.goal.get() === 'start';

/** Waits before the next respawn, or gives up: too many within the window disable the service. */
const rest = (
  held: ServiceHeld,
  turn: Turn,
  what: 'stopped' | 'failed',
  reason: string,
  by: Prompting,
): void => {
  const policy = held.config.get().respawn;
  if (policy === undefined) return enter(held, turn, stopped, what);
  const next = nextRespawn(policy, held.shown.get().respawns, held.clock.now());
  if (next === undefined) {
    const { limitCount, limitWindowMs } = policy;
    const why = `respawned ${limitCount} times within ${limitWindowMs / 1_000} s`;
    const limit: Prompting = { kind: 'respawn-limit', reason: why };
    notePrompt(held, turn, 'stopped', { ...limit, reason: `${why}, and ${reason}` });
    enter(held, turn, stopped, what);
    recordEnabled(held, turn, false, limit);
    const text = `Service ${held.name} has been disabled. (Respawning too fast.)`;
    const last = `it was ${why}, and ${reason}`;
    turn.tell(held.attendant, 'serviceFailed', held.name, { what: 'disabled', reason: last });
    turn.tell(held.attendant, 'serviceIsLost', held.name, false);
    return say(held, turn, 'service.disabled', { text });
  }
  change(held, turn, { respawns: next.respawns });
  notePrompt(held, turn, 'stopped', by, true);
  const due = (turn: Turn): void => {
    if (stateOf(held).at === 'resting') respawn(held, turn);
  };
  // Without a delay its end and its next start are one commit, and no timer is waited for.
  const timer = next.delayMs === 0 ? noTimer : turn.after(next.delayMs, due);
  if (next.delayMs === 0) turn.when(turn.kept(undefined), due);
  enter(held, turn, { at: 'resting', timer, dueMs: held.clock.now() + next.delayMs }, what);
  turn.tell(held.attendant, 'serviceIsLost', held.name, true);
};

const noTimer = { cancel: (): void => undefined };

const respawn = (held: ServiceHeld, turn: Turn): void => {
  const now = held.shown.get().respawns;
  change(held, turn, { respawns: { ...now, count: now.count + 1, lastAt: held.clock.wall() } });
  say(held, turn, 'service.respawning', { text: `Respawning ${held.name}.` });
  setOut(held, turn, true, { kind: 'respawn' });
};

/** A process that was being stopped is no more. */
const gone = (held: ServiceHeld, turn: Turn, state: State & { readonly at: 'stopping' }): void => {
  const { because, said = [] } = state;
  forgetRemains(held, turn);
  if (because.kind === 'not-ready') {
    const { launch, reason, plainReason } = because;
    fail(held, turn, launch, reason, plainReason);
  } else enter(held, turn, stopped, 'stopped');
  const output = said.length > 0 && { output: said };
  state.resolver.follow(closedFirst(held, turn, { ...outcomeOf(held, 'changed'), ...output }));
};
