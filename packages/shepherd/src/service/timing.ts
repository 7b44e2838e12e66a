/** A service that is a timer: what it has of its `^schedule`, which rings and runs. */
import type { Ref, Turn, Vow } from '@bellwether/actors';
import { makeSchedule } from '../timer/schedule.ts';
import { notePrompt } from './prompts.ts';
import { noteBesides } from './besides.ts';
import {
  change,
  enter,
  outcomeOf,
  refusal,
  stateOf,
  stopped,
  touch,
  type ServiceHeld,
} from './service-state.ts';
import { isOwn } from '../words/principal.ts';
import type { Asker, Entry, Outcome, Schedule, TimerFacts, TimerMemory } from '../words/types.ts';

/** Of a service that is a timer. */
export const scheduleOf = (held: ServiceHeld, turn: Turn): Ref<Schedule> => {
  const known = held.besides.get().schedule;
  if (known !== undefined) return known;
  const { name, node, monitor, alarms, attendant, clock, zone, log, timerBefore: memory } = held;
  const options = { name, node, monitor, alarms, attendant, clock, zone, log, memory };
  const schedule = turn.spawn(makeSchedule, { ...options, service: held.self });
  noteBesides(held, { schedule });
  return schedule;
};

/** Has a timer ring from now on: why it never would, or undefined, as of what is none. */
export const armTimer = (held: ServiceHeld, turn: Turn): string | undefined => {
  const { timer, ...config } = held.config.get();
  if (timer === undefined) return undefined;
  return turn.call(scheduleOf(held, turn), 'arm', { ...config, timer });
};

/** Kept once its runs are over. Where its shepherd ends and it is wanted, the next one goes on with its alarms. */
export const disarmTimer = (held: ServiceHeld, turn: Turn): Vow<void> => {
  const isResting = held.besides.get().retirement !== undefined && held.shown.get().isWanted;
  return turn.send(scheduleOf(held, turn), 'disarm', isResting);
};

/** Something has changed, or nothing is left to ring: then nobody wants it any more, in the next life neither. */
export const timed = (held: ServiceHeld, turn: Turn, isOver: boolean): void => {
  touch(held, turn);
  const state = stateOf(held);
  if (!isOver || state.at !== 'running' || state.run !== undefined) return;
  held.goal.set('stop');
  change(held, turn, { isWanted: false });
  turn.record({ kind: 'desired', service: held.name, isWanted: false } satisfies Entry);
  turn.tell(held.attendant, 'serviceIsOver', held.name);
  notePrompt(held, turn, 'stopped', { kind: 'timer-over' });
  enter(held, turn, stopped, 'stopped');
};

/** Runs a timer at once, and says so in GNU Shepherd's words. */
export const trigger = (held: ServiceHeld, turn: Turn, { principal }: Asker): Vow<Outcome> => {
  const schedule = held.besides.get().schedule;
  if (schedule === undefined || stateOf(held).at !== 'running')
    return turn.kept(refusal(held, `Service ${held.name} is not running.`));
  return turn.when(turn.send(schedule, 'trigger', !isOwn(principal)), (turn, why): Outcome => {
    if (why !== undefined) return refusal(held, why);
    const pid = turn.call(schedule, 'pid');
    const output = ['Triggering timer.'];
    return { ...outcomeOf(held, 'changed'), output, ...(pid !== undefined && { pid }) };
  });
};

/** What the status tells of it; undefined where it is none. */
export const timerFactsOf = (
  held: ServiceHeld,
  turn: Turn,
  hasLists: boolean,
): TimerFacts | undefined => {
  const { timer } = held.config.get();
  const schedule = held.besides.get().schedule;
  if (timer === undefined || schedule === undefined) return undefined;
  return turn.call(schedule, 'facts', timer, hasLists);
};
/** The process of a run that goes on. */
export const timerPidOf = (held: ServiceHeld, turn: Turn): number | undefined => {
  const schedule = held.besides.get().schedule;
  return schedule && turn.call(schedule, 'pid');
};
/** What its schedule would leave behind, be it of an earlier description. */
export const timerMemoryOf = (held: ServiceHeld, turn: Turn): TimerMemory | undefined => {
  const schedule = held.besides.get().schedule;
  if (schedule !== undefined) return turn.call(schedule, 'memory');
  return held.timerBefore.record === undefined ? undefined : held.timerBefore;
};
