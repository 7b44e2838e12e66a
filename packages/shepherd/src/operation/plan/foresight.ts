/**
 * What a plan would do, for `--dry-run`: each step with what is known of its service now, why it is
 * there, and what it would come to. A pure function; nothing is asked of anybody.
 *
 *     effect    a start              a stop            anything else
 *     change    stopped, stopping    not stopped       else
 *     none      running, starting    stopped           enabled or disabled already; another release, which is active
 *     refused   disabled and down    -                 the service has no such action; a restart of what is
 *                                                      disabled
 *     unknown   nobody knows where it stands
 *     skipped   it is behind a gate (rolling.ts) that would be shut by what is known now, where whoever can be asked
 *               before goes well, and who is out of reach stays so
 *
 * A fleet is refused where so many of its members are that its policy, or the one that was asked for, cannot be met.
 *
 * A step that needs another comes to nothing where that is refused, and nobody can tell where that one
 * is unknown, as when it is carried out.
 *
 * What waits for its order alone has no step here.
 */
import { isBuiltIn, isStart, isSwitch } from '../../action-table.ts';
import { keyOf, type Gate, type Step } from './plan.ts';
import { judge, type MemberTurn } from './rolling.ts';
import { neededCountOf } from './verdict.ts';
import { isSelection } from '../../words/selectors.ts';
import { readSlotWords } from '../../words/slot-words.ts';
import { serves } from '../../words/vocabulary.ts';
import { beginAction } from '../../words/steps.ts';
import type { PlannedStep, Status } from '../../words/types.ts';
import { disabledReasons, topicWords } from '../../words/wording.ts';

/** What is known of a service now; undefined for a name that is none. */
export type Sight = (name: string) => Status | undefined;

/** The steps of a plan that do something. `args` are those of the request that it is made from. */
export const foreseen = (
  steps: readonly Step[],
  names: readonly string[],
  args: readonly string[],
  sight: Sight,
): readonly PlannedStep[] => {
  const reasons = reasonsIn(steps, new Set(names));
  const stopped = new Set<string>();
  const effects = new Map<string, Verdict>();
  const needs = new Map<string, Need>();
  const gates = new Map<string, Gate>();
  const rolls = new Rolls(steps, sight, effects);
  const known: Known = { names, args, sight, stopped, effects, needs };
  return steps.flatMap((step): readonly PlannedStep[] => {
    if (step.kind === 'gate') rolls.take(step);
    const shut = rolls.shutBefore(step);
    const verdict: Verdict =
      shut === undefined ? verdictOn(step, known) : { effect: 'skipped', note: shut };
    effects.set(step.key, verdict);
    if (step.kind === 'gate') gates.set(step.key, step);
    needs.set(step.key, needOf(step, verdict, known));
    if (step.action === 'stop') stopped.add(step.name);
    if (step.kind === 'gate' || step.kind === 'order' || step.kind === 'same') return [];
    if (step.action === beginAction) return [];
    const status = sight(step.name);
    const { name: service, action } = step;
    const gate = step.gate === undefined ? undefined : gates.get(step.gate);
    const batch = gate === undefined ? {} : batchOf(gate);
    return [{ service, action, ...reasons(step), ...knownOf(status), ...verdict, ...batch }];
  });
};

const batchOf = ({ batch, isCanary, pauseMs }: Gate): Partial<PlannedStep> => ({
  batch,
  ...(isCanary === true && { isCanary }),
  ...(pauseMs !== undefined && { pauseMs }),
});
const knownOf = (status: Status | undefined): Pick<PlannedStep, 'stage' | 'ageMs'> => {
  if (status === undefined) return {};
  const { stage, ageMs } = status;
  return ageMs === undefined ? { stage } : { stage, ageMs };
};

/** The gates of a plan, judged as when it is carried out; who was let through is well before the next is looked at. */
class Rolls {
  readonly #effects: ReadonlyMap<string, Verdict>;
  /** Why gates are shut, by their keys. */
  readonly #shut = new Map<string, string>();
  /** By aggregate. */
  readonly #rolls = new Map<string, Roll>();

  /** Looks at each member once, as `take` does when it is through: there may be ten thousand of them. */
  constructor(steps: readonly Step[], sight: Sight, effects: ReadonlyMap<string, Verdict>) {
    this.#effects = effects;
    for (const step of steps) {
      if (step.kind !== 'gate') continue;
      const none: Roll = { serving: new Map(), idle: new Map(), bad: [], passing: [] };
      const roll = this.#rolls.get(step.name) ?? none;
      this.#rolls.set(step.name, roll);
      for (const turn of turnsOf(step, 'ahead')) {
        const status = sight(turn.name);
        const isServing = status === undefined ? false : serves(status);
        roll.serving.set(turn.name, isServing);
        if (isServing !== true) roll.idle.set(turn.name, turn);
      }
    }
  }

