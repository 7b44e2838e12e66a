/** A grant that is narrowed to some members leaves the others alone, also where they require those. */
import type { GrantSpec } from '@bellwether/authority';
import { describe, expect, it } from 'vitest';
import { sturdyrefOf } from '../../../packages/herd/src/refs/ref-store.ts';
import { answered } from '../../support/fleet-grants.ts';
import { asking, codeOf, up } from '../../support/granted-place.ts';
import { program, requestOf } from '../../support/shepherd-machine.ts';

/** Two members require the first one; a third has nothing to do with it, and one outside of the fleet does. */
const flat = [{ name: 'all', members: ['m1', 'm2', 'm3', 'm4'] }];
const place = (spec: Partial<GrantSpec> = {}, fleets = flat) => {
  const here = up({
    services: [
      program({ provision: ['m1'] }),
      program({ provision: ['m2'], requirement: ['m1'] }),
      program({ provision: ['m3'], requirement: ['m2'] }),
      program({ provision: ['m4'] }),
      program({ provision: ['log-shipper'], requirement: ['m4'] }),
    ],
    fleets,
  });
  const start = (name: string): void => {
    here.owner.herd(here.node, 'start', name, { operation: `start-${name}` });
    here.pass(2_000);
  };
  const made = answered(
    here.site,
    here.owner.ask(here.node, (turn, root) =>
      turn.send(root, 'grant', {
        service: 'all',
        actions: ['status', 'start', 'stop', 'restart'],
        members: ['m1'],
        ...spec,
      }),
    ),
  );
  const ref = here.alice.accept(sturdyrefOf(made.invite, 'the invite'));
  const stages = () => ['m1', 'm2', 'm3', 'm4'].map((name) => here.stageOf(name)?.stage).join(' ');
  const done = (action: string, more: object = {}) => {
    const operation = `op-${action}-${here.world.now}`;
    const asked = asking(ref, here, action, operation, { member: 'all', ...more });
    here.pass(5_000);
    if (asked.error !== undefined) throw asked.error;
    return asked.value;
  };
  return { ...here, start, made, ref, stages, done };
};

describe('a stop through a grant of some members', () => {
  it('is refused before anything is done where it would stop others, which the audit names', () => {
    const here = place({ maxUses: 1 });
    here.start('m3');
    expect(here.stages()).toBe('running running running stopped');
    for (const action of ['stop', 'restart']) {
      expect(() => here.done(action)).toThrow(
        `does not allow '${action}' now: it would stop 2 other members, which require what it is for`,
      );
      expect(here.stages()).toBe('running running running stopped');
    }
    const denied = here.node.machine.disk.audits.filter(({ event }) => event === 'denied');
    expect(denied).toMatchObject([
      { action: 'stop', code: 'denied', reason: 'it would stop m3, m2' },
      { action: 'restart', code: 'denied' },
    ]);
    // Its holder is told no names, in the plan neither; no use is counted.
    const planned = here.ref.ask((turn, web) =>
      turn.send(web, 'plan', requestOf({ action: 'stop', member: 'all', operation: 'op-x' })),
    );
    here.pass(100);
    expect(planned.error).toMatchObject({ code: 'denied' });
    expect(String(planned.error)).not.toMatch(/m[23]/);
    here.owner.herd(here.node, 'stop', 'm2', { operation: 'down' });
    here.pass(2_000);
    expect(here.done('stop')).toMatchObject({ result: 'changed', rows: [{ member: 'm1' }] });
    expect(here.stages()).toBe('stopped stopped stopped stopped');
  });
  it('is done where those that it takes down are its own, or no members', () => {
    const own = place({ members: ['m1', 'm2', 'm3'] });
    own.start('m3');
    expect(own.done('stop')).toMatchObject({ result: 'changed' });
    const other = place({ members: ['m4'] });
    other.start('log-shipper');
    expect(other.done('stop')).toMatchObject({ result: 'changed' });
    expect(other.stageOf('log-shipper')).toMatchObject({ stage: 'stopped' });
  });
  it('is refused where those are in a fleet that is a member, and done where that is its own, too', () => {
    const nested = (members: readonly string[]) => {
      const here = place({ members }, [
        { name: 'low', members: ['m1', 'm2'] },
        { name: 'high', members: ['m2', 'm3'] },
        { name: 'all', members: ['low', 'high', 'm4'] },
      ]);
      here.start('m3');
      return here;
    };
    const low = nested(['low']);
    expect(() => low.done('stop')).toThrow('it would stop another member, which requires');
    expect(low.stages()).toBe('running running running stopped');
    expect(low.made.doubt).toMatch(/^m3 requires/);
    expect(nested(['low', 'high']).done('stop')).toMatchObject({ result: 'changed' });
  });
  it('that may wait for a machine is refused whether or not the others run now', () => {
    const here = place();
    here.start('m1');
    expect(codeOf(() => here.done('stop', { queueMs: 60_000 }))).toBe('denied');
    expect(here.done('stop')).toMatchObject({ result: 'changed' });
  });
  it('is announced to whoever makes the grant, where it can come to that', () => {
    expect(place().made.doubt).toBe(
      'm3, m2 require what this is for: while they are not down, a stop is refused.',
    );
    expect(place({ actions: ['status', 'start'] }).made).not.toHaveProperty('doubt');
    expect(place({ members: ['m4'] }).made).not.toHaveProperty('doubt');
    expect(place({ members: ['m1', 'm2', 'm3'] }).made).not.toHaveProperty('doubt');
  });
  it('is announced without names to a holder who makes one out of that', () => {
    const here = place();
    const give = (more = {}) => here.ref.said('grant', { actions: ['stop'], ...more });
    for (const made of [give(), give({ members: ['m1'] })])
      expect(made).toHaveProperty(
        'doubt',
        '2 other members require what this is for: while they are not down, a stop is refused.',
      );
    // Nor of a fleet that has none of those any more.
    here.node.config = { ...here.node.config, fleets: [{ name: 'all', members: ['m2', 'm3'] }] };
    answered(
      here.site,
      here.owner.ask(here.node, (turn, root) =>
        turn.send(root, 'reload', false, here.owner.printer(turn)),
      ),
    );
    expect(give()).not.toHaveProperty('doubt');
  });
});
