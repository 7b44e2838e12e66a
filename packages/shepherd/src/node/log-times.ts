/**
 * When a log had come how far: a file beside it, `web.log.times`, since services write their lines
 * themselves and no line says when. A stamp is added whenever the log is looked at and has grown, so
 * the times are as exact as those looks are frequent:
 *
 *     1764064800000 52428800 1048576     wall clock, place of the file's first byte, its size then
 *     rotating 0                         the log is being put aside, from that byte of it on; what follows
 *     rotating 9437184 99                tells that it was. The copy begins with so many bytes of ours
 *
 * A daemon that is killed in between finds `rotating` as the last line, and compares.
 */
import fs from 'node:fs';
import { comparedBytes, timesBytes } from './limits.ts';

interface Stamp {
  readonly wall: number;
  readonly base: number;
  readonly size: number;
}
/** Where a file begins, and how far it had come. */
interface Begun {
  readonly base: number;
  readonly size: number;
}
const rotating = /^rotating(?: (\d{1,16}))?(?: (\d{1,4}))?$/;
const form = /^(\d{1,16}) (\d{1,16}) (\d{1,16})$/;
const stampIn = (line: string): Stamp | undefined => {
  const [, wall, base, size] = form.exec(line) ?? [];
  if (wall === undefined) return undefined;
  return { wall: Number(wall), base: Number(base), size: Number(size) };
};
const placeOf = ({ base, size }: Stamp): number => base + size;
const lineOf = ({ wall, base, size }: Stamp): string => `${wall} ${base} ${size}\n`;
// As the logs themselves.
const mode = 0o640;

/** What lies in a folder where a service's user may write is opened without waiting, and only where it is ours. */
const openOwn = (file: string, flags: number): number => {
  const { O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const descriptor = fs.openSync(file, flags | O_NOFOLLOW | O_NONBLOCK, mode);
  const stat = fs.fstatSync(descriptor);
  if (stat.isFile() && stat.uid === (process.geteuid?.() ?? stat.uid) && stat.nlink === 1)
    return descriptor;
  fs.closeSync(descriptor);
  throw new Error('is no plain file of ours');
};
const write = (file: string, flags: number, text: string): void => {
  const descriptor = openOwn(file, fs.constants.O_WRONLY | fs.constants.O_CREAT | flags);
  try {
    fs.writeSync(descriptor, text);
  } finally {
    fs.closeSync(descriptor);
  }
};

/** The times of one log. What cannot be read or written costs the times, never the log. */
export class LogTimes {
  readonly #log: string;
  #stamped: number;

  /** `log` is the file that the times are of. */
  constructor(log: string) {
    this.#log = log;
    this.#stamped = 0;
  }

  /** Made when it is needed: there are as many logs as services. */
  get #file(): string {
    return `${this.#log}.times`;
  }

  /** The place of the last stamp. */
  get stamped(): number {
    return this.#stamped;
  }

  /** What was noted down last; to be asked once, before all else. */
  last(): Begun | undefined {
    const lines = this.#lines();
    const last = lines.map(stampIn).findLast((stamp) => stamp !== undefined);
    if (last === undefined) return undefined;
    this.#stamped = placeOf(last);
    const found = rotating.exec(lines.at(-1) ?? '');
    if (found === null) return last;
    return this.#afterCrash(last, Number(found[1] ?? 0), Number(found[2] ?? 0));
  }

  /** Wall clock, milliseconds: the first look that is noted; undefined where there was none. */
  first(): number | undefined {
    return this.#lines()
      .map(stampIn)
      .find((stamp) => stamp !== undefined)?.wall;
  }

  /** `oldest` is the place before which nothing is left to be asked about. */
  stamp(wall: number, base: number, size: number, oldest: number): void {
    const stamp = { wall: Math.max(0, Math.round(wall)), base, size };
    this.#stamped = placeOf(stamp);
    this.#append(lineOf(stamp));
    if (sizeOf(this.#file) > timesBytes) this.#thin(oldest);
  }

  /** The log is about to be put aside, from a byte of the file on, behind so many bytes that are in the copy alone. */
  rotating(start: number, lineBytes: number): void {
    this.#append(lineBytes === 0 ? `rotating ${start}\n` : `rotating ${start} ${lineBytes}\n`);
  }

  /** Where the log was at a time, or some time before; undefined where that is not known. */
  placeAt(wall: number): number | undefined {
    const stamps = this.#lines().flatMap((line) => stampIn(line) ?? []);
    const last = stamps.findLast((stamp) => stamp.wall <= wall);
    return last === undefined ? undefined : placeOf(last);
  }

  /** Put aside and not emptied, or emptied and not noted down: whether `.1` is what the log begins with. */
  #afterCrash({ base, size }: Stamp, start: number, lineBytes: number): Begun {
    const aside = `${this.#log}.1`;
    if (fs.existsSync(`${this.#log}.new`)) return { base, size }; // it was not put aside yet
    const length = sizeOf(aside);
    const copied = length - lineBytes;
    const isBoth =
      sizeOf(this.#log) >= start + copied &&
      isSame({ file: this.#log, from: start }, { file: aside, from: lineBytes }, copied);
    if (!isBoth) return { base: base + length, size: 0 };
    fs.rmSync(aside, { force: true });
    return { base, size };
  }

  /** Every second of the older half goes, and what is about nothing any more. */
  #thin(oldest: number): void {
    const stamps = this.#lines()
      .flatMap((line) => stampIn(line) ?? [])
      .filter((stamp) => placeOf(stamp) >= oldest);
    const middle = stamps.length / 2;
    const kept = stamps.filter((_stamp, at) => at >= middle || at % 2 === 0);
    try {
      fs.rmSync(`${this.#file}.new`, { force: true });
      write(`${this.#file}.new`, fs.constants.O_EXCL, kept.map(lineOf).join(''));
      fs.renameSync(`${this.#file}.new`, this.#file);
    } catch {
      // A full disk: the old ones stay, and this is tried again with the next stamp.
    }
  }

  #lines(): readonly string[] {
    let descriptor: number | undefined;
    try {
      descriptor = openOwn(this.#file, fs.constants.O_RDONLY);
      if (fs.fstatSync(descriptor).size > 2 * timesBytes) return []; // not written by us
      return fs.readFileSync(descriptor, 'utf8').split('\n').slice(0, -1);
    } catch {
      return []; // none yet, or none of ours
    } finally {
      if (descriptor !== undefined) fs.closeSync(descriptor);
    }
  }
  #append(text: string): void {
    try {
      write(this.#file, fs.constants.O_APPEND, text);
    } catch {
      // A full disk, or a file of others: the times are coarser than they could be.
    }
  }
}

const sizeOf = (file: string): number => fs.lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;

interface Place {
  readonly file: string;
  readonly from: number;
}
/** Whether two files have the same from some places on, as far as that is worth reading. */
const isSame = (one: Place, other: Place, length: number): boolean => {
  const count = Math.min(length, comparedBytes);
  try {
    return partOf(one.file, one.from, count).equals(partOf(other.file, other.from, count));
  } catch {
    return false;
  }
};
const partOf = (file: string, start: number, length: number): Buffer => {
  const descriptor = openOwn(file, fs.constants.O_RDONLY);
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, fs.readSync(descriptor, bytes, 0, length, start));
  } finally {
    fs.closeSync(descriptor);
  }
};
