/** Records of a configuration: nothing unknown is let through. */
import { messageOf } from '@bellwether/actors';
import { closest } from '@bellwether/shepherd';
import * as z from 'zod';

/** Tells what is wrong at a key. */
export type Tell = (key: string, message: string) => void;
type Issues = Pick<z.RefinementCtx, 'addIssue'>;
/** How a refinement tells it. */
export const tellIn =
  (context: Issues): Tell =>
  (key, message) =>
    context.addIssue({ code: 'custom', path: [key], message });
/** What this makes; what it throws is what is wrong. */
export const unlessThrown = <T>(context: Issues, work: () => T): T | typeof z.NEVER => {
  try {
    return work();
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) });
    return z.NEVER;
  }
};

/**
 * A record that knows its keys: `what` says how it is written, for those who wrote something else.
 */
export const record = <S extends z.core.$ZodLooseShape>(shape: S, what: string) =>
  z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'invalid_type') return `expected ${what}`;
      if (issue.code !== 'unrecognized_keys') return undefined;
      const keys = Object.keys(shape).filter((key) => key !== 'kind');
      return issue.keys
        .map((key) => {
          const meant = closest(key, keys);
          const hint =
            meant === undefined ? `known are ${keys.join(', ')}` : `did you mean '${meant}'?`;
          return `unknown option '${key}'; ${hint}`;
        })
        .join('; ');
    },
  });
