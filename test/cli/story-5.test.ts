/** What alice passed on to a bot dies with what she has: at once, in the middle, and for good. */
import path from 'node:path';
import { describe, expect } from 'vitest';
import { accept, grantTo, person, type Person } from '../support/grants.ts';
import { it, together } from '../support/placed.ts';
import { eventually, freePort, type Daemon, type Place, programMs } from '../support/programs.ts';
import { machineConfig, writeServer } from '../support/web-fleet.ts';

interface Told {
  readonly a: Daemon;
  readonly alice: Person;
  readonly bot: Person;
  readonly ids: { readonly alice: string; readonly bot: string };
}
const tell = async (place: Place): Promise<Told> => {
  writeServer(place, 'a');
  const a = await place.shepherd('a', machineConfig('A', await freePort()));
  expect((await a.herd('start', 'web-server')).code).toBe(0);
  const [alice, bot] = [person(place, 'alice'), person(place, 'bot')];
  await accept(alice, await grantTo(place, a, 'web-server', 'alice', 'status,restart,log'));
  await accept(
    bot,
    await grantTo(place, alice, '@web-server', 'bot', 'restart,log', '--expires', '1h'),
  );
  const { grants } = JSON.parse((await a.herd('--json', 'grant', 'ls')).stdout) as {
    readonly grants: readonly { readonly id: string; readonly label: string }[];
  };
  const idOf = (name: string): string => grants.find(({ label }) => label === name)?.id ?? '';
  return { a, alice, bot, ids: { alice: idOf('alice'), bot: idOf('bot') } };
};

describe('delegation', together, () => {
  it('is alone between alice and the bot, and shown as a tree', async ({ place }) => {
    const { a, alice, bot, ids } = await tell(place);
    expect((await bot.herd('restart', '@web-server')).code).toBe(0);
    expect((await bot.herd('status', '@web-server')).code).toBe(5);
    const tree = (await a.herd('grant', 'ls', '--tree')).stdout.split('\n');
    expect(tree[0]).toMatch(new RegExp(`^${ids.alice}  +alice `));
    expect(tree[1]).toMatch(new RegExp(`^  ${ids.bot}  +bot `));
    // Alice sees what she passed on, and takes it back by herself.
    expect((await alice.herd('grant', 'ls', '@web-server')).stdout).toContain(ids.bot);
    expect((await bot.herd('grant', 'ls', '@web-server')).stdout).toContain('No grants.');
    expect((await bot.herd('grant', 'revoke', ids.alice, '@web-server')).code).toBe(1);
    expect((await alice.herd('grant', 'revoke', ids.bot, '@web-server')).code).toBe(0);
    expect((await bot.herd('restart', '@web-server')).code).toBe(5);
    expect((await alice.herd('restart', '@web-server')).code).toBe(0);
  });

  it('ends within a second of what it was made from, streams and all, also after kill -9', async ({
    place,
  }) => {
    const { a, alice, bot, ids } = await tell(place);
    const log = bot.begin('log', '-f', '@web-server');
    const watch = alice.begin('--json', 'status', '--watch', '@web-server');
    await eventually('the log is followed', () => log.stdout().includes('serving A'));
    await eventually('alice watches', () => watch.stdout().includes('web-server'));
    const slackMs = 2 * (await programMs(place, 1_000)); // with the start of two programs
    const revokedAt = performance.now();
    expect((await a.herd('grant', 'revoke', ids.alice)).code).toBe(0);
    const ended = await log.ended;
    expect(performance.now() - revokedAt).toBeLessThan(1_000 + slackMs);
    expect(ended.code).toBe(5);
    expect(ended.stderr).toMatch(new RegExp(`${ids.alice} was revoked at .* by root`));
    await eventually('alice is told', () => watch.stdout().includes('was revoked'));
    watch.process.kill('SIGINT');
    await watch.ended;
    const refused = async (who: Person): Promise<void> => {
      const { code, stderr } = await who.herd('restart', '@web-server');
      expect(code).toBe(5);
      expect(stderr).toContain('was revoked');
    };
    await Promise.all([refused(bot), refused(alice)]);
    await a.kill('SIGKILL');
    const again = await place.again(a);
    await Promise.all([refused(bot), refused(alice)]);
    expect((await again.herd('status', 'web-server')).stdout).toContain('running');
  });

  it('does not come back with a backup, before its owner says so', async ({ place }) => {
    const { a, alice, bot, ids } = await tell(place);
    const file = `${place.folder}/monday.backup`;
    const ref = path.join(place.folder, 'laptop.ref');
    expect((await a.herd('ref', 'mint', 'web-server', '--out', ref)).code).toBe(0);
    const laptop = person(place, 'laptop');
    expect((await laptop.herd('ref', 'add', 'web', '--from', ref)).code).toBe(0);
    const minted = /m-[0-9a-f]{12}/.exec((await a.herd('grant', 'ls')).stdout)?.[0] ?? '';
    expect((await a.herd('state', 'backup', file)).code).toBe(0);
    expect((await a.herd('grant', 'revoke', ids.bot)).code).toBe(0);
    expect((await a.herd('grant', 'revoke', minted, '--reason', 'stolen')).code).toBe(0);
    await a.kill('SIGTERM');
    const restored = await place.herd(['state', 'restore', file, '--state', a.folder]);
    expect(restored.stdout).toContain('herd grant confirm');
    const again = await place.again(a);
    for (const who of [alice, bot]) {
      const { code, stderr } = await who.herd('restart', '@web-server');
      expect(code).toBe(5);
      expect(stderr).toContain('a backup was restored');
    }
    const stolen = await laptop.herd('restart', '@web');
    expect(stolen).toMatchObject({ code: 5 });
    expect(stolen.stderr).toContain(`grant ${minted} waits for its host's owner`);
    expect((await again.herd('grant', 'ls')).stdout).toContain('3 grants, 0 in force');
    const confirmed = await again.herd('grant', 'confirm', ids.alice);
    expect(confirmed.stdout).toContain(`Grant ${ids.alice} holds again.`);
    expect((await alice.herd('restart', '@web-server')).code).toBe(0);
    const refused = await again.herd('grant', 'confirm', ids.bot);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('ended after that backup, as the audit says: revoked at');
    const all = (await again.herd('grant', 'confirm', '--all')).stdout;
    for (const id of [ids.bot, minted]) expect(all).toContain(`Grant ${id} waits`);
    expect((await again.herd('grant', 'confirm', minted)).stderr).toContain('stolen');
    expect((await laptop.herd('restart', '@web')).code).toBe(5);
    expect((await again.herd('grant', 'confirm', minted, '--force')).code).toBe(0);
    expect((await laptop.herd('restart', '@web')).code).toBe(0);
    expect((await bot.herd('restart', '@web-server')).code).toBe(5);
    expect((await again.herd('grant', 'confirm', ids.bot, '--force')).code).toBe(0);
    expect((await bot.herd('restart', '@web-server')).code).toBe(0);
  });
});
