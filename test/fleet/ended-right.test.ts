/** A right that ends in the middle of a deploy, whose slot is elsewhere: what is begun goes on, as it does at home. */
import { ActorError } from '@bellwether/actors';
import { localRoot } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { ExportedSlot } from '../support/exported-slot.ts';
import type { FleetNode } from '../support/fleet-node.ts';
import { anybodys } from '../support/shepherd-machine.ts';
import { release } from '../support/slot-machine.ts';

const one = release('1');
const two = release('2');
const why = new ActorError('revoked', 'your grant has ended');

/** The second release is being switched to, asked for at this node, and has got so far; nobody gets in to confirm. */
const begun = (seed: number, where: 'c' | 'd', phase: string) => {
  const story = new ExportedSlot(seed).begin(one, two);
  if (where === 'd') story.withSecond();
  const node: FleetNode = story[where];
  story.isShut = true;
  const args = [two.digest, 'confirm=5'];
  const name = where === 'd' ? 'farther-web' : 'far-web';
  const deploy = story.act('deploy', args, 'op-2', node, name);
  for (let ms = 0; ms < 20_000 && story.phase !== phase; ms += 1) story.world.runFor(1);
  expect(story.phase).toBe(phase);
  const ask = (body: Parameters<typeof node.machine.ask>[0]): void => {
    node.machine.ask(body);
    story.world.runFor(500);
  };
  return {
    story,
    deploy,
    revoke: () => ask((turn, shepherd) => turn.call(shepherd, 'callOff', localRoot, why)),
    cancel: () => ask((turn, shepherd) => turn.send(shepherd, 'cancel', 'op-2', anybodys)),
  };
};

describe.each(['c', 'd'] as const)(
  'a deploy through %s whose asker has no right to it any more',
  (where) => {
    it.each(['activating', 'health-gate', 'awaiting-confirm'])(
      'goes on from %s until somebody confirms it',
      (phase) => {
        const { story, deploy, revoke } = begun(1, where, phase);
        revoke();
        for (let ms = 0; ms < 4_000 && story.phase !== 'awaiting-confirm'; ms += 10)
          story.world.runFor(10);
        expect(story.running).toEqual([two.digest]);
        story.isShut = false;
        const confirm = story.act('confirm', [two.digest], 'op-3');
        story.world.runFor(2_000);
        expect(confirm.error ?? confirm.value?.result).toBe('changed');
        expect(story.record).toMatchObject({ current: two.digest });
        expect(deploy.value?.result).toBe('changed');
      },
    );
    it('goes back where nobody does, and is not confirmed from there', () => {
      const { story, deploy, revoke } = begun(2, where, 'awaiting-confirm');
      revoke();
      story.isShut = false;
      story.world.runFor(2_500);
      expect(story.phase).toBe('awaiting-confirm');
      story.world.runFor(10_000);
      expect(deploy.value?.result).toBe('rolled-back');
      expect(deploy.value?.reason).toContain('nobody has confirmed it within 5 s');
      expect(story.running).toEqual([one.digest]);
    });
    it('is taken back at once where he calls it off himself', () => {
      const { story, deploy, cancel } = begun(4, where, 'awaiting-confirm');
      cancel();
      story.world.runFor(3_000);
      expect(deploy.value?.result).toBe('rolled-back');
      expect(deploy.value?.reason).toContain('it was called off');
    });
  },
);

describe('a deploy of which nothing is switched yet, and whose asker has no right to it any more', () => {
  it('is called off there', () => {
    const { story, deploy, revoke } = begun(3, 'c', 'verified');
    revoke();
    story.world.runFor(2_000);
    expect(deploy.value?.result).toBe('cancelled');
    expect(story.running).toEqual([one.digest]);
  });
});
