/**
 * The log of one service as one long text, of which the last part lies in the current file and the
 * parts before it in `.1`, `.2.gz` … A place in it is a count of bytes since the log began, so it means
 * the same before and after a rotation:
 *
 *     place     0 ─────── gone ───────┬──── .2 ────┬──── .1 ────┬── current ──►
 *                                     oldest                    base          end
 *
 * Everything that moves bytes from one file to another, and the change of `base` that goes with it, is
 * done in one synchronous step. A reading that was under way meanwhile is done again.
 */
import fs from 'node:fs';
import { restMark } from './lines.ts';
import { copyMost, copyRest, withCopy } from './log-copy.ts';
import { bytesOnDisk, cutInPlace, cutLine, giveBackReserved, isPlain, tooMuch } from './log-cut.ts';
import { LogTimes } from './log-times.ts';
import {
  burstBytes,
  chunkBytes,
  expireLookMs,
  fileBytes,
  lastPieceCount,
  leastRotatedBytes,
  pieceBytes,
  scannedBytes,
  tailLineBytes,
} from './limits.ts';
import { expireOld, packOld } from './old-logs.ts';
import { packedSize, readPacked } from './packed-log.ts';
import { packedEnd, shiftOld } from './rotate.ts';
import { nextAlarm } from '../timer/calendar.ts';
import type { LogBounds, LogQuery, Zone } from '../words/types.ts';

const newline = 0x0a;

/** Bytes from a place on. */
export interface Bytes {
  /** Where they begin: later than what was asked for if that is gone, earlier if it is still to come. */
  readonly place: number;
  readonly bytes: Uint8Array;
}
/** The last lines of a log, as bytes. */
export interface Last {
  readonly bytes: Uint8Array;
  /** They begin within a line. */
  readonly isTorn: boolean;
}
/**
 * What is in a copy already: so many bytes, from `start` in the log on, behind a line of so many for what was cut out.
 */
interface Copied {
  readonly start: number;
  readonly copied: number;
  readonly lineBytes: number;
}
/** What is said of a log, or holds where nothing is. */
export type AllBounds = Required<Omit<LogBounds, 'when' | 'file'>> & Pick<LogBounds, 'when'>;
/** A file that holds the places from `from` up to `to`. */
interface Part {
  readonly file: string;
  readonly isPacked: boolean;
  readonly from: number;
  readonly to: number;
}

/** One that was put aside. */
interface OldPart extends Pick<Part, 'file' | 'isPacked'> {
  readonly size: number;
}

/** One log. There must be one object for each file. */
export class ServiceLog {
  readonly file: string;
  /** Changed by whoever knows the configuration. */
  bounds: AllBounds;
  readonly #times: LogTimes;
  /** The place of the first byte of the current file. */
  #base: number;
  /** Its size when it was last looked at. */
  #size: number;
  #isBegun: boolean;
  /** Counts rotations, so that a reading knows that it has to be done again. */
  #rotationCount: number;
  /** What packed ones hold, by their number: read once for each. Most logs have none. */
  #packed: Map<string, { readonly stamp: string; readonly size: number }> | undefined;
  /** Whether old ones may have to be packed. */
  #isToPack: boolean;
  /** Wall clock, milliseconds: since when it is to be put aside by the time, and when old ones are looked at again. */
  #untouchedSince: number | undefined;
  #expireLook: number;

  /** Looks at nothing yet: the way there is to be judged before each use. */
  constructor(file: string, bounds: AllBounds) {
    this.file = file;
    this.bounds = bounds;
    this.#times = new LogTimes(file);
    this.#packed = undefined;
    this.#isToPack = true;
    this.#untouchedSince = undefined;
    this.#expireLook = 0;
    this.#isBegun = false;
    this.#base = 0;
    this.#size = 0;
    this.#rotationCount = 0;
  }

  /** Reads what an earlier daemon noted down; a log that is not there yet is empty. */
  #begin(): void {
    if (this.#isBegun) return;
    this.#isBegun = true;
    const last = this.#times.last();
    this.#base = last?.base ?? this.#old().reduce((sum, { size }) => sum + size, 0);
    this.#size = last?.size ?? 0;
  }

  /** What its file is now; undefined where there is none. One look is enough for all that a round decides by it. */
  look(): fs.Stats | undefined {
    return fs.lstatSync(this.file, { throwIfNoEntry: false });
  }

