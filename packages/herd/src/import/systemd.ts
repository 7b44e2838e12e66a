/**
 * Units of systemd: services, and the timers that start them.
 *
 *     of systemd                                 here
 *     simple, exec, idle                         start: exec([…]) or shell('…')
 *     oneshot, with RemainAfterExit              oneShot, remainAfterExit
 *     forking with PIDFile                       pidFile
 *     Requires, BindsTo of units that are read   requirement, with ifLost: 'stop'
 *     Restart, RestartSec, StartLimit…           respawn
 *     ExecReload, ExecStop, KillSignal, Timeout  the action reload, stop
 *     User … LimitNOFILE … Nice … UMask …        user, process: { … }
 *     EnvironmentFile of a file that is there    process: { environmentFiles }
 *     a .timer beside its service                timer({ … }) in place of it
 *     a .socket beside its service               sockets; with Accept=yes and NAME@.service activation: 'inetd'
 *
 * Everything else is said to be left behind, with its line, but for what means nothing here.
 */
import { longestSeconds, nameChars } from '../config/limits.ts';
import {
  call,
  withoutEmpty,
  permissions,
  plainName,
  secretNotes,
  type ImportedEntry,
  type Imported,
  type Note,
  type SourceFile,
  type Value,
} from './found.ts';
import { commandOf, runOf, signalSentBy, startOf, type UnitCommand } from './systemd-commands.ts';
import { accepts, inetdOf, socketsOf } from './systemd-sockets.ts';
import { calendarFields } from './systemd-times.ts';
import { Unit } from './systemd-unit.ts';

/** Reads units together: which of them require each other is known then. */
export const readUnits = (sources: readonly SourceFile[]): Imported => {
  const units = sources.map((source) => new Unit(source));
  const services = units.filter(({ name }) => name.endsWith('.service'));
  const names = new Set(services.map(({ plain }) => plain));
  const timers = new Map<string, Unit>();
  const sockets = new Map<string, readonly Unit[]>();
  const notes: Note[] = [];
  const tell = (unit: Unit, text: string): void =>
    void notes.push({ file: unit.file, text: `${unit.file}${text}` });
  for (const unit of units) {
    const of = (servedBy(unit) ?? `${unit.plain}.service`).replace(/\.service$/, '');
    if (unit.name.endsWith('.service')) continue;
    if (!/\.(?:timer|socket)$/.test(unit.name))
      tell(unit, ' was not carried over: it is no service');
    else if (!names.has(of)) tell(unit, `: its service ${of} was not read`);
    else if (unit.name.endsWith('.timer')) timers.set(of, unit);
    else sockets.set(of, [...(sockets.get(of) ?? []), unit]);
  }
  const found = services.flatMap((unit): readonly ImportedEntry[] => {
    const timer = timers.get(unit.plain);
    const listening = sockets.get(unit.plain) ?? [];
    if (unit.all('Service.ExecStart').length === 0) {
      tell(unit, ': it has no ExecStart');
      return [];
    }
    if (timer === undefined) return [serviceOf(unit, names, listening)];
    for (const each of listening) tell(each, ' was not carried over: its service is a timer');
    return [timerOf(unit, timer, names)];
  });
  return { found, notes };
};

/** Who accepts has an instance of its template for each connection, whatever else it says. */
const servedBy = (unit: Unit): string | undefined => {
  if (unit.name.endsWith('.timer')) return unit.last('Timer.Unit');
  const said = unit.last('Socket.Service');
  return accepts(unit) ? `${unit.plain}@` : said;
};

/** What has no meaning here, or none worth a word. */
const meaningless = [
  ...[
    'Unit.Documentation',
    'Unit.SourcePath',
    'Service.SyslogIdentifier',
    'Install.Alias',
    'Install.Also',
  ],
  ...[
    'Service.StandardInput',
    'Unit.DefaultDependencies',
    'Service.GuessMainPID',
    'Timer.AccuracySec',
  ],
];

