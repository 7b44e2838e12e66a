/** A machine that has joined, and what may come: a thief, kill -9, links that drop, removal, another key, deploys. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import {
  inviteTo,
  joinBy,
  keyOf,
  listenAt,
  nodesOf,
  servicesOf,
  startController,
  startMachine,
  webServices,
} from '../support/joins.ts';
import { answerOf, phaseOf, releaseOf, startSlot } from '../support/deploys.ts';
import { it, together } from '../support/placed.ts';
import { bins, configOf, type Daemon, eventually, freePort } from '../support/programs.ts';
import { makeProxy } from '../support/proxy.ts';
import { pidOf } from '../support/shown.ts';
import { portIn, reroute } from '../support/web-fleet.ts';

describe('a machine that joins', together, () => {
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
});

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
    const pid = await pidOf(web, 'web-server');
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
      (await pidOf(daemon, 'web-server@web-07')) === pid;
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
    const pids = await Promise.all([pidOf(web, 'web-server'), pidOf(away, 'web-server')]);
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
    expect(await Promise.all([pidOf(web, 'web-server'), pidOf(back, 'web-server')])).toEqual(pids);
    expect((await control.herd('node', 'rm', 'away')).stderr).toContain('no machine is called');
    const verified = await control.herd('audit', 'verify', '--state', control.folder);
    expect(verified.code).toBe(0);
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
  });
});

describe('a machine that is to join', together, () => {
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
    expect([slip.code, slip.stderr]).toEqual([2, expect.stringContaining('4 characters')]);
    const foretold = await web.herd('node', 'leave', '--dry-run');
    expect(foretold.stdout).toContain('Nothing was done.');
    expect((await web.herd('node', 'leave', await keyOf(control))).code).toBe(0);
    expect((await web.herd('node', 'home')).stdout).toContain('has joined no controller');
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
