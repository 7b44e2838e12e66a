/**
 * From a description to what makes the actors: times in milliseconds, names of members canonical.
 */
import type { DescribedRules } from '@bellwether/deploy';
import type { FleetSpec, PlannedService } from '@bellwether/fleet';
import {
  isDigest,
  type ActionConfig,
  type Command,
  type FailureHook,
  type LogBounds,
  type ProcessTraits,
  type Readiness,
  type RespawnPolicy,
  type RunAs,
  type ServiceConfig,
  type SignalName,
} from '@bellwether/shepherd';
import { withEqualParts } from './equal-parts.ts';
import { inherited, withoutUser, type Environment } from './environment.ts';
import { providersOf, type Providers } from './graph.ts';
import { parseTcp } from './signs.ts';
import { choreConfig, logRotationActions, monitoringActions, rotationWhenOf } from './chores.ts';
import { socketConfigOf, usualConnections } from './sockets.ts';
import { whenOf } from './timer.ts';
import { systemLogConfig, type Here } from './system-log-text.ts';
import type {
  ChoreDescription,
  Description,
  EntryDescription,
  ExecDescription,
  FleetDescription,
  ServiceDescription,
  SlotDescription,
  SystemLogDescription,
  TimerDescription,
} from './schema.ts';

/**
 * What the entries of a checked description become, under a daemon with this environment. `here` is asked by those
 * alone that are of one machine.
 */
export const toServiceConfigs = (
  { services, log: usual }: Description,
  env: Environment,
  here: () => Here = nowhere,
): readonly PlannedService[] => {
  const log = usualLog(services, usual);
  const providers = providersOf(services);
  const planned = services.map((entry): PlannedService => {
    const provision = namesOf(entry);
    switch (entry.kind) {
      case 'service':
        return { kind: 'service', config: configOf(entry, provision, env, log) };
      case 'slot':
        return {
          kind: 'slot',
          config: slotConfigOf(entry, provision, env, log),
          rules: rulesOf(entry),
        };
      case 'timer':
        return { kind: 'service', config: timerOf(entry, provision, env, log) };
      case 'monitoring':
      case 'log-rotation':
        return choreOf(entry, provision, env, log);
      case 'system-log':
        return { kind: 'service', config: loggerOf(entry, provision, here(), log) };
      case 'exported': {
        const { petname } = entry.from;
        const { requirement, node: origin = petname } = entry;
        const spec = { provision, petname, origin, requirement, ...labelsOf(entry) };
        return { kind: 'exported', spec };
      }
      case 'fleet': {
        const { documentation, minReady, settleSeconds } = entry;
        const { members: names = [] } = entry;
        const members = names.map((name) => canonicalName(name, services, providers));
        return {
          kind: 'fleet',
          spec: {
            provision,
            documentation,
            members,
            minReady,
            settleMs: ms(settleSeconds),
            ...followsOf(entry),
            ...labelsOf(entry),
          },
        };
      }
    }
  });
  return withEqualParts(planned);
};

const nowhere = (): never => {
  throw new TypeError('config: nobody has said which machine this is');
};

const namesOf = ({ provision }: EntryDescription): readonly [string, ...string[]] => {
  const [first, ...rest] = provision;
  if (first === undefined) throw new RangeError('config: a checked service without a name');
  return [first, ...rest];
};

const followsOf = ({ select: selector, service }: FleetDescription): Pick<FleetSpec, 'follows'> =>
  selector === undefined
    ? {}
    : { follows: { selector, ...(service !== undefined && { service }) } };

/** By the name of the requirement; what says nothing but its name has none. */
const termsOf = ({ requirement }: ServiceDescription): Pick<ServiceConfig, 'terms'> => {
  const terms = requirement.flatMap(({ name, until = 'ready', ifLost = 'keep' }) =>
    until === 'ready' && ifLost === 'keep'
      ? []
      : [
          [
            name,
            { ...(until !== 'ready' && { until }), ...(ifLost !== 'keep' && { ifLost }) },
          ] as const,
        ],
  );
  return terms.length === 0 ? {} : { terms: Object.fromEntries(terms) };
};
const hooksOf = (
  { onFailure = [] }: ServiceDescription,
  env: Environment,
  as: RunAs,
): Pick<ServiceConfig, 'onFailure'> =>
  onFailure.length === 0 ? {} : { onFailure: onFailure.map((each) => hookOf(each, env, as)) };
