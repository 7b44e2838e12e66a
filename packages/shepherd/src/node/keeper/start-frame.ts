/** From a start to the frame that asks the keeper for it, and from what failed there to words. */
import path from 'node:path';
import { getSystemErrorName } from 'node:util';
import { StartFailed } from '../../errors.ts';
import type { ProcessTraits, StartManner } from '../../words/types.ts';
import { execFailure, explain, type Program } from '../program.ts';
import { argumentCount } from './limits.ts';
import { limitsOf } from '../traits.ts';
import { socketKey } from './sockets.ts';
import {
  flags,
  FrameTooLong,
  FrameWriter,
  tags,
  types,
  ways,
  type StartState,
} from './protocol.ts';

/** All that a process is made of. */
export interface Making {
  readonly startId: string;
  readonly program: Program;
  readonly umask: number;
  /** Absolute; it is there already. */
  readonly logFile: string;
  /** The file of its start that it writes to when it is ready, and as what it finds that. */
  readonly notice?: { readonly at: number; readonly file: string };
  /** It says it at a socket of the keeper's instead. */
  readonly notifies?: true;
  /** The file that it reads from its standard input. Absolute; absent: nothing. */
  readonly input?: string;
  /** Of the shepherd. */
  readonly uid: number;
  readonly traits?: ProcessTraits;
  readonly manner?: StartManner;
  readonly service: string;
  /** Numbers of its supplementary groups, where it says some. */
  readonly groups?: readonly number[];
}

/** @throws StartFailed for what no program can be given */
export const startFrame = (making: Making): Buffer => {
  const { program, startId, traits = {} } = making;
  const variables = Object.entries(program.env).map(([name, value]) => `${name}=${value}`);
  checkTexts(program, variables);
  try {
    const frame = new FrameWriter(types.start)
      .text(tags.id, startId)
      .text(tags.file, program.file)
      .text(tags.cwd, program.cwd)
      .numbers(tags.umask, [traits.umask ?? making.umask])
      .text(tags.arg, program.argv0);
    for (const each of program.args) frame.text(tags.arg, each);
    for (const each of variables) frame.text(tags.env, each);
    putOutput(frame, making);
    if (making.input !== undefined) frame.numbers(tags.open, [0, ways.read], making.input);
    putIdentity(frame, making);
    putTraits(frame, making);
    if (making.notice !== undefined)
      frame.numbers(tags.open, [making.notice.at, ways.append], making.notice.file);
    return frame.frame();
  } catch (error) {
    if (error instanceof FrameTooLong) throw tooMuch(program);
    throw error;
  }
};

/** Only root can become somebody else; for others it was checked that it is who they are. */
const putIdentity = (frame: FrameWriter, { program: { as }, uid, groups }: Making): void => {
  if (as !== undefined && uid === 0) frame.numbers(tags.uid, [as.uid]).numbers(tags.gid, [as.gid]);
  // An empty one says that there are none.
  if (groups !== undefined || (as !== undefined && uid === 0)) frame.numbers(tags.group, []);
  for (const group of groups ?? []) frame.numbers(tags.group, [group]);
};

const putOutput = (frame: FrameWriter, { traits = {}, logFile, manner }: Making): void => {
  const { terminal } = traits;
  if (manner?.connection !== undefined) {
    frame.numbers(tags.connection, [manner.connection.arrival.number]);
    return void frame.numbers(tags.open, [2, ways.log], logFile);
  }
  if (terminal === undefined) return void frame.numbers(tags.open, [1, ways.log], logFile);
  frame.numbers(tags.open, [0, ways.terminal], terminal);
  for (const each of [1, 2]) frame.numbers(tags.open, [each, ways.screen], terminal);
};

/** Where the sockets of a service begin: SD_LISTEN_FDS_START of systemd. */
const firstListenDescriptor = 3;
/** By which a process finds them, as of sd_listen_fds(3); the keeper adds LISTEN_PID. */
export const listenVariables = (
  sockets: StartManner['sockets'] = [],
): Readonly<Record<string, string>> =>
  sockets.length === 0
    ? {}
    : {
        LISTEN_FDS: String(sockets.length),
        LISTEN_FDNAMES: sockets.map(({ name }) => name).join(':'),
      };

const putTraits = (
  frame: FrameWriter,
  { traits = {}, manner: { pidFile, keepsGroup, sockets = [] } = {}, service, notifies }: Making,
): void => {
  for (const at of sockets.keys())
    frame.numbers(tags.socket, [firstListenDescriptor + at, 0], socketKey(service, at));
  const { nice, oomScore, root, cgroup, descriptors = {} } = traits;
  if (nice !== undefined) frame.numbers(tags.nice, [nice]);
  if (oomScore !== undefined) frame.numbers(tags.oom, [oomScore]);
  if (root !== undefined) frame.text(tags.root, root);
  if (cgroup !== undefined) frame.text(tags.cgroup, cgroup);
  for (const limit of limitsOf(traits)) frame.numbers(tags.limit, limit);
  for (const [at, file] of Object.entries(descriptors))
    frame.numbers(tags.open, [Number(at), ways.read], file);
  const bits =
    (traits.noNewPrivileges === true ? flags.noNewPrivileges : 0) |
    (traits.ownSession === false ? flags.keepSession : 0) |
    (keepsGroup === true ? flags.keepGroup : 0) |
    (pidFile === undefined ? 0 : flags.handsOver) |
    (notifies === true ? flags.notifies : 0);
  if (bits !== 0) frame.numbers(tags.flags, [bits]);
};

