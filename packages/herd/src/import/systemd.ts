/**
 * Units of systemd: services, and the timers that start them.
 *
 *     of systemd                                 here
 *     simple, exec, idle                         start: exec([…]) or shell('…')
 *     oneshot, with RemainAfterExit              oneShot, remainAfterExit
 *     forking with PIDFile                       pidFile
 *     Requires, BindsTo of units that are read   requirement, with ifLost: 'stop'
 *     Restart, RestartSec, StartLimit…           respawn; on-failure is on: 'failure', for which every signal is
 *                                                a failure (four are none of systemd); others are told
 *     ExecReload, ExecStop, KillSignal, Timeout  the action reload-config, stop
 *     User … LimitNOFILE … Nice … UMask …        user, process: { … }
 *     EnvironmentFile of a file that is there    process: { environmentFiles }
 *     a .timer beside its service                timer({ … }) in place of it
 *     a .socket beside its service               sockets; with Accept=yes and NAME@.service activation: 'inetd'
 *
 * Drop-ins that are read with a unit are as a part of it. What else a unit says is told with its line, but for what
 * changes nothing here: such keys are given to `ignored`, each with the reason.
 */
import { longestSeconds, nameChars, socketCount } from '../config/limits.ts';
import {
  call,
  withoutEmpty,
  plainName,
  secretNotes,
  type ImportedEntry,
  type Imported,
  type Note,
  type SourceFile,
  type Value,
} from './found.ts';
import {
  commandsOf,
  runOf,
  signalSentBy,
  startOf,
  type UnitCommand,
  type UnitNames,
} from './systemd-commands.ts';
import { processOf } from './systemd-process.ts';
import { accepts, inetdOf, socketsOf } from './systemd-sockets.ts';
import type { Setting } from './ini.ts';
import { calendarFields } from './systemd-times.ts';
import { Unit } from './systemd-unit.ts';

/** Reads units together: which of them require each other is known then. */
export const readUnits = (sources: readonly SourceFile[]): Imported => {
  const units = sources.map((source) => new Unit(source));
  const services = units.filter(({ name }) => name.endsWith('.service'));
  const names = new Set(services.filter(isStarted).map(({ plain }) => plain));
  const timers = new Map<string, Unit>();
  const sockets = new Map<string, readonly Unit[]>();
  const notes: Note[] = [];
  const tell = (unit: Unit, text: string): void =>
    void notes.push({ file: unit.file, text: `${unit.file}${text}` });
  for (const unit of units) {
    const of = (servedBy(unit) ?? `${unit.plain}.service`).replace(/\.service$/, '');
    if (unit.name.endsWith('.service')) continue;
    const [, changed] = /([^/]+\.(?:service|timer|socket))\.d$/.exec(unit.folder) ?? [];
    if (sources.some(({ dropIns = [] }) => dropIns.some(({ file }) => file === unit.file)))
      continue;
    if (changed !== undefined)
      tell(unit, ` was not carried over: name ${changed}, with which it is read`);
    else if (!/\.(?:timer|socket)$/.test(unit.name))
      tell(unit, ' was not carried over: it is no service');
    else if (!names.has(of)) tell(unit, `: its service ${of} was not read`);
    else if (unit.name.endsWith('.timer')) timers.set(of, unit);
    else sockets.set(of, [...(sockets.get(of) ?? []), unit]);
  }
  const found = services.flatMap((unit): readonly ImportedEntry[] => {
    const timer = timers.get(unit.plain);
    const listening = sockets.get(unit.plain) ?? [];
    if (!isStarted(unit)) {
      tell(unit, ` was not carried over: ${whyNotStarted(unit)}`);
      return [];
    }
    if (timer === undefined) return [serviceOf(unit, names, listening)];
    for (const each of listening) tell(each, ' was not carried over: its service is a timer');
    return [timerOf(unit, timer, names)];
  });
  return { found, notes };
};

/** Whether a command of it can be carried over: a service that starts nothing would look as if it ran. */
const isStarted = (unit: Unit): boolean =>
  unit
    .raw('Service.ExecStart')
    .some((setting) => typeof commandsOf(setting, namesOf(unit)) !== 'string');
