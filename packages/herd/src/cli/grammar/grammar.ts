/**
 * What may be typed, in one table. Two parsers are made from it: the tiny one of `parse.ts`, for
 * what is typed all day, and the one of `help/full.ts`, which knows yargs and so help and good errors. A
 * property test keeps them equal.
 *
 *     herd [OPTION…] ACTION [OPTION…] SERVICE [ARG…]
 *
 * Herd's own actions take options in any place. A custom action takes herd's options before SERVICE
 * only: what follows belongs to the action and arrives as typed, but for `--dry-run` and `--selector`. Whoever types
 * those means herd, and nothing may be done then, or not by all, so they are refused there. `--` ends the options of
 * herd, everywhere.
 */
import { actionFacts, hasBatches, percentOf, rootNames } from '@bellwether/shepherd';
import { maxLogLines, maxMembers, maxTimeoutMs } from '../limits.ts';
import { ageIn, spanIn } from './spans.ts';

/**
 * A flag stands alone, and so may `some`, which is 1 then, and N as `--name=N`. The others take one
 * value: any text, a whole number, seconds (kept as milliseconds), so many members or percent of them, the same behind
 * a canary (kept as typed), a time or how long ago it was (kept as typed), or a span of time (kept as milliseconds).
 * `texts` alone may be given again and again.
 */
export type OptionKind =
  'flag' | 'some' | 'text' | 'texts' | 'count' | 'seconds' | 'share' | 'batches' | 'since' | 'span';

/** One option: `--name`, perhaps `-letter`. */
export interface OptionRule {
  readonly letter?: string;
  readonly kind: OptionKind;
}

const flag = { kind: 'flag' } as const;
const text = { kind: 'text' } as const;
const span = { kind: 'span' } as const;
/** All options, by their long names. */
export const optionRules = {
  socket: { letter: 's', kind: 'text' },
  state: text,
  json: flag,
  timeout: { kind: 'seconds' },
  quiet: { letter: 'q', kind: 'flag' },
  verbose: { letter: 'v', kind: 'flag' },
  'log-history': { letter: 'n', kind: 'count' },
  follow: { letter: 'f', kind: 'flag' },
  since: { kind: 'since' },
  watch: flag,
  selector: { letter: 'l', kind: 'text' },
  'no-members': flag,
  'dry-run': flag,
  'min-ready': { kind: 'share' },
  batch: { kind: 'batches' },
  'max-unavailable': { kind: 'share' },
  'max-failed': { kind: 'share' },
  pause: span,
  canary: { kind: 'some' },
  'when-online': span,
  strict: flag,
  out: { letter: 'o', kind: 'text' },
  from: text,
  head: text,
  reveal: flag,
  local: flag,
  websocket: flag,
  yes: flag,
  all: flag,
  force: flag,
  to: text,
  allow: text,
  expires: span,
  'no-expiry': flag,
  'max-uses': { kind: 'count' },
  rate: text,
  args: text,
  nodes: text,
  direct: flag,
  lease: span,
  'invite-expires': span,
  reason: text,
  tree: flag,
  mermaid: flag,
  once: flag,
  run: text,
  check: { kind: 'texts' },
  'check-timeout': { kind: 'seconds' },
  app: text,
  'app-version': text,
  env: { letter: 'E', kind: 'texts' },
  directory: { letter: 'd', kind: 'text' },
  'log-file': text,
  user: text,
  group: text,
  platform: text,
  migration: text,
  provenance: { kind: 'texts' },
  sign: text,
  key: text,
  confirm: span,
  'no-confirm': flag,
  'accept-data-loss': flag,
  machines: text,
  name: { letter: 'N', kind: 'text' },
  labels: text,
  give: text,
  'dial-out': flag,
  'no-dial-out': flag,
  'for-key': text,
  sort: text,
  for: span,
  values: flag,
  help: flag,
  version: flag,
} as const satisfies Readonly<Record<string, OptionRule>>;

/** The long name of an option. */
export type OptionName = keyof typeof optionRules;
type ValueOf<K extends OptionKind> = K extends 'flag'
  ? true
  : K extends 'text' | 'batches' | 'since'
    ? string
    : K extends 'texts'
      ? readonly string[]
      : K extends 'share'
        ? number | `${number}%`
        : number;
/** Options while they are read. */
export type OptionsRead = { [name: string]: string | number | true | readonly string[] };
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
  /**
   * The words after this many belong to the service's action, as typed: herd takes no options
   * there.
   */
  readonly opaqueAfter?: number;
  /** With this option it is another command. */
  readonly otherwise?: { readonly option: OptionName; readonly rule: ActionRule };
}

