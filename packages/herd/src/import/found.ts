/** What readers of foreign descriptions find: entries of a configuration as plain values, and what is left behind. */

/**
 * A call of a constructor in the configuration that is written: `exec(['a'])`. A class, as is `Octal`: a record with
 * keys of somebody else's, such as variables, is taken for neither, whatever they are called.
 */
export class Call {
  readonly call: string;
  readonly args: readonly Value[];

  constructor(name: string, args: readonly Value[]) {
    this.call = name;
    this.args = args;
  }
}
/** What stands in a configuration. */
export type Value =
  | string
  | number
  | boolean
  | Call
  | Octal
  | readonly Value[]
  | { readonly [key: string]: Value | undefined };
/** A number that people write to the base of eight. */
export class Octal {
  readonly octal: number;

  constructor(octal: number) {
    this.octal = octal;
  }
}
/** Something that was not carried over, or only in part. */
export interface Note {
  readonly file: string;
  /** From 1; absent: it is said of the whole file. */
  readonly line?: number;
  /** One sentence. */
  readonly text: string;
}
/** An entry of the configuration, and what there is to be said about it. */
export interface ImportedEntry {
  readonly name: string;
  /** Where it was found, for people. */
  readonly from: string;
  readonly constructor: 'service' | 'timer';
  /** Everything but `provision`. */
  readonly options: Readonly<Record<string, Value | undefined>>;
  readonly notes: readonly Note[];
}
/** All of some files. */
export interface Imported {
  readonly found: readonly ImportedEntry[];
  /** Of no entry. */
  readonly notes: readonly Note[];
}
/** One file that was read. */
export interface SourceFile {
  /** As it was named. */
  readonly file: string;
  /** The absolute folder that it lies in. */
  readonly folder: string;
  readonly text: string;
  /** What else is said of a unit of systemd, in the order in which it counts: `NAME.service.d/*.conf`. */
  readonly dropIns?: readonly SourceFile[];
}

/** A call. */
export const call = (name: string, ...args: readonly Value[]): Call => new Call(name, args);
/** Permissions, `0027`; undefined for what is none, or more than those. */
export const permissions = (text: string): Octal | undefined =>
  /^0?[0-7]{1,3}$/.test(text) ? new Octal(parseInt(text, 8)) : undefined;
/** `exec([…], { … })`, without what is empty. */
export const execOf = (argv: readonly string[], around: CommandSurroundings = {}): Call =>
  call('exec', argv, ...aroundOf(around));
/** `shell('…', { … })`. */
export const shellOf = (text: string, around: CommandSurroundings = {}): Call =>
  call('shell', text, ...aroundOf(around));
/** The surroundings of a command; see Exec. */
export type CommandSurroundings = Readonly<Record<string, Value | undefined>>;
const aroundOf = (around: CommandSurroundings): readonly Value[] => {
  const said = withoutEmpty(around);
  return Object.keys(said).length === 0 ? [] : [said];
};

/** Without what is absent, and without empty lists and records. */
export const withoutEmpty = (
  record: Readonly<Record<string, Value | undefined>>,
): Readonly<Record<string, Value>> =>
  Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) =>
      value === undefined || isEmpty(value) ? [] : [[key, value]],
    ),
  );
const isEmpty = (value: Value): boolean =>
  typeof value === 'object' && Object.keys(value).length === 0;

/** A name as services may have one: what they may not have in it becomes a hyphen. */
export const plainName = (text: string, nameChars: number): string => {
  const plain = text.replaceAll(/[^A-Za-z0-9_.+:@-]+/g, '-').replace(/^[^A-Za-z0-9_]+/, '');
  return plain.slice(0, nameChars) || 'service';
};

const secretName = /secret|token|passw|api_?key|private_?key|credential/i;
/** A word about variables that look like secrets: every process of a user can read the environment of its others. */
export const secretNotes = (
  env: Readonly<Record<string, string>>,
  note: (text: string) => Note,
): readonly Note[] =>
  Object.keys(env)
    .filter((name) => secretName.test(name))
    .map((name) =>
      note(
        `${name} looks like a secret, and stands in the configuration now: give it by a file, ` +
          `process: { descriptors: { 3: '/etc/…' } }`,
      ),
    );
