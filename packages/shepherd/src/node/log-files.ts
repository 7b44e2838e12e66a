/**
 * One log file for each service, all in one folder. Services write to their file themselves (it is
 * opened for append and handed to them), so nothing is lost when the daemon is away; here is where
 * it lies, and how it is read.
 */
import fs from 'node:fs';
import path from 'node:path';
import { Refused, type Answer } from '@bellwether/actors';
import { StartFailed } from '../errors.ts';
import type { LogBounds, LogFiles, LogPiece, LogQuery } from '../words/types.ts';
import { untilSeen } from './file-watch.ts';
import { lastLines, wholeLines } from './lines.ts';
import {
  chunkBytes,
  expireMs,
  followedBytes,
  followedMs,
  keptLogCount,
  linesBytes,
  lookCount,
  logBytes,
  searchedBytes,
  tailLineChars,
  tailLineCount,
} from './limits.ts';
import { stampedLine } from './log-cut.ts';
import { checkedFolder, OpenWay } from './open-folder.ts';
import { explain, isMissing } from './program.ts';
import { makeQueue, type TaskQueue } from './queue.ts';
import { ServiceLog, type AllBounds } from './service-log.ts';

// The longest file name of common file systems is 255 bytes; the rest is for what rotation will
// append.
const nameBytes = 200;
// GNU Shepherd's mode for log files: the service's group may read, others may not.
const logMode = 0o640;
const folderMode = 0o750;
const newline = 0x0a;

/**
 * Any service name as a file name: what is not plain is percent-encoded, so no name leads out of
 * the folder.
 */
const fileNameOf = (service: string): string => {
  if (/^[A-Za-z0-9_+@:-][A-Za-z0-9_+@:.-]*$/.test(service)) return service.slice(0, nameBytes); // most are
  const encoded = Array.from(Buffer.from(service), (byte, at) => {
    const char = String.fromCharCode(byte);
    const isPlain = /[A-Za-z0-9_+@:-]/.test(char) || (char === '.' && at > 0);
    return isPlain ? char : `%${byte.toString(16).padStart(2, '0')}`;
  });
  return encoded.join('').slice(0, nameBytes);
};

/** What logs work with. */
export interface LogPowers {
  /** Absolute; need not exist yet. */
  readonly folder: string;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
}
/** The logs of all services, as their readers and the rest of this folder see them. */
export interface ServiceLogs extends LogFiles {
  /** Logs that do not lie in the folder. */
  elsewhere(): readonly string[];
  /**
   * The log in a file; what no service is known for has the usual bounds. To be asked for before each use.
   * @throws OpenWay for one that does not lie in the folder, where others can change the way to it
   */
  logIn(file: string): ServiceLog;
  /** Opens it for a start, as openLog does. @throws StartFailed */
  open(service: string): number;
  /** Adds a line, with the time before it, to the log of a service that has no process. @throws the system's error */
  write(service: string, text: string): void;
  /**
   * Looks for a text behind a place; what it gives may be called again and again, and goes on where
   * it was.
   */
  search(service: string, text: string, from: number): () => Promise<boolean>;
}

/** Makes the logs of one folder: there must be one of these for each. */
export const makeLogFiles = (powers: LogPowers): ServiceLogs => new FolderLogs(powers);

const usual: AllBounds = { maxBytes: logBytes, keptCount: keptLogCount, isPacked: true, expireMs };

class FolderLogs implements ServiceLogs {
  readonly #powers: LogPowers;
  /** Absolute, in its shortest form. */
  readonly #folder: string;
  /** By file. */
  readonly #logs: Map<string, ServiceLog>;
  /** By service: where those lie that are not in the folder. */
  readonly #elsewhere: Map<string, string>;
  /** Services whose descriptions say the same share it (equal-parts.ts), and so do these. */
  readonly #bounds: WeakMap<LogBounds, AllBounds>;
  /** What ends the reading of a reader. */
  readonly #readings: Map<string, () => void>;
  /** For what looks through a log, which may take a while. */
  readonly #looking: TaskQueue;

  constructor(powers: LogPowers) {
    this.#powers = powers;
    this.#folder = path.resolve(powers.folder);
    this.#logs = new Map();
    this.#elsewhere = new Map();
    this.#bounds = new WeakMap();
    this.#readings = new Map();
    this.#looking = makeQueue(lookCount);
  }

