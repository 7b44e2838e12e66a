/**
 * What may be typed, in one table. Two parsers are made from it: the tiny one of `parse.ts`, for
 * what is typed all day, and the one of `full.ts`, which knows yargs and so help and good errors. A
 * property test keeps them equal.
 *
 *     herd [OPTION…] ACTION [OPTION…] SERVICE [ARG…]
 *
 * Herd's own actions take options in any place. A custom action takes herd's options before SERVICE
 * only: what follows belongs to the action and arrives as typed. `--` ends the options of herd,
 * everywhere.
 */
import { maxLogLines, maxTimeoutMs } from './limits.ts';

/**
 * A flag stands alone; the others take one value: any text, a whole number, or seconds (kept as
 * milliseconds).
 */
export type OptionKind = 'flag' | 'text' | 'count' | 'seconds';

/** One option: `--name`, perhaps `-letter`, and what its value is called in help. */
export interface OptionRule {
  readonly letter?: string;
  readonly kind: OptionKind;
  readonly argument?: string;
  readonly about: string;
}

/** All options, by their long names. */
export const optionRules = {
  socket: {
    letter: 's',
    kind: 'text',
    argument: 'FILE',
    about: 'the socket of the shepherd (also: SHEPHERD_SOCKET)',
  },
  json: { kind: 'flag', about: 'print one JSON document and nothing else on standard output' },
  timeout: { kind: 'seconds', argument: 'SECONDS', about: 'give up waiting after this long' },
  quiet: { letter: 'q', kind: 'flag', about: 'print no progress' },
  verbose: { letter: 'v', kind: 'flag', about: 'say also what is being done' },
  'log-history': { letter: 'n', kind: 'count', argument: 'N', about: 'how many log lines to show' },
  'no-members': { kind: 'flag', about: 'leave the members of a fleet alone' },
  out: {
    kind: 'text',
    argument: 'FILE',
    about: 'write the secret into FILE, readable by you alone',
  },
  from: {
    kind: 'text',
    argument: 'FILE',
    about: 'read the secret from FILE instead of standard input',
  },
  reveal: { kind: 'flag', about: 'print the secret: whoever reads it has what it names' },
  yes: { kind: 'flag', about: 'replace what is there' },
  help: { kind: 'flag', about: 'show help, also of one action' },
  version: { kind: 'flag', about: 'show the version' },
} as const satisfies Readonly<Record<string, OptionRule>>;

/** The long name of an option. */
export type OptionName = keyof typeof optionRules;
type ValueOf<K extends OptionKind> = K extends 'flag' ? true : K extends 'text' ? string : number;
/** The options that were given. `timeout` is in milliseconds. */
export type Options = {
  readonly [N in OptionName]?: ValueOf<(typeof optionRules)[N]['kind']>;
};

/** One of herd's own actions. */
export interface ActionRule {
  /** What follows it, for help and for the usage line of an error. */
  readonly usage: string;
  /** Words that must and may follow. */
  readonly least: number;
  readonly most: number;
  /** Options beside those that every action takes. */
  readonly options: readonly OptionName[];
  readonly about: string;
  /**
   * The words after this many belong to the service's action, as typed: herd takes no options
   * there.
   */
  readonly opaqueAfter?: number;
}

const many = Number.POSITIVE_INFINITY;
const changing = ['no-members'] as const;

/**
 * Herd's own actions. A custom action of the same name is reached with `herd do ACTION SERVICE`.
 */
