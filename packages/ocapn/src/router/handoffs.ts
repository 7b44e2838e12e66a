/**
 * References between three peers, as long as there is no introduction: they are forwarded, and
 * gifts are refused.
 */
import { type Frontier, Refused } from '@bellwether/actors';
import type { Handoffs } from '../session/host.ts';
import { brokenVow } from '../session/vow-from.ts';

/**
 * Gives nothing, so that a reference of a third peer is exported here and every message to it
 * passes through us. What comes in as a gift is a vow that breaks with Refused: the message that
 * held it arrives, and its session lives.
 */
export const forwarding = (frontier: Frontier): Handoffs => ({
  give: () => undefined,
  receive: () => brokenVow(frontier, new Refused('captp: handoffs are not supported yet')),
});
