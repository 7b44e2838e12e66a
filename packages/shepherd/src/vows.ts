/** Vows that are settled from the start. One that is kept is a turn's own word. */
import type { Turn, Vow } from '@bellwether/actors';

/** A vow that is broken already: no throw, which would undo what goes with it. */
export const broken = <T>(turn: Turn, reason: Error): Vow<T> => {
  const { vow, resolver } = turn.vow<T>();
  resolver.broken(reason);
  return vow;
};
