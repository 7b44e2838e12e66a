/** Whoever holds a grant comes back to what was asked through it; the end of the grant is the end of what waits. */
import { describe, expect } from 'vitest';
import { accept, grantTo, person, type Person } from '../support/grants.ts';
import { it, together } from '../support/placed.ts';
import { eventually, freePort, type Daemon, type Ended, type Place } from '../support/programs.ts';
import { processesOf } from '../support/shown.ts';
import { machineConfig, writeServer } from '../support/web-fleet.ts';

const fleet = 'web-server-fleet';
const servers = (place: Place): number => processesOf(place, 'web.cjs').length;
const operationIn = (stderr: string): string => /(op-[0-9a-f]{16})/.exec(stderr)?.[1] ?? '';
const grantIds = async (daemon: Daemon): Promise<Readonly<Record<string, string>>> => {
  const { stdout } = await daemon.herd('--json', 'grant', 'ls');
  const { grants } = JSON.parse(stdout) as {
    readonly grants: readonly { readonly id: string; readonly label: string }[];
  };
  return Object.fromEntries(grants.map(({ id, label }) => [label, id]));
};
const succeeded = ({ code, stdout, stderr }: Ended): string => {
  expect([code, stderr]).toEqual([0, stderr]);
  return stdout;
};

describe('the holder of a grant', together, () => {
  it('finds a start that failed, tries it again once it is mended, and pays for that', async ({
    place,
  }) => {
    writeServer(place, 'a', "console.log('no port'); process.exit(1);\n");
    const a = await place.shepherd('a', machineConfig('A', await freePort()));
    const [alice, bot] = [person(place, 'alice'), person(place, 'bot')];
    const more = ['--max-uses', '2'];
    await accept(alice, await grantTo(place, a, 'web-server', 'alice', 'start,log', ...more));
    await accept(bot, await grantTo(place, a, 'web-server', 'bot', 'status'));
    const started = await alice.herd('start', '@web-server');
    expect(started.code).toBe(1);
    const listed = succeeded(await alice.herd('op', 'ls', '@web-server'));
    expect(listed).toMatch(/^op-\w+ {2}start web-server {2}.*by g-\w+ {2}failed\n$/);
    const operation = operationIn(listed);
    const shown = succeeded(await alice.herd('op', 'show', operation, '@web-server'));
    expect(shown).toMatch(/web-server +failed +/);
    expect(shown).toContain(`'herd retry ${operation} @web-server' asks the one again`);
    expect(shown).not.toContain('networking');
    // What somebody else has asked for is, word for word, what nobody has.
    const refused = await bot.herd('op', 'show', operation, '@web-server');
    const unknown = await bot.herd('op', 'show', 'op-0', '@web-server');
    expect(refused.code).toBe(1);
    expect(unknown.stderr).toBe(refused.stderr.replaceAll(operation, 'op-0'));
    expect((await bot.herd('retry', operation, '@web-server')).stderr).toBe(refused.stderr);
    expect((await bot.herd('op', 'cancel', operation, '@web-server')).code).toBe(5);
    writeServer(place, 'a');
    await a.kill('SIGKILL');
    await place.again(a);
    const retried = await alice.herd('retry', '@web-server', operation);
    expect([retried.code, retried.stderr]).toEqual([
      0,
      `herd: trying start @web-server again at 1 service: web-server (${operation})\n`,
    ]);
    expect(servers(place)).toBe(1);
    const watched = await alice.herd('op', 'watch', operation, '@web-server');
    expect(watched.code).toBe(0);
    const spent = await alice.herd('start', '@web-server');
    expect([spent.code, spent.stderr]).toEqual([5, spent.stderr]);
    expect(spent.stderr).toContain('was good for 2 operations');
    const audit = succeeded(await place.herd(['-s', a.socket, 'audit']));
    expect(audit).toMatch(/cancel web-server.*DENIED/);
  });

  it('completes the ids of those alone', async ({ place }) => {
    writeServer(place, 'a');
    const a = await place.shepherd('a', machineConfig('A', await freePort()));
    const alice = person(place, 'alice');
    await accept(alice, await grantTo(place, a, 'web-server', 'alice', 'start'));
    succeeded(await a.herd('start', 'web-server'));
    succeeded(await alice.herd('start', '@web-server'));
    const operation = operationIn(succeeded(await alice.herd('op', 'ls', '@web-server')));
    const offered = await alice.herd('__complete', '--', 'op', 'show', '@web-server', '');
    expect(offered.stdout).toBe(`${operation}\tstart web-server: ok\n`);
  });
});

describe(
  'a grant that is revoked while what was asked through it waits for a machine',
  together,
  () => {
    /** B is down, and alice has asked for a start of the fleet that waits for it. */
    const queued = async (
      place: Place,
      { b, c }: { readonly b: Daemon; readonly c: Daemon },
    ): Promise<{ readonly alice: Person; readonly operation: string }> => {
      const alice = person(place, 'alice');
      await accept(alice, await grantTo(place, c, fleet, 'alice', 'start,status'));
      await b.kill('SIGKILL');
      const asked = await alice.herd('start', `@${fleet}`, '--when-online', '1h');
      expect(asked.code).toBe(4);
      expect(asked.stdout).toMatch(/web-server-b +unreachable +.*queued until/);
      const operation = operationIn(asked.stderr);
      expect(asked.stderr).toContain(`'herd op show ${operation} @${fleet}' shows what became`);
      const shown = succeeded(await alice.herd('op', 'show', operation, `@${fleet}`));
      expect(shown).toMatch(/web-server-b +queued +/);
      expect(servers(place)).toBe(1);
      return { alice, operation };
    };
    const afterReturn = async (place: Place, b: Daemon, c: Daemon): Promise<void> => {
      const back = await place.again(b);
      await eventually('it is seen', async () =>
        /web-server-b +stopped/.test((await c.herd('status', fleet)).stdout),
      );
      expect(servers(place)).toBe(1);
      expect(succeeded(await back.herd('op', 'ls'))).toBe('');
    };
    const told = async (c: Daemon, operation: string, id: string): Promise<void> => {
      const shown = succeeded(await c.herd('op', 'show', operation));
      expect(shown).toMatch(
        new RegExp(
          `web-server-b +cancelled +.*before it began: grant ${id} was revoked at .* by root`,
        ),
      );
      expect(shown).toMatch(/web-server-a +changed/);
    };

    it('has nothing started when that is back, and the owner sees why', async ({
      place,
      fleet: { b, c },
    }) => {
      const { alice, operation } = await queued(place, { b, c });
      const { alice: id = '' } = await grantIds(c);
      expect((await c.herd('grant', 'revoke', id)).code).toBe(0);
      await told(c, operation, id);
      const asked = await alice.herd('op', 'show', operation, `@${fleet}`);
      expect(asked.code).toBe(5);
      expect(asked.stderr).toMatch(
        new RegExp(
          `^herd: error: op show ${operation} @${fleet}: grant ${id} was revoked at .* by root`,
        ),
      );
      await afterReturn(place, b, c);
      await told(c, operation, id);
    });

    it('has nothing started either where the controller was killed in between', async ({
      place,
      fleet: { b, c: first },
    }) => {
      const { operation } = await queued(place, { b, c: first });
      const { alice: id = '' } = await grantIds(first);
      expect((await first.herd('grant', 'revoke', id)).code).toBe(0);
      await first.kill('SIGKILL');
      const c = await place.again(first);
      await told(c, operation, id);
      await afterReturn(place, b, c);
      await told(c, operation, id);
    });
  },
);
