/** Cases of sockets.test.ts that there are on every road. */
import type net from 'node:net';
import { expect, it } from 'vitest';
import type { Road } from '../support/attack-roads.ts';
import { sceneOn } from '../support/attack-scene.ts';
import { Stranger } from '../support/attack-stranger.ts';
import { ZOO } from '../support/attack-victim.ts';
import { deliver, object, sym, toExport } from '../support/ocapn-raw.ts';

const MiB = 1024 * 1024;
/** Half-open connections of one address, on every road, and what a victim has open beside them. */
const MOST_FILES = 1_024 + 76;

/** Defines the cases below the session on one road, in the block in which it is called. */
export const socketCases = (road: Road): void => {
  const scene = sceneOn(road);
  it('case 5: 5,000 that connect and say nothing push out each other, and nobody who says something', async () => {
    const sockets: net.Socket[] = [];
    let openCount = 0;
    /** Comes, however often the kernel's queue was full. */
    const silent = async (): Promise<void> => {
      while (!(await connected(road.socket(scene.at))))
        await new Promise((go) => setTimeout(go, 5));
    };
    const connected = (socket: net.Socket): Promise<boolean> =>
      new Promise((done) => {
        let isOpen = false;
        socket.once('connect', () => {
          sockets.push(socket);
          isOpen = true;
          openCount += 1;
          done(true);
        });
        socket.once('close', () => {
          if (isOpen) openCount -= 1;
          done(false);
        });
        socket.on('error', () => undefined); // told by 'close', too
        socket.resume();
      });
    try {
      await scene.suffer(
        async () => {
          for (let come = 0; come < 5_000; come += 200)
            await Promise.all(Array.from({ length: 200 }, silent));
          await scene.newcomerIsServed();
          // Beside them, and not because they had gone.
          expect(openCount).toBeGreaterThan(500);
          // As many as may be half-open stay, long before those have had their time.
          for (let looks = 0; (await scene.victim.stats()).fileCount > MOST_FILES; looks += 1) {
            expect(looks, 'looks at how many stay').toBeLessThan(6_000);
            await new Promise((go) => setTimeout(go, 10));
          }
          for (const socket of sockets) socket.destroy();
        },
        { peakBytes: 160 * MiB, cpuMs: 15_000 },
      );
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
  it('whoever names somebody else is not taken for that one, and not called in that name', () =>
    scene.suffer(async () => {
      const mallory = await Stranger.connect(scene.end(), scene.at);
      mallory.send(mallory.hello(scene.client.designator));
      if (road.dialler === 'proved') {
        expect(await scene.endOf(mallory)).toContain('names another peer');
        return;
      }
      mallory.send(deliver(toExport(0), [sym('fetch'), ZOO], 0, object(1)));
      await mallory.told(1);
      const { sessions } = await scene.victim.stats();
      expect(sessions.map(({ peer }) => peer)).toEqual([undefined, undefined]);
      const hints = { path: '/nowhere/at/all' };
      const { transport } = scene.at;
      const place = { transport, designator: scene.client.designator, hints };
      expect(await scene.victim.call(place)).not.toMatch(/^said/);
      expect(mallory.heardOf('op:deliver')).toHaveLength(1);
      mallory.hangUp();
    }));
};