const hookOf = (
  { start, run, webhook }: NonNullable<ServiceDescription['onFailure']>[number],
  env: Environment,
  as: RunAs,
): FailureHook => {
  if (start !== undefined) return { kind: 'start', service: start };
  if (run !== undefined) return { kind: 'command', command: commandOf(run, env, as) };
  if (webhook === undefined) throw new RangeError('config: a checked hook that does nothing');
  return { kind: 'webhook', url: webhook };
};

/** None are as good as no word of them. */
const labelsOf = ({ labels = {} }: EntryDescription): Pick<ServiceConfig, 'labels'> =>
  Object.keys(labels).length === 0 ? {} : { labels };

const canonicalName = (
  name: string,
  services: Description['services'],
  providers: Providers,
): string => services[providers.get(name) ?? -1]?.provision[0] ?? name;

const ms = (seconds: number): number => Math.round(seconds * 1_000);

const configOf = (
  entry: ServiceDescription,
  provision: readonly [string, ...string[]],
  env: Environment,
  log: Description['log'],
  as: RunAs = runAsOf(entry.start),
): ServiceConfig => ({
  provision,
  requirement: entry.requirement.map(({ name }) => name),
  ...termsOf(entry),
  ...hooksOf(entry, env, as),
  documentation: entry.documentation,
  ...labelsOf(entry),
  ...(entry.start === undefined ? {} : { start: commandOf(entry.start, env, {}) }),
  stop: {
    signal: signalOf(entry.stop.signal),
    graceMs: ms(entry.stop.graceSeconds),
    ...(entry.stop.run === undefined ? {} : { run: commandOf(entry.stop.run, env, as) }),
  },
  ready: readinessOf(entry.ready, env, as),
  ...logOf(entry, log),
  isOneShot: entry.oneShot,
  ...(entry.remainAfterExit === true ? { remainsAfterExit: true } : {}),
  ...(entry.killGroup === false ? { keepsGroup: true } : {}),
  ...(entry.pidFile === undefined
    ? {}
    : { pidFile: { path: entry.pidFile.path, timeoutMs: ms(entry.pidFile.timeoutSeconds) } }),
  ...socketsOf(entry),
  ...livenessOf(entry.live, env, as),
  ...respawnOf(entry),
  actions: Object.fromEntries(
    Object.entries(entry.actions).map(([name, action]) => [name, actionOf(action, env, as)]),
  ),
  isAutoStarted: entry.autoStart,
});

/** Of the two alike: what a service and a slot are described by. */
const slotConfigOf = (
  entry: SlotDescription,
  provision: readonly [string, ...string[]],
  env: Environment,
  log: Description['log'],
): ServiceConfig => {
  const asService = {
    ...entry,
    kind: 'service',
    oneShot: false,
    actions: {},
    autoStart: false,
  } as const;
  const as = runAsOf(entry);
  return { ...configOf(asService, provision, env, log, as), ...given(as) };
};

/** A service without a process of its own: what it runs at times is its timer. */
const timerOf = (
  entry: TimerDescription,
  provision: readonly [string, ...string[]],
  env: Environment,
  log: Description['log'],
): ServiceConfig => {
  const { when, run, occurrences, maxSeconds, overlap, catchUp, spreadSeconds, ...rest } = entry;
  const asService = { ...rest, kind: 'service', oneShot: false } as const;
  const config = configOf(asService, provision, env, log, runAsOf(run));
  return {
    ...config,
    timer: {
      when: whenOf(when),
      run: commandOf(run, env, {}),
      overlap,
      ...(occurrences !== undefined && { runCount: occurrences }),
      ...(maxSeconds !== undefined && { maxMs: ms(maxSeconds) }),
      ...(catchUp === 'once' && { isCaughtUp: true }),
      ...(spreadSeconds > 0 && { spreadMs: ms(spreadSeconds) }),
    },
    actions: { trigger: triggerAction, ...config.actions },
  };
};
const triggerAction: ActionConfig = {
  kind: 'trigger',
  documentation: 'Run it at once; that counts as one of its occurrences.',
};

/** Where something looks after logs, services that say nothing of it have theirs put aside when that says. */
const usualLog = (
  services: Description['services'],
  log: Description['log'],
): Description['log'] => {
  const rotation = services.find((entry) => entry.kind === 'log-rotation');
  return rotation === undefined ? log : { rotate: rotation.rotate, ...log };
};

