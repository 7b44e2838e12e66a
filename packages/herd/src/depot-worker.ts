/** The thread in which a daemon has its depots: see daemon/depot-thread.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { serveDepots, tellFailed } from './daemon/depot-thread.ts';
import { lazyDepots } from './daemon/lazy-depots.ts';

if (parentPort === null) throw new Error('this program is a thread of a shepherd');
const { folder } = workerData as { readonly folder: string };
serveDepots(
  parentPort,
  lazyDepots({
    folder,
    crypto: nodeCrypto(),
    now: () => performance.now(),
    failed: tellFailed(parentPort),
  }),
);
