/**
 * The full parser and the help, by yargs, from the same table as the tiny one. Loaded only for what
 * the tiny parser left: yargs alone would double the time of `herd status`.
 */
import { closest } from '@bellwether/shepherd';
import makeYargs from 'yargs';
import { unabbreviated } from './abbreviated.ts';
import { actionAbouts, optionAbouts } from './abouts.ts';
import {
  actionRules,
  commonOptions,
  isMisplaced,
  isGroup,
  isOfSlots,
  type OptionName,
  optionNames,
  type OptionRule,
  optionRule,
  type OptionsRead,
  optionRules,
  optionsOfOther,
  readValue,
  takesOptionsAfter,
  wordsOfGroup,
} from '../grammar/grammar.ts';
import { exitCodeWords } from './exit-code-words.ts';
import { wrapped } from '../format/table.ts';
import { commandText } from '../format/typed.ts';
import { maxLogLines } from '../limits.ts';
import { optionArguments } from './option-arguments.ts';
import { optionExamples } from './option-examples.ts';
import { pages } from './pages.ts';
import type { Example, Page } from './page.ts';
import { slotPages } from './slot-pages.ts';
import type { Typed } from '../grammar/parse.ts';
import { Usage } from '../grammar/usage.ts';

/**
 * Everything that yargs would do to a word is switched off: `1e3`, `007` and `0x10` must arrive as
 * typed.
 */
const untouched = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'duplicate-arguments-array': true,
  'halt-at-non-option': true,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'strip-dashed': false,
};

/**
 * Reads a command line.
 * @throws Usage, which says what was not understood.
 */
export const parseFully = (argv: readonly string[]): Typed => {
  const end = argv.indexOf('--');
  let rest = end === -1 ? argv : argv.slice(0, end);
  const words: string[] = [];
  const options: OptionsRead = {};
  while (rest.length > 0) {
    if (!takesOptionsAfter(words)) {
      const at = rest.findIndex(isMisplaced);
      if (at !== -1) throw misplaced([...words, ...rest], words.length + at);
      words.push(...rest);
      break;
    }
    const read = yargsOf(rest);
    for (const [key, value] of Object.entries(read)) takeOption(options, key, value, words);
    const [word, ...after] = read['_'] as readonly string[];
    if (word === undefined) break;
    words.push(word);
    rest = after;
  }
  if (end !== -1) words.push(...argv.slice(end + 1));
  return { words, options };
};

/** Reads options up to the first word; the rest stays in `_`. */
const yargsOf = (argv: readonly string[]): Readonly<Record<string, unknown>> => {
  const parser = makeYargs().parserConfiguration(untouched).help(false).version(false);
  for (const name of optionNames) parser.option(name, readRule(optionRules[name]));
  const whole = unabbreviated(argv).map(spelledOut);
  try {
    const read = parser.exitProcess(false).fail(false).parseSync(whole);
    const words = read['_'] as readonly string[];
    return { ...read, _: words.map(unspelled) };
  } catch (error) {
    // yargs throws for a value that a flag was given, `--json=false`, and names the option.
    throw new Usage(error instanceof Error ? error.message.toLowerCase() : 'options', undefined, {
      cause: error,
    });
  }
};

/** yargs would take the next word for the value of `--canary`; no word of a command line has a NUL in it. */
const spelledOut = (word: string): string =>
  optionNames.some((name) => optionRules[name].kind === 'some' && word === `--${name}`)
    ? `${word}=1\0`
    : word;
const unspelled = (word: string): string => word.replace(/=1\0$/, '');

/**
 * For reading. Without `nargs: 0` yargs takes a word `true` or `false` after a flag for its value,
 * and a service may be called so. In help the type would only be noise.
 */
const readRule = (rule: OptionRule): Readonly<Record<string, unknown>> => ({
  ...(rule.kind === 'flag' ? { type: 'boolean', nargs: 0 } : { type: 'string' }),
  ...aliasOf(rule),
});
const aliasOf = (rule: OptionRule) => (rule.letter === undefined ? {} : { alias: rule.letter });
const helpRule = (name: OptionName, said?: string): Readonly<Record<string, unknown>> => {
  const rule: OptionRule = optionRules[name];
  const about = optionAbouts[name];
  const argument = optionArguments[name];
  return {
    describe: said ?? (argument === undefined ? about : `${argument}: ${about}`),
    ...aliasOf(rule),
  };
};

