/** Tables that say which test of ours shows what GNU Shepherd does, are held to the tests. */
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { load } from './herd/config/support.ts';
import { pathOf, testText } from './support/limits-table.ts';
import { titlesIn, type Titled } from './support/titles.ts';

interface Row {
  readonly name: string;
  readonly verdict: string;
  readonly why: string;
  readonly tests: readonly string[];
}
const rowsIn = (file: string): readonly Row[] =>
  fs
    .readFileSync(pathOf(file), 'utf8')
    .replace(/^## A configuration, written anew[^]*/m, '')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (shell test|feature) /.test(line))
    .map((line) => {
      const [name = '', verdict = '', why = '', tests = ''] = line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim());
      return { name, verdict, why, tests: tests === '' ? [] : tests.split('; ') };
    });
/**
 * A test is a proof where it is run: with the keeper, which is a part of what is shown, and on any machine else. One that
 * takes root, Perl or bash may stand in a row, beside another one.
 */
const isRun = ({ unless }: Titled): boolean =>
  unless.every((condition) => condition === 'isWithoutKeeper');
const titles = new Map<string, readonly Titled[]>();
const testsOf = (test: string): readonly Titled[] => {
  const [file = '', title = ''] = [test.split(': ', 1)[0], test.slice(test.indexOf(': ') + 2)];
  const all = titles.get(file) ?? titlesIn(testText(file) ?? '');
  titles.set(file, all);
  return all.filter((each) => each.title === title);
};
const isThere = (test: string): boolean => testsOf(test).length > 0;
const isBare = ({ verdict, tests }: Row): boolean =>
  verdict !== 'left out' && !tests.some((test) => testsOf(test).some(isRun));

describe('a title', () => {
  it('is that of a test, with what may have it not run', () => {
    const source = `
      // it('a comment', () => {});
      const text = "it('a text')";
      it('plain', () => {});
      test(\`with \${each}\`, () => {});
      it.each([1])('for each', () => {});
      it.skip('skipped', () => {});
      it.todo('to do');
      describe.skip('a group', () => { it('within', () => {}); });
      describe.skipIf(isAlone)('a group', () => { it.runIf(isRoot).each([2])('deep', () => {}); });
      describe('a title of a group', () => { it('below', () => {}); });`;
    expect(titlesIn(source).map(({ title, unless }) => [title, ...unless])).toEqual([
      ['plain'],
      [`with \${each}`],
      ['for each'],
      ['skipped', 'skip'],
      ['to do', 'todo'],
      ['within', 'skip'],
      ['deep', 'isAlone', '!(isRoot)'],
      ['below'],
    ]);
    expect(titlesIn(source).filter(isRun)).toHaveLength(4);
    expect(isRun({ title: 'x', unless: ['isWithoutKeeper'] })).toBe(true);
  });
});

const verdicts = ['equal', 'better', 'part', 'left out'];
describe('the table of features', () => {
  const rows = rowsIn('docs/GNU-SHEPHERD.md');
  it('has each once, with a verdict', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    expect(rows.length).toBeGreaterThan(50);
    expect(rows.filter(({ verdict }) => !verdicts.includes(verdict))).toEqual([]);
  });
  it('names tests that there are, and says why where it is not equal', () => {
    expect(rows.flatMap(({ tests }) => tests.filter((test) => !isThere(test)))).toEqual([]);
    const bare = rows.filter(isBare);
    const silent = rows.filter(({ verdict, why }) => verdict !== 'equal' && why === '');
    expect([...bare, ...silent].map(({ name }) => name)).toEqual([]);
  });
});

describe('the table of what a configuration says', () => {
  it('has for each something that is good', async () => {
    const text = fs.readFileSync(pathOf('docs/GNU-SHEPHERD.md'), 'utf8');
    const rows = text.split('\n').filter((line) => line.startsWith('| `'));
    const made = rows.map((row) => /\| `([^`]+)` \|$/.exec(row)?.[1]);
    expect(made.length).toBeGreaterThan(15);
    const names =
      'calendar, cron, exec, logRotation, monitoring, service, shell, socket, systemLog, timer';
    const { services } = await load(
      `import { defineShepherd, ${names} } from 'bellwether';\n` +
        `export default defineShepherd({ services: [\n${made.join(',\n')},\n] });\n`,
    );
    expect(services).toHaveLength(made.length);
  });
});

describe('the table of the shell tests', () => {
  const rows = rowsIn('test/cli/gnu/suite.md');
  it('has each of the 28 once, with a verdict', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(28);
    expect(rows).toHaveLength(28);
    for (const { verdict } of rows) expect(verdicts).toContain(verdict);
  });
  it('names tests that there are, at least one for whatever is not left out', () => {
    const missing = rows.flatMap(({ tests }) => tests.filter((test) => !isThere(test)));
    expect(missing).toEqual([]);
    const bare = rows.filter(isBare);
    expect(bare.map(({ name }) => name)).toEqual([]);
  });
  it('says why where it is anything but equal', () => {
    const silent = rows.filter(({ verdict, why }) => verdict !== 'equal' && why === '');
    expect(silent.map(({ name }) => name)).toEqual([]);
  });
});
