/** What GNU Shepherd's transient.sh shows, with `herd spawn` of 1.0.9, asked by our herd and as GNU's asks. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isWithoutKeeper, whyNoKeeper } from '../../support/keepers.ts';
import { replyTo, requestText } from '../../support/gnu-client.ts';
import { doorOf, leftBy, pidOf, reportOf, suiteConfig } from '../../support/gnu-suite.ts';
import { eventually, isAlive, makePlace, type Daemon, type Place } from '../../support/programs.ts';
import { Keyword, sym } from '../../../packages/herd/src/gnu/wire/datum.ts';

let place: Place;
let daemon: Daemon;
beforeAll(async () => {
  place = makePlace();
  daemon = await place.shepherd('a', suiteConfig(''));
});
afterAll(() => place.clean());

const isListed = async (name: string): Promise<boolean> =>
  (await daemon.herd('status')).stdout.includes(` ${name}\n`);

describe.skipIf(isWithoutKeeper)(`a transient service${whyNoKeeper}`, () => {
  it('is there while its command runs, and gone when that is stopped', async () => {
    const { code } = await daemon.herd('spawn', 'transient', '-N', 'job', '--', 'sleep', '600');
    expect(code).toBe(0);
    expect(await reportOf(daemon, 'job')).toContain('It is transient, running since');
    const pid = await pidOf(daemon, 'job');
    expect((await daemon.herd('stop', 'job')).code).toBe(0);
    expect([isAlive(pid), await isListed('job')]).toEqual([false, false]);
    expect((await daemon.herd('start', 'job')).code).not.toBe(0);
  });
  it('is gone when its process ends, and is not respawned', async () => {
    await daemon.herd('spawn', 'transient', '-N', 'dies', '--', 'sleep', '600');
    process.kill(await pidOf(daemon, 'dies'), 'SIGKILL');
    await eventually('its end', async () => !(await isListed('dies')));
  });
  it('is made as the herd of GNU asks for it, with its options, and told as one', async () => {
    const text = requestText(
      'spawn', 'transient', 'sh', '-c', 'echo "$A $PWD" > spawned; exec sleep 600',
      new Keyword('name'), sym('far'),
      new Keyword('directory'), daemon.folder,
      new Keyword('extra-environment-variables'), ['A=b'],
    ); // prettier-ignore
    expect(await replyTo(doorOf(daemon), text)).toBe(
      '(reply (version 0) (result (far)) (error #f) (messages ("Service far has been started.")))',
    );
    expect(await replyTo(doorOf(daemon), requestText('status', 'far'))).toContain(
      '(transient? #t)',
    );
    await eventually('its file', () => leftBy(daemon, 'spawned') === `b ${daemon.folder}\n`);
    expect((await daemon.herd('stop', 'transient')).code).toBe(0);
    expect(await replyTo(doorOf(daemon), requestText('status', 'root'))).not.toContain(
      '(provides (far))',
    );
  });
});
