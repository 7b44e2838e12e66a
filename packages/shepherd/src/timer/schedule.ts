/**
 * The `^schedule`: the alarms of one service, and its runs.
 *
 *     an alarm        no run goes on       one does: skip    wait                      allow
 *     in time         a run                told, no run      a run behind it, one      a run beside it, up to a few
 *     missed          told, no run; where it is to be caught up, as an alarm in time, once for all that were missed
 *
 * An alarm is settled in the turn in which its run begins, in one write with what is known of that run and of its
 * process: so no alarm rings twice, whenever the daemon dies. What was settled and never came to a process is a run of
 * which nobody knows how it ended. A run that outlives the daemon is taken over; while it lives it counts as going on.
 *
 * The wall clock is believed. What rings at each hour, or at intervals, goes on where it was set back; of what rings
 * at a time of the day nothing rings again that has rung, unless it was set back by hours: then it was wrong before.
 */
import type { Bcom, Behavior, Ref, Resolver, Turn, Vow } from '@bellwether/actors';
import { digestOf } from '../digest.ts';
import { plainWordsOf } from '../errors.ts';
import { limits } from '../limits.ts';
import { cutText } from '../text.ts';
import { nextAlarm } from './calendar.ts';
import type { NotedRun } from './history.ts';
import {
  changeRun,
  noteRun,
  noteTimer,
  runNumbered,
  tellLog,
  touchTimer,
  wallNow,
  type ArmedConfig as Armed,
  type LivingRun as Living,
  type ScheduleHeld as Held,
  type ScheduleOptions,
} from './schedule-state.ts';
import { whenWords } from './words.ts';
import type {
  RecordedRun,
  Schedule,
  TimerConfig,
  TimerFacts,
  TimerRecord,
  TimerRun,
} from '../words/timer-types.ts';
import type { Ending, FailureNotice, Run } from '../words/types.ts';
import type { StopConfig } from '../words/service-config.ts';
import { endedWords } from '../words/wording.ts';

/** Makes one that is down. */
export const makeSchedule = (
  turn: Turn<Schedule>,
  _bcom: Bcom<Schedule>,
  options: ScheduleOptions,
): Behavior<Schedule> => {
  const { memory, name: service } = options;
  const fresh = { service, isArmed: false, madeFrom: '', originMs: 0, settledMs: 0, runCount: 0 };
  const held: Held = {
    ...options,
    armed: turn.cell<Armed | undefined>(undefined),
    record: turn.cell<TimerRecord>(memory.record ?? fresh),
    runs: turn.cell(memory.runs),
    living: turn.map(),
    next: turn.cell<{ readonly alarmMs: number; readonly dueMs: number } | undefined>(undefined),
    stopping: turn.cell<Resolver<void> | undefined>(undefined),
  };
  return {
    arm: (turn, config) => arm(held, turn, config),
    disarm: (turn, isResting) => disarm(held, turn, isResting),
    due: (turn) => due(held, turn),
    trigger: (turn, isByOther) => trigger(held, turn, isByOther),
    adopt: (turn, run) => adopt(held, turn, run),
    facts: (_turn, config, hasLists) => factsOf(held, config, hasLists),
    pid: () => [...held.living.values()][0]?.run?.pid,
    memory: () => ({ record: held.record.get(), runs: held.runs.get() }),
  };
};

const arm = (held: Held, turn: Turn, config: Armed): string | undefined => {
  const { when, runCount } = config.timer;
  const madeFrom = digestOf(when);
  const before = held.record.get();
  const now = wallNow(held);
  const goesOn = before.isArmed && before.madeFrom === madeFrom;
  if (!goesOn && nextAlarm(when, now, held.zone, now) === undefined) return 'No matching event';
  held.armed.set(config);
  forgetLost(held, turn);
  for (const [number, living] of held.living.entries()) bound(held, turn, number, living);
  if (!goesOn) {
    const { runCount: count } = before;
    const start = { isArmed: true, madeFrom, originMs: now, settledMs: now, runCount: count };
    held.record.set({ service: held.name, ...start });
    noteTimer(held, turn, runCount === undefined ? {} : { leftCount: runCount });
  }
  beginOwed(held, turn);
  plan(held, turn);
  return undefined;
};

/** Of what an earlier life has begun, and of which nothing was found. */
const forgetLost = (held: Held, turn: Turn): void => {
  for (const run of held.runs.get())
    if (run.endedMs === undefined && run.isLost !== true && !held.living.has(run.number))
      noteRun(held, turn, { ...run, isLost: true });
};

