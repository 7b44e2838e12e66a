/** What a configuration may say of the process of a service beside its command; the keeper gives it. */
import * as z from 'zod';
import { account } from './accounts.ts';
import {
  argumentChars,
  descriptorCount,
  environmentFileCount,
  firstDescriptor,
  groupPercent,
  groupProcessCount,
  lastDescriptor,
  pathChars,
  supplementaryCount,
} from './limits.ts';
import { whole } from './numbers.ts';
import { record, tellIn } from './record.ts';

const absolutePath = (example: string) =>
  z
    .string()
    .max(argumentChars, `has more than ${argumentChars} characters`)
    .regex(/^\/[^\0]*$/, `expected an absolute path, as in '${example}'`);

const bound = z.union([whole(0, Number.MAX_SAFE_INTEGER), z.literal('unlimited')]);
const limit = z.union([bound.transform((one) => [one, one] as const), z.tuple([bound, bound])], {
  error: "expected a number, 'unlimited', or both of soft and hard, as in [1024, 4096]",
});
const limits = record(
  {
    addressSpaceBytes: limit.optional(),
    coreBytes: limit.optional(),
    cpuSeconds: limit.optional(),
    dataBytes: limit.optional(),
    fileBytes: limit.optional(),
    lockedBytes: limit.optional(),
    openFiles: limit.optional(),
    processes: limit.optional(),
    stackBytes: limit.optional(),
  },
  'limits, as in { openFiles: 65_536 }',
).superRefine((all, context) => {
  for (const [key, one] of Object.entries(all))
    if (one !== undefined && order(one[0]) > order(one[1]))
      tellIn(context)(key, 'soft is over hard');
});
const order = (one: number | 'unlimited'): number => (one === 'unlimited' ? Infinity : one);

const descriptors = z
  .record(z.string(), absolutePath('/etc/web/key.pem'))
  .superRefine((all, context) => {
    const keys = Object.keys(all);
    if (keys.length > descriptorCount)
      context.addIssue({ code: 'custom', message: `has over ${descriptorCount} descriptors` });
    for (const key of keys)
      if (!/^\d{1,3}$/.test(key) || Number(key) < firstDescriptor || Number(key) > lastDescriptor)
        tellIn(context)(key, `expected a descriptor from ${firstDescriptor} to ${lastDescriptor}`);
  });

/** The `process` of an `exec`. */
export const traits = record(
  {
    groups: z
      .array(account('group'))
      .max(supplementaryCount, `has more than ${supplementaryCount} groups`)
      .optional(),
    umask: whole(0, 0o777).optional(),
    limits: limits.optional(),
    nice: whole(-20, 19).optional(),
    oomScore: whole(-1000, 1000).optional(),
    noNewPrivileges: z.literal(true).optional(),
    root: absolutePath('/srv/web').optional(),
    terminal: absolutePath('/dev/tty1').optional(),
    ownSession: z.literal(false).optional(),
    descriptors: descriptors.optional(),
    cgroup: absolutePath('/sys/fs/cgroup/web')
      .max(pathChars, `has more than ${pathChars} characters`)
      .regex(/^\P{Surrogate}*$/u, 'is no well-formed text')
      .optional(),
    cgroupLimits: record(
      {
        memoryBytes: whole(1, Number.MAX_SAFE_INTEGER).optional(),
        processes: whole(1, groupProcessCount).optional(),
        cpuPercent: whole(1, groupPercent).optional(),
      },
      '{ memoryBytes, processes, cpuPercent }',
    ).optional(),
    killCgroup: z.literal(true).optional(),
    environmentFiles: z
      .array(absolutePath('/etc/web.env'))
      .max(environmentFileCount, `has more than ${environmentFileCount} files`)
      .optional(),
  },
  '{ groups, umask, limits, nice, oomScore, noNewPrivileges, root, terminal, ownSession, descriptors, cgroup, ' +
    'cgroupLimits, killCgroup, environmentFiles }',
)
  .refine(
    ({ cgroup, cgroupLimits }) => cgroup !== undefined || cgroupLimits === undefined,
    'cgroupLimits need a cgroup',
  )
  .refine(
    ({ cgroup, killCgroup }) => cgroup !== undefined || killCgroup === undefined,
    'killCgroup needs a cgroup',
  )
  .refine(
    ({ terminal, ownSession }) => terminal === undefined || ownSession === undefined,
    'a terminal needs a session of its own',
  );
