import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFolder, Locked } from '../../../packages/herd/src/places/lock.ts';

describe('the lock of a state folder', () => {
  let folder = '';
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-lock-'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  /** Another process that holds the lock until it is killed, it alone: what it runs ends a moment later. */
  const holder = async () => {
    const child = spawn(
      'flock',
      ['-o', path.join(folder, 'lock'), 'sh', '-c', 'echo held; sleep 60'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        detached: true,
      },
    );
    await new Promise((resolve) => child.stdout.once('data', resolve));
    return {
      kill: () => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'),
      ended: new Promise((resolve) => child.once('exit', resolve)),
    };
  };

  it('is refused while another process has it, and free at once when that one is killed', async () => {
    const other = await holder();
    await expect(lockFolder(folder)).rejects.toThrow(Locked);
    await expect(lockFolder(folder)).rejects.toThrow(folder);
    other.kill();
    await other.ended;
    await lockFolder(folder);
  });
  it('is not taken on what a link leads to, and nothing is emptied', async () => {
    const [other, file] = ['other', 'lock'].map((name) => path.join(folder, name)) as [
      string,
      string,
    ];
    fs.writeFileSync(other, 'kept\n');
    const refused = `lock: ${file} is no file\n  hint: see what it is, and remove it`;
    fs.symlinkSync('other', file);
    await expect(lockFolder(folder)).rejects.toThrow(refused);
    fs.rmSync(file);
    fs.linkSync(other, file);
    await lockFolder(folder);
    expect(fs.readFileSync(other, 'utf8')).toBe('kept\n');
    fs.rmSync(file);
    fs.mkdirSync(file);
    await expect(lockFolder(folder)).rejects.toThrow(refused);
  });
  it('is kept by this process after the helper that took it is gone', async () => {
    await lockFolder(folder);
    const code = await new Promise((resolve) =>
      spawn('flock', ['-n', path.join(folder, 'lock'), 'true']).once('exit', resolve),
    );
    expect(code).toBe(1);
  });
});
