/**
 * The folders that a daemon keeps things in. Each is made if it is not there; one that was there is
 * judged, never changed, since its mode may be somebody's intention.
 *
 *     state    ours, and nobody can write to it or put another in its place: keys and records
 *     run      the same (that nobody else may even enter it is the netlayer's check): admin.ref
 *     shared   the same, and others can enter it and all above it: the socket for all users
 *     gnu      as run
 *     logs     as state, but that a folder of root's may be written by services of the system: /var/log
 *              belongs to a group of those on some systems
 *     logfile  as logs, but of root or ours, and it may be sticky
 *
 * A log file is opened only if it is a file of ours with one name (openLog). Where the log of a service
 * lies elsewhere, all of the way is judged before each use (checkedFolder of @bellwether/shepherd).
 */
import fs from 'node:fs';
import path from 'node:path';
import { ActorError } from '@bellwether/actors';
import { codeOfSystem } from '../refs/secret-file.ts';
import {
  distrustFolder,
  distrustLinks,
  isTrusted,
  unmappedOwner,
  type Fault,
  type Trusted,
} from '../config/trust.ts';

/** A folder is at the mercy of others, or cannot be one; the message says how, and what to do. */
export class UnsafePlace extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('unsafe-place', message, options);
  }
}

/** The paths of a daemon, all absolute. */
export interface DaemonPlaces {
  readonly state: string;
  readonly logs: string;
  readonly logFile: string;
  readonly socket: string;
}

/**
 * Makes and judges the folder of the state: to be called before anything in it is opened.
 * @throws UnsafePlace
 */
export const prepareState = async ({ state }: Pick<DaemonPlaces, 'state'>): Promise<void> => {
  const trusted = await trustedHere();
  // Releases lie below it, and a service of root may run as another user. All else in it is closed by itself.
  const mode = trusted.uid === 0 ? 0o711 : 0o700;
  const fault = async (folder: string): Promise<Fault | undefined> =>
    (await distrustFolder(folder, trusted)) ?? left(folder, trusted);
  await prepare('state', state, trusted, fault, mode);
};
/**
 * What somebody has left in it who had it before, so that what is written to there would be another file. In homes,
 * logs and releases others may have files; what is in there is opened with that in mind.
 */
const left = (folder: string, trusted: Trusted): Fault | undefined => {
  const all = fs.readdirSync(folder).flatMap((name) => {
    if (name === 'log' || name === 'run') return []; // are judged by themselves
    const isOfRecords = /^(store-\d+|keeper|audit|nodes)$/.test(name);
    const below = isOfRecords && look(folder, name)?.isDirectory() === true;
    const inner = below ? fs.readdirSync(path.join(folder, name)) : [];
    return [name, ...inner.map((one) => `${name}/${one}`)];
  });
  for (const name of all) {
    const found = look(folder, name);
    if (found !== undefined && !isTrusted(found.uid, trusted))
      return {
        text: `in it, ${name} belongs to user ${found.uid}`,
        hint: 'see what it is, and chown or remove it',
      };
    if (found?.isSymbolicLink() === true && name.includes('/'))
      return { text: `in it, ${name} is a link`, hint: 'see where it leads, and remove it' };
  }
  return undefined;
};
/** A shepherd that runs there may have removed it meanwhile. */
const look = (folder: string, name: string): fs.Stats | undefined =>
  fs.lstatSync(path.join(folder, name), { throwIfNoEntry: false });

/**
 * Makes and judges all other folders. @throws UnsafePlace
 */
export const prepareFolders = async (places: DaemonPlaces): Promise<void> => {
  const trusted = await trustedHere();
  await prepare('socket', path.dirname(places.socket), trusted, (folder) =>
    distrustFolder(folder, trusted),
  );
  // Before anything is started, which nobody could reach then.
  const there = fs.lstatSync(places.socket, { throwIfNoEntry: false });
  if (there !== undefined && !there.isSocket())
    throw new UnsafePlace(
      `socket: ${places.socket} is no socket\n  hint: see what it is, and remove it, or choose another with --socket`,
    );
  const ofLogs = { ...trusted, ofSystem: true };
  await prepare('logs', places.logs, ofLogs, (folder) => distrustFolder(folder, ofLogs));
  const folder = path.dirname(places.logFile);
  if (folder === places.logs) return;
  const fault = (real: string): Promise<Fault | undefined> => distrustFolder(real, ofLogs, true);
  await prepare('logfile', folder, ofLogs, fault, 0o700, false);
};