const whyNotStarted = (unit: Unit): string => {
  const [first] = unit.raw('Service.ExecStart');
  if (first === undefined) return 'it has no ExecStart';
  return `ExecStart=${first.value}: ${String(commandsOf(first, namesOf(unit)))}`;
};
const namesOf = ({ specifiers }: Unit, variables = {}): UnitNames => ({ specifiers, variables });

/** Who accepts has an instance of its template for each connection, whatever else it says. */
const servedBy = (unit: Unit): string | undefined => {
  if (unit.name.endsWith('.timer')) return unit.last('Timer.Unit');
  const said = unit.last('Socket.Service');
  return accepts(unit) ? `${unit.plain}@` : said;
};

/** What changes nothing here, and why. */
const meaningless = {
  'Unit.Documentation': 'nothing shows it',
  'Unit.SourcePath': 'what was read is what counts',
  'Unit.DefaultDependencies': 'there are none',
  'Service.SyslogIdentifier': 'a log is that of its service',
  'Service.StandardInput': 'of a service it is empty, of a connection that',
  'Service.GuessMainPID': 'nothing is guessed',
  'Timer.AccuracySec': 'a timer rings to the second',
  'Install.Alias': 'a service has the name of its file',
  'Install.Also': 'what else is wanted is read, too',
};
const ignoreMeaningless = (unit: Unit): void => {
  for (const [key, why] of Object.entries(meaningless)) unit.ignored(key, why);
};

interface Common {
  readonly variables: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, Value | undefined>>;
  readonly start: Value;
  readonly stop: Readonly<Record<string, Value | undefined>>;
}
const commonOf = (unit: Unit, names: ReadonlySet<string>): Common => {
  ignoreMeaningless(unit);
  const variables = environmentOf(unit);
  for (const { text } of secretNotes(variables, (text) => ({ file: unit.file, text })))
    unit.note(text);
  const environmentFiles = environmentFilesOf(unit);
  // What files say wins, and is known at a start alone.
  const known = environmentFiles.length > 0 ? {} : variables;
  const commands = (key: string, variables = known): readonly UnitCommand[] => {
    unit.carried(`Service.${key}`);
    return unit
      .raw(`Service.${key}`)
      .flatMap((setting) => commandsIn(unit, setting, namesOf(unit, variables)));
  };
  const main = commands('ExecStart');
  if (main.length > 1 && unit.last('Service.Type') !== 'oneshot')
    unit.note('ExecStart: systemd takes more than one command of Type=oneshot alone; all are run');
  const start = startOf(commands('ExecStartPre'), main, {
    cwd: workingDirectory(unit),
    env: variables,
    user: unit.last('Service.User'),
    group: unit.last('Service.Group'),
    process: processOf(unit, environmentFiles),
  });
  const stops = commands('ExecStop', variables);
  const whole = unit.seconds('Service.TimeoutSec');
  // As with systemd, 0 is no bound.
  const grace = (unit.seconds('Service.TimeoutStopSec') ?? whole ?? 90) || longestSeconds;
  const graceSeconds = Math.min(grace, longestSeconds);
  const stop = withoutEmpty({
    signal: unit.last('Service.KillSignal'),
    graceSeconds,
    run: stops.length === 0 ? undefined : runOf(stops),
  });
  for (const key of ['User', 'Group', 'TimeoutSec', 'TimeoutStopSec', 'KillSignal'])
    unit.carried(`Service.${key}`);
  for (const key of ['ExecStartPost', 'ExecStopPost', 'ExecCondition'])
    unit.leave(`Service.${key}`, 'there is no such step here');
  for (const key of ['SuccessExitStatus', 'RestartPreventExitStatus', 'RestartForceExitStatus'])
    unit.leave(`Service.${key}`, 'a failure is any exit code but 0, and any signal');
  for (const [key, name] of Object.entries(groupLimits))
    unit.leave(
      `Service.${key}`,
      `say process: { cgroup: '/sys/fs/cgroup/…', cgroupLimits: { ${name}: … } }`,
    );
  const requirement = requirementOf(unit, names);
  unit.carried('Unit.Description');
  const options = { requirement, documentation: unit.last('Unit.Description') };
  return { variables, options, start, stop };
};

