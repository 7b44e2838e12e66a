/** What differs between two configurations: pure, so that it can be shown before it is carried out. */
import { Limit, Refused } from '@bellwether/actors';
import { canonicalText, cutText, inOrder, isName, limits } from '@bellwether/shepherd';
import type { LeftOut } from '../nodes/joined.ts';
import type { ExportedSpec, PlannedService } from '../planned.ts';
import { followed } from './following.ts';
import { LIMITS } from '../limits.ts';
import type { Difference, LeftElsewhere } from './types.ts';

/** Another description under the same canonical name. */
export interface Changed {
  readonly name: string;
  readonly before: PlannedService;
  readonly after: PlannedService;
}
/** How one list of planned services becomes another. */
export interface PlanDifference {
  /** In the order of the later list, like `changed`. */
  readonly added: readonly PlannedService[];
  readonly changed: readonly Changed[];
  readonly removed: readonly PlannedService[];
  readonly unchanged: readonly PlannedService[];
}

/** What makes a planned service, whichever kind it is. */
export const describedBy = (one: PlannedService): PlannedFacts => {
  switch (one.kind) {
    case 'service':
      return one.config;
    case 'slot':
      return { ...one.config, ...(isRecord(one.rules) && { slot: one.rules }) };
    case 'chore':
      return { ...one.config, chore: one.chore };
    case 'exported':
    case 'fleet':
      return one.spec;
  }
};
interface PlannedFacts {
  readonly slot?: object;
  readonly chore?: object;
  readonly provision: readonly [string, ...string[]];
}
/** The canonical name: what makes two descriptions those of one service. */
export const plannedName = (one: PlannedService): string => describedBy(one).provision[0];

/** The difference between two lists, each with every canonical name once. */
export const diffOf = (
  before: readonly PlannedService[],
  after: readonly PlannedService[],
): PlanDifference => {
  const old = new Map(before.map((one) => [plannedName(one), one]));
  const names = new Set(after.map(plannedName));
  const added: PlannedService[] = [];
  const changed: Changed[] = [];
  const unchanged: PlannedService[] = [];
  for (const one of after) {
    const name = plannedName(one);
    const was = old.get(name);
    if (was === undefined) added.push(one);
    else if (canonicalText(was) === canonicalText(one)) unchanged.push(one);
    else changed.push({ name, before: was, after: one });
  }
  return {
    added,
    changed,
    unchanged,
    removed: before.filter((one) => !names.has(plannedName(one))),
  };
};

/** Whether there is nothing to do. */
export const isEmpty = ({ added, changed, removed }: PlanDifference): boolean =>
  added.length + changed.length + removed.length === 0;

/** The difference in names and paths: what leaves the daemon. No values: some are nobody's business. */
export const toldDifference = (
  { added, changed, removed, unchanged }: PlanDifference,
  atRestart: readonly string[],
): Difference => {
  const elsewhere = removed.flatMap(leftElsewhere);
  return {
    added: added.map(plannedName),
    changed: changed.map(({ name, before, after }) => ({ name, paths: pathsOf(before, after) })),
    removed: removed.map(plannedName),
    ...(elsewhere.length > 0 && { elsewhere }),
    unchangedCount: unchanged.length,
    atRestart,
  };
};

const leftElsewhere = (one: PlannedService): readonly LeftElsewhere[] => {
  if (one.kind !== 'exported') return [];
  const { origin: node, petname: from, gift } = one.spec;
  return [{ name: plannedName(one), node, ...(gift === undefined && { from }) }];
};

/** Where two descriptions of a service differ, in the words of a configuration. */
export const pathsOf = (before: PlannedService, after: PlannedService): readonly string[] => {
  if (before.kind !== after.kind) return ['kind'];
  const all = differing(describedBy(before), describedBy(after), []);
  const shown = all.map((keys) => cutText(inWords(keys), LIMITS.nameLength)).sort();
  if (shown.length <= LIMITS.changedPathCount) return shown;
  const rest = shown.length - LIMITS.changedPathCount;
  return [...shown.slice(0, LIMITS.changedPathCount), `… and ${rest} more`];
};

