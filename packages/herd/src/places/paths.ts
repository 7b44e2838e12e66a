/**
 * Where things lie by default: XDG folders for users, /etc, /run, /var/lib and /var/log for root. Pure functions of
 * the environment that is handed in, so that both programs and their tests agree.
 */
import path from 'node:path';

/** What the defaults depend on. */
export interface Surroundings {
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** True where the folder exists and belongs to the user; asked for /run/user/UID only. */
  readonly isOwnFolder: (folder: string) => boolean;
}
/** The default places of one user's daemon. All absolute. */
export interface Places {
  readonly config: string;
  readonly socket: string;
  /** Of the socket for all users of the machine, where the configuration asks for one. */
  readonly sharedSocket: string;
  readonly state: string;
  readonly logs: string;
  /** The user's ref store, used by `herd`. */
  readonly refs: string;
  /** The folder of the user's holder key. */
  readonly keys: string;
}

/** The place of everything that was not said on the command line. */
export const defaultPlaces = (around: Surroundings): Places => {
  const said = around.env['SHEPHERD_SOCKET'];
  const places = around.uid === 0 ? rootPlaces(around) : userPlaces(around);
  return said === undefined || said === '' ? places : { ...places, socket: path.resolve(said) };
};

const rootPlaces = (around: Surroundings): Places => ({
  config: '/etc/bellwether/shepherd.config.ts',
  socket: '/run/bellwether/socket',
  sharedSocket: '/run/bellwether-shared/socket',
  state: '/var/lib/bellwether',
  logs: '/var/log/bellwether',
  refs: path.join(folderOf(around, 'XDG_DATA_HOME', '.local/share'), 'refs'),
  keys: path.join(folderOf(around, 'XDG_DATA_HOME', '.local/share'), 'keys'),
});

/** Nobody else may enter a runtime folder or most homes, so a user's shared socket is in a folder of /tmp. */
const userPlaces = (around: Surroundings): Places => {
  const state = folderOf(around, 'XDG_STATE_HOME', '.local/state');
  return {
    config: path.join(folderOf(around, 'XDG_CONFIG_HOME', '.config'), 'shepherd.config.ts'),
    socket: path.join(runtimeFolder(around, state), 'socket'),
    sharedSocket: `/tmp/bellwether-shared-${around.uid}/socket`,
    state,
    logs: path.join(state, 'log'),
    refs: path.join(folderOf(around, 'XDG_DATA_HOME', '.local/share'), 'refs'),
    keys: path.join(folderOf(around, 'XDG_DATA_HOME', '.local/share'), 'keys'),
  };
};

/** Where a daemon on this state folder keeps its audit. */
export const auditFolderOf = (state: string): string => path.join(state, 'audit');

/** XDG says that relative values are to be ignored. */
const absolute = (value: string | undefined): string | undefined =>
  value !== undefined && path.isAbsolute(value) ? value : undefined;

const folderOf = (around: Surroundings, name: string, fallback: string): string => {
  const base = absolute(around.env[name]);
  const home = absolute(around.env['HOME']) ?? '/';
  return path.join(base ?? path.join(home, fallback), 'bellwether');
};

/** XDG_RUNTIME_DIR is unset under su, cron and in containers: then /run/user/UID, else the state folder. */
const runtimeFolder = (around: Surroundings, state: string): string => {
  const said = absolute(around.env['XDG_RUNTIME_DIR']);
  if (said !== undefined) return path.join(said, 'bellwether');
  const usual = `/run/user/${around.uid}`;
  return around.isOwnFolder(usual) ? path.join(usual, 'bellwether') : path.join(state, 'run');
};
