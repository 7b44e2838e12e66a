/**
 * An aggregate that is asked batch by batch for what takes its members down: how it is laid out, and when the next
 * member may go down. Both are pure functions; who carries them out is gates.ts.
 *
 *     action            batch by batch                          a member is
 *     restart           where the request says how              stopped and started, with what hangs on it
 *     another release   always: by the policy of the request,   asked for the action, by which it comes back or goes
 *                       or one for the canary, then quarters    back by itself; nothing else goes down
 *
 * Each member stands behind a gate of its own, with what its restart takes down beside it. The gates are in one row,
 * and only the first that is shut is looked at. The first line that holds decides:
 *
 *     the operation was called off, or its time is over            shut, and so are all behind it
 *     a member of the canary failed                                shut
 *     more members failed than may                                 shut
 *     as many are under way as may be unavailable                  waits until one of them is over
 *     who was through does not serve any more, and is, with
 *       those who failed, one more than may fail                   waits for a while, then shut
 *     one more would be unavailable than may                       waits until one that is under way is over;
 *                                                                  where none is, for a while, then shut
 *     else                                                         open
 *
 * A member is unavailable from when it is asked until its own shepherd says that it runs and is ready; if it
 * does not say so, for good. So is, asked or not, who does not serve, or of whom nobody can tell. Those come
 * first: to restart who surely does not serve takes nothing away from the fleet, so that it may be done in any
 * case; what they use up of what may be unavailable would stop the others. Who is out of reach uses it up like who is
 * down: it may be down for all that is known, and then one more would be one too many. Whoever knows better says so.
 *
 * Who has gone back to the release before, or refused another one, is as it was: that it failed counts, and not as
 * unavailable. Of whom nobody can tell is no canary while there is another one, since it would prove nothing: with a
 * canary those come last.
 *
 * The first gate of a batch waits for all of the batch before, and then for the pause. Members one of which requires
 * the other go down together. Aggregates among the members are laid out as their own members.
 */
import { isSwitch } from '../../action-table.ts';
import { BadRequest } from '../../errors.ts';
import { inOrder, unique } from '../../graph.ts';
import { careRolling, percentOf } from '../../checks/rolling.ts';
import {
  draftOf,
  keyOf,
  membersMarked,
  plan,
  restartsTogether,
  simple,
  sumOf,
  wished,
  type Draft,
  type Gate,
  type Graph,
  type Step,
} from './plan.ts';
import type { MinReady, Outcome, Request, Rolling } from '../../words/types.ts';

/**
 * The steps of a request, batch by batch where it says so or another release runs afterwards. @throws Cycle, and
 * BadRequest where there is nothing to divide, or no way to keep to the policy
 */
export const planFor = (request: Request, graph: Graph): readonly Step[] => {
  const { member, action, withMembers, rolling } = request;
  const policy = rolling ?? (isSwitch(action) && withMembers !== false ? careRolling : undefined);
  if (policy !== undefined && graph.members(member) !== undefined)
    return roll(request, policy, graph);
  if (rolling !== undefined && graph.isOwn(member))
    throw new BadRequest(`service '${member}' is no fleet: it has no members to go in batches`);
  // Whether it is an aggregate its own shepherd knows, which lays it out.
  return plan(request, graph);
};
/** A policy in numbers, for so many members. */
export interface Terms {
  readonly batchSize: number;
  readonly maxUnavailable: number;
  readonly maxFailed: number;
  readonly pauseMs: number;
  readonly canaryCount: number;
}
/** What a policy comes to. Of what may go wrong a share is never rounded up, of what is done it is. */
export const termsOf = (rolling: Rolling, memberCount: number): Terms => {
  const { batch, maxFailed = 0, pauseMs = 0, canary = 0 } = rolling;
  const batchSize = Math.max(1, numberOf(batch, memberCount, Math.ceil));
  const { maxUnavailable = batchSize } = rolling;
  return {
    batchSize,
    maxUnavailable: Math.max(1, numberOf(maxUnavailable, memberCount, Math.floor)),
    maxFailed: numberOf(maxFailed, memberCount, Math.floor),
    pauseMs,
    canaryCount: canary,
  };
};
const numberOf = (share: MinReady, all: number, rounded: (count: number) => number): number =>
  typeof share === 'number' ? share : rounded((all * (percentOf(share) ?? 0)) / 100);