/** Looks when it rings next, and has itself woken then; or it is over. */
const plan = (held: Held, turn: Turn): void => {
  const config = held.armed.get();
  if (config === undefined || held.stopping.get() !== undefined) return;
  const next = upcomingOf(held, config.timer, 1)[0];
  held.next.set(next);
  if (next !== undefined)
    turn.call(held.alarms, 'wake', held.name, next.dueMs, turn.self as Ref<Schedule>);
  else {
    turn.call(held.alarms, 'forget', held.name);
    if (held.living.size === 0 && held.record.get().isOwed !== true) finish(held, turn);
  }
};

/** Nothing is left to ring. */
const finish = (held: Held, turn: Turn): void => {
  held.armed.set(undefined);
  noteTimer(held, turn, { isArmed: false });
  tellLog(held, turn, 'done', `Timer ${held.name} has no alarm left.`);
  touchTimer(held, turn, true);
};

/** The next alarms, and when they ring: some time after their instant where that is wanted. */
const upcomingOf = (
  held: Held,
  { when, spreadMs }: TimerConfig,
  count: number,
): readonly { readonly alarmMs: number; readonly dueMs: number }[] => {
  const { originMs, leftCount = Infinity } = held.record.get();
  const found: { readonly alarmMs: number; readonly dueMs: number }[] = [];
  for (let at = settledAt(held, when); found.length < Math.min(count, leftCount);) {
    const alarmMs = nextAlarm(when, at, held.zone, originMs);
    if (alarmMs === undefined) break;
    found.push({ alarmMs, dueMs: alarmMs + spreadOf(held, alarmMs, spreadMs) });
    at = alarmMs;
  }
  return found;
};

/** Until when nothing rings any more, also where the clock was set back behind that. */
const settledAt = (held: Held, when: TimerConfig['when']): number => {
  const { settledMs } = held.record.get();
  const now = wallNow(held);
  const ringsOn = when.kind === 'every' || (when.kind === 'calendar' && when.hours === undefined);
  const back = settledMs - now;
  return back > (ringsOn ? 0 : limits.clockBackMs) ? now : settledMs;
};

/** The same for one alarm in every life, and another for each service and machine. */
const spreadOf = ({ node, name }: Held, alarmMs: number, spreadMs = 0): number =>
  spreadMs === 0 ? 0 : Number.parseInt(digestOf([node, name, alarmMs]).slice(8), 16) % spreadMs;

const due = (held: Held, turn: Turn): void => {
  const config = held.armed.get();
  const next = held.next.get();
  if (config === undefined || next === undefined) return;
  const now = wallNow(held);
  if (now < next.dueMs) return plan(held, turn);
  const { settledMs } = held.record.get();
  const waitedMs = next.dueMs - settledMs;
  const patientMs = Math.min(Math.max(waitedMs / 10, limits.leastLateMs), limits.mostLateMs);
  if (now - next.dueMs <= patientMs) {
    ring(held, turn, config, { settledMs: next.alarmMs });
    return plan(held, turn);
  }
  const late = `Timer ${held.name}: its alarm was missed by ${Math.round((now - next.dueMs) / 1_000)} seconds`;
  const isCaughtUp = config.timer.isCaughtUp === true;
  tellLog(
    held,
    turn,
    'missed',
    `${late}${isCaughtUp ? '; running now.' : '. Waiting anew for timer.'}`,
  );
  if (isCaughtUp) ring(held, turn, config, { settledMs: now });
  else noteTimer(held, turn, { settledMs: now });
  plan(held, turn);
};

/** One alarm: a run, or what comes of it while one goes on. */
const ring = (held: Held, turn: Turn, { timer }: Armed, settled: Partial<TimerRecord>): void => {
  const why = obstacleOf(held, timer);
  if (why === undefined) return void begin(held, turn, settled);
  if (timer.overlap === 'wait') return owe(held, turn, settled, false);
  noteTimer(held, turn, settled);
  tellLog(held, turn, 'skipped', `Timer ${held.name}: ${why}; its alarm is skipped.`);
  touchTimer(held, turn);
};

/** A run behind the one that goes on. An alarm, or the owner, counts also where somebody else has asked before. */
const owe = (held: Held, turn: Turn, settled: Partial<TimerRecord>, isByOther: boolean): void => {
  const { isOwed, isOwedToOther, ...rest } = held.record.get();
  const isToOther = isByOther && (isOwed !== true || isOwedToOther === true);
  held.record.set(rest);
  noteTimer(held, turn, { ...settled, isOwed: true, ...(isToOther && { isOwedToOther: true }) });
};
const beginOwed = (held: Held, turn: Turn): void => {
  const { isOwed, isOwedToOther } = held.record.get();
  if (isOwed !== true || held.living.size > 0) return;
  begin(held, turn, {}, isOwedToOther === true ? { isTriggered: true, isByOther: true } : {});
};

