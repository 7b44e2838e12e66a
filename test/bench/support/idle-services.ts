/** Performance row 26, the other half: what a daemon spends on 5,000 services that run and of which nobody asks anything. */
import fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { withFolder } from './other-end.ts';
import { print } from './rounds.ts';
import { compileService, independent, launchOurs } from './supervisors.ts';

const SERVICES = 5_000;
/** What their start has left is collected and written by then. */
const SETTLE_MS = 20_000;
const MEASURED_MS = 60_000;

/** Takes a C compiler, and the build. */
export const measureIdleServices = (): Promise<void> =>
  withFolder(async (folder) => {
    const argv = [compileService(folder), 'pause'] as const;
    const services = independent(argv, SERVICES);
    const home = `${folder}/one`;
    fs.mkdirSync(home);
    const one = await launchOurs(home, services);
    try {
      await one.start('all');
      await pause(SETTLE_MS);
      const [start, before] = [performance.now(), runNs(one.pid)];
      await pause(MEASURED_MS);
      const percent = (runNs(one.pid) - before) / 1e4 / (performance.now() - start);
      const seconds = { seconds: [MEASURED_MS / 1_000] };
      print(26, `idle CPU with ${SERVICES} services, % of a core`, '<= 0.5', [percent], seconds);
    } finally {
      await one.shutDown();
    }
  });

/** For how many nanoseconds the threads of a process have run, to the nanosecond. */
const runNs = (pid: number): number =>
  fs
    .readdirSync(`/proc/${pid}/task`)
    .map((thread) => fs.readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1'))
    .reduce((sum, text) => sum + Number(text.split(' ')[0]), 0);
