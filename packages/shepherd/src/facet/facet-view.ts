/**
 * What the holder of a facet gets to see: its service, and no other by name. Only fields decide, never
 * words, and a field without a rule here is not shown.
 *
 *     status      no log path, no command line, no requirements
 *     failures    what was found, without the paths of this machine
 *     causes      when, and of which kind; by whom and in which operation only what came through this facet, and of
 *                 another service no name out of sight
 *     outcome     what else was touched is a count; rows about other services go, and so do the
 *                 names of a requirement that failed, of what is below another service, and of other
 *                 aggregates
 *     plan        a step of another service stays, as one of another service of which nothing is known
 *     operation   the same of its steps, with how they ended
 *     refusal     a cycle shows "another" for other services; members that lack an action are named
 *                 where all of them are in sight
 *     lines       about its service          stay, without the name of what it depends on
 *                 another has been started   stay: a start tells what it brings up with it
 *                 another was stopped,       "Another service, which this ref does not show, …"; who is stopped along
 *                 or could not be            is one that requires it
 *                 anything else on another   go
 *
 * The one exception is on purpose. A controller follows what its members do, and "Service networking
 * has been started." is the first line of the story that everybody knows. So whoever may start a
 * service learns the names of the requirements that were down when it did. It ends at this shepherd:
 * what lies behind a service of another machine is seen by who sees that service.
 */
import { Cycle, NotForAll, UnknownAction } from '../errors.ts';
import type {
  Cause,
  ExportedStatus,
  FleetStatus,
  LocalStatus,
  MemberStatus,
  Event,
  Extension,
  OperationReport,
  OperationStep,
  Outcome,
  PlannedStep,
  Principal,
  Prompt,
  Row,
  SlotFacts,
  Status,
} from '../words/types.ts';
import { topicWords } from '../words/wording.ts';

/** What one facet may speak of. */
export interface FacetSight {
  /** All names of its service and, of an aggregate, those of its members. */
  readonly names: ReadonlySet<string>;
}

/** What a facet may speak of, from the status of its service, and the members that it is narrowed to. */
export const facetSight = (status: Status, only?: readonly string[]): FacetSight => {
  const members = status.kind === 'local' ? [] : (status.members ?? []);
  const names = members.map(({ name }) => name).filter((name) => only?.includes(name) ?? true);
  return { names: new Set([...status.provision, ...names]) };
};
/** Whether a name, or the way to something below one, is in sight. */
const sees = ({ names }: FacetSight, member: string): boolean =>
  names.has(member) || names.has(member.split('/', 1)[0] ?? '');

/** For every field that a T may have: whether it is shown as it is. */
type Rules<T> = { readonly [K in keyof T]-?: boolean };
/** The fields that are shown; those that a T needs are all among them, or are put back. */
const shown = <T extends object>(value: T, rules: Rules<T>): T =>
  Object.fromEntries(
    Object.entries(value).filter(([key]) => Object.hasOwn(rules, key) && rules[key as keyof T]),
  ) as T;

const factRules = {
  provision: true,
  stage: true,
  requirement: false,
  documentation: true,
  actions: true,
  ageMs: true,
  isReady: true,
  isEnabled: true,
  isWanted: true,
  isRespawning: true,
  readyMs: true,
  graceMs: true,
  unservedMs: true,
  isOneShot: true,
  isRespawned: true,
  respawnCount: true,
  unknownReason: true,
  labels: true,
} as const;
const localRules: Rules<LocalStatus> = {
  ...factRules,
  kind: true,
  version: true,
  since: true,
  pid: true,
  command: false,
  stopCommand: false,
  remainsAfterExit: true,
  pidFile: false,
  endpoints: false,
  accepting: true,
  connection: false,
  live: true,
  keepsGroup: true,
  runsAs: false,
  lastRespawn: true,
  lastExit: true,
  exits: true,
  hang: true,
  nextStartMs: true,
  disabledReason: true,
  // Each apart: see facetPrompt.
  startedBy: false,
  stoppedBecause: false,
  disabledBy: false,
  failure: true,
  logFile: false,
  hasReplacement: true,
  isGone: true,
  recentLines: true,
  slot: true,
  timer: true,
  transient: true,
};
const fleetRules: Rules<FleetStatus> = {
  ...factRules,
  kind: true,
  members: true,
  runningCount: true,
  neededCount: true,
  health: true,
  blame: true,
  // The owner's words for whom he meant: a holder sees who they are.
  follows: false,
};
const exportedRules: Rules<ExportedStatus> = { ...localRules, ...fleetRules, origin: true };
const memberRules: Rules<MemberStatus> = {
  name: true,
  stage: true,
  ageMs: true,
  pid: true,
  respawnCount: true,
  unknownReason: true,
  isReady: true,
  isWanted: true,
  isEnabled: true,
  reason: true,
  slot: true,
  sharedWith: false,
};
/** By whom it is changed is nobody's business: an id means something to who asked alone. */
const slotRules: Rules<SlotFacts> = {
  current: true,
  previous: true,
  phase: true,
  target: true,
  operation: false,
  deadlineMs: true,
};