/** Members that go down together. */
type Unit = readonly string[];
interface Batch {
  readonly units: readonly Unit[];
  readonly isCanary: boolean;
}

const roll = (
  { member: root, ...rest }: Request,
  rolling: Rolling,
  graph: Graph,
): readonly Step[] => {
  const draft = draftOf({ ...rest, names: [root] }, graph);
  const members = draft.targets.filter((name) => !draft.isAggregate(name));
  const terms = termsOf(rolling, members.length);
  const whole: Whole = { action: rest.action, graph, root, members: new Set(members) };
  const units = inTurn(unitsOf(members, whole), terms, graph);
  const widest = units.find(({ length }) => length > terms.maxUnavailable);
  if (widest !== undefined) throw tooWide(widest, terms);
  const batches = batchesOf(units, terms);
  const steps = gated(batches, terms, whole);
  const keyFor = (name: string): string => keyOf(rest.action, name);
  const sums = draft.targets
    .filter(draft.isAggregate)
    .map((name) => sumOf(draft, name, rest.action, keyFor))
    .map((step) => (rest.action === 'restart' ? wished(step, 'start') : step));
  return membersMarked([...steps, ...sums]);
};

const tooWide = (unit: Unit, { maxUnavailable }: Terms): BadRequest =>
  new BadRequest(
    `${unit.slice(0, 4).join(', ')} require one another and go down together: ${unit.length} would be ` +
      `unavailable at a time, and at most ${maxUnavailable} may`,
  );

/** Members that one of them takes down with it are one unit. */
const unitsOf = (
  members: readonly string[],
  { action, graph }: Pick<Whole, 'action' | 'graph'>,
): readonly Unit[] => {
  if (isSwitch(action)) return members.map((name) => [name]);
  const asked = new Set(members);
  const units = new Map<string, Set<string>>();
  for (const member of members) {
    const along = inOrder([member], graph.dependents).filter((name) => asked.has(name));
    const unit = new Set([member, ...along].flatMap((name) => [...(units.get(name) ?? [name])]));
    for (const name of unit) units.set(name, unit);
  }
  const places = new Map(members.map((name, at) => [name, at]));
  const placeOf = (name: string): number => places.get(name) ?? 0;
  return [...new Set(units.values())]
    .map((unit) => [...unit].sort((a, b) => placeOf(a) - placeOf(b)))
    .sort(([a = ''], [b = '']) => placeOf(a) - placeOf(b));
};
/** Those come first of whom one does not serve; with a canary last of whom nobody can tell. */
const inTurn = (
  units: readonly Unit[],
  { canaryCount }: Terms,
  { isServing }: Graph,
): readonly Unit[] => {
  const turnOf = (unit: Unit): number => {
    if (canaryCount > 0 && unit.some((name) => isServing(name) === undefined)) return 2;
    return unit.every(isServing) ? 1 : 0;
  };
  return units
    .map((unit) => ({ unit, at: turnOf(unit) }))
    .sort((a, b) => a.at - b.at)
    .map(({ unit }) => unit);
};

const batchesOf = (units: readonly Unit[], terms: Terms): readonly Batch[] => {
  const batches: { units: Unit[]; isCanary: boolean }[] = [];
  let room = 0;
  let canaries = terms.canaryCount;
  for (const unit of units) {
    const last = batches.at(-1);
    if (last !== undefined && room >= unit.length) {
      last.units.push(unit);
      room -= unit.length;
      continue;
    }
    const isCanary = canaries > 0;
    room = Math.max(0, (isCanary ? canaries : terms.batchSize) - unit.length);
    canaries = 0;
    batches.push({ units: [unit], isCanary });
  }
  return batches;
};