const takeOption = (
  options: OptionsRead,
  key: string,
  value: unknown,
  words: readonly string[],
): void => {
  if (key === '_' || key === '$0' || value === undefined) return;
  const rule = optionRule(key);
  if (rule === undefined) {
    // An alias is seen by its long name, too.
    if (key.length === 1 && optionNames.some((name) => letterOf(name) === key)) return;
    throw unknownOption(key, words);
  }
  if (rule.kind === 'flag') {
    if (value !== true) throw new Usage(`option '--${key}' takes no value`);
    options[key] = true;
    return;
  }
  if (rule.kind === 'texts') {
    const before = options[key];
    const more = (Array.isArray(value) ? value : [value]).map((each) => textOf(key, rule, each));
    options[key] = [...(Array.isArray(before) ? (before as readonly string[]) : []), ...more];
    return;
  }
  if (typeof value !== 'string' || options[key] !== undefined)
    throw new Usage(`option '--${key}' was given more than once`);
  const read = readValue(rule.kind, value.replace(/\0$/, ''));
  if (read === undefined) throw new Usage(badValue(key, rule, value));
  options[key] = read;
};

const textOf = (key: string, rule: OptionRule, value: unknown): string => {
  const read = typeof value === 'string' ? readValue(rule.kind, value) : undefined;
  if (read === undefined) throw new Usage(badValue(key, rule, String(value)));
  return String(read);
};

/** Passed on it would be ignored by most actions, which would then really run, or by all members of a fleet. */
const misplaced = (words: readonly string[], at: number): Usage => {
  const [spelled = ''] = (words[at] ?? '').split('=');
  const isDry = spelled === '--dry-run';
  // A selector in two words: what it says goes with it.
  const end = isDry || words[at]?.includes('=') === true ? at + 1 : at + 2;
  const option = commandText(words.slice(at, end));
  const line = commandText([...words.slice(0, at), ...words.slice(end)]);
  const would = isDry ? 'the action would run' : 'the action would run for whoever is called so';
  const purpose = isDry ? 'To see what would be done' : 'To pick out for whom it runs';
  return new Usage(
    `'${spelled}' after the SERVICE of an action of its own would be an argument, and ${would}`,
    `${purpose}: 'herd ${option} ${line}'. To pass it on: 'herd ${line} -- ${option}'.`,
  );
};

const letterOf = (name: OptionName): string | undefined => (optionRules[name] as OptionRule).letter;

const unknownOption = (key: string, words: readonly string[]): Usage => {
  const spelled = key.length === 1 ? `-${key}` : `--${key}`;
  const meant = closest(key, optionNames);
  if (meant !== undefined)
    return new Usage(`unknown option '${spelled}'`, `Did you mean '--${meant}'?`);
  const topic = topicOf(words);
  const hint =
    words.length > 0 && topic === ''
      ? `To pass it on to the service, write it after '--'.`
      : `Try 'herd ${topic}--help' for the options that there are.`;
  return new Usage(`unknown option '${spelled}'`, hint);
};
/** What there is a page of help for, and a space; nothing for an action of somebody's own. */
const topicOf = ([first = '', second = '']: readonly string[]): string => {
  if (isGroup(first))
    return actionRules.has(`${first} ${second}`) ? `${first} ${second} ` : `${first} `;
  return actionRules.has(first) ? `${first} ` : '';
};

const badValue = (key: string, rule: OptionRule, value: string): string => {
  if (value === '')
    return `option '--${key}' needs ${optionArguments[key as OptionName] ?? 'a value'}`;
  return `option '--${key}' needs ${wantedBy[rule.kind]}, not '${value}'`;
};

const wantedBy: Readonly<Record<OptionRule['kind'], string>> = {
  flag: 'no value',
  text: 'a text',
  texts: 'a text',
  count: `a whole number from 0 to ${maxLogLines}`,
  seconds: 'seconds above 0, at most a day',
  some: 'a number of members above 0',
  share: 'a number of members, or a whole percentage up to 100%',
  batches: "so many members or a whole percentage, perhaps behind a canary, as in '1,25%'",
  since: "an age like 30s, 10m, 2h or 7d, or a time like '2026-11-25T10:04'",
  span: 'a span of time like 90s, 15m, 8h or 7d, at most ten years',
};

