/**
 * What is to be thought of the steps that an earlier life left under way. Nothing is done anew by itself that might
 * have been done:
 *
 *     a step asks                  it is                                     what becomes of it
 *     a service elsewhere          waited for its machine                    waits on
 *                                  is waited for at its own shepherd         that is asked how it ends, and to call it
 *                                                                            off where it was called off here
 *                                  anything else                             asked again as a repeat; who does not
 *                                                                            know it answers that it never came
 *     start, of this machine       running since it was asked for            changed
 *                                  running for longer                        ok
 *                                  anything else                             goes on: its wish is on the disk, so
 *                                                                            that this life starts it in any case
 *     stop, of this machine        stopped                                   changed
 *                                  anything else                             goes on, likewise
 *     stop and start of a restart  running for longer than since it was      both skipped
 *                                  asked for
 *                                  anything else                             changed, and the start as above
 *     enable, disable              as it was asked to be                     changed
 *                                  not                                       skipped
 *     an action of its own         was begun                                 unknown; what an agent was entrusted
 *                                                                            with is asked of it as a repeat, and
 *                                                                            to call it off where it was here
 *                                  was not                                   skipped
 *     nobody                       -                                         goes on
 *     a gate that was not open                                               shut, so that all behind it is skipped
 *
 * Where whoever asked may not any more, what would go on at home is cancelled, and its wish taken back, unless it is
 * under way: a service that is starting. Members are told, too.
 */
import type { Turn } from '@bellwether/actors';
import { endOf } from '../askers.ts';
import { noteChanged } from './durable.ts';
import { isBarredBy, isOneOfMore } from '../gates.ts';
import type { Operation, StepEnd, StepRecord } from './memory.ts';
import { calledOff, goOn } from '../operation.ts';
import { mayBeBegun } from '../queue.ts';
import { isOver } from '../outcomes.ts';
import type { Step } from '../plan/plan.ts';
import type { Host } from '../host.ts';
import { plain } from '../../words/outcome.ts';
import { beginAction } from '../../words/steps.ts';
import type { AcceptedRecord, LocalStatus, Result } from '../../words/types.ts';

/** Takes up what is not over of an operation that was laid out as the disk has it. @throws Limit */
export const resume = (
  host: Host,
  turn: Turn,
  operation: Operation,
  { atMs, endedMs }: AcceptedRecord,
): void => {
  if (endedMs === undefined) noteChanged(operation, [], 'due');
  const { steps, account } = operation;
  const why = endOf(host, turn, account.get().by);
  const isOff = why !== undefined;
  if (isOff) account.set({ ...account.get(), isCancelled: true });
  const endings = new Map<string, StepEnd>();
  const begunMs = ({ step }: StepRecord): number =>
    (step.gate === undefined ? undefined : steps.get(step.gate)?.atMs) ?? atMs;
  for (const [key, record] of steps.entries()) {
    if (isOver(operation, key)) continue;
    const { step } = record;
    const wait: StepRecord = { ...record, phase: 'waiting' };
    if (step.kind === 'gate' || isBarredBy(operation, step)) {
      steps.set(key, wait);
      if (step.kind === 'gate') endings.set(key, ended(step, 'skipped', shutWords));
      continue;
    }
    const elsewhere = step.kind === 'ask' ? host.elsewhere(step.name) : undefined;
    if (elsewhere !== undefined && record.phase === 'queued' && record.passedOn !== undefined) {
      const passedOn = account.get().isCancelled ? 'called-off' : record.passedOn;
      steps.set(key, { ...record, passedOn, wasQueued: true });
      continue;
    }
    if (elsewhere !== undefined && record.phase === 'queued') {
      const doubt = mayBeBegun(record) ? { isAgain: true as const } : {};
      const queued: StepRecord = { ...record, ...doubt, wasQueued: true };
      steps.set(key, isOff ? { ...queued, phase: 'waiting' } : queued);
      if (isOff) endings.set(key, calledOff(host, turn, operation, queued, why));
      continue;
    }
    const queued = record.outcome?.queuedUntilMs === undefined ? {} : { wasQueued: true as const };
    const isEntrusted = record.phase === 'acting' && isAgents(host, step);
    const isAsked = elsewhere !== undefined || isEntrusted;
    steps.set(key, isAsked ? { ...wait, ...queued, isAgain: true } : wait);
    const found = isAsked ? undefined : endingOf(host, turn, record, begunMs(record), endings);
    const ending =
      found ??
      (isOff && !isEntrusted && !isUnderWay(host, turn, step)
        ? calledOff(host, turn, operation, wait, why)
        : undefined);
    if (ending !== undefined) endings.set(key, ending);
    if (elsewhere !== undefined && account.get().isCancelled && !isOneOfMore(step))
      turn.tell(elsewhere, 'cancel', operation.id, operation.principal, isOff);
    const agent = isEntrusted ? host.own(step.name)?.agent : undefined;
    if (agent !== undefined && account.get().isCancelled)
      turn.tell(agent, 'cancel', operation.id, operation.principal, !isOff);
  }
  goOn(host, turn, operation, endings);
};

