/** What every peer is told when a life ends. */
import { DiskFailed } from '@bellwether/store';
import type { LifeEnd } from './life-types.ts';

/** What every peer may know of an end; the reason itself is in the log. */
const farewells: Readonly<Record<LifeEnd['kind'], string>> = {
  'shut-down': 'the shepherd has ended',
  detached: 'the shepherd has ended and left its services to the next one',
  halted: 'the shepherd halted and starts anew; its log says why',
};
/** Whoever asked for what could not be written down is told why: the log may be out of reach, or on that disk. */
export const farewellOf = (end: LifeEnd): string =>
  end.kind === 'halted' && end.reason instanceof DiskFailed
    ? `the shepherd could not write its state: ${end.reason.trouble}; it starts anew` +
      (end.reason.isFull ? ', and needs room on that disk before it takes this on' : '')
    : farewells[end.kind];
