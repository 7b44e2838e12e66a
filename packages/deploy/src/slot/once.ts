/** Questions that are asked once, however many ask them at a time. */
import type { JournalMap, Turn, Vow } from '@bellwether/actors';

/** What is being asked under this key, or asks it; whoever asks again meanwhile is answered with the same. */
export const once = <T>(
  turn: Turn,
  asked: JournalMap<string, Vow<T>>,
  key: string,
  ask: () => Vow<T>,
): Vow<T> => {
  const known = asked.get(key);
  if (known !== undefined) return known;
  const answer = ask();
  asked.set(key, answer);
  const isOver = (): void => void asked.delete(key);
  turn.when(answer, isOver, isOver);
  return answer;
};
