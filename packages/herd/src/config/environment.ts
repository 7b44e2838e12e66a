/**
 * What of the daemon's environment its services get. GNU Shepherd hands on all of it; then a token in
 * the shell that started the daemon, or in its container, is in every service, also in those that run
 * as somebody else. Here a service gets what programs need to find their way, and what its exec says.
 */

/** By name: who and where one is, how one speaks, where things lie. None of them is a secret or a power. */
const names: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'TERM',
  'TZ',
  'TMPDIR',
  'LANG',
  'LANGUAGE',
  'LOCPATH',
  'GUIX_LOCPATH',
  'SSL_CERT_DIR',
  'SSL_CERT_FILE',
]);
const prefixes: readonly string[] = ['LC_', 'XDG_'];

/** An environment, as processes have it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What every service gets. */
export const plainEnvironment = (env: Environment): Readonly<Record<string, string>> =>
  chosen(env, (name) => names.has(name) || prefixes.some((prefix) => name.startsWith(prefix)));

/** What one command asks for besides: everything, or variables by their names. */
export const inherited = (
  env: Environment,
  wanted: true | readonly string[] | undefined,
): Readonly<Record<string, string>> => {
  if (wanted === undefined) return {};
  return chosen(env, (name) => wanted === true || wanted.includes(name));
};

/** Who and where somebody is: of the daemon's user this says what is wrong of any other. */
const ofOneUser: ReadonlySet<string> = new Set(['HOME', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR']);

/** What a command of another user may ask for: of what is said of the daemon's own, only what it names. */
export const withoutUser = (
  env: Environment,
  wanted: true | readonly string[] | undefined,
): Environment => {
  if (wanted !== true) return env;
  return chosen(env, (name) => !ofOneUser.has(name) && !name.startsWith('XDG_'));
};

const chosen = (env: Environment, isChosen: (name: string) => boolean): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && isChosen(name) ? [[name, value]] : [],
    ),
  );
