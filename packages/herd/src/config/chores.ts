/** What a configuration may say of what its shepherd does itself: saying how it is, and putting logs aside. */
import type { ServiceConfig } from '@bellwether/shepherd';
import * as z from 'zod';
import { plainExec } from './commands.ts';
import {
  argumentChars,
  expiredDays,
  keptLogCount,
  monitoringSeconds,
  rotatedFileCount,
} from './limits.ts';
import { whole } from './numbers.ts';
import { record } from './record.ts';
import { rotationTimes } from './rotation.ts';
import { when, whenOf } from './timer.ts';

/** When logs are put aside: a word, or what a timer takes. */
export const rotationTime = z.union([z.enum(['hourly', 'daily', 'weekly', 'monthly']), when], {
  error:
    "expected 'hourly', 'daily', 'weekly', 'monthly', calendar({ … }), cron('…') or every(seconds)",
});
/** As an alarm. */
export const rotationWhenOf = (said: z.output<typeof rotationTime>) =>
  typeof said === 'string' ? rotationTimes[said] : whenOf(said);

/** What only a monitoring has. */
export const monitoringShape = { everySeconds: whole(1, monitoringSeconds).default(1_200) };

const absolutePath = z
  .string()
  .max(argumentChars, `has more than ${argumentChars} characters`)
  .regex(/^\/[^\0]*[^\0/]$/, "expected an absolute path, as in '/var/log/nginx/access.log'");
/** What only a rotation of logs has. */
export const logRotationShape = {
  rotate: rotationTime.default('weekly'),
  files: z
    .array(
      record(
        { file: absolutePath, run: plainExec.optional() },
        "{ file: '/var/log/web.log', run: exec(['pkill', '-HUP', 'web']) }",
      ),
    )
    .max(rotatedFileCount, `has more than ${rotatedFileCount} files`)
    .refine((all) => new Set(all.map(({ file }) => file)).size === all.length, {
      error: 'has a file twice',
    })
    .default([]),
  keep: whole(1, keptLogCount).default(5),
  compress: z.enum(['gzip', 'none']).default('gzip'),
  expireDays: whole(1, expiredDays).default(90),
};

/** Of a monitoring: what it has beside what every service has. */
export const monitoringActions: ServiceConfig['actions'] = {
  log: { kind: 'agent', documentation: 'Say now how the shepherd is.' },
  period: {
    kind: 'agent',
    documentation: 'Say it every so many seconds from now on, until the shepherd ends.',
    takesArguments: true,
    areArgumentsHarmless: true,
  },
};
/** The same of a rotation of logs. */
export const logRotationActions: ServiceConfig['actions'] = {
  trigger: {
    kind: 'agent',
    documentation:
      'Put logs aside now that are long enough: of other programs all, of services all or those that are named.',
    takesArguments: true,
    areArgumentsHarmless: true,
  },
  files: { kind: 'agent', documentation: 'List the logs that are put aside.' },
};

/** What every chore is as a service. */
export const choreConfig = (
  actions: ServiceConfig['actions'],
): Pick<ServiceConfig, 'stop' | 'ready' | 'isOneShot' | 'actions'> => ({
  stop: { signal: 'SIGTERM', graceMs: 0 },
  ready: { kind: 'spawned' },
  isOneShot: false,
  actions,
});
