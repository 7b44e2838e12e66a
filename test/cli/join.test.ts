/** A machine joins a controller: two commands, no SSH, and nobody else can use what was given. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import {
  auditOf,
  inviteTo,
  joinBy,
  keyOf,
  nodesOf,
  servicesOf,
  startController,
  startMachine,
  webServices,
} from '../support/joins.ts';
import { it, together } from '../support/placed.ts';
import { bins, configOf, eventually, programMs } from '../support/programs.ts';

describe('a machine that joins', together, () => {
  it('is there in seconds, as it is typed, with services that are started and stopped from here', async ({
    place,
  }) => {
    const [control, web] = await Promise.all([startController(place), startMachine(place, 'web')]);
    const slackMs = 3 * (await programMs(place, 5_000)); // the invite, the join, and a look
    const startedAt = performance.now();
    const herd = `'${process.execPath}' '${bins.herd}' -s '${control.socket}'`;
    const shepherd = `'${process.execPath}' '${bins.shepherd}'`;
    const invited = await place.run('sh', [
      '-c',
      `umask 022; ${herd} node invite --name web-07 --labels role=web --expires 15m > web-07.join`,
    ]);
    expect(invited.code).toBe(0);
    expect(invited.stderr).toContain('others could read the file of standard output');
    expect(invited.stderr).not.toContain('ocapn://');
    expect(fs.statSync(path.join(place.folder, 'web-07.join')).mode & 0o777).toBe(0o600);
    const joined = await place.run('sh', [
      '-c',
      `${shepherd} join -s '${web.socket}' < web-07.join`,
    ]);
    expect(joined.stderr).toBe('');
    expect(joined.code).toBe(0);
    expect(joined.stdout).toContain('This machine has joined Control as web-07.');
    expect(await servicesOf(control)).toEqual(['networking@web-07', 'web-server@web-07']);
    expect(performance.now() - startedAt).toBeLessThan(5_000 + slackMs);
    const started = await control.herd('start', 'web-server@web-07');
    expect(started.code).toBe(0);
    expect(started.stdout).toContain('web-07: Service networking has been started.');
    expect((await web.herd('status')).stdout).toContain('+ web-server');
    // By its other name, too, with the labels of its machine.
    const status = await control.herd('status', 'www@web-07');
    expect(status.stdout).toContain('Labels: role=web');
    expect(status.stdout).toContain('At: web-07');
    expect((await control.herd('stop', 'web-server@web-07')).code).toBe(0);
    expect((await web.herd('status', 'web-server')).stdout).toContain('It is stopped');
    const { 'web-07': seen } = await nodesOf(control);
    expect(seen).toMatchObject({
      state: 'joined',
      labels: { role: 'web' },
      serviceCount: 2,
      isConnected: true,
    });
    expect((await control.herd('node', 'ls')).stdout).toMatch(
      /web-07 +joined .* yes \(dials out\) +2 .*role=web/,
    );
  });

  it('is answered the same again, and no other machine is, which is an alert', async ({
    place,
  }) => {
    const [control, web, thief] = await Promise.all([
      startController(place),
      startMachine(place, 'web'),
      startMachine(place, 'thief'),
    ]);
    const file = await inviteTo(place, control, 'web-07');
    const first = await joinBy(place, web, file);
    expect(first.code).toBe(0);
    const again = await joinBy(place, web, file);
    expect(again).toMatchObject({ code: 0, stdout: first.stdout });
    const refused = await joinBy(place, thief, file);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('another machine has used this invite');
    const shown = await control.herd('node', 'ls');
    expect(shown.stdout).toContain('ALERT web-07: two machines have come with its invite');
    expect(await nodesOf(control)).toMatchObject({ 'web-07': { state: 'joined', alertCount: 1 } });
    expect(await auditOf(control)).toMatch(/the invite of web-07, and one of them is not yours/);
    // Nothing is left of it there.
    const home = await thief.herd('node', 'home');
    expect(home.stdout).toBe('This machine has joined no controller.\n');
    expect(fs.readdirSync(path.join(thief.folder, 'homes'))).toEqual([]);
    const denied = await control.herd('start', 'web-server@web-07');
    expect([denied.code, denied.stderr]).toEqual([5, expect.stringContaining('is in doubt')]);
    const [key, other] = [await keyOf(web), await keyOf(thief)];
    expect(shown.stdout).toMatch(new RegExp(`${key} has joined, and is in doubt`));
    expect(shown.stdout).toContain(`${other} was refused`);
    const wrong = await control.herd('node', 'approve', 'web-07', '--for-key', other);
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('another key')]);
    const approved = await control.herd('node', 'approve', 'web-07');
    expect(approved.stdout).toContain(`web-07 is the machine ${key}`);
    expect((await control.herd('node', 'ls')).stdout).not.toContain('ALERT');
    expect((await control.herd('start', 'web-server@web-07')).code).toBe(0);
  });

  it('comes in time, or not at all; and leaves by itself', async ({ place }) => {
    const [control, web] = await Promise.all([startController(place), startMachine(place, 'web')]);
    const file = await inviteTo(place, control, 'web-07', '--expires', '1s');
    await eventually('it has lapsed', async () =>
      (await control.herd('node', 'ls')).stdout.includes('invited, not in time'),
    );
    const late = await joinBy(place, web, file);
    expect(late.code).toBe(1);
    expect(late.stderr).toContain('this invite was not used in time');
    // The name is free for another one, which takes the place of the file.
    const next = await inviteTo(place, control, 'web-07', '--yes');
    expect((await joinBy(place, web, next)).code).toBe(0);
    const taken = await control.herd('node', 'invite', '--name', 'web-07', '--reveal');
    expect(taken.code).toBe(9);
    expect(taken.stderr).toContain("'herd node rekey web-07' makes it another invite");
    const left = await place.run(process.execPath, [bins.shepherd, 'leave', '-s', web.socket]);
    expect(left).toMatchObject({ code: 0, stderr: '' });
    expect(left.stdout).toContain('This machine has left Control');
    await eventually('it is gone', async () => (await servicesOf(control)).length === 0);
    expect(await nodesOf(control)).toMatchObject({ 'web-07': { state: 'left' } });
    expect((await web.herd('node', 'leave')).stderr).toContain('has joined no controller');
  });

  it('gives what it chooses, and what its configuration gets later', async ({ place }) => {
    const [control, all, some] = await Promise.all([
      startController(place),
      startMachine(place, 'all'),
      startMachine(place, 'some'),
    ]);
    expect((await joinBy(place, all, await inviteTo(place, control, 'all'))).code).toBe(0);
    const chosen = await joinBy(
      place,
      some,
      await inviteTo(place, control, 'some'),
      '--give',
      'www',
    );
    expect(chosen.code).toBe(0);
    expect(chosen.stdout).toContain('some services of this machine, 1 now: web-server.');
    expect(await servicesOf(control)).toEqual([
      'networking@all',
      'web-server@all',
      'web-server@some',
    ]);
    const more = `${webServices}, service({ provision: ['cron'] })`;
    for (const daemon of [all, some]) {
      const config = path.join(daemon.folder, 'shepherd.config.ts');
      fs.writeFileSync(config, configOf(daemon.name.toUpperCase(), more));
      // A configuration has 10 s to be read, which a machine may be too busy for.
      await eventually('it is reloaded', async () => (await daemon.herd('reload')).code === 0);
    }
    await eventually('it is there', async () => (await servicesOf(control)).includes('cron@all'));
    expect(await servicesOf(control)).not.toContain('cron@some');
    expect((await control.herd('start', 'cron@all')).code).toBe(0);
    const unknown = await joinBy(
      place,
      some,
      await inviteTo(place, control, 'x'),
      '--give',
      'nope',
    );
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain("'nope' is no service of the configuration");
  });
});
