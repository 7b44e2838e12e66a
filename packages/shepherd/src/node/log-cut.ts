/** Cutting something out of a log, in place, and the line that says so there. */
import fs from 'node:fs';
import { keptInPlaceBytes } from './limits.ts';

const newline = 0x0a;
const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** A line of the shepherd's own in a log: the local time before it, as GNU Shepherd has it. */
export const stampedLine = (wall: number, text: string): string => {
  const at = new Date(wall);
  const two = (number: number): string => String(number).padStart(2, '0');
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
  return `${date} ${time} ${text.replaceAll('\n', ' ')}\n`;
};

/** The line for what was cut out; begins with a newline, since what is before it may have no end. */
export const cutLine = (wall: number, bytes: number, why: string): string => {
  const size =
    bytes < mebibyte
      ? `${Math.ceil(bytes / kibibyte)} KiB`
      : `${(bytes / mebibyte).toFixed(1)} MiB`;
  return `\n${stampedLine(wall, `${size} were cut out here, ${why}`)}`;
};

/** Why something was cut out that came faster than it is looked at. */
export const tooMuch = 'since more came than this log may have: maxMiB in its configuration';

/** Whether a file has one name only: in a folder of others that may mean another file from one look to the next. */
export const isPlain = (stat: fs.Stats): boolean => stat.isFile() && stat.nlink === 1;

/** What a file takes of its disk, in bytes, also behind its end. */
export const bytesOnDisk = ({ blocks }: fs.Stats): number => blocks * blockBytes;
/** As stat(2) has it, whatever the file system has. */
const blockBytes = 512;

/**
 * Gives back what is reserved for a log behind its end: a truncation to the size that it has frees it on ext4, XFS,
 * tmpfs and Btrfs. What the service writes between the two calls is lost, as in a rotation.
 * @returns the bytes of the disk that are free now. @throws the system's error
 */
export const giveBackReserved = (file: string): number => {
  const { O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const descriptor = fs.openSync(file, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const before = fs.fstatSync(descriptor);
    if (!isPlain(before)) throw new Error('is no plain file with one name');
    fs.ftruncateSync(descriptor, before.size);
    return bytesOnDisk(before) - bytesOnDisk(fs.fstatSync(descriptor));
  } finally {
    fs.closeSync(descriptor);
  }
};

/** What is left of a log, and how much of it is gone. */
interface Cut {
  readonly keptBytes: number;
  readonly lostBytes: number;
}
/**
 * Moves the newest lines of a log to its front, which takes no room, and gives back what is behind them: at most half
 * of what it may have, so that there is room for a copy of as much as it may have then. All in one step; what the
 * service writes between the read and the system call after it is lost, as in a rotation.
 * @throws the system's error; what was there is there still
 */
export const cutInPlace = (file: string, maxBytes: number, wall: number): Cut => {
  const { O_RDWR, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const descriptor = fs.openSync(file, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = fs.fstatSync(descriptor);
    if (!isPlain(stat)) throw new Error('is no plain file with one name');
    const end = endOf(descriptor, stat.size, Math.min(Math.floor(maxBytes / 2), keptInPlaceBytes));
    const lostBytes = stat.size - end.length;
    const line = cutLine(wall, lostBytes, 'since the disk was full when it was to be put aside');
    const keptBytes = writeFront(descriptor, Buffer.concat([Buffer.from(line), end]));
    return { keptBytes, lostBytes: keptBytes === 0 ? stat.size : lostBytes };
  } finally {
    fs.closeSync(descriptor);
  }
};

/** The last lines of a file, whole ones where there are any. */
const endOf = (file: number, size: number, mostBytes: number): Buffer => {
  const bytes = Buffer.alloc(Math.min(size, mostBytes));
  const length = fs.readSync(file, bytes, 0, bytes.length, size - bytes.length);
  const read = bytes.subarray(0, length);
  const first = read.indexOf(newline);
  return first < 0 || first === read.length - 1 ? read : read.subarray(first + 1);
};

/** Has a file consist of these bytes, or of as many of them as there is room for. @returns how many those are */
const writeFront = (file: number, bytes: Buffer): number => {
  let length = writeAll(file, bytes);
  // A hole has no room, and some file systems write nothing in place: it is emptied, and what was read is written then.
  if (length < bytes.length) {
    fs.ftruncateSync(file, 0);
    length = writeAll(file, bytes);
  }
  fs.ftruncateSync(file, length);
  return length;
};
const writeAll = (file: number, bytes: Buffer): number => {
  let at = 0;
  try {
    while (at < bytes.length) at += fs.writeSync(file, bytes, at, bytes.length - at, at);
  } catch {
    // It is full: what was written counts.
  }
  return at;
};
