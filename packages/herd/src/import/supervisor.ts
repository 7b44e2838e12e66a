/** Programs of supervisord: the `[program:…]` sections of its configuration, with what `[supervisord]` says of all. */
import { keptLogCount, logMebibytes, longestSeconds, nameChars } from '../config/limits.ts';
import {
  execOf,
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
import { sectionsOf, type Section } from './ini.ts';
import { splitWords } from './words.ts';

const ownSections =
  /^(supervisord|unix_http_server|inet_http_server|supervisorctl|rpcinterface:.*)$/;
/** Of `[supervisord]`, what its programs have where they say nothing else; the second two once it is a daemon. */
const inherited = ['user', 'environment', 'directory', 'umask'];
/** Of `[supervisord]`, what is of itself. */
const itsOwn =
  /^(?:logfile.*|loglevel|pidfile|nodaemon|silent|nocleanup|childlogdir|identifier|directory|umask)$/;
/** Copies of one program that become services each. */
const copyCount = 64;
const known = new Set(
  (
    'command process_name numprocs numprocs_start directory umask autostart autorestart ' +
    'startretries stopsignal stopwaitsecs user environment stdout_logfile_maxbytes ' +
    'stdout_logfile_backups stopasgroup killasgroup redirect_stderr priority'
  ).split(' '),
);
const reasons = new Map(
  Object.entries({
    startsecs: "say ready: { log: '…' } or ready: { http: '…' }",
    exitcodes: 'a failure is any exit code but 0, and any signal',
    stdout_logfile: "'herd log' has it",
    stderr_logfile: "'herd log' has it",
    stderr_logfile_maxbytes: 'output and errors are one log',
    stderr_logfile_backups: 'output and errors are one log',
    stdout_capture_maxbytes: 'there are no events',
    stdout_events_enabled: 'there are no events',
    minfds: 'say process: { limits: { openFiles: … } }',
    minprocs: 'say process: { limits: { processes: … } }',
  }),
);

/** Reads one. */
export const readSupervisor = (source: SourceFile): Imported => {
  const { file } = source;
  const { sections, notes: strange } = sectionsOf(source, 'supervisor');
  const groups = groupsIn(sections);
  const notes: Note[] = [...strange];
  const shared = sections.flatMap(({ title, settings }) =>
    title === 'supervisord' ? settings : [],
  );
  const isDaemon = !shared.some(({ key, value }) => key === 'nodaemon' && isTrue.test(value));
  const keys = isDaemon ? inherited : inherited.slice(0, 2);
  const ofAll = shared.filter(({ key }) => keys.includes(key));
  for (const { key, value, line } of shared)
    if (!keys.includes(key) && !itsOwn.test(key))
      notes.push({ file, line, text: `${key}=${value}${because(reasons.get(key))}` });
  const found: ImportedEntry[] = [];
  for (const section of sections) {
    const [kind = '', name] = section.title.split(/:(.*)/);
    if (kind === 'program' && name !== undefined)
      found.push(
        ...programsOf(
          { ...section, settings: [...ofAll, ...section.settings] },
          name.trim(),
          source,
          groups,
        ),
      );
    else if (kind !== 'group' && !ownSections.test(section.title))
      notes.push({ file, line: section.line, text: `[${section.title}] was not carried over` });
  }
  return { found, notes };
};

/** The group of each program that is in one. */
const groupsIn = (sections: readonly Section[]): ReadonlyMap<string, string> =>
  new Map(
    sections.flatMap(({ title, settings }) => {
      if (!title.startsWith('group:')) return [];
      const programs = settings.find(({ key }) => key === 'programs')?.value ?? '';
      return programs
        .split(',')
        .map((each) => [each.trim(), title.slice('group:'.length)] as const);
    }),
  );

const programsOf = (
  section: Section,
  name: string,
  source: SourceFile,
  groups: ReadonlyMap<string, string>,
): readonly ImportedEntry[] => {
  const count = Number(section.settings.find(({ key }) => key === 'numprocs')?.value ?? 1);
  const copies = Number.isSafeInteger(count) ? Math.min(Math.max(1, count), copyCount) : 1;
  return Array.from({ length: copies }, (_none, at) =>
    programOf(section, name, source, groups, copies > 1 ? at : undefined),
  );
};
const programOf = (
  { settings, line }: Section,
  name: string,
  { file, folder }: SourceFile,
  groups: ReadonlyMap<string, string>,
  copy: number | undefined,
): ImportedEntry => {
  const notes: Note[] = [];
  const note = (text: string, at = line): Note => ({ file, line: at, text });
  const said = new Map<string, string>();
  for (const { key, value, line: at } of settings) {
    const before = key === 'environment' && said.has(key) ? `${said.get(key)},` : '';
    if (key === 'exitcodes' && value === '0') continue;
    if (!known.has(key)) notes.push(note(`${key}=${value}${because(reasons.get(key))}`, at));
    else said.set(key, before + expanded(value, name, folder, copy));
  }
  for (const [key, value] of said)
    if (/%\([A-Za-z_]/.test(value))
      notes.push(note(`${key}: only program_name, process_num and here are known in it: ${value}`));
  const variables = environmentOf(said.get('environment') ?? '');
  for (const each of secretNotes(variables, note)) notes.push(each);
  if (said.has('priority')) notes.push(note(`priority: say what it requires: requirement: ['…']`));
  const words = splitWords(said.get('command') ?? '', 'posix');
  if (words === undefined || words.length === 0) notes.push(note('its command cannot be read'));
  const directory = said.get('directory');
  const umask = permissions(said.get('umask') ?? '');
  if (said.has('umask') && umask === undefined)
    notes.push(note(`umask=${said.get('umask') ?? ''} cannot be read`));
  const group = groups.get(name);
  const around = {
    ...(directory !== undefined && { cwd: directory }),
    env: variables,
    ...(said.has('user') && { user: said.get('user') }),
    ...(umask !== undefined && { process: { umask } }),
  };
  return {
    name: plainName(copy === undefined ? name : `${name}-${copy}`, nameChars),
    from: `${file}: [program:${name}]`,
    constructor: 'service',
    options: withoutEmpty({
      labels: group === undefined ? undefined : { group: plainName(group, 63) },
      start: execOf(words === undefined || words.length === 0 ? ['false'] : words, around),
      respawn: respawnOf(said),
      stop: {
        signal: signalName(said.get('stopsignal') ?? 'TERM'),
        graceSeconds: Math.min(secondsIn(said.get('stopwaitsecs'), 10), longestSeconds),
      },
      log: logOf(said),
      autoStart: !isFalse.test(said.get('autostart') ?? ''),
    }),
    notes,
  };
};
const isTrue = /^(?:true|yes|on|t|1)$/i;
const isFalse = /^(?:false|no|off|f|0)$/i;
const because = (why: string | undefined): string => (why === undefined ? '' : `: ${why}`);
const expanded = (value: string, name: string, here: string, copy: number | undefined): string =>
  value
    .replaceAll('%(program_name)s', name)
    .replaceAll('%(here)s', here)
    .replaceAll(/%\(process_num\)(?:0?(\d))?d/g, (_all, width: string | undefined) =>
      String(copy ?? 0).padStart(Number(width ?? 1), '0'),
    )
    .replaceAll('%%', '%');
const secondsIn = (value: string | undefined, without: number): number => {
  const seconds = Number(value ?? without);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : without;
};
/** `TERM` and `SIGTERM` alike. */
const signalName = (text: string): string =>
  text.toUpperCase().startsWith('SIG') ? text.toUpperCase() : `SIG${text.toUpperCase()}`;
const respawnOf = (said: ReadonlyMap<string, string>): Value | undefined => {
  if (isFalse.test(said.get('autorestart') ?? '')) return undefined;
  const limit = said.get('startretries');
  const policy = withoutEmpty({
    on: isTrue.test(said.get('autorestart') ?? '') ? undefined : 'failure',
    limit: limit === undefined || !/^\d{1,3}$/.test(limit) ? undefined : Number(limit),
  });
  return Object.keys(policy).length === 0 ? true : policy;
};
const sizes: Readonly<Record<string, number>> = { KB: 1 / 1_024, MB: 1, GB: 1_024 };
const logOf = (said: ReadonlyMap<string, string>): Value => {
  const [, digits, unit = ''] =
    /^(\d+)(KB|MB|GB)$/i.exec(said.get('stdout_logfile_maxbytes') ?? '') ?? [];
  const size = Math.ceil(Number(digits ?? 0) * (sizes[unit.toUpperCase()] ?? 0));
  const kept = Number(said.get('stdout_logfile_backups') ?? 0);
  return withoutEmpty({
    maxMiB: size > 0 ? Math.min(size, logMebibytes) : undefined,
    keep: kept > 0 ? Math.min(kept, keptLogCount) : undefined,
  });
};

/** `A="b",C=d`. */
const environmentOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...text.matchAll(/(?<!\w)([A-Za-z_]\w*)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^,]*))/g)].map(
      ([, key = '', double, single, bare]) =>
        [key, double?.replaceAll(/\\(.)/g, '$1') ?? single ?? bare?.trim() ?? ''] as const,
    ),
  );
