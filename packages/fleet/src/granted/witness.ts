/**
 * What the audit hears of a grant's holder beside operations: that something was looked at, and what was
 * refused. A holder, also one whose grant has ended, may ask as often as a session lets him; so only so
 * many of these are written down in a while, and of the rest their number.
 */
import type { JournalCell, Turn } from '@bellwether/actors';
import type { AuditEntry, AuditRecord } from '@bellwether/authority';
import { LIMITS } from '../limits.ts';

/** How much was to be written down since the first of it; the cell is that of the actor that has it. */
export type Tally = JournalCell<number>;

/** That something was refused: on the disk before the refusal is told, as long as it takes anything. */
export const witnessRefused = (tally: Tally, turn: Turn, record: AuditRecord): void => {
  if (isRoomFor(tally, turn, record.asker)) turn.record(expendable(record));
};
/** That something is looked at, which changes nothing: the answer waits for no disk. */
export const witnessLook = (tally: Tally, turn: Turn, record: AuditRecord): void => {
  if (!isRoomFor(tally, turn, record.asker)) return;
  turn.record(expendable(record), { gates: false });
};
/** A holder must not end lives of the daemon by looking at it while the disk is full. */
const expendable = (record: AuditRecord): AuditEntry => ({
  kind: 'audit',
  ...record,
  isExpendable: true,
});

const isRoomFor = (tally: Tally, turn: Turn, asker: string): boolean => {
  const count = tally.get() + 1;
  tally.set(count);
  if (count === 1) turn.after(LIMITS.witnessMs, (turn) => tellRest(tally, turn, asker));
  return count <= LIMITS.witnessCount;
};
const tellRest = (tally: Tally, turn: Turn, asker: string): void => {
  const restCount = tally.get() - LIMITS.witnessCount;
  tally.set(0);
  if (restCount <= 0) return;
  const reason = `${restCount} more looks and refusals within a minute`;
  turn.record(expendable({ event: 'alert', asker, code: 'not-recorded', reason }), {
    gates: false,
  });
};