/** Those that can be carried over; the unit is told what cannot. */
const commandsIn = (unit: Unit, setting: Setting, names: UnitNames): readonly UnitCommand[] => {
  const { key, value, line } = setting;
  const commands = commandsOf(setting, names);
  const told = typeof commands === 'string' ? [commands] : commands.flatMap(({ told }) => told);
  for (const why of told) unit.note(`${key}=${value}: ${why}`, line);
  return typeof commands === 'string' ? [] : commands;
};

const serviceOf = (
  unit: Unit,
  names: ReadonlySet<string>,
  listening: readonly Unit[],
): ImportedEntry => {
  const { variables, options, start, stop } = commonOf(unit, names);
  const type = unit.last('Service.Type') ?? 'simple';
  const isOneShot = type === 'oneshot';
  const remains = unit.isOn('Service.RemainAfterExit');
  const pidFile = type === 'forking' ? unit.last('Service.PIDFile') : undefined;
  unit.carried('Service.Type');
  if (isOneShot || !remains) unit.carried('Service.RemainAfterExit');
  if (pidFile !== undefined) unit.carried('Service.PIDFile');
  if (type === 'dbus') unit.note('Type=dbus: say ready: { exec: exec([…]) }');
  if (type === 'forking' && pidFile === undefined)
    unit.note('Type=forking without a PIDFile: have the program stay in the foreground');
  const { sockets, accepting } = listeningOf(unit, listening);
  const stays = sockets.length > 0;
  const notifies = type.startsWith('notify') && accepting === undefined;
  if (notifies)
    unit.ignored('Service.NotifyAccess', 'processes of its user, and of root, are heard');
  const isWanted = isWantedBySome(unit);
  const all = withoutEmpty({
    ...options,
    start,
    pidFile:
      pidFile === undefined || stays
        ? undefined
        : { path: pidFile, timeoutSeconds: startSeconds(unit) },
    ready: notifies ? { sdNotify: true, timeoutSeconds: startSeconds(unit) } : undefined,
    oneShot: isOneShot && !remains && !stays ? true : undefined,
    remainAfterExit: isOneShot && remains && !stays ? true : undefined,
    respawn: isOneShot || accepting !== undefined ? undefined : respawnOf(unit, stays),
    stop: accepting === undefined ? stop : { ...stop, run: undefined },
    killGroup: accepting === undefined ? killGroupOf(unit) : undefined,
    actions: accepting === undefined ? reloadOf(unit, variables) : {},
    sockets,
    ...(accepting === undefined ? {} : inetdOf(accepting)),
    lazyStart: stays && isWanted && accepting === undefined ? false : undefined,
    autoStart: [unit, ...listening].filter(isWantedBySome).length > 0 ? true : undefined,
  });
  const isBounded = notifies || (pidFile !== undefined && !stays);
  if (isBounded) unit.carried('Service.TimeoutStartSec', 'Service.TimeoutSec');
  else leaveStartTimeout(unit, type);
  for (const each of [unit, ...listening]) each.leaveTheRest();
  const found = foundOf(unit, 'service', all, listening);
  const plain = unit.plain.replace(/@$/, '');
  const isTemplate = accepting !== undefined && !names.has(plain);
  return isTemplate ? { ...found, name: plainName(plain, nameChars) } : found;
};
/** Which setting says how long a start may take. */
const startTimeoutOf = (unit: Unit): string =>
  unit.last('Service.TimeoutStartSec') === undefined
    ? 'Service.TimeoutSec'
    : 'Service.TimeoutStartSec';
/** How long a start may take where it is waited for; as with systemd, 0 is no bound. */
const startSeconds = (unit: Unit): number =>
  Math.min((unit.seconds(startTimeoutOf(unit)) ?? 90) || longestSeconds, longestSeconds);