interface Whole {
  readonly action: string;
  readonly graph: Graph;
  readonly root: string;
  readonly members: ReadonlySet<string>;
}
/** The batches with their gates. What two members need is brought up once, behind the first gate. */
const gated = (batches: readonly Batch[], terms: Terms, whole: Whole): readonly Step[] => {
  const { action, root } = whole;
  const steps = new Map<string, Step>();
  /** By what goes down along with members without being one: who was the last to take it down. */
  const takers = new Map<string, readonly string[]>();
  let before: readonly string[] = [];
  let gateKey: string | undefined;
  for (const [at, batch] of batches.entries()) {
    const answers: string[] = [];
    for (const [place, unit] of batch.units.entries()) {
      const isFirst = place === 0;
      const inside = isSwitch(action)
        ? simple(draftFor(unit, whole))
        : restartsTogether(draftFor(unit, whole));
      const along = inside.flatMap(({ name, isAsked }) => (isAsked ? [] : [name]));
      const after = unique([
        ...(gateKey === undefined ? [] : [gateKey]),
        ...(isFirst ? before : []),
        ...along.flatMap((name) => takers.get(name) ?? []),
      ]);
      const key = `gate/${keyOf(action, root)}/${unit[0] ?? ''}`;
      const common = { name: root, action: 'gate', needed: [], isAsked: false };
      const { maxUnavailable, maxFailed, pauseMs } = terms;
      const gate: Gate = {
        kind: 'gate',
        opens: unit,
        batch: at + 1,
        batchCount: batches.length,
        ...(action !== 'restart' && { of: action }),
        ...(isFirst && { isFirst }),
        ...(batch.isCanary && { isCanary: true }),
        ...(isFirst && at > 0 && pauseMs > 0 && { pauseMs }),
        maxUnavailable,
        maxFailed,
      };
      steps.set(key, { ...common, key, after, isMember: false, ...gate });
      for (const step of inside) if (!steps.has(step.key)) steps.set(step.key, behind(step, key));
      const own = unit.map((name) => keyOf(action, name));
      for (const name of along) takers.set(name, own);
      answers.push(...own);
      gateKey = key;
    }
    before = answers;
  }
  return [...steps.values()];
};
const behind = (step: Step, gate: string): Step => ({
  gate,
  ...step,
  after: unique([gate, ...step.after]),
});
/** Other members are none of its affair: neither is one started for what came along with this one. */
const draftFor = (unit: Unit, { action, graph, members }: Whole): Draft => {
  const isOurs = (name: string): boolean => !members.has(name) || unit.includes(name);
  const requirements = (name: string): readonly string[] => graph.requirements(name).filter(isOurs);
  return draftOf({ action, names: unit }, { ...graph, requirements });
};

/** How far a member of those that are asked batch by batch has got. */
export interface MemberTurn {
  readonly name: string;
  /**
   * Its gate is shut; it is under way; it runs and is ready; it failed, or nobody knows; nothing was done to it, for
   * a reason that is none of a failure.
   */
  readonly state: 'ahead' | 'asked' | 'well' | 'bad' | 'left';
  readonly isCanary: boolean;
  /** How it ended. */
  readonly outcome?: Outcome | undefined;
}
/** What becomes of a gate. */
export type Verdict =
  | { readonly kind: 'open' }
  /** Until one that is under way is over. */
  | { readonly kind: 'wait' }
  /** At once, or after a while if nothing changes. `culprit` is who is the reason. */
  | {
      readonly kind: 'shut' | 'settle';
      readonly reason: string;
      readonly isCancelled?: boolean;
      readonly culprit?: Pick<MemberTurn, 'name' | 'outcome'>;
    };

/** Whether somebody serves, as far as is known; undefined: nobody can tell. */
export type WhoServes = (name: string) => boolean | undefined;