/**
 * A status without what belongs to the machine rather than to the service. `principal`: who asks through that facet.
 */
export const facetView = (status: Status, principal?: Principal): Status => {
  const bare = { requirement: [] };
  switch (status.kind) {
    case 'local': {
      const plain = { ...bare, ...plainFailure(status), ...slotOf(status) };
      return { ...shown(status, localRules), ...plain, ...promptsFor(status, principal) };
    }
    case 'fleet':
      return { ...shown(status, fleetRules), ...bare, members: status.members.map(facetMember) };
    case 'exported': {
      const { members } = status;
      const plain = { ...bare, ...plainFailure(status), ...slotOf(status) };
      const prompts = promptsFor(status, principal);
      const seen = { ...shown(status, exportedRules), ...plain, ...prompts };
      return members === undefined ? seen : { ...seen, members: members.map(facetMember) };
    }
  }
};
const plainFailure = ({ failure }: Pick<LocalStatus, 'failure'>): Pick<LocalStatus, 'failure'> =>
  failure === undefined
    ? {}
    : { failure: { reason: failure.plainReason ?? failure.reason, at: failure.at } };
type PromptFacts = Pick<LocalStatus, 'startedBy' | 'stoppedBecause' | 'disabledBy'>;
const promptsFor = (
  { startedBy, stoppedBecause, disabledBy, provision }: PromptFacts & Pick<Status, 'provision'>,
  principal: Principal | undefined,
): PromptFacts => ({
  ...(startedBy && { startedBy: facetPrompt(startedBy, provision, principal) }),
  ...(stoppedBecause && { stoppedBecause: facetPrompt(stoppedBecause, provision, principal) }),
  ...(disabledBy && { disabledBy: facetPrompt(disabledBy, provision, principal) }),
});
/** Of what others have asked it says no more than that it was asked for, or came along. */
const facetPrompt = (
  { kind, atMs, asker, operation, action, service, reason, adoptedMs }: Prompt,
  names: readonly string[],
  principal: Principal | undefined,
): Prompt => ({
  ...{ kind, atMs },
  ...(reason !== undefined && { reason }),
  ...(adoptedMs !== undefined && { adoptedMs }),
  ...(asker !== undefined &&
    asker === principal && {
      isYours: true as const,
      ...(operation !== undefined && { operation }),
      ...(action !== undefined && { action }),
    }),
  ...(service !== undefined && names.includes(service) && { service }),
});
const slotOf = ({ slot }: Pick<LocalStatus, 'slot'>): Pick<LocalStatus, 'slot'> =>
  slot === undefined ? {} : { slot: shown(slot, slotRules) };
const facetMember = (member: MemberStatus): MemberStatus => ({
  ...shown(member, memberRules),
  ...slotOf(member),
});

const rowRules: Rules<Row> = {
  member: true,
  result: true,
  origin: true,
  reason: true,
  plainReason: false,
  dependsOn: false,
  isCycle: true,
  isDisabled: true,
  isBusy: true,
  isVain: true,
  isSlip: true,
  // An id stands in it for whose operation it is alone.
  lostTo: true,
  cause: false,
  sharedWith: false,
  stage: true,
  pid: true,
  also: false,
  otherCount: false,
  output: true,
  lastSeenMs: true,
  queuedUntilMs: true,
  version: true,
};

/** An outcome that names no service out of sight. */
export const facetOutcome = (outcome: Outcome, sight: FacetSight): Outcome => ({
  ...facetRow(outcome, sight),
  ...(outcome.isLate === true && { isLate: true }),
  rows: outcome.rows.filter(({ member }) => sees(sight, member)).map((row) => facetRow(row, sight)),
});

const stepRules: Rules<PlannedStep> = {
  service: true,
  action: true,
  why: true,
  of: true,
  effect: true,
  stage: true,
  ageMs: true,
  note: true,
  dependsOn: false,
  batch: true,
  isCanary: true,
  pauseMs: true,
};
const hiddenStepRules: Rules<PlannedStep> = {
  ...stepRules,
  of: false,
  effect: false,
  stage: false,
  ageMs: false,
  note: false,
};

/** Steps of a plan that name no service out of sight; how much goes along is no secret. */
export const facetSteps = (
  steps: readonly PlannedStep[],
  { names }: FacetSight,
): readonly PlannedStep[] =>
  steps.map((step) => {
    const isSeen = names.has(step.service);
    const of = step.of !== undefined && names.has(step.of) ? { of: step.of } : {};
    const { of: _of, ...seen } = shown(step, isSeen ? stepRules : hiddenStepRules);
    if (!isSeen) return { ...seen, service: 'another service', effect: 'unknown', ...of };
    const { service, dependsOn } = step;
    if (dependsOn === undefined) return { ...seen, ...of };
    if (names.has(dependsOn)) return { ...seen, ...of, dependsOn };
    return { ...seen, ...of, note: topicWords('depends', `Service ${service}`) };
  });

