/**
 * A backup: one file with every value of one moment, the seal first, and before that whose they are.
 *
 *     bellwether-backup 2\n
 *     key bytes (4, big-endian), value bytes (4), key as UTF-8, value          once for each value
 *
 *     !node    the designator of the node, where it has one; version 1, which is read as well, does not have it
 *
 * Every value proves itself, and all of them together match the seal; so a file that was cut, changed or added to is
 * found out. It holds hashes of secrets, no secrets, and names and pids of services: it is made for its owner alone.
 * The key of the node (identity) and its refs are files beside the database, which copy as files do.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { ActorError } from '@bellwether/actors';
import { Cbor } from './cbor.ts';
import { syncFolder } from './durable-file.ts';
import { BadBackup } from './errors.ts';
import { limits } from './limits.ts';
import { digestBytes, opened, recordOf, sealed } from './record.ts';
import { readSeal, sealKey, Tally, type Seal } from './seal.ts';
import { Misfit } from './shape.ts';

const magic = Buffer.from('bellwether-backup 2\n');
const magicBefore = Buffer.from('bellwether-backup 1\n');
const nodeKey = '!node';
const headBytes = 8;
/** Bytes that are gathered before they are written, and read at once. */
const chunkBytes = 256 * 1024;

/**
 * Writes a backup, whole or not at all, and readable by its owner alone; settles once it is durable. `node`: whose it
 * is, by its designator.
 * @throws ActorError `already-there` for a file that is not to be replaced; the system's error; what `image` throws
 */