  /** The place where the next byte will land. */
  end(size = sizeOf(this.file)): number {
    this.#begin();
    // Somebody else has emptied it: what was in it has places all the same.
    if (size < this.#size) this.#base += this.#size;
    this.#size = size;
    return this.#base + size;
  }

  /** Whether nothing was ever written to it that is left; false for what is no file, and where nobody can tell. */
  isEmpty(): boolean {
    this.#begin();
    if (this.#base > 0 || this.#size > 0) return false;
    try {
      const stat = fs.lstatSync(this.file, { throwIfNoEntry: false });
      return stat === undefined || (stat.isFile() && stat.size === 0);
    } catch {
      return false; // whoever reads it is told why
    }
  }

  /** Notes how far the log has come by now, where it has grown. `wall` in milliseconds since 1970. */
  stamp(wall: number, found?: fs.Stats): void {
    const end = this.end(found && sizeIn(found));
    if (end > this.#times.stamped) this.#times.stamp(wall, this.#base, this.#size, this.#oldest());
  }

  /** At most `maxBytes` from a place on, across files; none at the end. */
  async read(place: number, maxBytes: number): Promise<Bytes> {
    for (;;) {
      const count = this.#rotationCount;
      const end = this.end();
      const wanted = Math.min(place, end);
      const from = Math.max(wanted, this.#partAt(wanted).from);
      const bytes = await this.#bytes(from, Math.min(from + maxBytes, end));
      if (count === this.#rotationCount) return { place: from, bytes };
    }
  }
  async #bytes(from: number, to: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (let at = from; at < to;) {
      const part = this.#partAt(at);
      const bytes = await bytesOf(part, at - part.from, Math.min(to, part.to) - at);
      if (bytes.length === 0) break; // cut meanwhile
      pieces.push(bytes);
      at += bytes.length;
    }
    return Buffer.concat(pieces);
  }

  /** Where the lines of a query begin: the start of a line, within one that is very long, or the end of the log. */
  async begin(query: LogQuery, wall: number): Promise<number> {
    const end = this.end();
    const { lineCount } = query;
    if (lineCount === 0) return end;
    const since = this.#since(query, wall);
    if (lineCount === undefined) return this.#lineFrom(since, end);
    // One line without an end must not be all that there is of the log.
    const floor = Math.max(since, end - Math.min(scannedBytes, lineCount * tailLineBytes));
    const begin = await this.#backTo(floor, end, lineCount);
    return begin === end ? floor : begin;
  }

  /**
   * What the lines of a query are in, at most `maxBytes`, and whether it begins within a line: the end
   * of one that is longer than that is all there is to be had of it.
   */
  async last(query: LogQuery, wall: number, maxBytes: number): Promise<Last> {
    const end = this.end();
    const after = query.after?.find(({ about }) => about === undefined)?.place ?? 0;
    const since = Math.max(this.#since(query, wall), Math.min(after, end));
    const floor = Math.max(since, end - maxBytes);
    const begin = await this.#backTo(floor, end, query.lineCount ?? Infinity, floor === after);
    const isTorn = begin === end && floor > since;
    const from = isTorn ? floor : begin;
    if (from === end) return { bytes: Buffer.alloc(0), isTorn };
    const { place, bytes } = await this.read(from, end - from);
    return { bytes, isTorn: isTorn || place > from };
  }

  /** The place before which a query wants nothing, or nothing is left. */
  #since({ sinceMs }: LogQuery, wall: number): number {
    const since = sinceMs === undefined ? undefined : this.#times.placeAt(wall - sinceMs);
    return Math.max(this.#oldest(), since ?? 0);
  }

  /** Where the last lines begin, so many of them as begin at a place or behind it; one does there, or may. */
  async #backTo(floor: number, end: number, lineCount: number, isStart = false): Promise<number> {
    // The newline before a line tells that it begins there.
    const from = Math.max(this.#oldest(), floor - 1);
    let first = end;
    let count = 0;
    for (let at = end; at > from;) {
      const start = Math.max(from, at - chunkBytes);
      const { place, bytes } = await this.read(start, at - start);
      // The newline that ends the log ends its last line; one more begins the first line.
      const last = bytes.length - (place + bytes.length === end ? 2 : 1);
      for (
        let index = lastNewline(bytes, last);
        index >= 0;
        index = lastNewline(bytes, index - 1)
      ) {
        first = place + index + 1;
        count += 1;
        if (count === lineCount) return first;
      }
      at = start;
    }
    return isStart || floor === 0 ? floor : first;
  }

  /** The first line that begins at a place or behind it. */
  async #lineFrom(floor: number, end: number): Promise<number> {
    if (floor === 0) return 0;
    // What was rotated away may have ended within a line.
    for (let at = Math.max(this.#oldest(), floor - 1); at < end;) {
      const { place, bytes } = await this.read(at, chunkBytes);
      if (bytes.length === 0) break;
      const index = bytes.indexOf(newline);
      if (index >= 0) return Math.min(place + index + 1, end);
      at = place + bytes.length;
    }
    return end;
  }

  /** Whether it is over its size, or has more than that of the disk. */
  isFull(found = this.look()): boolean {
    return this.#isOver(this.bounds.maxBytes, found) || this.#isReserved(found);
  }
  #isOver(bytes: number, found: fs.Stats | undefined): boolean {
    return found !== undefined && isPlain(found) && found.size > bytes;
  }
  /** Whether somebody has reserved more of the disk for it than it may have: `FALLOC_FL_KEEP_SIZE` changes no size. */
  #isReserved(found: fs.Stats | undefined): boolean {
    return found !== undefined && isPlain(found) && bytesOnDisk(found) > this.bounds.maxBytes;
  }

  /**
   * Gives back what is reserved for it behind its end, where it has more of the disk than it may have and its lines do
   * not. @returns the bytes of the disk that are free now. @throws the system's error
   */
  giveBack(found = this.look()): number {
    const isReserved = this.#isReserved(found) && !this.#isOver(this.bounds.maxBytes, found);
    return isReserved ? giveBackReserved(this.file) : 0;
  }

  /** Whether it is time for it; one that is too short then waits for the next time. */
  isDue(wall: number, zone: Zone): boolean {
    const { when } = this.bounds;
    if (when === undefined) return false;
    this.#untouchedSince ??= this.#begun() ?? wall;
    const next = nextAlarm(when, this.#untouchedSince, zone, this.#untouchedSince);
    if (next === undefined || next > wall) return false;
    this.#untouchedSince = wall;
    return this.isWorthIt();
  }
  /** Whether there is enough in it to be put aside, when somebody wants that. */
  isWorthIt(): boolean {
    return this.#isOver(leastRotatedBytes, this.look());
  }
  /** Wall clock: when it was put aside last, or first seen. */
  #begun(): number | undefined {
    const stat =
      fs.lstatSync(`${this.file}.1`, { throwIfNoEntry: false }) ??
      fs.lstatSync(`${this.file}.1${packedEnd}`, { throwIfNoEntry: false });
    return stat?.mtimeMs ?? this.#times.first();
  }

  /** Removes what is older than it may be; looks once an hour. */
  expire(wall: number): void {
    if (wall < this.#expireLook) return;
    this.#expireLook = wall + expireLookMs;
    expireOld(this.file, this.bounds, wall, () => (this.#rotationCount += 1));
  }

  /**
   * Makes room on a full disk: the oldest of what was put aside goes. False where there is none. @throws the system's
   * error
   */
  dropOldest(): boolean {
    const last = this.#old().at(-1);
    if (last === undefined) return false;
    this.#rotationCount += 1;
    fs.rmSync(last.file, { force: true });
    return true;
  }

  /**
   * Packs what was put aside, all but the latest: that is read most often, and compared after a crash. @throws the
   * system's error; what was to be packed is there still, and is tried again after the next rotation
   */
  async packOld(): Promise<void> {
    if (!this.#isToPack || !this.bounds.isPacked) return;
    this.#isToPack = false;
    await packOld(this.file, this.bounds.keptCount, () => (this.#rotationCount += 1));
  }

  /**
   * Copies what is there beside the event loop, then the rest, and empties the file, with no step in
   * between: see log-rotation.ts. Of a log that is far over its size only the end is kept, behind a line that
   * says so, and the rest never had a place: what is not written at all, a hole, must not use up the numbers.
   * @returns the bytes that were left out in front of that end.
   * @throws the system's error; what was there is there still, though perhaps twice
   */
  rotate(wall: number): Promise<number> {
    return withCopy(this.file, async (from, to, stat) => {
      this.#begin();
      this.#untouchedSince = wall;
      this.#isToPack = true;
      if (!isPlain(stat)) throw new Error('is no plain file with one name');
      const { maxBytes } = this.bounds;
      const size = Math.min(stat.size, fileBytes);
      const start = size > maxBytes + burstBytes ? size - maxBytes : 0;
      // What follows it may begin within a line.
      const line = start === 0 ? '' : `${cutLine(wall, start, tooMuch)}${restMark}`;
      await to.writeFile(Buffer.from(line));
      const copied = await copyMost(from, to, start, maxBytes + burstBytes);
      const lineBytes = Buffer.byteLength(line);
      this.#putAside(from.fd, to.fd, { start, copied, lineBytes }, wall);
      return start;
    });
  }

  /**
   * Where there is no room to put it aside, and nothing else to give up: of a log that is over its size the newest
   * lines stay where they are, behind one that says how much is gone. They keep their places.
   * @returns the bytes that are gone; 0 where it is not over its size. @throws the system's error
   */
  cut(wall: number): number {
    const { maxBytes } = this.bounds;
    if (!this.#isOver(maxBytes, this.look())) return 0;
    this.end();
    this.#rotationCount += 1;
    const { keptBytes, lostBytes } = cutInPlace(this.file, maxBytes, wall);
    // As in `rotate`: what never was must not use up the numbers.
    this.#base += Math.max(0, Math.min(this.#size, maxBytes + burstBytes) - keptBytes);
    this.#size = keptBytes;
    this.#times.stamp(wall, this.#base, this.#size, this.#oldest());
    return lostBytes;
  }

  #putAside(from: number, to: number, { start, copied, lineBytes }: Copied, wall: number): void {
    this.#rotationCount += 1;
    this.#times.rotating(start, lineBytes);
    try {
      shiftOld(this.file, this.bounds.keptCount);
      fs.renameSync(`${this.file}.new`, `${this.file}.1`);
      const rest = copyOrNot(`${this.file}.1`, () => copyRest(from, to, start + copied));
      const end = start + copied + rest;
      const lost = rest < lastPieceCount * pieceBytes ? 0 : fs.fstatSync(from).size - end;
      fs.ftruncateSync(from, 0);
      this.#base += lineBytes + copied + rest;
      this.#size = 0;
      if (lost > 0) this.#base += fs.writeSync(to, cutLine(wall, lost, tooMuch));
    } finally {
      this.#times.stamp(wall, this.#base, this.#size, this.#oldest());
    }
  }

  /** The part that holds a place, or else the oldest one. */
  #partAt(place: number): Part {
    const current = {
      file: this.file,
      isPacked: false,
      from: this.#base,
      to: this.#base + this.#size,
    };
    if (place >= current.from) return current;
    let part: Part = current;
    for (const { file, isPacked, size } of this.#old()) {
      part = { file, isPacked, from: part.from - size, to: part.from };
      if (place >= part.from) return part;
    }
    return part;
  }
  /** The oldest place that can be read. */
  #oldest(): number {
    // Never rotated, as most: to look for what is not there is what a status of a thousand would spend its time on.
    if (this.#base === 0) return 0;
    return this.#old().reduce((place, { size }) => place - size, this.#base);
  }
  /** Those that were put aside, the latest first. One that is there twice was packed when a daemon was killed. */
  #old(): readonly OldPart[] {
    const old = [];
    for (let number = 1; number <= this.bounds.keptCount; number += 1) {
      const file = `${this.file}.${number}`;
      const size = sizeOf(file);
      const packed = size > 0 ? 0 : this.#packedSize(`${file}${packedEnd}`);
      if (size > 0) old.push({ file, isPacked: false, size });
      else if (packed > 0) old.push({ file: `${file}${packedEnd}`, isPacked: true, size: packed });
    }
    return old;
  }
  #packedSize(file: string): number {
    try {
      const stat = fs.lstatSync(file, { throwIfNoEntry: false });
      if (stat?.isFile() !== true) return 0;
      const stamp = `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
      const known = this.#packed?.get(file);
      if (known?.stamp === stamp) return known.size;
      const size = packedSize(file);
      this.#packed ??= new Map();
      this.#packed.set(file, { stamp, size });
      return size;
    } catch {
      return 0; // as sizeOf
    }
  }
}

/** The last one at an index or before it; -1 where there is none. */
const lastNewline = (bytes: Uint8Array, from: number): number =>
  from < 0 ? -1 : bytes.lastIndexOf(newline, from);

/** A copy that is not whole is none: its bytes are in the log still. */
const copyOrNot = (copy: string, work: () => number): number => {
  try {
    return work();
  } catch (error) {
    fs.rmSync(copy, { force: true });
    throw error;
  }
};

/**
 * 0 for what is no file, and for what cannot be looked at: a name that somebody has given to a log leads anywhere. Who
 * reads it, or has it written to, is told why that does not work.
 */
const sizeOf = (file: string): number => {
  try {
    const stat = fs.lstatSync(file, { throwIfNoEntry: false });
    return stat === undefined ? 0 : sizeIn(stat);
  } catch {
    return 0;
  }
};
const sizeIn = (stat: fs.Stats): number => (stat.isFile() ? Math.min(stat.size, fileBytes) : 0);

const bytesOf = async (
  { file, isPacked }: Part,
  offset: number,
  length: number,
): Promise<Uint8Array> => {
  if (isPacked) return readPacked(file, offset, length);
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const handle = await fs.promises.open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await handle.read(bytes, 0, length, offset);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
};