/** Below these a configuration is written in another way. */
const whole: ReadonlySet<string> = new Set(['ready', 'when']);
const differing = (
  before: unknown,
  after: unknown,
  keys: readonly string[],
): readonly (readonly string[])[] => {
  if (canonicalText(before) === canonicalText(after)) return [];
  if (!isRecord(before) || !isRecord(after) || whole.has(keys.at(-1) ?? '')) return [keys];
  const all = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...all].flatMap((key) => differing(before[key], after[key], [...keys, key]));
};
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a configuration calls it; what is not here has the same name there. */
const words: readonly (readonly [RegExp, string])[] = [
  [/^isAutoStarted$/, 'autoStart'],
  [/^isOneShot$/, 'oneShot'],
  [/^remainsAfterExit$/, 'remainAfterExit'],
  [/^keepsGroup$/, 'killGroup'],
  [/^isLazy$/, 'lazyStart'],
  [/^inetd\.maxCount$/, 'maxConnections'],
  [/^inetd\.maxPerSource$/, 'maxConnectionsPerSource'],
  [/^inetd\.stem$/, 'connectionName'],
  [/^inetd$/, 'activation'],
  [/^live\.everyMs$/, 'live.everySeconds'],
  [/^live\.failureCount$/, 'live.failures'],
  [/^live\.probe\b.*/, 'live'],
  [/^pidFile\.timeoutMs$/, 'pidFile.timeoutSeconds'],
  [/^petname$/, 'from'],
  [/^follows\.selector$/, 'select'],
  [/^follows\.service$/, 'service'],
  [/^follows$/, 'select'],
  [/^origin$/, 'node'],
  [/^stop\.graceMs$/, 'stop.graceSeconds'],
  [/^timer\.runCount$/, 'occurrences'],
  [/^timer\.maxMs$/, 'maxSeconds'],
  [/^timer\.isCaughtUp$/, 'catchUp'],
  [/^timer\.spreadMs$/, 'spreadSeconds'],
  [/^timer\.when$/, 'when'],
  [/^timer\.(run|overlap)\b/, '$1'],
  [/^respawn\.limitCount$/, 'respawn.limit'],
  [/^respawn\.limitWindowMs$/, 'respawn.windowSeconds'],
  [/^respawn\.delayMs$/, 'respawn.delaySeconds'],
  [/^respawn\.maxDelayMs$/, 'respawn.maxDelaySeconds'],
  [/^log\.maxBytes$/, 'log.maxMiB'],
  [/^log\.keptCount$/, 'log.keep'],
  [/^log\.when$/, 'log.rotate'],
  [/^log\.isPacked$/, 'log.compress'],
  [/^log\.expireMs$/, 'log.expireDays'],
  [/^chore\.everyMs$/, 'everySeconds'],
  [/^chore\.when$/, 'rotate'],
  [/^chore\.keptCount$/, 'keep'],
  [/^chore\.isPacked$/, 'compress'],
  [/^chore\.expireMs$/, 'expireDays'],
  [/^chore\./, ''],
  [/^slot\.keepCount$/, 'keep'],
  [/^slot\.confirmMs$/, 'confirmSeconds'],
  [/^slot\.minHealthyMs$/, 'healthySeconds'],
  [/^slot\.trust\b/, 'trust'],
  [/^(actions\.[^.]+)\.command\b/, '$1.run'],
];
const inWords = (keys: readonly string[]): string =>
  words.reduce((path, [pattern, word]) => path.replace(pattern, word), keys.join('.'));

/**
 * Checks what is to be there together. @throws Limit, Refused for a name that is none or taken or leads
 * nowhere, Cycle
 */
export const checkPlanned = (given: readonly PlannedService[]): void => {
  const planned = followed(given);
  if (planned.length > limits.serviceCount)
    throw new Limit(`${planned.length} services, at most ${limits.serviceCount} are taken`);
  const owners = new Map<string, PlannedService>();
  for (const one of planned)
    for (const name of describedBy(one).provision) claim(owners, name, one);
  const needs = (name: string): readonly string[] => {
    const one = owners.get(name);
    return one === undefined ? [] : needsOf(one).map((each) => canonical(owners, name, each));
  };
  // Also what leads nowhere is found on the way.
  inOrder(planned.map(plannedName), needs);
};

/**
 * A configuration with what machines give that have joined, as much of that as there is room for. Names of the
 * configuration, and of what came before, are taken.
 */
export const withJoined = (
  planned: readonly PlannedService[],
  joined: readonly ExportedSpec[],
): { readonly taken: readonly PlannedService[]; readonly leftOut: readonly LeftOut[] } => {
  const names = new Set(planned.flatMap((one) => describedBy(one).provision));
  const taken: PlannedService[] = [...planned];
  const leftOut: LeftOut[] = [];
  for (const spec of joined) {
    const [name, ...others] = spec.provision;
    if (names.has(name)) leftOut.push({ name, why: 'the configuration here has that name' });
    else if (taken.length >= limits.serviceCount)
      leftOut.push({ name, why: `${limits.serviceCount} services are there, no more are taken` });
    else {
      const free = others.filter((each) => !names.has(each));
      taken.push({ kind: 'exported', spec: { ...spec, provision: [name, ...free] } });
      for (const each of [name, ...free]) names.add(each);
    }
  }
  return { taken: followed(taken), leftOut };
};

const claim = (owners: Map<string, PlannedService>, name: string, one: PlannedService): void => {
  if (!isName(name)) throw new Refused(`'${cutText(String(name), 40)}' is no name of a service`);
  if (owners.has(name)) throw new Refused(`the name '${name}' is taken twice`);
  owners.set(name, one);
};
const needsOf = (one: PlannedService): readonly string[] => {
  switch (one.kind) {
    case 'service':
    case 'slot':
    case 'chore':
      return one.config.requirement;
    case 'fleet':
      return one.spec.members;
    case 'exported':
      return one.spec.requirement;
  }
};
const canonical = (
  owners: ReadonlyMap<string, PlannedService>,
  by: string,
  name: string,
): string => {
  const owner = owners.get(name);
  if (owner === undefined)
    throw new Refused(`service '${by}' needs '${cutText(name, 128)}', which nothing provides`);
  return plannedName(owner);
};
