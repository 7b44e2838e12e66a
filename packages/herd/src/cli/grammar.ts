/**
 * What may be typed, in one table. Two parsers are made from it: the tiny one of `parse.ts`, for
 * what is typed all day, and the one of `full.ts`, which knows yargs and so help and good errors. A
 * property test keeps them equal.
 *
 *     herd [OPTION…] ACTION [OPTION…] SERVICE [ARG…]
 *
 * Herd's own actions take options in any place. A custom action takes herd's options before SERVICE
 * only: what follows belongs to the action and arrives as typed, but for `--dry-run`. Whoever types that
 * means herd, and nothing may be done then, so it is refused there. `--` ends the options of herd,
 * everywhere.
 */
import { factsOf, percentOf, rootNames } from '@bellwether/shepherd';
import { maxLogLines, maxMembers, maxTimeoutMs } from './limits.ts';
import { ageIn, spanIn } from './spans.ts';

/**
 * A flag stands alone, and so may `some`, which is 1 then, and N as `--name=N`. The others take one
 * value: any text, a whole number, seconds (kept as milliseconds), so many members or percent of them, a
 * time or how long ago it was (kept as typed), or a span of time (kept as milliseconds).
 */
export type OptionKind =
  'flag' | 'some' | 'text' | 'count' | 'seconds' | 'share' | 'since' | 'span';

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
  state: {
    kind: 'text',
    argument: 'FOLDER',
    about: 'the state folder of a shepherd that does not run',
  },
  json: { kind: 'flag', about: 'print one JSON document and nothing else on standard output' },
  timeout: { kind: 'seconds', argument: 'SECONDS', about: 'give up waiting after this long' },
  quiet: { letter: 'q', kind: 'flag', about: 'print no progress' },
  verbose: { letter: 'v', kind: 'flag', about: 'say also what is being done' },
  'log-history': {
    letter: 'n',
    kind: 'count',
    argument: 'N',
    about: 'how many lines to show, or commands',
  },
  follow: { letter: 'f', kind: 'flag', about: 'go on with what comes, until Ctrl-C' },
  since: {
    kind: 'since',
    argument: 'AGE|TIME',
    about:
      'only what is younger: 30s, 10m, 2h, 7d, or a time like 2026-11-25T10:04 (to within 10 s)',
  },
  watch: { kind: 'flag', about: 'go on with what changes, until Ctrl-C' },
  'no-members': { kind: 'flag', about: 'leave the members of a fleet alone' },
  'dry-run': { kind: 'flag', about: 'say what would be done, and do nothing' },
  'min-ready': {
    kind: 'share',
    argument: 'N|N%',
    about: 'so many members are enough this time, whatever the fleet says',
  },
  batch: {
    kind: 'share',
    argument: 'N|N%',
    about: 'so many members of a fleet at a time (default: what may be unavailable, or 1)',
  },
  'max-unavailable': {
    kind: 'share',
    argument: 'N|N%',
    about: 'so many members may fail to serve at a time (default: a batch)',
  },
  'max-failed': {
    kind: 'share',
    argument: 'N|N%',
    about: 'so many members may fail before the rest is left as it is (default: 0)',
  },
  pause: { kind: 'span', argument: 'SPAN', about: 'wait between two batches: 5s, 2m' },
  canary: { kind: 'some', argument: '[=N]', about: 'one member, or N, before all others' },
  'when-online': {
    kind: 'span',
    argument: 'SPAN',
    about: 'have it done once it is back where a machine is away: 30m, 2h, at most 7d',
  },
  strict: { kind: 'flag', about: 'end well only where all is well, whatever is enough' },
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
  head: {
    kind: 'text',
    argument: 'HASH',
    about: 'the head of an audit that was noted: whether all that it stood for is there',
  },
  reveal: { kind: 'flag', about: 'print the secret: whoever reads it has what it names' },
  local: { kind: 'flag', about: 'over the socket that all users of the machine may connect to' },
  yes: { kind: 'flag', about: 'replace what is there' },
  all: { kind: 'flag', about: 'all that wait for it' },
  force: { kind: 'flag', about: 'also what the audit says was ended since' },
  to: { kind: 'text', argument: 'NAME', about: 'what you call whoever gets the grant' },
  allow: {
    kind: 'text',
    argument: 'ACTION,...',
    about: 'what a grant allows: actions, status, log (default: status)',
  },
  expires: { kind: 'span', argument: 'SPAN', about: 'how long a grant holds: 15m, 8h, 7d' },
  'no-expiry': { kind: 'flag', about: 'a grant that holds until it is revoked' },
  'max-uses': { kind: 'count', argument: 'N', about: 'how many operations a grant is good for' },
  rate: {
    kind: 'text',
    argument: 'N/SPAN',
    about: 'how many operations in a while: 5/min, 100/h, 3/10s',
  },
  args: {
    kind: 'text',
    argument: 'RULES',
    about: "which arguments an action may have: 'deploy=v* prod; greet=**'",
  },
  nodes: { kind: 'text', argument: 'MEMBER,...', about: 'only these members of a fleet' },
  direct: { kind: 'flag', about: "made at the members' own hosts, which need no controller then" },
  lease: {
    kind: 'span',
    argument: 'SPAN',
    about: 'with --direct: a host ends it so long after it heard from this shepherd last',
  },
  'invite-expires': {
    kind: 'span',
    argument: 'SPAN',
    about: 'how long an invite can be accepted (default: 15m)',
  },
  reason: { kind: 'text', argument: 'TEXT', about: 'why, for those who are refused by it' },
  tree: { kind: 'flag', about: 'each grant below the one that it was made from' },
  help: { kind: 'flag', about: 'show help, also of one action' },
  version: { kind: 'flag', about: 'show the version' },
} as const satisfies Readonly<Record<string, OptionRule>>;

