/** Names in a sentence. */
import { visible } from '../../client/escape.ts';

/** The first of them, three where nobody says how many, and how many more there are. */
export const fewNames = (names: readonly string[], mostCount = 3): string => {
  const shown = names.slice(0, mostCount).map(visible).join(', ');
  const moreCount = names.length - mostCount;
  return moreCount > 0 ? `${shown} and ${moreCount} more` : shown;
};
