/** What the owner of a life may see of its router: the powers that its `^net` is made from. */
import type { Clock, Vat } from '@bellwether/actors';
import type { NetPowers } from '@bellwether/fleet';
import { netFacts, tapSession, type DialFailures, type Router } from '@bellwether/ocapn';

/** Over a router, asked for when somebody looks, its vat, and what came of dials. */
export const netPowers = (
  router: () => Pick<Router, 'inside'>,
  vat: Pick<Vat, 'events'>,
  failures: Pick<DialFailures, 'list'>,
  clock: Pick<Clock, 'now' | 'wall'>,
): NetPowers => ({
  facts: () => netFacts(router().inside),
  failures: () => failures.list(),
  events: () => vat.events(),
  now: () => clock.now(),
  wall: () => clock.wall(),
  tap: (session, tap) => tapSession(router().inside, session, tap),
});
