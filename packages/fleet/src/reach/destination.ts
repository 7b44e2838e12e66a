/**
 * Where refs of a daemon lead, and the power to follow one.
 *
 *     PETNAME         a ref of the daemon's own store
 *     SERVICE@NODE    a service of a machine that has joined; all of them lead the way of @NODE
 *     @NODE           what that machine gave
 *     home:KEY        the door of a controller that this machine has joined
 */
import type { Answer } from '@bellwether/actors';

/** Where a ref of a daemon's store leads. */
export interface Destination {
  /** Which peer: refs to one machine have the same. */
  readonly peer: string;
  /** Where it is found, for people: `host:port`. Absent where there is nothing better than the key. */
  readonly address?: string;
}
/**
 * The power behind `^live-ref`: reaches the facet behind a petname of the daemon's store. `reached`
 * is kept with a live ref, or broken: with Unreachable or Severed of our own where there is no
 * contact, which counts as unreachable, with anything else where the answer is no, which counts as
 * failed. `lost` is broken
 * when the session of a reached ref ends. The result calls the dial off: neither is told anything then.
 * `through` is kept before with the mark of the ref that is dialled, which tells it from others that may have been
 * under that petname, and is no secret; with undefined where there is none.
 */
export interface DialRef {
  (petname: string, reached: Answer, lost: Answer, through: Answer): () => void;
}
/**
 * The power to reach the facet behind a petname over a session of its own: one that begins with this dial, under an
 * identity made for it, so that no other session takes its place or is replaced by it, and that nothing else is asked
 * on. `reached` as of DialRef. The result ends it, and the dial, and may be called again; whoever dials calls it.
 *
 * A host that cannot be dialled, since it only dials, opens one itself when it is asked for it: then `reached` is kept
 * with what came over that.
 */
export interface FreshDial {
  (petname: string, reached: Answer): () => void;
}

/** The way that a petname leads: one for all services of a machine that has joined. */
export const routeOf = (petname: string): string => {
  const at = petname.lastIndexOf('@');
  return at === -1 ? petname : petname.slice(at);
};
