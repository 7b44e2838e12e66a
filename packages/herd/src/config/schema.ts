/**
 * What a configuration may say, and the description that a daemon loads: the same with every
 * default filled in. Nothing unknown is let through, since a misspelled option would otherwise be
 * an option that silently is not set.
 */
import os from 'node:os';
import { closest, isTaken, keptNames, rootNames } from '@bellwether/shepherd';
import * as z from 'zod';
import { petnameOf } from '../refs/petname.ts';
import { exec, plainExec } from './commands.ts';
import { labels, selector } from './labels.ts';
import {
  actionCount,
  documentationChars,
  memberCount,
  pathChars,
  provisionCount,
  serviceCount,
  socketCount,
} from './limits.ts';
import { listen } from './listen.ts';
import { name } from './names.ts';
import { seconds, someSeconds } from './numbers.ts';
import { failureHooks, plainRequirement, requirement, respawn } from './policies.ts';
import { record, tellIn, unlessThrown } from './record.ts';
import { checkService } from './service-rules.ts';
import { live, ready } from './signs.ts';
import { slotShape } from './slot.ts';
import { logRotationShape, monitoringShape } from './chores.ts';
import { log } from './log.ts';
import { activationShape, socket } from './sockets.ts';
import { systemLogShape } from './system-log.ts';
import { timerShape } from './timer.ts';

const provision = z
  .array(
    name
      .refine((text) => !rootNames.includes(text), 'is the name of the shepherd itself')
      .refine(
        (text) => rootNames.includes(text) || !keptNames.includes(text),
        "is the name of what 'herd spawn' or 'herd schedule' has run: give it another one",
      ),
  )
  .min(1, "expected at least one name, as in ['web-server']")
  .max(provisionCount, `has more than ${provisionCount} names`);
const documentation = z
  .string()
  .max(documentationChars, `has more than ${documentationChars} characters`);

const signal = z.string().superRefine((text, context) => {
  if (Object.hasOwn(os.constants.signals, text)) return;
  const meant =
    closest(text.toUpperCase(), Object.keys(os.constants.signals)) ??
    closest(`SIG${text.toUpperCase()}`, Object.keys(os.constants.signals));
  const hint = meant === undefined ? "expected a name like 'SIGHUP'" : `did you mean '${meant}'?`;
  context.addIssue({ code: 'custom', message: `there is no signal '${text}'; ${hint}` });
});

const actionName = name
  .regex(/^[a-z][a-z0-9-]*$/, 'may have small letters, digits and - only, and begins with a letter')
  .refine((text) => !isTaken(text), 'is an action of every service');
const action = record(
  {
    documentation: documentation.min(1, 'expected one sentence about what it does'),
    signal: signal.optional(),
    run: plainExec.optional(),
    takesArguments: z.boolean().optional(),
    harmlessArguments: z.boolean().optional(),
  },
  "{ documentation, signal: 'SIGHUP' } or { documentation, run: exec([…]) }",
)
  .refine(
    ({ signal, run }) => (signal === undefined) !== (run === undefined),
    'expected either signal or run',
  )
  .refine(
    ({ signal, takesArguments }) => signal === undefined || takesArguments === undefined,
    'takesArguments goes with run, a signal takes none',
  )
  .refine(
    ({ takesArguments, harmlessArguments }) =>
      harmlessArguments !== true || takesArguments === true,
    'harmlessArguments goes with takesArguments: there are no others',
  );

const onFailure = failureHooks(plainExec);
const pidFile = record(
  {
    path: z
      .string("expected the path of a file, as in '/run/web.pid'")
      .min(1, 'is empty')
      .max(pathChars, `has more than ${pathChars} characters`)
      .refine((text) => !text.includes('\0'), 'contains a NUL character'),
    timeoutSeconds: someSeconds.default(5),
  },
  "{ path: '/run/web.pid', timeoutSeconds: 5 }",
);
const stopWords = { signal: signal.default('SIGTERM'), graceSeconds: seconds.default(5) };
const stop = record(stopWords, "{ signal: 'SIGTERM', graceSeconds: 5 }").prefault({});
const stopOfService = record(
  { ...stopWords, run: plainExec.optional() },
  "{ signal: 'SIGTERM', graceSeconds: 5, run: exec([…]) }",
)
  .refine(
    ({ run, graceSeconds }) => run === undefined || graceSeconds > 0,
    'run needs a graceSeconds over 0: it gets as long as that',
  )
  .prefault({});
const actions = z
  .record(actionName, action)
  .refine((all) => Object.keys(all).length <= actionCount, `has over ${actionCount} actions`)
  .default({});
/** What services, slots and timers say alike. */
const common = {
  provision,
  requirement,
  documentation: documentation.default(''),
  labels,
  log: log.optional(),
};
const service = record(
  {
    kind: z.literal('service'),
    ...common,
    start: exec.optional(),
    ready: ready.optional(),
    respawn,
    onFailure,
    stop: stopOfService,
    oneShot: z.boolean().default(false),
    remainAfterExit: z.boolean().optional(),
    sockets: z
      .array(socket)
      .min(1, 'expected at least one socket')
      .max(socketCount, `has more than ${socketCount} sockets`)
      .optional(),
    ...activationShape,
    lazyStart: z.boolean().optional(),
    pidFile: pidFile.optional(),
    killGroup: z.boolean().optional(),
    live: live.optional(),
    actions,
    autoStart: z.boolean().default(false),
  },
  'service({ … })',
).superRefine((entry, context) => checkService(entry, tellIn(context)));

