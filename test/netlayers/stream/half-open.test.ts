import { describe, expect, test } from 'vitest';
import { Addresses, groupOf } from '../../../netlayers/stream/src/addresses.ts';
import { HalfOpen, type Guest } from '../../../netlayers/stream/src/half-open.ts';
import { CROWD_LIMITS } from '../../../netlayers/stream/src/limits.ts';

class Visitor implements Guest {
  readonly remoteAddress: string;
  isDestroyed = false;
  constructor(address: string) {
    this.remoteAddress = address;
  }
  destroy(): void {
    this.isDestroyed = true;
  }
}
const crowd = (count: number, address: string): Visitor[] =>
  Array.from({ length: count }, () => new Visitor(address));
const goneOf = (visitors: readonly Visitor[]): readonly number[] =>
  visitors.flatMap((visitor, n) => (visitor.isDestroyed ? [n] : []));

describe('half-open connections', () => {
  const limits = { ...CROWD_LIMITS, halfOpenPerAddress: 3, halfOpenCount: 5 };

  test('up to the limit of an address stay; one more pushes out the oldest of that address', () => {
    const halfOpen = new HalfOpen(limits);
    const [elsewhere, here] = [crowd(1, '10.0.0.2'), crowd(4, '10.0.0.1')];
    for (const visitor of [...elsewhere, ...here.slice(0, 3)]) halfOpen.enter(visitor);
    expect([goneOf(elsewhere), goneOf(here)]).toEqual([[], []]);
    for (const visitor of here.slice(3)) halfOpen.enter(visitor);
    expect([goneOf(elsewhere), goneOf(here)]).toEqual([[], [0]]);
    expect(halfOpen.count).toBe(4);
  });

  test('up to the limit in all stay; one more pushes out the oldest of all', () => {
    const halfOpen = new HalfOpen(limits);
    const all = ['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4', '5.5.5.5', '6.6.6.6'].flatMap(
      (address) => crowd(1, address),
    );
    for (const visitor of all.slice(0, 5)) halfOpen.enter(visitor);
    expect(goneOf(all)).toEqual([]);
    for (const visitor of all.slice(5)) halfOpen.enter(visitor);
    expect(goneOf(all)).toEqual([0]);
  });

  test('that are over make room', () => {
    const halfOpen = new HalfOpen(limits);
    const all = crowd(100, '10.0.0.1');
    for (const visitor of all) {
      halfOpen.enter(visitor);
      halfOpen.leave(visitor);
      halfOpen.leave(visitor);
    }
    expect([goneOf(all), halfOpen.count]).toEqual([[], 0]);
  });
});

test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::6', '2001:db8:1:2'],
  ['2001:DB8::6', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['', ''],
])('the address %j counts as %j', (address, group) => {
  expect(groupOf(address)).toBe(group);
});

describe('connections of one address', () => {
  const limits = { ...CROWD_LIMITS, connectionsPerAddress: 2, connectionsFromHere: 3 };
  const admitted = (addresses: Addresses, from: string, count: number): number => {
    let admittedCount = 0;
    for (let each = 0; each < count; each += 1)
      if (addresses.enter(from) !== undefined) admittedCount += 1;
    return admittedCount;
  };
  test('are as many as the limit says, and other addresses have their own', () => {
    const addresses = new Addresses(limits);
    expect(admitted(addresses, '192.0.2.1', 5)).toBe(2);
    expect(admitted(addresses, '::ffff:192.0.2.1', 1)).toBe(0);
    expect(admitted(addresses, '192.0.2.2', 5)).toBe(2);
    expect(admitted(addresses, '2001:db8::1', 1) + admitted(addresses, '2001:db8::2', 2)).toBe(2);
  });
  test('are more where the peer is this machine itself', () => {
    for (const here of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
      expect(admitted(new Addresses(limits), here, 5)).toBe(3);
    expect(admitted(new Addresses(limits), '12.7.0.1', 5)).toBe(2);
  });
  test('make room when they end', () => {
    const addresses = new Addresses(limits);
    const leave = addresses.enter('192.0.2.1');
    addresses.enter('192.0.2.1');
    leave?.();
    expect(admitted(addresses, '192.0.2.1', 5)).toBe(1);
  });
});
