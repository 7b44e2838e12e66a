/** Names of services and actions, and the way to a service through the shepherds that lead to it. */
import { limits } from '../limits.ts';
import { textIf, type Read } from '../read.ts';

const nameForm = /^[^\s\p{C}/]+$/u;
/** A name of a service or an action: no blanks, no slashes, nothing that a terminal would obey. */
export const isName = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.length > 0 &&
  value.length <= limits.nameCharacters &&
  nameForm.test(value);

/** A name of a service as somebody gives it: a shell obeys nothing of it, where it stands in a command to be typed. */
export const givenNameForm = /^[A-Za-z0-9_][A-Za-z0-9_.+:@-]*$/;

/** Names with slashes between them. */
const namesIn = (way: string): readonly string[] => way.split('/', limits.wayNameCount + 1);

/** A way; refused where it is none, since it is kept: a cut one would be another one. @throws Malformed */
export const readWay: Read<string> = textIf(
  (way) => !isDeep(way) && namesIn(way).every(isName),
  `1 to ${limits.wayNameCount} names of services with slashes between them`,
);

/**
 * Whether a way leads further than a log comes. Whoever passes one on adds a name and cannot know how many
 * follow, so this is no fault of his.
 */
export const isDeep = (value: unknown): boolean =>
  typeof value === 'string' && namesIn(value).length > limits.wayNameCount;
