/** The ledger at its bounds: what is forgotten for what. */
import { createVat, World, type Turn } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { limits, type AcceptedRecord } from '@bellwether/shepherd';
import {
  askerOf,
  entriesOf,
  entryOf,
  expiredIn,
  forget,
  openIn,
  openLedger,
  put,
  surplusFor,
  type Ledger,
} from '../../../packages/shepherd/src/operation/ledger.ts';

const recordOf = (asker: string, at: number, isOpen = false): AcceptedRecord => ({
  asker,
  operation: `op-${at}`,
  atMs: at,
  action: 'start',
  service: 'web',
  intentCount: 1,
  outcomeCount: 1,
  ...(!isOpen && { endedMs: at, result: 'ok' }),
});
const recordsOf = (asker: string, count: number, isOpen = false): readonly AcceptedRecord[] =>
  Array.from({ length: count }, (_none, at) => recordOf(asker, at, isOpen));
/** Runs a body with a ledger of these, in one turn. */
const within = <T>(
  found: readonly AcceptedRecord[],
  body: (ledger: Ledger, turn: Turn) => T,
): T => {
  const world = new World(1);
  const vat = createVat({ name: 'ledger', clock: world.clock(), scheduler: world.scheduler() });
  const given: { value?: T; reason?: unknown } = {};
  void vat.run((turn) => {
    try {
      given.value = body(openLedger(turn, found), turn);
    } catch (reason) {
      given.reason = reason;
    }
  });
  world.run();
  if (given.reason !== undefined) throw given.reason;
  return given.value as T;
};
const idsOf = (records: readonly AcceptedRecord[]): readonly string[] =>
  records.map(({ asker, operation }) => `${asker} ${operation}`);

describe('the ledger of operations', () => {
  it('has what the records say, the oldest first, and gives what is under way', () => {
    const found = [recordOf('b', 2), recordOf('a', 3, true), recordOf('a', 1)];
    within(found, (ledger, turn) => {
      expect(idsOf(entriesOf(ledger))).toEqual(['a op-1', 'b op-2', 'a op-3']);
      expect(idsOf(openIn(ledger))).toEqual(['a op-3']);
      expect(askerOf(ledger, 'op-2', 'a')).toBe('b');
      put(ledger, turn, { ...recordOf('a', 3), result: 'failed' }, { gates: false });
      expect(entryOf(ledger, 'a', 'op-3')?.result).toBe('failed');
      forget(ledger, turn, recordOf('b', 2));
      expect(askerOf(ledger, 'op-2', 'a')).toBeUndefined();
      expect(entriesOf(ledger, 'b')).toEqual([]);
    });
  });
  it('names an id of two askers for the one who is asked after first', () => {
    within([recordOf('a', 1), recordOf('b', 1)], (ledger) => {
      expect(askerOf(ledger, 'op-1', 'b')).toBe('b');
      expect(askerOf(ledger, 'op-1', 'root')).toBe('a');
    });
  });
  it('has room for as many of one asker as the limit says, and then forgets his oldest', () => {
    const full = recordsOf('a', limits.askerRecordedCount);
    const others = recordsOf('b', 10);
    within([...full.slice(1), ...others], (ledger) =>
      expect(surplusFor(ledger, 'a', 0)).toEqual([]),
    );
    within([...full, ...others], (ledger) =>
      expect(idsOf(surplusFor(ledger, 'a', 0))).toEqual(['a op-0']),
    );
    within([...full, ...others], (ledger) => expect(surplusFor(ledger, 'b', 0)).toEqual([]));
  });
  it('never forgets what is under way, and refuses one more where all is', () => {
    const open = recordsOf('a', limits.askerRecordedCount - 1, true);
    within([...open, recordOf('a', limits.askerRecordedCount)], (ledger) =>
      expect(idsOf(surplusFor(ledger, 'a', 0))).toEqual([`a op-${limits.askerRecordedCount}`]),
    );
    const all = recordsOf('a', limits.askerRecordedCount, true);
    expect(() => within(all, (ledger) => surplusFor(ledger, 'a', 0))).toThrow('under way');
  });
  it('has room for as many of all, and then forgets the oldest of whoever has the most', () => {
    const each = limits.recordedCount / 8;
    const found = Array.from({ length: 8 }, (_none, at) =>
      recordsOf(`a${at}`, at === 5 ? each + 1 : each),
    ).flat();
    within(found.slice(2), (ledger) => expect(surplusFor(ledger, 'new', 0)).toEqual([]));
    within(found.slice(1), (ledger) =>
      expect(idsOf(surplusFor(ledger, 'new', 0))).toEqual(['a5 op-0']),
    );
  }, 30_000);
  it('sweeps away what has been over for a week, so many at a time', () => {
    const found = recordsOf('a', limits.sweptCount + 1);
    within([...found, recordOf('b', 0, true)], (ledger) => {
      const nowMs = limits.recordedMs + limits.sweptCount + 1;
      expect(expiredIn(ledger, limits.recordedMs - 1)).toEqual([]);
      expect(idsOf(expiredIn(ledger, limits.recordedMs))).toEqual(['a op-0']);
      expect(expiredIn(ledger, nowMs)).toHaveLength(limits.sweptCount);
      expect(surplusFor(ledger, 'a', nowMs)).toHaveLength(limits.sweptCount);
      expect(surplusFor(ledger, 'b', nowMs)).toEqual([]);
    });
  });
});
