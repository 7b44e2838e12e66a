/** What story-2.test.ts tells of one node that is silent, of all ways in which one is, on a network of its own, too; and one that fails. */
import net from 'node:net';
import { describe, expect } from 'vitest';
import {
  deadlineSeconds,
  expectDeadlineKept,
  expectRepair,
  expectTruth,
  farSeconds,
  getKnown,
  quiet,
  slackMs,
  startWithin,
} from '../support/dead-node.ts';
import { makeNamespace, whyNoNamespaces } from '../support/namespace.ts';
import { it, together } from '../support/placed.ts';
import { outcomeOf, pidOf, processesOf, rowOf } from '../support/shown.ts';
import { startWebFleet } from '../support/web-fleet.ts';

describe('herd start web-server-fleet, when of B', together, () => {
  it('the shepherd is stopped, and nobody sets a deadline: what of B nobody knows, with 4', async ({
    linked: fleet,
  }) => {
    await getKnown(fleet);
    fleet.b.process.kill('SIGSTOP');
    const ended = await fleet.c.herd('--json', 'start', 'web-server-fleet');
    expect(ended.code).toBe(4);
    expect(ended.elapsedMs).toBeLessThan(90_000); // its own deadline; its session is found out before
    expect(rowOf(outcomeOf(ended), 'web-server-a').result).toBe('changed');
    expect(rowOf(outcomeOf(ended), 'web-server-b').result).toBe('unknown');
    await expectTruth(fleet);
  });

  for (const fault of quiet.slice(1))
    it(`${fault.what}: by the deadline A is running and what of B nobody knows, with 6`, ({
      place,
      linked,
    }) => expectDeadlineKept(linked, place, fault));

  for (const { what, strike, mend } of quiet.slice(0, 2))
    // the third is nothing new here: no handshake ends, either
    it(`${what} since before the first contact: unreachable after 5 s, with 4`, async ({
      place,
      linked: fleet,
    }) => {
      await strike(fleet);
      // A controller makes contact as soon as it is there.
      await fleet.c.kill('SIGKILL');
      await place.again(fleet.c);
      const ended = await startWithin(fleet, farSeconds);
      expect(ended.elapsedMs).toBeLessThan(5_000 + slackMs);
      expect(ended.code).toBe(4);
      const row = rowOf(outcomeOf(ended), 'web-server-b');
      expect(row).toMatchObject({ result: 'unreachable' });
      await expectTruth(fleet);
      await mend(fleet, place);
      await expectRepair(fleet, place);
    });

  it('the port is taken: B failed, and says why, once, with 3; a repeat starts B alone', async ({
    fleet,
  }) => {
    const taken = net.createServer((socket) => socket.destroy());
    await new Promise<void>((done) => taken.listen(fleet.ports.b, '127.0.0.1', done));
    const { code, stdout, stderr } = await fleet.c.herd('start', 'web-server-fleet');
    expect(code).toBe(3);
    expect(stderr).toMatch(/failed: 1 of 2 members; because of web-server-b at B\n.*'herd retry /);
    const one = await fleet.c.herd('start', 'web-server-b');
    expect(one.stderr).toMatch(/^herd: error: failed to start service web-server-b at B\n/);
    expect(one.stderr).toMatch(/\n {2}'herd op show op-[0-9a-f]+' tells this again\.\n$/);
    // Its machine, the controller, the fleet and herd know of it; it is told once.
    for (const said of [stdout + stderr, one.stdout + one.stderr])
      expect(said.match(/its process exited|could not be started/g)).toHaveLength(1);
    expect(stdout).toMatch(/web-server-b +failed/);
    expect(stdout).toContain('EADDRINUSE'); // of its log
    expect(stdout).toMatch(/web-server-a +changed +running/);
    await new Promise((done) => taken.close(done));
    const before = await pidOf(fleet.a, 'web-server');
    const again = await fleet.c.herd('start', 'web-server-fleet');
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/web-server-b +changed/);
    expect(again.stdout).toMatch(new RegExp(`web-server-a +unchanged +running, pid ${before}`));
  });
});

const whyNot = whyNoNamespaces();

describe(
  `herd start web-server-fleet, when B is on a network of its own (${whyNot ?? 'root'})`,
  together,
  () => {
    it.skipIf(whyNot !== undefined)('that is cut, or loses all that B says', async ({ place }) => {
      const network = makeNamespace(place);
      const fleet = await startWebFleet(place, { networkOfB: network });
      await getKnown(fleet);
      for (const [strike, mend] of [
        [network.unplug, network.plug],
        [network.mute, network.unmute],
      ] as const) {
        strike();
        const ended = await startWithin(fleet, deadlineSeconds);
        expect(ended.code).toBe(6);
        // By the clock of C or, where that is busy, by that of herd: nobody knows.
        const { result } = rowOf(outcomeOf(ended), 'web-server-b');
        expect(['timed-out', 'unknown']).toContain(result);
        await expectTruth(fleet);
        mend();
        const again = await fleet.c.herd('--json', 'start', 'web-server-fleet');
        expect(again.code).toBe(0);
        expect(rowOf(outcomeOf(again), 'web-server-a')).toMatchObject({ result: 'ok' });
        expect(processesOf(place, 'web.cjs', `${fleet.ports.b}`, 'B')).toHaveLength(1);
        expect((await fleet.c.herd('stop', 'web-server-fleet')).code).toBe(0);
        expect(processesOf(place, 'web.cjs')).toEqual([]);
      }
    });
  },
);
