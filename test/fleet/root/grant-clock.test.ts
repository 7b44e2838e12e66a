/** A clock that was wrong once: its owner is told, and has a way back that the audit knows of. */
import { FLEET_LIMITS, type MadeGrant } from '@bellwether/fleet';
import { expect, it } from 'vitest';
import { answered } from '../../support/fleet-grants.ts';
import { codeOf, up } from '../../support/granted-place.ts';

const hourMs = 3_600_000;

it('a host whose clock was ahead ends grants, says so to who makes one, and has a way back', () => {
  const place = up();
  const { ref } = place.held({ lifetimeMs: hourMs });
  const { time } = place.node.machine;
  const give = (): MadeGrant =>
    answered(
      place.site,
      place.owner.ask(place.node, (turn, root) =>
        turn.send(root, 'grant', { service: 'web', actions: ['status'], lifetimeMs: hourMs }),
      ),
    );
  const clock = (isTakenBack: boolean) =>
    answered(
      place.site,
      place.owner.ask(place.node, (turn, root) => turn.send(root, 'grantClock', isTakenBack)),
    );
  time.wallShiftMs = 24 * hourMs;
  place.pass(90_000);
  time.wallShiftMs = 0;
  expect(codeOf(() => ref.said('status'))).toBe('expired');
  expect(give().doubt).toBe(
    "The time by which grants end is 24 h ahead of the clock of its host: see 'herd grant clock' there.",
  );
  const { nowMs, wallMs } = clock(false);
  expect(nowMs - wallMs).toBeGreaterThan(23 * hourMs);
  expect(codeOf(() => ref.said('status'))).toBe('expired');
  expect(clock(true).returned).toHaveLength(1);
  expect(ref.said('status')).toMatchObject({ kind: 'local' });
  expect(give()).not.toHaveProperty('doubt');
  const audits = place.node.machine.disk.audits.filter(({ action }) => action === 'grant clock');
  expect(audits).toMatchObject([{ event: 'asked' }, { event: 'ended', result: 'changed' }]);
});
it('is told from the limit on, and not before', () => {
  for (const [ms, isTold] of [
    [FLEET_LIMITS.clockAheadMs - 5_000, false],
    [FLEET_LIMITS.clockAheadMs + 5_000, true],
  ] as const) {
    const place = up();
    place.node.machine.time.wallShiftMs = ms;
    place.give();
    place.node.machine.time.wallShiftMs = 0;
    const made = answered(
      place.site,
      place.owner.ask(place.node, (turn, root) =>
        turn.send(root, 'grant', { service: 'web', actions: ['status'] }),
      ),
    );
    expect(made.doubt !== undefined).toBe(isTold);
  }
});
