/** What a selector sees through a grant: the members that its holder holds, and nobody else. */
import type { GrantSpec } from '@bellwether/authority';
import type { Request } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { grantAt, Holder, type Held } from '../../support/fleet-grants.ts';
import { tellStory } from '../../support/fleet-story.ts';
import { asking, codeOf } from '../../support/granted-place.ts';

const told = () => {
  const labels = {
    A: { role: 'web', zone: 'a' },
    B: { role: 'web', canary: '' },
    D: { secret: 'merger' },
  };
  const story = tellStory(3, { hosts: ['A', 'B', 'D'], labels });
  const alice = new Holder(story, 'alice');
  const held = (spec: Partial<GrantSpec> = {}): Held => {
    const asked = { service: 'web-server-fleet', actions: ['restart', 'start'], ...spec };
    return alice.accept(grantAt(story, story.operator, story.c, asked).invite);
  };
  const done = (ref: Held, action: string, more: Partial<Request>) => {
    const asked = asking(ref, { owner: story.operator }, action, `op-${action}`, more);
    story.world.run(story.world.now + 20_000);
    if (asked.error !== undefined) throw asked.error;
    return asked.value;
  };
  return { ...story, held, done };
};
const some = { members: ['web-server-a', 'web-server-b'] };

describe('a selector through a grant of a fleet', () => {
  it('picks out of its members, by what the controller calls them', () => {
    const ref = told().held();
    expect(ref.said('select', 'role=web,!canary')).toEqual({
      names: ['web-server-a'],
      unknownKeys: [],
    });
    expect(ref.said('select', 'secret')).toEqual({ names: ['web-server-d'], unknownKeys: [] });
  });
  it('knows nothing of members that the grant is not to', () => {
    const ref = told().held(some);
    expect(() => ref.said('select', 'secret')).toThrow(
      "none has a label 'secret': there are canary, role, zone",
    );
    expect(ref.said('select', '!secret')).toEqual({
      names: some.members,
      unknownKeys: ['secret'],
    });
  });
  it('is carried out at those, and can reach no others', () => {
    const story = told();
    const ref = story.held(some);
    expect(story.done(ref, 'start', { onlyMembers: ['web-server-b'] })?.rows).toMatchObject([
      { member: 'web-server-b', result: 'changed' },
    ]);
    expect(codeOf(() => story.done(ref, 'restart', { onlyMembers: ['web-server-d'] }))).toBe(
      'bad-request',
    );
    // What a selector is commanded as has no meaning here: this is a reference to one service.
    const all = { member: '{secret}', onlyMembers: ['web-server-b', 'web-server-d'] };
    const asked = ref.ask((turn, web) => turn.forward(web, 'plan', [{ ...request, ...all }]));
    story.world.run(story.world.now + 1_000);
    expect(asked.value).toMatchObject([
      { service: 'web-server-b', why: 'member' },
      { service: 'web-server-fleet', why: 'asked' },
    ]);
  });
  it('is refused of what has no members, and once the grant is over', () => {
    const story = told();
    const one = story.held({ service: 'web-server-a' });
    expect(() => one.said('select', 'role=web')).toThrow("service 'web-server-a' is no fleet");
    const ref = story.held({ lifetimeMs: 60_000 });
    story.world.run(story.world.now + 61_000);
    expect(codeOf(() => ref.said('select', 'role'))).toBe('expired');
  });
});
const request = { operation: 'op-p', action: 'start', args: [], remainingMs: 1_000, hops: [] };
