/**
 * What may stand where the cursor is, for a shell that asks while somebody types. Pure: knows the
 * grammar, and what of the world it is given.
 *
 *     herd ACTION SERVICE …      typed so far         what comes next
 *                                nothing              herd's actions, and those that services offer
 *                                ref, op              the second word
 *                                grant                the same, services, @petnames
 *                                an action            services, @petnames, root
 *                                deploy, stage        slots, @petnames; then files; with --machines files
 *                                a custom action      services that have it, @petnames
 *                                ref show, rm, …      petnames
 *                                retry, op show, …    ids of the last operations, @petnames
 *                                op show @web, …      ids of those that were asked for through it
 *                                grant revoke         ids of grants in force; of grant confirm those that wait for it
 *                                node rm, label, …    names of machines
 *                                net, net trace, …    names of sessions
 *                                reload, detach       root
 *                                doc SERVICE          list-actions, action
 *     -l role=web,t              keys of labels, and their texts
 *     --allow status,re          what can be granted of that service
 *     after an option            its value: files, or nothing
 */
import { actionAbouts, optionAbouts } from '../help/abouts.ts';
import type { GrantFacts } from '@bellwether/fleet';
import { actionNames, isBuiltIn, rootNames, type Labels } from '@bellwether/shepherd';
import {
  actionRules,
  commonOptions,
  isGroup,
  optionByLetter,
  optionNames,
  optionRule,
  optionsOfOther,
  ownAction,
  takesOptionsAfter,
  type OptionName,
} from '../grammar/grammar.ts';
import { optionArguments } from '../help/option-arguments.ts';
import { maxCandidateChars, maxCandidates } from '../limits.ts';
import { counted } from '../format/times.ts';
import { shells } from './scripts.ts';

/** A word that may be typed, and what it is for. */
export interface Candidate {
  readonly word: string;
  readonly about?: string;
}
/** Candidates, or that the shell knows better: names of files. */
export type Completion = readonly Candidate[] | 'files';

/** A service as far as completion needs it. */
export interface KnownService {
  readonly names: readonly string[];
  readonly about: string;
  readonly actions: readonly { readonly name: string; readonly documentation: string }[];
  readonly labels?: Labels;
}
/** What of the world is completed from; each is asked for at most once, and only if it matters. */
export interface World {
  readonly services: () => Promise<readonly KnownService[]>;
  readonly petnames: () => readonly string[];
  /** The last operations, the newest first: of the shepherd, or those asked for through a petname. */
  readonly operations: (way?: string) => Promise<readonly Candidate[]>;
  /** The machines that have joined, or are invited to. */
  readonly nodes: () => Promise<readonly Candidate[]>;
  /** The sessions of the shepherd. */
  readonly sessions: () => Promise<readonly Candidate[]>;
  /** The grants in a state. */
  readonly grants: (states: readonly GrantFacts['state'][]) => Promise<readonly Candidate[]>;
}

/** The command line up to the cursor: what is typed, and the word in the making. */
export interface TypedLine {
  readonly typed: readonly string[];
  readonly current: string;
}

/** Everything that fits what is typed of the last word already. */
export const completionOf = async (line: TypedLine, world: World): Promise<Completion> => {
  const found = await everything(line, world);
  if (found === 'files') return found;
  const { current } = line;
  const fits = ({ word }: Candidate): boolean =>
    word.startsWith(current) && word.length <= maxCandidateChars && isPlain(word, current);
  const unique = new Map(found.filter(fits).map((one) => [one.word, one]));
  return [...unique.values()].slice(0, maxCandidates);
};

/**
 * A shell puts candidates into a command line: names that would have to be quoted there, which only
 * other machines make up, are left to whoever wants to type them. What is typed already is his own.
 */
const isPlain = (word: string, typed: string): boolean =>
  /^[A-Za-z0-9_@.+:,%=-]*$/.test(word.slice(typed.length));

const everything = async (line: TypedLine, world: World): Promise<Completion> => {
  const { words, open, isLiteral } = walk(line.typed);
  if (open === 'selector') return selectorWords(line.current, await world.services());
  if (open === 'allow') return allowWords(line.current, world, words[1]);
  if (open !== undefined) return valueOf(open);
  if (!isLiteral && line.current.startsWith('-') && takesOptionsAfter(words))
    return optionsFor(words);
  // Names of machines are in a file that is not evaluated at a key; the release is one.
  if (words[0] === 'deploy' && line.typed.some((item) => /^--machines(=|$)/.test(item)))
    return 'files';
  // Whoever is picked out need not be named.
  if (isBringing(words) && line.typed.some((item) => /^(-l|--selector(=.*)?)$/.test(item)))
    return 'files';
  return wordsAfter(words, world);
};
const isBringing = ([first, ...others]: readonly string[]): boolean =>
  (first === 'deploy' || first === 'stage') && others.length < 2;

