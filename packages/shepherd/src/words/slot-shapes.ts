/** What crosses machines of a slot: where a deploy is, in words, and what a status tells of it. */
import { readCount, readName, struct, wordOf } from '../read.ts';
import type { SlotFacts } from './agent-types.ts';

/**
 * Where a deploy is: on its way to be committed, at work to be taken back, or over. What comes of it before the service
 * is touched is `failed-unchanged`.
 */
export const slotPhases = [
  'offered',
  'fetching',
  'verified',
  'staged',
  'prechecked',
  'activating',
  'health-gate',
  'awaiting-confirm',
  'reverting',
  'committed',
  'rejected',
  'failed-unchanged',
  'rolled-back',
  'rollback-failed',
  'superseded',
  'cancelled',
] as const;
/** Where a deploy is. */
export type SlotPhase = (typeof slotPhases)[number];
/** A digest, or an id: cut it would be another one. @throws Malformed */
export const readSlot = struct<SlotFacts>(
  {},
  {
    current: readName,
    previous: readName,
    phase: wordOf(slotPhases, undefined),
    target: readName,
    operation: readName,
    deadlineMs: readCount,
  },
);
