/** What a configuration may say of the log of a service, or of all of them. */
import * as z from 'zod';
import { rotationTime } from './chores.ts';
import { expiredDays, keptLogCount, logMebibytes } from './limits.ts';
import { whole } from './numbers.ts';
import { record } from './record.ts';

/** How much is kept of what a service writes. */
export const log = record(
  {
    maxMiB: whole(1, logMebibytes).optional(),
    keep: whole(1, keptLogCount).optional(),
    rotate: z.union([z.literal('never'), rotationTime]).optional(),
    compress: z.enum(['gzip', 'none']).optional(),
    expireDays: whole(1, expiredDays).optional(),
  },
  "{ maxMiB: 10, keep: 5, rotate: 'weekly', compress: 'gzip', expireDays: 90 }",
);
