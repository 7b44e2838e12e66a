/** Questions over a line, whose answers are read before anything is made of them. */
import type { Line, Message, Patience } from './line.ts';

/**
 * Asks over a line, which stays the caller's, by the wire symbol of a method. Rejects as `Line.ask` does, and with what
 * `read` throws.
 */
export const ask = async <T>(
  line: Line,
  method: Message['method'],
  args: Message['args'],
  patience: Patience,
  read: (answer: unknown) => T,
): Promise<T> => read(await line.ask({ method, args, ...patience }));

/** Arguments, of which the last ones may be absent. */
export const given = (...args: readonly unknown[]): readonly unknown[] =>
  args.slice(0, args.findLastIndex((each) => each !== undefined) + 1);
