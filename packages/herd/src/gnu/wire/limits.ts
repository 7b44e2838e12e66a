/** What one message of GNU Shepherd's protocol may consist of. */

/** Characters of one request: those of herd 1.0.9 have a few hundred; a long command of `spawn` has some thousand. */
export const requestCharacters = 65_536;
/** Lists, vectors and quotes in each other: a request has four. */
export const datumDepth = 32;
/** Characters of a symbol or a number: names of services have 64 at most. */
export const tokenCharacters = 512;
/** Characters of a string: arguments of actions are as long elsewhere. */
export const stringCharacters = 32_768;
/** Comments in each other, as `#| … |#`. */
export const commentDepth = 32;
