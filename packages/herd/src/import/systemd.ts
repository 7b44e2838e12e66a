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
import { sectionsOf, type Setting } from './ini.ts';
import { commandOf, runOf, signalSentBy, startOf, type UnitCommand } from './systemd-commands.ts';
import { calendarFields, spanSeconds } from './systemd-times.ts';
import { splitWords } from './words.ts';

/** A unit that was read: its settings by `Section.Key`. An empty value takes back what stood there before. */
class Unit {
  readonly file: string;
  readonly name: string;
  readonly notes: Note[] = [];
  readonly #settings = new Map<string, Setting[]>();
  readonly #used = new Set<string>();

  constructor(source: SourceFile) {
    this.file = source.file;
    this.name = source.file.replace(/^.*\//, '');
    const { sections, notes } = sectionsOf(source, 'systemd');
    for (const note of notes) this.notes.push(note);
    for (const { title, settings } of sections)
      for (const setting of settings) {
        const key = `${title}.${setting.key}`;
        const before = this.#settings.get(key);
        if (before === undefined || setting.value === '') this.#settings.set(key, []);
        if (setting.value !== '') this.#settings.get(key)?.push(setting);
      }
  }
  get plain(): string {
    return this.name.replace(/\.[a-z]+$/, '');
  }
  /** All of a key. */
  all(key: string): readonly Setting[] {
    this.#used.add(key);
    return this.#settings.get(key) ?? [];
  }
  /** The last of a key, which counts. */
  last(key: string): string | undefined {
    return this.all(key).at(-1)?.value;
  }
  /** Names and values in lists of blanks. */
  words(key: string): readonly string[] {
    return this.all(key).flatMap(({ value }) => splitWords(value, 'c') ?? []);
  }
  isOn(key: string): boolean {
    return /^(?:1|yes|true|on)$/i.test(this.last(key) ?? '');
  }
  note(text: string, line?: number): void {
    this.notes.push({ file: this.file, ...(line !== undefined && { line }), text });
  }
  /** A setting that cannot be carried over. */
  leave(key: string, why: string): void {
    for (const { key: word, value, line } of this.all(key))
      this.note(`${word}=${value}: ${why}`, line);
  }
  /** Says of all that nobody has looked at that it is left behind. */
  leaveTheRest(): void {
    for (const [key, settings] of this.#settings) {
      if (this.#used.has(key)) continue;
      for (const { key: word, value, line } of settings) this.note(`${word}=${value}`, line);
    }
  }
}

/** Reads units together: which of them require each other is known then. */
export const readUnits = (sources: readonly SourceFile[]): Imported => {
  const units = sources.map((source) => new Unit(source));
  const services = units.filter(({ name }) => name.endsWith('.service'));
  const names = new Set(services.map(({ plain }) => plain));
  const timers = new Map<string, Unit>();
  const notes: Note[] = [];
  for (const unit of units) {
    if (unit.name.endsWith('.timer')) {
      const of = (unit.last('Timer.Unit') ?? `${unit.plain}.service`).replace(/\.service$/, '');
      if (names.has(of)) timers.set(of, unit);
      else notes.push({ file: unit.file, text: `${unit.file}: its service ${of} was not read` });
    } else if (!unit.name.endsWith('.service'))
      notes.push({ file: unit.file, text: `${unit.file} was not carried over: it is no service` });
  }
  const found = services.flatMap((unit): readonly ImportedEntry[] => {
    const timer = timers.get(unit.plain);
    if (unit.all('Service.ExecStart').length > 0)
      return [timer === undefined ? serviceOf(unit, names) : timerOf(unit, timer, names)];
    notes.push({ file: unit.file, text: `${unit.file}: it has no ExecStart` });
    return [];
  });
  return { found, notes };
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
  readonly options: Readonly<Record<string, Value | undefined>>;
  readonly start: Value;
  readonly stop: Value;
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
  const whole = secondsOf(unit, 'Service.TimeoutSec');
  // As with systemd, 0 is no bound.
  const grace = (secondsOf(unit, 'Service.TimeoutStopSec') ?? whole ?? 90) || longestSeconds;
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
  return { options: { requirement, documentation: unit.last('Unit.Description') }, start, stop };
};

const serviceOf = (unit: Unit, names: ReadonlySet<string>): ImportedEntry => {
  const { options, start, stop } = commonOf(unit, names);
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
  const isWanted =
    [...unit.words('Install.WantedBy'), ...unit.words('Install.RequiredBy')].length > 0;
  const all = withoutEmpty({
    ...options,
    start,
    pidFile: type === 'forking' && pidFile !== undefined ? { path: pidFile } : undefined,
    oneShot: isOneShot && !remains ? true : undefined,
    remainAfterExit: isOneShot && remains ? true : undefined,
    respawn: isOneShot ? undefined : respawnOf(unit),
    stop,
    killGroup: killGroupOf(unit),
    actions: reloadOf(unit),
    autoStart: isWanted ? true : undefined,
  });
  unit.last('Service.TimeoutStartSec');
  unit.leaveTheRest();
  return foundOf(unit, 'service', all);
};
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
  more: readonly Note[] = [],
): ImportedEntry => ({
  name: plainName(unit.plain, nameChars),
  from: unit.file,
  constructor,
  options,
  notes: [...unit.notes, ...more],
});

const timerOf = (unit: Unit, timer: Unit, names: ReadonlySet<string>): ImportedEntry => {
  const { options, start, stop } = commonOf(unit, names);
  for (const key of meaningless) timer.all(key);
  const maxSeconds = secondsOf(unit, 'Service.RuntimeMaxSec', Infinity);
  const spread = secondsOf(timer, 'Timer.RandomizedDelaySec');
  for (const key of ['Service.Type', 'Install.WantedBy', 'Service.TimeoutStartSec']) unit.all(key);
  const isWanted = timer.words('Install.WantedBy').length > 0;
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
  const notes = timer.notes.map((note) => ({ ...note, text: `${timer.file}: ${note.text}` }));
  return foundOf(unit, 'timer', all, notes);
};
const whenOf = (timer: Unit): Value => {
  const [first, ...others] = timer.all('Timer.OnCalendar');
  for (const { value, line } of others)
    timer.note(`OnCalendar=${value}: a timer has one time; make another one`, line);
  const every = ['Timer.OnUnitActiveSec', 'Timer.OnUnitInactiveSec']
    .map((key) => secondsOf(timer, key))
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

/** `unbounded` stands for `infinity`. */
const secondsOf = (
  unit: Unit,
  key: string,
  unbounded: number = longestSeconds,
): number | undefined => {
  const value = unit.last(key);
  if (value === undefined) return undefined;
  const seconds = spanSeconds(value);
  if (seconds === undefined) unit.note(`${key.replace(/^.*\./, '')}=${value} is no span of time`);
  return seconds === Infinity ? unbounded : seconds;
};
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
  const delay = secondsOf(unit, 'Service.RestartSec');
  const limit = unit.last('Unit.StartLimitBurst') ?? unit.last('Service.StartLimitBurst');
  const window =
    secondsOf(unit, 'Unit.StartLimitIntervalSec') ?? secondsOf(unit, 'Service.StartLimitInterval');
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
const reloadOf = (unit: Unit): Value => {
  const settings = unit.all('Service.ExecReload');
  const [only] = settings;
  if (only === undefined) return {};
  const documentation = 'Have it read its configuration again.';
  const signal = settings.length === 1 ? signalSentBy(only) : undefined;
  if (signal !== undefined) return { 'reload-config': { documentation, signal } };
  const names = { unit: unit.name, variables: environmentOf(unit) };
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
  const read = <T>(key: string, readerOf: (text: string) => T | undefined): T | undefined => {
    const said = unit.last(`Service.${key}`);
    const value = said === undefined ? undefined : readerOf(said);
    if (said !== undefined && value === undefined) unit.note(`${key}=${said} cannot be read`);
    return value;
  };
  const bounds = Object.entries(limits).flatMap(([key, name]) => {
    const bound = read(key, boundsOf);
    return bound === undefined ? [] : [[name, bound] as const];
  });
  return withoutEmpty({
    groups: unit.words('Service.SupplementaryGroups'),
    umask: read('UMask', permissions),
    limits: Object.fromEntries(bounds),
    nice: read('Nice', wholeNumber),
    oomScore: read('OOMScoreAdjust', wholeNumber),
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