/**
 * Makes and judges the folder of a socket for all users of the machine. @throws UnsafePlace
 */
export const prepareShared = async (socket: string): Promise<void> => {
  const trusted = await trustedHere();
  const option = 'shared-socket';
  const folder = path.dirname(socket);
  await prepare(
    option,
    folder,
    trusted,
    async (real) => (await distrustFolder(real, trusted)) ?? shutFault(real),
    0o755,
  );
};

/** The same of the socket for GNU Shepherd's clients, which is the owner's alone. @throws UnsafePlace */
export const prepareGnu = async (socket: string): Promise<void> => {
  const trusted = await trustedHere();
  await prepare('gnu-socket', path.dirname(socket), trusted, (folder) =>
    distrustFolder(folder, trusted),
  );
};

/** A folder that its owner alone can enter. Where a group can, that is how its owner wants it. */
const shutFault = (folder: string): Fault | undefined => {
  const { mode } = fs.statSync(folder);
  if ((mode & 0o011) === 0)
    return { text: `nobody else can enter ${folder}`, hint: `chmod 755 '${folder}'` };
  const above = path.dirname(folder);
  return above === folder ? undefined : shutFault(above);
};

const trustedHere = async (): Promise<Trusted> => {
  const unmapped = await unmappedOwner();
  return { uid: process.geteuid?.(), owners: new Set(unmapped === undefined ? [] : [unmapped]) };
};

/** Links are followed first: what they lead to is judged, and where they stand. */
const prepare = async (
  option: string,
  folder: string,
  trusted: Trusted,
  fault: (real: string) => Promise<Fault | undefined>,
  mode = 0o700,
  isOurs = true,
): Promise<void> => {
  makeFolder(option, folder, mode);
  const real = fs.realpathSync(folder);
  const { uid } = fs.statSync(real);
  if (isOurs && trusted.uid !== undefined && uid !== trusted.uid)
    throw new UnsafePlace(
      `${option}: ${folder} belongs to user ${uid}, and this shepherd runs as ${trusted.uid}` +
        `\n  hint: chown it, or choose another with --${option}`,
    );
  const [link] = await distrustLinks(folder, trusted);
  const found =
    (await fault(real)) ?? (link && { ...link, text: `the link ${link.file} to it: ${link.text}` });
  if (found === undefined) return;
  const { text, hint } = found;
  throw new UnsafePlace(
    `${option}: ${folder}: ${text}\n  hint: ${hint === undefined ? '' : `${hint}, or `}choose another with --${option}`,
  );
};

/**
 * Makes a folder and those above it, from the top down. Node's own way of doing so never returns where a file
 * system has no room for folders and says that theirs is not there, as /proc does (seen with 20.20).
 */
const makeFolder = (option: string, folder: string, mode: number): void => {
  const missing: string[] = [];
  let above = path.resolve(folder);
  for (; !fs.existsSync(above) && above !== path.dirname(above); above = path.dirname(above))
    missing.push(above);
  mustBeFolder(option, above);
  for (const each of missing.reverse()) {
    try {
      fs.mkdirSync(each, { mode: 0o700 });
      // The umask may be narrower than what others need.
      if (mode !== 0o700) fs.chmodSync(each, mode);
    } catch (error) {
      const code = codeOfSystem(error) ?? '';
      const why = whyNot[code];
      if (why !== undefined)
        throw unusable(option, `${each} cannot be made: ${path.dirname(each)} ${why}`, error);
      // Somebody else was faster, or a link leads nowhere.
      if (code !== 'EEXIST') throw error;
    }
    mustBeFolder(option, each);
  }
};

const whyNot: Readonly<Record<string, string>> = {
  ENOENT: 'takes no folders',
  EACCES: 'may not be written to by this user',
  EROFS: 'is on a file system that is read-only',
};
const mustBeFolder = (option: string, folder: string): void => {
  if (fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw unusable(option, `${folder} is no folder`);
};
const unusable = (option: string, what: string, cause?: unknown): UnsafePlace =>
  new UnsafePlace(`${option}: ${what}\n  hint: choose another with --${option}`, { cause });
