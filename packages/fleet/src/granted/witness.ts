/**
 * The `^witness`: what the audit hears of the holders of grants beside operations: that something was looked at, and
 * what was refused. A holder, also one whose grant has ended, may ask as often as a session lets him, and make more
 * holders; so only so many of these are written down in a while for all grants that come from the same one, and of the
 * rest their number.
 */
import type { Bcom, Behavior, Ref, Turn } from '@bellwether/actors';
import type { AuditEntry, AuditRecord } from '@bellwether/authority';
import { LIMITS } from '../limits.ts';

/** Near only. */
export interface Witness {
  /** `origin`: what the asker's grant comes from. `gates`: nothing is told before it is on the disk. */
  saw(origin: string, record: AuditRecord, gates: boolean): void;
}
/** Who hears of it, for whom. */
export interface Tally {
  readonly witness: Ref<Witness>;
  readonly origin: string;
}

/** Makes the one of a machine. */
export const makeWitness = (turn: Turn<Witness>, _bcom: Bcom<Witness>): Behavior<Witness> => {
  /** How much was to be written down since the first of it, by origin. */
  const counts = turn.map<string, number>();
  const tellRest = (turn: Turn, origin: string): void => {
    const restCount = (counts.get(origin) ?? 0) - LIMITS.witnessCount;
    counts.delete(origin);
    if (restCount <= 0) return;
    const reason = `${restCount} more looks and refusals within a minute`;
    const told = { event: 'alert', asker: origin, code: 'not-recorded', reason } as const;
    turn.record(expendable(told), { gates: false });
  };
  return {
    saw: (turn, origin, record, gates) => {
      const count = (counts.get(origin) ?? 0) + 1;
      counts.set(origin, count);
      if (count === 1) turn.after(LIMITS.witnessMs, (turn) => tellRest(turn, origin));
      if (count <= LIMITS.witnessCount) turn.record(expendable(record), { gates });
    },
  };
};

/** A holder must not end lives of the daemon by looking at it while the disk is full. */
const expendable = (record: AuditRecord): AuditEntry => ({
  kind: 'audit',
  ...record,
  isExpendable: true,
});

/** That something was refused: on the disk before the refusal is told, as long as it takes anything. */
export const witnessRefused = ({ witness, origin }: Tally, turn: Turn, record: AuditRecord): void =>
  turn.call(witness, 'saw', origin, record, true);
/** That something is looked at, which changes nothing: the answer waits for no disk. */
export const witnessLook = ({ witness, origin }: Tally, turn: Turn, record: AuditRecord): void =>
  turn.call(witness, 'saw', origin, record, false);