const many = Number.POSITIVE_INFINITY;
/** The options of everything that is asked of a service. */
const changing: readonly OptionName[] = [
  'selector',
  'no-members',
  'dry-run',
  'when-online',
  'strict',
  'yes',
];
const granting: readonly OptionName[] = [
  'selector',
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
const inviting: readonly OptionName[] = ['expires', 'out', 'reveal', 'yes'];
const building: readonly OptionName[] = [
  'run',
  'check',
  'check-timeout',
  'app',
  'app-version',
  'env',
  'platform',
  'migration',
  'provenance',
  'sign',
  'out',
  'yes',
];
const rolling: readonly OptionName[] = [
  'batch',
  'max-unavailable',
  'max-failed',
  'pause',
  'canary',
];
const switching: readonly OptionName[] = ['confirm', 'no-confirm', 'accept-data-loss', 'dry-run'];
const deploying: readonly OptionName[] = ['selector', ...switching, ...rolling, 'yes'];
const spawning: readonly OptionName[] = ['name', 'directory', 'env', 'log-file', 'user', 'group'];
const back: readonly OptionName[] = ['selector', 'accept-data-loss', 'dry-run', 'yes', ...rolling];
const starting: readonly OptionName[] = [...changing, 'min-ready'];
const restarting: readonly OptionName[] = [...starting, ...rolling];
/** The options of an action that is none of herd's. */
export const optionsOfOther = (action: string): readonly OptionName[] =>
  hasBatches(action) ? [...changing, ...rolling] : changing;

/**
 * Herd's own actions. A custom action of the same name is reached with `herd do ACTION SERVICE`.
 */
export const actionRules: ReadonlyMap<string, ActionRule> = new Map<string, ActionRule>(
  Object.entries({
    status: rule('[SERVICE]', 0, 1, ['selector', 'log-history', 'watch', 'strict']),
    'detailed-status': rule('[SERVICE]', 0, 1, ['selector', 'log-history']),
    graph: rule('[SERVICE]', 0, 1, ['selector', 'tree', 'mermaid']),
    why: rule('SERVICE', 1, 1, ['selector']),
    top: rule('', 0, 0, ['selector', 'sort', 'once']),
    start: rule('SERVICE [ARG...]', 1, many, starting),
    stop: rule('SERVICE [ARG...]', 1, many, changing),
    restart: rule('SERVICE [ARG...]', 1, many, restarting),
    enable: rule('SERVICE', 1, 1, changing),
    disable: rule('SERVICE', 1, 1, changing),
    spawn: rule('-- COMMAND [ARG...]', 1, many, spawning),
    schedule: rule('at TIME|in SPAN -- COMMAND [ARG...]', 3, many, spawning),
    doc: rule('SERVICE [list-actions | action ACTION]', 1, 3, ['selector']),
    log: rule('[SERVICE]', 0, 1, ['selector', 'log-history', 'follow', 'since']),
    reload: rule('[root]', 0, 1, ['dry-run']),
    detach: rule('root', 1, 1),
    check: rule('[FILE]', 0, 1),
    import: rule('FILE...', 1, many, ['from', 'out', 'force', 'strict']),
    do: { ...rule('ACTION SERVICE [ARG...]', 2, many, restarting), opaqueAfter: 2 },
    'ref mint': rule('SERVICE', 1, 1, ['local', 'websocket', 'out', 'reveal', 'yes']),
    'ref add': rule('PETNAME', 1, 1, ['from', 'yes']),
    'ref ls': rule(''),
    'ref show': rule('PETNAME', 1, 1, ['reveal']),
    'ref rm': rule('PETNAME', 1, 1, ['yes', 'dry-run']),
    'ref rename': rule('PETNAME PETNAME', 2, 2, ['yes']),
    'ref export': rule('PETNAME', 1, 1, ['out', 'reveal', 'yes']),
    'ref push': rule('PETNAME', 1, 1, ['yes']),
    retry: rule('OPERATION [@PETNAME]', 1, 2, ['strict']),
    'op ls': rule('[@PETNAME]', 0, 1, ['log-history']),
    'op show': rule('OPERATION [@PETNAME]', 1, 2),
    'op watch': rule('OPERATION [@PETNAME]', 1, 2, ['strict']),
    'op cancel': rule('OPERATION [@PETNAME]', 1, 2),
    grant: rule('SERVICE', 1, 1, granting),
    'grant ls': rule('[@PETNAME]', 0, 1, ['tree']),
    'grant revoke': rule('GRANT [@PETNAME]', 1, 2, ['reason', 'dry-run', 'force']),
    'grant confirm': rule('[GRANT...]', 0, many, ['all', 'force']),
    'grant clock': rule('', 0, 0, ['yes']),
    accept: rule('[PETNAME]', 0, 1, ['from', 'yes', 'force']),
    'who-can': rule('ACTION SERVICE', 2, 2),
    'node invite': rule('', 0, 0, ['name', 'labels', 'for-key', 'dry-run', ...inviting]),
    'node ls': rule('', 0, 0, ['selector']),
    'node rm': rule('NODE...', 0, many, ['selector', 'dry-run', 'yes']),
    'node rekey': rule('NODE', 1, 1, ['labels', 'for-key', 'dry-run', ...inviting]),
    'node label': rule('NODE LABEL...', 2, many, ['dry-run']),
    'node approve': rule('NODE', 1, 1, ['for-key', 'yes', 'dry-run']),
    'node join': rule('', 0, 0, ['from', 'give', 'dial-out', 'no-dial-out', 'dry-run']),
    'node give': rule('[SERVICES] [CONTROLLER]', 0, 2, ['dial-out', 'no-dial-out', 'dry-run']),
    'node leave': rule('[CONTROLLER]', 0, 1, ['yes', 'dry-run']),
    'node key': rule(''),
    'node home': rule(''),
    net: rule('[SESSION]', 0, 1, ['all', 'sort', 'watch']),
    'net trace': rule('SESSION', 1, 1, ['for', 'values']),
    'net events': rule('[SESSION]', 0, 1, ['log-history']),
    'state check': rule('[FILE]', 0, 1, ['state']),
    'state backup': rule('FILE', 1, 1, ['state', 'yes']),
    'state restore': rule('FILE', 1, 1, ['state', 'yes', 'dry-run']),
    'state repair': rule('', 0, 0, ['state', 'dry-run']),
    audit: rule('[SERVICE]', 0, 1, ['log-history', 'since']),
    'audit verify': rule('[FOLDER]', 0, 1, ['state', 'head']),
    deploy: {
      ...rule('SERVICE FILE', 2, 2, [...deploying, 'machines']),
      otherwise: {
        option: 'machines',
        rule: rule('--machines FILE [NAME...] FILE', 1, many, [...switching, 'machines']),
      },
    },
    stage: rule('SERVICE FILE', 2, 2, ['selector', 'dry-run', 'yes']),
    rollback: rule('SERVICE [RELEASE]', 1, 2, back),
    'release ls': rule('SERVICE', 1, 1, ['selector']),
    'release left': rule(''),
    'release free': rule('SLOT', 1, 1, ['dry-run']),
    'release build': rule('FOLDER', 1, 1, building),
    'release show': rule('FILE', 1, 1),
    'release diff': rule('FILE FILE', 2, 2),
    'release sign': rule('FILE', 1, 1, ['key']),
    'release key': rule('', 0, 0, ['out', 'key', 'yes']),
    completion: rule('bash|zsh|fish', 1, 1),
    help: rule('[ACTION...]', 0, 2),
  }),
);

function rule(usage: string, least = 0, most = 0, options: readonly OptionName[] = []): ActionRule {
  return { usage, least, most, options };
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

/** Whether it is what slots do and herd only passes on: it has a page in help all the same. */
export const isOfSlots = (word: string): boolean => slotWords.includes(word);
const slotWords = ['activate', 'confirm', 'pin', 'unpin', 'prune', 'releases'];

/** The first words of actions that are two words. */
export const isGroup = (word: string): boolean => groups.has(word);
const groups: ReadonlySet<string> = new Set(
  [...actionRules.keys()].flatMap((name) => (name.includes(' ') ? name.split(' ', 1) : [])),
);

/** The second words of a group, in the order of the table. */
export const wordsOfGroup = (group: string): readonly string[] =>
  [...actionRules.keys()]
    .filter((name) => name.startsWith(`${group} `))
    .map((name) => name.slice(group.length + 1));

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
  if (isElsewhere && actionFacts(first)?.by === 'shepherd') return undefined;
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
export const isMisplaced = (word: string): boolean =>
  /^(--dry-run|--selector)(=|$)|^-l$/.test(word);

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
  if (kind === 'text' || kind === 'texts') return text === '' ? undefined : text;
  if (kind === 'count')
    return /^\d{1,5}$/.test(text) && Number(text) <= maxLogLines ? Number(text) : undefined;
  if (kind === 'share') return shareIn(text);
  if (kind === 'batches') return batchesIn(text) === undefined ? undefined : text;
  if (kind === 'some') return /^[1-9]\d{0,4}$/.test(text) ? upToMembers(Number(text)) : undefined;
  if (kind === 'since') return ageIn(text, 0) === undefined ? undefined : text;
  if (kind === 'span') return spanIn(text);
  if (!/^\d{1,5}(\.\d{1,3})?$/.test(text)) return undefined;
  const ms = Math.round(Number(text) * 1000);
  return ms > 0 && ms <= maxTimeoutMs ? ms : undefined;
};

const upToMembers = (count: number): number | undefined =>
  count <= maxMembers ? count : undefined;

/** `4`, `25%`, or `1,25%`: a canary of one, then a quarter at a time. */
export const batchesIn = (
  text: string,
): { readonly canary?: number; readonly batch: Share } | undefined => {
  const [last = '', first, ...others] = text.split(',').reverse();
  const batch = shareIn(last);
  if (batch === undefined || others.length > 0) return undefined;
  if (first === undefined) return { batch };
  const canary = readValue('some', first);
  return typeof canary === 'number' ? { canary, batch } : undefined;
};
type Share = number | `${number}%`;
/** `3`, or `50%`. */
const shareIn = (text: string): Share | undefined => {
  const [, digits = '', percent] = /^(\d{1,5})(%?)$/.exec(text) ?? [];
  if (digits === '') return undefined;
  const count = Number(digits);
  if (percent === '%') return percentOf(`${count}%`) === undefined ? undefined : `${count}%`;
  return count <= maxMembers ? count : undefined;
};
