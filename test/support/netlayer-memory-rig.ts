/** The conformance rig of the simulated network: time is stepped, nothing is waited for. */
import { World } from '@bellwether/actors';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import type { Netlayer } from '@bellwether/ocapn';
import type { Rig } from './netlayer-rig.ts';

const MOST_STEPS = 200_000;
const QUIET_MS = 1_000;

export async function memoryRig(seed: number): Promise<Rig> {
  const world = new World(seed);
  const network = new MemoryNetwork(world);
  const peers: Netlayer[] = [];
  const at = (host: string): Netlayer => {
    const peer = network.peer({ host });
    peers.push(peer);
    return peer;
  };
  const until = (what: string, holds: () => boolean): Promise<void> => {
    for (let step = 0; !holds(); step += 1) {
      if (step > MOST_STEPS || !world.step()) throw new Error(`seed ${seed}: never: ${what}`);
    }
    return Promise.resolve();
  };
  return {
    peer: () => at(`host${peers.length}`),
    rivals: () => [at('rival'), at('rival')],
    nowhere: () => ({
      location: { transport: 'memory', designator: 'nobody', hints: { host: 'nowhere' } },
      name: 'nowhere',
    }),
    until,
    quiet: () => {
      const end = world.now + QUIET_MS;
      let isOver = false;
      world.at(QUIET_MS, () => (isOver = true));
      return until(`quiet until ${end}`, () => isOver);
    },
    end: async () => {
      let count = 0;
      for (const peer of peers) peer.close(() => (count += 1));
      await until('all closed', () => count === peers.length);
      while (world.step());
      if (world.pendingCount > 0)
        throw new Error(`seed ${seed}: ${world.pendingCount} timers left`);
    },
  };
}