export const writeBackup = async (
  image: AsyncIterable<readonly [string, Uint8Array]>,
  file: string,
  mayReplace: boolean,
  node?: string,
): Promise<{ readonly recordCount: number; readonly epoch: number }> => {
  if (!mayReplace && (await isThere(file)))
    throw new ActorError('already-there', `backup: ${file} is there already; --yes replaces it`);
  const temp = `${file}.${randomBytes(6).toString('hex')}.new`;
  const handle = await fs.open(temp, 'wx', 0o600);
  let written;
  try {
    let recordCount = 0;
    let epoch = 0;
    const seen = (key: string, value: Uint8Array): void => {
      if (!key.startsWith('!')) recordCount += 1;
      if (key === sealKey) ({ epoch } = readSeal(value, new Cbor()));
    };
    for await (const chunk of chunksOf(withNode(image, node), seen)) await handle.writeFile(chunk);
    await handle.sync();
    written = { recordCount, epoch };
  } catch (error) {
    await fs.rm(temp, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await fs.rename(temp, file);
  await syncFolder(path.dirname(file));
  return written;
};

async function* withNode(
  image: AsyncIterable<readonly [string, Uint8Array]>,
  node: string | undefined,
): AsyncIterable<readonly [string, Uint8Array]> {
  if (node !== undefined) yield [nodeKey, sealed(nodeKey, Buffer.from(node))];
  yield* image;
}

async function* chunksOf(
  image: AsyncIterable<readonly [string, Uint8Array]>,
  seen: (key: string, value: Uint8Array) => void,
): AsyncIterable<Uint8Array> {
  let parts: Uint8Array[] = [magic];
  let gathered = magic.length;
  for await (const [key, value] of image) {
    seen(key, value);
    const name = Buffer.from(key);
    const head = Buffer.alloc(headBytes);
    head.writeUInt32BE(name.length, 0);
    head.writeUInt32BE(value.length, 4);
    parts.push(head, name, value);
    gathered += headBytes + name.length + value.length;
    if (gathered < chunkBytes) continue;
    yield Buffer.concat(parts);
    parts = [];
    gathered = 0;
  }
  yield Buffer.concat(parts);
}

/** A backup that is being read. The seal is known from the start, and proved when `values` has ended. */
export interface Backup {
  readonly seal: Seal;
  /** Whose it is, by its designator; undefined: it does not say. */
  readonly node: string | undefined;
  /** All values but the seal, each proved. To be run through once. @throws BadBackup, NewerState, the system's error */
  readonly values: AsyncIterable<readonly [string, Uint8Array]>;
}

/**
 * Reads a backup; memory is bounded by one value.
 * @throws BadBackup, NewerState, the system's error, and what `use` throws
 */
export const readBackup = async <T>(
  file: string,
  use: (backup: Backup) => Promise<T>,
): Promise<T> => {
  const handle = await fs.open(file, 'r');
  try {
    const { size } = await handle.stat();
    if (size > limits.backupBytes)
      throw new Misfit(`it has ${size} bytes, at most ${limits.backupBytes} are read`);
    const source = new Source(handle);
    const begin = (await source.take(magic.length)) ?? Buffer.alloc(0);
    if (!magic.equals(begin) && !magicBefore.equals(begin))
      throw new Misfit('it does not begin as a backup of this version does');
    let first = await frameOf(source);
    let node: string | undefined;
    if (first?.[0] === nodeKey) {
      const name = opened(nodeKey, first[1]);
      if (name.length > limits.nodeBytes)
        throw new Misfit('it is of a node whose name is too long');
      node = Buffer.from(name).toString();
      first = await frameOf(source);
    }
    if (first?.[0] !== sealKey) throw new Misfit('it has no seal');
    const cbor = new Cbor();
    const seal = readSeal(first[1], cbor);
    return await use({ seal, node, values: proved(source, seal, cbor) });
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    throw new BadBackup(
      `backup: ${file} is no whole backup: ${error.message}. Nothing was changed.`,
      {
        cause: error,
      },
    );
  } finally {
    await handle.close();
  }
};

async function* proved(
  source: Source,
  seal: Seal,
  cbor: Cbor,
): AsyncIterable<readonly [string, Uint8Array]> {
  const tally = new Tally({ count: 0, sum: new Uint8Array(digestBytes) });
  let last = sealKey;
  for (;;) {
    const frame = await frameOf(source);
    if (frame === undefined) break;
    const [key, value] = frame;
    // The order of bytes, which is the database's; it also says that no key is there twice.
    if (Buffer.compare(Buffer.from(last), Buffer.from(key)) >= 0)
      throw new Misfit(`${key.slice(0, 64)}: is out of order`);
    last = key;
    recordOf(key, value, cbor);
    tally.change(undefined, value);
    yield frame;
  }
  if (!tally.matches(seal))
    throw new Misfit(`${seal.count} records were sealed, ${tally.total().count} others are here`);
}

const frameOf = async (source: Source): Promise<readonly [string, Uint8Array] | undefined> => {
  const head = await source.take(headBytes);
  if (head === undefined) return undefined;
  const keyBytes = head.readUInt32BE(0);
  const valueBytes = head.readUInt32BE(4);
  if (keyBytes > 4 * limits.keyCharacters || valueBytes > limits.valueBytes + digestBytes)
    throw new Misfit('a length in it is too large');
  const body = await source.take(keyBytes + valueBytes);
  if (body === undefined) throw new Misfit('it ends too soon');
  return [body.toString('utf8', 0, keyBytes), new Uint8Array(body.subarray(keyBytes))];
};

/** A file, a piece at a time. */
class Source {
  readonly #handle: fs.FileHandle;
  #buffer: Buffer;

  constructor(handle: fs.FileHandle) {
    this.#handle = handle;
    this.#buffer = Buffer.alloc(0);
  }

  /** So many bytes; undefined at the end. They are good until the next call. @throws Misfit where it ends within */
  async take(count: number): Promise<Buffer | undefined> {
    while (this.#buffer.length < count) {
      const chunk = Buffer.alloc(Math.max(chunkBytes, count));
      const { bytesRead } = await this.#handle.read(chunk, 0, chunk.length);
      if (bytesRead === 0) break;
      this.#buffer = Buffer.concat([this.#buffer, chunk.subarray(0, bytesRead)]);
    }
    if (this.#buffer.length === 0 && count > 0) return undefined;
    if (this.#buffer.length < count) throw new Misfit('it ends too soon');
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }
}

const isThere = async (file: string): Promise<boolean> =>
  (await fs.lstat(file).catch(() => undefined)) !== undefined;
