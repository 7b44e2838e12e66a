import { describe, expect, it } from 'vitest';
import { rollBack, type Ledger } from '../../packages/actors/src/ledger.ts';

describe('undoing', () => {
  const makeLedger = (undo: () => void): Ledger =>
    ({
      isDoomed: false,
      changes: [{ undo, keep: () => undefined }],
      items: [],
      entries: [],
    }) as unknown as Ledger;
  it('that fails half way dooms the turn, so that no catch can let it end well', () => {
    const ledger = makeLedger(() => {
      throw new RangeError('the stack is full');
    });
    expect(() => rollBack(ledger, 0, 0, 0)).toThrow(RangeError);
    expect(ledger.isDoomed).toBe(true);
  });
  it('that succeeds dooms nothing', () => {
    const ledger = makeLedger(() => undefined);
    rollBack(ledger, 0, 0, 0);
    expect([ledger.isDoomed, ledger.changes]).toEqual([false, []]);
  });
});
