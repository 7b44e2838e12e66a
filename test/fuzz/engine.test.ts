/** Whether the fuzzer itself would find something. */
import vm from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Campaign } from './engine/campaign.ts';
import { Coverage } from './engine/coverage.ts';
import { minimise } from './engine/minimise.ts';
import { fromText, pack, toText, unpack } from './engine/packed.ts';
import { makeRandom } from './engine/random.ts';
import { spansOf } from './engine/spans.ts';
import { Broken, must, type Target } from './engine/target.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const textOf = (input: Uint8Array): string => Buffer.from(input).toString('latin1');

/** Breaks where a list in two lists holds a certain number: nothing that chance alone would say. */
const planted: Target = {
  name: 'planted',
  maxBytes: 200,
  blocksPerRun: Infinity,
  blocksPerByte: Infinity,
  words: [bytes('[]')],
  seeds: () => [bytes('1+')],
  run: (input) => {
    const text = textOf(input);
    const depth = /^\[*/.exec(text)?.[0].length ?? 0;
    must(!/^\[\[\[.*4294967296\+.*\]\]\]$/.test(text), `planted at depth ${depth}`);
    return new Set([`depth ${Math.min(depth, 5)}`, `number ${text.includes('4294967296+')}`]);
  },
};
const campaignOf = (target: Target, seed: number, coverage?: Coverage): Campaign =>
  new Campaign(target, { random: makeRandom(seed), coverage, note: () => undefined });

describe('a campaign', () => {
  it('finds what is planted, and makes it small', () => {
    const campaign = campaignOf(planted, 1);
    campaign.begin(planted.seeds());
    while (campaign.findings.size === 0 && campaign.runCount < 100_000) campaign.step();
    const [finding] = campaign.findings.values();
    expect(finding?.error).toBeInstanceOf(Broken);
    expect(textOf(finding?.input ?? new Uint8Array())).toBe('[[[4294967296+]]]');
  });
  it('is the same again from the same seed, and another from another', () => {
    const corpusFrom = (seed: number): readonly string[] => {
      const campaign = campaignOf(planted, seed);
      campaign.begin(planted.seeds());
      for (let count = 0; count < 20; count += 1) campaign.step();
      return campaign.corpus.map(textOf);
    };
    expect(corpusFrom(5)).toEqual(corpusFrom(5));
    expect(corpusFrom(5)).not.toEqual(corpusFrom(6));
  });
  it('keeps what reaches new code, and finds what works more than its bytes are worth', () => {
    const { coverage, call } = scripted(
      'function f(a) { let n = 0; for (let i = 0; i < a * a; i++) n += i; return n; }',
    );
    const target: Target = {
      ...planted,
      blocksPerRun: 50,
      blocksPerByte: 10,
      run: (input) => (call(input.length), new Set()),
    };
    const campaign = campaignOf(target, 1, coverage);
    campaign.begin([new Uint8Array(0), new Uint8Array(1), new Uint8Array(2), new Uint8Array(30)]);
    coverage.close();
    expect(campaign.corpus.map(({ length }) => length)).toEqual([0, 1]);
    expect([...campaign.findings.keys()]).toEqual(['Broken: N bytes took N blocks, more than N']);
    expect([...campaign.findings.values()][0]?.input).toHaveLength(30);
  });
});

/** A function of a number in a script of its own, and what is known of how it ran. */
const scripted = (code: string): { coverage: Coverage; call: (a: number) => unknown } => {
  const text = `// packages/planted/src/f.ts\n${code}\n// test/other.ts\nfunction g(a) { return a; }\n[f, g]`;
  const filename = `planted-${code.length}.js`;
  const coverage = new Coverage(filename, text, ['packages/']);
  const [f, g] = new vm.Script(text, { filename }).runInThisContext() as ((a: number) => unknown)[];
  coverage.take();
  return { coverage, call: (a) => [f?.(a), g?.(a)] };
};

describe('coverage', () => {
  it('tells code that never ran from code that did, and counts the work', () => {
    const { coverage, call } = scripted(
      'function f(a) { if (a > 3) { return "much"; } return "little"; }',
    );
    call(1);
    const first = coverage.take();
    expect(first.newCount).toBeGreaterThan(0);
    coverage.learn(first);
    call(2);
    expect(coverage.take().newCount).toBe(0);
    call(4);
    const other = coverage.take();
    expect(other.newCount).toBeGreaterThan(0);
    expect(other.newCount).toBeLessThan(first.newCount);
    for (let count = 0; count < 100; count += 1) call(4);
    expect(coverage.take().blockCount).toBeGreaterThanOrEqual(100);
    expect(coverage.functionCount).toBe(1);
    coverage.close();
  });
});

describe('an input', () => {
  it('is the same after it was text', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (inputs) => {
        expect(unpack(pack('of a test', inputs))).toEqual(inputs);
        for (const input of inputs) expect(fromText(toText(input))).toEqual(input);
      }),
    );
  });
  it('is text that can be read', () => {
    expect(toText(bytes("<6'op:get 1+\\\x00>"))).toBe("<6'op:get 1+\\5c\\00>");
  });
  it('falls into the values of Syrup, whatever else is in it', () => {
    const text = '!<1\'x[12+3"abc]>}t';
    const found = spansOf(bytes(text)).map(({ start, end }) => text.slice(start, end));
    expect(found).toEqual(["1'x", '12+', '3"abc', '[12+3"abc]', '<1\'x[12+3"abc]>', 't']);
  });
  it('is made small as long as it fails', () => {
    const fails = (input: Uint8Array): boolean => textOf(input).includes('7+');
    const large = bytes('[1+2+<1\'x[5+{1"a7+}]>3+]' + 'x'.repeat(50));
    expect(textOf(minimise(large, fails))).toBe('7+');
  });
});
