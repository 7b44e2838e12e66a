/** Whoever makes many grants out of one has no more than that one has. */
import type { Bcom, Behavior, Turn } from '@bellwether/actors';
import { limits, type Observer } from '@bellwether/shepherd';
import { expect, it } from 'vitest';
import { codeOf, up } from '../../support/granted-place.ts';

const heartbeatMs = 60_000;
const makeObserver = (_turn: Turn<Observer>, _bcom: Bcom<Observer>): Behavior<Observer> => ({
  observed: () => undefined,
});

it('watchings are counted by the grant that all of them come from, and others are not concerned', () => {
  const place = up();
  const { ref } = place.held({ actions: ['status'] });
  const watch = (held: typeof ref) => {
    held.told((turn, web) => turn.send(web, 'watch', turn.spawn(makeObserver), heartbeatMs));
  };
  const childCount = limits.originWatchingCount / limits.askerWatchingCount;
  for (let at = 0; at < childCount; at += 1) {
    const child = place.bot.accept(ref.grant({ actions: ['status'] }).invite);
    for (let count = 0; count < limits.askerWatchingCount; count += 1) watch(child);
  }
  expect(codeOf(() => watch(place.bot.accept(ref.grant({ actions: ['status'] }).invite)))).toBe(
    'limit',
  );
  expect(codeOf(() => watch(ref))).toBe('limit');
  watch(place.held({ actions: ['status'] }).ref);
});
