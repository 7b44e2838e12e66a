/** Alice holds grants at the hosts themselves: the controller may be dead, and to revoke takes every host. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { grantTo, person, type Person } from '../support/grants.ts';
import { it, together } from '../support/placed.ts';
import { eventually, type Daemon, type Place } from '../support/programs.ts';
import { startWebFleet, writeServer, type WebFleet } from '../support/web-fleet.ts';

interface Told extends WebFleet {
  readonly alice: Person;
  readonly file: string;
}
const tell = async (place: Place, ...more: readonly string[]): Promise<Told> => {
  for (const machine of ['a', 'b']) writeServer(place, machine);
  const fleet = await startWebFleet(place);
  const alice = person(place, 'alice');
  const allow = 'status,start,restart';
  const file = await grantTo(
    place,
    fleet.c,
    'web-server-fleet',
    'alice',
    allow,
    '--direct',
    ...more,
  );
  const accepted = await alice.herd('accept', '--from', file);
  expect([accepted.code, accepted.stderr]).toEqual([0, '']);
  for (const member of ['web-server-a', 'web-server-b'])
    expect(accepted.stdout).toContain(`@${member} is yours now.`);
  return { ...fleet, alice, file };
};
const directOf = async (c: Daemon) => {
  const { grants } = JSON.parse((await c.herd('--json', 'grant', 'ls')).stdout) as {
    readonly grants: readonly { readonly id: string; readonly state: string }[];
  };
  const found = grants.find(({ id }) => id.startsWith('d-'));
  if (found === undefined) throw new Error('no direct grant');
  return found;
};

describe('a direct grant', together, () => {
  it('is used with the controller dead, and is one file that only its owner reads', async ({
    place,
  }) => {
    const { a, b, c, alice, file } = await tell(place);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(fs.readFileSync(file, 'utf8')).toMatch(
      /^web-server-a ocapn:\/\/\S+\nweb-server-b ocapn:\/\/\S+\n$/,
    );
    await c.kill('SIGKILL');
    for (const member of ['@web-server-a', '@web-server-b'])
      expect((await alice.herd('start', member)).code).toBe(0);
    for (const host of [a, b])
      expect((await host.herd('status', 'web-server')).stdout).toContain('running');
    expect((await alice.herd('stop', '@web-server-a')).code).toBe(5);
  });

  it('is made at no host where one is down', async ({ place }) => {
    for (const machine of ['a', 'b']) writeServer(place, machine);
    const { a, b, c } = await startWebFleet(place);
    await b.kill('SIGKILL');
    const file = path.join(place.folder, 'x.invite');
    const words = ['--direct', '--to', 'alice', '--expires', '8h', '--out', file];
    const ran = await c.herd('grant', 'web-server-fleet', ...words);
    expect(ran.code).toBe(4);
    expect(ran.stdout).toMatch(/web-server-a +made, and taken back/);
    expect(ran.stdout).toMatch(/web-server-b +not reached +cannot reach/);
    expect(ran.stderr).toContain('nothing of web-server-fleet was granted');
    expect(fs.existsSync(file)).toBe(false);
    expect((await c.herd('grant', 'ls')).stdout).not.toContain('alice');
    expect((await a.herd('grant', 'ls')).stdout).toMatch(/alice .*revoked/);
    const some = await c.herd('grant', 'web-server-fleet', ...words, '--nodes', 'web-server-a');
    expect(some.code).toBe(0);
  });
});

describe('the revocation of a direct grant', together, () => {
  it('is told to a host that was down as soon as it is reached, over kill -9 of the controller', async ({
    place,
  }) => {
    const { b, c, alice } = await tell(place);
    const { id } = await directOf(c);
    await b.kill('SIGKILL');
    const revoked = await c.herd('grant', 'revoke', id, '--reason', 'off duty');
    expect(revoked.code).toBe(4);
    expect(revoked.stdout).toContain('not yet at 1 of 2 hosts');
    expect(revoked.stdout).toMatch(/web-server-a +g-\w+ +revoked there/);
    expect(revoked.stdout).toMatch(
      /web-server-b +g-\w+ +not told yet: holds there until it is, or until .*cannot reach/,
    );
    expect(revoked.stderr).toContain('tells each of them by itself');
    expect((await alice.herd('restart', '@web-server-a')).code).toBe(5);
    await c.kill('SIGKILL');
    const again = await place.again(c);
    expect((await directOf(again)).state).toBe('revoking');
    expect((await again.herd('grant', 'ls')).stdout).toContain('not told yet');
    const host = await place.again(b);
    await eventually('the host was told', async () => (await directOf(again)).state === 'revoked');
    const { code, stderr } = await alice.herd('restart', '@web-server-b');
    expect(code).toBe(5);
    expect(stderr).toMatch(/grant g-\w+ was revoked/);
    expect((await host.herd('grant', 'ls')).stdout).toContain('off duty');
    expect((await again.herd('grant', 'revoke', id)).code).toBe(0);
  });

  it('lasts no longer than its lease at a host that is away, or without its controller', async ({
    place,
  }) => {
    const { c, alice } = await tell(place, '--lease', '15s');
    // Longer than the lease: it is renewed meanwhile.
    const startedAt = performance.now();
    const holdsOn = async (): Promise<boolean> => {
      expect((await alice.herd('status', '@web-server-a')).code).toBe(0);
      return performance.now() - startedAt > 17_000;
    };
    await eventually('it holds beyond its first lease', holdsOn, 25_000);
    await c.kill('SIGKILL');
    const hasEnded = async (): Promise<boolean> => {
      const { code, stderr } = await alice.herd('status', '@web-server-a');
      return code === 5 && stderr.includes('expired');
    };
    await eventually('it ends without the controller', hasEnded, 25_000);
  });
});
