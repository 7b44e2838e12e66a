/**
 * One file that is replaced whole: temp file, fsync, rename, fsync of the folder. After a crash at any step it holds
 * the old content or the new one, never something between.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '@bellwether/actors';

/**
 * Replaces `file`, readable by its owner alone.
 * @throws the system's error, or one that it is the cause of; the old content then still stands.
 */
export const replaceFile = async (file: string, content: string | Uint8Array): Promise<void> => {
  const folder = path.dirname(file);
  const temp = `${file}.new`;
  await fs.rm(temp, { force: true });
  const handle = await fs.open(temp, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } catch (error) {
    // Of a write the system does not say where it was.
    throw new Error(`${file}: ${messageOf(error)}`, { cause: error });
  } finally {
    await handle.close();
  }
  await fs.rename(temp, file);
  await syncFolder(folder);
};

/** Makes the names in a folder durable: without it a loss of power may undo a rename. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await fs.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
