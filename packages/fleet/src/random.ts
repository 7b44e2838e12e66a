/** What is drawn by the entropy of a daemon: as vows, since a power is asked outside of turns. */
import type { Entropy, Turn, Vow } from '@bellwether/actors';

/** So many bytes, which belong to whoever asks. */
export const randomBytes = (turn: Turn, entropy: Entropy, byteCount: number): Vow<Uint8Array> =>
  turn.ask((answer) => answer.kept(drawn(entropy, byteCount)));

/** A number from 0 to below 1. */
export const share = (turn: Turn, entropy: Entropy): Vow<number> =>
  turn.ask((answer) => {
    const { buffer } = drawn(entropy, 4);
    answer.kept(new DataView(buffer).getUint32(0) / 2 ** 32);
  });

const drawn = (entropy: Entropy, byteCount: number): Uint8Array => {
  const bytes = new Uint8Array(byteCount);
  entropy.fill(bytes);
  return bytes;
};
