/** An older command that is tried again loses to a newer one, also where the controller was killed between the two. */
import { describe, expect } from 'vitest';
import { it, together } from '../support/placed.ts';
import { eventually, type Daemon, type Place } from '../support/programs.ts';
import { processesOf } from '../support/shown.ts';

const fleet = 'web-server-fleet';
const servers = (place: Place): number => processesOf(place, 'web.cjs').length;
/** The first operation of a controller with this action. */
const firstOf = async (daemon: Daemon, action: string): Promise<string> => {
  const { stdout } = await daemon.herd('--json', 'op', 'ls');
  const { operations } = JSON.parse(stdout) as {
    readonly operations: readonly { readonly operation: string; readonly action: string }[];
  };
  return operations.find((each) => each.action === action)?.operation ?? '';
};

describe('a retry of an older start, after a stop and kill -9 of the controller,', together, () => {
  it('starts nobody, says what was newer, and how to have it after all', async ({
    place,
    fleet: { b: first, c: before },
  }) => {
    await first.kill('SIGKILL');
    expect((await before.herd('start', fleet, '--timeout', '20')).code).toBe(4);
    const start = await firstOf(before, 'start');
    await place.again(first);
    await eventually(
      'all are stopped',
      async () => (await before.herd('stop', fleet, '--timeout', '20')).code === 0,
    );
    // Who wished for it first is the one that counts.
    const stop = await firstOf(before, 'stop');
    expect(servers(place)).toBe(0);
    await before.kill('SIGKILL');
    const c = await place.again(before);
    const again = await c.herd('retry', start);
    expect(again.stderr).toContain(`trying start ${fleet} again at 1 service: web-server-b`);
    expect(again.stdout).toMatch(
      new RegExp(
        `web-server-b +superseded +Service web-server-b: start lost to a later stop ` +
          `\\(${stop}, \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC\\)\\.`,
      ),
    );
    expect(again.stderr).toContain(
      `The later command counts: 'herd start ${fleet}' asks for it anew.`,
    );
    expect(again.stderr).not.toContain('asks those again');
    expect(servers(place)).toBe(0);
    expect((await c.herd('op', 'show', start)).stdout).toContain(`later stop (${stop}, `);
    expect((await c.herd('start', fleet)).code).toBe(0);
    expect(servers(place)).toBe(2);
  });
});
