/** Texts that are cut where they would be too long to send. */
import { LIMITS } from '../limits.ts';

/** With the `u` flag a surrogate matches only where it stands alone. */
const LONE_SURROGATES = /\p{Surrogate}/gu;

/**
 * The beginning of a text, as it can be written: what is no character, where the cut went through
 * one too, becomes U+FFFD.
 */
export const sendable = (text: string, length: number = LIMITS.messageCharacters): string =>
  text.slice(0, length).replace(LONE_SURROGATES, '\ufffd');
