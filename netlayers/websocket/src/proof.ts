/** What a dialler believes, on Node and in pages. */
import { type Crypto, isAnsweredBy } from '@bellwether/ocapn';

/** Whether what came is an answer to this challenge by the owner of that key. */
export const isProof = (
  crypto: Crypto,
  challenge: Uint8Array,
  answer: Uint8Array,
  publicKey: Uint8Array,
): boolean => {
  try {
    return isAnsweredBy(crypto, challenge, answer, publicKey);
  } catch {
    return false; // it is no answer at all
  }
};
