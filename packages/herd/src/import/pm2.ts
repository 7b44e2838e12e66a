/** Applications of pm2, as JSON: what `module.exports` of an ecosystem.config.js is. */
import path from 'node:path';
import { nameChars } from '../config/limits.ts';
import {
  execOf,
  withoutEmpty,
  plainName,
  secretNotes,
  type ImportedEntry,
  type Imported,
  type Note,
  type SourceFile,
  type Value,
} from './found.ts';

const interpreters: Readonly<Record<string, string>> = {
  '.js': 'node',
  '.cjs': 'node',
  '.mjs': 'node',
  '.py': 'python3',
  '.rb': 'ruby',
  '.sh': 'bash',
  '.pl': 'perl',
  '.php': 'php',
};
/** What is taken over, or has no meaning here. */
const known = new Set(
  (
    'name script args interpreter node_args interpreter_args cwd env instances exec_mode ' +
    'autorestart max_restarts restart_delay exp_backoff_restart_delay min_uptime ' +
    'kill_timeout user uid gid vizion pmx automation source_map_support version namespace ' +
    'treekill time merge_logs'
  ).split(' '),
);
const reasons = new Map(
  Object.entries({
    watch: 'nothing here restarts a service because files have changed',
    max_memory_restart:
      'nothing here restarts what grows: say process: { limits: { dataBytes: … } }',
    cron_restart: "a timer can: run exec(['herd', 'restart', …])",
    wait_ready: "say ready: { http: … } or ready: { log: '…' }",
    out_file: "'herd log' has it",
    error_file: "'herd log' has it",
    log_file: "'herd log' has it",
    out: "'herd log' has it",
    error: "'herd log' has it",
    log: "'herd log' has it",
  }),
);

/** Reads one. @throws SyntaxError where it is no JSON */
export const readPm2 = ({ file, folder, text }: SourceFile): Imported => {
  const whole: unknown = JSON.parse(text);
  const apps = isRecord(whole) ? (whole['apps'] ?? [whole]) : whole;
  if (!Array.isArray(apps))
    return { found: [], notes: [{ file, text: `${file}: expected { "apps": [ … ] }` }] };
  const results = apps.map((app: unknown, at) =>
    isRecord(app) ? appOf(app, at, file, folder) : `apps[${at}] is no record`,
  );
  return {
    found: results.flatMap((each) => (typeof each === 'string' ? [] : [each])),
    notes: results.flatMap((each) =>
      typeof each === 'string' ? [{ file, text: `${file}: ${each}` }] : [],
    ),
  };
};
type App = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is App =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const appOf = (app: App, at: number, file: string, folder: string): ImportedEntry | string => {
  const { script, cwd, env } = app;
  if (typeof script !== 'string' || script === '') return `apps[${at}] has no script`;
  const called = typeof app['name'] === 'string' ? app['name'] : path.parse(script).name;
  const notes: Note[] = [];
  const note = (text: string): Note => ({ file, text });
  for (const [key, value] of Object.entries(app)) {
    if (known.has(key) || value === false || value === null) continue;
    const why = key.startsWith('env_') ? 'one environment is one configuration' : reasons.get(key);
    notes.push(note(`${key}${why === undefined ? '' : `: ${why}`}`));
  }
  const count = app['instances'];
  if (count !== undefined && count !== 1)
    notes.push(note(`instances: ${shown(count)}: one process is started, and no cluster of node`));
  const variables = textsIn(env);
  for (const each of secretNotes(variables, note)) notes.push(each);
  const folderOf = typeof cwd === 'string' ? path.resolve(folder, cwd) : folder;
  const user = app['user'] ?? app['uid'];
  const around = {
    cwd: folderOf,
    env: variables,
    ...(isIdentity(user) && { user }),
    ...(isIdentity(app['gid']) && { group: app['gid'] }),
  };
  return {
    name: plainName(called, nameChars),
    from: `${file}: ${called}`,
    constructor: 'service',
    options: {
      start: execOf(argvOf(app, script), around),
      respawn: app['autorestart'] === false ? undefined : respawnOf(app),
      stop: { signal: 'SIGINT', graceSeconds: millisecondsIn(app['kill_timeout'], 1_600) },
      autoStart: true,
    },
    notes,
  };
};
const isIdentity = (value: unknown): value is string | number =>
  typeof value === 'string' || typeof value === 'number';
const textsIn = (env: unknown): Readonly<Record<string, string>> =>
  isRecord(env)
    ? Object.fromEntries(Object.entries(env).map(([name, value]) => [name, textOf(value)]))
    : {};
/** What is no text is none: how deep a list or a record is, is up to who has written it. */
const textOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? '' : String(value);
const shown = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value) : textOf(value);

const argvOf = (app: App, script: string): readonly string[] => {
  const { interpreter } = app;
  // As pm2 does, which then gives it no arguments.
  if (script.includes(' ')) return ['bash', '-c', script];
  const chosen = typeof interpreter === 'string' ? interpreter : interpreters[path.extname(script)];
  const before = wordsOf(app['node_args'] ?? app['interpreter_args']);
  const after = wordsOf(app['args']);
  return chosen === undefined || chosen === 'none'
    ? [script, ...after]
    : [chosen, ...before, script, ...after];
};
const wordsOf = (value: unknown): readonly string[] => {
  if (Array.isArray(value)) return value.map(textOf);
  return typeof value === 'string' ? value.split(/\s+/).filter((word) => word !== '') : [];
};
/** Milliseconds, as a number or as `3s`; in seconds. */
const millisecondsIn = (value: unknown, without: number): number => {
  const [, digits, unit = 'ms'] = /^(\d+)(ms|s|m|h)?$/.exec(textOf(value ?? without)) ?? [];
  const factor = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit] ?? 1;
  return Math.min(3_600, (Number(digits ?? without) * factor) / 1_000);
};
const respawnOf = (app: App): Value => {
  const limit = app['max_restarts'];
  const backOff = app['exp_backoff_restart_delay'];
  const delay = app['restart_delay'] ?? backOff;
  const policy = withoutEmpty({
    limit: typeof limit === 'number' ? Math.min(Math.max(0, limit), 1_000) : undefined,
    windowSeconds:
      app['min_uptime'] === undefined ? undefined : millisecondsIn(app['min_uptime'], 1_000),
    delaySeconds: delay === undefined ? undefined : millisecondsIn(delay, 0),
    ...(app['restart_delay'] !== undefined && { fixed: true }),
  });
  return Object.keys(policy).length === 0 ? true : policy;
};
