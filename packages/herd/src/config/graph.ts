/** What a configuration says as a whole: names that are taken, names that lead nowhere, circles. */
import { closest, memberTest } from '@bellwether/shepherd';
import { problemCount } from './limits.ts';
import type { EntryDescription, FleetDescription } from './schema.ts';
import type { Problem } from './config-error.ts';
import { startsElsewhere } from './policies.ts';
import { pathText, type Site } from './problems.ts';

type Tell = (path: readonly PropertyKey[], text: string) => void;
type Entries = readonly EntryDescription[];

/** Each name and the index of the entry that provides it. */
export type Providers = ReadonlyMap<string, number>;

/** Who provides what; the first of two wins. */
export const providersOf = (entries: Entries): Providers => {
  const providers = new Map<string, number>();
  entries.forEach(({ provision }, at) => {
    for (const name of provision) if (!providers.has(name)) providers.set(name, at);
  });
  return providers;
};

/** What is wrong between the services, at most `problemCount` problems. */
export const graphProblems = (entries: Entries, siteOf: Site): readonly Problem[] => {
  const problems: Problem[] = [];
  const tell: Tell = (path, text) => {
    if (problems.length < problemCount) {
      problems.push({ ...siteOf(path), path: pathText(path), text });
    }
  };
  const providers = providersOf(entries);
  checkTaken(entries, tell);
  checkConnections(entries, tell);
  checkNeeds(entries, providers, tell);
  checkTerms(entries, providers, tell);
  checkHooks(entries, providers, tell);
  if (problems.length === 0) checkCircles(entries, providers, tell);
  return problems;
};

/** Names of services, for the door of GNU Shepherd's clients, that mean none; what machines give is not known here. */
export const gnuProblems = (
  names: readonly string[],
  entries: Entries,
  siteOf: Site,
): readonly Problem[] => {
  const providers = providersOf(entries);
  return names.flatMap((name, at) => {
    if (providers.has(name) || name.includes('@')) return [];
    const path = ['listen', 'gnu', 'services', at];
    const meant = closest(name, [...providers.keys()]);
    const hint = meant === undefined ? '' : `; did you mean '${meant}'?`;
    return [
      { ...siteOf(path), path: pathText(path), text: `no service is called '${name}'${hint}` },
    ];
  });
};

const checkTaken = (entries: Entries, tell: Tell): void => {
  const taken = new Map<string, string>();
  entries.forEach(({ provision }, at) =>
    provision.forEach((name, index) => {
      const path = ['services', at, 'provision', index];
      const before = taken.get(name);
      if (before !== undefined) tell(path, `the name '${name}' is taken by ${before}`);
      else taken.set(name, pathText(path));
    }),
  );
};

/** Each connection to a service of inetd is a service with a number behind its name: nobody else has such a name. */
const checkConnections = (entries: Entries, tell: Tell): void => {
  const stems = new Map<string, string>();
  for (const entry of entries) {
    if (entry.kind !== 'service' || entry.activation !== 'inetd') continue;
    const [name = ''] = entry.provision;
    stems.set(entry.connectionName ?? name, name);
  }
  if (stems.size === 0) return;
  entries.forEach(({ provision }, at) =>
    provision.forEach((name, index) => {
      const of = stems.get(/^(.+)-[1-9]\d*$/.exec(name)?.[1] ?? '');
      if (of === undefined) return;
      const text = `the name '${name}' is one that a connection to '${of}' may have; give that another connectionName`;
      tell(['services', at, 'provision', index], text);
    }),
  );
};

/** What an entry names: its requirements, or its members. */
const needsOf = (
  entry: EntryDescription,
  entries: Entries,
): { readonly key: string; readonly verb: string; readonly names: readonly string[] } => {
  switch (entry.kind) {
    case 'service':
    case 'slot':
    case 'timer': {
      const names = entry.requirement.map(({ name }) => name);
      return { key: 'requirement', verb: 'requires', names };
    }
    case 'exported':
    case 'system-log':
    case 'monitoring':
    case 'log-rotation':
      return { key: 'requirement', verb: 'requires', names: entry.requirement };
    case 'fleet':
      return {
        key: entry.select === undefined ? 'members' : 'select',
        verb: 'has the member',
        names: entry.members ?? followersOf(entry, entries),
      };
  }
};

/** Whom a fleet has by their labels; machines that join have more of them, and require nothing. */
const followersOf = (
  { select: selector, service }: FleetDescription,
  entries: Entries,
): readonly string[] => {
  if (selector === undefined) return [];
  const isMember = memberTest({ selector, ...(service !== undefined && { service }) });
  return entries.flatMap((entry) =>
    entry.kind !== 'fleet' && isMember(entry) ? entry.provision.slice(0, 1) : [],
  );
};

const checkNeeds = (entries: Entries, providers: Providers, tell: Tell): void => {
  entries.forEach((entry, at) => {
    const { key, names } = needsOf(entry, entries);
    const seen = new Map<number, string>();
    names.forEach((name, index) => {
      const path = ['services', at, key, index];
      const provider = providers.get(name);
      if (provider === undefined)
        return tell(path, `no service here provides '${name}'${insteadOf(name, key, providers)}`);
      const before = seen.get(provider);
      if (before !== undefined)
        tell(path, `'${name}' is the same service as '${before}' before it`);
      seen.set(provider, name);
    });
    if (entry.kind !== 'fleet' || typeof entry.minReady !== 'number') return;
    const { minReady, members = [] } = entry;
    if (minReady <= members.length) return;
    tell(['services', at, 'minReady'], `is ${minReady}, but there are ${members.length} members`);
  });
};

