/**
 * An old log, compressed, of which any part can be read without the parts before it. It is a gzip file like any other,
 * made of one member for each piece of the log, and one that is empty and comes last. Where they lie stands in their
 * extra fields, which other programs pass over (RFC 1952):
 *
 *     member   header | 'B' 'w' 8  u64 bytes of the whole log                 | a piece of it
 *     member   header | 'B' 'w' 8  …                                          | the next piece
 *     last     header | 'B' 'i' 4n u32 bytes of each member, before the last  | nothing
 *
 * What does not add up is none of ours, and not read: its places are gone.
 */
import fs from 'node:fs';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { fileBytes, packedPieceBytes, packedPieceCount } from './limits.ts';

const gzip = promisify(zlib.gzip);
const gunzip = promisify(zlib.gunzip);

/** Fixed by the format: a header, the length of its extra fields, the head of one, the end of a member. */
const headBytes = 10;
const extraHeadBytes = 6;
const tailBytes = 8;
/** A member of nothing, beside its extra field. */
const nothing = zlib.gzipSync(Buffer.alloc(0));
const firstBytes = headBytes + extraHeadBytes + 8;
/** More than any piece can become. */
const memberBytes = packedPieceBytes + 1024;

/** A member with an extra field of our own. */
const withExtra = (member: Buffer, mark: 'Bw' | 'Bi', extra: Buffer): Buffer => {
  const head = Buffer.alloc(headBytes + extraHeadBytes);
  member.copy(head, 0, 0, headBytes);
  head.writeUInt8((head[3] ?? 0) | 4, 3);
  head.writeUInt16LE(4 + extra.length, headBytes);
  head.write(mark, headBytes + 2, 'latin1');
  head.writeUInt16LE(extra.length, headBytes + 4);
  return Buffer.concat([head, extra, member.subarray(headBytes)]);
};
/** The extra field of a member that begins here; undefined where it is none of ours. */
const extraIn = (bytes: Buffer, mark: 'Bw' | 'Bi', length: number): Buffer | undefined => {
  const isOurs =
    bytes.length >= headBytes + extraHeadBytes + length &&
    bytes.readUInt16BE(0) === 0x1f8b &&
    ((bytes[3] ?? 0) & 4) === 4 &&
    bytes.toString('latin1', headBytes + 2, headBytes + 4) === mark &&
    bytes.readUInt16LE(headBytes + 4) === length;
  return isOurs
    ? bytes.subarray(headBytes + extraHeadBytes, headBytes + extraHeadBytes + length)
    : undefined;
};

const readAt = (file: number, at: number, length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, fs.readSync(file, bytes, 0, length, at));
};

/** Where the members of a packed log lie. */
interface Members {
  /** Bytes of the log that it was. */
  readonly size: number;
  /** Bytes of each member but the last. */
  readonly lengths: Buffer;
}
const membersOf = (file: number, packedBytes: number): Members | undefined => {
  const first = extraIn(readAt(file, 0, firstBytes), 'Bw', 8);
  const size = first === undefined ? 0 : Number(first.readBigUInt64LE(0));
  const count = Math.ceil(size / packedPieceBytes);
  if (count < 1 || count > packedPieceCount) return undefined;
  const lastBytes = nothing.length + extraHeadBytes + 4 * count;
  const from = packedBytes - lastBytes;
  const lengths = from > 0 ? extraIn(readAt(file, from, lastBytes), 'Bi', 4 * count) : undefined;
  if (lengths === undefined) return undefined;
  let sum = 0;
  for (let at = 0; at < count; at += 1) {
    const length = lengths.readUInt32LE(4 * at);
    if (length < firstBytes + tailBytes || length > memberBytes) return undefined;
    sum += length;
  }
  return sum === from ? { size, lengths } : undefined;
};

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
const opened = <T>(file: string, use: (descriptor: number, bytes: number) => T): T => {
  const descriptor = fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    return use(descriptor, fs.fstatSync(descriptor).size);
  } finally {
    fs.closeSync(descriptor);
  }
};

/** Bytes of the log that a packed one holds; 0 for what is none of ours. @throws the system's error */
export const packedSize = (file: string): number =>
  opened(file, (descriptor, bytes) => membersOf(descriptor, bytes)?.size ?? 0);

/**
 * Bytes of the log from a place of it on: at most so many, and at most to the end of the piece that they are in. None
 * behind its end. @throws the system's error, and zlib's for what has rotted
 */
export const readPacked = async (file: string, at: number, length: number): Promise<Uint8Array> => {
  const handle = await fs.promises.open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const members = membersOf(handle.fd, (await handle.stat()).size);
    if (members === undefined || at >= members.size) return new Uint8Array(0);
    const number = Math.floor(at / packedPieceBytes);
    let from = 0;
    for (let each = 0; each < number; each += 1) from += members.lengths.readUInt32LE(4 * each);
    const member = Buffer.alloc(members.lengths.readUInt32LE(4 * number));
    await handle.read(member, 0, member.length, from);
    // A piece and no more, whatever is in there.
    const piece = await gunzip(member, { maxOutputLength: packedPieceBytes });
    const offset = at - number * packedPieceBytes;
    return piece.subarray(offset, offset + length);
  } finally {
    await handle.close();
  }
};

/**
 * Packs a file into another one, which must not be there yet; it is written through to the disk, and as old as the
 * first one. Zlib works in threads, so nobody else waits. @throws the system's error; what was begun is removed then
 */
export const pack = async (file: string, to: string): Promise<void> => {
  const from = await fs.promises.open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = await from.stat();
    const size = Math.min(stat.size, fileBytes, packedPieceCount * packedPieceBytes);
    const target = await fs.promises.open(
      to,
      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
      stat.mode & 0o777,
    );
    try {
      await packInto(from, target, size);
      await target.utimes(stat.atime, stat.mtime);
      await target.sync();
    } catch (error) {
      fs.rmSync(to, { force: true });
      throw error;
    } finally {
      await target.close();
    }
  } finally {
    await from.close();
  }
};

const packInto = async (
  from: fs.promises.FileHandle,
  to: fs.promises.FileHandle,
  size: number,
): Promise<void> => {
  const whole = Buffer.alloc(8);
  whole.writeBigUInt64LE(BigInt(size));
  const piece = Buffer.alloc(packedPieceBytes);
  const lengths = Buffer.alloc(4 * Math.ceil(size / packedPieceBytes));
  for (let at = 0; at < size; at += packedPieceBytes) {
    const wanted = Math.min(packedPieceBytes, size - at);
    const { bytesRead } = await from.read(piece, 0, wanted, at);
    if (bytesRead !== wanted) throw new Error('it was cut while it was packed');
    const member = withExtra(await gzip(piece.subarray(0, wanted)), 'Bw', whole);
    lengths.writeUInt32LE(member.length, 4 * (at / packedPieceBytes));
    await to.writeFile(member);
  }
  await to.writeFile(withExtra(nothing, 'Bi', lengths));
};
