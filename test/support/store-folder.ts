/** State folders for tests: temporary, copied, damaged, and cut off at any step of what is done with them. */
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';

/** A fresh folder for each test; gives the path of the current one, or of something in it. */
export const temporaryFolder = (): ((...parts: readonly string[]) => string) => {
  let folder = '';
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-state-'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));
  return (...parts) => path.join(folder, ...parts);
};

/** Every file below a folder, relative to it, with its content. */
export const contentOf = (folder: string): ReadonlyMap<string, string> =>
  new Map(
    fs
      .readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [path.relative(folder, file), fs.readFileSync(file, 'latin1')]),
  );

const steps = ['open', 'rename', 'rm', 'mkdir', 'readdir', 'cp'] as const;

/**
 * Runs some work that is cut off at its n-th call of the file system: that one and all later ones fail, as they would
 * if the process had ended there. The result: whether the work came to its end before.
 */
export const cutOffAt = async (n: number, work: () => Promise<unknown>): Promise<boolean> => {
  let count = 0;
  const spies = steps.map((name) => {
    const real = fsPromises[name] as (...args: unknown[]) => Promise<unknown>;
    return vi.spyOn(fsPromises, name).mockImplementation(((...args: unknown[]) => {
      count += 1;
      return count >= n ? Promise.reject(new Error('cut off')) : real.apply(fsPromises, args);
    }) as never);
  });
  try {
    await work();
    return count < n;
  } catch {
    return false;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
};