const reportRules: Rules<OperationReport> = {
  operation: true,
  asker: true,
  action: true,
  service: true,
  args: true,
  atMs: true,
  endedMs: true,
  result: true,
  worst: true,
  isCancelled: true,
  queuedUntilMs: true,
  steps: false,
};
const reportedRules: Rules<OperationStep> = {
  service: true,
  action: true,
  phase: true,
  isAsked: true,
  isAnswer: true,
  batch: true,
  isCanary: true,
  openedMs: true,
  row: false,
};
/** What is told of an operation that came through a facet. */
export const facetReport = (report: OperationReport, sight: FacetSight): OperationReport => ({
  ...shown(report, reportRules),
  steps: report.steps.map((step) => facetReported(step, sight)),
});
const facetReported = (step: OperationStep, sight: FacetSight): OperationStep => {
  const { row, ...rest } = step;
  const seen = shown<OperationStep>(rest, reportedRules);
  if (sees(sight, step.service)) return { ...seen, ...(row && { row: facetRow(row, sight) }) };
  const service = 'another service';
  return { ...seen, service, ...(row && { row: { member: service, result: row.result } }) };
};

/** A refusal that names no service out of sight: of a cycle it shows only the facet's own part. */
export const facetReason = (reason: Error, { names }: FacetSight): Error => {
  const known = (name: string): string => (names.has(name) || name === '…' ? name : 'another');
  if (reason instanceof Cycle) return new Cycle(reason.path.map(known));
  if (!(reason instanceof NotForAll) || reason.lacking.every((name) => names.has(name)))
    return reason;
  return new UnknownAction(reason.aggregate, reason.action);
};

/** Events of an operation that name no service out of sight, but for one that has been started. */
export const facetEvents = (events: readonly Event[], sight: FacetSight): readonly Event[] =>
  events.flatMap((event): readonly Event[] => {
    switch (event.kind) {
      case 'row':
        return sees(sight, event.row.member)
          ? [{ kind: 'row', row: facetRow(event.row, sight) }]
          : [];
      case 'line':
        return facetLine(event, sight);
      case 'dropped':
        return [{ kind: 'dropped', count: event.count }];
      case 'deadline':
        return [facetExtension(event, sight)];
      case 'alone':
        return [];
    }
  });

/** How long it may take is for all who wait; because of whom, for who sees that one. */
const facetExtension = (
  { kind, remainingMs, slowest, slowestMs }: Extension,
  sight: FacetSight,
): Extension =>
  slowest === undefined || slowestMs === undefined || !sees(sight, slowest)
    ? { kind, remainingMs }
    : { kind, remainingMs, slowest, slowestMs };

const facetRow = (row: Row, sight: FacetSight): Row => {
  const { member, plainReason, dependsOn, cause, also = [], otherCount = 0 } = row;
  const named = also.filter((name) => sees(sight, name));
  const hiddenCount = otherCount + also.length - named.length;
  const isBlameShown = dependsOn === undefined || sees(sight, dependsOn);
  return {
    ...shown(row, rowRules),
    ...(plainReason !== undefined && { reason: plainReason }),
    ...(!isBlameShown && { reason: topicWords('depends', `Service ${member}`) }),
    ...(isBlameShown && dependsOn !== undefined && { dependsOn }),
    ...(cause !== undefined && sees(sight, cause.member) && { cause: plainCause(cause) }),
    ...(named.length > 0 && { also: named }),
    ...(hiddenCount > 0 && { otherCount: hiddenCount }),
  };
};

const plainCause = ({ member, reason, plainReason = reason, otherCount }: Cause): Cause => ({
  member,
  ...(otherCount !== undefined && { otherCount }),
  ...(plainReason !== undefined && { reason: plainReason }),
});

type Line = Extract<Event, { readonly kind: 'line' }>;
const facetLine = (line: Line, sight: FacetSight): readonly Line[] => {
  const { from, about, what, on } = line;
  const text = line.plainText ?? line.text;
  if (about === undefined) return [];
  if (sees(sight, about)) {
    const topic = what === undefined ? {} : { what };
    if (on === undefined || sees(sight, on))
      return [{ kind: 'line', from, text, about, ...topic, ...(on !== undefined && { on }) }];
    const words = topicWords(what ?? 'depends', `Service ${about}`);
    return [{ kind: 'line', from, text: words, about, ...topic }];
  }
  switch (what) {
    case 'started':
      return about.includes('/') ? [] : [{ kind: 'line', from, text, about, what }];
    case 'stopped':
    case 'not-started':
    case 'not-stopped': {
      const [own = ''] = sight.names;
      const who = what === 'stopped' ? `A service that requires ${own}` : 'Another service';
      return [
        { kind: 'line', from, text: topicWords(what, `${who}, not shown by this ref,`), what },
      ];
    }
    default:
      return [];
  }
};
