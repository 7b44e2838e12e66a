/** Who may do something with a service, also by way of the fleets that it is in. */
import { describe, expect, it } from 'vitest';
import { answered } from '../../support/fleet-grants.ts';
import { up } from '../../support/granted-place.ts';
import { program } from '../../support/shepherd-machine.ts';

const services = ['m1', 'm2'].map((name) => program({ provision: [name] }));
const fleets = [
  { name: 'inner', members: ['m1', 'm2'] },
  { name: 'outer', members: ['inner'] },
];
interface Who {
  readonly grants: readonly { readonly id: string }[];
  readonly minted: readonly string[];
}

describe('who can', () => {
  it('has whoever may do it with a fleet of it, at any distance, unless its grant is for others there', () => {
    const place = up({ services, fleets });
    const actions = ['start'];
    const idOf = (service: string, more: { readonly members?: readonly string[] } = {}): string =>
      place.held({ service, actions, ...more }).id;
    const [own, inner, outer] = ['m1', 'inner', 'outer'].map((service) => idOf(service));
    const first = idOf('inner', { members: ['m1'] });
    idOf('m2');
    const ask = (action: string, service: string): Who =>
      answered(
        place.site,
        place.owner.ask(place.node, (turn, root) => turn.send(root, 'whoCan', action, service)),
      ) as Who;
    const who = (action: string, service: string) =>
      ask(action, service).grants.map(({ id }) => id);
    expect(who('start', 'm1').toSorted()).toEqual([own, inner, outer, first].toSorted());
    expect(who('start', 'm2')).not.toContain(first);
    expect(who('start', 'm2')).toContain(outer);
    expect(who('start', 'inner').toSorted()).toEqual([inner, outer, first].toSorted());
    expect(who('start', 'outer')).toEqual([outer]);
    expect(who('stop', 'm1')).toEqual([]);
    answered(
      place.site,
      place.owner.ask(place.node, (turn, root) => turn.send(root, 'mint', 'outer')),
    );
    expect(ask('stop', 'm1').minted).toHaveLength(1);
  });
});
