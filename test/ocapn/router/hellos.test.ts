/** Hellos made ahead: each serves one connection, and says where we are now. */
import { World } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { Hellos } from '../../../packages/ocapn/src/router/hellos.ts';
import { simulatedCrypto } from '../../support/ocapn-peer.ts';

const place = (host: string) => ({ transport: 'sim', designator: 'a', hints: { host } });

const start = () => {
  const world = new World(1);
  const crypto = simulatedCrypto(world);
  let keyCount = 0;
  const counting = {
    ...crypto,
    keyPair: () => {
      keyCount += 1;
      return crypto.keyPair();
    },
  };
  const clock = world.clock();
  let lateMs = 0;
  const late = { ...clock, now: () => clock.now() + lateMs };
  const hellos = new Hellos(counting, world.scheduler(), late);
  return { world, hellos, keys: () => keyCount, beLate: (ms: number) => (lateMs += ms) };
};

describe('a hello', () => {
  it('that was prepared is taken once, and costs nothing then', () => {
    const { world, hellos, keys } = start();
    const at = place('x');
    hellos.prepare(at);
    hellos.prepare(at);
    expect(keys()).toBe(0); // not at once: something is to be sent first
    world.run();
    hellos.prepare(at);
    world.run();
    expect(keys()).toBe(1);
    const first = hellos.take(at);
    expect(keys()).toBe(1);
    const second = hellos.take(at);
    expect(keys()).toBe(2);
    expect(first.publicId).not.toEqual(second.publicId);
  });
  it('for those who come is made when they have asked their first questions', () => {
    const { world, hellos, keys } = start();
    const at = place('x');
    for (let count = 0; count < 5; count += 1) hellos.prepareLater(at);
    expect(world.pendingCount).toBe(1);
    world.run(19);
    expect(keys()).toBe(0);
    world.run();
    expect(keys()).toBe(1);
    hellos.prepareLater(at);
    hellos.clear();
    expect(world.pendingCount).toBe(0);
  });
  it.each([
    [10, 1],
    [11, 0],
  ])('is put off where its timer comes %s ms late: %s are made', (ms, count) => {
    const { world, hellos, keys, beLate } = start();
    hellos.prepareLater(place('x'));
    beLate(ms);
    world.run(20);
    world.run(21);
    expect(keys()).toBe(count);
    world.run();
    expect(keys()).toBe(1); // nothing was late the second time
  });
  it('of one place is not taken for another', () => {
    const { world, hellos } = start();
    const [before, now] = [place('before'), place('now')];
    hellos.prepare(before);
    world.run();
    const text = Buffer.from(hellos.take(now).bytes).toString('latin1');
    expect([text.includes('now'), text.includes('before')]).toEqual([true, false]);
  });
  it('that nobody will take is not made, and its key is forgotten', () => {
    const { world, hellos, keys } = start();
    const at = place('x');
    hellos.prepare(at);
    hellos.clear();
    world.run();
    expect(keys()).toBe(0);
    hellos.prepare(at);
    world.run();
    hellos.clear();
    hellos.take(at);
    expect(keys()).toBe(2);
  });
});
