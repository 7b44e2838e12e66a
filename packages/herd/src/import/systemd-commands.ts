/** Commands of a unit: `ExecStart=` and its siblings, in words or, where only a shell can do it, in one text. */
import { execOf, shellOf, type Call, type CommandSurroundings } from './found.ts';
import type { Setting } from './ini.ts';
import { filledIn, unknownSpecifier, type Specifiers } from './systemd-specifiers.ts';
import { shellWord, splitCommands, splitWords } from './words.ts';

/** One command as a unit has it. */
export interface UnitCommand {
  /** Undefined where it names variables that only its environment knows: a shell is to fill them in. */
  readonly words: readonly string[] | undefined;
  /** As a shell takes it. */
  readonly text: string;
  /** Its failure counts for nothing: `-` stands before it. */
  readonly mayFail: boolean;
  /** What else stands before it that nothing here does, a sentence each. */
  readonly told: readonly string[];
}
/** What a command may name. */
export interface UnitNames {
  readonly specifiers: Specifiers;
  readonly variables: Readonly<Record<string, string>>;
}

/** Takes a setting apart into its commands, at least one; a sentence where that cannot be. */
export const commandsOf = (
  { value }: Setting,
  { specifiers, variables }: UnitNames,
): readonly UnitCommand[] | string => {
  const commands: UnitCommand[] = [];
  for (const split of splitCommands(value) ?? []) {
    const named = split.map((word) => filledIn(word, specifiers));
    if (named.includes(undefined)) return unknownSpecifier;
    const command = commandOf(
      named.flatMap((word) => word ?? []),
      variables,
    );
    if (command === undefined) return unreadable;
    commands.push(command);
  }
  return commands.length === 0 ? unreadable : commands;
};
const unreadable = 'it cannot be read';
const commandOf = (
  [first = '', ...args]: readonly string[],
  variables: UnitNames['variables'],
): UnitCommand | undefined => {
  const [, prefix = '', program = ''] = /^([-@:+!|]*)(.*)$/s.exec(first) ?? [];
  if (program === '') return undefined;
  const isCalled = prefix.includes('@');
  const said = [program, ...(isCalled ? args.slice(1) : args)];
  const isPlain = prefix.includes(':');
  const words = said.flatMap((word) => (isPlain ? [literal(word)] : wordsOf(word, variables)));
  const isKnown = words.every(({ plain }) => plain !== undefined);
  return {
    words: isKnown ? words.map(({ plain = '' }) => plain) : undefined,
    text: words.map(({ code }) => code).join(' '),
    mayFail: prefix.includes('-'),
    told: [
      ...(isCalled && nameIn(args[0]) !== nameIn(program) ? [`@: it is called ${program}`] : []),
      ...prefixes.flatMap(([pattern, why]) => (pattern.test(prefix) ? [why] : [])),
    ],
  };
};
const nameIn = (program = ''): string => program.slice(program.lastIndexOf('/') + 1);
/** `!!` says nothing of a kernel that has ambient capabilities. */
const prefixes: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/\+/, '+: it is run with the rights of its service, and not with all'],
  [/(?<!!)!(?!!)/, '!: it is run as the user of its service, and cannot become another one'],
  [/\|/, "|: it is run as it is, and not by the user's shell: say shell('…')"],
];

/** A word, as it is where that is known, and as a shell takes it. */
interface Word {
  readonly plain: string | undefined;
  readonly code: string;
}
const literal = (plain: string): Word => ({ plain, code: shellWord(plain) });
/**
 * By systemd.service(5): `${A}` is replaced anywhere, `$A` where it is all of a word, by as many words as it has; `$$`
 * is a `$`. Every other one is left, such as those of the shell in `sh -c 'echo $i'`.
 */
const wordsOf = (word: string, variables: UnitNames['variables']): readonly Word[] => {
  const valueOf = (name: string): string | undefined =>
    Object.hasOwn(variables, name) ? variables[name] : isVariable.test(name) ? undefined : '';
  const [, bare] = /^\$(?![{$])(.*)$/s.exec(word) ?? [];
  if (bare !== undefined) {
    const value = valueOf(bare);
    if (value === undefined) return [{ plain: undefined, code: word }];
    return (splitWords(value, 'posix') ?? [value]).map(literal);
  }
  const parts = word.split(/(\$\$|\$\{[^}]*\})/).map((part): Word => {
    if (part === '$$') return literal('$');
    const [, name] = /^\$\{(.*)\}$/s.exec(part) ?? [];
    const plain = name === undefined ? part : valueOf(name);
    return plain === undefined ? { plain, code: `"${part}"` } : literal(plain);
  });
  if (parts.every(({ plain }) => plain !== undefined))
    return [literal(parts.map(({ plain = '' }) => plain).join(''))];
  const said = parts.filter(({ plain }) => plain !== '');
  return [{ plain: undefined, code: said.map(({ code }) => code).join('') }];
};
const isVariable = /^[A-Za-z_]\w*$/;

/** Some commands as one that is started. */
export const startOf = (
  before: readonly UnitCommand[],
  main: readonly UnitCommand[],
  around: CommandSurroundings,
): Call => {
  const [only] = main;
  if (before.length === 0 && main.length === 1 && only?.words !== undefined && !only.mayFail)
    return execOf(only.words, around);
  const last = main.at(-1);
  const first = [...before, ...main.slice(0, -1)].map(shellText);
  // Nothing of the shell stays in front of what has the signals and the number of the process.
  const end = last === undefined ? [] : last.mayFail ? [shellText(last)] : [`exec ${last.text}`];
  return shellOf(joined([...before, ...main], [...first, ...end]), around);
};
/** Some commands, one after the other, as one that is run to its end. */
export const runOf = (commands: readonly UnitCommand[]): Call => {
  const [only] = commands;
  if (commands.length === 1 && only?.words !== undefined && !only.mayFail)
    return execOf(only.words);
  return shellOf(joined(commands, commands.map(shellText)));
};
/** What a shell fills in is taken apart into words, as by systemd, and no word for the names of files. */
const joined = (commands: readonly UnitCommand[], texts: readonly string[]): string => {
  const isTaken = ({ words, text }: UnitCommand): boolean =>
    words === undefined && / \$\w/.test(text);
  return [...(commands.some(isTaken) ? ['set -f'] : []), ...texts].join(' && ');
};
const shellText = ({ mayFail, text }: UnitCommand): string =>
  mayFail ? `{ ${text} || true; }` : text;

/** The signal that a command sends to the main process, where it does nothing else: `/bin/kill -HUP $MAINPID`. */
export const signalSentBy = ({ value }: Setting): string | undefined => {
  const [, signal] =
    /^[-@:+!]*(?:\/usr)?(?:\/bin\/)?kill\s+-(?:s\s*|-signal[= ]\s*)?(?:SIG)?([A-Z0-9]+)\s+\$\{?MAINPID\}?$/.exec(
      value.trim(),
    ) ?? [];
  return signal === undefined || /^\d+$/.test(signal) ? undefined : `SIG${signal}`;
};
