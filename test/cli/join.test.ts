/** A machine joins a controller: two commands, no SSH, and nobody else can use what was given. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import {
  auditOf,
  inviteTo,
  joinBy,
  listenAt,
  nodesOf,
  servicesOf,
  startController,
  startMachine,
  webServices,
} from '../support/joins.ts';
import { answerOf, phaseOf, releaseOf, startSlot } from '../support/deploys.ts';
import { it, together } from '../support/placed.ts';
import { bins, configOf, eventually, freePort, type Daemon } from '../support/programs.ts';
import { makeProxy } from '../support/proxy.ts';
import { portIn, reroute } from '../support/web-fleet.ts';

const keyOf = async (daemon: Daemon): Promise<string> =>
  (await daemon.herd('node', 'key')).stdout.trim();

describe('a machine that joins', together, () => {
  it('is there in seconds, as it is typed, with services that are started and stopped from here', async ({
    place,
  }) => {
    const [control, web] = await Promise.all([startController(place), startMachine(place, 'web')]);
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
    expect(performance.now() - startedAt).toBeLessThan(20_000);
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

  it('that is a thief is in no fleet from the moment that the right one comes', async ({
    place,
  }) => {
    const fleet = `fleet({ provision: ['webs'], select: 'role=web', service: 'web-server' })`;
    const [control, web, thief] = await Promise.all([
      startController(place, fleet),
      startMachine(place, 'web'),
      startMachine(place, 'thief'),
    ]);
    const members = async (): Promise<string> => (await control.herd('status', 'webs')).stdout;
    const file = await inviteTo(place, control, 'web-07', '--labels', 'role=web');
    expect((await joinBy(place, thief, file)).code).toBe(0);
    await eventually('it is a member', async () => (await members()).includes('web-07'));
    expect((await joinBy(place, web, file)).stderr).toMatch(/^shepherd: error: .*another machine/);
    await eventually('it is none', async () => !(await members()).includes('web-07'));
    const listed = await control.herd('node', 'ls', '-l', 'role=web');
    expect(listed.stdout).toContain('web-07');
    expect((await control.herd('node', 'ls', '-l', 'role=db')).stdout).toBe('No machines.\n');
    const foretold = await control.herd('node', 'rm', '-l', 'role=web', '--dry-run');
    expect(foretold.stdout).toContain('Would forget web-07');
    await inviteTo(place, control, 'web-08', '--labels', 'role=web');
    const rekeyed = await control.herd('node', 'rekey', 'web-07', '--dry-run');
    expect(rekeyed.stdout).toContain('is out at once, since it is in doubt');
    const twice = await control.herd('node', 'invite', '--name', 'web-07', '--dry-run');
    expect([twice.code, twice.stderr]).toEqual([
      9,
      expect.stringContaining("called 'web-07' already"),
    ]);
    const one = await control.herd('node', 'rm', 'web-07', 'nope');
    expect([one.code, one.stderr]).toEqual([1, expect.stringContaining("called 'nope'")]);
    const gone = await control.herd('node', 'rm', '-l', 'role=web');
    expect(gone.stdout).toMatch(/web-07 is forgotten.*web-08 is forgotten/s);
    expect(await nodesOf(control)).toEqual({});
    const bound = ['--labels', 'role=new', '--for-key', await keyOf(web), '--yes'];
    const next = await inviteTo(place, control, 'web-07', ...bound);
    const stolen = await joinBy(place, thief, next);
    expect([stolen.code, stolen.stderr]).toEqual([1, expect.stringContaining('another key')]);
    expect((await joinBy(place, web, next)).code).toBe(0);
    const labelled = await control.herd('node', 'label', 'web-07', 'role=web', 'canary');
    expect(labelled.stdout).toContain('web-07 has canary,role=web now');
    await eventually('it is a member', async () => (await members()).includes('web-07'));
    expect((await control.herd('start', 'webs')).code).toBe(0);
    expect((await web.herd('status', 'web-server')).stdout).toContain('It is running');
  });

  it('without an invite in its pipe is told that there is none', async ({ place }) => {
    const web = await startMachine(place, 'web');
    const file = path.join(place.folder, 'empty.join');
    fs.writeFileSync(file, '', { mode: 0o600 });
    const { code, stderr } = await joinBy(place, web, file);
    expect(code).toBe(2);
    expect(stderr).toContain(`shepherd: error: ${file} is empty, so there is no invite`);
  });

  it('gives something else without its invite, and leaves whom it means', async ({ place }) => {
    const [control, web] = await Promise.all([startController(place), startMachine(place, 'web')]);
    const file = await inviteTo(place, control, 'web-07');
    expect((await joinBy(place, web, file, '--give', 'networking')).code).toBe(0);
    expect((await joinBy(place, web, file)).stdout).toContain(
      'some services of this machine, 1 now',
    );
    fs.rmSync(file);
    const given = await web.herd('node', 'give', 'www', '--dial-out');
    expect(given.stdout).toContain('some services of this machine, 1 now: web-server');
    await eventually('it is there', async () =>
      (await servicesOf(control)).includes('web-server@web-07'),
    );
    expect(await servicesOf(control)).not.toContain('networking@web-07');
    const slip = await web.herd('node', 'leave', (await keyOf(control)).slice(0, 1));
    expect([slip.code, slip.stderr]).toEqual([1, expect.stringContaining('4 characters')]);
    const foretold = await web.herd('node', 'leave', '--dry-run');
    expect(foretold.stdout).toContain('Nothing was done.');
    expect((await web.herd('node', 'leave', await keyOf(control))).code).toBe(0);
    expect((await web.herd('node', 'home')).stdout).toContain('has joined no controller');
  });

  it('comes in time, or not at all', async ({ place }) => {
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
  });

  it('tells a controller nothing that is not the one of its invite', async ({ place }) => {
    const [control, other, web] = await Promise.all([
      startController(place),
      place.shepherd('other', configOf('Other', '', listenAt(await freePort()))),
      startMachine(place, 'web'),
    ]);
    const [file, foreign] = [
      await inviteTo(place, control, 'web-07'),
      await inviteTo(place, other, 'web-08'),
    ];
    // Whoever is at the address of the controller: another one, which has a key of its own.
    const liar = await makeProxy(portIn(foreign));
    place.atEnd(() => liar.close());
    reroute(file, liar);
    const refused = await joinBy(place, web, file);
    expect(refused.code).toBe(4);
    expect(refused.stderr).toMatch(/cannot reach the controller at .* its certificate is that of/);
    expect(liar.acceptedCount).toBeGreaterThan(0);
    expect((await web.herd('node', 'home')).stdout).toContain('has joined no controller');
    expect(await nodesOf(other)).toMatchObject({ 'web-08': { state: 'invited' } });
    // One that passes on what it cannot read is a network like any other.
    liar.leadTo(portIn(await inviteTo(place, control, 'web-09')));
    const joined = await joinBy(place, web, file);
    expect(joined.stderr).toBe('');
    expect(joined.code).toBe(0);
  });

  it('is told what to do where no shepherd runs', async ({ place }) => {
    const control = await startController(place);
    const file = await inviteTo(place, control, 'web-07');
    const { code, stderr } = await place.run(process.execPath, [
      bins.shepherd,
      'join',
      '-s',
      path.join(place.folder, 'nothing', 'socket'),
      '--from',
      file,
    ]);
    expect(code).toBe(4);
    expect(stderr).toContain('no shepherd runs here');
    expect(stderr).toContain("Start one with 'shepherd --config FILE'");
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
      expect((await daemon.herd('reload')).code).toBe(0);
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
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain("'nope' is no service of the configuration");
  });
});

/** The pid of a process of a service. */
const pidAt = async (daemon: Daemon, service: string): Promise<number> => {
  const { stdout } = await daemon.herd('--json', 'status', service);
  const { services } = JSON.parse(stdout) as { readonly services: readonly { pid?: number }[] };
  return services[0]?.pid ?? 0;
};

