/**
 * The tiny parser: reads what is typed all day without loading anything. What it does not fully
 * understand it leaves to the full parser, which is the one that explains. It never explains and
 * never guesses.
 */
import {
  isMisplaced,
  optionByLetter,
  type OptionName,
  type Options,
  type OptionsRead,
  optionRule,
  readValue,
  takesOptionsAfter,
} from './grammar.ts';

/** A command line taken apart: the words in order, exactly as typed, and the options of herd. */
export interface Typed {
  readonly words: readonly string[];
  readonly options: Options;
}

/** Reads a command line, or returns undefined where the full parser must. */
export const parseQuickly = (argv: readonly string[]): Typed | undefined => {
  const words: string[] = [];
  const options: OptionsRead = {};
  for (let at = 0; at < argv.length; at += 1) {
    const item = argv[at] ?? '';
    if (item === '--') return { words: [...words, ...argv.slice(at + 1)], options };
    if (!takesOptionsAfter(words) || !item.startsWith('-') || item === '-') {
      if (isMisplaced(item)) return undefined;
      words.push(item);
      continue;
    }
    const option = readOption(item);
    if (option === undefined) return undefined;
    if (option.isFlag) {
      if (option.inline !== undefined) return undefined;
      options[option.name] = true;
      continue;
    }
    const text = option.inline ?? (option.isOptional ? '1' : argv[(at += 1)]);
    const before = options[option.name];
    if (text === undefined || text.startsWith('-')) return undefined;
    if (before !== undefined && !Array.isArray(before)) return undefined;
    const value = readValue(option.kind, text);
    if (value === undefined) return undefined;
    options[option.name] = option.isList ? [...(before ?? []), String(value)] : value;
  }
  return { words, options };
};

/** `--name`, `--name=value` or `-x`; other spellings are the full parser's. */
const readOption = (item: string) => {
  const equals = item.indexOf('=');
  const isLong = item.startsWith('--');
  const spelled = isLong ? item.slice(2, equals === -1 ? undefined : equals) : item.slice(1);
  const name = isLong ? spelled : optionByLetter(spelled);
  if (name === undefined || (!isLong && spelled.length !== 1)) return undefined;
  const rule = optionRule(name);
  if (rule === undefined) return undefined;
  return {
    name: name as OptionName,
    kind: rule.kind,
    isFlag: rule.kind === 'flag',
    isOptional: rule.kind === 'some',
    isList: rule.kind === 'texts',
    inline: isLong && equals !== -1 ? item.slice(equals + 1) : undefined,
  };
};
