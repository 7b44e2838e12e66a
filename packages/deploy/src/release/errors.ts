/** What can be wrong with a release: one class for each thing that somebody does about it. */
import { ActorError } from '@bellwether/actors';
import { invisible } from './invisible.ts';

/** It is no release, or not whole: build or fetch it again. Nothing of it was used. */
export class BadRelease extends ActorError {
  /** Which part does not fit: a path in the manifest (`files[3].path`), or a part of the file. */
  readonly where: string;
  /** What was found there. */
  readonly why: string;

  /** `why` says what was found there, in lower case and without a dot. */
  constructor(where: string, why: string, options?: ErrorOptions) {
    super('bad-release', `${where}: ${why}`, options);
    this.where = where;
    this.why = why;
  }
}
/** Too few of those who are trusted have signed it: have it signed, or trust another key. */
export class NotTrusted extends ActorError {
  /** `message` says how many signatures count, of how many, and why others do not. */
  constructor(message: string, options?: ErrorOptions) {
    super('not-trusted', message, options);
  }
}

const quotedCharacters = 120;
/** A text from outside as messages show it: on one line, nothing invisible, not too long. */
export const quoted = (text: string): string => {
  const shown = text.length <= quotedCharacters ? text : `${text.slice(0, quotedCharacters)}…`;
  return JSON.stringify(shown).replace(unshown, (unit) => {
    const code = unit.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${code}`;
  });
};
/** What JSON leaves as it is and a terminal may act on. */
const unshown = new RegExp(`[${invisible}]`, 'g');
