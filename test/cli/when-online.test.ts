/** `--when-online`: a command to a machine that is away is done when it is back, whatever became of the controller. */
import { describe, expect } from 'vitest';
import { it, together } from '../support/placed.ts';
import { eventually, type Daemon, type Place } from '../support/programs.ts';
import { processesOf } from '../support/shown.ts';

const fleet = 'web-server-fleet';
const servers = (place: Place): number => processesOf(place, 'web.cjs').length;
const shown = async (daemon: Daemon, operation: string): Promise<string> =>
  (await daemon.herd('op', 'show', operation)).stdout;
const resultOf = async (daemon: Daemon, operation: string): Promise<string | undefined> => {
  const { stdout } = await daemon.herd('--json', 'op', 'show', operation);
  return (JSON.parse(stdout) as { readonly result?: string }).result;
};
const operationIn = (stderr: string): string => /Queued as (op-\w+)/.exec(stderr)?.[1] ?? '';

describe('a start of a fleet, one machine of which is down,', together, () => {
  it('starts the others, and that one once it is back, after the controller was killed', async ({
    place,
    fleet: { b, c: first },
  }) => {
    await b.kill('SIGKILL');
    const asked = await first.herd('start', fleet, '--when-online', '1h');
    expect(asked.code).toBe(4);
    expect(asked.stdout).toMatch(/web-server-b +unreachable +.*queued until \d{4}-\d\d-\d\d /);
    expect(asked.stdout).toMatch(/web-server-a +changed/);
    const operation = operationIn(asked.stderr);
    expect(asked.stderr).toContain(`'herd op cancel ${operation}' calls it off.`);
    expect(servers(place)).toBe(1);
    await first.kill('SIGKILL');
    const c = await place.again(first);
    const report = await shown(c, operation);
    expect(report).toMatch(/^ {2}queued for \d+ seconds?, until \d{4}-\d\d-\d\d /m);
    expect(report).toMatch(/web-server-b +queued +/);
    expect((await c.herd('op', 'ls')).stdout).toMatch(/by local root {2}queued\n$/);
    await place.again(b);
    await eventually('its server runs', () => servers(place) === 2);
    await eventually('it is over', async () => (await resultOf(c, operation)) === 'changed');
    expect(await shown(c, operation)).toMatch(/web-server-b +changed +running, pid \d+/);
    expect((await c.herd('audit')).stdout).toMatch(/web-server-b/);
  });

  it('gives way to a later stop', async ({ place, fleet: { b, c } }) => {
    await b.kill('SIGKILL');
    const { stderr } = await c.herd('start', fleet, '--when-online', '1h');
    const operation = operationIn(stderr);
    const stopped = await c.herd('stop', fleet, '--timeout', '20');
    expect(stopped.code).toBe(4);
    expect(stopped.stderr).toContain("With '--when-online 2h' it is done by itself");
    expect(await shown(c, operation)).toMatch(/web-server-b +superseded +.*lost to a later stop/);
    await place.again(b);
    await eventually('it is seen', async () =>
      /web-server-b +stopped/.test((await c.herd('status', fleet)).stdout),
    );
    expect(servers(place)).toBe(0);
  });

  it('is called off', async ({ place, fleet: { b, c } }) => {
    await b.kill('SIGKILL');
    const { stderr } = await c.herd('start', 'web-server-b', '--when-online', '1h');
    const operation = operationIn(stderr);
    expect((await c.herd('op', 'cancel', operation)).code).toBe(0);
    expect(await resultOf(c, operation)).toBe('cancelled');
    await place.again(b);
    await eventually('it is seen', async () =>
      /web-server-b +stopped/.test((await c.herd('status', fleet)).stdout),
    );
    expect(servers(place)).toBe(0);
  });
});