/** Whether the agent of its service carries it out, who knows how far it got. */
const isAgents = (host: Host, { kind, name, action }: Step): boolean => {
  const own = kind === 'ask' ? host.own(name) : undefined;
  const actions = own?.config.actions ?? {};
  return Object.hasOwn(actions, action) && actions[action]?.kind === 'agent';
};

/** Whether a step of which nothing has ended is to go on although nobody may ask for it any more. */
const isUnderWay = (host: Host, turn: Turn, { kind, action, name }: Step): boolean => {
  const own = kind === 'ask' ? host.own(name) : undefined;
  // What asks nobody says what came of those that do; those elsewhere are told to call it off.
  if (own === undefined) return true;
  return action === 'start' && turn.call(own.service, 'standing').stage === 'starting';
};

/** Undefined: it goes on. */
const endingOf = (
  host: Host,
  turn: Turn,
  { step, phase }: StepRecord,
  atMs: number,
  before: ReadonlyMap<string, StepEnd>,
): StepEnd | undefined => {
  const own = step.kind === 'ask' ? host.own(step.name) : undefined;
  if (own === undefined) return undefined;
  const status = turn.call(own.service, 'status');
  switch (step.action) {
    case 'start':
      return startEnding(step, status, atMs, before);
    case beginAction:
      return status.pid === undefined ? undefined : ended(step, 'ok');
    case 'stop':
      return stopEnding(step, status, atMs);
    case 'enable':
    case 'disable':
      return status.isEnabled === (step.action === 'enable')
        ? ended(step, 'changed')
        : skipped(step);
    default:
      return phase === 'acting' ? doubt(step) : skipped(step);
  }
};

const startEnding = (
  step: Step,
  status: LocalStatus,
  atMs: number,
  before: ReadonlyMap<string, StepEnd>,
): StepEnd | undefined => {
  if (step.after.some((key) => before.get(key)?.outcome.result === 'skipped')) return skipped(step);
  if (status.stage !== 'running') return undefined;
  const { pid, version } = status;
  const { outcome } = ended(step, isOlder(status, atMs) ? 'ok' : 'changed');
  const what = { ...(pid !== undefined && { pid }), ...(version && { version }) };
  return { outcome: { ...outcome, stage: 'running', ...what } };
};
const stopEnding = (step: Step, status: LocalStatus, atMs: number): StepEnd | undefined => {
  if (step.wish === 'start') {
    const isUp = status.stage === 'running' || status.stage === 'starting';
    return isUp && isOlder(status, atMs) ? skipped(step) : ended(step, 'changed');
  }
  return status.stage === 'stopped' ? ended(step, 'changed') : undefined;
};
/** Whether it has been what it is since before the operation was taken on. */
const isOlder = ({ since }: LocalStatus, atMs: number): boolean =>
  since !== undefined && since < atMs;

const shutWords = 'left as it is: the shepherd ended before its turn came';
const ended = ({ name }: Step, result: Result, reason?: string): StepEnd => ({
  outcome: plain(name, result, reason),
});
const skipped = (step: Step): StepEnd =>
  ended(
    step,
    'skipped',
    `Service ${step.name}: the shepherd ended before ${step.action} was begun.`,
  );
const doubt = (step: Step): StepEnd => {
  const what = `the shepherd ended while ${step.action} was under way; it may have been done`;
  return { ...ended(step, 'unknown', `Service ${step.name}: ${what}.`), isFinal: true };
};
