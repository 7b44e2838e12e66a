/** The keeper as the first process of a container: it runs the shepherd, and ends with it. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import {
  beginInit,
  childrenOf,
  container,
  daemonBelow,
  describeInit,
  initHerd,
  orderIn,
  toldOf,
} from '../support/inits.ts';
import { bins, eventually } from '../support/programs.ts';

describeInit((here) => {
  it('of a container reaps strangers, brings its shepherd back, and ends in order with it', async () => {
    const { place, state } = here();
    const { herd, isReady, pidOf } = initHerd(place, state);
    const begun = beginInit(place, state, container);
    await isReady(begun);
    const [init = 0] = childrenOf(begun.process.pid ?? 0);
    const daemon = daemonBelow(init);
    const web = await pidOf('web');
    await herd('start', 'orphans');
    await eventually(
      'all strangers have come and gone',
      () =>
        childrenOf(init).every((pid) => !/\((sleep|sh)\) Z/.test(toldOf(pid, 'stat'))) &&
        childrenOf(init).length <= 5,
    );
    process.kill(daemon, 'SIGKILL');
    await isReady(begun, 2);
    expect(await pidOf('web')).toBe(web);
    process.kill(init, 'SIGTERM');
    expect((await begun.ended).code).toBe(0);
    expect(orderIn(state)).toEqual(['web', 'db']);
  });

  it('takes paths as they are from where it was begun, each time that it starts the shepherd', async () => {
    const { place, state } = here();
    const { isReady } = initHerd(place, state);
    fs.symlinkSync(process.execPath, path.join(place.folder, 'runtime'));
    const there = ['sh', '-c', `cd '${place.folder}' && exec "$@"`, 'sh', ...container];
    const config = './a/shepherd.config.ts';
    const words = ['./runtime', bins.shepherd, '--state', './a', '--config', config];
    const begun = beginInit(place, './a', there, words);
    await isReady(begun);
    const [init = 0] = childrenOf(begun.process.pid ?? 0);
    process.kill(daemonBelow(init), 'SIGKILL');
    await isReady(begun, 2);
    process.kill(init, 'SIGTERM');
    expect((await begun.ended).code).toBe(0);
    expect(orderIn(state)).toEqual(['web', 'db']);
  });

  it('ends with 70 where the program of the shepherd is not there, and says so', async () => {
    const { place, state } = here();
    const { code, stderr } = await beginInit(place, state, container, ['/no/such/node', 'x']).ended;
    expect(code).toBe(70);
    expect(stderr).toContain('/no/such/node: No such file or directory');
  });
});
