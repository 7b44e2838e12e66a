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
  openEntriesIn,
  openLedger,
  put,
  surplusAfter,
  surplusFor,
  type Ledger,
} from '../../../packages/shepherd/src/operation/kept/ledger.ts';
import { localRoot, principalOf } from '../../../packages/shepherd/src/words/principal.ts';

const recordOf = (asker: string, at: number, isOpen = false): AcceptedRecord => ({
  asker: principalOf(asker),
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
const newOf = (asker: string, bytes = 0) => ({
  asker: principalOf(asker),
  operation: 'new',
  bytes,
});
/** Runs a body with a ledger of these, in one turn. */
const within = <T>(
  found: readonly AcceptedRecord[],
  body: (ledger: Ledger, turn: Turn) => T,
  originOf = (asker: string): string => asker,
): T => {
  const world = new World(1);
  const vat = createVat({ name: 'ledger', clock: world.clock(), scheduler: world.scheduler() });
  const given: { value?: T; reason?: unknown } = {};
  void vat.run((turn) => {
    try {
      given.value = body(
        openLedger(turn, found, (_turn, asker) => originOf(asker)),
        turn,
      );
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
      expect(idsOf(openEntriesIn(ledger))).toEqual(['a op-3']);
      expect(askerOf(ledger, 'op-2', principalOf('a'))).toBe('b');
      put(ledger, turn, { ...recordOf('a', 3), result: 'failed' }, { gates: false });
      expect(entryOf(ledger, principalOf('a'), 'op-3')?.result).toBe('failed');
      forget(ledger, turn, recordOf('b', 2));
      expect(askerOf(ledger, 'op-2', principalOf('a'))).toBeUndefined();
      expect(entriesOf(ledger, principalOf('b'))).toEqual([]);
    });
  });
  it('names an id of two askers for the one who is asked after first', () => {
    within([recordOf('a', 1), recordOf('b', 1)], (ledger) => {
      expect(askerOf(ledger, 'op-1', principalOf('b'))).toBe('b');
      expect(askerOf(ledger, 'op-1', localRoot)).toBe('a');
    });
  });
  it('has room for as many of one asker as the limit says, and then forgets his oldest', () => {
    const full = recordsOf('a', limits.askerRecordedCount);
    const others = recordsOf('b', 10);
    within([...full.slice(1), ...others], (ledger) =>
      expect(surplusFor(ledger, newOf('a'), 0)).toEqual([]),
    );
    within([...full, ...others], (ledger) =>
      expect(idsOf(surplusFor(ledger, newOf('a'), 0))).toEqual(['a op-0']),
    );
    within([...full, ...others], (ledger) => expect(surplusFor(ledger, newOf('b'), 0)).toEqual([]));
  });
  it('never forgets what is under way, and refuses one more where all is', () => {
    const open = recordsOf('a', limits.askerRecordedCount - 1, true);
    within([...open, recordOf('a', limits.askerRecordedCount)], (ledger) =>
      expect(idsOf(surplusFor(ledger, newOf('a'), 0))).toEqual([
        `a op-${limits.askerRecordedCount}`,
      ]),
    );
    const all = recordsOf('a', limits.askerRecordedCount, true);
    expect(() => within(all, (ledger) => surplusFor(ledger, newOf('a'), 0))).toThrow('under way');
  });
  it('has room for as many of all, and then forgets the oldest of whoever has the most', () => {
    const each = limits.recordedCount / 8;
    const found = Array.from({ length: 8 }, (_none, at) =>
      recordsOf(`a${at}`, at === 5 ? each + 1 : each),
    ).flat();
    within(found.slice(2), (ledger) => expect(surplusFor(ledger, newOf('new'), 0)).toEqual([]));
    within(found.slice(1), (ledger) =>
      expect(idsOf(surplusFor(ledger, newOf('new'), 0))).toEqual(['a5 op-0']),
    );
  });
  it('counts whoever comes from one as that one, who so pushes out nobody else', () => {
    const originOf = (asker: string): string => (asker.startsWith('g-') ? 'g-0' : asker);
    const small = limits.recordedCount / 10;
    const found = [
      ...recordsOf('owner', 2 * small),
      ...Array.from({ length: 8 }, (_none, at) => recordsOf(`g-${at}`, small)).flat(),
    ];
    const gone = (records: readonly AcceptedRecord[], growth = newOf('new')) =>
      within(records, (ledger) => idsOf(surplusFor(ledger, growth, 0)), originOf);
    expect(gone(found)).toEqual(['g-0 op-0']);
    // Asker by asker it would be somebody else.
    expect(within(found, (each) => idsOf(surplusFor(each, newOf('new'), 0)))).toEqual([
      'owner op-0',
    ]);
    // In it whoever has the most goes first, and where all of that is under way the next one.
    expect(gone([...found.slice(1), recordOf('g-3', small)])).toEqual(['g-3 op-0']);
    const open = found
      .slice(1)
      .map((each) => (each.asker === 'g-3' ? recordOf('g-3', each.atMs, true) : each));
    expect(gone([...open, recordOf('g-3', small, true)])).toEqual(['g-0 op-0']);
    const sized = (asker: string, intentBytes: number) => ({ ...recordOf(asker, 1), intentBytes });
    const tenth = limits.recordedBytes / 10;
    const bytes = [
      sized('owner', 2 * tenth),
      ...Array.from({ length: 8 }, (_none, at) => sized(`g-${at}`, tenth)),
    ];
    expect(gone(bytes, newOf('new', 1))).toEqual(['g-0 op-1']);
  });
  it('has room for as many bytes of one asker as the limit says, and then forgets his oldest', () => {
    const half = limits.askerRecordedBytes / 2;
    const sized = (at: number, intentBytes: number, outcomeBytes: number) => ({
      ...recordOf('a', at),
      intentBytes,
      outcomeBytes,
    });
    const found = [sized(0, half - 1_000, 0), sized(1, 500, half - 500), recordOf('b', 2)];
    within(found, (ledger) => {
      expect(surplusFor(ledger, newOf('a', 1_000), 0)).toEqual([]);
      expect(idsOf(surplusFor(ledger, newOf('a', 1_001), 0))).toEqual(['a op-0']);
      expect(idsOf(surplusFor(ledger, newOf('a', half + 1_001), 0))).toEqual(['a op-0', 'a op-1']);
      expect(surplusFor(ledger, newOf('b', half), 0)).toEqual([]);
    });
    // What grows is not what goes for that.
    within(found, (ledger) =>
      expect(idsOf(surplusFor(ledger, { ...newOf('a', 1_001), operation: 'op-0' }, 0))).toEqual([
        'a op-1',
      ]),
    );
    const tooMuch = newOf('a', limits.askerRecordedBytes + 1);
    expect(() => within(found, (ledger) => surplusFor(ledger, tooMuch, 0))).toThrow('no room');
    const { endedMs: _ended, ...open } = sized(0, half, 0);
    expect(() => within([open], (ledger) => surplusFor(ledger, newOf('a', half + 1), 0))).toThrow(
      'no room',
    );
  });
  it('has room for as many bytes of all, and then forgets the oldest of whoever has the most', () => {
    const each = limits.recordedBytes / 16;
    const found = Array.from({ length: 16 }, (_none, at) => ({
      ...recordOf(`a${at}`, at),
      intentBytes: at === 5 ? each + 10 : at === 6 ? each - 10 : each,
    }));
    within(found, (ledger) => expect(surplusFor(ledger, newOf('new'), 0)).toEqual([]));
    within(found, (ledger) =>
      expect(idsOf(surplusFor(ledger, newOf('new', 1), 0))).toEqual(['a5 op-5']),
    );
  });
  it('counts an operation as it is by now, gives its room back, and lets go of others once it has grown', () => {
    const half = limits.askerRecordedBytes / 2;
    within([{ ...recordOf('a', 0), intentBytes: half }], (ledger, turn) => {
      const grown = { ...recordOf('a', 1), intentBytes: 10, outcomeBytes: half - 10 };
      put(ledger, turn, { ...recordOf('a', 1), intentBytes: 10 }, { gates: false });
      put(ledger, turn, grown, { gates: false });
      expect(ledger.bytes.get()).toBe(2 * half);
      expect(surplusAfter(ledger, grown)).toEqual([]);
      const more = { ...grown, outcomeBytes: half - 9 };
      put(ledger, turn, more, { gates: false });
      const gone = surplusAfter(ledger, more);
      expect(idsOf(gone)).toEqual(['a op-0']);
      for (const each of gone) forget(ledger, turn, each);
      expect(ledger.bytes.get()).toBe(half + 1);
    });
  });
  it('sweeps away what has been over for a week, so many at a time', () => {
    const found = recordsOf('a', limits.sweptCount + 1);
    within([...found, recordOf('b', 0, true)], (ledger) => {
      const nowMs = limits.recordedMs + limits.sweptCount + 1;
      expect(expiredIn(ledger, limits.recordedMs - 1)).toEqual([]);
      expect(idsOf(expiredIn(ledger, limits.recordedMs))).toEqual(['a op-0']);
      expect(expiredIn(ledger, nowMs)).toHaveLength(limits.sweptCount);
      expect(surplusFor(ledger, newOf('a'), nowMs)).toHaveLength(limits.sweptCount);
      expect(surplusFor(ledger, newOf('b'), nowMs)).toEqual([]);
    });
  });
});
