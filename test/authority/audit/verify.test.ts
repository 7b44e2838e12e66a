/** A chain of records: whatever is done to it afterwards is found. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  auditLimits,
  chained,
  chainStart,
  headIn,
  recordIn,
  verified,
  type AuditRecord,
  type ChainState,
} from '@bellwether/authority';
import { describe, expect, it } from 'vitest';

const digest = (text: string): string => createHash('sha256').update(text, 'latin1').digest('hex');
const records: readonly AuditRecord[] = Array.from({ length: 6 }, (_, at) => ({
  event: at % 2 === 0 ? 'asked' : 'ended',
  asker: 'root',
  service: 'web',
  action: 'start',
  operation: `op-${at >> 1}`,
}));
const lines = chained(chainStart, 0, records, digest);
const texts = lines.map(({ text }) => text);
const lookedAt = (all: readonly string[]): ChainState =>
  all.reduce<ChainState>((state, line) => verified(state, line, digest), { kind: 'nothing' });
const number = (state: ChainState): number | undefined =>
  state.kind === 'broken' ? state.number : undefined;
const misfit = (state: ChainState): string | undefined =>
  state.kind === 'broken' ? state.misfit : undefined;

/** A line as somebody writes it who knows how, with a digest that fits. */
const forged = (text: string): string => {
  const open = text.slice(0, -75);
  return `${open},"hash":"${digest(open)}"}`;
};

describe('a chain of records', () => {
  it('fits as it was written, also in two goes, and its head is the digest of the last', () => {
    const [first, ...rest] = records;
    const one = chained(chainStart, 0, first === undefined ? [] : [first], digest);
    const two = chained(one[0] ?? chainStart, 0, rest, digest);
    expect([...one, ...two]).toEqual(lines);
    const state = lookedAt(texts);
    expect(state).toMatchObject({ kind: 'whole', first: { number: 1 }, last: { number: 6 } });
    expect(state.kind === 'whole' && state.last.hash).toBe(lines.at(-1)?.hash);
    expect(headIn(texts[5] ?? '', digest)).toEqual({ number: 6, hash: lines[5]?.hash });
  });
  it('does not fit where one character is another, is gone, or is one too many', () => {
    fc.assert(
      fc.property(
        fc.nat(5),
        fc.nat(),
        fc.constantFrom('other', 'gone', 'more'),
        fc.integer({ min: 0, max: 255 }),
        (at, place, what, code) => {
          const text = texts[at] ?? '';
          const where = place % text.length;
          const letter = String.fromCharCode(code);
          if (what === 'other' && text[where] === letter) return;
          const end = text.slice(what === 'more' ? where : where + 1);
          const harmed = text.slice(0, where) + (what === 'gone' ? '' : letter) + end;
          const state = lookedAt(texts.with(at, harmed));
          expect(state.kind).toBe('broken');
          if (at > 0) expect(number(state)).toBe(at + 1);
        },
      ),
      { numRuns: 2_000 },
    );
  });
  it('does not fit where lines are swapped, missing or there twice, and the first such is named', () => {
    const [a = '', b = '', c = '', d = ''] = texts;
    expect(lookedAt([a, c, b, d])).toMatchObject({ number: 2, misfit: 'number' });
    expect(lookedAt([a, c, d])).toMatchObject({ number: 2, misfit: 'number' });
    expect(lookedAt([a, b, b, c])).toMatchObject({ number: 3, misfit: 'number' });
    expect(lookedAt([a, '', b])).toMatchObject({ number: 2, misfit: 'no-record' });
  });
  it('does not fit where a record was written anew with a digest of its own', () => {
    const other = forged((texts[2] ?? '').replace('"service":"web"', '"service":"dns"'));
    expect(misfit(lookedAt([other]))).toBeUndefined();
    const state = lookedAt(texts.with(2, other));
    expect([number(state), misfit(state)]).toEqual([4, 'chain']);
  });
  it('begins with the number 1 and on nothing, or says that its beginning is elsewhere', () => {
    const orphan = forged((texts[0] ?? '').replace(/"before":"0/, '"before":"1'));
    expect(misfit(lookedAt([orphan]))).toBe('chain');
    const late = lookedAt(texts.slice(3));
    expect(late).toMatchObject({ kind: 'whole', first: { number: 4 }, last: { number: 6 } });
  });
  it('stays broken, and keeps what was good before', () => {
    const state = lookedAt([texts[0] ?? '', 'x', ...texts.slice(1)]);
    expect(state).toMatchObject({ number: 2, before: { kind: 'whole', last: { number: 1 } } });
  });
  it('has no line that is longer than any that is written', () => {
    const body = (length: number): string => {
      const open = `{"number":1,"at":"1970-01-01T00:00:00.000Z","event":"alert","asker":"`;
      const end = `","before":"${chainStart.hash}"`;
      return forged(
        `${open}${'a'.repeat(length - open.length - end.length - 75)}${end}${' '.repeat(75)}`,
      );
    };
    expect(misfit(lookedAt([body(auditLimits.lineCharacters)]))).toBeUndefined();
    expect(misfit(lookedAt([body(auditLimits.lineCharacters + 1)]))).toBe('no-record');
  });
});

describe('a record that is read', () => {
  it('is told as it was written, digests aside', () => {
    expect(recordIn(texts[1] ?? '')).toEqual({ number: 2, atMs: 0, ...records[1] });
  });
  it('is none where the line is no record, whatever else it is', () => {
    const wrong = [
      '',
      'x',
      '{}',
      (texts[0] ?? '').replace('"event":"asked"', '"event":7'),
      (texts[0] ?? '').replace('"asker":"root"', '"asker":{}'),
      (texts[0] ?? '').replace('T00:00:00', 'T99:00:00'),
      (texts[0] ?? '').replace('"asker"', '"chain":7,"asker"'),
    ];
    expect(wrong.map(recordIn)).toEqual(wrong.map(() => undefined));
  });
});
