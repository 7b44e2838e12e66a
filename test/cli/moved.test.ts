/** A node whose address changed: who it is stays the same, and where it is follows it. */
import { describe, expect } from 'vitest';
import { it, together } from '../support/placed.ts';
import { configOf, eventually } from '../support/programs.ts';
import { makeProxy } from '../support/proxy.ts';
import { pidOf, statusOf } from '../support/shown.ts';
import { give, mint, portIn, reroute } from '../support/web-fleet.ts';

describe('a node that has moved and calls its controller', together, () => {
  it('is found at its new address from then on, also by the next life of the controller', async ({
    place,
  }) => {
    const web = `service({ provision: ['web'], start: exec(['sleep', '600']) })`;
    const listen = `{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }`;
    const [n, boss] = await Promise.all([
      place.shepherd(
        'n',
        configOf(
          'N',
          `${web}, exported({ provision: ['desk'], from: ref('desk'), node: 'Boss' })`,
          listen,
        ),
      ),
      place.shepherd(
        'boss',
        configOf(
          'Boss',
          `service({ provision: ['desk'] }),
           exported({ provision: ['web-n'], from: ref('web-n'), node: 'N' })`,
          listen,
        ),
      ),
    ]);
    const file = await mint(place, n, 'web');
    const oldPlace = await makeProxy(portIn(file));
    place.atEnd(() => oldPlace.close());
    reroute(file, oldPlace);
    await give(boss, file, 'web-n');
    await give(n, await mint(place, boss, 'desk'), 'desk');
    expect((await boss.herd('start', 'web-n')).code).toBe(0);
    const pid = await pidOf(boss, 'web-n');
    await oldPlace.become({ kind: 'refuse' });
    // Whoever calls first, by himself or for a command: the session of that call serves both.
    const isFound = async (): Promise<boolean> => (await statusOf(boss, 'web-n')).pid === pid;
    await eventually('it calls', async () => (await n.herd('status', 'desk')).code === 0);
    await eventually('its call serves both', isFound);
    await n.kill('SIGKILL'); // and with it that session
    await place.shepherd('n', configOf('N', web, listen)); // one that calls nobody any more
    // A dial that began before it was back may still have to fail.
    await eventually('it is dialled where it called from', isFound);
    await boss.kill('SIGKILL');
    const next = await place.again(boss);
    // Which of the two calls first is left to chance; nobody has to ask for either.
    await eventually('it is found', async () => (await statusOf(next, 'web-n')).pid === pid);
    expect(oldPlace.openCount).toBe(0);
  });
});
