/** Grants of fleets live at their controller; grants of members may be what a controller has of them. */
import type { GrantSpec } from '@bellwether/authority';
import { describe, expect, it } from 'vitest';
import { answered, grantAt, Holder, type Held } from '../../support/fleet-grants.ts';
import { Operator } from '../../support/fleet-node.ts';
import { tellStory, type StoryOptions } from '../../support/fleet-story.ts';
import { asking, codeOf } from '../../support/granted-place.ts';
import { Ear } from '../../support/log-ear.ts';
import { requestOf } from '../../support/shepherd-machine.ts';

const told = (options: StoryOptions = {}) => {
  const story = tellStory(3, options);
  const pass = (ms: number): void => void story.world.run(story.world.now + ms);
  const alice = new Holder(story, 'alice');
  const held = (spec: Partial<GrantSpec> = {}) => {
    const { facts, invite } = grantAt(story, story.operator, story.c, {
      service: 'web-server-fleet',
      actions: ['status', 'start', 'stop', 'restart', 'log'],
      ...spec,
    });
    return { id: facts.id, ref: alice.accept(invite) };
  };
  const stages = () =>
    story.hosts.map((host) => {
      const asked = story.operator.ask(host, (turn, root) =>
        turn.send(root, 'status', ['web-server'], 900),
      );
      return answered(story, asked)[0]?.stage;
    });
  return { ...story, owner: story.operator, pass, alice, held, stages };
};
/** A status, and those of its members, but for when they were heard. */
const withoutAges = (status: object): unknown =>
  JSON.parse(
    JSON.stringify(status, (key, value: unknown) => (key === 'ageMs' ? undefined : value)),
  );
const done = (story: ReturnType<typeof told>, ref: Held, action: string, operation?: string) => {
  const asked = asking(ref, story, action, operation);
  story.pass(20_000);
  if (asked.error !== undefined) throw asked.error;
  return asked.value;
};

