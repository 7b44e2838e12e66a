/**
 * The `^standing`: which machine each name means now. Who is about to send a machine something asks here, since what he
 * was made from may be a moment old: a service is exchanged when all that is in the way of that has ended.
 *
 *     good       the machine that had this gift is the one that is meant
 *     in-doubt   two have come with its invite
 *     gone       it was removed, has left, or another key or another gift is meant by its name
 */
import type { Bcom, Behavior, Turn } from '@bellwether/actors';

/** Of one machine, by the fingerprint of what it has given last. */
export interface Stand {
  readonly gift: string;
  readonly isInDoubt: boolean;
}
/** How somebody who has dealt with a machine may go on with it. */
export type StandNow = 'good' | 'in-doubt' | 'gone';
/** Near only. */
export interface Standing {
  /** What a name means from now on; undefined: nobody. */
  note(node: string, stand: Stand | undefined): void;
  of(node: string, gift: string): StandNow;
}

/** Makes it; whoever knows the machines says who they are. */
export const makeStanding = (turn: Turn<Standing>, _bcom: Bcom<Standing>): Behavior<Standing> => {
  const stands = turn.map<string, Stand>();
  return {
    note: (_turn, node, stand) => {
      if (stand === undefined) stands.delete(node);
      else stands.set(node, stand);
    },
    of: (_turn, node, gift) => {
      const stand = stands.get(node);
      if (stand?.gift !== gift) return 'gone';
      return stand.isInDoubt ? 'in-doubt' : 'good';
    },
  };
};
