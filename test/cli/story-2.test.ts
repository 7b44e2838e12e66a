/** One node is dead, in each way in which nodes die: the command returns in time, and its table is true. */
import net from 'node:net';
import { describe, expect } from 'vitest';
import { it, together } from '../support/placed.ts';
import { eventually, type Ended, type Place } from '../support/programs.ts';
import { makeNamespace, whyNoNamespaces } from '../support/namespace.ts';
import { outcomeOf, pidOf, processesOf, rowOf, statusOf } from '../support/shown.ts';
import { startWebFleet, type LinkedFleet, type WebFleet } from '../support/web-fleet.ts';

interface Fault {
  readonly what: string;
  readonly strike: (fleet: LinkedFleet) => unknown;
  readonly mend: (fleet: LinkedFleet, place: Place) => unknown;
}
/** Those that a dialler is told of at once, and those that nobody tells of. */
const loud: readonly Fault[] = [
  {
    what: 'its shepherd is killed',
    strike: ({ b }) => b.kill('SIGKILL'),
    mend: ({ b }, place) => place.again(b),
  },
  {
    what: 'its machine is gone',
    strike: ({ links }) => links.b.become({ kind: 'refuse' }),
    mend: ({ links }) => links.b.become({ kind: 'pass' }),
  },
  {
    what: 'its link resets every connection',
    strike: ({ links }) => links.b.become({ kind: 'reset' }),
    mend: ({ links }) => links.b.become({ kind: 'pass' }),
  },
];
const quiet: readonly Fault[] = [
  {
    what: 'its shepherd is stopped',
    strike: ({ b }) => b.process.kill('SIGSTOP'),
    mend: ({ b }) => b.process.kill('SIGCONT'),
  },
  {
    what: 'its link is silent',
    strike: ({ links }) => links.b.become({ kind: 'silent', way: 'both' }),
    mend: ({ links }) => links.b.become({ kind: 'pass' }),
  },
  {
    what: 'its link is silent on the way back',
    strike: ({ links }) => links.b.become({ kind: 'silent', way: 'down' }),
    mend: ({ links }) => links.b.become({ kind: 'pass' }),
  },
];

/** Asks until both machines have answered. */
const getKnown = ({ c }: WebFleet): Promise<void> =>
  eventually('both are known', async () => {
    const { members = [] } = await statusOf(c, 'web-server-fleet');
    return members.length === 2 && members.every(({ stage }) => stage !== 'unknown');
  });

const slackMs = 20_000; // of a machine that does other things, too
/**
 * A deadline by which A has long started, also where the machine is slow, and before which nobody finds out that the session
 * with B is dead: that is 15 s after it was doubted.
 */
const deadlineSeconds = 10;
/** A deadline that nobody meets: what ends before it, and `slackMs`, has ended by itself. */
const farSeconds = 60;
const startWithin = async ({ c }: WebFleet, seconds: number): Promise<Ended> => {
  const ended = await c.herd('--json', '--timeout', `${seconds}`, 'start', 'web-server-fleet');
  expect(ended.elapsedMs).toBeLessThan(seconds * 1_000 + slackMs);
  expect(rowOf(outcomeOf(ended), 'web-server-a')).toMatchObject({
    result: 'changed',
    stage: 'running',
  });
  return ended;
};
/** What is not known is never shown as running, and says since when; what is known is shown. */
const expectTruth = async ({ a, c }: WebFleet): Promise<void> => {
  const { code, stdout } = await c.herd('--timeout', '20', 'status', 'web-server-fleet');
  expect(code).toBe(4);
  expect(stdout).toMatch(/web-server-b +unknown +(last seen [\d.]+ (s|min) ago|never seen) +\S/);
  expect(stdout).toMatch(
    new RegExp(`web-server-a +running +pid ${await pidOf(a, 'web-server')} +seen `),
  );
};
/** Once B is back a repeat starts it, and leaves A as it is. */
const expectRepair = async (fleet: LinkedFleet, place: Place): Promise<void> => {
  const before = await pidOf(fleet.a, 'web-server');
  const again = await fleet.c.herd('--json', 'start', 'web-server-fleet');
  expect(again.code).toBe(0);
  expect(rowOf(outcomeOf(again), 'web-server-a')).toMatchObject({ result: 'ok', pid: before });
  expect(rowOf(outcomeOf(again), 'web-server-b').result).toMatch(/^(ok|changed)$/);
  for (const [machine, port] of [
    ['A', fleet.ports.a],
    ['B', fleet.ports.b],
  ] as const) {
    expect(processesOf(place, 'web.cjs', `${port}`, machine)).toHaveLength(1);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe(machine);
  }
};

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

  it('something is broken that says so: at once A is running and B unreachable, with 4', async ({
    place,
    linked: fleet,
  }) => {
    await getKnown(fleet);
    for (const { what, strike, mend } of loud) {
      await strike(fleet);
      const ended = await startWithin(fleet, farSeconds);
      expect(ended.elapsedMs, what).toBeLessThan(slackMs);
      expect(ended.code, what).toBe(4);
      const row = rowOf(outcomeOf(ended), 'web-server-b');
      expect(row, what).toMatchObject({ result: 'unreachable' });
      expect(row.lastSeenMs, what).toBeGreaterThan(0);
      expect(row.reason, what).toContain('Nothing was sent');
      await expectTruth(fleet);
      await mend(fleet, place);
      await expectRepair(fleet, place);
      expect((await fleet.c.herd('stop', 'web-server-fleet')).code, what).toBe(0);
    }
  });

  for (const { what, strike, mend } of quiet) {
    it(`${what}: by the deadline A is running and what of B nobody knows, with 6`, async ({
      place,
      linked: fleet,
    }) => {
      await getKnown(fleet);
      await strike(fleet);
      const ended = await startWithin(fleet, deadlineSeconds);
      expect(ended.code).toBe(6);
      const row = rowOf(outcomeOf(ended), 'web-server-b');
      expect(row).toMatchObject({ result: 'timed-out' });
      expect(row.reason).toContain('it may still be done');
      await expectTruth(fleet);
      await mend(fleet, place);
      await expectRepair(fleet, place);
    });

    if (what.includes('way back')) continue; // nothing new: no handshake ends, either
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
  }

  it('nobody knows, and one of two is enough: 0, unless all are asked for', async ({
    linked: fleet,
  }) => {
    await fleet.links.b.become({ kind: 'refuse' });
    const { c } = fleet;
    const enough = await c.herd('start', 'web-server-fleet', '--min-ready', '1');
    expect(enough.code).toBe(0);
    expect(enough.stdout).toMatch(/web-server-b +unreachable/);
    expect(enough.stdout).toMatch(/1 unreachable, 1 changed \(degraded 1\/2\)\n$/);
    const codes: (number | null)[] = [];
    for (const words of [['--min-ready', '50%'], [], ['--min-ready', '1', '--strict']])
      codes.push((await c.herd('start', 'web-server-fleet', ...words)).code);
    expect(codes).toEqual([0, 4, 4]);
  });

  it('the port is taken: B failed, and says why, with 3; a repeat starts B alone', async ({
    fleet,
  }) => {
    const taken = net.createServer((socket) => socket.destroy());
    await new Promise<void>((done) => taken.listen(fleet.ports.b, '127.0.0.1', done));
    const { code, stdout } = await fleet.c.herd('start', 'web-server-fleet');
    expect(code).toBe(3);
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
        expect(rowOf(outcomeOf(ended), 'web-server-b')).toMatchObject({ result: 'timed-out' });
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