const choreOf = (
  entry: ChoreDescription,
  provision: readonly [string, ...string[]],
  env: Environment,
  log: Description['log'],
): PlannedService => {
  const isMonitoring = entry.kind === 'monitoring';
  return {
    kind: 'chore',
    config: {
      provision,
      requirement: entry.requirement,
      documentation: entry.documentation,
      ...labelsOf(entry),
      ...choreConfig(isMonitoring ? monitoringActions : logRotationActions),
      ...logOf(entry, log),
      isAutoStarted: entry.autoStart,
    },
    chore: isMonitoring
      ? { what: 'monitoring', everyMs: ms(entry.everySeconds) }
      : {
          what: 'log-rotation',
          when: rotationWhenOf(entry.rotate),
          files: entry.files.map(({ file, run }) => ({
            file,
            ...(run !== undefined && { run: commandOf(run, env, {}) }),
          })),
          keptCount: entry.keep,
          isPacked: entry.compress === 'gzip',
          expireMs: entry.expireDays * 86_400_000,
        },
  };
};

const loggerOf = (
  entry: SystemLogDescription,
  provision: readonly [string, ...string[]],
  here: Here,
  log: Description['log'],
): ServiceConfig => ({
  provision,
  requirement: entry.requirement,
  documentation: entry.documentation,
  ...labelsOf(entry),
  ...systemLogConfig(entry, here),
  ...logOf(entry, log),
  isAutoStarted: entry.autoStart,
});

/** What an entry or a command says of its user. */
const runAsOf = (said: Pick<ExecDescription, 'user' | 'group'> = {}): RunAs => {
  const { user, group } = said;
  return { ...(user !== undefined && { user }), ...(group !== undefined && { group }) };
};
/** None is the shepherd's own. */
const given = (runAs: RunAs): Pick<Command, 'runAs'> =>
  (runAs.user ?? runAs.group) === undefined ? {} : { runAs };
const rulesOf = ({
  keep,
  maxMiB,
  confirmSeconds,
  healthySeconds,
  trust,
}: SlotDescription): DescribedRules => ({
  trust: trust === undefined ? { keys: [], needed: 0 } : trustOf(trust),
  ...(keep !== undefined && { keepCount: keep }),
  ...(maxMiB !== undefined && { mostBytes: maxMiB * 1024 * 1024 }),
  ...(confirmSeconds !== undefined && { confirmMs: ms(confirmSeconds) }),
  ...(healthySeconds !== undefined && { minHealthyMs: ms(healthySeconds) }),
});
const trustOf = ({
  keys,
  needed = 1,
  revoked,
  digests,
  from,
  until,
}: NonNullable<SlotDescription['trust']>): DescribedRules['trust'] => ({
  keys: keys ?? [],
  needed: keys === undefined ? 0 : needed,
  ...(revoked !== undefined && { revoked }),
  ...(digests !== undefined && { digests: digests.filter(isDigest) }),
  ...(from !== undefined && { fromMs: Date.parse(from) }),
  ...(until !== undefined && { untilMs: Date.parse(until) }),
});

/** `as` is whom it runs as where it does not say that itself. */
const commandOf = (exec: ExecDescription, ofDaemon: Environment, as: RunAs): Command => {
  const { argv, cwd, env, inheritEnv, process: traits } = exec;
  const [program, ...args] = argv;
  if (program === undefined) throw new RangeError('config: a checked command without a program');
  const own = runAsOf(exec);
  // The group of whom it says is not that of whom the service is.
  const runAs = given(own.user === undefined ? { ...as, ...own } : own);
  const around = runAs.runAs?.user === undefined ? ofDaemon : withoutUser(ofDaemon, inheritEnv);
  const all = { ...inherited(around, inheritEnv), ...env };
  return {
    argv: [program, ...args],
    env: all,
    ...(cwd === undefined ? {} : { cwd }),
    ...runAs,
    ...(traits === undefined ? {} : { traits: traits as ProcessTraits }),
  };
};

const livenessOf = (
  live: ServiceDescription['live'],
  env: Environment,
  as: RunAs,
): Pick<ServiceConfig, 'live'> => {
  if (live === undefined) return {};
  const { everySeconds, failures: failureCount, ...sign } = live;
  const probe = readinessOf(sign, env, as);
  if (probe.kind !== 'http' && probe.kind !== 'tcp' && probe.kind !== 'exec') return {};
  return { live: { probe, everyMs: ms(everySeconds), failureCount } };
};