interface Walked {
  readonly words: readonly string[];
  /** The option that waits for its value. */
  readonly open?: OptionName;
  /** After `--`. */
  readonly isLiteral: boolean;
}
/** Takes options out of what is typed; what is no option counts as a word. */
const walk = (typed: readonly string[]): Walked => {
  const words: string[] = [];
  for (let at = 0; at < typed.length; at += 1) {
    const item = typed[at] ?? '';
    if (item === '--') return { words: [...words, ...typed.slice(at + 1)], isLiteral: true };
    const name = item.startsWith('-') && takesOptionsAfter(words) ? optionIn(item) : undefined;
    if (name === undefined) words.push(item);
    else if (takesWord(name) && !item.includes('=')) {
      at += 1;
      if (at === typed.length) return { words, open: name, isLiteral: false };
    }
  }
  return { words, isLiteral: false };
};
const takesWord = (name: OptionName): boolean => {
  const kind = optionRule(name)?.kind;
  return kind !== 'flag' && kind !== 'some';
};
const optionIn = (item: string): OptionName | undefined => {
  const [spelled = ''] = item.replace(/^--?/, '').split('=', 1);
  const name = item.startsWith('--') ? spelled : optionByLetter(spelled);
  return name === undefined || optionRule(name) === undefined ? undefined : (name as OptionName);
};

const valueOf = (name: OptionName): Completion => (optionArguments[name] === 'FILE' ? 'files' : []);

const optionsFor = (words: readonly string[]): readonly Candidate[] => {
  const own = ownAction(words);
  const more = own === undefined ? undefined : actionRules.get(own.name)?.options;
  const isOpen = words.length === 0;
  const others = more ?? optionsOfOther(words[0] ?? '');
  const names = isOpen ? optionNames : [...others, ...commonOptions];
  return names.map((name) => ({ word: `--${name}`, about: optionAbouts[name] }));
};

const wordsAfter = async (words: readonly string[], world: World): Promise<Completion> => {
  const [first = '', second] = words;
  if (words.length === 0) return [...ownWords(), ...(await customActions(world))];
  const own = ownAction(words);
  if (isGroup(first) && second === undefined)
    return [...wordsOfGroup(first), ...(own === undefined ? [] : await wordsAlone(first, world))];
  if (own === undefined) return words.length === 1 ? [...(await having(first, world))] : [];
  const rest = words.slice(own.wordCount);
  switch (own.name) {
    case 'import':
      return 'files';
    case 'spawn':
      return 'files';
    case 'schedule':
      if (rest.length === 0) return [{ word: 'at' }, { word: 'in' }];
      return rest.length === 1 ? [] : 'files';
    case 'audit verify':
    case 'check':
    case 'release build':
    case 'release show':
    case 'release sign':
      return rest.length === 0 ? 'files' : [];
    case 'deploy':
    case 'stage':
      if (rest.length === 1) return 'files';
      return rest.length === 0 ? having(own.name, world) : [];
    case 'rollback':
      return rest.length === 0 ? having(own.name, world) : [];
    case 'release ls':
      return rest.length === 0 ? having('releases', world) : [];
    case 'release free':
      return []; // no name of a service that is there
    case 'release diff':
      return rest.length < 2 ? 'files' : [];
    case 'completion':
      return rest.length === 0 ? shells.map((word) => ({ word })) : [];
    case 'help':
      return rest.length === 0 ? ownWords() : rest.length === 1 ? wordsOfGroup(rest[0] ?? '') : [];
    case 'who-can':
      return afterWhoCan(rest, world);
    case 'do':
      if (rest.length === 0) return customActions(world);
      return rest.length === 1 ? having(rest[0] ?? '', world) : [];
    case 'doc':
      return afterDoc(rest, world);
    case 'audit':
    case 'ref mint':
      return rest.length === 0 ? serviceWords(await world.services()) : [];
    default:
      if (actionRules.get(own.name)?.usage.startsWith('OPERATION'))
        return operationWords(rest, world);
      return rest.length === 0 ? placesFor(own.name, world) : [];
  }
};

/** A term is a key, then its text. No `!`: a shell of its own mind would take that for something of its history. */
const selectorWords = (
  current: string,
  services: readonly KnownService[],
): readonly Candidate[] => {
  const before = current.slice(0, current.lastIndexOf(',') + 1);
  const term = current.slice(before.length);
  const all = services.flatMap(({ labels = {} }) => Object.entries(labels));
  const [, key, sign] = /^([^!=]+)(!?=)/.exec(term) ?? [];
  const words =
    key === undefined
      ? all.map(([each]) => each)
      : all.flatMap(([each, text]) =>
          each === key && text !== '' ? [`${key}${sign}${text}`] : [],
        );
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => ({
    word: `${before}${word}`,
    about: `of ${counted(count, 'service')}`,
  }));
};

