/** Users and groups as a configuration names them; whom they mean is looked up at each start, on the machine. */
import * as z from 'zod';
import { accountNameChars, highestAccount } from './limits.ts';

/** A user, or a group. */
export const account = (what: 'user' | 'group') =>
  z.union(
    [
      z
        .string()
        .max(accountNameChars, `has more than ${accountNameChars} characters`)
        .regex(
          /^[A-Za-z_][A-Za-z0-9_.-]*\$?$/,
          `is no name of a ${what}; a number is written without quotes`,
        ),
      z
        .int('expected a whole number')
        .min(0, 'is negative')
        .max(highestAccount, `is over ${highestAccount}`),
    ],
    { error: `expected the name of a ${what}, as in 'www-data', or its number` },
  );
/** As whom something runs. */
export const runAs = { user: account('user').optional(), group: account('group').optional() };
