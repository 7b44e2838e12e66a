/** Records of a configuration: nothing unknown is let through. */
import { closest } from '@bellwether/shepherd';
import * as z from 'zod';

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