/** What may follow a group that is an action by itself; an audit is that of one shepherd. */
const wordsAlone = async (action: string, world: World): Promise<readonly Candidate[]> =>
  action === 'audit' ? serviceWords(await world.services()) : placesFor(action, world);

/** What may stand in the place of the SERVICE of one of herd's own actions. */
const placesFor = async (action: string, world: World): Promise<readonly Candidate[]> => {
  const usage = actionRules.get(action)?.usage ?? '';
  if (usage.startsWith('[@PETNAME')) return petnameWords(world);
  if (usage.startsWith('PETNAME')) return world.petnames().map((word) => ({ word }));
  if (action === 'grant revoke') return world.grants(['invited', 'live', 'used-up', 'unconfirmed']);
  if (usage.startsWith('NODE')) return world.nodes();
  if (usage.includes('SESSION')) return world.sessions();
  if (action === 'grant confirm') return world.grants(['unconfirmed']);
  if (!usage.includes('SERVICE')) return usage.includes('root') ? rootWords : [];
  return [...serviceWords(await world.services()), ...petnameWords(world), ...rootWords];
};

/** An id and a petname, in either order: of whoever stands first the ids are known. */
const operationWords = async (
  [first, ...more]: readonly string[],
  world: World,
): Promise<readonly Candidate[]> => {
  if (first === undefined) return [...(await world.operations()), ...petnameWords(world)];
  if (more.length > 0) return [];
  return first.startsWith('@') ? world.operations(first) : petnameWords(world);
};

/** A list, of what can be granted: of the service, where it is known. */
const allowWords = async (current: string, world: World, service = '') => {
  const before = current.slice(0, current.lastIndexOf(',') + 1);
  const found = (await world.services()).find(({ names }) => names.includes(service));
  const own = found?.actions.map(actionWord) ?? (await customActions(world));
  return [...ofEach, ...own].map((each) => ({ ...each, word: `${before}${each.word}` }));
};
const ofEach = ['status', 'log', ...actionNames.filter(isBuiltIn)].map((word) => ({ word }));

/** Whatever can be granted, of a service of this shepherd. */
const afterWhoCan = async (
  [action, ...more]: readonly string[],
  world: World,
): Promise<readonly Candidate[]> => {
  if (action === undefined) return [...ofEach, ...(await customActions(world))];
  if (more.length > 0) return [];
  const services = await world.services();
  const those = services.filter((each) => offers(each, action));
  return serviceWords(those.length > 0 ? those : services);
};
const offers = ({ actions }: KnownService, action: string): boolean =>
  actions.some(({ name }) => name === action);

const afterDoc = async (
  [service, keyword, ...more]: readonly string[],
  world: World,
): Promise<readonly Candidate[]> => {
  if (service === undefined) return placesFor('doc', world);
  if (keyword === undefined)
    return [
      { word: 'list-actions', about: 'what it offers' },
      { word: 'action', about: 'what one action is for' },
    ];
  if (keyword !== 'action' || more.length > 0) return [];
  const found = (await world.services()).find(({ names }) => names.includes(service));
  return (found?.actions ?? []).map(actionWord);
};

/** Own actions by their first word. */
const ownWords = (): readonly Candidate[] =>
  Object.entries(actionAbouts).map(([name, about]) => {
    const [first = ''] = name.split(' ');
    return first === name ? { word: name, about } : { word: first };
  });
const wordsOfGroup = (group: string): readonly Candidate[] =>
  Object.entries(actionAbouts).flatMap(([name, about]) =>
    name.startsWith(`${group} `) ? [{ word: name.slice(group.length + 1), about }] : [],
  );

const actionWord = (action: KnownService['actions'][number]): Candidate => ({
  word: action.name,
  about: action.documentation,
});
const customActions = async (world: World): Promise<readonly Candidate[]> =>
  (await world.services()).flatMap(({ actions }) => actions.map(actionWord));

/** Services that offer an action, and petnames, of which nothing is known before they are asked. */
const having = async (action: string, world: World): Promise<readonly Candidate[]> => {
  const all = await world.services();
  const those = all.filter((each) => offers(each, action));
  return [...serviceWords(those), ...petnameWords(world)];
};
const serviceWords = (services: readonly KnownService[]): readonly Candidate[] =>
  services.flatMap(({ names, about }) => names.map((word) => ({ word, about })));
const petnameWords = (world: World): readonly Candidate[] =>
  world.petnames().map((petname) => ({ word: `@${petname}`, about: 'a ref of yours' }));
const rootWords: readonly Candidate[] = rootNames
  .slice(0, 1)
  .map((word) => ({ word, about: 'the shepherd itself' }));