describe('a machine that has joined', together, () => {
  it('is there again after both were killed, also where it only dials out over a link that drops', async ({
    place,
  }) => {
    const [control, web] = await Promise.all([startController(place), startMachine(place, 'web')]);
    const file = await inviteTo(place, control, 'web-07');
    const link = await makeProxy(portIn(file));
    place.atEnd(() => link.close());
    reroute(file, link);
    expect((await joinBy(place, web, file)).code).toBe(0);
    expect((await control.herd('start', 'web-server@web-07')).code).toBe(0);
    const pid = await pidAt(web, 'web-server');
    expect(pid).toBeGreaterThan(0);
    const home = await web.herd('node', 'home');
    expect(home.stdout).toContain('reaches this machine over that alone');
    expect((await control.herd('node', 'ls')).stdout).toContain('yes (dials out)');
    await link.become({ kind: 'refuse' });
    await eventually('it is away', async () => {
      const { code, stderr, stdout } = await control.herd('restart', 'web-server@web-07');
      return code === 4 && `${stdout}${stderr}`.includes('it only dials out');
    });
    expect((await control.herd('node', 'ls')).stdout).toContain('away (dials out)');
    await link.become({ kind: 'pass' });
    const isThere = async (daemon: Daemon): Promise<boolean> =>
      (await pidAt(daemon, 'web-server@web-07')) === pid;
    await eventually('it is back', () => isThere(control), 20_000);
    await control.kill('SIGKILL');
    const next = await place.again(control);
    expect(await servicesOf(next)).toEqual(['networking@web-07', 'web-server@web-07']);
    await eventually('the next life finds it', () => isThere(next), 20_000);
    await web.kill('SIGKILL');
    await place.again(web);
    await eventually('it calls again', () => isThere(next), 20_000);
    expect((await next.herd('stop', 'web-server@web-07')).code).toBe(0);
    // Nobody else reaches it, and that is said.
    const direct = await next.herd(
      ...['grant', 'web-server@web-07', '--direct', '--to', 'bo', '--expires', '1h'],
      ...['--out', path.join(place.folder, 'bo.invites')],
    );
    expect(direct.code).toBe(1);
    expect(direct.stderr).toContain('nobody but this shepherd reaches it');
  });

  it('is dialled by a controller that comes back, where it listens', async ({ place }) => {
    const [control, web] = await Promise.all([
      startController(place),
      startMachine(place, 'web', webServices, listenAt(await freePort())),
    ]);
    expect((await joinBy(place, web, await inviteTo(place, control, 'web-07'))).code).toBe(0);
    expect((await control.herd('node', 'ls')).stdout).not.toContain('dials out');
    await control.kill('SIGKILL');
    const next = await place.again(control);
    const started = await next.herd('start', 'web-server@web-07');
    expect(started.code).toBe(0);
  });

  it('is removed: services go on, and what it gave is taken back now, or when it calls', async ({
    place,
  }) => {
    const [control, web, away] = await Promise.all([
      startController(place),
      startMachine(place, 'web'),
      startMachine(place, 'away'),
    ]);
    for (const machine of [web, away]) {
      const file = await inviteTo(place, control, machine.name);
      expect((await joinBy(place, machine, file)).code).toBe(0);
      expect((await control.herd('start', `web-server@${machine.name}`)).code).toBe(0);
    }
    const pids = await Promise.all([pidAt(web, 'web-server'), pidAt(away, 'web-server')]);
    const foreseen = await control.herd('node', 'rm', 'web', '--dry-run');
    expect(foreseen.stdout).toContain('Would forget web, with 2 services here');
    const removed = await control.herd('node', 'rm', 'web');
    expect(removed).toMatchObject({ code: 0 });
    expect(removed.stdout).toContain('What it had given is taken back there.');
    expect((await web.herd('node', 'home')).stdout).toContain('has joined no controller');
    expect((await web.herd('grant', 'ls')).stdout).toContain('2 grants, 0 in force');
    await away.kill('SIGKILL');
    const untold = await control.herd('node', 'rm', 'away');
    expect(untold.stdout).toContain('taken back there when it calls');
    expect(await servicesOf(control)).toEqual([]);
    expect(fs.readdirSync(path.join(control.folder, 'nodes'))).toEqual([]);
    const back = await place.again(away);
    await eventually('it hears of it', async () =>
      (await back.herd('node', 'home')).stdout.includes('has joined no controller'),
    );
    expect((await back.herd('grant', 'ls')).stdout).toContain('2 grants, 0 in force');
    expect(await Promise.all([pidAt(web, 'web-server'), pidAt(back, 'web-server')])).toEqual(pids);
    expect((await control.herd('node', 'rm', 'away')).stderr).toContain('no machine is called');
    const verified = await control.herd('audit', 'verify', '--state', control.folder);
    expect(verified.code).toBe(0);
  });

  it('leaves by itself', async ({ place }) => {
    const [control, web] = await Promise.all([startController(place), startMachine(place, 'web')]);
    expect((await joinBy(place, web, await inviteTo(place, control, 'web-07'))).code).toBe(0);
    const left = await place.run(process.execPath, [bins.shepherd, 'leave', '-s', web.socket]);
    expect(left).toMatchObject({ code: 0, stderr: '' });
    expect(left.stdout).toContain('This machine has left Control');
    await eventually('it is gone', async () => (await servicesOf(control)).length === 0);
    expect(await nodesOf(control)).toMatchObject({ 'web-07': { state: 'left' } });
    expect((await web.herd('node', 'leave')).stderr).toContain('has joined no controller');
  });

  it('gets a new key: the machine in its place joins under its name, and the old one hears of it', async ({
    place,
  }) => {
    const [control, old, fresh] = await Promise.all([
      startController(place),
      startMachine(place, 'old'),
      startMachine(place, 'fresh'),
    ]);
    const first = await inviteTo(place, control, 'web-07', '--labels', 'role=web');
    expect((await joinBy(place, old, first)).code).toBe(0);
    const before = (await nodesOf(control))['web-07']?.designator;
    const file = path.join(place.folder, 'again.join');
    const made = await control.herd('node', 'rekey', 'web-07', '--out', file);
    expect(made.code).toBe(0);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    // The old one serves until the new one is there.
    expect((await control.herd('start', 'networking@web-07')).code).toBe(0);
    expect((await joinBy(place, fresh, file)).code).toBe(0);
    const { 'web-07': node } = await nodesOf(control);
    expect(node).toMatchObject({ state: 'joined', labels: { role: 'web' } });
    expect(node?.designator).not.toBe(before);
    expect((await control.herd('start', 'web-server@web-07')).code).toBe(0);
    expect((await fresh.herd('status')).stdout).toContain('+ web-server');
    expect((await old.herd('status', 'web-server')).stdout).toContain('It is stopped');
    await eventually('the old one hears of it', async () =>
      (await old.herd('node', 'home')).stdout.includes('has joined no controller'),
    );
    expect((await joinBy(place, old, file)).stderr).toContain('another machine has used');
  });
});

