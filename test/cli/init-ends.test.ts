/** How the keeper as the first process ends and is told to: also as that of a user. */
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
} from '../support/inits.ts';
import { noOtherUsers } from '../support/other-users.ts';
import { isAlive } from '../support/programs.ts';

const nobody = 65_534;

describeInit((here) => {
  it('ends with 0 when its shepherd has stopped all as it was asked, and leaves nothing', async () => {
    const { place, state } = here();
    const { herd, isReady } = initHerd(place, state);
    const begun = beginInit(place, state, container);
    await isReady(begun);
    expect((await herd('stop', 'root')).code).toBe(0);
    expect((await begun.ended).code).toBe(0);
  });

  it('passes on the signal by which a shepherd leaves its services to the next one, which it starts', async () => {
    const { place, state } = here();
    const { isReady, pidOf } = initHerd(place, state);
    const begun = beginInit(place, state, container);
    await isReady(begun);
    const web = await pidOf('web');
    const [init = 0] = childrenOf(begun.process.pid ?? 0);
    process.kill(init, 'SIGUSR2');
    await isReady(begun, 2);
    expect(await pidOf('web')).toBe(web);
    process.kill(init, 'SIGPWR');
    expect((await begun.ended).code).toBe(0);
  });

  const whyNoOthers = process.getuid?.() === 0 ? noOtherUsers() : undefined;
  const ofUser = `of a user, who is not root, does the same without a namespace of its own${whyNoOthers === undefined ? '' : ` (${whyNoOthers})`}`;
  it.skipIf(whyNoOthers !== undefined)(ofUser, async () => {
    const { place, state } = here();
    const grant = (folder: string): void => {
      fs.chownSync(folder, nobody, nobody);
      for (const name of fs.readdirSync(folder))
        fs.chownSync(path.join(folder, name), nobody, nobody);
    };
    fs.chownSync(place.folder, nobody, nobody);
    grant(state);
    const as = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];
    const { isReady, pidOf } = initHerd(place, state, as);
    const begun = beginInit(place, state, as);
    await isReady(begun);
    const web = await pidOf('web');
    expect(fs.statSync(`/proc/${web}`).uid).toBe(nobody);
    process.kill(daemonBelow(begun.process.pid ?? 0), 'SIGKILL');
    await isReady(begun, 2);
    expect(await pidOf('web')).toBe(web);
    begun.process.kill('SIGTERM');
    expect((await begun.ended).code).toBe(0);
    expect(isAlive(web)).toBe(false);
    expect(orderIn(state)).toEqual(['web', 'db']);
  });
});
