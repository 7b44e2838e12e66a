/**
 * How far the members of an aggregate that is asked batch by batch have got, and who of them serves: what a gate goes
 * by. To look at all of them whenever one is over took a controller of a thousand 12 ms each time. So it is kept, and
 * only those are looked at again
 *
 *     one of whose steps has ended, or is tried again        `noteMoved`
 *     whose gate was opened                                  likewise, by the step of the gate
 *     whose status was touched                               `touchedSince` of the host
 *     who did not serve, before a gate is shut for that      `lookAgain`
 *
 * It is made anew from the steps when the next gate is looked at and there is none: nothing of it is written down.
 */
import type { JournalMap, Turn } from '@bellwether/actors';
import { isOpened } from './gate-state.ts';
import type { Host } from './host.ts';
import type { Muster, Operation, Roll, StepRecord } from './kept/memory.ts';
import { keyOf, type Gate, type Step } from './plan/plan.ts';
import type { WhoServes, Tally, MemberTurn } from './plan/rolling.ts';

type GateStep = Step & Gate;

/** A step has ended, or begins anew. */
export const noteMoved = ({ muster }: Operation, key: string): void =>
  muster.get()?.moved.set(key, true);

/** What a gate goes by, at this moment. */
export const tallyOf = (
  host: Host,
  moment: Turn,
  operation: Operation,
  gate: GateStep,
  seen: WhoServes,
): Tally => {
  const muster = operation.muster.get() ?? begin(host, moment, operation);
  catchUp(host, moment, operation, muster, seen);
  const roll = muster.rolls.get(gate.name) ?? call(moment, operation, muster, gate, seen);
  return {
    bad: inOrder(roll, roll.bad),
    askedCount: roll.asked.size,
    idle: inOrder(roll, roll.idle),
  };
};
/** Whoever serves by now was touched; but nobody is to be given up because that went astray. */
export const lookAgain = (operation: Operation, root: string, seen: WhoServes): void => {
  const roll = operation.muster.get()?.rolls.get(root);
  if (roll === undefined) return;
  for (const name of [...roll.idle.keys()]) look(operation, roll, name, seen);
};
const inOrder = ({ members }: Roll, names: JournalMap<string, true>): readonly MemberTurn[] =>
  [...names.keys()]
    .flatMap((name) => members.get(name) ?? [])
    .sort((a, b) => a.place - b.place)
    .map(({ turn }) => turn);

const begin = (host: Host, moment: Turn, { muster }: Operation): Muster => {
  const { count } = host.touchedSince(moment, undefined);
  const made: Muster = {
    rolls: moment.map(),
    moved: moment.map(),
    touchedCount: moment.cell(count),
  };
  muster.set(made);
  return made;
};
/** Looks at each member once. */
const call = (
  moment: Turn,
  operation: Operation,
  { rolls }: Muster,
  { name: root, of: action = 'restart' }: GateStep,
  seen: WhoServes,
): Roll => {
  const roll: Roll = {
    action,
    members: moment.map(),
    bad: moment.map(),
    asked: moment.map(),
    idle: moment.map(),
  };
  rolls.set(root, roll);
  for (const { step } of operation.steps.values()) {
    if (step.kind !== 'gate' || step.name !== root) continue;
    for (const name of step.opens) {
      const turn: MemberTurn = { name, state: 'ahead', isCanary: step.isCanary === true };
      roll.members.set(name, { turn, gate: step.key, place: roll.members.size });
      look(operation, roll, name, seen);
    }
  }
  return roll;
};

/** Looks again at those of whom something is different. */
const catchUp = (
  host: Host,
  moment: Turn,
  operation: Operation,
  { rolls, moved, touchedCount }: Muster,
  seen: WhoServes,
): void => {
  const { count, names } = host.touchedSince(moment, touchedCount.get());
  touchedCount.set(count);
  const movedNames = [...moved.keys()].flatMap((key) => namesIn(operation.steps.get(key)?.step));
  moved.clear();
  for (const roll of rolls.values()) {
    const changed = names === undefined ? roll.members.keys() : [...names, ...movedNames];
    for (const name of new Set(changed)) look(operation, roll, name, seen);
  }
};
const namesIn = (step: Step | undefined): readonly string[] => {
  if (step?.kind === 'gate') return step.opens;
  return step === undefined || step.key !== keyOf(step.action, step.name) ? [] : [step.name];
};

/** How far a member is by now, and whether it serves. */
const look = (
  { steps }: Operation,
  { action, members, bad, asked, idle }: Roll,
  name: string,
  seen: WhoServes,
): void => {
  const member = members.get(name);
  if (member === undefined) return;
  const { turn, gate, place } = member;
  const answer = steps.get(keyOf(action, name));
  const state = stateOf(isOpened(steps.get(gate)), answer);
  const { isCanary } = turn;
  if (state !== turn.state || answer?.outcome !== turn.outcome)
    members.set(name, { turn: { name, state, isCanary, outcome: answer?.outcome }, gate, place });
  mark(bad, name, state === 'bad');
  mark(asked, name, state === 'asked');
  mark(idle, name, state !== 'asked' && seen(name) !== true);
};
const mark = (names: JournalMap<string, true>, name: string, isIn: boolean): void => {
  if (names.has(name) === isIn) return;
  if (isIn) names.set(name, true);
  else names.delete(name);
};
const stateOf = (isGateOpen: boolean, answer: StepRecord | undefined): MemberTurn['state'] => {
  const isEnd = answer?.phase !== 'waiting' && answer?.phase !== 'acting';
  if (!isEnd) return isGateOpen ? 'asked' : 'ahead';
  switch (answer?.outcome?.result) {
    case 'ok':
    case 'changed':
      return 'well';
    case 'denied':
    case 'superseded':
    case 'cancelled':
    case 'skipped':
      return 'left';
    default:
      return 'bad';
  }
};
