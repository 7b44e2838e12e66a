/**
 * One node is dead, in each way in which nodes die: the command returns in time, and its table is true. More ways are in
 * story-2-silent.test.ts, of `npm run long`.
 */
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
  type Fault,
} from '../support/dead-node.ts';
import { makeNamespace, whyNoNamespaces } from '../support/namespace.ts';
import { it, together } from '../support/placed.ts';
import { outcomeOf, processesOf, rowOf } from '../support/shown.ts';
import { startWebFleet } from '../support/web-fleet.ts';

/** Those that a dialler is told of at once. */
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

describe('herd start web-server-fleet, when of B', together, () => {
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

  for (const fault of quiet.slice(0, 1))
    it(`${fault.what}: by the deadline A is running and what of B nobody knows, with 6`, ({
      place,
      linked,
    }) => expectDeadlineKept(linked, place, fault));

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
