/**
 * The daemon: everything that outlasts a life, from the lock on the state folder to the processes.
 *
 *     folders ──► lock ──► log ──► configuration, records ──► identity ──► lives, one after the other ──► exit
 *
 * How one life follows another, and what signals do, is told in lives.ts.
 */
import fs from 'node:fs';
import path from 'node:path';
import { loadOrMakeIdentity } from '@bellwether/netlayer-tcp-tls';
import type { Log } from '@bellwether/actors';
import { nodeClock } from '@bellwether/netlayer-stream';
import {
  makeLogFiles,
  makeProber,
  makeWebhooks,
  nodeZone,
  ExternalLogs,
  logsIn,
  rotateLogs,
  Starts,
  type Rotation,
  type ServiceLogs,
  makeUsageReader,
} from '@bellwether/shepherd/node';
import {
  defaultNodeName,
  judgeCertificate,
  loadConfig,
  plainEnvironment,
  type Description,
} from '../config/index.ts';
import { RefStore } from '../refs/ref-store.ts';
import { writeSecret } from '../refs/secret-file.ts';
import { auditFolder, openState, type Store } from '@bellwether/store';
import { AdminRef } from './admin-ref.ts';
import { AuditedStore } from './audited-store.ts';
import { chorePowers, type ChoresOf } from './chore-powers.ts';
import { Configuration } from './configuration.ts';
import { keepMemoryOutOfDumps } from '../core-dump.ts';
import { auditFolderOf } from '../places/paths.ts';
import { openDaemonLog } from './daemon-log.ts';
import { prepareFolders, prepareState } from '../places/folders.ts';
import { threadDepots } from './depot-thread.ts';
import { reachWords, type Doors } from './doors.ts';
import { gnuTransport } from './lazy-gnu-door.ts';
import { makeLife, type Life, type LifeParts } from './life.ts';
import { Lives } from './lives.ts';
import { spawning } from './spawning.ts';
import { lockFolder } from '../places/lock.ts';
import { openProcesses, type Processes } from './processes.ts';
import { recordRoom } from './record-room.ts';
import { inRoom, Reserve } from './reserve.ts';
import { refuserOfDescriptors } from './refuse-descriptors.ts';
import { tellSupervisor } from './supervisor.ts';
import type { DaemonOptions } from './options.ts';

/** What the daemon is given by the program around it. */
export interface DaemonPowers {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly version: string;
  /** Absolute: the main module of the package `bellwether`, which configurations import. */
  readonly bellwether: string;
  /** Absolute: where the keeper is, if it was built. */
  readonly keeper: string;
  /** One line for whoever started the daemon. */
  readonly say: (line: string) => void;
  /** Calls back with its name at each signal that asks for the end. */
  readonly onStop: (stop: (signal: string) => void) => void;
  /** Calls back with its name at each signal that asks to leave services to the next daemon. */
  readonly onDetach: (detach: (signal: string) => void) => void;
  /** Calls back at each error that nobody caught, which then does not end the process. */
  readonly onEscape: (escaped: (error: unknown, origin: string) => void) => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}

/** An orderly end may take this long beside what the configuration allows its services, in milliseconds. */
const stopMs = 30_000;

/**
 * Runs a daemon until it is shut down.
 * @throws UnsafePlace, Locked, ConfigError, DamagedState, BadPlace, PlaceTaken: what keeps it from serving at all.
 */
