/**
 * A line that dies in the moment in which a member is asked to tell: nothing comes any more, nobody is told, and the
 * question that would find it out was asked already. Seeds 50 and 1 of chaos: the view was unknown for 45 s.
 */
import { describe, expect, it } from 'vitest';
import { tellStory, type Story } from '../support/fleet-story.ts';
import { Views } from '../support/fleet-views.ts';

/** Two missed heartbeats, three times at most, a doubt, a dial and an answer. */
const soonMs = 16_000;

const watched = (seed: number): { story: Story; views: Views } => {
  const story = tellStory(seed);
  const views = new Views(story, (words) => {
    throw new Error(words);
  });
  return { story, views };
};
/** Runs until something is so, and says how long that took. */
const until = ({ story, views }: ReturnType<typeof watched>, isSo: () => boolean): number => {
  const { world } = story;
  const begun = world.now;
  while (!isSo()) {
    if (world.now - begun > 120_000) throw new Error('it never was so');
    world.run(world.now + 1);
    if (Math.floor(world.now) % 100 === 0) views.judge();
  }
  return world.now - begun;
};
/** Kills the line from C to A as soon as C has the ref again and asks to be told, and A's daemon with it. */
const loseA = (it: ReturnType<typeof watched>): void => {
  const { c, hosts, network } = it.story;
  const [a] = hosts;
  const session = () => c.router?.sessions().find(({ peer }) => peer?.designator === 'A');
  until(it, () => session() === undefined);
  until(it, () => (session()?.tables.imports ?? 0) > 0);
  network.forget('A', 'C');
  a?.crash();
  a?.boot();
};

describe('a line that dies as a member is asked to tell', () => {
  it('is found out soon where nothing was ever heard of the member', () => {
    const it = watched(50);
    const { c } = it.story;
    c.crash();
    c.boot();
    loseA(it);
    expect(it.views.untruth).toBeDefined();
    expect(until(it, () => it.views.untruth === undefined)).toBeLessThan(soonMs);
  });
  it('is found out soon where the member was known', () => {
    const it = watched(1);
    until(it, () => it.views.untruth === undefined);
    it.story.network.reset('A', 'C');
    loseA(it);
    until(it, () => it.views.untruth !== undefined);
    expect(until(it, () => it.views.untruth === undefined)).toBeLessThan(soonMs);
  });
});
