/**
 * Tests that have a place of their own, so that they can run together: what they wait for, deadlines and processes,
 * passes for all of them at once. What a test names among its arguments is made for it, and cleaned after it.
 */
import { test } from 'vitest';
import { makePlace, type Place } from './programs.ts';
import { startLinkedFleet, startWebFleet, type LinkedFleet, type WebFleet } from './web-fleet.ts';

/** What there is for a test. */
export interface Placed {
  readonly place: Place;
  /** Three shepherds; nothing is started yet. */
  readonly fleet: WebFleet;
  /** The same, over links that can fail. */
  readonly linked: LinkedFleet;
}

/** Options of a `describe` whose tests run together: they share a machine, so each may take a multiple. */
export const together = { concurrent: true, timeout: 300_000 } as const;

/** Vitest's `it`, with a place. */
export const it = test.extend<Placed>({
  place: async ({}, use) => {
    const place = makePlace();
    await use(place);
    await place.clean();
  },
  fleet: async ({ place }, use) => use(await startWebFleet(place)),
  linked: async ({ place }, use) => use(await startLinkedFleet(place)),
});
