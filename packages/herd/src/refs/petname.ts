/**
 * Petnames: my own names for refs. They are file names, so the syntax leaves no way out of the
 * folder.
 */
import { ActorError } from '@bellwether/actors';
import { maxPetnameChars } from './limits.ts';

/** A word that cannot be a petname. */
export class BadPetname extends ActorError {
  /** `message` says what is wrong with it and what a petname looks like. */
  constructor(message: string, options?: ErrorOptions) {
    super('bad-petname', message, options);
    this.name = 'BadPetname';
  }
}

/**
 * Checks a petname and returns it; a leading `@`, as it is written on the command line, is taken
 * off.
 * @throws BadPetname
 */
export const petnameOf = (word: string): string => {
  const name = word.startsWith('@') ? word.slice(1) : word;
  if (name.length > maxPetnameChars)
    throw new BadPetname(
      `a petname has at most ${maxPetnameChars} characters, this has ${name.length}`,
    );
  if (!/^[a-z0-9][a-z0-9._-]*$/i.test(name))
    throw new BadPetname(
      'a petname has letters, digits, dots, dashes, underscores; the first is a letter or digit',
    );
  return name;
};

/** Whether a word is a petname as it stands. */
export const isPetname = (word: string): boolean => {
  try {
    return petnameOf(word) === word;
  } catch (error) {
    if (error instanceof BadPetname) return false;
    throw error;
  }
};

/** What a service is called as a ref: `web@n-01`, of a machine that has joined, is `web-n-01`. No petname for all. */
export const petnameFrom = (service: string): string => service.replace(/(?!^)[@:+]/g, '-');