describe('a grant of a fleet', () => {
  it('leaves two records of a restart, though a fleet has several steps of it', () => {
    const story = told();
    const { id, ref } = story.held();
    done(story, ref, 'restart');
    const records = story.c.machine.disk.audits.filter(({ asker }) => asker === id);
    expect(records.filter(({ action }) => action === 'restart')).toMatchObject([
      { event: 'asked', service: 'web-server-fleet' },
      { event: 'ended', service: 'web-server-fleet', result: 'changed' },
    ]);
  });
  it('starts and stops the members, whose refs its holder never sees', () => {
    const story = told();
    const { id, ref } = story.held();
    expect(done(story, ref, 'start')).toMatchObject({
      result: 'changed',
      rows: [{ member: 'web-server-a' }, { member: 'web-server-b' }],
    });
    expect(story.stages()).toEqual(['running', 'running']);
    answered(
      story,
      story.operator.ask(story.c, (turn, root) => turn.send(root, 'revokeGrant', id)),
    );
    expect(codeOf(() => done(story, ref, 'stop'))).toBe('revoked');
    expect(story.stages()).toEqual(['running', 'running']);
  });

  it('ends at once, also where a member cannot be reached', () => {
    const story = told();
    const { id, ref } = story.held();
    const [a] = story.hosts;
    a?.losePower();
    const started = asking(ref, story, 'start');
    story.pass(1_000);
    expect(started).toEqual({});
    answered(
      story,
      story.operator.ask(story.c, (turn, root) => turn.send(root, 'revokeGrant', id)),
    );
    story.pass(10);
    expect(started.error).toMatchObject({ code: 'revoked' });
    // What waited for that machine is called off, and not done when it is back.
    a?.boot();
    story.pass(60_000);
    expect(story.stages).toThrow('the connection ended'); // our own, to the machine that is back
    expect(story.stages()).toEqual(['stopped', 'running']);
  });

  describe('whose holder waits for a machine that is away', () => {
    const hourMs = 3_600_000;
    /** B is away; A was started, and B will be once it is back. */
    const queued = (spec?: Partial<GrantSpec>) => {
      const story = told();
      const [, b] = story.hosts;
      if (b === undefined) throw new Error('no B');
      b.crash();
      story.pass(10_000);
      const { id, ref } = story.held(spec);
      const asked = asking(ref, story, 'start', 'op-1', { queueMs: hourMs });
      story.pass(20_000);
      expect(asked.value?.rows).toMatchObject([
        { member: 'web-server-a', result: 'changed' },
        { member: 'web-server-b', result: 'unreachable', queuedUntilMs: expect.any(Number) },
      ]);
      const revoke = (): void =>
        void answered(
          story,
          story.operator.ask(story.c, (turn, root) => turn.send(root, 'revokeGrant', id)),
        );
      const comesBack = (): string => {
        b.boot();
        story.pass(60_000);
        const wasAsked = b.machine.disk.audits.some(({ event }) => event === 'asked');
        const { value } = story.operator.ask(b, (turn, root) => turn.send(root, 'about'));
        expect(value).toBeUndefined(); // our own session, to the machine that is back
        return `${wasAsked ? 'asked' : 'not asked'}, ${story.stages()[1]}`;
      };
      const end = () =>
        story.c.machine.disk.audits.flatMap(({ event, asker, service, result }) =>
          event === 'ended' && asker === id ? [`${service} ${result}`] : [],
        );
      const restart = (meanwhileMs = 0): void => {
        story.c.crash();
        story.pass(meanwhileMs);
        story.c.boot();
        story.pass(3_000);
      };
      return { ...story, id, revoke, comesBack, end, restart };
    };

    it('has it done when that is back, in this life of the controller and in the next', () => {
      const here = queued();
      expect(here.comesBack()).toBe('asked, running');
      expect(here.end()).toEqual(['web-server-b changed', 'web-server-fleet changed']);
      const later = queued();
      later.restart();
      expect(later.comesBack()).toBe('asked, running');
    });
    it.each([
      ['revoked', ({ revoke }: ReturnType<typeof queued>) => revoke()],
      [
        'revoked, and the controller dies',
        ({ revoke, restart }: ReturnType<typeof queued>) => {
          revoke();
          restart();
        },
      ],
      [
        'revoked in a later life',
        ({ revoke, restart }: ReturnType<typeof queued>) => {
          restart();
          revoke();
        },
      ],
    ])('has it not done where the grant is %s meanwhile', (_words, end) => {
      const place = queued();
      end(place);
      expect(place.comesBack()).toBe('not asked, stopped');
      expect(place.end()).toEqual(['web-server-b cancelled', 'web-server-fleet cancelled']);
      // For good.
      place.restart();
      place.pass(60_000);
      expect(place.stages()[1]).toBe('stopped');
    });
    it('has it not done where the grant ends by itself meanwhile, with or without a controller', () => {
      const here = queued({ lifetimeMs: 120_000 });
      here.pass(120_000);
      expect(here.comesBack()).toBe('not asked, stopped');
      const dead = queued({ lifetimeMs: 120_000 });
      dead.restart(120_000);
      expect(dead.comesBack()).toBe('not asked, stopped');
      expect(dead.end()).toEqual(['web-server-b cancelled', 'web-server-fleet cancelled']);
    });
  });

  it('can be for some of the members: others are neither touched nor seen', () => {
    const story = told();
    const { ref } = story.held({ members: ['web-server-b'] });
    expect(done(story, ref, 'start')).toMatchObject({ rows: [{ member: 'web-server-b' }] });
    expect(story.stages()).toEqual(['stopped', 'running']);
    const status = ref.told((turn, web) => turn.send(web, 'probe', 900));
    expect(status).toMatchObject({
      members: [{ name: 'web-server-b', stage: 'running' }],
      runningCount: 1,
      neededCount: 1,
    });
    const ear = new Ear();
    ref.ask((turn, web) => turn.send(web, 'follow', { lineCount: 5 }, ear.spawn(turn)));
    story.pass(500);
    for (const host of story.hosts) host.machine.logs.write('web-server', `of ${host.name}`);
    story.pass(500);
    const steps = ref.told((turn, web) =>
      turn.send(web, 'plan', requestOf({ action: 'stop', member: 'x' })),
    );
    expect(ear.lines).toContain('of B');
    const all = JSON.stringify([status, ear.batches, steps]);
    expect(all).not.toMatch(/web-server-a|of A/);
    const onlyMembers = ['web-server-a', 'web-server-b'];
    const stopped = asking(ref, story, 'stop', 'op-wider', { onlyMembers });
    story.pass(20_000);
    expect(stopped.value?.rows.map(({ member }) => member)).toEqual(['web-server-b']);
  });

  it('shows of a fleet nothing that the members it is for do not show', () => {
    const story = told();
    const { ref } = story.held({ members: ['web-server-b'] });
    const probe = () => ref.told((turn, web) => turn.send(web, 'probe', 900));
    const before = probe();
    expect(before).toMatchObject({ stage: 'stopped', isReady: false, runningCount: 0 });
    const [a, b] = story.hosts;
    done(story, story.held({ members: ['web-server-a'] }).ref, 'start');
    expect(withoutAges(probe())).toEqual(withoutAges(before));
    a?.losePower();
    story.pass(10_000);
    done(story, ref, 'start', 'op-2');
    expect(probe()).toMatchObject({ stage: 'running', isReady: true, isWanted: true });
    b?.losePower();
    story.pass(10_000);
    expect(ref.said('status')).toMatchObject({
      stage: 'unknown',
      unknownReason: '1 of 1 members are unknown',
    });
  });

  it('for fewer members than its fleet needs is no fault: all of them are asked for', () => {
    const story = told({ minReady: 2 });
    const { ref } = story.held({ members: ['web-server-b'] });
    expect(done(story, ref, 'start')).toMatchObject({ result: 'changed', reason: '1/1' });
    expect(story.stages()).toEqual(['stopped', 'running']);
  });

  it('refuses what would be done to none of its members', () => {
    const story = told();
    const { id, ref } = story.held({ members: ['web-server-b'], maxUses: 1 });
    const ask = (onlyMembers: readonly string[]) =>
      answered(story, asking(ref, story, 'start', 'op-1', { onlyMembers }));
    expect(codeOf(() => ask(['web-server-a']))).toBe('bad-request');
    expect(codeOf(() => ask([]))).toBe('bad-request');
    expect(story.stages()).toEqual(['stopped', 'stopped']);
    expect(ref.said('allows')).toMatchObject({ grant: { id, usedCount: 0 } });
  });

  it('narrowed to some members is passed on for no others', () => {
    const story = told();
    const { ref } = story.held({ members: ['web-server-b'] });
    expect(codeOf(() => ref.grant({ actions: ['stop'], members: ['web-server-a'] }))).toBe(
      'too-wide',
    );
    const child = ref.grant({ actions: ['start'] });
    expect(child.facts.members).toEqual(['web-server-b']);
  });
});