export const runDaemon = async (options: DaemonOptions, powers: DaemonPowers): Promise<void> => {
  await prepareState(options);
  await lockFolder(options.state);
  await prepareFolders(options);
  const { log, close } = openDaemonLog(options.logFile);
  const admin = new AdminRef(options.socket);
  let closing = (): Promise<void> => Promise.resolve();
  let ending = (): void => undefined;
  try {
    log('daemon.start', { pid: process.pid, version: powers.version, config: options.config });
    const read = (): Promise<Description> => describe(options, powers);
    const { env } = powers;
    const { after, now } = nodeClock({ unref: true });
    const pauses = { now, rest: () => new Promise<void>((served) => setImmediate(served)) };
    const reserve = new Reserve(path.join(options.state, 'reserve'), { log, after });
    const opened = inRoom(reserve, () => openState(options.state, pauses));
    const places = placesOf(options);
    let whenDurable = (told: () => void): void => told();
    const running = runServices(options, powers, places, log, (told) => whenDurable(told));
    running.catch(() => undefined); // it is waited for below, where nothing else has failed
    // The description itself is nobody's from here on: what is waited for below would hold it as long as it takes.
    const reading = read().then(
      (description) =>
        new Configuration(description, {
          read: async () => judged(await read(), options.config, powers.uid, log),
          env,
          here: () => ({
            uid: powers.uid,
            keeper: programOfKeeper(options, powers),
            logs: options.logs,
            runtime: path.dirname(options.socket),
          }),
          log,
        }),
    );
    const { configuration, store } = await both(reading, opened);
    if (!(await reserve.takenBack())) powers.say(fullDisk(options.state));
    // Also where nobody ever asks for anything: a full disk refuses the first stop otherwise.
    after(holdMs, () => void reserve.hold());
    const audited = auditedStore(options.state, store, reserve, log);
    whenDurable = (told) => audited.whenIdle(told);
    closing = () => audited.close();
    const processes = await running;
    ending = processes.close;
    const identity = loadOrMakeIdentity(options.state);
    const { rotation, chores } = lookAfterLogs(options, places, log);
    const common = commonParts(options, powers, {
      chores,
      configuration,
      identity,
      admin,
      store,
      audited,
      log,
      places,
      processes,
      checkRoom: recordRoom(options.state, reserve),
    });
    await runLives(options, powers, configuration, common).finally(rotation.stop);
    log('daemon.end', { pid: process.pid });
  } catch (error) {
    log('daemon.failed', { error });
    throw error;
  } finally {
    removeLeftovers(options, admin);
    ending();
    await closing();
    close();
  }
};

/** Milliseconds from a start to when room is kept on the disk: what is started goes first. */
const holdMs = 2_000;

/** Also where services have no keeper: a system log is a role of that program. */
const programOfKeeper = ({ keeper }: DaemonOptions, powers: DaemonPowers): string =>
  keeper === undefined || keeper === 'none' ? powers.keeper : keeper;

/** Until its `stop` is called. */
const lookAfterLogs = (
  options: DaemonOptions,
  { logFiles: logs, starts }: ServicePlaces,
  log: Log,
): { readonly rotation: Rotation; readonly chores: ChoresOf } => {
  const { after } = nodeClock({ unref: true });
  const zone = nodeZone();
  const { logs: folder, logFile, state } = options;
  const rotated = { folder, except: [logFile], logs, starts, log, after, wall: Date.now, zone };
  const rotation = rotateLogs(rotated);
  const external = new ExternalLogs(zone);
  const files = () => logsIn(rotated);
  return { rotation, chores: chorePowers({ state, logs, rotation, external, files, log }) };
};

/** Both at once: a child process reads the one, threads of LevelDB the other. */
const both = async (
  reading: Promise<Configuration>,
  opening: Promise<Store>,
): Promise<{ readonly configuration: Configuration; readonly store: Store }> => {
  const [configuration, store] = await Promise.allSettled([reading, opening]);
  if (configuration.status === 'fulfilled' && store.status === 'fulfilled')
    return { configuration: configuration.value, store: store.value };
  if (store.status === 'fulfilled') await store.value.close();
  // What is wrong with the state is said first: it is not mended by another configuration.
  throw store.status === 'rejected'
    ? store.reason
    : (configuration as PromiseRejectedResult).reason;
};

const fullDisk = (state: string): string =>
  `The disk of ${state} is full: make room there. Until then grants can be taken back and services stopped, in room ` +
  'that was kept for that; little else can be asked.';

const describe = (options: DaemonOptions, powers: DaemonPowers): Promise<Description> =>
  loadConfig(options.config, {
    bellwether: powers.bellwether,
    nodeName: defaultNodeName(),
    env: powers.env,
    print: (text) => powers.say(text.trimEnd()),
  });