/** The long name of an option. */
export type OptionName = keyof typeof optionRules;
type ValueOf<K extends OptionKind> = K extends 'flag'
  ? true
  : K extends 'text' | 'since'
    ? string
    : K extends 'share'
      ? number | `${number}%`
      : number;
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
/** The options of everything that is asked of a service. */
export const changing: readonly OptionName[] = ['no-members', 'dry-run', 'when-online', 'strict'];
const granting: readonly OptionName[] = [
  'to',
  'allow',
  'expires',
  'no-expiry',
  'max-uses',
  'rate',
  'args',
  'nodes',
  'direct',
  'lease',
  'invite-expires',
  'local',
  'out',
  'reveal',
  'yes',
  'dry-run',
];
const starting: readonly OptionName[] = [...changing, 'min-ready'];
const restarting: readonly OptionName[] = [
  ...starting,
  'batch',
  'max-unavailable',
  'max-failed',
  'pause',
  'canary',
];

/**
 * Herd's own actions. A custom action of the same name is reached with `herd do ACTION SERVICE`.
 */
export const actionRules: ReadonlyMap<string, ActionRule> = new Map<string, ActionRule>([
  [
    'status',
    rule(
      '[SERVICE]',
      0,
      1,
      ['log-history', 'watch', 'strict'],
      'what runs, or everything about one service',
    ),
  ],
  [
    'detailed-status',
    rule('[SERVICE]', 0, 1, ['log-history'], 'everything about every service, or about one'),
  ],
  ['graph', rule('[SERVICE]', 0, 1, [], 'who requires whom, in the language of Graphviz')],
  ['start', rule('SERVICE [ARG...]', 1, many, starting, 'start a service and what it requires')],
  ['stop', rule('SERVICE [ARG...]', 1, many, changing, 'stop a service and what requires it')],
  [
    'restart',
    rule(
      'SERVICE [ARG...]',
      1,
      many,
      restarting,
      'stop a service, then start it and its dependents',
    ),
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
    rule(
      '[SERVICE]',
      0,
      1,
      ['log-history', 'follow', 'since'],
      'the last lines of a service or a fleet, or all status changes',
    ),
  ],
  [
    'reload',
    rule(
      '[root]',
      0,
      1,
      ['dry-run'],
      'read the configuration again, and take over what has changed',
    ),
  ],
  ['detach', rule('root', 1, 1, [], 'end the shepherd, and leave its services to the next one')],
  ['check', rule('[FILE]', 0, 1, [], 'read a configuration and say what is wrong with it')],
  [
    'do',
    {
      ...rule(
        'ACTION SERVICE [ARG...]',
        2,
        many,
        restarting,
        'ask for an action by its name, whatever it is',
      ),
      opaqueAfter: 2,
    },
  ],
  [
    'ref mint',
    rule(
      'SERVICE',
      1,
      1,
      ['local', 'out', 'reveal', 'yes'],
      'make a ref to one service, to be given away',
    ),
  ],
  [
    'ref add',
    rule('PETNAME', 1, 1, ['from', 'yes'], 'keep a ref that you were given, under a name of yours'),
  ],
  ['ref ls', rule('', 0, 0, [], 'the refs that you hold')],
  ['ref show', rule('PETNAME', 1, 1, ['reveal'], 'where a ref leads, and what it allows')],
  ['ref rm', rule('PETNAME', 1, 1, ['yes'], 'forget a ref')],
  ['ref rename', rule('PETNAME PETNAME', 2, 2, ['yes'], 'call a ref by another name')],
  [
    'ref export',
    rule('PETNAME', 1, 1, ['out', 'reveal', 'yes'], 'write a ref into a file, to be given away'),
  ],
  ['ref push', rule('PETNAME', 1, 1, ['yes'], "copy a ref into the shepherd's own store")],
  ['retry', rule('OPERATION', 1, 1, ['strict'], 'have done what a command left undone')],
  ['op ls', rule('', 0, 0, ['log-history'], 'the last commands, and what came of them')],
  ['op show', rule('OPERATION', 1, 1, [], 'what a command did, service by service, and why')],
  [
    'op watch',
    rule('OPERATION', 1, 1, ['strict'], 'go on with a running command, as if it were given here'),
  ],
  [
    'op cancel',
    rule('OPERATION [@PETNAME]', 1, 2, [], 'call off what has not begun of a running command'),
  ],
  ['grant', rule('SERVICE', 1, 1, granting, 'let somebody else do some things with a service')],
  ['grant ls', rule('[@PETNAME]', 0, 1, ['tree'], 'who may do what, and until when')],
  [
    'grant revoke',
    rule(
      'GRANT [@PETNAME]',
      1,
      2,
      ['reason', 'dry-run'],
      'take a grant back, and all that were made from it',
    ),
  ],
  [
    'grant confirm',
    rule(
      '[GRANT...]',
      0,
      many,
      ['all', 'force'],
      'believe grants again that came back with a backup',
    ),
  ],
  [
    'accept',
    rule('[PETNAME]', 0, 1, ['from', 'yes'], 'take what you were invited to, as refs of yours'),
  ],
  ['who-can', rule('ACTION SERVICE', 2, 2, [], 'who may do that')],
  [
    'state check',
    rule('[FILE]', 0, 1, ['state'], 'read all records, or all of a backup, and say what is wrong'),
  ],
  [
    'state backup',
    rule(
      'FILE',
      1,
      1,
      ['state', 'yes'],
      'write all records into a file, also while they are in use',
    ),
  ],
  [
    'state restore',
    rule('FILE', 1, 1, ['state'], 'make a backup what the next shepherd begins with'),
  ],
  ['state repair', rule('', 0, 0, ['state'], 'make the most of records that are damaged')],
  [
    'audit',
    rule('[SERVICE]', 0, 1, ['log-history', 'since'], 'who asked for what, and what came of it'),
  ],
  [
    'audit verify',
    rule('[FOLDER]', 0, 1, ['state', 'head'], 'whether every record of an audit fits'),
  ],
  ['completion', rule('bash|zsh|fish', 1, 1, [], 'print what makes a shell complete these words')],
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
export const isGroup = (word: string): boolean => groups.has(word);
const groups: ReadonlySet<string> = new Set(
  [...actionRules.keys()].flatMap((name) => (name.includes(' ') ? name.split(' ', 1) : [])),
);

/**
 * The name of the own action that some words begin with, and how many words it takes up. What the
 * shepherd itself does is herd's own only where no other service is named.
 */
export const ownAction = (
  words: readonly string[],
): { readonly name: string; readonly wordCount: number } | undefined => {
  const [first, second] = words;
  if (first === undefined) return undefined;
  const name = `${first} ${second ?? ''}`;
  if (actionRules.has(name)) return { name, wordCount: 2 };
  if (!actionRules.has(first)) return undefined;
  const isElsewhere = second !== undefined && !rootNames.includes(second);
  if (isElsewhere && factsOf(first)?.by === 'shepherd') return undefined;
  return { name: first, wordCount: 1 };
};

/** Whether an option of herd may stand after these words. */
export const takesOptionsAfter = (words: readonly string[]): boolean => {
  const [first = ''] = words;
  if (words.length < 2 || isGroup(first)) return true;
  const own = ownAction(words);
  const rule = own === undefined ? undefined : actionRules.get(own.name);
  if (rule === undefined) return false;
  return rule.opaqueAfter === undefined || words.length <= rule.opaqueAfter;
};

/** Whether a word for an action of a service is none that may be passed on to it without `--` before it. */
export const isMisplaced = (word: string): boolean => /^--dry-run(=|$)/.test(word);

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
  if (kind === 'share') return shareIn(text);
  if (kind === 'some') return /^[1-9]\d{0,4}$/.test(text) ? upToMembers(Number(text)) : undefined;
  if (kind === 'since') return ageIn(text, 0) === undefined ? undefined : text;
  if (kind === 'span') return spanIn(text);
  if (!/^\d{1,5}(\.\d{1,3})?$/.test(text)) return undefined;
  const ms = Math.round(Number(text) * 1000);
  return ms > 0 && ms <= maxTimeoutMs ? ms : undefined;
};

const upToMembers = (count: number): number | undefined =>
  count <= maxMembers ? count : undefined;

/** `3`, or `50%`. */
const shareIn = (text: string): number | `${number}%` | undefined => {
  const [, digits = '', percent] = /^(\d{1,5})(%?)$/.exec(text) ?? [];
  if (digits === '') return undefined;
  const count = Number(digits);
  if (percent === '%') return percentOf(`${count}%`) === undefined ? undefined : `${count}%`;
  return count <= maxMembers ? count : undefined;
};