  /** A gate at its turn. */
  take(gate: GateStep): void {
    const roll = this.#rolls.get(gate.name);
    const before = gate.after.map((key) => this.#shut.get(key)).find((why) => why !== undefined);
    const why = before ?? (roll && this.#whyShut(gate, roll));
    if (why !== undefined) this.#shut.set(gate.key, why);
    else roll?.passing.push(...turnsOf(gate, 'well'));
  }
  /** Why a step would not be taken; undefined: its gate, if any, is open. */
  shutBefore({ gate }: Step): string | undefined {
    return gate === undefined ? undefined : this.#shut.get(gate);
  }

  #whyShut(gate: GateStep, { serving, idle, bad, passing }: Roll): string | undefined {
    for (const through of passing.splice(0)) {
      const { name } = through;
      const effect = this.#effects.get(keyOf(gate.of ?? 'restart', name))?.effect;
      const isBad = effect === 'refused' || effect === 'unknown';
      const turn: MemberTurn = isBad ? { ...through, state: 'bad' } : through;
      if (isBad) bad.push(turn);
      else if (serving.get(name) === false) {
        serving.set(name, true);
        idle.delete(name);
      }
      if (idle.has(name)) idle.set(name, turn);
    }
    const tally = { bad, askedCount: 0, idle: [...idle.values()] };
    const verdict = judge(gate, tally, (name) => serving.get(name));
    return 'reason' in verdict ? verdict.reason : undefined;
  }
}
type GateStep = Step & Gate;
/** The members of one aggregate, those in lists in the order of the plan. */
interface Roll {
  /** Undefined: nobody can tell. */
  readonly serving: Map<string, boolean | undefined>;
  /** Who does not surely serve. */
  readonly idle: Map<string, MemberTurn>;
  readonly bad: MemberTurn[];
  /** Those whose gate is open, until what came of it is looked at. */
  readonly passing: MemberTurn[];
}
const turnsOf = (
  { opens, isCanary = false }: Gate,
  state: MemberTurn['state'],
): readonly MemberTurn[] => opens.map((name) => ({ name, state, isCanary }));

type Verdict = Pick<PlannedStep, 'effect' | 'note' | 'dependsOn'>;
type Reason = Pick<PlannedStep, 'why' | 'of'>;

/** A step is there for the first one that waits for it, unless it was asked for. */
const reasonsIn = (
  steps: readonly Step[],
  names: ReadonlySet<string>,
): ((step: Step) => Reason) => {
  const fleets = new Map<string, string>();
  const followers = new Map<string, Step>();
  const downs = new Set<string>();
  for (const step of steps) {
    if (step.kind === 'sum')
      for (const part of step.parts) if (!fleets.has(part)) fleets.set(part, step.name);
    for (const key of step.after) if (!followers.has(key)) followers.set(key, step);
    if (step.action === 'stop' && !step.isAsked) downs.add(step.name);
  }
  const members = new Map<string, string>();
  for (const { key, name } of steps) {
    const fleet = fleets.get(key);
    if (fleet !== undefined) members.set(name, fleet);
  }
  return ({ key, name, isAsked }) => {
    if (names.has(name)) return { why: 'asked' };
    const fleet = members.get(name);
    if (isAsked) return { why: 'member', ...(fleet !== undefined && { of: fleet }) };
    const why = downs.has(name) ? 'dependent' : 'requirement';
    const of = followers.get(key)?.name;
    return { why, ...(of !== undefined && of !== name && { of }) };
  };
};

interface Known {
  /** What was asked for. */
  readonly names: readonly string[];
  readonly args: readonly string[];
  readonly sight: Sight;
  /** Services that an earlier step of the plan stops. */
  readonly stopped: ReadonlySet<string>;
  /** Of earlier steps, by their keys. */
  readonly effects: ReadonlyMap<string, Verdict>;
  /** The same, as it counts for a step that needs this one. */
  readonly needs: ReadonlyMap<string, Need>;
}
type Need = Pick<PlannedStep, 'effect'> & { readonly name: string };

/** A fleet that does something is needed in vain all the same where too few of its members can be good. */
const needOf = (step: Step, { effect }: Verdict, known: Known): Need => {
  const { name } = step;
  if (step.kind !== 'sum') return { name, effect };
  const parts = partsOf(step, known);
  const neededCount = neededIn(step, known.sight) ?? parts.length;
  const good = parts.filter((each) => !isVain(each));
  if (good.length < neededCount) return { name, effect: 'refused' };
  const isSure = good.filter((each) => each !== 'unknown').length >= neededCount;
  return { name, effect: isSure ? 'change' : 'unknown' };
};

const verdictOn = (step: Step, known: Known): Verdict => {
  const needed = step.needed.map((key) => known.needs.get(key));
  const bar = needed.find((each) => each?.effect === 'refused');
  if (bar !== undefined) {
    const note = topicWords('depends', `Service ${step.name}`, bar.name);
    return { effect: 'refused', note, dependsOn: bar.name };
  }
  const verdict = verdictAlone(step, known);
  const isInDoubt = needed.some((each) => each?.effect === 'unknown');
  return isInDoubt && verdict.effect !== 'refused' ? { ...verdict, effect: 'unknown' } : verdict;
};

const verdictAlone = (step: Step, known: Known): Verdict => {
  switch (step.kind) {
    case 'order':
    case 'gate':
      return { effect: 'none' };
    case 'known':
      return { effect: step.result === 'ok' ? 'none' : 'refused', note: step.reason };
    case 'same':
      return known.effects.get(step.part) ?? { effect: 'unknown' };
    case 'sum':
      return verdictOnSum(step, known);
    case 'ask': {
      const verdict = verdictOnAsk(step, known);
      return step.note === undefined ? verdict : { ...verdict, note: step.note };
    }
  }
};

/** The first of these that a member has; a fleet is refused where too few members can be good, as far as is known. */
const verdictOnSum = (step: SumStep, known: Known): Verdict => {
  const parts = partsOf(step, known);
  const neededCount = neededIn(step, known.sight);
  const words = `${parts.length} member${parts.length === 1 ? '' : 's'}`;
  const goodCount = parts.filter((each) => !isVain(each)).length;
  const found = (['change', 'unknown', 'none'] as const).find((each) => parts.includes(each));
  if (found !== undefined && goodCount >= (neededCount ?? 0)) return { effect: found, note: words };
  if (parts.length === 0)
    return known.names.includes(step.name)
      ? { effect: 'refused', note: 'it has no members' }
      : { effect: 'none', note: words };
  const effect = parts.includes('skipped') ? 'skipped' : 'refused';
  if (goodCount === 0) return { effect, note: words };
  const needed = neededCount === parts.length ? '' : `, ${neededCount} needed`;
  return { effect, note: `at most ${goodCount} of ${words}${needed}` };
};
type SumStep = Step & { readonly kind: 'sum' };
const partsOf = ({ parts }: SumStep, { effects }: Known): readonly PlannedStep['effect'][] =>
  parts.map((key) => effects.get(key)?.effect ?? 'unknown');
const isVain = (effect: PlannedStep['effect']): boolean =>
  effect === 'refused' || effect === 'skipped';
/**
 * How many members have to be good, as `summed` of outcomes.ts has it. Undefined for some members of a fleet, unless it
 * was asked for: of a share nobody tells here.
 */
const neededIn = ({ name, action, minReady, parts }: SumStep, sight: Sight): number | undefined => {
  if (!isStart(action)) return parts.length;
  if (minReady !== undefined) return neededCountOf(minReady, parts.length);
  const status = sight(name);
  if (status?.kind !== 'fleet') return isSelection(name) ? parts.length : undefined;
  const { members, neededCount } = status;
  return members === undefined || members.length === parts.length ? neededCount : undefined;
};

const verdictOnAsk = (step: Step, { args, sight, stopped }: Known): Verdict => {
  const { name, action, isAsked } = step;
  const status = sight(name);
  if (status === undefined)
    return { effect: 'refused', note: `service '${name}' could not be found` };
  if (isAsked && args.length > 0 && isBuiltIn(action))
    return { effect: 'refused', note: `${action} takes no arguments` };
  switch (action) {
    case 'start':
    case beginAction:
      if (status.stage === 'running' && !stopped.has(name)) return { effect: 'none' };
      if (isRefused(status)) return disabled(status);
      if (stopped.has(name)) return { effect: 'change' };
      return changing(status, 'starting');
    case 'stop':
      return changing(status, 'stopped');
    case 'restart':
      return isRefused(status) ? disabled(status) : changing(status);
    case 'enable':
      return changingUnless(status, status.isEnabled);
    case 'disable':
      return changingUnless(status, !status.isEnabled);
    default:
      if (status.stage === 'unknown') return { effect: 'unknown' };
      if (!status.actions.some((each) => each.name === action))
        return { effect: 'refused', note: `service '${name}' does not have an action '${action}'` };
      return isSwitch(action) && isActive(status, args)
        ? { effect: 'none', note: 'that release is active' }
        : { effect: 'change' };
  }
};

/** Whether a slot has the release that it is to switch to, and nothing of one is under way or to be told of. */
const isActive = (status: Status, args: readonly string[]): boolean => {
  const { release } = readSlotWords(args);
  if (status.kind === 'fleet' || release === undefined) return false;
  const { phase, current } = status.slot ?? {};
  return phase === undefined && current?.startsWith(release) === true;
};

/** What is elsewhere, and out of sight, may have been enabled meanwhile. */
const isRefused = ({ kind, stage, isEnabled }: Status): boolean =>
  !isEnabled && (kind === 'local' || stage !== 'unknown');
const disabled = (status: Status): Verdict => ({
  effect: 'refused',
  note: disabledReasons(status.kind === 'fleet' ? {} : status).reason,
});

/** Whether a service that is to get into one of these stages has to change for it. */
const changing = ({ stage }: Status, ...goals: readonly Status['stage'][]): Verdict => {
  if (stage === 'unknown') return { effect: 'unknown' };
  return { effect: goals.includes(stage) ? 'none' : 'change' };
};
const changingUnless = ({ stage }: Status, isSo: boolean): Verdict => {
  if (stage === 'unknown') return { effect: 'unknown' };
  return { effect: isSo ? 'none' : 'change' };
};
