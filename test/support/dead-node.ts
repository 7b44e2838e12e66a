/** A fleet of which B is dead or out of reach: what is said of it in time, and that it comes back. */
import { expect } from 'vitest';
import { eventually, type Ended, type Place } from './programs.ts';
import { outcomeOf, pidOf, processesOf, rowOf, statusOf } from './shown.ts';
import type { LinkedFleet, WebFleet } from './web-fleet.ts';

/** A way in which B is out of reach, and how that ends. */
export interface Fault {
  readonly what: string;
  readonly strike: (fleet: LinkedFleet) => unknown;
  readonly mend: (fleet: LinkedFleet, place: Place) => unknown;
}
/** Those that nobody tells of. */
export const quiet: readonly Fault[] = [
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
export const getKnown = ({ c }: WebFleet): Promise<void> =>
  eventually('both are known', async () => {
    const { members = [] } = await statusOf(c, 'web-server-fleet');
    return members.length === 2 && members.every(({ stage }) => stage !== 'unknown');
  });

/** Milliseconds of a machine that does other things, too. */
export const slackMs = 20_000;
/**
 * A deadline by which A has long started, also where the machine is slow, and before which nobody finds out that the session
 * with B is dead: that is 15 s after it was doubted.
 */
export const deadlineSeconds = 10;
/** A deadline that nobody meets: what ends before it, and `slackMs`, has ended by itself. */
export const farSeconds = 60;
/** Starts the fleet with a deadline, by which A is running. */
export const startWithin = async ({ c }: WebFleet, seconds: number): Promise<Ended> => {
  const ended = await c.herd('--json', '--timeout', `${seconds}`, 'start', 'web-server-fleet');
  expect(ended.elapsedMs).toBeLessThan(seconds * 1_000 + slackMs);
  expect(rowOf(outcomeOf(ended), 'web-server-a')).toMatchObject({
    result: 'changed',
    stage: 'running',
  });
  return ended;
};
/** What is not known is never shown as running, and says since when; what is known is shown. */
export const expectTruth = async ({ a, c }: WebFleet): Promise<void> => {
  const { code, stdout } = await c.herd('--timeout', '20', 'status', 'web-server-fleet');
  expect(code).toBe(4);
  expect(stdout).toMatch(/web-server-b +unknown +(last seen [\d.]+ (s|min) ago|never seen) +\S/);
  expect(stdout).toMatch(
    new RegExp(`web-server-a +running +pid ${await pidOf(a, 'web-server')} +seen `),
  );
};
/** Once B is back a repeat starts it, and leaves A as it is. */
export const expectRepair = async (fleet: LinkedFleet, place: Place): Promise<void> => {
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
/** B falls silent: by the deadline A is running, what of B nobody knows is unknown, and all of it is repaired. */
export const expectDeadlineKept = async (
  fleet: LinkedFleet,
  place: Place,
  { strike, mend }: Fault,
): Promise<void> => {
  await getKnown(fleet);
  await strike(fleet);
  const ended = await startWithin(fleet, deadlineSeconds);
  expect(ended.code).toBe(6);
  const row = rowOf(outcomeOf(ended), 'web-server-b');
  expect(row).toMatchObject({ result: 'timed-out' });
  expect(row.reason).toContain('it may still be done');
  // The error says what the fleet came to, and no line beside it.
  expect(ended.stderr).not.toContain('Service web-server-fleet: ');
  expect(ended.stderr).toContain('because of web-server-b');
  await expectTruth(fleet);
  await mend(fleet, place);
  await expectRepair(fleet, place);
};
