/** All of a start that is on the daemon's side: what has to be there before the keeper is asked for it. */
import fs from 'node:fs';
import { startIdVariable } from '../../words/records.ts';
import type { Start } from '../../words/types.ts';
import { openCgroup } from '../cgroup.ts';
import type { ChildProcessPowers } from '../child-process-backend.ts';
import { readEnvironmentFiles } from '../environment-file.ts';
import { removePidFile } from '../pid-file.ts';
import { findProgram } from '../program.ts';
import type { Starts } from '../starts.ts';
import { groupsOf } from '../traits.ts';
import { checkManner } from './kept.ts';
import { listenVariables, type Making } from './start-frame.ts';

/** What a start is made sure of with. */
export interface PreparePowers extends Omit<ChildProcessPowers, 'starts'> {
  readonly starts: Starts;
  /** Of the shepherd; that of its services where they say nothing. */
  readonly umask: number;
  readonly uid: number;
}

/** Makes sure of it; `has` are the features of the keeper. @throws StartFailed, and what a file system says */
export const prepared = (start: Start, powers: PreparePowers, has: number): Making => {
  const { startId, service, command, ready, ...manner } = start;
  const { logFiles, starts, umask, uid, accounts } = powers;
  const { traits } = command;
  const { pidFile, sockets, connection } = manner;
  checkManner(start, has);
  const found = findProgram(command, powers);
  if (traits !== undefined) openCgroup(traits);
  const variables = readEnvironmentFiles(traits?.environmentFiles ?? [], uid);
  const groups = traits && groupsOf(traits, accounts);
  const program = {
    ...found,
    env: {
      ...{ ...found.env, ...variables, ...listenVariables(sockets), [startIdVariable]: startId },
      ...(ready?.kind === 'sd-notify' && { NOTIFY_SOCKET: `@bellwether/${startId}` }),
    },
  };
  const logged = connection?.of ?? service;
  // Created where it is not there, and judged: what is wrong is said here, in words.
  fs.closeSync(logFiles.open(logged));
  const logFile = logFiles.pathOf(logged);
  if (pidFile !== undefined) removePidFile(pidFile.path, uid);
  if (ready?.kind === 'log') starts.putLogEnd(startId, logFiles.end(service));
  const input = command.input === undefined ? undefined : starts.putInput(startId, command.input);
  const making = {
    ...(input !== undefined && { input }),
    ...{ startId, service, program, umask, logFile, uid },
    ...(traits && { traits }),
    ...(groups && { groups }),
    manner,
  };
  if (ready?.kind !== 'notify' && ready?.kind !== 'sd-notify') return making;
  fs.closeSync(starts.openNotice(startId));
  if (ready.kind === 'sd-notify') return { ...making, notifies: true };
  return { ...making, notice: { at: ready.descriptor, file: starts.pathOf(startId) } };
};
