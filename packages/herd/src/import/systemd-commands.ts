/** Commands of a unit: `ExecStart=` and its siblings, in words or, where only a shell can do it, in one text. */
import { execOf, shellOf, type Call, type CommandSurroundings } from './found.ts';
import type { Setting } from './ini.ts';
import { filledIn, unknownSpecifier, type Specifiers } from './systemd-specifiers.ts';
import { shellWord, splitWords } from './words.ts';

/** One command as a unit has it. */
export interface UnitCommand {
  readonly words: readonly string[];
  /** Its failure counts for nothing: `-` stands before it. */
  readonly mayFail: boolean;
  /** It names variables that only its environment knows. */
  readonly usesVariables: boolean;
  readonly line: number;
}
/** What a command may name. */
export interface UnitNames {
  readonly specifiers: Specifiers;
  readonly variables: Readonly<Record<string, string>>;
}

/** Takes one apart; a sentence where that cannot be. */
export const commandOf = (
  { value, line }: Setting,
  { specifiers, variables }: UnitNames,
): UnitCommand | string => {
  const [, prefix = '', rest = ''] = /^([-@:+!|]*)(.*)$/s.exec(value.trim()) ?? [];
  const split = splitWords(rest, 'c');
  if (split === undefined || split.length === 0) return 'it cannot be read';
  const named = split.map((word) => filledIn(word, specifiers));
  if (named.includes(undefined)) return unknownSpecifier;
  // With an @ the second word is what the program is told that it is called: nothing here does that.
  const [program = '', ...args] = named.flatMap((word) => word ?? []);
  const words = prefix.includes('@') ? [program, ...args.slice(1)] : [program, ...args];
  const isPlain = prefix.includes(':');
  const filled = isPlain ? words : words.map((word) => withVariables(word, variables));
  return {
    words: filled.map((word) => word.replaceAll(isPlain ? /(?!)/g : /\$\$/g, '$')),
    mayFail: prefix.includes('-'),
    usesVariables:
      !isPlain && filled.some((word) => /\$(?:\{\w+\}|\w)/.test(word.replaceAll('$$', ''))),
    line,
  };
};
const withVariables = (word: string, variables: Readonly<Record<string, string>>): string =>
  word.replaceAll(/\$\{(\w+)\}|(?<!\$)\$(\w+)/g, (all, braced?: string, bare?: string) => {
    const name = braced ?? bare ?? '';
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    // One that stands bare is split at its blanks.
    return value === undefined || (bare !== undefined && /\s/.test(value)) ? all : value;
  });

/** Some commands as one that is started. */
export const startOf = (
  before: readonly UnitCommand[],
  main: readonly UnitCommand[],
  around: CommandSurroundings,
): Call => {
  const [only] = main;
  if (
    before.length === 0 &&
    main.length === 1 &&
    only !== undefined &&
    !only.usesVariables &&
    !only.mayFail
  )
    return execOf(only.words, around);
  const last = main.at(-1);
  const first = [...before, ...main.slice(0, -1)].map(shellText);
  // Nothing of the shell stays in front of what has the signals and the number of the process.
  const end =
    last === undefined ? [] : last.mayFail ? [shellText(last)] : [`exec ${plainText(last)}`];
  return shellOf([...first, ...end].join(' && '), around);
};
/** Some commands, one after the other, as one that is run to its end. */
export const runOf = (commands: readonly UnitCommand[]): Call => {
  const [only] = commands;
  if (commands.length === 1 && only !== undefined && !only.usesVariables && !only.mayFail)
    return execOf(only.words);
  return shellOf(commands.map(shellText).join(' && '));
};
const shellText = (command: UnitCommand): string =>
  command.mayFail ? `{ ${plainText(command)} || true; }` : plainText(command);
const plainText = ({ words, usesVariables }: UnitCommand): string =>
  words.map((word) => (usesVariables ? shellWithVariables(word) : shellWord(word))).join(' ');
/** Literally, but for variables: `${A}` is one word, and a bare `$A` is split, as systemd does. */
const shellWithVariables = (word: string): string => {
  if (/^\$\w+$/.test(word)) return word;
  const parts = word.split(/(\$\{\w+\}|\$\w+)/).filter((part) => part !== '');
  return parts
    .map((part) => (/^\$(\{\w+\}|\w+)$/.test(part) ? `"${part}"` : shellWord(part)))
    .join('');
};

/** The signal that a command sends to the main process, where it does nothing else: `/bin/kill -HUP $MAINPID`. */
export const signalSentBy = ({ value }: Setting): string | undefined => {
  const [, signal] =
    /^[-@:+!]*(?:\/usr)?(?:\/bin\/)?kill\s+-(?:s\s*|-signal[= ]\s*)?(?:SIG)?([A-Z0-9]+)\s+\$\{?MAINPID\}?$/.exec(
      value.trim(),
    ) ?? [];
  return signal === undefined || /^\d+$/.test(signal) ? undefined : `SIG${signal}`;
};