describe('a controller whose refs are grants', () => {
  it('tells what a member denied from what failed, with who revoked it', () => {
    const story = told();
    const [a] = story.hosts;
    if (a === undefined) throw new Error('no A');
    const { facts, invite } = grantAt(story, story.operator, a, {
      service: 'web-server',
      actions: ['status', 'start'],
    });
    const uri = story.alice.uriOf(invite);
    answered(
      story,
      story.operator.ask(story.c, (turn, root) => turn.send(root, 'adoptRef', 'a-ref', uri)),
    );
    story.c.crash();
    story.c.boot();
    story.pass(10_000);
    const { ref } = story.held();
    expect(done(story, ref, 'start')).toMatchObject({ result: 'changed' });
    const stopped = done(story, ref, 'stop');
    expect(stopped?.rows).toMatchObject([
      { member: 'web-server-a', result: 'denied' },
      { member: 'web-server-b', result: 'changed' },
    ]);
    expect(story.stages()).toEqual(['running', 'stopped']);
    answered(
      story,
      story.operator.ask(a, (turn, root) => turn.send(root, 'revokeGrant', facts.id)),
    );
    story.pass(10_000);
    const [row] = done(story, ref, 'start', 'op-again')?.rows ?? [];
    expect(row).toMatchObject({ result: 'denied' });
    expect(row?.reason).toMatch(/was revoked at .* by root/);
    const status = ref.told((turn, web) => turn.send(web, 'probe', 900));
    expect(status).toMatchObject({
      members: [{ name: 'web-server-a', stage: 'unknown' }, { name: 'web-server-b' }],
    });
  });
});

describe('what a grant of a fleet allows', () => {
  const wanting = (story: ReturnType<typeof told>, spec: Partial<GrantSpec>) =>
    answered(
      story,
      story.operator.ask(story.c, (turn, root) =>
        turn.send(root, 'grant', {
          service: 'web-server-fleet',
          actions: ['status', 'reload-config'],
          ...spec,
        }),
      ),
    );
  it('is something that a member has, or the slip is told with what there is', () => {
    const story = told();
    story.pass(5_000);
    expect(wanting(story, {})).not.toHaveProperty('doubt');
    expect(() => wanting(story, { actions: ['reload-confg'] })).toThrow(
      "service 'web-server-fleet' does not have an action 'reload-confg'; did you mean 'reload-config'? " +
        'there are reload-config, start, stop, restart, enable, disable, status, log',
    );
    expect(() => wanting(story, { service: 'web-server-a', actions: ['reindex'] })).toThrow(
      "'reindex'; there are reload-config",
    );
    expect(codeOf(() => wanting(story, { actions: ['reindex'], members: ['web-server-a'] }))).toBe(
      'unknown-action',
    );
  });
  it('is in doubt where a member was never heard of, which is said', () => {
    const story = told();
    const [, b] = story.hosts;
    b?.crash();
    story.c.crash();
    story.pass(100);
    story.c.boot();
    story.pass(10_000);
    story.c.boot();
    const again = { ...story, operator: new Operator(story, 'again') };
    expect(wanting(again, { actions: ['status', 'reindex'] })).toMatchObject({
      doubt:
        "Nobody knows yet whether there is an action 'reindex': web-server-b has not been heard of in full.",
    });
    expect(wanting(again, {})).not.toHaveProperty('doubt');
    expect(codeOf(() => wanting(again, { actions: ['reindex'], members: ['web-server-a'] }))).toBe(
      'unknown-action',
    );
  });
});
