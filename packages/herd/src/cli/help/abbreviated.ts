/** Long options by their beginnings, as GNU `herd` takes them: `--log-h=1`, as long as only one begins so. */
import { optionByLetter, optionNames, optionRule } from '../grammar/grammar.ts';
import { Usage } from '../grammar/usage.ts';

/** The same command line, its options written out up to its first word. @throws Usage for what several begin with */
export const unabbreviated = (argv: readonly string[]): readonly string[] => {
  const whole: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const item = argv[at] ?? '';
    if (!item.startsWith('-') || item === '-') return [...whole, ...argv.slice(at)];
    const equals = item.indexOf('=');
    const name = wholeName(equals === -1 ? item : item.slice(0, equals));
    whole.push(equals === -1 ? name : `${name}${item.slice(equals)}`);
    const value = equals === -1 && takesValue(name) ? argv[(at += 1)] : undefined;
    if (value !== undefined) whole.push(value);
  }
  return whole;
};

const wholeName = (name: string): string => {
  const begun = name.slice(2);
  if (!name.startsWith('--') || begun === '' || optionRule(begun) !== undefined) return name;
  const meant = optionNames.filter((option) => option.startsWith(begun));
  if (meant.length <= 1) return meant.length === 0 ? name : `--${meant.join('')}`;
  const choice = meant.map((option) => `'--${option}'`).join(', ');
  throw new Usage(`option '${name}' is ambiguous`, `It could be ${choice}.`);
};

/** Whether the next word is its value. */
const takesValue = (name: string): boolean => {
  const long = name.startsWith('--') ? name.slice(2) : (optionByLetter(name.slice(1)) ?? '');
  const kind = optionRule(long)?.kind;
  return kind !== undefined && kind !== 'flag' && kind !== 'some';
};