/** Says of a start that is not waited for here that it has no bound, where it had one of its own. */
const leaveStartTimeout = (unit: Unit, type: string): void => {
  const key = startTimeoutOf(unit);
  const seconds = unit.seconds(key, Infinity) ?? 0;
  const isBound = seconds > 0 && seconds < Infinity;
  const why = isBound ? unboundedStart(type, unit) : undefined;
  if (why !== undefined) return unit.leave(key, why);
  unit.ignored(key, 'a process that is there has started');
};
const unboundedStart = (type: string, unit: Unit): string | undefined => {
  if (type === 'oneshot')
    return "a one-shot takes as long as it does: say start: exec(['timeout', 'SECONDS', …])";
  if (type === 'dbus') return 'say it with what it is ready by: ready: { …, timeoutSeconds: … }';
  const isPrepared = unit.all('Service.ExecStartPre').length > 0;
  return isPrepared ? 'what runs before its program has no bound here' : undefined;
};
/** Where it listens, and by whom each who comes is to have a process. Says of the unit what does not go with that. */
const listeningOf = (
  unit: Unit,
  listening: readonly Unit[],
): { readonly sockets: readonly Value[]; readonly accepting: Unit | undefined } => {
  for (const each of listening) ignoreMeaningless(each);
  const all = listening.flatMap(socketsOf);
  const sockets = all.slice(0, socketCount);
  if (all.length > socketCount)
    unit.note(`it listens at ${all.length} places, of which ${socketCount} were carried over`);
  if (sockets.length === 0) return { sockets, accepting: undefined };
  const accepting = listening.find(accepts);
  const why = 'sockets are for a process that stays, or for one of each connection';
  for (const key of ['PIDFile', 'RemainAfterExit']) unit.leave(`Service.${key}`, why);
  if (accepting !== undefined) {
    for (const key of ['StandardOutput', 'StandardError'])
      unit.ignored(`Service.${key}`, 'the connection has the one, and the log the other');
    unit.ignored('Service.KillMode', 'there is no process but those of connections');
    unit.leave('Service.Restart', 'a connection whose process has ended is over');
    for (const key of ['ExecStop', 'ExecReload'])
      unit.leave(`Service.${key}`, 'there is no process but those of connections');
  }
  return { sockets, accepting };
};
const isWantedBySome = (unit: Unit): boolean => {
  const keys = ['Install.WantedBy', 'Install.RequiredBy'];
  unit.carried(...keys);
  return keys.flatMap((key) => unit.words(key)).length > 0;
};
const killGroupOf = (unit: Unit): boolean | undefined => {
  const mode = unit.last('Service.KillMode') ?? 'control-group';
  unit.carried('Service.KillMode');
  const mayStay = mode === 'process' || mode === 'none';
  const rest = mayStay ? 'what is left then stays' : 'kills what is left';
  if (mode !== 'control-group')
    unit.leave('Service.KillMode', `a stop signals all of its group, and ${rest}`);
  return mayStay ? false : undefined;
};
const foundOf = (
  unit: Unit,
  constructor: ImportedEntry['constructor'],
  options: ImportedEntry['options'],
  beside: readonly Unit[] = [],
): ImportedEntry => ({
  name: plainName(unit.plain, nameChars),
  from: unit.file,
  constructor,
  options,
  notes: [
    ...unit.notes,
    ...beside.flatMap(({ file, notes }) =>
      notes.map((note) => ({ ...note, text: `${file}: ${note.text}` })),
    ),
  ],
});

