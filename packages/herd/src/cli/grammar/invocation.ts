/**
 * From words to what is to be done, the same for both parsers. Knows the grammar, nothing of
 * sockets or services.
 */
import { closest, actionFacts, isBuiltIn, limits, rootNames } from '@bellwether/shepherd';
import {
  actionRules,
  type ActionRule,
  commonOptions,
  isGroup,
  isOfSlots,
  wordsOfGroup,
  type OptionName,
  type Options,
  optionsOfOther,
  ownAction,
} from './grammar.ts';
import { maxWordChars, maxWordCount } from '../limits.ts';
import type { Typed } from './parse.ts';
import { NoSuchOption, Usage } from './usage.ts';

/** What one command line asks for. */
export type Invocation =
  | { readonly kind: 'help'; readonly topic: string | undefined; readonly options: Options }
  | { readonly kind: 'version'; readonly options: Options }
  /** One of herd's own actions; `words` is what followed it. */
  | {
      readonly kind: 'own';
      readonly action: string;
      readonly words: readonly string[];
      readonly options: Options;
    }
  /** Something to be asked of a service, its own actions included. */
  | { readonly kind: 'perform'; readonly command: Command; readonly options: Options };

/** An action for a service, or with an empty name for whom a selector picks out, with the arguments as typed. */
export interface Command {
  readonly action: string;
  readonly service: string;
  readonly args: readonly string[];
}

/** Whether a SERVICE is the shepherd itself. */
export const isRootName = (service: string): boolean => rootNames.includes(service);

/**
 * Says what a command line asks for.
 * @throws Usage
 */
export const interpret = (typed: Typed): Invocation => {
  const { words, options } = typed;
  if (options.version === true) return { kind: 'version', options };
  if (options.help === true) return { kind: 'help', topic: helpWanted(words), options };
  checkWords(words);
  checkSecrets(typed);
  const own = ownAction(words);
  if (own === undefined) return custom(words, options);
  const rest = words.slice(own.wordCount);
  const [called, rule] = ruleFor(own.name, options);
  if (rule === undefined) throw new Usage(`'${own.name}' is no action`);
  checkCount(own.name, rule, rest, options);
  checkOptions(called, options, rule.options);
  if (own.name === 'help') return { kind: 'help', topic: topicIn(rest), options };
  if (own.name === 'do') return perform(rest, options);
  return isBuiltIn(own.name)
    ? perform([own.name, ...rest], options)
    : { kind: 'own', action: own.name, words: rest, options };
};

/** The rule of an action, and what it is called: with some option it is another command. */
const ruleFor = (name: string, options: Options): readonly [string, ActionRule | undefined] => {
  const rule = actionRules.get(name);
  const { otherwise } = rule ?? {};
  return otherwise !== undefined && options[otherwise.option] !== undefined
    ? [`${name} --${otherwise.option}`, otherwise.rule]
    : [name, rule];
};

/** The page for a command line that is not to be done; none, where it is not of herd itself. */
const helpWanted = (words: readonly string[]): string | undefined => {
  const [first = ''] = words;
  return ownAction(words)?.name ?? (isGroup(first) || isOfSlots(first) ? first : undefined);
};

/** The page that is asked for; none, where all of it is. @throws Usage */
const topicIn = (words: readonly string[]): string | undefined => {
  const [first, second] = words;
  // GNU Shepherd's root has such an action, whose answer is what there is.
  if (first === undefined || (isRootName(first) && second === undefined)) return undefined;
  const topic = ownAction(words);
  if (topic?.wordCount === words.length) return topic.name;
  if ((isGroup(first) || isOfSlots(first)) && second === undefined) return first;
  if (isGroup(first)) throw unknownOfGroup(first, second);
  const typed = words.join(' ');
  const hint = meantBy(typed, actionRules.keys(), 'help ');
  throw new Usage(
    `'${typed}' is no action of herd itself`,
    hint ?? "Those of a service: 'herd doc SERVICE list-actions'.",
  );
};

/** What was typed in the place of something that there is. */
const meantBy = (word: string, known: Iterable<string>, before = ''): string | undefined => {
  const meant = closest(word, known);
  return meant === undefined ? undefined : `Did you mean 'herd ${before}${meant}'?`;
};

const perform = (words: readonly string[], options: Options): Invocation => {
  const [action = '', service = '', ...args] = words;
  checkQueue(options, service);
  return { kind: 'perform', command: { action, service, args }, options };
};

const checkQueue = ({ 'when-online': queueMs }: Options, service: string): void => {
  if (queueMs === undefined) return;
  if (isRootName(service))
    throw new Usage('the shepherd itself is online: --when-online is for services elsewhere');
  if (queueMs > limits.queueMs)
    throw new Usage('--when-online takes 7d at most: nobody remembers a command for longer');
};