export const actionRules: ReadonlyMap<string, ActionRule> = new Map<string, ActionRule>([
  [
    'status',
    rule('[SERVICE]', 0, 1, ['log-history'], 'what runs, or everything about one service'),
  ],
  ['start', rule('SERVICE [ARG...]', 1, many, changing, 'start a service and what it requires')],
  ['stop', rule('SERVICE [ARG...]', 1, many, changing, 'stop a service and what requires it')],
  [
    'restart',
    rule('SERVICE [ARG...]', 1, many, changing, 'stop a service, then start it and its dependents'),
  ],
  ['enable', rule('SERVICE', 1, 1, changing, 'let a service be started again')],
  ['disable', rule('SERVICE', 1, 1, changing, 'refuse to start a service from now on')],
  [
    'doc',
    rule(
      'SERVICE [list-actions | action ACTION]',
      1,
      3,
      [],
      'what a service and its actions are for',
    ),
  ],
  [
    'log',
    rule('[SERVICE]', 0, 1, ['log-history'], 'the last lines of a service, or all status changes'),
  ],
  ['check', rule('[FILE]', 0, 1, [], 'read a configuration and say what is wrong with it')],
  [
    'do',
    {
      ...rule(
        'ACTION SERVICE [ARG...]',
        2,
        many,
        changing,
        'ask for an action by its name, whatever it is',
      ),
      opaqueAfter: 2,
    },
  ],
  [
    'ref mint',
    rule('SERVICE', 1, 1, ['out', 'reveal', 'yes'], 'make a ref to one service, to be given away'),
  ],
  [
    'ref add',
    rule('PETNAME', 1, 1, ['from', 'yes'], 'keep a ref that you were given, under a name of yours'),
  ],
  ['ref ls', rule('', 0, 0, [], 'the refs that you hold')],
  ['ref show', rule('PETNAME', 1, 1, ['reveal'], 'where a ref leads')],
  ['ref rm', rule('PETNAME', 1, 1, ['yes'], 'forget a ref')],
  ['ref push', rule('PETNAME', 1, 1, ['yes'], "copy a ref into the shepherd's own store")],
  ['help', rule('[ACTION...]', 0, 2, [], 'show help')],
]);

function rule(
  usage: string,
  least: number,
  most: number,
  options: readonly OptionName[],
  about: string,
): ActionRule {
  return { usage, least, most, options, about };
}

/** The options that every action takes. */
export const commonOptions: readonly OptionName[] = [
  'socket',
  'json',
  'timeout',
  'quiet',
  'verbose',
  'help',
  'version',
];

/** The first words of actions that are two words. */
export const isGroup = (word: string): boolean => word === 'ref';

/** Kept free for herd itself: a custom action of this name must not change its meaning one day. */
export const reservedWords: ReadonlySet<string> = new Set([
  ...[
    'accept',
    'audit',
    'can',
    'completion',
    'dashboard',
    'dev',
    'grant',
    'import',
    'net',
    'node',
    'op',
    'release',
  ],
  ...['retry', 'top', 'who-can', 'why'],
]);

/** The name of the own action that some words begin with, and how many words it takes up. */
export const ownAction = (
  words: readonly string[],
): { readonly name: string; readonly wordCount: number } | undefined => {
  const [first, second] = words;
  if (first === undefined) return undefined;
  if (!isGroup(first)) return actionRules.has(first) ? { name: first, wordCount: 1 } : undefined;
  const name = second === undefined ? first : `${first} ${second}`;
  return actionRules.has(name) ? { name, wordCount: 2 } : undefined;
};

/** Whether an option of herd may stand after these words. */
export const takesOptionsAfter = (words: readonly string[]): boolean => {
  const [first = ''] = words;
  if (words.length < 2 || isGroup(first)) return true;
  const own = actionRules.get(first);
  if (own === undefined) return false;
  return own.opaqueAfter === undefined || words.length <= own.opaqueAfter;
};

/** The long name of an option by its letter. */
export const optionByLetter = (letter: string): OptionName | undefined =>
  optionNames.find((name) => (optionRules[name] as OptionRule).letter === letter);

/** All long names. */
export const optionNames = Object.keys(optionRules) as readonly OptionName[];

/** The rule of an option, or undefined for a name that is none. */
export const optionRule = (name: string): OptionRule | undefined =>
  Object.hasOwn(optionRules, name) ? optionRules[name as OptionName] : undefined;

/** What a value means to its option; undefined when it is none. Empty text is never a value. */
export const readValue = (kind: OptionKind, text: string): string | number | undefined => {
  if (kind === 'text') return text === '' ? undefined : text;
  if (kind === 'count')
    return /^\d{1,5}$/.test(text) && Number(text) <= maxLogLines ? Number(text) : undefined;
  if (!/^\d{1,5}(\.\d{1,3})?$/.test(text)) return undefined;
  const ms = Math.round(Number(text) * 1000);
  return ms > 0 && ms <= maxTimeoutMs ? ms : undefined;
};