/** The help, of everything, of one own action or of a group. `columns` is the width of the terminal. */
export const helpText = async (topic: string | undefined, columns: number): Promise<string> => {
  const page =
    topic === undefined
      ? generalHelp
      : actionRules.has(topic) || isOfSlots(topic)
        ? (columns: number) => actionHelp(topic, columns)
        : (columns: number) => groupHelp(topic, columns);
  return `${await page(columns)}\n`;
};

const plainYargs = (columns: number) =>
  makeYargs()
    .scriptName('herd')
    .help(false)
    .version(false)
    .exitProcess(false)
    .wrap(widthOf(columns));
const widthOf = (columns: number): number => Math.min(Math.max(columns, 60), 100);

const generalHelp = async (columns: number): Promise<string> => {
  const page = plainYargs(columns).usage(
    'Usage: herd [OPTION...] ACTION [SERVICE [ARG...]]\n\n' +
      'Asks a shepherd about its services, or to act on them. SERVICE is a name at\n' +
      'the shepherd, or @PETNAME for a ref of your own. Any ACTION that is not listed\n' +
      'here is one that the service itself offers.',
  );
  for (const [name, rule] of actionRules)
    page.command(`${name} ${rule.usage}`.trimEnd(), actionAbouts[name] ?? '');
  for (const name of optionNames) page.option(name, helpRule(name));
  for (const [command, about] of examples) page.example(command, about);
  const options = await page.group([...optionNames], 'Options:').getHelp();
  return `${options}\n\n${epilogue}`;
};

const examples: readonly Example[] = [
  'status',
  'start',
  'log',
  'ref mint',
  'ref add',
  'restart',
].flatMap((name) => pages[name]?.examples ?? []);

const exitCodeText = `Exit codes: ${exitCodeWords.map(([code, words]) => `${code} ${words}`).join(', ')}.`;
const epilogue = [
  'An example of each option:',
  ...Object.values(optionExamples).map((command) => `  ${command}`),
  '',
  'Options come before SERVICE, with actions of herd itself also after it. What',
  'follows the SERVICE of any other action arrives as typed; only --dry-run and -l are',
  'refused there. What follows -- is never an option.',
  '',
  ...wrapped(exitCodeText.split(' '), '', 76),
].join('\n');

/** What there is of `herd GROUP …`, each with what it does. */
const groupHelp = async (group: string, columns: number): Promise<string> => {
  const page = plainYargs(columns).usage(`Usage: herd [OPTION...] ${group} WORD ...`);
  for (const word of wordsOfGroup(group)) {
    const name = `${group} ${word}`;
    page.command(
      `${name} ${actionRules.get(name)?.usage ?? ''}`.trimEnd(),
      actionAbouts[name] ?? '',
    );
  }
  return `${await page.getHelp()}\n\nMore of each: herd help ${group} WORD`;
};

const actionHelp = async (name: string, columns: number): Promise<string> => {
  const rule = actionRules.get(name) ?? slotPages[name];
  const { otherwise } = actionRules.get(name) ?? {};
  const usages = [rule?.usage ?? '', ...(otherwise === undefined ? [] : [otherwise.rule.usage])];
  const usage = usages
    .map((each) => `herd [OPTION...] ${name} ${each}`.trimEnd())
    .join('\nor:    ');
  const own = actionRules.get(name)?.options ?? optionsOfOther(name);
  const common = commonOptions.filter((option) => option !== 'version');
  const { text = '', options: said = {} }: Partial<Page> = pages[name] ?? slotPages[name] ?? {};
  const width = widthOf(columns);
  const words = wrapped(text.split(' '), '', width).join('\n');
  const page = plainYargs(columns).usage(`Usage: ${usage}\n\n${words}`);
  for (const option of [...own, ...common]) page.option(option, helpRule(option, said[option]));
  if (own.length > 0) page.group(own, 'Options:');
  const options = await page.group(common, 'Options of every action:').getHelp();
  return `${options}\n\n${exampleText(name)}`;
};
/** Not by yargs, which breaks a command line where its column ends: it is there to be copied. */
const exampleText = (name: string): string => {
  const { examples = [] } = pages[name] ?? slotPages[name] ?? {};
  const lines = examples.flatMap(([command, about]) => [`  ${command}`, `      ${about}`]);
  return ['Examples:', ...lines].join('\n');
};
