/** Reading values that came as JSON: each reader names the place of what does not fit, and why. */
import { BadRelease, quoted } from './errors.ts';
import { byteCountOf, isWhole } from './paths.ts';

/** A value and where it stands. */
export interface Field {
  readonly where: string;
  readonly value: unknown;
}
/** The fields of an object; `undefined` stands for one that is absent. */
export type Fields<K extends string> = (name: K) => Field;

/**
 * An object with these fields and no others: what is not known may mean something that would be missed here.
 * @throws BadRelease
 */
export const objectIn = <K extends string>(
  { where, value }: Field,
  names: readonly K[],
): Fields<K> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadRelease(where, 'is no object');
  const stranger = Object.keys(value).find((name) => !(names as readonly string[]).includes(name));
  if (stranger !== undefined)
    throw new BadRelease(where, `has a field ${quoted(stranger)} that is not known`);
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return (name) => ({
    where: where === 'manifest' ? name : `${where}.${name}`,
    value: Object.hasOwn(fields, name) ? fields[name] : undefined,
  });
};

/** Whether a field is there. */
export const isThere = ({ value }: Field): boolean => value !== undefined;

/** A list of at most so many. @throws BadRelease */
export const listIn = ({ where, value }: Field, most: number): readonly Field[] => {
  if (!Array.isArray(value)) throw new BadRelease(where, 'is no list');
  if (value.length > most)
    throw new BadRelease(where, `has ${value.length} entries, above ${most}`);
  return value.map((each: unknown, at) => ({ where: `${where}[${at}]`, value: each }));
};

/** A whole number between two others, inclusive. @throws BadRelease */
export const integerIn = ({ where, value }: Field, least: number, most: number): number => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || Object.is(value, -0))
    throw new BadRelease(where, 'is no whole number');
  if (value < least || value > most)
    throw new BadRelease(where, `is ${value}, which is not from ${least} to ${most}`);
  return value;
};

/** A text. @throws BadRelease */
export const textIn = ({ where, value }: Field): string => {
  if (typeof value !== 'string') throw new BadRelease(where, 'is no text');
  return value;
};

/** A text of a form; `what` says what that is, with its article. @throws BadRelease */
export const formIn = (field: Field, most: number, form: RegExp, what: string): string => {
  const text = textIn(field);
  if (text.length > most) throw new BadRelease(field.where, `is longer than ${most} characters`);
  if (!form.test(text)) throw new BadRelease(field.where, `${quoted(text)} is no ${what}`);
  return text;
};

/** One of some texts. @throws BadRelease */
export const oneOfIn = <T extends string>(field: Field, choices: readonly T[]): T => {
  const found = choices.find((choice) => choice === field.value);
  if (found === undefined) throw new BadRelease(field.where, `is none of ${choices.join(', ')}`);
  return found;
};

/** Words that a program gets: at least one, none with a NUL, of so many bytes together. @throws BadRelease */
export const commandIn = (field: Field, wordCount: number, bytes: number): readonly string[] => {
  const words = listIn(field, wordCount).map(argumentIn);
  if ((words[0] ?? '') === '') throw new BadRelease(field.where, 'has no program in it');
  if (words.reduce((sum, word) => sum + byteCountOf(word) + 1, 0) > bytes)
    throw new BadRelease(field.where, `is longer than ${bytes} bytes`);
  return words;
};
/** What a program can be given: a text without NUL. @throws BadRelease */
export const argumentIn = (field: Field): string => {
  const text = textIn(field);
  if (text.includes('\0') || !isWhole(text))
    throw new BadRelease(field.where, 'can be given to no program');
  return text;
};
