/** Every limit of the sources, with its unit, its reason and the tests that hold it: what LIMITS.md says. */
import fs from 'node:fs';
import path from 'node:path';
import { strictAreas } from './limits-held.ts';

/** How a limit is held: tests that are at it and over it, as `file: title`, or why there is nothing to hold. */
export type Held = { readonly tests: readonly string[] } | { readonly ours: string };
export interface Limit {
  /** Where it stands, as 'ocapn' or 'shepherd/node'. */
  readonly area: string;
  readonly name: string;
  readonly value: number | readonly number[];
  /** Its docstring; undefined where it has none there. */
  readonly reason: string | undefined;
}

const root = path.resolve(import.meta.dirname, '..', '..');
export const pathOf = (file: string): string => path.join(root, file);
const filesUnder = (folder: string, ends: string): string[] =>
  fs
    .readdirSync(pathOf(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ends))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes('node_modules') && !file.includes('/dist/'))
    .sort();
const isNumeric = (value: unknown): value is number | readonly number[] =>
  typeof value === 'number' ||
  (Array.isArray(value) && value.every((each) => typeof each === 'number'));

/** What stands above each name of a file, as one line. */
const reasonsIn = (text: string): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  let comment: string | undefined;
  let isOpen = false;
  for (const line of text.split('\n')) {
    const isBegun = /^\s*\/\*\*/.test(line);
    if (isBegun) [comment, isOpen] = ['', true];
    if (isOpen) {
      comment += ` ${line.replace(/^\s*\/?\*+\/?/, '').replace(/\*\/\s*$/, '')}`;
      if (line.includes('*/')) isOpen = false;
      continue;
    }
    const name = /^\s*(?:export const |readonly )?(\w+)\??(?::| =)/.exec(line)?.[1];
    if (name !== undefined && comment !== undefined && !found.has(name))
      found.set(name, comment.replace(/\s+/g, ' ').trim());
    if (line.trim() !== '') comment = undefined;
  }
  return found;
};

/** What is no limit on anybody: sizes of a simulated network. */
const LEFT_OUT = 'netlayers/memory';
const areaOf = (file: string): string =>
  file
    .replace(/^(packages|netlayers)\//, '')
    .replace('/src', '')
    .replace('/limits.ts', '');
const rankOf = (area: string): number => strictAreas.indexOf(area) + 1 || strictAreas.length + 1;

/** All limits, by area and in the order of their files. */
export const readLimits = async (): Promise<readonly Limit[]> => {
  const files = ['packages', 'netlayers']
    .flatMap((group) => filesUnder(group, 'limits.ts'))
    .filter((file) => file.endsWith('/limits.ts') && !file.startsWith(LEFT_OUT))
    .sort((a, b) => rankOf(areaOf(a)) - rankOf(areaOf(b)));
  const limits: Limit[] = [];
  for (const file of files) limits.push(...(await limitsIn(file)));
  return limits;
};
const limitsIn = async (file: string): Promise<readonly Limit[]> => {
  const text = fs.readFileSync(pathOf(file), 'utf8');
  const module: Readonly<Record<string, unknown>> = await import(pathOf(file));
  const values = new Map<string, number | readonly number[]>();
  for (const [name, value] of Object.entries(module))
    for (const [key, each] of isNumeric(value)
      ? [[name, value] as const]
      : Object.entries(value ?? {}))
      if (isNumeric(each)) values.set(key, each);
  const reasons = reasonsIn(text);
  const limits: Limit[] = [];
  for (const name of namesIn(text)) {
    const value = values.get(name); // undefined: no limit but another name, or a part of one
    if (value === undefined || limits.some((known) => known.name === name)) continue;
    const before = limits.at(-1);
    // What stands right below another has its reason: the least and the most, the first and the last.
    const reason = reasons.get(name) ?? (before && `As ${before.name}.`);
    limits.push({ area: areaOf(file), name, value, reason });
  }
  return limits;
};
/** Names in their order; what comes in by a spread is another file's. */
const namesIn = (text: string): readonly string[] =>
  [...text.matchAll(/^\s*(?:export const |readonly )?(\w+)\??(?::| =)/gm)].map(
    ([, name = '']) => name,
  );

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/(bytes|weight)$/i, 'bytes'],
  [/(^ms|Ms|_MS)$/, 'ms'],
  [/seconds$/i, 's'],
  [/(MiB|mebibytes)$/i, 'MiB'],
  [/(characters|chars|length)$/i, 'characters'],
  [/digits$/i, 'digits'],
  [/depth$/i, 'levels'],
  [/divisor$/i, 'part'],
  [/shares$/i, 'times'],
];
export const unitOf = (name: string): string =>
  UNITS.find(([pattern]) => pattern.test(name))?.[1] ?? 'count';
