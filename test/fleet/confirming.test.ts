/** A release that is deployed to a slot elsewhere, through a controller: who confirms it, and what is left of that. */
import { describe, expect, it } from 'vitest';
import { ExportedSlot } from '../support/exported-slot.ts';
import { release } from '../support/slot-machine.ts';

const one = release('1');
const two = release('2');

describe.each([1, 2, 3])('a deploy through a controller, seed %i', (seed) => {
  it('is confirmed by it, over a session of its own of which nothing is left', () => {
    const story = new ExportedSlot(seed, seed === 1).begin(one, two);
    const deploy = story.act('deploy', [two.digest], 'op-2');
    story.world.runFor(5_000);
    expect(deploy.value).toMatchObject({ member: 'far-web', result: 'changed' });
    expect(story.record).toMatchObject({ current: two.digest });
    expect(story.record?.underway).toBeUndefined();
    expect(story.c.freshCount).toBe(1);
    story.world.runFor(1_000);
    expect(story.visitorsOfA).toEqual([undefined, 'C']);
    expect(story.c.freshRouters.map((each) => each.sessions())).toEqual([[]]);
  });
});
