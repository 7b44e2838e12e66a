/** What a configuration may say of the log of a service, or of all of them. */
import * as z from 'zod';
import { rotationTime } from './chores.ts';
import { expiredDays, keptLogCount, logMebibytes } from './limits.ts';
import { record } from './record.ts';

/** How much is kept of what a service writes. */
export const log = record(
  {
    maxMiB: z
      .int('expected a whole number')
      .min(1, 'must be at least 1')
      .max(logMebibytes, `is over ${logMebibytes}`)
      .optional(),
    keep: z
      .int('expected a whole number')
      .min(1, 'must be at least 1')
      .max(keptLogCount, `is over ${keptLogCount}`)
      .optional(),
    rotate: z.union([z.literal('never'), rotationTime]).optional(),
    compress: z.enum(['gzip', 'none']).optional(),
    expireDays: z
      .int('expected a whole number')
      .min(1, 'must be at least 1')
      .max(expiredDays, `is over ${expiredDays}`)
      .optional(),
  },
  "{ maxMiB: 10, keep: 5, rotate: 'weekly', compress: 'gzip', expireDays: 90 }",
);