const timerOf = (unit: Unit, timer: Unit, names: ReadonlySet<string>): ImportedEntry => {
  const { options, start, stop } = commonOf(unit, names);
  ignoreMeaningless(timer);
  const maxSeconds = longestRun(unit);
  const spread = timer.seconds('Timer.RandomizedDelaySec');
  unit.ignored('Service.Type', 'each run of a timer is a process that ends');
  unit.ignored('Install.WantedBy', 'its timer is what is started');
  const isWanted = isWantedBySome(timer);
  timer.carried('Timer.Unit', 'Timer.RandomizedDelaySec', 'Timer.Persistent');
  timer.ignored('Unit.Description', 'its service has one');
  const all = withoutEmpty({
    ...options,
    when: whenOf(timer),
    run: start,
    maxSeconds,
    stop,
    catchUp: timer.isOn('Timer.Persistent') ? 'once' : undefined,
    spreadSeconds: spread === undefined ? undefined : Math.min(spread, 86_400),
    autoStart: isWanted ? true : undefined,
  });
  unit.leaveTheRest();
  timer.leaveTheRest();
  return foundOf(unit, 'timer', all, [timer]);
};
/** How long a run may take: with a one-shot, which has started when it has ended, that is what bounds its start. */
const longestRun = (unit: Unit): number | undefined => {
  const isOneShot = unit.last('Service.Type') === 'oneshot';
  const own = unit.seconds('Service.RuntimeMaxSec', Infinity);
  const key = startTimeoutOf(unit);
  const ofStart = isOneShot ? unit.seconds(key, Infinity) : undefined;
  unit.carried('Service.RuntimeMaxSec');
  if (isOneShot) unit.carried(key);
  else leaveStartTimeout(unit, 'simple');
  const seconds = own ?? ofStart ?? 0;
  return seconds === 0 || seconds > 604_800 ? undefined : seconds;
};
const whenOf = (timer: Unit): Value => {
  timer.carried('Timer.OnCalendar', 'Timer.OnUnitActiveSec', 'Timer.OnUnitInactiveSec');
  const [first, ...others] = timer.all('Timer.OnCalendar');
  for (const { value, line } of others)
    timer.note(`OnCalendar=${value}: a timer has one time; make another one`, line);
  const every = ['Timer.OnUnitActiveSec', 'Timer.OnUnitInactiveSec']
    .map((key) => timer.seconds(key))
    .find((seconds) => seconds !== undefined);
  for (const key of ['Timer.OnBootSec', 'Timer.OnStartupSec', 'Timer.OnActiveSec'])
    timer.leave(key, 'nothing here runs so long after a start');
  const fields = first === undefined ? undefined : calendarFields(first.value);
  if (fields !== undefined) return call('calendar', shortLists(fields));
  if (first !== undefined)
    timer.note(`OnCalendar=${first.value}: calendar cannot say that; it is daily now`, first.line);
  if (every !== undefined && every >= 1) return call('every', Math.round(every));
  return call('calendar', { hours: 0, minutes: 0 });
};
/** A list of one is that one. */
const shortLists = (fields: Readonly<Record<string, readonly (string | number)[]>>): Value =>
  Object.fromEntries(
    Object.entries(fields).map(([key, all]) => [key, all.length === 1 ? (all[0] ?? 0) : all]),
  );

const workingDirectory = (unit: Unit): string => {
  unit.carried('Service.WorkingDirectory');
  const said = (unit.last('Service.WorkingDirectory') ?? '/').replace(/^-/, '');
  if (said.startsWith('/')) return said;
  unit.note(`WorkingDirectory=${said}: say it whole`);
  return '/';
};
/** Those that have to be there, by their whole names; no others can be said. */
const environmentFilesOf = (unit: Unit): readonly string[] => {
  unit.carried('Service.EnvironmentFile');
  return unit.all('Service.EnvironmentFile').flatMap(({ value, line }) => {
    if (/^\/[^*?[\]%\\]*$/.test(value)) return [value];
    const why = 'say process: { environmentFiles: […] } with whole names of files that are there';
    unit.note(`EnvironmentFile=${value}: ${why}`, line);
    return [];
  });
};
const environmentOf = (unit: Unit): Readonly<Record<string, string>> => {
  unit.carried('Service.Environment');
  return Object.fromEntries(
    unit.words('Service.Environment').flatMap((word) => {
      const at = word.indexOf('=');
      return at < 1 ? [] : [[word.slice(0, at), word.slice(at + 1)] as const];
    }),
  );
};