/** What a gate goes by, of all members; those that are listed in the order of the plan. */
export interface Tally {
  readonly bad: readonly MemberTurn[];
  readonly askedCount: number;
  /** Not asked, and not surely serving; some of the bad are among them. */
  readonly idle: readonly MemberTurn[];
}

/** Whether a gate may open, by how far all members have got and who serves. See the table above. */
export const judge = (gate: Gate, { bad, askedCount, idle }: Tally, seen: WhoServes): Verdict => {
  const { opens, maxUnavailable, maxFailed } = gate;
  const canary = bad.find(({ isCanary }) => isCanary);
  if (canary !== undefined) return stopped('shut', canaryWords, canary);
  if (bad.length > maxFailed) return stopped('shut', failedWords(bad.length, maxFailed), bad[0]);
  if (askedCount > 0 && askedCount + opens.length > maxUnavailable) return { kind: 'wait' };
  const fallen = idle.filter(({ state }) => state === 'well');
  const fallenCanary = fallen.find(({ isCanary }) => isCanary);
  if (fallenCanary !== undefined) return stopped('settle', canaryWords, bare(fallenCanary));
  const failedCount = bad.length + fallen.length;
  if (fallen.length > 0 && failedCount > maxFailed)
    return stopped('settle', failedWords(failedCount, maxFailed), fallen[0] && bare(fallen[0]));
  // Who failed may serve all the same, as far as is known here; that is not for sure, unless it is as it was.
  const isAsBefore = ({ outcome }: MemberTurn): boolean =>
    gate.of !== undefined && asBefore.has(outcome?.result);
  const down = [...idle, ...bad.filter((each) => !isAsBefore(each) && seen(each.name) === true)];
  const isDown = (name: string): boolean => down.some((each) => each.name === name);
  const more = opens.filter((name) => !isDown(name)).length;
  const downCount = down.length + askedCount;
  const takesNothing = opens.every((name) => seen(name) === false);
  if (takesNothing || downCount + more <= maxUnavailable) return { kind: 'open' };
  if (askedCount > 0) return { kind: 'wait' };
  const culprit = idle.find(({ state }) => state !== 'bad') ?? down[0];
  const reason = unavailableWords(down, downCount + more, gate, seen);
  return stopped('settle', reason, culprit && bare(culprit));
};
/** Of another release: it was well again with the one before, or not touched at all. */
const asBefore: ReadonlySet<Outcome['result'] | undefined> = new Set(['rolled-back', 'failed']);
const stopped = (
  kind: 'shut' | 'settle',
  reason: string,
  culprit: Pick<MemberTurn, 'name' | 'outcome'> | undefined,
): Verdict => ({ kind, reason, ...(culprit !== undefined && { culprit }) });
/** One who does not serve, however it ended for him. */
const bare = ({ name, state, outcome }: MemberTurn): Pick<MemberTurn, 'name' | 'outcome'> =>
  state === 'bad' && outcome !== undefined ? { name, outcome } : { name };

const canaryWords = 'left as it is: a member of the canary failed';
const failedWords = (count: number, most: number): string =>
  `left as it is: ${members(count)} failed, and ${most === 0 ? 'none' : `at most ${most}`} may`;
const unavailableWords = (
  down: readonly MemberTurn[],
  leastCount: number,
  { maxUnavailable }: Gate,
  seen: WhoServes,
): string => {
  const isOne = down.length === 1;
  const awayCount = down.filter(({ name }) => seen(name) === undefined).length;
  const parts = [
    ...(awayCount < down.length ? [`${isOne ? 'does' : 'do'} not serve`] : []),
    ...(awayCount > 0 ? [`${isOne ? 'is' : 'are'} out of reach`] : []),
  ];
  return (
    `left as it is: ${members(down.length)} ${parts.join(' or ')}, and at most ${maxUnavailable} may be ` +
    `unavailable ('--max-unavailable ${leastCount}' goes on)`
  );
};
const members = (count: number): string => (count === 1 ? '1 member' : `${count} members`);
