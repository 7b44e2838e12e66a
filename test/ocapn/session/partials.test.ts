import { World } from '@bellwether/actors';
import { beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { type Holder, Partials } from '../../../packages/ocapn/src/session/partials.ts';

class Peer implements Holder {
  readonly isStranger: boolean;
  readonly isRead = true;
  why: string | undefined;
  constructor(isStranger: boolean) {
    this.isStranger = isStranger;
  }
  abort(reason: string): void {
    this.why = reason;
    partials.drop(this);
  }
}

let world: World;
let partials: Partials;
beforeEach(() => {
  world = new World(1);
  const limits = { ...LIMITS, partialBytes: 1_000, strangerPartialBytes: 100 };
  partials = new Partials(world.clock(), limits);
});

describe('the buffers of records that are not all there', () => {
  it.each([
    ['strangers', true, 100],
    ['others', false, 1_000],
  ])(
    'of %s take as many bytes as their limit, and one more ends the largest',
    (_whose, isStranger, most) => {
      const [small, large] = [new Peer(isStranger), new Peer(isStranger)];
      partials.grow(small, 1, 40);
      partials.grow(large, 1, most - 40);
      expect([small.why, large.why]).toEqual([undefined, undefined]);
      partials.grow(small, 2, 41);
      expect(small.why).toBe(undefined);
      expect(large.why).toContain('not all there');
    },
  );
  it('must gain 1 KiB in half a minute: a byte less ends their session, at the second look at the latest', () => {
    const [steady, slow] = [new Peer(false), new Peer(false)];
    const step = LIMITS.partialStepBytes;
    for (let round = 0; round < 6; round += 1) {
      partials.grow(steady, 1 + round * step, 10);
      if (slow.why === undefined) partials.grow(slow, round === 0 ? 1 : step, 10);
      world.run(world.now + LIMITS.partialMs - 1);
      if (round === 0) expect(slow.why).toBe(undefined);
    }
    expect(steady.why).toBe(undefined);
    expect(slow.why).toContain('without progress');
    partials.drop(steady);
    expect(world.pendingCount).toBe(0);
  });
});