const obstacleOf = (held: Held, { overlap }: TimerConfig): string | undefined => {
  const count = held.living.size;
  if (count === 0) return undefined;
  if (overlap !== 'allow') return 'the run before still goes on';
  if (count < limits.timerAtOnceCount) return undefined;
  return `${limits.timerAtOnceCount} runs go on at once`;
};

/** Begins a run, with all that the disk has to know of it in one write. */
const begin = (
  held: Held,
  turn: Turn,
  settled: Partial<TimerRecord>,
  how: Pick<NotedRun, 'isTriggered' | 'isByOther'> = {},
): Vow<string | undefined> | undefined => {
  const config = held.armed.get();
  if (config === undefined) return undefined;
  const { runCount, leftCount } = held.record.get();
  const number = runCount + 1;
  const startId = turn.call(held.monitor, 'freshStartId');
  const left = leftCount === undefined ? {} : { leftCount: Math.max(0, leftCount - 1) };
  const { isOwed: _owed, isOwedToOther: _whose, ...rest } = held.record.get();
  held.record.set(rest);
  noteTimer(held, turn, { ...settled, ...left, runCount: number });
  noteRun(held, turn, { number, startedMs: wallNow(held), startId, ...how });
  const living = { startId };
  held.living.set(number, living);
  bound(held, turn, number, living);
  touchTimer(held, turn);
  const { run } = config.timer;
  const spawned = turn.call(
    held.monitor,
    'spawn',
    held.name,
    run,
    { kind: 'spawned' },
    {},
    startId,
  );
  return turn.when(
    spawned,
    (turn, run): string | undefined => {
      const { pid } = run;
      tellLog(held, turn, 'ran', `Timer ${held.name} runs as process ${pid}.`, { pid });
      goOn(held, turn, number, run);
      return undefined;
    },
    (turn, reason): string | undefined => {
      const why = cutText(plainWordsOf(reason), limits.runReasonCharacters);
      tellLog(held, turn, 'failed', `Timer ${held.name} could not run: ${reason.message}`);
      if (held.stopping.get() === undefined)
        fail(held, turn, { what: 'start-failed', reason: why });
      over(held, turn, number, { reason: why });
      return reason.message;
    },
  );
};

/** The process of a run is there, from now on or still. */
const goOn = (held: Held, turn: Turn, number: number, run: Run): void => {
  const living: Living = { ...held.living.get(number), startId: run.startId, run };
  held.living.set(number, living);
  turn.when(run.ended, (turn, ending) => ended(held, turn, number, run, ending));
  // It was to be ended before it ran its program, when there was nobody to hear of that.
  if (living.grace !== undefined)
    turn.tell(held.monitor, 'signal', run.startId, endOf(held).signal);
  else if (held.stopping.get() !== undefined) quit(held, turn, number);
  else bound(held, turn, number, living);
  touchTimer(held, turn);
};

const ended = (held: Held, turn: Turn, number: number, run: Run, ending: Ending): void => {
  const { code, signal } = ending;
  const text = `Timer ${held.name}: process ${run.pid} ${endedWords(ending)}.`;
  tellLog(held, turn, 'ended', text, { pid: run.pid, ...ending });
  // One that is ended with its timer has not failed.
  if (code !== 0 && held.stopping.get() === undefined)
    fail(held, turn, { what: 'ended', reason: `its process ${endedWords(ending)}` });
  over(held, turn, number, {
    ...(code !== undefined && { code }),
    ...(signal !== undefined && { signal }),
  });
};

const fail = (held: Held, turn: Turn, failure: FailureNotice): void =>
  turn.tell(held.attendant, 'serviceFailed', held.name, failure);

const over = (held: Held, turn: Turn, number: number, how: Partial<TimerRun>): void => {
  const living = held.living.get(number);
  living?.limit?.cancel();
  living?.grace?.cancel();
  held.living.delete(number);
  changeRun(held, turn, number, { endedMs: wallNow(held), ...how });
  touchTimer(held, turn);
  const stopping = held.stopping.get();
  if (stopping !== undefined) {
    if (held.living.size === 0) stopped(held, stopping);
    return;
  }
  beginOwed(held, turn);
  if (held.next.get() === undefined) plan(held, turn);
};

/** A run may take so long, counted from when it began, in whatever life. */
const bound = (held: Held, turn: Turn, number: number, living: Living): void => {
  const { maxMs } = held.armed.get()?.timer ?? {};
  const startedMs = runNumbered(held, number)?.startedMs;
  if (maxMs === undefined || startedMs === undefined) return;
  living.limit?.cancel();
  const leftMs = Math.min(Math.max(0, startedMs + maxMs - wallNow(held)), maxMs);
  const limit = turn.after(leftMs, (turn) => {
    if (!held.living.has(number)) return;
    const text = `Timer ${held.name}: its run has taken ${maxMs / 1_000} seconds and is ended.`;
    tellLog(held, turn, 'overdue', text);
    changeRun(held, turn, number, { isOverdue: true });
    quit(held, turn, number);
  });
  held.living.set(number, { ...living, limit });
};