/** What to write in the place of a name that nobody provides: `web@a` is what machine `a` has given, for `herd`. */
const insteadOf = (name: string, key: string, providers: Providers): string => {
  const [, service, machine] = /^([^@]+)@([^@]+)$/.exec(name) ?? [];
  if (service === undefined || machine === undefined) {
    const meant = closest(name, providers.keys());
    return meant === undefined ? '' : `; did you mean '${meant}'?`;
  }
  if (key === 'members')
    return (
      '; services of machines that have joined come and go, so a fleet has them by the labels of those: ' +
      `in the place of members write select: 'role=web', service: '${service}', with a label that '${machine}' has ` +
      "('herd node label')"
    );
  const own = `${service}-${machine}`;
  return (
    '; services of machines that have joined come and go, so none can be required. Have this one here by a ref ' +
    `of its own: exported({ provision: ['${own}'], from: ref('${own}') }), minted on '${machine}' with ` +
    `'herd ref mint ${service} --out FILE'`
  );
};

/** Whether it may say of a requirement more than its name, and what is done when it fails. */
const hasTerms = (
  entry: EntryDescription,
): entry is Extract<EntryDescription, { kind: 'service' | 'slot' | 'timer' }> =>
  entry.kind === 'service' || entry.kind === 'slot' || entry.kind === 'timer';
const isOfThisMachine = ({ kind }: EntryDescription): boolean =>
  kind !== 'exported' && kind !== 'fleet';
/** How requirements bind: of what this shepherd does not run itself it knows too little. */
const checkTerms = (entries: Entries, providers: Providers, tell: Tell): void => {
  entries.forEach((entry, at) => {
    if (!hasTerms(entry)) return;
    entry.requirement.forEach(({ name, until = 'ready', ifLost = 'keep' }, index) => {
      const path = ['services', at, 'requirement', index];
      const needed = entries[providers.get(name) ?? -1];
      if (needed === undefined) return;
      const isOwn = isOfThisMachine(needed);
      if (!isOwn && (until !== 'ready' || ifLost !== 'keep'))
        tell(
          path,
          `'${name}' is no service of this machine: of those until and ifLost can be said`,
        );
      const isOneShot = needed.kind === 'service' && needed.oneShot;
      if (isOwn && until === 'completed' && !isOneShot)
        tell([...path, 'until'], `'${name}' is no one-shot: it never completes`);
      if (isOneShot && until !== 'completed' && ifLost !== 'keep')
        tell(
          [...path, 'ifLost'],
          `'${name}' is a one-shot: it ends by itself as a matter of course`,
        );
    });
  });
};
/** What is started for a failure is there, and of this machine. */
const checkHooks = (entries: Entries, providers: Providers, tell: Tell): void => {
  entries.forEach((entry, at) => {
    if (!hasTerms(entry)) return;
    entry.onFailure?.forEach(({ start }, index) => {
      if (start === undefined) return;
      const path = ['services', at, 'onFailure', index, 'start'];
      const place = providers.get(start);
      const found = entries[place ?? -1];
      const wrong =
        place === at
          ? "it is the service itself: 'respawn' starts it again; name another one"
          : found === undefined
            ? unprovided(start, providers)
            : isOfThisMachine(found)
              ? undefined
              : `it is no service of this machine; ${startsElsewhere(start)}`;
      const [name = ''] = entry.provision;
      if (wrong !== undefined) tell(path, `onFailure of '${name}' starts '${start}': ${wrong}`);
    });
  });
};

const unprovided = (start: string, providers: Providers): string => {
  if (start.includes('@'))
    return `what machines give that have joined comes and goes; ${startsElsewhere(start)}`;
  const meant = closest(start, providers.keys());
  return `no service here provides that${meant === undefined ? '' : `; did you mean '${meant}'?`}`;
};

/**
 * Follows every need once; the way that is being followed is kept, so that a circle can be told
 * whole.
 */
const checkCircles = (entries: Entries, providers: Providers, tell: Tell): void => {
  const isDone = new Set<number>();
  for (const start of entries.keys()) {
    const way: { readonly at: number; readonly needs: readonly number[]; next: number }[] = [];
    const placeOnWay = new Map<number, number>();
    const enter = (at: number): void => {
      const entry = entries[at];
      const names = entry === undefined ? [] : needsOf(entry, entries).names;
      placeOnWay.set(at, way.length);
      way.push({ at, needs: names.map((name) => providers.get(name) ?? at), next: 0 });
    };
    if (!isDone.has(start)) enter(start);
    for (let top = way.at(-1); top !== undefined; top = way.at(-1)) {
      const need = top.needs[top.next];
      top.next += 1;
      if (need === undefined) {
        isDone.add(top.at);
        placeOnWay.delete(top.at);
        way.pop();
      } else if (placeOnWay.has(need)) {
        const circle = way.slice(placeOnWay.get(need)).map(({ at }) => at);
        return tell(['services', need], circleText(entries, [...circle, need]));
      } else if (!isDone.has(need)) enter(need);
    }
  }
};

const shownCount = 12;
const circleText = (entries: Entries, circle: readonly number[]): string => {
  const words = circle.map((at, index) => {
    const entry = entries[at];
    if (entry === undefined) return '';
    const isLast = index === circle.length - 1;
    return isLast
      ? `${entry.provision[0]}`
      : `${entry.provision[0]} ${needsOf(entry, entries).verb}`;
  });
  const shown =
    words.length <= shownCount ? words : [...words.slice(0, 6), '…', ...words.slice(-5)];
  return `a circle that can never start: ${shown.join(' ')}`;
};
