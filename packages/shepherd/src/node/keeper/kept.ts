/** What a daemon knows of one start of its keeper, and what is said of that. */
import os from 'node:os';
import type { Answer } from '@bellwether/actors';
import { StartFailed } from '../../errors.ts';
import type {
  Ending,
  FoundRecord,
  Hang,
  RunningRecord,
  Start,
  Started,
} from '../../words/types.ts';
import { owedSignalCount } from './limits.ts';
import { features, FrameWriter, tags, types, type StartState } from './protocol.ts';
import { stepWords, type Making } from './start-frame.ts';

/** A start that the keeper was asked for. */
export interface Starting {
  readonly making: Making;
  readonly frame: Buffer;
  readonly started: Answer;
  tryCount: number;
  /** Signals that came before its process was there, in a start that is tried again. */
  readonly missed: Buffer[];
}
/** A start that is under way, or runs. There are as many as services: a list is there while somebody is in it. */
export interface Kept {
  readonly service: string;
  /** Undefined: an earlier daemon has started it, or it runs. */
  starting: Starting | undefined;
  /** Once it runs. */
  process: Started | undefined;
  /** Its PID file has not named the process that it makes. */
  handsOver: boolean;
  /** Who waits for its end: in each life of the daemon somebody else. */
  readonly waiting: Answer[];
  /** Signals that the keeper has not said it has sent: after a loss they are sent again, rather twice than never. */
  owed: Buffer[] | undefined;
  /** Older ones that are not sent again, for want of room, and are still to be answered. */
  letGoCount: number;
  /** Who waits for the program of what was found under way. */
  settled: Answer[] | undefined;
  /** Who has asked what it is at. */
  looking: Answer[] | undefined;
  /** What it was at when that was told last; undefined once it runs. */
  hang: Hang | undefined;
}

/** What is known at first. */
export const keptOf = (known: Pick<Kept, 'service'> & Partial<Kept>): Kept => ({
  starting: undefined,
  process: undefined,
  handsOver: false,
  waiting: [],
  owed: undefined,
  letGoCount: 0,
  settled: undefined,
  looking: undefined,
  hang: undefined,
  ...known,
});

/** What the keeper that runs does not know how to do. */
export const tooOld = (): StartFailed => {
  const text = 'exec: the keeper that runs is of an older version, without this';
  return new StartFailed(`${text}: stop all services and the shepherd, then start again`, {
    summary: text,
  });
};

/** @throws StartFailed for what the keeper that runs cannot do */
export const checkManner = (start: Start, has: number): void => {
  const { pidFile, keepsGroup, sockets, ready } = start;
  const needed =
    (pidFile === undefined && keepsGroup === undefined ? 0 : features.follow) |
    (sockets === undefined ? 0 : features.sockets) |
    (ready?.kind === 'sd-notify' ? features.notify : 0);
  if ((needed & has) !== needed) throw tooOld();
};

/** With which the child of a fork ends that could not execute its program. */
export const notExecuted = 127;

/** Of what is told no more. */
export const forgetFrame = (startId: string): Buffer =>
  new FrameWriter(types.forget).text(tags.id, startId).frame();

/** To its whole group. */
export const signalFrame = (startId: string, signal: number): Buffer =>
  new FrameWriter(types.signal).text(tags.id, startId).numbers(tags.signal, [signal]).frame();

/** It is to be sent, and again where that is not answered. */
export const owe = (kept: Kept, frame: Buffer): void => {
  kept.owed ??= [];
  if (kept.owed.push(frame) <= owedSignalCount) return;
  kept.owed.shift();
  kept.letGoCount += 1;
};
/** One was answered, the oldest first; undefined where it is not kept any more. */
export const answered = (kept: Kept): Buffer | undefined => {
  if (kept.letGoCount === 0) return kept.owed?.shift();
  kept.letGoCount -= 1;
  return undefined;
};

/** Tells all who wait how it ended. */
export const settle = (kept: Kept, ending: Ending): void => {
  for (const each of kept.waiting.splice(0)) each.kept(ending);
};

/** Tells all who wait for its program that it runs, or why it does not; nobody has to look any more. */
export const begun = (kept: Kept, found: Started | StartFailed): void => {
  kept.hang = undefined;
  const { looking = [], settled = [] } = kept;
  kept.looking = undefined;
  kept.settled = undefined;
  for (const answer of looking) answer.kept(undefined);
  for (const answer of settled)
    if (found instanceof StartFailed) answer.broken(found);
    else answer.kept(found);
};
/** Its keeper was asked for it, or has said by itself what it is at. */
export const hangs = (kept: Kept, { pid, step }: StartState): void => {
  kept.hang = { pid, at: stepWords(step) };
  const { looking = [] } = kept;
  kept.looking = undefined;
  for (const answer of looking) answer.kept(kept.hang);
};
/** The record of what an earlier daemon has begun, and may not run its program yet. */
export const underWay = ({ startId, service }: RunningRecord, hang: Hang): FoundRecord => ({
  ...{ startId, service, pid: hang.pid },
  hang,
});
/** Answers once its program runs, or does not. */
export const waitUntilSettled = (kept: Kept | undefined, started: Answer): void => {
  if (kept === undefined) return started.broken(neverRan());
  if (kept.process !== undefined) return started.kept(kept.process);
  (kept.settled ??= []).push(started);
};
/** Answers what it is at; gives what is to be sent for that, which is no second start: the first one answers. */
export const waitForLook = (kept: Kept | undefined, answer: Answer): Buffer | undefined => {
  const frame = kept?.starting?.frame;
  if (kept === undefined || frame === undefined) answer.kept(kept?.hang);
  else (kept.looking ??= []).push(answer);
  return frame;
};
/** Of what nobody has started in this life, and is not there. */
export const neverRan = (): StartFailed => new StartFailed('its program was not run');

/** How a start ended, by what the keeper says of it. */
export const endingOf = ({ status, source }: StartState): Ending => {
  if (source === 'unknown') return {};
  const signal = status & 0x7f;
  return signal === 0 ? { code: (status >> 8) & 0xff } : { signal: nameOf(signal) };
};
const nameOf = (number: number): string => {
  const found = Object.entries(os.constants.signals).find(([, each]) => each === number);
  return found?.[0] ?? `SIG${number}`;
};
