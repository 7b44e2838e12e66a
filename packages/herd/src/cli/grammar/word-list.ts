/** Words with commas between. */
import { Usage } from './usage.ts';

/** Each once, in their order; `where` they stand is told of an empty one. @throws Usage */
export const wordList = (text: string, where: string): readonly string[] => {
  const words = [...new Set(text.split(',').map((word) => word.trim()))];
  if (words.includes('')) throw new Usage(`${where} has an empty word in '${text}'`);
  return words;
};
