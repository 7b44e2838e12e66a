/** What the owner of a life may see of its router: the powers that its `^net` is made from. */
import type { Clock, Vat } from '@bellwether/actors';
import type { NetPowers } from '@bellwether/fleet';
import type { Router } from '@bellwether/ocapn';

/** Over a router, asked for when somebody looks, and its vat. */
export const netPowers = (
  router: () => Pick<Router, 'net' | 'tap'>,
  vat: Pick<Vat, 'events'>,
  clock: Pick<Clock, 'now' | 'wall'>,
): NetPowers => ({
  facts: () => router().net(),
  events: () => vat.events(),
  now: () => clock.now(),
  wall: () => clock.wall(),
  tap: (session, tap) => router().tap(session, tap),
});