describe('an invite to join', together, () => {
  it('is kept out of reach, and said to be in reach where it was', async ({ place }) => {
    const [control, web] = await Promise.all([startController(place), startMachine(place, 'web')]);
    const file = await inviteTo(place, control, 'web-07');
    fs.chmodSync(file, 0o644);
    const joined = await joinBy(place, web, file);
    expect(joined.code).toBe(0);
    expect(joined.stderr).toContain(`others may read ${file}`);
    const argued = await web.herd('node', 'join', fs.readFileSync(file, 'utf8').trim().slice(0, 9));
    expect(argued.code).toBe(2);
    expect(argued.stderr).toContain("too many words for 'node join'");
    fs.chmodSync(file, 0o600);
    const onTerminal = await control.herd('--json', 'node', 'invite', '--name', 'x');
    expect(onTerminal.code).toBe(2);
    expect(onTerminal.stderr).toContain('an invite to join is a secret and is not printed');
    const nowhere = await web.herd('node', 'invite', '--name', 'x', '--reveal');
    expect(nowhere.code).toBe(1);
    expect(nowhere.stderr).toContain('listens on no network');
  });
});

describe('a slot of a machine that only dials out', together, () => {
  it('is deployed to through its controller, which confirms over a connection that the machine opens', async ({
    place,
  }) => {
    const rules = 'confirmSeconds: 40, healthySeconds: 1, stop: { graceSeconds: 1 }';
    const [slotted, control] = await Promise.all([
      startSlot(place, rules, '{ unix: true }'),
      startController(place),
    ]);
    const { daemon } = slotted;
    expect((await joinBy(place, daemon, await inviteTo(place, control, 'node'))).code).toBe(0);
    const file = await releaseOf(slotted, 'one');
    const deployed = await control.herd('deploy', 'web@node', file, '--timeout', '60');
    expect(deployed.stderr).not.toContain('error');
    expect(deployed.code).toBe(0);
    expect(await answerOf(slotted)).toBe('one');
    expect(await phaseOf(daemon)).toBeUndefined();
    const bad = await releaseOf(slotted, 'two', { files: { 'server.js': 'process.exit(1);' } });
    const back = await control.herd('deploy', 'web@node', bad, '--timeout', '60');
    expect(back.code).toBe(7);
    expect(await answerOf(slotted)).toBe('one');
  }, 120_000);
});
