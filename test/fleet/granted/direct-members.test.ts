/** Whose hosts a grant can be made at, and at how many of them. */
import { FLEET_LIMITS, type PlannedService } from '@bellwether/fleet';
import { describe, expect, it } from 'vitest';
import { directMembers } from '../../../packages/fleet/src/granted/direct-members.ts';
import { service } from '../../support/shepherd-machine.ts';

const exported = (name: string): PlannedService => ({
  kind: 'exported',
  spec: { provision: [name], petname: `${name}-ref`, origin: 'there', requirement: [] },
});
const fleet = (name: string, members: readonly string[]): PlannedService => ({
  kind: 'fleet',
  spec: { provision: [name], documentation: '', members, minReady: '100%', settleMs: 0 },
});
const namesOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_none, at) => `web-${at}`);
/** A fleet of so many, and each of them. */
const planned = (count: number): readonly PlannedService[] => [
  fleet('webs', namesOf(count)),
  ...namesOf(count).map(exported),
];

describe('the members of a direct grant', () => {
  it('are those of its fleet, the chosen ones alone, or the one service elsewhere', () => {
    const all = planned(2);
    const [a, b] = namesOf(2).map((member) => ({ member, petname: `${member}-ref` }));
    expect(directMembers(all, 'webs', undefined)).toEqual([a, b]);
    expect(directMembers(all, 'webs', ['web-1'])).toEqual([b]);
    expect(directMembers(all, 'web-0', undefined)).toEqual([a]);
  });
  it('are as many as its limit, and no more: of a larger fleet some can be chosen', () => {
    const { directPartCount: most } = FLEET_LIMITS;
    expect(directMembers(planned(most), 'webs', undefined)).toHaveLength(most);
    const larger = planned(most + 1);
    expect(() => directMembers(larger, 'webs', undefined)).toThrow(
      `'webs' has ${most + 1} members, and a direct grant is made at ${most} hosts at most`,
    );
    expect(directMembers(larger, 'webs', namesOf(most))).toHaveLength(most);
  });
  it('are no strangers, nothing that is here, and no fleet of this shepherd', () => {
    const here: PlannedService = { kind: 'service', config: service({ provision: ['db'] }) };
    const all = [...planned(1), here, fleet('mixed', ['web-0', 'db']), fleet('all', ['webs'])];
    for (const [name, chosen, words] of [
      ['webs', ['db'], "'db' is no member of 'webs'"],
      ['db', undefined, "'db' is a service of this shepherd"],
      ['mixed', undefined, "'db' is a service of this shepherd"],
      ['all', undefined, "'webs' is a fleet of this shepherd itself"],
      ['nobody', undefined, "'nobody' is a service of this shepherd"],
    ] as const)
      expect(() => directMembers(all, name, chosen)).toThrow(words);
    expect(directMembers(all, 'mixed', ['web-0'])).toHaveLength(1);
  });
});
