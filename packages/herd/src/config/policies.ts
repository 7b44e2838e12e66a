/** What binds services to one another and brings them back: requirements, respawning, what is done about failures. */
import * as z from 'zod';
import { failureHookCount, requirementCount, respawnCount, urlChars } from './limits.ts';
import { name } from './names.ts';
import { seconds, whole } from './numbers.ts';
import { record } from './record.ts';
import { rootNames } from '@bellwether/shepherd';

/** Names alone: of what requires services elsewhere and has no process itself. */
export const plainRequirement = z
  .array(name)
  .max(requirementCount, `has more than ${requirementCount} names`)
  .default([]);

const requirementWords = "a name, or { name, until: 'completed', ifLost: 'restart' }";
const bond = record(
  {
    name,
    until: z
      .enum(['started', 'ready', 'completed'], {
        error: "expected 'started', 'ready' or 'completed'",
      })
      .optional(),
    ifLost: z
      .enum(['keep', 'stop', 'restart'], { error: "expected 'keep', 'stop' or 'restart'" })
      .optional(),
  },
  requirementWords,
);
/** Names, or how each binds; a name alone becomes one that says nothing else. */
export const requirement = z
  .array(z.preprocess((value) => (typeof value === 'string' ? { name: value } : value), bond))
  .max(requirementCount, `has more than ${requirementCount} names`)
  .default([]);

/** When what died is started again. */
export const respawn = z.preprocess(
  (value) => (value === true ? {} : value === false ? undefined : value),
  record(
    {
      on: z.literal('failure', { error: "expected 'failure', or nothing" }).optional(),
      limit: whole(0, respawnCount).default(5),
      windowSeconds: seconds.gt(0, 'must be more than 0').default(7),
      delaySeconds: seconds.default(0.1),
      fixed: z.literal(true, { error: 'expected true, or nothing' }).optional(),
      maxDelaySeconds: seconds.optional(),
    },
    "true, false or { on: 'failure', limit, windowSeconds, delaySeconds, fixed, maxDelaySeconds }",
  )
    .refine(
      ({ fixed, maxDelaySeconds }) => fixed === undefined || maxDelaySeconds === undefined,
      'with fixed every delay is delaySeconds: there is no maxDelaySeconds',
    )
    .transform(({ fixed, maxDelaySeconds = 30, ...policy }) => ({
      ...policy,
      maxDelaySeconds: fixed === true ? policy.delaySeconds : maxDelaySeconds,
    }))
    .refine(
      ({ delaySeconds, maxDelaySeconds }) => delaySeconds <= maxDelaySeconds,
      'delaySeconds is over maxDelaySeconds',
    )
    .optional(),
);

const isWebhook = (text: string): boolean => {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
};
/** Of what is behind a ref only `herd` knows, and nobody has to start who carries this out. */
const startedName = z.string().superRefine((text, context) => {
  const refuse = (message: string): void => context.addIssue({ code: 'custom', message });
  if (rootNames.includes(text)) refuse('is the name of the shepherd itself, which runs');
  else if (name.safeParse(text.replace(/^@/, '')).success && text.startsWith('@'))
    refuse(`expected a service of this machine; ${startsElsewhere(text)}`);
  else for (const { message } of name.safeParse(text).error?.issues ?? []) refuse(message);
});
/** What to write in the place of a start of what is elsewhere; `herd` finds its shepherd by the environment. */
export const startsElsewhere = (service: string): string =>
  `to start it from here, write { run: exec(['herd', 'start', '${service}'], { inheritEnv: true }) }`;

/** What is done about a failure, with this as a command; one alone, or some. */
export const failureHooks = <T extends z.ZodType>(command: T) => {
  const hook = record(
    {
      start: startedName.optional(),
      run: command.optional(),
      webhook: z
        .string()
        .max(urlChars, `has more than ${urlChars} characters`)
        .refine(isWebhook, "expected a URL like 'https://ops.example/hook', without a password")
        .optional(),
    },
    "{ start: 'name' }, { run: exec([…]) } or { webhook: 'https://…' }",
  ).refine(
    (said) => Object.values(said).filter((each) => each !== undefined).length === 1,
    'expected one of start, run and webhook',
  );
  return z.preprocess(
    (value) => (value === undefined || Array.isArray(value) ? value : [value]),
    z.array(hook).max(failureHookCount, `has more than ${failureHookCount} entries`).optional(),
  );
};
