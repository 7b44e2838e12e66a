/** What can happen to a whole machine, as far as one that goes on can play it. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Daemon, How, Place } from './programs.ts';

/**
 * Lets a daemon write to its files, or not: a limit of no bytes to a file refuses every write, as a full disk does,
 * and leaves sockets alone.
 */
export const writable = ({ process: { pid } }: Daemon, isWritable: boolean): void => {
  const limit = isWritable ? 'unlimited' : '0';
  const { status } = spawnSync('prlimit', ['--pid', String(pid), `--fsize=${limit}:unlimited`]);
  if (status !== 0) throw new Error('cannot run prlimit (util-linux)');
};

/** How a shepherd starts that believes the machine was switched on anew: its boot id is another one. Needs root. */
export const afterReboot = (place: Place): How => {
  const file = path.join(place.folder, 'boot-id');
  fs.writeFileSync(file, '11111111-2222-3333-4444-555555555555\n');
  const script = 'mount --bind "$1" /proc/sys/kernel/random/boot_id; shift; exec "$@"';
  return { through: ['unshare', '-m', 'sh', '-c', script, 'sh', file] };
};

/**
 * How a shepherd starts whose wall clock can be set: SIGURG reads from the file how many milliseconds it is wrong.
 * The monotonic clock goes on, as it does when somebody sets the time.
 */
export const settableClock = (
  place: Place,
): How & { readonly set: (pid: number, wrongMs: number) => void } => {
  const file = path.join(place.folder, 'wrong-ms');
  const trap = path.join(place.folder, 'clock.mjs');
  fs.writeFileSync(
    trap,
    `import fs from 'node:fs';
     const now = Date.now; let wrongMs = 0;
     Date.now = () => now() + wrongMs;
     process.on('SIGURG', () => { wrongMs = Number(fs.readFileSync(${JSON.stringify(file)}, 'utf8')); });`,
  );
  return {
    env: { NODE_OPTIONS: `--import ${pathToFileURL(trap).href}` },
    set: (pid, wrongMs) => {
      fs.writeFileSync(file, `${wrongMs}`);
      process.kill(pid, 'SIGURG');
    },
  };
};