const checkTexts = (program: Program, variables: readonly string[]): void => {
  const { file, argv0, args } = program;
  if (args.length >= argumentCount || variables.length > argumentCount) throw tooMuch(program);
  const hasNull = (text: string): boolean => text.includes('\0');
  if (hasNull(file) || hasNull(argv0) || args.some(hasNull) || variables.some(hasNull))
    throw new StartFailed('exec: arguments and environment must be without null bytes');
};

const tooMuch = (program: Program): StartFailed => execFailure(program, systemError('E2BIG'));

/** An error as Node makes it of a system call. */
const systemError = (code: string): Error & { readonly code: string } =>
  Object.assign(new Error(code), { code });

const codeOf = (error: number): string => {
  try {
    return getSystemErrorName(-error);
  } catch {
    return `errno ${error}`; // one that this Node has no name for
  }
};

/** What was being done when it failed, for people. */
const phrases: Readonly<Record<string, string>> = {
  begin: 'it was ended before it could begin',
  fork: 'no process could be made',
  session: 'its session',
  oom: 'its oomScore',
  nice: 'its nice',
  limit: 'its limits',
  cgroup: 'its cgroup',
  open: 'the file that it is to find open',
  kind: 'the file that it is to find open',
  terminal: 'its terminal',
  descriptors: 'its descriptors',
  root: 'its root',
  groups: 'its supplementary groups',
  group: 'its group',
  user: 'its user',
  privileges: 'noNewPrivileges',
  request: 'the keeper does not understand what it is to be given',
  room: 'the keeper has no room for one more',
  listen: 'a socket or a connection that it is to be given',
  notify: 'the socket at which it is to say that it is ready',
};

/** What the keeper is at with a step, for people. */
export const stepWords = (step: string): string => moreWords[step] ?? phrases[step] ?? step;
const moreWords: Readonly<Record<string, string>> = {
  log: 'its log file',
  folder: 'its working directory',
  exec: 'its program',
};

/** What the keeper says of a failure. */
export type Fault = Pick<StartState, 'step' | 'error' | 'which'>;

/** Why what an earlier daemon has begun did not come to run; how it was made is not known any more. */
export const notRun = ({ step, error }: Fault): StartFailed => {
  const why = whyOf(step, systemError(codeOf(error)));
  return new StartFailed(`exec: ${stepWords(step)}: ${why}`);
};

/** Why a start failed, in words. */
export const failureOf = (making: Making, { step, error, which }: Fault): StartFailed => {
  const { program, logFile } = making;
  const cause = systemError(codeOf(error));
  const why = whyOf(step, cause);
  const root = making.traits?.root;
  if (step === 'exec' && root === undefined) return execFailure(program, cause);
  if (step === 'exec')
    return new StartFailed(`exec: ${program.file} in ${root}: ${why}`, {
      cause,
      summary: `exec: its program: ${why}`,
    });
  if (step === 'folder')
    return new StartFailed(`exec: working directory ${program.cwd}: ${why}`, {
      cause,
      summary: `exec: working directory: ${why}`,
    });
  if (step === 'log')
    return new StartFailed(`exec: log file ${logFile}: ${why}`, {
      cause,
      summary: `exec: its log file: ${why}`,
    });
  const file = which === undefined ? undefined : fileAt(making, which);
  const phrase = phrases[step] ?? step;
  const what = file === undefined ? phrase : `${phrase} as descriptor ${which}, ${file}`;
  const text = `exec: ${path.basename(program.file)}: ${what}: ${why}`;
  return new StartFailed(text, { cause, summary: `exec: ${phrase}: ${why}` });
};

const whyOf = (step: string, cause: Error & { readonly code: string }): string => {
  if (step === 'kind')
    return 'is neither a file, a folder nor a device (a pipe, whose other end it would wait for?)';
  if (step === 'open' && cause.code === 'ELOOP')
    return 'a link on the way to it is of another user, or there are too many (ELOOP)';
  if (step === 'open' && cause.code === 'EPERM')
    return 'in a folder of another user it is not his, or it has two names where others may write (EPERM)';
  // The same number says of a fork that there are too many processes.
  if (step === 'open' && cause.code === 'EAGAIN') return 'somebody holds a lease of it (EAGAIN)';
  return explain(cause);
};

/** What a process was to find there, beside its terminal. */
const fileAt = ({ traits, notice, input }: Making, which: number): string | undefined => {
  if (which === notice?.at) return notice.file;
  return which === 0 ? input : traits?.descriptors?.[which];
};
