/** What of a service contradicts something else that is said of it: each is sensible alone. */
import { connectionNameChars, nameChars } from './limits.ts';
import type { Tell } from './record.ts';
import type { ServiceDescription } from './schema.ts';
import { parsePlace, usualConnections } from './sockets.ts';

/** Tells all that is wrong. */
export const checkService = (entry: ServiceDescription, tell: Tell): void => {
  const { notifyFd } = entry.ready ?? {};
  if (notifyFd !== undefined && entry.start?.process?.descriptors?.[notifyFd] !== undefined)
    tell('ready', `descriptor ${notifyFd} is a file of its process already`);
  if (entry.start?.process?.root !== undefined && entry.start.argv[0]?.startsWith('/') !== true)
    tell('start', 'with a root the program is an absolute path in it');
  if (entry.killGroup === false && entry.start?.process?.killCgroup === true)
    tell('killGroup', 'contradicts killCgroup: the process group is in that group, too');
  if (entry.start === undefined) checkWithoutStart(entry, tell);
  checkSockets(entry, tell);
  checkEnd(entry, tell);
};

const checkWithoutStart = (entry: ServiceDescription, tell: Tell): void => {
  if (entry.ready !== undefined)
    tell('ready', 'needs a start: without a process nothing gets ready');
  if (entry.respawn !== undefined) tell('respawn', 'needs a start: there is no process to respawn');
  for (const key of ['oneShot', 'remainAfterExit'] as const)
    if (entry[key] === true) tell(key, 'needs a start: there is nothing to run to its end');
  for (const [key, { signal }] of Object.entries(entry.actions)) {
    if (signal !== undefined)
      tell('actions', `${key} needs a start: there is no process to signal`);
  }
  if (entry.pidFile !== undefined)
    tell('pidFile', 'needs a start: there is no program that would write it');
  if (entry.live !== undefined) tell('live', 'needs a start: there is no process to be ended');
  if (entry.sockets !== undefined)
    tell('sockets', 'needs a start: there is no process that would take them');
  if (entry.killGroup !== undefined)
    tell('killGroup', 'needs a start: there is no process that has a group');
};

/** The first descriptor that a process finds a socket at. */
const firstSocket = 3;
const checkSockets = (entry: ServiceDescription, tell: Tell): void => {
  const { sockets, start } = entry;
  const isInetd = entry.activation === 'inetd';
  if (!isInetd)
    for (const key of inetdWords)
      if (entry[key] !== undefined) tell(key, "goes with activation: 'inetd'");
  if (sockets === undefined) {
    for (const key of ['activation', 'lazyStart'] as const)
      if (entry[key] !== undefined) tell(key, 'goes with sockets');
    return;
  }
  if (isInetd) checkInetd(entry, sockets, tell);
  else if (entry.respawn?.on !== undefined && entry.lazyStart !== false)
    tell('respawn', 'on contradicts lazyStart: whatever has ended waits to be wanted again');
  const places = sockets.map(({ listen }) => listen);
  if (new Set(places).size < places.length) tell('sockets', 'has two sockets at one place');
  for (const key of ['oneShot', 'remainAfterExit', 'pidFile'] as const)
    if (entry[key] !== undefined && entry[key] !== false)
      tell('sockets', `contradicts ${key}: they are for a process that stays`);
  const isTaken = (at: number): boolean => at >= firstSocket && at < firstSocket + sockets.length;
  if (entry.ready?.notifyFd !== undefined && isTaken(entry.ready.notifyFd))
    tell('ready', `descriptor ${entry.ready.notifyFd} is a socket of its process`);
  for (const at of Object.keys(start?.process?.descriptors ?? {}))
    if (isTaken(Number(at))) tell('start', `descriptor ${at} is a socket of its process`);
};

const inetdWords = ['maxConnections', 'maxConnectionsPerSource', 'connectionName'] as const;
/** What is said of one process has no meaning where there is one for each connection. */
const checkInetd = (
  entry: ServiceDescription,
  sockets: NonNullable<ServiceDescription['sockets']>,
  tell: Tell,
): void => {
  const words = "contradicts activation: 'inetd': ";
  if (sockets.some(({ style }) => style !== 'stream'))
    tell('sockets', `${words}datagrams come without a connection`);
  for (const key of ['lazyStart', 'respawn', 'ready', 'live', 'killGroup'] as const)
    if (entry[key] !== undefined)
      tell(key, `${words}it has no process of its own, and each who comes has one`);
  if (entry.stop.run !== undefined) tell('stop', `${words}there is no process that run would stop`);
  for (const [key, { signal }] of Object.entries(entry.actions))
    if (signal !== undefined)
      tell('actions', `${words}there is no process that ${key} would signal`);
  if (entry.start?.process?.terminal !== undefined)
    tell('start', `${words}the connection is its input and output`);
  if (entry.start?.process?.killCgroup === true)
    tell('start', `${words}killCgroup would end all of them with one`);
  const { maxConnections = usualConnections, maxConnectionsPerSource: each } = entry;
  if (each !== undefined && each > maxConnections)
    tell('maxConnectionsPerSource', `is over maxConnections, which is ${maxConnections}`);
  if (each !== undefined && sockets.every(({ listen }) => parsePlace(listen)?.family === 'unix'))
    tell('maxConnectionsPerSource', 'counts by address: who comes to a path has none');
  const [called = ''] = entry.connectionName === undefined ? entry.provision : [];
  if (called.length > connectionNameChars)
    tell(
      'connectionName',
      `is needed: with a number the name has no room in ${nameChars} characters`,
    );
};

/** Of what is over with its process there is nothing that would go on. */
const checkEnd = (entry: ServiceDescription, tell: Tell): void => {
  if (entry.oneShot && entry.stop.run !== undefined)
    tell('stop', 'contradicts oneShot: once it is done there is nothing to stop');
  if (entry.oneShot && entry.remainAfterExit === true)
    tell('remainAfterExit', 'contradicts oneShot: that is done at its end, this goes on');
  for (const key of ['oneShot', 'remainAfterExit'] as const) {
    if (entry[key] !== true) continue;
    if (entry.respawn !== undefined) tell('respawn', `contradicts ${key}: it would never be done`);
    if (entry.ready !== undefined)
      tell('ready', `contradicts ${key}: it is ready when it has ended`);
    if (entry.live !== undefined) tell('live', `contradicts ${key}: nothing of it goes on`);
    if (entry.pidFile !== undefined)
      tell('pidFile', `contradicts ${key}: what it would name goes on`);
  }
};
