/** What of a service contradicts something else that is said of it: each is sensible alone. */
import type { ServiceDescription } from './schema.ts';

/** Names the key that is wrong, and says why. */
export type Tell = (key: string, message: string) => void;

/** Tells all that is wrong. */
export const checkService = (entry: ServiceDescription, tell: Tell): void => {
  const { notifyFd } = entry.ready ?? {};
  if (notifyFd !== undefined && entry.start?.process?.descriptors?.[notifyFd] !== undefined)
    tell('ready', `descriptor ${notifyFd} is a file of its process already`);
  if (entry.start?.process?.root !== undefined && entry.start.argv[0]?.startsWith('/') !== true)
    tell('start', 'with a root the program is an absolute path in it');
  if (entry.start === undefined) checkWithoutStart(entry, tell);
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
  if (entry.killGroup !== undefined)
    tell('killGroup', 'needs a start: there is no process that has a group');
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
    if (entry.pidFile !== undefined)
      tell('pidFile', `contradicts ${key}: what it would name goes on`);
  }
};
