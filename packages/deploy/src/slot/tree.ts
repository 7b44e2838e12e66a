/**
 * Whether the tree of a release is as it was made, which any service of the same user may have changed:
 *
 *     it is                                   what follows
 *     as it was made                          it is used
 *     changed, and its contents are here      made anew, which is said and logged
 *     changed, and some are not here          not used; its contents are asked for when it is offered again
 *     not to be read, or there is no room     not used
 */
import type { Turn } from '@bellwether/actors';
import type { Digest } from '../release/types.ts';
import { limits } from './limits.ts';
import { keyOf, later, questionIn, whenStill, type Held } from './state.ts';
import { named } from './record.ts';
import type { SlotRelease } from './types.ts';

/** Goes on in the phase at hand once the tree of a release is as it was made, anew or not; or says why it is not. */
export const makeSound = (
  held: Held,
  turn: Turn,
  { digest, signatures }: Pick<SlotRelease, 'digest' | 'signatures'>,
  sound: (turn: Turn, isRemade: boolean) => void,
  unsound: (turn: Turn, why: string) => void,
): void => {
  const built = turn.ask<readonly string[]>((answer) =>
    held.depot.build(digest, signatures, answer),
  );
  whenStill(
    held,
    turn,
    built,
    (turn, misfits) => {
      held.unsound.delete(digest);
      if (misfits.length > 0) tell(held, turn, digest, misfits);
      sound(turn, misfits.length > 0);
    },
    (turn, reason) => {
      const isHere = (each: Digest): boolean =>
        held.record.get().releases.some((release) => release.digest === each);
      for (const each of [...held.unsound.keys()]) if (!isHere(each)) held.unsound.delete(each);
      if (isHere(digest)) held.unsound.set(digest, true);
      unsound(turn, `its tree is not as it was made, and is not made anew: ${reason.message}`);
    },
  );
};
/** The same, tried again a few times: a disk may fail once, and there may be no other release to run. */
export const makeSoundAgain = (
  held: Held,
  turn: Turn,
  release: SlotRelease,
  sound: (turn: Turn) => void,
  unsound: (turn: Turn, why: string) => void,
  tryCount: number = limits.treeTryCount,
): void =>
  makeSound(held, turn, release, sound, (turn, why) => {
    if (tryCount <= 1) return unsound(turn, why);
    later(held, turn, limits.lookMs, (turn) =>
      makeSoundAgain(held, turn, release, sound, unsound, tryCount - 1),
    );
  });

const tell = (held: Held, turn: Turn, digest: Digest, misfits: readonly string[]): void => {
  const { name, log } = held;
  const record = held.record.get();
  const { underway } = record;
  const what = wordsOf(misfits);
  turn.effect(() => log('slot.tree-changed', { service: name, release: digest, what }));
  const lines = underway && held.waiters.get(keyOf(questionIn(underway)))?.lines;
  if (lines === undefined) return;
  const text = `Service ${name}: the tree of ${named(record, digest)} was changed (${what}), and is made anew.`;
  turn.tell(lines, 'line', text, { about: name });
};
const wordsOf = ([first = '', ...others]: readonly string[]): string =>
  others.length === 0 ? first : `${first}, and ${others.length} more like that`;