/**
 * Ends a run with its group: the signal of its service, and SIGKILL after the grace. What hangs before it runs its
 * program hears of SIGKILL alone; see service/hanging.ts.
 */
const quit = (held: Held, turn: Turn, number: number): void => {
  const living = held.living.get(number);
  if (living === undefined || living.grace !== undefined) return;
  const { startId, run } = living;
  const { signal, graceMs } = endOf(held);
  if (run !== undefined) turn.tell(held.monitor, 'signal', startId, signal);
  const grace = turn.after(graceMs, (turn) => {
    const pid = held.living.get(number)?.run?.pid;
    const whom = pid === undefined ? 'SIGKILL to what does not run its program' : `-${pid} SIGKILL`;
    const text = `Grace period of ${graceMs / 1_000} seconds is over; sending ${whom}.`;
    tellLog(held, turn, 'killed', text);
    turn.tell(held.monitor, 'signal', startId, 'SIGKILL');
  });
  held.living.set(number, { ...living, grace });
};
/** How a run is ended; of one that was taken over, whose service never came up again, in the usual way. */
const endOf = ({ armed }: Held): Pick<StopConfig, 'signal' | 'graceMs'> =>
  armed.get()?.stop ?? { signal: 'SIGTERM', graceMs: limits.orphanGraceMs };

const disarm = (held: Held, turn: Turn, isResting: boolean): Vow<void> => {
  turn.call(held.alarms, 'forget', held.name);
  held.next.set(undefined);
  const { isOwed: _owed, isOwedToOther: _whose, ...rest } = held.record.get();
  if (!isResting) held.record.set(rest);
  if (!isResting) noteTimer(held, turn, { isArmed: false });
  const { vow, resolver } = turn.vow<void>();
  held.stopping.set(resolver);
  for (const number of [...held.living.keys()]) quit(held, turn, number);
  if (held.living.size === 0) stopped(held, resolver);
  return vow;
};

const stopped = (held: Held, resolver: Resolver<void>): void => {
  held.stopping.set(undefined);
  held.armed.set(undefined);
  resolver.kept();
};

const trigger = (held: Held, turn: Turn, isByOther: boolean): Vow<string | undefined> => {
  const config = held.armed.get();
  if (config === undefined || held.stopping.get() !== undefined)
    return turn.kept(`Service ${held.name} is not running.`);
  const why = obstacleOf(held, config.timer);
  if (why !== undefined && config.timer.overlap === 'wait') {
    owe(held, turn, {}, isByOther);
    return turn.kept(undefined);
  }
  if (why !== undefined) return turn.kept(`Timer ${held.name}: ${why}.`);
  const how = { isTriggered: true, ...(isByOther && { isByOther }) } as const;
  const begun = begin(held, turn, {}, how) ?? turn.kept(undefined);
  plan(held, turn);
  return begun;
};

const adopt = (held: Held, turn: Turn, run: Run): void => {
  const found = held.runs.get().find(({ startId }) => startId === run.startId);
  if (found === undefined) return;
  if (run.ending !== undefined) return ended(held, turn, found.number, run, run.ending);
  goOn(held, turn, found.number, run);
};

const factsOf = (held: Held, timer: TimerConfig, hasLists: boolean): TimerFacts => {
  const { leftCount } = held.record.get();
  const isArmed = held.armed.get() !== undefined;
  const oldest = [...held.living.keys()][0];
  const executingMs = oldest === undefined ? undefined : runNumbered(held, oldest)?.startedMs;
  const nextMs = held.next.get()?.dueMs;
  // Each is looked for day by day: not for every look at a list.
  const count = isArmed && hasLists ? limits.upcomingAlarmCount : 0;
  const upcoming = upcomingOf(held, timer, count);
  return {
    when: whenWords(timer.when),
    ...(timer.when.kind === 'calendar' && !timer.when.isEitherDay && { event: timer.when }),
    ...(nextMs !== undefined && { nextMs }),
    ...(executingMs !== undefined && { executingMs }),
    ...(isArmed && leftCount !== undefined && { leftCount }),
    ...(hasLists && {
      upcoming: upcoming.map(({ dueMs }) => dueMs),
      runs: held.runs.get().map((run) => toldRun(held, run)),
    }),
  };
};
/** One that an earlier life has begun, and of which this one found nothing. */
const toldRun = (
  held: Held,
  { startId: _startId, place: _place, isByOther: _isByOther, ...run }: RecordedRun,
): TimerRun =>
  run.endedMs === undefined && !held.living.has(run.number) ? { ...run, isLost: true } : run;