const custom = (words: readonly string[], options: Options): Invocation => {
  const [action = '', second] = words;
  if (isGroup(action)) throw unknownOfGroup(action, second);
  if (actionFacts(action)?.by === 'nobody')
    throw new Usage(
      `'${action}' is kept for herd itself, and this version has no such command`,
      `An action of that name is reached with 'herd do ${action} SERVICE'.`,
    );
  if (second === undefined && options.selector === undefined)
    throw new Usage(
      `'${action}' needs a SERVICE: herd [OPTION...] ${action} SERVICE [ARG...]`,
      meantBy(action, actionRules.keys()),
    );
  checkOptions(action, options, optionsOfOther(action));
  return perform(words, options);
};

const unknownOfGroup = (group: string, second: string | undefined): Usage => {
  const members = wordsOfGroup(group);
  const choice = `there are ${members.join(', ')}`;
  if (second === undefined) return new Usage(`'${group}' needs another word; ${choice}`);
  const isOther = actionRules.has(second) || isOfSlots(second);
  const hint = isOther ? `Did you mean 'herd ${second}'?` : meantBy(second, members, `${group} `);
  return new Usage(`'${group} ${second}' is not known; ${choice}`, hint);
};

const checkWords = (words: readonly string[]): void => {
  if (words.length === 0)
    throw new Usage('no action given: herd [OPTION...] ACTION [SERVICE [ARG...]]');
  if (words.length > maxWordCount)
    throw new Usage(`${words.length} words are too many; the limit is ${maxWordCount}`);
  const long = words.findIndex((word) => word.length > maxWordChars);
  if (long !== -1) throw new Usage(`word ${long + 1} is longer than ${maxWordChars} characters`);
  const empty = words.slice(0, 2).indexOf('');
  if (empty !== -1) throw new Usage(`word ${empty + 1} is empty`);
};

/** Locators without a swissnum are no secret; the path `/s/` is what makes one a sturdyref. */
const isSecret = (text: string): boolean => /ocapn:\/\/.*\/s\//i.test(text);

/**
 * Refused without being repeated: arguments stay in the shell's history, and every user can read
 * them in /proc.
 */
const checkSecrets = (typed: Typed): void => {
  const texts = [...typed.words, ...Object.values(typed.options).map(String)];
  if (!texts.some(isSecret)) return;
  throw new Usage(
    'a ref is a secret and was given as an argument, which every user here can read',
    "Have another one minted, and give that as a file: 'herd ref add PETNAME < FILE'.",
  );
};

const checkCount = (
  name: string,
  rule: ActionRule,
  rest: readonly string[],
  { selector }: Options,
): void => {
  const usage = `herd ${name} ${rule.usage}`.trimEnd();
  const [word = ''] = rest;
  // Who is picked out need not be named.
  const least = rule.least - (selector === undefined || rule.least === 0 ? 0 : 1);
  const page = `Try 'herd ${name} --help'.`;
  if (rest.length < least) throw new Usage(`too few words for '${name}': ${usage}`, page);
  if (rest.length <= rule.most) return;
  const hint = isGroup(name) ? meantBy(word, wordsOfGroup(name), `${name} `) : hintAt(name, rule);
  throw new Usage(`too many words for '${name}': ${usage}`, hint ?? page);
};

/** Where a secret comes from is no word: the file would be typed as easily as what is in it. */
const hintAt = (name: string, { options }: ActionRule): string | undefined => {
  if (name === 'node join')
    return "An invite comes from a file, 'shepherd join --from FILE', or from standard input, 'shepherd join < FILE'.";
  return options.includes('out') ? 'The file that it writes is named by --out FILE.' : undefined;
};
/** Who else takes an option that every action of a service takes, whatever that is called. */
const ofOthers = (option: OptionName): string =>
  optionsOfOther('releases').includes(option)
    ? ", and to what services have beside these, as 'confirm', 'pin' and 'releases'"
    : '';
const checkOptions = (name: string, options: Options, more: readonly OptionName[]): void => {
  const wrong = (Object.keys(options) as OptionName[]).find(
    (option) => !commonOptions.includes(option) && !more.includes(option),
  );
  if (wrong === undefined) return;
  const takers = [...actionRules]
    .filter(([, rule]) => rule.options.includes(wrong))
    .map(([taker]) => taker);
  const whose = `It belongs to ${takers.map((t) => `'${t}'`).join(', ')}${ofOthers(wrong)}.`;
  throw new NoSuchOption(name, wrong, whose);
};