interface Common {
  readonly variables: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, Value | undefined>>;
  readonly start: Value;
  readonly stop: Readonly<Record<string, Value | undefined>>;
}
const commonOf = (unit: Unit, names: ReadonlySet<string>): Common => {
  for (const key of meaningless) unit.all(key);
  const variables = environmentOf(unit);
  for (const { text } of secretNotes(variables, (text) => ({ file: unit.file, text })))
    unit.note(text);
  const environmentFiles = environmentFilesOf(unit);
  // What files say wins, and is known at a start alone.
  const known = environmentFiles.length > 0 ? {} : variables;
  const commands = (key: string, variables = known): readonly UnitCommand[] =>
    unit.all(`Service.${key}`).flatMap((setting): readonly UnitCommand[] => {
      const command = commandOf(setting, { unit: unit.name, variables });
      if (typeof command !== 'string') return [command];
      unit.note(`${key}=${setting.value}: ${command}`, setting.line);
      return [];
    });
  const main = commands('ExecStart');
  if (main.length === 0) unit.note('its ExecStart cannot be carried over: say start: exec([…])');
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
  for (const key of ['ExecStartPost', 'ExecStopPost', 'ExecCondition'])
    unit.leave(`Service.${key}`, 'there is no such step here');
  for (const [key, name] of Object.entries(groupLimits))
    unit.leave(
      `Service.${key}`,
      `say process: { cgroup: '/sys/fs/cgroup/…', cgroupLimits: { ${name}: … } }`,
    );
  const requirement = requirementOf(unit, names);
  const options = { requirement, documentation: unit.last('Unit.Description') };
  return { variables, options, start, stop };
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
  const pidFile = unit.last('Service.PIDFile');
  if (type === 'notify' || type === 'notify-reload')
    unit.note(
      `Type=${type}: say ready: { notifyFd: 3 }, { http: … } or { log: '…' } instead of sd_notify`,
    );
  if (type === 'dbus') unit.note('Type=dbus: say ready: { exec: exec([…]) }');
  if (type === 'forking' && pidFile === undefined)
    unit.note('Type=forking without a PIDFile: have the program stay in the foreground');
  const { sockets, accepting } = listeningOf(unit, listening);
  const stays = sockets.length > 0;
  const isWanted = isWantedBySome(unit);
  const all = withoutEmpty({
    ...options,
    start,
    pidFile: type === 'forking' && pidFile !== undefined && !stays ? { path: pidFile } : undefined,
    oneShot: isOneShot && !remains && !stays ? true : undefined,
    remainAfterExit: isOneShot && remains && !stays ? true : undefined,
    respawn: isOneShot || accepting !== undefined ? undefined : respawnOf(unit),
    stop: accepting === undefined ? stop : { ...stop, run: undefined },
    killGroup: accepting === undefined ? killGroupOf(unit) : undefined,
    actions: accepting === undefined ? reloadOf(unit, variables) : {},
    sockets,
    ...(accepting === undefined ? {} : inetdOf(accepting)),
    lazyStart: stays && isWanted && accepting === undefined ? false : undefined,
    autoStart: [unit, ...listening].filter(isWantedBySome).length > 0 ? true : undefined,
  });
  unit.last('Service.TimeoutStartSec');
  for (const each of [unit, ...listening]) each.leaveTheRest();
  const found = foundOf(unit, 'service', all, listening);
  const plain = unit.plain.replace(/@$/, '');
  const isTemplate = accepting !== undefined && !names.has(plain);
  return isTemplate ? { ...found, name: plainName(plain, nameChars) } : found;
};
/** Where it listens, and by whom each who comes is to have a process. Says of the unit what does not go with that. */
const listeningOf = (
  unit: Unit,
  listening: readonly Unit[],
): { readonly sockets: readonly Value[]; readonly accepting: Unit | undefined } => {
  for (const each of listening) for (const key of meaningless) each.all(key);
  const sockets = listening.flatMap(socketsOf);
  if (sockets.length === 0) return { sockets, accepting: undefined };
  const accepting = listening.find(accepts);
  const why = 'sockets are for a process that stays, or for one of each connection';
  for (const key of ['PIDFile', 'RemainAfterExit']) unit.leave(`Service.${key}`, why);
  if (accepting !== undefined) {
    for (const key of ['StandardOutput', 'StandardError', 'KillMode']) unit.all(`Service.${key}`);
    unit.leave('Service.Restart', 'a connection whose process has ended is over');
    for (const key of ['ExecStop', 'ExecReload'])
      unit.leave(`Service.${key}`, 'there is no process but those of connections');
  }
  return { sockets, accepting };
};
const isWantedBySome = (unit: Unit): boolean =>
  [...unit.words('Install.WantedBy'), ...unit.words('Install.RequiredBy')].length > 0;
