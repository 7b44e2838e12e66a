/** Reading what somebody wants to give: the caller may be any holder on earth. */
import { Malformed } from './errors.ts';
import { limits } from './limits.ts';
import type { ArgumentPatterns, GrantSpec, Rate } from './types.ts';

/**
 * The spec of a value of any shape. What it does not know is refused: it may have been meant to narrow.
 * @throws Malformed
 */
export const readSpec = (value: unknown): GrantSpec => {
  const fields = struct(value, 'grant', known);
  const actions = names(fields['actions'], 'grant.actions', limits.actionCount);
  const patterns = readPatterns(fields['arguments'], actions);
  return {
    service: readName(fields['service'], 'grant.service'),
    actions,
    ...optional('label', fields, (each, what) => text(each, what, limits.labelCharacters)),
    ...optional('lifetimeMs', fields, readLifetime),
    ...optional('renewableMs', fields, readLifetime),
    ...optional('maxUses', fields, (each, what) => whole(each, what, 1, limits.useCount)),
    ...optional('rate', fields, readRate),
    ...(patterns && { arguments: patterns }),
    ...optional('members', fields, (each, what) => names(each, what, limits.memberCount)),
    ...optional('inviteMs', fields, (each, what) =>
      whole(each, what, limits.inviteLeastMs, limits.inviteMostMs),
    ),
    ...optional('isLocal', fields, readTrue),
  };
};

const known: readonly (keyof GrantSpec)[] = [
  'service',
  'actions',
  'label',
  'lifetimeMs',
  'renewableMs',
  'maxUses',
  'rate',
  'arguments',
  'members',
  'inviteMs',
  'isLocal',
];

/** A name of anything. @throws Malformed */
export const readName = (value: unknown, what: string): string => {
  const name = text(value, what, limits.nameCharacters);
  if (name === '') throw new Malformed(`${what}: expected a name, found an empty text`);
  return name;
};
/** Milliseconds for which a grant holds. @throws Malformed */
export const readLifetime = (value: unknown, what = 'lifetime'): number =>
  whole(value, what, limits.lifetimeLeastMs, limits.lifetimeMostMs);
/** A sentence of why, or undefined where none is given. @throws Malformed */
export const readReason = (value: unknown): string | undefined =>
  value === undefined ? undefined : text(value, 'reason', limits.reasonCharacters);
/** Bytes of one length. @throws Malformed */
export const readBytes = (value: unknown, what: string, byteCount: number): Uint8Array => {
  if (value instanceof Uint8Array && value.length === byteCount) return value;
  throw new Malformed(`${what}: expected ${byteCount} bytes`);
};
/** Names, each of them once, at least one. @throws Malformed */
export const names = (value: unknown, what: string, maxCount: number): readonly string[] => {
  const found = listed(value, what, maxCount).map((each, at) => readName(each, `${what}[${at}]`));
  if (found.length === 0) throw new Malformed(`${what}: expected at least one`);
  return [...new Set(found)];
};

const optional = <K extends keyof GrantSpec>(
  key: K,
  fields: Fields,
  read: (value: unknown, what: string) => Exclude<GrantSpec[K], undefined>,
): Partial<GrantSpec> => {
  const value = fields[key];
  return value === undefined ? {} : { [key]: read(value, `grant.${key}`) };
};

const readRate = (value: unknown, what: string): Rate => {
  const { count, windowMs } = struct(value, what, ['count', 'windowMs']);
  return {
    count: whole(count, `${what}.count`, 1, limits.rateCount),
    windowMs: whole(windowMs, `${what}.windowMs`, limits.windowLeastMs, limits.windowMostMs),
  };
};

const readPatterns = (value: unknown, actions: readonly string[]): ArgumentPatterns | undefined => {
  if (value === undefined) return undefined;
  const what = 'grant.arguments';
  let left: number = limits.globTotalCharacters;
  const read = Object.entries(struct(value, what, actions)).map(([action, globs]) => {
    const each = readGlobs(globs, `${what}.${action}`);
    left -= each.reduce((sum, glob) => sum + glob.length, 0);
    return [action, each] as const;
  });
  if (left < 0)
    throw new Malformed(`${what}: more than ${limits.globTotalCharacters} characters in all`);
  return Object.fromEntries(read);
};

const readGlobs = (value: unknown, what: string): readonly string[] => {
  const globs = listed(value, what, limits.globCount).map((each, at) =>
    text(each, `${what}[${at}]`, limits.globCharacters),
  );
  const at = globs.findIndex((glob) => glob.includes('**'));
  if (at >= 0 && (at < globs.length - 1 || globs[at] !== '**'))
    throw new Malformed(`${what}[${at}]: '**' stands alone, and last`);
  return globs;
};

type Fields = Readonly<Record<string, unknown>>;
const struct = (value: unknown, what: string, keys: readonly string[]): Fields => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Malformed(`${what}: expected a struct`);
  const own = Object.entries(value).filter(([, each]) => each !== undefined);
  const other = own.find(([key]) => !keys.includes(key));
  if (other !== undefined)
    throw new Malformed(`${what}: '${other[0].slice(0, 64)}' is not known in it`);
  return Object.fromEntries(own);
};
const listed = (value: unknown, what: string, maxCount: number): readonly unknown[] => {
  if (!Array.isArray(value)) throw new Malformed(`${what}: expected a list`);
  if (value.length > maxCount)
    throw new Malformed(`${what}: ${value.length} of at most ${maxCount}`);
  return value;
};
const text = (value: unknown, what: string, maxCharacters: number): string => {
  if (typeof value !== 'string') throw new Malformed(`${what}: expected a text`);
  if (value.length > maxCharacters)
    throw new Malformed(`${what}: ${value.length} of at most ${maxCharacters} characters`);
  // The store takes none either, and would end the life that tried.
  if (/\p{Surrogate}/u.test(value)) throw new Malformed(`${what}: is no well-formed text`);
  return value;
};
const whole = (value: unknown, what: string, least: number, most: number): number => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most)
    return value;
  throw new Malformed(`${what}: expected a whole number from ${least} to ${most}`);
};
const readTrue = (value: unknown, what: string): true => {
  if (value === true) return true;
  throw new Malformed(`${what}: expected true, or nothing`);
};
