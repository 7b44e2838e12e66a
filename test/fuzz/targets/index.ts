/** Everything that `npm run fuzz` can fuzz. */
import type { Target } from '../engine/target.ts';
import { handoff, handshake, session } from './conversations.ts';
import { gnu } from './gnu.ts';
import { manifest } from './manifest.ts';
import { operations } from './operations.ts';
import { locator, uri } from './places.ts';
import { preamble } from './preamble.ts';
import { syrup } from './syrup.ts';

export const TARGETS: readonly Target[] = [
  syrup,
  operations,
  session,
  handshake,
  handoff,
  locator,
  uri,
  preamble,
  manifest,
  gnu,
];
