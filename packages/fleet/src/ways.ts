/** By which ways a ref leads to a shepherd. */

/**
 * Where a minted ref leads: to the socket that the users of this machine share, to where the shepherd is reached over
 * WebSockets, or, by `any`, to where most can reach it.
 */
export type MintWay = 'any' | NamedWay;
/** A way that somebody has to ask for, and that a shepherd may not have. */
export type NamedWay = 'local' | 'websocket';