const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
const shown = (value: number | readonly number[], unit: string): string => {
  if (typeof value !== 'number') return value.map((each) => shown(each, unit)).join(' to ');
  if (unit !== 'bytes' || value % 1_024 !== 0 || value === 0) return grouped(value);
  const [size, name] = [
    [1_024 ** 3, 'GiB'],
    [1_024 ** 2, 'MiB'],
    [1_024, 'KiB'],
  ].find(([each]) => value % Number(each) === 0) ?? [1, 'B'];
  return `${grouped(value / Number(size))} ${name}`;
};

const testFiles = new Map<string, { readonly text: string; readonly words: ReadonlySet<string> }>();
const readTests = (): typeof testFiles => {
  if (testFiles.size === 0)
    for (const file of filesUnder('test', '.test.ts')) {
      const text = fs.readFileSync(pathOf(file), 'utf8');
      const name = file.replace(/^test\//, '').replace(/\.test\.ts$/, '');
      testFiles.set(name, { text, words: new Set(text.match(/\w+/g)) });
    }
  return testFiles;
};
/** The text of a test, by its path below test/, without its ending. */
export const testText = (name: string): string | undefined => readTests().get(name)?.text;
/** Tests of a limit's own package that name it, where nobody says which of them are at it and over it. */
export const namedIn = ({ area, name }: Limit): readonly string[] => {
  const [first = ''] = area.split('/');
  return [...readTests()]
    .filter(([file, { words }]) => file.split('/').includes(first) && words.has(name))
    .map(([file]) => file);
};

const HEAD = `# Limits

A peer may be anybody, and so may what it sends. Whatever somebody outside can make us keep, count, read or wait for has a
limit; this is every one of them, from the \`limits.ts\` of each package, with the tests that are at it and one over it.
\`npm run limits\` writes this file out of the sources and of \`test/support/limits-held.ts\`; \`test/limits.test.ts\` fails where
a limit is missing here, differs, has no reason, or, in what the bytes of strangers reach first (down to \`actors\`), has no
test. Of the other packages the last column has tests that name the limit.

`;
/** LIMITS.md. \`held\`: by area and name. */
export const limitsTable = (
  limits: readonly Limit[],
  held: Readonly<Record<string, Held>>,
): string => {
  const areas = [...new Set(limits.map(({ area }) => area))];
  const cell = (text: string): string => text.replace(/\|/g, '\\|');
  const heldBy = (limit: Limit): string => {
    const known = held[`${limit.area} ${limit.name}`];
    if (known === undefined) return namedIn(limit).slice(0, 3).join(', ') || '–';
    return 'ours' in known ? known.ours : known.tests.join('; ');
  };
  const section = (area: string): string => {
    const rows = limits
      .filter((limit) => limit.area === area)
      .map((limit) => {
        const { name, value, reason = '' } = limit;
        const unit = unitOf(name);
        return `| ${name} | ${shown(value, unit)} | ${unit} | ${cell(reason)} | ${cell(heldBy(limit))} |`;
      });
    return `## ${area}\n\n| limit | default | unit | what and why | tests |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
  };
  return HEAD + areas.map(section).join('\n');
};
