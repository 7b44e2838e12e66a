/**
 * The daemon's own log: one line an event, `2026-11-25 10:04:05.123Z service.started service=web pid=12`, in UTC.
 * Written synchronously: it is a line for each thing that an operator acts on, and the last lines before a crash are
 * the ones that matter.
 *
 * It is bounded, since strangers have a hand in what is logged: a file that has reached its size becomes `.1` and so
 * on, and the same line again within ten seconds is counted from the fourth time on instead of being written:
 *
 *     2026-11-25 10:04:15.123Z log.repeated count=812 line="session.refused reason=…"
 */
import fs from 'node:fs';
import type { Log } from '@bellwether/actors';
import { cutText } from '@bellwether/shepherd';
import { openLog, shiftOld } from '@bellwether/shepherd/node';

/** Longest value of one field, in characters: what comes from outside must not fill the log. */
const maxFieldChars = 500;
/** Bytes of one file. */
const maxFileBytes = 10 * 1024 * 1024;
/** Old files beside the current one. */
const keptCount = 5;
/** Milliseconds in which equal lines are counted together. */
const foldMs = 10_000;
/** Equal lines that are written all the same: a respawn or two is a story, not a flood. */
const plainCount = 3;
/** Different lines that are remembered; with more of them nothing is folded any more until the window is over. */
const foldedLineCount = 256;

/** What a log takes from around it. */
export interface LogPowers {
  /** Milliseconds since 1970. */
  readonly wall: () => number;
  /** Calls back once, so many milliseconds later; keeps no process alive. */
  readonly after: (ms: number, task: () => void) => void;
}
/** Time as it is. */
const realTime: LogPowers = {
  wall: () => Date.now(),
  after: (ms, task) => void setTimeout(task, ms).unref(),
};

/** A log that is open; whoever opened it closes it. */
export interface DaemonLog {
  /** Never throws: a full disk must not stop services. */
  readonly log: Log;
  /** Writes what was only counted so far, and closes the file. */
  readonly close: () => void;
}

/**
 * Opens (appends to) a log file, mode 0640. Links are not followed.
 * @throws the system's error, or one that says what stands there instead of a file of ours.
 */
export const openDaemonLog = (file: string, powers: LogPowers = realTime): DaemonLog => {
  return new FoldingLog(openFile(file), powers);
};

/** A file that is replaced by a new one when it is full. */
interface LogFile {
  write(line: string): void;
  close(): void;
}

/** @throws what openLog throws */
const openFile = (file: string): LogFile => {
  const opened = (): number => {
    try {
      return openLog(file);
    } catch (error) {
      throw new Error(`log: ${file}: ${(error as Error).message}`, { cause: error });
    }
  };
  let descriptor = opened();
  let size = fs.fstatSync(descriptor).size;
  const rotate = (): void => {
    try {
      shiftOld(file, keptCount);
      fs.renameSync(file, `${file}.1`);
      const next = opened();
      fs.closeSync(descriptor);
      descriptor = next;
    } catch {
      fs.ftruncateSync(descriptor); // better to lose old lines than to fill the disk with them
    }
    size = 0;
  };
  return {
    write: (line) => {
      const bytes = Buffer.from(line);
      if (size > 0 && size + bytes.length > maxFileBytes) rotate();
      size += fs.writeSync(descriptor, bytes);
    },
    close: () => fs.closeSync(descriptor),
  };
};

class FoldingLog implements DaemonLog {
  readonly log: Log;
  readonly close: () => void;
  readonly #file: LogFile;
  readonly #powers: LogPowers;
  /** How often each line came within this window. */
  #counts: Map<string, number>;
  #isClosed: boolean;

  constructor(file: LogFile, powers: LogPowers) {
    this.#file = file;
    this.#powers = powers;
    this.#counts = new Map();
    this.#isClosed = false;
    this.log = (event, fields) => this.#take(`${event}${fieldsText(fields)}`);
    this.close = () => {
      this.#tellCounts();
      this.#isClosed = true;
      this.#file.close();
    };
  }

  #take(line: string): void {
    const count = (this.#counts.get(line) ?? 0) + 1;
    if (this.#counts.size === 0) this.#powers.after(foldMs, () => this.#tellCounts());
    if (count > 1 || this.#counts.size < foldedLineCount) this.#counts.set(line, count);
    if (count <= plainCount) this.#write(line);
  }

  #tellCounts(): void {
    const counts = this.#counts;
    this.#counts = new Map();
    for (const [line, count] of counts)
      if (count > plainCount)
        this.#write(`log.repeated${fieldsText({ count: count - plainCount, line })}`);
  }

  #write(line: string): void {
    if (this.#isClosed) return;
    try {
      this.#file.write(`${stamp(this.#powers.wall())} ${line}\n`);
    } catch {
      // The log is lost, the services go on; there is nowhere left to say so.
    }
  }
}

const stamp = (wallMs: number): string => new Date(wallMs).toISOString().replace('T', ' ');

const fieldsText = (fields: Readonly<Record<string, unknown>>): string =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${valueText(value)}`)
    .join('');

/** Quoted as soon as it holds anything but plain characters, so that one event is always one line. */
const valueText = (value: unknown): string => {
  const text =
    value instanceof Error
      ? value.message
      : typeof value === 'string'
        ? value
        : (JSON.stringify(value) ?? String(value));
  const short = cutText(text, maxFieldChars);
  return /^[\w.:/@+-]+$/.test(short) ? short : JSON.stringify(short);
};
