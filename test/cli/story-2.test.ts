/**
 * One node is dead, in each way in which nodes die: the command returns in time, and its table is true. More ways are in
 * story-2-silent.test.ts, of `npm run long`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
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
import { makePlace, type Place } from '../support/programs.ts';
import { outcomeOf, rowOf } from '../support/shown.ts';
import { startLinkedFleet, type LinkedFleet } from '../support/web-fleet.ts';

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

/** One fleet for all, which each leaves stopped, with B in reach. */
describe('herd start web-server-fleet, when of B', { timeout: 300_000 }, () => {
  let place: Place;
  let fleet: LinkedFleet;
  beforeAll(async () => {
    place = makePlace();
    fleet = await startLinkedFleet(place);
  });
  afterAll(() => place.clean());
  const stopAll = async (what?: string): Promise<void> =>
    expect((await fleet.c.herd('stop', 'web-server-fleet')).code, what).toBe(0);

  it('nobody knows, and one of two is enough: 0, unless all are asked for', async () => {
    const { c, links } = fleet;
    await links.b.become({ kind: 'refuse' });
    const enough = await c.herd('start', 'web-server-fleet', '--min-ready', '1');
    expect(enough.code).toBe(0);
    expect(enough.stdout).toMatch(/web-server-b +unreachable/);
    expect(enough.stdout).toMatch(/1 unreachable, 1 changed \(degraded 1\/2\)\n$/);
    const codes: (number | null)[] = [];
    for (const words of [['--min-ready', '50%'], [], ['--min-ready', '1', '--strict']])
      codes.push((await c.herd('start', 'web-server-fleet', ...words)).code);
    expect(codes).toEqual([0, 4, 4]);
    await links.b.become({ kind: 'pass' });
    await stopAll();
  });

  for (const fault of quiet.slice(0, 1))
    it(`${fault.what}: by the deadline A is running and what of B nobody knows, with 6`, async () => {
      await expectDeadlineKept(fleet, place, fault);
      await stopAll();
    });

  it('something is broken that says so: at once A is running and B unreachable, with 4', async () => {
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
      await stopAll(what);
    }
  });
});
