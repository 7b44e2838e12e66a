/**
 * The `^service-registry`: names and the graph between them, with an index of who requires whom, so
 * that stopping a service never asks all others. (GNU Shepherd asks every service for every stop,
 * which makes a cascade cubic.)
 */
import {
  Limit,
  Refused,
  type Bcom,
  type Behavior,
  type JournalMap,
  type Ref,
  type Turn,
} from '@bellwether/actors';
import { Cycle, UnknownService } from '../errors.ts';
import { pathBetween, unique } from '../graph.ts';
import { limits } from '../limits.ts';
import { isName } from '../words/names.ts';
import { isSelection } from '../words/selectors.ts';
import type { Provider, ServiceRegistry } from '../words/types.ts';

interface Registration {
  readonly service: Ref<Provider>;
  readonly name: string;
  readonly provision: readonly string[];
  readonly requirement: readonly string[];
}
interface Held {
  /** Every name, aliases too. */
  readonly byName: JournalMap<string, Registration>;
  /** By canonical name, in order of registration. */
  readonly entries: JournalMap<string, Registration>;
  /**
   * By the name as the requirement has it: canonical names of those that require it. One alone, as most have, is no
   * map: that would take 400 bytes.
   */
  readonly requiredBy: JournalMap<string, string | JournalMap<string, true>>;
}

/** Makes an empty registry. A requirement may be registered after what requires it. */
export const makeServiceRegistry = (
  turn: Turn<ServiceRegistry>,
  _bcom: Bcom<ServiceRegistry>,
): Behavior<ServiceRegistry> => {
  const held: Held = { byName: turn.map(), entries: turn.map(), requiredBy: turn.map() };
  return {
    register: (turn, service) => {
      const provision = turn.call(service, 'provision');
      const requirement = turn.call(service, 'requirement');
      register(held, turn, service, [...provision], [...requirement]);
    },
    unregister: (_turn, name) => unregister(held, name),
    lookup: (_turn, name) => entryOf(held, name).service,
    canonical: (_turn, name) => held.byName.get(name)?.name,
    requirements: (_turn, name) => requirementsOf(held, name),
    dependents: (_turn, name) => dependentsOf(held, name),
    names: () => [...held.entries.keys()],
  };
};

const register = (
  held: Held,
  turn: Turn,
  service: Ref<Provider>,
  provision: readonly string[],
  requirement: readonly string[],
): void => {
  const [name] = provision;
  if (name === undefined) throw new Refused('a service provides no name');
  if (held.entries.size >= limits.serviceCount)
    throw new Limit(`service '${name}': there are ${limits.serviceCount} services already`);
  checkNames(name, 'names', provision, limits.provisionCount);
  checkNames(name, 'requirements', requirement, limits.requirementCount);
  const taken = provision.find((each) => held.byName.has(each));
  if (taken !== undefined) throw new Refused(`service '${taken}' is registered already`);
  const entry: Registration = { service, name, provision, requirement };
  refuseCycle(held, entry);
  for (const each of new Set(provision)) held.byName.set(each, entry);
  held.entries.set(name, entry);
  for (const each of requirement) addDependent(held, turn, each, name);
};
const addDependent = ({ requiredBy }: Held, turn: Turn, required: string, name: string): void => {
  const before = requiredBy.get(required);
  if (before === undefined || before === name) return requiredBy.set(required, name);
  const dependents = typeof before === 'string' ? turn.map<string, true>() : before;
  if (typeof before === 'string') dependents.set(before, true);
  dependents.set(name, true);
  requiredBy.set(required, dependents);
};
const removeDependent = ({ requiredBy }: Held, required: string, name: string): void => {
  const before = requiredBy.get(required);
  if (before === undefined) return;
  if (typeof before !== 'string') before.delete(name);
  if (before === name || (typeof before !== 'string' && before.size === 0))
    requiredBy.delete(required);
};

const unregister = (held: Held, name: string): void => {
  const { name: canonical, provision, requirement } = entryOf(held, name);
  for (const each of provision) held.byName.delete(each);
  held.entries.delete(canonical);
  for (const each of requirement) removeDependent(held, each, canonical);
};

const checkNames = (
  name: string,
  what: string,
  names: readonly string[],
  maxCount: number,
): void => {
  if (names.length > maxCount)
    throw new Limit(`service '${name}': ${names.length} ${what}, at most ${maxCount} are taken`);
  const bad = names.find((each) => !isName(each) || isSelection(each));
  if (bad !== undefined)
    throw new Refused(
      `service '${name}': '${String(bad).slice(0, limits.nameCharacters)}' is no name of a service`,
    );
};

/** Only a service that something requires already, or that requires itself, can close a cycle. */
const refuseCycle = (held: Held, entry: Registration): void => {
  const { name, provision, requirement } = entry;
  const isOwn = (each: string): boolean => provision.includes(each);
  if (!provision.some((each) => held.requiredBy.has(each)) && !requirement.some(isOwn)) return;
  const canonical = (each: string): string =>
    isOwn(each) ? name : (held.byName.get(each)?.name ?? each);
  for (const first of requirement) {
    const path = pathBetween(canonical(first), name, (at) =>
      (held.entries.get(at)?.requirement ?? []).map(canonical),
    );
    if (path !== undefined) throw new Cycle([name, ...path]);
  }
};

const entryOf = (held: Held, name: string): Registration => {
  const entry = held.byName.get(name);
  if (entry === undefined) throw new UnknownService(String(name).slice(0, limits.nameCharacters));
  return entry;
};
const requirementsOf = (held: Held, name: string): readonly string[] =>
  unique(entryOf(held, name).requirement.map((each) => held.byName.get(each)?.name ?? each));
const dependentsOf = (held: Held, name: string): readonly string[] =>
  unique(
    entryOf(held, name).provision.flatMap((each) => {
      const dependents = held.requiredBy.get(each);
      return typeof dependents === 'string' ? [dependents] : [...(dependents?.keys() ?? [])];
    }),
  );
