/** Alice may restart the web server and see how it is, for eight hours, and nothing else. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { accept, grantTo, person } from '../support/grants.ts';
import { it } from '../support/placed.ts';
import { freePort, makePlace, type Daemon, type Place } from '../support/programs.ts';
import { pidOf, statusOf } from '../support/shown.ts';
import { machineConfig, writeServer } from '../support/web-fleet.ts';

const startA = async (place: Place): Promise<Daemon> => {
  writeServer(place, 'a');
  const a = await place.shepherd('a', machineConfig('A', await freePort()));
  expect((await a.herd('start', 'web-server')).code).toBe(0);
  return a;
};

/** One machine for all, and people of its own for each. */
describe('least authority', () => {
  let machine: Place;
  let a: Daemon;
  beforeAll(async () => {
    machine = makePlace();
    a = await startA(machine);
  });
  afterAll(() => machine.clean());

  // First, since nobody else has a grant yet.
  it('tells the owner who can do what, and takes it back', async ({ place }) => {
    const alice = person(place, 'alice');
    await accept(alice, await grantTo(place, a, 'web-server', 'alice', 'restart'));
    const listed = JSON.parse((await a.herd('--json', 'grant', 'ls')).stdout) as {
      readonly grants: readonly { readonly id: string; readonly state: string }[];
    };
    expect(listed.grants).toEqual([
      expect.objectContaining({ label: 'alice', state: 'live', actions: ['restart'] }),
    ]);
    const [{ id } = { id: '' }] = listed.grants;
    expect((await a.herd('who-can', 'restart', 'web-server')).stdout).toContain('alice');
    expect((await a.herd('who-can', 'stop', 'web-server')).stdout).not.toContain('alice');
    const dry = await a.herd('grant', 'revoke', id, '--dry-run');
    expect(dry.stdout).toContain(`Would take from alice: ${id}`);
    expect((await alice.herd('restart', '@web-server')).code).toBe(0);
    expect((await a.herd('grant', 'revoke', id, '--reason', 'off duty')).code).toBe(0);
    const { code, stderr } = await alice.herd('restart', '@web-server');
    expect(code).toBe(5);
    expect(stderr).toMatch(new RegExp(`${id} was revoked at .* by root`));
    expect((await a.herd('who-can', 'restart', 'web-server')).stdout).not.toContain('alice');
  });

  it('lets alice restart what she was granted, and see it', async ({ place }) => {
    const alice = person(place, 'alice');
    const invite = await grantTo(place, a, 'web-server', 'alice', 'status,restart,log');
    const accepted = await accept(alice, invite);
    const shown = await alice.herd('--json', 'ref', 'show', 'web-server');
    const { peer, host } = JSON.parse(shown.stdout) as { readonly peer: string; host: string };
    expect(peer.replace('ocapn://', '').startsWith(host.replaceAll('-', ''))).toBe(true);
    expect(accepted.stdout).toMatch(new RegExp(`^  host +${host}$`, 'm'));
    expect(accepted.stdout).toContain('@web-server is yours now.');
    expect(accepted.stdout).toMatch(/may +status, restart, log of web-server/);
    const before = await pidOf(a, 'web-server');
    const { code, stdout } = await alice.herd('restart', '@web-server');
    expect(code).toBe(0);
    expect(stdout).toContain('Service web-server has been started.');
    expect(await pidOf(a, 'web-server')).not.toBe(before);
    expect((await alice.herd('status', '@web-server')).stdout).toContain('web-server');
    expect((await alice.herd('log', '@web-server', '-n', '1')).stdout).toContain('serving A');
  });

  it('refuses her everything else with exit code 5, and changes nothing', async ({ place }) => {
    const alice = person(place, 'alice');
    await accept(alice, await grantTo(place, a, 'web-server', 'alice', 'status,restart'));
    const before = await statusOf(a, 'web-server');
    for (const words of [
      ['stop', '@web-server'],
      ['start', '@web-server'],
      ['disable', '@web-server'],
      ['greet', '@web-server'],
      ['log', '@web-server'],
      ['log', '-f', '@web-server'],
      ['stop', '@web-server', '--dry-run'],
      ['grant', '@web-server', '--to', 'bot', '--allow', 'stop', '--expires', '1h', '--reveal'],
    ]) {
      const { code, stdout, stderr } = await alice.herd(...words);
      expect({ words, code }).toEqual({ words, code: 5 });
      expect(stderr).toMatch(/^herd: error: .*grant g-\w+ /);
      expect(stdout).toBe('');
    }
    const { pid, stage, since } = await statusOf(a, 'web-server');
    expect({ pid, stage, since }).toEqual({
      pid: before.pid,
      stage: before.stage,
      since: before.since,
    });
  });

  it('shows her that one service, and only what she may do with it', async ({ place }) => {
    const alice = person(place, 'alice');
    await accept(alice, await grantTo(place, a, 'web-server', 'alice', 'status,restart'));
    const { stdout } = await alice.herd('--json', 'status', '@web-server');
    const { services } = JSON.parse(stdout) as { readonly services: readonly unknown[] };
    expect(services).toEqual([
      expect.objectContaining({ provision: ['web-server'], requirement: [], actions: [] }),
    ]);
    expect(stdout).not.toMatch(/networking|greet|web\.cjs|serving A/);
    const shown = await alice.herd('ref', 'show', 'web-server');
    expect(shown.stdout).toMatch(/may +status, restart of web-server/);
    expect(shown.stdout).toMatch(/from +root/);
  });

  it('keeps the invite and the key secret, and takes each invite once', async ({ place }) => {
    const [alice, mallory] = [person(place, 'alice'), person(place, 'mallory')];
    const invite = await grantTo(place, a, 'web-server', 'alice', 'restart');
    expect(fs.statSync(invite).mode & 0o777).toBe(0o600);
    await accept(alice, invite);
    const key = path.join(alice.folder, 'data', 'bellwether', 'keys', 'holder.key');
    expect(fs.statSync(key).mode & 0o777).toBe(0o600);
    const stolen = await mallory.herd('accept', '--from', invite);
    expect(stolen.code).toBe(1);
    expect(stolen.stderr).toContain('somebody else has accepted this invite: the key');
    const [id = ''] = /g-[0-9a-z]{6}/.exec(stolen.stderr) ?? [];
    expect(stolen.stderr).toContain(`herd grant revoke ${id}`);
    expect((await mallory.herd('restart', '@web-server')).code).toBe(2);
    // Its owner sees that, and by the key who has it.
    expect((await a.herd('audit')).stdout).toMatch(/redeemed-twice/);
    const [holder = ''] = /[0-9a-z]{4}(-[0-9a-z]{4}){4}/.exec(stolen.stderr) ?? [];
    expect((await a.herd('who-can', 'restart', 'web-server')).stdout).toContain(holder);
    expect((await a.herd('grant', 'revoke', id)).code).toBe(0);
    const late = await mallory.herd('accept', '--from', invite);
    expect(late.stderr).toContain('no such reference');
    expect(late.stderr).toContain('until its grant is revoked');
  });

  it('takes no ref for an invite, and says what to do with it', async ({ place }) => {
    const [alice, bob] = [person(place, 'alice'), person(place, 'bob')];
    const minted = path.join(place.folder, 'x.ref');
    await a.herd('ref', 'mint', 'web-server', '--out', minted);
    await accept(alice, await grantTo(place, a, 'web-server', 'alice', 'restart'));
    const granted = path.join(place.folder, 'y.ref');
    expect(await alice.herd('ref', 'export', 'web-server', '--out', granted)).toMatchObject({
      code: 0,
    });
    for (const file of [minted, granted]) {
      const { code, stderr } = await bob.herd('accept', '--from', file);
      expect(stderr).toContain('this is no invite, but a ref to a service');
      expect(stderr).toContain('herd ref add PETNAME');
      expect([code, stderr.includes('has no method')]).toEqual([2, false]);
    }
    expect((await bob.herd('ref', 'add', 'web', '--from', minted)).code).toBe(0);
  });

  it('is one ref, however often its invite is accepted, unless somebody insists', async ({
    place,
  }) => {
    const alice = person(place, 'alice');
    const invite = await grantTo(place, a, 'web-server', 'alice', 'restart');
    await accept(alice, invite);
    for (const more of [[], ['web-server'], ['--yes']]) {
      const again = await alice.herd('accept', '--from', invite, ...more);
      expect(again).toMatchObject({ code: 0, stderr: '' });
      expect(again.stdout).toContain('It is yours already, as @web-server.');
    }
    const other = await alice.herd('accept', 'web', '--from', invite, '--yes');
    expect(other.code).toBe(9);
    expect(other.stderr).toContain('this grant is yours already, as @web-server');
    expect((await alice.herd('restart', '@web-server')).code).toBe(0);
    const forced = await alice.herd('accept', 'web', '--from', invite, '--force', '--json');
    expect(JSON.parse(forced.stdout)).toMatchObject({ petname: 'web', ended: 'web-server' });
    expect((await alice.herd('restart', '@web')).code).toBe(0);
    expect((await alice.herd('restart', '@web-server')).code).not.toBe(0);
    // The ref was lost, or the answer: the same user accepts once more.
    for (const name of ['web', 'web-server'])
      expect((await alice.herd('ref', 'rm', name, '--yes')).code).toBe(0);
    expect((await accept(alice, invite)).stdout).toContain('@web-server is yours now.');
    expect((await alice.herd('restart', '@web-server')).code).toBe(0);
  });
});