/**
 * At a reload whoever asks can mend what is wrong with a certificate. At a start the door stays shut, and all else goes
 * on. @throws ConfigError
 */
const judged = (description: Description, file: string, uid: number, log: Log): Description => {
  for (const warning of judgeCertificate(description, file, { uid, nowMs: Date.now() }))
    log('certificate.ends', { warning });
  return description;
};

/** What services leave on the disk, which daemons after this one find there. */
interface ServicePlaces {
  readonly logFiles: ServiceLogs;
  readonly starts: Starts;
}
const placesOf = (options: DaemonOptions): ServicePlaces => ({
  logFiles: makeLogFiles({ folder: options.logs, wall: Date.now }),
  starts: new Starts(path.join(options.state, 'starts')),
});

/** What every process gets that says nothing else. */
const defaultsOf = ({ env, uid }: DaemonPowers) => ({
  env: plainEnvironment(env),
  cwd: uid === 0 ? '/' : (env['HOME'] ?? '/'),
});

const runServices = (
  options: DaemonOptions,
  powers: DaemonPowers,
  places: ServicePlaces,
  log: Log,
  whenDurable: (told: () => void) => void,
): Promise<Processes> => {
  const coredumpFilter = keepMemoryOutOfDumps(log);
  return openProcesses(options, {
    ...defaultsOf(powers),
    ...places,
    uid: powers.uid,
    usualKeeper: powers.keeper,
    log,
    whenDurable,
    say: powers.say,
    ...(coredumpFilter === undefined ? {} : { coredumpFilter }),
  });
};

type CommonParts = Omit<LifeParts, 'doors' | 'services' | 'logFiles'> & {
  readonly logFiles: ServiceLogs;
  readonly starts: Starts;
  readonly audited: AuditedStore;
};

const auditedStore = (state: string, store: Store, reserve: Reserve, log: Log): AuditedStore =>
  new AuditedStore(store, auditFolder(auditFolderOf(state), 'write'), {
    wall: Date.now,
    reserve,
    told: ({ code, reason }) => log('audit.noted', { code, reason }),
  });

const commonParts = (
  options: DaemonOptions,
  powers: DaemonPowers,
  parts: Pick<LifeParts, 'identity' | 'admin' | 'store' | 'log' | 'chores' | 'checkRoom'> & {
    readonly configuration: Configuration;
    readonly audited: AuditedStore;
    readonly places: ServicePlaces;
    readonly processes: Processes;
  },
): CommonParts => {
  const { configuration, identity, admin, store, audited, log, places, processes, chores } = parts;
  const { name, load, keep } = configuration;
  return {
    name,
    load,
    keep,
    version: powers.version,
    identity,
    admin,
    refFolder: path.join(options.state, 'refs'),
    joinStores: {
      gifts: new RefStore(path.join(options.state, 'nodes'), powers.uid),
      doors: new RefStore(path.join(options.state, 'homes'), powers.uid),
    },
    uid: powers.uid,
    store,
    audited,
    commit: audited.commit,
    lastOfAudit: (query) => audited.last(query),
    pastOf: (maxUses) => audited.past(maxUses),
    ...processes,
    zone: nodeZone(),
    spawning,
    ...(parts.checkRoom && { checkRoom: parts.checkRoom }),
    prober: makeProber({ defaults: defaultsOf(powers), ...places }),
    webhooks: makeWebhooks(),
    ...places,
    chores,
    depots: threadDepots({
      // Beside this program.
      file: new URL('./depot-worker.mjs', import.meta.url),
      folder: path.join(options.state, 'deploy'),
      log,
    }),
    log,
    logFile: options.logFile,
    usage: makeUsageReader({
      now: () => performance.now(),
      own: { pid: process.pid, since: Math.round(performance.timeOrigin) },
    }),
  };
};

