/**
 * Where an audit lies: a folder with one file after the other, each named for the first number in it. What the writer
 * needs of a disk is this small, so that a test can be the disk.
 */
import type { Stats } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { syncFolder } from '../durable-file.ts';

/** An open file of an audit. All of it rejects with the system's error. */
export interface AuditHandle {
  size(): Promise<number>;
  /** Whether it is still the file of its name, and not one that somebody has put another in the place of. */
  isInPlace(): Promise<boolean>;
  /** As many bytes as there are, at most so many. */
  read(at: number, byteCount: number): Promise<Buffer>;
  /** All of the bytes, at this place. */
  write(bytes: Buffer, at: number): Promise<void>;
  /** What was written is durable once it settles. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}
/** A folder of audit files. All of it rejects with the system's error. */
export interface AuditPlace {
  /** As messages name it. */
  readonly name: string;
  /** Names of the audit's files, in the order of their numbers. */
  list(): Promise<readonly string[]>;
  open(file: string): Promise<AuditHandle>;
  /** A file that is not there yet; its name is durable once it settles. */
  create(file: string): Promise<AuditHandle>;
  /** Puts bytes that belong to no record into a file of their own, durably; answers with its name. */
  setAside(file: string, bytes: Buffer): Promise<string>;
}

const digitCount = 16;
const nameForm = /^\d{16}\.jsonl$/;

/** The name of the file whose first record has this number. */
export const auditFileName = (number: number): string =>
  `${String(number).padStart(digitCount, '0')}.jsonl`;
/** The number of the first record of a file. */
export const firstNumberIn = (file: string): number => Number(file.slice(0, digitCount));

/** The audit in a folder, which is made with the first file. Readers write nothing and make nothing. */
export const auditFolder = (folder: string, use: 'write' | 'read'): AuditPlace => ({
  name: folder,
  list: async () => {
    try {
      return (await fs.readdir(folder)).filter((file) => nameForm.test(file)).sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  },
  open: async (file) => handleOf(path.join(folder, file), use === 'write' ? 'r+' : 'r'),
  create: async (file) => {
    await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    const handle = await handleOf(path.join(folder, file), 'wx+');
    await syncFolder(folder);
    await syncFolder(path.dirname(folder));
    return handle;
  },
  setAside: async (file, bytes) => {
    const name = await freeName(folder, file);
    const handle = await fs.open(path.join(folder, name), 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await syncFolder(folder);
    return name;
  },
});

const freeName = async (folder: string, wanted: string): Promise<string> => {
  const taken = new Set(await fs.readdir(folder));
  let name = wanted;
  for (let count = 2; taken.has(name); count += 1) name = `${wanted}.${count}`;
  return name;
};

const found = async (file: string): Promise<Stats | undefined> => {
  try {
    return await fs.stat(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

const handleOf = async (file: string, flags: string): Promise<AuditHandle> => {
  const handle = await fs.open(file, flags, 0o600);
  return {
    size: async () => (await handle.stat()).size,
    isInPlace: async () => {
      const [open, named] = await Promise.all([handle.stat(), found(file)]);
      return open.dev === named?.dev && open.ino === named.ino;
    },
    read: async (at, byteCount) => {
      const bytes = Buffer.alloc(byteCount);
      let count = 0;
      while (count < byteCount) {
        const { bytesRead } = await handle.read(bytes, count, byteCount - count, at + count);
        if (bytesRead === 0) break;
        count += bytesRead;
      }
      return bytes.subarray(0, count);
    },
    write: async (bytes, at) => {
      let count = 0;
      while (count < bytes.length) {
        const left = bytes.length - count;
        const { bytesWritten } = await handle.write(bytes, count, left, at + count);
        count += bytesWritten;
      }
    },
    sync: () => handle.datasync(),
    truncate: (size) => handle.truncate(size),
    close: () => handle.close(),
  };
};