/** Of units that are read alone: targets, mounts and devices are nothing that a shepherd has. */
const requirementOf = (unit: Unit, names: ReadonlySet<string>): readonly Value[] => {
  const found = new Map<string, Value>();
  const take = (key: string, valueOf: (name: string) => Value): void => {
    unit.carried(`Unit.${key}`);
    for (const { value, line } of unit.all(`Unit.${key}`))
      for (const word of value.split(/\s+/)) {
        const plain = word.replace(/\.service$/, '');
        if (names.has(plain)) found.set(plain, valueOf(plainName(plain, nameChars)));
        else if (word.endsWith('.service')) unit.note(`${key}=${word}: it was not read`, line);
        else if (!word.endsWith('.target')) unit.note(`${key}=${word}: it is no service`, line);
      }
  };
  take('Requires', (name) => name);
  take('Requisite', (name) => name);
  take('BindsTo', (name) => ({ name, ifLost: 'stop' }));
  for (const key of ['Wants', 'After', 'Before', 'PartOf', 'Conflicts']) {
    unit.ignored(`Unit.${key}`, 'what is told here is of services, and targets are none');
    for (const { value, line } of unit.all(`Unit.${key}`)) {
      const services = value
        .split(/\s+/)
        .filter((word) => word.endsWith('.service') && !found.has(word.replace(/\.service$/, '')));
      const why = 'only what a service cannot do without can be said: requirement';
      if (services.length > 0) unit.note(`${key}=${services.join(' ')}: ${why}`, line);
    }
  }
  return [...found.values()];
};

const respawnKeys = [
  ...['Service.Restart', 'Service.RestartSec', 'Unit.StartLimitBurst', 'Service.StartLimitBurst'],
  ...['Unit.StartLimitIntervalSec', 'Service.StartLimitInterval'],
];
/** Of what waits at sockets whatever has ended waits there again. */
const respawnOf = (unit: Unit, isSocketed: boolean): Value | undefined => {
  const restart = unit.last('Service.Restart') ?? 'no';
  const delay = unit.seconds('Service.RestartSec');
  const limit = unit.last('Unit.StartLimitBurst') ?? unit.last('Service.StartLimitBurst');
  const window =
    unit.seconds('Unit.StartLimitIntervalSec') ?? unit.seconds('Service.StartLimitInterval');
  for (const key of respawnKeys) unit.carried(key);
  if (restart === 'no') return undefined;
  const on = restart === 'on-failure' && !isSocketed ? 'failure' : undefined;
  if (restart !== 'always' && on === undefined)
    unit.note(`Restart=${restart}: it is started again after any end that nobody has asked for`);
  return withoutEmpty({
    on,
    limit: limit !== undefined && /^\d{1,3}$/.test(limit) ? Number(limit) : 5,
    // What systemd has where a unit says nothing.
    windowSeconds: window === undefined || window === 0 ? 10 : Math.min(window, longestSeconds),
    delaySeconds: delay === undefined ? 0.1 : Math.min(delay, longestSeconds),
    fixed: true,
  });
};
const reloadOf = (unit: Unit, variables: Common['variables']): Value => {
  unit.carried('Service.ExecReload');
  const settings = unit.raw('Service.ExecReload');
  const [only] = settings;
  if (only === undefined) return {};
  const documentation = 'Have it read its configuration again.';
  const signal = settings.length === 1 ? signalSentBy(only) : undefined;
  if (signal !== undefined) return { 'reload-config': { documentation, signal } };
  const names = namesOf(unit, variables);
  const each = settings.map((setting) => {
    const commands = commandsIn(unit, setting, names);
    if (commands.every(({ words }) => words !== undefined)) return commands;
    unit.note(`ExecReload=${setting.value}: an action does not know MAINPID`, setting.line);
    return [];
  });
  return each.some((commands) => commands.length === 0)
    ? {}
    : { 'reload-config': { documentation, run: runOf(each.flat()) } };
};

const groupLimits: Readonly<Record<string, string>> = {
  MemoryMax: 'memoryBytes',
  CPUQuota: 'cpuPercent',
  TasksMax: 'processes',
};
