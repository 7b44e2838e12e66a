/** A daemon with what attacks it from the same machine, a service that does not, and what holds of every attack. */
import fs from 'node:fs';
import { expect } from 'vitest';
import { rssOf } from './cli-stranger.ts';
import { configOf, type Daemon, type How, type Place } from './programs.ts';

const MiB = 1024 * 1024;
/** What the peak of a daemon wanders by: young objects, compiled code. */
const WANDER_BYTES = 64 * MiB;
/** CPU time of the daemon, what others ask meanwhile included; it does not depend on who else is on the machine. */
const CPU_MS = 10_000;
/** Milliseconds between two commands of others: so what they cost is not what is measured. */
const PAUSE_MS = 100;

/** A daemon that suffers attacks. */
export interface Suffering {
  readonly daemon: Daemon;
  /**
   * Carries out an attack. Another service is started anew again and again meanwhile, once at least, and once
   * afterwards; the daemon takes no more than it may, and is the same process.
   */
  suffer<T>(attack: () => Promise<T>): Promise<T>;
}

/** Starts it on these service entries, with a service `other` beside them. */
export const suffering = async (
  place: Place,
  services: string,
  how?: How & { readonly listen?: string },
): Promise<Suffering> => {
  const other = `service({ provision: ['other'], start: exec(['sleep', '620']), autoStart: true })`;
  const config = configOf('A', `${services}, ${other}`, how?.listen);
  const daemon = await place.shepherd('a', config, how);
  const serve = async (): Promise<void> => {
    const { code, stderr } = await daemon.herd('restart', 'other');
    expect([code, stderr]).toEqual([0, '']);
  };
  return {
    daemon,
    suffer: async (attack) => {
      await serve();
      const before = usedBy(daemon);
      forgetPeak(daemon);
      let isOver = false;
      const carriedOut = attack().finally(() => {
        isOver = true;
      });
      const served = (async () => {
        do {
          await serve();
          await new Promise((go) => setTimeout(go, PAUSE_MS));
        } while (!isOver);
        await serve();
      })();
      const [result] = await Promise.all([carriedOut, served]);
      const after = usedBy(daemon);
      expect(after.peakBytes - before.rssBytes).toBeLessThan(WANDER_BYTES);
      expect(after.cpuMs - before.cpuMs).toBeLessThan(CPU_MS);
      expect(daemon.process.exitCode).toBe(null);
      return result;
    },
  };
};

const read = (daemon: Daemon, file: string): string =>
  fs.readFileSync(`/proc/${daemon.process.pid}/${file}`, 'utf8');

/** From now on the kernel counts the peak anew: proc(5), clear_refs. */
const forgetPeak = (daemon: Daemon): void =>
  fs.writeFileSync(`/proc/${daemon.process.pid}/clear_refs`, '5');

const usedBy = (daemon: Daemon) => {
  const stat = read(daemon, 'stat');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    rssBytes: rssOf(daemon),
    peakBytes: Number(/VmHWM:\s+(\d+)/.exec(read(daemon, 'status'))?.[1]) * 1024,
    cpuMs: (Number(fields[11]) + Number(fields[12])) * 10, // a hundred ticks a second, on every Linux of today
  };
};
