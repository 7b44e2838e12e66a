/** A grant of some members of a fleet, and a configuration in which its name means a service. */
import type { Bcom, Behavior, Turn } from '@bellwether/actors';
import type { Observer, Status } from '@bellwether/shepherd';
import { expect, it } from 'vitest';
import { answered } from '../../support/fleet-grants.ts';
import { FleetNode, introduce } from '../../support/fleet-node.ts';
import { codeOf, doing, up } from '../../support/granted-place.ts';
import { program } from '../../support/shepherd-machine.ts';

const makeObserver = (
  _turn: Turn<Observer>,
  _bcom: Bcom<Observer>,
  told: (statuses: readonly Status[]) => void,
): Behavior<Observer> => ({
  observed: (turn, _sequence, statuses) => turn.effect(() => told(statuses)),
});

it('is of no use either while its name means one service elsewhere, from when that was heard of', () => {
  const members = [program({ provision: ['m1'] }), program({ provision: ['m2'] })];
  const place = up({ services: members, fleets: [{ name: 'all', members: ['m1', 'm2'] }] });
  const actions = ['status', 'log', 'start'];
  const { ref } = place.held({ service: 'all', actions, members: ['m1'] });
  const host = new FleetNode(place.site, 'B', { services: [program({ provision: ['web'] })] });
  host.boot();
  place.pass(1_000);
  introduce(place.site, place.owner, host, 'web', place.node);
  place.node.config = { services: members, exported: { all: 'B' } };
  answered(
    place.site,
    place.owner.ask(place.node, (turn, root) =>
      turn.send(root, 'reload', false, place.owner.printer(turn)),
    ),
  );
  place.pass(5_000);
  place.owner.herd(place.node, 'start', 'all', { operation: 'op-up' });
  place.pass(5_000);
  expect(place.stageOf('all')).toMatchObject({ kind: 'exported', stage: 'running' });
  for (const [method, ...args] of [['status'], ['allows'], ['log', 5], ['probe', 900]] as const)
    expect(
      codeOf(() => ref.said(method, ...args)),
      method,
    ).toBe('refused');
  expect(codeOf(() => doing(ref, place, 'start'))).toBe('refused');
});

it('is of no use while its name means a service, and again once that is the fleet', () => {
  const members = [program({ provision: ['m1'] }), program({ provision: ['m2'] })];
  const before = { services: members, fleets: [{ name: 'all', members: ['m1', 'm2'] }] };
  const place = up(before);
  const { ref } = place.held({
    service: 'all',
    actions: ['status', 'log', 'start', 'stop'],
    members: ['m1'],
  });
  const reload = (config: typeof before): void => {
    place.node.config = config;
    answered(
      place.site,
      place.owner.ask(place.node, (turn, root) =>
        turn.send(root, 'reload', false, place.owner.printer(turn)),
      ),
    );
  };
  const seen: Status[] = [];
  ref.told((turn, all) =>
    turn.send(
      all,
      'watch',
      turn.spawn(makeObserver, (statuses) => seen.push(...statuses)),
      1_000,
    ),
  );
  place.pass(2_000);
  expect(seen.at(-1)).toMatchObject({ kind: 'fleet', members: [{ name: 'm1' }] });
  reload({ services: [...members, program({ provision: ['all'] })], fleets: [] });
  place.owner.herd(place.node, 'start', 'all', { operation: 'op-up' });
  place.pass(5_000);
  expect(place.stageOf('all')).toMatchObject({ kind: 'local', stage: 'running' });
  for (const [method, ...args] of [['status'], ['allows'], ['log', 5], ['probe', 900]] as const)
    expect(
      codeOf(() => ref.said(method, ...args)),
      method,
    ).toBe('refused');
  for (const action of ['start', 'stop'])
    expect(
      codeOf(() => doing(ref, place, action, `op-${action}`)),
      action,
    ).toBe('refused');
  expect(place.stageOf('all')).toMatchObject({ stage: 'running' });
  expect(seen.filter(({ kind, stage }) => kind === 'local' && stage !== 'unknown')).toEqual([]);
  reload(before);
  place.pass(2_000);
  expect(ref.said('status')).toMatchObject({ kind: 'fleet', members: [{ name: 'm1' }] });
});
