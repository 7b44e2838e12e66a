/** What a trace shows of values: what they are made of, and never what stands in them. */
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { Descriptor } from '../../../packages/ocapn/src/wire/operations.ts';
import {
  Dictionary,
  Sym,
  SyrupRecord,
  SyrupSet,
} from '../../../packages/ocapn/src/syrup/values.ts';
import { shapeOf } from '../../../packages/ocapn/src/trace/shape.ts';
import { SEED } from '../syrup/values.ts';

const bytes = new Uint8Array(32);

describe('the shape of a value', () => {
  it.each([
    ['hunter2', 'string(7)', 'string(7)'],
    [bytes, 'bytes(32)', 'bytes(32)'],
    [undefined, 'void', 'void'],
    [null, 'null', 'null'],
    [true, 'bool', 'true'],
    [4711, 'int', '4711'],
    [1.5, 'double', '1.5'],
    [10n ** 20n, 'bigint', 'bigint'],
    [new Sym('gone'), 'symbol', "'gone"],
    [new Descriptor('import-object', 7), 'import-object 7', 'import-object 7'],
    [[], 'list(0)', 'list(0)'],
    [[1, ['a']], 'list(2)[int list(1)[string(1)]]', 'list(2)[1 list(1)[string(1)]]'],
    [{ pin: 1, name: 'x' }, 'struct(2)', 'struct(2){pin:1 name:string(1)}'],
    [new SyrupSet([1]), 'set(1)[int]', 'set(1)[1]'],
    [new Dictionary([['k', 'v']]), 'dictionary(1)', 'dictionary(1)'],
    [new SyrupRecord(new Sym('pair'), [1, 2]), 'record(2)[int int]', '<pair>(2)[1 2]'],
  ])('%o is %s, and %s where it is open', (value, plain, open) => {
    expect(shapeOf([value], 'plain')).toBe(`[${plain}]`);
    expect(shapeOf([value], 'open')).toBe(`[${open}]`);
  });
  it('ends somewhere, however much there is', () => {
    const { traceItems, traceDepth, traceCharacters, traceNameCharacters } = LIMITS;
    const most = Array.from({ length: traceItems }, () => 0);
    expect(shapeOf(most, 'plain')).not.toContain('+');
    expect(shapeOf([...most, 0], 'plain')).toContain(' +1]');
    const fields = Object.fromEntries(most.map((_none, at) => [`f${at}`, 1]));
    expect(shapeOf([fields], 'open')).not.toContain('+');
    expect(shapeOf([{ ...fields, g: 1 }], 'open')).toContain(' +1}');
    const nested = (depth: number): unknown => (depth === 0 ? 'x' : [nested(depth - 1)]);
    expect(shapeOf([nested(traceDepth - 1)], 'open')).toContain('string(1)');
    expect(shapeOf([nested(traceDepth)], 'open')).not.toContain('string');
    const name = (length: number): string => shapeOf([new Sym('n'.repeat(length))], 'open');
    expect(name(traceNameCharacters)).toBe(`['${'n'.repeat(traceNameCharacters)}]`);
    expect(name(traceNameCharacters + 1)).toBe(`['(${traceNameCharacters + 1})]`);
    const wide = Array.from({ length: traceItems }, () => most.map(() => most));
    const text = shapeOf(wide, 'open');
    expect([text.length, text.at(-1)]).toEqual([traceCharacters + 1, '…']);
  });
  it('holds no text that is a value, whatever is around it', () => {
    const secret = 'swissnum-or-password';
    const values = fc.letrec((tie) => ({
      any: fc.oneof(
        fc.constant(secret),
        fc.constant(new Uint8Array(Buffer.from(secret))),
        fc.integer(),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b'), tie('any')),
        tie('any').map((value) => new SyrupRecord(new Sym('r'), [value])),
        tie('any').map((value) => new SyrupSet([value])),
        tie('any').map((value) => new Dictionary([[value, value]])),
      ),
    })).any;
    fc.assert(
      fc.property(values, (value) => {
        for (const detail of ['plain', 'open'] as const)
          expect(shapeOf([value], detail)).not.toContain(secret);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
  it('in its plain form has no name of a field either', () => {
    expect(shapeOf([{ hunter2: 1 }], 'plain')).toBe('[struct(1)]');
  });
});