const slot = record(
  {
    kind: z.literal('slot'),
    ...common,
    ...slotShape,
    ready: ready.optional(),
    respawn,
    onFailure,
    stop,
  },
  'slot({ … })',
);

/** What those say alike that need no word to be of use: they have names, and are started. */
const offered = (names: string[], about: string) => ({
  provision: provision.default(names),
  requirement: plainRequirement,
  documentation: documentation.default(about),
  labels,
  log: log.optional(),
  autoStart: z.boolean().default(true),
});
const systemLog = record(
  {
    kind: z.literal('system-log'),
    ...offered(['system-log', 'syslogd'], 'Write what programs and the kernel say to files.'),
    ...systemLogShape,
  },
  'systemLog({ … })',
);

const monitoring = record(
  {
    kind: z.literal('monitoring'),
    ...offered(['monitoring'], 'Say from time to time how the shepherd is.'),
    ...monitoringShape,
  },
  'monitoring({ … })',
);
const logRotation = record(
  {
    kind: z.literal('log-rotation'),
    ...offered(['log-rotation'], 'Put logs aside from time to time.'),
    ...logRotationShape,
  },
  'logRotation({ … })',
);

const timer = record(
  {
    kind: z.literal('timer'),
    ...common,
    ...timerShape,
    onFailure,
    stop,
    actions: actions.refine((all) => all['trigger'] === undefined, 'trigger is there already'),
    autoStart: z.boolean().default(false),
  },
  'timer({ … })',
).superRefine(({ actions, run }, context) => {
  const tell = tellIn(context);
  for (const [key, { signal }] of Object.entries(actions))
    if (signal !== undefined)
      tell('actions', `${key} has a signal, and a timer no process that would get it`);
  if (run.process?.root !== undefined && run.argv[0]?.startsWith('/') !== true)
    tell('run', 'with a root the program is an absolute path in it');
});

const petname = z.string().superRefine((text, context) => {
  if (text.startsWith('@')) context.addIssue("is written without '@' here");
  else unlessThrown(context, () => petnameOf(text));
});
/** What `ref('petname')` makes. */
export const storedRef = record(
  { kind: z.literal('ref'), petname },
  "a ref, as in ref('a-web-server')",
);
const exported = record(
  {
    kind: z.literal('exported'),
    provision,
    from: storedRef,
    requirement: plainRequirement,
    node: name.optional(),
    labels,
  },
  'exported({ … })',
);

const isMinReady = (value: unknown): boolean =>
  typeof value === 'string'
    ? /^(?:\d|[1-9]\d|100)%$/.test(value)
    : Number.isSafeInteger(value) && Number(value) >= 0;
const fleet = record(
  {
    kind: z.literal('fleet'),
    provision,
    members: z
      .array(name)
      .min(1, 'expected at least one name of a service')
      .max(memberCount, `has more than ${memberCount} names`)
      .optional(),
    select: selector.optional(),
    service: name.optional(),
    minReady: z
      .custom<number | `${number}%`>(isMinReady, {
        error: "expected a count like 1, or a share from '0%' to '100%'",
      })
      .default('100%'),
    settleSeconds: seconds.default(10),
    documentation: documentation.default(''),
    labels,
  },
  'fleet({ … })',
).superRefine(({ members, select, service: called, minReady }, context) => {
  const tell = tellIn(context);
  if (members === undefined && select === undefined)
    tell('members', "is missing, and so is what would say who they are: select: 'role=web'");
  if (members !== undefined && select !== undefined)
    tell('members', 'names those already whom select would pick out: one of the two is enough');
  if (called !== undefined && select === undefined)
    tell('service', 'goes with select: members have their names already');
  if (select !== undefined && typeof minReady === 'number')
    tell(
      'minReady',
      "is a count, and with select there may be more or fewer members: it takes a share, '50%'",
    );
});

/** The whole: what defineShepherd gives. */
export const shepherdSchema = record(
  {
    kind: z.literal('shepherd'),
    name: name.optional(),
    services: z
      .array(
        z.discriminatedUnion(
          'kind',
          [service, slot, timer, exported, fleet, systemLog, monitoring, logRotation],
          {
            error:
              'expected what service, slot, timer, exported, fleet, systemLog, monitoring or logRotation makes',
          },
        ),
      )
      .max(serviceCount, `has more than ${serviceCount} services`),
    listen: listen.prefault({}),
    log: log.optional(),
  },
  'defineShepherd({ … })',
);

type Checked = z.output<typeof shepherdSchema>;
/**
 * A configuration as a daemon loads it: complete, checked, plain data. Times are in seconds, as
 * they were written.
 */
export type Description = Omit<Checked, 'name'> & { readonly name: string };
/** One entry of it. */
export type EntryDescription = Checked['services'][number];
/** A service of this machine. */
export type ServiceDescription = Extract<EntryDescription, { kind: 'service' }>;
/** A service of this machine whose program is brought to it. */
export type SlotDescription = Extract<EntryDescription, { kind: 'slot' }>;
/** Something that is run at times. */
export type TimerDescription = Extract<EntryDescription, { kind: 'timer' }>;
/** What the shepherd does itself. */
export type ChoreDescription = Extract<EntryDescription, { kind: 'monitoring' | 'log-rotation' }>;
/** The log of the machine. */
export type SystemLogDescription = Extract<EntryDescription, { kind: 'system-log' }>;
/** An aggregate. */
export type FleetDescription = Extract<EntryDescription, { kind: 'fleet' }>;
/** A command; its `cwd` is absolute once it is loaded. */
export type ExecDescription = z.output<typeof exec>;
