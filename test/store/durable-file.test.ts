/** What cannot be written is said with where that was, and leaves what was there. */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { lacksRoom } from '@bellwether/store';
import { afterEach, expect, it, vi } from 'vitest';
import { replaceFile } from '../../packages/store/src/durable-file.ts';

let folder = '';
afterEach(async () => {
  vi.restoreAllMocks();
  await fs.rm(folder, { recursive: true, force: true });
});

it('a file that a full disk has no room for is named, and is as it was', async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'bellwether-durable-'));
  const file = path.join(folder, 'epoch.json');
  await replaceFile(file, 'old');
  const { open } = fs;
  vi.spyOn(fs, 'open').mockImplementationOnce(async (...words) => {
    const handle = await open(...words);
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
    });
    vi.spyOn(handle, 'writeFile').mockRejectedValueOnce(full);
    return handle;
  });
  const reason: unknown = await replaceFile(file, 'new').catch((error: unknown) => error);
  expect(reason).toHaveProperty('message', `${file}: ENOSPC: no space left on device, write`);
  expect(lacksRoom(reason)).toBe(true);
  expect(await fs.readFile(file, 'utf8')).toBe('old');
});
