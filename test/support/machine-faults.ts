/** What can happen to a whole machine, as far as one that goes on can play it. */
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { How, Place } from './programs.ts';

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