const killGroupOf = (unit: Unit): boolean | undefined => {
  const mode = unit.last('Service.KillMode') ?? 'control-group';
  if (mode !== 'control-group')
    unit.leave('Service.KillMode', 'a stop signals all of its group, and kills what is left');
  return mode === 'process' || mode === 'none' ? false : undefined;
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
  for (const key of meaningless) timer.all(key);
  const maxSeconds = unit.seconds('Service.RuntimeMaxSec', Infinity);
  const spread = timer.seconds('Timer.RandomizedDelaySec');
  for (const key of ['Service.Type', 'Install.WantedBy', 'Service.TimeoutStartSec']) unit.all(key);
  const isWanted = isWantedBySome(timer);
  timer.all('Timer.Unit');
  timer.all('Unit.Description');
  const all = withoutEmpty({
    ...options,
    when: whenOf(timer),
    run: start,
    maxSeconds: maxSeconds === undefined || maxSeconds > 604_800 ? undefined : maxSeconds,
    stop,
    catchUp: timer.isOn('Timer.Persistent') ? 'once' : undefined,
    spreadSeconds: spread === undefined ? undefined : Math.min(spread, 86_400),
    autoStart: isWanted ? true : undefined,
  });
  unit.leaveTheRest();
  timer.leaveTheRest();
  return foundOf(unit, 'timer', all, [timer]);
};
const whenOf = (timer: Unit): Value => {
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
  const said = (unit.last('Service.WorkingDirectory') ?? '/').replace(/^-/, '');
  if (said.startsWith('/')) return said;
  unit.note(`WorkingDirectory=${said}: say it whole`);
  return '/';
};
/** Those that have to be there, by their whole names; no others can be said. */
const environmentFilesOf = (unit: Unit): readonly string[] =>
  unit.all('Service.EnvironmentFile').flatMap(({ value, line }) => {
    if (/^\/[^*?[\]%\\]*$/.test(value)) return [value];
    const why = 'say process: { environmentFiles: […] } with whole names of files that are there';
    unit.note(`EnvironmentFile=${value}: ${why}`, line);
    return [];
  });
const environmentOf = (unit: Unit): Readonly<Record<string, string>> =>
  Object.fromEntries(
    unit.words('Service.Environment').flatMap((word) => {
      const at = word.indexOf('=');
      return at < 1 ? [] : [[word.slice(0, at), word.slice(at + 1).replaceAll('%%', '%')] as const];
    }),
  );