const runLives = async (
  options: DaemonOptions,
  powers: DaemonPowers,
  configuration: Configuration,
  common: CommonParts,
): Promise<void> => {
  const lives = new Lives({
    next: () => nextLife(options, configuration, common, programOfKeeper(options, powers)),
    announce: (life) =>
      announce(options, powers, common, gnuPlace(options, configuration.listen.gnu), life),
    log: common.log,
    say: powers.say,
    now: () => performance.now(),
    after: (ms, task) => void setTimeout(task, ms),
    stopMs: () => stopMs + configuration.graceMs,
    leave: (exitCode) => {
      removeLeftovers(options, common.admin);
      powers.exit(exitCode);
    },
  });
  powers.onStop((signal) => {
    tellSupervisor(['STOPPING=1'], { ...powers, log: common.log });
    lives.stop(signal);
  });
  powers.onDetach((signal) => lives.detach(signal));
  powers.onEscape((error, origin) => lives.escaped(error, origin));
  await lives.run();
};

const nextLife = async (
  options: DaemonOptions,
  { listen: { unix, tcpTls, websocket, gnu }, services }: Configuration,
  common: CommonParts,
  keeper: string,
): Promise<Life> => {
  const { store, audited } = common;
  // After a commit that failed: the next life is built from what the disk has.
  await audited.settle();
  const [kept] = store.held('port');
  const [keptWebSocket] = store.held('websocketPort');
  return makeLife({
    ...common,
    services,
    doors: {
      socket: options.socket,
      sharedSocket: unix === 'shared' ? options.sharedSocket : undefined,
      refuseDescriptors: refuserOfDescriptors(keeper, common.log),
      tcpTls:
        tcpTls === undefined
          ? undefined
          : { host: tcpTls.host, port: tcpTls.port === 0 ? (kept?.port ?? 0) : tcpTls.port },
      websocket:
        websocket === undefined
          ? undefined
          : {
              host: websocket.host,
              bind: websocket.bind,
              tls: websocket.tls,
              url: websocket.url,
              origins: websocket.origins,
              port: websocket.port === 0 ? (keptWebSocket?.port ?? 0) : websocket.port,
              keyFile: path.join(options.state, 'websocket.key'),
              uid: common.uid,
            },
      gnu: gnuPlace(options, gnu),
    },
  });
};

/** The command line says where, or that there is one at all. */
const gnuPlace = (
  { gnuSocket, logFile }: DaemonOptions,
  gnu: Configuration['listen']['gnu'],
): Doors['gnu'] => {
  const path = gnuSocket ?? gnu?.path;
  if (path === undefined) return undefined;
  const { services, allow } = gnu ?? {};
  const bounds = {
    ...(services && { services }),
    ...(allow && { actions: allow === 'readonly' ? [] : allow }),
  };
  return { path, bounds, logFile };
};

const announce = (
  options: DaemonOptions,
  powers: DaemonPowers,
  { name, log }: CommonParts,
  gnu: Doors['gnu'],
  life: Life,
): void => {
  if (options.pidFile === '') powers.say(String(process.pid));
  else if (options.pidFile !== undefined)
    // A link that stands there is replaced, never followed: --pid often names a folder of many.
    writeSecret(options.pidFile, String(process.pid), true);
  const isGnuOpen = !life.shut.some(({ transport }) => transport === gnuTransport);
  const reach = reachWords(life.locations, isGnuOpen ? gnu?.path : undefined);
  powers.say(`Shepherd ${name} is ready: ${reach}.`);
  for (const { transport, reason } of life.shut)
    powers.say(`Its door for ${transport} is shut, and tried again by itself: ${reason}`);
  const mainPid = `MAINPID=${process.pid}`;
  tellSupervisor(['READY=1', mainPid, `STATUS=${name} on ${options.socket}`], { ...powers, log });
  log('daemon.announced', { socket: options.socket });
};

/** The socket is removed by its netlayer; the key to it must not outlive it. */
const removeLeftovers = (options: DaemonOptions, admin: AdminRef): void => {
  admin.withdraw();
  if (options.pidFile !== undefined && isOwnPidFile(options.pidFile))
    fs.rmSync(options.pidFile, { force: true });
};

const isOwnPidFile = (file: string): boolean =>
  fs.existsSync(file) && fs.readFileSync(file, 'utf8').trim() === String(process.pid);
