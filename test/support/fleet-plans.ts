/** Random configurations that fit together: services that require each other, proxies, fleets. */
import type { PlannedService } from '@bellwether/fleet';
import fc from 'fast-check';
import { program, service } from './shepherd-machine.ts';

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const;

/** What a service is before it is known which others there are. */
interface Sketch {
  readonly kind: 'program' | 'plain' | 'exported' | 'fleet';
  readonly version: number;
  readonly isAutoStarted: boolean;
  readonly hasAlias: boolean;
  /** Positions among those before it. */
  readonly needs: readonly number[];
}
const sketches = fc.record<Sketch>({
  kind: fc.constantFrom('program', 'program', 'plain', 'exported', 'fleet'),
  version: fc.nat(2),
  isAutoStarted: fc.boolean(),
  hasAlias: fc.boolean(),
  needs: fc.array(fc.nat(7), { maxLength: 3 }),
});

/** Lists of at most eight services; each needs only services before it in a shuffled order. */
export const plannedLists = (): fc.Arbitrary<readonly PlannedService[]> =>
  fc
    .tuple(
      fc.shuffledSubarray([...names]),
      fc.array(sketches, { minLength: names.length, maxLength: names.length }),
    )
    .map(([chosen, all]) =>
      chosen.map((name, at) => planned(name, all[at] ?? plain, chosen.slice(0, at))),
    );
const plain: Sketch = {
  kind: 'plain',
  version: 0,
  isAutoStarted: false,
  hasAlias: false,
  needs: [],
};

const planned = (name: string, sketch: Sketch, before: readonly string[]): PlannedService => {
  const { kind, version, isAutoStarted, hasAlias, needs } = sketch;
  const others = [...new Set(needs.flatMap((at) => before[at] ?? []))];
  const provision: readonly [string, ...string[]] = hasAlias ? [name, `${name}-alias`] : [name];
  const documentation = `Version ${version}.`;
  const [first] = others;
  if (kind === 'exported')
    return {
      kind,
      spec: { provision, petname: `ref-${version}`, origin: 'Z', requirement: others },
    };
  if (kind === 'fleet' && first !== undefined)
    return {
      kind,
      spec: { provision, documentation, members: others, minReady: '100%', settleMs: 10_000 },
    };
  const make = kind === 'program' ? program : service;
  const config = make({ provision, documentation, requirement: others, isAutoStarted });
  return { kind: 'service', config };
};
