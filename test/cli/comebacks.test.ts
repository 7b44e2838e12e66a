/** Machines that come back: from another address, from a sleep of all; and a liar in the place of one. */
import { describe, expect } from 'vitest';
import { it, together } from '../support/placed.ts';
import { eventually, type Place } from '../support/programs.ts';
import { makeProxy } from '../support/proxy.ts';
import { outcomeOf, pidOf, processesOf, rowOf, watch } from '../support/shown.ts';
import {
  give,
  machineConfig,
  mint,
  portIn,
  reroute,
  writeServer,
  type LinkedFleet,
} from '../support/web-fleet.ts';

const serversOf = (place: Place, machine: 'A' | 'B', port: number): readonly number[] =>
  processesOf(place, 'web.cjs', `${port}`, machine);
const startAll = async ({ c }: LinkedFleet): Promise<void> => {
  expect((await c.herd('start', 'web-server-fleet')).code).toBe(0);
};
/** B loses its power: all of its processes are gone at once. */
const cutPower = async (place: Place, { b, ports }: LinkedFleet): Promise<void> => {
  const pid = await pidOf(b, 'web-server');
  await b.kill('SIGKILL');
  process.kill(-pid, 'SIGKILL');
  await eventually('its server is gone', () => serversOf(place, 'B', ports.b).length === 0);
};

describe('a node that lost its power', together, () => {
  it('takes commands soon after it is back, though nobody was told that its connection is dead', async ({
    place,
    linked: fleet,
  }) => {
    await startAll(fleet);
    const { b, c, links, ports } = fleet;
    links.b.abandon(); // no FIN and no RST: the controller goes on believing in it
    await cutPower(place, fleet);
    await place.again(b);
    await eventually(
      'a command is served',
      async () => {
        const ended = await c.herd('--json', '--timeout', '20', 'restart', 'web-server-fleet');
        const { result } = rowOf(outcomeOf(ended), 'web-server-b');
        // What was sent into the dead connection may have been done, for all that anybody knows.
        expect(`${ended.code} ${result}`).toMatch(/^(0 changed|4 unknown)$/);
        return ended.code === 0;
      },
      20_000, // long before anybody's ping
    );
    expect(serversOf(place, 'B', ports.b)).toHaveLength(1);
    expect(links.b.acceptedCount).toBeGreaterThan(1);
  });

  it('gets the start that was sent into its dead connection again, on the next one', async ({
    place,
    linked: fleet,
  }) => {
    const { c, links, ports } = fleet;
    const view = watch(c, 'web-server-fleet');
    await eventually('both are known', () => view.pushed().at(-1)?.stage === 'stopped');
    links.b.abandon();
    const ended = await c.herd('--json', 'start', 'web-server-fleet');
    expect(ended.code).toBe(0);
    expect(rowOf(outcomeOf(ended), 'web-server-b').result).toBe('changed');
    expect(links.b.acceptedCount).toBeGreaterThan(1);
    expect(serversOf(place, 'B', ports.b)).toHaveLength(1);
    await eventually('the view is that of the new one', () => view.last().stage === 'running');
    expect((await view.end()).code).toBe(0);
  });

  it('brings its services back by itself, and takes a command as soon as it is there', async ({
    place,
    linked: fleet,
  }) => {
    await startAll(fleet);
    await cutPower(place, fleet);
    const down = await fleet.c.herd('start', 'web-server-fleet');
    expect(down.code).toBe(4);
    await place.again(fleet.b);
    const again = await fleet.c.herd('--json', 'restart', 'web-server-fleet');
    expect(again.code).toBe(0);
    expect(rowOf(outcomeOf(again), 'web-server-b').result).toBe('changed');
    expect(serversOf(place, 'B', fleet.ports.b)).toHaveLength(1);
  });

  it('is not mistaken for a liar that answers at its address, and the words say so', async ({
    place,
    linked: fleet,
  }) => {
    await startAll(fleet);
    await cutPower(place, fleet);
    const { a, c, links, ports } = fleet;
    writeServer(place, 'liar');
    const liar = await place.shepherd('liar', machineConfig('B', ports.b));
    links.b.leadTo(portIn(await mint(place, liar, 'web-server')));
    for (const action of ['start', 'stop', 'restart', 'greet']) {
      const { code, stdout } = await c.herd(action, 'web-server-fleet');
      expect(code, action).toBe(4);
      expect(stdout, action).toMatch(
        /web-server-b +unreachable.*the peer is not \w+: its certificate is that of/,
      );
      expect(stdout, action).not.toContain('hello from B');
    }
    const { code, stdout } = await c.herd('status', 'web-server-fleet');
    expect(code).toBe(4);
    expect(stdout).toMatch(/web-server-b +unknown/);
    expect((await liar.herd('log', 'web-server')).stdout).toBe('');
    expect(serversOf(place, 'B', ports.b)).toEqual([]);
    links.b.leadTo(portIn(await mint(place, await place.again(fleet.b), 'web-server')));
    expect((await c.herd('start', 'web-server-fleet')).code).toBe(0);
    expect(await pidOf(a, 'web-server')).toBe(serversOf(place, 'A', ports.a)[0]);
  });
});

describe('a node whose address changed', together, () => {
  it('is reached by a new ref under the old name, without a restart of anybody', async ({
    place,
    linked: fleet,
  }) => {
    await startAll(fleet);
    const { b, c, links } = fleet;
    const before = await pidOf(b, 'web-server');
    await links.b.become({ kind: 'refuse' });
    expect((await c.herd('start', 'web-server-fleet')).code).toBe(4);
    const file = await mint(place, b, 'web-server');
    const moved = await makeProxy(portIn(file));
    place.atEnd(() => moved.close());
    reroute(file, moved);
    await give(c, file, 'b-web-server');
    const again = await c.herd('--json', 'start', 'web-server-fleet');
    expect(again.code).toBe(0);
    expect(rowOf(outcomeOf(again), 'web-server-b')).toMatchObject({ result: 'ok', pid: before });
  });
});

describe('three shepherds that sleep while every connection breaks', together, () => {
  it('know of each other again once they wake up, and no command was needed', async ({
    place,
    linked: fleet,
  }) => {
    await startAll(fleet);
    const { a, b, c, links } = fleet;
    const before = [
      ...serversOf(place, 'A', fleet.ports.a),
      ...serversOf(place, 'B', fleet.ports.b),
    ];
    const view = watch(c, 'web-server-fleet');
    await eventually('both are seen to run', () => view.pushed().at(-1)?.stage === 'running');
    for (const { process } of [a, b, c]) process.kill('SIGSTOP');
    for (const link of [links.a, links.b]) await link.become({ kind: 'reset' });
    await eventually('nothing is open', () => links.a.openCount + links.b.openCount === 0);
    for (const { process } of [a, b, c]) process.kill('SIGCONT');
    await eventually('neither is seen to run', () => view.last().stage === 'unknown');
    for (const link of [links.a, links.b]) await link.become({ kind: 'pass' });
    // Redialled within 5 s at most, and then a heartbeat; nobody has asked for anything.
    await eventually(
      'both are seen to run',
      () => {
        const { stage, members = [] } = view.last();
        return stage === 'running' && members.every((member) => member.stage === 'running');
      },
      20_000,
    );
    expect((await view.end()).code).toBe(0);
    expect([
      ...serversOf(place, 'A', fleet.ports.a),
      ...serversOf(place, 'B', fleet.ports.b),
    ]).toEqual(before);
    expect((await c.herd('stop', 'web-server-fleet')).code).toBe(0);
    expect(processesOf(place, 'web.cjs')).toEqual([]);
  });
});