const socketsOf = (
  entry: ServiceDescription,
): Pick<ServiceConfig, 'sockets' | 'isLazy' | 'inetd'> => {
  const { sockets, lazyStart = true, activation } = entry;
  if (sockets === undefined) return {};
  const all = sockets.map(socketConfigOf);
  if (activation !== 'inetd') return { sockets: all, ...(lazyStart && { isLazy: true }) };
  const { provision, maxConnections, maxConnectionsPerSource, connectionName } = entry;
  const inetd = {
    maxCount: maxConnections ?? usualConnections,
    ...(maxConnectionsPerSource !== undefined && { maxPerSource: maxConnectionsPerSource }),
    stem: connectionName ?? provision[0] ?? '',
  };
  return { sockets: all.map((one) => ({ ...one, accepts: true })), inetd };
};

/** A lazy process that has ended waits to be wanted again: how often that may be so is GNU's rule. */
const lazyRespawn = { limit: 5, windowSeconds: 7, delaySeconds: 0.1, maxDelaySeconds: 30 };
const respawnOf = ({
  respawn,
  sockets,
  lazyStart,
  activation,
}: ServiceDescription): Pick<ServiceConfig, 'respawn'> => {
  const isLazy = sockets !== undefined && lazyStart !== false && activation !== 'inetd';
  const policy = respawn ?? (isLazy ? lazyRespawn : undefined);
  return policy === undefined ? {} : { respawn: policyOf(policy) };
};

/** The schema let no other text through. */
const signalOf = (name: string): SignalName => name as SignalName;

const readinessOf = (
  ready:
    | (Partial<NonNullable<ServiceDescription['ready']>> & { readonly timeoutSeconds: number })
    | undefined,
  env: Environment,
  as: RunAs,
): Readiness => {
  if (ready === undefined) return { kind: 'spawned' };
  const timeoutMs = ms(ready.timeoutSeconds);
  if (ready.http !== undefined) return { kind: 'http', url: ready.http, timeoutMs };
  if (ready.notifyFd !== undefined)
    return { kind: 'notify', descriptor: ready.notifyFd, timeoutMs };
  if (ready.sdNotify !== undefined) return { kind: 'sd-notify', timeoutMs };
  if (ready.exec !== undefined)
    return { kind: 'exec', command: commandOf(ready.exec, env, as), timeoutMs };
  if (ready.log !== undefined) return { kind: 'log', text: ready.log, timeoutMs };
  const target = parseTcp(ready.tcp ?? '');
  if (target === undefined) throw new RangeError('config: a checked readiness without a target');
  return { kind: 'tcp', ...target, timeoutMs };
};

/** What a service may write: its own words first, then those of the whole shepherd. */
const logOf = (
  { log }: Pick<ServiceDescription, 'log'>,
  usual: Description['log'],
): Pick<ServiceConfig, 'log'> =>
  log === undefined && usual === undefined ? {} : { log: boundsOf({ ...usual, ...log }) };
const boundsOf = ({
  maxMiB,
  keep,
  rotate = 'never',
  compress,
  expireDays,
}: NonNullable<Description['log']>): LogBounds => ({
  ...(maxMiB === undefined ? {} : { maxBytes: maxMiB * 1024 * 1024 }),
  ...(keep === undefined ? {} : { keptCount: keep }),
  ...(rotate === 'never' ? {} : { when: rotationWhenOf(rotate) }),
  ...(compress === undefined ? {} : { isPacked: compress === 'gzip' }),
  ...(expireDays === undefined ? {} : { expireMs: expireDays * 86_400_000 }),
});

const policyOf = (respawn: NonNullable<ServiceDescription['respawn']>): RespawnPolicy => ({
  limitCount: respawn.limit,
  limitWindowMs: ms(respawn.windowSeconds),
  delayMs: ms(respawn.delaySeconds),
  maxDelayMs: ms(respawn.maxDelaySeconds),
  ...(respawn.on !== undefined && { on: respawn.on }),
});

const actionOf = (
  action: ServiceDescription['actions'][string],
  env: Environment,
  as: RunAs,
): ActionConfig => {
  const { documentation, signal, run, takesArguments, harmlessArguments } = action;
  if (signal !== undefined) return { documentation, kind: 'signal', signal: signalOf(signal) };
  if (run === undefined) throw new RangeError('config: a checked action that does nothing');
  return {
    documentation,
    kind: 'command',
    command: commandOf(run, env, as),
    ...(takesArguments === undefined ? {} : { takesArguments }),
    ...(harmlessArguments === true ? { areArgumentsHarmless: true } : {}),
  };
};