  pathOf(service: string): string {
    const file = this.#elsewhere.get(service);
    if (file !== undefined) return file;
    // Joined, a text is flat; one that is put together of parts keeps them, and this one is kept.
    return [this.#folder, `${fileNameOf(service)}.log`].join(path.sep);
  }

  logIn(file: string): ServiceLog {
    this.#judge(file);
    return this.#logAt(file);
  }

  /** Of the folder itself the daemon makes sure, once and for all. */
  #judge(file: string): void {
    let folder = path.dirname(file);
    if (folder === this.#folder) return;
    // What is missing can be made by whoever may change what is there.
    while (fs.lstatSync(folder, { throwIfNoEntry: false }) === undefined)
      folder = path.dirname(folder);
    checkedFolder(folder);
  }

  #logAt(file: string): ServiceLog {
    const known = this.#logs.get(file);
    if (known !== undefined) return known;
    const log = new ServiceLog(file, usual);
    this.#logs.set(file, log);
    return log;
  }

  end(service: string): number {
    try {
      return this.logIn(this.pathOf(service)).end();
    } catch {
      return 0; // whoever writes to it is told why
    }
  }

  elsewhere(): readonly string[] {
    return [...new Set(this.#elsewhere.values())];
  }

  bound(service: string, said: LogBounds): void {
    const { file, ...bounds } = said;
    if (file === undefined) this.#elsewhere.delete(service);
    else this.#elsewhere.set(service, path.resolve(file));
    const known = this.#bounds.get(said) ?? { ...usual, ...bounds };
    this.#bounds.set(said, known);
    this.#logAt(this.pathOf(service)).bounds = known;
  }

  remove(service: string): void {
    const file = this.pathOf(service);
    this.#logs.delete(file);
    // What somebody wanted somewhere else is his.
    if (!this.#elsewhere.delete(service)) removeWhole(file);
  }

  isSilent(service: string): boolean {
    try {
      return this.logIn(this.pathOf(service)).isEmpty();
    } catch {
      return false; // whoever reads it is told why
    }
  }

  lines(service: string, query: LogQuery, answer: Answer): void {
    this.#answer(service, answer, (log) =>
      this.#looking(() => lastOf(log, query, this.#powers.wall())),
    );
  }

  begin(service: string, query: LogQuery, answer: Answer): void {
    this.#answer(service, answer, (log) =>
      this.#looking(async () => {
        const end = log.end();
        return { begin: await log.begin(query, this.#powers.wall()), end };
      }),
    );
  }

  read(
    reader: string,
    service: string,
    place: number,
    until: number | undefined,
    answer: Answer,
  ): void {
    this.stop(reader);
    this.#answer(service, answer, async (log) => {
      let piece = await pieceOf(log, place, until);
      if (until !== undefined || piece.lines.length > 0) return piece;
      const { seen, stop } = untilSeen(log.file, async () => {
        piece = { ...(await pieceOf(this.logIn(log.file), place, until)), hasWaited: true };
        return piece.lines.length > 0;
      });
      this.#readings.set(reader, stop);
      const timer = setTimeout(stop, followedMs);
      await seen.finally(() => {
        clearTimeout(timer);
        if (this.#readings.get(reader) === stop) this.#readings.delete(reader);
      });
      return piece;
    });
  }

  open(service: string): number {
    const file = this.pathOf(service);
    try {
      return this.#open(file);
    } catch (error) {
      throw new StartFailed(`exec: log file ${file}: ${explain(error)}`, {
        cause: error,
        summary: `exec: its log file: ${plainly(error)}`,
      });
    }
  }
  #open(file: string): number {
    this.#judge(file);
    return openLog(file);
  }

  write(service: string, text: string): void {
    const file = this.#open(this.pathOf(service));
    try {
      fs.writeSync(file, stampedLine(this.#powers.wall(), text));
    } finally {
      fs.closeSync(file);
    }
  }

  stop(reader: string): void {
    const stop = this.#readings.get(reader);
    this.#readings.delete(reader);
    stop?.();
  }

  search(service: string, text: string, from: number): () => Promise<boolean> {
    const wanted = Buffer.from(text);
    const file = this.pathOf(service);
    let at = from;
    // The text may lie across two pieces.
    let before: Uint8Array = new Uint8Array(0);
    return async () => {
      const log = this.logIn(file);
      while (at - from < searchedBytes && at < log.end()) {
        const { place, bytes } = await log.read(at, chunkBytes);
        const piece = Buffer.concat([before, bytes]);
        if (piece.includes(wanted)) return true;
        before = piece.subarray(Math.max(0, piece.length - wanted.length + 1));
        at = place + bytes.length;
      }
      return false;
    };
  }

  #answer(service: string, answer: Answer, work: (log: ServiceLog) => Promise<unknown>): void {
    const file = this.pathOf(service);
    const tried = async (): Promise<unknown> => {
      const log = this.logIn(file);
      checkReadable(file);
      return work(log);
    };
    tried().then(
      (value) => answer.kept(value),
      // Whoever asks may be anybody: where logs lie is not theirs to know.
      (cause: unknown) =>
        answer.broken(new Refused(`the log of ${service}: ${plainly(cause)}`, { cause })),
    );
  }
}