/** Of units that are read alone: targets, mounts and devices are nothing that a shepherd has. */
const requirementOf = (unit: Unit, names: ReadonlySet<string>): readonly Value[] => {
  const found = new Map<string, Value>();
  const take = (key: string, valueOf: (name: string) => Value): void => {
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
  for (const key of ['Wants', 'After', 'Before', 'PartOf', 'Conflicts'])
    for (const { value, line } of unit.all(`Unit.${key}`)) {
      const services = value
        .split(/\s+/)
        .filter((word) => word.endsWith('.service') && !found.has(word.replace(/\.service$/, '')));
      const why = 'only what a service cannot do without can be said: requirement';
      if (services.length > 0) unit.note(`${key}=${services.join(' ')}: ${why}`, line);
    }
  return [...found.values()];
};

const respawnOf = (unit: Unit): Value | undefined => {
  const restart = unit.last('Service.Restart') ?? 'no';
  const delay = unit.seconds('Service.RestartSec');
  const limit = unit.last('Unit.StartLimitBurst') ?? unit.last('Service.StartLimitBurst');
  const window =
    unit.seconds('Unit.StartLimitIntervalSec') ?? unit.seconds('Service.StartLimitInterval');
  if (restart === 'no') return undefined;
  if (restart !== 'always')
    unit.note(`Restart=${restart}: it is started again after any end that nobody has asked for`);
  return withoutEmpty({
    limit: limit !== undefined && /^\d{1,3}$/.test(limit) ? Number(limit) : 5,
    // What systemd has where a unit says nothing.
    windowSeconds: window === undefined || window === 0 ? 10 : Math.min(window, longestSeconds),
    delaySeconds: delay === undefined ? 0.1 : Math.min(delay, longestSeconds),
    fixed: true,
  });
};
const reloadOf = (unit: Unit, variables: Common['variables']): Value => {
  const settings = unit.all('Service.ExecReload');
  const [only] = settings;
  if (only === undefined) return {};
  const documentation = 'Have it read its configuration again.';
  const signal = settings.length === 1 ? signalSentBy(only) : undefined;
  if (signal !== undefined) return { 'reload-config': { documentation, signal } };
  const names = { unit: unit.name, variables };
  const commands = settings.flatMap((setting) => {
    const command = commandOf(setting, names);
    const isPlain = typeof command !== 'string' && !command.usesVariables;
    if (!isPlain)
      unit.note(`ExecReload=${setting.value}: an action does not know MAINPID`, setting.line);
    return isPlain ? [command] : [];
  });
  return commands.length < settings.length
    ? {}
    : { 'reload-config': { documentation, run: runOf(commands) } };
};

const limits: Readonly<Record<string, string>> = {
  LimitAS: 'addressSpaceBytes',
  LimitCORE: 'coreBytes',
  LimitCPU: 'cpuSeconds',
  LimitDATA: 'dataBytes',
  LimitFSIZE: 'fileBytes',
  LimitMEMLOCK: 'lockedBytes',
  LimitNOFILE: 'openFiles',
  LimitNPROC: 'processes',
  LimitSTACK: 'stackBytes',
};
const groupLimits: Readonly<Record<string, string>> = {
  MemoryMax: 'memoryBytes',
  CPUQuota: 'cpuPercent',
  TasksMax: 'processes',
};
const processOf = (unit: Unit, environmentFiles: readonly string[]): Value => {
  const bounds = Object.entries(limits).flatMap(([key, name]) => {
    const bound = unit.read(`Service.${key}`, boundsOf);
    return bound === undefined ? [] : [[name, bound] as const];
  });
  return withoutEmpty({
    groups: unit.words('Service.SupplementaryGroups'),
    umask: unit.read('Service.UMask', permissions),
    limits: Object.fromEntries(bounds),
    nice: unit.read('Service.Nice', wholeNumber),
    oomScore: unit.read('Service.OOMScoreAdjust', wholeNumber),
    noNewPrivileges: unit.isOn('Service.NoNewPrivileges') ? true : undefined,
    root: unit.last('Service.RootDirectory'),
    environmentFiles,
  });
};
const wholeNumber = (text: string): number | undefined =>
  /^-?\d{1,9}$/.test(text) ? Number(text) : undefined;
const boundsOf = (text: string): Value | undefined => {
  const [soft, hard = soft] = text.split(':').map(boundOf);
  if (soft === undefined || hard === undefined) return undefined;
  return soft === hard ? soft : [soft, hard];
};
const powers: Readonly<Record<string, number>> = {
  '': 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};
const boundOf = (text: string): Value | undefined => {
  if (text === 'infinity') return 'unlimited';
  const [, digits, unit = ''] = /^(\d+)([KMGT]?)$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * (powers[unit] ?? 1);
};
