/** Commands as a configuration writes them down: `exec([…])` and `shell('…')`. */
import * as z from 'zod';
import { runAs } from './accounts.ts';
import { argumentChars, argumentCount, variableCount } from './limits.ts';
import { record } from './record.ts';
import { traits } from './traits.ts';

/** Text that a program can be given: the system ends strings at a NUL. */
const argument = z
  .string()
  .max(argumentChars, `has more than ${argumentChars} characters`)
  .refine((text) => !text.includes('\0'), 'contains a NUL character');
const variableName = argument.regex(
  /^[^=]+$/,
  "is no name of a variable: it is empty or has a '='",
);

/** What `exec` and `shell` make. */
export const exec = record(
  {
    kind: z.literal('exec'),
    argv: z
      .array(argument)
      .min(1, "expected a program, as in exec(['node', 'server.js'])")
      .max(argumentCount, `has more than ${argumentCount} words`)
      .refine((words) => words[0] !== '', 'the name of the program is empty'),
    cwd: argument.min(1, 'is empty').optional(),
    env: z
      .record(variableName, argument)
      .refine(
        (env) => Object.keys(env).length <= variableCount,
        `has over ${variableCount} variables`,
      )
      .default({}),
    inheritEnv: z
      .union([z.literal(true), z.array(variableName)], {
        error: "expected true, or names of variables, as in ['SSH_AUTH_SOCK']",
      })
      .refine(
        (wanted) => wanted === true || wanted.length <= variableCount,
        `has over ${variableCount} names`,
      )
      .optional(),
    ...runAs,
    process: traits.optional(),
  },
  "a command, as in exec(['node', 'server.js'])",
);

/** A command that is none of a start: only that can have what `process` says. */
export const plainExec = exec.refine(
  ({ process }) => process === undefined,
  'only what a service is started with can have a process: { … }',
);