const plainly = (error: unknown): string =>
  error instanceof OpenWay ? error.summary : explain(error);

/** A log with what was put aside of it, and its times. What cannot be removed stays: nothing depends on it. */
const removeWhole = (file: string): void => {
  const [folder, base] = [path.dirname(file), path.basename(file)];
  try {
    for (const name of fs.readdirSync(folder))
      if (name.startsWith(base) && /^(\.(\d+(\.gz)?|times|new))*$/.test(name.slice(base.length)))
        fs.rmSync(path.join(folder, name), { force: true });
  } catch {
    // There is no such folder, or it is somebody else's.
  }
};

/** A log that is not there yet is empty; what stands in its place is not read. */
const checkReadable = (file: string): void => {
  const stat = fs.lstatSync(file, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isFile()) throw new Error('is no plain file');
};

/** The lines of a query, as far as one answer has room for them. */
const lastOf = async (
  log: ServiceLog,
  query: LogQuery,
  wall: number,
): Promise<readonly string[]> => {
  const lineCount = Math.min(query.lineCount ?? tailLineCount, tailLineCount);
  const { bytes, isTorn } = await log.last({ ...query, lineCount }, wall, linesBytes);
  return lastLines(bytes, isTorn, lineCount, tailLineChars);
};

/** One piece from a place on: whole lines, unless nobody waits for the end of the last one. */
const pieceOf = async (
  log: ServiceLog,
  place: number,
  until: number | undefined,
): Promise<LogPiece> => {
  const end = until ?? log.end();
  // With the byte before it, which tells whether a line begins there.
  const before = place > 0 ? 1 : 0;
  const wanted = Math.min(followedBytes, Math.max(0, end - place)) + before;
  const read = await log.read(place - before, wanted);
  const isThere = read.place === place - before;
  const from = isThere ? place : read.place;
  const bytes = isThere ? read.bytes.subarray(before) : read.bytes;
  const isTorn = isThere && before > 0 && read.bytes[0] !== newline;
  const isEnd = bytes.length === 0 || from + bytes.length >= end;
  const { lines, byteCount } = wholeLines(bytes, !isEnd || until === undefined, isTorn);
  return {
    lines,
    next: from + byteCount,
    // Behind the end is where a log was that was cut.
    lostBytes: Math.abs(from - place),
    isEnd: isEnd && byteCount === bytes.length,
    hasWaited: false,
  };
};

/**
 * Opens a log to write to, at its end whoever else writes; makes the folders above it. The caller
 * closes the descriptor. What is no file of ours with this one name is not written to: in a folder
 * that others can write, a link would lead root wherever they like.
 * @throws the system's error, and an Error that says what stands there instead.
 */
export const openLog = (file: string): number => {
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  // NONBLOCK: a pipe that somebody left here must not be waited for. To files it means nothing.
  const flags = O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW | O_NONBLOCK;
  const descriptor = openPlain(() => {
    try {
      return fs.openSync(file, flags, logMode);
    } catch (error) {
      if (!isMissing(error)) throw error;
      fs.mkdirSync(path.dirname(file), { recursive: true, mode: folderMode });
      return fs.openSync(file, flags, logMode);
    }
  });
  try {
    checkOwn(fs.fstatSync(descriptor));
    return descriptor;
  } catch (error) {
    fs.closeSync(descriptor);
    throw error;
  }
};

const openPlain = (open: () => number): number => {
  try {
    return open();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ELOOP') throw new Error('is a symbolic link', { cause: error });
    if (code === 'ENXIO') throw new Error('is a pipe', { cause: error });
    throw error;
  }
};

/** A device of root's, /dev/null, may stand for a log that nobody wants. */
const checkOwn = (stat: fs.Stats): void => {
  if (stat.isCharacterDevice() && stat.uid === 0) return;
  if (!stat.isFile()) throw new Error('is no plain file');
  const us = process.geteuid?.() ?? stat.uid;
  if (stat.uid !== us) throw new Error(`belongs to user ${stat.uid}, not to ${us}`);
  if (stat.nlink > 1) throw new Error('has another name elsewhere (a hard link)');
};
